/* Private keys of TLS hosts, and the requests for certificates. */
#include "crypto/certificate.h"

#include "crypto/openssl.h"
#include "crypto/pem.h"

#include <string.h>

#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

enum { RSA_BITS_MIN = 2048, RSA_BITS_MAX = 4096, COMMON_NAME_MAX = 64 };

/* What people hand over in place of the key, by what stands in the text. */
static const struct {
	const char *mark;
	const char *what;
} mistakes[] = {
        {"ENCRYPTED",                      "the key is locked with a pass phrase; write it without one "
                      "(openssl pkey -in … -out …)"          },
        {"-----BEGIN PUBLIC KEY",          "this is a public key, not the private one"},
        {"-----BEGIN RSA PUBLIC KEY",      "this is a public key, not the private one"},
        {"-----BEGIN OPENSSH PRIVATE KEY", "this is a key of OpenSSH, not of TLS"     },
        {"-----BEGIN CERTIFICATE REQUEST", "this is a request, not the private key"   },
};

static EVP_PKEY *inside(const struct tls_key *key)
{
	return (EVP_PKEY *)(uintptr_t)key;
}

bool tls_key_generate(struct tls_key **out, struct err *err)
{
	EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");

	if (!key)
		return openssl_fail(err, ERR_INTERNAL, "key generation");
	*out = (struct tls_key *)key;
	return true;
}

static bool check_kind(EVP_PKEY *key, struct err *err)
{
	char curve[32] = "";
	int bits = EVP_PKEY_get_bits(key);

	switch (EVP_PKEY_get_base_id(key)) {
	case EVP_PKEY_EC:
		if (EVP_PKEY_get_group_name(key, curve, sizeof(curve), NULL) == 1 &&
		    (!strcmp(curve, "prime256v1") || !strcmp(curve, "secp384r1")))
			return true;
		return err_set(err, ERR_INPUT,
		               "the key is on another curve than P-256 and P-384");
	case EVP_PKEY_RSA:
		if (bits >= RSA_BITS_MIN && bits <= RSA_BITS_MAX)
			return true;
		return err_set(err, ERR_INPUT,
		               "the RSA key has %d bits; it must have %d to %d", bits,
		               RSA_BITS_MIN, RSA_BITS_MAX);
	default:
		return err_set(err, ERR_INPUT, "the key is neither EC nor RSA");
	}
}

/* Whether the private half belongs to the public one. */
static bool is_whole(EVP_PKEY *key)
{
	EVP_PKEY_CTX *c = EVP_PKEY_CTX_new(key, NULL);
	bool ok = c && EVP_PKEY_pairwise_check(c) == 1;

	EVP_PKEY_CTX_free(c);
	ERR_clear_error();
	return ok;
}

bool tls_key_parse(struct str pem, struct tls_key **out, struct err *err)
{
	EVP_PKEY *key;
	BIO *memory;

	if (pem.n > TLS_KEY_TEXT_MAX)
		return err_set(err, ERR_INPUT, "too long for a private key");
	for (size_t i = 0; i < LEN(mistakes); i++)
		if (str_find(pem, str_c(mistakes[i].mark)) >= 0)
			return err_set(err, ERR_INPUT, "%s", mistakes[i].what);
	if (str_find(pem, STR("PRIVATE KEY-----")) < 0)
		return err_set(err, ERR_INPUT, "there is no private key in PEM");
	memory = BIO_new_mem_buf(pem.p, (int)pem.n);
	need(memory != NULL);
	key = PEM_read_bio_PrivateKey(memory, NULL, pem_no_pass_phrase, NULL);
	BIO_free(memory);
	ERR_clear_error();
	if (!key)
		return err_set(err, ERR_INPUT, "the private key is damaged");
	if (!check_kind(key, err) ||
	    (!is_whole(key) &&
	     !err_set(err, ERR_INPUT, "the private key is damaged"))) {
		EVP_PKEY_free(key);
		return false;
	}
	*out = (struct tls_key *)key;
	return true;
}

