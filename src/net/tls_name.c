#include "net/tls_name.h"

#include "net/tls.h"

#include <limits.h>

#include <openssl/err.h>
#include <openssl/ssl.h>

struct tls_pair {
	X509 *own;
	STACK_OF(X509) * chain; /* those behind it */
	EVP_PKEY *key;
};

void tls_waiter_add(struct tls_waiter **list, struct tls_waiter *waiter)
{
	if (waiter->link)
		return;
	waiter->next = *list;
	waiter->link = list;
	if (*list)
		(*list)->link = &waiter->next;
	*list = waiter;
}

void tls_waiter_remove(struct tls_waiter *waiter)
{
	if (!waiter->link)
		return;
	*waiter->link = waiter->next;
	if (waiter->next)
		waiter->next->link = waiter->link;
	waiter->link = NULL;
	waiter->next = NULL;
}

void tls_waiters_wake(struct tls_waiter **list)
{
	struct tls_waiter *waiter;

	while ((waiter = *list)) {
		tls_waiter_remove(waiter);
		waiter->ready(waiter);
	}
}

/* Takes a certificate off the front. */
static X509 *cut_certificate(struct str *der)
{
	const unsigned char *p = (const unsigned char *)der->p;
	X509 *x = der->n && der->n <= INT_MAX ? d2i_X509(NULL, &p, (long)der->n) : NULL;

	if (x)
		*der = str_from(*der, (size_t)(p - (const unsigned char *)der->p));
	return x;
}

static bool read_chain(struct tls_pair *pair, struct str der)
{
	pair->own = cut_certificate(&der);
	for (int i = 1; pair->own && der.n; i++) {
		X509 *x = i < TLS_CHAIN_MAX ? cut_certificate(&der) : NULL;

		if (x && sk_X509_push(pair->chain, x) > 0)
			continue;
		X509_free(x);
		return false;
	}
	return pair->own;
}

/* With the type given, reading an EC key costs a third. */
static EVP_PKEY *read_key(struct str der)
{
	const unsigned char *p = (const unsigned char *)der.p;
	EVP_PKEY *key = NULL;

	if (der.n && der.n <= INT_MAX)
		key = d2i_PrivateKey(EVP_PKEY_EC, NULL, &p, (long)der.n);
	if (key || !der.n || der.n > INT_MAX)
		return key;
	ERR_clear_error();
	p = (const unsigned char *)der.p;
	return d2i_AutoPrivateKey(NULL, &p, (long)der.n);
}

static bool is_strong(const EVP_PKEY *key)
{
	int type = EVP_PKEY_get_base_id(key), bits = EVP_PKEY_get_bits(key);

	return (type == EVP_PKEY_EC && bits >= 256) ||
	       (type == EVP_PKEY_RSA && bits >= 2048);
}

/* Why it does not serve, or NULL. */
static const char *find_fault(struct tls_pair *pair, struct str chain, struct str key)
{
	if (!read_chain(pair, chain))
		return "a certificate cannot be read, or there are too many";
	pair->key = read_key(key);
	if (!pair->key)
		return "the key cannot be read";
	if (!is_strong(pair->key))
		return "the key is too weak";
	if (X509_check_private_key(pair->own, pair->key) != 1)
		return "key and certificate do not belong together";
	return NULL;
}

bool tls_pair_new(struct str chain, struct str key, struct tls_pair **out,
                  struct err *err)
{
	struct tls_pair *pair = OPENSSL_zalloc(sizeof(*pair));
	const char *fault;

	need(pair != NULL);
	pair->chain = sk_X509_new_null();
	need(pair->chain != NULL);
	fault = find_fault(pair, chain, key);
	*out = fault ? NULL : pair;
	ERR_clear_error();
	if (!fault)
		return true;
	tls_pair_free(pair);
	return err_set(err, ERR_INPUT, "%s", fault);
}

void tls_pair_free(struct tls_pair *pair)
{
	if (!pair)
		return;
	X509_free(pair->own);
	sk_X509_pop_free(pair->chain, X509_free);
	EVP_PKEY_free(pair->key);
	OPENSSL_free(pair);
}

int64_t tls_pair_not_after(const struct tls_pair *pair)
{
	struct tm tm;

	need(ASN1_TIME_to_tm(X509_get0_notAfter(pair->own), &tm) == 1);
	return (int64_t)timegm(&tm) * 1000;
}

bool tls_name_read(struct str extension, char out[TLS_NAME_MAX + 1], struct str *name)
{
	const uint8_t *p = (const uint8_t *)extension.p;
	size_t n = extension.n, length;

	/* RFC 6066 §3: length of the list, one entry: type 0, length, name. */
	if (n < 6 || ((size_t)p[0] << 8 | p[1]) != n - 2 || p[2] != 0)
		return false;
	length = (size_t)p[3] << 8 | p[4];
	if (length != n - 5 || length > TLS_NAME_MAX)
		return false;
	for (size_t i = 0; i < length; i++) {
		char c = extension.p[5 + i];

		if (!char_is_alnum(c) && c != '-' && c != '.' && c != '_')
			return false;
		out[i] = char_lower(c);
	}
	out[length] = '\0';
	*name = (struct str){out, length};
	return out[0] != '.' && out[length - 1] != '.';
}

int tls_on_hello(SSL *ssl, int *alert, void *arg)
{
	struct tls_context *tls = arg;
	struct tls_waiter *waiter = SSL_get_app_data(ssl);
	const unsigned char *p;
	char text[TLS_NAME_MAX + 1];
	struct str name;
	struct tls_pair *pair = NULL;
	size_t n;

	*alert = SSL_AD_UNRECOGNIZED_NAME;
	if (SSL_client_hello_get0_ext(ssl, TLSEXT_TYPE_server_name, &p, &n) != 1 ||
	    !tls_name_read((struct str){(const char *)p, n}, text, &name))
		return SSL_CLIENT_HELLO_ERROR;
	switch (tls->find(tls->find_arg, name, waiter, &pair)) {
	case TLS_LATER:
		return SSL_CLIENT_HELLO_RETRY;
	case TLS_UNKNOWN:
		return SSL_CLIENT_HELLO_ERROR;
	case TLS_FOUND:
		break;
	}
	*alert = SSL_AD_INTERNAL_ERROR;
	return SSL_use_cert_and_key(ssl, pair->own, pair->key, pair->chain, 1) == 1
	               ? SSL_CLIENT_HELLO_SUCCESS
	               : SSL_CLIENT_HELLO_ERROR;
}
