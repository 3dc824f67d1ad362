/* The server over TLS, and certificates from files that change. */
#include "net/test_http_world.h"

#include <openssl/pem.h>
#include <openssl/x509v3.h>

struct identity {
	struct str certificate, key;
};

static struct str take_text(struct arena *a, BIO *bio)
{
	BUF_MEM *m;
	struct str text;

	BIO_get_mem_ptr(bio, &m);
	text = arena_dup(a, (struct str){m->data, m->length});

	BIO_free(bio);
	return text;
}

/* A key and a certificate for a.example, signed by itself. */
static struct identity make_identity(struct arena *a)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *x = X509_new();
	BIO *certificate = BIO_new(BIO_s_mem()), *private = BIO_new(BIO_s_mem());
	static const unsigned char name[] = "a.example";
	struct identity made;

	assert_non_null(key);
	X509_set_version(x, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(x), 1);
	X509_gmtime_adj(X509_getm_notBefore(x), -3600);
	X509_gmtime_adj(X509_getm_notAfter(x), 3600);
	X509_set_pubkey(x, key);
	X509_NAME_add_entry_by_txt(X509_get_subject_name(x), "CN", MBSTRING_ASC, name,
	                           -1, -1, 0);
	X509_set_issuer_name(x, X509_get_subject_name(x));
	assert_true(X509_sign(x, key, EVP_sha256()) > 0);
	assert_int_equal(PEM_write_bio_X509(certificate, x), 1);
	assert_int_equal(
	        PEM_write_bio_PrivateKey(private, key, NULL, NULL, 0, NULL, NULL), 1);
	made.certificate = take_text(a, certificate);
	made.key = take_text(a, private);
	X509_free(x);
	EVP_PKEY_free(key);
	return made;
}

/* Connects with TLS; false where the handshake fails. */
static bool start_tls(struct world *w, struct client *c, SSL_CTX *context)
{
	int64_t start = clock_monotonic_ms();
	int r;

	c->ssl = SSL_new(context);
	SSL_set_fd(c->ssl, c->fd);
	while ((r = SSL_connect(c->ssl)) != 1) {
		int error = SSL_get_error(c->ssl, r);

		check_hang(start, "handshake");
		if (error != SSL_ERROR_WANT_READ && error != SSL_ERROR_WANT_WRITE) {
			ERR_clear_error();
			return false;
		}
		turn(w);
	}
	return true;
}

static void serve_tls(struct tls_context *tls, int version)
{
	static const unsigned char protocols[] = "\x02h2\x08http/1.1";
	SSL_CTX *context = SSL_CTX_new(TLS_client_method());
	const unsigned char *chosen;
	unsigned chosen_n;
	struct world w;
	struct client c;

	SSL_CTX_set_max_proto_version(context, version);
	SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE |
	                                  SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	SSL_CTX_set_alpn_protos(context, protocols, sizeof(protocols) - 1);
	open_world(&w, (struct http_server_options){.tls = tls, .body_max = BIG});
	c = open_client(&w);
	assert_true(start_tls(&w, &c, context));
	SSL_get0_alpn_selected(c.ssl, &chosen, &chosen_n);
	assert_int_equal(chosen_n, 8);
	send_text(&w, &c, GET("/client") GET("/hello") HEAD("/hello") GET("/later"));
	expect(&w, &c, "\r\n\r\n127.0.0.1 tls a.example");
	expect(&w, &c, "\r\n\r\nhello\n");
	wait_for_held(&w);
	answer_held(&w);
	expect(&w, &c, "\r\n\r\n/later");
	send_text(&w, &c, GET("/big"));
	expect(&w, &c, "\r\n\r\n");
	while (c.n < BIG && !c.ended) {
		turn(&w);
		receive(&c);
	}
	assert_memory_equal(c.text, w.big, BIG);
	c.n = 0;
	c.text[0] = '\0';
	send_text(&w, &c,
	          "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 40000\r\n"
	          "Expect: 100-continue\r\n\r\n");
	expect(&w, &c, "100 Continue\r\n\r\n");
	send_bytes(&w, &c, (struct str){w.big, 40000});
	expect(&w, &c, "Content-Length: 40000\r\n\r\n");
	send_text(&w, &c, "nonsense\n");
	expect(&w, &c, "HTTP/1.1 400 Bad Request\r\n");
	expect_end(&w, &c);
	close_client(&c);
	wait_for_connections(&w, 0);
	/* Plain HTTP to it. */
	c = open_client(&w);
	send_text(&w, &c, GET("/hello"));
	expect_end(&w, &c);
	assert_int_equal(http_server_stats(w.server).handshake_failed, 1);
	close_client(&c);
	close_world(&w);
	SSL_CTX_free(context);
}

static void test_tls(void **state)
{
	AUTO(arena) a = {0};
	struct identity id = make_identity(&a);
	struct tls_context tls;
	struct err err;

	(void)state;
	if (!tls_context_init_pem(&tls, id.certificate, id.key, &err))
		fail_msg("%s", err.text);
	serve_tls(&tls, TLS1_3_VERSION);
	serve_tls(&tls, TLS1_2_VERSION);
	tls_context_done(&tls);
}

static void write_text(const char *path, struct str text)
{
	FILE *f = fopen(path, "wb");

	assert_non_null(f);
	assert_int_equal(fwrite(text.p, 1, text.n, f), text.n);
	fclose(f);
}

static void test_tls_files(void **state)
{
	AUTO(arena) a = {0};
	struct identity id = make_identity(&a), other = make_identity(&a);
	char folder[] = "/tmp/signet-tls-XXXXXX", certificate[64], key[64];
	struct ssl_ctx_st *before;
	struct tls_context tls;
	struct err err;

	(void)state;
	assert_non_null(mkdtemp(folder));
	snprintf(certificate, sizeof(certificate), "%s/certificate", folder);
	snprintf(key, sizeof(key), "%s/key", folder);
	assert_false(tls_context_init(&tls, certificate, key, &err));
	write_text(certificate, arena_join(&a, id.certificate, other.certificate));
	write_text(key, id.key);
	assert_true(tls_context_init(&tls, certificate, key, &err));
	before = tls.ssl;
	write_text(key, other.key);
	assert_false(tls_context_reload(&tls, &err));
	assert_non_null(strstr(err.text, certificate));
	assert_ptr_equal(tls.ssl, before);
	write_text(certificate, STR("nothing"));
	assert_false(tls_context_reload(&tls, &err));
	write_text(certificate, other.certificate);
	assert_true(tls_context_reload(&tls, &err));
	assert_ptr_not_equal(tls.ssl, before);
	assert_int_equal(ERR_peek_error(), 0);
	tls_context_done(&tls);
	unlink(certificate);
	unlink(key);
	rmdir(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_tls),
	        cmocka_unit_test(test_tls_files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
