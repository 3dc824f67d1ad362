#include "core/ingest.h"

#include <dirent.h>
#include <event2/event.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/roles.h"
#include "core/edges.h"
#include "core/ingest_batch.h"
#include "core/operators.h"
#include "core/turn.h"
#include "journal/reader.h"
#include "store/track_cursor.h"
#include "store/turn.h"

enum {
	STEP_EVENTS = 1000,
	STEP_MS = 8,
	CLOCK_EVERY = 50, /* events between two looks at the clock */
	POLL_MS = 1000,
	RETRY_MS = 1000,
	NAME_BYTES = 24,
};

struct source {
	char name[NAME_BYTES]; /* "edge-1" */
	unsigned instance;
	bool is_there;
	struct journal_reader *reader;           /* NULL: to be opened at the cursor */
	struct track_cursor_row committed, read; /* of the store; of the step */
	uint64_t synced;                         /* as the edge says */
	uint64_t events, unknown;                /* of the step */
	int64_t read_at, committed_at; /* time of the last event: of the step; stored */
	int64_t behind_since;          /* 0: all that is known of is stored */
	bool was_level;                /* once since the start */
	bool has_more;
};

struct ingest {
	struct arena a;
	struct store *store;
	struct turn *turn;
	struct edges *edges;
	const char *dir;
	struct str agents_json;
	struct agents *agents;
	struct ingest_batch *batch;
	struct event *work, *poll;
	struct source sources[ROLE_INSTANCES_MAX];
	size_t next;             /* whose turn it is */
	struct source *stepping; /* its step waits for the commit */
	bool is_draining;
	struct ingest_stats stats;
};

static void work_in(struct ingest *i, int64_t ms)
{
	struct timeval tv = {ms / 1000, ms % 1000 * 1000};

	if (!i->is_draining && !evtimer_pending(i->work, NULL))
		evtimer_add(i->work, &tv);
}

static bool open_reader(struct ingest *i, struct source *s, struct err *err)
{
	const struct track_cursor_row *c = &s->committed;
	const struct journal_cursor cursor = {
	        .folder = (uint64_t)c->folder,
	        .sequence = (uint64_t)c->sequence,
	        .segment = (uint64_t)c->segment,
	        .offset = (uint64_t)c->position,
	};
	char path[PATH_MAX];

	if (s->reader)
		return true;
	s->read = s->committed;
	snprintf(path, sizeof(path), "%s/%s", i->dir, s->name);
	return journal_reader_open(path, &cursor, 0, &s->reader, err);
}

static void close_reader(struct source *s)
{
	journal_reader_close(s->reader);
	s->reader = NULL;
}

static bool take_damage(struct ingest *i, struct source *s, struct err *err)
{
	struct journal_damage d = journal_reader_damage(s->reader);
	uint64_t lost = d.last >= d.first ? d.last - d.first + 1 : 0;
	json_t *data = json_object();

	log_error("journal.damaged", LOG_CSTR("journal", s->name),
	          LOG_CSTR("what", d.what), LOG_NUM("first", (int64_t)d.first),
	          LOG_NUM("last", (int64_t)d.last),
	          LOG_NUM("segment", (int64_t)d.segment),
	          LOG_NUM("offset", (int64_t)d.offset));
	s->read.missing += (int64_t)lost;
	json_object_set_new(data, "journal", json_string(s->name));
	json_object_set_new(data, "what", json_string(d.what));
	json_object_set_new(data, "first", json_integer((json_int_t)d.first));
	json_object_set_new(data, "last", json_integer((json_int_t)d.last));
	return operators_tell(i->store, "tracking.events_damaged", clock_now(), data,
	                      err);
}

static bool take_record(struct ingest *i, struct source *s, struct str bytes,
                        struct err *err)
{
	struct track_event e;

	if (!track_event_decode(bytes, &e)) {
		/* Of a newer version, or ours and broken: it stays in the journal. */
		s->unknown++;
		return true;
	}
	s->events++;
	s->read_at = e.at;
	return ingest_batch_add(i->batch, &e, err);
}

/* What the reader has given out; `record` is of JOURNAL_RECORD. */
struct given {
	enum journal_read what;
	struct journal_record record;
};

/* Takes in what was given out and reads on, as far as a step may go. */
static bool read_some(struct ingest *i, struct source *s, struct given *given,
                      struct err *err)
{
	int64_t until = clock_monotonic_ms() + STEP_MS;

