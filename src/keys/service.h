/*
 * What the keys role does for core, gate and edge, on one loop: takes, signs, drops, stats,
 * and the keys of TLS hosts (tls_calls.h).
 *
 * Takes and drops are answered at the end of the turn of the loop they came in, after one
 * fsync for all of them (key_files.h), so an answer means that it is on disk. A take of
 * an RSA key that finds the pool empty waits its turn; nothing else waits for it.
 *
 *	struct keys_service *s;
 *	if (!keys_service_new(&setup, &s, &err)) …
 *	keys_service_connect(s, ROLE_CORE, 0, fd);
 */
#pragma once

#include "keys/key_files.h"

struct event_base;
struct keys_service;

enum {
	KEYS_WAITING_MAX = KEYS_PENDING_MAX,
	/* Names without a key that one edge may ask for in a second: nobody needs that many,
	 * and who guesses names gets no further. */
	KEYS_GUESSES_MAX = 5000,
};

struct keys_limits {
	size_t pool;              /* RSA keys to have in stock */
	unsigned rsa_bits;        /* of new ones; others in the pool are thrown away */
	uint32_t sign_per_minute; /* of a domain, whatever a grant says */
};

struct keys_setup {
	struct event_base *base;
	const struct key_files *files;
	struct str grant_secret; /* GRANT_SECRET_BYTES */
	struct keys_limits limits;
};

/* Base and files are lent, all else is copied. It makes its threads here. */
NODISCARD bool keys_service_new(const struct keys_setup *setup,
                                struct keys_service **out, struct err *err);
/* Takes the descriptor of a channel to a process of core, gate or edge, in place of an
 * older one. */
void keys_service_connect(struct keys_service *s, enum role role, unsigned instance,
                          int fd);
void keys_service_configure(struct keys_service *s, const struct keys_limits *limits);
struct keys_stats keys_service_stats(const struct keys_service *s);
/* Answers what the turn has done. */
void keys_service_flush(struct keys_service *s);
/* NULL is allowed. */
void keys_service_free(struct keys_service *s);
