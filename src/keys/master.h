/*
 * The master key: read, or made at the first start, and proved to be the one that sealed
 * what is there (master.check in the folder of the keys).
 */
#pragma once

#include "base/err.h"
#include "crypto/secret.h"

/*
 * `keys` is the open folder that holds the check; has_keys says whether sealed keys are
 * there already, in which case nothing is made. A new file is 0600 and belongs to uid and
 * gid (-1: who runs it).
 */
NODISCARD bool master_open(struct secret *master, int keys, const char *path,
                           bool has_keys, int64_t uid, int64_t gid, struct err *err);
