#include "net/http_transport.h"

#include "net/tls.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/ssl.h>

enum {
	CORK_MAX = 16 * 1024,
	CORKED_MAX = 8 * 1024, /* an answer; with a ticket and a farewell it fits */
};

void transport_open(struct transport *t, int fd)
{
	*t = (struct transport){.fd = fd};
}

/* Records on their way out that are to leave together. One at a time is enough: this is
 * full only within one call of transport_write(). */
static _Thread_local struct {
	struct transport *of; /* NULL: nobody */
	size_t n;
	char bytes[CORK_MAX];
} cork;

static int on_bio_write(BIO *bio, const char *p, int n)
{
	struct transport *t = BIO_get_data(bio);
	ssize_t sent;

	BIO_clear_retry_flags(bio);
	if (cork.of == t && (size_t)n <= sizeof(cork.bytes) - cork.n) {
		memcpy(cork.bytes + cork.n, p, (size_t)n);
		cork.n += (size_t)n;
		return n;
	}
	need(cork.of != t); /* only what fits is corked */
	sent = send(t->fd, p, (size_t)n, MSG_NOSIGNAL);
	if (sent < 0 && (errno == EAGAIN || errno == EINTR))
		BIO_set_retry_write(bio);
	return (int)sent;
}

static int on_bio_read(BIO *bio, char *p, int size)
{
	const struct transport *t = BIO_get_data(bio);
	ssize_t got = recv(t->fd, p, (size_t)size, 0);

	BIO_clear_retry_flags(bio);
	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		BIO_set_retry_read(bio);
	return (int)got;
}

static long on_bio_control(BIO *bio, int what, long number, void *pointer)
{
	(void)bio, (void)number, (void)pointer;
	return what == BIO_CTRL_FLUSH || what == BIO_CTRL_DUP;
}

static BIO_METHOD *bio_method(void)
{
	static BIO_METHOD *method;

	if (method)
		return method;
	method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "transport");
	need(method && BIO_meth_set_write(method, on_bio_write) == 1 &&
	     BIO_meth_set_read(method, on_bio_read) == 1 &&
	     BIO_meth_set_ctrl(method, on_bio_control) == 1);
	return method;
}

bool transport_start_tls(struct transport *t, struct tls_context *tls)
{
	BIO *bio;

	tls_context_rotate(tls);
	t->ssl = SSL_new(tls->ssl);
	bio = BIO_new(bio_method());
	if (!t->ssl || !bio || SSL_set_app_data(t->ssl, &t->waiter) != 1) {
		BIO_free(bio);
		return false;
	}
	BIO_set_data(bio, t);
	BIO_set_init(bio, 1);
	SSL_set_bio(t->ssl, bio, bio);
	SSL_set_accept_state(t->ssl);
	t->rest.max = CORK_MAX;
	return true;
}

uint16_t transport_tls_version(const struct transport *t)
{
	return t->ssl ? (uint16_t)SSL_version(t->ssl) : 0;
}

static enum transport_result ssl_result(struct transport *t, int returned)
{
	int error = SSL_get_error(t->ssl, returned);

	if (error == SSL_ERROR_WANT_READ)
		return TRANSPORT_WANTS_READ;
	if (error == SSL_ERROR_WANT_WRITE)
		return TRANSPORT_WANTS_WRITE;
	if (error == SSL_ERROR_WANT_CLIENT_HELLO_CB)
		return TRANSPORT_WANTS_CERTIFICATE;
	if (error == SSL_ERROR_ZERO_RETURN)
		return TRANSPORT_END;
	/* After these OpenSSL forbids to go on, SSL_shutdown() included. */
	SSL_set_quiet_shutdown(t->ssl, 1);
	ERR_clear_error();
	return TRANSPORT_FAILED;
}

enum transport_result transport_handshake(struct transport *t)
{
	int r;

	if (!t->ssl)
		return TRANSPORT_DONE;
	ERR_clear_error();
	r = SSL_do_handshake(t->ssl);
	return r == 1 ? TRANSPORT_DONE : ssl_result(t, r);
}

