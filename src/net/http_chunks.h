/*
 * Chunked bodies (RFC 9112 §7.1), read where they stand: the data is moved together at the
 * front of the buffer while it comes. Strict like http_head.h: sizes are hexadecimal digits
 * and nothing in front, each line ends in CR LF. Extensions and trailer fields are dropped.
 *
 *	struct http_chunks chunks = {.body_max = 1 << 20};
 *	while (http_chunks_read(&chunks, p, &n) == HTTP_MORE)
 *		n += read more behind p + n;
 *	p[0] to p[chunks.length - 1] is the body, up to p[n] what came behind it
 */
#pragma once

#include "net/http_head.h"

enum http_chunks_state {
	HTTP_CHUNK_SIZE,
	HTTP_CHUNK_DATA,
	HTTP_CHUNK_DATA_END,
	HTTP_CHUNK_TRAILER,
	HTTP_CHUNKS_END,
};

enum { HTTP_CHUNK_LINE_MAX = 1024, HTTP_TRAILER_MAX = 8192 };

struct http_chunks {
	uint64_t body_max; /* set by the caller; more is 413 */
	size_t length;     /* of the data so far, at the front of the buffer */
	enum http_chunks_state state;
	uint64_t left; /* of the chunk */
	size_t trailer_length;
	unsigned status; /* of HTTP_BAD */
	const char *why;
};

/* Reads on in the `*n` bytes at p, of which `length` are data already. *n shrinks by what
 * was no data. */
enum http_read http_chunks_read(struct http_chunks *chunks, char *p, size_t *n);
