#include "dns/zone.h"

#include <errno.h>
#include <ldns/ldns.h>
#include <stdio.h>
#include <string.h>

enum { ZONE_CHAIN_MAX = 16 };

/* All records of one name; a name that only has names below it has none. */
struct zone_node {
	struct dns_record *v;
	size_t n, cap;
};

struct dns_zone dns_zone_init(struct arena *a)
{
	return (struct dns_zone){.arena = a, .names = map_init(a)};
}

/* The node of a name, made together with those of its ancestors, so that an empty
 * non-terminal is known to exist. */
static struct zone_node *get_node(struct dns_zone *zone, struct str name)
{
	struct zone_node *node = map_find(&zone->names, name);

	if (node)
		return node;
	node = ARENA_NEW(zone->arena, struct zone_node);
	map_set(&zone->names, name, node);
	if (!dns_name_is_root(name))
		get_node(zone, dns_name_parent(name));
	return node;
}

static struct str rdf_bytes(const ldns_rdf *rdf)
{
	return (struct str){(const char *)ldns_rdf_data(rdf), ldns_rdf_size(rdf)};
}

/* Takes one parsed record in; records of a type that is not in the table are left out.
 */
static bool add_record(struct dns_zone *zone, const ldns_rr *rr)
{
	enum dns_type type = (enum dns_type)ldns_rr_get_type(rr);
	struct dns_record record = {.ttl = ldns_rr_ttl(rr)};
	struct str data = STR_NONE;
	size_t used;

	if (!dns_type_is_known((uint16_t)type) ||
	    ldns_rr_get_class(rr) != LDNS_RR_CLASS_IN)
		return true;
	for (size_t i = 0; i < ldns_rr_rd_count(rr); i++)
		data = arena_join(zone->arena, data, rdf_bytes(ldns_rr_rdf(rr, i)));
	if (!dns_name_decode(zone->arena, rdf_bytes(ldns_rr_owner(rr)), &record.owner,
	                     &used) ||
	    !dns_record_decode(zone->arena, type, data, &record))
		return false;
	*ARRAY_ADD(get_node(zone, record.owner), zone->arena) = record;
	return true;
}

/* What the reader of master-file syntax carries from line to line. */
struct zone_reader {
	ldns_rdf *origin, *previous;
	uint32_t ttl;
	int line;
};

/* Reads up to the next record, which goes into the zone; false at a syntax error. */
static bool read_record(struct dns_zone *zone, struct zone_reader *r, FILE *f,
                        struct err *err)
{
	int line = r->line; /* where it begins; the reader moves on past its end */
	ldns_rr *rr = NULL;
	ldns_status status = ldns_rr_new_frm_fp_l(&rr, f, &r->ttl, &r->origin,
	                                          &r->previous, &r->line);
	bool ok = true;

	switch ((int)status) {
	case LDNS_STATUS_OK:
		if (!add_record(zone, rr))
			ok = err_set(err, ERR_INPUT, "line %d: malformed record data",
			             line);
		ldns_rr_free(rr);
		return ok;
	case LDNS_STATUS_SYNTAX_EMPTY:
	case LDNS_STATUS_SYNTAX_TTL:
	case LDNS_STATUS_SYNTAX_ORIGIN:
		return true;
	case LDNS_STATUS_SYNTAX_INCLUDE:
		return err_set(err, ERR_INPUT, "line %d: $INCLUDE is not read", line);
	default:
		return err_set(err, ERR_INPUT, "line %d: %s", line,
		               ldns_get_errorstr_by_id(status));
	}
}

