#include "crypto/siv.h"

#include "base/arena.h"

#include <endian.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>

enum { BLOCK = 16 };

struct siv {
	struct arena a;
	EVP_CIPHER_CTX *cbc, *ecb;
	uint8_t whole[BLOCK],
	        padded[BLOCK]; /* RFC 4493 §2.3: what the last block gets */
	uint8_t chain[BLOCK];  /* the last block that CBC gave */
	uint8_t state[BLOCK];  /* S2V behind the fixed parts */
	uint8_t work[SIV_TEXT_MAX + BLOCK];
	uint8_t stream[SIV_TEXT_MAX + BLOCK];
};

static void add(uint8_t *to, const uint8_t *what)
{
	uint64_t a[2], b[2];

	memcpy(a, to, BLOCK);
	memcpy(b, what, BLOCK);
	a[0] ^= b[0];
	a[1] ^= b[1];
	memcpy(to, a, BLOCK);
}

/* dbl(): times x in GF(2^128), RFC 5297 §2.3. */
static void twice(uint8_t *b)
{
	uint8_t carry = b[0] >> 7;

	for (size_t i = 0; i + 1 < BLOCK; i++)
		b[i] = (uint8_t)(b[i] << 1 | b[i + 1] >> 7);
	b[BLOCK - 1] = (uint8_t)(b[BLOCK - 1] << 1) ^ (uint8_t)(0x87 & -carry);
}

/*
 * AES-CMAC of the first n bytes of `work`, which are used up: the last block of CBC. CBC
 * goes on from the block it gave last; adding that to the first block is the same as to
 * begin anew and spares the call that would.
 */
static void cmac_work(struct siv *s, size_t n, uint8_t out[BLOCK])
{
	size_t last = n ? (n - 1) / BLOCK * BLOCK : 0;
	int got = 0;

	need(n <= SIV_TEXT_MAX);
	if (n - last == BLOCK) {
		add(s->work + last, s->whole);
	} else {
		s->work[n] = 0x80;
		memset(s->work + n + 1, 0, last + BLOCK - n - 1);
		add(s->work + last, s->padded);
	}
	add(s->work, s->chain);
	need(EVP_EncryptUpdate(s->cbc, s->work, &got, s->work, (int)(last + BLOCK)) ==
	     1);
	memcpy(s->chain, s->work + last, BLOCK);
	memcpy(out, s->work + last, BLOCK);
}

static void load_work(struct siv *s, struct str bytes)
{
	need(bytes.n <= SIV_TEXT_MAX);
	if (bytes.n)
		memcpy(s->work, bytes.p, bytes.n);
}

/* One part of the associated data. */
static void add_part(struct siv *s, struct str with, uint8_t state[BLOCK])
{
	uint8_t mac[BLOCK];

	load_work(s, with);
	cmac_work(s, with.n, mac);
	twice(state);
	add(state, mac);
}

static void derive_iv(struct siv *s, struct str with, struct str plain,
                      uint8_t out[BLOCK])
{
	uint8_t state[BLOCK];

	memcpy(state, s->state, BLOCK);
	add_part(s, with, state);
	load_work(s, plain);
	if (plain.n >= BLOCK) {
		add(s->work + plain.n - BLOCK, state);
		cmac_work(s, plain.n, out);
		return;
	}
	twice(state);
	s->work[plain.n] = 0x80;
	memset(s->work + plain.n + 1, 0, BLOCK - plain.n - 1);
	add(s->work, state);
	cmac_work(s, BLOCK, out);
}

static uint64_t load_be(const uint8_t *p)
{
	uint64_t n;

	memcpy(&n, p, sizeof(n));
	return be64toh(n);
}

static void store_be(uint8_t *p, uint64_t n)
{
	n = htobe64(n);
	memcpy(p, &n, sizeof(n));
}

/* CTR mode, the counter from `iv` on (RFC 5297 §2.5), by ECB over the counters: OpenSSL's
 * own takes longer to be told where to begin than to encrypt a token. The low half cannot
 * overflow, as its first bit is 0. */
