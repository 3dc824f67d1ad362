#include "mime/letter_scan.h"

#include <string.h>

enum {
	OPEN_MAX = 256,
	/* Lines times the boundaries they are compared with, here and in GMime: half a
	 * second. A message of 50 MB may have nothing but lines that begin with "--". */
	COMPARED_MAX = 20 * 1000 * 1000,
};

struct scan {
	const struct letter_limits *limits;
	bool is_exact; /* only lines that name an open boundary are boundaries */
	struct str open[OPEN_MAX];
	size_t depth; /* of `open`; in the quick pass the multiparts that were met */
	size_t parts, fields, header_bytes, compared;
	bool has_digest; /* parts without a type are messages: RFC 2046 §5.1.5 */
};

bool letter_cut_line(struct str *rest, struct str *line)
{
	const char *end;

	if (rest->n == 0)
		return false;
	end = memchr(rest->p, '\n', rest->n);
	line->p = rest->p;
	line->n = end ? (size_t)(end + 1 - rest->p) : rest->n;
	*rest = str_from(*rest, line->n);
	return true;
}

bool letter_line_is_empty(struct str line)
{
	return line.n == 0 || line.p[0] == '\n' ||
	       (line.p[0] == '\r' && (line.n == 1 || line.p[1] == '\n'));
}

/* A line without its end and trailing blanks. */
static struct str trim_end(struct str line)
{
	while (line.n && char_is_blank(line.p[line.n - 1]))
		line.n--;
	return line;
}

/* Whether the line ends a part; closes what ends with it. */
static bool is_boundary(struct scan *s, struct str line)
{
	if (line.n < 3 || line.p[0] != '-' || line.p[1] != '-')
		return false;
	if (!s->is_exact)
		return true;
	line = str_from(trim_end(line), 2);
	s->compared += s->depth;
	for (size_t i = s->depth; i-- > 0;) {
		if (!str_starts(line, s->open[i]))
			continue;
		if (line.n == s->open[i].n) {
			s->depth = i + 1;
			return true;
		}
		if (str_eq(str_from(line, s->open[i].n), STR("--"))) {
			s->depth = i;
			return true;
		}
	}
	return false;
}

/* The value behind the word "boundary"; empty where it is not a plain parameter. */
static struct str read_boundary(struct str rest)
{
	struct str value;
	size_t n = 0;

	rest = str_trim(rest);
	if (rest.n == 0 || rest.p[0] != '=')
		return STR_NONE;
	rest = str_trim(str_from(rest, 1));
	if (rest.n && rest.p[0] == '"') {
		rest = str_from(rest, 1);
		return str_cut(&rest, '"', &value) ? trim_end(value) : STR_NONE;
	}
	while (n < rest.n && !char_is_blank(rest.p[n]) && rest.p[n] != ';')
		n++;
	return str_slice(rest, 0, n);
}

/* How often a parameter of that name stands in a header. */
static size_t count_boundaries(struct str header)
{
	struct str word = STR("boundary");
	size_t n = 0;
	ptrdiff_t at;

	while ((at = str_find_nocase(header, word)) >= 0) {
		struct str rest;

		header = str_from(header, (size_t)at + word.n);
		rest = str_trim(header);
		n += rest.n && (rest.p[0] == '=' || rest.p[0] == '*');
	}
	return n;
}

/* NULs and bare CRs, which readers of headers take each for something else. */
static bool has_odd_bytes(struct str header)
{
	for (size_t i = 0; i < header.n; i++)
		if (header.p[i] == '\0' || (header.p[i] == '\r' && i + 1 < header.n &&
		                            header.p[i + 1] != '\n'))
			return true;
	return false;
}

/* Opens the boundary of a multipart. One that cannot be read here, as it comes in pieces
 * (RFC 2231), with comments, among odd bytes, twice or not at all, may be any line: back
 * to counting all. */
static void open_multipart(struct scan *s, struct str header)
{
	ptrdiff_t at = str_find_nocase(header, STR("boundary"));
	struct str boundary;

	s->depth++;
	if (!s->is_exact || s->depth > OPEN_MAX)
		return;
	if (at < 0 || has_odd_bytes(header)) {
		s->is_exact = false;
		return;
	}
	boundary = read_boundary(str_from(header, (size_t)at + strlen("boundary")));
	if (boundary.n == 0 || str_find_char(boundary, '\\') >= 0 ||
	    count_boundaries(header) > 1)
		s->is_exact = false;
	else
		s->open[s->depth - 1] = boundary;
}

/* What a header says of what follows it. */
struct seen {
	bool has_type, has_other_type, has_message, has_multipart, has_digest;
};

/* Whether a line names a type that can be read; one that cannot counts as none. */
static bool is_plain_type(struct str line)
{
	static const struct str name = STR_INIT("content-type:");
	size_t n = 0;

	if (!str_starts_nocase(line, name))
		return false;
	line = str_trim(str_from(line, name.n));
	while (n < line.n && (char_is_alnum(line.p[n]) || line.p[n] == '-'))
		n++;
	return n && n + 1 < line.n && line.p[n] == '/' && char_is_alnum(line.p[n + 1]);
}

