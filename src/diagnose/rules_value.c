#include "diagnose/rules.h"

#include "auth/dkim_key.h"
#include "base/utf8.h"
#include "diagnose/mangle.h"

enum {
	STRING_MAX = 255, /* RFC 1035 §3.3: where panels cut */
	/* RSA keys of one size begin with the same bytes; less proves nothing. */
	KEY_PREFIX_MIN = 48,
};

static bool is_wrong_text(const struct rule_case *c)
{
	return c->row->type == DNS_TXT && rule_has_wrong_value(c);
}

/* ---- values that are not whole ---- */

/* The p= of a key record without blanks; with `last`, only where nothing follows it. */
static struct str key_text(struct arena *a, struct str txt, bool last)
{
	struct tags tags = tags_parse(a, txt, TAGS_CASE_MATTERS);
	const struct tag *p = tags_find(&tags, STR("p"));

	if (!p || (last && p != &tags.v[tags.n - 1]))
		return STR_NONE;
	return mangle_squeeze(a, p->value);
}

static bool is_proper_prefix(struct str part, struct str whole, size_t min)
{
	return part.n >= min && part.n < whole.n && str_starts(whole, part);
}

/* Whether the text is the beginning of the planned value, by what is left of it. */
static bool is_cut(const struct rule_case *c, struct str found)
{
	struct arena *a = c->in->a;
	struct str wanted = c->row->value;
	struct str text = mangle_undo(a, found, MANGLING_ALL);
	struct str whole;

	switch (c->row->purpose) {
	case PLAN_DKIM:
		whole = key_text(a, wanted, false);
		return is_proper_prefix(key_text(a, text, true), whole,
		                        whole.n > 2 * KEY_PREFIX_MIN ? KEY_PREFIX_MIN
		                                                     : whole.n / 2);
	case PLAN_SPF: /* inside a word: shorter lists of terms are valid records */
		return is_proper_prefix(text, wanted, sizeof("v=spf1")) &&
		       wanted.p[text.n] != ' ' && wanted.p[text.n - 1] != ' ';
	case PLAN_DMARC: /* any policy will do */
		return false;
	case PLAN_OWNERSHIP:
	case PLAN_RETURN_PATH:
	case PLAN_TRACKING:
	case PLAN_REPLY:
	case PLAN_INBOUND:
		break;
	}
	return is_proper_prefix(text, wanted, wanted.n / 2 + 1);
}

/* The value as several strings, for a panel that may want them. */
static struct str split_value(const struct rule_case *c)
{
	struct provider splitting = *c->provider;
	struct field_place at = rule_place(c);
	struct field_record r = field_of_plan(c->row);

	splitting.txt_split = PROVIDER_SPLIT_MANUAL;
	splitting.txt_max = STRING_MAX;
	at.provider = &splitting;
	return field_value(c->in->a, &at, &r);
}

static struct str truncated_fix(const struct rule_case *c)
{
	static const char way_out[] =
	        "If it is cut again, use a layout that delegates the "
	        "key by a CNAME, or an Ed25519 key, which is short.";
	struct arena *a = c->in->a;
	const struct provider *p = c->provider;
	struct field_place at = rule_place(c);
	struct field_record r = field_of_plan(c->row);
	struct field_notes notes = {0};
	struct str fix = rule_change_fix(c);

	field_add_notes(a, &at, &r, &notes);
	for (size_t i = 0; i < notes.n; i++)
		if (notes.v[i].kind == FIELD_NOTE_TXT_TOO_LONG)
			return notes.v[i].text;
	if (p == provider_generic() && r.value.n > STRING_MAX)
		fix = arena_printf(
		        a,
		        "%.*s If the panel takes no more than %d characters, "
		        "enter several strings in the one record: %.*s",
		        STR_ARG(fix), STRING_MAX, STR_ARG(split_value(c)));
	else if (p->txt_split == PROVIDER_SPLIT_MANUAL)
		fix = arena_printf(a, "%.*s All strings belong in the one record.",
		                   STR_ARG(fix));
	else
		fix = arena_printf(a,
		                   "%.*s Paste all %zu characters and compare the end "
		                   "of it after saving.",
		                   STR_ARG(fix), r.value.n);
	return c->row->purpose == PLAN_DKIM
	               ? arena_printf(a, "%.*s %s", STR_ARG(fix), way_out)
	               : fix;
}

static size_t find_pieces(const struct rule_case *c, size_t order[MANGLE_PIECES_MAX])
{
	return mangle_pieces(c->in->a, &c->seen->answer->records, c->row->value, order);
}

