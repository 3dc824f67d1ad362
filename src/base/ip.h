/*
 * IPv4 and IPv6 addresses and networks (CIDR). An IPv4-mapped IPv6 address becomes the
 * IPv4 address it stands for, as RFC 7208 §5 wants.
 */
#pragma once

#include "base/arena.h"

struct ip {
	uint8_t bytes[16]; /* network order; IPv4 uses the first four */
	uint8_t length;    /* 4 or 16; 0 is "no address" */
};

enum { IP_TEXT_MAX = 46 };

struct ip_net {
	struct ip ip;
	uint8_t prefix; /* 0–32 or 0–128 */
};

/* The text form alone, no brackets, no zone id; strict (no octal, no short forms). */
NODISCARD bool ip_parse(struct str text, struct ip *out);
/* "192.0.2.0/24", "2001:db8::/32"; without a slash one address. */
NODISCARD bool ip_net_parse(struct str text, struct ip_net *out);
struct str ip_format(struct arena *a, struct ip ip);
/* The same without an arena, NUL behind it; gives its length. */
size_t ip_write(struct ip ip, char out[IP_TEXT_MAX]);
/* Of an address in network order, 4 or 16 bytes. */
struct ip ip_of_bytes(const void *bytes, size_t n);
bool ip_eq(struct ip a, struct ip b);
/* False where the families differ. */
bool ip_net_has(struct ip_net net, struct ip ip);
/* Whether any of them has it. */
bool ip_nets_have(const struct ip_net *nets, size_t n, struct ip ip);
/* Whether it is one of the Internet's: not private, loopback, link-local, multicast or
 * otherwise set aside (the registries of RFC 6890). */
bool ip_is_public(struct ip ip);
/* The name of its reverse zone entry: 4.3.2.1.in-addr.arpa, ….ip6.arpa (RFC 3596 §2.5)
 */
struct str ip_reverse_name(struct arena *a, struct ip ip);

/* "ADDR", "ADDR:PORT", "[V6]:PORT": a server's address. Port 0 is refused. */
NODISCARD bool ip_port_parse(struct str text, uint16_t default_port, struct ip *ip,
                             uint16_t *port);
