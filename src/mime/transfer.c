#include "mime/transfer.h"

#include "mime/letter_scan.h"

#include "base/base64.h"
#include "base/vector.h"

#include <string.h>

enum { MARK_EVERY = 64 };

/* 1 + the value of each hexadecimal digit, 0 for the others. */
static const uint8_t hex_digits[256] = {
        ['0'] = 1,  ['1'] = 2,  ['2'] = 3,  ['3'] = 4,  ['4'] = 5,  ['5'] = 6,
        ['6'] = 7,  ['7'] = 8,  ['8'] = 9,  ['9'] = 10, ['A'] = 11, ['B'] = 12,
        ['C'] = 13, ['D'] = 14, ['E'] = 15, ['F'] = 16, ['a'] = 11, ['b'] = 12,
        ['c'] = 13, ['d'] = 14, ['e'] = 15, ['f'] = 16,
};

/* What begins with '=': a byte as =XX, or a soft line break. */
struct escape {
	size_t raw_n; /* with the '='; 0: no escape at all */
	bool is_byte;
	char byte;
};

/* A soft break with blanks behind the '=', or with a bare LF. */
static struct escape read_soft_break(const char *p, const char *end)
{
	const char *start = p++;

	while (p < end && (*p == ' ' || *p == '\t'))
		p++;
	if (p < end && *p == '\r')
		p++;
	if (p < end && *p == '\n')
		return (struct escape){.raw_n = (size_t)(p + 1 - start)};
	return (struct escape){0};
}

/* A byte and a soft break have three characters each, and which it is cannot be
 * predicted: so that is no branch. */
static inline struct escape read_escape(const char *p, const char *end)
{
	if (end - p >= 3) {
		unsigned high = hex_digits[(unsigned char)p[1]];
		unsigned low = hex_digits[(unsigned char)p[2]];
		bool is_byte = (high != 0) & (low != 0);
		bool is_break = (p[1] == '\r') & (p[2] == '\n');

		if (is_byte | is_break)
			return (struct escape){3, is_byte,
			                       (char)((high - 1) << 4 | (low - 1))};
	}
	return read_soft_break(p, end);
}

/* Copies up to the next '=' or the end, sixteen bytes at a time: runs are short. Up to
 * fifteen bytes behind are overwritten. Returns how many. */
static inline size_t copy_literals(char *to, const char *p, const char *end)
{
	const char *start = p;

	while (end - p >= 16) {
		bytes16 v = load16(p);
		bytes16 hits = (bytes16)(v == '=');

		memcpy(to, &v, sizeof(v));
		if (any16(hits))
			return (size_t)(p - start) + first16(hits);
		to += 16;
		p += 16;
	}
	while (p < end && *p != '=')
		*to++ = *p++;
	return (size_t)(p - start);
}

/* Whether a CR without its LF follows: behind a '=' nobody knows what that means. */
static bool is_bare_cr(const char *p, const char *end)
{
	while (p < end && (*p == ' ' || *p == '\t'))
		p++;
	return p < end && *p == '\r';
}

/* False where the content cannot be written back for sure. */
static bool decode_qp(struct arena *a, struct transfer *t)
{
	const char *p = t->raw.n ? t->raw.p : "";
	const char *end = p + t->raw.n;
	char *text = arena_bytes(a, t->raw.n + 16);
	size_t n = 0;
	size_t marked = 0;

	while (p < end) {
		size_t run = copy_literals(text + n, p, end);
		struct escape e;

		n += run;
		p += run;
		if (p == end)
			break;
		e = read_escape(p, end);
		if (!e.raw_n && is_bare_cr(p + 1, end))
			return false;
		if (!e.raw_n)
			e = (struct escape){1, true, *p};
		text[n] = e.byte;
		n += e.is_byte;
		p += e.raw_n;
		if (e.is_byte && n - marked >= MARK_EVERY) {
			*ARRAY_ADD(&t->marks, a) = (struct transfer_mark){
			        (uint32_t)n, (uint32_t)(p - t->raw.p)};
			marked = n;
		}
	}
	t->text = (struct str){text, n};
	return true;
}

bool transfer_is_identity(enum letter_encoding encoding)
{
	return encoding == LETTER_7BIT || encoding == LETTER_8BIT ||
	       encoding == LETTER_BINARY;
}

