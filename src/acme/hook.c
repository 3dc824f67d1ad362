#include "acme/hook.h"

#include "acme/work.h"
#include "base/file.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { TOKEN_MAX = 128, AUTHORIZATION_MAX = 512, TEXT_MAX = 1024 };

bool acme_is_hook(const char *name)
{
	return name && str_ends(str_c(name), STR("/" ACME_HOOK_NAME));
}

/* The alphabet of base64url, and a dot where there may be one. */
static bool is_plain(struct str s, size_t max, bool may_have_dot)
{
	if (s.n == 0 || s.n > max)
		return false;
	for (size_t i = 0; i < s.n; i++)
		if (!char_is_alnum(s.p[i]) && s.p[i] != '-' && s.p[i] != '_' &&
		    !(may_have_dot && s.p[i] == '.'))
			return false;
	return true;
}

static int put(struct str host, struct str token, struct str authorization)
{
	char path[TOKEN_MAX + 16], text[TEXT_MAX];
	struct err err;
	int n;

	snprintf(path, sizeof(path), "challenges/%.*s", STR_ARG(token));
	n = snprintf(text, sizeof(text), "%.*s\n%.*s", STR_ARG(host),
	             STR_ARG(authorization));
	if (file_write(path, (struct str){text, (size_t)n}, 0644, &err))
		return 0;
	fprintf(stderr, "hook: %s\n", err.text);
	return 1;
}

static int take_away(struct str token)
{
	char path[TOKEN_MAX + 16];

	snprintf(path, sizeof(path), "challenges/%.*s", STR_ARG(token));
	return unlink(path) == 0 || errno == ENOENT ? 0 : 1;
}

int acme_hook_main(int argc, char **argv)
{
	struct str method, host, token, authorization;

	if (argc != 6 || strcmp(argv[2], "http-01") != 0)
		return 1;
	method = str_c(argv[1]);
	host = str_c(argv[3]);
	token = str_c(argv[4]);
	authorization = str_c(argv[5]);
	if (!work_host_is_valid(host) || !is_plain(token, TOKEN_MAX, false) ||
	    !is_plain(authorization, AUTHORIZATION_MAX, true))
		return 1;
	if (str_eq(method, STR("begin")))
		return put(host, token, authorization);
	return take_away(token);
}
