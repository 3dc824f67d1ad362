/*
 * Edits of decoded text as edits of its encoded form: what is decoded afterwards, by the
 * plain decoder below too, is the edited text, and lines that were short enough stay so.
 *
 * The first byte chooses the encoding and the line end, the second the number of edits;
 * each edit has three: where it begins behind the one before, how much it replaces, how
 * much it writes. Then come the bytes that they write, and the content.
 */
#include "fuzz.h"
#include "mime/transfer.h"

#include <string.h>

enum { EDITS_MAX = 6, LINE_LEN_MAX = 76 };

struct input {
	enum letter_encoding encoding;
	struct str eol;
	size_t count;
	const uint8_t *choices; /* three each */
	struct str pool, content;
};

static bool read_input(const uint8_t *bytes, size_t n, struct input *in)
{
	struct str rest = {(const char *)bytes, n};
	size_t written = 0;

	if (n < 2)
		return false;
	in->encoding = (enum letter_encoding)(bytes[0] % LETTER_UNKNOWN_ENCODING);
	in->eol = bytes[0] & 128 ? STR("\n") : STR("\r\n");
	in->count = bytes[1] % (EDITS_MAX + 1);
	in->choices = bytes + 2;
	rest = str_from(rest, 2);
	if (rest.n < in->count * 3)
		return false;
	rest = str_from(rest, in->count * 3);
	for (size_t i = 0; i < in->count; i++)
		written += in->choices[i * 3 + 2];
	if (written > rest.n)
		return false;
	in->pool = str_slice(rest, 0, written);
	in->content = str_from(rest, written);
	return true;
}

/* Quoted-printable as RFC 2045 §6.7 has it, byte by byte; but blanks at the end of a line
 * stay, as ours do. */
static struct str decode_plainly(struct arena *a, struct str raw)
{
	char *out = arena_bytes(a, raw.n + 1);
	size_t n = 0;

	for (size_t i = 0; i < raw.n;) {
		size_t k = i + 1;

		if (raw.p[i] != '=') {
			out[n++] = raw.p[i++];
			continue;
		}
		if (k + 1 < raw.n && char_is_hex(raw.p[k]) &&
		    char_is_hex(raw.p[k + 1])) {
			out[n++] = (char)(char_hex(raw.p[k]) << 4 |
			                  char_hex(raw.p[k + 1]));
			i += 3;
			continue;
		}
		while (k < raw.n && (raw.p[k] == ' ' || raw.p[k] == '\t'))
			k++;
		k += k < raw.n && raw.p[k] == '\r';
		if (k < raw.n && raw.p[k] == '\n') {
			i = k + 1;
			continue;
		}
		out[n++] = raw.p[i++];
	}
	return (struct str){out, n};
}

/* What is written in quoted-printable ends its lines as the letter does. */
static struct str with_eol(struct arena *a, struct str text, struct str eol)
{
	char *out = arena_bytes(a, text.n * 2 + 1);
	size_t n = 0;

	for (size_t i = 0; i < text.n; i++) {
		if (str_starts(str_from(text, i), STR("\r\n")))
			continue;
		if (text.p[i] != '\n') {
			out[n++] = text.p[i];
			continue;
		}
		memcpy(out + n, eol.p, eol.n);
		n += eol.n;
	}
	return (struct str){out, n};
}

struct lines {
	size_t longest;
	size_t blank_ended;
};

static struct lines look_at_lines(struct str s)
{
	struct lines lines = {0};
	struct str line;

	while (str_cut(&s, '\n', &line)) {
		if (s.p && line.n && line.p[line.n - 1] == '\r')
			line.n--;
		if (line.n > lines.longest)
			lines.longest = line.n;
		lines.blank_ended += line.n && (line.p[line.n - 1] == ' ' ||
		                                line.p[line.n - 1] == '\t');
	}
	return lines;
}

/* The place so many bytes behind another; never inside a line end. */
static size_t go_on(struct str text, size_t at, size_t n)
{
	at = at + n < text.n ? at + n : text.n;
	if (at && at < text.n && text.p[at - 1] == '\r' && text.p[at] == '\n')
		at++;
	return at;
}

static void make_edits(struct arena *a, const struct input *in, struct str original,
                       struct edits *wanted, struct edits *expected)
{
	struct str pool = in->pool;
	size_t at = 0;

	for (size_t i = 0; i < in->count; i++) {
		const uint8_t *c = in->choices + i * 3;
		struct str text = str_slice(pool, 0, c[2]);
		size_t start = go_on(original, at, c[0]);
		size_t end = go_on(original, start, c[1]);

		/* It might be one line end with what the next one writes. */
		while (text.n && text.p[text.n - 1] == '\r')
			text.n--;
		edits_add(a, wanted, start, end, text);
		if (in->encoding == LETTER_QUOTED_PRINTABLE)
			text = with_eol(a, text, in->eol);
		edits_add(a, expected, start, end, text);
		pool = str_from(pool, c[2]);
		at = end;
	}
}

static struct str apply(struct arena *a, struct edits *e, struct str original)
{
	struct iov out = {0};

	edits_apply(a, e, original, &out);
	return iov_join(a, &out);
}

static void check_lines(const struct input *in, struct str changed)
{
	struct lines before = look_at_lines(in->content);
	struct lines after = look_at_lines(changed);

	if (before.longest <= LINE_LEN_MAX)
		need(after.longest <= LINE_LEN_MAX);
	/* A soft break may have to stand behind a line that is too long. */
	need(after.longest <= LINE_LEN_MAX || after.longest <= before.longest + 1);
	need(after.blank_ended <= before.blank_ended);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	AUTO(arena) a = {0};
	struct edits wanted = {0}, expected = {0}, out = {0};
	struct transfer t, again;
	struct input in;
	struct str changed;

	if (!read_input(bytes, n, &in) ||
	    !transfer_decode(&a, in.encoding, in.content, &t))
		return 0;
	if (in.encoding == LETTER_QUOTED_PRINTABLE)
		need(str_eq(t.text, decode_plainly(&a, in.content)));
	make_edits(&a, &in, t.text, &wanted, &expected);
	transfer_edits(&a, &t, &wanted, in.eol, 0, &out);
	changed = apply(&a, &out, in.content);
	need(transfer_decode(&a, in.encoding, changed, &again));
	need(str_eq(again.text, apply(&a, &expected, t.text)));
	if (in.encoding == LETTER_QUOTED_PRINTABLE)
		need(str_eq(again.text, decode_plainly(&a, changed)));
	if (in.encoding == LETTER_QUOTED_PRINTABLE || in.encoding == LETTER_BASE64)
		check_lines(&in, changed);
	need(out.n <= wanted.n);
	return 0;
}
