#include "crypto/signer.h"

#include "crypto/openssl.h"

#include <openssl/rsa.h>

static bool sign_rsa(void *context, const uint8_t digest[SHA256_BYTES],
                     struct signature *out, struct err *err)
{
	out->n = sizeof(out->bytes);
	if (EVP_PKEY_sign(context, out->bytes, &out->n, digest, SHA256_BYTES) != 1)
		return openssl_fail(err, ERR_INTERNAL, "signing");
	return true;
}

static void done_rsa(void *context)
{
	EVP_PKEY_CTX_free(context);
}

static bool init_rsa(struct signer *s, EVP_PKEY *key, struct err *err)
{
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);

	if (!context || EVP_PKEY_sign_init(context) != 1 ||
	    EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PADDING) != 1 ||
	    EVP_PKEY_CTX_set_signature_md(context, EVP_sha256()) != 1) {
		EVP_PKEY_CTX_free(context);
		return openssl_fail(err, ERR_INTERNAL, "preparing a key to sign");
	}
	*s = (struct signer){KEY_RSA, context, sign_rsa, done_rsa};
	return true;
}

/* Here the context is the key itself: a signature needs one of its own in any case. */
static bool sign_ed25519(void *context, const uint8_t digest[SHA256_BYTES],
                         struct signature *out, struct err *err)
{
	EVP_MD_CTX *once = EVP_MD_CTX_new();
	bool ok;

	out->n = sizeof(out->bytes);
	ok = once && EVP_DigestSignInit(once, NULL, NULL, NULL, context) == 1 &&
	     EVP_DigestSign(once, out->bytes, &out->n, digest, SHA256_BYTES) == 1;
	EVP_MD_CTX_free(once);
	return ok ? true : openssl_fail(err, ERR_INTERNAL, "signing");
}

static void done_ed25519(void *context)
{
	EVP_PKEY_free(context);
}

bool signer_init_local(struct signer *s, const struct private_key *key, struct err *err)
{
	EVP_PKEY *inside = private_key_inside(key);

	if (EVP_PKEY_get_base_id(inside) != EVP_PKEY_ED25519)
		return init_rsa(s, inside, err);
	need(EVP_PKEY_up_ref(inside));
	*s = (struct signer){KEY_ED25519, inside, sign_ed25519, done_ed25519};
	return true;
}

void signer_done(struct signer *s)
{
	if (s->done)
		s->done(s->context);
	*s = (struct signer){0};
}
