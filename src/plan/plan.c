#include "plan/plan.h"

#include "base/ip.h"
#include "base/utf8.h"
#include "dns/name.h"
#include "plan/template.h"

/* The variables of Signet's own profiles, which any profile may be given. */
static const char *const common_variables[] = {
        "account",      "label",        "selector",    "selector2",     "dkim_key",
        "dkim_key2",    "mx1",          "mx2",         "spf",           "track_host",
        "track_target", "verify_token", "bounce_host", "bounce_target", "verify_target",
        "dkim_target1", "dkim_target2", "dmarc_rua",   "region",
};

/* One run of plan_make(). */
struct making {
	struct arena *a;
	const struct profile *profile;
	struct map values;  /* variables that have a value */
	struct map because; /* variables without: the one that their default lacks */
	struct err *err;
};

bool plan_set(struct plan_settings *settings, struct str assignment, struct err *err)
{
	struct arena *a = settings->given.arena;
	struct str value = assignment, name;
	struct str *entry = ARENA_NEW(a, struct str);

	if (str_find_char(assignment, '=') < 0)
		return err_set(err, ERR_USAGE, "--set %.*s: must be name=value",
		               STR_ARG(assignment));
	str_cut(&value, '=', &name);
	if (!template_is_name(name))
		return err_set(err, ERR_USAGE,
		               "--set %.*s: \"%.*s\" is no name for a variable",
		               STR_ARG(assignment), STR_ARG(name));
	if (map_find(&settings->given, name))
		return err_set(err, ERR_USAGE, "--set %.*s: given twice",
		               STR_ARG(name));
	*entry = arena_dup(a, value);
	map_set(&settings->given, name, entry);
	return true;
}

static bool unknown_setting(struct making *m, struct str name)
{
	struct str known = STR_NONE;

	for (size_t i = 0; i < m->profile->variable_count; i++)
		known = arena_printf(m->a, "%.*s%s%.*s", STR_ARG(known), i ? ", " : "",
		                     STR_ARG(m->profile->variables[i].name));
	return err_set(m->err, ERR_USAGE,
	               "--set %.*s: profile %.*s has no such variable; it has %.*s",
	               STR_ARG(name), STR_ARG(m->profile->id), STR_ARG(known));
}

static bool check_settings(struct making *m, const struct plan_settings *settings)
{
	for (size_t i = 0; i < settings->given.n; i++) {
		struct str name = settings->given.entries[i].key;
		size_t c = 0;

		if (profile_find(m->profile, name))
			continue;
		while (c < LEN(common_variables) &&
		       !str_eq(str_c(common_variables[c]), name))
			c++;
		if (c == LEN(common_variables))
			return unknown_setting(m, name);
	}
	return true;
}

static bool wrong_value(struct making *m, struct str name, const char *why)
{
	return err_set(m->err, ERR_USAGE, "--set %.*s: %s", STR_ARG(name), why);
}

/*
 * Whether a canonical name has only what a record of mail may have: letters, digits,
 * "-" and "_" (RFC 952, RFC 8552). Anything else is a slip of the hand.
 */
static bool is_plain(struct str name)
{
	for (size_t i = 0; i < name.n; i++)
		if (!char_is_alnum(name.p[i]) &&
		    str_find_char(STR("-_."), name.p[i]) < 0)
			return false;
	return true;
}

/* Drops the blanks that key data gets when it is copied out of a file. */
static struct str without_blanks(struct arena *a, struct str s)
{
	char *p = arena_alloc(a, s.n + 1);
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++)
		if (!char_is_blank(s.p[i]))
			p[n++] = s.p[i];
	return (struct str){p, n};
}

static bool is_base64(struct str s)
{
	while (s.n && s.p[s.n - 1] == '=')
		s.n--;
	for (size_t i = 0; i < s.n; i++)
		if (!char_is_alnum(s.p[i]) && s.p[i] != '+' && s.p[i] != '/')
			return false;
	return true;
}

/* Checks a given value by the variable's format and puts it into *value. */
static bool check_value(struct making *m, const struct profile_variable *v,
                        struct str given, struct str *value)
{
	struct str name;
	struct err why;