	for (unsigned n = 1;; n++) {
		bool ok = given->what == JOURNAL_DAMAGED
		                  ? take_damage(i, s, err)
		                  : take_record(i, s, given->record.bytes, err);

		if (!ok)
			return false;
		if (n == STEP_EVENTS ||
		    (n % CLOCK_EVERY == 0 && clock_monotonic_ms() >= until))
			return true;
		given->what = journal_reader_next(s->reader, &given->record, err);
		if (given->what == JOURNAL_FAILED)
			return false;
		if (given->what == JOURNAL_END) {
			s->has_more = false;
			return true;
		}
	}
}

/* All of a step, within a savepoint. */
static bool take_step(struct ingest *i, struct source *s, struct given *given,
                      struct err *err)
{
	struct journal_cursor c;

	s->events = s->unknown = 0;
	if (!read_some(i, s, given, err))
		return false;
	c = journal_reader_cursor(s->reader);
	s->read.folder = (int64_t)c.folder;
	s->read.sequence = (int64_t)c.sequence;
	s->read.segment = (int64_t)c.segment;
	s->read.position = (int64_t)c.offset;
	return ingest_batch_end(i->batch, err) &&
	       track_cursor_save(i->store, &s->read, err);
}

static void fail(struct ingest *i, struct source *s, const struct err *err)
{
	struct err again;

	log_error("ingest.failed", LOG_CSTR("journal", s->name),
	          LOG_CSTR("reason", err->text));
	i->stats.failures++;
	close_reader(s);
	s->has_more = true;
	if (!ingest_batch_drop(i->batch, &again))
		log_error("ingest.failed", LOG_CSTR("reason", again.text));
	work_in(i, RETRY_MS);
}

/* Whether the store has all that the edge says is on disk. */
static void see_level(struct source *s)
{
	bool is_level = s->synced <= (uint64_t)s->committed.sequence;

	s->was_level |= is_level && s->synced;
	if (is_level)
		s->behind_since = 0;
	else if (!s->behind_since)
		s->behind_since = clock_now();
}

static void on_committed(void *arg, bool committed)
{
	struct ingest *i = arg;
	struct source *s = i->stepping;
	const struct err lost = {.text = "the turn was not committed"};

	i->stepping = NULL;
	if (!committed) {
		fail(i, s, &lost);
		return;
	}
	s->committed = s->read;
	s->committed_at = s->read_at;
	see_level(s);
	i->stats.events += s->events;
	i->stats.unknown += s->unknown;
	if (s->unknown)
		log_error("ingest.unknown_records", LOG_CSTR("journal", s->name),
		          LOG_NUM("records", (int64_t)s->unknown));
	if (i->edges)
		edges_ingested(i->edges, s->instance, (uint64_t)s->read.sequence);
	work_in(i, 0);
}

static bool store_step(struct ingest *i, struct source *s, struct given *given,
                       struct err *err)
{
	turn_touch(i->turn);
	if (!store_turn_savepoint(i->store, err))
		return false;
	if (take_step(i, s, given, err))
		return store_turn_release(i->store, err);
	store_turn_rollback(i->store);
	return false;
}

static void step(struct ingest *i, struct source *s)
{
	struct given given = {JOURNAL_FAILED, {0}};
	struct err err = {0};

	if (open_reader(i, s, &err))
		given.what = journal_reader_next(s->reader, &given.record, &err);
	if (given.what == JOURNAL_END) {
		s->has_more = false;
		work_in(i, 0);
		return;
	}
	if (given.what == JOURNAL_FAILED || !store_step(i, s, &given, &err)) {
		fail(i, s, &err);
		return;
	}
	i->stepping = s;
	turn_after(i->turn, on_committed, i);
}

/* One step of the next journal that has something; the others come after it. */
static void on_work(evutil_socket_t fd, short what, void *arg)
{
	struct ingest *i = arg;

	(void)fd;
	(void)what;
	if (i->stepping || i->is_draining)
		return;
	for (size_t n = 0; n < LEN(i->sources); n++) {
		struct source *s = &i->sources[i->next++ % LEN(i->sources)];

		if (s->is_there && s->has_more) {
			step(i, s);
			return;
		}
	}
}

