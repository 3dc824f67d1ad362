#include "auth/dkim_canon.h"

#include "base/vector.h"

#include <string.h>

/* From here on a run goes to the hash by itself instead of through the stage. */
enum { RUN_DIRECT = 512 };

static const char *const canon_names[] = {
        [DKIM_SIMPLE] = "simple",
        [DKIM_RELAXED] = "relaxed",
};

const char *dkim_canon_name(enum dkim_canon canon)
{
	return canon_names[canon];
}

bool dkim_canon_parse(struct str name, enum dkim_canon *out)
{
	for (size_t i = 0; i < LEN(canon_names); i++) {
		if (str_eq_nocase(name, str_c(canon_names[i]))) {
			*out = (enum dkim_canon)i;
			return true;
		}
	}
	return false;
}

void dkim_hash_init(struct dkim_hash *h, uint64_t limit)
{
	sha256_init(&h->sha);
	h->total = 0;
	h->limit = limit;
	h->staged = 0;
}

static void flush(struct dkim_hash *h)
{
	if (h->staged)
		sha256_add(&h->sha, (struct str){h->stage, h->staged});
	h->staged = 0;
}

static inline void put(struct dkim_hash *h, const char *p, size_t n)
{
	uint64_t room = h->limit > h->total ? h->limit - h->total : 0;

	h->total += n;
	if (n > room)
		n = (size_t)room;
	if (n > RUN_DIRECT) {
		flush(h);
		sha256_add(&h->sha, (struct str){p, n});
		return;
	}
	if (n > sizeof(h->stage) - h->staged)
		flush(h);
	if (n)
		memcpy(h->stage + h->staged, p, n);
	h->staged += n;
}

static void put_char(struct dkim_hash *h, char c)
{
	put(h, &c, 1);
}

static void put_line_end(struct dkim_hash *h)
{
	put(h, "\r\n", 2);
}

void dkim_hash_finish(struct dkim_hash *h, uint8_t out[SHA256_BYTES])
{
	flush(h);
	sha256_finish(&h->sha, out);
}

void dkim_hash_done(struct dkim_hash *h)
{
	sha256_done(&h->sha);
}

static bool is_wsp(char c)
{
	return c == ' ' || c == '\t';
}

/*
 * The scans: how far a run goes that canonicalisation leaves alone. Both look at each
 * byte together with the next, 32 pairs at a time.
 */

/* Pairs at which a relaxed body may change: a tab, a space before any blank, or a line
 * end without its CR. */
static inline bytes16 relaxed_hits(const char *p)
{
	bytes16 a = load16(p);
	bytes16 b = load16(p + 1);

	return (bytes16)((a == '\t') | ((a == ' ') & (b <= ' ')) |
	                 ((b == '\n') & (a != '\r')));
}

static inline bytes16 simple_hits(const char *p)
{
	bytes16 a = load16(p);
	bytes16 b = load16(p + 1);

	return (bytes16)((b == '\n') & (a != '\r'));
}

/* Offset of the first hit, or n - 1: the last byte has no next one here. */
static inline size_t scan(const char *p, size_t n, bool relaxed)
{
	size_t i = 0;

	for (; i + 33 <= n; i += 32) {
		bytes16 low = relaxed ? relaxed_hits(p + i) : simple_hits(p + i);
		bytes16 high =
		        relaxed ? relaxed_hits(p + i + 16) : simple_hits(p + i + 16);

		if (any16(low | high))
			return i + (any16(low) ? first16(low) : 16 + first16(high));
	}
	for (; i + 1 < n; i++) {
		if (p[i + 1] == '\n' && p[i] != '\r')
			break;
		if (relaxed &&
		    (p[i] == '\t' || (p[i] == ' ' && (unsigned char)p[i + 1] <= ' ')))
			break;
	}
	return i;
}

/* What is held back until the next byte tells what it means. */
struct body {
	struct dkim_hash *out;
	bool relaxed;
	bool blank; /* a run of blanks (relaxed) */
	bool cr;    /* a CR, behind the blanks where there are any */
};

static void release(struct body *b)
{
	if (b->blank)
		put_char(b->out, ' ');
	if (b->cr)
		put_char(b->out, '\r');
	b->blank = b->cr = false;
}

static void step(struct body *b, char c)
{
	if (c == '\n') {
		b->blank = b->cr = false;
		put_line_end(b->out);
		return;
	}
	if (b->cr)
		release(b);
	if (c == '\r') {
		b->cr = true;
	} else if (b->relaxed && is_wsp(c)) {
		b->blank = true;
	} else {
		release(b);
		put_char(b->out, c);
	}
}

/*
 * Hashes runs from byte i on, while nothing is held back, and the one space that is left
 * of blanks between them: where the last of the blanks is a space, the next run begins
 * with it. Returns where it cannot go on without step(), or n.
 */
