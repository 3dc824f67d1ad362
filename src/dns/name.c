#include "dns/name.h"

#include "base/utf8.h"

#include <idn2.h>
#include <stdlib.h>
#include <string.h>

enum { LABEL_MAX = 63 };

static bool needs_escape(unsigned char c)
{
	return c <= 0x20 || c >= 0x7f || (c && strchr("\"();@$", c));
}

/* Writes one byte of a label in its canonical spelling; returns the characters used. */
static size_t put_byte(char *out, unsigned char c)
{
	if (c == '.' || c == '\\') {
		out[0] = '\\';
		out[1] = (char)c;
		return 2;
	}
	if (needs_escape(c)) {
		out[0] = '\\';
		out[1] = (char)('0' + c / 100);
		out[2] = (char)('0' + c / 10 % 10);
		out[3] = (char)('0' + c % 10);
		return 4;
	}
	out[0] = char_lower((char)c);
	return 1;
}

/*
 * Reads one byte of a label in presentation form at the front of *text. False where a
 * backslash is not followed by what it needs.
 */
static bool take_byte(struct str *text, unsigned char *out)
{
	unsigned value = 0;

	if (text->p[0] != '\\') {
		*out = (unsigned char)text->p[0];
		*text = str_from(*text, 1);
		return true;
	}
	if (text->n < 2)
		return false;
	if (!char_is_digit(text->p[1])) {
		*out = (unsigned char)text->p[1];
		*text = str_from(*text, 2);
		return true;
	}
	if (text->n < 4)
		return false;
	for (size_t i = 1; i < 4; i++) {
		if (!char_is_digit(text->p[i]))
			return false;
		value = value * 10 + (unsigned)(text->p[i] - '0');
	}
	if (value > 255)
		return false;
	*out = (unsigned char)value;
	*text = str_from(*text, 4);
	return true;
}

bool dns_name_make(struct arena *a, struct str text, struct str *out)
{
	char *name;
	size_t n = 0;
	size_t label = 0; /* bytes of the label so far */
	size_t wire = 1;  /* with the root label */

	if (str_eq(text, STR("."))) {
		*out = STR(".");
		return true;
	}
	if (text.n == 0 || text.n > 4 * DNS_NAME_WIRE_MAX)
		return false;
	name = arena_alloc(a, text.n * 4 + 1);
	while (text.n) {
		unsigned char c;

		if (text.p[0] == '.') {
			if (label == 0)
				return false;
			wire += label + 1;
			label = 0;
			text = str_from(text, 1);
			if (text.n)
				name[n++] = '.';
			continue;
		}
		if (!take_byte(&text, &c) || ++label > LABEL_MAX)
			return false;
		n += put_byte(name + n, c);
	}
	if (label)
		wire += label + 1;
	if (wire > DNS_NAME_WIRE_MAX)
		return false;
	*out = (struct str){name, n};
	return true;
}

/* What a person sees as wrong with a name that could not be made. */
static bool explain(struct str text, struct err *err)
{
	struct str rest = text;
	struct str label;

	if (text.n == 0)
		return err_set(err, ERR_USAGE, "empty domain name");
	if (text.n > 253)
		return err_set(err, ERR_USAGE,
		               "domain name of %zu bytes: longer than 253", text.n);
	while (str_cut(&rest, '.', &label)) {
		if (label.n == 0 && rest.p)
			return err_set(err, ERR_USAGE, "\"%.*s\": empty label",
			               STR_ARG(text));
		if (label.n > LABEL_MAX)
			return err_set(err, ERR_USAGE,
			               "\"%.*s\": label of %zu bytes, longer than 63",
			               STR_ARG(text), label.n);
	}
	return err_set(err, ERR_USAGE, "\"%.*s\": not a domain name", STR_ARG(text));
}

