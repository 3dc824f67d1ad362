#include "mime/html_links.h"

#include "mime/html.h"
#include "mime/html_element.h"

#include <string.h>

struct scan {
	struct arena *a;
	const struct link_rules *rules;
	struct html_scan *out;
	struct html h;
	struct html_foreign foreign;
	bool is_conditional;
	bool has_body_end, has_html_end;
	size_t opened_at; /* the tag behind which no markup is read */
};

static bool is_no_track(const struct html *h, struct html_range name)
{
	struct str s = html_str(h, name);

	return str_eq_nocase(s, STR("data-signet-no-track")) ||
	       str_eq_nocase(s, STR("data-mt-no-track"));
}

/* A mark on the element comes in the order of LINK_REASONS, like the rest. */
static enum link_reason judge(const struct scan *s, struct str value, bool is_followed,
                              bool is_no_track)
{
	enum link_reason why;

	if (!is_followed)
		return LINK_ELEMENT;
	why = link_judge(value, s->rules);
	if (is_no_track && (why == LINK_TRACKABLE || why > LINK_NO_TRACK))
		return LINK_NO_TRACK;
	return why;
}

/* Reads the attributes of an element of which one may be a link. */
static void read_link(struct scan *s, struct str element, struct str wanted,
                      bool is_followed)
{
	struct html *h = &s->h;
	struct html_attr attr, target;
	bool found = false, no_track = false;
	struct link *link;

	while (html_next_attr(h, &attr)) {
		struct str name = html_str(h, attr.name);

		if (!found && name.n == wanted.n && str_eq_nocase(name, wanted)) {
			target = attr;
			found = true;
		} else if (name.n > 4 && name.p[4] == '-') {
			no_track |= is_no_track(h, attr.name);
		}
	}
	if (!found || !html_end_tag(h))
		return;
	if (s->out->links.n == LINKS_MAX) {
		s->out->has_too_many = true;
		return;
	}
	link = ARRAY_ADD(&s->out->links, s->a);
	link->element = element;
	link->attribute = wanted;
	link->value = html_decode(s->a, html_str(h, target.value), HTML_ATTRIBUTE);
	link->start = target.value.start;
	link->end = target.value.end;
	link->quote = target.quote;
	link->is_conditional = s->is_conditional;
	link->why = judge(s, link->value, is_followed, no_track);
}

static bool is_vml(struct str name)
{
	return name.n > 2 && char_lower(name.p[0]) == 'v' && name.p[1] == ':';
}

static void start_tag(struct scan *s)
{
	struct html *h = &s->h;
	struct str name = html_str(h, h->token.name);
	const struct html_element *e = html_element_find(name);

	if (e && e->attribute.n)
		read_link(s, e->name, e->attribute, e->is_followed);
	else if (is_vml(name))
		read_link(s, html_decode(s->a, name, HTML_LOWER), STR("href"), true);
	if (!html_end_tag(h))
		return;
	if (s->foreign.n || char_lower(name.p[0]) == 's' ||
	    char_lower(name.p[0]) == 'm') {
		bool is_foreign =
		        html_foreign_start(&s->foreign, name, h->token.is_self_closing);

		h->allows_cdata = html_is_foreign(&s->foreign);
		if (is_foreign)
			return;
	}
	if (e && e->content != HTML_DATA) {
		h->state = e->content;
		s->opened_at = h->token.start;
	}
}

static void end_tag(struct scan *s)
{
	struct html *h = &s->h;
	struct str name = html_str(h, h->token.name);
	bool is_body;

	if (s->foreign.n) {
		html_foreign_end(&s->foreign, name);
		h->allows_cdata = html_is_foreign(&s->foreign);
	}
	if (name.n != 4 || s->is_conditional)
		return;
	is_body = str_eq_nocase(name, STR("body"));
	if (!is_body && !str_eq_nocase(name, STR("html")))
		return;
	if (s->has_body_end && !is_body)
		return;
	if (!html_end_tag(h))
		return;
	s->has_body_end |= is_body;
	s->has_html_end = true;
	s->out->body_end = h->token.start;
}

/* Where the content of a conditional comment begins, "[if …]>"; 0 where it is none. */
static size_t conditional_content(const struct html *h)
{
	struct str data = html_str(h, h->token.data);
	ptrdiff_t end;

	if (!str_starts_nocase(data, STR("[if")) ||
	    (data.n > 3 && char_is_alnum(data.p[3])))
		return 0;
	end = str_find(data, STR("]>"));
	return end < 0 ? 0 : h->token.data.start + (size_t)end + 2;
}

static void scan_all(struct scan *s);

/* Outlook reads the content of the comment as HTML, by itself. */
static void comment(struct scan *s)
{
	size_t start = s->is_conditional ? 0 : conditional_content(&s->h);
	struct scan inner;

	if (!start)
		return;
	inner = (struct scan){
	        .a = s->a,
	        .rules = s->rules,
	        .out = s->out,
	        .h = html_init(str_slice(s->h.text, 0, s->h.token.data.end)),
	        .is_conditional = true,
	};
	inner.h.at = start;
	scan_all(&inner);
}

