#include "cli/tracking_text.h"

#include "cli/page.h"

#include <string.h>

static const struct {
	const char *light, *mark, *colour;
} lights[] = {
        {"green",   "+", "32"},
        {"red",     "x", "31"},
        {"amber",   "!", "33"},
        {"unknown", "?", "33"},
};

static const char *text_of(const json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));

	return text ? text : "";
}

static void print_light(const struct page *p, const char *light, const char *label)
{
	for (size_t i = 0; i < LEN(lights); i++) {
		if (strcmp(light, lights[i].light) != 0)
			continue;
		fputs("  ", p->out);
		page_paint(p, lights[i].colour, lights[i].mark);
		fprintf(p->out, " %-14s ", label);
		return;
	}
}

static void print_head(const struct page *p, const json_t *t)
{
	page_paint(p, "1", text_of(t, "name"));
	fprintf(p->out, "  %s  %s  for %s\n", text_of(t, "id"), text_of(t, "mode"),
	        text_of(t, "domain")[0] ? text_of(t, "domain") : "the platform");
	fprintf(p->out, "status %s", text_of(t, "status"));
	if (text_of(t, "retired_at")[0])
		fprintf(p->out, ", retired %s", text_of(t, "retired_at"));
	fputc('\n', p->out);
	if (text_of(t, "reason")[0])
		page_wrapped(p, str_c(text_of(t, "reason")), 0);
}

static void print_record(const struct page *p, const json_t *t)
{
	const json_t *record = json_object_get(t, "record");

	fputs("\nRecord\n  ", p->out);
	page_wrapped(p, str_c(text_of(record, "instruction")), 2);
}

static void print_lights(const struct page *p, const json_t *t)
{
	const json_t *link = json_object_get(t, "link");
	const json_t *check;
	size_t i;

	fputs("\nLinks\n", p->out);
	print_light(p, text_of(t, "http"), "http");
	fputs(strcmp(text_of(t, "http"), "green") == 0 ? "links open\n" : "\n", p->out);
	print_light(p, text_of(t, "https"), "https");
	fputs(strcmp(text_of(t, "https"), "green") == 0 ? "links open\n" : "\n",
	      p->out);
	fprintf(p->out, "    certificate      %s\n", text_of(t, "certificate_state"));
	json_array_foreach(json_object_get(t, "checks"), i, check)
	{
		fputs("  ", p->out);
		print_light(p, text_of(check, "light"), text_of(check, "code"));
		page_wrapped(p, str_c(text_of(check, "message")), 21);
	}
	if (text_of(link, "host")[0])
		fprintf(p->out, "  new links begin with %s://%s\n",
		        text_of(link, "scheme"), text_of(link, "host"));
	else
		fputs("  new links stay as they are\n", p->out);
	fputs("  ", p->out);
	page_wrapped(p, str_c(text_of(link, "detail")), 2);
}

/* What is wrong, each with what to do. */
static size_t print_fixes(const struct page *p, const json_t *list, size_t n)
{
	const json_t *one;
	size_t i;

	json_array_foreach(list, i, one)
	{
		const char *fix = text_of(one, "fix");
		const char *light = text_of(one, "light");

		if (!fix[0] || strcmp(light, "green") == 0)
			continue;
		if (n++ == 0)
			fputs("\nTo do\n", p->out);
		fprintf(p->out, "  %zu. ", n);
		page_wrapped(p, str_c(text_of(one, "message")), 5);
		fputs("     ", p->out);
		page_wrapped(p, str_c(fix), 5);
		fprintf(p->out, "     (%s)\n", text_of(one, "code"));
	}
	return n;
}

void tracking_text(FILE *out, const json_t *tracking, bool colour)
{
	AUTO(arena) a = {0};
	const struct page p = {out, colour, &a};
	size_t n;

	print_head(&p, tracking);
	print_record(&p, tracking);
	print_lights(&p, tracking);
	n = print_fixes(&p, json_object_get(tracking, "diagnosis"), 0);
	n = print_fixes(&p, json_object_get(tracking, "checks"), n);
	print_fixes(&p, json_object_get(tracking, "advice"), n);
	if (text_of(tracking, "next_check_at")[0])
		fprintf(out, "\nlooked at %s, next %s\n",
		        text_of(tracking, "checked_at")[0]
		                ? text_of(tracking, "checked_at")
		                : "never",
		        text_of(tracking, "next_check_at"));
}
