#include "cli/domain_text.h"

#include "base/utf8.h"
#include "cli/page.h"

#include <string.h>

/* How a status of a record looks: its mark and its colour (an SGR code). */
static const struct look {
	const char *status, *mark, *colour;
} looks[] = {
        {"verified",         "+", "32"},
        {"missing",          "x", "31"},
        {"mismatch",         "x", "31"},
        {"conflict",         "x", "31"},
        {"propagating",      "~", "33"},
        {"undetermined",     "?", "33"},
        {"optional_missing", "-", "36"},
        {NULL,               " ", "0" },
};

static const char *const severities[][2] = {
        {"error",   "31"},
        {"warning", "33"},
        {"advice",  "36"},
};

static const char *text_of(const json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));

	return text ? text : "";
}

static const struct look *look_of(const char *status)
{
	const struct look *l = looks;

	while (l->status && strcmp(l->status, status) != 0)
		l++;
	return l;
}

/* The status of a record, or that nobody has looked for it yet. */
static const char *status_text(const json_t *record)
{
	if (json_is_false(json_object_get(record, "checked")))
		return "not checked yet";
	return text_of(record, "status");
}

static bool is_verified(const json_t *record)
{
	return strcmp(text_of(record, "status"), "verified") == 0;
}

static void print_head(const struct page *p, const json_t *domain)
{
	const json_t *provider = json_object_get(domain, "provider");

	page_paint(p, "1", text_of(domain, "domain"));
	fprintf(p->out, "  %s  profile %s", text_of(domain, "id"),
	        text_of(domain, "profile"));
	if (text_of(provider, "name")[0])
		fprintf(p->out, "  DNS at %s", text_of(provider, "name"));
	fputs("\n\n", p->out);
}

/* The widths of the columns, from what stands in them. */
struct widths {
	int status, purpose, host;
};

static int wider(int width, const char *text)
{
	int n = (int)utf8_columns(str_c(text));

	return n > width ? n : width;
}

static struct widths measure(const json_t *records)
{
	struct widths w = {0};
	const json_t *r;
	size_t i;

	json_array_foreach(records, i, r)
	{
		w.status = wider(w.status, status_text(r));
		w.purpose = wider(w.purpose, text_of(r, "purpose"));
		w.host = wider(w.host, text_of(r, "host"));
	}
	return w;
}

static void print_record(const struct page *p, const json_t *r, struct widths w)
{
	const char *status = status_text(r);
	const struct look *look = look_of(status);
	struct str value = str_c(text_of(r, "value"));
	const json_t *priority = json_object_get(r, "priority");

	if (json_is_integer(priority))
		value = arena_printf(p->a, "%d %.*s", (int)json_integer_value(priority),
		                     STR_ARG(value));
	fputs("  ", p->out);
	page_paint(p, look->colour, look->mark);
	fputc(' ', p->out);
	page_paint(p, look->colour, arena_printf(p->a, "%-*s", w.status, status).p);
	value = page_short(p->a, value);
	fprintf(p->out, "  %-*s  %-5s  %-*s  %.*s\n", w.purpose, text_of(r, "purpose"),
	        text_of(r, "type"), w.host, text_of(r, "host"), STR_ARG(value));
}

/* What has been printed of a list of things to do. */
struct to_do {
	const struct page *page;
	int number;
	struct str last; /* the text before this: of two MX both are missing */
};

static void print_diagnosis(struct to_do *t, const json_t *d, const char *about,
                            const char *colour)
{
	const struct page *p = t->page;
	struct str message = str_c(text_of(d, "message"));

	if (str_eq(message, t->last))
		return;
	t->last = message;
	if (t->number++ == 0)
		fputs("\nWhat to do\n", p->out);
	fprintf(p->out, "%3d. ", t->number);
	page_paint(p, colour, text_of(d, "severity"));
	fprintf(p->out, " %s [%s]\n     ", about, text_of(d, "code"));
	page_wrapped(p, message, 5);
	if (text_of(d, "fix")[0]) {
		fputs("   > ", p->out);
		page_wrapped(p, str_c(text_of(d, "fix")), 5);
	}
}

static void print_list(struct to_do *t, const json_t *list, const char *about,
                       size_t severity)
{
	const json_t *d;
	size_t i;

	json_array_foreach(list, i, d) if (strcmp(text_of(d, "severity"),
	                                          severities[severity][0]) == 0)
	        print_diagnosis(t, d, about, severities[severity][1]);
}

/* What must be mended first, advice last. */
static void print_to_do(const struct page *p, const json_t *domain)
{
	const json_t *records = json_object_get(domain, "records"), *r;
	struct to_do t = {.page = p};
	size_t i;

	for (size_t severity = 0; severity < LEN(severities); severity++) {
		json_array_foreach(records, i, r)
		        print_list(&t, json_object_get(r, "diagnosis"),
		                   arena_printf(p->a, "%s %s", text_of(r, "purpose"),
		                                text_of(r, "name"))
		                           .p,
		                   severity);
		print_list(&t, json_object_get(domain, "advice"), "domain", severity);
	}
}

static void print_foot(const struct page *p, const json_t *domain)
{
	const char *status = text_of(domain, "status");
	bool can_send = json_is_true(json_object_get(domain, "can_send"));
	const char *next = text_of(domain, "next_check_at");
	const json_t *reason;
	size_t i;

	fprintf(p->out, "\n%s: ", text_of(domain, "domain"));
	page_paint(p, strcmp(status, "verified") == 0 ? "32" : "33", status);
	fputs(can_send ? ", can send" : ", cannot send", p->out);
	if (next[0])
		fprintf(p->out, ", next check at %s", next);
	fputc('\n', p->out);
	json_array_foreach(json_object_get(domain, "can_send_reasons"), i, reason)
	{
		fputs("  ", p->out);
		page_wrapped(p, str_c(text_of(reason, "detail")), 2);
	}
}

void domain_text(FILE *out, const json_t *domain, bool colour)
{
	AUTO(arena) a = {0};
	struct page p = {out, colour, &a};
	const json_t *records = json_object_get(domain, "records"), *r;
	struct widths w = measure(records);
	size_t i;

	print_head(&p, domain);
	json_array_foreach(records, i, r) print_record(&p, r, w);
	print_to_do(&p, domain);
	print_foot(&p, domain);
}

struct str domain_progress(struct arena *a, const json_t *domain)
{
	const json_t *records = json_object_get(domain, "records"), *r;
	struct str rest = STR_NONE;
	size_t i, verified = 0;

	json_array_foreach(records, i, r)
	{
		if (is_verified(r))
			verified++;
		else if (json_is_true(json_object_get(r, "required")))
			rest = arena_printf(a, "%.*s%s%s %s", STR_ARG(rest),
			                    rest.n ? ", " : ": ", text_of(r, "purpose"),
			                    status_text(r));
	}
	return arena_printf(a, "%s, %zu of %zu records verified%.*s",
	                    text_of(domain, "status"), verified,
	                    json_array_size(records), STR_ARG(rest));
}