static void scan_all(struct scan *s)
{
	s->h.skips_text = true;
	while (!s->out->has_too_many && html_next(&s->h)) {
		switch (s->h.token.kind) {
		case HTML_START_TAG:
			start_tag(s);
			break;
		case HTML_END_TAG:
			end_tag(s);
			break;
		case HTML_COMMENT:
			comment(s);
			break;
		case HTML_TEXT:
		case HTML_DOCTYPE:
			break;
		}
	}
}

static bool is_open_comment(struct str comment)
{
	if (str_starts(comment, STR("<!--")))
		return !str_ends(comment, STR("-->")) &&
		       !str_ends(comment, STR("--!>"));
	return !str_ends(comment, STR(">"));
}

/* Where the name of a tag begins that the document ends in, which is no token; the end
 * where it does not. */
static size_t find_open_name(struct str html)
{
	const char *lt = html.n ? memrchr(html.p, '<', html.n) : NULL;
	size_t at = lt ? (size_t)(lt - html.p) : html.n;
	struct str name = str_from(html, at + 1);

	if (str_starts(name, STR("/")))
		name = str_from(name, 1);
	else if (name.n == 0 || !char_is_alpha(name.p[0]))
		return html.n;
	for (size_t i = 0; i < name.n; i++)
		if (char_is_blank(name.p[i]) || strchr("\f/>", name.p[i]))
			return html.n;
	return at;
}

/* The end of the document; or where begins what is left open there, in which nothing
 * that is added would be seen. */
static size_t find_end(struct scan *s)
{
	struct html *h = &s->h;

	if (h->state != HTML_DATA && h->state != HTML_CDATA)
		return s->opened_at;
	switch (h->token.kind) {
	case HTML_START_TAG:
	case HTML_END_TAG:
		if (!html_end_tag(h))
			return h->token.start;
		break;
	case HTML_COMMENT:
	case HTML_DOCTYPE:
		if (h->token.end == h->text.n &&
		    is_open_comment(str_from(h->text, h->token.start)))
			return h->token.start;
		break;
	case HTML_TEXT:
		break;
	}
	return find_open_name(h->text);
}

void html_scan(struct arena *a, struct str html, const struct link_rules *rules,
               struct html_scan *out)
{
	struct scan s = {.a = a, .rules = rules, .out = out, .h = html_init(html)};

	*out = (struct html_scan){.body_end = html.n};
	scan_all(&s);
	if (!s.has_html_end)
		out->body_end = find_end(&s);
}

/* How a character of an attribute's value must be written; NULL for as it is. `before`
 * are the characters in front, `is_last` that none follows. */
static const char *reference(struct str before, char c, bool is_last, char quote)
{
	char previous = before.n ? before.p[before.n - 1] : 0;

	switch (c) {
	case '&':
		return "&amp;";
	case '\r':
		return "&#13;";
	case '"':
		return quote == '"' || !quote ? "&quot;" : NULL;
	case '\'':
		return quote == '\'' || !quote ? "&#39;" : NULL;
	case '>':
		/* "-->" would end a conditional comment around the element. */
		return !quote || previous == '-' || previous == '!' ? "&gt;" : NULL;
	default:
		break;
	}
	if (quote)
		return NULL;
	switch (c) {
	case ' ':
		return "&#32;";
	case '\t':
		return "&#9;";
	case '\n':
		return "&#10;";
	case '\f':
		return "&#12;";
	case '<':
		return "&lt;";
	case '=':
		return "&#61;";
	case '`':
		return "&#96;";
	case '-': /* the '>' of the tag may follow */
		return is_last ? "&#45;" : NULL;
	case '!':
		return is_last ? "&#33;" : NULL;
	default:
		return NULL;
	}
}

/* Whether a quoted value stands as it is; most targets do. */
static bool is_plain(struct str target, char quote)
{
	return quote && !memchr(target.p, '&', target.n) &&
	       !memchr(target.p, quote, target.n) && !memchr(target.p, '>', target.n) &&
	       !memchr(target.p, '\r', target.n);
}

struct str html_attribute(struct arena *a, struct str target, char quote)
{
	struct buf b = {.max = SIZE_MAX};
	size_t done = 0;
	struct str out;

	if (target.n == 0)
		return quote ? target : STR("\"\"");
	if (is_plain(target, quote))
		return target;
	for (size_t i = 0; i < target.n; i++) {
		const char *text = reference(str_slice(target, 0, i), target.p[i],
		                             i + 1 == target.n, quote);

		if (!text)
			continue;
		buf_add(&b, str_slice(target, done, i - done));
		buf_add(&b, str_c(text));
		done = i + 1;
	}
	if (done == 0)
		return target;
	buf_add(&b, str_from(target, done));
	out = arena_dup(a, buf_str(&b));
	buf_done(&b);
	return out;
}
