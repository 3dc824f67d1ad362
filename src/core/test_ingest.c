/* Events from the journals into the store: each once whatever fails, judged and counted. */
#include "core/ingest.h"

#include "base/clock.h"
#include "base/file.h"
#include "core/ingest_batch.h"
#include "core/test_place.h"
#include "core/turn.h"
#include "journal/writer.h"
#include "store/account.h"
#include "store/event.h"
#include "store/track_count.h"
#include "store/track_event.h"
#include "store/tracking.h"
#include "store/turn.h"
#include "store/unsubscribe.h"
#include "track/token.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#define SENT (INT64_C(20784) * DAY + 3600 * 1000) /* 2026-11-27, an hour in */
#define BROWSER                                                                        \
	"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 "                \
	"Chrome/131.0.0.0"

struct world {
	char folder[64], journals[96];
	struct arena a;
	struct store store;
	struct event_base *base;
	struct turn *turn;
	struct ingest *ingest;
	struct str agents_json;
	struct agents *agents;
	struct ingest_batch *batch;
	int64_t account;
	struct event *waker, *spoiler;
	size_t losses;
};

static void start(struct world *w)
{
	test_store_open(&w->store, w->folder);
	w->base = event_base_new();
	w->turn = turn_new(w->base, &w->store);
	w->ingest = ingest_new(&(struct ingest_setup){.base = w->base,
	                                              .store = &w->store,
	                                              .turn = w->turn,
	                                              .dir = w->journals,
	                                              .agents = w->agents_json});
}

/* As by kill -9: what was not committed is gone. */
static void stop(struct world *w)
{
	ingest_free(w->ingest);
	turn_free(w->turn);
	event_base_free(w->base);
	store_close(&w->store);
}

static int set_up(void **state)
{
	static struct world w;
	struct tracking_row host = {.name = STR("t.acme.example"), .created_at = 1};
	int64_t id;

	w = (struct world){0};
	test_folder_make(w.folder, "ingest");
	snprintf(w.journals, sizeof(w.journals), "%s/journal", w.folder);
	assert_int_equal(mkdir(w.journals, 0700), 0);
	OK(file_read(
	        &w.a,
	        arena_printf(&w.a, "%s/data/agents.json", getenv("SIGNET_SOURCE")).p,
	        1 << 20, &w.agents_json, &err));
	OK(agents_load(w.agents_json, &w.agents, &err));
	start(&w);
	OK(account_add(&w.store,
	               &(struct account_row){.name = STR("Acme"), .is_operator = true},
	               &w.account, &err));
	host.account_id = w.account;
	OK(tracking_add(&w.store, &host, &id, &err));
	OK(ingest_batch_new(&w.store, w.agents, &w.batch, &err));
	*state = &w;
	return 0;
}

static int tear_down(void **state)
{
	struct world *w = *state;

	ingest_batch_free(w->batch);
	agents_free(w->agents);
	stop(w);
	test_folder_remove(w->folder);
	arena_done(&w->a);
	return 0;
}

static struct track_event event(const struct world *w, enum track_type type, int64_t ms)
{
	struct track_event e = {.type = type,
	                        .tls = 0x304,
	                        .answer = 302,
	                        .at = SENT + ms,
	                        .tenant = (uint64_t)w->account,
	                        .message = token_message(SENT, 1),
	                        .host = STR("t.acme.example"),
	                        .text = STR("https://acme.example/"),
	                        .agent = STR(BROWSER),
	                        .language = STR("en")};

	assert_true(ip_parse(STR("192.0.2.1"), &e.ip));
	return e;
}

static void add(struct world *w, const struct track_event *e)
{
	OK(store_turn_savepoint(&w->store, &err));
	OK(ingest_batch_add(w->batch, e, &err));
	OK(ingest_batch_end(w->batch, &err));
	OK(store_turn_release(&w->store, &err));
	OK(store_turn_commit(&w->store, &err));
}

static struct track_event_row *row(struct world *w, int64_t id)
{
	struct track_event_row *got;

	OK(track_event_find(&w->store, &w->a, w->account, id, &got, &err));
	assert_non_null(got);
	return got;
}

