#include "cli/client.h"

#include "base/utf8.h"

enum { COLUMNS_MAX = 12 };

/* The member at a path of names with dots between. */
static const json_t *member_at(const json_t *object, struct str path)
{
	struct str name;

	while (object && str_cut(&path, '.', &name))
		object = json_object_getn(object, name.p, name.n);
	return object;
}

static struct str value_text(struct arena *a, const json_t *value)
{
	struct str all = STR_NONE;

	switch (json_typeof(value)) {
	case JSON_STRING:
		return utf8_printable(a, (struct str){json_string_value(value),
		                                      json_string_length(value)});
	case JSON_INTEGER:
		return arena_printf(a, "%lld", (long long)json_integer_value(value));
	case JSON_TRUE:
		return STR("yes");
	case JSON_FALSE:
		return STR("no");
	case JSON_ARRAY:
		for (size_t i = 0; i < json_array_size(value); i++)
			all = arena_printf(
			        a, "%.*s%s%.*s", STR_ARG(all), i ? ", " : "",
			        STR_ARG(value_text(a, json_array_get(value, i))));
		return all;
	case JSON_OBJECT:
		return json_line(a, value);
	case JSON_REAL:
		return json_line(a, value);
	case JSON_NULL:
		break;
	}
	return STR_NONE;
}

struct str client_value(struct arena *a, const json_t *object, const char *member)
{
	const json_t *value = member_at(object, str_c(member));
	struct str text = value ? value_text(a, value) : STR_NONE;

	return text.n ? text : STR("-");
}

static void put_cell(struct str text, size_t width, bool last)
{
	fwrite(text.p, 1, text.n, stdout);
	if (last) {
		putchar('\n');
		return;
	}
	printf("%*s", (int)(width - utf8_columns(text)) + 2, "");
}

static size_t wider(size_t width, struct str text)
{
	size_t columns = utf8_columns(text);

	return columns > width ? columns : width;
}

void client_table(const json_t *list, const struct client_column *columns, size_t n)
{
	AUTO(arena) a = {0};
	size_t rows = json_array_size(list);
	struct str *cells = ARENA_ARRAY(&a, struct str, (rows + 1) * n);
	size_t width[COLUMNS_MAX] = {0};

	need(n <= COLUMNS_MAX);
	for (size_t i = 0; i < (rows + 1) * n; i++) {
		const struct client_column *c = &columns[i % n];

		cells[i] = i < n ? str_c(c->head)
		                 : client_value(&a, json_array_get(list, i / n - 1),
		                                c->member);
		width[i % n] = wider(width[i % n], cells[i]);
	}
	for (size_t i = 0; i < (rows + 1) * n; i++)
		put_cell(cells[i], width[i % n], i % n == n - 1);
}

void client_print(struct cli *cli, json_t *object, const struct client_column *columns,
                  size_t n)
{
	const struct cli_common *common = cli->options;
	size_t width = 0;

	if (common->json) {
		cli_print_json(json_incref(object));
		return;
	}
	for (size_t i = 0; i < n; i++)
		width = wider(width, str_c(columns[i].head));
	for (size_t i = 0; i < n; i++) {
		struct str value = client_value(cli->a, object, columns[i].member);

		put_cell(str_c(columns[i].head), width, false);
		put_cell(value, 0, true);
	}
}

bool client_run_list(struct cli *cli, struct str path, int64_t limit,
                     const struct client_column *columns, size_t n, struct err *err)
{
	const struct cli_common *common = cli->options;
	AUTO_JSON json_t *list = NULL;
	const json_t *rows;

	if (!client_list(cli, path, limit, &list, err))
		return false;
	if (common->json) {
		cli_print_json(json_incref(list));
		return true;
	}
	rows = json_object_get(list, "data");
	if (json_array_size(rows))
		client_table(rows, columns, n);
	if (!json_is_null(json_object_get(list, "next_cursor")))
		puts("… and more: --limit N");
	return true;
}

bool client_remove(struct cli *cli, struct str path, struct err *err)
{
	const struct cli_common *common = cli->options;
	AUTO_JSON json_t *answer = NULL;

	if (!client_call(cli, "DELETE", path, NULL, &answer, err))
		return false;
	if (common->json)
		cli_print_json(answer ? json_incref(answer) : json_null());
	return true;
}

json_t *client_words(const struct option_list *list)
{
	json_t *words = json_array();

	for (size_t i = 0; i < list->n; i++)
		json_array_append_new(words, json_text(list->v[i]));
	return words;
}