	*value = str_trim(given);
	if (given.n > PLAN_SETTING_MAX)
		return wrong_value(m, v->name, "longer than 2048 bytes");
	if (v->format == PROFILE_BASE64) {
		*value = without_blanks(m->a, given);
		if (!is_base64(*value))
			return wrong_value(m, v->name,
			                   "must be base64: the key alone, without PEM "
			                   "lines and tags");
	}
	if (!utf8_is_valid(*value) || !str_eq(*value, utf8_printable(m->a, *value)))
		return wrong_value(m, v->name, "control characters or no UTF-8");
	if (v->format == PROFILE_NAME && value->n) {
		if (!dns_name_parse(m->a, *value, &name, &why))
			return wrong_value(m, v->name, why.text);
		if (dns_name_is_root(name) || !is_plain(name))
			return wrong_value(m, v->name, "must be a host name");
		*value = name;
	}
	return true;
}

/* The template of a variable's default, or false where the choice is not there. */
static bool choose_default(struct making *m, const struct profile_variable *v,
                           struct str *text)
{
	const struct str *value = v->by.n ? map_find(&m->values, v->by) : NULL;
	struct str known = STR_NONE;

	*text = v->text;
	if (!value)
		return true;
	for (size_t i = 0; i < v->choice_count; i++) {
		*text = v->choices[i].text;
		if (str_eq(v->choices[i].value, *value))
			return true;
		known = arena_printf(m->a, "%.*s%s%.*s", STR_ARG(known), i ? ", " : "",
		                     STR_ARG(v->choices[i].value));
	}
	return err_set(m->err, ERR_USAGE,
	               "--set %.*s: \"%.*s\" is unknown to %.*s, which has %.*s",
	               STR_ARG(v->by), STR_ARG(*value), STR_ARG(m->profile->id),
	               STR_ARG(known));
}

static bool set_variable(struct making *m, const struct profile_variable *v,
                         const struct str *given)
{
	struct str *value = ARENA_NEW(m->a, struct str);
	struct str *lacking = ARENA_NEW(m->a, struct str);
	struct str text;

	if (given) {
		if (!check_value(m, v, *given, value))
			return false;
		if (value->n)
			map_set(&m->values, v->name, value);
		return true;
	}
	if (!v->has_default)
		return true;
	if (v->by.n && !map_find(&m->values, v->by)) {
		*lacking = v->by;
	} else {
		if (!choose_default(m, v, &text))
			return false;
		if (template_expand(m->a, text, &m->values, value, lacking)) {
			map_set(&m->values, v->name, value);
			return true;
		}
		if (!lacking->n)
			return wrong_value(m, v->name, "its default is too long");
	}
	map_set(&m->because, v->name, lacking);
	return true;
}

static bool missing_variable(struct making *m, struct str name)
{
	const struct str *lacking = map_find(&m->because, name);

	if (lacking)
		return err_set(m->err, ERR_USAGE,
		               "variable \"%.*s\" is not set: give --set %.*s=VALUE or "
		               "--set %.*s=VALUE",
		               STR_ARG(name), STR_ARG(name), STR_ARG(*lacking));
	return err_set(m->err, ERR_USAGE,
	               "variable \"%.*s\" is not set: give --set %.*s=VALUE",
	               STR_ARG(name), STR_ARG(name));
}

/* Fills one template of a record; `what` is "name" or "value". */
static bool expand(struct making *m, struct str text, const char *what, struct str *out)
{
	struct str missing;

	if (template_expand(m->a, text, &m->values, out, &missing))
		return true;
	if (missing.n)
		return missing_variable(m, missing);
	return err_set(m->err, ERR_USAGE, "%s %.*s: longer than %d bytes", what,
	               STR_ARG(text), TEMPLATE_OUT_MAX);
}

/* A canonical name out of a filled template. */
static bool make_name(struct making *m, struct str text, const char *what,
                      struct str *out)
{
	struct err why;

	if (!dns_name_parse(m->a, text, out, &why))
		return err_set(m->err, ERR_USAGE, "%s \"%.*s\": %s", what,
		               STR_ARG(text), why.text);
	if (dns_name_is_root(*out))
		return err_set(m->err, ERR_USAGE, "%s is empty", what);
	return is_plain(*out) ? true
	                      : err_set(m->err, ERR_USAGE,
	                                "%s \"%.*s\": not the name of a host", what,
	                                STR_ARG(text));
}

