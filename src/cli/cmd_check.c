/* `signet check`: one domain, one domain until it is verified, or a list of them. */
#include "cli/check.h"
#include "cli/commands.h"

#include "auth/suffixes.h"
#include "base/file.h"
#include "catalog/catalog.h"
#include "cli/check_text.h"
#include "dns/zone.h"
#include "resolve/resolver.h"

#include <stdlib.h>

#define AT(field) offsetof(struct check_options, field)

static const struct option options[] = {
        TEXT_OPTION("profile", AT(profile), "NAME|FILE",
                    "compare with the records of this profile; without it, audit the "
                    "domain"),
        LIST_OPTION("set", AT(set), "NAME=VALUE",
                    "a variable of the profile (repeatable)"),
        TEXT_OPTION("settings", AT(settings), "FILE",
                    "variables of the profile, a NAME=VALUE a line; --set wins"),
        LIST_OPTION(
                "selector", AT(selectors), "NAME",
                "in an audit, look for a DKIM key at this selector too (repeatable)"),
        LIST_OPTION(
                "resolver", AT(resolvers), "ADDR[:PORT]",
                "also ask this public resolver (repeatable; or in SIGNET_RESOLVERS)"),
        TEXT_OPTION(
                "servers", AT(servers), "all|wrong|none",
                "which authoritative servers to ask one by one: all, those of records "
                "that are wrong, or none (all; with --bulk: wrong, and right records "
                "less closely)"),
        LIST_OPTION("retired-key", AT(retired_keys), "BASE64",
                    "a DKIM public key that was used before (repeatable)"),
        TEXT_OPTION("zone", AT(zone), "FILE",
                    "answer every question from this zone file instead of from DNS"),
        FLAG_OPTION("watch", AT(watch),
                    "check again and again until the domain is verified"),
        NUMBER_OPTION(
                "interval", AT(interval_s), "SECONDS", 5, 86400,
                "with --watch, the longest time between two checks, 5 or more (60)"),
        TEXT_OPTION(
                "bulk", AT(bulk), "FILE",
                "check every domain of this file, one a line, - for standard input; a "
                "line may go on with NAME=VALUE settings of its own; prints one JSON "
                "value a line"),
        NUMBER_OPTION("concurrency", AT(concurrency), "N", 1, 5000,
                      "with --bulk, how many domains at a time (100)"),
};

static bool parse_servers(struct check_options *o, enum server_views *out,
                          struct err *err)
{
	static const char *const words[] = {
	        [SERVERS_NONE] = "none",
	        [SERVERS_IF_WRONG] = "wrong",
	        [SERVERS_ALL] = "all",
	};

	*out = o->bulk.n ? SERVERS_IF_WRONG : SERVERS_ALL;
	if (o->common.dns.n || o->zone.n)
		*out = SERVERS_NONE;
	if (o->servers.n == 0)
		return true;
	for (size_t i = 0; i < LEN(words); i++) {
		if (str_eq(o->servers, str_c(words[i]))) {
			*out = (enum server_views)i;
			return true;
		}
	}
	return err_set(err, ERR_USAGE,
	               "--servers: \"%.*s\" is none of all, wrong, none",
	               STR_ARG(o->servers));
}

/* Without --resolver those of the environment, as "192.0.2.1,192.0.2.2:5353". */
static void add_default_resolvers(struct cli *cli, struct option_list *resolvers)
{
	struct str rest = str_c(getenv("SIGNET_RESOLVERS"));
	struct str address;

	if (resolvers->n)
		return;
	while (str_cut(&rest, ',', &address))
		if (str_trim(address).n)
			*ARRAY_ADD(resolvers, cli->a) = str_trim(address);
}

static bool check_addresses(const struct option_list *resolvers, struct err *err)
{
	struct ip ip;
	uint16_t port;

	for (size_t i = 0; i < resolvers->n; i++)
		if (!ip_port_parse(resolvers->v[i], 53, &ip, &port))
			return err_set(err, ERR_USAGE,
			               "--resolver: \"%.*s\" is not an address",
			               STR_ARG(resolvers->v[i]));
	return true;
}

