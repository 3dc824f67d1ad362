#include "net/proxy.h"

#include <string.h>

enum {
	FIXED = 16, /* signature, version and command, family, length */
	LOCAL = 0,
	PROXY = 1,
	TLV_CRC32C = 3, /* PP2_TYPE_CRC32C */
};

static const char signature[] = "\r\n\r\n\0\r\nQUIT\n";

/* What each family says of its addresses: bytes of one, and of all with the ports. */
static const struct {
	uint8_t byte;
	uint8_t ip_length;
	size_t all;
} families[] = {
        {0x00, 0,  0  }, /* unspecified */
        {0x11, 4,  12 }, /* TCP over IPv4 */
        {0x21, 16, 36 }, /* TCP over IPv6 */
        {0x31, 0,  216}, /* unix stream */
};

static unsigned get_u16(const char *p)
{
	return (unsigned)(uint8_t)p[0] << 8 | (uint8_t)p[1];
}

/* CRC-32c (RFC 3720, appendix B.4) of the header, the four bytes at `hole` as zeros. */
static uint32_t crc32c(struct str bytes, size_t hole)
{
	uint32_t crc = 0xffffffff;

	for (size_t i = 0; i < bytes.n; i++) {
		crc ^= i - hole < 4 ? 0 : (uint8_t)bytes.p[i];
		for (int bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0x82f63b78u : 0);
	}
	return ~crc;
}

static bool has_right_crc(struct str header, size_t at)
{
	const char *p = header.p + at;
	uint32_t said = (uint32_t)get_u16(p) << 16 | get_u16(p + 2);

	return crc32c(header, at) == said;
}

/* Type, length, value, until exactly the end. */
static bool are_additions_right(struct str header, size_t at)
{
	while (at < header.n) {
		size_t n;

		if (header.n - at < 3)
			return false;
		n = get_u16(header.p + at + 1);
		if (header.n - at - 3 < n)
			return false;
		if (header.p[at] == TLV_CRC32C &&
		    (n != 4 || !has_right_crc(header, at + 3)))
			return false;
		at += 3 + n;
	}
	return true;
}

static enum http_read read_whole(struct str header, struct proxy_header *out)
{
	uint8_t family = (uint8_t)header.p[13];
	size_t i = 0;

	if (out->is_local) /* the family says nothing then */
		return HTTP_OK;
	while (i < LEN(families) && families[i].byte != family)
		i++;
	if (i == LEN(families) || header.n - FIXED < families[i].all)
		return HTTP_BAD;
	if (families[i].ip_length) {
		size_t n = families[i].ip_length;

		out->client = ip_of_bytes(header.p + FIXED, n);
		out->port = (uint16_t)get_u16(header.p + FIXED + 2 * n);
	}
	/* Behind "unspecified" the rest may be anything. */
	if (family && !are_additions_right(header, FIXED + families[i].all))
		return HTTP_BAD;
	return HTTP_OK;
}

enum http_read proxy_header_read(struct str bytes, struct proxy_header *out)
{
	size_t known = bytes.n < 12 ? bytes.n : 12;
	uint8_t command;

	*out = (struct proxy_header){.length = FIXED};
	if (known && memcmp(bytes.p, signature, known) != 0)
		return HTTP_BAD;
	if (bytes.n < FIXED)
		return HTTP_MORE;
	command = (uint8_t)bytes.p[12];
	if (command != (0x20 | LOCAL) && command != (0x20 | PROXY))
		return HTTP_BAD;
	out->is_local = command == (0x20 | LOCAL);
	out->length += get_u16(bytes.p + 14);
	if (out->length > PROXY_HEADER_MAX)
		return HTTP_BAD;
	if (bytes.n < out->length)
		return HTTP_MORE;
	return read_whole(str_slice(bytes, 0, out->length), out);
}
