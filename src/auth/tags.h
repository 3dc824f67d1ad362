/*
 * Tag lists, "v=DKIM1; k=rsa; p=…" (RFC 6376 §3.2): the form of DKIM key records and of
 * DMARC records. Reading keeps what was written apart from what it means: every tag
 * knows where it stands, white space around names and values is gone, order is kept.
 *
 *	struct tags tags = tags_parse(&a, text, TAGS_CASE_MATTERS);
 *	const struct tag *p = tags_find(&tags, STR("p"));
 *
 * A fault never stops the reading: it is noted with its place, and the caller decides
 * whether it spoils the record. Of a tag that appears twice the first one is found.
 * No more than TAGS_MAX tags are read.
 */
#pragma once

#include "base/arena.h"

enum { TAGS_MAX = 64 };

enum tags_case {
	TAGS_CASE_MATTERS, /* DKIM: RFC 6376 §3.2 */
	TAGS_ANY_CASE,     /* DMARC: names are ABNF literals, RFC 9989 §4.8 */
};

/* What is wrong with a piece of a record, by what follows from it. */
enum tag_fault {
	TAG_SYNTAX,    /* not of the form name=value */
	TAG_DUPLICATE, /* the name was there before */
	TAG_EMPTY,     /* nothing between two semicolons */
	TAG_ORDER,     /* stands at the wrong place */
	TAG_MISSING,   /* a required tag is not there; `at` is the end of the record */
	TAG_VALUE,     /* the value is not one that the tag may have */
	TAG_UNKNOWN,   /* no such tag; readers ignore it */
	TAG_REMOVED,   /* the standard had it once; readers ignore it */
	TAG_OBSOLETE,  /* a form the standard has given up but still reads */
};

struct tag_problem {
	enum tag_fault fault;
	size_t at;       /* byte offset in the record */
	struct str what; /* the piece of the record it is about */
	const char *why; /* a phrase: "is not one of none, quarantine, reject" */
};

struct tag_problems {
	struct tag_problem *v;
	size_t n, cap;
};

struct tag {
	struct str name;  /* as written */
	struct str value; /* as written, without blanks at its ends */
	size_t name_at, value_at;
};

struct tags {
	struct str text;
	enum tags_case names;
	struct tag *v;
	size_t n, cap;
	struct tag_problems problems;
};

/* Borrows the text. */
struct tags tags_parse(struct arena *a, struct str text, enum tags_case names);
/* The first tag of that name, or NULL. */
const struct tag *tags_find(const struct tags *tags, struct str name);
/* Whether a problem of this kind was noted. */
bool tag_problems_has(const struct tag_problems *problems, enum tag_fault fault);
/* Notes one more; text and phrase are borrowed. */
void tag_problems_add(struct arena *a, struct tag_problems *problems,
                      struct tag_problem problem);
