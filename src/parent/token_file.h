/*
 * The file of the keys that seal tracked links (track/token_keys.h). The parent makes it at
 * the first start, reads it and hands its text to edge and gate. Links live as long as this
 * file: it belongs into every backup.
 */
#pragma once

#include "base/err.h"
#include "crypto/secret.h"

/* Reads the file, or makes it, mode 0600, with one key. */
NODISCARD bool token_file_open(const char *path, struct secret *text, struct err *err);
/* Reads it; it must be there, and hold keys. */
NODISCARD bool token_file_read(const char *path, struct secret *text, struct err *err);
