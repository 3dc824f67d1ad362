/* `signet html tokens`: the tokenizer by itself, in the format of its public tests. */
#include "cli/commands.h"

#include "base/map.h"
#include "cli/input.h"
#include "cli/json_out.h"
#include "mime/html.h"

#include <stdlib.h>

struct options {
	struct cli_common common;
	int64_t max_bytes;
	struct str state, last_start_tag;
};

#define AT(field) offsetof(struct options, field)

static const struct option options[] = {
        TEXT_OPTION("state", AT(state), "STATE",
                    "the state to begin in, as \"RCDATA state\"; else \"Data state\""),
        TEXT_OPTION("last-start-tag", AT(last_start_tag), "NAME",
                    "the start tag that is taken to stand before the input"),
        MAX_BYTES_ROW,
};

static const char *const state_names[] = {
#define X(name, words) [name] = words,
        HTML_STATES(X)
#undef X
};

static bool parse_state(struct str name, enum html_state *out, struct err *err)
{
	for (size_t i = 0; i < LEN(state_names); i++)
		if (str_eq_nocase(name, str_c(state_names[i]))) {
			*out = (enum html_state)i;
			return true;
		}
	return err_set(err, ERR_USAGE,
	               "--state: \"%.*s\" is no state: Data state, RCDATA state, "
	               "RAWTEXT state, Script data state, PLAINTEXT state, "
	               "CDATA section state",
	               STR_ARG(name));
}

/* The array on standard output. The texts that follow each other are one token. */
struct printer {
	struct html *h;
	struct arena a; /* of one token */
	bool has_token, in_text;
};

static struct str decode(struct printer *p, struct html_range range, unsigned decoding)
{
	return html_decode(&p->a, html_str(p->h, range), decoding);
}

static void print_text(struct printer *p)
{
	const struct html_token *t = &p->h->token;

	if (!p->in_text)
		fputs(p->has_token ? ",[\"Character\",\"" : "[\"Character\",\"",
		      stdout);
	p->in_text = p->has_token = true;
	json_out_chars(stdout, decode(p, (struct html_range){t->start, t->end},
	                              html_text_decoding(t->state)));
}

static void end_text(struct printer *p)
{
	if (p->in_text)
		fputs("\"]", stdout);
	p->in_text = false;
}

/* Begins a token that is no text. */
static void begin(struct printer *p, const char *kind)
{
	end_text(p);
	printf("%s[\"%s\"", p->has_token ? "," : "", kind);
	p->has_token = true;
}

static void print_comment(struct printer *p)
{
	begin(p, "Comment");
	putchar(',');
	json_out_string(stdout, decode(p, p->h->token.data, 0));
	putchar(']');
}

static void print_or_null(struct printer *p, bool has, struct html_range range,
                          unsigned decoding)
{
	putchar(',');
	if (has)
		json_out_string(stdout, decode(p, range, decoding));
	else
		fputs("null", stdout);
}

static void print_doctype(struct printer *p)
{
	const struct html_token *t = &p->h->token;

	begin(p, "DOCTYPE");
	print_or_null(p, t->doctype.has_name, t->name, HTML_LOWER);
	print_or_null(p, t->doctype.has_public, t->doctype.public_id, 0);
	print_or_null(p, t->doctype.has_system, t->doctype.system_id, 0);
	fputs(t->doctype.is_quirky ? ",false]" : ",true]", stdout);
}

/* The attributes up to the end of the tag, the first of each name. Values are printed
 * once the tag is known to be one. */
static void print_start_tag(struct printer *p)
{
	struct map attrs = map_init(&p->a);
	struct str name = decode(p, p->h->token.name, HTML_LOWER);
	struct html_attr attr;

	while (html_next_attr(p->h, &attr)) {
		struct str key = decode(p, attr.name, HTML_LOWER);
		struct str *value;

		if (attrs.n && map_find(&attrs, key))
			continue;
		value = ARENA_NEW(&p->a, struct str);
		*value = decode(p, attr.value, HTML_ATTRIBUTE);
		map_set(&attrs, key, value);
	}
	if (!html_end_tag(p->h))
		return;
	begin(p, "StartTag");
	putchar(',');
	json_out_string(stdout, name);
	fputs(",{", stdout);
	for (size_t i = 0; i < attrs.n; i++) {
		const struct str *value = attrs.entries[i].value;

		if (i)
			putchar(',');
		json_out_string(stdout, attrs.entries[i].key);
		putchar(':');
		json_out_string(stdout, *value);
	}
	fputs(p->h->token.is_self_closing ? "},true]" : "}]", stdout);
}

static void print_end_tag(struct printer *p)
{
	struct str name = decode(p, p->h->token.name, HTML_LOWER);

	if (!html_end_tag(p->h))
		return;
	begin(p, "EndTag");
	putchar(',');
	json_out_string(stdout, name);
	putchar(']');
}

static void print_token(struct printer *p)
{
	switch (p->h->token.kind) {
	case HTML_TEXT:
		print_text(p);
		break;
	case HTML_START_TAG:
		print_start_tag(p);
		break;
	case HTML_END_TAG:
		print_end_tag(p);
		break;
	case HTML_COMMENT:
		print_comment(p);
		break;
	case HTML_DOCTYPE:
		print_doctype(p);
		break;
	}
	arena_reset(&p->a);
}

static bool run_tokens(struct cli *cli, struct err *err)
{
	const struct options *o = cli->options;
	struct html h = {0};
	struct printer p = {.h = &h};
	struct str html;

	if (o->state.n && !parse_state(o->state, &h.state, err))
		return false;
	if (!cli_input(cli, o->max_bytes, &html, err))
		return false;
	h.text = html;
	h.last_start_tag = o->last_start_tag;
	putchar('[');
	while (html_next(&h))
		print_token(&p);
	end_text(&p);
	puts("]");
	arena_done(&p.a);
	return true;
}

const struct command cmd_html_tokens = {
        .name = "html tokens",
        .arguments = "",
        .summary = "show the tokens of an HTML document",
        .description =
                "Reads HTML from standard input and prints its tokens as a JSON array "
                "in the format of the html5lib tokenizer tests, with or "
                "without --json. Start tags do not change the state of the "
                "tokenizer, as in these tests: what is in a script element "
                "is read as data unless --state says otherwise.",
        .options = options,
        .option_count = LEN(options),
        .options_size = sizeof(struct options),
        .run = run_tokens,
};