static const struct dns_record *find_cut(const struct rule_case *c)
{
	const struct dns_records *list = &c->seen->seen.candidates;
	size_t order[MANGLE_PIECES_MAX];

	if (!is_wrong_text(c))
		return NULL;
	for (size_t i = 0; i < list->n; i++)
		if (is_cut(c, list->v[i].txt.text))
			return find_pieces(c, order) ? NULL : &list->v[i];
	return NULL;
}

bool rule_value_truncated(const struct rule_case *c, struct diagnosis *d)
{
	struct arena *a = c->in->a;
	const struct dns_record *r = find_cut(c);
	struct str text;

	if (!r)
		return false;
	text = r->txt.text;
	rule_cite(d, c->seen->answer);
	if (text.n == STRING_MAX || (text.n && text.n == c->provider->txt_max))
		d->message = arena_printf(
		        a,
		        "At %.*s only the first %zu characters of the value are "
		        "published; it has %zu. The panel has cut it.",
		        STR_ARG(c->row->name), text.n, c->row->value.n);
	else
		d->message = arena_printf(
		        a,
		        "At %.*s the value ends after %zu characters, in the middle "
		        "of it: the whole has %zu.",
		        STR_ARG(c->row->name), text.n, c->row->value.n);
	d->fix = truncated_fix(c);
	return true;
}

bool rule_value_split_records(const struct rule_case *c, struct diagnosis *d)
{
	struct arena *a = c->in->a;
	size_t order[MANGLE_PIECES_MAX];
	size_t n;

	if (c->row->type != DNS_TXT || c->seen->status == RECORD_PROPAGATING ||
	    c->seen->answer->chain.n || (n = find_pieces(c, order)) == 0)
		return false;
	rule_cite(d, c->seen->answer);
	d->message =
	        arena_printf(a,
	                     "At %.*s one value is spread over %zu TXT records. "
	                     "Receivers take each record for itself and do not join "
	                     "them.",
	                     STR_ARG(c->row->name), n);
	d->fix = rule_change_fix(c);
	for (size_t i = 1; i < n; i++)
		d->fix = arena_printf(
		        a, "%.*s %.*s", STR_ARG(d->fix),
		        STR_ARG(rule_delete_fix(
		                c, &c->seen->answer->records.v[order[i]])));
	return true;
}

/* ---- values of somebody else ---- */

static bool is_retired(const struct rule_case *c, struct str record)
{
	struct str key = key_text(c->in->a, record, false);

	for (size_t i = 0; i < c->in->retired_key_count; i++)
		if (key.n &&
		    str_eq(key, mangle_squeeze(c->in->a, c->in->retired_keys[i])))
			return true;
	return false;
}

/* Two targets of one service: they differ, but not in its domain. */
static bool is_same_service(struct str found, struct str wanted)
{
	size_t labels = dns_name_labels(wanted);

	return !str_eq(found, wanted) && dns_name_labels(found) == labels &&
	       labels > 2 && str_eq(dns_name_tail(found, 2), dns_name_tail(wanted, 2));
}

/* The key record at the name, or behind a CNAME into our service, with its mangling
 * undone; or the empty view. */
static struct str found_key(const struct rule_case *c, const struct dns_answer **from)
{
	const struct dns_records *list = &c->seen->seen.candidates;
	struct str text;

	*from = c->seen->answer;
	if (list->n == 0 || list->v[0].type != c->row->type || !rule_has_wrong_value(c))
		return STR_NONE;
	text = list->v[0].txt.text;
	if (c->row->type == DNS_CNAME) {
		if (!is_same_service(list->v[0].target, c->row->value))
			return STR_NONE;
		*from = rule_records_at(c, c->row->name, DNS_TXT);
		if (!*from)
			return STR_NONE;
		text = (*from)->records.v[0].txt.text;
	}
	return mangle_undo(c->in->a, text, MANGLING_ALL);
}

bool rule_value_old_key(const struct rule_case *c, struct diagnosis *d)
{
	const struct dns_answer *from;

	if (!is_retired(c, found_key(c, &from)))
		return false;
	rule_cite(d, c->seen->answer);
	rule_cite(d, from);
	d->message =
	        arena_printf(c->in->a,
	                     "The key at %.*s has been retired: mail is signed with "
	                     "a newer one.",
	                     STR_ARG(c->row->name));
	d->fix = rule_change_fix(c);
	return true;
}