/* Puts them into canonical form. */
static bool check_selectors(struct cli *cli, struct option_list *selectors,
                            struct err *err)
{
	if (selectors->n > AUDIT_SELECTORS_MAX)
		return err_set(err, ERR_USAGE, "--selector: more than %d",
		               AUDIT_SELECTORS_MAX);
	for (size_t i = 0; i < selectors->n; i++)
		if (!plan_selector(cli->a, selectors->v[i], &selectors->v[i], err))
			return err_add(err, "--selector");
	return true;
}

/* Options that mean nothing together are an error, not a surprise. */
static bool check_options_fit(const struct check_options *o, struct err *err)
{
	const bool audit = o->profile.n == 0;
	const struct {
		bool wrong;
		const char *why;
	} rules[] = {
	        {o->watch && audit,                "--watch needs a --profile"            },
	        {o->set.n && audit,                "--set needs a --profile"              },
	        {o->settings.n && audit,           "--settings needs a --profile"         },
	        {o->retired_keys.n && audit,       "--retired-key needs a --profile"      },
	        {o->selectors.n && !audit,
	         "--selector is for an audit; with --profile use --set selector=NAME"     },
	        {o->bulk.n && o->watch,            "--bulk and --watch exclude each other"},
	        {o->bulk.n && o->zone.n,           "--bulk and --zone exclude each other" },
	        {o->watch && o->zone.n,            "--watch and --zone exclude each other"},
	        {o->zone.n && o->common.dns.n,     "--zone and --dns exclude each other"  },
	        {o->zone.n && o->resolvers.n,
	         "--zone and --resolver exclude each other"                               },
	        {o->interval_s && !o->watch,       "--interval needs --watch"             },
	        {o->concurrency && o->bulk.n == 0, "--concurrency needs --bulk"           },
	};

	for (size_t i = 0; i < LEN(rules); i++)
		if (rules[i].wrong)
			return err_set(err, ERR_USAGE, "%s", rules[i].why);
	return true;
}

/* One domain as argument, or a file of them. */
static bool check_arguments_fit(const struct cli *cli, const struct check_options *o,
                                struct err *err)
{
	if (o->bulk.n && cli->arguments.n)
		return err_set(err, ERR_USAGE,
		               "--bulk takes its domains from the file");
	if (!o->bulk.n && cli->arguments.n == 0)
		return err_set(err, ERR_USAGE, "missing argument: signet check DOMAIN");
	return true;
}

static void load_knowledge(struct cli *cli, struct knowledge *know)
{
	struct providers *providers = ARENA_NEW(cli->a, struct providers);
	struct services *services = ARENA_NEW(cli->a, struct services);
	struct networks *networks = ARENA_NEW(cli->a, struct networks);

	catalog_providers(cli->a, providers);
	catalog_services(cli->a, services);
	catalog_networks(cli->a, networks);
	*know = (struct knowledge){providers, services, networks, catalog_suffixes(),
	                           caa_usual_issuer()};
}

static bool make_setup(struct cli *cli, struct check_options *o,
                       struct check_setup *setup, struct err *err)
{
	struct profile *profile;

	*setup = (struct check_setup){
	        .resolvers = o->resolvers.v,
	        .resolver_count = o->resolvers.n,
	        .retired_keys = o->retired_keys.v,
	        .retired_key_count = o->retired_keys.n,
	        .selectors = o->selectors.v,
	        .selector_count = o->selectors.n,
	};
	if (!parse_servers(o, &setup->servers, err))
		return false;
	setup->thorough = o->bulk.n == 0 || setup->servers == SERVERS_ALL;
	load_knowledge(cli, &setup->know);
	if (o->profile.n == 0)
		return true;
	if (!catalog_profile(cli->a, o->profile, &profile, err))
		return false;
	setup->profile = profile;
	return catalog_settings(cli->a, &o->set, o->settings, &setup->settings, err);
}

