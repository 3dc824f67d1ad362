#include "mime/letter.h"

#include "mime/letter_scan.h"

#include <gmime/gmime.h>
#include <pthread.h>
#include <string.h>

struct walk {
	struct arena *a;
	struct letter *letter;
	const struct letter_limits *limits;
	struct err *err;
};

static void start_gmime(void)
{
	g_mime_init();
}

/* Where GMime begins to read: the other fields say nothing of the structure, and each
 * would become an object. */
static size_t first_content_field(const struct letter *letter)
{
	for (size_t i = 0; i < letter->fields.n; i++)
		if (str_starts_nocase(letter->fields.v[i].name, STR("Content-")))
			return letter->fields.v[i].start;
	return letter->header_end;
}

/*
 * The structure, read by GMime from our bytes without a copy. It refers to the array as
 * long as it lives. The letter is read as a part, which it is: a message would also have
 * its addresses and dates taken apart.
 */
static GMimeObject *parse_with_gmime(GByteArray *array, size_t start)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	GMimeStream *stream, *from_start;
	GMimeParser *parser;
	GMimeObject *top;

	need(pthread_once(&once, start_gmime) == 0);
	stream = g_mime_stream_mem_new();
	g_mime_stream_mem_set_byte_array(GMIME_STREAM_MEM(stream), array);
	from_start = g_mime_stream_substream(stream, (gint64)start, (gint64)array->len);
	parser = g_mime_parser_new_with_stream(from_start);
	g_mime_parser_set_persist_stream(parser, TRUE);
	top = g_mime_parser_construct_part(parser, NULL);
	g_object_unref(parser);
	g_object_unref(from_start);
	g_object_unref(stream);
	return top;
}

/* Name and value of a field that is complete. */
static void finish_field(struct str bytes, struct letter_field *f)
{
	struct str raw = str_slice(bytes, f->start, f->end - f->start);
	ptrdiff_t colon = str_find_char(raw, ':');

	while (raw.n && (raw.p[raw.n - 1] == '\n' || raw.p[raw.n - 1] == '\r'))
		raw.n--;
	if (colon < 0)
		return;
	f->name = str_trim(str_slice(raw, 0, (size_t)colon));
	f->value = str_from(raw, (size_t)colon + 1);
}

static void index_fields(struct arena *a, struct letter *letter)
{
	struct str rest = letter->bytes;
	struct str line;

	letter->header_end = letter->bytes.n;
	while (letter_cut_line(&rest, &line)) {
		size_t start = (size_t)(line.p - letter->bytes.p);
		bool is_fold = line.p[0] == ' ' || line.p[0] == '\t';
		size_t n = letter->fields.n;

		if (letter_line_is_empty(line)) {
			letter->header_end = start;
			break;
		}
		if (is_fold && n) {
			letter->fields.v[n - 1].end = start + line.n;
			continue;
		}
		*ARRAY_ADD(&letter->fields, a) =
		        (struct letter_field){.start = start, .end = start + line.n};
	}
	for (size_t i = 0; i < letter->fields.n; i++)
		finish_field(letter->bytes, &letter->fields.v[i]);
	letter->body_start = letter->bytes.n - rest.n;
}

/* How the first line ends; the rest may do otherwise. */
static struct str find_eol(struct str bytes)
{
	ptrdiff_t lf = str_find_char(bytes, '\n');

	if (lf > 0 && bytes.p[lf - 1] != '\r')
		return STR("\n");
	return lf == 0 ? STR("\n") : STR("\r\n");
}

static struct str child_id(struct arena *a, struct str parent, int number)
{
	if (parent.n == 0)
		return arena_printf(a, "%d", number);
	return arena_printf(a, "%.*s.%d", STR_ARG(parent), number);
}

static enum letter_kind kind_of(struct str type)
{
	if (str_starts(type, STR("multipart/")))
		return LETTER_MULTIPART;
	if (str_eq(type, STR("text/html")))
		return LETTER_HTML;
	if (str_eq(type, STR("text/plain")))
		return LETTER_PLAIN;
	return LETTER_OTHER;
}

