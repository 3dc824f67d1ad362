/*
 * One resource record with its data decoded. TXT data is the joined strings (RFC 7208
 * §3.3, RFC 6376 §3.6.2.2: without blanks between them); the lengths of the strings are
 * kept, since a panel's splitting is part of the evidence.
 */
#pragma once

#include "base/ip.h"
#include "dns/name.h"
#include "dns/type.h"

struct dns_soa {
	struct str mname, rname;
	uint32_t serial, refresh, retry, expire, minimum; /* seconds, but the serial */
};

struct dns_record {
	struct str owner; /* canonical */
	enum dns_type type;
	uint32_t ttl; /* seconds */
	union {
		struct ip ip;      /* A, AAAA */
		struct str target; /* CNAME, NS, PTR */
		struct {
			struct str host;
			uint16_t preference;
		} mx;
		struct dns_soa soa;
		struct {
			struct str text;        /* the strings joined */
			const uint8_t *lengths; /* of each string */
			size_t count;
		} txt; /* TXT, SPF */
		struct {
			struct str tag, value;
			uint8_t flags;
		} caa;
		struct str raw; /* DS, DNSKEY, TLSA: the data as it is on the wire */
	};
};

/*
 * Decodes wire data whose names are not compressed (as ldns and libunbound give them).
 * False where the data does not fit its type.
 */
NODISCARD bool dns_record_decode(struct arena *a, enum dns_type type, struct str rdata,
                                 struct dns_record *out);
/* The data as zone text: `10 mx1.mail.example.`, `"v=spf1 -all"`; for evidence. */
struct str dns_record_format(struct arena *a, const struct dns_record *r);