static void assert_count(struct world *w, int64_t day, int64_t type, int64_t verdict,
                         int64_t events, int64_t messages)
{
	struct track_count_rows rows;

	OK(track_count_list(&w->store, &w->a, w->account, 0, SENT / DAY + day,
	                    SENT / DAY + day, 100, &rows, &err));
	for (size_t i = 0; i < rows.n; i++)
		if (rows.v[i].type == type && rows.v[i].verdict == verdict) {
			assert_int_equal(rows.v[i].events, events);
			assert_int_equal(rows.v[i].messages, messages);
			return;
		}
	assert_true(events == 0 && messages == 0);
}

static void a_person_clicks(void **state)
{
	struct world *w = *state;
	struct track_event e = event(w, TRACK_CLICK, 60000);
	struct track_event_row *got;

	add(w, &e);
	got = row(w, 1);
	assert_int_equal(got->verdict, TRACK_PERSON);
	assert_int_equal(got->reasons, 0);
	assert_true(str_eq(got->ip, STR("192.0.2.1")));
	assert_true(str_eq(got->text, e.text) && str_eq(got->agent, e.agent));
	assert_true((uint64_t)got->message == e.message);
	e.at += 60000;
	add(w, &e);
	assert_count(w, 0, TRACK_CLICK, TRACK_PERSON, 2, 1);
}

/* Three links in a second: the first two were taken for a person's (C16). */
static void a_scanner_is_found_out(void **state)
{
	struct world *w = *state;
	struct track_event e = event(w, TRACK_CLICK, 60000);

	for (uint64_t link = 0; link < 3; link++) {
		if (link == 2)
			assert_count(w, 0, TRACK_CLICK, TRACK_PERSON, 2, 1);
		e.link = link;
		e.at += 300;
		add(w, &e);
	}
	for (int64_t id = 1; id <= 3; id++) {
		assert_int_equal(row(w, id)->verdict, TRACK_MACHINE);
		assert_int_equal(row(w, id)->reasons, REASON_BURST);
	}
	assert_count(w, 0, TRACK_CLICK, TRACK_PERSON, 0, 0);
	assert_count(w, 0, TRACK_CLICK, TRACK_MACHINE, 3, 1);
	/* The recipient comes later, from elsewhere. */
	e.at += 3600 * 1000;
	assert_true(ip_parse(STR("198.51.100.7"), &e.ip));
	add(w, &e);
	assert_int_equal(row(w, 4)->verdict, TRACK_PERSON);
	assert_count(w, 0, TRACK_CLICK, TRACK_PERSON, 1, 1);
}

/* An open that said nothing becomes a person's by the click, on its own day. */
static void a_click_tells_of_an_open(void **state)
{
	struct world *w = *state;
	struct track_event e = event(w, TRACK_OPEN, 60000);

	e.agent = STR("Mozilla/5.0");
	add(w, &e);
	assert_count(w, 0, TRACK_OPEN, TRACK_UNDETERMINED, 1, 1);
	e = event(w, TRACK_CLICK, DAY);
	add(w, &e);
	assert_int_equal(row(w, 1)->verdict, TRACK_PERSON);
	assert_count(w, 0, TRACK_OPEN, TRACK_UNDETERMINED, 0, 0);
	assert_count(w, 0, TRACK_OPEN, TRACK_PERSON, 1, 1);
	assert_count(w, 1, TRACK_CLICK, TRACK_PERSON, 1, 1);
}

/* For the domain of the host, once, and told by an event (S3-42). */
static void an_unsubscription(void **state)
{
	struct world *w = *state;
	struct track_event e = event(w, TRACK_UNSUBSCRIBE, 60000);
	struct event_filter filter = {.type = STR("message.unsubscribed")};
	struct store_page page = {.limit = 10};
	struct event_rows events;
	bool has;

	e.method = TRACK_POST;
	e.hints = TRACK_ONE_CLICK | TRACK_NO_ACCEPT;
	e.agent = e.language = STR_NONE;
	e.text = STR("Ann@There.example");
	add(w, &e);
	add(w, &e);
	OK(unsubscribe_has(&w->store, w->account, 0, STR("ann@there.example"), &has,
	                   &err));
	assert_true(has);
	assert_int_equal(row(w, 1)->verdict, TRACK_PERSON);
	filter.account_id = w->account;
	OK(event_list(&w->store, &w->a, &filter, &page, &events, &err));
	assert_int_equal(events.n, 1);
	assert_true(str_find(events.v[0].data, STR("ann@there.example")) >= 0);
	assert_count(w, 0, TRACK_UNSUBSCRIBE, TRACK_PERSON, 2, 1);
}