/* By the first word of the field, as mail programs read "7bit; charset=utf-8". */
static enum letter_encoding encoding_of(GMimeObject *o)
{
	static const struct {
		const char *word;
		enum letter_encoding encoding;
	} words[] = {
	        {"7bit",             LETTER_7BIT            },
	        {"8bit",             LETTER_8BIT            },
	        {"binary",           LETTER_BINARY          },
	        {"quoted-printable", LETTER_QUOTED_PRINTABLE},
	        {"base64",           LETTER_BASE64          },
	};
	const char *field = g_mime_object_get_header(o, "Content-Transfer-Encoding");
	struct str word = str_trim(str_c(field));
	size_t n = 0;

	while (n < word.n && !char_is_blank(word.p[n]) && word.p[n] != ';')
		n++;
	word.n = n;
	if (n == 0)
		return LETTER_7BIT;
	for (size_t i = 0; i < LEN(words); i++)
		if (str_eq_nocase(word, str_c(words[i].word)))
			return words[i].encoding;
	return LETTER_UNKNOWN_ENCODING;
}

static bool has_parameter(GMimeObject *o, const char *name, struct str value)
{
	const char *found = g_mime_object_get_content_type_parameter(o, name);

	return found && str_eq_nocase(str_c(found), value);
}

/* A disposition that nobody knows is one, too: RFC 2183 §2.8. */
static bool is_attachment(GMimeObject *o)
{
	GMimeContentDisposition *d = g_mime_object_get_content_disposition(o);
	const char *named = d ? g_mime_content_disposition_get_disposition(d) : NULL;

	return named && *named && !str_eq_nocase(str_c(named), STR("inline"));
}

static struct letter_part *add_part(struct walk *w, GMimeObject *o, struct str id,
                                    enum letter_hold hold)
{
	GMimeContentType *t = g_mime_object_get_content_type(o);
	struct letter_part *part = ARRAY_ADD(&w->letter->parts, w->a);
	const char *charset = g_mime_object_get_content_type_parameter(o, "charset");
	struct str type = str_c(g_mime_content_type_get_media_type(t));

	type = arena_join(w->a, type, STR("/"));
	type = arena_join(w->a, type, str_c(g_mime_content_type_get_media_subtype(t)));
	*part = (struct letter_part){
	        .id = id,
	        .type = arena_lower(w->a, type),
	        .charset = arena_lower(w->a, str_c(charset)),
	        .hold = hold == LETTER_FREE && is_attachment(o) ? LETTER_ATTACHED
	                                                        : hold,
	        .is_flowed = has_parameter(o, "format", STR("flowed")),
	        .is_delsp = has_parameter(o, "delsp", STR("yes")),
	};
	part->kind = kind_of(part->type);
	part->is_delsp &= part->is_flowed; /* RFC 3676 §3.2: of format=flowed alone */
	return part;
}

/* The range of a leaf's content. A place outside the letter would be a fault of the
 * parser: such a part is empty and held. */
static void set_range(struct walk *w, GMimeObject *o, struct letter_part *part)
{
	GMimeDataWrapper *content = g_mime_part_get_content(GMIME_PART(o));
	GMimeStream *stream = content ? g_mime_data_wrapper_get_stream(content) : NULL;
	size_t n = w->letter->bytes.n;

	part->encoding = encoding_of(o);
	if (!stream)
		return;
	part->start = (size_t)stream->bound_start;
	part->end = stream->bound_end < 0 ? n : (size_t)stream->bound_end;
	if (part->start > part->end || part->end > n) {
		part->start = part->end = 0;
		part->hold = LETTER_ATTACHED;
	}
}

static enum letter_hold hold_inside(GMimeObject *o, enum letter_hold hold)
{
	if (hold != LETTER_FREE)
		return hold;
	if (GMIME_IS_MULTIPART_SIGNED(o))
		return LETTER_SIGNED;
	return GMIME_IS_MULTIPART_ENCRYPTED(o) ? LETTER_ENCRYPTED : LETTER_FREE;
}

