#include "auth/dkim_key.h"
#include "base/buf.h"
#include "diagnose/rules.h"

enum {
	PROBLEMS_NAMED_MAX = 3,
	WHAT_SHOWN_MAX = 40, /* bytes of a value in a message */
	MESSAGE_MAX = 8 * 1024,
};

/*
 * The one key that is published at the row's name. Where the plan has a CNAME there, the
 * key at its end is the operator's and nothing the customer could mend, and a broken
 * chain is told by the rules on CNAMEs: no key is found here.
 */
static bool find_key(const struct rule_case *c, struct dkim_key *key)
{
	const struct dns_records *candidates = &c->seen->seen.candidates;

	if (c->row->type != DNS_TXT || candidates->n != 1 ||
	    c->seen->status == RECORD_PROPAGATING)
		return false;
	dkim_key_parse(c->in->a, candidates->v[0].txt.text, key);
	return true;
}

static struct str change_fix(const struct rule_case *c, struct str value)
{
	struct field_place at = rule_place(c);
	struct field_record r = {DNS_TXT, c->row->name, value, -1};

	return field_change_instruction(c->in->a, &at, &r);
}

/* The planned value, or what to do where nobody knows it. */
static struct str key_fix(const struct rule_case *c, const char *otherwise)
{
	struct field_place at = rule_place(c);

	if (c->row->value.n)
		return rule_change_fix(c);
	return arena_printf(c->in->a, "%.*s, %s",
	                    STR_ARG(field_at(c->in->a, at.provider)), otherwise);
}

/* ---- syntax ---- */

/* "p=MIIB…" for "MIIB…": the piece with its tag, where it is a value. */
static void add_piece(struct buf *b, const struct dkim_key *key,
                      const struct tag_problem *p)
{
	struct str shown = str_slice(p->what, 0, WHAT_SHOWN_MAX);

	buf_printf(b, "at byte %zu, ", p->at + 1);
	for (size_t i = 0; i < key->tags.n; i++) {
		const struct tag *tag = &key->tags.v[i];

		if (tag->value_at == p->at && str_eq(tag->value, p->what)) {
			buf_printf(b, "%.*s=", STR_ARG(tag->name));
			break;
		}
	}
	buf_printf(b, "%.*s%s", STR_ARG(shown), shown.n < p->what.n ? "…" : "");
}

/* Whether a problem is one that spoils the record, and not only noted. */
static bool spoils(const struct tag_problem *p)
{
	return p->fault == TAG_SYNTAX || p->fault == TAG_DUPLICATE ||
	       p->fault == TAG_ORDER || p->fault == TAG_VALUE;
}

static void add_problems(struct buf *b, const struct dkim_key *key)
{
	size_t n = 0;

	for (size_t i = 0; i < key->problems.n; i++) {
		const struct tag_problem *p = &key->problems.v[i];

		if (!spoils(p) || n++ >= PROBLEMS_NAMED_MAX)
			continue;
		buf_add(b, n > 1 ? STR("; ") : STR(": "));
		add_piece(b, key, p);
		buf_printf(b, ": %s", p->why);
	}
	if (n > PROBLEMS_NAMED_MAX)
		buf_printf(b, "; and %zu more", n - PROBLEMS_NAMED_MAX);
}

bool rule_dkim_syntax(const struct rule_case *c, struct diagnosis *d)
{
	AUTO(buf) b = {.max = MESSAGE_MAX};
	struct dkim_key key;

	if (!find_key(c, &key) ||
	    (key.status != DKIM_KEY_SYNTAX && key.status != DKIM_KEY_NO_KEY &&
	     key.status != DKIM_KEY_UNKNOWN_TYPE && key.status != DKIM_KEY_BAD_KEY))
		return false;
	buf_printf(&b, "The DKIM record at %.*s cannot be used: %s",
	           STR_ARG(c->row->name), dkim_key_reason(key.status));
	add_problems(&b, &key);
	buf_add_char(&b, '.');
	d->message = arena_dup(c->in->a, buf_str(&b));
	d->fix = key_fix(c, "enter the record again exactly as the service that signs "
	                    "the mail shows it.");
	rule_cite(d, c->seen->answer);
	return true;
}

