#include "dns/message.h"

#include <ldns/ldns.h>
#include <string.h>

enum { CHAIN_MAX = 16 };

/* Records under construction. */
struct record_list {
	struct dns_record *v;
	size_t n, cap;
};

size_t dns_message_encode(const struct dns_question *question, uint16_t id,
                          uint8_t out[512])
{
	bool recurse = question->via != DNS_AUTHORITY;
	size_t n = 0;
	const uint8_t header[12] = {(uint8_t)(id >> 8),
	                            (uint8_t)id,
	                            recurse ? 0x01 : 0,
	                            0,
	                            0,
	                            1,
	                            0,
	                            0,
	                            0,
	                            0,
	                            0,
	                            1};
	const uint8_t opt[11] = {0, 0, 41, DNS_UDP_PAYLOAD >> 8,
	                         DNS_UDP_PAYLOAD & 0xff};

	memcpy(out, header, sizeof(header));
	n = sizeof(header);
	n += dns_name_encode(question->name, out + n);
	out[n++] = (uint8_t)(question->type >> 8);
	out[n++] = (uint8_t)(question->type & 0xff);
	out[n++] = 0;
	out[n++] = LDNS_RR_CLASS_IN;
	memcpy(out + n, opt, sizeof(opt));
	return n + sizeof(opt);
}

static bool decode_owner(struct arena *a, const ldns_rdf *name, struct str *out)
{
	struct str wire = {(const char *)ldns_rdf_data(name), ldns_rdf_size(name)};
	size_t used;

	return dns_name_decode(a, wire, out, &used);
}

/* The record data joined again, names uncompressed, as dns_record_decode wants it. */
static bool decode_rr(struct arena *a, const ldns_rr *rr, struct dns_record *out)
{
	char bytes[DNS_MESSAGE_MAX];
	size_t n = 0;

	for (size_t i = 0; i < ldns_rr_rd_count(rr); i++) {
		const ldns_rdf *rdf = ldns_rr_rdf(rr, i);
		size_t size = ldns_rdf_size(rdf);

		if (n + size > sizeof(bytes))
			return false;
		memcpy(bytes + n, ldns_rdf_data(rdf), size);
		n += size;
	}
	out->ttl = ldns_rr_ttl(rr);
	return decode_owner(a, ldns_rr_owner(rr), &out->owner) &&
	       dns_record_decode(a, (enum dns_type)ldns_rr_get_type(rr),
	                         (struct str){bytes, n}, out);
}

/* All records of one section whose type is known; what cannot be decoded is malformed.
 */
static bool decode_section(struct arena *a, const ldns_rr_list *section,
                           struct record_list *out)
{
	for (size_t i = 0; i < ldns_rr_list_rr_count(section); i++) {
		const ldns_rr *rr = ldns_rr_list_rr(section, i);
		struct dns_record r = {0};

		if (ldns_rr_get_class(rr) != LDNS_RR_CLASS_IN ||
		    !dns_type_is_known((uint16_t)ldns_rr_get_type(rr)))
			continue;
		if (!decode_rr(a, rr, &r))
			return false;
		*ARRAY_ADD(out, a) = r;
	}
	return true;
}

static const struct dns_record *find_cname(const struct record_list *list,
                                           struct str owner)
{
	for (size_t i = 0; i < list->n; i++)
		if (list->v[i].type == DNS_CNAME && str_eq(list->v[i].owner, owner))
			return &list->v[i];
	return NULL;
}

/* Follows the CNAMEs of the answer section from the asked name; false on a loop. */
static bool follow_chain(struct arena *a, const struct dns_question *q,
                         const struct record_list *all, struct dns_answer *out)
{
	struct record_list chain = {0};
	struct str at = q->name;
	const struct dns_record *cname;

	if (q->type != DNS_CNAME) {
		while ((cname = find_cname(all, at))) {
			if (chain.n == CHAIN_MAX)
				return false;
			*ARRAY_ADD(&chain, a) = *cname;
			at = cname->target;
		}
	}
	out->chain = (struct dns_records){chain.v, chain.n};
	return true;
}

static struct dns_records select_records(struct arena *a, const struct record_list *all,
                                         struct str owner, enum dns_type type)
{
	struct record_list chosen = {0};

	for (size_t i = 0; i < all->n; i++)
		if (all->v[i].type == type && str_eq(all->v[i].owner, owner))
			*ARRAY_ADD(&chosen, a) = all->v[i];
	return (struct dns_records){chosen.v, chosen.n};
}

static struct dns_records select_type(struct arena *a, const struct record_list *all,
                                      enum dns_type one, enum dns_type other)
{
	struct record_list chosen = {0};

