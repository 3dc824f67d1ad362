/* The parts of `signet check`: options, the single check, --watch and --bulk. */
#pragma once

#include "diagnose/check_job.h"
#include "cli/command.h"

struct check_options {
	struct cli_common common;
	struct str profile, settings, servers, zone, bulk;
	struct option_list set, selectors, resolvers, retired_keys;
	bool watch;
	int64_t interval_s, concurrency; /* 0: the default */
};

/* Runs a job that has begun to its end. ERR_UNAVAILABLE where the servers of --dns
 * cannot be reached at all. */
NODISCARD bool check_finish(struct cli *cli, struct check_job *job, struct err *err);

/* --watch: checks until the domain is verified, progress on standard error, then prints
 * the verdict. */
NODISCARD bool check_watch(struct cli *cli, const struct check_options *o,
                           const struct check_setup *setup, struct err *err);
/* --bulk: many domains at a time, NDJSON on standard output, progress on standard
 * error. */
NODISCARD bool check_bulk(struct cli *cli, const struct check_options *o,
                          const struct check_setup *setup, struct err *err);
