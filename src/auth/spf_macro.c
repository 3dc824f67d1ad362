#include "auth/spf_macro.h"

#include "base/buf.h"

#include <inttypes.h>
#include <string.h>

/* One macro-expand, or a run of literal text. */
struct piece {
	size_t length;         /* of its spelling */
	struct str literal;    /* what it stands for, where it is no %{…} */
	char letter;           /* lower case; 0 for a literal */
	bool is_macro;         /* %{…}, %%, %_ or %- */
	bool url_escape;       /* the letter is a capital */
	bool reverse;          /* "r" */
	uint64_t keep;         /* right-hand parts to use; 0 is all */
	struct str delimiters; /* empty stands for "." */
};

static const char letters[] = "slodiphv";
static const char text_letters[] = "slodiphvcrt";

static bool is_one_of(char c, const char *set)
{
	return c && strchr(set, c);
}

/* `%{ letter digits r delimiters }`; `rest` begins with the brace. */
static const char *read_braced(struct str rest, enum spf_macro_place place, size_t *at,
                               struct piece *out)
{
	size_t i = 1;
	char letter = i < rest.n ? char_lower(rest.p[i]) : '\0';

	*at = i;
	if (!is_one_of(letter, text_letters))
		return "unknown macro letter";
	if (place == SPF_MACRO_NAME && !is_one_of(letter, letters))
		return "the macro letters c, r and t belong into explanations only";
	out->letter = letter;
	out->url_escape = letter != rest.p[i];
	*at = ++i;
	for (; i < rest.n && char_is_digit(rest.p[i]); i++)
		if (out->keep < UINT32_MAX)
			out->keep = out->keep * 10 + (uint64_t)(rest.p[i] - '0');
	if (i > *at && out->keep == 0)
		return "a macro cannot keep 0 parts";
	if (i < rest.n && char_lower(rest.p[i]) == 'r') {
		out->reverse = true;
		i++;
	}
	*at = i;
	while (i < rest.n && is_one_of(rest.p[i], ".-+,/_="))
		i++;
	out->delimiters = str_slice(rest, *at, i - *at);
	*at = i;
	if (i == rest.n || rest.p[i] != '}')
		return "a macro ends with \"}\" after digits, \"r\" and delimiters";
	out->length = i + 2;
	return NULL;
}

static const char *read_macro(struct str rest, enum spf_macro_place place, size_t *at,
                              struct piece *out)
{
	char second = rest.n > 1 ? rest.p[1] : '\0';
	const char *why;

	out->is_macro = true;
	out->length = 2;
	switch (second) {
	case '%':
		out->literal = STR("%");
		return NULL;
	case '_':
		out->literal = STR(" ");
		return NULL;
	case '-':
		out->literal = STR("%20");
		return NULL;
	case '{':
		why = read_braced(str_from(rest, 1), place, at, out);
		*at += 1;
		return why;
	default:
		*at = 0;
		return "after \"%\" comes \"{\", \"%\", \"_\" or \"-\"";
	}
}

static bool is_literal(char c, enum spf_macro_place place)
{
	unsigned char u = (unsigned char)c;

	return u != '%' && u < 0x7f && u >= (place == SPF_MACRO_TEXT ? 0x20 : 0x21);
}

/* The piece at the front; a reason where there is none, with its offset in *at. */
static const char *read_piece(struct str rest, enum spf_macro_place place, size_t *at,
                              struct piece *out)
{
	size_t n = 0;

	*out = (struct piece){0};
	*at = 0;
	if (rest.p[0] == '%')
		return read_macro(rest, place, at, out);
	while (n < rest.n && is_literal(rest.p[n], place))
		n++;
	if (n == 0)
		return "a byte that is not printable ASCII";
	out->length = n;
	out->literal = str_slice(rest, 0, n);
	return NULL;
}

bool spf_macro_check(struct str text, enum spf_macro_place place, size_t *at,
                     const char **why)
{
	struct piece piece;
	size_t offset = 0;
	size_t inner;

	for (; offset < text.n; offset += piece.length) {
		*why = read_piece(str_from(text, offset), place, &inner, &piece);
		if (*why) {
			*at = offset + inner;
			return false;
		}
	}
	return true;
}

/* The next piece of a checked text; false at its end. */
static bool take_piece(struct str *text, struct piece *out)
{
	size_t at;

	if (text->n == 0)
		return false;
	need(read_piece(*text, SPF_MACRO_TEXT, &at, out) == NULL);
	*text = str_from(*text, out->length);
	return true;
}

bool spf_macro_uses(struct str text, char letter)
{
	struct piece piece;

	while (take_piece(&text, &piece))
		if (piece.letter == letter)
			return true;
	return false;
}

