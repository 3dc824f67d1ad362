/*
 * What uacme 1.7.4 has printed, made into one failure: its kind, when the authority may be
 * asked again, and a sentence. Pure.
 *
 *	struct acme_report r = acme_report_read(&a, output, now);
 *	r.kind == ACME_RATE_LIMITED, r.retry_at, r.text "too many certificates …"
 *
 * uacme prints a problem document (RFC 8555 §6.7, RFC 7807) behind "the server reported the
 * following error:", of a failed challenge too; else lines "uacme: …". With -v -v -v it
 * prints the header fields of each answer, among them Retry-After. The output is cut at its
 * beginning where it was long, so nothing rests on what stands there. All of it comes from
 * the authority and from whoever answers for the host: it is data.
 */
#pragma once

#include "base/arena.h"
#include "ipc/acme_failure.h"

enum { ACME_REPORT_TEXT_MAX = 400 };

struct acme_report {
	enum acme_failure kind;  /* never ACME_NONE */
	int64_t retry_at;        /* ms UTC; 0: not said */
	struct str text;         /* printable, at most ACME_REPORT_TEXT_MAX bytes */
	bool is_account_missing; /* the authority does not know the account's key */
	bool is_account_there;   /* it was to be made, and exists already */
	bool is_revoked_already;
	bool is_bad_nonce; /* chance, or a busy authority: worth another try at once */
};

/* Of a run that has failed. */
struct acme_report acme_report_read(struct arena *a, struct str output, int64_t now);
