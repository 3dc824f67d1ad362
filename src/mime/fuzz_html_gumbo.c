/*
 * The links of a document as we see them and as gumbo's tree has them: same places, same
 * values. Compared are elements that a parser keeps wherever they stand; what makes one
 * drop them, or reads them by other rules, is left out:
 *
 * - select and frameset drop what is in them, isindex is replaced by a form (gumbo is
 *   older than its removal), template, svg and math are not followed by a scanner alike;
 * - bytes that are no UTF-8, and NUL, controls and noncharacters, which gumbo partly
 *   replaces where the standard keeps them;
 * - numbers of references with many digits, which overflow in gumbo;
 * - conditional comments, which are comments for it.
 */
#include "base/utf8.h"
#include "fuzz.h"
#include "mime/html_links.h"

#include <gumbo.h>
#include <stdlib.h>
#include <string.h>

/* gumbo leaks a few bytes of some documents; that is not what is looked for here. */
int __lsan_is_turned_off(void);
int __lsan_is_turned_off(void)
{
	return 1;
}

struct found {
	size_t at;
	struct str value;
};

struct found_list {
	struct found *v;
	size_t n, cap;
};

static const char *wanted(GumboTag tag)
{
	switch ((int)tag) {
	case GUMBO_TAG_A:
	case GUMBO_TAG_AREA:
	case GUMBO_TAG_LINK:
	case GUMBO_TAG_BASE:
		return "href";
	case GUMBO_TAG_IMG:
		return "src";
	default:
		return NULL;
	}
}

static void add(struct arena *a, struct found_list *list, const char *text,
                const GumboElement *e)
{
	const char *name = wanted(e->tag);
	const GumboAttribute *attr =
	        name ? gumbo_get_attribute(&e->attributes, name) : NULL;
	struct found *f;

	if (!attr)
		return;
	f = ARRAY_ADD(list, a);
	f->at = (size_t)(attr->original_name.data - text);
	f->value = str_c(attr->value);
}

static void walk(struct arena *a, struct found_list *list, const char *text,
                 const GumboNode *node)
{
	if (node->type != GUMBO_NODE_ELEMENT && node->type != GUMBO_NODE_TEMPLATE)
		return;
	add(a, list, text, &node->v.element);
	for (unsigned i = 0; i < node->v.element.children.length; i++)
		walk(a, list, text, node->v.element.children.data[i]);
}

static int compare(const void *x, const void *y)
{
	const struct found *p = x, *q = y;

	return p->at < q->at ? -1 : p->at > q->at;
}

/* Sorted by place, clones of open elements left out. */
static void tidy(struct found_list *list)
{
	size_t n = 0;

	if (list->n)
		qsort(list->v, list->n, sizeof(*list->v), compare);
	for (size_t i = 0; i < list->n; i++)
		if (i == 0 || list->v[i].at != list->v[i - 1].at)
			list->v[n++] = list->v[i];
	list->n = n;
}

static bool is_compared(const struct link *l)
{
	static const struct str elements[] = {STR_INIT("a"), STR_INIT("area"),
	                                      STR_INIT("link"), STR_INIT("base"),
	                                      STR_INIT("img")};

	for (size_t i = 0; i < LEN(elements); i++)
		if (str_eq(l->element, elements[i]))
			return !l->is_conditional;
	return false;
}

/* Controls and noncharacters, which gumbo takes for faults of the encoding. */
static bool has_odd_code(struct str text)
{
	while (text.n) {
		size_t n = utf8_length(text);
		uint32_t code = (unsigned char)text.p[0];

		if (n > 1)
			code &= 0x7fu >> n;
		for (size_t i = 1; i < n; i++)
			code = code << 6 | ((unsigned char)text.p[i] & 0x3fu);
		if ((code < 0x20 && !(code && strchr("\t\n\f\r", (int)code))) ||
		    (code >= 0x7f && code < 0xa0) || (code & 0xfffe) == 0xfffe ||
		    (code >= 0xfdd0 && code <= 0xfdef))
			return true;
		text = str_from(text, n);
	}
	return false;
}

/* A number with so many digits that it overflows in gumbo. */
static bool has_long_number(struct str text)
{
	size_t digits = 0;
	bool is_number = false;

	for (size_t i = 0; i < text.n; i++) {
		char c = text.p[i];

		is_number = c == '#' || (is_number && (char_is_alnum(c)));
		digits = is_number ? digits + 1 : 0;
		if (digits > 8)
			return true;
	}
	return false;
}

static bool is_outside(struct str text)
{
	static const struct str words[] = {
	        STR_INIT("<select"),   STR_INIT("<frameset"), STR_INIT("<isindex"),
	        STR_INIT("<template"), STR_INIT("<svg"),      STR_INIT("<math"),
	};

	for (size_t i = 0; i < LEN(words); i++)
		if (str_find_nocase(text, words[i]) >= 0)
			return true;
	return !utf8_is_valid(text) || has_odd_code(text) || has_long_number(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	AUTO(arena) a = {0};
	struct str text = {(const char *)bytes, n};
	struct found_list theirs = {0};
	struct html_scan scan;
	GumboOutput *tree;
	size_t k = 0;

	if (n > 4096 || is_outside(text))
		return 0;
	tree = gumbo_parse_with_options(&kGumboDefaultOptions, text.p, n);
	walk(&a, &theirs, text.p, tree->root);
	tidy(&theirs);
	html_scan(&a, text, NULL, &scan);
	for (size_t i = 0; i < scan.links.n; i++) {
		const struct link *l = &scan.links.v[i];

		if (!is_compared(l))
			continue;
		need(k < theirs.n);
		need(theirs.v[k].at < l->start && l->start - theirs.v[k].at < n);
		need(k + 1 == theirs.n || theirs.v[k + 1].at > l->start);
		need(str_eq(theirs.v[k].value, l->value));
		k++;
	}
	need(k == theirs.n);
	gumbo_destroy_output(&kGumboDefaultOptions, tree);
	return 0;
}