	for (size_t i = 0; i < all->n; i++)
		if (all->v[i].type == one || all->v[i].type == other)
			*ARRAY_ADD(&chosen, a) = all->v[i];
	return (struct dns_records){chosen.v, chosen.n};
}

static void set_fault(struct dns_answer *out, enum dns_status status, struct str why)
{
	out->status = status;
	out->why = why;
}

/* An authority that does not serve the zone may point down or up instead; RFC 2308 §2.2
 * tells that apart from "no data" by the NS records without an SOA. */
static bool is_referral(const struct dns_answer *out)
{
	return !out->authoritative && !out->soa && out->authority.n > 0;
}

static void set_status(struct arena *a, int rcode, struct dns_answer *out)
{
	switch (rcode) {
	case LDNS_RCODE_NOERROR:
		if (out->records.n)
			out->status = DNS_FOUND;
		else
			out->status = is_referral(out) ? DNS_REFERRAL : DNS_NODATA;
		return;
	case LDNS_RCODE_NXDOMAIN:
		out->status = DNS_NXDOMAIN;
		return;
	case LDNS_RCODE_SERVFAIL:
		set_fault(out, DNS_SERVFAIL, STR("the server answered SERVFAIL"));
		return;
	case LDNS_RCODE_FORMERR:
		set_fault(out, DNS_SERVFAIL, STR("the server answered FORMERR"));
		return;
	case LDNS_RCODE_REFUSED:
		set_fault(out, DNS_REFUSED, STR("the server answered REFUSED"));
		return;
	default:
		set_fault(out, DNS_REFUSED,
		          arena_printf(a, "the server answered code %d", rcode));
	}
}

static bool is_answer_to(const ldns_pkt *packet, const struct dns_question *q,
                         struct arena *a)
{
	const ldns_rr_list *questions = ldns_pkt_question(packet);
	const ldns_rr *rr;
	struct str name;

	if (!ldns_pkt_qr(packet) || ldns_rr_list_rr_count(questions) != 1)
		return false;
	rr = ldns_rr_list_rr(questions, 0);
	return (enum dns_type)ldns_rr_get_type(rr) == q->type &&
	       decode_owner(a, ldns_rr_owner(rr), &name) && str_eq(name, q->name);
}

static void decode_packet(struct arena *a, const struct dns_question *q,
                          const ldns_pkt *packet, struct dns_answer *out)
{
	struct record_list answer = {0};
	struct record_list authority = {0};
	struct record_list additional = {0};
	struct dns_records soa;

	if (!is_answer_to(packet, q, a)) {
		set_fault(out, DNS_SERVFAIL,
		          STR("the response is to another question"));
		return;
	}
	out->authoritative = ldns_pkt_aa(packet);
	if (!decode_section(a, ldns_pkt_answer(packet), &answer) ||
	    !decode_section(a, ldns_pkt_authority(packet), &authority) ||
	    !decode_section(a, ldns_pkt_additional(packet), &additional)) {
		set_fault(out, DNS_SERVFAIL,
		          STR("a record in the response is malformed"));
		return;
	}
	if (!follow_chain(a, q, &answer, out)) {
		set_fault(out, DNS_SERVFAIL, STR("the CNAMEs loop"));
		return;
	}
	out->question = *q;
	out->records = select_records(a, &answer, dns_answer_final_name(out), q->type);
	out->authority = select_type(a, &authority, DNS_NS, DNS_NS);
	out->glue = select_type(a, &additional, DNS_A, DNS_AAAA);
	soa = select_type(a, &authority, DNS_SOA, DNS_SOA);
	out->soa = soa.n ? &soa.v[0] : NULL;
	set_status(a, ldns_pkt_get_rcode(packet), out);
}

void dns_message_decode(struct arena *a, const struct dns_question *question,
                        struct str packet, struct dns_answer *out, bool *truncated)
{
	ldns_pkt *parsed = NULL;

	*out = (struct dns_answer){0};
	*truncated = false;
	if (packet.n > DNS_MESSAGE_MAX ||
	    ldns_wire2pkt(&parsed, (const uint8_t *)packet.p, packet.n) !=
	            LDNS_STATUS_OK) {
		/* A truncated message need not parse; its header says what to do. */
		if (packet.n >= 12 && ((uint8_t)packet.p[2] & 0x82) == 0x82)
			*truncated = true;
		set_fault(out, DNS_SERVFAIL, STR("the response is malformed"));
		return;
	}
	*truncated = ldns_pkt_tc(parsed);
	decode_packet(a, question, parsed, out);
	ldns_pkt_free(parsed);
}
