/*
 * A public key made ready to verify signatures over SHA-256 digests, the counterpart of
 * signer.h. Making one ready costs as much as using it, so whoever verifies with one key
 * again and again keeps it.
 *
 *	AUTO(verifier) v = {0};
 *	if (!verifier_init(&v, &key, &err)) …
 *	if (verifier_check(&v, digest, signature)) …
 *
 * One thread at a time.
 */
#pragma once

#include "crypto/key.h"
#include "crypto/sha256.h"

struct verifier {
	enum key_algorithm algorithm;
	void *context;
};

/* Fails where the numbers make no key that OpenSSL would use. */
NODISCARD bool verifier_init(struct verifier *v, const struct public_key *key,
                             struct err *err);
bool verifier_check(struct verifier *v, const uint8_t digest[SHA256_BYTES],
                    struct str signature);
void verifier_done(struct verifier *v);
