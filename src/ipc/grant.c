#include "ipc/grant.h"

#include "base/random.h"

#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

bool key_id_is_valid(struct str id)
{
	if (id.n != KEY_ID_LEN)
		return false;
	for (size_t i = 0; i < id.n; i++)
		if (!char_is_digit(id.p[i]) && !(id.p[i] >= 'a' && id.p[i] <= 'f'))
			return false;
	return true;
}

void key_id_new(char out[KEY_ID_LEN + 1])
{
	static const char digits[] = "0123456789abcdef";
	uint8_t bytes[KEY_ID_LEN / 2];

	random_bytes(bytes, sizeof(bytes));
	for (size_t i = 0; i < sizeof(bytes); i++) {
		out[2 * i] = digits[bytes[i] >> 4];
		out[2 * i + 1] = digits[bytes[i] & 15];
	}
	out[KEY_ID_LEN] = 0;
}

enum { NUMBERS = 2 * 8, SEALED_MAX = KEY_ID_LEN + NUMBERS + GRANT_DOMAIN_MAX };

static uint8_t *put(uint8_t *p, const void *bytes, size_t n)
{
	memcpy(p, bytes, n);
	return p + n;
}

/* All lengths but the last are fixed, so no two grants have the same bytes. */
static bool seal(const struct grant *g, const uint8_t secret[GRANT_SECRET_BYTES],
                 uint8_t out[SHA256_BYTES])
{
	uint8_t bytes[SEALED_MAX];
	uint8_t *p = bytes;
	uint64_t per_minute = g->per_minute;
	unsigned n = 0;

	if (!key_id_is_valid(g->key_id) || g->domain.n == 0 ||
	    g->domain.n > GRANT_DOMAIN_MAX)
		return false;
	p = put(p, g->key_id.p, g->key_id.n);
	p = put(p, &g->expires_at, sizeof(g->expires_at));
	p = put(p, &per_minute, sizeof(per_minute));
	p = put(p, g->domain.p, g->domain.n);
	need(HMAC(EVP_sha256(), secret, GRANT_SECRET_BYTES, bytes, (size_t)(p - bytes),
	          out, &n) != NULL &&
	     n == SHA256_BYTES);
	return true;
}

void grant_seal(struct grant *g, const uint8_t secret[GRANT_SECRET_BYTES])
{
	need(seal(g, secret, g->seal));
}

enum grant_verdict grant_check(const struct grant *g,
                               const uint8_t secret[GRANT_SECRET_BYTES], int64_t now)
{
	uint8_t right[SHA256_BYTES];

	if (!seal(g, secret, right) ||
	    CRYPTO_memcmp(right, g->seal, sizeof(right)) != 0)
		return GRANT_FORGED;
	return g->expires_at > now ? GRANT_OK : GRANT_EXPIRED;
}