/* The plan's other record that this value belongs to, or NULL. */
static const struct plan_record *find_owner(const struct rule_case *c, struct str value)
{
	for (size_t i = 0; i < c->all_count; i++) {
		const struct plan_record *p = c->all[i].plan;
		struct str theirs = p->value;

		if (p->type != c->row->type || str_eq(p->name, c->row->name))
			continue;
		if (p->type == DNS_TXT)
			theirs = p->purpose == PLAN_DKIM
			                 ? key_text(c->in->a, theirs, false)
			                 : STR_NONE;
		if (value.n && str_eq(value, theirs))
			return p;
	}
	return NULL;
}

/* Another name below the domain that has the very key, and says so in `from`. */
static struct str find_twin(const struct rule_case *c, struct str key,
                            const struct dns_answer **from)
{
	struct str selector = dns_name_first(c->row->name);
	struct str name = rule_name(c, "%.*s._domainkey.%.*s", STR_ARG(selector),
	                            STR_ARG(c->in->plan->domain));

	*from = str_eq(name, c->row->name) ? NULL : rule_records_at(c, name, DNS_TXT);
	for (size_t i = 0; *from && i < (*from)->records.n; i++)
		if (str_eq(key_text(c->in->a, (*from)->records.v[i].txt.text, false),
		           key))
			return name;
	return STR_NONE;
}

/* Whether the planned value stands at another selector: then the name is wrong. */
static bool stands_elsewhere(const struct rule_case *c)
{
	for (size_t i = 0; i < c->all_count; i++)
		if (c->all[i].plan->purpose == PLAN_DKIM &&
		    rule_found_at(c, c->all[i].plan->name))
			return true;
	return false;
}

/* A few wrong characters in an otherwise equal key are no other key. */
static bool is_typo(struct str found, struct str wanted)
{
	size_t same = 0;
	size_t n = found.n < wanted.n ? found.n : wanted.n;
	size_t head = 0;

	while (head < n && found.p[head] == wanted.p[head])
		head++;
	while (same < n - head &&
	       found.p[found.n - 1 - same] == wanted.p[wanted.n - 1 - same])
		same++;
	return (head + same) * 4 >= wanted.n * 3;
}

/* Whose the value is, as far as it can be seen; may be empty. */
static struct str whose(const struct rule_case *c, struct diagnosis *d,
                        struct str value)
{
	struct arena *a = c->in->a;
	const struct plan_record *other = find_owner(c, value);
	const struct dns_answer *from;
	struct str twin;

	if (other)
		return arena_printf(a, "It belongs at %.*s.", STR_ARG(other->name));
	if (c->row->type != DNS_TXT)
		return is_same_service(value, c->row->value)
		               ? STR("The target is of the same service, but not the "
		                     "one "
		                     "for this domain: perhaps that of another account "
		                     "or "
		                     "region.")
		               : STR_NONE;
	twin = find_twin(c, value, &from);
	if (twin.n == 0)
		return STR("It may be an older key, or that of another account.");
	rule_cite(d, from);
	return arena_printf(a, "It is the key of %.*s.", STR_ARG(twin));
}

/* A record with a key that can be read and is not ours. */
static bool is_other_key(const struct rule_case *c, struct str record)
{
	struct dkim_key parsed;

	dkim_key_parse(c->in->a, record, &parsed);
	return parsed.has_key && !is_typo(key_text(c->in->a, record, false),
	                                  key_text(c->in->a, c->row->value, false));
}

/* The same for a key behind a CNAME: the target says whose it is. */
static bool other_target(const struct rule_case *c, struct diagnosis *d)
{
	struct str target;

	if (!rule_has_wrong_value(c) || c->seen->seen.candidates.n == 0 ||
	    c->seen->seen.candidates.v[0].type != DNS_CNAME)
		return false;
	target = c->seen->seen.candidates.v[0].target;
	if (!is_same_service(target, c->row->value) || stands_elsewhere(c))
		return false;
	rule_cite(d, c->seen->answer);
	d->message = arena_printf(c->in->a,
	                          "%.*s leads to the key at %.*s instead of %.*s. %.*s",
	                          STR_ARG(c->row->name), STR_ARG(target),
	                          STR_ARG(c->row->value), STR_ARG(whose(c, d, target)));
	d->fix = rule_change_fix(c);
	return true;
}

