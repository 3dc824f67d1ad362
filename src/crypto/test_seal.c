/* Sealed bytes: what was sealed comes back, and no changed byte goes through. */
#include "crypto/seal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const uint8_t key[SEAL_KEY_BYTES] = {1, 2, 3};

static void test_round_trip(void **state)
{
	static const struct str texts[] = {STR_INIT(""), STR_INIT("x"),
	                                   STR_INIT("a key\0in PEM")};

	(void)state;
	for (size_t i = 0; i < LEN(texts); i++) {
		AUTO(arena) a = {0};
		AUTO(secret) plain = {0};
		struct str sealed = seal_close(&a, key, STR("with"), texts[i]);

		assert_true(seal_open(key, STR("with"), sealed, &plain));
		assert_true(str_eq(secret_str(&plain), texts[i]));
		assert_false(
		        str_eq(sealed, seal_close(&a, key, STR("with"), texts[i])));
	}
}

static void test_changed(void **state)
{
	static const uint8_t other[SEAL_KEY_BYTES] = {1, 2, 4};
	AUTO(arena) a = {0};
	AUTO(secret) plain = {0};
	struct str sealed = seal_close(&a, key, STR("with"), STR("text"));

	(void)state;
	assert_false(seal_open(other, STR("with"), sealed, &plain));
	assert_false(seal_open(key, STR("wit"), sealed, &plain));
	for (size_t n = 0; n < sealed.n; n++) {
		struct str changed = arena_dup(&a, sealed);

		assert_false(
		        seal_open(key, STR("with"), str_slice(sealed, 0, n), &plain));
		((char *)(uintptr_t)changed.p)[n] ^= 1;
		assert_false(seal_open(key, STR("with"), changed, &plain));
	}
	assert_null(plain.p);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_round_trip),
	        cmocka_unit_test(test_changed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
