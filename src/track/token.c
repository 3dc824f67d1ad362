#include "track/token.h"

#include "base/base64.h"
#include "crypto/siv.h"
#include "track/token_keys.h"
#include "track/token_text.h"
#include "track/varint.h"

#include <string.h>

enum {
	ONCE_BIT = 1 << 2,
	BEGINNING_SHIFT = 3,
	KEY_ID_BYTES = 1,
	PLAIN_MAX = TOKEN_TEXT_MAX + TOKEN_OVERHEAD_MAX,
	PLAIN_MIN = 1 + 1 + 8 + 1,
	MESSAGE_CHANCE_BITS = 22,
};

/* 2020-01-01 */
#define MESSAGE_EPOCH INT64_C(1577836800000)

static const struct str purpose = STR_INIT("signet-token-1");

struct tokens {
	struct arena a;
	struct siv *by_id[256]; /* NULL: no such key */
	struct siv *seals;
	uint8_t seals_id;
	/* While a token is sealed: its bytes. */
	char plain[PLAIN_MAX];
	uint8_t sealed[KEY_ID_BYTES + SIV_IV_BYTES + PLAIN_MAX];
};

struct tokens *tokens_new(const struct token_keys *keys)
{
	struct arena a = {0};
	struct tokens *t = ARENA_NEW(&a, struct tokens);

	need(keys->n > 0);
	t->a = a;
	for (size_t i = 0; i < keys->n; i++) {
		uint8_t id = keys->v[i].id;

		t->by_id[id] = siv_new(token_keys_bytes(keys, i), TOKEN_KEY_BYTES,
		                       &purpose, 1);
		t->seals = t->by_id[id];
		t->seals_id = id;
	}
	return t;
}

void tokens_free(struct tokens *tokens)
{
	struct arena a;

	if (!tokens)
		return;
	for (size_t i = 0; i < LEN(tokens->by_id); i++)
		siv_free(tokens->by_id[i]);
	a = tokens->a;
	arena_done(&a);
}

uint64_t token_message(int64_t at, uint64_t chance)
{
	uint64_t since = at > MESSAGE_EPOCH ? (uint64_t)(at - MESSAGE_EPOCH) : 0;

	return since << MESSAGE_CHANCE_BITS |
	       (chance & ((UINT64_C(1) << MESSAGE_CHANCE_BITS) - 1));
}

int64_t token_message_at(uint64_t message)
{
	return MESSAGE_EPOCH + (int64_t)(message >> MESSAGE_CHANCE_BITS);
}

struct str token_host(struct str host, char *out)
{
	ptrdiff_t colon = str_find_char(host, ':');

	if (colon >= 0)
		host.n = (size_t)colon;
	if (str_ends(host, STR(".")))
		host.n--;
	if (host.n > TOKEN_HOST_MAX)
		return STR_NONE;
	for (size_t i = 0; i < host.n; i++)
		out[i] = char_lower(host.p[i]);
	return (struct str){out, host.n};
}

/* Returns the length of the plain text. */
static size_t write_plain(const struct token *token, char *out)
{
	unsigned beginning =
	        token->kind == TOKEN_CLICK ? token_beginning(token->text) : 0;
	struct str text = str_from(token->text, token_beginning_text(beginning).n);
	size_t n = 0;

	out[n++] = (char)((unsigned)token->kind | (token->is_once ? ONCE_BIT : 0) |
	                  beginning << BEGINNING_SHIFT);
	n += varint_put(out + n, token->tenant);
	n += fixed_put(out + n, token->message, 8);
	n += varint_put(out + n, token->link);
	if (text.n)
		memcpy(out + n, text.p, text.n);
	return n + text.n;
}

bool token_seal(struct tokens *tokens, const struct token *token, struct str host,
                struct buf *out, struct err *err)
{
	const char *refusal = token_refusal(token);
	struct str plain, bytes;
	char *room;

