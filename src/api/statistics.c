/* Statistics: what the counters of a domain, or of all, say. */
#include "api/handlers.h"

#include "api/parts.h"
#include "base/clock.h"
#include "store/track_count.h"
#include "track/classify.h"

#define DAY_MS INT64_C(86400000)

enum {
	DAYS_MAX = 366,
	DAYS_DEFAULT = 30,
	TYPES = TRACK_UNSUBSCRIBE_PAGE + 1,
	/* Counters of a day: a type and a verdict each. */
	ROWS_MAX = DAYS_MAX * TYPES * TRACK_VERDICTS,
	DOMAINS_AT_ONCE = 50,
};

/* clang-format off */
static const struct schema_field number_fields[] = {
        {"events", SCHEMA_NUMBER, true, .help = "how many there were"},
        {"messages", SCHEMA_NUMBER, true, .help = "of how many messages the first was on that day; of unsubscriptions: how many addresses"},
};
static const struct schema schema_number = {"StatisticsNumber", number_fields, LEN(number_fields)};

static const struct schema_field verdict_fields[] = {
        {"person", SCHEMA_OBJECT, true, .object = &schema_number, .help = "by people"},
        {"machine", SCHEMA_OBJECT, true, .object = &schema_number, .help = "by scanners, proxies, programs"},
        {"undetermined", SCHEMA_OBJECT, true, .object = &schema_number, .help = "by nobody knows whom"},
};
static const struct schema schema_verdicts = {"StatisticsVerdicts", verdict_fields, LEN(verdict_fields)};

#define TYPE_FIELDS                                                                     \
        {"open", SCHEMA_OBJECT, true, .object = &schema_verdicts, .help = "pixels fetched"},        \
        {"click", SCHEMA_OBJECT, true, .object = &schema_verdicts, .help = "links followed"},       \
        {"unsubscribe", SCHEMA_OBJECT, true, .object = &schema_verdicts, .help = "unsubscriptions"}, \
        {"click_page", SCHEMA_OBJECT, true, .object = &schema_verdicts, .help = "pages that asked whether to follow"}, \
        {"unsubscribe_page", SCHEMA_OBJECT, true, .object = &schema_verdicts, .help = "pages that asked whether to unsubscribe"}

static const struct schema_field total_fields[] = {TYPE_FIELDS};
static const struct schema schema_total = {"StatisticsTotal", total_fields, LEN(total_fields)};

static const struct schema_field day_fields[] = {
        {"date", SCHEMA_TEXT, true, .help = "the day, UTC", .example = "\"2026-11-27\""},
        TYPE_FIELDS,
};
static const struct schema schema_day = {"StatisticsDay", day_fields, LEN(day_fields)};

static const struct schema_field fields[] = {
        {"domain_id", SCHEMA_ID, true, .help = "dom_42"},
        {"domain", SCHEMA_TEXT, true, .help = "its name; \"acme.example (deleted)\" where it is"},
        {"from", SCHEMA_TEXT, true, .help = "the first day"},
        {"to", SCHEMA_TEXT, true, .help = "the last day"},
        {"total", SCHEMA_OBJECT, true, .object = &schema_total, .help = "all days together"},
        {"days", SCHEMA_LIST, true, .max = DAYS_MAX, .object = &schema_day, .help = "the days on which something happened"},
};
const struct schema schema_statistics = {"Statistics", fields, LEN(fields)};

static const struct schema_field short_fields[] = {
        {"domain_id", SCHEMA_ID, true, true, .help = "dom_42; null: hosts of no domain"},
        {"domain", SCHEMA_TEXT, true, true, .help = "its name; \"acme.example (deleted)\" where it is"},
        {"total", SCHEMA_OBJECT, true, .object = &schema_total, .help = "all days together"},
};
const struct schema schema_statistics_short = {"StatisticsShort", short_fields, LEN(short_fields)};

static const struct schema_field query_fields[] = {
        {"from", SCHEMA_TEXT, .min = 10, .max = 10, .help = "the first day, UTC; 29 days before the last where it is not given", .example = "\"2026-11-01\""},
        {"to", SCHEMA_TEXT, .min = 10, .max = 10, .help = "the last day; today where it is not given"},
};
const struct schema schema_statistics_query = {"StatisticsQuery", query_fields, LEN(query_fields)};

static const struct schema_field list_query_fields[] = {
        {"cursor", SCHEMA_TEXT, .help = "next_cursor of the page before"},
        {"from", SCHEMA_TEXT, .min = 10, .max = 10, .help = "the first day, UTC; 29 days before the last where it is not given"},
        {"to", SCHEMA_TEXT, .min = 10, .max = 10, .help = "the last day; today where it is not given"},
};
const struct schema schema_statistics_list_query = {"StatisticsListQuery", list_query_fields, LEN(list_query_fields)};
/* clang-format on */

struct numbers {
	struct {
		int64_t events, messages;
	} v[TYPES][TRACK_VERDICTS];
};

static struct str date_text(struct arena *a, int64_t day)
{
	return str_slice(clock_format(a, day * DAY_MS), 0, 10);
}

static bool read_date(struct api_call *call, const char *name, int64_t otherwise,
                      int64_t *day)
{
	struct str text = api_member(call->query, name);
	int64_t at;

	*day = otherwise;
	if (text.n == 0)
		return true;
	if (!clock_parse(arena_printf(call->a, "%.*sT00:00:00Z", STR_ARG(text)), &at)) {
		problem_add(&call->errors, true, str_c(name), FIELD_FORM,
		            STR("A day is written 2026-11-27."));
		return false;
	}
	*day = at / DAY_MS;
	return true;
}

