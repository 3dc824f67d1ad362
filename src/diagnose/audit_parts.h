/*
 * The parts of an audit between them (audit.h): what was looked at, and who makes which
 * member of the verdict. Each part has an `…_ask`, which asks DNS for all it needs and is
 * run again until nothing is pending, and an `…_json`, which then only reads.
 */
#pragma once

#include "auth/dmarc.h"
#include "auth/dmarc_report.h"
#include "auth/spf_tree.h"
#include "base/json.h"
#include "diagnose/audit.h"
#include "dns/cut.h"

/* A DKIM key that was looked for. */
struct audit_key {
	struct str selector, name;
	const struct dns_answer *answer;
	bool is_given; /* by the caller, not guessed */
	bool is_there; /* a key, or a CNAME that should lead to one */
};

struct audit_keys {
	struct audit_key v[AUDIT_SELECTORS_MAX];
	size_t n, found;
	bool has_wildcard; /* any selector is answered */
};

/* A service that the domain's records name. */
struct audit_service {
	const struct service *service;
	struct str evidence; /* "SPF include:sendgrid.net; CNAME …" */
	unsigned roles;      /* bits of AUDIT_… */
};

enum audit_role {
	AUDIT_SENDS = 1, /* SPF lets it */
	AUDIT_SIGNS = 2, /* it has a DKIM key */
	AUDIT_RECEIVES = 4,
	AUDIT_REPORTS = 8,
	AUDIT_VERIFIED = 16, /* the domain has proven itself to it, no more */
};

struct audit_services {
	struct audit_service *v;
	size_t n, cap;
};

struct audit {
	struct check_input *in;
	const struct audit_request *request;
	struct arena *a;
	struct dns_answers *answers;
	struct str domain;
	struct dns_cut cut;
	const struct dns_answer *mx, *txt;
	struct spf_tree *spf;
	struct audit_keys keys;
	struct audit_services services;
	struct dmarc dmarc;
	struct dmarc_report_targets reports;
	const struct dns_answer *ds, *soa, *mta_sts, *tls_rpt, *bimi, *caa;
};

/* audit_keys.c: after the services that SPF, MX and TXT name are known. */
void audit_keys_ask(struct audit *u);
json_t *audit_keys_json(const struct audit *u);

/* audit_services.c: of SPF, MX and TXT; then of the keys and the report addresses. */
void audit_services_find(struct audit *u);
void audit_services_add_keys(struct audit *u);
json_t *audit_services_json(const struct audit *u);

/* audit_policy.c: SPF and DMARC. */
void audit_policy_ask(struct audit *u);
json_t *audit_spf_json(const struct audit *u);
json_t *audit_dmarc_json(const struct audit *u);

/* audit_transport.c: DNSSEC, MTA-STS, TLS-RPT, BIMI, CAA, name servers. */
void audit_transport_ask(struct audit *u);
void audit_transport_json(const struct audit *u, json_t *out);
