/*
 * Bytes that must not leak: private keys and passwords. They stand in pages of their
 * own that are locked into memory, left out of core dumps and wiped when they are
 * released. A secret is handed on only by the view secret_str() gives for the moment of
 * its use; nothing prints one.
 *
 *	AUTO(secret) pem = {0};
 *	if (!private_key_format(key, &pem, &err)) …
 *	file_write(path, secret_str(&pem), 0600, &err)
 */
#pragma once

#include "base/arena.h"

struct secret {
	unsigned char *p;
	size_t n;
	size_t mapped; /* bytes of whole pages */
};

/* A wiped secret of n bytes, replacing what was in it. Out of memory aborts. */
void secret_set(struct secret *s, const void *bytes, size_t n);
/* Lent until the secret changes or ends. */
struct str secret_str(const struct secret *s);
/* Wipes and releases it. */
void secret_done(struct secret *s);