static uint32_t chance(uint32_t below)
{
	static uint64_t x = 88172645463325252ULL;

	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	return (uint32_t)(x >> 20) % below;
}

static struct track_event any_event(const struct world *w)
{
	static const char *const agents[] = {BROWSER, "Mozilla/5.0", "curl/8", "",
	                                     "x GoogleImageProxy"};
	static const enum track_type types[] = {TRACK_CLICK, TRACK_CLICK, TRACK_OPEN,
	                                        TRACK_CLICK_PAGE};
	struct track_event e = event(w, types[chance(LEN(types))], 0);

	e.message = token_message(SENT, chance(40));
	e.at = SENT + chance(3) * DAY + chance(40000);
	e.link = chance(4);
	e.agent = str_c(agents[chance(LEN(agents))]);
	e.method = chance(10) ? TRACK_GET : TRACK_HEAD;
	e.ip.bytes[3] = (uint8_t)chance(5);
	return e;
}

struct tally {
	int64_t events, messages;
};

static void recount(struct world *w, struct tally out[6][TRACK_VERDICTS])
{
	static bool seen[40][6][TRACK_VERDICTS];
	struct track_event_filter filter = {.account_id = w->account};
	struct store_page page = {.limit = 1000};
	struct track_event_rows rows;

	memset(seen, 0, sizeof(seen));
	do {
		OK(track_event_list(&w->store, &w->a, &filter, &page, &rows, &err));
		for (size_t i = 0; i < rows.n; i++) {
			const struct track_event_row *r = &rows.v[i];
			bool *had = &seen[r->message & 63][r->type][r->verdict];

			assert_int_equal(r->verdict,
			                 track_verdict((unsigned)r->reasons));
			out[r->type][r->verdict].events++;
			if (!*had && r->type != TRACK_CLICK_PAGE)
				out[r->type][r->verdict].messages++;
			*had = true;
		}
		page.cursor = rows.next;
	} while (rows.next);
}

/* However events come and labels change, what is kept is what would be counted. */
static void kept_as_counted(void **state)
{
	struct world *w = *state;
	struct tally kept[6][TRACK_VERDICTS] = {0}, counted[6][TRACK_VERDICTS] = {0};
	struct track_count_rows rows;

	for (int n = 0; n < 4000;) {
		OK(store_turn_savepoint(&w->store, &err));
		for (uint32_t k = 1 + chance(200); k--; n++) {
			struct track_event e = any_event(w);

			OK(ingest_batch_add(w->batch, &e, &err));
		}
		OK(ingest_batch_end(w->batch, &err));
		OK(store_turn_release(&w->store, &err));
	}
	OK(track_count_list(&w->store, &w->a, w->account, 0, 0, INT64_MAX, 1000, &rows,
	                    &err));
	for (size_t i = 0; i < rows.n; i++) {
		struct tally *t = &kept[rows.v[i].type][rows.v[i].verdict];

		t->events += rows.v[i].events;
		t->messages += rows.v[i].messages;
	}
	recount(w, counted);
	for (int t = 0; t < 6; t++)
		for (int v = 0; v < TRACK_VERDICTS; v++) {
			assert_int_equal(kept[t][v].events, counted[t][v].events);
			assert_int_equal(kept[t][v].messages, counted[t][v].messages);
		}
	assert_true(counted[TRACK_OPEN][TRACK_PERSON].messages > 0);
	assert_true(counted[TRACK_CLICK][TRACK_MACHINE].messages > 0);
	OK(store_turn_commit(&w->store, &err));
}

/* ---- From journals ---- */

