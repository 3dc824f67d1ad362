/* `signet dmarc`: one evaluation from what SPF and DKIM said. */
#include "catalog/catalog.h"
#include "cli/answers.h"
#include "cli/commands.h"

#include "base/file.h"
#include "base/utf8.h"

struct options {
	struct cli_common common;
	struct str from;
	struct option_list spf, dkim; /* DOMAIN=RESULT */
	bool legacy;
	struct str suffixes; /* file */
};

#define AT(field) offsetof(struct options, field)

static const struct option options[] = {
        TEXT_OPTION("from", AT(from), "DOMAIN",
                    "the domain, or the address, in the From header field"),
        LIST_OPTION("spf", AT(spf), "DOMAIN=RESULT",
                    "what SPF said of which domain, as mail.acme.example=pass "
                    "(repeatable)"),
        LIST_OPTION("dkim", AT(dkim), "DOMAIN=RESULT",
                    "the d= of a signature and what came of it (repeatable)"),
        FLAG_OPTION("legacy", AT(legacy),
                    "evaluate by RFC 7489 with the public suffix list"),
        TEXT_OPTION("suffixes", AT(suffixes), "FILE",
                    "with --legacy, the public suffix list to use instead of the one "
                    "in the binary"),
};

/* The domain of "DOMAIN" or "local@DOMAIN". */
static bool parse_domain(struct arena *a, struct str text, struct str *out,
                         struct err *err)
{
	for (ptrdiff_t at; (at = str_find_char(text, '@')) >= 0;)
		text = str_from(text, (size_t)at + 1);
	if (str_ends(text, STR(">")))
		text.n--;
	return dns_name_parse(a, text, out, err);
}

static bool parse_result(struct str text, bool *passed)
{
	static const char *const results[] = {"pass",      "fail",  "softfail",
	                                      "neutral",   "none",  "temperror",
	                                      "permerror", "policy"};

	*passed = false;
	for (size_t i = 0; i < LEN(results); i++) {
		if (str_eq_nocase(text, str_c(results[i]))) {
			*passed = i == 0;
			return true;
		}
	}
	return false;
}

/* The names of a list of DOMAIN=RESULT that passed. */
static bool parse_names(struct arena *a, const struct option_list *list,
                        const char *option, struct dmarc_names *out, struct err *err)
{
	struct str *names = ARENA_ARRAY(a, struct str, list->n + 1);

	*out = (struct dmarc_names){.v = names};
	for (size_t i = 0; i < list->n; i++) {
		struct str result = list->v[i];
		struct str domain;
		bool passed;

		str_cut(&result, '=', &domain);
		if (!result.p || !parse_result(result, &passed))
			return err_set(err, ERR_USAGE,
			               "--%s: \"%.*s\" is not DOMAIN=RESULT, with a "
			               "result as pass or fail",
			               option, STR_ARG(list->v[i]));
		if (!parse_domain(a, domain, &names[out->n], err))
			return err_add(err, "--%s", option);
		out->n += passed;
	}
	return true;
}

static bool load_suffixes(struct arena *a, const struct options *o,
                          struct suffixes **out, struct err *err)
{
	const char *path = arena_cstr(a, o->suffixes);
	struct str text;

	if (!o->suffixes.p) {
		*out = catalog_suffixes();
		return true;
	}
	if (!file_read(a, path, SUFFIXES_TEXT_MAX, &text, err))
		return false;
	if (!suffixes_parse(text, out, err))
		return err_add(err, "%s", path);
	return true;
}

struct run {
	struct dmarc_input in;
	struct dmarc out;
};

static void check(struct arena *pass, struct dns_answers *answers, void *arg)
{
	struct run *run = arg;

	dmarc_check(pass, answers, &run->in, &run->out);
}