static bool check_txt(struct making *m, struct str text)
{
	for (size_t i = 0; i < text.n; i++)
		if (text.p[i] < ' ' || text.p[i] > '~')
			return err_set(m->err, ERR_USAGE,
			               "value \"%.*s\": must be ASCII text",
			               STR_ARG(text));
	return text.n ? true : err_set(m->err, ERR_USAGE, "value is empty");
}

static bool make_record(struct making *m, const struct profile_record *from,
                        struct str domain, struct plan_record *r)
{
	struct str name, value;

	*r = (struct plan_record){from->purpose,  from->type,     STR_NONE,
	                          STR_NONE,       from->priority, from->ttl,
	                          from->required, from->match,    0};
	if (!expand(m, from->name, "name", &name) ||
	    !expand(m, from->value, "value", &value) ||
	    !make_name(m, name, "name", &r->name))
		return false;
	if (!dns_name_is_within(r->name, domain))
		return err_set(m->err, ERR_USAGE, "name \"%.*s\" is not within %.*s",
		               STR_ARG(r->name), STR_ARG(domain));
	if (r->type != DNS_TXT)
		return make_name(m, value, "value", &r->value);
	r->value = value;
	return check_txt(m, value);
}

/* Puts a record behind those of its set and keeps out what contradicts another. */
static bool add_record(struct making *m, struct plan *plan, struct plan_record *r)
{
	r->set = plan->record_count;
	for (size_t i = 0; i < plan->record_count; i++) {
		const struct plan_record *other = &plan->records[i];

		if (!str_eq(other->name, r->name))
			continue;
		if (other->type == DNS_CNAME || r->type == DNS_CNAME)
			return err_set(
			        m->err, ERR_USAGE,
			        "%.*s: a CNAME cannot stand beside another record",
			        STR_ARG(r->name));
		if (other->type != r->type)
			continue;
		if (str_eq(other->value, r->value))
			return err_set(m->err, ERR_USAGE,
			               "%.*s %s: twice the same value",
			               STR_ARG(r->name), dns_type_name(r->type));
		if (r->set == plan->record_count)
			r->set = i;
	}
	plan->records[plan->record_count++] = *r;
	return true;
}

static bool make_records(struct making *m, struct plan *plan)
{
	for (size_t i = 0; i < m->profile->record_count; i++) {
		const struct profile_record *from = &m->profile->records[i];
		struct plan_record r;

		if (from->when.n && !map_find(&m->values, from->when))
			continue;
		if (!make_record(m, from, plan->domain, &r) || !add_record(m, plan, &r))
			return false;
	}
	return true;
}

bool plan_selector(struct arena *a, struct str text, struct str *out, struct err *err)
{
	if (!dns_name_parse(a, text, out, err))
		return false;
	return (is_plain(*out) && !dns_name_is_root(*out)) ||
	       err_set(err, ERR_USAGE, "\"%.*s\": not a DKIM selector", STR_ARG(*out));
}

bool plan_domain(struct arena *a, struct str text, struct str *out, struct err *err)
{
	struct ip ip;

	if (!dns_name_parse(a, text, out, err))
		return err_add(err, "domain");
	if (dns_name_is_root(*out))
		return err_set(err, ERR_USAGE, "domain: the root has no mail");
	if (!is_plain(*out) || ip_parse(*out, &ip))
		return err_set(err, ERR_USAGE, "domain: \"%.*s\": not a domain of mail",
		               STR_ARG(*out));
	return true;
}

bool plan_make(struct arena *a, const struct profile *profile, struct str domain,
               const struct plan_settings *settings, struct plan **out, struct err *err)
{
	struct making m = {a, profile, map_init(a), map_init(a), err};
	struct plan *plan = ARENA_NEW(a, struct plan);

	plan->profile = profile;
	plan->records = ARENA_ARRAY(a, struct plan_record, profile->record_count);
	if (!plan_domain(a, domain, &plan->domain, err))
		return false;
	map_set(&m.values, STR("domain"), &plan->domain);
	if (!check_settings(&m, settings))
		return false;
	for (size_t i = 0; i < profile->variable_count; i++) {
		const struct profile_variable *v = &profile->variables[i];

		if (!set_variable(&m, v, map_find(&settings->given, v->name)))
			return false;
	}
	if (!make_records(&m, plan))
		return false;
	*out = plan;
	return true;
}
