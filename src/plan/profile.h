/*
 * A profile is a record layout as data (docs/profiles.md): the records a domain
 * publishes so that a service may send in its name, with variables where customers
 * differ.
 *
 *	struct profile *p;
 *	if (!profile_parse(&a, STR("standard"), text, &p, &err))
 *		…	profile standard: $.records[2].type: unknown type "TXX"
 *
 * A variable has a value that is set, or its default, or none. The default is a
 * template over the variables above it, so that there are no cycles. A record asks for
 * all the variables of its templates, unless its `when` names one that has no value:
 * then the record is left out.
 *
 * Limits: PROFILE_TEXT_MAX bytes, PROFILE_VARIABLES_MAX variables, PROFILE_RECORDS_MAX
 * records, names of 32 and other texts of 1024 bytes.
 */
#pragma once

#include "base/err.h"
#include "base/map.h"
#include "dns/type.h"

enum {
	PROFILE_TEXT_MAX = 256 * 1024,
	PROFILE_VARIABLES_MAX = 64,
	PROFILE_RECORDS_MAX = 32,
	PROFILE_CHECKS_MAX = 16,
	PROFILE_TTL_MIN = 30,
	PROFILE_TTL_MAX = 604800,
};

#define PLAN_PURPOSES(X)                                                               \
	X(OWNERSHIP, "ownership")                                                      \
	X(DKIM, "dkim")                                                                \
	X(SPF, "spf")                                                                  \
	X(RETURN_PATH, "return_path")                                                  \
	X(DMARC, "dmarc")                                                              \
	X(TRACKING, "tracking")                                                        \
	X(REPLY, "reply")                                                              \
	X(INBOUND, "mx") /* where the domain takes mail: of an audit */

/* What a record is for. */
enum plan_purpose {
#define X(name, text) PLAN_##name,
	PLAN_PURPOSES(X)
#undef X
};

#define PLAN_MATCHES(X)                                                                \
	X(DKIM_KEY, "dkim_key")             /* the same public key */                  \
	X(SPF_AUTHORIZES, "spf_authorizes") /* allows the same senders */              \
	X(MX_SET, "mx_set")                 /* these hosts, no others */               \
	X(CNAME_OR_SAME_ADDRESS,                                                       \
	  "cname_or_same_address")      /* leads to the same place */                  \
	X(DMARC_POLICY, "dmarc_policy") /* any valid policy */                         \
	X(EXACT, "exact")               /* these bytes */                              \
	X(VALID, "valid")               /* any valid record */

/* How a record is compared with what is published. */
enum plan_match {
#define X(name, text) PLAN_MATCH_##name,
	PLAN_MATCHES(X)
#undef X
};

enum profile_format {
	PROFILE_TEXT,   /* anything printable */
	PROFILE_BASE64, /* key data; blanks are dropped */
	PROFILE_NAME,   /* one or more labels of a domain name */
};

/* A default for each value of another variable; used where `by` is not empty. */
struct profile_choice {
	struct str value, text;
};

struct profile_variable {
	struct str name, help;
	enum profile_format format;
	bool has_default;
	struct str text; /* the default, a template */
	struct str by;   /* the variable that chooses among `choices`, or empty */
	struct profile_choice *choices;
	size_t choice_count;
};

struct profile_record {
	enum plan_purpose purpose;
	enum dns_type type;     /* TXT, CNAME or MX */
	struct str name, value; /* templates */
	struct str when;        /* a variable, or empty */
	int32_t priority;       /* of an MX; else -1 */
	uint32_t ttl;           /* seconds */
	bool required;
	enum plan_match match;
};

/* When a domain of this profile is looked at, and when it counts as failed or lost. */
struct profile_timings {
	int64_t fail_after_ms; /* nothing complete by then: failed */
	int64_t grace_ms; /* from the warning of a lost record to losing the domain */
	int64_t check_after_ms[PROFILE_CHECKS_MAX]; /* the first checks, rising */
	size_t check_count;
	int64_t check_every_ms; /* after those */
};

struct profile {
	struct str id, name, summary;
	struct profile_variable *variables;
	size_t variable_count;
	struct profile_record *records;
	size_t record_count;
	struct profile_timings timings;
};

/* Reads a profile; `source` names it in errors. The text may be dropped afterwards. */
NODISCARD bool profile_parse(struct arena *a, struct str source, struct str text,
                             struct profile **out, struct err *err);
/* May be NULL. */
const struct profile_variable *profile_find(const struct profile *p, struct str name);

/* "spf", "return_path", …; "spf_authorizes", …; the words of the JSON form. */
const char *plan_purpose_name(enum plan_purpose purpose);
const char *plan_match_name(enum plan_match match);
