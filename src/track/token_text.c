#include "track/token_text.h"

/* The number of each is in tokens: add at the end alone, 31 at most. */
static const struct str beginnings[] = {
        [0] = STR_INIT(""),
        [1] = STR_INIT("https://www."),
        [2] = STR_INIT("https://"),
        [3] = STR_INIT("http://www."),
        [4] = STR_INIT("http://"),
        [5] = STR_INIT("https://www.facebook.com/"),
        [6] = STR_INIT("https://www.instagram.com/"),
        [7] = STR_INIT("https://www.linkedin.com/"),
        [8] = STR_INIT("https://www.youtube.com/"),
        [9] = STR_INIT("https://twitter.com/"),
        [10] = STR_INIT("https://x.com/"),
        [11] = STR_INIT("https://www.tiktok.com/"),
        [12] = STR_INIT("https://www.pinterest.com/"),
        [13] = STR_INIT("https://apps.apple.com/"),
        [14] = STR_INIT("https://play.google.com/store/apps/details?id="),
        [15] = STR_INIT("https://www.google.com/maps/"),
        [16] = STR_INIT("https://docs.google.com/"),
        [17] = STR_INIT("https://youtu.be/"),
        [18] = STR_INIT("https://github.com/"),
        [19] = STR_INIT("https://wa.me/"),
        [20] = STR_INIT("https://t.me/"),
        [21] = STR_INIT("https://app."),
        [22] = STR_INIT("https://shop."),
        [23] = STR_INIT("https://blog."),
};
_Static_assert(LEN(beginnings) <= 32, "five bits");

unsigned token_beginning(struct str text)
{
	unsigned best = 0;

	for (unsigned i = 1; i < LEN(beginnings); i++)
		if (beginnings[i].n > beginnings[best].n &&
		    str_starts(text, beginnings[i]))
			best = i;
	return best;
}

struct str token_beginning_text(unsigned number)
{
	return number < LEN(beginnings) ? beginnings[number] : STR_NONE;
}

/* The loop has no way out: so the compiler looks at many bytes in one step. */
static bool has_control(struct str s)
{
	uint8_t found = 0;

	for (size_t i = 0; i < s.n; i++)
		found |= (uint8_t)s.p[i] < 0x20 || s.p[i] == 0x7f;
	return found;
}

/* What stands between the slashes and the path, or p = NULL where it is no http URL. */
static struct str authority_of(struct str url)
{
	struct str rest = STR_NONE;
	size_t n = 0;

	if (str_starts_nocase(url, STR("https://")))
		rest = str_from(url, 8);
	else if (str_starts_nocase(url, STR("http://")))
		rest = str_from(url, 7);
	while (n < rest.n && rest.p[n] != '/' && rest.p[n] != '?' && rest.p[n] != '#')
		n++;
	return (struct str){rest.p, n};
}

static const char *refuse_destination(struct str url)
{
	struct str authority = authority_of(url);

	if (url.n > TOKEN_TEXT_MAX)
		return "the destination is longer than 4096 bytes";
	if (has_control(url))
		return "the destination has control characters";
	if (!authority.p)
		return "the destination is neither http:// nor https://";
	if (str_find_char(authority, '@') >= 0)
		return "the destination has a user name before its host";
	/* Browsers read \ as /, others as part of a name: two hosts in one URL. */
	if (str_find_char(authority, '\\') >= 0 || str_find_char(authority, ' ') >= 0)
		return "the host of the destination has a character no host has";
	if (authority.n == 0 || authority.p[0] == ':')
		return "the destination has no host";
	if (url.p[url.n - 1] == ' ')
		return "the destination ends with a blank";
	return NULL;
}

static const char *refuse_address(struct str address)
{
	ptrdiff_t at = str_find_char(address, '@');

	if (address.n > TOKEN_ADDRESS_MAX)
		return "the address is longer than 320 bytes";
	if (at <= 0 || (size_t)at + 1 == address.n)
		return "the recipient's address is none";
	if (has_control(address))
		return "the address has control characters";
	return NULL;
}

const char *token_refusal(const struct token *token)
{
	switch (token->kind) {
	case TOKEN_CLICK:
		return refuse_destination(token->text);
	case TOKEN_UNSUBSCRIBE:
		return refuse_address(token->text);
	case TOKEN_OPEN:
		return token->text.n ? "the token of an open has no text" : NULL;
	case TOKEN_KIND_COUNT:
		break;
	}
	return "there is no such kind of token";
}
