#include "crypto/seal.h"

#include "base/random.h"

#include <limits.h>
#include <string.h>

#include <openssl/evp.h>

static const uint8_t *bytes_of(struct str s)
{
	return (const uint8_t *)s.p;
}

struct str seal_close(struct arena *a, const uint8_t key[SEAL_KEY_BYTES],
                      struct str with, struct str plain)
{
	size_t n = SEAL_NONCE_BYTES + plain.n + SEAL_TAG_BYTES;
	uint8_t *out = arena_alloc(a, n);
	uint8_t *body = out + SEAL_NONCE_BYTES;
	EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
	int got = 0, rest = 0;

	need(c && plain.n < INT_MAX && with.n < INT_MAX);
	random_bytes(out, SEAL_NONCE_BYTES);
	need(EVP_EncryptInit_ex2(c, EVP_aes_256_gcm(), key, out, NULL) == 1);
	need(EVP_EncryptUpdate(c, NULL, &got, bytes_of(with), (int)with.n) == 1);
	need(EVP_EncryptUpdate(c, body, &got, bytes_of(plain), (int)plain.n) == 1);
	need(EVP_EncryptFinal_ex(c, body + got, &rest) == 1);
	need((size_t)(got + rest) == plain.n);
	need(EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_AEAD_GET_TAG, SEAL_TAG_BYTES,
	                         body + plain.n) == 1);
	EVP_CIPHER_CTX_free(c);
	return (struct str){(const char *)out, n};
}

bool seal_open(const uint8_t key[SEAL_KEY_BYTES], struct str with, struct str sealed,
               struct secret *plain)
{
	EVP_CIPHER_CTX *c;
	struct str body, tag;
	int got = 0, rest = 0;
	bool ok;

	if (sealed.n < SEAL_NONCE_BYTES + SEAL_TAG_BYTES || sealed.n > INT_MAX)
		return false;
	body = str_slice(sealed, SEAL_NONCE_BYTES,
	                 sealed.n - SEAL_NONCE_BYTES - SEAL_TAG_BYTES);
	tag = str_from(sealed, sealed.n - SEAL_TAG_BYTES);
	c = EVP_CIPHER_CTX_new();
	need(c != NULL);
	secret_set(plain, body.p, body.n);
	ok = EVP_DecryptInit_ex2(c, EVP_aes_256_gcm(), key, bytes_of(sealed), NULL) ==
	             1 &&
	     EVP_DecryptUpdate(c, NULL, &got, bytes_of(with), (int)with.n) == 1 &&
	     EVP_DecryptUpdate(c, plain->p, &got, bytes_of(body), (int)body.n) == 1 &&
	     EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_AEAD_SET_TAG, SEAL_TAG_BYTES,
	                         (void *)(uintptr_t)tag.p) == 1 &&
	     EVP_DecryptFinal_ex(c, plain->p + got, &rest) == 1;
	EVP_CIPHER_CTX_free(c);
	if (!ok)
		secret_done(plain);
	return ok;
}
