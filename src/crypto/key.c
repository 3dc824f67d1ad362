#include "crypto/key.h"

#include <string.h>

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

enum { ED25519_BYTES = 32 };

/* The object that callers hold is OpenSSL's own under a name of ours. */
static EVP_PKEY *inside(const struct private_key *key)
{
	return (EVP_PKEY *)(uintptr_t)key;
}

static const char *const algorithm_names[] = {
        [KEY_RSA] = "rsa",
        [KEY_ED25519] = "ed25519",
};

const char *key_algorithm_name(enum key_algorithm algorithm)
{
	return algorithm_names[algorithm];
}

bool key_algorithm_parse(struct str name, enum key_algorithm *out)
{
	for (size_t i = 0; i < LEN(algorithm_names); i++) {
		if (str_eq(name, str_c(algorithm_names[i]))) {
			*out = (enum key_algorithm)i;
			return true;
		}
	}
	return false;
}

/* Fills err with OpenSSL's own words and empties its queue. */
static bool fail(struct err *err, enum err_kind kind, const char *what)
{
	const char *reason = ERR_reason_error_string(ERR_peek_error());

	ERR_clear_error();
	return err_set(err, kind, "%s: %s", what, reason ? reason : "not understood");
}

static bool copy_number(struct arena *a, const EVP_PKEY *key, const char *name,
                        struct str *out)
{
	BIGNUM *number = NULL;
	char *bytes;
	size_t n;

	if (!EVP_PKEY_get_bn_param(key, name, &number))
		return false;
	n = (size_t)BN_num_bytes(number);
	bytes = arena_alloc(a, n + 1);
	BN_bn2bin(number, (unsigned char *)bytes);
	BN_free(number);
	*out = (struct str){bytes, n};
	return true;
}

/* Reads an RSA key in either encoding; NULL where it is neither. */
static EVP_PKEY *decode_rsa(struct str bytes, size_t *used)
{
	const unsigned char *start = (const unsigned char *)bytes.p;
	const unsigned char *p = start;
	EVP_PKEY *key = d2i_PUBKEY(NULL, &p, (long)bytes.n);

	if (!key) {
		ERR_clear_error();
		p = start;
		key = d2i_PublicKey(EVP_PKEY_RSA, NULL, &p, (long)bytes.n);
	}
	*used = (size_t)(p - start);
	return key;
}

static bool take_rsa(struct arena *a, EVP_PKEY *key, struct public_key *out)
{
	*out = (struct public_key){.algorithm = KEY_RSA};
	if (!copy_number(a, key, OSSL_PKEY_PARAM_RSA_N, &out->modulus) ||
	    !copy_number(a, key, OSSL_PKEY_PARAM_RSA_E, &out->exponent))
		return false;
	out->bits = (unsigned)EVP_PKEY_get_bits(key);
	return out->modulus.n && out->exponent.n;
}

static bool decode_ed25519(struct arena *a, struct str bytes, struct public_key *out,
                           struct err *err)
{
	if (bytes.n != ED25519_BYTES)
		return err_set(
		        err, ERR_INPUT, "an Ed25519 key is %d bytes, these are %zu%s",
		        ED25519_BYTES, bytes.n,
		        bytes.n == ED25519_BYTES + 12
		                ? " (a SubjectPublicKeyInfo; its last 32 are the "
		                  "key)"
		                : "");
	*out = (struct public_key){.algorithm = KEY_ED25519,
	                           .bits = ED25519_BYTES * 8,
	                           .point = arena_dup(a, bytes)};
	return true;
}

bool public_key_decode(struct arena *a, enum key_algorithm algorithm, struct str bytes,
                       struct public_key *out, struct err *err)
{
	EVP_PKEY *key;
	size_t used;
	bool ok;

	if (algorithm == KEY_ED25519)
		return decode_ed25519(a, bytes, out, err);
	if (bytes.n == 0 || bytes.n > KEY_ENCODED_MAX)
		return err_set(err, ERR_INPUT, "%zu bytes are no RSA key", bytes.n);
	ERR_clear_error();
	key = decode_rsa(bytes, &used);
	if (!key)
		return fail(err, ERR_INPUT, "not an RSA public key");
	ok = EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA && take_rsa(a, key, out);
	EVP_PKEY_free(key);
	ERR_clear_error();
	if (!ok)
		return err_set(err, ERR_INPUT, "a key, but not an RSA key");
	if (used != bytes.n)
		return err_set(err, ERR_INPUT, "%zu bytes stand behind the key",
		               bytes.n - used);
	return true;
}

bool public_key_eq(const struct public_key *x, const struct public_key *y)
{
	return x->algorithm == y->algorithm && str_eq(x->modulus, y->modulus) &&
	       str_eq(x->exponent, y->exponent) && str_eq(x->point, y->point);
}

bool private_key_generate(enum key_algorithm algorithm, unsigned bits,
                          struct private_key **out, struct err *err)
{
	EVP_PKEY *key;

	if (algorithm == KEY_ED25519) {
		key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	} else {
		if (bits < KEY_RSA_BITS_MIN || bits > KEY_RSA_BITS_MAX)
			return err_set(err, ERR_USAGE,
			               "an RSA key has %d to %d bits, not %u",
			               KEY_RSA_BITS_MIN, KEY_RSA_BITS_MAX, bits);
		key = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)bits);
	}
	if (!key)
		return fail(err, ERR_INTERNAL, "key generation");
	*out = (struct private_key *)key;
	return true;
}

bool private_key_format(const struct private_key *key, struct secret *out,
                        struct err *err)
{
	BIO *memory = BIO_new(BIO_s_secmem());
	char *text;
	long n;

	if (!memory || !PEM_write_bio_PKCS8PrivateKey(memory, inside(key), NULL, NULL,
	                                              0, NULL, NULL)) {
		BIO_free(memory);
		return fail(err, ERR_INTERNAL, "writing a private key");
	}
	n = BIO_get_mem_data(memory, &text);
	secret_set(out, text, (size_t)n);
	OPENSSL_cleanse(text, (size_t)n);
	BIO_free(memory);
	return true;
}

bool private_key_public(struct arena *a, const struct private_key *key, struct str *out,
                        struct err *err)
{
	unsigned char *der = NULL;
	int n;

	if (EVP_PKEY_get_base_id(inside(key)) == EVP_PKEY_ED25519) {
		size_t length = ED25519_BYTES;
		unsigned char *raw = arena_alloc(a, length);

		if (!EVP_PKEY_get_raw_public_key(inside(key), raw, &length))
			return fail(err, ERR_INTERNAL, "reading a public key");
		*out = (struct str){(const char *)raw, length};
		return true;
	}
	n = i2d_PUBKEY(inside(key), &der);
	if (n <= 0)
		return fail(err, ERR_INTERNAL, "writing a public key");
	*out = arena_dup(a, (struct str){(const char *)der, (size_t)n});
	OPENSSL_free(der);
	return true;
}

void private_key_free(struct private_key *key)
{
	EVP_PKEY_free(inside(key));
}
