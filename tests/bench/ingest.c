/*
 * How fast events come into the store: read from records, judged, stored with all indices,
 * counted, committed a batch at a time; and what an event takes on the disk.
 *
 *	bench_ingest FOLDER EVENTS AGENTS.json
 *
 * Two events for each message, a tenth of the clicks by scanners in bursts, hosts of 200
 * customers.
 */
#include "base/clock.h"
#include "base/file.h"
#include "base/random.h"
#include "core/ingest_batch.h"
#include "store/account.h"
#include "store/turn.h"
#include "track/token.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { BATCH = 1000, HOSTS = 200, SPREAD = 5000 };

static const char *const agents_seen[] = {
        "Mozilla/5.0 (iPhone; CPU iPhone OS 17_4 like Mac OS X) AppleWebKit/605.1.15 "
        "(KHTML, like Gecko) Version/17.4 Mobile/15E148 Safari/604.1",
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like "
        "Gecko) Chrome/131.0.0.0 Safari/537.36",
        "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com "
        "GoogleImageProxy)",
        "Mozilla/5.0",
};

static size_t make(struct arena *a, int64_t i, char *out)
{
	int64_t sent = clock_now() - SPREAD + i / 20;
	bool is_burst = i % 20 < 2;
	struct track_event e = {
	        .type = i % 3 ? TRACK_CLICK : TRACK_OPEN,
	        .tls = 0x304,
	        .answer = 302,
	        .at = sent + 60000 + (i % 2) * (is_burst ? 500 : 30000),
	        .tenant = 1,
	        .message = token_message(sent, (uint64_t)(i / 2)),
	        .link = (uint64_t)(i % 7),
	        .host = arena_printf(a, "track%lld.acme.example",
	                             (long long)(i % HOSTS)),
	        .text = STR("https://www.acme.example/shop/article/4711?utm_source=mail"
	                    "&utm_medium=email&utm_campaign=november"),
	        .agent = str_c(agents_seen[random_below(LEN(agents_seen))]),
	        .language = STR("en"),
	};
	uint8_t ip[4] = {192, 0, 2, (uint8_t)(i % 250)};

	memcpy(e.ip.bytes, ip, 4);
	e.ip.length = 4;
	return track_event_encode(&e, out);
}

static bool run(struct ingest_batch *b, struct store *store, int64_t n, struct err *err)
{
	static char record[TRACK_RECORD_MAX];

	for (int64_t i = 0; i < n;) {
		AUTO(arena) a = {0};

		if (!store_turn_savepoint(store, err))
			return false;
		for (int64_t k = 0; k < BATCH && i < n; k++, i++) {
			struct track_event e;
			size_t length = make(&a, i, record);

			need(track_event_decode((struct str){record, length}, &e));
			if (!ingest_batch_add(b, &e, err))
				return false;
		}
		if (!ingest_batch_end(b, err) || !store_turn_release(store, err) ||
		    !store_turn_commit(store, err))
			return false;
	}
	return true;
}

int main(int argc, char **argv)
{
	AUTO(arena) a = {0};
	struct agents *agents = NULL;
	struct ingest_batch *b;
	struct store store;
	struct str json;
	struct stat file;
	struct err err = {0};
	uint64_t n = 0;
	const char *path;
	int64_t began, cpu;
	double seconds, cpu_seconds;

	if (argc != 4 || !str_parse_uint(str_c(argv[2]), 100000000, &n))
		return 64;
	path = arena_printf(&a, "%s/bench.db", argv[1]).p;
	if (!file_read(&a, argv[3], 1 << 20, &json, &err) ||
	    !agents_load(json, &agents, &err) || !store_open(&store, path, &err) ||
	    !ingest_batch_new(&store, agents, &b, &err)) {
		fprintf(stderr, "%s\n", err.text);
		return 70;
	}
	began = clock_monotonic_ms();
	cpu = clock_cpu_us();
	if (!run(b, &store, (int64_t)n, &err)) {
		fprintf(stderr, "%s\n", err.text);
		return 70;
	}
	seconds = (double)(clock_monotonic_ms() - began) / 1000;
	cpu_seconds = (double)(clock_cpu_us() - cpu) / 1e6;
	ingest_batch_free(b);
	store_close(&store);
	need(stat(path, &file) == 0);
	printf("%llu events in %.1f s: %.0f a second, %.0f a second of CPU, %.0f bytes "
	       "each\n",
	       (unsigned long long)n, seconds, (double)n / seconds,
	       (double)n / cpu_seconds, (double)file.st_size / (double)n);
	agents_free(agents);
	return 0;
}
