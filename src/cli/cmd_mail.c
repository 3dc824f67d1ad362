/* `signet mail links` and `mail rewrite`: the links of a message. */
#include "cli/commands.h"

#include "base/base64.h"
#include "base/file.h"
#include "cli/answers.h"
#include "cli/input.h"
#include "cli/links_out.h"
#include "mime/line_ends.h"
#include "mime/rewrite.h"

struct options {
	struct cli_common common;
	int64_t max_bytes, max_parts, max_depth;
	struct str prefix, pixel, unsubscribe, unsubscribe_tag, footer_html,
	        footer_text;
	struct option_list exclude_host, set_header, remove_header;
	bool text, crlf;
};

#define AT(field) offsetof(struct options, field)

#define LIMIT_ROWS                                                                     \
	MAX_BYTES_ROW,                                                                 \
	        NUMBER_OPTION("max-parts", AT(max_parts), "N", 1, 100000,              \
	                      "refuse a message of more parts; 1000 where not given"), \
	        NUMBER_OPTION("max-depth", AT(max_depth), "N", 1, 200,                 \
	                      "refuse a message nested deeper; 50 where not given")

static const struct option links_options[] = {
        LIMIT_ROWS,
};

static const struct option rewrite_options[] = {
        TEXT_OPTION("prefix", AT(prefix), "URL", "what the new targets begin with"),
        FLAG_OPTION("text", AT(text), "replace the URLs in plain text, too"),
        TEXT_OPTION("pixel", AT(pixel), "URL",
                    "put an invisible image at the end of the HTML"),
        TEXT_OPTION("unsubscribe", AT(unsubscribe), "URL",
                    "what each " REWRITE_UNSUBSCRIBE_TAG " in the text becomes"),
        TEXT_OPTION("unsubscribe-tag", AT(unsubscribe_tag), "TAG",
                    "the tag that stands for it instead of " REWRITE_UNSUBSCRIBE_TAG),
        TEXT_OPTION("footer-html", AT(footer_html), "FILE",
                    "HTML to put at the end where there is no such tag"),
        TEXT_OPTION("footer-text", AT(footer_text), "FILE", "the same for plain text"),
        LIST_OPTION("exclude-host", AT(exclude_host), "NAME",
                    "leave links to this host and its subdomains alone (repeatable)"),
        LIST_OPTION("set-header", AT(set_header), "NAME:VALUE",
                    "set a header field, in place of those of that name (repeatable)"),
        LIST_OPTION("remove-header", AT(remove_header), "NAME",
                    "remove the header fields of that name (repeatable)"),
        FLAG_OPTION("crlf", AT(crlf), "end every line with CRLF, as mail is sent"),
        LIMIT_ROWS,
};

enum { FOOTER_BYTES_MAX = 64 * 1024 };

static bool read_letter(struct cli *cli, struct letter *letter, struct err *err)
{
	const struct options *o = cli->options;
	struct letter_limits limits = LETTER_LIMITS_DEFAULT;
	struct str bytes;

	limits.bytes_max = 2UL * INPUT_BYTES_MAX; /* bounded when it is read */
	if (o->max_parts)
		limits.parts_max = (size_t)o->max_parts;
	if (o->max_depth)
		limits.depth_max = (size_t)o->max_depth;
	if (!cli_input(cli, o->max_bytes, &bytes, err))
		return false;
	if (o->crlf)
		bytes = line_ends_normalize(cli->a, bytes);
	return letter_parse(cli->a, bytes, &limits, letter, err);
}

static struct links_out rows_of(struct arena *a, const struct rewrite_report *report)
{
	struct links_out rows = {0};

	for (size_t i = 0; i < report->parts.n; i++) {
		const struct rewrite_part *p = &report->parts.v[i];

		for (size_t k = 0; k < p->links.n; k++) {
			const struct link *l = &p->links.v[k];
			bool is_trackable = l->why == LINK_TRACKABLE;

			*ARRAY_ADD(&rows, a) = (struct links_out_row){
			        .link = l,
			        .part = p->part->id,
			        .is_trackable = is_trackable && !p->skip,
			        .why = is_trackable && p->skip
			                       ? rewrite_skip_word(p->skip)
			                       : link_reason_word(l->why),
			};
		}
	}
	return rows;
}

/* What cannot be looked into is said, once a part. */
static void print_skipped(const struct rewrite_report *report)
{
	for (size_t i = 0; i < report->parts.n; i++) {
		const struct rewrite_part *p = &report->parts.v[i];

		if (p->skip == REWRITE_ENCODING || p->skip == REWRITE_CHARSET)
			printf("part %.*s is left alone: %s\n", STR_ARG(p->part->id),
			       rewrite_skip_phrase(p->skip));
	}
}

static bool run_links(struct cli *cli, struct err *err)
{
	const struct options *o = cli->options;
	struct rewrite_report report;
	struct links_out rows;
	struct letter letter;

	if (!read_letter(cli, &letter, err) ||
	    !letter_links(cli->a, &letter, NULL, &report, err))
		return false;
	rows = rows_of(cli->a, &report);
	if (o->common.json) {
		links_out_json(&rows);
		return true;
	}
	links_out_text(&rows);
	print_skipped(&report);
	return true;
}

struct prefixer {
	struct arena *a;
	struct str prefix;
};

static bool add_prefix(void *arg, const struct rewrite_link *what, struct str *target)
{
	const struct prefixer *p = arg;

	*target =
	        arena_join(p->a, p->prefix, base64url_encode(p->a, what->link->value));
	return true;
}