/* The days that are asked for; false: answered. */
static bool read_days(struct api_call *call, int64_t *from, int64_t *to)
{
	bool ok = read_date(call, "to", call->now / DAY_MS, to);

	ok &= read_date(call, "from", *to - DAYS_DEFAULT + 1, from);
	if (ok && (*from > *to || *to - *from >= DAYS_MAX)) {
		problem_add(&call->errors, true, STR("from"), FIELD_FORM,
		            STR("The days go from one to a later one, 366 at most."));
		ok = false;
	}
	if (!ok)
		api_invalid(call);
	return ok;
}

static json_t *numbers_json(const struct numbers *n, json_t *into)
{
	static const enum track_type shown[] = {TRACK_OPEN, TRACK_CLICK,
	                                        TRACK_UNSUBSCRIBE, TRACK_CLICK_PAGE,
	                                        TRACK_UNSUBSCRIBE_PAGE};

	for (size_t i = 0; i < LEN(shown); i++) {
		json_t *of_type = json_object();

		for (int v = 0; v < TRACK_VERDICTS; v++)
			json_object_set_new(
			        of_type, track_verdict_name((enum track_verdict)v),
			        json_pack("{s:I, s:I}", "events",
			                  (json_int_t)n->v[shown[i]][v].events,
			                  "messages",
			                  (json_int_t)n->v[shown[i]][v].messages));
		json_object_set_new(into, track_type_name(shown[i]), of_type);
	}
	return into;
}

static void add_row(struct numbers *n, const struct track_count_row *row)
{
	if (row->type < 0 || row->type >= TYPES || row->verdict < 0 ||
	    row->verdict >= TRACK_VERDICTS)
		return;
	n->v[row->type][row->verdict].events += row->events;
	n->v[row->type][row->verdict].messages += row->messages;
}

static json_t *days_json(struct api_call *call, const struct track_count_rows *rows)
{
	json_t *list = json_array();

	for (size_t i = 0; i < rows->n;) {
		int64_t day = rows->v[i].day;
		struct numbers of_day = {0};
		json_t *o = json_object();

		for (; i < rows->n && rows->v[i].day == day; i++)
			add_row(&of_day, &rows->v[i]);
		json_object_set_new(o, "date", json_text(date_text(call->a, day)));
		json_array_append_new(list, numbers_json(&of_day, o));
	}
	return list;
}

static json_t *total_json(const struct track_count_rows *rows)
{
	struct numbers total = {0};

	for (size_t i = 0; i < rows->n; i++)
		add_row(&total, &rows->v[i]);
	return numbers_json(&total, json_object());
}

static struct str shown_name(struct api_call *call, const struct domain_row *d)
{
	return d->deleted_at ? arena_printf(call->a, "%.*s (deleted)", STR_ARG(d->name))
	                     : d->name;
}

enum api_result domain_statistics(struct api_call *call)
{
	const struct domain_row *d = call->domain;
	struct track_count_rows rows;
	int64_t from, to;
	json_t *o;
	struct err err;

	if (!read_days(call, &from, &to))
		return API_DONE;
	if (!track_count_list(call->api->store, call->a, d->account_id, d->id, from, to,
	                      ROWS_MAX, &rows, &err))
		return api_broken(call, &err);
	o = json_object();
	json_object_set_new(o, "domain_id", api_id_json("dom", d->id));
	json_object_set_new(o, "domain", json_text(shown_name(call, d)));
	json_object_set_new(o, "from", json_text(date_text(call->a, from)));
	json_object_set_new(o, "to", json_text(date_text(call->a, to)));
	json_object_set_new(o, "total", total_json(&rows));
	json_object_set_new(o, "days", days_json(call, &rows));
	return api_answer(call, 200, o);
}

static bool add_domain(struct api_call *call, int64_t domain, int64_t from, int64_t to,
                       json_t *list, struct err *err)
{
	struct track_count_rows rows;
	struct domain_row *d = NULL;
	json_t *o;

	if (!track_count_list(call->api->store, call->a, call->account->id, domain,
	                      from, to, ROWS_MAX, &rows, err) ||
	    (domain && !domain_find(call->api->store, call->a, call->account->id,
	                            domain, &d, err)))
		return false;
	if (rows.n == 0)
		return true;
	o = json_object();
	json_object_set_new(o, "domain_id", api_id_json("dom", domain));
	json_object_set_new(o, "domain",
	                    json_text_or_null(d ? shown_name(call, d) : STR_NONE));
	json_object_set_new(o, "total", total_json(&rows));
	json_array_append_new(list, o);
	return true;
}

/* The hosts of no domain first, then the domains by their ids. The cursor is the id that
 * comes next. */
enum api_result statistics_get_list(struct api_call *call)
{
	struct store_page page;
	int64_t from, to, domain;
	AUTO_JSON json_t *list = json_array();
	struct err err = {0};

	if (!api_page(call, &page) || !read_days(call, &from, &to))
		return API_DONE;
	domain = page.cursor;
	if (!domain && !add_domain(call, 0, from, to, list, &err))
		return api_broken(call, &err);
	domain += !domain;
	for (int n = 0; n < DOMAINS_AT_ONCE; n++, domain++) {
		if (!track_count_next_domain(call->api->store, call->account->id,
		                             domain, &domain, &err))
			return api_broken(call, &err);
		if (!domain)
			return api_answer_list(call, json_incref(list), 0);
		if (!add_domain(call, domain, from, to, list, &err))
			return api_broken(call, &err);
	}
	return api_answer_list(call, json_incref(list), domain);
}