/* Appends n clicks, of links from `first` on, to the journal of an edge. */
static void write_journal(struct world *w, unsigned edge, uint64_t first, uint64_t n)
{
	char dir[128], bytes[TRACK_RECORD_MAX];
	struct journal_writer *writer;

	snprintf(dir, sizeof(dir), "%s/edge-%u", w->journals, edge);
	OK(journal_open(
	        &(struct journal_options){.dir = dir, .segment_size = 64 * 1024},
	        &writer, &err));
	for (uint64_t i = 0; i < n; i++) {
		struct track_event e = event(w, TRACK_CLICK, 60000);

		e.link = first + i;
		e.message = token_message(SENT, first + i);
		while (!journal_add(writer,
		                    (struct str){bytes, track_event_encode(&e, bytes)}))
			journal_turn_end(writer);
		if (i % 100 == 0)
			journal_turn_end(writer);
	}
	assert_int_equal(journal_close(writer), 0);
}

/* Until there is nothing more for a while; the time is not what is tested. */
static void run_until(struct world *w, uint64_t events)
{
	for (int i = 0; i < 100000 && ingest_stats(w->ingest).events < events; i++)
		event_base_loop(w->base, EVLOOP_ONCE);
	assert_int_equal(ingest_stats(w->ingest).events, events);
}

/* Each link from 0 to n once. */
static void assert_each_once(struct world *w, size_t n)
{
	struct track_event_filter filter = {.account_id = w->account};
	struct store_page page = {.limit = 1000};
	struct track_event_rows rows;
	bool *seen = calloc(n, 1);
	size_t found = 0;

	do {
		AUTO(arena) a = {0};

		OK(track_event_list(&w->store, &a, &filter, &page, &rows, &err));
		for (size_t i = 0; i < rows.n; i++) {
			assert_true((size_t)rows.v[i].link < n);
			assert_false(seen[rows.v[i].link]);
			seen[rows.v[i].link] = true;
			found++;
		}
		page.cursor = rows.next;
	} while (rows.next);
	free(seen);
	assert_int_equal(found, n);
}

static void journals_are_read(void **state)
{
	struct world *w = *state;

	write_journal(w, 0, 0, 3000);
	write_journal(w, 3, 3000, 500);
	OK(ingest_load(w->ingest, &err));
	run_until(w, 3500);
	assert_each_once(w, 3500);
	/* More of one, and an edge that is new. */
	write_journal(w, 0, 3500, 100);
	write_journal(w, 1, 3600, 100);
	ingest_synced(w->ingest, 0, 3100);
	ingest_synced(w->ingest, 1, 100);
	assert_int_equal(ingest_stats(w->ingest).waiting, 200);
	run_until(w, 3700);
	assert_each_once(w, 3700);
	assert_int_equal(ingest_stats(w->ingest).waiting, 0);
}

/* How old what waits is: by the last that was stored after a start, for nobody knows since
 * when it waits; later since it came, however long there was nothing. */
static void lag_is_told(void **state)
{
	struct world *w = *state;

	write_journal(w, 0, 0, 1500); /* more than a step takes, of SENT + 60 s */
	clock_set(SENT + 120000);
	OK(ingest_load(w->ingest, &err));
	ingest_synced(w->ingest, 0, 1500);
	assert_int_equal(ingest_stats(w->ingest).lag_ms, 0);
	LOOP_UNTIL(w->base, ingest_stats(w->ingest).events > 0);
	assert_in_range(ingest_stats(w->ingest).waiting, 1, 1499);
	assert_int_equal(ingest_stats(w->ingest).lag_ms, 60000);
	run_until(w, 1500);
	assert_int_equal(ingest_stats(w->ingest).lag_ms, 0);
	/* Nothing for an hour, then one. */
	clock_set(SENT + 3600000);
	write_journal(w, 0, 1500, 1);
	ingest_synced(w->ingest, 0, 1501);
	assert_int_equal(ingest_stats(w->ingest).lag_ms, 0);
	clock_set(SENT + 3600000 + 7000);
	assert_int_equal(ingest_stats(w->ingest).lag_ms, 7000);
	run_until(w, 1501);
	assert_int_equal(ingest_stats(w->ingest).lag_ms, 0);
	clock_set(-1);
}

