/* Private keys as files hold them, signatures, and the hash under them. */
#include "crypto/signer.h"
#include "base/base64.h"
#include "crypto/test_keys.h"
#include "crypto/verifier.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void test_sha256(void **state)
{
	static const uint8_t abc[4] = {0xba, 0x78, 0x16, 0xbf};
	AUTO(sha256) h = {0};
	uint8_t digest[SHA256_BYTES];

	(void)state;
	for (int again = 0; again < 2; again++) {
		sha256_init(&h);
		sha256_add(&h, STR("a"));
		sha256_add(&h, STR_NONE);
		sha256_add(&h, STR("bc"));
		sha256_finish(&h, digest);
		assert_memory_equal(digest, abc, sizeof(abc));
	}
}

static void test_read(void **state)
{
	static const struct {
		const char *text;
		const char *why; /* NULL: read */
		enum key_algorithm algorithm;
	} cases[] = {
	        {RSA_PEM,	                                                  NULL,                 KEY_RSA    },
	        {"some words before\n" RSA_PEM "and after\n",                      NULL,                 KEY_RSA    },
	        {ED25519_SEED,	                                             NULL,                 KEY_ED25519},
	        {" " ED25519_SEED "\n",	                                    NULL,                 KEY_ED25519},
	        {"",	                                                       "not a private key",  KEY_RSA    },
	        {"nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2==",                   "not a private key",
	         KEY_RSA	                                                                                    },
	        {P256_PEM,	                                                 "neither an RSA nor", KEY_RSA    },
	        {"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
	         "damaged",	                                                                      KEY_RSA    },
	        {"-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n",
	         "pass phrase",	                                                                  KEY_RSA    },
	        {"-----BEGIN ENCRYPTED PRIVATE KEY-----\n",                        "pass phrase",        KEY_RSA    },
	        {"-----BEGIN PUBLIC KEY-----\n",                                   "public key",         KEY_RSA    },
	        {"-----BEGIN OPENSSH PRIVATE KEY-----\n",                          "OpenSSH",            KEY_RSA    },
	};

	(void)state;
	for (size_t i = 0; i < LEN(cases); i++) {
		struct private_key *key = NULL;
		struct err err;
		bool read = private_key_parse(str_c(cases[i].text), &key, &err);

		if (read != !cases[i].why)
			fail_msg("%zu: %s", i, read ? "was read" : err.text);
		if (read)
			assert_int_equal(private_key_algorithm(key),
			                 cases[i].algorithm);
		else
			assert_non_null(strstr(err.text, cases[i].why));
		private_key_free(key);
	}
}

static void sign_and_verify(struct private_key *key)
{
	AUTO(arena) a = {0};
	AUTO(signer) signer = {0};
	AUTO(verifier) verifier = {0};
	uint8_t digest[SHA256_BYTES] = "thirty-two bytes, more or less.";
	struct signature s;
	struct public_key public;
	struct str bytes;
	struct str made;
	struct err err;

	assert_true(signer_init_local(&signer, key, &err));
	assert_true(private_key_public(&a, key, &bytes, &err));
	assert_true(public_key_decode(&a, signer.algorithm, bytes, &public, &err));
	private_key_free(key);
	assert_true(verifier_init(&verifier, &public, &err));
	for (int again = 0; again < 2; again++) {
		assert_true(signer.sign(signer.context, digest, &s, &err));
		made = (struct str){(const char *)s.bytes, s.n};
		assert_true(verifier_check(&verifier, digest, made));
		assert_false(verifier_check(&verifier, digest, str_from(made, 1)));
		assert_false(verifier_check(&verifier, digest, STR_NONE));
		s.bytes[7] ^= 1;
		assert_false(verifier_check(&verifier, digest, made));
		s.bytes[7] ^= 1;
		digest[31] ^= 1;
		assert_false(verifier_check(&verifier, digest, made));
	}
}

static void test_sign(void **state)
{
	struct private_key *key;
	struct err err;

	(void)state;
	assert_true(private_key_parse(STR(RSA_PEM), &key, &err));
	sign_and_verify(key);
	assert_true(private_key_parse(STR(ED25519_SEED), &key, &err));
	sign_and_verify(key);
	assert_true(private_key_generate(KEY_RSA, 2048, &key, &err));
	sign_and_verify(key);
}

static void test_seed_is_the_key(void **state)
{
	AUTO(arena) a = {0};
	struct private_key *key;
	struct str public;
	struct err err;

	(void)state;
	assert_true(private_key_parse(STR(ED25519_SEED), &key, &err));
	assert_true(private_key_public(&a, key, &public, &err));
	assert_true(str_eq(base64_encode(&a, public), STR(ED25519)));
	private_key_free(key);
}

static void test_numbers_that_are_no_key(void **state)
{
	AUTO(verifier) v = {0};
	struct public_key key = {.algorithm = KEY_RSA,
	                         .bits = 8,
	                         .modulus = STR("\x01"),
	                         .exponent = STR("\x01")};
	uint8_t digest[SHA256_BYTES] = {0};
	struct err err;

	(void)state;
	if (verifier_init(&v, &key, &err))
		assert_false(verifier_check(&v, digest, STR("x")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_sha256),
	        cmocka_unit_test(test_read),
	        cmocka_unit_test(test_sign),
	        cmocka_unit_test(test_seed_is_the_key),
	        cmocka_unit_test(test_numbers_that_are_no_key),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
