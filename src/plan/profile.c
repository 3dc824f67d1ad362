#include "plan/profile.h"

#include "base/json.h"
#include "base/utf8.h"
#include "plan/template.h"

#define MINUTE_MS ((int64_t)60 * 1000)
#define HOUR_MS   (60 * MINUTE_MS)

static const char *const purpose_names[] = {
#define X(name, text) text,
        PLAN_PURPOSES(X)
#undef X
};

static const char *const match_names[] = {
#define X(name, text) text,
        PLAN_MATCHES(X)
#undef X
};

static const char *const format_names[] = {"text", "base64", "name"};

/* Which comparison fits which type. */
static const struct {
	enum dns_type type;
	enum plan_match match;
} fits[] = {
        {DNS_TXT,   PLAN_MATCH_DKIM_KEY             },
        {DNS_TXT,   PLAN_MATCH_SPF_AUTHORIZES       },
        {DNS_TXT,   PLAN_MATCH_DMARC_POLICY         },
        {DNS_TXT,   PLAN_MATCH_EXACT                },
        {DNS_CNAME, PLAN_MATCH_CNAME_OR_SAME_ADDRESS},
        {DNS_CNAME, PLAN_MATCH_EXACT                },
        {DNS_MX,    PLAN_MATCH_MX_SET               },
        {DNS_MX,    PLAN_MATCH_EXACT                },
};

/* One run of the parser: where it is and which variables are known so far. */
struct parse {
	struct arena *a;
	struct profile *profile;
	struct map known;
	struct err *err;
};

const char *plan_purpose_name(enum plan_purpose purpose)
{
	return purpose_names[purpose];
}

const char *plan_match_name(enum plan_match match)
{
	return match_names[match];
}

const struct profile_variable *profile_find(const struct profile *p, struct str name)
{
	for (size_t i = 0; i < p->variable_count; i++)
		if (str_eq(p->variables[i].name, name))
			return &p->variables[i];
	return NULL;
}

/* A text without control characters, not empty, of at most TEMPLATE_MAX bytes. */
static bool get_text(struct parse *p, const json_t *object, const char *path,
                     const char *name, struct str *out)
{
	if (!json_get_text(p->a, object, path, name, out, p->err))
		return false;
	if (out->n == 0)
		return err_set(p->err, ERR_INPUT, "%s.%s: is empty", path, name);
	if (out->n > TEMPLATE_MAX)
		return err_set(p->err, ERR_INPUT, "%s.%s: longer than %d bytes", path,
		               name, TEMPLATE_MAX);
	if (!str_eq(*out, utf8_printable(p->a, *out)))
		return err_set(p->err, ERR_INPUT, "%s.%s: control characters", path,
		               name);
	return true;
}

static bool get_word(struct parse *p, const json_t *object, const char *path,
                     const char *name, const char *const *words, size_t count,
                     size_t *out)
{
	struct str word;

	if (!get_text(p, object, path, name, &word))
		return false;
	for (*out = 0; *out < count; ++*out)
		if (str_eq(str_c(words[*out]), word))
			return true;
	return err_set(p->err, ERR_INPUT, "%s.%s: unknown %s \"%.*s\"", path, name,
	               name, STR_ARG(word));
}

static bool get_number(struct parse *p, const json_t *object, const char *path,
                       const char *name, int64_t least, int64_t most, int64_t *out)
{
	if (!json_get_int(object, path, name, out, p->err))
		return false;
	if (*out < least || *out > most)
		return err_set(p->err, ERR_INPUT, "%s.%s: must be from %lld to %lld",
		               path, name, (long long)least, (long long)most);
	return true;
}

/* An array of `least` to `most` elements. */
static bool get_list(struct parse *p, const json_t *object, const char *path,
                     const char *name, size_t least, size_t most, json_t **out)
{
	size_t n;

	if (!json_get_array(object, path, name, out, p->err))
		return false;
	n = json_array_size(*out);
	if (n < least || n > most)
		return err_set(p->err, ERR_INPUT,
		               "%s.%s: must have from %zu to %zu elements, not %zu",
		               path, name, least, most, n);
	return true;
}

