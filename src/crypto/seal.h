/*
 * Sealing bytes under a key: AES-256-GCM (NIST SP 800-38D) with a random nonce of 96
 * bits in front and the tag behind. What stands beside the sealed bytes in the clear and
 * must not be changed either is given as `with`.
 *
 *	struct str sealed = seal_close(&a, key, STR("id 7"), plain);
 *	if (!seal_open(key, STR("id 7"), sealed, &secret)) …	(changed, or another key)
 *
 * Random nonces allow 2^32 sealings under one key.
 */
#pragma once

#include "base/arena.h"
#include "crypto/secret.h"

enum { SEAL_KEY_BYTES = 32, SEAL_NONCE_BYTES = 12, SEAL_TAG_BYTES = 16 };

struct str seal_close(struct arena *a, const uint8_t key[SEAL_KEY_BYTES],
                      struct str with, struct str plain);
/* False where key, `with` or any byte is not what it was. */
NODISCARD bool seal_open(const uint8_t key[SEAL_KEY_BYTES], struct str with,
                         struct str sealed, struct secret *plain);
