/*
 * The PROXY protocol, version 2: what a load balancer that passes connections on writes
 * in front of them, so that the server behind it knows who has connected. Pure.
 *
 *	struct proxy_header h;
 *	while (proxy_header_read(bytes, &h) == HTTP_MORE)
 *		bytes = the same bytes and more, up to h.length in all;
 *	client = h.client;
 *
 * Strict: the signature, version 2, LOCAL or PROXY, TCP over IPv4 or IPv6 (or a unix
 * socket, or nothing: then there is no address), additions (TLVs) that fill the rest
 * exactly and a CRC-32c that is right where one is sent. Version 1, datagrams and headers
 * above PROXY_HEADER_MAX are refused. Specification: HAProxy, "The PROXY protocol",
 * section 2.2.
 */
#pragma once

#include "base/ip.h"
#include "net/http_head.h"

enum { PROXY_HEADER_MAX = 1024 };

struct proxy_header {
	size_t length; /* of the header as far as it is known: read no more than that */
	bool is_local; /* the balancer's own connection, to see whether we live */
	struct ip client; /* no address: local, unix socket or unknown */
	uint16_t port;
};

/* HTTP_MORE, HTTP_OK, or HTTP_BAD: then the connection says nothing that can be trusted.
 * `length` is set after HTTP_MORE too: 16, or that of the whole header. */
enum http_read proxy_header_read(struct str bytes, struct proxy_header *out);
