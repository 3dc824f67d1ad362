/* AES-SIV: the examples of RFC 5297 Appendix A, and for AES-256 the AES-SIV of OpenSSL. */
#include "crypto/siv.h"

#include "base/random.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/evp.h>

static struct str unhex(const char *hex, uint8_t *out)
{
	size_t n = 0;

	for (; hex[0]; hex += hex[0] == ' ' ? 1 : 2)
		if (hex[0] != ' ')
			out[n++] = (uint8_t)(char_hex(hex[0]) << 4 | char_hex(hex[1]));
	return (struct str){(const char *)out, n};
}

/* clang-format off */
static const struct {
	const char *key, *fixed[2], *with, *plain, *sealed;
	size_t fixed_count;
} examples[] = {
	/* A.1: deterministic authenticated encryption */
	{
		.key = "fffefdfc fbfaf9f8 f7f6f5f4 f3f2f1f0"
		       " f0f1f2f3 f4f5f6f7 f8f9fafb fcfdfeff",
		.with = "10111213 14151617 18191a1b 1c1d1e1f 20212223 24252627",
		.plain = "11223344 55667788 99aabbcc ddee",
		.sealed = "85632d07 c6e8f37f 950acd32 0a2ecc93 40c02b96 90c4dc04"
		          " daef7f6a fe5c",
	},
	/* A.2: nonce-based, three parts */
	{
		.key = "7f7e7d7c 7b7a7978 77767574 73727170"
		       " 40414243 44454647 48494a4b 4c4d4e4f",
		.fixed = {"00112233 44556677 8899aabb ccddeeff deaddada deaddada"
		          " ffeeddcc bbaa9988 77665544 33221100",
		          "10203040 50607080 90a0"},
		.fixed_count = 2,
		.with = "09f91102 9d74e35b d84156c5 635688c0",
		.plain = "74686973 20697320 736f6d65 20706c61 696e7465 78742074"
		         " 6f20656e 63727970 74207573 696e6720 5349562d 414553",
		.sealed = "7bdb6e3b 432667eb 06f4d14b ff2fbd0f cb900f2f ddbe4043"
		          " 26601965 c889bf17 dba77ceb 094fa663 b7a3f748 ba8af829"
		          " ea64ad54 4a272e9c 485b62a3 fd5c0d",
	},
};
/* clang-format on */

static void test_rfc5297(void **state)
{
	(void)state;
	for (size_t i = 0; i < LEN(examples); i++) {
		uint8_t bytes[6][128], out[128], back[128];
		struct str key = unhex(examples[i].key, bytes[0]);
		struct str with = unhex(examples[i].with, bytes[1]);
		struct str plain = unhex(examples[i].plain, bytes[2]);
		struct str sealed = unhex(examples[i].sealed, bytes[3]);
		struct str fixed[2];
		struct siv *siv;

		for (size_t f = 0; f < examples[i].fixed_count; f++)
			fixed[f] = unhex(examples[i].fixed[f], bytes[4 + f]);
		siv = siv_new((const uint8_t *)key.p, key.n, fixed,
		              examples[i].fixed_count);
		for (int again = 0; again < 2; again++) {
			siv_seal(siv, with, plain, out);
			assert_memory_equal(out, sealed.p, sealed.n);
			assert_true(siv_open(siv, with, sealed, back));
			assert_memory_equal(back, plain.p, plain.n);
		}
		siv_free(siv);
	}
}

/* What OpenSSL makes of the same, for each length. */
static void peer_seal(const uint8_t *key, struct str first, struct str with,
                      struct str plain, uint8_t *out)
{
	EVP_CIPHER *cipher = EVP_CIPHER_fetch(NULL, "AES-256-SIV", NULL);
	EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
	int n = 0;

	assert_true(EVP_EncryptInit_ex2(c, cipher, key, NULL, NULL));
	assert_true(
	        EVP_EncryptUpdate(c, NULL, &n, (const uint8_t *)first.p, (int)first.n));
	assert_true(
	        EVP_EncryptUpdate(c, NULL, &n, (const uint8_t *)with.p, (int)with.n));
	assert_true(EVP_EncryptUpdate(c, out + 16, &n, (const uint8_t *)plain.p,
	                              (int)plain.n));
	assert_true(EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_AEAD_GET_TAG, 16, out));
	EVP_CIPHER_CTX_free(c);
	EVP_CIPHER_free(cipher);
}

static void test_as_openssl(void **state)
{
	static uint8_t ours[SIV_TEXT_MAX + 16], theirs[SIV_TEXT_MAX + 16];
	static uint8_t text[SIV_TEXT_MAX], back[SIV_TEXT_MAX];
	static const size_t large[] = {1000, 4095, 4096, 4097, SIV_TEXT_MAX};
	struct str first = STR("signet-token-1");
	uint8_t key[64];
	struct siv *siv;

	(void)state;
	random_bytes(key, sizeof(key));
	random_bytes(text, sizeof(text));
	siv = siv_new(key, sizeof(key), &first, 1);
	for (size_t i = 1; i < 300 + LEN(large); i++) {
		size_t n = i < 300 ? i : large[i - 300];
		struct str plain = {(const char *)text, n};
		struct str with = {(const char *)text, 1 + i % 40};

		siv_seal(siv, with, plain, ours);
		peer_seal(key, first, with, plain, theirs);
		assert_memory_equal(ours, theirs, n + 16);
		assert_true(siv_open(siv, with,
		                     (struct str){(const char *)theirs, n + 16}, back));
		assert_memory_equal(back, text, n);
	}
	siv_free(siv);
}

static void test_changed(void **state)
{
	static const uint8_t key[64] = {1}, other_key[64] = {2};
	struct siv *siv = siv_new(key, 64, NULL, 0);
	struct siv *other = siv_new(other_key, 64, NULL, 0);
	struct str plain = STR("what was sealed");
	uint8_t sealed[16 + 15], out[16 + 15];
	struct str s = {(const char *)sealed, sizeof(sealed)};

	(void)state;
	siv_seal(siv, STR("with"), plain, sealed);
	assert_true(siv_open(siv, STR("with"), s, out));
	assert_false(siv_open(siv, STR("wit"), s, out));
	assert_false(siv_open(siv, STR(""), s, out));
	assert_false(siv_open(other, STR("with"), s, out));
	for (size_t n = 0; n < s.n; n++)
		assert_false(siv_open(siv, STR("with"), str_slice(s, 0, n), out));
	for (size_t bit = 0; bit < s.n * 8; bit++) {
		sealed[bit / 8] ^= (uint8_t)(1 << bit % 8);
		assert_false(siv_open(siv, STR("with"), s, out));
		for (size_t i = 0; i < plain.n; i++)
			assert_int_equal(out[i], 0);
		sealed[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	/* Nothing at all can be sealed too. */
	siv_seal(siv, STR("with"), STR_NONE, sealed);
	assert_true(siv_open(siv, STR("with"), str_slice(s, 0, 16), out));
	assert_false(siv_open(siv, STR("With"), str_slice(s, 0, 16), out));
	siv_free(siv);
	siv_free(other);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_rfc5297),
	        cmocka_unit_test(test_as_openssl),
	        cmocka_unit_test(test_changed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
