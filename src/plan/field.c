#include "plan/field.h"

#include "base/buf.h"
#include "dns/name.h"
#include "plan/plan.h"

enum {
	TXT_STRING_MAX = 255,       /* RFC 1035 §3.3 */
	FIELD_TEXT_MAX = 64 * 1024, /* a sentence or a field */
};

struct field_record field_of_plan(const struct plan_record *r)
{
	return (struct field_record){r->type, r->name, r->value, r->priority};
}

static bool is_generic(const struct provider *p)
{
	return p == provider_generic();
}

struct str field_at(struct arena *a, const struct provider *provider)
{
	return arena_printf(a, is_generic(provider) ? "At %.*s" : "In %.*s",
	                    STR_ARG(provider->name));
}

struct str field_where(struct arena *a, const struct provider *provider)
{
	return arena_printf(
	        a, is_generic(provider) ? "In %.*s's panel" : "In %.*s's DNS panel",
	        STR_ARG(provider->name));
}

struct str field_panel_url(struct arena *a, const struct field_place *at)
{
	struct str url = at->provider->panel_url;
	struct str mark = STR("{domain}");
	ptrdiff_t found = str_find(url, mark);

	if (found < 0)
		return url;
	return arena_printf(a, "%.*s%.*s%.*s", (int)found, url.p, STR_ARG(at->zone),
	                    STR_ARG(str_from(url, (size_t)found + mark.n)));
}

struct str field_host(struct arena *a, const struct field_place *at, struct str name)
{
	const struct provider *p = at->provider;

	if (str_eq(name, at->zone)) {
		if (p->apex == PROVIDER_APEX_AT)
			return STR("@");
		return p->apex == PROVIDER_APEX_EMPTY ? STR_NONE : name;
	}
	if (p->host == PROVIDER_HOST_FULL || !dns_name_is_within(name, at->zone))
		return name;
	return arena_dup(a, dns_name_host(name, at->zone));
}

/* Whether the text goes in as several quoted strings of at most 255 bytes. */
static bool is_split(const struct provider *p, struct str text)
{
	size_t max = p->txt_max ? p->txt_max : TXT_STRING_MAX;

	return p->txt_split == PROVIDER_SPLIT_MANUAL && text.n > max;
}

/* One string of a TXT record; a quote or backslash in a quoted string is escaped. */
static void add_string(struct buf *b, const struct provider *p, struct str s,
                       bool quoted)
{
	if (quoted)
		buf_add_char(b, '"');
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];

		if ((quoted && (c == '"' || c == '\\')) ||
		    (c == ';' && p->txt_semicolon_escaped))
			buf_add_char(b, '\\');
		buf_add_char(b, c);
	}
	if (quoted)
		buf_add_char(b, '"');
}

static void add_txt(struct buf *b, const struct provider *p, struct str text)
{
	if (!is_split(p, text)) {
		add_string(b, p, text, p->txt_quotes == PROVIDER_QUOTES_REQUIRED);
		return;
	}
	for (size_t from = 0; from < text.n; from += TXT_STRING_MAX) {
		if (from)
			buf_add_char(b, ' ');
		add_string(b, p, str_slice(text, from, TXT_STRING_MAX), true);
	}
}

static bool has_target(enum dns_type type)
{
	return type == DNS_CNAME || type == DNS_MX || type == DNS_NS || type == DNS_PTR;
}

bool field_has_priority(const struct field_place *at, enum dns_type type)
{
	return type == DNS_MX && !at->provider->mx_priority_in_value;
}

static void add_value(struct buf *b, const struct field_place *at,
                      const struct field_record *r)
{
	if (r->type == DNS_TXT || r->type == DNS_SPF) {
		add_txt(b, at->provider, r->value);
		return;
	}
	if (r->type == DNS_MX && r->priority >= 0 && at->provider->mx_priority_in_value)
		buf_printf(b, "%d ", r->priority);
	buf_add(b, r->value);
	if (has_target(r->type) && at->provider->target_dot == PROVIDER_DOT_REQUIRED)
		buf_add_char(b, '.');
}

