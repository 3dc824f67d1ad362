/* `signet html links` and `html rewrite`: the links of an HTML document. */
#include "cli/commands.h"

#include "base/base64.h"
#include "cli/input.h"
#include "cli/links_out.h"
#include "mime/edits.h"
#include "mime/html_links.h"

struct options {
	struct cli_common common;
	int64_t max_bytes;
	struct str prefix;
};

#define AT(field) offsetof(struct options, field)

static const struct option links_options[] = {
        MAX_BYTES_ROW,
};

static const struct option rewrite_options[] = {
        TEXT_OPTION("prefix", AT(prefix), "URL", "what the new targets begin with"),
        MAX_BYTES_ROW,
};

static struct links_out rows_of(struct arena *a, const struct links *links)
{
	struct links_out rows = {0};

	for (size_t i = 0; i < links->n; i++) {
		const struct link *l = &links->v[i];

		*ARRAY_ADD(&rows, a) = (struct links_out_row){
		        .link = l,
		        .is_trackable = l->why == LINK_TRACKABLE,
		        .why = link_reason_word(l->why),
		};
	}
	return rows;
}

/* The links of standard input. */
static bool scan_input(struct cli *cli, const struct link_rules *rules,
                       struct str *html, struct html_scan *scan, struct err *err)
{
	const struct options *o = cli->options;

	if (!cli_input(cli, o->max_bytes, html, err))
		return false;
	html_scan(cli->a, *html, rules, scan);
	if (scan->has_too_many)
		return err_set(err, ERR_INPUT, "standard input: more than %d links",
		               LINKS_MAX);
	return true;
}

static bool run_links(struct cli *cli, struct err *err)
{
	const struct options *o = cli->options;
	struct html_scan scan;
	struct links_out rows;
	struct str html;

	if (!scan_input(cli, NULL, &html, &scan, err))
		return false;
	rows = rows_of(cli->a, &scan.links);
	if (o->common.json)
		links_out_json(&rows);
	else
		links_out_text(&rows);
	return true;
}

static bool run_rewrite(struct cli *cli, struct err *err)
{
	const struct options *o = cli->options;
	struct link_rules rules = {.tracked_prefixes = &o->prefix,
	                           .tracked_prefix_count = 1};
	struct arena *a = cli->a;
	struct html_scan scan;
	struct edits edits = {0};
	struct iov out = {0};
	struct str html;

	if (!o->prefix.n)
		return err_set(err, ERR_USAGE, "--prefix URL is missing");
	if (!cli_check_url("prefix", o->prefix, err))
		return false;
	if (!scan_input(cli, &rules, &html, &scan, err))
		return false;
	for (size_t i = 0; i < scan.links.n; i++) {
		const struct link *l = &scan.links.v[i];
		struct str target;

		if (l->why != LINK_TRACKABLE)
			continue;
		target = arena_join(a, o->prefix, base64url_encode(a, l->value));
		edits_add(a, &edits, l->start, l->end,
		          html_attribute(a, target, l->quote));
	}
	edits_apply(a, &edits, html, &out);
	return cli_print_iov(&out, err);
}

const struct command cmd_html_links = {
        .name = "html links",
        .arguments = "",
        .summary = "list an HTML document's links, and which may be tracked",
        .description =
                "Reads HTML from standard input and lists every link target in it as a "
                "browser sees it, also those in conditional comments, which "
                "Outlook shows: where it stands, the element and attribute, "
                "whether it may be tracked or why not, and the target with "
                "its character references decoded.\n\n"
                "Trackable is a complete http or https URL that a person follows. With "
                "--json, start and end are the bytes of the raw value without its "
                "quotes.",
        .options = links_options,
        .option_count = LEN(links_options),
        .options_size = sizeof(struct options),
        .run = run_links,
};

const struct command cmd_html_rewrite = {
        .name = "html rewrite",
        .arguments = "",
        .summary = "replace the trackable links of an HTML document",
        .description =
                "Reads HTML from standard input and writes it with each trackable "
                "target replaced by the URL of --prefix and the decoded target in "
                "base64url. No other byte changes; a target that begins with "
                "the prefix is left alone.",
        .options = rewrite_options,
        .option_count = LEN(rewrite_options),
        .options_size = sizeof(struct options),
        .run = run_rewrite,
};