bool dns_zone_parse(struct dns_zone *zone, struct str text, struct err *err)
{
	struct zone_reader reader = {.ttl = 3600, .line = 1};
	bool ok = true;
	FILE *f;

	if (text.n > DNS_ZONE_TEXT_MAX)
		return err_set(err, ERR_INPUT, "zone text larger than %d bytes",
		               DNS_ZONE_TEXT_MAX);
	if (text.n == 0)
		return true;
	if (memchr(text.p, 0, text.n))
		return err_set(err, ERR_INPUT, "zone text holds a NUL byte");
	f = fmemopen((void *)(uintptr_t)text.p, text.n, "r");
	if (!f)
		return err_set(err, ERR_INTERNAL, "zone text: %s", strerror(errno));
	reader.origin = ldns_dname_new_frm_str(".");
	while (ok && !feof(f))
		ok = read_record(zone, &reader, f, err);
	ldns_rdf_deep_free(reader.origin);
	ldns_rdf_deep_free(reader.previous);
	fclose(f);
	return ok;
}

static const struct dns_record *find_type(const struct zone_node *node,
                                          enum dns_type type)
{
	for (size_t i = 0; node && i < node->n; i++)
		if (node->v[i].type == type)
			return &node->v[i];
	return NULL;
}

/* The SOA of the nearest zone at or above a name, or NULL. */
static const struct dns_record *find_soa(const struct dns_zone *zone, struct str name)
{
	for (;; name = dns_name_parent(name)) {
		const struct dns_record *soa =
		        find_type(map_find(&zone->names, name), DNS_SOA);

		if (soa || dns_name_is_root(name))
			return soa;
	}
}

/* The wildcard that answers for a name that does not exist (RFC 4592 §3.3.1). */
static const struct zone_node *find_wildcard(const struct dns_zone *zone,
                                             struct arena *a, struct str name)
{
	struct str encloser = name;

	while (!dns_name_is_root(encloser)) {
		encloser = dns_name_parent(encloser);
		if (map_find(&zone->names, encloser))
			break;
	}
	if (dns_name_is_root(encloser))
		return NULL;
	return map_find(&zone->names, arena_printf(a, "*.%.*s", STR_ARG(encloser)));
}

/* Copies the records of a type, owned by the asked name where a wildcard answers. */
static struct dns_records copy_type(struct arena *a, const struct zone_node *node,
                                    enum dns_type type, struct str owner)
{
	struct zone_node chosen = {0};

	for (size_t i = 0; i < node->n; i++) {
		if (node->v[i].type == type) {
			struct dns_record *r = ARRAY_ADD(&chosen, a);

			*r = node->v[i];
			r->owner = owner;
		}
	}
	return (struct dns_records){chosen.v, chosen.n};
}

void dns_zone_answer(const struct dns_zone *zone, struct arena *a,
                     const struct dns_question *question, struct dns_answer *out)
{
	struct zone_node chain = {0};
	struct str at = question->name;

	*out = (struct dns_answer){.question = *question,
	                           .authoritative = question->via == DNS_AUTHORITY,
	                           .server = question->server};
	for (;;) {
		const struct zone_node *node = map_find(&zone->names, at);
		const struct dns_record *cname;

		if (!node)
			node = find_wildcard(zone, a, at);
		out->soa = find_soa(zone, at);
		out->chain = (struct dns_records){chain.v, chain.n};
		if (!node) {
			out->status = DNS_NXDOMAIN;
			return;
		}
		cname = find_type(node, DNS_CNAME);
		if (!cname || find_type(node, question->type)) {
			out->records = copy_type(a, node, question->type, at);
			out->status = out->records.n ? DNS_FOUND : DNS_NODATA;
			return;
		}
		if (chain.n == ZONE_CHAIN_MAX) {
			out->status = DNS_SERVFAIL;
			out->why = STR("the CNAMEs loop");
			return;
		}
		*ARRAY_ADD(&chain, a) = *cname;
		chain.v[chain.n - 1].owner = at;
		at = cname->target;
	}
}

void dns_zone_resolve(const struct dns_zone *zone, struct dns_answers *answers)
{
	for (size_t i = 0; i < answers->by_key.n; i++) {
		struct dns_answer *pending = dns_answers_at(answers, i);
		struct dns_answer learned;

		if (pending->status != DNS_PENDING)
			continue;
		dns_zone_answer(zone, answers->arena, &pending->question, &learned);
		dns_answers_put(answers, pending, &learned);
	}
}
