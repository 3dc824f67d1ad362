/*
 * For the files of this folder alone: the bytes of one connection, plain or by TLS, on a
 * socket that does not block. The caller waits for what is wanted and calls again.
 *
 * What TLS makes of one short answer (the first time a session ticket, the answer, where
 * it is the last the farewell) leaves by one send(): each is a packet for both sides.
 */
#pragma once

#include "base/buf.h"
#include "net/tls.h"

struct ssl_st;

struct transport {
	int fd;                   /* -1 when closed */
	struct ssl_st *ssl;       /* NULL: plain */
	struct tls_waiter waiter; /* ready and arg are the caller's */
	bool has_ticket;          /* one was sent */
	bool is_ended;            /* the farewell was */
	struct buf
	        rest; /* encrypted, and the socket did not take it; sent up to rest_at */
	size_t rest_at;
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
/* `is_last`: nothing follows these bytes. What it took may still wait to be flushed. */
enum transport_result transport_write(struct transport *t, struct str bytes,
                                      bool is_last, size_t *n);
/* TRANSPORT_DONE, TRANSPORT_WANTS_WRITE or TRANSPORT_FAILED. */
enum transport_result transport_flush(struct transport *t);
/* Whether a read would give something that was received already. */
bool transport_has_pending(const struct transport *t);
/* Says that nothing more will be sent; `stays`: the socket is not closed at once. */
void transport_end(struct transport *t, bool stays);
/* Drops what was received; true where there may be more to come. */
bool transport_discard(struct transport *t, size_t *n);
void transport_close(struct transport *t);
