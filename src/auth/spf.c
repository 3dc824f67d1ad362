#include "auth/spf.h"

#include "auth/spf_dns.h"
#include "auth/spf_macro.h"

struct run {
	struct arena *a;
	struct dns_answers *answers;
	struct spf_macro_env env; /* `domain` is set for each expansion */
	int lookups, voids;
	bool pending; /* an answer is missing: the result is provisional */
	struct str problem;
};

/* One invocation of check_host(); a redirect takes the place of its record. */
struct host {
	struct str raw;  /* the domain as %{d} gives it */
	struct str name; /* canonical */
	struct spf_record record;
	const struct spf_term *matched; /* or NULL */
};

enum match { MATCH_NO, MATCH_YES, MATCH_TEMPERROR, MATCH_PERMERROR };

static enum spf_outcome check_host(struct run *run, struct host *host);

/* The first problem met is the one that is told. */
static void set_problem(struct run *run, struct str text)
{
	if (run->problem.n == 0)
		run->problem = text;
}

static const struct dns_answer *ask(struct run *run, struct str name,
                                    enum dns_type type)
{
	const struct dns_answer *answer = dns_ask(run->answers, name, type);

	if (answer->status == DNS_PENDING)
		run->pending = true;
	return answer;
}

static enum dns_type address_type(const struct run *run)
{
	return run->env.ip.length == 4 ? DNS_A : DNS_AAAA;
}

static enum match fault(struct run *run, const struct dns_answer *answer)
{
	set_problem(run,
	            arena_printf(run->a, "%.*s %s: %s", STR_ARG(answer->question.name),
	                         dns_type_name(answer->question.type),
	                         dns_status_name(answer->status)));
	return MATCH_TEMPERROR;
}

/* Whether one of the addresses, cut to the prefix, is the sender's. */
static bool has_address(const struct run *run, const struct dns_answer *answer,
                        uint8_t prefix)
{
	for (size_t i = 0; i < answer->records.n; i++) {
		struct ip_net net = {answer->records.v[i].ip, prefix};

		if (ip_net_has(net, run->env.ip))
			return true;
	}
	return false;
}

/* The "validated" names of §5.5 among the first 10 PTR names: whether the name's own
 * addresses hold the sender's. A fault means that it is not. */
static bool is_validated(struct run *run, struct str name)
{
	return has_address(run, ask(run, name, address_type(run)),
	                   run->env.ip.length == 4 ? 32 : 128);
}

static struct dns_records pointers(struct run *run, const struct dns_answer **answer)
{
	struct str reverse = ip_reverse_name(run->a, run->env.ip);
	struct dns_records records;

	*answer = ask(run, reverse, DNS_PTR);
	records = (*answer)->records;
	if (records.n > SPF_PTR_MAX)
		records.n = SPF_PTR_MAX;
	return records;
}

/*
 * What %{p} stands for: the domain itself, else a name below it, else any name, as long
 * as it is validated (§7.3).
 */
static struct str find_validated(struct run *run, const struct host *host)
{
	const struct dns_answer *answer;
	struct dns_records records = pointers(run, &answer);
	struct str best = STR_NONE;
	int best_rank = 0;

	for (size_t i = 0; i < records.n; i++) {
		struct str name = records.v[i].target;
		int rank = str_eq(name, host->name)               ? 3
		           : dns_name_is_within(name, host->name) ? 2
		                                                  : 1;

		if (is_validated(run, name) && rank > best_rank) {
			best = name;
			best_rank = rank;
		}
	}
	return best;
}

/* Expands text of the host's record; false where a macro waits for DNS or the text is
 * too long. */
static bool expand(struct run *run, const struct host *host, struct str text,
                   struct str *out)
{
	bool was_pending = run->pending;
	bool waits = false;

	run->env.domain = host->raw;
	run->env.validated = STR_NONE;
	if (spf_macro_uses(text, 'p')) {
		run->pending = false;
		run->env.validated = find_validated(run, host);
		waits = run->pending;
		run->pending = waits || was_pending;
	}
	return !waits && spf_macro_expand(run->a, text, &run->env, out);
}

