/* An authority for tests: it certifies what it is told to, by OpenSSL alone. */
#pragma once

#include "base/buf.h"

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

struct test_ca {
	EVP_PKEY *key;
	X509 *x;
};

static inline void test_extension(X509 *x, X509 *issuer, int nid, const char *value)
{
	X509V3_CTX c;
	X509_EXTENSION *e;

	X509V3_set_ctx(&c, issuer, x, NULL, NULL, 0);
	e = X509V3_EXT_conf_nid(NULL, &c, nid, value);
	need(e && X509_add_ext(x, e, -1) == 1);
	X509_EXTENSION_free(e);
}

/* `from` and `until` in seconds from now; `names` as "DNS:a.example,DNS:b.example", or
 * NULL for an authority. */
static inline X509 *test_certify(const struct test_ca *by, EVP_PKEY *key,
                                 const char *subject, const char *names, long from,
                                 long until)
{
	static long serial = 0x0a1b;
	X509 *x = X509_new();
	X509 *issuer = by ? by->x : x;

	need(x && X509_set_version(x, X509_VERSION_3) == 1);
	need(ASN1_INTEGER_set(X509_get_serialNumber(x), serial++) == 1);
	need(X509_gmtime_adj(X509_getm_notBefore(x), from) != NULL);
	need(X509_gmtime_adj(X509_getm_notAfter(x), until) != NULL);
	need(X509_NAME_add_entry_by_txt(X509_get_subject_name(x), "CN", MBSTRING_UTF8,
	                                (const unsigned char *)subject, -1, -1,
	                                0) == 1);
	need(X509_set_issuer_name(x, X509_get_subject_name(issuer)) == 1);
	need(X509_set_pubkey(x, key) == 1);
	if (names) {
		test_extension(x, issuer, NID_subject_alt_name, names);
		test_extension(x, issuer, NID_ext_key_usage, "serverAuth");
	} else {
		test_extension(x, issuer, NID_basic_constraints, "critical,CA:TRUE");
	}
	need(X509_sign(x, by ? by->key : key, EVP_sha256()) > 0);
	return x;
}

static inline struct test_ca test_ca_new(const struct test_ca *by, const char *name)
{
	struct test_ca ca = {.key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256")};

	need(ca.key != NULL);
	ca.x = test_certify(by, ca.key, name, NULL, -3600, 86400);
	return ca;
}

static inline void test_ca_free(struct test_ca *ca)
{
	EVP_PKEY_free(ca->key);
	X509_free(ca->x);
}

static inline void test_add_pem(struct buf *out, X509 *x)
{
	BIO *memory = BIO_new(BIO_s_mem());
	char *text;
	long n;

	need(memory && PEM_write_bio_X509(memory, x) == 1);
	n = BIO_get_mem_data(memory, &text);
	buf_add(out, (struct str){text, (size_t)n});
	BIO_free(memory);
}

static inline void test_add_key_pem(struct buf *out, EVP_PKEY *key)
{
	BIO *memory = BIO_new(BIO_s_mem());
	char *text;
	long n;

	need(memory &&
	     PEM_write_bio_PrivateKey(memory, key, NULL, NULL, 0, NULL, NULL));
	n = BIO_get_mem_data(memory, &text);
	buf_add(out, (struct str){text, (size_t)n});
	BIO_free(memory);
}

/* The chain in PEM that the authority gives for a request: own, authority. */
static inline void test_certify_request(const struct test_ca *by, struct str der,
                                        const char *names, struct buf *pem)
{
	const unsigned char *p = (const unsigned char *)der.p;
	X509_REQ *request = d2i_X509_REQ(NULL, &p, (long)der.n);
	X509 *x;

	need(request && X509_REQ_verify(request, X509_REQ_get0_pubkey(request)) == 1);
	x = test_certify(by, X509_REQ_get0_pubkey(request), "host", names, -60, 86400);
	test_add_pem(pem, x);
	test_add_pem(pem, by->x);
	X509_free(x);
	X509_REQ_free(request);
}