static void look_at_content_field(struct str line, struct seen *seen)
{
	if (str_find_nocase(line, STR("content-type")) >= 0) {
		seen->has_type = is_plain_type(line) && !seen->has_other_type;
		seen->has_other_type |= !seen->has_type;
	}
	/* Blanks may stand before the slash, and GMime reads over them. */
	seen->has_message |= str_find_nocase(line, STR("message")) >= 0;
	seen->has_multipart |= str_find_nocase(line, STR("multipart")) >= 0;
	seen->has_digest |= str_find_nocase(line, STR("digest")) >= 0;
}

/* Takes the next line of a header; false at the empty one and at a boundary, which ends
 * a header too and is left for the caller. */
static bool cut_header_line(struct scan *s, struct str *rest, struct str *line)
{
	struct str before = *rest;
	size_t depth = s->depth;
	bool is_end;

	if (!letter_cut_line(rest, line) || letter_line_is_empty(*line))
		return false;
	if (s->parts == 0)
		return true;
	is_end = is_boundary(s, *line);
	s->depth = depth; /* what it closes, it closes for the caller */
	if (is_end)
		*rest = before;
	return !is_end;
}

static struct seen read_header(struct scan *s, struct str *rest)
{
	struct str header = *rest;
	struct seen seen = {0};
	bool is_content = false;
	struct str line;

	while (cut_header_line(s, rest, &line)) {
		/* What is folded with nothing before it is a field of its own. */
		if ((line.p[0] != ' ' && line.p[0] != '\t') || line.p == header.p) {
			s->fields++;
			is_content = char_lower(line.p[0]) == 'c';
		}
		if (is_content)
			look_at_content_field(line, &seen);
	}
	header.n -= rest->n;
	s->header_bytes += header.n;
	if (seen.has_multipart)
		open_multipart(s, header);
	return seen;
}

static bool is_within(const struct scan *s)
{
	const struct letter_limits *l = s->limits;

	return s->parts <= l->parts_max && s->fields <= l->fields_max &&
	       s->header_bytes <= l->header_max && s->depth <= l->depth_max &&
	       s->compared <= COMPARED_MAX;
}

/* The header of a part, and those of the messages that it turns out to enclose. */
static void read_headers(struct scan *s, struct str *rest)
{
	struct seen seen = read_header(s, rest);
	bool is_message = seen.has_message || (s->has_digest && !seen.has_type);

	s->has_digest |= seen.has_digest;
	while (is_message && rest->n && is_within(s)) {
		s->parts++;
		seen = read_header(s, rest);
		s->has_digest |= seen.has_digest;
		is_message = seen.has_message;
	}
}

/* The place just before the rest: the end of the line that was read. */
static struct str with_line_end(struct str rest)
{
	return rest.n ? (struct str){rest.p - 1, rest.n + 1} : rest;
}

/* Takes the text up to the end of the next line that begins with "-" off the front;
 * *rest begins with the end of the line before. */
static bool cut_dashed_line(struct str *rest, struct str *line)
{
	ptrdiff_t at = str_find_pair(*rest, '\n', '-');

	if (at < 0)
		return false;
	*rest = str_from(*rest, (size_t)at + 1);
	return letter_cut_line(rest, line);
}

static void scan_lines(struct scan *s, struct str rest)
{
	struct str line;

	read_headers(s, &rest);
	rest = with_line_end(rest);
	while (is_within(s) && cut_dashed_line(&rest, &line)) {
		if (is_boundary(s, line)) {
			s->parts++;
			read_headers(s, &rest);
		}
		rest = with_line_end(rest);
	}
}

/* Which limit it was. */
static bool refuse(const struct scan *s, struct err *err)
{
	const struct letter_limits *l = s->limits;

	if (s->parts > l->parts_max)
		return err_set(err, ERR_INPUT, "the message has more than %zu parts",
		               l->parts_max);
	if (s->fields > l->fields_max)
		return err_set(err, ERR_INPUT,
		               "the message has more than %zu header fields",
		               l->fields_max);
	if (s->header_bytes > l->header_max)
		return err_set(err, ERR_INPUT,
		               "the headers of the message have more than %zu bytes",
		               l->header_max);
	if (s->depth > l->depth_max)
		return err_set(err, ERR_INPUT,
		               "the message is nested deeper than %zu levels",
		               l->depth_max);
	return err_set(err, ERR_INPUT,
	               "the message has too many lines that might be boundaries");
}

bool letter_scan_limits(struct str bytes, const struct letter_limits *limits,
                        struct err *err)
{
	struct scan quick = {.limits = limits};
	struct scan exact = {.limits = limits, .is_exact = true};

	need(limits->depth_max < OPEN_MAX);
	if (bytes.n > limits->bytes_max)
		return err_set(err, ERR_INPUT, "the message has more than %zu bytes",
		               limits->bytes_max);
	scan_lines(&quick, bytes);
	if (is_within(&quick))
		return true;
	scan_lines(&exact, bytes);
	return is_within(&exact) || refuse(&exact, err);
}
