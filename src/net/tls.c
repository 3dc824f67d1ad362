#include "net/tls.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/random.h"
#include "crypto/pem.h"
#include "net/tls_name.h"

#include <limits.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

enum { PEM_MAX = 256 * 1024 };

static bool fail(struct err *err, const char *what)
{
	unsigned long code = ERR_peek_error();
	const char *reason = code ? ERR_reason_error_string(code) : NULL;

	ERR_clear_error();
	return err_set(err, ERR_INPUT, "%s: %s", what, reason ? reason : "refused");
}

static BIO *open_memory(struct str text)
{
	need(text.n <= INT_MAX);
	return BIO_new_mem_buf(text.n ? text.p : "", (int)text.n);
}

/* The certificate, and behind it those that lead to a root. */
static bool use_chain(SSL_CTX *ssl, struct str pem, struct err *err)
{
	BIO *bio = open_memory(pem);
	X509 *own = PEM_read_bio_X509(bio, NULL, pem_no_pass_phrase, NULL), *next;
	bool ok = own && SSL_CTX_use_certificate(ssl, own) == 1;

	X509_free(own);
	while (ok && (next = PEM_read_bio_X509(bio, NULL, pem_no_pass_phrase, NULL)))
		if (SSL_CTX_add0_chain_cert(ssl, next) != 1) {
			X509_free(next);
			ok = false;
		}
	BIO_free(bio);
	if (!ok)
		return fail(err, "certificate");
	if (ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE)
		return fail(err, "certificate chain");
	ERR_clear_error();
	return true;
}

static bool use_key(SSL_CTX *ssl, struct str pem, struct err *err)
{
	BIO *bio = open_memory(pem);
	EVP_PKEY *key = PEM_read_bio_PrivateKey(bio, NULL, pem_no_pass_phrase, NULL);
	bool ok = key && SSL_CTX_use_PrivateKey(ssl, key) == 1;

	EVP_PKEY_free(key);
	BIO_free(bio);
	if (!ok)
		return fail(err, "key");
	if (SSL_CTX_check_private_key(ssl) != 1)
		return fail(err, "key and certificate do not belong together");
	return true;
}

/* RFC 7301: "http/1.1" where the client offers it, else as if it had offered nothing. */
static int select_protocol(SSL *ssl, const unsigned char **out, unsigned char *out_n,
                           const unsigned char *offered, unsigned offered_n, void *arg)
{
	static const unsigned char own[] = "\x08http/1.1";

	(void)ssl, (void)arg;
	for (unsigned i = 0; i < offered_n; i += offered[i] + 1u)
		if (offered_n - i >= 9 && memcmp(offered + i, own, 9) == 0) {
			*out = offered + i + 1;
			*out_n = 8;
			return SSL_TLSEXT_ERR_OK;
		}
	return SSL_TLSEXT_ERR_NOACK;
}

static SSL_CTX *make(void)
{
	static const unsigned char session_context[] = "signet";
	SSL_CTX *ssl = SSL_CTX_new(TLS_server_method());

	need(ssl != NULL);
	ERR_clear_error();
	need(SSL_CTX_set_min_proto_version(ssl, TLS1_2_VERSION) == 1);
	need(SSL_CTX_set_cipher_list(ssl, "ECDHE+AESGCM:ECDHE+CHACHA20") == 1);
	need(SSL_CTX_set_session_id_context(ssl, session_context,
	                                    sizeof(session_context) - 1) == 1);
	SSL_CTX_set_session_cache_mode(ssl, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_options(ssl, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
	                                 SSL_OP_CIPHER_SERVER_PREFERENCE);
	SSL_CTX_set_mode(ssl, SSL_MODE_ENABLE_PARTIAL_WRITE |
	                              SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
	                              SSL_MODE_RELEASE_BUFFERS);
	/* Else each record is two system calls. */
	SSL_CTX_set_read_ahead(ssl, 1);
	SSL_CTX_set_alpn_select_cb(ssl, select_protocol, NULL);
	/* One is enough, since who comes again gets another; it goes out with the first
	 * answer (http_transport.c). */
	need(SSL_CTX_set_num_tickets(ssl, 0) == 1);
	SSL_CTX_set_timeout(ssl, TLS_TICKETS_MS / 1000);
	return ssl;
}

static SSL_CTX *make_with(struct str certificate, struct str key, struct err *err)
{
	SSL_CTX *ssl = make();

	if (use_chain(ssl, certificate, err) && use_key(ssl, key, err))
		return ssl;
	SSL_CTX_free(ssl);
	return NULL;
}

static bool read_pem(const char *path, char *text, struct arena *a, struct str *out,
                     struct err *err)
{
	if (strlen(path) >= sizeof(((struct tls_context *)NULL)->key))
		return err_set(err, ERR_USAGE, "%.60s…: the path is too long", path);
	if (text != path)
		memcpy(text, path, strlen(path) + 1);
	return file_read(a, path, PEM_MAX, out, err);
}

static bool read_files(struct tls_context *tls, const char *certificate,
                       const char *key, struct err *err)
{
	AUTO(arena) a = {0};
	struct str chain_pem, key_pem;
	bool ok;

	if (!read_pem(certificate, tls->certificate, &a, &chain_pem, err) ||
	    !read_pem(key, tls->key, &a, &key_pem, err))
		return false;
	ok = tls_context_replace(tls, chain_pem, key_pem, err);
	explicit_bzero((void *)(uintptr_t)key_pem.p, key_pem.n);
	return ok || err_add(err, "%s", tls->certificate);
}

bool tls_context_init(struct tls_context *tls, const char *certificate, const char *key,
                      struct err *err)
{
	*tls = (struct tls_context){0};
	return read_files(tls, certificate, key, err);
}

bool tls_context_init_pem(struct tls_context *tls, struct str certificate,
                          struct str key, struct err *err)
{
	*tls = (struct tls_context){0};
	return tls_context_replace(tls, certificate, key, err);
}

bool tls_context_reload(struct tls_context *tls, struct err *err)
{
	need(tls->certificate[0]);
	return read_files(tls, tls->certificate, tls->key, err);
}

bool tls_context_replace(struct tls_context *tls, struct str certificate,
                         struct str key, struct err *err)
{
	SSL_CTX *ssl = make_with(certificate, key, err);

	if (!ssl)
		return false;
	SSL_CTX_free(tls->ssl);
	tls->ssl = ssl;
	tls->tickets_at = clock_coarse_ms(); /* it has its own, new ones */
	return true;
}

void tls_context_rotate(struct tls_context *tls)
{
	unsigned char keys[80]; /* what OpenSSL takes: name, MAC and AES key */
	int64_t now = clock_coarse_ms();

	if (now - tls->tickets_at < TLS_TICKETS_MS)
		return;
	tls->tickets_at = now;
	random_bytes(keys, sizeof(keys));
	need(SSL_CTX_set_tlsext_ticket_keys(tls->ssl, keys, sizeof(keys)) == 1);
	explicit_bzero(keys, sizeof(keys));
}

void tls_context_init_by_name(struct tls_context *tls, tls_find_fn *find, void *arg)
{
	*tls = (struct tls_context){.ssl = make(), .find = find, .find_arg = arg};
	tls->tickets_at = clock_coarse_ms();
	SSL_CTX_set_client_hello_cb(tls->ssl, tls_on_hello, tls);
}

void tls_context_done(struct tls_context *tls)
{
	SSL_CTX_free(tls->ssl);
	*tls = (struct tls_context){0};
}
