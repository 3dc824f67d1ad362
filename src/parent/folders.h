/*
 * The folders of data_dir that roles share, made before they start and given to those who
 * write in them:
 *
 *	journal/			root's, to be passed through
 *	journal/edge-N/			written by edge N, read by core
 *	acme/				written by acme alone but for
 *	acme/challenges/		written by core and acme, read by the edges
 *
 * Where each role runs as a user of its own, the group of what is read across is core's:
 * the users have one group in common (contrib/sysusers.conf).
 */
#pragma once

#include "base/err.h"

#include <stdint.h>

/* -1: as they are. */
struct folders_owners {
	int64_t core_uid, core_gid, edge_uid, edge_gid, acme_uid, acme_gid;
};

NODISCARD bool folders_make(const char *data_dir, unsigned edges,
                            const struct folders_owners *owners, struct err *err);