/* The target of a term: the expanded domain-spec, or the host's own name. */
static bool make_target(struct run *run, const struct host *host,
                        const struct spf_term *term, struct host *target)
{
	struct str text;

	*target = (struct host){.raw = host->raw, .name = host->name};
	if (term->domain.n == 0)
		return true;
	if (!expand(run, host, term->domain, &text))
		return false;
	target->raw = spf_macro_cut_name(text);
	return spf_target_make(run->a, text, &target->name);
}

/* Counts a term that got an answer without data (§4.6.4). */
static enum match count_void(struct run *run, const struct spf_term *term)
{
	if (++run->voids <= SPF_VOIDS_MAX)
		return MATCH_NO;
	set_problem(run, arena_printf(run->a, "%.*s: more than %d void look-ups",
	                              STR_ARG(term->text), SPF_VOIDS_MAX));
	return MATCH_PERMERROR;
}

static enum match match_addresses(struct run *run, const struct spf_term *term,
                                  const struct dns_answer *answer)
{
	if (dns_answer_is_fault(answer))
		return fault(run, answer);
	if (dns_answer_is_negative(answer))
		return count_void(run, term);
	if (term->kind == SPF_EXISTS)
		return answer->records.n ? MATCH_YES : MATCH_NO;
	return has_address(run, answer,
	                   run->env.ip.length == 4 ? term->prefix4 : term->prefix6)
	               ? MATCH_YES
	               : MATCH_NO;
}

/* A match at any MX host counts before a fault at another: their order says nothing. */
static enum match match_mx_hosts(struct run *run, const struct spf_term *term,
                                 struct dns_records records)
{
	const struct dns_answer *faulty = NULL;
	uint8_t prefix = run->env.ip.length == 4 ? term->prefix4 : term->prefix6;
	bool is_void = false;
	bool found = false;

	for (size_t i = 0; i < records.n; i++) {
		const struct dns_answer *answer;

		if (dns_name_is_root(records.v[i].mx.host))
			continue;
		answer = ask(run, records.v[i].mx.host, address_type(run));
		found = found || has_address(run, answer, prefix);
		is_void = is_void || dns_answer_is_negative(answer);
		if (dns_answer_is_fault(answer))
			faulty = answer;
	}
	if (found)
		return MATCH_YES;
	if (faulty)
		return fault(run, faulty);
	return is_void ? count_void(run, term) : MATCH_NO;
}

static enum match match_mx(struct run *run, const struct spf_term *term,
                           struct str name)
{
	const struct dns_answer *answer = ask(run, name, DNS_MX);

	if (dns_answer_is_fault(answer))
		return fault(run, answer);
	if (dns_answer_is_negative(answer))
		return count_void(run, term);
	if (answer->records.n > SPF_MX_MAX) {
		set_problem(run,
		            arena_printf(run->a, "%.*s: %zu MX names, %d are allowed",
		                         STR_ARG(term->text), answer->records.n,
		                         SPF_MX_MAX));
		return MATCH_PERMERROR;
	}
	return match_mx_hosts(run, term, answer->records);
}

/* Faults only mean that the mechanism does not match (§5.5). */
static enum match match_ptr(struct run *run, const struct spf_term *term,
                            struct str name)
{
	const struct dns_answer *answer;
	struct dns_records records = pointers(run, &answer);
	bool found = false;

	if (dns_answer_is_negative(answer))
		return count_void(run, term);
	for (size_t i = 0; i < records.n; i++) {
		struct str target = records.v[i].target;

		if (dns_name_is_within(target, name) && is_validated(run, target))
			found = true;
	}
	return found ? MATCH_YES : MATCH_NO;
}

/* The table of §5.2. */
static enum match match_include(struct run *run, const struct spf_term *term,
                                struct host *target)
{
	enum spf_outcome outcome = check_host(run, target);

	switch (outcome) {
	case SPF_PASS:
		return MATCH_YES;
	case SPF_FAIL:
	case SPF_SOFTFAIL:
	case SPF_NEUTRAL:
		return MATCH_NO;
	case SPF_TEMPERROR:
		return MATCH_TEMPERROR;
	case SPF_NONE:
		run->problem = arena_printf(run->a, "%.*s: no SPF record there",
		                            STR_ARG(term->text));
		return MATCH_PERMERROR;
	case SPF_PERMERROR:
	default:
		return MATCH_PERMERROR;
	}
}

