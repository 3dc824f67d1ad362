/*
 * The strict reader of HTTP/1.1 request heads (RFC 9110, RFC 9112). Pure: bytes in, views
 * of them out.
 *
 *	struct http_head head = {0};
 *	while (http_head_read(bytes, &limits, &head) == HTTP_MORE)
 *		bytes = the same bytes and more behind them;
 *
 * Two programs that read one stream differently are what request smuggling lives on, so
 * whatever could be read in two ways is refused with 400: both Content-Length and
 * Transfer-Encoding, either of them twice, a length that is not all digits, folded lines,
 * a CR or LF alone, NUL and other controls, blanks in front of the colon, no Host or two,
 * an absolute target that names another host. 411 is never needed: chunked bodies are
 * read (http_chunks.h).
 *
 * HTTP/1.0 is read, its connection ends with the answer. Other versions are 505, methods
 * that are not in the list and transfer codings other than chunked 501, expectations
 * other than 100-continue 417. After HTTP_BAD nothing on the connection can be trusted.
 */
#pragma once

#include "base/str.h"

enum http_method {
	HTTP_GET,
	HTTP_HEAD,
	HTTP_POST,
	HTTP_PUT,
	HTTP_PATCH,
	HTTP_DELETE,
	HTTP_OPTIONS,
	HTTP_METHODS,
};

enum { HTTP_FIELDS_MAX = 100 }; /* more are 431 */

struct http_limits {
	size_t head_max;   /* bytes of request line and fields, else 431 */
	size_t target_max; /* bytes of the target, else 414 */
	uint64_t body_max; /* of Content-Length, else 413 */
};

/* A header field of a request or an answer. */
struct http_field {
	struct str name, value;
};

enum http_read {
	HTTP_MORE, /* the head does not end yet */
	HTTP_OK,
	HTTP_BAD, /* see status and why */
};

struct http_head {
	enum http_method method;
	struct str target;    /* as it was sent */
	struct str path;      /* raw, "/…"; "*" of OPTIONS */
	struct str query;     /* raw, behind the "?"; empty where there is none */
	struct str authority; /* of Host: "a.example:8025"; empty in HTTP/1.0 without */
	struct str host;      /* the same without port: "a.example", "[::1]" */
	unsigned minor;       /* 0 or 1 of HTTP/1.x */
	bool is_persistent;   /* the client may send another request after this */
	bool expects_continue;
	bool is_chunked;
	uint64_t content_length; /* 0 where none was given, and when chunked */
	size_t length;           /* of the whole head with its blank line */
	size_t field_count;
	struct http_field fields[HTTP_FIELDS_MAX];
	unsigned status; /* of HTTP_BAD: what to answer */
	const char *why; /* … and a sentence for it, a literal */
	size_t scanned;  /* the reader's own: seen before; 0 for a new head */
};

/* Reads a head at the front of `bytes`. After HTTP_MORE it is to be called with the same
 * *head and the same bytes, moved or not, with more behind them; else *head begins as
 * {0} or by http_head_reset(). The views point into `bytes`. */
enum http_read http_head_read(struct str bytes, const struct http_limits *limits,
                              struct http_head *head);
/* For the next head; cheaper than clearing all of it. */
void http_head_reset(struct http_head *head);
/* The value of the first field of this name (ASCII case is ignored), without blanks around
 * it; empty with p NULL where there is none. */
struct str http_head_find(const struct http_head *head, struct str name);

/* "GET"; and the other way, false where it is none of the list (case matters). */
struct str http_method_text(enum http_method method);
NODISCARD bool http_method_parse(struct str text, enum http_method *out);
