#include "crypto/verifier.h"

#include "crypto/openssl.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>

static const unsigned char *bytes_of(struct str s)
{
	return (const unsigned char *)s.p;
}

/* The two numbers as parameters of a key, or NULL. */
static OSSL_PARAM *make_params(const BIGNUM *n, const BIGNUM *e)
{
	OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
	OSSL_PARAM *params = NULL;

	if (build && OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_N, n) &&
	    OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_E, e))
		params = OSSL_PARAM_BLD_to_param(build);
	OSSL_PARAM_BLD_free(build);
	return params;
}

static EVP_PKEY *make_rsa(const struct public_key *key)
{
	BIGNUM *n = BN_bin2bn(bytes_of(key->modulus), (int)key->modulus.n, NULL);
	BIGNUM *e = BN_bin2bn(bytes_of(key->exponent), (int)key->exponent.n, NULL);
	OSSL_PARAM *params = n && e ? make_params(n, e) : NULL;
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
	EVP_PKEY *made = NULL;

	if (params && context && EVP_PKEY_fromdata_init(context) == 1 &&
	    EVP_PKEY_fromdata(context, &made, EVP_PKEY_PUBLIC_KEY, params) != 1)
		made = NULL;
	EVP_PKEY_CTX_free(context);
	OSSL_PARAM_free(params);
	BN_free(n);
	BN_free(e);
	return made;
}

static bool init_rsa(struct verifier *v, const struct public_key *key, struct err *err)
{
	EVP_PKEY *inside = make_rsa(key);
	EVP_PKEY_CTX *context =
	        inside ? EVP_PKEY_CTX_new_from_pkey(NULL, inside, NULL) : NULL;

	EVP_PKEY_free(inside);
	if (!context || EVP_PKEY_verify_init(context) != 1 ||
	    EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PADDING) != 1 ||
	    EVP_PKEY_CTX_set_signature_md(context, EVP_sha256()) != 1) {
		EVP_PKEY_CTX_free(context);
		return openssl_fail(err, ERR_INPUT, "an RSA key that cannot be used");
	}
	*v = (struct verifier){KEY_RSA, context};
	return true;
}

bool verifier_init(struct verifier *v, const struct public_key *key, struct err *err)
{
	EVP_PKEY *inside;

	*v = (struct verifier){0};
	if (key->algorithm == KEY_RSA)
		return init_rsa(v, key, err);
	inside = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL,
	                                     bytes_of(key->point), key->point.n);
	if (!inside)
		return openssl_fail(err, ERR_INPUT,
		                    "an Ed25519 key that cannot be used");
	*v = (struct verifier){KEY_ED25519, inside};
	return true;
}

static bool check_ed25519(EVP_PKEY *key, const uint8_t digest[SHA256_BYTES],
                          struct str signature)
{
	EVP_MD_CTX *once = EVP_MD_CTX_new();
	bool good;

	good = once && EVP_DigestVerifyInit(once, NULL, NULL, NULL, key) == 1 &&
	       EVP_DigestVerify(once, bytes_of(signature), signature.n, digest,
	                        SHA256_BYTES) == 1;
	EVP_MD_CTX_free(once);
	return good;
}

bool verifier_check(struct verifier *v, const uint8_t digest[SHA256_BYTES],
                    struct str signature)
{
	bool good;

	if (v->algorithm == KEY_ED25519)
		good = check_ed25519(v->context, digest, signature);
	else
		good = EVP_PKEY_verify(v->context, bytes_of(signature), signature.n,
		                       digest, SHA256_BYTES) == 1;
	ERR_clear_error();
	return good;
}

void verifier_done(struct verifier *v)
{
	if (v->algorithm == KEY_ED25519)
		EVP_PKEY_free(v->context);
	else
		EVP_PKEY_CTX_free(v->context);
	*v = (struct verifier){0};
}
