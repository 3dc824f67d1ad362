#include "mime/charset.h"

#include <iconv.h>

/* Beginnings of the names where a byte below 0x80 may be half of something else. */
static const struct {
	struct str name;
	bool has_lines; /* line ends are what they are in ASCII */
} incompatible[] = {
        {STR_INIT("utf-16"),    false},
        {STR_INIT("utf16"),     false},
        {STR_INIT("utf-32"),    false},
        {STR_INIT("utf32"),     false},
        {STR_INIT("utf-7"),     true },
        {STR_INIT("utf7"),      true },
        {STR_INIT("ucs-"),      false},
        {STR_INIT("ucs2"),      false},
        {STR_INIT("ucs4"),      false},
        {STR_INIT("iso-10646"), false},
        {STR_INIT("iso-2022"),  true },
        {STR_INIT("csiso2022"), true },
        {STR_INIT("hz"),        true },
        {STR_INIT("ibm0"),      false},
        {STR_INIT("cp037"),     false},
        {STR_INIT("unicode"),   false},
};

bool charset_is_ascii_compatible(struct str charset)
{
	for (size_t i = 0; i < LEN(incompatible); i++)
		if (str_starts_nocase(charset, incompatible[i].name))
			return false;
	return true;
}

bool charset_is_utf8(struct str charset)
{
	return str_eq_nocase(charset, STR("utf-8")) ||
	       str_eq_nocase(charset, STR("utf8"));
}

bool charset_has_lines(struct str charset)
{
	for (size_t i = 0; i < LEN(incompatible); i++)
		if (str_starts_nocase(charset, incompatible[i].name))
			return incompatible[i].has_lines;
	return true;
}

static bool convert(struct arena *a, const char *from, const char *to, struct str in,
                    struct str *out)
{
	/* No charset takes more than four bytes for what another has in one, but for
	 * the marks and escapes at the ends. */
	size_t room = in.n * 4 + 32;
	char *p = arena_bytes(a, room);
	char *in_at = (char *)(uintptr_t)in.p;
	char *out_at = p;
	size_t in_left = in.n;
	size_t out_left = room;
	iconv_t cd = iconv_open(to, from);
	bool ok;

	if (cd == (iconv_t)-1)
		return false;
	ok = iconv(cd, &in_at, &in_left, &out_at, &out_left) == 0 &&
	     iconv(cd, NULL, NULL, &out_at, &out_left) == 0;
	iconv_close(cd);
	*out = (struct str){p, room - out_left};
	return ok && in_left == 0;
}

/* iconv takes a byte order mark away; with the byte order in the name it stays. Without
 * a mark the order is little-endian, as browsers have it (WHATWG Encoding §4.2) and mail
 * is found to be, unless the first character says otherwise. */
static const char *exact_name(struct arena *a, struct str charset, struct str bytes)
{
	bool is_16 = str_eq(charset, STR("utf-16")) || str_eq(charset, STR("utf16")) ||
	             str_eq(charset, STR("unicode"));

	if (!is_16)
		return arena_cstr(a, charset);
	if (str_starts(bytes, STR("\xfe\xff")) || str_starts(bytes, STR("\0")))
		return "UTF-16BE";
	return "UTF-16LE";
}

bool charset_to_utf8(struct arena *a, struct str charset, struct str bytes,
                     struct str *utf8, const char **name)
{
	AUTO(arena) scratch = {0};
	struct str back;

	if (str_find_char(charset, '/') >= 0)
		return false;
	*name = exact_name(a, charset, bytes);
	return convert(a, *name, "UTF-8", bytes, utf8) &&
	       convert(&scratch, "UTF-8", *name, *utf8, &back) && str_eq(back, bytes);
}

bool charset_from_utf8(struct arena *a, const char *name, struct str utf8,
                       struct str *bytes)
{
	return convert(a, "UTF-8", name, utf8, bytes);
}
