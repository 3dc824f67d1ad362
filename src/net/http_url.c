#include "net/http_url.h"

#include <string.h>

/* Decodes into p, which has room for raw.n bytes; "+" becomes a blank in queries. */
static bool decode_into(struct str raw, bool is_query, char *p, size_t *n)
{
	*n = 0;
	for (size_t i = 0; i < raw.n; i++) {
		char c = raw.p[i];

		if (c == '+' && is_query) {
			c = ' ';
		} else if (c == '%') {
			if (raw.n - i < 3 || !char_is_hex(raw.p[i + 1]) ||
			    !char_is_hex(raw.p[i + 2]))
				return false;
			c = (char)(char_hex(raw.p[i + 1]) << 4 |
			           char_hex(raw.p[i + 2]));
			i += 2;
		}
		if (c == '\0')
			return false;
		p[(*n)++] = c;
	}
	return true;
}

static bool decode(struct arena *a, struct str raw, bool is_query, struct str *out)
{
	size_t n;
	char *p;

	if (str_find_char(raw, '%') < 0 && str_find_char(raw, '\0') < 0 &&
	    (!is_query || str_find_char(raw, '+') < 0)) {
		*out = raw;
		return true;
	}
	p = arena_bytes(a, raw.n);
	if (!decode_into(raw, is_query, p, &n))
		return false;
	*out = (struct str){p, n};
	return true;
}

bool http_percent_decode(struct arena *a, struct str raw, struct str *out)
{
	return decode(a, raw, false, out);
}

static bool is_unreserved(char c)
{
	return char_is_alnum(c) || c == '-' || c == '.' || c == '_' || c == '~';
}

struct str http_percent_encode(struct arena *a, struct str text)
{
	static const char digits[] = "0123456789ABCDEF";
	size_t n = 0;
	char *p;

	need(text.n < SIZE_MAX / 3);
	p = arena_bytes(a, text.n * 3);
	for (size_t i = 0; i < text.n; i++) {
		unsigned char c = (unsigned char)text.p[i];

		if (is_unreserved((char)c)) {
			p[n++] = (char)c;
			continue;
		}
		p[n++] = '%';
		p[n++] = digits[c >> 4];
		p[n++] = digits[c & 15];
	}
	return (struct str){p, n};
}

/* "{id}" */
static bool is_capture(struct str segment)
{
	return str_starts(segment, STR("{")) && str_ends(segment, STR("}"));
}

/* "{path*}" */
static bool is_rest(struct str segment)
{
	return is_capture(segment) && str_ends(segment, STR("*}"));
}

size_t http_path_capture_count(struct str pattern)
{
	struct str segment;
	size_t n = 0;

	while (str_cut(&pattern, '/', &segment))
		n += is_capture(segment);
	return n;
}

static bool is_name(struct str segment)
{
	return segment.n && !str_eq(segment, STR(".")) && !str_eq(segment, STR(".."));
}

bool http_path_match(struct str pattern, struct str path, struct str *captures,
                     size_t captures_max)
{
	struct str want, got;
	size_t n = 0;

	while (str_cut(&pattern, '/', &want)) {
		if (is_rest(want)) {
			need(n < captures_max);
			captures[n] = path.p ? path : STR("");
			return path.p != NULL;
		}
		if (!str_cut(&path, '/', &got))
			return false;
		if (is_capture(want)) {
			need(n < captures_max);
			if (!is_name(got))
				return false;
			captures[n++] = got;
		} else if (!str_eq(want, got)) {
			return false;
		}
	}
	return path.p == NULL;
}

bool http_query_parse(struct arena *a, struct str query, struct http_params *out)
{
	struct str part;

	*out = (struct http_params){0};
	if (query.n == 0)
		return true;
	while (str_cut(&query, '&', &part)) {
		struct http_param *param;
		struct str name;

		if (part.n == 0)
			continue;
		if (out->n == HTTP_PARAMS_MAX)
			return false;
		param = ARRAY_ADD(out, a);
		str_cut(&part, '=', &name);
		if (!part.p)
			part = STR("");
		if (!decode(a, name, true, &param->name) ||
		    !decode(a, part, true, &param->value))
			return false;
	}
	return true;
}

const struct http_param *http_params_find(const struct http_params *params,
                                          struct str name)
{
	for (size_t i = 0; i < params->n; i++)
		if (str_eq(params->v[i].name, name))
			return &params->v[i];
	return NULL;
}
