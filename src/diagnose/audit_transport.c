#include "diagnose/audit_parts.h"

#include "auth/tags.h"

#include <stdlib.h>

/* ---- questions ---- */

static const struct dns_answer *ask_below(struct audit *u, struct str prefix)
{
	struct str name;

	if (!dns_name_join(u->a, prefix, u->domain, &name))
		return NULL;
	return dns_ask(u->answers, name, DNS_TXT);
}

/* RFC 8659 §3: the closest CAA at the domain or above it, within its zone. */
static const struct dns_answer *ask_caa(struct audit *u)
{
	enum { CLIMB_MAX = 4 };
	struct str name = u->domain;
	const struct dns_answer *answer = NULL;

	for (int i = 0; i < CLIMB_MAX; i++) {
		answer = dns_ask(u->answers, name, DNS_CAA);
		if (!dns_answer_is_negative(answer) || !u->cut.zone.n ||
		    str_eq(name, u->cut.zone) || !dns_name_is_within(name, u->cut.zone))
			break;
		name = dns_name_parent(name);
	}
	return answer;
}

void audit_transport_ask(struct audit *u)
{
	u->mta_sts = ask_below(u, STR("_mta-sts"));
	u->tls_rpt = ask_below(u, STR("_smtp._tls"));
	u->bimi = ask_below(u, STR("default._bimi"));
	u->caa = ask_caa(u);
	if (u->cut.zone.n && !dns_name_is_root(u->cut.zone)) {
		u->ds = dns_ask(u->answers, u->cut.zone, DNS_DS);
		u->soa = dns_ask(u->answers, u->cut.zone, DNS_SOA);
	}
}

/* ---- texts with a version in front ---- */

/* The one text that begins with this version; *count says how many there are. */
static struct str find_text(const struct dns_answer *answer, struct str version,
                            size_t *count)
{
	struct str found = STR_NONE;

	*count = 0;
	for (size_t i = 0; answer && i < answer->records.n; i++) {
		struct str text = answer->records.v[i].txt.text;

		if (str_starts(text, version) && ++*count == 1)
			found = text;
	}
	return found;
}

/* What is common to all of them: a DNS fault, or more than one; NULL for neither. */
static const char *common_problem(const struct dns_answer *answer, size_t count)
{
	if (answer && dns_answer_is_fault(answer))
		return "DNS could not tell";
	return count > 1 ? "several records where one is allowed" : NULL;
}

static json_t *problem_json(const char *problem)
{
	return problem ? json_string(problem) : json_null();
}

static struct str value_of(const struct tags *tags, const char *name)
{
	const struct tag *tag = tags_find(tags, str_c(name));

	return tag ? tag->value : STR_NONE;
}

/* RFC 8461 §3.1: 1 to 32 letters and digits. */
static const char *sts_id_problem(struct str id)
{
	if (id.n == 0)
		return "the record has no id=";
	if (id.n > 32)
		return "the id has more than 32 characters";
	for (size_t i = 0; i < id.n; i++)
		if (!char_is_alnum(id.p[i]))
			return "the id has other characters than letters and digits";
	return NULL;
}

static json_t *mta_sts_json(const struct audit *u)
{
	size_t count;
	struct str text = find_text(u->mta_sts, STR("v=STSv1"), &count);
	struct tags tags = tags_parse(u->a, text, TAGS_CASE_MATTERS);
	const char *problem = common_problem(u->mta_sts, count);

	if (count == 0 && !problem)
		return json_null();
	if (!problem)
		problem = sts_id_problem(value_of(&tags, "id"));
	return json_pack("{s:o, s:o, s:o}", "record", json_text_or_null(text), "id",
	                 json_text_or_null(value_of(&tags, "id")), "problem",
	                 problem_json(problem));
}

/* RFC 8460 §3: rua is a list of mailto: and https: addresses. */
static const char *tls_rpt_problem(struct str rua)
{
	struct str uri;

	if (rua.n == 0)
		return "the record has no rua=";
	while (str_cut(&rua, ',', &uri)) {
		uri = str_trim(uri);
		if (!str_starts_nocase(uri, STR("mailto:")) &&
		    !str_starts_nocase(uri, STR("https:")))
			return "a report address is neither mailto: nor https:";
	}
	return NULL;
}

