#include "life/tracking_dns.h"

#include <string.h>

#include "dns/chain.h"
#include "dns/name.h"

/* The one record of the plan stands for the record that the customer publishes. */
static const struct profile profile = {
        .id = {"tracking", 8},
        .timings = {.check_every_ms = 60 * 60 * 1000         },
};

static struct plan *make_plan(struct arena *a, const struct tracking_look *look)
{
	struct plan *plan = ARENA_NEW(a, struct plan);
	struct plan_record *r = ARENA_NEW(a, struct plan_record);

	*r = (struct plan_record){
	        .purpose = PLAN_TRACKING,
	        .type = DNS_CNAME,
	        .name = look->name,
	        .value = look->target,
	        .priority = -1,
	        .ttl = 3600,
	        .required = true,
	        .match = PLAN_MATCH_CNAME_OR_SAME_ADDRESS,
	};
	*plan = (struct plan){&profile, look->organization, r, 1};
	return plan;
}

static bool has_code(const struct verdict_record *r, const char *code)
{
	for (size_t i = 0; i < r->diagnoses.n; i++)
		if (strcmp(r->diagnoses.v[i].code, code) == 0)
			return true;
	return false;
}

/* Whether the authoritative servers say so, and not a resolver alone. */
static bool is_definite(const struct tracking_look *look,
                        const struct verdict_record *r)
{
	return r->servers_with == 0 && (r->servers_asked || look->trust_resolver);
}

static enum tracking_dns judge(const struct tracking_look *look,
                               const struct verdict_record *r)
{
	switch (r->status) {
	case RECORD_VERIFIED:
		return TRACKING_DNS_RIGHT;
	case RECORD_UNDETERMINED:
	case RECORD_OPTIONAL_MISSING:
		return TRACKING_DNS_UNKNOWN;
	case RECORD_PROPAGATING:
		return look->was_right ? TRACKING_DNS_UNKNOWN : TRACKING_DNS_ABSENT;
	case RECORD_MISSING:
	case RECORD_MISMATCH:
	case RECORD_CONFLICT:
		break;
	}
	if (look->was_right && !is_definite(look, r))
		return TRACKING_DNS_UNKNOWN;
	if (has_code(r, "name.in_use") || has_code(r, "cname.apex"))
		return TRACKING_DNS_IN_USE;
	return r->status == RECORD_MISSING ? TRACKING_DNS_ABSENT : TRACKING_DNS_WRONG;
}

static void see_managed(struct check_input *in, const struct tracking_look *look,
                        struct tracking_sight *s)
{
	const struct verdict_record *r;
	const struct dns_answer *answer;

	in->plan = make_plan(in->a, look);
	s->verdict = diagnose_check(in);
	if (dns_answers_pending(in->answers))
		return;
	r = &s->verdict->records[0];
	s->dns = judge(look, r);
	s->is_dangling =
	        s->dns != TRACKING_DNS_UNKNOWN &&
	        (has_code(r, "cname.dangling") || has_code(r, "cname.other_provider"));
	answer = dns_ask(in->answers, look->name, DNS_CNAME);
	s->is_plain = answer->status == DNS_NODATA;
	if (r->status != RECORD_VERIFIED)
		s->negative_until = dns_answer_negative_until(answer);
}

static void say(struct tracking_sight *s, const char *code, struct str message,
                struct str fix)
{
	s->code = str_c(code);
	s->message = message;
	s->fix = fix;
}

static void see_nothing(struct check_input *in, const struct tracking_look *look,
                        struct tracking_sight *s)
{
	s->dns = TRACKING_DNS_ABSENT;
	say(s, "record.missing",
	    arena_printf(in->a, "%.*s does not exist yet.", STR_ARG(look->name)),
	    look->mode == TRACKING_MODE_OPERATOR
	            ? STR("Publish A and AAAA records with the addresses of the edges.")
	            : arena_printf(
	                      in->a,
	                      "Publish the CNAME record that your CDN gave you for "
	                      "%.*s.",
	                      STR_ARG(look->name)));
}

/* A CNAME whose end is gone: whoever gets that name gets the links (takeover). */
static void see_gone(struct check_input *in, const struct tracking_look *look,
                     const struct dns_chain *chain, struct tracking_sight *s)
{
	struct str last = chain->names[chain->n - 1];

	s->dns = TRACKING_DNS_WRONG;
	s->is_dangling = true;
	say(s, "cname.dangling",
	    arena_printf(in->a, "%.*s leads to %.*s, which does not exist.",
	                 STR_ARG(look->name), STR_ARG(last)),
	    STR("Set up the distribution at the CDN again, or delete the CNAME: "
	        "whoever "
	        "takes that name would answer for your links."));
}

