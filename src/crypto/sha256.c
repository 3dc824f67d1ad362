#include "crypto/sha256.h"

#include <pthread.h>

#include <openssl/evp.h>

static pthread_once_t fetch_once = PTHREAD_ONCE_INIT;
static EVP_MD *algorithm; /* never changes after the first use */

static void fetch(void)
{
	algorithm = EVP_MD_fetch(NULL, "SHA256", NULL);
	need(algorithm);
}

void sha256_init(struct sha256 *h)
{
	pthread_once(&fetch_once, fetch);
	if (!h->context)
		h->context = EVP_MD_CTX_new();
	need(h->context && EVP_DigestInit_ex2(h->context, algorithm, NULL));
}

void sha256_add(struct sha256 *h, struct str bytes)
{
	need(EVP_DigestUpdate(h->context, bytes.p, bytes.n));
}

void sha256_finish(struct sha256 *h, uint8_t out[SHA256_BYTES])
{
	need(EVP_DigestFinal_ex(h->context, out, NULL));
}

void sha256_done(struct sha256 *h)
{
	EVP_MD_CTX_free(h->context);
	h->context = NULL;
}