static json_t *tls_rpt_json(const struct audit *u)
{
	size_t count;
	struct str text = find_text(u->tls_rpt, STR("v=TLSRPTv1"), &count);
	struct tags tags = tags_parse(u->a, text, TAGS_CASE_MATTERS);
	const char *problem = common_problem(u->tls_rpt, count);

	if (count == 0 && !problem)
		return json_null();
	if (!problem)
		problem = tls_rpt_problem(value_of(&tags, "rua"));
	return json_pack("{s:o, s:o, s:o}", "record", json_text_or_null(text), "rua",
	                 json_text_or_null(value_of(&tags, "rua")), "problem",
	                 problem_json(problem));
}

static const char *bimi_problem(const struct audit *u, const struct tags *tags)
{
	struct str logo = value_of(tags, "l");
	struct str proof = value_of(tags, "a");

	if (!tags_find(tags, STR("l")))
		return "the record has no l=";
	if (logo.n == 0)
		return NULL; /* declines to have a logo shown */
	if (!str_starts_nocase(logo, STR("https://")))
		return "the logo's address is not https:";
	if (proof.n && !str_starts_nocase(proof, STR("https://")))
		return "the certificate's address is not https:";
	if (u->dmarc.disposition < DMARC_QUARANTINE)
		return "a logo is only shown where DMARC asks for quarantine or reject";
	return NULL;
}

static json_t *bimi_json(const struct audit *u)
{
	size_t count;
	struct str text = find_text(u->bimi, STR("v=BIMI1"), &count);
	struct tags tags = tags_parse(u->a, text, TAGS_CASE_MATTERS);
	const char *problem = common_problem(u->bimi, count);

	if (count == 0 && !problem)
		return json_null();
	if (!problem)
		problem = bimi_problem(u, &tags);
	return json_pack("{s:o, s:o, s:o, s:o}", "record", json_text_or_null(text),
	                 "logo", json_text_or_null(value_of(&tags, "l")), "certificate",
	                 json_text_or_null(value_of(&tags, "a")), "problem",
	                 problem_json(problem));
}

/* ---- the zone ---- */

static bool is_bogus(const struct dns_answer *answer)
{
	return answer && answer->status == DNS_BOGUS;
}

/*
 * Only a resolver that validates can tell "signed", and it can by a trust anchor of its
 * own where the parent has no DS; a DS alone is a promise.
 */
static const char *dnssec(const struct audit *u)
{
	if (is_bogus(u->mx) || is_bogus(u->txt) || is_bogus(u->soa) ||
	    is_bogus(u->ds) || is_bogus(u->cut.found_by))
		return "bogus";
	if (u->soa && u->soa->status == DNS_FOUND && u->soa->secure)
		return "signed";
	if (u->ds && dns_answer_is_negative(u->ds))
		return "unsigned";
	return "undetermined";
}

static json_t *records_json(const struct audit *u, const struct dns_answer *answer)
{
	json_t *out = json_array();

	for (size_t i = 0; answer && i < answer->records.n; i++)
		json_array_append_new(
		        out, json_text(dns_record_format(u->a, &answer->records.v[i])));
	return out;
}

static int by_name(const void *x, const void *y)
{
	return str_cmp(*(const struct str *)x, *(const struct str *)y);
}

/* Sorted: servers turn the order round from answer to answer. */
static json_t *name_servers_json(const struct audit *u)
{
	struct str *names = ARENA_ARRAY(u->a, struct str, u->cut.ns.n + 1);
	json_t *out = json_array();

	for (size_t i = 0; i < u->cut.ns.n; i++)
		names[i] = u->cut.ns.v[i].target;
	qsort(names, u->cut.ns.n, sizeof(names[0]), by_name);
	for (size_t i = 0; i < u->cut.ns.n; i++)
		json_array_append_new(out, json_text(names[i]));
	return out;
}

void audit_transport_json(const struct audit *u, json_t *out)
{
	json_object_set_new(out, "dnssec", json_string(dnssec(u)));
	json_object_set_new(out, "mta_sts", mta_sts_json(u));
	json_object_set_new(out, "tls_rpt", tls_rpt_json(u));
	json_object_set_new(out, "bimi", bimi_json(u));
	json_object_set_new(out, "caa", records_json(u, u->caa));
	json_object_set_new(out, "zone", json_text_or_null(u->cut.zone));
	json_object_set_new(out, "name_servers", name_servers_json(u));
}