static void print_record(struct arena *a, const struct dmarc *d)
{
	const struct dmarc_record *r = d->record;

	printf("record        _dmarc.%.*s\n              %.*s\n",
	       STR_ARG(d->record_domain), STR_ARG(utf8_printable(a, r->text)));
	for (size_t i = 0; i < r->problems.n; i++) {
		const struct tag_problem *p = &r->problems.v[i];

		printf("              byte %zu: \"%.*s\" %s\n", p->at,
		       STR_ARG(utf8_printable(a, p->what)), p->why);
	}
	if (!r->is_usable)
		puts("              no valid policy and no report address: it does not "
		     "count");
	else if (r->is_replaced)
		puts("              no valid policy: it counts as p=none");
	if (r->standard == DMARC_RFC7489 && r->percent < 100)
		printf("              asked for %u %% of the failing mail\n",
		       r->percent);
}

static void print_text(struct arena *a, const struct dmarc *d)
{
	static const char *const tags[] = {
	        [DMARC_FROM_NOTHING] = "",
	        [DMARC_FROM_P] = " (p=)",
	        [DMARC_FROM_SP] = " (sp=)",
	        [DMARC_FROM_NP] = " (np=, the domain does not exist)",
	};

	printf("result        %s\n", dmarc_result_name(d->result));
	if (d->fault)
		printf("              %.*s %s: %s\n", STR_ARG(d->fault->question.name),
		       dns_type_name(d->fault->question.type),
		       dns_status_name(d->fault->status));
	if (d->policy != DMARC_NO_POLICY) {
		printf("disposition   %s%s\n", dmarc_policy_name(d->disposition),
		       d->is_testing ? " (t=y: one level below the policy)" : "");
		printf("policy        %s%s\n", dmarc_policy_name(d->policy),
		       tags[d->source]);
		printf("aligned       spf %s, dkim %s\n", d->spf_aligned ? "yes" : "no",
		       d->dkim_aligned ? "yes" : "no");
	}
	if (d->org_domain.n)
		printf("organization  %.*s\n", STR_ARG(d->org_domain));
	if (d->has_several)
		puts("              several DMARC records at one name: none counts");
	if (d->record)
		print_record(a, d);
}

static bool evaluate(struct cli *cli, struct run *run, struct err *err)
{
	const struct options *o = cli->options;
	struct dns_answers answers = dns_answers_init(cli->a, cli->now);
	AUTO(arena) pass = {0};

	if (!cli_evaluate(cli, &answers, &pass, check, run, err))
		return false;
	if (o->common.json)
		cli_print_json(answer_dmarc(&run->out));
	else
		print_text(cli->a, &run->out);
	return true;
}

static bool run_dmarc(struct cli *cli, struct err *err)
{
	const struct options *o = cli->options;
	struct suffixes *suffixes = NULL;
	struct run run = {.in.standard = o->legacy ? DMARC_RFC7489 : DMARC_RFC9989};
	bool ok;

	if (!o->from.p)
		return err_set(err, ERR_USAGE, "--from DOMAIN is missing");
	if (o->suffixes.p && !o->legacy)
		return err_set(err, ERR_USAGE, "--suffixes: only with --legacy");
	if (!parse_domain(cli->a, o->from, &run.in.from, err))
		return err_add(err, "--from");
	if (!parse_names(cli->a, &o->spf, "spf", &run.in.spf, err) ||
	    !parse_names(cli->a, &o->dkim, "dkim", &run.in.dkim, err))
		return false;
	if (o->legacy && !load_suffixes(cli->a, o, &suffixes, err))
		return err_add(err, "public suffix list");
	run.in.suffixes = suffixes;
	ok = evaluate(cli, &run, err);
	suffixes_free(suffixes);
	return ok;
}

const struct command cmd_dmarc = {
        .name = "dmarc",
        .arguments = "",
        .summary = "evaluate DMARC for a message's From domain",
        .description =
                "Finds the DMARC record that applies to the domain of the From header "
                "field by the DNS tree walk of RFC 9989, decides which of the domains "
                "that SPF and DKIM passed for are aligned with it, and says what the "
                "record asks for a message that fails.\n\n"
                "With --legacy the evaluation follows RFC 7489 and the public suffix "
                "list, as older receivers do.",
        .options = options,
        .option_count = LEN(options),
        .options_size = sizeof(struct options),
        .uses_dns = true,
        .run = run_dmarc,
};
