/* `signet edge --standalone`: old links, without a server. */
#include "cli/commands.h"

#include "edge/standalone.h"

struct edge_options {
	struct cli_common common;
	bool standalone;
	struct str token_keys, contact, click, open, unsubscribe;
	struct option_list listen;
};

static bool is_contact(struct str text)
{
	return str_starts(text, STR("mailto:")) || str_starts(text, STR("https://"));
}

static bool run(struct cli *cli, struct err *err)
{
	const struct edge_options *o = cli->options;
	struct edge_kit kit = {.listen = o->listen.v,
	                       .listen_count = o->listen.n,
	                       .click = o->click,
	                       .open = o->open,
	                       .unsubscribe = o->unsubscribe,
	                       .contact = o->contact};

	if (!o->standalone)
		return err_set(
		        err, ERR_USAGE,
		        "`signet serve` runs the edge of a server; this one needs "
		        "--standalone");
	if (!o->token_keys.n || !o->listen.n)
		return err_set(err, ERR_USAGE, "--token-keys and --listen are needed");
	if (o->contact.n && !is_contact(o->contact))
		return err_set(err, ERR_USAGE,
		               "--contact: a mailto: or https: address is needed");
	kit.token_keys = arena_cstr(cli->a, o->token_keys);
	return edge_standalone(&kit, err);
}

#define AT(field) offsetof(struct edge_options, field)

static const struct option rows[] = {
        FLAG_OPTION("standalone", AT(standalone),
                    "run by itself, with nothing but the keys"),
        TEXT_OPTION("token-keys", AT(token_keys), "FILE",
                    "the keys that sealed the links"),
        LIST_OPTION("listen", AT(listen), "ADDR:PORT",
                    "where to answer; may be given several times"),
        TEXT_OPTION("contact", AT(contact), "URL",
                    "where to turn to unsubscribe, a mailto: or https: address"),
        TEXT_OPTION("click-path", AT(click), "WORD",
                    "the first part of the path of a tracked link"),
        TEXT_OPTION("open-path", AT(open), "WORD",
                    "the first part of the path of the pixel"),
        TEXT_OPTION("unsubscribe-path", AT(unsubscribe), "WORD",
                    "the first part of the path that unsubscribes"),
};

const struct command cmd_edge = {
        .name = "edge",
        .arguments = "",
        .summary = "answer old tracked links without a server",
        .description =
                "Answers tracked links with nothing but the file of the token keys: "
                "for whoever stops using Signet, so that the links in mail that was "
                "sent go on to work. Clicks are redirected and opens get their pixel; "
                "nothing is recorded. Unsubscribing is not possible, since there is "
                "nobody to tell: a page says so and names --contact, or asks to answer "
                "one of the messages; what mail programs send in one click gets "
                "410.\n\n"
                "It speaks HTTP; put a web server in front of it for HTTPS, which has "
                "to pass the Host field on as it came. It runs in the foreground until "
                "SIGTERM or SIGINT.",
        .options = rows,
        .option_count = LEN(rows),
        .options_size = sizeof(struct edge_options),
        .run = run,
};
