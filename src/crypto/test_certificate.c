/* Chains, keys and requests of TLS hosts: what fits together and why something does not. */
#include "crypto/certificate.h"

#include "base/clock.h"
#include "crypto/test_ca.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void test_hosts(void **state)
{
	/* clang-format off */
	static const struct {
		const char *host;
		bool valid;
	} cases[] = {
		{"track.acme.example",    true },
		{"a_b.example",           true },
		{"xn--bcher-kva.example", true },
		{"localhost",             false},
		{"",	              false},
		{".",                     false},
		{"a..example",            false},
		{"a.example.",            false},
		{"A.example",             false},
		{"../../etc.passwd",      false},
		{"a/b.example",           false},
		{"-a.example",            false},
		{"*.example.org",         false},
		{"b\xc3\xbc.example",     false},
	};
	/* clang-format on */

	(void)state;
	for (size_t i = 0; i < LEN(cases); i++)
		assert_int_equal(tls_host_is_valid(str_c(cases[i].host)),
		                 cases[i].valid);
}

static void test_names(void **state)
{
	static const struct certificate c = {.names =
	                                             STR_INIT("a.example *.b.example")};
	/* clang-format off */
	static const struct {
		const char *host;
		bool has;
	} cases[] = {
		{"a.example",     true },
		{"A.EXAMPLE",     true },
		{"x.a.example",   false},
		{"x.b.example",   true },
		{"b.example",     false},
		{"x.y.b.example", false},
		{"xb.example",    false},
		{".b.example",    false},
	};
	/* clang-format on */

	(void)state;
	for (size_t i = 0; i < LEN(cases); i++)
		assert_int_equal(certificate_has_name(&c, str_c(cases[i].host)),
		                 cases[i].has);
}

/* A chain of own, intermediate and root, with one thing wrong in each case. */
struct bench {
	struct test_ca root, middle, stranger;
	struct tls_key *key, *other;
};

static EVP_PKEY *inside(struct tls_key *key)
{
	return (EVP_PKEY *)(void *)key;
}

static int set_up(void **state)
{
	static struct bench b;
	struct err err;

	b.root = test_ca_new(NULL, "Root");
	b.middle = test_ca_new(&b.root, "Middle \x01");
	b.stranger = test_ca_new(NULL, "Stranger");
	assert_true(tls_key_generate(&b.key, &err));
	assert_true(tls_key_generate(&b.other, &err));
	*state = &b;
	return 0;
}

static int tear_down(void **state)
{
	struct bench *b = *state;

	test_ca_free(&b->root);
	test_ca_free(&b->middle);
	test_ca_free(&b->stranger);
	tls_key_free(b->key);
	tls_key_free(b->other);
	return 0;
}

static void test_chain(void **state)
{
	struct bench *b = *state;
	AUTO(arena) a = {0};
	AUTO(buf) pem = {.max = CHAIN_TEXT_MAX};
	struct certificate_chain chain, again;
	struct str text;
	struct err err;
	X509 *own = test_certify(&b->middle, inside(b->key), "x",
	                         "DNS:Track.Acme.example,DNS:*.b.example,"
	                         "IP:192.0.2.1,DNS:no/name",
	                         -60, 3600);
	int64_t now = clock_now();

	buf_add(&pem, STR("A text of the shop that sold it.\n"));
	test_add_pem(&pem, own);
	test_add_pem(&pem, b->middle.x);
	test_add_pem(&pem, b->root.x);
	X509_free(own);
	assert_true(certificate_chain_parse(&a, buf_str(&pem), &chain, &err));
	assert_int_equal(chain.n, 3);
	assert_true(str_eq(chain.own.names, STR("track.acme.example *.b.example")));
	assert_true(str_eq(chain.own.issuer, STR("Middle \\001")));
	assert_true(chain.own.serial.n == 4 && str_starts(chain.own.serial, STR("0a")));
	assert_true(chain.own.not_before < now &&
	            chain.own.not_after - now > 3500 * 1000 &&
	            chain.own.not_after - now <= 3600 * 1000);
	assert_true(certificate_chain_check(&chain, b->key, STR("track.acme.example"),
	                                    now, &err));
	assert_true(
	        certificate_chain_check(&chain, b->key, STR("c.b.example"), now, &err));
	assert_true(certificate_chain_format(&a, &chain, &text, &err));
	assert_true(certificate_chain_parse(&a, text, &again, &err));
	assert_true(str_eq(again.der, chain.der));
	assert_true(certificate_chain_decode(&a, chain.der, &again, &err));
	assert_int_equal(again.n, 3);
	/* Any cut or trailing byte is seen. */
	for (size_t n = 0; n < chain.der.n; n++) {
		bool ok = certificate_chain_decode(&a, str_slice(chain.der, 0, n),
		                                   &again, &err);
		size_t whole = 0, k = 0;

		while (k < 3 && whole < n)
			whole += certificate_chain_at(&chain, k++).n;
		assert_int_equal(ok, n > 0 && whole == n);
	}
}

