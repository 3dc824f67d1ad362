#include "parent/token_keys.h"

#include "base/base64.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/random.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

enum { KEY_BYTES = 64, FIRST_ID = 1 };

static bool is_line(struct str line)
{
	AUTO(arena) a = {0};
	struct str word[4], more, bytes;
	uint64_t n;
	bool ok = true;

	for (size_t i = 0; i < LEN(word); i++)
		ok = ok && str_cut_word(&line, &word[i]);
	ok = ok && !str_cut_word(&line, &more) &&
	     str_eq(word[0], STR("signet-token-key")) &&
	     str_parse_uint(word[1], UINT8_MAX, &n) &&
	     base64_decode(&a, word[2], false, &bytes);
	if (!ok)
		return false;
	ok = bytes.n == KEY_BYTES && str_parse_uint(word[3], INT64_MAX, &n);
	explicit_bzero((void *)(uintptr_t)bytes.p, bytes.n);
	return ok;
}

/* A file that is no such file must not become the keys of all links. */
static bool check(struct str text, const char *path, struct err *err)
{
	struct str line;
	size_t n = 0;

	for (int number = 1; str_cut(&text, '\n', &line); number++) {
		line = str_trim(line);
		if (line.n == 0 || line.p[0] == '#')
			continue;
		if (!is_line(line))
			return err_set(err, ERR_INPUT, "%s:%d: no token key", path,
			               number);
		n++;
	}
	return n > 0 || err_set(err, ERR_INPUT, "%s: no token key in it", path);
}

bool token_keys_read(const char *path, struct secret *text, struct err *err)
{
	AUTO(arena) a = {0};
	struct str bytes;
	bool ok;

	if (!file_read(&a, path, TOKEN_KEYS_TEXT_MAX, &bytes, err))
		return err_add(err, "token keys");
	ok = check(bytes, path, err);
	if (ok)
		secret_set(text, bytes.p, bytes.n);
	explicit_bzero((void *)(uintptr_t)bytes.p, bytes.n);
	return ok;
}

static bool make(const char *path, struct err *err)
{
	AUTO(arena) a = {0};
	uint8_t bytes[KEY_BYTES];
	struct str text;
	bool ok;

	random_bytes(bytes, sizeof(bytes));
	text = base64_encode(&a, (struct str){(const char *)bytes, sizeof(bytes)});
	explicit_bzero(bytes, sizeof(bytes));
	text = arena_printf(&a, "signet-token-key %d %.*s %lld\n", FIRST_ID,
	                    STR_ARG(text), (long long)clock_now());
	ok = file_write(path, text, 0600, err);
	explicit_bzero((void *)(uintptr_t)text.p, text.n);
	return ok || err_add(err, "token keys");
}

bool token_keys_open(const char *path, struct secret *text, struct err *err)
{
	if (access(path, F_OK) != 0 && errno == ENOENT && !make(path, err))
		return false;
	return token_keys_read(path, text, err);
}
