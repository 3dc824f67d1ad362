#include "diagnose/compare.h"

#include "auth/dkim_key.h"
#include "auth/dmarc_record.h"
#include "auth/spf_authorize.h"
#include "diagnose/mangle.h"
#include "dns/chain.h"
#include "diagnose/spf_break.h"

/* What one comparison works on. */
struct subject {
	struct arena *a;
	struct dns_answers *answers;
	const struct plan *plan;
	const struct plan_record *row;
	const struct dns_answer *answer;
};

/* Records of the answer that mean to be the planned one, under construction. */
struct candidates {
	struct dns_record *v;
	size_t n, cap;
};

/* Whether a text begins so, white space not counted. */
static bool begins(struct str txt, struct str with)
{
	AUTO(arena) scratch = {0};

	return str_starts_nocase(mangle_squeeze(&scratch, str_slice(txt, 0, 64)), with);
}

bool compare_means_purpose(struct str txt, enum plan_purpose purpose)
{
	AUTO(arena) scratch = {0};

	txt = mangle_skip(txt);
	switch (purpose) {
	case PLAN_SPF:
		return begins(txt, STR("v=spf1"));
	case PLAN_DMARC:
		return begins(txt, STR("v=dmarc1"));
	case PLAN_DKIM:
		return dkim_key_is_meant(&scratch, txt);
	case PLAN_OWNERSHIP:
	case PLAN_RETURN_PATH:
	case PLAN_TRACKING:
	case PLAN_REPLY:
	case PLAN_INBOUND:
		break;
	}
	return false;
}

static struct comparison make(enum compare_result result, const struct candidates *list)
{
	return (struct comparison){
	        .result = result, .candidates = {list->v, list->n}
        };
}

/* Whether receivers count a TXT among the records of this purpose: they discard what
 * does not begin as it must (RFC 7208 §4.5, RFC 9989 §4.10). */
static bool counts_as(struct str txt, enum plan_purpose purpose)
{
	if (purpose == PLAN_SPF)
		return spf_record_is(txt);
	if (purpose == PLAN_DMARC)
		return dmarc_record_is(txt);
	return compare_means_purpose(txt, purpose);
}

/* The TXT records that count; where none does, those that mean to. */
static struct candidates find_candidates(const struct subject *s,
                                         enum plan_purpose purpose)
{
	struct candidates real = {0};
	struct candidates meant = {0};

	for (size_t i = 0; i < s->answer->records.n; i++) {
		const struct dns_record *r = &s->answer->records.v[i];

		if (counts_as(r->txt.text, purpose))
			*ARRAY_ADD(&real, s->a) = *r;
		else if (compare_means_purpose(r->txt.text, purpose))
			*ARRAY_ADD(&meant, s->a) = *r;
	}
	return real.n ? real : meant;
}

static bool is_several(const struct candidates *list, enum plan_purpose purpose)
{
	return list->n > 1 && counts_as(list->v[0].txt.text, purpose);
}

static bool serves_as_key(struct arena *a, struct str wanted, struct str found)
{
	struct dkim_key want;
	struct dkim_key have;

	dkim_key_parse(a, wanted, &want);
	dkim_key_parse(a, found, &have);
	return want.has_key && have.status == DKIM_KEY_USABLE &&
	       public_key_eq(&want.key, &have.key);
}

static struct comparison compare_dkim_key(const struct subject *s)
{
	struct candidates list = find_candidates(s, PLAN_DKIM);

	if (list.n > 1)
		return make(COMPARE_SEVERAL, &list);
	if (list.n == 0)
		return make(COMPARE_ABSENT, &list);
	return make(serves_as_key(s->a, s->row->value, list.v[0].txt.text)
	                    ? COMPARE_MATCH
	                    : COMPARE_DIFFERENT,
	            &list);
}

/* Whether receivers give up on the record before they come to our senders. */
static bool is_cut_off(const struct subject *s, struct str text)
{
	const struct spf_tree *tree =
	        spf_tree_build_text(s->a, s->answers, s->row->name, text);
	struct str front = spf_break_front(tree);
	const struct dns_answer *fault;

	return front.n < text.n &&
	       spf_authorizes(s->a, s->answers, s->row->name, front, s->row->value,
	                      &fault) == SPF_UNAUTHORIZED;
}

