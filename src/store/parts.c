#include "store/parts.h"

struct sql_value page_cursor(const struct store_page *page)
{
	if (page->newest_first && !page->cursor)
		return sql_int(INT64_MAX);
	return sql_int(page->cursor);
}

struct sql_value page_rows(const struct store_page *page)
{
	need(page->limit >= 1 && page->limit <= STORE_PAGE_MAX);
	return sql_int(page->limit + 1);
}

int64_t page_cut(const struct store_page *page, struct sql_rows *rows)
{
	const char *v = rows->v;

	if (rows->n <= (size_t)page->limit)
		return 0;
	rows->n = (size_t)page->limit;
	return *(const int64_t *)(const void *)(v + (rows->n - 1) * rows->size);
}

bool owned_list(struct store *store, struct arena *a, const struct owned_list *list,
                struct sql_rows *rows, int64_t *next, struct err *err)
{
	int whose = list->domain ? 2 : list->account ? 1 : 0;
	const struct sql_statement *s =
	        &list->statements[2 * whose + (list->page->newest_first ? 1 : 0)];
	struct sql_value v[5];
	size_t n = 0;

	if (whose)
		v[n++] = sql_int(list->domain ? list->domain : list->account);
	v[n++] = page_cursor(list->page);
	if (list->more)
		v[n++] = *list->more;
	if (list->domain)
		v[n++] = sql_int(list->account);
	v[n++] = page_rows(list->page);
	if (!sql_list(store->sql, s, (struct sql_values){v, n}, a, rows, err))
		return false;
	*next = page_cut(list->page, rows);
	return true;
}

bool several_begin(struct store *store, bool *own, struct err *err)
{
	*own = !sql_in_transaction(store->sql);
	return !*own || sql_begin(store->sql, err);
}

bool several_end(struct store *store, bool own, bool is_good, struct err *err)
{
	if (own && is_good)
		return sql_commit(store->sql, err);
	if (own)
		sql_rollback(store->sql);
	return is_good;
}
