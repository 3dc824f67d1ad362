#include "mime/link.h"

#include <string.h>

enum { HOST_LEN_MAX = 255 };

static const struct {
	const char *word, *phrase;
} reasons[] = {
#define X(name, word, phrase) [name] = {word, phrase},
        LINK_REASONS(X)
#undef X
};

const char *link_reason_word(enum link_reason why)
{
	return reasons[why].word;
}

const char *link_reason_phrase(enum link_reason why)
{
	return reasons[why].phrase;
}

/* Template tags that are left in a target. Where `alone`, the opening is enough: a quote
 * inside the tag may have ended the attribute before the closing. The others occur in
 * good URLs and need both. */
static const struct {
	struct str open, close;
	bool alone;
} merge_tags[] = {
        {STR_INIT("{{"), STR_INIT("}}"), true },
        {STR_INIT("{%"), STR_INIT("%}"), false},
        {STR_INIT("*|"), STR_INIT("|*"), true },
        {STR_INIT("<%"), STR_INIT("%>"), true },
        {STR_INIT("[["), STR_INIT("]]"), false},
        {STR_INIT("${"), STR_INIT("}"),  false},
};

/* Whether a byte that some tag begins with is there: one look instead of six. */
static bool may_have_merge_tag(struct str s)
{
	static const bool opens[256] = {
	        ['{'] = true, ['*'] = true, ['<'] = true, ['['] = true, ['$'] = true,
	};
	bool found = false;

	for (size_t i = 0; i < s.n; i++)
		found |= opens[(unsigned char)s.p[i]];
	return found;
}

static bool has_merge_tag(struct str target)
{
	for (size_t i = 0; i < LEN(merge_tags); i++) {
		ptrdiff_t at = str_find(target, merge_tags[i].open);

		if (at < 0)
			continue;
		if (merge_tags[i].alone || str_find(str_from(target, (size_t)at + 2),
		                                    merge_tags[i].close) >= 0)
			return true;
	}
	return false;
}

/* A target read as a URL parser reads it (WHATWG URL §4.4): tab and line ends inside
 * are not there. */
struct reader {
	const char *p, *end;
};

/* The next character, or NUL at the end. */
static inline char peek(struct reader *r)
{
	while (r->p < r->end && (*r->p == '\t' || *r->p == '\n' || *r->p == '\r'))
		r->p++;
	return r->p < r->end ? *r->p : 0;
}

static inline void skip(struct reader *r)
{
	r->p++;
}

/* Without the controls and spaces at both ends that a URL parser drops. */
static struct str trim(struct str s)
{
	while (s.n && (unsigned char)s.p[0] <= ' ')
		s = str_from(s, 1);
	while (s.n && (unsigned char)s.p[s.n - 1] <= ' ')
		s.n--;
	return s;
}

enum scheme { NO_SCHEME, WEB, OTHER_SCHEME };

/* Reads the scheme and its colon. */
static enum scheme read_scheme(struct reader *r)
{
	char word[8];
	size_t n = 0;
	char c = peek(r);

	if (!char_is_alpha(c))
		return NO_SCHEME;
	for (; c && c != ':'; c = peek(r)) {
		if (!char_is_alnum(c) && c != '+' && c != '-' && c != '.')
			return NO_SCHEME;
		if (n < sizeof(word))
			word[n++] = char_lower(c);
		skip(r);
	}
	if (c != ':')
		return NO_SCHEME;
	skip(r);
	return (n == 4 && memcmp(word, "http", 4) == 0) ||
	                       (n == 5 && memcmp(word, "https", 5) == 0)
	               ? WEB
	               : OTHER_SCHEME;
}

static bool is_slash(char c)
{
	return c == '/' || c == '\\';
}

