#include "auth/from.h"

#include "dns/name.h"

#include <string.h>

/* One address as it is gathered, without comments and blanks. */
struct reading {
	struct arena *a;
	struct from *out;
	struct str rest;
	char *text; /* the address: of the brackets, where there are any */
	size_t n;
	size_t domain_at; /* in the text, behind the last @ outside quotes; 0: none */
	bool in_angle, has_angle;
	bool in_group;
	bool has_more; /* something stands behind the brackets */
	bool blank;    /* the last token was a blank or comment */
	bool has_gap;  /* two words with a blank between them, or a second "@" */
};

static void fail(struct reading *r, const char *problem)
{
	if (!r->out->problem)
		r->out->problem = problem;
}

static void begin_address(struct reading *r)
{
	r->n = r->domain_at = 0;
	r->in_angle = r->has_angle = r->has_more = false;
	r->blank = r->has_gap = false;
}

static void put(struct reading *r, struct str text)
{
	if (r->has_angle && !r->in_angle) {
		r->has_more = true;
		return;
	}
	/* Beside "." and "@" blanks mean nothing. */
	if (r->blank && r->n && r->text[r->n - 1] != '.' && r->text[r->n - 1] != '@')
		r->has_gap = true;
	r->blank = false;
	memcpy(r->text + r->n, text.p, text.n);
	r->n += text.n;
}

static void put_special(struct reading *r, char c)
{
	r->blank = false;
	if (c == '@' && r->domain_at && r->text[0] != '@')
		r->has_gap = true;
	put(r, (struct str){&c, 1});
	if (c == '@')
		r->domain_at = r->n;
}

/* Length of a quoted string or a domain literal at the front, or 0 without an end. */
static size_t quoted_length(struct str s, char end)
{
	for (size_t i = 1; i < s.n; i++) {
		if (s.p[i] == '\\')
			i++;
		else if (s.p[i] == end)
			return i + 1;
	}
	return 0;
}

/* Comments nest (RFC 5322 §3.2.2). */
static size_t comment_length(struct str s)
{
	size_t depth = 0;

	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '\\')
			i++;
		else if (s.p[i] == '(')
			depth++;
		else if (s.p[i] == ')' && --depth == 0)
			return i + 1;
	}
	return 0;
}

/* An encoded word (RFC 2047 §2), in which careless programs leave commas; 0: none. */
static size_t encoded_length(struct str s)
{
	int marks = 0;

	if (!str_starts(s, STR("=?")))
		return 0;
	for (size_t i = 2; i < s.n && i < 1000 && !char_is_blank(s.p[i]); i++) {
		marks += s.p[i] == '?';
		if (s.p[i] == '?' && marks >= 3 && i + 1 < s.n && s.p[i + 1] == '=')
			return i + 2;
	}
	return 0;
}

static void add_domain(struct reading *r, struct str domain)
{
	struct err err;
	struct str name;

	if (str_starts(domain, STR("[")))
		fail(r, "the address in From has no domain but an address literal");
	else if (!dns_name_parse(r->a, domain, &name, &err) || !dns_name_is_plain(name))
		fail(r, "the address in From has no possible domain");
	else if (r->out->domain.n && !str_eq(r->out->domain, name))
		fail(r, "From has addresses of several domains");
	else
		r->out->domain = name;
}

/* At a comma, the end of a group or the end of all. */
static void end_address(struct reading *r)
{
	struct str address = {r->text, r->n};
	size_t domain_at = r->domain_at;
	bool is_read = !r->in_angle && !r->has_more && !r->has_gap;

	if (r->n == 0 && !r->has_angle && is_read) {
		begin_address(r); /* nothing between two commas (RFC 5322 §4.4) */
		return;
	}
	begin_address(r);
	if (!is_read || domain_at < 2 || domain_at >= address.n ||
	    address.p[0] == '@') {
		fail(r, "From cannot be read");
		return;
	}
	if (r->out->count++ == 0)
		r->out->address = arena_dup(r->a, address);
	if (r->out->count > FROM_ADDRESSES_MAX)
		fail(r, "From has too many addresses");
	else
		add_domain(r, str_from(address, domain_at));
}

