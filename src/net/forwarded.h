/*
 * Who asks, where a proxy or CDN stands in between: X-Forwarded-For, Forwarded (RFC 7239)
 * and X-Forwarded-Proto. Pure.
 *
 *	struct forwarded f = forwarded_read(r->head, r->client, trusted, trusted_count);
 *	log(f.client);
 *
 * Each proxy adds at the right whom it got the request from, so only what a trusted one
 * added is believed: from the right, the first address that is not itself a trusted
 * proxy's is the client. What stands further left the client may have made up. Where the
 * peer is not trusted, it is the client and its fields say nothing.
 *
 * An element that is no address ("unknown", "_hidden", garbage) ends the search at the
 * last one that was believed. A proxy writes one of the two fields and lets the other
 * through as the client sent it; since nobody can tell which, two fields that do not
 * agree count for nothing: the client is then the proxy.
 */
#pragma once

#include "base/ip.h"
#include "net/http_head.h"

struct forwarded {
	struct ip client;
	bool is_forwarded; /* the peer was trusted */
	bool has_scheme;   /* … and said by which scheme it was asked */
	bool is_https;
};

enum { FORWARDED_HOPS_MAX = 32 }; /* further left nothing is believed */

struct forwarded forwarded_read(const struct http_head *head, struct ip peer,
                                const struct ip_net *trusted, size_t trusted_count);
/* "192.0.2.1", "192.0.2.1:80", "[2001:db8::1]:80", "2001:db8::1" */
NODISCARD bool forwarded_address(struct str text, struct ip *out);
