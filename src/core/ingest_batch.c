#include "core/ingest_batch.h"

#include "base/json.h"
#include "base/map.h"
#include "store/event.h"
#include "store/track_count.h"
#include "store/track_event.h"
#include "store/track_message.h"
#include "store/unsubscribe.h"

#define DAY_MS INT64_C(86400000)

/* The numbers that the store keeps are those of track/. */
_Static_assert((int)TRACK_VERDICTS == (int)TRACK_TALLY_VERDICTS, "verdicts");

struct ingest_batch {
	struct arena a;    /* of this object */
	struct arena work; /* of the batch */
	struct store *store;
	const struct agents *agents;
	int64_t next_id;
	struct map messages, hosts, counts;
};

static void begin(struct ingest_batch *b)
{
	arena_reset(&b->work);
	b->messages = map_init(&b->work);
	b->hosts = map_init(&b->work);
	b->counts = map_init(&b->work);
}

bool ingest_batch_drop(struct ingest_batch *b, struct err *err)
{
	int64_t newest;

	begin(b);
	if (!track_event_newest(b->store, &newest, err))
		return false;
	b->next_id = newest + 1;
	return true;
}

bool ingest_batch_new(struct store *store, const struct agents *agents,
                      struct ingest_batch **out, struct err *err)
{
	struct arena a = {0};
	struct ingest_batch *b = ARENA_NEW(&a, struct ingest_batch);

	b->a = a;
	b->store = store;
	b->agents = agents;
	*out = b;
	return ingest_batch_drop(b, err);
}

void ingest_batch_free(struct ingest_batch *b)
{
	struct arena a;

	if (!b)
		return;
	arena_done(&b->work);
	a = b->a;
	arena_done(&a);
}

static struct str key_of(const void *p, size_t n)
{
	return (struct str){p, n};
}

/* What a token says is any 64 bits; the store's numbers have a sign. */
static int64_t stored(uint64_t n)
{
	return n > INT64_MAX ? INT64_MAX : (int64_t)n;
}

static bool message_of(struct ingest_batch *b, uint64_t id,
                       struct track_message_row **out, struct err *err)
{
	struct str key = key_of(&id, sizeof(id));
	struct track_message_row *row = map_find(&b->messages, key);

	if (!row) {
		if (!track_message_find(b->store, &b->work, (int64_t)id, &row, err))
			return false;
		if (!row) {
			row = ARENA_NEW(&b->work, struct track_message_row);
			row->id = (int64_t)id;
			row->last_at = INT64_MIN / 2;
		}
		map_set(&b->messages, key, row);
	}
	*out = row;
	return true;
}

/* The domain whose links stand under this host; 0: of none. */
static bool domain_of(struct ingest_batch *b, const struct track_event *e, int64_t *out,
                      struct err *err)
{
	struct str key = arena_printf(&b->work, "%llu %.*s",
	                              (unsigned long long)e->tenant, STR_ARG(e->host));
	int64_t *domain = map_find(&b->hosts, key);

	if (!domain) {
		domain = ARENA_NEW(&b->work, int64_t);
		if (!track_domain_of_host(b->store, e->host, stored(e->tenant), domain,
		                          err))
			return false;
		map_set(&b->hosts, key, domain);
	}
	*out = *domain;
	return true;
}

/* Whose counts: the part of a count's key that all counts of an event share. */
struct owner {
	int64_t account, domain;
};

static void count(struct ingest_batch *b, struct owner owner, int64_t day, int64_t type,
                  int64_t verdict, int64_t events, int64_t messages)
{
	const int64_t parts[] = {owner.account, owner.domain, day, type, verdict};
	struct str key = key_of(parts, sizeof(parts));
	struct track_count_row *row = map_find(&b->counts, key);

	if (!row) {
		row = ARENA_NEW(&b->work, struct track_count_row);
		*row = (struct track_count_row){.account_id = owner.account,
		                                .domain_id = owner.domain,
		                                .day = day,
		                                .type = type,
		                                .verdict = verdict};
		map_set(&b->counts, key, row);
	}
	row->events += events;
	row->messages += messages;
}

/* The tally of this type and verdict, or NULL where messages are not counted for it. */
static struct track_tally *tally_of(struct track_message_row *m, int64_t type,
                                    int64_t verdict)
{
	if (type == TRACK_OPEN)
		return &m->tally[0][verdict];
	return type == TRACK_CLICK ? &m->tally[1][verdict] : NULL;
}

static void count_in(struct ingest_batch *b, struct owner owner,
                     struct track_message_row *m, int64_t at, int64_t type,
                     int64_t verdict)
{
	struct track_tally *tally = tally_of(m, type, verdict);
	int64_t day = at / DAY_MS;

	count(b, owner, day, type, verdict, 1, 0);
	if (!tally || tally->events++)
		return;
	tally->day = day;
	count(b, owner, day, type, verdict, 0, 1);
}

static void count_out(struct ingest_batch *b, struct owner owner,
                      struct track_message_row *m, int64_t at, int64_t type,
                      int64_t verdict)
{
	struct track_tally *tally = tally_of(m, type, verdict);

	count(b, owner, at / DAY_MS, type, verdict, -1, 0);
	if (tally && tally->events && --tally->events == 0)
		count(b, owner, tally->day, type, verdict, 0, -1);
}

