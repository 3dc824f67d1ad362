/*
 * AES-SIV (RFC 5297): deterministic authenticated encryption. The same bytes under the same
 * key and associated data seal to the same bytes; nothing can be changed unseen; there is
 * no nonce. What comes out is the synthetic IV, 16 bytes, and as many bytes as went in.
 *
 *	struct siv *siv = siv_new(key, 64, &purpose, 1);	(AES-256)
 *	siv_seal(siv, STR("track.acme.example"), plain, out);
 *	if (!siv_open(siv, STR("track.acme.example"), sealed, out)) …
 *
 * The parts of the associated data that are always the same are given with the key and are
 * worked into the state that every call begins from; one more comes with each call. It is
 * made of OpenSSL's CBC and ECB: its own AES-SIV cannot be used twice without being given
 * the key again or being copied, which costs 2.7 and 1.1 µs where this takes 0.5.
 *
 * An object is of one thread.
 */
#pragma once

#include "base/need.h"
#include "base/str.h"

enum {
	SIV_IV_BYTES = 16,
	SIV_TEXT_MAX = 8192, /* of the plain text, and of a part of associated data */
};

struct siv;

/* A key of 32, 48 or 64 bytes, half of it for each of the two uses; copied. */
struct siv *siv_new(const uint8_t *key, size_t key_bytes, const struct str *with,
                    size_t with_count);
/* Wipes. NULL is fine. */
void siv_free(struct siv *siv);

/* Writes SIV_IV_BYTES + plain.n bytes. */
void siv_seal(struct siv *siv, struct str with, struct str plain, uint8_t *out);
/* Writes sealed.n - SIV_IV_BYTES bytes; false, and zeros in their place, where anything is
 * not as it was sealed. `plain` does not overlap `sealed`. */
NODISCARD bool siv_open(struct siv *siv, struct str with, struct str sealed,
                        uint8_t *plain);
