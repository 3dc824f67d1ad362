#include "dns/record.h"

#include <string.h>

static uint32_t get_u32(const char *p)
{
	const uint8_t *b = (const uint8_t *)p;

	return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}

static bool decode_name(struct arena *a, struct str rdata, struct str *out)
{
	size_t used;

	return dns_name_decode(a, rdata, out, &used) && used == rdata.n;
}

static bool decode_address(struct str rdata, uint8_t length, struct ip *out)
{
	if (rdata.n != length)
		return false;
	memcpy(out->bytes, rdata.p, length);
	out->length = length;
	return true;
}

static bool decode_mx(struct arena *a, struct str rdata, struct dns_record *out)
{
	if (rdata.n < 3)
		return false;
	out->mx.preference = (uint16_t)((uint8_t)rdata.p[0] << 8 | (uint8_t)rdata.p[1]);
	return decode_name(a, str_from(rdata, 2), &out->mx.host);
}

static bool decode_soa(struct arena *a, struct str rdata, struct dns_soa *out)
{
	size_t used;

	if (!dns_name_decode(a, rdata, &out->mname, &used))
		return false;
	rdata = str_from(rdata, used);
	if (!dns_name_decode(a, rdata, &out->rname, &used))
		return false;
	rdata = str_from(rdata, used);
	if (rdata.n != 20)
		return false;
	out->serial = get_u32(rdata.p);
	out->refresh = get_u32(rdata.p + 4);
	out->retry = get_u32(rdata.p + 8);
	out->expire = get_u32(rdata.p + 12);
	out->minimum = get_u32(rdata.p + 16);
	return true;
}

static bool decode_txt(struct arena *a, struct str rdata, struct dns_record *out)
{
	char *text = arena_alloc(a, rdata.n + 1);
	uint8_t *lengths = arena_alloc(a, rdata.n + 1);
	size_t count = 0;
	size_t n = 0;

	while (rdata.n) {
		size_t length = (uint8_t)rdata.p[0];

		if (length + 1 > rdata.n)
			return false;
		memcpy(text + n, rdata.p + 1, length);
		n += length;
		lengths[count++] = (uint8_t)length;
		rdata = str_from(rdata, length + 1);
	}
	out->txt.text = (struct str){text, n};
	out->txt.lengths = lengths;
	out->txt.count = count;
	return count > 0;
}

static bool decode_caa(struct arena *a, struct str rdata, struct dns_record *out)
{
	size_t tag_length;

	if (rdata.n < 2)
		return false;
	out->caa.flags = (uint8_t)rdata.p[0];
	tag_length = (uint8_t)rdata.p[1];
	if (tag_length == 0 || tag_length + 2 > rdata.n)
		return false;
	out->caa.tag = arena_lower(a, str_slice(rdata, 2, tag_length));
	out->caa.value = arena_dup(a, str_from(rdata, 2 + tag_length));
	return true;
}

bool dns_record_decode(struct arena *a, enum dns_type type, struct str rdata,
                       struct dns_record *out)
{
	out->type = type;
	switch (type) {
	case DNS_A:
		return decode_address(rdata, 4, &out->ip);
	case DNS_AAAA:
		return decode_address(rdata, 16, &out->ip);
	case DNS_NS:
	case DNS_CNAME:
	case DNS_PTR:
		return decode_name(a, rdata, &out->target);
	case DNS_MX:
		return decode_mx(a, rdata, out);
	case DNS_SOA:
		return decode_soa(a, rdata, &out->soa);
	case DNS_TXT:
	case DNS_SPF:
		return decode_txt(a, rdata, out);
	case DNS_CAA:
		return decode_caa(a, rdata, out);
	case DNS_DS:
	case DNS_DNSKEY:
	case DNS_TLSA:
		out->raw = arena_dup(a, rdata);
		return true;
	}
	return false;
}

/* A name as it stands in a zone file, with its final dot. */
static struct str dotted(struct arena *a, struct str name)
{
	return dns_name_is_root(name) ? STR(".")
	                              : arena_printf(a, "%.*s.", STR_ARG(name));
}

/* One string in quotes, with what must be escaped escaped (RFC 1035 §5.1). */
static struct str quoted(struct arena *a, struct str s)
{
	char *out = arena_alloc(a, s.n * 4 + 3);
	size_t n = 0;

	out[n++] = '"';
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (c == '"' || c == '\\') {
			out[n++] = '\\';
			out[n++] = (char)c;
		} else if (c < 0x20 || c >= 0x7f) {
			out[n++] = '\\';
			out[n++] = (char)('0' + c / 100);
			out[n++] = (char)('0' + c / 10 % 10);
			out[n++] = (char)('0' + c % 10);
		} else {
			out[n++] = (char)c;
		}
	}
	out[n++] = '"';
	return (struct str){out, n};
}

static struct str format_txt(struct arena *a, const struct dns_record *r)
{
	struct str rest = r->txt.text;
	struct str out = STR_NONE;

	for (size_t i = 0; i < r->txt.count; i++) {
		struct str piece = quoted(a, str_slice(rest, 0, r->txt.lengths[i]));

		out = i ? arena_printf(a, "%.*s %.*s", STR_ARG(out), STR_ARG(piece))
		        : piece;
		rest = str_from(rest, r->txt.lengths[i]);
	}
	return out;
}

static struct str format_hex(struct arena *a, struct str raw)
{
	static const char digits[] = "0123456789abcdef";
	char *out = arena_alloc(a, raw.n * 2 + 1);

	for (size_t i = 0; i < raw.n; i++) {
		out[2 * i] = digits[(uint8_t)raw.p[i] >> 4];
		out[2 * i + 1] = digits[(uint8_t)raw.p[i] & 15];
	}
	return arena_printf(a, "\\# %zu %s", raw.n, out);
}

struct str dns_record_format(struct arena *a, const struct dns_record *r)
{
	switch (r->type) {
	case DNS_A:
	case DNS_AAAA:
		return ip_format(a, r->ip);
	case DNS_NS:
	case DNS_CNAME:
	case DNS_PTR:
		return dotted(a, r->target);
	case DNS_MX:
		return arena_printf(a, "%u %.*s", r->mx.preference,
		                    STR_ARG(dotted(a, r->mx.host)));
	case DNS_SOA:
		return arena_printf(
		        a, "%.*s %.*s %u %u %u %u %u", STR_ARG(dotted(a, r->soa.mname)),
		        STR_ARG(dotted(a, r->soa.rname)), r->soa.serial, r->soa.refresh,
		        r->soa.retry, r->soa.expire, r->soa.minimum);
	case DNS_TXT:
	case DNS_SPF:
		return format_txt(a, r);
	case DNS_CAA:
		return arena_printf(a, "%u %.*s %.*s", r->caa.flags,
		                    STR_ARG(r->caa.tag),
		                    STR_ARG(quoted(a, r->caa.value)));
	case DNS_DS:
	case DNS_DNSKEY:
	case DNS_TLSA:
		return format_hex(a, r->raw);
	}
	return STR("");
}
