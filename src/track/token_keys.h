/*
 * The keys of tokens, and the file they are kept in: a line a key, oldest first.
 *
 *	signet-token-key 7 BASE64-OF-64-BYTES 2026-11-27T09:00:00Z
 *
 * The last line seals; all open. So a new key is spread in two steps where there are
 * several machines: as any line but the last, to all of them, and then moved to the end.
 * A line that is removed kills every link that was sealed by its key. Blank lines and
 * lines that begin with # are ignored.
 *
 *	AUTO(token_keys) keys = {0};
 *	if (!token_keys_parse(text, &keys, &err)) …
 */
#pragma once

#include "base/err.h"
#include "crypto/secret.h"

enum { TOKEN_KEYS_MAX = 32, TOKEN_KEY_BYTES = 64, TOKEN_KEYS_TEXT_MAX = 16 * 1024 };

struct token_keys {
	struct token_key {
		uint8_t id;
		int64_t created_at;
	} v[TOKEN_KEYS_MAX];
	size_t n;
	struct secret bytes; /* TOKEN_KEYS_MAX × TOKEN_KEY_BYTES, the i-th for v[i] */
};

/* No key is an error, as are two of one id. The error says the line. */
NODISCARD bool token_keys_parse(struct str text, struct token_keys *out,
                                struct err *err);
/* The text of the file. */
void token_keys_format(const struct token_keys *keys, struct secret *out);
/* Adds a new key at the end, which seals from now on. Fails where there is no room: then
 * a line must be removed by hand, by who knows that its links need not work. */
NODISCARD bool token_keys_add(struct token_keys *keys, int64_t now, struct err *err);
/* The 64 bytes of the i-th. */
const uint8_t *token_keys_bytes(const struct token_keys *keys, size_t i);
void token_keys_done(struct token_keys *keys);
