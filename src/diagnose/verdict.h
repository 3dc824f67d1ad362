/*
 * The verdict: what `signet check --json`, the API and the dashboard show about a domain
 * (DESIGN.md, "Verdict"). For each record that was asked for: what was found, its status,
 * and diagnoses; for the domain: whether it can send, and advice. Every statement cites
 * evidence by the id of a DNS answer.
 *
 * A verdict is a value in an arena: diagnose.h makes it, verdict_json() writes it.
 */
#pragma once

#include "base/json.h"
#include "dns/answer.h"
#include "plan/plan.h"

#define RECORD_STATUSES(X)                                                             \
	X(MISSING, "missing")                                                          \
	X(MISMATCH, "mismatch")                                                        \
	X(CONFLICT, "conflict")                                                        \
	X(PROPAGATING, "propagating") /* some servers have it */                       \
	X(VERIFIED, "verified")                                                        \
	X(UNDETERMINED, "undetermined") /* a DNS fault: nothing is concluded */        \
	X(OPTIONAL_MISSING, "optional_missing")

enum record_status {
#define X(name, text) RECORD_##name,
	RECORD_STATUSES(X)
#undef X
};

#define SEVERITIES(X)                                                                  \
	X(ERROR, "error")     /* cannot send, or mail would fail */                    \
	X(WARNING, "warning") /* works, but fragile or partly */                       \
	X(ADVICE, "advice")

enum severity {
#define X(name, text) SEVERITY_##name,
	SEVERITIES(X)
#undef X
};

#define DOMAIN_STATUSES(X)                                                             \
	X(PENDING, "pending") /* nothing required is right yet */                      \
	X(PARTIAL, "partial") /* some of what is required is right */                  \
	X(VERIFIED, "verified")                                                        \
	X(UNDETERMINED, "undetermined") /* DNS faults: could not be decided */         \
	X(AUDITED, "audited")           /* looked at without a profile */

enum domain_status {
#define X(name, text) DOMAIN_##name,
	DOMAIN_STATUSES(X)
#undef X
};

enum { DIAGNOSIS_EVIDENCE_MAX = 8 };

struct diagnosis {
	const char *code; /* of the rule table: "name.zone_appended_twice" */
	enum severity severity;
	struct str message; /* one sentence or two: what is wrong */
	struct str fix;     /* what to do, in the DNS provider's words; may be empty */
	int evidence[DIAGNOSIS_EVIDENCE_MAX]; /* ids of answers */
	size_t evidence_count;
	bool is_cause; /* explains all that is wrong: what follows may only advise */
};

struct diagnoses {
	struct diagnosis *v;
	size_t n, cap;
};

/* One published record that was looked at. */
struct found_record {
	struct dns_record record;
	struct str server; /* who gave it; empty where that is not known */
	int evidence;
};

struct verdict_record {
	const struct plan_record *plan; /* purpose, type, name, value, required …; of an
	                                   audit the value is empty */
	struct str host;                /* the name as the provider's panel wants it */
	enum record_status status;
	struct found_record *found;
	size_t found_count;
	struct diagnoses diagnoses;
	size_t servers_with, servers_asked; /* authoritative servers that have it */
	int64_t checked_at, next_check_at;  /* milliseconds UTC */
};

struct verdict {
	struct str domain, profile; /* profile empty for an audit */
	enum domain_status status;
	bool can_send;
	struct str *reasons; /* why it cannot send: "spf: mismatch" */
	size_t reason_count;
	struct str provider_id, provider_name, provider_evidence; /* empty: unknown */
	struct verdict_record *records;
	size_t record_count;
	struct diagnoses advice; /* about the domain as a whole */
	const struct dns_answers *answers;
	json_t *audit; /* members of an audit, or NULL; the verdict owns it */
	int64_t checked_at;
};

const char *record_status_name(enum record_status status);
const char *domain_status_name(enum domain_status status);
const char *severity_name(enum severity severity);

/* The document of DESIGN.md; the evidence holds the answers that are cited. */
json_t *verdict_json(const struct verdict *v);