/* ---- keys that may not be used ---- */

bool rule_dkim_revoked(const struct rule_case *c, struct diagnosis *d)
{
	struct dkim_key key;

	if (!find_key(c, &key) || key.status != DKIM_KEY_REVOKED)
		return false;
	d->message =
	        arena_printf(c->in->a,
	                     "The DKIM key at %.*s is revoked: its p= is empty, so "
	                     "that every signature made with it fails.",
	                     STR_ARG(c->row->name));
	d->fix =
	        key_fix(c, "publish a new key if this selector still signs; a selector "
	                   "that is out of use may stay as it is.");
	if (c->row->value.n == 0)
		d->severity = SEVERITY_WARNING;
	rule_cite(d, c->seen->answer);
	return true;
}

static struct str tag_value(const struct dkim_key *key, const char *name)
{
	const struct tag *tag = tags_find(&key->tags, str_c(name));

	return tag ? tag->value : STR_NONE;
}

bool rule_dkim_sha1_only(const struct rule_case *c, struct diagnosis *d)
{
	struct dkim_key key;

	if (!find_key(c, &key) || key.status != DKIM_KEY_NOT_SHA256)
		return false;
	d->message = arena_printf(c->in->a,
	                          "The DKIM key at %.*s allows only h=%.*s; receivers "
	                          "accept nothing but sha256 (RFC 8301).",
	                          STR_ARG(c->row->name), STR_ARG(tag_value(&key, "h")));
	d->fix = key_fix(
	        c, "take the h= tag out of the record, and sign with rsa-sha256.");
	rule_cite(d, c->seen->answer);
	return true;
}

bool rule_dkim_not_for_email(const struct rule_case *c, struct diagnosis *d)
{
	struct dkim_key key;

	if (!find_key(c, &key) || key.status != DKIM_KEY_NOT_EMAIL)
		return false;
	d->message = arena_printf(c->in->a,
	                          "The DKIM key at %.*s is not for email: s=%.*s names "
	                          "other services only.",
	                          STR_ARG(c->row->name), STR_ARG(tag_value(&key, "s")));
	d->fix = key_fix(c, "take the s= tag out of the record, or write s=email.");
	rule_cite(d, c->seen->answer);
	return true;
}

/* ---- short keys ---- */

/* Whether the key that was found is the planned one; any is in an audit. Another key than
 * ours is told by a rule of its own, whatever its length. */
static bool is_ours(const struct rule_case *c, const struct dkim_key *found)
{
	struct dkim_key planned;

	if (c->row->value.n == 0)
		return true;
	dkim_key_parse(c->in->a, c->row->value, &planned);
	return planned.has_key && public_key_eq(&planned.key, &found->key);
}

bool rule_dkim_weak_key(const struct rule_case *c, struct diagnosis *d)
{
	struct arena *a = c->in->a;
	struct dkim_key key;

	if (!find_key(c, &key))
		return false;
	if (key.status == DKIM_KEY_WEAK && is_ours(c, &key)) {
		d->message = arena_printf(a,
		                          "The DKIM key at %.*s has %u bits; receivers "
		                          "refuse RSA keys of "
		                          "fewer than %d.",
		                          STR_ARG(c->row->name), key.key.bits,
		                          KEY_RSA_BITS_MIN);
		d->fix =
		        c->row->value.n
		                ? arena_printf(a,
		                               "Make a new key of %d bits; the planned "
		                               "one is too short itself.",
		                               KEY_RSA_BITS_ADVISED)
		                : key_fix(c,
		                          "publish a new key of 2048 bits, made by the "
		                          "service that signs the mail.");
	} else if (key.is_short && c->row->value.n == 0) {
		d->severity = SEVERITY_ADVICE;
		d->message = arena_printf(a,
		                          "The DKIM key at %.*s has %u bits; %d are "
		                          "recommended.",
		                          STR_ARG(c->row->name), key.key.bits,
		                          KEY_RSA_BITS_ADVISED);
		d->fix = arena_printf(
		        a,
		        "Let the service that signs the mail make a key of %d "
		        "bits, and publish that at a new selector.",
		        KEY_RSA_BITS_ADVISED);
	} else {
		return false;
	}
	rule_cite(d, c->seen->answer);
	return true;
}