bool transfer_decode(struct arena *a, enum letter_encoding encoding, struct str raw,
                     struct transfer *out)
{
	need(raw.n < UINT32_MAX);
	*out = (struct transfer){.encoding = encoding, .raw = raw, .text = raw};
	switch (encoding) {
	case LETTER_7BIT:
	case LETTER_8BIT:
	case LETTER_BINARY:
		return true;
	case LETTER_QUOTED_PRINTABLE:
		return decode_qp(a, out);
	case LETTER_BASE64:
		return base64_decode(a, raw, true, &out->text);
	case LETTER_UNKNOWN_ENCODING:
		return false;
	}
	return false;
}

/* Walks through quoted-printable from place to place, forward only. */
struct qp_place {
	const struct transfer *t;
	size_t next_mark;
	size_t text_at, raw_at;
};

/* Moves to the text's byte `text_at`; the raw place is behind the byte before it, so
 * that soft breaks stay behind. */
static void go_behind(struct qp_place *q, size_t text_at)
{
	const struct transfer *t = q->t;
	const struct transfer_mark *mark = NULL;

	need(text_at >= q->text_at);
	while (q->next_mark < t->marks.n && t->marks.v[q->next_mark].text_at <= text_at)
		mark = &t->marks.v[q->next_mark++];
	if (mark && mark->text_at > q->text_at) {
		q->text_at = mark->text_at;
		q->raw_at = mark->raw_at;
	}
	while (q->text_at < text_at) {
		const char *p = t->raw.p + q->raw_at;
		struct escape e = {0};

		if (*p == '=')
			e = read_escape(p, t->raw.p + t->raw.n);
		if (!e.raw_n)
			e = (struct escape){.raw_n = 1, .is_byte = true};
		q->raw_at += e.raw_n;
		q->text_at += e.is_byte;
	}
}

/* Moves on over soft breaks, to where the next byte of the text itself stands. */
static void skip_soft_breaks(struct qp_place *q)
{
	for (;;) {
		const char *p = q->t->raw.p + q->raw_at;
		const char *end = q->t->raw.p + q->t->raw.n;
		struct escape e = {0};

		if (p < end && *p == '=')
			e = read_escape(p, end);
		if (!e.raw_n || e.is_byte)
			return;
		q->raw_at += e.raw_n;
	}
}

/* Whether what follows makes a line of that length too long. */
static bool is_too_long(size_t column, struct str behind)
{
	ptrdiff_t lf;

	behind = str_slice(behind, 0, QP_LINE_MAX + 2);
	lf = str_find_char(behind, '\n');
	if (lf >= 0)
		behind.n = (size_t)lf - (lf > 0 && behind.p[lf - 1] == '\r');
	return behind.n && column + behind.n > QP_LINE_MAX;
}

/* Writes quoted-printable, with soft breaks before a line gets too long. */
struct qp_writer {
	char *p;
	size_t n;
	struct str eol;
	size_t column;
};

static void put(struct qp_writer *w, struct str s)
{
	memcpy(w->p + w->n, s.p, s.n);
	w->n += s.n;
	w->column += s.n;
}

static void break_line(struct qp_writer *w, struct str mark)
{
	put(w, mark);
	put(w, w->eol);
	w->column = 0;
}

static bool is_literal(char c)
{
	return c >= '!' && c <= '~' && c != '=';
}

/* How many bytes at the front stand for themselves; many at a time, as targets are long
 * and few of their bytes do not. */
static size_t literal_length(struct str text)
{
	size_t n = 0;

	for (; n + 16 <= text.n; n += 16) {
		bytes16 v = load16(text.p + n);
		bytes16 others = (bytes16)((v < '!') | (v > '~') | (v == '='));

		if (any16(others))
			return n + first16(others);
	}
	while (n < text.n && is_literal(text.p[n]))
		n++;
	return n;
}

/* The column of `at` where that of `from` is known. */
static size_t column_of(struct str raw, size_t from, size_t at, size_t column)
{
	const char *lf = at > from ? memrchr(raw.p + from, '\n', at - from) : NULL;

	return lf ? at - (size_t)(lf + 1 - raw.p) : column + at - from;
}

