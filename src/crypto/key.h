/*
 * Keys of DKIM: RSA and Ed25519 (RFC 8301, RFC 8463).
 *
 * A public key is a value: the numbers that make it, taken out of whatever encoding it
 * came in, so that two keys are equal when they mean the same key. A private key is an
 * object that holds OpenSSL's and is wiped when it is freed.
 *
 *	struct public_key key;
 *	if (!public_key_decode(&a, KEY_RSA, bytes, &key, &err)) …
 *	key.bits is 2048
 *
 * Encodings that are read: for RSA a SubjectPublicKeyInfo (what the world publishes)
 * and the bare RSAPublicKey of PKCS #1 (what RFC 6376 §3.6.1 says); for Ed25519 the 32
 * bytes of RFC 8463 §4. Bytes behind the key are an error.
 */
#pragma once

#include "base/arena.h"
#include "base/err.h"
#include "crypto/secret.h"

enum key_algorithm {
	KEY_RSA,
	KEY_ED25519,
};

enum {
	KEY_RSA_BITS_MIN = 1024, /* fewer are never used: RFC 8301 §3.2 */
	KEY_RSA_BITS_ADVISED = 2048,
	KEY_RSA_BITS_MAX = 8192, /* that we make */
	KEY_ENCODED_MAX = 8192,  /* bytes of a public key that are looked at */
	PRIVATE_KEY_TEXT_MAX = 16 * 1024,
};

struct public_key {
	enum key_algorithm algorithm;
	unsigned bits;
	struct str modulus;  /* RSA: big-endian, no leading zero */
	struct str exponent; /* RSA, in the same form */
	struct str point;    /* Ed25519: 32 bytes */
};

struct private_key;

/* "rsa", "ed25519": the k= of a key record. */
const char *key_algorithm_name(enum key_algorithm algorithm);
NODISCARD bool key_algorithm_parse(struct str name, enum key_algorithm *out);

NODISCARD bool public_key_decode(struct arena *a, enum key_algorithm algorithm,
                                 struct str bytes, struct public_key *out,
                                 struct err *err);
bool public_key_eq(const struct public_key *x, const struct public_key *y);

/* Makes a new key; `bits` is for RSA alone, KEY_RSA_BITS_MIN to KEY_RSA_BITS_MAX. */
NODISCARD bool private_key_generate(enum key_algorithm algorithm, unsigned bits,
                                    struct private_key **out, struct err *err);
/* PEM of PKCS #8 or, for RSA, PKCS #1 (RFC 7468, RFC 8017 §A.1.2), or the 32 bytes of an
 * Ed25519 seed in base64; the error says what else it is. The text should stand in a
 * struct secret. */
NODISCARD bool private_key_parse(struct str text, struct private_key **out,
                                 struct err *err);
enum key_algorithm private_key_algorithm(const struct private_key *key);
/* PEM text of PKCS #8 without a pass phrase. */
NODISCARD bool private_key_format(const struct private_key *key, struct secret *out,
                                  struct err *err);
/* The bytes of the public part as p= carries them in base64. */
NODISCARD bool private_key_public(struct arena *a, const struct private_key *key,
                                  struct str *out, struct err *err);
/* NULL is allowed. */
void private_key_free(struct private_key *key);
