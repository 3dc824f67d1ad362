#include "cli/common.h"

#include "cli/command.h"

#define AT(field) offsetof(struct cli_common, field)

static const struct option common_rows[] = {
        FLAG_OPTION("json", AT(json), "print one JSON value on one line"),
        NUMBER_OPTION("now", AT(now_s), "EPOCH", 0, 253402300799,
                      "the time to judge by, in seconds since 1970"),
        FLAG_OPTION("help", AT(help), "print this help"),
};

static const struct option dns_rows[] = {
        LIST_OPTION("dns", AT(dns), "ADDR[:PORT]",
                    "send every DNS question to this server (repeatable)"),
        TEXT_OPTION("root-hints", AT(root_hints), "FILE",
                    "resolve from the root servers of this file"),
        TEXT_OPTION("trust-anchor", AT(trust_anchor), "FILE",
                    "validate DNSSEC from the anchors of this file"),
        NUMBER_OPTION("dns-timeout-ms", AT(dns_timeout_ms), "N", 1, 600000,
                      "how long one DNS question may take"),
};

static const struct option server_rows[] = {
        TEXT_OPTION("server", AT(server), "URL",
                    "the server; else $SIGNET_URL, else that of admin.json"),
        TEXT_OPTION("key", AT(key), "KEY",
                    "the key of the API; else $SIGNET_KEY, else that of admin.json"),
        TEXT_OPTION("account", AT(account), "ID",
                    "act on this account, with an operator's key"),
        TEXT_OPTION("ca", AT(ca), "FILE",
                    "trust the certificates of this file; else $SIGNET_CA"),
};

const struct option_table cli_common_options = {common_rows, LEN(common_rows)};
const struct option_table cli_dns_options = {dns_rows, LEN(dns_rows)};
const struct option_table cli_server_options = {server_rows, LEN(server_rows)};
