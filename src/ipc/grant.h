/*
 * A grant: core's word to keys that a key may sign for a domain until a moment, so many
 * times a minute. core decides who may send and seals the grant; gate shows it with each
 * digest; keys needs no database to believe it. The seal is HMAC-SHA256 (RFC 2104) under
 * a secret that the parent draws at its start and gives to core and keys alone, so no
 * grant outlives a run and gate cannot make one.
 *
 *	struct grant g = {.expires_at = now + 60000, .per_minute = 6000};
 *	grant_seal(&g, secret);
 *	if (grant_check(&g, secret, now) == GRANT_OK) …
 */
#pragma once

#include "base/str.h"
#include "crypto/sha256.h"

enum {
	KEY_ID_LEN = 32, /* lower-case hexadecimal digits */
	GRANT_SECRET_BYTES = 32,
	GRANT_DOMAIN_MAX = 253,
};

struct grant {
	struct str key_id;
	struct str domain;
	int64_t expires_at;
	uint32_t per_minute; /* signatures for the domain, all grants together */
	uint8_t seal[SHA256_BYTES];
};

enum grant_verdict {
	GRANT_OK,
	GRANT_FORGED, /* the seal is not of this secret and these values */
	GRANT_EXPIRED,
};

/* Whether this is a key id: KEY_ID_LEN digits 0-9a-f. */
bool key_id_is_valid(struct str id);
/* A new key id, with a NUL behind it. */
void key_id_new(char out[KEY_ID_LEN + 1]);

void grant_seal(struct grant *g, const uint8_t secret[GRANT_SECRET_BYTES]);
/* In constant time for any seal. */
enum grant_verdict grant_check(const struct grant *g,
                               const uint8_t secret[GRANT_SECRET_BYTES], int64_t now);
