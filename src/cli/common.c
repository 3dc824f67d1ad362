#include "cli/common.h"

#include "cli/command.h"

static const struct option common_rows[] = {
        {"json", OPTION_FLAG,   offsetof(struct cli_common, json),  NULL,
         "print one JSON value on one line",            0, 0           },
        {"now",  OPTION_NUMBER, offsetof(struct cli_common, now_s), "EPOCH",
         "the time to judge by, in seconds since 1970", 0, 253402300799},
        {"help", OPTION_FLAG,   offsetof(struct cli_common, help),  NULL,
         "print this help",                             0, 0           },
};

static const struct option dns_rows[] = {
        {"dns",            OPTION_LIST,   offsetof(struct cli_common, dns),            "ADDR[:PORT]",
         "send every DNS question to this server (repeatable)",                                                                             0, 0     },
        {"root-hints",     OPTION_TEXT,   offsetof(struct cli_common, root_hints),     "FILE",
         "resolve from the root servers of this file",                                                                                      0, 0     },
        {"trust-anchor",   OPTION_TEXT,   offsetof(struct cli_common, trust_anchor),   "FILE",
         "validate DNSSEC from the anchors of this file",                                                                                   0, 0     },
        {"dns-timeout-ms", OPTION_NUMBER, offsetof(struct cli_common, dns_timeout_ms),
         "N",                                                                                         "how long one DNS question may take", 1, 600000},
};

const struct option_table cli_common_options = {common_rows, LEN(common_rows)};
const struct option_table cli_dns_options = {dns_rows, LEN(dns_rows)};
