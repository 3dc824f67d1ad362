/*
 * One HTTP request by libcurl, for whoever may wait: the command line as a client of the
 * API, a worker thread. Never for the event loop.
 *
 *	struct fetch_request ask = {.method = "GET", .url = "http://127.0.0.1:8025/v1/domains",
 *	                            .timeout_ms = 30000, .answer_max = 16 << 20};
 *	struct fetch_answer got;
 *
 *	if (!fetch(a, &ask, &got, err))
 *		return false;	(ERR_UNAVAILABLE: "127.0.0.1:8025: connection refused")
 *	use(got.status, got.body);
 *
 * An answer of any status is a result, not an error. Only http: and https: are spoken
 * (certificate and name are checked), no redirect is followed, no proxy is taken from the
 * environment, and an answer longer than `answer_max` is an error. Any number of threads
 * may call it at once. HTTP semantics: RFC 9110.
 */
#pragma once

#include "base/arena.h"
#include "base/err.h"

struct fetch_request {
	const char *method;         /* "GET", "POST" … */
	const char *url;            /* http://… or https://… */
	const char *const *headers; /* "Name: value"; a line of its own each */
	size_t header_count;
	struct str body;     /* sent where it is not empty, and with POST, PUT, PATCH */
	const char *ca_file; /* PEM; NULL: those of the system */
	size_t answer_max;   /* bytes of the body */
	int64_t connect_ms;  /* 0: 10 s */
	int64_t timeout_ms;  /* of the whole; 0: 60 s */
};

struct fetch_answer {
	int status;            /* 200 … */
	struct str type;       /* Content-Type, "" where there is none */
	struct str body;       /* in the arena, a NUL behind it */
	int64_t retry_after_s; /* of a Retry-After in seconds, else 0 */
};

/* Fails with ERR_UNAVAILABLE where no answer comes, with ERR_USAGE for a URL that is none
 * or of another scheme. */
NODISCARD bool fetch(struct arena *a, const struct fetch_request *request,
                     struct fetch_answer *out, struct err *err);

/* Text as one segment of a path or one value of a query: all but the unreserved
 * characters of RFC 3986 §2.3 as %XX. */
struct str fetch_escape(struct arena *a, struct str text);