/* Counts a term that asks DNS; false past the limit. */
static bool count_lookup(struct run *run, const struct spf_term *term)
{
	if (++run->lookups <= SPF_LOOKUPS_MAX)
		return true;
	set_problem(run, arena_printf(run->a, "%.*s: more than %d look-ups",
	                              STR_ARG(term->text), SPF_LOOKUPS_MAX));
	return false;
}

static enum match match_by_dns(struct run *run, const struct host *host,
                               const struct spf_term *term)
{
	struct host target;

	if (!count_lookup(run, term))
		return MATCH_PERMERROR;
	if (!make_target(run, host, term, &target)) {
		if (term->kind != SPF_INCLUDE || run->pending)
			return MATCH_NO;
		set_problem(run, arena_printf(run->a, "%.*s: not a domain name",
		                              STR_ARG(term->text)));
		return MATCH_PERMERROR;
	}
	if (term->kind == SPF_INCLUDE)
		return match_include(run, term, &target);
	if (term->kind == SPF_MX)
		return match_mx(run, term, target.name);
	if (term->kind == SPF_PTR)
		return match_ptr(run, term, target.name);
	need(term->kind == SPF_A || term->kind == SPF_EXISTS);
	return match_addresses(
	        run, term,
	        ask(run, target.name, term->kind == SPF_A ? address_type(run) : DNS_A));
}

static enum match match_term(struct run *run, const struct host *host,
                             const struct spf_term *term)
{
	if (!spf_kind_is_mechanism(term->kind))
		return MATCH_NO;
	if (term->kind == SPF_ALL)
		return MATCH_YES;
	if (term->kind == SPF_IP4 || term->kind == SPF_IP6)
		return ip_net_has(term->net, run->env.ip) ? MATCH_YES : MATCH_NO;
	return match_by_dns(run, host, term);
}

/* redirect= (§6.1): the other domain's record decides in place of this one. */
static enum spf_outcome follow_redirect(struct run *run, struct host *host)
{
	const struct spf_term *term = host->record.redirect;
	enum spf_outcome outcome = SPF_NONE;
	struct host target;

	if (!count_lookup(run, term))
		return SPF_PERMERROR;
	if (make_target(run, host, term, &target)) {
		outcome = check_host(run, &target);
		*host = target;
	} else if (run->pending) {
		return SPF_NEUTRAL;
	}
	if (outcome != SPF_NONE)
		return outcome;
	run->problem =
	        arena_printf(run->a, "%.*s: no SPF record there", STR_ARG(term->text));
	return SPF_PERMERROR;
}

static enum spf_outcome evaluate(struct run *run, struct host *host)
{
	for (size_t i = 0; i < host->record.term_count; i++) {
		const struct spf_term *term = &host->record.terms[i];

		switch (match_term(run, host, term)) {
		case MATCH_NO:
			continue;
		case MATCH_YES:
			host->matched = term;
			return term->qualifier;
		case MATCH_TEMPERROR:
			return SPF_TEMPERROR;
		case MATCH_PERMERROR:
			return SPF_PERMERROR;
		}
	}
	return host->record.redirect ? follow_redirect(run, host) : SPF_NEUTRAL;
}

/* Finding the record (§4.3 to §4.5) and its syntax (§4.6). */
static enum spf_outcome check_host(struct run *run, struct host *host)
{
	struct spf_found found;

	if (dns_name_labels(host->name) < 2) {
		set_problem(run,
		            arena_printf(run->a, "\"%.*s\" is not a full domain name",
		                         STR_ARG(host->raw)));
		return SPF_NONE;
	}
	found = spf_find(run->answers, host->name);
	switch (found.status) {
	case SPF_FOUND_PENDING:
		run->pending = true;
		return SPF_NEUTRAL;
	case SPF_FOUND_FAULT:
		fault(run, found.answer);
		return SPF_TEMPERROR;
	case SPF_FOUND_NONE:
		set_problem(run, arena_printf(run->a, "no SPF record at %.*s",
		                              STR_ARG(host->name)));
		return SPF_NONE;
	case SPF_FOUND_SEVERAL:
		set_problem(run, arena_printf(run->a,
		                              "%zu SPF records at %.*s, one is allowed",
		                              found.count, STR_ARG(host->name)));
		return SPF_PERMERROR;
	case SPF_FOUND_ONE:
		break;
	}
	host->record = spf_record_parse(run->a, found.text);
	if (host->record.problem_count == 0)
		return evaluate(run, host);
	set_problem(run,
	            arena_printf(run->a, "record of %.*s, %.*s", STR_ARG(host->name),
	                         STR_ARG(spf_problem_format(
	                                 run->a, host->record.problems[0]))));
	return SPF_PERMERROR;
}

