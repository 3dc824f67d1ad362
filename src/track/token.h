/*
 * Tokens: what stands behind /click/, /open/ and /unsubscribe/ in a tracked link. A token
 * holds everything that is needed to act on it, sealed and authenticated, so a link works
 * for as long as its key is kept, whatever becomes of the database; and nobody but who has
 * the key can make one, so no link leads to a place that was not sealed.
 *
 *	struct tokens *t = tokens_new(&keys);
 *	struct token token = {.kind = TOKEN_CLICK, .tenant = 42, .message = m, .link = 3,
 *	                      .text = STR("https://acme.example/")};
 *	if (!token_seal(t, &token, STR("track.acme.example"), &url, &err)) …
 *
 *	char scratch[TOKEN_SCRATCH];
 *	if (token_open(t, host, path_word, scratch, &token) == TOKEN_OK) …
 *
 * A token is base64url (RFC 4648 §5, no padding) of: the id of the key, one byte; the
 * synthetic IV, 16 bytes; the ciphertext. The cipher is AES-256-SIV (RFC 5297: 64-byte
 * key, deterministic, no nonce to get wrong); "signet-token-1" and the host are its
 * associated data, so a token opens under the host it was made for and under no other.
 * The plain text, numbers as LEB128 but for the message, which is eight bytes, big-endian:
 *
 *	flags      bits 0–1 the kind, 2 `once`, 3–7 which beginning was taken off the text
 *	tenant, message, link
 *	text       of a click its destination, of an unsubscription the recipient's address
 *
 * The beginnings are a list (token_text.c) that only grows at its end. The same token,
 * host and key always give the same text. Padding bits of base64 must be zero and numbers
 * be written the short way, so there is no second spelling of a token either.
 *
 * A destination is http or https with a host, at most TOKEN_TEXT_MAX bytes, without blanks
 * at its ends, control characters or a user name (https://bank.example@evil.example/);
 * this is checked when it is sealed and again when it is opened. A link that cannot be
 * sealed is left in the letter as it is.
 *
 * Pure. An object of `struct tokens` is of one thread: its cipher contexts are kept ready.
 */
#pragma once

#include "base/buf.h"
#include "base/err.h"

enum {
	TOKEN_TEXT_MAX = 4096,   /* of a destination */
	TOKEN_ADDRESS_MAX = 320, /* of a recipient */
	TOKEN_HOST_MAX = 255,
	/* Flags, tenant, message and link at their longest, IV and id of the key. */
	TOKEN_OVERHEAD_MAX = 1 + 16 + 1 + 10 + 8 + 10,
	TOKEN_CHARS_MAX = ((TOKEN_TEXT_MAX + TOKEN_OVERHEAD_MAX) * 4 + 2) / 3,
	/* What token_open() needs: the bytes, and what they open to. */
	TOKEN_SCRATCH = 2 * (TOKEN_TEXT_MAX + TOKEN_OVERHEAD_MAX) + 64,
};

/* The numbers are in the tokens. */
enum token_kind { TOKEN_CLICK, TOKEN_OPEN, TOKEN_UNSUBSCRIBE, TOKEN_KIND_COUNT };

/* "click", … */
const char *token_kind_name(enum token_kind kind);
NODISCARD bool token_kind_parse(struct str name, enum token_kind *out);

struct token {
	enum token_kind kind;
	bool is_once; /* a link that must not be used up by a machine: sign-in, reset */
	uint64_t tenant; /* the account's number */
	uint64_t message;
	uint64_t link; /* which of the letter's, from 0 */
	struct str text;
};

/* A message is named by 64 bits: 42 of milliseconds since 2020, then 22 of chance, so that
 * its time can be read off it. `chance` is cut to its bits. */
uint64_t token_message(int64_t at, uint64_t chance);
int64_t token_message_at(uint64_t message);

enum token_result {
	TOKEN_OK,
	TOKEN_MALFORMED,   /* no token: alphabet, length */
	TOKEN_UNKNOWN_KEY, /* of a key that is not here */
	TOKEN_FORGED,      /* changed, cut, or made for another host */
	TOKEN_REFUSED,     /* ours, and yet holds what may not be in one */
};

/* "malformed", …; and a sentence for people. */
const char *token_result_name(enum token_result result);
const char *token_result_text(enum token_result result);

struct token_keys;
struct tokens;

/* Copies the keys, of which there is one at least; the last seals, all open. */
struct tokens *tokens_new(const struct token_keys *keys);
/* NULL is fine. */
void tokens_free(struct tokens *tokens);

/* Why this may not be in a token, or NULL where it may. */
const char *token_refusal(const struct token *token);
/*
 * The form of a host that tokens are bound to: lower case, no port, no final dot. `out` has
 * TOKEN_HOST_MAX bytes. Empty where it is none. Whoever has no canonical name calls this
 * first.
 */
struct str token_host(struct str host, char *out);

/* Adds the token to `out`. `host` is canonical. Fails with what token_refusal() says. */
NODISCARD bool token_seal(struct tokens *tokens, const struct token *token,
                          struct str host, struct buf *out, struct err *err);
/* Fills *out only where it gives TOKEN_OK; its text stands in `scratch`, which has
 * TOKEN_SCRATCH bytes. `host` is canonical. Nothing is allocated. */
enum token_result token_open(struct tokens *tokens, struct str host, struct str text,
                             char *scratch, struct token *out);
