/* The one random source: the kernel's, for ports, query ids, keys and jitter. */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* Fills the buffer; aborts if the kernel has no randomness to give. */
void random_bytes(void *p, size_t n);
/* Uniform in 0 … below - 1; `below` is at least 1. */
uint32_t random_below(uint32_t below);
