/*
 * Hands one letter to a relay by SMTP (RFC 5321), with STARTTLS (RFC 3207) where the
 * relay offers it. It waits, so it belongs into a worker thread; any number of threads
 * may call it at once.
 *
 *	struct smtp_letter letter = {.relay = "127.0.0.1:25", .hello = "mail.example",
 *	                             .from = "signet@mail.example", .to = &to, .to_count = 1,
 *	                             .text = &text, .timeout_ms = 30000};
 *	struct smtp_result done = smtp_send(&letter);
 *
 * What the relay says is a value: the caller decides about 4yz and 5yz. Lines of the text
 * end with CR LF already; dots are stuffed here. The relay is the operator's own: its
 * certificate is not checked, as opportunistic TLS has it (RFC 7435).
 */
#pragma once

#include "base/iov.h"

struct smtp_letter {
	const char *relay;     /* "host:port", "192.0.2.1:25", "[2001:db8::1]:25" */
	const char *hello;     /* our name for EHLO; NULL: that of the machine */
	const char *from;      /* envelope; "" is the null sender */
	const char *const *to; /* envelope */
	size_t to_count;       /* at least one */
	const struct iov *text;
	int64_t timeout_ms; /* of the whole; 0: 60 s */
};

enum smtp_outcome {
	SMTP_ACCEPTED,
	SMTP_LATER,   /* no connection, a 4yz answer, a cut: try again */
	SMTP_REFUSED, /* a 5yz answer, or an address that cannot be said in SMTP */
};

struct smtp_result {
	enum smtp_outcome outcome;
	int code;       /* of the last answer, 0 without one */
	char text[256]; /* the last answer, or why there was none; one line */
};

struct smtp_result smtp_send(const struct smtp_letter *letter);