static void test_unfit(void **state)
{
	enum { FINE, WRONG_KEY, WRONG_HOST, EXPIRED, EARLY, ORDER, NO_NAMES };
	static const struct {
		int what;
		const char *error;
	} cases[] = {
	        {FINE,       NULL	                                          },
	        {WRONG_KEY,  "the private key does not belong to the certificate"  },
	        {WRONG_HOST,
	         "the certificate is for other.example, not for track.acme.example"},
	        {EXPIRED,    "the certificate has expired"                         },
	        {EARLY,      "the certificate is not in force yet"                 },
	        {ORDER,
	         "certificate 1 is not signed by the one that follows it; the own "
	         "one comes first, then who signed it"                             },
	        {NO_NAMES,
	         "the certificate is for no host, not for track.acme.example"      },
	};
	struct bench *b = *state;

	for (size_t i = 0; i < LEN(cases); i++) {
		AUTO(arena) a = {0};
		AUTO(buf) pem = {.max = CHAIN_TEXT_MAX};
		int what = cases[i].what;
		struct certificate_chain chain;
		struct err err = {0};
		X509 *own = test_certify(
		        &b->middle, inside(what == WRONG_KEY ? b->other : b->key), "x",
		        what == WRONG_HOST ? "DNS:other.example"
		        : what == NO_NAMES ? "IP:192.0.2.1"
		                           : "DNS:track.acme.example",
		        what == EARLY ? 60 : -60, what == EXPIRED ? -1 : 3600);
		bool ok;

		test_add_pem(&pem, own);
		test_add_pem(&pem, what == ORDER ? b->stranger.x : b->middle.x);
		X509_free(own);
		assert_true(certificate_chain_parse(&a, buf_str(&pem), &chain, &err));
		ok = certificate_chain_check(&chain, b->key, STR("track.acme.example"),
		                             clock_now(), &err);
		assert_int_equal(ok, cases[i].error == NULL);
		if (cases[i].error)
			assert_string_equal(err.text, cases[i].error);
	}
}

static void test_texts(void **state)
{
	static const struct {
		const char *text, *error;
	} cases[] = {
	        {"",	                                                       "there is no certificate in PEM"                        },
	        {"hello",	                                                  "there is no certificate in PEM"                        },
	        {"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
	         "a damaged certificate"	                                                                                           },
	        {"-----BEGIN CERTIFICATE-----\nAAAA\n",                            "damaged PEM"                                           },
	        {"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
	         "there is a private key among the certificates; give it separately"                                                       },
	        {"-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n"
	         "-----END CERTIFICATE REQUEST-----\n",           "this is a request for a certificate, not a certificate"},
	};

	(void)state;
	for (size_t i = 0; i < LEN(cases); i++) {
		AUTO(arena) a = {0};
		struct certificate_chain chain;
		struct err err = {0};

		assert_false(certificate_chain_parse(&a, str_c(cases[i].text), &chain,
		                                     &err));
		assert_string_equal(err.text, cases[i].error);
	}
}

