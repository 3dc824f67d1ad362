#include "diagnose/audit.h"

#include "auth/dkim_key.h"
#include "diagnose/audit_parts.h"
#include "diagnose/diagnose.h"

enum {
	ROWS_MAX = 3 + AUDIT_SELECTORS_MAX,
	SERVER_QUESTIONS_MAX = 64, /* of single servers, for all rows together */
	QUESTIONS_MAX = 400,       /* of records made to cost as much as they can */
};

/* ---- the plan ---- */

static void add_row(struct plan *plan, enum plan_purpose purpose, enum dns_type type,
                    struct str name, bool required)
{
	struct plan_record *r = &plan->records[plan->record_count];

	*r = (struct plan_record){.purpose = purpose,
	                          .type = type,
	                          .name = name,
	                          .priority = -1,
	                          .required = required,
	                          .match = PLAN_MATCH_VALID,
	                          .set = plan->record_count};
	plan->record_count++;
}

/*
 * Nothing at all exists there, so that there is nothing to judge but the domain. The
 * zone of such a name is another's.
 */
static bool is_unknown(const struct audit *u)
{
	return u->mx->status == DNS_NXDOMAIN && u->txt->status == DNS_NXDOMAIN &&
	       dns_ask(u->answers, u->domain, DNS_NS)->status == DNS_NXDOMAIN;
}

/* What is there and what a mail domain should have, each without a value. */
static struct plan *make_plan(struct audit *u)
{
	struct plan *plan = ARENA_NEW(u->a, struct plan);
	struct str dmarc;

	plan->profile = ARENA_NEW(u->a, struct profile);
	plan->domain = u->domain;
	plan->records = ARENA_ARRAY(u->a, struct plan_record, ROWS_MAX);
	if (is_unknown(u))
		return plan;
	add_row(plan, PLAN_INBOUND, DNS_MX, u->domain, false);
	add_row(plan, PLAN_SPF, DNS_TXT, u->domain, true);
	for (size_t i = 0; i < u->keys.n; i++)
		if (u->keys.v[i].is_given || u->keys.v[i].is_there)
			add_row(plan, PLAN_DKIM, DNS_TXT, u->keys.v[i].name,
			        u->keys.v[i].is_given);
	if (dns_name_join(u->a, STR("_dmarc"), u->domain, &dmarc))
		add_row(plan, PLAN_DMARC, DNS_TXT, dmarc, false);
	return plan;
}

/* Asking each server about each row is worth it while that is not too much. */
static enum server_views choose_servers(const struct audit *u, const struct plan *plan)
{
	size_t servers = u->cut.ns.n;

	if (u->in->servers == SERVERS_ALL &&
	    servers * plan->record_count > SERVER_QUESTIONS_MAX)
		return SERVERS_IF_WRONG;
	return u->in->servers;
}

/* ---- the verdict ---- */

static bool has_verified(const struct verdict *v, enum plan_purpose purpose)
{
	for (size_t i = 0; i < v->record_count; i++)
		if (v->records[i].plan->purpose == purpose &&
		    v->records[i].status == RECORD_VERIFIED)
			return true;
	return false;
}

/* Whether SPF names anyone who may send. */
static bool allows_somebody(const struct spf_tree *tree)
{
	for (size_t i = 0; i < tree->root->branch_count; i++) {
		const struct spf_term *term = tree->root->branches[i].term;

		if (term->kind != SPF_ALL && term->kind != SPF_EXP &&
		    term->kind != SPF_MODIFIER)
			return true;
	}
	return false;
}

static void sum_up(const struct audit *u, struct verdict *v)
{
	bool spf = has_verified(v, PLAN_SPF) && allows_somebody(u->spf);

	v->status = DOMAIN_AUDITED;
	v->reason_count = 0;
	v->can_send = spf || has_verified(v, PLAN_DKIM);
	for (size_t i = 0; i < v->record_count; i++)
		v->records[i].next_check_at = 0;
	if (!v->can_send)
		v->reasons[v->reason_count++] =
		        STR("audit: neither SPF nor DKIM lets anybody send");
}

static json_t *make_json(const struct audit *u)
{
	json_t *out = json_object();

	json_object_set_new(out, "spf", audit_spf_json(u));
	json_object_set_new(out, "dkim", audit_keys_json(u));
	json_object_set_new(out, "dmarc", audit_dmarc_json(u));
	json_object_set_new(out, "services", audit_services_json(u));
	audit_transport_json(u, out);
	return out;
}

struct verdict *audit_check(struct check_input *in, const struct audit_request *request)
{
	struct audit u = {.in = in,
	                  .request = request,
	                  .a = in->a,
	                  .answers = in->answers,
	                  .domain = request->domain};
	struct check_input own = *in;
	struct plan *plan;
	struct verdict *v;

	in->answers->max = QUESTIONS_MAX;
	u.cut = dns_cut_find(u.answers, u.domain);
	u.mx = dns_ask(u.answers, u.domain, DNS_MX);
	u.txt = dns_ask(u.answers, u.domain, DNS_TXT);
	if (is_unknown(&u))
		u.cut = (struct dns_cut){.found_by = u.cut.found_by};
	audit_policy_ask(&u);
	audit_services_find(&u);
	audit_keys_ask(&u);
	audit_services_add_keys(&u);
	audit_transport_ask(&u);
	plan = make_plan(&u);
	own.plan = plan;
	own.servers = choose_servers(&u, plan);
	v = diagnose_check(&own);
	v->status = DOMAIN_AUDITED;
	if (dns_answers_pending(in->answers))
		return v;
	sum_up(&u, v);
	v->audit = make_json(&u);
	return v;
}