struct str spf_macro_tail(struct str text)
{
	struct str tail = text;
	struct piece piece;

	while (take_piece(&text, &piece))
		if (piece.is_macro)
			tail = text;
	return tail;
}

/* The address for %{i}: dotted quad, or dotted nibbles (RFC 7208 §7.3). */
static struct str format_dotted(struct arena *a, struct ip ip)
{
	static const char digits[] = "0123456789ABCDEF";
	char text[64];
	size_t n = 0;

	if (ip.length == 4)
		return ip_format(a, ip);
	for (size_t i = 0; i < ip.length; i++) {
		text[n++] = digits[ip.bytes[i] >> 4];
		text[n++] = '.';
		text[n++] = digits[ip.bytes[i] & 15];
		text[n++] = '.';
	}
	return arena_dup(a, (struct str){text, n ? n - 1 : 0});
}

static struct str value_of(struct arena *a, char letter,
                           const struct spf_macro_env *env)
{
	switch (letter) {
	case 's':
		return arena_printf(a, "%.*s@%.*s", STR_ARG(env->local),
		                    STR_ARG(env->sender_domain));
	case 'l':
		return env->local;
	case 'o':
		return env->sender_domain;
	case 'd':
		return env->domain;
	case 'i':
		return format_dotted(a, env->ip);
	case 'p':
		return env->validated.n ? env->validated : STR("unknown");
	case 'v':
		return env->ip.length == 4 ? STR("in-addr") : STR("ip6");
	case 'h':
		return env->helo;
	case 'c':
		return ip_format(a, env->ip);
	case 'r':
		return env->receiver.n ? env->receiver : STR("unknown");
	default:
		need(letter == 't');
		return arena_printf(a, "%" PRId64, env->now / 1000);
	}
}

struct parts {
	struct str *v;
	size_t n, cap;
};

static struct parts split(struct arena *a, struct str value, struct str delimiters)
{
	struct parts parts = {0};
	size_t from = 0;

	for (size_t i = 0; i <= value.n; i++) {
		if (i < value.n && !memchr(delimiters.p, value.p[i], delimiters.n))
			continue;
		*ARRAY_ADD(&parts, a) = str_slice(value, from, i - from);
		from = i + 1;
	}
	return parts;
}

/* Splitting, reversal and right-hand parts (RFC 7208 §7.3), joined by dots. */
static void transform(struct arena *a, struct str value, const struct piece *piece,
                      struct buf *out)
{
	struct parts parts =
	        split(a, value, piece->delimiters.n ? piece->delimiters : STR("."));
	size_t keep = piece->keep && piece->keep < parts.n ? piece->keep : parts.n;

	for (size_t i = parts.n - keep; i < parts.n; i++) {
		if (i > parts.n - keep)
			buf_add_char(out, '.');
		buf_add(out, parts.v[piece->reverse ? parts.n - 1 - i : i]);
	}
}

/* All but the unreserved characters of RFC 3986 §2.3. */
static void add_url_escaped(struct buf *out, struct str value)
{
	for (size_t i = 0; i < value.n; i++) {
		char c = value.p[i];

		if (char_is_alnum(c) || is_one_of(c, "-._~"))
			buf_add_char(out, c);
		else
			buf_printf(out, "%%%02X", (unsigned char)c);
	}
}

static void add_macro(struct arena *a, const struct piece *piece,
                      const struct spf_macro_env *env, struct buf *out)
{
	struct str value = value_of(a, piece->letter, env);
	AUTO(buf) whole = {.max = SPF_MACRO_MAX};

	if (!piece->url_escape) {
		transform(a, value, piece, out);
		return;
	}
	transform(a, value, piece, &whole);
	if (whole.overflowed)
		out->overflowed = true;
	add_url_escaped(out, buf_str(&whole));
}

bool spf_macro_expand(struct arena *a, struct str text, const struct spf_macro_env *env,
                      struct str *out)
{
	AUTO(buf) b = {.max = SPF_MACRO_MAX};
	struct piece piece;

	while (!b.overflowed && take_piece(&text, &piece)) {
		if (piece.letter)
			add_macro(a, &piece, env, &b);
		else
			buf_add(&b, piece.literal);
	}
	if (b.overflowed)
		return false;
	*out = arena_dup(a, buf_str(&b));
	return true;
}

struct str spf_macro_cut_name(struct str expanded)
{
	struct str name = expanded;

	if (str_ends(name, STR(".")))
		name.n--;
	while (name.n > SPF_NAME_MAX) {
		ptrdiff_t dot = str_find_char(name, '.');

		if (dot < 0)
			break;
		name = str_from(name, (size_t)dot + 1);
	}
	return name;
}
