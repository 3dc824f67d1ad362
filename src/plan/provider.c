#include "plan/provider.h"

#include "dns/name.h"

static const struct provider generic = {
        .id = STR_INIT("generic"),
        .name = STR_INIT("your DNS provider"),
        .host = PROVIDER_HOST_RELATIVE,
        .apex = PROVIDER_APEX_AT,
        .target_dot = PROVIDER_DOT_OPTIONAL,
        .txt_quotes = PROVIDER_QUOTES_NEVER,
        .txt_split = PROVIDER_SPLIT_AUTOMATIC,
        .mx_below_apex = true,
        .underscores = true,
        .ttl = 3600,
        .ttl_label = STR_INIT("3600"),
        .field_type = STR_INIT("Type"),
        .field_name = STR_INIT("Name"),
        .field_value = STR_INIT("Value"),
        .field_priority = STR_INIT("Priority"),
        .guide = STR_INIT(
                "Most panels append the domain to the name by themselves. Where yours "
                "does not, type the name in full. If it has a proxy or CDN switch, "
                "turn "
                "it off for these records."),
};

const struct provider *provider_generic(void)
{
	return &generic;
}

/* One run of the parser over one provider. */
struct parse {
	struct arena *a;
	const json_t *object;
	const char *path;
	struct err *err;
};

static bool get_text(const struct parse *p, const char *name, struct str *out)
{
	if (!json_get_text(p->a, p->object, p->path, name, out, p->err))
		return false;
	return out->n ? true
	              : err_set(p->err, ERR_INPUT, "%s.%s: is empty", p->path, name);
}

static bool get_word(const struct parse *p, const char *name, const char *const *words,
                     size_t *out)
{
	return catalog_get_word(p->a, p->object, p->path, name, words, out, p->err);
}

static bool parse_host_rules(const struct parse *p, struct provider *v)
{
	static const char *const hosts[] = {"relative", "full", NULL};
	static const char *const apexes[] = {"@", "", "full", NULL};
	static const char *const dots[] = {"required", "never", "optional", NULL};
	size_t host, apex, dot;

	if (!get_word(p, "host", hosts, &host) || !get_word(p, "apex", apexes, &apex) ||
	    !get_word(p, "target_dot", dots, &dot) ||
	    !json_get_bool(p->object, p->path, "underscores", &v->underscores, p->err))
		return false;
	v->host = (enum provider_host)host;
	v->apex = (enum provider_apex)apex;
	v->target_dot = (enum provider_dot)dot;
	return true;
}

static bool parse_txt_rules(const struct parse *p, struct provider *v)
{
	static const char *const quotes[] = {"never", "required", "optional", NULL};
	static const char *const semicolons[] = {"plain", "escaped", NULL};
	static const char *const splits[] = {"automatic", "manual", "none", NULL};
	size_t quote, semicolon, split;
	int64_t max = 0;

	if (!get_word(p, "txt_quotes", quotes, &quote) ||
	    !get_word(p, "txt_semicolon", semicolons, &semicolon) ||
	    !get_word(p, "txt_split", splits, &split))
		return false;
	if (json_has(p->object, "txt_max") &&
	    !json_get_int(p->object, p->path, "txt_max", &max, p->err))
		return false;
	if (max < 0 || max > 65535)
		return err_set(p->err, ERR_INPUT, "%s.txt_max: must be from 1 to 65535",
		               p->path);
	v->txt_quotes = (enum provider_quotes)quote;
	v->txt_semicolon_escaped = semicolon == 1;
	v->txt_split = (enum provider_split)split;
	v->txt_max = (size_t)max;
	return true;
}

static bool parse_mx_rules(const struct parse *p, struct provider *v)
{
	static const char *const forms[] = {"rows", "one_field", NULL};
	static const char *const priorities[] = {"field", "value", NULL};
	size_t form, priority;

	if (!get_word(p, "mx", forms, &form) ||
	    !get_word(p, "mx_priority", priorities, &priority) ||
	    !json_get_bool(p->object, p->path, "mx_below_apex", &v->mx_below_apex,
	                   p->err))
		return false;
	v->mx_one_field = form == 1;
	v->mx_priority_in_value = priority == 1;
	if (v->mx_one_field && !v->mx_priority_in_value)
		return err_set(
		        p->err, ERR_INPUT,
		        "%s.mx_priority: must be \"value\" with one field for all",
		        p->path);
	return true;
}

/* The objects within a provider: proxy, ttl, fields. */
static bool parse_parts(const struct parse *p, struct provider *v)
{
	static const char *const proxy_members[] = {"field", "off", NULL};
	static const char *const ttl_members[] = {"seconds", "label", NULL};
	static const char *const field_members[] = {"type", "name", "value", "priority",
	                                            NULL};
	struct parse part = *p;
	json_t *object;
	int64_t ttl;

	if (json_has(p->object, "proxy")) {
		part.object = json_object_get(p->object, "proxy");
		part.path = arena_printf(p->a, "%s.proxy", p->path).p;
		if (!json_check_members(part.object, part.path, proxy_members,
		                        p->err) ||
		    !get_text(&part, "field", &v->proxy_field) ||
		    !get_text(&part, "off", &v->proxy_off))
			return false;
	}
	if (!json_get_object(p->object, p->path, "ttl", &object, p->err))
		return false;
	part = (struct parse){p->a, object, arena_printf(p->a, "%s.ttl", p->path).p,
	                      p->err};
	if (!json_check_members(object, part.path, ttl_members, p->err) ||
	    !json_get_int(object, part.path, "seconds", &ttl, p->err) ||
	    !get_text(&part, "label", &v->ttl_label))
		return false;
	if (ttl < 1 || ttl > INT32_MAX)
		return err_set(p->err, ERR_INPUT, "%s.seconds: out of range",
		               part.path);
	v->ttl = (uint32_t)ttl;
	if (!json_get_object(p->object, p->path, "fields", &object, p->err))
		return false;
	part.object = object;
	part.path = arena_printf(p->a, "%s.fields", p->path).p;
	return json_check_members(object, part.path, field_members, p->err) &&
	       get_text(&part, "type", &v->field_type) &&
	       get_text(&part, "name", &v->field_name) &&
	       get_text(&part, "value", &v->field_value) &&
	       get_text(&part, "priority", &v->field_priority);
}

