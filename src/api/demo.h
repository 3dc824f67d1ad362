/* The demo domain: each account gets one with its making. It is verified without DNS,
 * sends to the account's own addresses alone, and once deleted does not come back.
 * Private to src/api. */
#pragma once

#include "api/call.h"

NODISCARD bool demo_add(struct api_call *call, const struct account_row *account,
                        struct err *err);
