/*
 * SHA-256 (FIPS 180-4), piece by piece: the only hash that DKIM still uses (RFC 8301
 * §3.1). OpenSSL's is taken through EVP, so the processor's instructions do the work;
 * the algorithm is looked up once in the life of the process.
 *
 *	AUTO(sha256) h = {0};
 *	sha256_init(&h);
 *	sha256_add(&h, STR("abc"));
 *	sha256_finish(&h, digest);
 *
 * sha256_init() may be called again for the next text; the context is kept. A call costs
 * about 30 ns besides the hashing, so many short pieces are better collected first.
 */
#pragma once

#include "base/arena.h"

enum { SHA256_BYTES = 32 };

struct sha256 {
	void *context;
};

void sha256_init(struct sha256 *h);
void sha256_add(struct sha256 *h, struct str bytes);
/* Ends the text; sha256_init() begins another. */
void sha256_finish(struct sha256 *h, uint8_t out[SHA256_BYTES]);
void sha256_done(struct sha256 *h);