enum transport_result transport_read(struct transport *t, char *p, size_t size,
                                     size_t *n)
{
	ssize_t got;

	if (t->ssl) {
		int r;

		ERR_clear_error();
		r = SSL_read_ex(t->ssl, p, size, n);
		return r == 1 ? TRANSPORT_DONE : ssl_result(t, r);
	}
	got = recv(t->fd, p, size, 0);
	if (got > 0) {
		*n = (size_t)got;
		return TRANSPORT_DONE;
	}
	if (got == 0)
		return TRANSPORT_END;
	return errno == EAGAIN || errno == EINTR ? TRANSPORT_WANTS_READ
	                                         : TRANSPORT_FAILED;
}

static enum transport_result socket_result(ssize_t sent, size_t *n)
{
	if (sent >= 0) {
		*n = (size_t)sent;
		return TRANSPORT_DONE;
	}
	return errno == EAGAIN || errno == EINTR ? TRANSPORT_WANTS_WRITE
	                                         : TRANSPORT_FAILED;
}

enum transport_result transport_flush(struct transport *t)
{
	while (t->rest_at < t->rest.n) {
		struct str rest = str_from(buf_str(&t->rest), t->rest_at);
		size_t n;
		enum transport_result r =
		        socket_result(send(t->fd, rest.p, rest.n, MSG_NOSIGNAL), &n);

		if (r != TRANSPORT_DONE)
			return r;
		t->rest_at += n;
	}
	buf_done(&t->rest);
	t->rest_at = 0;
	return TRANSPORT_DONE;
}

static void end_tls(struct transport *t)
{
	if (t->is_ended || !SSL_is_init_finished(t->ssl))
		return;
	ERR_clear_error();
	SSL_shutdown(t->ssl);
	t->is_ended = true;
}

/* A ticket goes out with the first answer. */
static void add_ticket(struct transport *t)
{
	if (!t->has_ticket && SSL_version(t->ssl) == TLS1_3_VERSION)
		(void)SSL_new_session_ticket(t->ssl);
	t->has_ticket = true;
}

static enum transport_result write_tls(struct transport *t, struct str bytes, size_t *n)
{
	int r;

	ERR_clear_error();
	r = SSL_write_ex(t->ssl, bytes.p, bytes.n, n);
	return r == 1 ? TRANSPORT_DONE : ssl_result(t, r);
}

static enum transport_result write_corked(struct transport *t, struct str bytes,
                                          bool is_last, size_t *n)
{
	bool is_first = !t->has_ticket;
	enum transport_result r;
	size_t sent = 0;

	cork.of = t;
	cork.n = 0;
	add_ticket(t);
	r = write_tls(t, bytes, n);
	if (r == TRANSPORT_DONE && is_last)
		end_tls(t);
	cork.of = NULL;
	/* The ticket has made room for reading, too, which an idle connection would keep. */
	if (is_first)
		(void)SSL_free_buffers(t->ssl);
	if (r != TRANSPORT_DONE)
		return r;
	r = socket_result(send(t->fd, cork.bytes, cork.n, MSG_NOSIGNAL), &sent);
	if (r == TRANSPORT_FAILED)
		return r;
	buf_add(&t->rest, (struct str){cork.bytes + sent, cork.n - sent});
	return TRANSPORT_DONE;
}

enum transport_result transport_write(struct transport *t, struct str bytes,
                                      bool is_last, size_t *n)
{
	enum transport_result r;

	if (!t->ssl)
		return socket_result(send(t->fd, bytes.p, bytes.n, MSG_NOSIGNAL), n);
	r = transport_flush(t);
	if (r != TRANSPORT_DONE)
		return r;
	return bytes.n <= CORKED_MAX ? write_corked(t, bytes, is_last, n)
	                             : write_tls(t, bytes, n);
}

bool transport_has_pending(const struct transport *t)
{
	return t->ssl && SSL_has_pending(t->ssl);
}

void transport_end(struct transport *t, bool stays)
{
	if (t->ssl)
		end_tls(t);
	if (stays)
		shutdown(t->fd, SHUT_WR);
}

bool transport_discard(struct transport *t, size_t *n)
{
	char bytes[16 * 1024];
	ssize_t got = recv(t->fd, bytes, sizeof(bytes), 0);

	*n = got > 0 ? (size_t)got : 0;
	return got > 0 || (got < 0 && (errno == EAGAIN || errno == EINTR));
}

void transport_close(struct transport *t)
{
	tls_waiter_remove(&t->waiter);
	SSL_free(t->ssl);
	buf_done(&t->rest);
	if (t->fd >= 0)
		close(t->fd);
	*t = (struct transport){.fd = -1};
}