/* What stands for itself, cut into lines. */
static void put_literals(struct qp_writer *w, struct str text)
{
	for (size_t at = 0; at < text.n;) {
		size_t room = QP_LINE_MAX - 1 - w->column;
		size_t piece = text.n - at < room ? text.n - at : room;

		put(w, str_slice(text, at, piece));
		at += piece;
		if (at < text.n)
			break_line(w, STR("="));
	}
}

static size_t put_other(struct qp_writer *w, struct str text)
{
	static const char hex[] = "0123456789ABCDEF";
	unsigned char c = (unsigned char)text.p[0];
	char code[3] = {'=', hex[c >> 4], hex[c & 15]};
	bool is_crlf = str_starts(text, STR("\r\n"));
	struct str unit = {code, 3};

	if (is_crlf || c == '\n') {
		break_line(w, STR(""));
		return is_crlf ? 2 : 1;
	}
	if (c == ' ' && text.n > 1 && text.p[1] != '\r' && text.p[1] != '\n')
		unit = STR(" ");
	if (w->column + unit.n > QP_LINE_MAX - 1)
		break_line(w, STR("="));
	put(w, unit);
	return 1;
}

/* Room that the text cannot pass when it is written; `literals` stand in front. */
static size_t qp_bound(struct str text, size_t literals, struct str eol)
{
	size_t n = text.n;

	for (size_t i = literals; i < text.n;
	     i += 1 + literal_length(str_from(text, i + 1)))
		n += 2;
	return n + (n / (QP_LINE_MAX - 3) + 3) * (1 + eol.n);
}

/* Whether the content before ends with an '=' that is no escape yet, but might become
 * one with what follows. */
static bool is_dangling(struct str before)
{
	size_t n = before.n;

	if (n > 1 && char_is_hex(before.p[n - 1]) && before.p[n - 2] == '=')
		return true;
	while (n && char_is_blank(before.p[n - 1]) && before.p[n - 1] != '\n')
		n--;
	return n && before.p[n - 1] == '=';
}

/* Whether the line before ends with a blank that stands for itself, which no line may:
 * RFC 2045 §6.7 (3). */
static bool ends_with_blank(struct str before)
{
	before.n -= str_ends(before, STR("\r")); /* may get an LF behind it */
	return before.n &&
	       (before.p[before.n - 1] == ' ' || before.p[before.n - 1] == '\t');
}

static bool begins_with_eol(struct str s)
{
	return str_starts(s, STR("\n")) || str_starts(s, STR("\r\n"));
}

/* Whether a soft break must stand in front of what is written. */
static bool needs_break(const struct qp_writer *w, struct str before, struct str text,
                        struct str behind)
{
	struct str next = text.n ? text : behind;
	bool is_end = next.n == 0 || begins_with_eol(next);

	if (is_dangling(before) || (is_end && ends_with_blank(before)))
		return true;
	/* Also where a line is too long already, which is not ours. */
	return w->column > QP_LINE_MAX - 1 && !is_end;
}

/* `before` is what stands in front of the text, `behind` what follows. */
static void write_qp(struct arena *a, struct qp_writer *w, struct str before,
                     struct str text, struct str behind)
{
	size_t n = literal_length(text);

	w->p = arena_bytes(a, qp_bound(text, n, w->eol));
	if (needs_break(w, before, text, behind))
		break_line(w, STR("="));
	for (;;) {
		put_literals(w, str_slice(text, 0, n));
		text = str_from(text, n);
		if (text.n == 0)
			break;
		text = str_from(text, put_other(w, text));
		n = literal_length(text);
	}
	if (is_too_long(w->column, behind))
		break_line(w, STR("="));
}

/* The next edit, in one with those that begin where it ends. */
static struct edit take_edit(struct arena *a, const struct edits *wanted, size_t *i)
{
	struct edit e = wanted->v[(*i)++];

	for (; *i < wanted->n && wanted->v[*i].start == e.end; ++*i) {
		e.text = arena_join(a, e.text, wanted->v[*i].text);
		e.end = wanted->v[*i].end;
	}
	return e;
}

/* Takes the last character in front of the edit into it: its line is full to the last
 * place, so a soft break can only stand before it. */
