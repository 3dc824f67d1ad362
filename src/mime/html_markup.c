/* What begins with "<!": comments, DOCTYPE, CDATA sections (WHATWG HTML §13.2.5.42). */
#include "mime/html.h"

#include "mime/html_class.h"
#include "mime/html_parts.h"

static bool give_comment(struct html *h, size_t data, size_t data_end, size_t end)
{
	h->token.kind = HTML_COMMENT;
	h->token.start = h->at;
	h->token.data = (struct html_range){data, data_end};
	h->token.end = end;
	h->at = end;
	return true;
}

bool html_bogus_comment(struct html *h, size_t data)
{
	size_t end = html_find(h, data, '>');

	return give_comment(h, data, end, end < h->text.n ? end + 1 : end);
}

/* How many bytes before `end`, but not before `data`, belong to a "--" or "--!" in front
 * of a '>'; 0 where there is none. */
static size_t closing(const struct html *h, size_t data, size_t end)
{
	const char *p = h->text.p + end;
	size_t n = end - data;

	if (n >= 2 && p[-1] == '-' && p[-2] == '-')
		return 2;
	if (n >= 3 && p[-1] == '!' && p[-2] == '-' && p[-3] == '-')
		return 3;
	return 0;
}

static bool comment(struct html *h)
{
	size_t data = h->at + 4;
	size_t end = html_find(h, data, '>');
	size_t n;

	if (end < h->text.n &&
	    (end == data || (end == data + 1 && h->text.p[data] == '-')))
		return give_comment(h, data, data, end + 1);
	while (end < h->text.n && !closing(h, data, end))
		end = html_find(h, end + 1, '>');
	n = closing(h, data, end);
	if (end < h->text.n)
		return give_comment(h, data, end - n, end + 1);
	if (n == 0 && end > data && h->text.p[end - 1] == '-')
		n = 1;
	return give_comment(h, data, end - n, end);
}

static size_t skip_spaces(const struct html *h, size_t i)
{
	while (i < h->text.n && (html_class(h->text.p[i]) & CLASS_SPACE))
		i++;
	return i;
}

static bool is_at(const struct html *h, size_t i, char c)
{
	return i < h->text.n && h->text.p[i] == c;
}

/* A quoted identifier from i on: true where one begins, and *end is behind it. Where it
 * is cut off by '>' or the end of the text, the DOCTYPE is quirky and ends there. */
static bool identifier(struct html *h, size_t i, struct html_range *id, size_t *end)
{
	const char *p = h->text.p;
	size_t k = i + 1;

	*end = i;
	if (!is_at(h, i, '"') && !is_at(h, i, '\''))
		return false;
	while (k < h->text.n && p[k] != p[i] && p[k] != '>')
		k++;
	*id = (struct html_range){i + 1, k};
	if (k < h->text.n && p[k] == p[i])
		k++;
	else
		h->token.doctype.is_quirky = true;
	*end = k;
	return true;
}

/* What stands behind the name. Returns where what is left may be skipped to '>'. */
static size_t identifiers(struct html *h, size_t i)
{
	struct html_doctype *d = &h->token.doctype;
	struct str word = str_slice(h->text, i, 6);
	bool is_public = str_eq_nocase(word, STR("public"));

	if (!is_public && !str_eq_nocase(word, STR("system"))) {
		d->is_quirky = !is_at(h, i, '>');
		return i;
	}
	i = skip_spaces(h, i + 6);
	if (is_public) {
		d->has_public = identifier(h, i, &d->public_id, &i);
		d->is_quirky |= !d->has_public;
		i = d->is_quirky ? i : skip_spaces(h, i);
		if (d->is_quirky || is_at(h, i, '>'))
			return i;
	}
	d->has_system = identifier(h, i, &d->system_id, &i);
	d->is_quirky |= !d->has_system;
	return i;
}

static bool doctype(struct html *h)
{
	struct html_token *t = &h->token;
	size_t i = skip_spaces(h, h->at + 9);
	size_t name = i;

	while (i < h->text.n && h->text.p[i] != '>' &&
	       !(html_class(h->text.p[i]) & CLASS_SPACE))
		i++;
	t->kind = HTML_DOCTYPE;
	t->name = (struct html_range){name, i};
	t->doctype = (struct html_doctype){.has_name = i > name};
	if (i > name)
		i = identifiers(h, skip_spaces(h, i));
	else
		t->doctype.is_quirky = true;
	t->start = h->at;
	h->at = html_find(h, i, '>');
	if (h->at < h->text.n)
		h->at++;
	else if (!t->doctype.has_system || skip_spaces(h, i) == h->text.n)
		t->doctype.is_quirky = true;
	t->end = h->at;
	return true;
}

bool html_declaration(struct html *h)
{
	struct str rest = str_from(h->text, h->at + 2);

	if (str_starts(rest, STR("--")))
		return comment(h);
	if (str_starts_nocase(rest, STR("doctype")))
		return doctype(h);
	if (h->allows_cdata && str_starts(rest, STR("[CDATA["))) {
		h->at += 9;
		h->state = HTML_CDATA;
		return false;
	}
	return html_bogus_comment(h, h->at + 2);
}