static bool add_source(struct ingest *i, unsigned instance, struct err *err)
{
	struct source *s = &i->sources[instance];
	struct track_cursor_row *found;

	if (s->is_there)
		return true;
	snprintf(s->name, sizeof(s->name), "edge-%u", instance);
	if (!track_cursor_find(i->store, &i->a, str_c(s->name), &found, err))
		return false;
	if (found)
		s->committed = *found;
	s->committed.journal = str_c(s->name);
	s->instance = instance;
	s->is_there = true;
	s->has_more = true;
	return true;
}

/* The folders edge-N there are. */
static bool look_for_journals(struct ingest *i, struct err *err)
{
	DIR *folder = opendir(i->dir);
	struct dirent *entry;
	bool ok = true;

	while (ok && folder && (entry = readdir(folder))) {
		struct str name = str_c(entry->d_name);
		uint64_t n;

		if (str_starts(name, STR("edge-")) &&
		    str_parse_uint(str_from(name, 5), LEN(i->sources) - 1, &n))
			ok = add_source(i, (unsigned)n, err);
	}
	if (folder)
		closedir(folder);
	return ok;
}

/* An edge says when there is more, but it may be gone before it did. */
static void on_poll(evutil_socket_t fd, short what, void *arg)
{
	struct ingest *i = arg;

	(void)fd;
	(void)what;
	for (size_t n = 0; n < LEN(i->sources); n++)
		i->sources[n].has_more |= i->sources[n].is_there;
	work_in(i, 0);
}

struct ingest *ingest_new(const struct ingest_setup *setup)
{
	struct arena a = {0};
	struct ingest *i = ARENA_NEW(&a, struct ingest);
	const struct timeval every = {POLL_MS / 1000, POLL_MS % 1000 * 1000};

	i->a = a;
	i->store = setup->store;
	i->turn = setup->turn;
	i->edges = setup->edges;
	i->dir = arena_cstr(&i->a, str_c(setup->dir));
	i->agents_json = setup->agents;
	i->work = evtimer_new(setup->base, on_work, i);
	i->poll = event_new(setup->base, -1, EV_PERSIST, on_poll, i);
	need(i->work && i->poll && evtimer_add(i->poll, &every) == 0);
	return i;
}

bool ingest_load(struct ingest *i, struct err *err)
{
	if (!agents_load(i->agents_json, &i->agents, err) ||
	    !ingest_batch_new(i->store, i->agents, &i->batch, err) ||
	    !look_for_journals(i, err))
		return false;
	work_in(i, 0);
	return true;
}

void ingest_synced(struct ingest *i, unsigned instance, uint64_t sequence)
{
	struct source *s;
	struct err err;

	need(instance < LEN(i->sources));
	s = &i->sources[instance];
	if (!add_source(i, instance, &err)) {
		log_error("ingest.failed", LOG_CSTR("reason", err.text));
		return;
	}
	s->synced = sequence;
	s->has_more = true;
	see_level(s);
	if (!i->stepping)
		work_in(i, 0);
}

void ingest_drain(struct ingest *i)
{
	i->is_draining = true;
	evtimer_del(i->work);
	evtimer_del(i->poll);
}

void ingest_free(struct ingest *i)
{
	struct arena a;

	if (!i)
		return;
	event_free(i->work);
	event_free(i->poll);
	for (size_t n = 0; n < LEN(i->sources); n++)
		close_reader(&i->sources[n]);
	ingest_batch_free(i->batch);
	agents_free(i->agents);
	a = i->a;
	arena_done(&a);
}

/* The events of a journal are in the order of their times, so what waits is younger than
 * what was stored last; and where all had been stored, younger than that moment. */
static int64_t lag_of(const struct source *s, int64_t now)
{
	int64_t since = s->behind_since;

	if (!since)
		return 0;
	if (s->committed_at && (!s->was_level || s->committed_at > since))
		since = s->committed_at;
	return now > since ? now - since : 0;
}

struct ingest_stats ingest_stats(const struct ingest *i)
{
	struct ingest_stats stats = i->stats;
	int64_t now = clock_now();

	stats.missing = 0;
	for (size_t n = 0; n < LEN(i->sources); n++) {
		const struct source *s = &i->sources[n];

		stats.missing += (uint64_t)s->committed.missing;
		if (s->synced > (uint64_t)s->committed.sequence)
			stats.waiting += s->synced - (uint64_t)s->committed.sequence;
		if (lag_of(s, now) > stats.lag_ms)
			stats.lag_ms = lag_of(s, now);
	}
	return stats;
}
