/*
 * DMARC policy records: the TXT at _dmarc.DOMAIN, read by RFC 9989 §4.7 and §4.8 or, to
 * see what older receivers make of it, by RFC 7489 §6.3.
 *
 *	struct dmarc_record record;
 *	if (dmarc_record_parse(&a, text, DMARC_RFC9989, &record))
 *		… record.p, record.sp …
 *
 * A text is a DMARC record when it begins with the tag v, exactly DMARC1 in capitals;
 * blanks may stand around the "=". A broken tag behind it gives the default, with two
 * exceptions (RFC 9989 §4.10.1): without a valid p, or with a broken sp or np, the
 * record counts as p=none where rua holds a valid URI, and for nothing where it does
 * not. Every departure is noted with its place in `problems`.
 */
#pragma once

#include "auth/tags.h"

enum dmarc_standard {
	DMARC_RFC9989,
	DMARC_RFC7489,
};

enum dmarc_policy {
	DMARC_NO_POLICY, /* the tag is absent or has no valid value */
	DMARC_NONE,
	DMARC_QUARANTINE,
	DMARC_REJECT,
};

enum dmarc_psd {
	DMARC_PSD_UNKNOWN, /* u, the default */
	DMARC_PSD_YES,
	DMARC_PSD_NO,
};

/* Where reports are to be sent. */
struct dmarc_uri {
	struct str text; /* without the size limit */
	size_t at;       /* byte offset in the record */
	bool is_valid;   /* a URI by its syntax; a mailto: with an address */
	bool is_mailto;
	struct str host;     /* of a valid mailto: address, canonical */
	uint64_t size_limit; /* bytes, of "!10m"; 0: none. RFC 9989 ignores it */
};

struct dmarc_uris {
	struct dmarc_uri *v;
	size_t n, cap;
};

/* Bits of fo=, for which failures a report is wanted. */
enum dmarc_failure {
	DMARC_FAILURE_ALL = 1,  /* 0: all mechanisms failed to align */
	DMARC_FAILURE_ANY = 2,  /* 1: any did */
	DMARC_FAILURE_DKIM = 4, /* d */
	DMARC_FAILURE_SPF = 8,  /* s */
};

struct dmarc_record {
	struct str text;
	enum dmarc_standard standard;
	struct tags tags;
	enum dmarc_policy p, sp,
	        np;       /* as they count: all of them after the rule above */
	bool is_usable;   /* false: no DMARC processing at all (RFC 9989 §4.10.1) */
	bool is_replaced; /* counts as p=none because p, sp or np is missing or broken
	                   */
	enum dmarc_psd psd;
	bool is_testing;              /* t=y */
	bool strict_dkim, strict_spf; /* adkim=s, aspf=s */
	unsigned failure_options;     /* of fo=, enum dmarc_failure */
	struct dmarc_uris rua, ruf;   /* valid and broken ones */
	unsigned percent;             /* pct: counts only in RFC 7489; else 100 */
	uint32_t interval_s;          /* ri: the same; else 86400 */
	struct tag_problems problems;
};

/* Whether the text begins with v=DMARC1, as RFC 9989 §4.8 wants it. */
bool dmarc_record_is(struct str text);
/* Borrows the text; false where it is no DMARC record. */
NODISCARD bool dmarc_record_parse(struct arena *a, struct str text,
                                  enum dmarc_standard standard,
                                  struct dmarc_record *out);
/* "none", "quarantine", "reject"; "" for DMARC_NO_POLICY. */
const char *dmarc_policy_name(enum dmarc_policy policy);
