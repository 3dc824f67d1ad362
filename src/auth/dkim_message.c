#include "auth/dkim_message.h"

#include <string.h>

/* The fields of one name, from the top. */
struct named {
	size_t *v;
	size_t n, cap;
	size_t left; /* of a selection that is under way: those not taken yet */
};

/* Where the header ends: its bytes, without the empty line, and the body's place. */
struct header_end {
	size_t length;
	struct dkim_place body;
};

/* Looks for the first empty line over all pieces. */
static struct header_end find_header_end(const struct iov *text)
{
	size_t at = 0;   /* bytes before this place */
	size_t line = 0; /* where the line begins */
	bool cr = false; /* the last byte is a CR */

	for (size_t i = 0; i < text->n && at <= DKIM_HEADER_MAX; i++) {
		struct str piece = iov_piece(text, i);
		struct str rest = piece;
		ptrdiff_t lf;

		while ((lf = str_find_char(rest, '\n')) >= 0) {
			size_t n = at + (size_t)lf - line;

			if (lf > 0)
				cr = rest.p[lf - 1] == '\r';
			if (n == 0 || (n == 1 && cr)) {
				size_t next = (size_t)(rest.p - piece.p + lf) + 1;

				return (struct header_end){
				        line, {i, next}
                                };
			}
			at += (size_t)lf + 1;
			line = at;
			cr = false;
			rest = str_from(rest, (size_t)lf + 1);
		}
		at += rest.n;
		if (rest.n)
			cr = rest.p[rest.n - 1] == '\r';
	}
	return (struct header_end){
	        at, {text->n, 0}
        };
}

/* The first n bytes, copied only where they lie in several pieces. */
static struct str take_front(struct arena *a, const struct iov *text, size_t n)
{
	size_t got = 0;
	char *p;

	if (n == 0)
		return STR_NONE;
	if (text->v[0].iov_len >= n)
		return str_slice(iov_piece(text, 0), 0, n);
	p = arena_alloc(a, n);
	for (size_t i = 0; got < n; i++) {
		struct str part = str_slice(iov_piece(text, i), 0, n - got);

		if (part.n)
			memcpy(p + got, part.p, part.n);
		got += part.n;
	}
	return (struct str){p, n};
}

/* A line with its end off the front. */
static bool take_line(struct str *rest, struct str *line)
{
	ptrdiff_t lf = str_find_char(*rest, '\n');

	if (rest->n == 0)
		return false;
	*line = str_slice(*rest, 0, lf < 0 ? rest->n : (size_t)lf + 1);
	*rest = str_from(*rest, line->n);
	return true;
}

/* RFC 5322 §2.2: printable ASCII without a colon; blanks before the colon are the
 * obsolete form of §4.5. */
static bool find_name(struct str line, struct str *name)
{
	ptrdiff_t colon = str_find_char(line, ':');

	if (colon <= 0)
		return false;
	*name = str_slice(line, 0, (size_t)colon);
	while (name->n && (name->p[name->n - 1] == ' ' || name->p[name->n - 1] == '\t'))
		name->n--;
	for (size_t i = 0; i < name->n; i++)
		if (name->p[i] <= ' ' || name->p[i] > '~')
			return false;
	return name->n > 0;
}

static void add_field(struct arena *a, struct dkim_message *m, size_t *cap,
                      struct dkim_field field)
{
	struct str lower = arena_lower(a, field.name);
	struct named *named = map_find(&m->by_name, lower);

	if (!named) {
		named = ARENA_NEW(a, struct named);
		map_set(&m->by_name, lower, named);
	}
	*ARRAY_ADD(named, a) = m->count;
	m->fields = arena_grow(a, m->fields, m->count, cap, sizeof(*m->fields));
	m->fields[m->count++] = field;
}

static bool read_fields(struct arena *a, struct dkim_message *m, struct str header,
                        struct err *err)
{
	struct dkim_field field = {0};
	size_t number = 0;
	size_t cap = 0;
	struct str line;

