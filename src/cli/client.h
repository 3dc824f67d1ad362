/*
 * The command line as a client of the API: `signet domain`, `sender`, `key` and the rest.
 *
 * Where the server is and which key opens it, first found wins, each on its own:
 *
 *	--server URL, --key KEY		of the command
 *	$SIGNET_URL, $SIGNET_KEY
 *	$SIGNET_DATA_DIR/admin.json	what the first start of a server writes there;
 *					/var/lib/signet where the variable is not set
 *
 * The key of admin.json goes to the server of that file and to no other.
 *
 *	AUTO_JSON json_t *domain = NULL;
 *
 *	if (!client_call(cli, "GET", client_path(cli, "domains", name, NULL), NULL,
 *	                 &domain, err))
 *		return false;
 *
 * A problem document (RFC 9457) becomes one line, "name: is a public suffix (422
 * domain_is_public_suffix)", and an exit status: what the server finds wrong with the
 * input is ERR_INPUT, what it does not allow or know ERR_USAGE, what it cannot do now
 * ERR_UNAVAILABLE.
 */
#pragma once

#include "base/json.h"
#include "cli/command.h"

/* "/v1/domains/acme.example/verify": each part escaped, the last one NULL. */
struct str client_path(struct cli *cli, const char *first, ...)
        __attribute__((sentinel));
/* The path with `name=value` behind it, escaped; an empty value adds nothing. */
struct str client_query(struct cli *cli, struct str path, const char *name,
                        struct str value);

/* Calls the API and reads its JSON; `body` may be NULL and is dropped. Without content
 * (204) *out is NULL. */
NODISCARD bool client_call(struct cli *cli, const char *method, struct str path,
                           json_t *body, json_t **out, struct err *err);
/* POST /v1/sessions, the one call that needs no key; drops the body. */
NODISCARD bool client_sign_in(struct cli *cli, json_t *body, json_t **out,
                              struct err *err);
/* An answer that is text: zone files, tables. */
NODISCARD bool client_text(struct cli *cli, struct str path, struct str *out,
                           struct err *err);
/* A list, page after page, to at most `limit` rows: {"data":[…],"next_cursor":…}, the
 * cursor being null where there are no more. */
NODISCARD bool client_list(struct cli *cli, struct str path, int64_t limit,
                           json_t **out, struct err *err);

/* What a problem document says, as an error; `retry_after_s` 0 where it does not say. */
bool client_problem(int status, const json_t *problem, int64_t retry_after_s,
                    struct err *err);

/* One column: its head and the path of the member, "provider.name". */
struct client_column {
	const char *head, *member;
};

/* A value for people: text as it is, yes and no, "-" for nothing, lists with commas. */
struct str client_value(struct arena *a, const json_t *object, const char *member);
/* The rows of a list, aligned, under a line of heads. */
void client_table(const json_t *list, const struct client_column *columns, size_t n);

/* Prints what a command has got: the JSON with --json, else by the columns one below the
 * other. Drops nothing. */
void client_print(struct cli *cli, json_t *object, const struct client_column *columns,
                  size_t n);
/* The whole of a command that lists: client_list, then the JSON or the table. */
NODISCARD bool client_run_list(struct cli *cli, struct str path, int64_t limit,
                               const struct client_column *columns, size_t n,
                               struct err *err);

/* The whole of a command that removes: silent, and null with --json. */
NODISCARD bool client_remove(struct cli *cli, struct str path, struct err *err);
/* An array of the texts. */
json_t *client_words(const struct option_list *list);

enum { CLIENT_LIMIT = 1000, CLIENT_LIMIT_MAX = 1000000 };

/* A row for a struct with an int64_t limit. */
#define CLIENT_LIMIT_ROW(at)                                                           \
	NUMBER_OPTION("limit", at, "N", 1, CLIENT_LIMIT_MAX,                           \
	              "list no more than this; 1000 where not given")
