#include "plan/template.h"

#include "base/buf.h"

enum piece_kind { PIECE_TEXT, PIECE_VARIABLE, PIECE_OPEN, PIECE_CLOSE, PIECE_BAD };

/* One piece of a template; `text` is the literal text or the variable's name. */
struct piece {
	enum piece_kind kind;
	struct str text;
};

bool template_is_name(struct str name)
{
	if (name.n == 0 || name.n > TEMPLATE_NAME_MAX)
		return false;
	for (size_t i = 0; i < name.n; i++) {
		char c = name.p[i];
		bool small = c >= 'a' && c <= 'z';

		if (!small && (i == 0 || (!char_is_digit(c) && c != '_')))
			return false;
	}
	return true;
}

static bool is_special(char c)
{
	return c == '{' || c == '}' || c == '[' || c == ']';
}

/* Takes `n` bytes off the front of *rest as a piece whose text is `text`. */
static struct piece take(struct str *rest, size_t n, enum piece_kind kind,
                         struct str text)
{
	*rest = str_from(*rest, n);
	return (struct piece){kind, text};
}

/* Takes the next piece off *rest, which is not empty. */
static struct piece next_piece(struct str *rest)
{
	struct str s = *rest;
	size_t n = 0;
	ptrdiff_t end;

	while (n < s.n && !is_special(s.p[n]))
		n++;
	if (n)
		return take(rest, n, PIECE_TEXT, str_slice(s, 0, n));
	if (s.n > 1 && s.p[1] == s.p[0])
		return take(rest, 2, PIECE_TEXT, str_slice(s, 0, 1));
	if (s.p[0] == '[')
		return take(rest, 1, PIECE_OPEN, STR_NONE);
	if (s.p[0] == ']')
		return take(rest, 1, PIECE_CLOSE, STR_NONE);
	end = str_find_char(s, '}');
	if (s.p[0] == '}' || end < 0)
		return take(rest, 1, PIECE_BAD, str_slice(s, 0, 1));
	return take(rest, (size_t)end + 1, PIECE_VARIABLE,
	            str_slice(s, 1, (size_t)end - 1));
}

bool template_check(struct str text, const struct map *known, struct err *err)
{
	struct str rest = text;
	bool inside = false;

	if (text.n > TEMPLATE_MAX)
		return err_set(err, ERR_INPUT, "longer than %d bytes", TEMPLATE_MAX);
	while (rest.n) {
		struct piece piece = next_piece(&rest);

		if (piece.kind == PIECE_BAD)
			return err_set(err, ERR_INPUT,
			               "\"%.*s\" without its other half",
			               STR_ARG(piece.text));
		if (piece.kind == PIECE_OPEN && inside)
			return err_set(err, ERR_INPUT, "\"[\" within \"[…]\"");
		if (piece.kind == PIECE_CLOSE && !inside)
			return err_set(err, ERR_INPUT, "\"]\" without its other half");
		if (piece.kind == PIECE_OPEN || piece.kind == PIECE_CLOSE)
			inside = piece.kind == PIECE_OPEN;
		if (piece.kind == PIECE_VARIABLE && !map_find(known, piece.text))
			return err_set(err, ERR_INPUT, "unknown variable {%.*s}",
			               STR_ARG(piece.text));
	}
	return inside ? err_set(err, ERR_INPUT, "\"[\" without its other half") : true;
}

bool template_expand(struct arena *a, struct str text, const struct map *values,
                     struct str *out, struct str *missing)
{
	AUTO(buf) b = {.max = TEMPLATE_OUT_MAX};
	size_t part_start = 0;
	bool inside = false, part_is_void = false;
	struct str rest = text;

	*missing = STR_NONE;
	while (rest.n) {
		struct piece piece = next_piece(&rest);
		const struct str *value;

		need(piece.kind != PIECE_BAD);
		if (piece.kind == PIECE_OPEN) {
			inside = true;
			part_is_void = false;
			part_start = b.n;
		} else if (piece.kind == PIECE_CLOSE) {
			inside = false;
			if (part_is_void)
				b.n = part_start;
		} else if (piece.kind == PIECE_TEXT) {
			buf_add(&b, piece.text);
		} else if ((value = map_find(values, piece.text))) {
			buf_add(&b, *value);
		} else if (inside) {
			part_is_void = true;
		} else {
			*missing = piece.text;
			return false;
		}
	}
	*out = arena_dup(a, buf_str(&b));
	return !b.overflowed;
}
