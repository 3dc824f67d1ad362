#include "base/option.h"

#include <string.h>

/* One run of the parser: what it reads by, from and into. */
struct parse {
	struct arena *a;
	const struct option_table *tables;
	size_t table_count;
	char *into;
	struct str given; /* names of the options seen, each between spaces */
	struct err *err;
};

static const struct option *find_option(const struct parse *p, struct str name)
{
	for (size_t t = 0; t < p->table_count; t++)
		for (size_t i = 0; i < p->tables[t].n; i++)
			if (str_eq(str_c(p->tables[t].rows[i].name), name))
				return &p->tables[t].rows[i];
	return NULL;
}

static bool unknown_option(const struct parse *p, struct str name)
{
	const char *nearest = NULL;
	size_t least = 3;

	for (size_t t = 0; t < p->table_count; t++) {
		for (size_t i = 0; i < p->tables[t].n; i++) {
			size_t d = str_distance(name, str_c(p->tables[t].rows[i].name));

			if (d < least) {
				least = d;
				nearest = p->tables[t].rows[i].name;
			}
		}
	}
	if (nearest)
		return err_set(p->err, ERR_USAGE,
		               "--%.*s: unknown option, did you mean --%s?",
		               STR_ARG(name), nearest);
	return err_set(p->err, ERR_USAGE, "--%.*s: unknown option", STR_ARG(name));
}

static bool store_number(struct parse *p, const struct option *o, struct str value)
{
	uint64_t number;

	if (!str_parse_uint(value, (uint64_t)o->max, &number) ||
	    (int64_t)number < o->min)
		return err_set(p->err, ERR_USAGE,
		               "--%s: \"%.*s\" is not a number from %lld to %lld",
		               o->name, STR_ARG(value), (long long)o->min,
		               (long long)o->max);
	*(int64_t *)(void *)(p->into + o->offset) = (int64_t)number;
	return true;
}

static bool store(struct parse *p, const struct option *o, struct str value)
{
	void *field = p->into + o->offset;
	struct str mark = arena_printf(p->a, " %s ", o->name);

	if (o->kind != OPTION_LIST && str_find(p->given, mark) >= 0)
		return err_set(p->err, ERR_USAGE, "--%s: given twice", o->name);
	p->given = arena_join(p->a, p->given, mark);
	switch (o->kind) {
	case OPTION_FLAG:
		*(bool *)field = true;
		return true;
	case OPTION_TEXT:
	case OPTION_ANY_TEXT:
		*(struct str *)field = value;
		return true;
	case OPTION_NUMBER:
		return store_number(p, o, value);
	case OPTION_LIST:
		*ARRAY_ADD((struct option_list *)field, p->a) = value;
		return true;
	}
	need(!"option kind");
	return false;
}

/* Handles the option argv[*i] and takes its value, moving *i where it stands apart. */
static bool take_option(struct parse *p, int argc, const char *const *argv, int *i)
{
	struct str value = str_from(str_c(argv[*i]), 2);
	struct str name;
	const struct option *o;

	str_cut(&value, '=', &name);
	o = find_option(p, name);
	if (!o)
		return unknown_option(p, name);
	if (o->kind == OPTION_FLAG) {
		if (value.p)
			return err_set(p->err, ERR_USAGE, "--%s: takes no value",
			               o->name);
	} else if (!value.p) {
		if (*i + 1 >= argc)
			return err_set(p->err, ERR_USAGE, "--%s: needs a value, %s",
			               o->name, o->metavar);
		value = str_c(argv[++*i]);
	}
	if (value.n == 0 && (o->kind == OPTION_TEXT || o->kind == OPTION_LIST))
		return err_set(p->err, ERR_USAGE, "--%s: the value is empty, not %s",
		               o->name, o->metavar);
	return store(p, o, value);
}

bool option_parse(struct arena *a, const struct option_table *tables,
                  size_t table_count, void *into, int argc, const char *const *argv,
                  struct option_list *arguments, struct err *err)
{
	struct parse p = {a, tables, table_count, into, STR_NONE, err};
	bool only_arguments = false;

	for (int i = 0; i < argc; i++) {
		if (only_arguments || strncmp(argv[i], "-", 1) != 0 ||
		    strcmp(argv[i], "-") == 0) {
			*ARRAY_ADD(arguments, a) = str_c(argv[i]);
		} else if (strcmp(argv[i], "--") == 0) {
			only_arguments = true;
		} else if (strncmp(argv[i], "--", 2) != 0) {
			return err_set(err, ERR_USAGE, "%s: unknown option", argv[i]);
		} else if (!take_option(&p, argc, argv, &i)) {
			return false;
		}
	}
	return true;
}