static void pull_back(struct arena *a, struct str raw, size_t *start, struct str *text)
{
	struct str unit = str_slice(raw, *start - 1, 1);
	struct escape e = {0};

	if (*start >= 3 && raw.p[*start - 3] == '=')
		e = read_escape(raw.p + *start - 3, raw.p + *start);
	if (e.is_byte)
		unit = (struct str){&e.byte, 1};
	/* A CR stays one by itself: the line end that is written has its own. */
	if (str_eq(unit, STR("\r")) && str_starts(*text, STR("\n")))
		unit = STR("\r\r");
	*text = arena_join(a, unit, *text);
	*start -= e.is_byte ? e.raw_n : 1;
}

static void edit_qp(struct arena *a, const struct transfer *t,
                    const struct edits *wanted, struct str eol, size_t raw_start,
                    struct edits *out)
{
	struct qp_place place = {.t = t};
	size_t written_to = 0; /* in raw */
	struct qp_writer w = {.eol = eol};

	for (size_t i = 0; i < wanted->n;) {
		struct edit e = take_edit(a, wanted, &i);
		struct str before, behind;
		size_t start;

		go_behind(&place, e.start);
		if (e.end > e.start)
			skip_soft_breaks(&place);
		start = place.raw_at;
		go_behind(&place, e.end);
		w.column = column_of(t->raw, written_to, start, w.column);
		w.n = 0;
		before = str_slice(t->raw, 0, start);
		behind = str_from(t->raw, place.raw_at);
		if (w.column == QP_LINE_MAX && start > written_to &&
		    needs_break(&w, before, e.text, behind)) {
			pull_back(a, t->raw, &start, &e.text);
			w.column -= before.n - start;
			before.n = start;
		}
		write_qp(a, &w, before, e.text, behind);
		edits_add(a, out, raw_start + start, raw_start + place.raw_at,
		          (struct str){w.p, w.n});
		written_to = place.raw_at;
	}
}

/* The last line of base64 that begins before the text's byte `text_at`, at a group of
 * four characters; and how long lines are. */
static size_t find_base64_line(struct str raw, size_t text_at, size_t *line_text_at,
                               size_t *line_len)
{
	struct str rest = raw;
	struct str line;
	size_t digits = 0;
	size_t found = 0;

	*line_text_at = 0;
	*line_len = 0;
	while (digits / 4 * 3 <= text_at && letter_cut_line(&rest, &line)) {
		size_t n = 0;

		for (size_t i = 0; i < line.n; i++)
			n += !char_is_blank(line.p[i]);
		if (n && digits % 4 == 0) {
			found = (size_t)(line.p - raw.p);
			*line_text_at = digits / 4 * 3;
		}
		/* One line alone does not say how long lines are. */
		if (!*line_len && str_trim(rest).n)
			*line_len = n;
		digits += n;
	}
	return found;
}

/* The line ends behind the last digit stay as they are. */
static size_t digits_end(struct str raw)
{
	struct str rest = raw;

	while (rest.n && char_is_blank(rest.p[rest.n - 1]))
		rest.n--;
	while (rest.n < raw.n && !begins_with_eol(str_from(raw, rest.n)))
		rest.n++;
	return rest.n;
}

static void edit_base64(struct arena *a, const struct transfer *t, struct edits *wanted,
                        struct str eol, size_t raw_start, struct edits *out)
{
	struct iov pieces = {0};
	size_t text_at, line_len, from;

	if (wanted->n == 0)
		return;
	from = find_base64_line(t->raw, wanted->v[0].start, &text_at, &line_len);
	line_len &= ~(size_t)3;
	if (line_len < 4 || line_len > BASE64_LINE_MAX)
		line_len = BASE64_LINE_MAX;
	edits_apply_range(a, wanted, t->text, text_at, t->text.n, &pieces);
	edits_add(a, out, raw_start + from, raw_start + digits_end(t->raw),
	          base64_encode_lines(a, iov_join(a, &pieces), line_len, eol));
}

void transfer_edits(struct arena *a, const struct transfer *t, struct edits *wanted,
                    struct str eol, size_t raw_start, struct edits *out)
{
	edits_sort(wanted);
	if (t->encoding == LETTER_QUOTED_PRINTABLE) {
		edit_qp(a, t, wanted, eol, raw_start, out);
		return;
	}
	if (t->encoding == LETTER_BASE64) {
		edit_base64(a, t, wanted, eol, raw_start, out);
		return;
	}
	for (size_t i = 0; i < wanted->n; i++)
		edits_add(a, out, raw_start + wanted->v[i].start,
		          raw_start + wanted->v[i].end, wanted->v[i].text);
}
