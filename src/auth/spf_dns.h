/*
 * What SPF asks of DNS: the record of a domain, and the target names of its terms. Both
 * the evaluation for one sender (spf.h) and the picture of a whole record (spf_tree.h)
 * go through here. Pure; asks by dns_ask().
 */
#pragma once

#include "auth/spf_record.h"
#include "dns/answer.h"

enum spf_found_status {
	SPF_FOUND_PENDING, /* the question is under way */
	SPF_FOUND_NONE,    /* no SPF record */
	SPF_FOUND_ONE,
	SPF_FOUND_SEVERAL, /* permerror (RFC 7208 §4.5) */
	SPF_FOUND_FAULT,   /* temperror (§4.4) */
};

struct spf_found {
	enum spf_found_status status;
	struct str text; /* of the one record */
	size_t count;    /* of SPF records */
	const struct dns_answer *answer;
};

/* The SPF record among the TXT records of a domain, which is canonical. */
struct spf_found spf_find(struct dns_answers *answers, struct str domain);

/* The canonical name for the bytes of an expanded domain-spec, cut as
 * spf_macro_cut_name says; false where no question can be made of it (empty or overlong
 * labels). */
NODISCARD bool spf_target_make(struct arena *a, struct str expanded, struct str *name);