static void test_too_many(void **state)
{
	struct bench *b = *state;
	AUTO(arena) a = {0};
	AUTO(buf) pem = {.max = CHAIN_TEXT_MAX};
	struct certificate_chain chain;
	struct err err = {0};

	for (int i = 0; i < CHAIN_MAX; i++)
		test_add_pem(&pem, b->root.x);
	assert_true(certificate_chain_parse(&a, buf_str(&pem), &chain, &err));
	test_add_pem(&pem, b->root.x);
	assert_false(certificate_chain_parse(&a, buf_str(&pem), &chain, &err));
	assert_string_equal(err.text, "too many certificates");
}

/* What a customer may bring, in both encodings, and what not. */
static void test_keys(void **state)
{
	/* clang-format off */
	static const struct {
		const char *type;
		const char *curve; /* or NULL */
		size_t bits;
		bool fine;
	} cases[] = {
		{"EC",      "P-256",     0,    true },
		{"EC",      "P-384",     0,    true },
		{"EC",      "secp256k1", 0,    false},
		{"RSA",     NULL,        2048, true },
		{"RSA",     NULL,        1024, false},
		{"ED25519", NULL,        0,    false},
	};
	/* clang-format on */

	(void)state;
	for (size_t i = 0; i < LEN(cases); i++) {
		AUTO(buf) pem = {.max = TLS_KEY_TEXT_MAX};
		AUTO(secret) der = {0};
		struct tls_key *key, *again;
		struct err err;
		EVP_PKEY *made =
		        cases[i].curve  ? EVP_PKEY_Q_keygen(NULL, NULL, cases[i].type,
		                                            cases[i].curve)
		        : cases[i].bits ? EVP_PKEY_Q_keygen(NULL, NULL, cases[i].type,
		                                            cases[i].bits)
		                        : EVP_PKEY_Q_keygen(NULL, NULL, cases[i].type);

		assert_non_null(made);
		test_add_key_pem(&pem, made);
		assert_int_equal(tls_key_parse(buf_str(&pem), &key, &err),
		                 cases[i].fine);
		if (cases[i].fine) {
			assert_true(tls_key_encode(key, &der, &err));
			assert_true(tls_key_decode(tls_key_kind(key), secret_str(&der),
			                           &again, &err));
			assert_int_equal(EVP_PKEY_eq(inside(key), inside(again)), 1);
			assert_int_equal(EVP_PKEY_eq(inside(key), made), 1);
			tls_key_free(key);
			tls_key_free(again);
		}
		EVP_PKEY_free(made);
	}
}

static void test_request(void **state)
{
	struct bench *b = *state;
	static char host[] = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa."
	                     "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb.example";
	const char *hosts[] = {"track.acme.example", host};

	for (size_t i = 0; i < LEN(hosts); i++) {
		AUTO(arena) a = {0};
		AUTO(buf) pem = {.max = CHAIN_TEXT_MAX};
		struct certificate_chain chain;
		const unsigned char *p;
		X509_REQ *request;
		struct str der;
		struct err err;

		assert_true(tls_key_request(&a, b->key, str_c(hosts[i]), &der, &err));
		p = (const unsigned char *)der.p;
		request = d2i_X509_REQ(NULL, &p, (long)der.n);
		assert_non_null(request);
		/* A common name has 64 characters at most (RFC 5280 appendix A.1). */
		assert_int_equal(
		        X509_NAME_entry_count(X509_REQ_get_subject_name(request)),
		        strlen(hosts[i]) <= 64);
		X509_REQ_free(request);
		test_certify_request(&b->middle, der,
		                     arena_printf(&a, "DNS:%s", hosts[i]).p, &pem);
		assert_true(certificate_chain_parse(&a, buf_str(&pem), &chain, &err));
		assert_true(certificate_chain_check(&chain, b->key, str_c(hosts[i]),
		                                    clock_now(), &err));
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_hosts), cmocka_unit_test(test_names),
	        cmocka_unit_test(test_chain), cmocka_unit_test(test_unfit),
	        cmocka_unit_test(test_texts), cmocka_unit_test(test_too_many),
	        cmocka_unit_test(test_keys),  cmocka_unit_test(test_request),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