/* ---- missing ---- */

static struct str missing_fix(const struct rule_case *c, struct diagnosis *d)
{
	if (c->row->value.n)
		return rule_add_alone_fix(c, d);
	return STR(
	        "Compare the selector with the s= of the DKIM-Signature in a message "
	        "that was sent, and publish the key that the sending service shows for "
	        "it.");
}

bool rule_dkim_missing(const struct rule_case *c, struct diagnosis *d)
{
	struct arena *a = c->in->a;
	struct str others;

	if (c->seen->status == RECORD_PROPAGATING ||
	    c->seen->seen.result != COMPARE_ABSENT)
		return false;
	if (c->row->type == DNS_CNAME) {
		d->message =
		        arena_printf(a,
		                     "There is no CNAME at %.*s, by which receivers "
		                     "would find the DKIM key at %.*s.",
		                     STR_ARG(c->row->name), STR_ARG(c->row->value));
	} else {
		others = rule_describe_texts(c, c->seen->answer);
		d->message = arena_printf(a, "There is no DKIM key at %.*s%s%.*s.",
		                          STR_ARG(c->row->name),
		                          others.n ? ", only " : "", STR_ARG(others));
	}
	if (!c->row->required)
		d->severity = SEVERITY_ADVICE;
	else if (c->row->value.n == 0)
		d->severity = SEVERITY_WARNING;
	rule_cite(d, c->seen->answer);
	d->fix = missing_fix(c, d);
	return true;
}

/* ---- test mode ---- */

/* The record without the y of its t=. */
static struct str without_testing(struct arena *a, const struct dkim_key *key)
{
	struct str out = STR_NONE;

	for (size_t i = 0; i < key->tags.n; i++) {
		const struct tag *tag = &key->tags.v[i];
		struct str rest = tag->value;
		struct str flags = STR_NONE;
		struct str flag;

		if (str_eq(tag->name, STR("t"))) {
			while (str_cut(&rest, ':', &flag))
				if (!str_eq(str_trim(flag), STR("y")))
					flags = arena_printf(a, "%.*s%s%.*s",
					                     STR_ARG(flags),
					                     flags.n ? ":" : "",
					                     STR_ARG(str_trim(flag)));
			if (flags.n == 0)
				continue;
		} else {
			flags = tag->value;
		}
		out = arena_printf(a, "%.*s%s%.*s=%.*s", STR_ARG(out),
		                   out.n ? "; " : "", STR_ARG(tag->name),
		                   STR_ARG(flags));
	}
	return out;
}

bool rule_dkim_test_mode(const struct rule_case *c, struct diagnosis *d)
{
	struct dkim_key planned;
	struct dkim_key key;

	if (!find_key(c, &key) || !key.is_testing)
		return false;
	dkim_key_parse(c->in->a, c->row->value, &planned);
	if (planned.is_testing)
		return false;
	d->message =
	        arena_printf(c->in->a,
	                     "The DKIM key at %.*s is in test mode (t=y): receivers "
	                     "treat mail signed with it as if it were unsigned.",
	                     STR_ARG(c->row->name));
	d->fix = change_fix(c, without_testing(c->in->a, &key));
	rule_cite(d, c->seen->answer);
	return true;
}
