#include "diagnose/mangle.h"
#include "diagnose/rules.h"

enum { CANDIDATES_MAX = 4 }; /* of which all hypotheses are tried */

/* What was done to a value, proven by undoing it. */
struct mending {
	unsigned kinds;  /* bits of enum mangling */
	struct str text; /* with them undone */
	struct str found;
};

/* Whether the text serves once these kinds are undone. */
static bool mends(const struct rule_case *c, struct str found, unsigned kinds,
                  struct mending *out)
{
	struct arena *a = c->in->a;
	struct str text = mangle_undo(a, found, kinds);
	struct str bare;

	*out = (struct mending){kinds, text, found};
	if (!str_eq(text, found) && rule_serves(c, text))
		return true;
	if (!(kinds & MANGLING_BLANKS))
		return false;
	bare = mangle_squeeze(a, text);
	if (c->row->value.n && str_eq(bare, mangle_squeeze(a, c->row->value))) {
		out->text = c->row->value;
		return true;
	}
	out->text = bare;
	return c->row->purpose != PLAN_SPF && rule_serves(c, bare);
}

/* The kinds that are there at all; blanks only matter where the others do not do. */
static unsigned kinds_present(struct arena *a, struct str found)
{
	unsigned present = MANGLING_BLANKS;

	for (unsigned kind = 1; kind < MANGLING_BLANKS; kind <<= 1)
		if (!str_eq(mangle_undo(a, found, kind), found))
			present |= kind;
	/* A blank may stand in front only after the quotes are gone. */
	if (present & (MANGLING_QUOTES | MANGLING_SMART))
		present |= MANGLING_LEADING;
	return present;
}

static int count_bits(unsigned bits)
{
	int n = 0;

	for (; bits; bits &= bits - 1)
		n++;
	return n;
}

/* The fewest kinds that explain the value, the first of the table before the others. */
static bool find_text_mending(const struct rule_case *c, struct str found,
                              struct mending *out)
{
	unsigned present = kinds_present(c->in->a, found);

	for (int size = 1; size <= count_bits(present); size++)
		for (unsigned kinds = 1; kinds <= MANGLING_ALL; kinds++)
			if (count_bits(kinds) == size && !(kinds & ~present) &&
			    mends(c, found, kinds, out))
				return true;
	return false;
}

/* The bytes that a canonical name stands for. */
static struct str unescape(struct arena *a, struct str name)
{
	char bytes[DNS_NAME_WIRE_MAX];
	size_t n = 0;

	for (size_t i = 0; i < name.n && n < sizeof(bytes); i++) {
		char ch = name.p[i];

		if (ch == '\\' && i + 3 < name.n && char_is_digit(name.p[i + 1])) {
			ch = (char)((name.p[i + 1] - '0') * 100 +
			            (name.p[i + 2] - '0') * 10 + name.p[i + 3] - '0');
			i += 3;
		} else if (ch == '\\' && i + 1 < name.n) {
			ch = name.p[++i];
		}
		bytes[n++] = ch;
	}
	return arena_dup(a, (struct str){bytes, n});
}

/* Quotes and blanks around a target; panels then append the zone as well. */
static bool find_target_mending(const struct rule_case *c, struct str target,
                                struct mending *out)
{
	static const unsigned tries[] = {MANGLING_QUOTES, MANGLING_SMART,
	                                 MANGLING_BLANKS, MANGLING_ALL};
	struct arena *a = c->in->a;
	struct str found = unescape(a, target);

	if (str_eq(found, target))
		return false;
	for (size_t i = 0; i < LEN(tries); i++) {
		struct str text = mangle_undo(a, found, tries[i]);

		if (tries[i] & MANGLING_BLANKS)
			text = mangle_squeeze(a, text);
		text = arena_lower(a, text);
		if (str_ends(text, STR(".")))
			text.n--;
		*out = (struct mending){tries[i], text, found};
		if (str_eq(text, c->row->value) || rule_is_appended(c, text))
			return true;
	}
	return false;
}

static bool find_mending(const struct rule_case *c, struct mending *out)
{
	const struct dns_records *list = &c->seen->seen.candidates;

	if (!rule_has_wrong_value(c))
		return false;
	for (size_t i = 0; i < list->n && i < CANDIDATES_MAX; i++) {
		const struct dns_record *r = &list->v[i];

		if (r->type != c->row->type)
			continue;
		if (r->type == DNS_TXT) {
			if (str_eq(r->txt.text, c->row->value) ||
			    rule_serves(c, r->txt.text))
				return false; /* nothing is mangled */
			if (find_text_mending(c, r->txt.text, out))
				return true;
		} else if (c->row->value.n &&
		           find_target_mending(c, rule_target(r), out)) {
			return true;
		}
	}
	return false;
}

