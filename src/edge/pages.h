/*
 * What people see of Signet: a few plain pages. No script, no picture, nothing from
 * elsewhere, no cookie; their Content-Security-Policy forbids all that, too.
 *
 *	struct str html = page_make(a, PAGE_UNSUBSCRIBE, &(struct page){
 *		.name = account->name, .language = STR("en"), .address = token.text});
 *
 * The words are a table (PAGE_TEXTS), a row for each text and a column for each language;
 * a page is one of a few shapes: a heading, paragraphs, maybe a button that posts to the
 * page's own address. What comes from outside is escaped.
 */
#pragma once

#include "base/arena.h"

enum page_kind {
	PAGE_UNSUBSCRIBE,  /* asks */
	PAGE_UNSUBSCRIBED, /* it is done */
	PAGE_CONFIRM,      /* asks whether to follow a link that works once */
	PAGE_NOT_FOUND,    /* no such link */
	PAGE_HOME,         /* of the host itself */
	PAGE_UNAVAILABLE,  /* the event cannot be kept now: policy `refuse` */
	PAGE_MOVED, /* of the exit kit: unsubscribing is not done here any more */
	PAGE_KINDS,
};

struct page {
	struct str name;     /* of the account; empty: "the sender" */
	struct str language; /* "en", "de-AT"; where there is no such column: English */
	struct str address;  /* of the recipient; may be empty */
	struct str host;     /* where the link leads (PAGE_CONFIRM) */
	struct str
	        contact; /* where to turn (PAGE_MOVED): mailto: or https:, or empty */
};

/* The whole document. */
struct str page_make(struct arena *a, enum page_kind kind, const struct page *page);
/* The header fields that belong to it, as lines. The one of PAGE_CONFIRM lets its button
 * lead elsewhere, as browsers count the redirect behind it as the form's target. */
struct str page_fields(enum page_kind kind);
/* Whether the host of a destination may be shown, and which it is. */
struct str page_host_of(struct str url);
/* The languages there are, and whether each has all texts: for the test. */
size_t page_language_count(void);
const char *page_missing_text(size_t language);
