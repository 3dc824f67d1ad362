#include "cli/input.h"

#include "base/utf8.h"

bool cli_check_url(const char *option, struct str value, struct err *err)
{
	AUTO(arena) a = {0};

	for (size_t i = 0; i < value.n; i++)
		if (value.p[i] <= ' ' || value.p[i] > '~')
			return err_set(err, ERR_USAGE,
			               "--%s: \"%.*s\" is no URL: byte %zu", option,
			               STR_ARG(utf8_printable(&a, value)), i);
	return true;
}

bool cli_input(struct cli *cli, int64_t max_bytes, struct str *out, struct err *err)
{
	return cli_stdin(cli, max_bytes ? (size_t)max_bytes : INPUT_BYTES_DEFAULT, out,
	                 err);
}
