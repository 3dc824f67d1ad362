/* `signet token seal|open|rotate`: tokens of tracked links, and the file of their keys.
 * No server is needed. */
#include "cli/commands.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/json.h"
#include "base/random.h"
#include "track/token.h"
#include "track/token_keys.h"

#include <errno.h>
#include <unistd.h>

struct token_options {
	struct cli_common common;
	struct str keys, host, kind, message;
	int64_t tenant, link;
	bool once;
};

#define AT(field) offsetof(struct token_options, field)

static bool read_keys(struct cli *cli, struct token_keys *keys, struct err *err)
{
	const struct token_options *o = cli->options;
	struct str text;

	if (o->keys.n == 0)
		return err_set(err, ERR_USAGE, "--token-keys FILE is missing");
	if (!file_read(cli->a, arena_cstr(cli->a, o->keys), TOKEN_KEYS_TEXT_MAX, &text,
	               err))
		return false;
	return token_keys_parse(text, keys, err) ||
	       err_add(err, "%.*s", STR_ARG(o->keys));
}

static bool canonical_host(struct cli *cli, struct str given, struct str *out,
                           struct err *err)
{
	char *name = arena_bytes(cli->a, TOKEN_HOST_MAX);

	*out = token_host(given, name);
	return out->n > 0 || err_set(err, ERR_USAGE, "--host HOST is missing");
}

/* The 64 bits that name a message: "new" makes one. */
static bool read_message(struct cli *cli, uint64_t *out, struct err *err)
{
	const struct token_options *o = cli->options;

	if (o->message.n == 0 || str_eq(o->message, STR("new"))) {
		*out = token_message(cli->now, random_below(UINT32_MAX));
		return true;
	}
	return str_parse_uint(o->message, UINT64_MAX, out) ||
	       err_set(err, ERR_USAGE, "--message: \"%.*s\" is no number",
	               STR_ARG(o->message));
}

static bool describe(struct cli *cli, struct token *token, struct err *err)
{
	const struct token_options *o = cli->options;

	token->kind = TOKEN_CLICK;
	if (o->kind.n && !token_kind_parse(o->kind, &token->kind))
		return err_set(err, ERR_USAGE,
		               "--kind: \"%.*s\" is none of click, open, unsubscribe",
		               STR_ARG(o->kind));
	token->tenant = (uint64_t)o->tenant;
	token->link = (uint64_t)o->link;
	token->is_once = o->once;
	token->text = cli->arguments.n ? cli->arguments.v[0] : STR_NONE;
	return read_message(cli, &token->message, err);
}

static void print_sealed(struct cli *cli, const struct token *token, struct str host,
                         struct str text)
{
	const struct token_options *o = cli->options;
	struct str url = arena_printf(cli->a, "https://%.*s/%s/%.*s%s", STR_ARG(host),
	                              token_kind_name(token->kind), STR_ARG(text),
	                              token->kind == TOKEN_OPEN ? ".png" : "");
	json_t *j;

	if (!o->common.json) {
		printf("%.*s\n%.*s\n", STR_ARG(text), STR_ARG(url));
		return;
	}
	j = json_object();
	json_object_set_new(j, "token", json_text(text));
	json_object_set_new(j, "url", json_text(url));
	json_object_set_new(
	        j, "message",
	        json_text(arena_printf(cli->a, "%llu",
	                               (unsigned long long)token->message)));
	cli_print_json(j);
}

static bool run_seal(struct cli *cli, struct err *err)
{
	const struct token_options *o = cli->options;
	AUTO(token_keys) keys = {0};
	AUTO(buf) out = {.max = TOKEN_CHARS_MAX + 4};
	struct token token = {0};
	struct tokens *tokens;
	struct str host;
	bool ok;

	if (!describe(cli, &token, err) || !read_keys(cli, &keys, err) ||
	    !canonical_host(cli, o->host, &host, err))
		return false;
	tokens = tokens_new(&keys);
	ok = token_seal(tokens, &token, host, &out, err);
	tokens_free(tokens);
	if (ok)
		print_sealed(cli, &token, host, buf_str(&out));
	return ok;
}

/* What was given: a token, or a URL that ends with one and names its host. */
static bool take_apart(struct cli *cli, struct str *host, struct str *text,
                       struct err *err)
{
	const struct token_options *o = cli->options;
	struct str given = str_trim(cli->arguments.v[0]);
	struct str rest = given;
	ptrdiff_t at = str_find(given, STR("://"));
	struct str part;

	*host = o->host;
	if (at >= 0) {
		rest = str_from(given, (size_t)at + 3);
		(void)!str_cut(&rest, '/', &part);
		if (host->n == 0)
			*host = part;
	}
	*text = rest;
	while (str_cut(&rest, '/', &part))
		*text = part;
	for (size_t i = 0; i < text->n; i++)
		if (text->p[i] == '?' || text->p[i] == '#')
			text->n = i;
	if (str_ends(*text, STR(".png")))
		text->n -= 4;
	return canonical_host(cli, *host, host, err);
}

