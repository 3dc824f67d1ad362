/* DKIM key records: one row a record, with what it is good for (RFC 6376 §3.6.1). */
#include "auth/dkim_key.h"
#include "base/base64.h"
#include "crypto/test_keys.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void test_status(void **state)
{
	static const struct {
		const char *text;
		enum dkim_key_status status;
	} cases[] = {
	        {"v=DKIM1; k=rsa; p=" RSA_2048_SPKI,               DKIM_KEY_USABLE      },
	        {"v=DKIM1; k=rsa; p=" RSA_2048_SPKI ";",           DKIM_KEY_USABLE      },
	        {"v=DKIM1;;p=" RSA_2048_SPKI,                      DKIM_KEY_USABLE      },
	        {"p=" RSA_2048_PKCS1,                              DKIM_KEY_USABLE      },
	        {" v = DKIM1 ;\tp =" RSA_1024_SPKI " ",            DKIM_KEY_USABLE      },
	        {"k=rsa; x=1; p=" RSA_1024_SPKI,                   DKIM_KEY_USABLE      },
	        {"v=DKIM1; k=ed25519; p=" ED25519,                 DKIM_KEY_USABLE      },
	        {"v=DKIM1; h=sha1:sha256; p=" RSA_2048_SPKI,       DKIM_KEY_USABLE      },
	        {"v=DKIM1; s=tls:email; p=" RSA_2048_SPKI,         DKIM_KEY_USABLE      },
	        {"v=DKIM1; s=*; p=" RSA_2048_SPKI,                 DKIM_KEY_USABLE      },
	        {"v=DKIM1; n=some; t=y:s; p=" RSA_2048_SPKI,       DKIM_KEY_USABLE      },
	        {"",	                                       DKIM_KEY_NO_KEY      },
	        {"v=DKIM1; k=rsa",                                 DKIM_KEY_NO_KEY      },
	        {"k=rsa; v=DKIM1; p=" RSA_2048_SPKI,               DKIM_KEY_SYNTAX      },
	        {"v=DKIM2; p=" RSA_2048_SPKI,                      DKIM_KEY_SYNTAX      },
	        {"v=dkim1; p=" RSA_2048_SPKI,                      DKIM_KEY_SYNTAX      },
	        {"v=DKIM1; junk; p=" RSA_2048_SPKI,                DKIM_KEY_SYNTAX      },
	        {"v=DKIM1; 1x=y; p=" RSA_2048_SPKI,                DKIM_KEY_SYNTAX      },
	        {"v=DKIM1; p=" RSA_2048_SPKI "; p=" RSA_2048_SPKI, DKIM_KEY_SYNTAX      },
	        {"v=DKIM1; n=b\xc3\xbc; p=" RSA_2048_SPKI,         DKIM_KEY_SYNTAX      },
	        {"v=DKIM1; h=sha1; p=" RSA_2048_SPKI,              DKIM_KEY_NOT_SHA256  },
	        {"v=DKIM1; p=",	                            DKIM_KEY_REVOKED     },
	        {"v=DKIM1; p= ;",	                          DKIM_KEY_REVOKED     },
	        {"v=DKIM1; s=tls; p=" RSA_2048_SPKI,               DKIM_KEY_NOT_EMAIL   },
	        {"v=DKIM1; k=dsa; p=" RSA_2048_SPKI,               DKIM_KEY_UNKNOWN_TYPE},
	        {"v=DKIM1; k=ed25519; p=" RSA_2048_SPKI,           DKIM_KEY_BAD_KEY     },
	        {"v=DKIM1; p=" ED25519,                            DKIM_KEY_BAD_KEY     },
	        {"v=DKIM1; p=***",                                 DKIM_KEY_BAD_KEY     },
	        {"v=DKIM1; p=" RSA_512_SPKI,                       DKIM_KEY_WEAK        },
	};

	(void)state;
	for (size_t i = 0; i < LEN(cases); i++) {
		AUTO(arena) a = {0};
		struct dkim_key key;

		dkim_key_parse(&a, str_c(cases[i].text), &key);
		if (key.status != cases[i].status)
			fail_msg("%s: %s", cases[i].text, dkim_key_reason(key.status));
	}
}

