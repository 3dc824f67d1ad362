#include "edge/challenge.h"

#include "base/file.h"
#include "base/random.h"

bool challenge_is_name(struct str name)
{
	for (size_t i = 0; i < name.n; i++)
		if (!char_is_alnum(name.p[i]) && name.p[i] != '-' && name.p[i] != '_')
			return false;
	return name.n > 0 && name.n <= CHALLENGE_NAME_MAX;
}

static bool is_plain(struct str text)
{
	for (size_t i = 0; i < text.n; i++)
		if (text.p[i] <= ' ' || text.p[i] >= 0x7f)
			return false;
	return text.n > 0;
}

bool challenge_find(struct arena *a, const char *dir, struct str name,
                    struct challenge *out)
{
	struct str text;
	struct err err;

	if (!challenge_is_name(name) ||
	    !file_read(a, arena_printf(a, "%s/%.*s", dir, STR_ARG(name)).p,
	               CHALLENGE_FILE_MAX, &text, &err))
		return false;
	if (!str_cut(&text, '\n', &out->host))
		return false;
	out->text = str_trim(text);
	return is_plain(out->host) && is_plain(out->text);
}

struct str challenge_probe(struct arena *a, const struct challenge *c,
                           const struct challenge_seen *seen)
{
	uint8_t bytes[16];
	char digits[2 * sizeof(bytes) + 1];

	random_bytes(bytes, sizeof(bytes));
	for (size_t i = 0; i < sizeof(bytes); i++) {
		digits[2 * i] = "0123456789abcdef"[bytes[i] >> 4];
		digits[2 * i + 1] = "0123456789abcdef"[bytes[i] & 15];
	}
	digits[2 * sizeof(bytes)] = '\0';
	return arena_printf(a,
	                    "signet-probe 1\nproof %.*s\nhost %.*s\nscheme %s\n"
	                    "forwarded %s\nseen %s\n",
	                    STR_ARG(c->text),
	                    STR_ARG(seen->host.n ? seen->host : STR("-")), seen->scheme,
	                    seen->is_forwarded ? "yes" : "no", digits);
}
