/* `signet doctor`: the configuration against the machine and the DNS. */
#include "cli/commands.h"

#include "base/file.h"
#include "base/json.h"
#include "cli/configured.h"
#include "dns/zone.h"
#include "doctor/doctor.h"
#include "resolve/resolver.h"

/* A doctor who still asks after so many rounds asks without end: a bug. */
enum { ROUNDS_MAX = 100 };

struct options {
	struct cli_configured configured;
	struct str zone;
};

static const struct option options[] = {
        TEXT_OPTION("zone", offsetof(struct options, zone), "FILE",
                    "answer every question from this zone file instead of from DNS"),
};

/* What the command line does not say of the DNS, the configuration does. */
static void take_dns_options(struct cli *cli, const struct config *c)
{
	struct cli_common *common = cli->options;

	if (!common->dns.n && !common->root_hints.n) {
		for (size_t i = 0; i < c->dns_servers.n; i++)
			*ARRAY_ADD(&common->dns, cli->a) = c->dns_servers.v[i];
		common->root_hints = c->dns_root_hints;
		if (!common->trust_anchor.n)
			common->trust_anchor = c->dns_trust_anchor;
	}
	if (!common->dns_timeout_ms)
		common->dns_timeout_ms = c->dns_timeout;
}

static bool read_zone(struct cli *cli, struct str path, struct dns_zone *zone,
                      struct err *err)
{
	struct str text;

	if (!file_read(cli->a, arena_cstr(cli->a, path), DNS_ZONE_TEXT_MAX, &text, err))
		return err_add(err, "--zone");
	return dns_zone_parse(zone, text, err) ||
	       err_add(err, "--zone %.*s", STR_ARG(path));
}

static bool see_dns(struct cli *cli, struct doctor *d, struct err *err)
{
	const struct options *o = cli->options;
	struct dns_answers answers = dns_answers_init(cli->a, cli->now);
	struct dns_zone zone = dns_zone_init(cli->a);
	struct resolver *r = NULL;
	size_t before = d->found.n;

	if (o->zone.n ? !read_zone(cli, o->zone, &zone, err)
	              : !cli_resolver(cli, &r, err))
		return false;
	d->answers = &answers;
	for (int round = 0; round < ROUNDS_MAX; round++) {
		d->found.n = before;
		doctor_see_dns(d);
		if (!dns_answers_pending(&answers))
			return true;
		if (r)
			resolver_run(r, &answers);
		else
			dns_zone_resolve(&zone, &answers);
	}
	return err_set(err, ERR_INTERNAL, "it asks without end");
}

static void print_json(const struct doctor *d)
{
	json_t *o = json_object();
	json_t *list = json_array();

	json_object_set_new(o, "status",
	                    json_string(doctor_status_name(doctor_worst(d))));
	json_object_set_new(o, "checks", list);
	for (size_t i = 0; i < d->found.n; i++) {
		const struct doctor_finding *f = &d->found.v[i];
		json_t *row = json_object();

		json_array_append_new(list, row);
		json_object_set_new(row, "code", json_string(f->check->code));
		json_object_set_new(row, "question", json_string(f->check->question));
		json_object_set_new(row, "status",
		                    json_string(doctor_status_name(f->status)));
		json_object_set_new(row, "message", json_text(f->message));
		json_object_set_new(row, "fix", json_text_or_null(f->fix));
	}
	cli_print_json(o);
}

static const char *colour_of(enum doctor_status status)
{
	static const char *const colours[] = {
	        [DOCTOR_OK] = "\033[32m",      [DOCTOR_SKIPPED] = "\033[2m",
	        [DOCTOR_WARNING] = "\033[33m", [DOCTOR_UNDETERMINED] = "\033[33m",
	        [DOCTOR_ERROR] = "\033[31m",
	};

	return colours[status];
}

static void print_text(const struct doctor *d)
{
	bool colour = cli_colour(stdout);

	for (size_t i = 0; i < d->found.n; i++) {
		const struct doctor_finding *f = &d->found.v[i];

		printf("%s%-12s%s  %-15s  %.*s\n", colour ? colour_of(f->status) : "",
		       doctor_status_name(f->status), colour ? "\033[0m" : "",
		       f->check->code, STR_ARG(f->message));
		if (f->fix.n)
			printf("%-31s  → %.*s\n", "", STR_ARG(f->fix));
	}
}

static int status_of(const struct doctor *d)
{
	enum doctor_status worst = doctor_worst(d);

	return worst == DOCTOR_ERROR ? 1 : worst == DOCTOR_UNDETERMINED ? 2 : 0;
}

static bool run(struct cli *cli, struct err *err)
{
	const struct cli_common *common = cli->options;
	struct config config;
	struct doctor d = {.a = cli->a, .config = &config, .now = cli->now};

	if (!cli_config(cli, &config, err))
		return false;
	take_dns_options(cli, &config);
	doctor_see_machine(&d);
	if (!see_dns(cli, &d, err))
		return false;
	if (common->json)
		print_json(&d);
	else
		print_text(&d);
	cli->status = status_of(&d);
	return true;
}

const struct command cmd_doctor = {
        .name = "doctor",
        .arguments = "",
        .summary = "check the installation against its machine and the DNS",
        .description =
                "Reads the configuration and looks whether the world is as it says: "
                "ports, files and their permissions, disk space, the certificate of "
                "the API, the ACME authority and what it wants, the clock, what the "
                "kernel offers; then whether the names of the "
                "installation resolve, whether its addresses have names that lead back "
                "(PTR) and are authorized by instance.spf, and whether a block-list "
                "(doctor.blocklists) has one. Each answer comes with what to do.\n\n"
                "Exit status: 0 nothing is wrong, though there may be warnings; 1 "
                "something is; 2 something could not be decided.",
        .options = options,
        .option_count = LEN(options),
        .options_size = sizeof(struct options),
        .uses_dns = true,
        .uses_config = true,
        .run = run,
};