	if (host.n == 0 || host.n > TOKEN_HOST_MAX)
		refusal = "a token needs the host it is for";
	if (refusal)
		return err_set(err, ERR_INPUT, "%s", refusal);
	plain = (struct str){tokens->plain, write_plain(token, tokens->plain)};
	tokens->sealed[0] = tokens->seals_id;
	siv_seal(tokens->seals, host, plain, tokens->sealed + KEY_ID_BYTES);
	bytes = (struct str){(const char *)tokens->sealed,
	                     KEY_ID_BYTES + SIV_IV_BYTES + plain.n};
	room = buf_room(out, (bytes.n + 2) / 3 * 4);
	if (!room)
		return err_set(err, ERR_INTERNAL, "no room for a token");
	out->n += base64url_write(bytes, room);
	return true;
}

/* The parts of what was sealed. The text's beginning is written before it, where its
 * other parts stood: `plain` has TOKEN_BEGINNING_MAX bytes of room in front. */
static bool read_plain(char *plain, size_t n, struct token *out)
{
	struct str rest = {plain, n};
	struct str beginning;
	uint64_t flags = 0;
	char *text;

	if (!fixed_take(&rest, 1, &flags) || !varint_take(&rest, &out->tenant) ||
	    !fixed_take(&rest, 8, &out->message) || !varint_take(&rest, &out->link))
		return false;
	beginning = token_beginning_text((unsigned)flags >> BEGINNING_SHIFT);
	if (!beginning.p)
		return false;
	out->kind = (enum token_kind)(flags & 3);
	out->is_once = flags & ONCE_BIT;
	text = plain + (rest.p - plain) - beginning.n;
	memcpy(text, beginning.p, beginning.n);
	out->text = (struct str){text, beginning.n + rest.n};
	return token_refusal(out) == NULL;
}

enum token_result token_open(struct tokens *tokens, struct str host, struct str text,
                             char *scratch, struct token *out)
{
	char *plain = scratch + PLAIN_MAX + KEY_ID_BYTES + TOKEN_BEGINNING_MAX;
	struct token token = {0};
	struct str sealed;
	struct siv *siv;
	ptrdiff_t n;

	if (text.n > TOKEN_CHARS_MAX)
		return TOKEN_MALFORMED;
	n = base64url_read(text, scratch);
	if (n < KEY_ID_BYTES + SIV_IV_BYTES + PLAIN_MIN)
		return TOKEN_MALFORMED;
	siv = tokens->by_id[(uint8_t)scratch[0]];
	if (!siv)
		return TOKEN_UNKNOWN_KEY;
	if (host.n > TOKEN_HOST_MAX)
		return TOKEN_FORGED;
	sealed = (struct str){scratch + KEY_ID_BYTES, (size_t)n - KEY_ID_BYTES};
	if (!siv_open(siv, host, sealed, (uint8_t *)plain))
		return TOKEN_FORGED;
	if (!read_plain(plain, sealed.n - SIV_IV_BYTES, &token))
		return TOKEN_REFUSED;
	*out = token;
	return TOKEN_OK;
}

static const char *const kinds[TOKEN_KIND_COUNT] = {
        [TOKEN_CLICK] = "click",
        [TOKEN_OPEN] = "open",
        [TOKEN_UNSUBSCRIBE] = "unsubscribe",
};

const char *token_kind_name(enum token_kind kind)
{
	return kinds[kind];
}

bool token_kind_parse(struct str name, enum token_kind *out)
{
	for (int i = 0; i < TOKEN_KIND_COUNT; i++)
		if (str_eq(name, str_c(kinds[i]))) {
			*out = (enum token_kind)i;
			return true;
		}
	return false;
}

static const struct {
	const char *name, *text;
} results[] = {
        [TOKEN_OK] = {"ok",          "The token is good."                         },
        [TOKEN_MALFORMED] = {"malformed",
                      "This is no token: its length or a character is wrong."     },
        [TOKEN_UNKNOWN_KEY] = {"unknown_key",
                      "The token was sealed by a key that is not here."           },
        [TOKEN_FORGED] = {"forged",      "The token was changed or cut, or was made for "
                                    "another host."},
        [TOKEN_REFUSED] = {"refused",     "The token holds what no token may hold."    },
};

const char *token_result_name(enum token_result result)
{
	return results[result].name;
}

const char *token_result_text(enum token_result result)
{
	return results[result].text;
}
