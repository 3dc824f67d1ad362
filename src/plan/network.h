/*
 * Networks as data (data/networks.json): the address ranges of proxies and CDNs, so
 * that a CNAME hidden behind one is told from a wrong record.
 */
#pragma once

#include "base/ip.h"
#include "base/json.h"

struct network {
	struct str id, name, kind; /* "cloudflare", "Cloudflare", "proxy" */
	struct ip_net *ranges;
	size_t range_count;
};

struct networks {
	struct network *v;
	size_t n;
};

enum { NETWORK_RANGES_MAX = 4096 };

/* The bytes of networks.json; errors say the path. */
NODISCARD bool networks_parse(struct arena *a, struct str text, struct networks *out,
                              struct err *err);
/* The network with the narrowest range that has the address, or NULL. */
const struct network *network_find(const struct networks *list, struct ip ip);