/* §6.2: whatever is wrong with an explanation, the result stands without it. */
static struct str explain(struct run *run, const struct host *host)
{
	const struct dns_answer *answer;
	struct host target;
	struct str text;
	const char *why;
	size_t at;

	if (!host->record.exp || run->pending ||
	    !make_target(run, host, host->record.exp, &target))
		return STR_NONE;
	answer = ask(run, target.name, DNS_TXT);
	if (answer->status != DNS_FOUND || answer->records.n != 1)
		return STR_NONE;
	text = answer->records.v[0].txt.text;
	if (!spf_macro_check(text, SPF_MACRO_TEXT, &at, &why) ||
	    !expand(run, host, text, &text))
		return STR_NONE;
	return text;
}

/*
 * The identity (§2.4, §4.3): the domain of MAIL FROM or the HELO name, and a local
 * part, "postmaster" where there is none. False where the domain cannot be looked up.
 */
static bool identify(struct run *run, const struct spf_query *query, struct host *host,
                     struct spf_result *result)
{
	struct str address = query->mail_from;
	struct str domain;
	struct err err;
	size_t at;

	if (str_starts(address, STR("<")) && str_ends(address, STR(">")))
		address = str_slice(address, 1, address.n - 2);
	result->is_helo = address.n == 0;
	domain = result->is_helo ? query->helo : address;
	for (at = address.n; at > 0 && address.p[at - 1] != '@'; at--)
		;
	if (at > 0)
		domain = str_from(address, at);
	run->env.local = at > 1 ? str_slice(address, 0, at - 1) : STR("postmaster");
	if (str_ends(domain, STR(".")))
		domain.n--;
	host->raw = domain;
	run->env.sender_domain = domain;
	result->domain = domain;
	if (str_starts(domain, STR("[")) || str_ends(domain, STR(".")))
		return false;
	for (size_t i = 0; i < domain.n; i++) {
		if ((unsigned char)domain.p[i] < 0x80)
			continue;
		if (!dns_name_parse(run->a, domain, &host->name, &err))
			return false;
		host->raw = host->name;
		run->env.sender_domain = host->name;
		result->domain = host->name;
		return true;
	}
	return domain.n <= SPF_NAME_MAX && spf_target_make(run->a, domain, &host->name);
}

struct spf_result spf_check(struct arena *a, struct dns_answers *answers,
                            const struct spf_query *query)
{
	struct run run = {
	        .a = a,
	        .answers = answers,
	        .env = {.helo = query->helo,
	                .receiver = query->receiver,
	                .ip = query->ip,
	                .now = query->now}
        };
	struct spf_result result = {.outcome = SPF_NONE};
	struct host host = {0};

	need(query->ip.length == 4 || query->ip.length == 16);
	if (identify(&run, query, &host, &result))
		result.outcome = check_host(&run, &host);
	else
		set_problem(&run, arena_printf(a, "\"%.*s\" is not a domain name",
		                               STR_ARG(str_slice(host.raw, 0,
		                                                 SPF_NAME_MAX))));
	if (host.matched)
		result.mechanism = host.matched->text;
	if (result.outcome == SPF_FAIL)
		result.explanation = explain(&run, &host);
	if (result.outcome == SPF_PASS || result.outcome == SPF_FAIL ||
	    result.outcome == SPF_SOFTFAIL || result.outcome == SPF_NEUTRAL)
		run.problem = STR_NONE;
	result.problem = run.problem;
	result.lookups = run.lookups;
	result.void_lookups = run.voids;
	return result;
}
