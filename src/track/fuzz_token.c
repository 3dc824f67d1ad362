/* A text that claims to be a token, behind the host it is asked for under. It opens only
 * where it is one that was sealed here, and then seals to itself again. */
#include "fuzz.h"
#include "track/token.h"
#include "track/token_keys.h"

#include <string.h>

static const char keys_text[] =
        "signet-token-key 7 "
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
        "AAAAAAAAAAAAAAAAAAAAAAAAAA== 2026-11-27T09:00:00Z\n";

static struct tokens *make_tokens(void)
{
	static struct token_keys keys;
	struct err err;

	need(token_keys_parse(STR(keys_text), &keys, &err));
	return tokens_new(&keys);
}

static void check_keys(struct str text)
{
	AUTO(token_keys) keys = {0}, again = {0};
	AUTO(secret) form = {0};
	struct err err;

	if (!token_keys_parse(text, &keys, &err))
		return;
	token_keys_format(&keys, &form);
	need(token_keys_parse(secret_str(&form), &again, &err));
	need(again.n == keys.n && again.n > 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	static struct tokens *tokens;
	static char scratch[TOKEN_SCRATCH];
	AUTO(buf) out = {.max = TOKEN_CHARS_MAX + 4};
	struct str text = {(const char *)bytes, n}, host;
	struct token token;
	struct err err;

	if (!tokens)
		tokens = make_tokens();
	check_keys(text);
	if (!str_cut(&text, '\n', &host))
		return 0;
	if (token_open(tokens, host, text, scratch, &token) != TOKEN_OK)
		return 0;
	need(token_refusal(&token) == NULL);
	need(token_seal(tokens, &token, host, &out, &err));
	need(str_eq(buf_str(&out), text));
	return 0;
}
