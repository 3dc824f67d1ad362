/* Private keys out of the files they are kept in. */
#include "crypto/openssl.h"
#include "crypto/pem.h"

#include <string.h>

#include <openssl/crypto.h>
#include <openssl/pem.h>

enum { SEED_BYTES = 32 };

/* What people hand over in place of a private key, by what stands in the text. */
static const struct {
	const char *mark;
	const char *what;
} mistakes[] = {
        {"-----BEGIN ENCRYPTED PRIVATE KEY", "is locked with a pass phrase; write it "
                                             "without one (openssl pkey -in … -out …)"},
        {"Proc-Type: 4,ENCRYPTED",           "is locked with a pass phrase; write it "
                                   "without one (openssl pkey -in … -out …)"                    },
        {"-----BEGIN PUBLIC KEY",            "is a public key, not a private one"                                                     },
        {"-----BEGIN RSA PUBLIC KEY",        "is a public key, not a private one"                                                     },
        {"-----BEGIN CERTIFICATE",           "is a certificate, not a private key"                                                    },
        {"-----BEGIN OPENSSH PRIVATE KEY",   "is an OpenSSH key; DKIM wants PKCS #8 or "
                                           "PKCS #1 in PEM"                                 },
};

static EVP_PKEY *read_pem(struct str text)
{
	BIO *memory = BIO_new_mem_buf(text.p, (int)text.n);
	EVP_PKEY *key = NULL;

	if (memory)
		key = PEM_read_bio_PrivateKey(memory, NULL, pem_no_pass_phrase, NULL);
	BIO_free(memory);
	return key;
}

/* 32 bytes in base64, which is how dkimpy keeps an Ed25519 key. */
static EVP_PKEY *read_seed(struct str text)
{
	unsigned char bytes[SEED_BYTES + 1];
	EVP_PKEY *key = NULL;

	if (text.n != 44 || text.p[43] != '=' || text.p[42] == '=')
		return NULL;
	if (EVP_DecodeBlock(bytes, (const unsigned char *)text.p, 44) ==
	    (int)sizeof(bytes))
		key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, bytes,
		                                   SEED_BYTES);
	OPENSSL_cleanse(bytes, sizeof(bytes));
	return key;
}

static bool check_kind(EVP_PKEY *key, struct err *err)
{
	int bits = EVP_PKEY_get_bits(key);

	switch (EVP_PKEY_get_base_id(key)) {
	case EVP_PKEY_ED25519:
		return true;
	case EVP_PKEY_RSA:
		if (bits >= KEY_RSA_BITS_MIN && bits <= KEY_RSA_BITS_MAX)
			return true;
		return err_set(err, ERR_INPUT,
		               "an RSA key of %d bits; it must have %d "
		               "to %d",
		               bits, KEY_RSA_BITS_MIN, KEY_RSA_BITS_MAX);
	default:
		return err_set(err, ERR_INPUT,
		               "neither an RSA nor an Ed25519 key, which are those of "
		               "DKIM");
	}
}

bool private_key_parse(struct str text, struct private_key **out, struct err *err)
{
	EVP_PKEY *key;

	if (text.n > PRIVATE_KEY_TEXT_MAX)
		return err_set(err, ERR_INPUT, "too long for a private key");
	for (size_t i = 0; i < LEN(mistakes); i++)
		if (str_find(text, str_c(mistakes[i].mark)) >= 0)
			return err_set(err, ERR_INPUT, "%s", mistakes[i].what);
	if (str_find(text, STR("-----BEGIN")) >= 0) {
		key = read_pem(text);
		if (!key)
			return openssl_fail(err, ERR_INPUT, "a damaged private key");
	} else {
		key = read_seed(str_trim(text));
		if (!key)
			return err_set(err, ERR_INPUT,
			               "not a private key: neither PEM nor 32 bytes in "
			               "base64");
	}
	if (!check_kind(key, err)) {
		EVP_PKEY_free(key);
		return false;
	}
	*out = (struct private_key *)key;
	return true;
}

enum key_algorithm private_key_algorithm(const struct private_key *key)
{
	return EVP_PKEY_get_base_id(private_key_inside(key)) == EVP_PKEY_ED25519
	               ? KEY_ED25519
	               : KEY_RSA;
}
