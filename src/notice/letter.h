/*
 * A letter that Signet itself sends: plain text and HTML of the same content as
 * multipart/alternative (RFC 2046 §5.1.4), in base64, so that no line of either is too
 * long and no relay has to change it.
 *
 *	struct notice_head head = {.from = STR("signet@mail.example"), …};
 *	if (!notice_letter(&a, &head, &notice, &letter, &err)) …
 *	a: no address			(of a recipient that is none)
 */
#pragma once

#include "base/err.h"
#include "notice/notice.h"

enum { NOTICE_ADDRESS_MAX = 254 };

struct notice_head {
	struct str from, to;  /* addr-spec */
	struct str from_name; /* UTF-8, or empty */
	struct str reply_to;  /* addr-spec, or empty */
	struct str id;        /* what the Message-ID and the boundary are made of:
	                         letters and digits */
	int64_t now;
};

/* Whether it is one address that may stand in a header and an envelope as it is: a dot-atom
 * and a domain (RFC 5322 §3.4.1, without quoted parts and literals). */
bool notice_is_address(struct str text);

/* The whole message, lines ending with CRLF. Fails with ERR_USAGE where an address is none;
 * other texts may hold any bytes. */
NODISCARD bool notice_letter(struct arena *a, const struct notice_head *head,
                             const struct notice *notice, struct str *out,
                             struct err *err);