/* Made active before a step and run behind it: now and then nothing of the turn is kept. */
static void on_spoil(evutil_socket_t fd, short what, void *arg)
{
	struct world *w = arg;

	(void)fd;
	(void)what;
	if (store_turn_is_open(&w->store) && chance(3) == 0) {
		w->store.turn_failed = true;
		w->losses++;
	}
}

static void on_wake(evutil_socket_t fd, short what, void *arg)
{
	struct world *w = arg;
	struct timeval soon = {0, 0};

	(void)fd;
	(void)what;
	event_active(w->spoiler, 0, 0);
	evtimer_add(w->waker, &soon);
}

static void spoil_turns(struct world *w)
{
	w->spoiler = event_new(w->base, -1, 0, on_spoil, w);
	w->waker = evtimer_new(w->base, on_wake, w);
	on_wake(-1, 0, w);
}

static void spoil_no_more(struct world *w)
{
	event_free(w->spoiler);
	event_free(w->waker);
}

/* Commits that fail, and ends of the process in any of its turns. */
static void each_once_whatever_ends(void **state)
{
	struct world *w = *state;
	size_t kills = 0;

	write_journal(w, 0, 0, 60000);
	write_journal(w, 1, 60000, 3000);
	OK(ingest_load(w->ingest, &err));
	spoil_turns(w);
	/* Half of the turns that are lost are gone on from, half die with them. */
	while (kills < 6 || w->losses < 4) {
		uint64_t events = ingest_stats(w->ingest).events;
		size_t before = w->losses;

		event_base_loop(w->base, EVLOOP_ONCE);
		if (w->losses > before
		            ? w->losses % 2
		            : ingest_stats(w->ingest).events == events || chance(4))
			continue;
		spoil_no_more(w);
		stop(w);
		start(w);
		OK(ingest_load(w->ingest, &err));
		spoil_turns(w);
		kills++;
	}
	spoil_no_more(w);
	assert_true(w->losses >= 4);
	for (int i = 0; i < 300; i++) {
		int64_t newest;

		OK(track_event_newest(&w->store, &newest, &err));
		if (newest == 63000 && !store_turn_is_open(&w->store))
			break;
		event_base_loop(w->base, EVLOOP_ONCE);
	}
	assert_each_once(w, 63000);
}

static void spoil(struct world *w, unsigned edge)
{
	char path[512];
	char dir[128];
	DIR *folder;
	struct dirent *entry;
	int fd;

	snprintf(dir, sizeof(dir), "%s/edge-%u", w->journals, edge);
	folder = opendir(dir);
	while ((entry = readdir(folder))) {
		struct stat st;

		snprintf(path, sizeof(path), "%s/%s", dir, entry->d_name);
		fd = open(path, O_RDWR);
		if (fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
		    st.st_size > 4096)
			assert_int_equal(
			        pwrite(fd, "\xff\xff\xff\xff", 4, st.st_size / 2), 4);
		close(fd);
	}
	closedir(folder);
}

/* Said, counted, told to the operators, and passed over. */
static void damage_is_told(void **state)
{
	struct world *w = *state;
	struct event_filter filter = {.type = STR("tracking.events_damaged")};
	struct store_page page = {.limit = 10};
	struct event_rows events;

	write_journal(w, 0, 0, 100);
	spoil(w, 0);
	write_journal(w, 0, 100, 10);
	OK(ingest_load(w->ingest, &err));
	test_run_turns(w->base, 1000);
	filter.account_id = w->account;
	OK(event_list(&w->store, &w->a, &filter, &page, &events, &err));
	assert_true(events.n >= 1);
	assert_true(ingest_stats(w->ingest).missing > 0);
	assert_int_equal(
	        ingest_stats(w->ingest).events + ingest_stats(w->ingest).missing, 110);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	        TEST(a_person_clicks),
	        TEST(a_scanner_is_found_out),
	        TEST(a_click_tells_of_an_open),
	        TEST(an_unsubscription),
	        TEST(kept_as_counted),
	        TEST(journals_are_read),
	        TEST(lag_is_told),
	        TEST(each_once_whatever_ends),
	        TEST(damage_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
