#include "auth/dmarc_uri.h"

#include "dns/name.h"

/* Characters of RFC 3986 §2.2 and §2.3 besides letters and digits, without those that
 * RFC 9989 §4.8 wants encoded: comma and exclamation point. */
static const char uri_characters[] = "-._~:/?#[]@$&'()*+;=";

/* A URI by RFC 3986: a scheme, a colon, and something of its characters. */
static bool is_uri(struct str s)
{
	struct str rest = s;
	struct str scheme;

	if (!str_cut(&rest, ':', &scheme) || !rest.p || rest.n == 0)
		return false;
	if (scheme.n == 0 || !char_is_alpha(scheme.p[0]))
		return false;
	for (size_t i = 0; i < scheme.n; i++)
		if (!char_is_alnum(scheme.p[i]) &&
		    str_find_char(STR("+-."), scheme.p[i]) < 0)
			return false;
	for (size_t i = 0; i < rest.n; i++) {
		struct str after = str_slice(rest, i + 1, 2);

		if (rest.p[i] == '%') {
			if (after.n != 2 || !char_is_hex(after.p[0]) ||
			    !char_is_hex(after.p[1]))
				return false;
		} else if (!char_is_alnum(rest.p[i]) &&
		           str_find_char(STR(uri_characters), rest.p[i]) < 0) {
			return false;
		}
	}
	return true;
}

/* The host of "mailto:local@host?…"; false where there is no such address. */
static bool mailto_host(struct arena *a, struct str uri, struct str *host)
{
	struct str address = str_from(uri, sizeof("mailto:") - 1);
	struct str query = address;
	ptrdiff_t at;

	str_cut(&query, '?', &address);
	at = str_find_char(address, '@');
	if (at <= 0)
		return false;
	address = str_from(address, (size_t)at + 1);
	if (address.n == 0 || !dns_name_make(a, address, host))
		return false;
	return !dns_name_is_root(*host) && str_find_char(*host, '\\') < 0;
}

/* Takes "!10m" off the end: bytes, or units of k, m, g, t. False: there is no such end.
 */
static bool take_size(struct str *uri, uint64_t *limit)
{
	static const char units[] = "kmgt";
	ptrdiff_t at = str_find_char(*uri, '!');
	struct str size;
	unsigned shift = 0;

	if (at < 0)
		return false;
	size = str_from(*uri, (size_t)at + 1);
	for (unsigned i = 0; size.n > 1 && i < LEN(units) - 1; i++)
		if (char_lower(size.p[size.n - 1]) == units[i])
			shift = 10 * (i + 1);
	if (shift)
		size.n--;
	if (!str_parse_uint(size, UINT64_MAX >> shift, limit))
		return false;
	*limit <<= shift;
	*uri = str_slice(*uri, 0, (size_t)at);
	return true;
}

void dmarc_uris_parse(struct arena *a, const struct tag *tag,
                      enum dmarc_standard standard, struct dmarc_uris *uris,
                      struct tag_problems *problems)
{
	struct str rest = tag->value;
	struct str item;

	while (str_cut(&rest, ',', &item)) {
		struct dmarc_uri uri = {.text = str_trim(item)};

		uri.at = tag->value_at + (size_t)(uri.text.p - tag->value.p);
		if (take_size(&uri.text, &uri.size_limit) && standard == DMARC_RFC9989)
			tag_problems_add(a, problems,
			                 (struct tag_problem){
			                         TAG_OBSOLETE, uri.at, str_trim(item),
			                         "a size limit is no longer read"});
		uri.is_mailto = str_starts_nocase(uri.text, STR("mailto:"));
		uri.is_valid = is_uri(uri.text) &&
		               (!uri.is_mailto || mailto_host(a, uri.text, &uri.host));
		if (!uri.is_valid)
			tag_problems_add(a, problems,
			                 (struct tag_problem){
			                         TAG_VALUE, uri.at, str_trim(item),
			                         "is not a URI, as mailto:name@host"});
		*ARRAY_ADD(uris, a) = uri;
	}
}