	while (take_line(&header, &line)) {
		number++;
		if (number == 1 && str_starts(line, STR("From "))) {
			m->has_mbox_line = true;
			continue;
		}
		if (field.raw.n && (line.p[0] == ' ' || line.p[0] == '\t')) {
			field.raw.n += line.n;
			continue;
		}
		if (field.raw.n)
			add_field(a, m, &cap, field);
		field.raw = line;
		if (!find_name(line, &field.name))
			return err_set(err, ERR_INPUT,
			               "line %zu of the message is neither a header "
			               "field nor the empty line that ends the header",
			               number);
	}
	if (field.raw.n)
		add_field(a, m, &cap, field);
	return true;
}

static struct str find_line_end(struct str header)
{
	ptrdiff_t lf = str_find_char(header, '\n');

	return lf == 0 || (lf > 0 && header.p[lf - 1] != '\r') ? STR("\n")
	                                                       : STR("\r\n");
}

bool dkim_message_parse(struct arena *a, const struct iov *text,
                        struct dkim_message *out, struct err *err)
{
	struct header_end end = find_header_end(text);
	struct str header;

	*out = (struct dkim_message){
	        .text = text, .body = end.body, .by_name = map_init(a)};
	if (iov_len(text) == 0)
		return err_set(err, ERR_INPUT, "the message is empty");
	if (end.length > DKIM_HEADER_MAX)
		return err_set(err, ERR_INPUT,
		               "the header of the message is longer than %d kB",
		               DKIM_HEADER_MAX / 1024);
	header = take_front(a, text, end.length);
	out->line_end = find_line_end(header);
	return read_fields(a, out, header, err);
}

static struct named *find_named(const struct dkim_message *m, struct str name)
{
	char lower[DKIM_NAME_MAX];

	need(name.n <= sizeof(lower));
	for (size_t i = 0; i < name.n; i++)
		lower[i] = char_lower(name.p[i]);
	return map_find(&m->by_name, (struct str){lower, name.n});
}

const struct dkim_field *dkim_message_find(const struct dkim_message *m,
                                           struct str name, size_t i)
{
	const struct named *named = find_named(m, name);

	return named && i < named->n ? &m->fields[named->v[i]] : NULL;
}

size_t dkim_message_count(const struct dkim_message *m, struct str name)
{
	const struct named *named = find_named(m, name);

	return named ? named->n : 0;
}

void dkim_message_body_hash(struct dkim_message *m, enum dkim_canon canon,
                            uint64_t limit, struct dkim_body_hash *out)
{
	AUTO(dkim_hash) h = {0};

	if (limit == DKIM_NO_LIMIT && m->is_hashed[canon]) {
		*out = m->hashes[canon];
		return;
	}
	dkim_hash_init(&h, limit);
	dkim_hash_body(&h, canon, m->text, m->body);
	dkim_hash_finish(&h, out->digest);
	out->length = h.total;
	if (limit == DKIM_NO_LIMIT) {
		m->is_hashed[canon] = true;
		m->hashes[canon] = *out;
	}
}

void dkim_message_digest(struct dkim_message *m, enum dkim_canon canon,
                         struct str names, size_t own, struct str unsigned_field,
                         uint8_t out[SHA256_BYTES])
{
	AUTO(dkim_hash) h = {0};
	AUTO(arena) lowered = {0};
	struct str name;

	for (size_t i = 0; i < m->by_name.n; i++) {
		struct named *named = m->by_name.entries[i].value;

		named->left = named->n;
	}
	dkim_hash_init(&h, DKIM_NO_LIMIT);
	names = arena_lower(&lowered, names);
	while (str_cut(&names, ':', &name)) {
		struct named *named = map_find(&m->by_name, str_trim(name));

		if (named && named->left && named->v[named->left - 1] == own)
			named->left--;
		if (named && named->left)
			dkim_hash_field(&h, canon,
			                m->fields[named->v[--named->left]].raw, false);
	}
	dkim_hash_field(&h, canon, unsigned_field, true);
	dkim_hash_finish(&h, out);
}
