/*
 * The author of a message: the domain that DMARC is about (RFC 9989 §4.1), taken from the
 * From field with all that RFC 5322 §3.4 and §4.4 allow there: display names with commas
 * in quotes or encoded words, comments, groups, routes.
 *
 *	struct from from;
 *	from_find(&a, &message, &from);
 *	if (from.problem) … dmarc=permerror
 *
 * What a reader sees is not looked at: in  "ceo@bank.example" <x@evil.example>  the
 * address is the one in the brackets. Where it is not certain who the author is, there is
 * a problem and no domain: no From or several (RFC 5322 §3.6), addresses of several
 * domains, or a field that cannot be read.
 */
#pragma once

#include "auth/dkim_message.h"

enum { FROM_ADDRESSES_MAX = 100 };

struct from {
	const char *problem; /* a phrase; NULL where there is one domain */
	struct str domain;   /* canonical */
	struct str address;  /* the first, without comments and blanks */
	size_t count;        /* of addresses */
};

/* The value of a From field, without its name. */
void from_parse(struct arena *a, struct str value, struct from *out);
/* The From field of a message. */
void from_find(struct arena *a, const struct dkim_message *m, struct from *out);