static bool get_template(struct parse *p, const json_t *object, const char *path,
                         const char *name, struct str *out)
{
	if (!get_text(p, object, path, name, out))
		return false;
	if (!template_check(*out, &p->known, p->err))
		return err_add(p->err, "%s.%s", path, name);
	return true;
}

/* {"by": "region", "values": {"us": "…", "eu": "…"}} */
static bool parse_choices(struct parse *p, const json_t *object, const char *path,
                          struct profile_variable *v)
{
	static const char *const members[] = {"by", "values", NULL};
	const char *values_path = arena_printf(p->a, "%s.values", path).p;
	json_t *values, *value;
	const char *key;

	if (!json_check_members(object, path, members, p->err) ||
	    !get_text(p, object, path, "by", &v->by) ||
	    !json_get_object(object, path, "values", &values, p->err))
		return false;
	if (!profile_find(p->profile, v->by))
		return err_set(p->err, ERR_INPUT, "%s.by: unknown variable {%.*s}",
		               path, STR_ARG(v->by));
	v->choice_count = json_object_size(values);
	if (v->choice_count == 0 || v->choice_count > PROFILE_VARIABLES_MAX)
		return err_set(p->err, ERR_INPUT, "%s: must have from 1 to %d members",
		               values_path, PROFILE_VARIABLES_MAX);
	v->choices = ARENA_ARRAY(p->a, struct profile_choice, v->choice_count);
	v->choice_count = 0;
	json_object_foreach(values, key, value)
	{
		struct profile_choice *choice = &v->choices[v->choice_count++];

		choice->value = arena_dup(p->a, str_c(key));
		if (!get_template(p, values, values_path, choice->value.p,
		                  &choice->text))
			return false;
	}
	return true;
}

static bool parse_variable(struct parse *p, const json_t *object, const char *path)
{
	static const char *const members[] = {"name", "default", "format", "help",
	                                      NULL};
	struct profile_variable v = {.format = PROFILE_TEXT};
	json_t *by_default = json_object_get(object, "default");
	size_t format = PROFILE_TEXT;

	if (!json_check_members(object, path, members, p->err) ||
	    !get_text(p, object, path, "name", &v.name) ||
	    !get_text(p, object, path, "help", &v.help))
		return false;
	if (!template_is_name(v.name))
		return err_set(p->err, ERR_INPUT,
		               "%s.name: \"%.*s\" is no name for a variable", path,
		               STR_ARG(v.name));
	if (map_find(&p->known, v.name))
		return err_set(p->err, ERR_INPUT, "%s.name: \"%.*s\" stands twice",
		               path, STR_ARG(v.name));
	if (json_has(object, "format") &&
	    !get_word(p, object, path, "format", format_names, LEN(format_names),
	              &format))
		return false;
	v.format = (enum profile_format)format;
	if (!by_default)
		return err_set(p->err, ERR_INPUT, "%s.default: missing", path);
	v.has_default = !json_is_null(by_default);
	if (json_is_object(by_default)) {
		if (!parse_choices(p, by_default,
		                   arena_printf(p->a, "%s.default", path).p, &v))
			return false;
	} else if (v.has_default &&
	           !get_template(p, object, path, "default", &v.text)) {
		return false;
	}
	p->profile->variables[p->profile->variable_count++] = v;
	map_set(&p->known, v.name, p->profile);
	return true;
}

static bool parse_type(struct parse *p, const json_t *object, const char *path,
                       struct profile_record *r)
{
	struct str word;
	size_t i;