/* What the table row of a kind says about it. */
static const struct {
	enum mangling kind;
	const char *what; /* "At NAME …" */
	const char *hint;
} manglings[] = {
        {MANGLING_QUOTES,  "quotation marks stand inside the value",
         "Enter it without quotation marks."                           },
        {MANGLING_SMART,   "typographic quotation marks stand inside the value",
         "Enter it as plain text, without typographic quotation marks."},
        {MANGLING_ESCAPES, "backslashes stand in front of the semicolons",
         "Enter the semicolons without backslashes."                   },
        {MANGLING_LEADING, "white space stands in front of the value",
         "Nothing may stand in front of its first character."          },
        {MANGLING_BLANKS,  "stray white space or a line break spoils the value",
         "Copy it as a single line and change nothing in it."          },
};

/* What the panel itself asks for, where it differs from the plain rule. */
static struct str hint_for(const struct rule_case *c, size_t i)
{
	const struct provider *p = c->provider;

	if (p->txt_quotes == PROVIDER_QUOTES_REQUIRED && c->row->type == DNS_TXT) {
		if (manglings[i].kind == MANGLING_QUOTES)
			return STR("Enter the quotation marks once, as written here.");
		if (manglings[i].kind == MANGLING_SMART)
			return STR("Enter straight quotation marks, as written here.");
	}
	if (manglings[i].kind == MANGLING_ESCAPES && p->txt_semicolon_escaped)
		return STR("Enter one backslash in front of each semicolon.");
	return str_c(manglings[i].hint);
}

static bool is_policy(const struct rule_case *c)
{
	return c->row->purpose == PLAN_SPF || c->row->purpose == PLAN_DMARC;
}

/* A customer keeps a policy that says more than the plan; a key is the planned one. */
static struct str mend_fix(const struct rule_case *c, const struct mending *m)
{
	struct field_place at = rule_place(c);
	struct field_record r = field_of_plan(c->row);

	if (c->row->type == DNS_TXT && (is_policy(c) || r.value.n == 0))
		r.value = str_trim(m->text);
	return field_change_instruction(c->in->a, &at, &r);
}

static bool is_mangled(const struct rule_case *c, struct diagnosis *d,
                       enum mangling kind)
{
	struct arena *a = c->in->a;
	struct mending m;
	struct str what = STR_NONE;

	if (!find_mending(c, &m) || (m.kinds & -m.kinds) != kind)
		return false;
	d->is_cause = true; /* of whatever else is wrong with the value */
	rule_cite(d, c->seen->answer);
	d->fix = mend_fix(c, &m);
	for (size_t i = 0; i < LEN(manglings); i++) {
		if (!(m.kinds & manglings[i].kind))
			continue;
		what = arena_printf(a, "%.*s%s%s", STR_ARG(what),
		                    what.n ? ", and " : "", manglings[i].what);
		d->fix = arena_printf(a, "%.*s %.*s", STR_ARG(d->fix),
		                      STR_ARG(hint_for(c, i)));
	}
	d->message =
	        arena_printf(a, "At %.*s %.*s, so that receivers cannot use it: %.*s",
	                     STR_ARG(c->row->name), STR_ARG(what),
	                     STR_ARG(rule_excerpt(a, m.found)));
	return true;
}

bool rule_value_quoted(const struct rule_case *c, struct diagnosis *d)
{
	return is_mangled(c, d, MANGLING_QUOTES);
}

bool rule_value_smart_quotes(const struct rule_case *c, struct diagnosis *d)
{
	return is_mangled(c, d, MANGLING_SMART);
}

bool rule_value_escaped_semicolon(const struct rule_case *c, struct diagnosis *d)
{
	return is_mangled(c, d, MANGLING_ESCAPES);
}

bool rule_value_leading_space(const struct rule_case *c, struct diagnosis *d)
{
	return is_mangled(c, d, MANGLING_LEADING);
}

bool rule_value_whitespace(const struct rule_case *c, struct diagnosis *d)
{
	return is_mangled(c, d, MANGLING_BLANKS);
}
