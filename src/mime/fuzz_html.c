/* The tokenizer in every state, and the links of a document: each value, written as a
 * new one, gives the same links again, and every other byte stays. */
#include "fuzz.h"
#include "mime/edits.h"
#include "mime/html.h"
#include "mime/html_links.h"

#include <string.h>

static void tokenize(struct str text, enum html_state state)
{
	AUTO(arena) a = {0};
	struct html h = html_init(text);
	size_t at = 0;

	h.state = state;
	h.last_start_tag = str_slice(STR("scripttitle"), text.n % 2 ? 6 : 0, 6);
	h.allows_cdata = text.n % 3 == 0;
	while (html_next(&h)) {
		struct html_attr attr;

		need(h.token.start >= at);
		at = h.token.start;
		if (h.token.kind == HTML_TEXT)
			html_decode(&a,
			            html_str(&h, (struct html_range){at, h.token.end}),
			            html_text_decoding(h.token.state));
		while (html_next_attr(&h, &attr)) {
			need(attr.name.start > at && attr.name.end > attr.name.start);
			need(attr.value.start >= attr.name.end);
			need(attr.value.end >= attr.value.start);
			at = attr.value.end;
		}
		if (h.token.kind == HTML_START_TAG || h.token.kind == HTML_END_TAG)
			if (!html_end_tag(&h))
				continue;
		need(h.token.end > at && h.token.end <= text.n);
		at = h.token.end;
	}
	need(h.at == text.n);
}

static void check_links(const struct html_scan *scan, size_t n)
{
	size_t at = 0;

	need(scan->body_end <= n);
	for (size_t i = 0; i < scan->links.n; i++) {
		const struct link *l = &scan->links.v[i];

		need(l->start >= at && l->end >= l->start && l->end <= n);
		need(l->element.n && l->attribute.n);
		at = l->end;
	}
}

static void compare(const struct html_scan *x, const struct html_scan *y)
{
	need(x->links.n == y->links.n);
	for (size_t i = 0; i < x->links.n; i++) {
		const struct link *l = &x->links.v[i], *m = &y->links.v[i];

		need(str_eq(l->element, m->element));
		need(str_eq(l->value, m->value));
		need(l->is_conditional == m->is_conditional && l->why == m->why);
	}
}

/* Writes the links whose number leaves `which` when divided by three; 3 is all. */
static void rewrite(struct arena *a, struct str text, const struct html_scan *before,
                    size_t which)
{
	struct edits edits = {0};
	struct iov out = {0};
	struct html_scan after;

	for (size_t i = 0; i < before->links.n; i++) {
		const struct link *l = &before->links.v[i];

		if (which != 3 && i % 3 != which)
			continue;
		if (l->value.n || l->quote) /* else perhaps no value at all */
			edits_add(a, &edits, l->start, l->end,
			          html_attribute(a, l->value, l->quote));
	}
	edits_apply(a, &edits, text, &out);
	html_scan(a, iov_join(a, &out), NULL, &after);
	compare(before, &after);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	AUTO(arena) a = {0};
	struct str text = {(const char *)bytes, n};
	struct html_scan scan;

	if (n > 64 * 1024)
		return 0;
	for (int state = HTML_DATA; state <= HTML_CDATA; state++)
		tokenize(text, (enum html_state)state);
	html_scan(&a, text, NULL, &scan);
	check_links(&scan, n);
	for (size_t which = 0; which <= 3; which++)
		rewrite(&a, text, &scan, which);
	return 0;
}
