#include "diagnose/audit_parts.h"

void audit_policy_ask(struct audit *u)
{
	struct dmarc_input in = {.from = u->domain, .standard = DMARC_RFC9989};

	u->spf = spf_tree_build(u->a, u->answers, u->domain);
	dmarc_check(u->a, u->answers, &in, &u->dmarc);
	if (u->dmarc.record)
		u->reports = dmarc_report_check(u->a, u->answers, u->dmarc.record,
		                                u->dmarc.record_domain);
}

/* ---- SPF ---- */

static const char *node_status_name(enum spf_node_status status)
{
	switch (status) {
	case SPF_NODE_RECORD:
		return "found";
	case SPF_NODE_NONE:
		return "none";
	case SPF_NODE_SEVERAL:
		return "several";
	case SPF_NODE_FAULT:
		return "dns_fault";
	case SPF_NODE_LOOP:
		return "loop";
	case SPF_NODE_CUT:
		return "too_deep";
	case SPF_NODE_PENDING:
		break;
	}
	return "pending";
}

static json_t *terms_json(const struct audit *u, const struct spf_node *node);

/* One term with its share; an include with what is below it. */
static json_t *term_json(const struct audit *u, const struct spf_branch *b)
{
	json_t *out = json_pack("{s:o, s:i, s:i}", "term", json_text(b->term->text),
	                        "lookups", b->lookups, "void_lookups", b->voids);
	const struct service *service = NULL;

	if (!b->is_reached)
		json_object_set_new(out, "reached", json_false());
	if (!b->child)
		return out;
	if (b->target.n)
		service = service_find(u->in->know->services, SERVICE_SPF, b->target);
	json_object_set_new(out, "domain", json_text(b->child->domain));
	json_object_set_new(out, "status",
	                    json_string(node_status_name(b->child->status)));
	json_object_set_new(out, "service",
	                    json_text_or_null(service ? service->name : STR_NONE));
	json_object_set_new(out, "record", json_text_or_null(b->child->record.text));
	json_object_set_new(out, "tree", terms_json(u, b->child));
	return out;
}

static json_t *terms_json(const struct audit *u, const struct spf_node *node)
{
	json_t *out = json_array();

	for (size_t i = 0; i < node->branch_count; i++)
		json_array_append_new(out, term_json(u, &node->branches[i]));
	return out;
}

json_t *audit_spf_json(const struct audit *u)
{
	const struct spf_node *root = u->spf->root;
	json_t *problems = json_array();

	for (size_t i = 0; i < u->spf->trouble_count; i++)
		json_array_append_new(problems, json_text(u->spf->troubles[i].text));
	return json_pack("{s:s, s:o, s:i, s:i, s:o, s:o}", "status",
	                 node_status_name(root->status), "record",
	                 json_text_or_null(root->record.text), "lookups",
	                 u->spf->lookups, "void_lookups", u->spf->voids, "problems",
	                 problems, "tree", terms_json(u, root));
}

/* ---- DMARC ---- */

static json_t *authorized_json(enum dmarc_consent consent)
{
	if (consent == DMARC_CONSENT_UNDETERMINED)
		return json_null();
	return json_boolean(consent != DMARC_CONSENT_MISSING);
}

static json_t *reports_json(const struct audit *u)
{
	json_t *out = json_array();

	for (size_t i = 0; i < u->reports.n; i++) {
		const struct dmarc_report_target *t = &u->reports.v[i];

		json_array_append_new(
		        out,
		        json_pack("{s:o, s:s, s:o}", "uri", json_text(t->uri->text),
		                  "for", t->is_failure ? "failures" : "aggregates",
		                  "authorized", authorized_json(t->consent)));
	}
	return out;
}

static json_t *policy_json(enum dmarc_policy policy)
{
	return json_text_or_null(str_c(dmarc_policy_name(policy)));
}

json_t *audit_dmarc_json(const struct audit *u)
{
	const struct dmarc_record *r = u->dmarc.record;
	bool holds = r && r->is_usable;

	return json_pack(
	        "{s:o, s:o, s:o, s:o, s:o, s:b, s:s, s:s, s:o}", "record",
	        json_text_or_null(r ? r->text : STR_NONE), "record_domain",
	        json_text_or_null(u->dmarc.record_domain), "policy",
	        holds ? policy_json(r->p) : json_null(), "subdomain_policy",
	        holds ? policy_json(r->sp ? r->sp : r->p) : json_null(), "effective",
	        holds ? policy_json(u->dmarc.disposition) : json_null(), "testing",
	        r && r->is_testing, "spf_alignment",
	        r && r->strict_spf ? "strict" : "relaxed", "dkim_alignment",
	        r && r->strict_dkim ? "strict" : "relaxed", "reports", reports_json(u));
}
