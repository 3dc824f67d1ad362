#include "config/config.h"

#include <string.h>

const struct config_row config_rows[CONFIG_OPTION_COUNT] = {
#define CONFIG_ROW(field, name, kind, fallback, roles, min, max, metavar, help)        \
	{name,    CONFIG_##kind, fallback,                                             \
	 roles,   min,           max,                                                  \
	 metavar, help,          offsetof(struct config, field)},
        CONFIG_OPTIONS(CONFIG_ROW)
#undef CONFIG_ROW
};

bool config_is_list(enum config_kind kind)
{
	return kind == CONFIG_ADDRESSES || kind == CONFIG_SERVERS ||
	       kind == CONFIG_NETWORKS || kind == CONFIG_NAMES || kind == CONFIG_PAIRS;
}

struct str config_variable(struct arena *a, const struct config_row *row)
{
	struct str name = arena_printf(a, "SIGNET_%s", row->name);
	char *p = arena_bytes(a, name.n + 1);

	for (size_t i = 0; i <= name.n; i++) {
		char c = name.p[i];

		if (c == '.')
			c = '_';
		else if (c >= 'a' && c <= 'z')
			c = (char)(c - ('a' - 'A'));
		p[i] = c;
	}
	return (struct str){p, name.n};
}

struct str config_flag(struct arena *a, const struct config_row *row)
{
	struct str name = str_c(row->name);
	char *p = arena_bytes(a, name.n + 1);

	for (size_t i = 0; i <= name.n; i++)
		p[i] = name.p[i] == '.' || name.p[i] == '_' ? '-' : name.p[i];
	return (struct str){p, name.n};
}

struct option_table config_flag_table(struct arena *a, size_t offset)
{
	struct option *rows = ARENA_ARRAY(a, struct option, CONFIG_OPTION_COUNT);

	for (size_t i = 0; i < CONFIG_OPTION_COUNT; i++) {
		const struct config_row *row = &config_rows[i];
		bool list = config_is_list(row->kind);

		rows[i] = (struct option){
		        .name = config_flag(a, row).p,
		        .kind = list ? OPTION_LIST : OPTION_TEXT,
		        .offset =
		                offset + (list ? offsetof(struct config_flags, list) +
		                                          i * sizeof(struct option_list)
		                               : offsetof(struct config_flags, value) +
		                                          i * sizeof(struct str)),
		        .metavar = row->metavar,
		        .help = row->help,
		};
	}
	return (struct option_table){rows, CONFIG_OPTION_COUNT};
}

static size_t field_size(enum config_kind kind)
{
	static const size_t sizes[] = {
#define SIZE(kind, type) [CONFIG_##kind] = sizeof(type),
	        CONFIG_KINDS(SIZE)
#undef SIZE
	};

	need((size_t)kind < LEN(sizes));
	return sizes[kind];
}

size_t config_keep_started(const struct config *started, struct config *fresh,
                           enum config_id *changed)
{
	AUTO(arena) a = {0};
	size_t n = 0;

	for (size_t i = 0; i < CONFIG_OPTION_COUNT; i++) {
		const struct config_row *row = &config_rows[i];
		enum config_id id = (enum config_id)i;

		if (!(row->roles & CONFIG_ONCE))
			continue;
		if (!str_eq(config_value(&a, started, id), config_value(&a, fresh, id)))
			changed[n++] = id;
		memcpy((char *)fresh + row->offset, (const char *)started + row->offset,
		       field_size(row->kind));
		fresh->origin[i] = started->origin[i];
	}
	return n;
}
