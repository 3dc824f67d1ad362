#include "data/data.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static void every_file_is_found(void **state)
{
	size_t n = 0;

	(void)state;
	for (const struct data_row *row; (row = data_at(n)); n++) {
		assert_true(str_eq(data_file(row->name), row->text));
		assert_true(row->text.n > 0);
		if (n)
			assert_true(str_cmp(data_at(n - 1)->name, row->name) < 0);
	}
	assert_true(n >= 13);
}

static void others_are_not(void **state)
{
	(void)state;
	assert_null(data_file(STR("profiles/none.json")).p);
	assert_null(data_file(STR("")).p);
	assert_null(data_file(STR("zzz")).p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(every_file_is_found),
	        cmocka_unit_test(others_are_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