bool rule_value_other_key(const struct rule_case *c, struct diagnosis *d)
{
	const struct dns_answer *from;
	struct str record = found_key(c, &from);
	struct str key = key_text(c->in->a, record, false);

	if (is_retired(c, record))
		return false;
	if (c->row->type == DNS_CNAME)
		return other_target(c, d);
	if (key.n == 0 || !is_other_key(c, record) || stands_elsewhere(c))
		return false;
	rule_cite(d, c->seen->answer);
	d->message = arena_printf(
	        c->in->a,
	        "The key at %.*s is not the one that mail is signed with. %.*s",
	        STR_ARG(c->row->name), STR_ARG(whose(c, d, key)));
	d->fix = rule_change_fix(c);
	return true;
}

/* ---- targets ---- */

static const char *leads_to(const struct rule_case *c)
{
	return c->row->type == DNS_MX ? "has the MX" : "leads to";
}

bool rule_value_zone_appended(const struct rule_case *c, struct diagnosis *d)
{
	const struct dns_records *list = &c->seen->answer->records;
	struct arena *a = c->in->a;

	if (c->row->type == DNS_TXT || c->seen->status == RECORD_PROPAGATING)
		return false;
	for (size_t i = 0; i < list->n; i++) {
		struct str target = rule_target(&list->v[i]);

		if (list->v[i].type != c->row->type || !rule_is_appended(c, target))
			continue;
		rule_cite(d, c->seen->answer);
		d->message = arena_printf(
		        a, "%.*s %s %.*s: the zone was appended to the target.",
		        STR_ARG(c->row->name), leads_to(c), STR_ARG(target));
		d->fix = rule_change_fix(c);
		if (c->provider->target_dot == PROVIDER_DOT_REQUIRED)
			d->fix = arena_printf(a,
			                      "%.*s The dot at the end belongs to it.",
			                      STR_ARG(d->fix));
		else if (c->provider->target_dot == PROVIDER_DOT_OPTIONAL)
			d->fix = arena_printf(
			        a, "%.*s End the target with a dot: \"%.*s.\"",
			        STR_ARG(d->fix), STR_ARG(c->row->value));
		return true;
	}
	return false;
}

/* ---- anything else ---- */

/* Some characters around an offset. */
static struct str around(struct arena *a, struct str text, size_t at)
{
	enum { BEFORE = 12, LENGTH = 32 };
	size_t from = at > BEFORE ? at - BEFORE : 0;

	if (at >= text.n)
		return STR("nothing more");
	return arena_printf(a, "\"%s%.*s%s\"", from ? "…" : "",
	                    STR_ARG(utf8_printable(a, str_slice(text, from, LENGTH))),
	                    from + LENGTH < text.n ? "…" : "");
}

static struct str text_difference(const struct rule_case *c, struct str found)
{
	struct arena *a = c->in->a;
	struct str wanted = c->row->value;
	size_t at = 0;

	while (at < found.n && at < wanted.n && found.p[at] == wanted.p[at])
		at++;
	return arena_printf(a,
	                    "At %.*s the value differs from character %zu on: %.*s "
	                    "where %.*s is wanted.",
	                    STR_ARG(c->row->name), at + 1,
	                    STR_ARG(around(a, found, at)),
	                    STR_ARG(around(a, wanted, at)));
}

/* A target is shown whole. */
static struct str target_difference(const struct rule_case *c, struct diagnosis *d,
                                    struct str found)
{
	struct arena *a = c->in->a;
	struct str note = c->row->type == DNS_CNAME ? whose(c, d, found) : STR_NONE;

	return arena_printf(a, "%.*s %s %.*s instead of %.*s.%s%.*s",
	                    STR_ARG(c->row->name), leads_to(c), STR_ARG(found),
	                    STR_ARG(c->row->value), note.n ? " " : "", STR_ARG(note));
}

static bool is_policy(const struct rule_case *c)
{
	return c->row->purpose == PLAN_SPF || c->row->purpose == PLAN_DMARC;
}

bool rule_value_other(const struct rule_case *c, struct diagnosis *d)
{
	const struct dns_records *list = &c->seen->seen.candidates;

	if (c->seen->seen.result != COMPARE_DIFFERENT || list->n == 0 ||
	    c->seen->status == RECORD_PROPAGATING || list->v[0].type != c->row->type)
		return false;
	if (c->row->type == DNS_TXT && is_policy(c))
		return false; /* what the syntax rules say is closer */
	rule_cite(d, c->seen->answer);
	d->message = c->row->type == DNS_TXT
	                     ? text_difference(c, list->v[0].txt.text)
	                     : target_difference(c, d, rule_target(&list->v[0]));
	d->fix = rule_change_fix(c);
	return true;
}
