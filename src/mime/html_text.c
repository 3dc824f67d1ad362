/* Texts that only one end tag ends, and what raw bytes of a text or value mean. */
#include "mime/html.h"

#include "mime/charref.h"
#include "mime/html_class.h"
#include "mime/html_parts.h"

#include <string.h>

/* Whether the end tag of last_start_tag begins at i (WHATWG HTML §13.2.5, "appropriate
 * end tag token"): its letters and what ends a name. */
static bool is_end_tag(const struct html *h, size_t i)
{
	struct str tag = h->last_start_tag;
	const char *p = h->text.p + i;

	if (tag.n == 0 || h->text.n - i < tag.n + 3 || p[1] != '/')
		return false;
	for (size_t k = 0; k < tag.n; k++)
		if (!(html_class(p[2 + k]) & CLASS_ALPHA) ||
		    char_lower(p[2 + k]) != char_lower(tag.p[k]))
			return false;
	return html_class(p[2 + tag.n]) & CLASS_TAG_END;
}

/* Letters at i that are "script", and what ends a name. */
static bool is_script(const struct html *h, size_t i)
{
	return str_eq_nocase(str_slice(h->text, i, 6), STR("script")) &&
	       i + 6 < h->text.n && (html_class(h->text.p[i + 6]) & CLASS_TAG_END);
}

/* Behind a "<!--" in a script: the end tag, or the '>' of the "-->" that ends it, or
 * the end of the text. `dashes` is where the dashes that count begin. */
static size_t escaped_end(const struct html *h, size_t dashes)
{
	const char *p = h->text.p;
	bool is_doubled = false;

	for (size_t i = dashes; i < h->text.n; i++) {
		if (p[i] == '>' && i >= dashes + 2 && p[i - 1] == '-' &&
		    p[i - 2] == '-')
			return i;
		if (p[i] != '<')
			continue;
		if (!is_doubled && is_end_tag(h, i))
			return i;
		if (!is_doubled)
			is_doubled = is_script(h, i + 1);
		else if (i + 1 < h->text.n && p[i + 1] == '/')
			is_doubled = !is_script(h, i + 2);
	}
	return h->text.n;
}

size_t html_text_end(const struct html *h)
{
	size_t i = html_find(h, h->at, '<');

	while (i < h->text.n && !is_end_tag(h, i)) {
		if (h->state == HTML_SCRIPT &&
		    str_starts(str_from(h->text, i), STR("<!--"))) {
			i = escaped_end(h, i + 2);
			if (i == h->text.n || h->text.p[i] == '<')
				return i;
		}
		i = html_find(h, i + 1, '<');
	}
	return i;
}

size_t html_cdata_end(const struct html *h, size_t *next)
{
	const char *p = h->text.p;
	size_t i = html_find(h, h->at, '>');

	while (i < h->text.n && !(i >= h->at + 2 && p[i - 1] == ']' && p[i - 2] == ']'))
		i = html_find(h, i + 1, '>');
	*next = i < h->text.n ? i + 1 : i;
	return i < h->text.n ? i - 2 : i;
}

/* Whether some byte means another than itself, references apart. */
static bool is_changed(char c, unsigned decoding)
{
	return c == '\r' || (c == 0 && !(decoding & HTML_KEEP_NUL)) ||
	       (c >= 'A' && c <= 'Z' && (decoding & HTML_LOWER));
}

static bool has_changes(struct str raw, unsigned decoding)
{
	if (!(decoding & HTML_LOWER))
		return memchr(raw.p, '\r', raw.n) ||
		       (!(decoding & HTML_KEEP_NUL) && memchr(raw.p, 0, raw.n));
	for (size_t i = 0; i < raw.n; i++)
		if (is_changed(raw.p[i], decoding))
			return true;
	return false;
}

/* Appends what raw bytes without references mean. At least one byte is changed. */
static void decode_chars(struct str raw, unsigned decoding, char *out, size_t *n)
{
	for (size_t i = 0; i < raw.n; i++) {
		char c = raw.p[i];

		if (!is_changed(c, decoding)) {
			out[(*n)++] = c;
		} else if (c == 0) {
			memcpy(out + *n, "\xef\xbf\xbd", 3);
			*n += 3;
		} else if (c != '\r') {
			out[(*n)++] = char_lower(c);
		} else {
			out[(*n)++] = '\n';
			i += i + 1 < raw.n && raw.p[i + 1] == '\n';
		}
	}
}

/* Appends what the reference at the front of `rest` means, or its ampersand where it is
 * none; how many bytes it takes. */
static size_t decode_reference(struct str rest, unsigned decoding, char *out, size_t *n)
{
	struct charref ref;
	size_t used = charref_parse(rest, decoding & HTML_ATTRIBUTE, &ref);

	if (!used) {
		out[(*n)++] = '&';
		return 1;
	}
	memcpy(out + *n, ref.text, ref.n);
	*n += ref.n;
	return used;
}

struct str html_decode(struct arena *a, struct str raw, unsigned decoding)
{
	bool references = decoding & (HTML_REFERENCES | HTML_ATTRIBUTE);
	const char *amp = references && raw.n ? memchr(raw.p, '&', raw.n) : NULL;
	bool changes = raw.n && has_changes(raw, decoding);
	size_t i = 0, n = 0, size = raw.n + raw.n / 5;
	char *out;

	if (!amp && !changes)
		return raw;
	/* What grows: NUL from 1 to 3 bytes, "&nGt;" and "&nLt;" from 5 to 6. */
	for (size_t k = 0; changes && k < raw.n; k++)
		size += raw.p[k] == 0 ? 2 : 0;
	out = arena_alloc(a, size);
	for (; i < raw.n; amp = references ? memchr(raw.p + i, '&', raw.n - i) : NULL) {
		size_t plain = (amp ? (size_t)(amp - raw.p) : raw.n) - i;

		if (changes) {
			decode_chars(str_slice(raw, i, plain), decoding, out, &n);
		} else {
			memcpy(out + n, raw.p + i, plain);
			n += plain;
		}
		i += plain;
		if (amp)
			i += decode_reference(str_from(raw, i), decoding, out, &n);
	}
	return (struct str){out, n};
}

unsigned html_text_decoding(enum html_state state)
{
	switch (state) {
	case HTML_DATA:
		return HTML_REFERENCES | HTML_KEEP_NUL;
	case HTML_RCDATA:
		return HTML_REFERENCES;
	case HTML_CDATA:
		return HTML_KEEP_NUL;
	case HTML_RAWTEXT:
	case HTML_SCRIPT:
	case HTML_PLAINTEXT:
		break;
	}
	return 0;
}
