/* Keys: the encodings they come in, equality by meaning, and what we make. */
#include "crypto/key.h"
#include "base/base64.h"
#include "crypto/test_keys.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct str bytes_of(struct arena *a, const char *base64)
{
	struct str bytes;

	assert_true(base64_decode(a, str_c(base64), false, &bytes));
	return bytes;
}

static void test_decode(void **state)
{
	static const struct {
		enum key_algorithm algorithm;
		const char *base64;
		unsigned bits;   /* 0: refused */
		const char *why; /* part of the error */
	} cases[] = {
	        {KEY_RSA,     RSA_512_SPKI,   512,  NULL                   },
	        {KEY_RSA,     RSA_1024_SPKI,  1024, NULL                   },
	        {KEY_RSA,     RSA_1024_PKCS1, 1024, NULL                   },
	        {KEY_RSA,     RSA_2048_SPKI,  2048, NULL                   },
	        {KEY_RSA,     RSA_2048_PKCS1, 2048, NULL                   },
	        {KEY_RSA,     ED25519,        0,    "not an RSA public key"},
	        {KEY_RSA,     P256_SPKI,      0,    "not an RSA key"       },
	        {KEY_RSA,     "AAAA",         0,    "not an RSA public key"},
	        {KEY_ED25519, ED25519,        256,  NULL                   },
	        {KEY_ED25519, ED25519_SPKI,   0,    "SubjectPublicKeyInfo" },
	        {KEY_ED25519, RSA_1024_SPKI,  0,    "is 32 bytes"          },
	};

	(void)state;
	for (size_t i = 0; i < LEN(cases); i++) {
		AUTO(arena) a = {0};
		struct public_key key;
		struct err err;
		bool ok = public_key_decode(&a, cases[i].algorithm,
		                            bytes_of(&a, cases[i].base64), &key, &err);

		assert_int_equal(ok, cases[i].bits != 0);
		if (ok)
			assert_int_equal(key.bits, cases[i].bits);
		else
			assert_non_null(strstr(err.text, cases[i].why));
	}
}

static void test_bytes_behind_the_key(void **state)
{
	AUTO(arena) a = {0};
	struct str whole = bytes_of(&a, RSA_1024_SPKI);
	struct public_key key;
	struct err err;

	(void)state;
	assert_false(public_key_decode(&a, KEY_RSA, arena_join(&a, whole, STR("xy")),
	                               &key, &err));
	assert_non_null(strstr(err.text, "2 bytes stand behind"));
	assert_false(public_key_decode(&a, KEY_RSA, str_slice(whole, 0, whole.n - 1),
	                               &key, &err));
	assert_false(public_key_decode(&a, KEY_RSA, STR_NONE, &key, &err));
}

static void test_equality_is_of_meaning(void **state)
{
	AUTO(arena) a = {0};
	struct public_key spki, pkcs1, other, curve;
	struct err err;

	(void)state;
	assert_true(public_key_decode(&a, KEY_RSA, bytes_of(&a, RSA_2048_SPKI), &spki,
	                              &err));
	assert_true(public_key_decode(&a, KEY_RSA, bytes_of(&a, RSA_2048_PKCS1), &pkcs1,
	                              &err));
	assert_true(public_key_decode(&a, KEY_RSA, bytes_of(&a, RSA_1024_SPKI), &other,
	                              &err));
	assert_true(public_key_decode(&a, KEY_ED25519, bytes_of(&a, ED25519), &curve,
	                              &err));
	assert_true(public_key_eq(&spki, &pkcs1));
	assert_false(public_key_eq(&spki, &other));
	assert_false(public_key_eq(&curve, &other));
	assert_true(public_key_eq(&curve, &curve));
}

static void test_generate(void **state)
{
	static const struct {
		enum key_algorithm algorithm;
		unsigned bits, made;
	} cases[] = {
	        {KEY_RSA,     1024, 1024},
	        {KEY_RSA,     2048, 2048},
	        {KEY_ED25519, 0,    256 },
	};

	(void)state;
	for (size_t i = 0; i < LEN(cases); i++) {
		AUTO(arena) a = {0};
		AUTO(secret) pem = {0};
		struct private_key *key;
		struct public_key public;
		struct str bytes;
		struct err err;

		assert_true(private_key_generate(cases[i].algorithm, cases[i].bits,
		                                 &key, &err));
		assert_true(private_key_format(key, &pem, &err));
		assert_true(str_starts(secret_str(&pem),
		                       STR("-----BEGIN PRIVATE KEY-----\n")));
		assert_true(private_key_public(&a, key, &bytes, &err));
		assert_true(public_key_decode(&a, cases[i].algorithm, bytes, &public,
		                              &err));
		assert_int_equal(public.bits, cases[i].made);
		private_key_free(key);
	}
}

static void test_generate_refuses(void **state)
{
	static const unsigned bits[] = {0, 512, 1023, 8193, 100000};

	(void)state;
	for (size_t i = 0; i < LEN(bits); i++) {
		struct private_key *key;
		struct err err;

		assert_false(private_key_generate(KEY_RSA, bits[i], &key, &err));
		assert_int_equal(err.kind, ERR_USAGE);
	}
}

static void test_secret(void **state)
{
	AUTO(secret) s = {0};

	(void)state;
	secret_set(&s, "one", 3);
	assert_true(str_eq(secret_str(&s), STR("one")));
	secret_set(&s, "another", 7);
	assert_true(str_eq(secret_str(&s), STR("another")));
	secret_done(&s);
	assert_int_equal(secret_str(&s).n, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_decode),
	        cmocka_unit_test(test_bytes_behind_the_key),
	        cmocka_unit_test(test_equality_is_of_meaning),
	        cmocka_unit_test(test_generate),
	        cmocka_unit_test(test_generate_refuses),
	        cmocka_unit_test(test_secret),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