/* The next character of a host, percent-decoded and lowered. */
static char next_host_char(struct reader *r)
{
	char c = peek(r);
	struct reader ahead;
	char high, low;

	skip(r);
	if (c != '%')
		return char_lower(c);
	ahead = *r;
	high = peek(&ahead);
	if (!char_is_hex(high))
		return c;
	skip(&ahead);
	low = peek(&ahead);
	if (!char_is_hex(low))
		return c;
	skip(&ahead);
	*r = ahead;
	return char_lower((char)(char_hex(high) << 4 | char_hex(low)));
}

/* The host behind the slashes, without user and port. Where it is longer than any name
 * can be, *n is HOST_LEN_MAX + 1. */
static void read_host(struct reader *r, char host[HOST_LEN_MAX + 1], size_t *n)
{
	bool is_literal = false, is_port = false;

	*n = 0;
	for (char c = peek(r); c && !is_slash(c) && c != '?' && c != '#'; c = peek(r)) {
		if (c == '@') { /* all before it was the user */
			skip(r);
			*n = 0;
			is_literal = is_port = false;
			continue;
		}
		is_literal = c == '[' || (is_literal && c != ']');
		is_port |= c == ':' && !is_literal;
		c = next_host_char(r);
		if (!is_port && *n <= HOST_LEN_MAX)
			host[(*n)++] = c;
	}
	if (*n && *n <= HOST_LEN_MAX && host[*n - 1] == '.')
		(*n)--;
}

static bool is_excluded(struct str host, const struct link_rules *rules)
{
	for (size_t i = 0; i < rules->excluded_host_count; i++) {
		struct str name = rules->excluded_hosts[i];

		if (str_ends(host, name) &&
		    (host.n == name.n || host.p[host.n - name.n - 1] == '.'))
			return true;
	}
	return false;
}

static bool is_tracked(struct str target, const struct link_rules *rules)
{
	for (size_t i = 0; i < rules->tracked_prefix_count; i++)
		if (str_starts(target, rules->tracked_prefixes[i]))
			return true;
	return false;
}

/* Whether it begins with a host in letters, digits, dots and hyphens that is followed by
 * a slash: then there is a host, and who excludes none need not know which. */
static bool has_plain_host(struct str s)
{
	size_t n = 0;

	while (n < s.n && (char_is_alnum(s.p[n]) || s.p[n] == '-' || s.p[n] == '.'))
		n++;
	return n > 0 && n < s.n && s.p[n] == '/' && char_is_alnum(s.p[0]);
}

/* Behind "http:". */
static enum link_reason judge_web(struct reader r, struct str target,
                                  const struct link_rules *rules)
{
	char host[HOST_LEN_MAX + 1];
	size_t slashes = 0, n = 1;

	for (; is_slash(peek(&r)); skip(&r))
		slashes++;
	if ((rules && rules->excluded_host_count) ||
	    !has_plain_host((struct str){r.p, (size_t)(r.end - r.p)}))
		read_host(&r, host, &n);
	if (slashes < 2 || n == 0)
		return LINK_NO_HOST;
	if (rules && rules->excluded_host_count && n <= HOST_LEN_MAX &&
	    is_excluded((struct str){host, n}, rules))
		return LINK_EXCLUDED;
	if (rules && is_tracked(target, rules))
		return LINK_TRACKED;
	return target.n > LINK_LEN_MAX ? LINK_TOO_LONG : LINK_TRACKABLE;
}

enum link_reason link_judge(struct str target, const struct link_rules *rules)
{
	struct reader r;

	target = trim(target);
	r = (struct reader){target.p, target.p + target.n};
	if (target.n == 0)
		return LINK_EMPTY;
	if (target.p[0] == '#')
		return LINK_FRAGMENT;
	if (may_have_merge_tag(target) && has_merge_tag(target))
		return LINK_MERGE_TAG;
	switch (read_scheme(&r)) {
	case NO_SCHEME:
		return LINK_RELATIVE;
	case OTHER_SCHEME:
		return LINK_SCHEME;
	case WEB:
		break;
	}
	return judge_web(r, target, rules);
}
