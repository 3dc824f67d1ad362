/* What the tests of the store share: a store in a folder of its own, and rows in it. */
#pragma once

#include "store/account.h"
#include "store/domain.h"
#include "store/layout.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

struct world {
	char folder[64], path[128];
	struct store store;
	struct arena a;
	struct err err;
	int64_t account, other, layout; /* two accounts to own things, and a layout */
};

#define GOOD(w, call)                                                                  \
	do {                                                                           \
		if (!(call))                                                           \
			fail_msg("%s", (w)->err.text);                                 \
	} while (0)

#define assert_text(got, want) assert_true(str_eq((got), str_c(want)))

static inline void world_path(const struct world *w, const char *name, char path[160])
{
	snprintf(path, 160, "%s/%s", w->folder, name);
}

static inline int64_t world_account(struct world *w, const char *name)
{
	const struct account_row row = {.name = str_c(name),
	                                .owner_email = STR("owner@example.com"),
	                                .region = STR("eu"),
	                                .language = STR("en"),
	                                .created_at = 1000};
	int64_t id = 0;

	GOOD(w, account_add(&w->store, &row, &id, &w->err));
	assert_true(id > 0);
	return id;
}

static inline struct domain_row world_domain_row(const struct world *w, int64_t account,
                                                 const char *name)
{
	return (struct domain_row){
	        .account_id = account,
	        .name = str_c(name),
	        .layout_id = w->layout,
	        .settings = STR("{}"),
	        .life = {.status = STR("pending"),
	                 .started_at = 2000,
	                 .next_check_at = 5000},
	        .created_at = 2000
        };
}

/* 0 where the name is taken. */
static inline int64_t world_domain(struct world *w, int64_t account, const char *name)
{
	const struct domain_row row = world_domain_row(w, account, name);
	int64_t id = -1;

	GOOD(w, domain_add(&w->store, &row, &id, &w->err));
	return id;
}

static inline int world_begin(void **state)
{
	const struct layout_row layout = {0, STR("d1"), STR("standard"),
	                                  STR("{\"a\":1}")};
	struct world *w = calloc(1, sizeof(*w));

	snprintf(w->folder, sizeof(w->folder), "/tmp/signet-store-XXXXXX");
	assert_non_null(mkdtemp(w->folder));
	snprintf(w->path, sizeof(w->path), "%s/signet.db", w->folder);
	GOOD(w, store_open(&w->store, w->path, &w->err));
	w->account = world_account(w, "First");
	w->other = world_account(w, "Second");
	GOOD(w, layout_put(&w->store, &layout, &w->layout, &w->err));
	*state = w;
	return 0;
}

static inline int world_end(void **state)
{
	struct world *w = *state;
	DIR *folder = opendir(w->folder);

	store_close(&w->store);
	arena_done(&w->a);
	for (struct dirent *entry; (entry = readdir(folder));)
		unlinkat(dirfd(folder), entry->d_name, 0);
	closedir(folder);
	assert_int_equal(rmdir(w->folder), 0);
	free(w);
	return 0;
}

#define WORLD_TEST(f) cmocka_unit_test_setup_teardown(f, world_begin, world_end)
