/*
 * The ways to a tracking name: each address by HTTP and by HTTPS. A recipient takes one of
 * them, so a name of which one way works and another does not opens for some, late, or not
 * at all. Pure.
 *
 *	link_ways_best(name, v, n, true): the best way by HTTPS; the light shows that one
 *	link_ways_judge(a, name, v, n): and those that are worse, each with its address
 *
 * Of each family one way is probed in full (the nonce, the certificate); the other addresses
 * are only connected to, which costs little and finds what is switched off. What this
 * machine has no way to itself (LINK_FAULT) is neither good nor bad.
 *
 * Whom it hits: RFC 6555, RFC 8305 (browsers try IPv6 first and wait before they try IPv4;
 * programs, proxies of mail services among them, often try but one).
 */
#pragma once

#include "base/arena.h"
#include "base/ip.h"

enum { LINK_WAYS_MAX = 24 };

enum link_reach {
	LINK_NOT_ASKED,
	LINK_FAULT,       /* a fault of our own: nothing is concluded */
	LINK_UNREACHABLE, /* no connection, no HTTP, no handshake: see `why` */
	LINK_ANSWERED,
};

/* What one GET for the nonce came to. */
struct link_probe {
	enum link_reach reach;
	struct str why, from; /* words; the address that was talked to */
	int status;
	struct str location, server;
	bool is_ours;            /* the nonce was answered by our edge */
	struct str host, scheme; /* as the edge saw them; scheme may be empty */
	struct str number;       /* of the answer */
};

struct link_certificate {
	bool is_seen, is_valid;
	struct str why, names, issuer;
	int64_t not_after;
};

struct link_way {
	struct ip address;
	bool is_tls;
	bool connects_only; /* LINK_ANSWERED says that it connects, no more */
	struct link_probe probe;
	struct link_certificate certificate;
};

/* What all ways are worth beside the best of their scheme. */
struct link_ways {
	size_t addresses;   /* how many there are */
	size_t bad;         /* ways that are worse */
	size_t untried;     /* addresses that there is no way to from here */
	struct str message; /* sentences about both; empty where there are none */
};

/* Whether a probe by HTTP was sent on to HTTPS of the same name. */
bool link_is_redirect(struct str name, const struct link_probe *probe);
/* The way of a scheme that was probed in full and works best, the first of equals; NULL
 * where there is none. */
const struct link_way *link_ways_best(struct str name, const struct link_way *v,
                                      size_t n, bool is_tls);
/* A scheme that nothing works by is not compared: its own check says so. */
struct link_ways link_ways_judge(struct arena *a, struct str name,
                                 const struct link_way *v, size_t n);