static struct comparison compare_spf(const struct subject *s)
{
	struct candidates list = find_candidates(s, PLAN_SPF);
	const struct dns_answer *fault = NULL;

	if (is_several(&list, PLAN_SPF))
		return make(COMPARE_SEVERAL, &list);
	if (list.n == 0)
		return make(COMPARE_ABSENT, &list);
	switch (spf_authorizes(s->a, s->answers, s->row->name, list.v[0].txt.text,
	                       s->row->value, &fault)) {
	case SPF_AUTHORIZED:
		if (fault)
			break; /* right, but receivers get temperror */
		return make(is_cut_off(s, list.v[0].txt.text) ? COMPARE_DIFFERENT
		                                              : COMPARE_MATCH,
		            &list);
	case SPF_UNAUTHORIZED:
		return make(COMPARE_DIFFERENT, &list);
	case SPF_UNDECIDED:
		break;
	}
	return (struct comparison){
	        .result = COMPARE_FAULT,
	        .candidates = {list.v, list.n},
	        .fault = fault
        };
}

/* The row's own host; others of the set decide whether something else stands there. */
static struct comparison compare_mx(const struct subject *s)
{
	struct candidates list = {0};
	bool any_of_ours = false;

	for (size_t i = 0; i < s->answer->records.n; i++) {
		const struct dns_record *mx = &s->answer->records.v[i];

		*ARRAY_ADD(&list, s->a) = *mx;
		if (str_eq(mx->mx.host, s->row->value))
			return make(COMPARE_MATCH, &list);
		for (size_t j = 0; j < s->plan->record_count; j++)
			any_of_ours |= s->plan->records[j].set == s->row->set &&
			               str_eq(s->plan->records[j].value, mx->mx.host);
	}
	return make(list.n == 0 || any_of_ours ? COMPARE_ABSENT : COMPARE_DIFFERENT,
	            &list);
}

static bool has_address(const struct dns_answer *answer, struct ip ip)
{
	for (size_t i = 0; i < answer->records.n; i++)
		if (ip_eq(answer->records.v[i].ip, ip))
			return true;
	return false;
}

/*
 * Flattening: every address of the name is one of the target's (RFC 1035 knows no CNAME
 * at an apex, so panels put the target's addresses there).
 */
static struct comparison compare_addresses(const struct subject *s, enum dns_type type)
{
	const struct dns_answer *here = dns_ask(s->answers, s->row->name, type);
	const struct dns_answer *there = dns_ask(s->answers, s->row->value, type);
	struct comparison out = {.result = COMPARE_ABSENT};

	if (dns_answer_is_fault(here) || dns_answer_is_fault(there)) {
		out.result = COMPARE_FAULT;
		out.fault = dns_answer_is_fault(here) ? here : there;
		return out;
	}
	if (here->status != DNS_FOUND || here->chain.n)
		return out; /* behind a CNAME that others see: no flattening */
	out.candidates = here->records;
	out.result = COMPARE_MATCH;
	for (size_t i = 0; i < here->records.n; i++)
		if (!has_address(there, here->records.v[i].ip))
			out.result = COMPARE_DIFFERENT;
	return out;
}

static struct comparison compare_cname(const struct subject *s)
{
	struct candidates list = {0};
	struct dns_chain chain;
	struct comparison v4;
	struct comparison v6;

	for (size_t i = 0; i < s->answer->records.n; i++)
		*ARRAY_ADD(&list, s->a) = s->answer->records.v[i];
	if (list.n && str_eq(list.v[0].target, s->row->value))
		return make(COMPARE_MATCH, &list);
	if (list.n) {
		chain = dns_chain_walk(s->answers, list.v[0].target);
		if (dns_chain_has(&chain, s->row->value))
			return make(COMPARE_MATCH, &list);
		if (chain.end != DNS_CHAIN_FAULT)
			return make(COMPARE_DIFFERENT, &list);
		return (struct comparison){
		        .result = COMPARE_FAULT,
		        .candidates = {list.v, list.n},
		        .fault = chain.answers[chain.answer_count - 1]
                };
	}
	if (s->answer->status == DNS_NXDOMAIN)
		return make(COMPARE_ABSENT, &list);
	v4 = compare_addresses(s, DNS_A);
	v6 = compare_addresses(s, DNS_AAAA);
	if (v4.result == COMPARE_ABSENT || v6.result == COMPARE_FAULT ||
	    (v4.result == COMPARE_MATCH && v6.result == COMPARE_DIFFERENT))
		return v6;
	return v4;
}

