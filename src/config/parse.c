#include "config/value.h"

#include "base/utf8.h"

/* Where a value is being read from; one of a kind holds for the whole source. */
struct source {
	struct arena *a;
	struct config *out;
	bool seen[CONFIG_OPTION_COUNT]; /* set by this source already */
	struct err *err;
	struct config_mistakes *mistakes; /* NULL: it ends at the first */
};

enum { NEAR = 3 }; /* a name is "near" below this distance */

/* Whether to go on behind the mistake in s->err, which is kept then. */
static bool goes_on(struct source *s)
{
	if (!s->mistakes)
		return false;
	*ARRAY_ADD(s->mistakes, s->a) = *s->err;
	return true;
}

/* The option that `name` stands for, by what spell() writes; else NULL and the nearest
 * spelling in *near, or none. */
static const struct config_row *find_row(struct arena *a, struct str name,
                                         struct str (*spell)(struct arena *,
                                                             const struct config_row *),
                                         struct str *near)
{
	size_t least = NEAR;

	*near = STR_NONE;
	for (size_t i = 0; i < CONFIG_OPTION_COUNT; i++) {
		struct str known = spell(a, &config_rows[i]);
		size_t d = str_distance(name, known);

		if (d == 0)
			return &config_rows[i];
		if (d < least) {
			least = d;
			*near = known;
		}
	}
	return NULL;
}

static struct str row_name(struct arena *a, const struct config_row *row)
{
	(void)a;
	return str_c(row->name);
}

/* One value from this source; `origin` is kept for what comes of it. */
static bool set(struct source *s, const struct config_row *row, struct str text,
                struct str origin)
{
	size_t id = (size_t)(row - config_rows);

	if (s->seen[id] && !config_is_list(row->kind))
		return err_set(s->err, ERR_USAGE, "given twice");
	if (!s->seen[id])
		config_value_clear(row, s->out);
	if (!config_value_read(s->a, row, text, s->out, s->err))
		return false;
	if (!s->seen[id])
		s->out->origin[id] = origin;
	s->seen[id] = true;
	return true;
}

static bool unknown(struct source *s, struct str name, struct str near)
{
	struct str shown = utf8_printable(s->a, str_slice(name, 0, 80));

	if (near.n)
		return err_set(s->err, ERR_USAGE,
		               "%.*s: unknown option, did you mean %.*s?",
		               STR_ARG(shown), STR_ARG(near));
	return err_set(s->err, ERR_USAGE, "%.*s: unknown option", STR_ARG(shown));
}

static void set_defaults(struct arena *a, struct config *out)
{
	struct err err;

	*out = (struct config){0};
	for (size_t i = 0; i < CONFIG_OPTION_COUNT; i++) {
		need(config_value_read(a, &config_rows[i],
		                       str_c(config_rows[i].fallback), out, &err));
		out->origin[i] = STR("default");
	}
}

/* The line up to a # that begins a comment. */
static struct str without_comment(struct str line)
{
	for (size_t i = 0; i < line.n; i++)
		if (line.p[i] == '#' && (i == 0 || char_is_blank(line.p[i - 1])))
			return str_slice(line, 0, i);
	return line;
}

static bool read_line(struct source *s, struct str line, struct str origin)
{
	struct str rest = line;
	struct str name, near;
	const struct config_row *row;

	str_cut(&rest, '=', &name);
	name = str_trim(name);
	if (!rest.p || name.n == 0)
		return err_set(s->err, ERR_USAGE, "the line is not NAME = VALUE");
	row = find_row(s->a, name, row_name, &near);
	if (!row)
		return unknown(s, name, near);
	return set(s, row, rest, origin) || err_add(s->err, "%s", row->name);
}

static bool read_file(struct source *s, struct str file, struct str text)
{
	struct str line;

	if (text.n > CONFIG_TEXT_MAX)
		return err_set(s->err, ERR_INPUT, "%.*s: larger than %d bytes",
		               STR_ARG(file), CONFIG_TEXT_MAX);
	text = utf8_skip_mark(text);
	for (int number = 1; str_cut(&text, '\n', &line); number++) {
		struct str origin =
		        arena_printf(s->a, "%.*s:%d", STR_ARG(file), number);

		line = str_trim(without_comment(line));
		if (line.n == 0 || read_line(s, line, origin))
			continue;
		s->err->kind = ERR_INPUT;
		err_add(s->err, "%.*s", STR_ARG(origin));
		if (!goes_on(s))
			return false;
	}
	return true;
}

