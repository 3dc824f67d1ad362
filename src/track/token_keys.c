#include "track/token_keys.h"

#include "base/base64.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/random.h"

#include <string.h>

#include <openssl/crypto.h>

static const struct str word = STR_INIT("signet-token-key");

const uint8_t *token_keys_bytes(const struct token_keys *keys, size_t i)
{
	return keys->bytes.p + i * TOKEN_KEY_BYTES;
}

void token_keys_done(struct token_keys *keys)
{
	secret_done(&keys->bytes);
	*keys = (struct token_keys){0};
}

static bool has_id(const struct token_keys *keys, unsigned id)
{
	for (size_t i = 0; i < keys->n; i++)
		if (keys->v[i].id == id)
			return true;
	return false;
}

static void append(struct token_keys *keys, struct token_key key, const void *bytes)
{
	static const uint8_t zeros[TOKEN_KEYS_MAX * TOKEN_KEY_BYTES];

	if (!keys->bytes.p)
		secret_set(&keys->bytes, zeros, sizeof(zeros));
	memcpy(keys->bytes.p + keys->n * TOKEN_KEY_BYTES, bytes, TOKEN_KEY_BYTES);
	keys->v[keys->n++] = key;
}

/* Why the line is none, or NULL. */
static const char *parse_line(struct arena *a, struct str line, struct token_keys *keys)
{
	struct str name, number, text, created, bytes;
	struct token_key key = {0};
	uint64_t id = 0;

	if (!str_cut_word(&line, &name) || !str_eq(name, word))
		return "does not begin with signet-token-key";
	if (!str_cut_word(&line, &number) || !str_parse_uint(number, 255, &id))
		return "the id is no number up to 255";
	if (!str_cut_word(&line, &text) || !base64_decode(a, text, false, &bytes) ||
	    bytes.n != TOKEN_KEY_BYTES)
		return "the key is not the base64 of 64 bytes";
	if (!str_cut_word(&line, &created) || !clock_parse(created, &key.created_at))
		return "there is no time such as 2026-11-27T09:00:00Z at its end";
	if (str_trim(line).n)
		return "something stands behind the time";
	if (has_id(keys, (unsigned)id))
		return "this id was there before";
	if (keys->n == TOKEN_KEYS_MAX)
		return "more than 32 keys";
	key.id = (uint8_t)id;
	append(keys, key, bytes.p);
	return NULL;
}

bool token_keys_parse(struct str text, struct token_keys *out, struct err *err)
{
	struct token_keys keys = {0};
	const char *why = NULL;
	size_t number = 0;
	struct str line;

	while (!why && str_cut(&text, '\n', &line)) {
		AUTO(arena) a = {0};

		number++;
		line = str_trim(line);
		if (line.n && line.p[0] != '#')
			why = parse_line(&a, line, &keys);
	}
	if (!why && keys.n == 0)
		why = "no key is in it";
	if (why) {
		token_keys_done(&keys);
		return err_set(err, ERR_INPUT, "line %zu: %s", number, why);
	}
	token_keys_done(out);
	*out = keys;
	return true;
}

void token_keys_format(const struct token_keys *keys, struct secret *out)
{
	AUTO(arena) a = {0};
	AUTO(buf) text = {.max = TOKEN_KEYS_TEXT_MAX};

	for (size_t i = 0; i < keys->n; i++) {
		struct str bytes = {(const char *)token_keys_bytes(keys, i),
		                    TOKEN_KEY_BYTES};

		buf_printf(&text, "%.*s %u %.*s %.*s\n", STR_ARG(word), keys->v[i].id,
		           STR_ARG(base64_encode(&a, bytes)),
		           STR_ARG(clock_format(&a, keys->v[i].created_at)));
	}
	need(!text.overflowed);
	secret_set(out, text.p, text.n);
	if (text.n)
		OPENSSL_cleanse(text.p, text.n);
}

bool token_keys_add(struct token_keys *keys, int64_t now, struct err *err)
{
	struct token_key key = {.created_at = now};
	uint8_t bytes[TOKEN_KEY_BYTES];
	unsigned id = keys->n ? keys->v[keys->n - 1].id + 1U : 1;

	if (keys->n == TOKEN_KEYS_MAX)
		return err_set(err, ERR_INPUT,
		               "there are 32 keys, no more are possible; remove the "
		               "line of one whose links need not work any longer");
	while (has_id(keys, id & 0xff))
		id++;
	key.id = (uint8_t)id;
	random_bytes(bytes, sizeof(bytes));
	append(keys, key, bytes);
	OPENSSL_cleanse(bytes, sizeof(bytes));
	return true;
}