static void count(struct siv *s, const uint8_t iv[BLOCK], struct str in, uint8_t *out)
{
	uint64_t high = load_be(iv);
	uint64_t low = load_be(iv + 8) & ~(UINT64_C(1) << 63 | UINT64_C(1) << 31);
	size_t n = (in.n + BLOCK - 1) / BLOCK * BLOCK;
	int got = 0;

	need(in.n <= SIV_TEXT_MAX);
	for (size_t i = 0; i < n; i += BLOCK) {
		store_be(s->stream + i, high);
		store_be(s->stream + i + 8, low++);
	}
	if (n)
		need(EVP_EncryptUpdate(s->ecb, s->stream, &got, s->stream, (int)n) ==
		     1);
	for (size_t i = 0; i < in.n; i++)
		out[i] = (uint8_t)in.p[i] ^ s->stream[i];
}

static const EVP_CIPHER *cipher_of(size_t half, bool is_cbc)
{
	switch (half) {
	case 16:
		return is_cbc ? EVP_aes_128_cbc() : EVP_aes_128_ecb();
	case 24:
		return is_cbc ? EVP_aes_192_cbc() : EVP_aes_192_ecb();
	default:
		return is_cbc ? EVP_aes_256_cbc() : EVP_aes_256_ecb();
	}
}

static EVP_CIPHER_CTX *keyed(const EVP_CIPHER *cipher, const uint8_t *key)
{
	static const uint8_t zero[BLOCK];
	EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();

	need(c && EVP_EncryptInit_ex2(c, cipher, key, zero, NULL) == 1);
	EVP_CIPHER_CTX_set_padding(c, 0);
	return c;
}

struct siv *siv_new(const uint8_t *key, size_t key_bytes, const struct str *with,
                    size_t with_count)
{
	static const uint8_t zero[BLOCK];
	struct arena a = {0};
	struct siv *s = ARENA_NEW(&a, struct siv);
	size_t half = key_bytes / 2;
	int got = 0;

	need(key_bytes == 32 || key_bytes == 48 || key_bytes == 64);
	s->a = a;
	s->cbc = keyed(cipher_of(half, true), key);
	s->ecb = keyed(cipher_of(half, false), key + half);
	need(EVP_EncryptUpdate(s->cbc, s->whole, &got, zero, BLOCK) == 1);
	memcpy(s->chain, s->whole, BLOCK);
	twice(s->whole);
	memcpy(s->padded, s->whole, BLOCK);
	twice(s->padded);
	load_work(s, (struct str){(const char *)zero, BLOCK});
	cmac_work(s, BLOCK, s->state);
	for (size_t i = 0; i < with_count; i++)
		add_part(s, with[i], s->state);
	return s;
}

void siv_free(struct siv *siv)
{
	struct arena a;

	if (!siv)
		return;
	EVP_CIPHER_CTX_free(siv->cbc);
	EVP_CIPHER_CTX_free(siv->ecb);
	a = siv->a;
	OPENSSL_cleanse(siv, sizeof(*siv));
	arena_done(&a);
}

void siv_seal(struct siv *siv, struct str with, struct str plain, uint8_t *out)
{
	uint8_t iv[BLOCK];

	derive_iv(siv, with, plain, iv);
	count(siv, iv, plain, out + BLOCK);
	memcpy(out, iv, BLOCK);
}

bool siv_open(struct siv *siv, struct str with, struct str sealed, uint8_t *plain)
{
	struct str body = str_from(sealed, SIV_IV_BYTES);
	const uint8_t *iv = (const uint8_t *)sealed.p;
	uint8_t right[BLOCK];

	if (sealed.n < SIV_IV_BYTES || body.n > SIV_TEXT_MAX)
		return false;
	count(siv, iv, body, plain);
	derive_iv(siv, with, (struct str){(const char *)plain, body.n}, right);
	if (CRYPTO_memcmp(iv, right, BLOCK) == 0)
		return true;
	memset(plain, 0, body.n);
	return false;
}