static void test_facts(void **state)
{
	AUTO(arena) a = {0};
	struct dkim_key key;

	(void)state;
	dkim_key_parse(&a,
	               STR("v=DKIM1; t=y:s; h=sha256; n=hello there; p=" RSA_1024_SPKI),
	               &key);
	assert_true(key.is_testing);
	assert_true(key.is_strict);
	assert_true(key.is_short);
	assert_true(key.has_sha256);
	assert_false(key.has_sha1);
	assert_true(str_eq(key.notes, STR("hello there")));
	assert_int_equal(key.key.bits, 1024);

	dkim_key_parse(&a, STR("p=" RSA_2048_SPKI), &key);
	assert_false(key.is_testing);
	assert_false(key.is_strict);
	assert_false(key.is_short);
	assert_true(key.has_sha1);
	assert_int_equal(key.problems.n, 0);
}

/* Blanks inside the base64 are part of the form (RFC 6376 §3.2). */
static void test_folded_key(void **state)
{
	AUTO(arena) a = {0};
	struct str whole = STR(RSA_1024_SPKI);
	struct dkim_key key, same;

	(void)state;
	dkim_key_parse(&a,
	               arena_printf(&a, "v=DKIM1; p=%.*s \r\n\t%s", 40, whole.p,
	                            str_from(whole, 40).p),
	               &key);
	dkim_key_parse(&a, STR("p=" RSA_1024_PKCS1), &same);
	assert_int_equal(key.status, DKIM_KEY_USABLE);
	assert_true(public_key_eq(&key.key, &same.key));
}

static void test_positions(void **state)
{
	static const struct {
		const char *text;
		enum tag_fault fault;
		size_t at;
	} cases[] = {
	        {"v=DKIM1; junk; p=",    TAG_SYNTAX,    9 },
	        {"v=DKIM1; p=; p=",      TAG_DUPLICATE, 13},
	        {"p=; v=DKIM1",          TAG_ORDER,     6 },
	        {"v=DKIM1;; p=",         TAG_EMPTY,     8 },
	        {"v=DKIM1; n=a\x01; p=", TAG_SYNTAX,    12},
	        {"v=DKIM1; k=dsa; p=",   TAG_VALUE,     11},
	        {"v=DKIM1; p=A",         TAG_VALUE,     11},
	};

	(void)state;
	for (size_t i = 0; i < LEN(cases); i++) {
		AUTO(arena) a = {0};
		struct dkim_key key;

		dkim_key_parse(&a, str_c(cases[i].text), &key);
		assert_int_equal(key.problems.n, 1);
		assert_int_equal(key.problems.v[0].fault, cases[i].fault);
		assert_int_equal(key.problems.v[0].at, cases[i].at);
	}
}

static void test_is_meant(void **state)
{
	static const struct {
		const char *text;
		bool meant;
	} cases[] = {
	        {"v=DKIM1; p=x",                 true },
	        {"V=dkim1; k=rsa",               true },
	        {"k=rsa; p=x",                   true },
	        {"v=spf1 -all",                  false},
	        {"v=DMARC1; p=none",             false},
	        {"google-site-verification=abc", false},
	        {"hello",                        false},
	};

	(void)state;
	for (size_t i = 0; i < LEN(cases); i++) {
		AUTO(arena) a = {0};

		assert_int_equal(dkim_key_is_meant(&a, str_c(cases[i].text)),
		                 cases[i].meant);
	}
}

static void test_format(void **state)
{
	AUTO(arena) a = {0};
	struct str bytes;
	struct dkim_key key;

	(void)state;
	assert_true(base64_decode(&a, STR(ED25519), false, &bytes));
	assert_string_equal(dkim_key_format(&a, KEY_ED25519, bytes).p,
	                    "v=DKIM1; k=ed25519; p=" ED25519);
	dkim_key_parse(&a, dkim_key_format(&a, KEY_ED25519, bytes), &key);
	assert_int_equal(key.status, DKIM_KEY_USABLE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_status),     cmocka_unit_test(test_facts),
	        cmocka_unit_test(test_folded_key), cmocka_unit_test(test_positions),
	        cmocka_unit_test(test_is_meant),   cmocka_unit_test(test_format),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