struct str field_values(struct arena *a, const struct field_place *at,
                        const struct field_record *records, size_t n)
{
	AUTO(buf) b = {.max = FIELD_TEXT_MAX};

	for (size_t i = 0; i < n; i++) {
		if (i)
			buf_add_char(&b, '\n');
		add_value(&b, at, &records[i]);
	}
	return arena_dup(a, buf_str(&b));
}

struct str field_value(struct arena *a, const struct field_place *at,
                       const struct field_record *r)
{
	return field_values(a, at, r, 1);
}

struct str field_ttl(struct arena *a, const struct field_place *at, uint32_t ttl)
{
	if (is_generic(at->provider))
		return arena_printf(a, "%u", ttl);
	return at->provider->ttl_label;
}

/* "a TXT", "an MX": by how the letters are spoken. */
static const char *article(enum dns_type type)
{
	const char *name = dns_type_name(type);
	bool vowel = str_find_char(STR("AMNS"), name[0]) >= 0;

	return vowel ? "an" : "a";
}

/* The value between quotes; one that has its own is said to keep them. */
static void quote(struct buf *b, struct str value)
{
	if (str_starts(value, STR("\"")))
		buf_printf(b, "%.*s (with the quotes)", STR_ARG(value));
	else
		buf_printf(b, "\"%.*s\"", STR_ARG(value));
}

/* `"sg42"`, or for the zone itself what stands for it. */
static void add_record_name(struct buf *b, struct arena *a,
                            const struct field_place *at, struct str name)
{
	struct str host = field_host(a, at, name);

	quote(b, host.n ? host : name);
}

/* ": enter "sg42" in Name, …" up to where the value comes. */
static void begin_entry(struct buf *b, struct arena *a, const struct field_place *at,
                        const struct field_record *r)
{
	const struct provider *p = at->provider;
	struct str host = field_host(a, at, r->name);
	struct str begin = field_at(a, p);

	buf_printf(b, "%.*s, add %s %s record: ", STR_ARG(begin), article(r->type),
	           dns_type_name(r->type));
	if (host.n) {
		buf_add(b, STR("enter "));
		quote(b, host);
		buf_printf(b, " in %.*s", STR_ARG(p->field_name));
	} else {
		buf_printf(b, "leave %.*s empty", STR_ARG(p->field_name));
	}
	if (field_has_priority(at, r->type))
		buf_add(b, host.n ? STR(", ") : STR(", enter "));
	else
		buf_add(b, host.n ? STR(" and ") : STR(" and enter "));
}

/* The switch that has to be off, as the last sentence. */
static void end_entry(struct buf *b, const struct provider *p, enum dns_type type)
{
	buf_add_char(b, '.');
	if (type == DNS_CNAME && p->proxy_field.n)
		buf_printf(b, " Set %.*s to %.*s.", STR_ARG(p->proxy_field),
		           STR_ARG(p->proxy_off));
}

static void add_entry(struct buf *b, struct arena *a, const struct field_place *at,
                      const struct field_record *r)
{
	const struct provider *p = at->provider;

	begin_entry(b, a, at, r);
	quote(b, field_value(a, at, r));
	buf_printf(b, " in %.*s", STR_ARG(p->field_value));
	if (field_has_priority(at, r->type))
		buf_printf(b, " and %d in %.*s", r->priority,
		           STR_ARG(p->field_priority));
	end_entry(b, p, r->type);
}

struct str field_instruction(struct arena *a, const struct field_place *at,
                             const struct field_record *r)
{
	return field_set_instruction(a, at, r, 1);
}

struct str field_set_instruction(struct arena *a, const struct field_place *at,
                                 const struct field_record *records, size_t n)
{
	AUTO(buf) b = {.max = FIELD_TEXT_MAX};
	const struct provider *p = at->provider;

	if (n > 1 && records[0].type == DNS_MX && p->mx_one_field) {
		begin_entry(&b, a, at, &records[0]);
		buf_printf(&b, "these lines in %.*s: ", STR_ARG(p->field_value));
		for (size_t i = 0; i < n; i++) {
			if (i)
				buf_add(&b, i + 1 < n ? STR(", ") : STR(" and "));
			quote(&b, field_value(a, at, &records[i]));
		}
		end_entry(&b, p, DNS_MX);
	} else {
		for (size_t i = 0; i < n; i++) {
			if (i)
				buf_add_char(&b, ' ');
			add_entry(&b, a, at, &records[i]);
		}
	}
	return arena_dup(a, buf_str(&b));
}

