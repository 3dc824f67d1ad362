/* Words of a domain's options, and its tags. Private to src/api. */
#pragma once

#include "api/call.h"

extern const char *const environment_words[], *const unsubscribe_words[];

/* The tags of the body, with a blank between them; errors are added to the call. */
struct str tags_check(struct api_call *call);
