/*
 * The store with many domains: how long adding, opening, loading the schedule, looking
 * up, writing what checks saw and backing up take, and the most memory that it took.
 *
 *	bench_store FOLDER DOMAINS
 */
#include "base/clock.h"
#include "base/random.h"
#include "store/account.h"
#include "store/domain.h"
#include "store/layout.h"
#include "store/schedule.h"
#include "store/turn.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

/* Requests that share one commit, and how many of each operation are timed. */
enum { TURN = 100, TIMES = 20000 };

static int64_t began_at;

static void begin(void)
{
	began_at = clock_monotonic_ms();
}

static void end(const char *what, int64_t n)
{
	double ms = (double)(clock_monotonic_ms() - began_at);
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	printf("%-28s %9lld %10.0f ms %9.1f us each, at most %ld MB\n", what,
	       (long long)n, ms, ms * 1000 / (double)n, usage.ru_maxrss / 1024);
}

static struct str name_of(struct arena *a, int64_t i)
{
	return arena_printf(a, "sg%lld.customer-%llx.example", (long long)(i % 97),
	                    (unsigned long long)i * 2654435761U % 4294967291U);
}

static bool add_domain(struct store *store, struct domain_row *row, int64_t i,
                       struct err *err)
{
	AUTO(arena) a = {0};
	int64_t id;

	row->name = name_of(&a, i);
	row->life.next_check_at = 1000000 + i;
	return domain_add(store, row, &id, err);
}

static bool add_all(struct store *store, int64_t n, struct err *err)
{
	const struct account_row account = {.name = STR("One"), .created_at = 1};
	const struct layout_row layout = {0, STR("d"), STR("standard"), STR("{}")};
	struct domain_row row = {
	        .settings = STR("{\"label\":\"sg42\",\"selector\":\"s1\",\"mx1\":"
	                        "\"mx1.mail.example\",\"mx2\":\"mx2.mail.example\"}"),
	        .life = {.status = STR("pending"), .record_summary = STR("{}")},
	        .region = STR("us"),
	        .environment = STR("production"),
	        .created_at = 1
        };

	if (!account_add(store, &account, &row.account_id, err) ||
	    !layout_put(store, &layout, &row.layout_id, err))
		return false;
	for (int64_t i = 0; i < n; i++) {
		if (!store_turn_savepoint(store, err) ||
		    !add_domain(store, &row, i, err) || !store_turn_release(store, err))
			return false;
		if (i % TURN == TURN - 1 && !store_turn_commit(store, err))
			return false;
	}
	return store_turn_commit(store, err);
}

static bool count(const struct schedule_row *row, void *arg)
{
	(void)row;
	++*(int64_t *)arg;
	return true;
}

static bool find_some(struct store *store, int64_t n, struct err *err)
{
	AUTO(arena) a = {0};

	for (int i = 0; i < TIMES; i++) {
		struct str name = name_of(&a, random_below((uint32_t)n));
		struct domain_row *row;

		if (!domain_find_name(store, &a, 1, name, &row, err))
			return false;
		need(row);
		arena_reset(&a);
	}
	return true;
}

static bool save_some(struct store *store, int64_t n, struct err *err)
{
	struct domain_life life = {.status = STR("verified"),
	                           .record_summary = STR("{\"spf\":\"verified\"}")};

	for (int i = 0; i < TIMES; i++) {
		int64_t id = 1 + random_below((uint32_t)n);

		life.next_check_at = 2000000 + i;
		if (!store_turn_savepoint(store, err) ||
		    !domain_save_life(store, id, &life, err) ||
		    !store_turn_release(store, err))
			return false;
		if (i % TURN == TURN - 1 && !store_turn_commit(store, err))
			return false;
	}
	return store_turn_commit(store, err);
}

static bool bench(const char *folder, int64_t n, struct err *err)
{
	char path[PATH_MAX], copy[PATH_MAX];
	struct store store;
	int64_t loaded = 0;

	snprintf(path, sizeof(path), "%s/bench.db", folder);
	snprintf(copy, sizeof(copy), "%s/copy.db", folder);
	if (!store_open(&store, path, err))
		return false;
	begin();
	if (!add_all(&store, n, err))
		return false;
	end("added", n);
	store_close(&store);
	begin();
	if (!store_open(&store, path, err))
		return false;
	end("opened", 1);
	begin();
	if (!schedule_load(&store, count, &loaded, err))
		return false;
	need(loaded == n);
	end("schedule rows loaded", loaded);
	begin();
	if (!find_some(&store, n, err))
		return false;
	end("found by name", TIMES);
	begin();
	if (!save_some(&store, n, err))
		return false;
	end("life written, 100 a commit", TIMES);
	begin();
	if (!store_backup(path, copy, err))
		return false;
	end("backed up", 1);
	store_close(&store);
	return true;
}

int main(int argc, char **argv)
{
	struct err err;

	if (argc != 3 || atoll(argv[2]) < TIMES) {
		fprintf(stderr, "usage: bench_store FOLDER DOMAINS (%d at least)\n",
		        TIMES);
		return 64;
	}
	if (bench(argv[1], atoll(argv[2]), &err))
		return 0;
	fprintf(stderr, "bench_store: %s\n", err.text);
	return 1;
}