/* "In GoDaddy, change the TXT record "sg42"" */
static void begin_existing(struct buf *b, struct arena *a, const struct field_place *at,
                           const struct field_record *r, const char *verb)
{
	struct str begin = field_at(a, at->provider);

	buf_printf(b, "%.*s, %s the %s record ", STR_ARG(begin), verb,
	           dns_type_name(r->type));
	add_record_name(b, a, at, r->name);
}

struct str field_change_instruction(struct arena *a, const struct field_place *at,
                                    const struct field_record *r)
{
	AUTO(buf) b = {.max = FIELD_TEXT_MAX};
	const struct provider *p = at->provider;

	begin_existing(&b, a, at, r, "change");
	buf_printf(&b, ": %.*s must be ", STR_ARG(p->field_value));
	quote(&b, field_value(a, at, r));
	if (field_has_priority(at, r->type))
		buf_printf(&b, " and %.*s %d", STR_ARG(p->field_priority), r->priority);
	end_entry(&b, p, r->type);
	return arena_dup(a, buf_str(&b));
}

struct str field_delete_instruction(struct arena *a, const struct field_place *at,
                                    const struct field_record *r)
{
	AUTO(buf) b = {.max = FIELD_TEXT_MAX};

	begin_existing(&b, a, at, r, "delete");
	if (r->value.n) {
		buf_add(&b, STR(" with the value "));
		quote(&b, r->value);
	}
	buf_add_char(&b, '.');
	return arena_dup(a, buf_str(&b));
}

static void note(struct arena *a, struct field_notes *notes, enum field_note_kind kind,
                 bool is_obstacle, struct str text)
{
	*ARRAY_ADD(notes, a) = (struct field_note){kind, is_obstacle, text};
}

static struct str too_long(struct arena *a, const struct provider *p,
                           const struct field_record *r)
{
	bool is_key = str_find_nocase(r->value, STR("p=")) >= 0 &&
	              str_find_nocase(r->name, STR("_domainkey")) >= 0;

	return arena_printf(
	        a,
	        "%.*s takes texts of at most %zu characters and this one has "
	        "%zu. %s",
	        STR_ARG(p->name), p->txt_max, r->value.n,
	        is_key ? "Use a layout that delegates the key by a CNAME, or "
	                 "an Ed25519 key, which is short."
	               : "Shorten it, or move the domain's DNS to another "
	                 "provider.");
}

void field_add_notes(struct arena *a, const struct field_place *at,
                     const struct field_record *r, struct field_notes *notes)
{
	const struct provider *p = at->provider;
	struct str host = field_host(a, at, r->name);

	if (r->type == DNS_MX && !p->mx_below_apex && !str_eq(r->name, at->zone))
		note(a, notes, FIELD_NOTE_MX_BELOW_APEX, true,
		     arena_printf(
		             a,
		             "%.*s takes MX records only for the domain itself, not "
		             "for \"%.*s\". Move the domain's DNS to another "
		             "provider (the website can stay), or use a layout "
		             "without MX records.",
		             STR_ARG(p->name), STR_ARG(host)));
	if (!p->underscores && str_find_char(host, '_') >= 0)
		note(a, notes, FIELD_NOTE_UNDERSCORE, true,
		     arena_printf(
		             a,
		             "%.*s refuses underscores in names. Ask its support to "
		             "add \"%.*s\" by hand, or move the domain's DNS to "
		             "another provider.",
		             STR_ARG(p->name), STR_ARG(host)));
	if (r->type == DNS_TXT && p->txt_split == PROVIDER_SPLIT_NONE && p->txt_max &&
	    r->value.n > p->txt_max)
		note(a, notes, FIELD_NOTE_TXT_TOO_LONG, true, too_long(a, p, r));
	if (r->type == DNS_CNAME && p->proxy_field.n)
		note(a, notes, FIELD_NOTE_PROXY, false,
		     arena_printf(a, "Set %.*s to %.*s for every CNAME.",
		                  STR_ARG(p->proxy_field), STR_ARG(p->proxy_off)));
}
