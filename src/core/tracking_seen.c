#include "core/tracking_seen.h"

#include "base/clock.h"
#include "base/json.h"

#define DAY_MS (INT64_C(24) * 60 * 60 * 1000)

static json_t *said(struct str code, struct str message, struct str fix)
{
	return json_pack("{s:o, s:s, s:o, s:o, s:[]}", "code", json_text(code),
	                 "severity", "error", "message", json_text(message), "fix",
	                 json_text(fix), "evidence");
}

/* Of a managed name the verdict's record; of the others what tracking_dns.c says. */
static void add_dns(json_t *out, const struct tracking_seen_input *in)
{
	static const char *const members[] = {"diagnosis", "found", "servers"};
	const struct tracking_sight *s = in->sight;
	AUTO_JSON json_t *verdict = NULL;
	json_t *record, *list;

	if (!s->verdict) {
		list = json_array();
		if (s->code.n)
			json_array_append_new(list, said(s->code, s->message, s->fix));
		json_object_set_new(out, "diagnosis", list);
		return;
	}
	verdict = verdict_json(s->verdict);
	record = json_array_get(json_object_get(verdict, "records"), 0);
	for (size_t i = 0; i < LEN(members); i++)
		json_object_set(out, members[i], json_object_get(record, members[i]));
	json_object_set(out, "provider", json_object_get(verdict, "provider"));
	json_object_set(out, "evidence", json_object_get(verdict, "evidence"));
}

static json_t *checks_json(const struct link_status *links)
{
	json_t *out = json_array();

	for (size_t i = 0; links && i < links->n; i++) {
		const struct link_verdict *v = &links->v[i];

		json_array_append_new(out, json_pack("{s:s, s:s, s:o, s:o}", "code",
		                                     link_check_code(v->check), "light",
		                                     tracking_light_name(v->light),
		                                     "message", json_text(v->message),
		                                     "fix", json_text_or_null(v->fix)));
	}
	return out;
}

static json_t *certificate_json(struct arena *a, const struct tracking_seen_input *in)
{
	const struct link_certificate *c = &in->facts->certificate;
	json_t *names = json_array();
	struct str rest = c->names, name;
	json_t *out;

	while (str_cut_word(&rest, &name))
		json_array_append_new(names, json_text(name));
	out = json_pack("{s:b, s:o, s:o, s:o, s:I}", "valid", c->is_valid, "names",
	                names, "issuer", json_text(c->issuer), "not_after",
	                json_text(clock_format(a, c->not_after)), "days_left",
	                (json_int_t)((c->not_after - in->now) / DAY_MS));
	json_object_set_new(out, "problem",
	                    c->is_valid ? json_null() : json_text(c->why));
	return out;
}

static json_t *addresses_json(struct arena *a, const struct tracking_host *host)
{
	json_t *out = json_array();

	for (size_t i = 0; i < host->n; i++)
		json_array_append_new(out, json_text(ip_format(a, host->addresses[i])));
	return out;
}

static struct str first_error(const struct diagnoses *list)
{
	for (size_t i = 0; i < list->n; i++)
		if (list->v[i].severity == SEVERITY_ERROR)
			return list->v[i].message;
	return list->n ? list->v[0].message : STR_NONE;
}

static struct str first_of(const struct link_status *links, enum tracking_light light)
{
	for (size_t i = 0; links && i < links->n; i++)
		if (links->v[i].light == light && links->v[i].message.n &&
		    (light != TRACKING_UNKNOWN ||
		     links->v[i].check != LINK_CHECK_ADDRESSES))
			return links->v[i].message;
	return STR_NONE;
}

/* What is wrong, else what could not be seen at all, else what is wrong for some. */
static struct str reason_of_links(const struct link_status *links)
{
	static const enum tracking_light order[] = {TRACKING_RED, TRACKING_UNKNOWN,
	                                            TRACKING_AMBER};
	struct str message = STR_NONE;

	for (size_t i = 0; i < LEN(order) && message.n == 0; i++)
		message = first_of(links, order[i]);
	return message;
}

struct str tracking_seen_reason(const struct tracking_seen_input *in)
{
	const struct tracking_sight *s = in->sight;
	const struct verdict_record *r;
	struct str message;

	if (in->site.n)
		return in->site;
	if (s->dns == TRACKING_DNS_UNKNOWN)
		return STR("DNS does not answer reliably; nothing is concluded from "
		           "that.");
	if (s->dns != TRACKING_DNS_RIGHT && s->verdict) {
		r = &s->verdict->records[0];
		message = first_error(&r->diagnoses);
		return message.n ? message : STR("The record is not there yet.");
	}
	if (s->dns != TRACKING_DNS_RIGHT)
		return s->message;
	return reason_of_links(in->links);
}

static json_t *hsts_json(struct arena *a, const struct hsts_memory *hsts)
{
	return json_pack("{s:o, s:o}", "by", json_text_or_null(hsts->by), "at",
	                 json_text(clock_format(a, hsts->at)));
}

static struct str member(const json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));

	return text ? str_c(text) : STR_NONE;
}

struct hsts_memory tracking_seen_hsts(struct arena *a, struct str text)
{
	AUTO_JSON json_t *seen = NULL;
	struct hsts_memory out = {0};
	const json_t *hsts;
	struct err err;

	if (text.n == 0 || !json_parse(text, &seen, &err))
		return out;
	hsts = json_object_get(seen, "hsts");
	if (!clock_parse(member(hsts, "at"), &out.at))
		return (struct hsts_memory){0};
	out.by = arena_dup(a, member(hsts, "by"));
	return out;
}

struct str tracking_seen_text(struct arena *a, const struct tracking_seen_input *in)
{
	const struct tracking_sight *s = in->sight;
	AUTO_JSON json_t *out = json_object();

	add_dns(out, in);
	json_object_set_new(out, "reason", json_text(tracking_seen_reason(in)));
	json_object_set_new(out, "addresses", addresses_json(a, &s->host));
	json_object_set_new(out, "checks", checks_json(in->links));
	if (in->site.n)
		json_array_append_new(
		        json_object_get(out, "diagnosis"),
		        said(STR("name.in_use"), in->site,
		             STR("Use a name that serves nothing else, as track, "
		                 "click, go "
		                 "or email; or take the web site from this one.")));
	if (in->facts && in->facts->certificate.is_seen)
		json_object_set_new(out, "certificate", certificate_json(a, in));
	if (in->hsts.at)
		json_object_set_new(out, "hsts", hsts_json(a, &in->hsts));
	if (s->listed == TRACKING_LIST_YES)
		json_object_set_new(out, "listed",
		                    json_pack("{s:o, s:o, s:o}", "name",
		                              json_text(s->listed_name), "zone",
		                              json_text(s->listed_zone), "answer",
		                              json_text(s->listed_as)));
	return json_line(a, out);
}