static void print_opened(struct cli *cli, const struct token *t, struct str host)
{
	const struct token_options *o = cli->options;
	struct str message =
	        arena_printf(cli->a, "%llu", (unsigned long long)t->message);
	struct str sent = clock_format(cli->a, token_message_at(t->message));
	const char *text_name =
	        t->kind == TOKEN_UNSUBSCRIBE ? "address" : "destination";
	json_t *j;

	if (!o->common.json) {
		printf("kind         %s\nhost         %.*s\ntenant       %llu\n"
		       "message      %.*s\nsent         %.*s\nlink         %llu\n"
		       "once         %s\n",
		       token_kind_name(t->kind), STR_ARG(host),
		       (unsigned long long)t->tenant, STR_ARG(message), STR_ARG(sent),
		       (unsigned long long)t->link, t->is_once ? "yes" : "no");
		if (t->text.n)
			printf("%-12s %.*s\n", text_name, STR_ARG(t->text));
		return;
	}
	j = json_object();
	json_object_set_new(j, "kind", json_string(token_kind_name(t->kind)));
	json_object_set_new(j, "host", json_text(host));
	json_object_set_new(j, "tenant", json_integer((json_int_t)t->tenant));
	json_object_set_new(j, "message", json_text(message));
	json_object_set_new(j, "sent_at", json_text(sent));
	json_object_set_new(j, "link", json_integer((json_int_t)t->link));
	json_object_set_new(j, "once", json_boolean(t->is_once));
	json_object_set_new(j, text_name, json_text_or_null(t->text));
	cli_print_json(j);
}

static bool run_open(struct cli *cli, struct err *err)
{
	AUTO(token_keys) keys = {0};
	char *scratch = arena_bytes(cli->a, TOKEN_SCRATCH);
	enum token_result result;
	struct str host, text;
	struct tokens *tokens;
	struct token token;

	if (!read_keys(cli, &keys, err) || !take_apart(cli, &host, &text, err))
		return false;
	tokens = tokens_new(&keys);
	result = token_open(tokens, host, text, scratch, &token);
	tokens_free(tokens);
	if (result != TOKEN_OK)
		return err_set(err, ERR_INPUT, "%s (%s)", token_result_text(result),
		               token_result_name(result));
	print_opened(cli, &token, host);
	return true;
}

static bool run_rotate(struct cli *cli, struct err *err)
{
	const struct token_options *o = cli->options;
	const char *path = arena_cstr(cli->a, o->keys);
	AUTO(token_keys) keys = {0};
	AUTO(secret) text = {0};
	json_t *j;

	if (o->keys.n == 0)
		return err_set(err, ERR_USAGE, "--token-keys FILE is missing");
	/* A file that is not there is the first of an installation. */
	if ((access(path, F_OK) == 0 || errno != ENOENT) && !read_keys(cli, &keys, err))
		return false;
	if (!token_keys_add(&keys, cli->now, err))
		return false;
	token_keys_format(&keys, &text);
	if (!file_write(path, secret_str(&text), 0600, err))
		return false;
	if (!o->common.json) {
		printf("Key %u seals from now on; %zu open. A running server reads the "
		       "file on SIGHUP.\n",
		       keys.v[keys.n - 1].id, keys.n);
		return true;
	}
	j = json_object();
	json_object_set_new(j, "id", json_integer(keys.v[keys.n - 1].id));
	json_object_set_new(j, "keys", json_integer((json_int_t)keys.n));
	cli_print_json(j);
	return true;
}

#define KEYS_ROW                                                                       \
	TEXT_OPTION("token-keys", AT(keys), "FILE",                                    \
	            "the keys of tokens, as token.keys in data_dir of a server")

static const struct option seal_rows[] = {
        KEYS_ROW,
        TEXT_OPTION("host", AT(host), "HOST", "the name it works under, no other"),
        TEXT_OPTION("kind", AT(kind), "click|open|unsubscribe",
                    "what it does; click where not given"),
        NUMBER_OPTION("tenant", AT(tenant), "N", 0, INT64_MAX,
                      "the number of the account; 0 where not given"),
        TEXT_OPTION("message", AT(message), "N|new",
                    "the number of the message; a new one where not given"),
        NUMBER_OPTION("link", AT(link), "N", 0, INT64_MAX,
                      "which link of the message; 0 where not given"),
        FLAG_OPTION("once", AT(once),
                    "ask on a page before following it where a machine seems to"),
};

static const struct option open_rows[] = {
        KEYS_ROW,
        TEXT_OPTION("host", AT(host), "HOST",
                    "the name it was asked for under; that of a URL is known"),
};

static const struct option rotate_rows[] = {KEYS_ROW};

const struct command cmd_token_seal = {
        .name = "token seal",
        .arguments = "[DESTINATION|ADDRESS]",
        .summary = "make the token of a tracked link",
        .description =
                "Makes the token that stands in a tracked link and prints it, then the "
                "whole URL. A click needs its destination, an unsubscription the "
                "recipient's address, an open neither. Nothing is stored: what the "
                "link does is in the token.",
        .options = seal_rows,
        .option_count = LEN(seal_rows),
        .options_size = sizeof(struct token_options),
        .arguments_max = 1,
        .run = run_seal,
};

const struct command cmd_token_open = {
        .name = "token open",
        .arguments = "TOKEN|URL",
        .summary = "say what is in a tracked link",
        .description =
                "Opens the token of a tracked link and prints what is in it. One that "
                "was changed, is of another host or of a key that is not in the file "
                "does not open: the exit status is 65.",
        .options = open_rows,
        .option_count = LEN(open_rows),
        .options_size = sizeof(struct token_options),
        .arguments_min = 1,
        .arguments_max = 1,
        .run = run_open,
};

const struct command cmd_token_rotate = {
        .name = "token rotate",
        .arguments = "",
        .summary = "add a new key of tokens to the file",
        .description =
                "Adds a new key at the end of the file, which seals from then on; the "
                "older ones go on opening the links that they sealed. Where several "
                "machines share the file, give it to all of them before any of them "
                "reads it again. A file that does not exist is made.",
        .options = rotate_rows,
        .option_count = LEN(rotate_rows),
        .options_size = sizeof(struct token_options),
        .run = run_rotate,
};