static inline size_t hash_runs(struct body *b, const char *p, size_t i, size_t n,
                               bool relaxed)
{
	size_t start = i;

	for (;;) {
		size_t blank;

		i += scan(p + i, n - i, relaxed);
		/* The piece may end with a line whose CR is in the run. */
		i += i > start && p[i] == '\n';
		put(b->out, p + start, i - start);
		if (i == n || !relaxed || !is_wsp(p[i]))
			return i;
		blank = i + 1;
		while (blank < n && is_wsp(p[blank]))
			blank++;
		if (blank == n || p[blank] == '\r' || p[blank] == '\n')
			return i;
		i = blank;
		start = p[i - 1] == ' ' ? i - 1 : i;
		if (start == i)
			put(b->out, " ", 1);
	}
}

static inline void hash_piece(struct body *b, const char *p, size_t n, bool relaxed)
{
	size_t i = 0;

	while (i < n) {
		if (!b->blank && !b->cr && p[i] != '\n')
			i = hash_runs(b, p, i, n, relaxed);
		if (i < n)
			step(b, p[i++]);
	}
}

/* The byte before a place, which is made to stand behind that byte in its own piece; -1
 * at the beginning. */
static int before(const struct iov *text, struct dkim_place from,
                  struct dkim_place *place)
{
	while (place->offset == 0) {
		if (place->piece == from.piece)
			return -1;
		place->offset = text->v[--place->piece].iov_len;
	}
	if (place->piece == from.piece && place->offset == from.offset)
		return -1;
	return iov_piece(text, place->piece).p[place->offset - 1] & 0xff;
}

/*
 * Where the last line that counts ends, without its line end: empty lines at the end are
 * ignored (RFC 6376 §3.4.3), and in the relaxed form lines of blanks are empty and blanks
 * at a line's end are nothing (§3.4.4). False where there is no such line.
 */
static bool find_end(const struct iov *text, struct dkim_place from, bool relaxed,
                     struct dkim_place *end)
{
	*end = (struct dkim_place){text->n, 0};
	for (;;) {
		struct dkim_place at = *end;
		int c = before(text, from, &at);

		if (c < 0)
			return false;
		if (c == '\n') {
			at.offset--;
			if (before(text, from, &at) == '\r')
				at.offset--;
		}
		*end = at;
		while (c = before(text, from, &at),
		       relaxed && c >= 0 && is_wsp((char)c))
			at.offset--;
		if (relaxed)
			*end = at;
		if (c >= 0 && c != '\n')
			return true;
	}
}

void dkim_hash_body(struct dkim_hash *h, enum dkim_canon canon, const struct iov *text,
                    struct dkim_place from)
{
	struct body b = {.out = h, .relaxed = canon == DKIM_RELAXED};
	struct dkim_place end;

	if (!find_end(text, from, b.relaxed, &end)) {
		if (!b.relaxed)
			put_line_end(h);
		return;
	}
	for (size_t i = from.piece; i < text->n && i <= end.piece; i++) {
		struct str piece = iov_piece(text, i);

		if (i == end.piece)
			piece.n = end.offset;
		if (i == from.piece)
			piece = str_from(piece, from.offset);
		if (b.relaxed)
			hash_piece(&b, piece.p, piece.n, true);
		else
			hash_piece(&b, piece.p, piece.n, false);
	}
	release(&b);
	put_line_end(h);
}

/* A field without its line end, LF and CRLF alike. */
static struct str without_line_end(struct str field)
{
	if (str_ends(field, STR("\r\n")))
		field.n -= 2;
	else if (str_ends(field, STR("\n")))
		field.n--;
	return field;
}

/* RFC 6376 §3.4.1: as it stands. */
static void hash_simple_field(struct dkim_hash *h, struct str field)
{
	struct str line;

	while (str_cut(&field, '\n', &line)) {
		if (field.p && str_ends(line, STR("\r")))
			line.n--;
		put(h, line.p, line.n);
		if (field.p)
			put_line_end(h);
	}
}

/* RFC 6376 §3.4.2: the name in lower case, unfolded, blanks as one space, none around the
 * colon and at the end. */
static void hash_relaxed_field(struct dkim_hash *h, struct str field)
{
	struct str name;
	bool blank = false;
	bool begun = false;

	str_cut(&field, ':', &name);
	name = str_trim(name);
	for (size_t i = 0; i < name.n; i++)
		put_char(h, char_lower(name.p[i]));
	put_char(h, ':');
	for (size_t i = 0; i < field.n; i++) {
		size_t run = i;

		while (run < field.n && !char_is_blank(field.p[run]))
			run++;
		if (run > i) {
			if (blank && begun)
				put_char(h, ' ');
			put(h, field.p + i, run - i);
			begun = true;
			blank = false;
			i = run;
			if (i == field.n)
				break;
		}
		if (field.p[i] == '\r' &&
		    !str_starts(str_from(field, i), STR("\r\n"))) {
			if (blank && begun)
				put_char(h, ' ');
			put_char(h, '\r');
			begun = true;
			blank = false;
		}
		blank = blank || is_wsp(field.p[i]);
	}
}

void dkim_hash_field(struct dkim_hash *h, enum dkim_canon canon, struct str field,
                     bool is_last)
{
	field = without_line_end(field);
	if (canon == DKIM_RELAXED)
		hash_relaxed_field(h, field);
	else
		hash_simple_field(h, field);
	if (!is_last)
		put_line_end(h);
}
