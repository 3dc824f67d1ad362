#include "crypto/key.h"

#include "crypto/openssl.h"

#include <string.h>

#include <openssl/asn1.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

enum { ED25519_BYTES = 32 };

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

bool openssl_fail(struct err *err, enum err_kind kind, const char *what)
{
	const char *reason = ERR_reason_error_string(ERR_peek_error());

	ERR_clear_error();
	return err_set(err, kind, "%s: %s", what, reason ? reason : "not understood");
}

/* The body of one DER value of this tag at the front of *der, which moves behind it. */
static bool take_der(struct str *der, int wanted, struct str *body)
{
	const unsigned char *p = (const unsigned char *)der->p;
	const unsigned char *start = p;
	long length;
	int tag;
	int class;
	int form = ASN1_get_object(&p, &length, &tag, &class, (long)der->n);

	if (form & 0x81 || class != V_ASN1_UNIVERSAL || tag != wanted)
		return false; /* an error, an indefinite length, or something else */
	*body = str_slice(*der, (size_t)(p - start), (size_t)length);
	*der = str_from(*der, (size_t)(p - start + length));
	return true;
}

/* A positive INTEGER without its leading zeros. */
static bool take_number(struct str *der, struct str *out)
{
	if (!take_der(der, V_ASN1_INTEGER, out) || out->n == 0 || out->p[0] & 0x80)
		return false;
	while (out->n && out->p[0] == 0)
		*out = str_from(*out, 1);
	return out->n > 0;
}

/* RSAPublicKey (RFC 8017 §A.1.1). */
static bool take_rsa(struct arena *a, struct str *der, struct public_key *out)
{
	struct str body;
	struct str modulus;
	struct str exponent;
	unsigned char top;

	if (!take_der(der, V_ASN1_SEQUENCE, &body) || !take_number(&body, &modulus) ||
	    !take_number(&body, &exponent) || body.n)
		return false;
	*out = (struct public_key){.algorithm = KEY_RSA,
	                           .bits = (unsigned)modulus.n * 8,
	                           .modulus = arena_dup(a, modulus),
	                           .exponent = arena_dup(a, exponent)};
	for (top = (unsigned char)modulus.p[0]; !(top & 0x80);
	     top = (unsigned char)(top << 1))
		out->bits--;
	return true;
}

/*
 * SubjectPublicKeyInfo (RFC 5280 §4.1) around an RSAPublicKey; *other says that it is one
 * around another kind of key. The numbers are read here and not by d2i_PUBKEY(), which
 * takes 50 times as long: a check reads the same keys in every pass.
 */
static bool take_spki(struct arena *a, struct str *der, struct public_key *out,
                      bool *other)
{
	static const unsigned char rsa[] = {0x2a, 0x86, 0x48, 0x86, 0xf7,
	                                    0x0d, 0x01, 0x01, 0x01};
	struct str body;
	struct str algorithm;
	struct str id;
	struct str bits;

	if (!take_der(der, V_ASN1_SEQUENCE, &body) ||
	    !take_der(&body, V_ASN1_SEQUENCE, &algorithm) ||
	    !take_der(&algorithm, V_ASN1_OBJECT, &id) ||
	    !take_der(&body, V_ASN1_BIT_STRING, &bits) || body.n)
		return false;
	*other = !str_eq(id, (struct str){(const char *)rsa, sizeof(rsa)});
	if (*other || bits.n == 0 || bits.p[0] != 0)
		return false;
	bits = str_from(bits, 1);
	return take_rsa(a, &bits, out) && bits.n == 0;
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
	struct str rest = bytes;
	bool other = false;

	if (algorithm == KEY_ED25519)
		return decode_ed25519(a, bytes, out, err);
	if (bytes.n == 0 || bytes.n > KEY_ENCODED_MAX)
		return err_set(err, ERR_INPUT, "%zu bytes are no RSA key", bytes.n);
	if (!take_spki(a, &rest, out, &other)) {
		rest = bytes;
		if (!other && !take_rsa(a, &rest, out))
			return err_set(err, ERR_INPUT, "not an RSA public key");
	}
	if (other)
		return err_set(err, ERR_INPUT, "a key, but not an RSA key");
	if (rest.n)
		return err_set(err, ERR_INPUT, "%zu bytes stand behind the key",
		               rest.n);
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
		return openssl_fail(err, ERR_INTERNAL, "key generation");
	*out = (struct private_key *)key;
	return true;
}

bool private_key_format(const struct private_key *key, struct secret *out,
                        struct err *err)
{
	BIO *memory = BIO_new(BIO_s_secmem());
	char *text;
	long n;

	if (!memory || !PEM_write_bio_PKCS8PrivateKey(memory, private_key_inside(key),
	                                              NULL, NULL, 0, NULL, NULL)) {
		BIO_free(memory);
		return openssl_fail(err, ERR_INTERNAL, "writing a private key");
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

	if (EVP_PKEY_get_base_id(private_key_inside(key)) == EVP_PKEY_ED25519) {
		size_t length = ED25519_BYTES;
		unsigned char *raw = arena_alloc(a, length);

		if (!EVP_PKEY_get_raw_public_key(private_key_inside(key), raw, &length))
			return openssl_fail(err, ERR_INTERNAL, "reading a public key");
		*out = (struct str){(const char *)raw, length};
		return true;
	}
	n = i2d_PUBKEY(private_key_inside(key), &der);
	if (n <= 0)
		return openssl_fail(err, ERR_INTERNAL, "writing a public key");
	*out = arena_dup(a, (struct str){(const char *)der, (size_t)n});
	OPENSSL_free(der);
	return true;
}

void private_key_free(struct private_key *key)
{
	EVP_PKEY_free(private_key_inside(key));
}