/* A CDN, or a host of the operator: does the name lead anywhere? */
static void see_other(struct check_input *in, const struct tracking_look *look,
                      struct tracking_sight *s)
{
	struct dns_chain chain = dns_chain_walk(in->answers, look->name);
	const struct dns_answer *v4 = dns_ask(in->answers, look->name, DNS_A);
	const struct dns_answer *v6 = dns_ask(in->answers, look->name, DNS_AAAA);

	if (dns_answers_pending(in->answers) || chain.end == DNS_CHAIN_FAULT)
		return;
	if (v4->status == DNS_FOUND || v6->status == DNS_FOUND)
		s->dns = TRACKING_DNS_RIGHT;
	else if (chain.end == DNS_CHAIN_LOOPS || chain.end == DNS_CHAIN_TOO_LONG) {
		s->dns = TRACKING_DNS_WRONG;
		say(s, "cname.loop",
		    arena_printf(in->a, "The CNAMEs of %.*s lead nowhere.",
		                 STR_ARG(look->name)),
		    STR("Let the CNAME lead to the name that your CDN gave you."));
	} else if (dns_answer_is_fault(v4) || dns_answer_is_fault(v6))
		return;
	else if (chain.end == DNS_CHAIN_GONE && chain.n > 1)
		see_gone(in, look, &chain, s);
	else
		see_nothing(in, look, s);
	s->negative_until = dns_answer_negative_until(v4);
}

static void add_addresses(struct tracking_host *h, const struct dns_answer *answer)
{
	if (answer->status != DNS_FOUND)
		return;
	for (size_t i = 0; i < answer->records.n && h->n < LEN(h->addresses); i++)
		h->addresses[h->n++] = answer->records.v[i].ip;
}

static struct tracking_host see_host(struct check_input *in, struct str name)
{
	struct tracking_host h = {.name = name};

	add_addresses(&h, dns_ask(in->answers, name, DNS_A));
	/* One of each family at least, where there are many. */
	if (h.n == LEN(h.addresses))
		h.n--;
	add_addresses(&h, dns_ask(in->answers, name, DNS_AAAA));
	return h;
}

static void see_parents(struct check_input *in, const struct tracking_look *look,
                        struct tracking_sight *s)
{
	struct str name = look->name, label;

	while (s->parent_count < TRACKING_PARENTS_MAX && str_cut(&name, '.', &label) &&
	       name.n && dns_name_is_within(name, look->organization)) {
		struct tracking_host h = see_host(in, name);

		s->is_parent_unsure |=
		        dns_answer_is_fault(dns_ask(in->answers, name, DNS_A)) ||
		        dns_answer_is_fault(dns_ask(in->answers, name, DNS_AAAA));
		if (h.n)
			s->parents[s->parent_count++] = h;
	}
}

/*
 * RFC 5782 §2.1, §5: what is listed has an address in 127/8. 127.0.0.1 and 127.255.255.x
 * are how lists say that they do not answer whoever asks.
 */
static bool is_listing(struct ip ip)
{
	return ip.length == 4 && ip.bytes[0] == 127 && ip.bytes[1] != 255 &&
	       !(ip.bytes[1] == 0 && ip.bytes[2] == 0 && ip.bytes[3] <= 1);
}

static void ask_list(struct check_input *in, struct str name, struct str zone,
                     struct tracking_sight *s)
{
	struct str full =
	        arena_printf(in->a, "%.*s.%.*s", STR_ARG(name), STR_ARG(zone));
	const struct dns_answer *answer;
	struct str question;
	struct err err;

	if (!dns_name_parse(in->a, full, &question, &err))
		return;
	answer = dns_ask(in->answers, question, DNS_A);
	if (dns_answer_is_negative(answer) && s->listed == TRACKING_LIST_UNKNOWN)
		s->listed = TRACKING_LIST_NO;
	for (size_t i = 0; answer->status == DNS_FOUND && i < answer->records.n; i++) {
		if (!is_listing(answer->records.v[i].ip))
			continue;
		s->listed = TRACKING_LIST_YES;
		s->listed_name = name;
		s->listed_zone = zone;
		s->listed_as = ip_format(in->a, answer->records.v[i].ip);
		return;
	}
}

static void see_lists(struct check_input *in, const struct tracking_look *look,
                      struct tracking_sight *s)
{
	for (size_t i = 0; i < look->list_count; i++) {
		ask_list(in, look->name, look->lists[i], s);
		if (!str_eq(look->name, look->organization))
			ask_list(in, look->organization, look->lists[i], s);
	}
	if (look->list_count == 0)
		s->listed = TRACKING_LIST_NO; /* what is not watched is told no more */
}

struct tracking_sight tracking_dns_see(struct check_input *in,
                                       const struct tracking_look *look)
{
	struct tracking_sight s = {0};

	in->records_only = true;
	s.host = see_host(in, look->name);
	if (look->wants_parents)
		see_parents(in, look, &s);
	see_lists(in, look, &s);
	if (look->mode == TRACKING_MODE_MANAGED)
		see_managed(in, look, &s);
	else
		see_other(in, look, &s);
	return s;
}
