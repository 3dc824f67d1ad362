#include "mime/header.h"

#include <gmime/gmime.h>
#include <string.h>

/* RFC 5322 §3.6.8: printable ASCII without the colon. */
static bool is_field_name(struct str name)
{
	for (size_t i = 0; i < name.n; i++)
		if (name.p[i] <= ' ' || name.p[i] > '~' || name.p[i] == ':')
			return false;
	return name.n > 0 && name.n < HEADER_LINE_ADVISED;
}

static bool has_control(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (((unsigned char)s.p[i] < ' ' && s.p[i] != '\t') || s.p[i] == 0x7f)
			return true;
	return false;
}

/* Encoded words for what is not ASCII; GMime separates them by blanks to fold at. */
static struct str encode_words(struct arena *a, struct str value)
{
	char *encoded =
	        g_mime_utils_header_encode_text(NULL, arena_cstr(a, value), "utf-8");
	struct str out = arena_dup(a, str_c(encoded));

	g_free(encoded);
	return out;
}

/*
 * Takes the next line of a value off its front, without the blank it is folded at: as
 * many words as fit, at least one. False where a word is too long for any line.
 */
static bool cut_fold(struct str *rest, size_t used, struct str *line)
{
	size_t cut = 0;

	for (size_t i = 1; i <= rest->n; i++) {
		/* Behind a word: a line of blanks alone would not be a fold. */
		bool is_end = i == rest->n || (char_is_blank(rest->p[i]) &&
		                               !char_is_blank(rest->p[i - 1]));

		if (!is_end)
			continue;
		if (cut && used + i > HEADER_LINE_ADVISED)
			break;
		cut = i;
	}
	*line = str_slice(*rest, 0, cut);
	*rest = str_from(*rest, cut);
	return used + cut <= HEADER_LINE_MAX;
}

bool header_format(struct arena *a, struct str name, struct str value, struct str eol,
                   struct str *out, struct err *err)
{
	struct iov pieces = {0};
	size_t used = name.n + 1;
	struct str line;

	if (!is_field_name(name))
		return err_set(err, ERR_INPUT, "\"%.*s\" is not the name of a field",
		               STR_ARG(name));
	value = str_trim(value);
	if (has_control(value))
		return err_set(err, ERR_INPUT,
		               "the value of %.*s has a control character in it",
		               STR_ARG(name));
	if (!str_is_ascii(value))
		value = encode_words(a, value);
	iov_add(a, &pieces, name);
	iov_add(a, &pieces, STR(":"));
	value = arena_join(a, STR(" "), value);
	while (value.n > 0) {
		if (!cut_fold(&value, used, &line))
			return err_set(err, ERR_INPUT,
			               "%.*s has a word that no line can hold",
			               STR_ARG(name));
		iov_add(a, &pieces, line);
		iov_add(a, &pieces, eol);
		used = 0;
	}
	*out = iov_join(a, &pieces);
	return true;
}

/* Behind the last field; but before one that ends without a line end, so that it may
 * be the last still and be changed itself. */
static void append(struct arena *a, const struct letter *letter, struct str field,
                   struct edits *edits)
{
	size_t n = letter->fields.n;
	size_t at = n ? letter->fields.v[n - 1].end : 0;

	if (at && letter->bytes.p[at - 1] != '\n')
		at = letter->fields.v[n - 1].start;
	edits_add(a, edits, at, at, field);
}

bool header_edit(struct arena *a, const struct letter *letter,
                 const struct header_change *change, struct edits *edits,
                 struct err *err)
{
	const struct letter_field *f;
	struct str text = STR_NONE;
	bool is_placed = false;

	if (change->verb != HEADER_REMOVE &&
	    !header_format(a, change->name, change->value, letter->eol, &text, err))
		return false;
	if (change->verb == HEADER_ADD) {
		append(a, letter, text, edits);
		return true;
	}
	for (size_t i = 0; (f = letter_field(letter, change->name, i)); i++) {
		edits_add(a, edits, f->start, f->end, is_placed ? STR_NONE : text);
		is_placed = true;
	}
	if (change->verb == HEADER_SET && !is_placed)
		append(a, letter, text, edits);
	return true;
}
