/* `signet html links` and `html rewrite`: the links of an HTML document. */
#include "cli/commands.h"

#include "base/base64.h"
#include "base/utf8.h"
#include "cli/html_input.h"
#include "cli/json_out.h"
#include "mime/edits.h"
#include "mime/html_links.h"

struct options {
	struct cli_common common;
	int64_t max_bytes;
	struct str prefix;
};

static const struct option links_options[] = {
        HTML_MAX_BYTES_ROW,
};

static const struct option rewrite_options[] = {
        {"prefix", OPTION_TEXT, offsetof(struct options, prefix), "URL",
         "what the new targets begin with"},
        HTML_MAX_BYTES_ROW,
};

/* Bytes that are no UTF-8 are shown as they are in the text for people. */
static struct str shown(struct arena *a, struct str s)
{
	return utf8_is_valid(s) ? s : utf8_printable(a, s);
}

static void print_member(const char *name, struct str value)
{
	printf("\"%s\":", name);
	json_out_string(stdout, value);
	putchar(',');
}

static void print_json(const struct links *links)
{
	AUTO(arena) a = {0};

	putchar('[');
	for (size_t i = 0; i < links->n; i++) {
		const struct link *l = &links->v[i];

		fputs(i ? ",{" : "{", stdout);
		print_member("element", shown(&a, l->element));
		print_member("attribute", l->attribute);
		print_member("value", shown(&a, l->value));
		printf("\"start\":%zu,\"end\":%zu,\"trackable\":%s,\"why\":\"%s\"%s}",
		       l->start, l->end, l->why == LINK_TRACKABLE ? "true" : "false",
		       link_reason_word(l->why),
		       l->is_conditional ? ",\"conditional\":true" : "");
		arena_reset(&a);
	}
	puts("]");
}

static int decimal_width(size_t n)
{
	return snprintf(NULL, 0, "%zu", n);
}

static void print_text(const struct links *links)
{
	int place = links->n ? decimal_width(links->v[links->n - 1].start) : 0;
	int name = 0, why = 0;
	size_t trackable = 0;
	AUTO(arena) a = {0};

	for (size_t i = 0; i < links->n; i++) {
		const struct link *l = &links->v[i];
		int n = (int)(l->element.n + 1 + l->attribute.n);
		int word = (int)str_c(link_reason_word(l->why)).n;

		name = n > name && n < 24 ? n : name;
		why = word > why ? word : why;
		trackable += l->why == LINK_TRACKABLE;
	}
	for (size_t i = 0; i < links->n; i++) {
		const struct link *l = &links->v[i];
		struct str what = arena_printf(&a, "%.*s %.*s",
		                               STR_ARG(utf8_printable(&a, l->element)),
		                               STR_ARG(l->attribute));

		printf("%*zu  %-*.*s  %-*s  %.*s%s\n", place, l->start, name,
		       STR_ARG(what), why, link_reason_word(l->why),
		       STR_ARG(utf8_printable(&a, l->value)),
		       l->is_conditional ? "  (conditional)" : "");
		arena_reset(&a);
	}
	printf("%zu link%s, %zu trackable\n", links->n, links->n == 1 ? "" : "s",
	       trackable);
}

/* The links of standard input. */
static bool scan_input(struct cli *cli, const struct link_rules *rules,
                       struct str *html, struct html_scan *scan, struct err *err)
{
	const struct options *o = cli->options;

	if (!html_input(cli, o->max_bytes, html, err))
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
	struct str html;

	if (!scan_input(cli, NULL, &html, &scan, err))
		return false;
	if (o->common.json)
		print_json(&scan.links);
	else
		print_text(&scan.links);
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
        .summary = "list the links of an HTML document, and which may be tracked",
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
