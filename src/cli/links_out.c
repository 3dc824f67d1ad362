#include "cli/links_out.h"

#include "base/utf8.h"
#include "cli/json_out.h"

/* Bytes that are no UTF-8 are shown as they are in the text for people. */
static struct str shown(struct arena *a, struct str s)
{
	return utf8_is_valid(s) ? s : utf8_printable(a, s);
}

static void print_member(const char *name, struct str value)
{
	printf("\"%s\":", name);
	json_out_string(stdout, value);
	putchar(',');
}

void links_out_json(const struct links_out *rows)
{
	AUTO(arena) a = {0};

	putchar('[');
	for (size_t i = 0; i < rows->n; i++) {
		const struct links_out_row *row = &rows->v[i];
		const struct link *l = row->link;

		fputs(i ? ",{" : "{", stdout);
		if (row->part.n)
			print_member("part", row->part);
		print_member("element", shown(&a, l->element));
		print_member("attribute", l->attribute);
		print_member("value", shown(&a, l->value));
		printf("\"start\":%zu,\"end\":%zu,\"trackable\":%s,\"why\":\"%s\"%s}",
		       l->start, l->end, row->is_trackable ? "true" : "false", row->why,
		       l->is_conditional ? ",\"conditional\":true" : "");
		arena_reset(&a);
	}
	puts("]");
}

/* The widths of the columns. */
struct widths {
	int part, place, name, why;
};

static void widen(int *width, size_t n)
{
	enum { WIDTH_MAX = 24 };

	if ((int)n > *width && n < WIDTH_MAX)
		*width = (int)n;
}

static struct widths measure(const struct links_out *rows)
{
	struct widths w = {0};

	for (size_t i = 0; i < rows->n; i++) {
		const struct links_out_row *row = &rows->v[i];
		const struct link *l = row->link;

		widen(&w.part, row->part.n ? row->part.n + 2 : 0);
		widen(&w.place, (size_t)snprintf(NULL, 0, "%zu", l->start));
		widen(&w.name, l->element.n ? l->element.n + 1 + l->attribute.n : 4);
		widen(&w.why, str_c(row->why).n);
	}
	return w;
}

void links_out_text(const struct links_out *rows)
{
	struct widths w = measure(rows);
	size_t trackable = 0;
	AUTO(arena) a = {0};

	for (size_t i = 0; i < rows->n; i++) {
		const struct links_out_row *row = &rows->v[i];
		const struct link *l = row->link;
		struct str what = STR("text");

		if (l->element.n)
			what = arena_printf(&a, "%.*s %.*s",
			                    STR_ARG(utf8_printable(&a, l->element)),
			                    STR_ARG(l->attribute));
		printf("%-*.*s%*zu  %-*.*s  %-*s  %.*s%s\n", w.part, STR_ARG(row->part),
		       w.place, l->start, w.name, STR_ARG(what), w.why, row->why,
		       STR_ARG(utf8_printable(&a, l->value)),
		       l->is_conditional ? "  (conditional)" : "");
		trackable += row->is_trackable;
		arena_reset(&a);
	}
	printf("%zu link%s, %zu trackable\n", rows->n, rows->n == 1 ? "" : "s",
	       trackable);
}
