#include "net/http_transport.h"

#include "net/tls.h"

#include <errno.h>
#include <limits.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/ssl.h>

void transport_open(struct transport *t, int fd)
{
	*t = (struct transport){.fd = fd};
}

bool transport_start_tls(struct transport *t, struct tls_context *tls)
{
	tls_context_rotate(tls);
	t->ssl = SSL_new(tls->ssl);
	if (!t->ssl || SSL_set_fd(t->ssl, t->fd) != 1 ||
	    SSL_set_app_data(t->ssl, &t->waiter) != 1)
		return false;
	SSL_set_accept_state(t->ssl);
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

enum transport_result transport_write(struct transport *t, struct str bytes, size_t *n)
{
	ssize_t sent;

	if (t->ssl) {
		int r;

		ERR_clear_error();
		r = SSL_write_ex(t->ssl, bytes.p, bytes.n, n);
		return r == 1 ? TRANSPORT_DONE : ssl_result(t, r);
	}
	sent = send(t->fd, bytes.p, bytes.n, MSG_NOSIGNAL);
	if (sent >= 0) {
		*n = (size_t)sent;
		return TRANSPORT_DONE;
	}
	return errno == EAGAIN || errno == EINTR ? TRANSPORT_WANTS_WRITE
	                                         : TRANSPORT_FAILED;
}

bool transport_has_pending(const struct transport *t)
{
	return t->ssl && SSL_has_pending(t->ssl);
}

void transport_end(struct transport *t)
{
	if (t->ssl && SSL_is_init_finished(t->ssl)) {
		ERR_clear_error();
		SSL_shutdown(t->ssl);
	}
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
	if (t->fd >= 0)
		close(t->fd);
	*t = (struct transport){.fd = -1};
}
