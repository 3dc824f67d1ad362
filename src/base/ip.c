#include "base/ip.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

static const uint8_t mapped_prefix[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

struct ip ip_of_bytes(const void *bytes, size_t n)
{
	struct ip ip = {.length = (uint8_t)n};

	need(n == 4 || n == 16);
	memcpy(ip.bytes, bytes, n);
	if (n == 16 && memcmp(bytes, mapped_prefix, sizeof(mapped_prefix)) == 0) {
		memcpy(ip.bytes, ip.bytes + 12, 4);
		memset(ip.bytes + 4, 0, 12);
		ip.length = 4;
	}
	return ip;
}

bool ip_parse(struct str text, struct ip *out)
{
	char buffer[INET6_ADDRSTRLEN];
	struct ip ip = {.length = 4};

	if (text.n == 0 || text.n >= sizeof(buffer) || memchr(text.p, 0, text.n))
		return false;
	memcpy(buffer, text.p, text.n);
	buffer[text.n] = '\0';
	if (inet_pton(AF_INET, buffer, ip.bytes) == 1) {
		*out = ip;
		return true;
	}
	if (inet_pton(AF_INET6, buffer, ip.bytes) != 1)
		return false;
	*out = ip_of_bytes(ip.bytes, 16);
	return true;
}

bool ip_net_parse(struct str text, struct ip_net *out)
{
	struct ip_net net;
	struct str address;
	uint64_t prefix;

	if (!str_cut(&text, '/', &address) || !ip_parse(address, &net.ip))
		return false;
	prefix = net.ip.length * 8u;
	if (text.p && !str_parse_uint(text, prefix, &prefix))
		return false;
	net.prefix = (uint8_t)prefix;
	*out = net;
	return true;
}

size_t ip_write(struct ip ip, char out[IP_TEXT_MAX])
{
	if (ip.length == 4) {
		size_t n = 0;

		for (size_t i = 0; i < 4; i++) {
			unsigned b = ip.bytes[i];

			if (b > 99)
				out[n++] = (char)('0' + b / 100);
			if (b > 9)
				out[n++] = (char)('0' + b / 10 % 10);
			out[n++] = (char)('0' + b % 10);
			out[n++] = '.';
		}
		out[--n] = '\0';
		return n;
	}
	if (!inet_ntop(AF_INET6, ip.bytes, out, IP_TEXT_MAX))
		memcpy(out, "?", 2);
	return strlen(out);
}

struct str ip_format(struct arena *a, struct ip ip)
{
	char text[IP_TEXT_MAX];

	return arena_dup(a, (struct str){text, ip_write(ip, text)});
}

bool ip_eq(struct ip a, struct ip b)
{
	return a.length == b.length && memcmp(a.bytes, b.bytes, a.length) == 0;
}

bool ip_net_has(struct ip_net net, struct ip ip)
{
	size_t whole = net.prefix / 8;
	unsigned rest = net.prefix % 8;
	uint8_t mask = (uint8_t)(0xff00u >> rest);

	if (net.ip.length != ip.length || memcmp(net.ip.bytes, ip.bytes, whole) != 0)
		return false;
	return rest == 0 || ((net.ip.bytes[whole] ^ ip.bytes[whole]) & mask) == 0;
}

bool ip_is_public(struct ip ip)
{
	static const struct ip_net set_aside[] = {
	        {{{0}, 4},                       8 },
	        {{{10}, 4},                      8 },
	        {{{100, 64}, 4},                 10},
	        {{{127}, 4},                     8 },
	        {{{169, 254}, 4},                16},
	        {{{172, 16}, 4},                 12},
	        {{{192, 0, 0}, 4},               24},
	        {{{192, 0, 2}, 4},               24},
	        {{{192, 88, 99}, 4},             24},
	        {{{192, 168}, 4},                16},
	        {{{198, 18}, 4},                 15},
	        {{{198, 51, 100}, 4},            24},
	        {{{203, 0, 113}, 4},             24},
	        {{{224}, 4},                     3 }, /* multicast, reserved */
	        {{{0x20, 0x01}, 16},             23},
	        {{{0x20, 0x01, 0x0d, 0xb8}, 16}, 32},
	        {{{0x20, 0x02}, 16},             16}, /* 6to4: an IPv4 one inside */
	        {{{0x3f, 0xff}, 16},             20},
	};
	/* 2000::/3 is all that is given out as global unicast. */
	static const struct ip_net global = {
	        {{0x20}, 16},
                3
        };

	if (ip.length == 16 && !ip_net_has(global, ip))
		return false;
	for (size_t i = 0; i < LEN(set_aside); i++)
		if (ip_net_has(set_aside[i], ip))
			return false;
	return ip.length != 0;
}

struct str ip_reverse_name(struct arena *a, struct ip ip)
{
	char text[80];
	size_t n = 0;

	if (ip.length == 4)
		return arena_printf(a, "%u.%u.%u.%u.in-addr.arpa", ip.bytes[3],
		                    ip.bytes[2], ip.bytes[1], ip.bytes[0]);
	for (int i = 15; i >= 0; i--)
		n += (size_t)snprintf(text + n, sizeof(text) - n, "%x.%x.",
		                      ip.bytes[i] & 15u, ip.bytes[i] >> 4);
	return arena_printf(a, "%sip6.arpa", text);
}

bool ip_port_parse(struct str text, uint16_t default_port, struct ip *ip,
                   uint16_t *port)
{
	struct str address = text;
	struct str port_text = STR_NONE;
	uint64_t value = default_port;
	ptrdiff_t at;

	if (str_starts(text, STR("["))) {
		at = str_find_char(text, ']');
		if (at < 0)
			return false;
		address = str_slice(text, 1, (size_t)at - 1);
		port_text = str_from(text, (size_t)at + 1);
		if (port_text.n && port_text.p[0] != ':')
			return false;
	} else if (!ip_parse(text, ip)) {
		at = str_find_char(text, ':');
		if (at < 0)
			return false;
		address = str_slice(text, 0, (size_t)at);
		port_text = str_from(text, (size_t)at);
	}
	if (port_text.n && !str_parse_uint(str_from(port_text, 1), 65535, &value))
		return false;
	*port = (uint16_t)value;
	return value != 0 && ip_parse(address, ip);
}

bool ip_nets_have(const struct ip_net *nets, size_t n, struct ip ip)
{
	for (size_t i = 0; i < n; i++)
		if (ip_net_has(nets[i], ip))
			return true;
	return false;
}
