/* `signet certificate list|show|upload|renew|rm`: the certificates of tracking domains. */
#include "cli/commands.h"

#include "base/file.h"
#include "cli/client.h"
#include "crypto/certificate.h"

struct certificate_options {
	struct cli_common common;
	struct str state, chain, key;
	int64_t limit;
};

#define AT(field) offsetof(struct certificate_options, field)

static const struct client_column list_columns[] = {
        {"ID",     "tracking_domain_id"},
        {"HOST",   "name"              },
        {"STATE",  "state"             },
        {"ISSUER", "issuer"            },
        {"UNTIL",  "not_after"         },
        {"DAYS",   "days_left"         },
        {"ERROR",  "error"             },
};

static const struct client_column columns[] = {
        {"ID",       "tracking_domain_id"},
        {"HOST",     "name"              },
        {"STATE",    "state"             },
        {"SOURCE",   "source"            },
        {"ISSUER",   "issuer"            },
        {"SERIAL",   "serial"            },
        {"FROM",     "not_before"        },
        {"UNTIL",    "not_after"         },
        {"DAYS",     "days_left"         },
        {"ORDERED",  "ordered_at"        },
        {"ATTEMPTS", "attempts"          },
        {"ERROR",    "error"             },
        {"MESSAGE",  "message"           },
        {"FIX",      "fix"               },
        {"NEXT",     "next_at"           },
};

static struct str path_of(struct cli *cli, const char *what)
{
	return client_path(cli, "tracking-domains", cli->arguments.v[0].p,
	                   "certificate", what, NULL);
}

static bool run_list(struct cli *cli, struct err *err)
{
	const struct certificate_options *o = cli->options;
	struct str path = client_query(cli, client_path(cli, "certificates", NULL),
	                               "state", o->state);

	return client_run_list(cli, path, o->limit, list_columns, LEN(list_columns),
	                       err);
}

static bool call_and_print(struct cli *cli, const char *method, struct str path,
                           json_t *body, struct err *err)
{
	AUTO_JSON json_t *certificate = NULL;

	if (!client_call(cli, method, path, body, &certificate, err))
		return false;
	client_print(cli, certificate, columns, LEN(columns));
	return true;
}

static bool run_show(struct cli *cli, struct err *err)
{
	return call_and_print(cli, "GET", path_of(cli, NULL), NULL, err);
}

static bool run_renew(struct cli *cli, struct err *err)
{
	return call_and_print(cli, "POST", path_of(cli, "renew"), NULL, err);
}

static bool run_upload(struct cli *cli, struct err *err)
{
	const struct certificate_options *o = cli->options;
	struct str chain, key;

	if (!o->chain.n || !o->key.n)
		return err_set(err, ERR_USAGE,
		               "--chain and --key: both files are needed");
	if (!file_read(cli->a, arena_cstr(cli->a, o->chain), CHAIN_TEXT_MAX, &chain,
	               err) ||
	    !file_read(cli->a, arena_cstr(cli->a, o->key), TLS_KEY_TEXT_MAX, &key, err))
		return false;
	return call_and_print(cli, "PUT", path_of(cli, NULL),
	                      json_pack("{s:o, s:o}", "chain", json_text(chain), "key",
	                                json_text(key)),
	                      err);
}

static bool run_rm(struct cli *cli, struct err *err)
{
	return client_remove(cli, path_of(cli, NULL), err);
}

static const struct option list_rows[] = {
        TEXT_OPTION("state", AT(state), "STATE",
                    "only those that are none, checking, issuing, valid, renewing or "
                    "failed"),
        CLIENT_LIMIT_ROW(AT(limit)),
};

static const struct option upload_rows[] = {
        TEXT_OPTION("chain", AT(chain), "FILE",
                    "the certificate and those between it and the authority, PEM"),
        TEXT_OPTION("key", AT(key), "FILE", "its private key, PEM"),
};

const struct command cmd_certificate_list = {
        .name = "certificate list",
        .arguments = "",
        .summary = "list the certificates of tracking domains",
        .description = "Lists the certificates of the account's tracking domains.",
        .options = list_rows,
        .option_count = LEN(list_rows),
        .options_size = sizeof(struct certificate_options),
        .uses_server = true,
        .run = run_list,
};

const struct command cmd_certificate_show = {
        .name = "certificate show",
        .arguments = "ID",
        .summary = "show how far a certificate is",
        .description = "Shows the certificate of a tracking domain, by its id (trk_5): "
                       "its state, until when it is valid, why there is none and what "
                       "to do about that.",
        .options_size = sizeof(struct cli_common),
        .uses_server = true,
        .arguments_min = 1,
        .arguments_max = 1,
        .run = run_show,
};

const struct command cmd_certificate_upload = {
        .name = "certificate upload",
        .arguments = "ID",
        .summary = "use a certificate of your own",
        .description = "Puts a certificate and its key into use for a tracking domain "
                       "(trk_5). It is left alone until it is about to expire.",
        .options = upload_rows,
        .option_count = LEN(upload_rows),
        .options_size = sizeof(struct certificate_options),
        .uses_server = true,
        .arguments_min = 1,
        .arguments_max = 1,
        .run = run_upload,
};

const struct command cmd_certificate_renew = {
        .name = "certificate renew",
        .arguments = "ID",
        .summary = "order a certificate now",
        .description = "Orders a new certificate for a tracking domain (trk_5) without "
                       "waiting for its time; once in ten minutes.",
        .options_size = sizeof(struct cli_common),
        .uses_server = true,
        .arguments_min = 1,
        .arguments_max = 1,
        .run = run_renew,
};

const struct command cmd_certificate_rm = {
        .name = "certificate rm",
        .arguments = "ID",
        .summary = "revoke a certificate",
        .description = "Has the certificate of a tracking domain (trk_5) revoked and "
                       "forgets its key. A name that leads here gets another one.",
        .options_size = sizeof(struct cli_common),
        .uses_server = true,
        .arguments_min = 1,
        .arguments_max = 1,
        .run = run_rm,
};
