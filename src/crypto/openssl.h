/* For the files of this folder alone: how OpenSSL's objects and errors stand behind the
 * names of ours. */
#pragma once

#include "crypto/key.h"

#include <openssl/evp.h>

/* The object that callers hold is OpenSSL's own under a name of ours. */
static inline EVP_PKEY *private_key_inside(const struct private_key *key)
{
	return (EVP_PKEY *)(uintptr_t)key;
}

/* Fills err with OpenSSL's own words and empties its queue; returns false. */
bool openssl_fail(struct err *err, enum err_kind kind, const char *what);