bool tls_key_encode(const struct tls_key *key, struct secret *der, struct err *err)
{
	unsigned char *bytes = NULL;
	int n = i2d_PrivateKey(inside(key), &bytes);

	if (n <= 0)
		return openssl_fail(err, ERR_INTERNAL, "writing a private key");
	secret_set(der, bytes, (size_t)n);
	OPENSSL_clear_free(bytes, (size_t)n);
	return true;
}

bool tls_key_decode(enum tls_key_kind kind, struct str der, struct tls_key **out,
                    struct err *err)
{
	const unsigned char *p = (const unsigned char *)der.p;
	EVP_PKEY *key = NULL;

	if (der.n && der.n <= TLS_KEY_TEXT_MAX)
		key = d2i_PrivateKey(kind == TLS_KEY_EC ? EVP_PKEY_EC : EVP_PKEY_RSA,
		                     NULL, &p, (long)der.n);
	if (!key)
		return openssl_fail(err, ERR_INPUT, "a private key in DER");
	*out = (struct tls_key *)key;
	return true;
}

enum tls_key_kind tls_key_kind(const struct tls_key *key)
{
	return EVP_PKEY_get_base_id(inside(key)) == EVP_PKEY_EC ? TLS_KEY_EC
	                                                        : TLS_KEY_RSA;
}

void tls_key_free(struct tls_key *key)
{
	EVP_PKEY_free(inside(key));
}

/* Gives the extension that names the host to the request. */
static bool add_name(X509_REQ *request, struct str host)
{
	STACK_OF(X509_EXTENSION) *extensions = sk_X509_EXTENSION_new_null();
	GENERAL_NAMES *names = sk_GENERAL_NAME_new_null();
	GENERAL_NAME *name = GENERAL_NAME_new();
	ASN1_IA5STRING *text = ASN1_IA5STRING_new();
	X509_EXTENSION *made;
	bool ok;

	need(extensions && names && name && text);
	need(ASN1_STRING_set(text, host.p, (int)host.n) == 1);
	GENERAL_NAME_set0_value(name, GEN_DNS, text);
	need(sk_GENERAL_NAME_push(names, name) > 0);
	made = X509V3_EXT_i2d(NID_subject_alt_name, 0, names);
	ok = made && sk_X509_EXTENSION_push(extensions, made) > 0 &&
	     X509_REQ_add_extensions(request, extensions) == 1;
	sk_GENERAL_NAME_pop_free(names, GENERAL_NAME_free);
	sk_X509_EXTENSION_pop_free(extensions, X509_EXTENSION_free);
	return ok;
}

static bool fill(X509_REQ *request, EVP_PKEY *key, struct str host)
{
	X509_NAME *subject = X509_REQ_get_subject_name(request);

	if (host.n <= COMMON_NAME_MAX &&
	    X509_NAME_add_entry_by_NID(subject, NID_commonName, MBSTRING_UTF8,
	                               (const unsigned char *)host.p, (int)host.n, -1,
	                               0) != 1)
		return false;
	return X509_REQ_set_version(request, X509_REQ_VERSION_1) == 1 &&
	       X509_REQ_set_pubkey(request, key) == 1 && add_name(request, host) &&
	       X509_REQ_sign(request, key, EVP_sha256()) > 0;
}

bool tls_key_request(struct arena *a, const struct tls_key *key, struct str host,
                     struct str *der, struct err *err)
{
	X509_REQ *request = X509_REQ_new();
	unsigned char *bytes = NULL;
	int n = 0;

	need(request && tls_host_is_valid(host));
	if (fill(request, inside(key), host))
		n = i2d_X509_REQ(request, &bytes);
	X509_REQ_free(request);
	if (n <= 0)
		return openssl_fail(err, ERR_INTERNAL, "making a request");
	*der = arena_dup(a, (struct str){(const char *)bytes, (size_t)n});
	OPENSSL_free(bytes);
	return true;
}