/* The labels that the new event changes, in the store and in the counts. */
static bool relabel(struct ingest_batch *b, struct owner owner,
                    struct track_message_row *m, const struct near_event *near,
                    const struct track_near_row *row, struct err *err)
{
	int64_t verdict = track_verdict(near->reasons);

	if (verdict != row->verdict) {
		owner.domain = row->domain_id;
		count_out(b, owner, m, row->at, row->type, row->verdict);
		count_in(b, owner, m, row->at, row->type, verdict);
	}
	return track_event_relabel(b->store, row->id, verdict, near->reasons, err);
}

static bool judge_by_others(struct ingest_batch *b, struct owner owner,
                            struct track_message_row *m, struct near_event *fresh,
                            struct err *err)
{
	struct near_event near[CLASSIFY_NEAR_MAX];
	struct track_near_rows rows;

	if (!classify_needs_near(fresh, m->last_at,
	                         m->tally[0][TRACK_UNDETERMINED].events > 0))
		return true;
	if (!track_event_near(b->store, &b->work, m->id, CLASSIFY_NEAR_MAX, &rows, err))
		return false;
	for (size_t i = 0; i < rows.n; i++)
		near[i] = (struct near_event){
		        .id = rows.v[i].id,
		        .type = (enum track_type)rows.v[i].type,
		        .at = rows.v[i].at,
		        .link = (uint64_t)rows.v[i].link,
		        .source = (uint64_t)rows.v[i].source,
		        .reasons = (unsigned)rows.v[i].reasons,
		};
	classify(fresh, near, rows.n);
	for (size_t i = 0; i < rows.n; i++)
		if (near[i].is_changed &&
		    !relabel(b, owner, m, &near[i], &rows.v[i], err))
			return false;
	return true;
}

static bool unsubscribe(struct ingest_batch *b, const struct track_event *e,
                        struct owner owner, struct err *err)
{
	struct unsubscribe_row row = {.account_id = owner.account,
	                              .domain_id = owner.domain,
	                              .address = arena_lower(&b->work, e->text),
	                              .message = (int64_t)e->message,
	                              .at = e->at};
	bool is_one_click = e->hints & TRACK_ONE_CLICK;
	AUTO_JSON json_t *data = NULL;
	int64_t id;

	if (!unsubscribe_add(b->store, &row, &id, err))
		return false;
	if (!id)
		return true;
	count(b, owner, e->at / DAY_MS, e->type, TRACK_PERSON, 0, 1);
	data = json_object();
	json_object_set_new(data, "address", json_text(row.address));
	json_object_set_new(data, "message",
	                    json_text(arena_printf(&b->work, "%llu",
	                                           (unsigned long long)e->message)));
	json_object_set_new(data, "one_click", json_boolean(is_one_click));
	return event_append(b->store,
	                    &(struct event_row){.account_id = owner.account,
	                                        .domain_id = owner.domain,
	                                        .type = STR("message.unsubscribed"),
	                                        .at = e->at,
	                                        .data = json_line(&b->work, data)},
	                    &id, err);
}

static bool add_row(struct ingest_batch *b, const struct track_event *e,
                    struct owner owner, const struct near_event *judged,
                    struct err *err)
{
	struct track_event_row row = {
	        .id = b->next_id,
	        .account_id = owner.account,
	        .domain_id = owner.domain,
	        .type = e->type,
	        .at = e->at,
	        .message = (int64_t)e->message,
	        .link = stored(e->link),
	        .verdict = track_verdict(judged->reasons),
	        .reasons = judged->reasons,
	        .source = (int64_t)judged->source,
	        .method = e->method,
	        .tls = e->tls,
	        .answer = e->answer,
	        .hints = e->hints,
	        .host = e->host,
	        .text = e->text,
	        .ip = e->ip.length ? ip_format(&b->work, e->ip) : STR_NONE,
	        .agent = e->agent,
	};

	if (!track_event_add(b->store, &row, err))
		return false;
	b->next_id++;
	return true;
}

bool ingest_batch_add(struct ingest_batch *b, const struct track_event *e,
                      struct err *err)
{
	struct near_event fresh = {.type = e->type,
	                           .at = e->at,
	                           .link = (uint64_t)stored(e->link),
	                           .source = source_of(e->ip, e->agent),
	                           .reasons = looks_automated(b->agents, e)};
	struct owner owner = {.account = stored(e->tenant)};
	struct track_message_row *m;

	if (!domain_of(b, e, &owner.domain, err) ||
	    !message_of(b, e->message, &m, err) ||
	    !judge_by_others(b, owner, m, &fresh, err) ||
	    !add_row(b, e, owner, &fresh, err))
		return false;
	count_in(b, owner, m, e->at, e->type, track_verdict(fresh.reasons));
	if (e->at > m->last_at)
		m->last_at = e->at;
	return e->type != TRACK_UNSUBSCRIBE || unsubscribe(b, e, owner, err);
}

bool ingest_batch_end(struct ingest_batch *b, struct err *err)
{
	for (size_t i = 0; i < b->messages.n; i++)
		if (!track_message_save(b->store, b->messages.entries[i].value, err))
			return false;
	for (size_t i = 0; i < b->counts.n; i++)
		if (!track_count_add(b->store, b->counts.entries[i].value, err))
			return false;
	begin(b);
	return true;
}