bool dns_name_parse(struct arena *a, struct str text, struct str *out, struct err *err)
{
	char *ascii = NULL;
	bool made;

	if (text.n > 4 * DNS_NAME_WIRE_MAX)
		return explain(text, err);
	if (!str_is_ascii(text) && utf8_is_valid(text) &&
	    idn2_to_ascii_8z(arena_cstr(a, text), &ascii,
	                     IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL) == IDN2_OK) {
		made = dns_name_make(a, str_c(ascii), out);
		idn2_free(ascii);
	} else {
		made = dns_name_make(a, text, out);
	}
	return made ? true : explain(text, err);
}

bool dns_name_decode(struct arena *a, struct str bytes, struct str *out, size_t *used)
{
	char *name = arena_alloc(a, DNS_NAME_WIRE_MAX * 4);
	size_t at = 0;
	size_t n = 0;

	while (at < bytes.n && bytes.p[at]) {
		size_t length = (unsigned char)bytes.p[at++];

		if (length > LABEL_MAX || at + length >= bytes.n ||
		    at + length >= DNS_NAME_WIRE_MAX)
			return false;
		if (n)
			name[n++] = '.';
		while (length--)
			n += put_byte(name + n, (unsigned char)bytes.p[at++]);
	}
	if (at >= bytes.n)
		return false;
	*used = at + 1;
	*out = n ? (struct str){name, n} : STR(".");
	return true;
}

size_t dns_name_encode(struct str name, uint8_t out[DNS_NAME_WIRE_MAX])
{
	size_t n = 0;

	while (!dns_name_is_root(name)) {
		struct str label = dns_name_first(name);
		size_t start = n++;

		while (label.n) {
			need(n < DNS_NAME_WIRE_MAX - 1);
			need(take_byte(&label, &out[n++]));
		}
		out[start] = (uint8_t)(n - start - 1);
		name = dns_name_parent(name);
	}
	out[n++] = 0;
	return n;
}

bool dns_name_is_root(struct str name)
{
	return name.n == 0 || (name.n == 1 && name.p[0] == '.');
}

bool dns_name_is_plain(struct str name)
{
	for (size_t i = 0; i < name.n; i++)
		if (!char_is_alnum(name.p[i]) && name.p[i] != '-' && name.p[i] != '_' &&
		    name.p[i] != '.')
			return false;
	return !dns_name_is_root(name);
}

/* Offset of the dot behind the first label, or the length of the name. */
static size_t first_end(struct str name)
{
	size_t i = 0;

	while (i < name.n && name.p[i] != '.')
		i += name.p[i] == '\\' ? 2 : 1;
	return i < name.n ? i : name.n;
}

size_t dns_name_labels(struct str name)
{
	size_t count = 0;

	for (; !dns_name_is_root(name); name = dns_name_parent(name))
		count++;
	return count;
}

struct str dns_name_first(struct str name)
{
	return dns_name_is_root(name) ? STR("") : str_slice(name, 0, first_end(name));
}

struct str dns_name_parent(struct str name)
{
	size_t end = dns_name_is_root(name) ? name.n : first_end(name);

	return end >= name.n ? STR(".") : str_from(name, end + 1);
}

struct str dns_name_tail(struct str name, size_t count)
{
	size_t labels = dns_name_labels(name);

	for (; labels > count; labels--)
		name = dns_name_parent(name);
	return name;
}

bool dns_name_is_within(struct str name, struct str ancestor)
{
	size_t labels = dns_name_labels(ancestor);

	return dns_name_labels(name) >= labels &&
	       (labels == 0 || str_eq(dns_name_tail(name, labels), ancestor));
}

bool dns_name_join(struct arena *a, struct str prefix, struct str name, struct str *out)
{
	if (dns_name_is_root(name))
		return dns_name_make(a, prefix, out);
	return dns_name_make(
	        a, arena_printf(a, "%.*s.%.*s", STR_ARG(prefix), STR_ARG(name)), out);
}

struct str dns_name_host(struct str name, struct str zone)
{
	need(dns_name_is_within(name, zone));
	if (dns_name_is_root(zone))
		return name;
	if (name.n == zone.n)
		return STR("");
	return str_slice(name, 0, name.n - zone.n - 1);
}
