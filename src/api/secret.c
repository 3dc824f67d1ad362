#include "api/secret.h"

#include "base/random.h"
#include "crypto/sha256.h"

#include <openssl/crypto.h>

enum { SECRET_CHARS = 32 };

struct str sha256_hex(struct arena *a, struct str bytes)
{
	static const char digits[] = "0123456789abcdef";
	AUTO(sha256) h = {0};
	uint8_t sum[SHA256_BYTES];
	char *p = arena_bytes(a, 2 * sizeof(sum));

	sha256_init(&h);
	sha256_add(&h, bytes);
	sha256_finish(&h, sum);
	for (size_t i = 0; i < sizeof(sum); i++) {
		p[2 * i] = digits[sum[i] >> 4];
		p[2 * i + 1] = digits[sum[i] & 15];
	}
	return (struct str){p, 2 * sizeof(sum)};
}

struct api_secret secret_make(struct arena *a, const char *prefix)
{
	static const char alphabet[] =
	        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
	char text[SECRET_CHARS + 1] = "";
	struct api_secret out;

	for (size_t i = 0; i < SECRET_CHARS; i++)
		text[i] = alphabet[random_below(sizeof(alphabet) - 1)];
	out.text = arena_printf(a, "%s_%s", prefix, text);
	out.hash = secret_hash(a, out.text);
	out.hint = arena_printf(a, "…%s", text + SECRET_CHARS - 4);
	return out;
}

struct str secret_hash(struct arena *a, struct str text)
{
	return sha256_hex(a, text);
}

bool secret_is_equal(struct str left, struct str right)
{
	return left.n == right.n && CRYPTO_memcmp(left.p, right.p, left.n) == 0;
}