static bool read_footer(struct cli *cli, struct str path, struct str *out,
                        struct err *err)
{
	return !path.n ||
	       file_read(cli->a, arena_cstr(cli->a, path), FOOTER_BYTES_MAX, out, err);
}

/* The hosts as links are compared with them. */
static bool read_hosts(struct cli *cli, struct link_rules *rules, struct err *err)
{
	const struct options *o = cli->options;
	struct str *names = ARENA_ARRAY(cli->a, struct str, o->exclude_host.n + 1);

	for (size_t i = 0; i < o->exclude_host.n; i++)
		if (!answer_read_name(cli->a, "exclude-host", o->exclude_host.v[i],
		                      &names[i], err))
			return false;
	rules->excluded_hosts = names;
	rules->excluded_host_count = o->exclude_host.n;
	return true;
}

struct changes {
	struct header_change *v;
	size_t n, cap;
};

static bool add_changes(struct cli *cli, struct changes *changes, struct err *err)
{
	const struct options *o = cli->options;

	for (size_t i = 0; i < o->set_header.n; i++) {
		struct str value = o->set_header.v[i];
		struct str name;

		if (str_find_char(value, ':') < 0 || !str_cut(&value, ':', &name))
			return err_set(err, ERR_USAGE,
			               "--set-header: \"%.*s\" is not NAME:VALUE",
			               STR_ARG(value));
		*ARRAY_ADD(changes, cli->a) =
		        (struct header_change){HEADER_SET, str_trim(name), value};
	}
	for (size_t i = 0; i < o->remove_header.n; i++)
		*ARRAY_ADD(changes, cli->a) = (struct header_change){
		        HEADER_REMOVE, o->remove_header.v[i], STR_NONE};
	for (size_t i = 0; i < changes->n; i++)
		for (size_t k = 0; k < i; k++)
			if (str_eq_nocase(changes->v[i].name, changes->v[k].name))
				return err_set(err, ERR_USAGE,
				               "%.*s is to be changed twice",
				               STR_ARG(changes->v[i].name));
	return true;
}

static bool is_asked_for_anything(const struct options *o)
{
	return o->prefix.n || o->pixel.n || o->unsubscribe.n || o->footer_html.n ||
	       o->footer_text.n || o->set_header.n || o->remove_header.n || o->crlf;
}

static bool run_rewrite(struct cli *cli, struct err *err)
{
	const struct options *o = cli->options;
	struct prefixer prefixer = {cli->a, o->prefix};
	struct link_rules rules = {
	        .tracked_prefixes = &o->prefix,
	        .tracked_prefix_count = o->prefix.n > 0,
	};
	struct rewrite_options options = {
	        .map = o->prefix.n ? add_prefix : NULL,
	        .arg = &prefixer,
	        .rules = &rules,
	        .text = o->text,
	        .pixel = o->pixel,
	        .unsubscribe = o->unsubscribe,
	        .unsubscribe_tag = o->unsubscribe_tag,
	};
	struct changes changes = {0};
	struct rewrite_report report;
	struct edits edits = {0};
	struct letter letter;
	struct iov out = {0};

	if (!is_asked_for_anything(o))
		return err_set(err, ERR_USAGE, "--prefix URL is missing");
	if (!cli_check_url("prefix", o->prefix, err) ||
	    !cli_check_url("pixel", o->pixel, err) ||
	    !cli_check_url("unsubscribe", o->unsubscribe, err) ||
	    !read_hosts(cli, &rules, err) || !add_changes(cli, &changes, err) ||
	    !read_footer(cli, o->footer_html, &options.footer_html, err) ||
	    !read_footer(cli, o->footer_text, &options.footer_text, err) ||
	    !read_letter(cli, &letter, err))
		return false;
	options.changes = changes.v;
	options.change_count = changes.n;
	if (!letter_rewrite(cli->a, &letter, &options, &edits, &report, err))
		return false;
	edits_apply(cli->a, &edits, letter.bytes, &out);
	return cli_print_iov(&out, err);
}

const struct command cmd_mail_links = {
        .name = "mail links",
        .arguments = "",
        .summary = "list the links of a message, and which may be tracked",
        .description =
                "Reads a message from standard input and lists the links of its text "
                "parts, HTML and plain: the part's number, where the link stands in "
                "the decoded part, whether it may be tracked or why not, and the "
                "target.\n\n"
                "Parts that must not be changed are listed with the reason: signed and "
                "encrypted ones, attachments, enclosed messages.",
        .options = links_options,
        .option_count = LEN(links_options),
        .options_size = sizeof(struct options),
        .run = run_links,
};

const struct command cmd_mail_rewrite = {
        .name = "mail rewrite",
        .arguments = "",
        .summary = "replace the trackable links of a message",
        .description =
                "Reads a message from standard input and writes it with each trackable "
                "target replaced by the URL of --prefix and the target in base64url; "
                "without --prefix links stay. Each part keeps its transfer encoding "
                "and its header; signed and encrypted parts, attachments and enclosed "
                "messages are never touched, nor is any byte that need not change.\n\n"
                "A link that would make a line of a 7bit part longer than 998 "
                "characters, where no line break helps, stays as it is.",
        .options = rewrite_options,
        .option_count = LEN(rewrite_options),
        .options_size = sizeof(struct options),
        .run = run_rewrite,
};
