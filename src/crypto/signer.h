/*
 * Signing as an interface: whoever makes a DKIM signature has the SHA-256 digest and
 * somebody who signs it. Here that is a private key in this process; another
 * implementation may ask the process that holds the keys.
 *
 *	struct signer signer;
 *	if (!signer_init_local(&signer, key, &err)) …
 *	struct signature s;
 *	if (!signer.sign(signer.context, digest, &s, &err)) …
 *	signer_done(&signer);
 *
 * RSA signs the digest by RSASSA-PKCS1-v1_5 with SHA-256 (RFC 8017 §8.2, RFC 6376
 * §3.3.2); Ed25519 signs the 32 bytes of the digest as its message (RFC 8463 §3).
 * A signer has one context and is used by one thread at a time.
 */
#pragma once

#include "crypto/key.h"
#include "crypto/sha256.h"

enum { SIGNATURE_MAX = KEY_RSA_BITS_MAX / 8 };

struct signature {
	uint8_t bytes[SIGNATURE_MAX];
	size_t n;
};

struct signer {
	enum key_algorithm algorithm;
	void *context;
	bool (*sign)(void *context, const uint8_t digest[SHA256_BYTES],
	             struct signature *out, struct err *err);
	void (*done)(void *context);
};

/* Signs with this key, which may be freed at once: the signer holds it too. */
NODISCARD bool signer_init_local(struct signer *s, const struct private_key *key,
                                 struct err *err);
void signer_done(struct signer *s);