/* The bytes themselves; for TXT one of several may be it. */
static struct comparison compare_exact(const struct subject *s)
{
	struct candidates list = {0};
	struct str rest = s->row->value;
	struct str head;

	if (s->row->type != DNS_TXT)
		return compare_cname(s);
	str_cut(&rest, '=', &head);
	for (size_t i = 0; i < s->answer->records.n; i++) {
		const struct dns_record *r = &s->answer->records.v[i];

		if (str_eq(str_trim(r->txt.text), s->row->value)) {
			list.n = 0;
			*ARRAY_ADD(&list, s->a) = *r;
			return make(COMPARE_MATCH, &list);
		}
		if (str_starts_nocase(mangle_skip(r->txt.text), head))
			*ARRAY_ADD(&list, s->a) = *r;
	}
	return make(list.n ? COMPARE_DIFFERENT : COMPARE_ABSENT, &list);
}

/* Whether one TXT is a valid record of its purpose, whatever it says. */
static bool is_valid(const struct subject *s, struct str txt)
{
	struct dkim_key key;
	struct dmarc_record dmarc;

	switch (s->row->purpose) {
	case PLAN_DKIM:
		dkim_key_parse(s->a, txt, &key);
		return key.status == DKIM_KEY_USABLE;
	case PLAN_DMARC:
		return dmarc_record_parse(s->a, txt, DMARC_RFC9989, &dmarc) &&
		       dmarc.is_usable && !dmarc.is_replaced;
	case PLAN_SPF:
		return spf_record_is(txt) &&
		       spf_record_parse(s->a, txt).problem_count == 0;
	case PLAN_OWNERSHIP:
	case PLAN_RETURN_PATH:
	case PLAN_TRACKING:
	case PLAN_REPLY:
	case PLAN_INBOUND:
		break;
	}
	return true;
}

/* An audit: what is there must be valid, and one where one is allowed. */
static struct comparison compare_valid(const struct subject *s)
{
	struct candidates list = {0};

	if (s->row->type == DNS_TXT) {
		list = find_candidates(s, s->row->purpose);
		if (is_several(&list, s->row->purpose))
			return make(COMPARE_SEVERAL, &list);
	} else {
		for (size_t i = 0; i < s->answer->records.n; i++)
			*ARRAY_ADD(&list, s->a) = s->answer->records.v[i];
	}
	if (list.n == 0)
		return make(COMPARE_ABSENT, &list);
	if (s->row->type == DNS_TXT && !is_valid(s, list.v[0].txt.text))
		return make(COMPARE_DIFFERENT, &list);
	return make(COMPARE_MATCH, &list);
}

struct comparison compare_answer(struct arena *a, struct dns_answers *answers,
                                 const struct plan *plan, const struct plan_record *row,
                                 const struct dns_answer *answer)
{
	struct subject s = {a, answers, plan, row, answer};

	if (answer->status == DNS_PENDING)
		return (struct comparison){.result = COMPARE_ABSENT};
	if (dns_answer_is_fault(answer))
		return (struct comparison){.result = COMPARE_FAULT, .fault = answer};
	switch (row->match) {
	case PLAN_MATCH_DKIM_KEY:
		return compare_dkim_key(&s);
	case PLAN_MATCH_SPF_AUTHORIZES:
		return compare_spf(&s);
	case PLAN_MATCH_MX_SET:
		return compare_mx(&s);
	case PLAN_MATCH_CNAME_OR_SAME_ADDRESS:
		return compare_cname(&s);
	case PLAN_MATCH_EXACT:
		return compare_exact(&s);
	case PLAN_MATCH_DMARC_POLICY: /* any valid policy satisfies */
	case PLAN_MATCH_VALID:
		return compare_valid(&s);
	}
	need(!"match");
	return (struct comparison){.result = COMPARE_ABSENT};
}
