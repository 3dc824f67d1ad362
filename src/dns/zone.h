/*
 * Zone text that answers questions in memory: for `signet check --zone FILE` (a zone
 * before it is published) and for every test of a rule.
 *
 * The text is master-file syntax (RFC 1035 §5: $ORIGIN, $TTL, parentheses, quotes,
 * comments), read by libldns. One text may hold many zones; the nearest SOA above a
 * name is its zone. Answers follow RFC 1034 §4.3.2: CNAMEs are chased within the text,
 * wildcards answer where nothing closer exists (RFC 4592), an empty non-terminal is
 * NODATA, the SOA comes with negative answers. Where a CNAME stands beside other data,
 * which no zone may have, both are answered by their types, as careless servers do.
 */
#pragma once

#include "dns/answer.h"

struct dns_zone {
	struct arena *arena;
	struct map names; /* canonical name → its records */
};

enum { DNS_ZONE_TEXT_MAX = 16 * 1024 * 1024 };

/* Adds the records of a text; errors say the line. May be called several times. */
NODISCARD bool dns_zone_parse(struct dns_zone *zone, struct str text, struct err *err);
struct dns_zone dns_zone_init(struct arena *a);
/* What the zone says to the question: status, records, chain, soa. */
void dns_zone_answer(const struct dns_zone *zone, struct arena *a,
                     const struct dns_question *question, struct dns_answer *out);
/* Answers every pending question from the zone. */
void dns_zone_resolve(const struct dns_zone *zone, struct dns_answers *answers);