/* Variables of ours that are no options. */
static bool is_other_variable(struct str name)
{
	return str_eq(name, STR("SIGNET_CONFIG")) ||
	       str_eq(name, STR("SIGNET_RESOLVERS"));
}

static bool read_environment(struct source *s, const char *const *environment)
{
	for (; environment && *environment; environment++) {
		struct str value = str_c(*environment);
		struct str name, near;
		const struct config_row *row;

		str_cut(&value, '=', &name);
		if (!str_starts(name, STR("SIGNET_")) || is_other_variable(name))
			continue;
		row = find_row(s->a, name, config_variable, &near);
		if (row && value.n && !set(s, row, value, name))
			err_add(s->err, "%.*s", STR_ARG(name));
		else if (!row && near.n)
			unknown(s, name, near);
		else
			continue;
		if (!goes_on(s))
			return false;
	}
	return true;
}

static bool read_flags(struct source *s, const struct config_flags *flags)
{
	for (size_t i = 0; flags && i < CONFIG_OPTION_COUNT; i++) {
		const struct config_row *row = &config_rows[i];
		const struct option_list *list = &flags->list[i];
		struct str flag = config_flag(s->a, row);
		struct str origin = arena_printf(s->a, "--%.*s", STR_ARG(flag));
		bool ok = true;

		if (flags->value[i].n)
			ok = set(s, row, flags->value[i], origin);
		for (size_t k = 0; ok && k < list->n; k++)
			ok = set(s, row, list->v[k], origin);
		if (ok)
			continue;
		err_add(s->err, "%.*s", STR_ARG(origin));
		if (!goes_on(s))
			return false;
	}
	return true;
}

static bool read_all(const struct source *s, const struct config_sources *from)
{
	struct source file = *s;
	struct source environment = *s;
	struct source flags = *s;

	set_defaults(s->a, s->out);
	return read_file(&file, from->file, from->text) &&
	       read_environment(&environment, from->environment) &&
	       read_flags(&flags, from->flags);
}

bool config_parse(struct arena *a, const struct config_sources *from,
                  struct config *out, struct err *err)
{
	return read_all(&(struct source){.a = a, .out = out, .err = err}, from);
}

void config_parse_all(struct arena *a, const struct config_sources *from,
                      struct config *out, struct config_mistakes *mistakes)
{
	struct err err;
	struct source s = {.a = a, .out = out, .err = &err, .mistakes = mistakes};

	if (!read_all(&s, from))
		*ARRAY_ADD(mistakes, a) = err;
}

struct str config_slice(struct arena *a, const struct config *c, enum config_role role)
{
	struct str text = STR_NONE;

	for (size_t i = 0; i < CONFIG_OPTION_COUNT; i++) {
		struct str value;

		if (!(config_rows[i].roles & (unsigned)role))
			continue;
		value = config_value(a, c, (enum config_id)i);
		text = arena_printf(a, "%.*s%s=%.*s\n", STR_ARG(text),
		                    config_rows[i].name, STR_ARG(value));
	}
	return text;
}

bool config_parse_slice(struct arena *a, struct str slice, struct config *out,
                        struct err *err)
{
	struct source s = {.a = a, .out = out, .err = err};
	struct str line;

	set_defaults(a, out);
	if (slice.n > CONFIG_TEXT_MAX)
		return err_set(err, ERR_INPUT, "slice: larger than %d bytes",
		               CONFIG_TEXT_MAX);
	while (str_cut(&slice, '\n', &line)) {
		if (line.n == 0 || read_line(&s, line, STR("parent")))
			continue;
		err->kind = ERR_INPUT;
		return err_add(err, "slice");
	}
	return true;
}

struct str config_pair(const struct str_list *pairs, struct str key)
{
	for (size_t i = 0; i < pairs->n; i++) {
		struct str rest = pairs->v[i];
		struct str word;

		str_cut(&rest, '=', &word);
		if (str_eq(word, key))
			return rest;
	}
	return STR_NONE;
}

/* `path`, or `otherwise` in data_dir where that is not set. */
static struct str path_or(struct arena *a, const struct config *c, struct str path,
                          const char *otherwise)
{
	if (path.n)
		return arena_dup(a, path);
	return arena_printf(a, "%.*s/%s", STR_ARG(c->data_dir), otherwise);
}

struct str config_store_path(struct arena *a, const struct config *c)
{
	return path_or(a, c, c->store_path, "signet.db");
}

struct str config_master_key_path(struct arena *a, const struct config *c)
{
	return path_or(a, c, c->keys_master_key, "keys/master.key");
}

struct str config_token_keys_path(struct arena *a, const struct config *c)
{
	return path_or(a, c, c->token_keys, "token.keys");
}