	if (!get_text(p, object, path, "type", &word))
		return false;
	if (!dns_type_parse(word, &r->type))
		return err_set(p->err, ERR_INPUT, "%s.type: unknown type \"%.*s\"",
		               path, STR_ARG(word));
	for (i = 0; i < LEN(fits) && fits[i].type != r->type; i++)
		;
	if (i == LEN(fits))
		return err_set(
		        p->err, ERR_INPUT,
		        "%s.type: %.*s cannot be in a profile, only TXT, CNAME, MX",
		        path, STR_ARG(word));
	for (i = 0; i < LEN(fits); i++)
		if (fits[i].type == r->type && fits[i].match == r->match)
			return true;
	return err_set(p->err, ERR_INPUT, "%s.match: \"%s\" does not fit type %s", path,
	               match_names[r->match], dns_type_name(r->type));
}

/* The members that may be left out: priority of an MX, `when`. */
static bool parse_conditions(struct parse *p, const json_t *object, const char *path,
                             struct profile_record *r)
{
	int64_t priority = -1;

	if (r->type == DNS_MX) {
		if (!get_number(p, object, path, "priority", 0, 65535, &priority))
			return false;
	} else if (json_has(object, "priority")) {
		return err_set(p->err, ERR_INPUT, "%s.priority: only an MX has one",
		               path);
	}
	r->priority = (int32_t)priority;
	if (!json_has(object, "when"))
		return true;
	if (!get_text(p, object, path, "when", &r->when))
		return false;
	if (!profile_find(p->profile, r->when))
		return err_set(p->err, ERR_INPUT, "%s.when: unknown variable {%.*s}",
		               path, STR_ARG(r->when));
	return true;
}

static bool parse_record(struct parse *p, const json_t *object, const char *path)
{
	static const char *const members[] = {"purpose",  "type", "name",     "value",
	                                      "priority", "ttl",  "required", "match",
	                                      "when",     NULL};
	struct profile_record r = {0};
	size_t purpose, match;
	int64_t ttl;

	if (!json_check_members(object, path, members, p->err) ||
	    !get_word(p, object, path, "purpose", purpose_names, LEN(purpose_names),
	              &purpose) ||
	    !get_word(p, object, path, "match", match_names, LEN(match_names), &match))
		return false;
	r.purpose = (enum plan_purpose)purpose;
	r.match = (enum plan_match)match;
	if (!parse_type(p, object, path, &r) ||
	    !get_template(p, object, path, "name", &r.name) ||
	    !get_template(p, object, path, "value", &r.value) ||
	    !get_number(p, object, path, "ttl", PROFILE_TTL_MIN, PROFILE_TTL_MAX,
	                &ttl) ||
	    !json_get_bool(object, path, "required", &r.required, p->err))
		return false;
	r.ttl = (uint32_t)ttl;
	if (!str_eq(r.name, STR("{domain}")) && !str_ends(r.name, STR(".{domain}")))
		return err_set(p->err, ERR_INPUT,
		               "%s.name: must be {domain} or end with .{domain}", path);
	if (!parse_conditions(p, object, path, &r))
		return false;
	p->profile->records[p->profile->record_count++] = r;
	return true;
}

static bool parse_checks(struct parse *p, const json_t *object, const char *path,
                         struct profile_timings *t)
{
	json_t *list;

	if (!get_list(p, object, path, "check_minutes", 0, PROFILE_CHECKS_MAX, &list))
		return false;
	t->check_count = json_array_size(list);
	for (size_t i = 0; i < t->check_count; i++) {
		const json_t *element = json_array_get(list, i);
		json_int_t minutes = json_integer_value(element);

		if (!json_is_integer(element) || minutes < 1 || minutes > 60 * 24 * 30)
			return err_set(p->err, ERR_INPUT,
			               "%s.check_minutes[%zu]: must be from 1 to 43200",
			               path, i);
		t->check_after_ms[i] = minutes * MINUTE_MS;
		if (i && t->check_after_ms[i] <= t->check_after_ms[i - 1])
			return err_set(p->err, ERR_INPUT,
			               "%s.check_minutes[%zu]: must be later than the "
			               "one before",
			               path, i);
	}
	return true;
}

