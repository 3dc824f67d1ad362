#include "net/forwarded.h"

#include "base/ip.h"

/* What one field says: the addresses from left to right; no address is "something else".
 */
struct hops {
	bool is_there, is_bad;
	size_t n;
	struct ip ip[FORWARDED_HOPS_MAX];
	struct str scheme; /* of the right-most element */
};

bool forwarded_address(struct str text, struct ip *out)
{
	struct str host = text, port = STR_NONE;
	ptrdiff_t at;
	uint64_t number;

	if (str_starts(text, STR("["))) {
		at = str_find_char(text, ']');
		if (at < 0)
			return false;
		host = str_slice(text, 1, (size_t)at - 1);
		port = str_from(text, (size_t)at + 1);
		if (str_find_char(host, ':') < 0)
			return false;
	} else if ((at = str_find_char(text, ':')) >= 0 &&
	           str_find_char(str_from(text, (size_t)at + 1), ':') < 0) {
		host = str_slice(text, 0, (size_t)at);
		port = str_from(text, (size_t)at);
	}
	if (port.n && (port.p[0] != ':' ||
	               !str_parse_uint(str_from(port, 1), UINT16_MAX, &number)))
		return false;
	return ip_parse(host, out);
}

static void add_hop(struct hops *hops, struct str text)
{
	struct ip ip;

	if (hops->n == FORWARDED_HOPS_MAX) {
		hops->is_bad = true;
		return;
	}
	hops->ip[hops->n++] =
	        forwarded_address(text, &ip) ? ip : (struct ip){.length = 0};
}

/* The value of a pair off the front: a token, or a quoted string without its quotes. An
 * escape in it is refused: no address and no scheme needs one. */
static bool cut_value(struct str *rest, struct str *value)
{
	size_t n = 0;

	if (!str_starts(*rest, STR("\""))) {
		while (n < rest->n && rest->p[n] != ';' && rest->p[n] != ',' &&
		       !char_is_blank(rest->p[n]) && rest->p[n] != '"')
			n++;
		*value = str_slice(*rest, 0, n);
		*rest = str_from(*rest, n);
		return n > 0;
	}
	for (n = 1; n < rest->n && rest->p[n] != '"'; n++)
		if (rest->p[n] == '\\')
			return false;
	if (n == rest->n)
		return false;
	*value = str_slice(*rest, 1, n - 1);
	*rest = str_from(*rest, n + 1);
	return true;
}

static struct str skip_blanks(struct str s)
{
	while (s.n && (s.p[0] == ' ' || s.p[0] == '\t'))
		s = str_from(s, 1);
	return s;
}

/* RFC 7239 §4: one element, pairs with ";" between them; stops before "," or at the end.
 */
static bool cut_element(struct str *rest, struct str *address, struct str *scheme)
{
	*address = *scheme = STR_NONE;
	for (;;) {
		struct str name, value;
		ptrdiff_t at;

		*rest = skip_blanks(*rest);
		at = str_find_char(*rest, '=');
		if (at < 1)
			return false;
		name = str_slice(*rest, 0, (size_t)at);
		for (size_t i = 0; i < name.n; i++)
			if (!char_is_alnum(name.p[i]) && name.p[i] != '-')
				return false;
		*rest = str_from(*rest, (size_t)at + 1);
		if (!cut_value(rest, &value))
			return false;
		if (str_eq_nocase(name, STR("for")))
			*address = value;
		else if (str_eq_nocase(name, STR("proto")))
			*scheme = value;
		*rest = skip_blanks(*rest);
		if (rest->n == 0 || rest->p[0] != ';')
			return rest->n == 0 || rest->p[0] == ',';
		*rest = str_from(*rest, 1);
	}
}

static void read_forwarded(struct hops *hops, struct str value)
{
	hops->is_there = true;
	for (;;) {
		struct str address;

		if (!cut_element(&value, &address, &hops->scheme)) {
			hops->is_bad = true;
			return;
		}
		add_hop(hops, address);
		if (value.n == 0)
			return;
		value = str_from(value, 1);
	}
}

static void read_list(struct hops *hops, struct str value)
{
	struct str element;

	hops->is_there = true;
	while (str_cut(&value, ',', &element))
		add_hop(hops, str_trim(element));
}

/* From the right over trusted proxies to the first that is none. */
static struct ip find_client(const struct hops *hops, struct ip peer,
                             const struct ip_net *trusted, size_t n)
{
	struct ip client = peer;

	if (hops->is_bad)
		return peer;
	for (size_t i = hops->n; i > 0 && hops->ip[i - 1].length; i--) {
		client = hops->ip[i - 1];
		if (!ip_nets_have(trusted, n, client))
			break;
	}
	return client;
}

static void read_scheme(struct forwarded *f, struct str text)
{
	f->is_https = str_eq_nocase(text, STR("https"));
	f->has_scheme = f->is_https || str_eq_nocase(text, STR("http"));
}

/* What a trusted peer says. */
static struct forwarded read_fields(const struct http_head *head, struct ip peer,
                                    const struct ip_net *trusted, size_t trusted_count)
{
	struct forwarded f = {.client = peer, .is_forwarded = true};
	struct hops list = {0}, elements = {0};
	struct str schemes = STR_NONE, scheme = STR_NONE, part;
	struct ip other;

	for (size_t i = 0; i < head->field_count; i++) {
		const struct http_field *field = &head->fields[i];

		if (str_eq_nocase(field->name, STR("x-forwarded-for")))
			read_list(&list, field->value);
		else if (str_eq_nocase(field->name, STR("forwarded")))
			read_forwarded(&elements, field->value);
		else if (str_eq_nocase(field->name, STR("x-forwarded-proto")))
			schemes = field->value;
	}
	while (str_cut(&schemes, ',', &part))
		scheme = part;
	read_scheme(&f,
	            str_trim(scheme.n || elements.is_bad ? scheme : elements.scheme));
	f.client = find_client(&list, peer, trusted, trusted_count);
	other = find_client(&elements, peer, trusted, trusted_count);
	if (!list.is_there)
		f.client = other;
	else if (elements.is_there && !ip_eq(f.client, other))
		f.client = peer;
	return f;
}

struct forwarded forwarded_read(const struct http_head *head, struct ip peer,
                                const struct ip_net *trusted, size_t trusted_count)
{
	if (!ip_nets_have(trusted, trusted_count, peer))
		return (struct forwarded){.client = peer};
	return read_fields(head, peer, trusted, trusted_count);
}
