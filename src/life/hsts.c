#include "life/hsts.h"

static bool is_within(struct str name, struct str suffix)
{
	return str_ends(name, suffix) &&
	       (name.n == suffix.n || name.p[name.n - suffix.n - 1] == '.');
}

struct str hsts_preloaded(struct str list, struct str name)
{
	struct str line;

	while (str_cut(&list, '\n', &line)) {
		line = str_trim(line);
		if (line.n && line.p[0] != '#' && is_within(name, line))
			return line;
	}
	return STR_NONE;
}

bool hsts_is_remembered(const struct hsts_memory *memory, int64_t now)
{
	return memory->at && memory->at <= now && now - memory->at < HSTS_REMEMBERED_MS;
}

struct hsts_memory hsts_learn(const struct hsts_memory *before, struct str by,
                              bool is_sure, int64_t now)
{
	if (by.n || is_sure)
		return (struct hsts_memory){by, now};
	return hsts_is_remembered(before, now) ? *before : (struct hsts_memory){0};
}
