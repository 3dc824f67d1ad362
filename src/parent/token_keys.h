/*
 * The file of the keys that seal tracked links. The parent makes it at the first start,
 * reads it, and hands its text to edge and gate; what the text means is theirs
 * (track/token_keys.h), but for its form, a line a key:
 *
 *	signet-token-key ID BASE64 CREATED
 *
 * with ID from 0 to 255, 64 bytes in base64, and the time in ms UTC. Links live as long
 * as this file: it belongs into every backup.
 */
#pragma once

#include "base/err.h"
#include "crypto/secret.h"

enum { TOKEN_KEYS_TEXT_MAX = 8192 };

/* Reads the file, or makes it, mode 0600, with one key. */
NODISCARD bool token_keys_open(const char *path, struct secret *text, struct err *err);
/* Reads it; it must be there. */
NODISCARD bool token_keys_read(const char *path, struct secret *text, struct err *err);
