/* Rows of the store filled and compared by the shape that their statement has, whatever the
 * noun: what goes in comes out, member by member. */
#pragma once

#include "store/test_store.h"

static inline const struct sql_shape *shape_of(const char *statement)
{
	for (size_t i = 0; store_statements(i); i++)
		for (size_t j = 0; j < store_statements(i)->n; j++)
			if (strcmp(store_statements(i)->v[j].name, statement) == 0)
				return store_statements(i)->v[j].shape;
	fail_msg("no statement %s", statement);
	return NULL;
}

/* Gives every member a value that no other has; another one for each seed. */
static inline void fill_row(struct world *w, const char *statement, void *row, int seed)
{
	const struct sql_shape *shape = shape_of(statement);

	for (size_t i = 0; i < shape->field_count; i++) {
		void *member = (char *)row + shape->fields[i].offset;

		switch (shape->fields[i].kind) {
		case SQL_INT:
		case SQL_OPTIONAL:
			*(int64_t *)member = seed * 1000 + (int64_t)i;
			break;
		case SQL_BOOL:
			*(bool *)member = (seed + (int)i) % 2;
			break;
		case SQL_TEXT:
			*(struct str *)member = arena_printf(&w->a, "%d-%zu", seed, i);
			break;
		}
	}
}

static inline void assert_same(const char *statement, const void *got, const void *want)
{
	const struct sql_shape *shape = shape_of(statement);

	assert_non_null(got);
	for (size_t i = 0; i < shape->field_count; i++) {
		const void *g = (const char *)got + shape->fields[i].offset;
		const void *x = (const char *)want + shape->fields[i].offset;
		bool is_same = false;

		switch (shape->fields[i].kind) {
		case SQL_INT:
		case SQL_OPTIONAL:
			is_same = *(const int64_t *)g == *(const int64_t *)x;
			break;
		case SQL_BOOL:
			is_same = *(const bool *)g == *(const bool *)x;
			break;
		case SQL_TEXT:
			is_same = str_eq(*(const struct str *)g,
			                 *(const struct str *)x) &&
			          ((const struct str *)g)->p;
			break;
		}
		if (!is_same)
			fail_msg("%s: column %zu differs", statement, i);
	}
}

/* Whole lists. */
static const struct store_page all = {.limit = STORE_PAGE_MAX};
static const struct store_page newest = {.limit = STORE_PAGE_MAX, .newest_first = true};