/* What is copied as a whole: its length, 0 where it has no end. */
static size_t take_whole(struct reading *r, size_t length)
{
	if (length == 0) {
		fail(r, "From cannot be read");
		return r->rest.n;
	}
	put(r, str_slice(r->rest, 0, length));
	return length;
}

static void open_angle(struct reading *r)
{
	if (r->has_angle)
		fail(r, "From cannot be read");
	begin_address(r); /* what was there is the display name */
	r->in_angle = r->has_angle = true;
}

/* A route in brackets, "<@a,@b:c@d>" (RFC 5322 §4.4), is left out; else a group begins. */
static void take_colon(struct reading *r)
{
	bool is_route = r->in_angle && r->n && r->text[0] == '@';

	if (!is_route && (r->in_angle || r->in_group || r->has_angle))
		fail(r, "From cannot be read");
	if (!is_route)
		r->in_group = true;
	r->n = r->domain_at = 0;
	r->blank = r->has_gap = false;
}

static void take_comma(struct reading *r)
{
	if (!r->in_angle)
		end_address(r);
	else if (r->n == 0 || r->text[0] != '@')
		fail(r, "From cannot be read");
	else
		put(r, STR(",")); /* of a route */
}

static void take_semicolon(struct reading *r)
{
	if (!r->in_group || r->in_angle)
		fail(r, "From cannot be read");
	end_address(r);
	r->in_group = false;
}

static void close_angle(struct reading *r)
{
	if (!r->in_angle)
		fail(r, "From cannot be read");
	r->in_angle = false;
}

/* One token off the front; returns its length. */
static size_t take_token(struct reading *r)
{
	size_t word = encoded_length(r->rest);
	size_t comment;

	if (word)
		return take_whole(r, word);
	switch (r->rest.p[0]) {
	case '(':
		comment = comment_length(r->rest);
		r->blank = true;
		if (comment == 0)
			fail(r, "From cannot be read");
		return comment ? comment : r->rest.n;
	case '"':
		return take_whole(r, quoted_length(r->rest, '"'));
	case '[':
		return take_whole(r, quoted_length(r->rest, ']'));
	case '<':
		open_angle(r);
		return 1;
	case '>':
		close_angle(r);
		return 1;
	case ',':
		take_comma(r);
		return 1;
	case ':':
		take_colon(r);
		return 1;
	case ';':
		take_semicolon(r);
		return 1;
	case '@':
	case '.':
		put_special(r, r->rest.p[0]);
		return 1;
	default:
		if (char_is_blank(r->rest.p[0]))
			r->blank = true;
		else
			put(r, str_slice(r->rest, 0, 1));
		return 1;
	}
}

void from_parse(struct arena *a, struct str value, struct from *out)
{
	struct reading r = {.a = a, .out = out, .rest = value};

	*out = (struct from){0};
	r.text = arena_alloc(a, 2 * value.n + 2);
	while (r.rest.n)
		r.rest = str_from(r.rest, take_token(&r));
	if (r.in_group)
		fail(&r, "From cannot be read");
	end_address(&r);
	if (out->count == 0)
		fail(&r, "From has no address");
	if (out->problem)
		out->domain = STR_NONE;
}

void from_find(struct arena *a, const struct dkim_message *m, struct from *out)
{
	const struct dkim_field *field = dkim_message_find(m, STR("From"), 0);
	size_t colon;

	*out = (struct from){0};
	if (!field) {
		out->problem = "the message has no From";
		return;
	}
	if (dkim_message_count(m, STR("From")) > 1) {
		out->problem = "the message has several From fields";
		return;
	}
	colon = (size_t)str_find_char(field->raw, ':');
	from_parse(a, str_from(field->raw, colon + 1), out);
}
