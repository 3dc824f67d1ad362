/*
 * For the files of this folder alone: the bytes of one connection, plain or by TLS, on a
 * socket that does not block. The caller waits for what is wanted and calls again.
 */
#pragma once

#include "base/str.h"
#include "net/tls.h"

struct ssl_st;

struct transport {
	int fd;                   /* -1 when closed */
	struct ssl_st *ssl;       /* NULL: plain */
	struct tls_waiter waiter; /* ready and arg are the caller's */
};

enum transport_result {
	TRANSPORT_DONE, /* *n bytes; at least one */
	TRANSPORT_WANTS_READ,
	TRANSPORT_WANTS_WRITE,
	TRANSPORT_WANTS_CERTIFICATE, /* of a handshake: waiter.ready() will be called */
	TRANSPORT_END,               /* the peer will send no more */
	TRANSPORT_FAILED,
};

/* Takes the socket. */
void transport_open(struct transport *t, int fd);
/* From now on by TLS, of which the peer begins the handshake. False where OpenSSL is out
 * of memory. *t must stay where it is. */
NODISCARD bool transport_start_tls(struct transport *t, struct tls_context *tls);
/* 0x0303, 0x0304; 0 without TLS. */
uint16_t transport_tls_version(const struct transport *t);
enum transport_result transport_handshake(struct transport *t);
enum transport_result transport_read(struct transport *t, char *p, size_t size,
                                     size_t *n);
enum transport_result transport_write(struct transport *t, struct str bytes, size_t *n);
/* Whether a read would give something that was received already. */
bool transport_has_pending(const struct transport *t);
/* Says that nothing more will be sent. */
void transport_end(struct transport *t);
/* Drops what was received; true where there may be more to come. */
bool transport_discard(struct transport *t, size_t *n);
void transport_close(struct transport *t);