static bool parse_provider(const struct parse *p, struct provider *v)
{
	static const char *const members[] = {"id",
	                                      "name",
	                                      "aliases",
	                                      "ns",
	                                      "soa",
	                                      "host",
	                                      "apex",
	                                      "target_dot",
	                                      "txt_quotes",
	                                      "txt_semicolon",
	                                      "txt_max",
	                                      "txt_split",
	                                      "mx",
	                                      "mx_priority",
	                                      "mx_below_apex",
	                                      "underscores",
	                                      "proxy",
	                                      "ttl",
	                                      "panel_url",
	                                      "fields",
	                                      "guide",
	                                      NULL};

	if (!json_check_members(p->object, p->path, members, p->err) ||
	    !get_text(p, "id", &v->id) || !get_text(p, "name", &v->name) ||
	    !pattern_parse(p->a, p->object, p->path, "aliases", &v->aliases, p->err) ||
	    !pattern_parse(p->a, p->object, p->path, "ns", &v->ns, p->err) ||
	    !pattern_parse(p->a, p->object, p->path, "soa", &v->soa, p->err) ||
	    !parse_host_rules(p, v) || !parse_txt_rules(p, v) ||
	    !parse_mx_rules(p, v) || !parse_parts(p, v) ||
	    !get_text(p, "guide", &v->guide))
		return false;
	return !json_has(p->object, "panel_url") ||
	       json_get_text(p->a, p->object, p->path, "panel_url", &v->panel_url,
	                     p->err);
}

bool providers_parse(struct arena *a, struct str text, struct providers *out,
                     struct err *err)
{
	AUTO_JSON json_t *root = NULL;

	if (!catalog_parse(text, &root, err))
		return err_add(err, "providers");
	out->n = json_array_size(root);
	out->v = ARENA_ARRAY(a, struct provider, out->n);
	for (size_t i = 0; i < out->n; i++) {
		struct parse p = {a, json_array_get(root, i),
		                  arena_printf(a, "$[%zu]", i).p, err};

		if (!parse_provider(&p, &out->v[i]))
			return err_add(err, "providers");
	}
	return true;
}

static bool has_name(const struct provider *p, struct str name)
{
	if (str_eq_nocase(p->id, name) || str_eq_nocase(p->name, name))
		return true;
	for (size_t i = 0; i < p->aliases.n; i++)
		if (str_eq_nocase(p->aliases.v[i], name))
			return true;
	return false;
}

const struct provider *provider_find(const struct providers *list, struct str name)
{
	for (size_t i = 0; i < list->n; i++)
		if (has_name(&list->v[i], name))
			return &list->v[i];
	return str_eq_nocase(name, generic.id) ? &generic : NULL;
}

/* The provider whose pattern fits the name closest, or NULL. */
static const struct provider *owner(const struct providers *list, struct str name,
                                    bool by_soa)
{
	const struct provider *best = NULL;
	size_t best_n = 0;

	for (size_t i = 0; i < list->n; i++) {
		const struct provider *p = &list->v[i];
		struct str pattern = pattern_find(by_soa ? &p->soa : &p->ns, name);

		if (pattern.n > best_n) {
			best = p;
			best_n = pattern.n;
		}
	}
	return best;
}

static struct provider_match vote(struct arena *a, const struct providers *list,
                                  const struct patterns *names, bool by_soa)
{
	struct provider_match match = {&generic, STR_NONE, NULL};
	const struct provider **owners =
	        ARENA_ARRAY(a, const struct provider *, names->n + 1);
	size_t most = 0;

	for (size_t i = 0; i < names->n; i++) {
		size_t votes = 0;

		owners[i] = owner(list, names->v[i], by_soa);
		for (size_t j = 0; owners[i] && j <= i; j++)
			votes += owners[j] == owners[i];
		if (votes > most) {
			most = votes;
			match.provider = owners[i];
		}
	}
	for (size_t i = 0; i < names->n; i++) {
		if (!owners[i])
			continue;
		if (owners[i] != match.provider)
			match.other = owners[i];
		else if (!match.evidence.n)
			match.evidence =
			        arena_printf(a, "%s %.*s", by_soa ? "SOA" : "NS",
			                     STR_ARG(names->v[i]));
	}
	return match;
}

struct provider_match provider_recognise(struct arena *a, const struct providers *list,
                                         const struct patterns *ns,
                                         const struct patterns *soa)
{
	struct provider_match by_ns = vote(a, list, ns, false);
	struct provider_match by_soa = vote(a, list, soa, true);

	if (by_ns.provider == &generic)
		return by_soa;
	return by_soa.provider->ns.n == 0 && by_soa.evidence.n ? by_soa : by_ns;
}
