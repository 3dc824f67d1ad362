/*
 * SPF macros (RFC 7208 §7): `%{ir}.%{v}._spf.%{d2}`.
 *
 * The syntax is checked once, when a record or an explanation is read; expansion takes
 * only text that passed and so cannot fail but by its length. Nothing is asked here:
 * the validated name that %{p} stands for is a field of the environment, and the caller
 * asks spf_macro_uses() first, since finding it costs DNS questions.
 *
 *	if (!spf_macro_check(spec, SPF_MACRO_NAME, &at, &why)) …
 *	if (spf_macro_uses(spec, 'p'))
 *		env.validated = …;
 *	if (spf_macro_expand(&a, spec, &env, &text))
 *		text = spf_macro_cut_name(text);
 *
 * A capital letter URL-escapes its value (§7.3). The nibbles of an IPv6 address that
 * %{i} gives are capital letters, %{c} is the usual spelling.
 */
#pragma once

#include "base/arena.h"
#include "base/ip.h"

struct spf_macro_env {
	struct str local;         /* l: local part of the sender */
	struct str sender_domain; /* o */
	struct str domain;        /* d: the domain whose record is being evaluated */
	struct str validated;     /* p; empty stands for "unknown" */
	struct str helo;          /* h */
	struct str receiver;      /* r; empty stands for "unknown" */
	struct ip ip;             /* i v c */
	int64_t now;              /* t, milliseconds */
};

enum spf_macro_place {
	SPF_MACRO_NAME, /* in a record: macro-string */
	SPF_MACRO_TEXT, /* in an explanation: blanks, and the letters c r t, too */
};

/* No expansion is longer than this. */
enum { SPF_MACRO_MAX = 64 * 1024, SPF_NAME_MAX = 253 };

/* The macro syntax of a whole text. On false *at is the offset of the offending byte
 * and *why a phrase. */
NODISCARD bool spf_macro_check(struct str text, enum spf_macro_place place, size_t *at,
                               const char **why);
/* Whether the macro of this letter (lower case) occurs; the text is checked. */
bool spf_macro_uses(struct str text, char letter);
/* The literal text behind the last macro-expand; the whole text where there is none. */
struct str spf_macro_tail(struct str text);
/* False where the expansion is longer than SPF_MACRO_MAX. */
NODISCARD bool spf_macro_expand(struct arena *a, struct str text,
                                const struct spf_macro_env *env, struct str *out);
/* As a name to ask for: without the final dot, and without as many labels on the left
 * as make it longer than SPF_NAME_MAX (§7.3). */
struct str spf_macro_cut_name(struct str expanded);
