#include "diagnose/caa.h"

enum { CRITICAL = 0x80, LEVELS_MAX = 10 };

struct caa_issuer caa_issuer_of(const struct str *names, size_t n)
{
	return (struct caa_issuer){.names = names, .n = n, .method = STR("http-01")};
}

struct caa_issuer caa_usual_issuer(void)
{
	static const struct str names[] = {STR_INIT("letsencrypt.org")};

	return caa_issuer_of(names, LEN(names));
}

/* The value of a parameter of an issue property, or the empty view. */
static struct str parameter(struct str parameters, struct str name)
{
	struct str part;

	while (str_cut(&parameters, ';', &part)) {
		struct str value = part;
		struct str tag;

		str_cut(&value, '=', &tag);
		if (value.p && str_eq_nocase(str_trim(tag), name))
			return str_trim(value);
	}
	return STR_NONE;
}

static bool is_issuer(const struct caa_issuer *issuer, struct str name)
{
	for (size_t i = 0; i < issuer->n; i++)
		if (str_eq_nocase(name, issuer->names[i]))
			return true;
	return false;
}

static bool allows_method(struct str methods, struct str method)
{
	struct str one;

	while (str_cut(&methods, ',', &one))
		if (str_eq_nocase(str_trim(one), method))
			return true;
	return false;
}

static void read_issue(struct caa_permission *p, struct str value,
                       const struct caa_issuer *issuer)
{
	struct str rest = value;
	struct str name;
	struct str account;
	struct str methods;

	p->is_restricted = true;
	str_cut(&rest, ';', &name);
	if (!is_issuer(issuer, str_trim(name)))
		return;
	account = parameter(rest, STR("accounturi"));
	methods = parameter(rest, STR("validationmethods"));
	if (methods.n && allows_method(methods, issuer->method))
		methods = STR_NONE;
	if (account.n == 0 && methods.n == 0) {
		p->is_given = true;
		return;
	}
	p->account = account;
	p->methods = methods;
}

static bool is_known_tag(struct str tag)
{
	static const struct str known[] = {
	        STR_INIT("issue"),        STR_INIT("issuewild"),
	        STR_INIT("iodef"),        STR_INIT("issuemail"),
	        STR_INIT("issuevmc"),     STR_INIT("contactemail"),
	        STR_INIT("contactphone"),
	};

	for (size_t i = 0; i < LEN(known); i++)
		if (str_eq_nocase(tag, known[i]))
			return true;
	return false;
}

/* Whether a wildcard's own property is there, which then counts alone (§4.3). */
static struct str issue_tag(const struct dns_records *records,
                            const struct caa_issuer *issuer)
{
	for (size_t i = 0; issuer->is_wildcard && i < records->n; i++)
		if (str_eq_nocase(records->v[i].caa.tag, STR("issuewild")))
			return STR("issuewild");
	return STR("issue");
}

struct caa_permission caa_read(const struct dns_answer *set,
                               const struct caa_issuer *issuer)
{
	struct caa_permission p = {0};
	struct str tag;

	if (!set)
		return p;
	if (!dns_answer_is_definite(set)) {
		p.is_unknown = true;
		p.owner = set->question.name;
		return p;
	}
	tag = issue_tag(&set->records, issuer);
	for (size_t i = 0; i < set->records.n; i++) {
		const struct dns_record *r = &set->records.v[i];

		p.owner = r->owner;
		if (str_eq_nocase(r->caa.tag, tag))
			read_issue(&p, r->caa.value, issuer);
		else if (r->caa.flags & CRITICAL && !is_known_tag(r->caa.tag))
			p.critical = r->caa.tag;
	}
	return p;
}

enum caa_verdict caa_judge(const struct caa_permission *p)
{
	if (p->is_unknown)
		return CAA_UNKNOWN;
	if (p->critical.n)
		return CAA_FORBIDDEN;
	if (!p->is_restricted || p->is_given)
		return CAA_ALLOWED;
	return p->account.n && p->methods.n == 0 ? CAA_BOUND : CAA_FORBIDDEN;
}

const struct dns_answer *caa_find(struct dns_answers *answers, struct str name,
                                  bool follow)
{
	const struct dns_answer *levels[LEVELS_MAX];
	size_t n = 0;

	/* All at once: they are answered in parallel. */
	for (struct str at = name; n < LEN(levels) && !dns_name_is_root(at);
	     at = dns_name_parent(at))
		levels[n++] = dns_ask(answers, at, DNS_CAA);
	for (size_t i = 0; i < n; i++) {
		if (levels[i]->chain.n && !follow)
			continue;
		if (!dns_answer_is_definite(levels[i]) || levels[i]->records.n)
			return levels[i];
	}
	return NULL;
}

struct str caa_words(struct arena *a, const struct caa_permission *p,
                     const struct caa_issuer *issuer)
{
	struct str name = issuer->names[0];

	if (p->critical.n)
		return arena_printf(a,
		                    "has the critical property \"%.*s\", which no "
		                    "issuer knows, so that none may issue",
		                    STR_ARG(p->critical));
	if (p->account.n)
		return arena_printf(a, "lets only the account %.*s of %.*s issue",
		                    STR_ARG(p->account), STR_ARG(name));
	if (p->methods.n)
		return arena_printf(a, "lets %.*s validate by %.*s only, not by %.*s",
		                    STR_ARG(name), STR_ARG(p->methods),
		                    STR_ARG(issuer->method));
	return arena_printf(a, "does not let %.*s issue", STR_ARG(name));
}

struct str caa_record(struct arena *a, const struct caa_issuer *issuer)
{
	return arena_printf(a, "flags 0, tag \"%s\", value \"%.*s\"",
	                    issuer->is_wildcard ? "issuewild" : "issue",
	                    STR_ARG(issuer->names[0]));
}