static bool saw_only_timeouts(const struct dns_answers *answers)
{
	for (size_t i = 0; i < answers->by_key.n; i++)
		if (dns_answers_at(answers, i)->status != DNS_TIMEOUT)
			return false;
	return answers->by_key.n > 0;
}

bool check_finish(struct cli *cli, struct check_job *job, struct err *err)
{
	struct resolver *r;

	if (!cli_resolver(cli, &r, err))
		return false;
	while (!check_job_pass(job))
		resolver_run(r, &job->answers);
	return !saw_only_timeouts(&job->answers) || resolver_check_reachable(r, err);
}

static bool finish_from_zone(struct cli *cli, struct str path, struct check_job *job,
                             struct err *err)
{
	struct dns_zone zone = dns_zone_init(cli->a);
	struct str text;

	if (!file_read(cli->a, arena_cstr(cli->a, path), DNS_ZONE_TEXT_MAX, &text, err))
		return err_add(err, "--zone");
	if (!dns_zone_parse(&zone, text, err))
		return err_add(err, "--zone %.*s", STR_ARG(path));
	while (!check_job_pass(job))
		dns_zone_resolve(&zone, &job->answers);
	return true;
}

static void print_verdict(const struct check_options *o, const struct verdict *v)
{
	if (o->common.json)
		cli_print_json(verdict_json(v));
	else
		check_text(stdout, v, cli_colour(stdout));
}

static bool run_single(struct cli *cli, struct check_options *o,
                       const struct check_setup *setup, struct err *err)
{
	struct check_job job = {0};
	bool ok = check_job_begin(&job, setup, cli->arguments.v[0], STR_NONE, cli->now,
	                          err);

	if (ok)
		ok = o->zone.n ? finish_from_zone(cli, o->zone, &job, err)
		               : check_finish(cli, &job, err);
	if (ok) {
		print_verdict(o, job.verdict);
		cli->status = check_status(job.verdict);
	}
	check_job_done(&job);
	return ok;
}

static bool run_mode(struct cli *cli, struct check_options *o,
                     const struct check_setup *setup, struct err *err)
{
	if (o->bulk.n)
		return check_bulk(cli, o, setup, err);
	if (o->watch)
		return check_watch(cli, o, setup, err);
	return run_single(cli, o, setup, err);
}

static bool run(struct cli *cli, struct err *err)
{
	struct check_options *o = cli->options;
	struct check_setup setup = {0};
	bool ok;

	if (!check_arguments_fit(cli, o, err) || !check_options_fit(o, err))
		return false;
	if (!o->zone.n)
		add_default_resolvers(cli, &o->resolvers);
	ok = check_addresses(&o->resolvers, err) &&
	     check_selectors(cli, &o->selectors, err) &&
	     make_setup(cli, o, &setup, err);
	if (ok)
		ok = run_mode(cli, o, &setup, err);
	suffixes_free((struct suffixes *)(uintptr_t)setup.know.suffixes);
	return ok;
}

const struct command cmd_check = {
        .name = "check",
        .arguments = "DOMAIN",
        .summary = "prove that a domain may send, or say what is wrong",
        .description =
                "Looks up every record that a sending domain of the profile publishes, "
                "at the authoritative servers, compares by meaning, and says for each "
                "what was found, why it is wrong and what to type at the recognised "
                "DNS provider.\n\n"
                "Without --profile it audits the domain as it stands: MX, SPF with its "
                "whole include tree, DMARC, DKIM keys, the services that may send, "
                "DNSSEC, MTA-STS, TLS-RPT, BIMI.\n\n"
                "Exit status: 0 everything required is verified, 1 something is not, 2 "
                "DNS faults kept it from being decided.",
        .options = options,
        .option_count = LEN(options),
        .options_size = sizeof(struct check_options),
        .uses_dns = true,
        .arguments_max = 1,
        .run = run,
};
