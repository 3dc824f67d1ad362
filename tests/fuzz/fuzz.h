/* What a fuzz target defines: it gets any bytes and must neither crash nor leak. */
#pragma once

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);