static bool parse_timings(struct parse *p, const json_t *root)
{
	static const char *const members[] = {"fail_after_hours", "grace_hours",
	                                      "check_minutes", "check_every_minutes",
	                                      NULL};
	static const struct profile_timings usual = {
	        .fail_after_ms = 72 * HOUR_MS,
	        .grace_ms = 24 * HOUR_MS,
	        .check_after_ms = {MINUTE_MS, 2 * MINUTE_MS, 5 * MINUTE_MS,
	                           10 * MINUTE_MS, 15 * MINUTE_MS, 30 * MINUTE_MS},
	        .check_count = 6,
	        .check_every_ms = HOUR_MS,
	};
	struct profile_timings *t = &p->profile->timings;
	const json_t *object = json_object_get(root, "timings");
	int64_t fail, grace, every;

	*t = usual;
	if (!object)
		return true;
	if (!json_check_members(object, "$.timings", members, p->err) ||
	    !get_number(p, object, "$.timings", "fail_after_hours", 1, 8760, &fail) ||
	    !get_number(p, object, "$.timings", "grace_hours", 0, 8760, &grace) ||
	    !get_number(p, object, "$.timings", "check_every_minutes", 1, 43200,
	                &every) ||
	    !parse_checks(p, object, "$.timings", t))
		return false;
	t->fail_after_ms = fail * HOUR_MS;
	t->grace_ms = grace * HOUR_MS;
	t->check_every_ms = every * MINUTE_MS;
	return true;
}

static bool parse_root(struct parse *p, const json_t *root)
{
	static const char *const members[] = {
	        "id", "name", "summary", "variables", "records", "timings", NULL};
	struct profile *profile = p->profile;
	json_t *variables, *records;

	if (!json_check_members(root, "$", members, p->err) ||
	    !get_text(p, root, "$", "id", &profile->id) ||
	    !get_text(p, root, "$", "name", &profile->name) ||
	    !get_text(p, root, "$", "summary", &profile->summary) ||
	    !get_list(p, root, "$", "variables", 0, PROFILE_VARIABLES_MAX,
	              &variables) ||
	    !get_list(p, root, "$", "records", 1, PROFILE_RECORDS_MAX, &records))
		return false;
	if (!template_is_name(profile->id))
		return err_set(p->err, ERR_INPUT, "$.id: \"%.*s\" is no name",
		               STR_ARG(profile->id));
	profile->variables = ARENA_ARRAY(p->a, struct profile_variable,
	                                 json_array_size(variables) + 1);
	profile->records =
	        ARENA_ARRAY(p->a, struct profile_record, json_array_size(records));
	for (size_t i = 0; i < json_array_size(variables); i++)
		if (!parse_variable(p, json_array_get(variables, i),
		                    arena_printf(p->a, "$.variables[%zu]", i).p))
			return false;
	for (size_t i = 0; i < json_array_size(records); i++)
		if (!parse_record(p, json_array_get(records, i),
		                  arena_printf(p->a, "$.records[%zu]", i).p))
			return false;
	return parse_timings(p, root);
}

bool profile_parse(struct arena *a, struct str source, struct str text,
                   struct profile **out, struct err *err)
{
	struct parse p = {a, ARENA_NEW(a, struct profile), map_init(a), err};
	AUTO_JSON json_t *root = NULL;

	map_set(&p.known, STR("domain"), p.profile);
	if (text.n > PROFILE_TEXT_MAX)
		err_set(err, ERR_INPUT, "longer than %d bytes", PROFILE_TEXT_MAX);
	else if (json_parse(text, &root, err) && parse_root(&p, root)) {
		*out = p.profile;
		return true;
	}
	return err_add(err, "profile %.*s", STR_ARG(source));
}
