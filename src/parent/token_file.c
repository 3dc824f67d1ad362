#include "parent/token_file.h"

#include "base/clock.h"
#include "base/file.h"
#include "track/token_keys.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

bool token_file_read(const char *path, struct secret *text, struct err *err)
{
	AUTO(arena) a = {0};
	AUTO(token_keys) keys = {0};
	struct str bytes;
	bool ok;

	if (!file_read(&a, path, TOKEN_KEYS_TEXT_MAX, &bytes, err))
		return err_add(err, "token.keys");
	ok = token_keys_parse(bytes, &keys, err);
	if (ok)
		secret_set(text, bytes.p, bytes.n);
	explicit_bzero((void *)(uintptr_t)bytes.p, bytes.n);
	return ok || err_add(err, "token.keys: %s", path);
}

static bool make(const char *path, struct err *err)
{
	AUTO(token_keys) keys = {0};
	AUTO(secret) text = {0};

	if (!token_keys_add(&keys, clock_now(), err))
		return false;
	token_keys_format(&keys, &text);
	return file_write(path, secret_str(&text), 0600, err) ||
	       err_add(err, "token.keys");
}

bool token_file_open(const char *path, struct secret *text, struct err *err)
{
	if (access(path, F_OK) != 0 && errno == ENOENT && !make(path, err))
		return false;
	return token_file_read(path, text, err);
}