static bool walk_object(struct walk *w, GMimeObject *o, struct str id,
                        enum letter_hold hold, size_t depth);

static bool walk_multipart(struct walk *w, GMimeObject *o, struct str id,
                           enum letter_hold hold, size_t depth)
{
	GMimeMultipart *m = GMIME_MULTIPART(o);
	int n = g_mime_multipart_get_count(m);

	hold = hold_inside(o, hold);
	for (int i = 0; i < n; i++) {
		GMimeObject *child = g_mime_multipart_get_part(m, i);
		struct str number = child_id(w->a, id, i + 1);

		if (!walk_object(w, child, number, hold, depth + 1))
			return false;
	}
	return true;
}

/* What a letter, or an enclosed message, consists of. */
static bool walk_top(struct walk *w, GMimeObject *o, struct str id,
                     enum letter_hold hold, size_t depth)
{
	if (!o)
		return true;
	if (!GMIME_IS_MULTIPART(o))
		id = child_id(w->a, id, 1);
	return walk_object(w, o, id, hold, depth);
}

static GMimeObject *enclosed(GMimeObject *o)
{
	GMimeMessage *m = g_mime_message_part_get_message(GMIME_MESSAGE_PART(o));

	return m ? g_mime_message_get_mime_part(m) : NULL;
}

static bool walk_object(struct walk *w, GMimeObject *o, struct str id,
                        enum letter_hold hold, size_t depth)
{
	struct letter_part *part;

	if (depth > w->limits->depth_max)
		return err_set(w->err, ERR_INPUT,
		               "the message is nested deeper than %zu levels",
		               w->limits->depth_max);
	if (w->letter->parts.n == w->limits->parts_max)
		return err_set(w->err, ERR_INPUT, "the message has more than %zu parts",
		               w->limits->parts_max);
	part = add_part(w, o, id, hold);
	if (GMIME_IS_MULTIPART(o)) {
		part->kind = LETTER_MULTIPART;
		return walk_multipart(w, o, id, part->hold, depth);
	}
	if (GMIME_IS_MESSAGE_PART(o)) {
		part->kind = LETTER_MESSAGE;
		return walk_top(w, enclosed(o), id, LETTER_ENCLOSED, depth + 1);
	}
	/* A multipart without a boundary, for one, is a leaf whatever it says. */
	if (part->kind == LETTER_MULTIPART)
		part->kind = LETTER_OTHER;
	if (GMIME_IS_PART(o))
		set_range(w, o, part);
	return true;
}

bool letter_parse(struct arena *a, struct str bytes, const struct letter_limits *limits,
                  struct letter *out, struct err *err)
{
	static const struct letter_limits defaults = LETTER_LIMITS_DEFAULT;
	GByteArray array = {.data = (guint8 *)(uintptr_t)bytes.p,
	                    .len = (guint)bytes.n};
	struct walk w = {a, out, limits ? limits : &defaults, err};
	GMimeObject *top;
	bool ok;

	need(w.limits->bytes_max < UINT32_MAX);
	*out = (struct letter){.bytes = bytes, .eol = find_eol(bytes)};
	if (!letter_scan_limits(bytes, w.limits, err))
		return false;
	index_fields(a, out);
	top = parse_with_gmime(&array, first_content_field(out));
	ok = walk_top(&w, top, STR_NONE, LETTER_FREE, 0);
	if (top)
		g_object_unref(top);
	return ok;
}

const struct letter_field *letter_field(const struct letter *letter, struct str name,
                                        size_t n)
{
	for (size_t i = 0; i < letter->fields.n; i++)
		if (str_eq_nocase(letter->fields.v[i].name, name) && n-- == 0)
			return &letter->fields.v[i];
	return NULL;
}

struct str letter_content(const struct letter *letter, const struct letter_part *part)
{
	return str_slice(letter->bytes, part->start, part->end - part->start);
}
