#include "track/classify.h"

static const char *const verdicts[TRACK_VERDICTS] = {
        [TRACK_PERSON] = "person",
        [TRACK_MACHINE] = "machine",
        [TRACK_UNDETERMINED] = "undetermined",
};

const char *track_verdict_name(enum track_verdict verdict)
{
	return verdicts[verdict];
}

bool track_verdict_parse(struct str word, enum track_verdict *out)
{
	for (int i = 0; i < TRACK_VERDICTS; i++)
		if (str_eq(word, str_c(verdicts[i]))) {
			*out = (enum track_verdict)i;
			return true;
		}
	return false;
}

enum track_verdict track_verdict(unsigned reasons)
{
	if (reasons & REASONS_PERSON)
		return TRACK_PERSON;
	if (reasons & REASONS_MACHINE)
		return TRACK_MACHINE;
	return reasons & REASONS_OPEN ? TRACK_UNDETERMINED : TRACK_PERSON;
}

/* FNV-1a, and a shuffle: it names, it protects nothing. */
static uint64_t hash(uint64_t h, struct str bytes)
{
	for (size_t i = 0; i < bytes.n; i++)
		h = (h ^ (uint8_t)bytes.p[i]) * UINT64_C(0x100000001b3);
	return h ^ h >> 29;
}

uint64_t source_of(struct ip ip, struct str agent)
{
	uint64_t h = UINT64_C(0xcbf29ce484222325);

	if (ip.length == 0 && agent.n == 0)
		return 0;
	h = hash(h, (struct str){(const char *)ip.bytes, ip.length});
	/* Stored as a signed number, so not the highest bit. */
	return hash(h, agent) >> 1 | 1;
}

static void add(struct near_event *e, unsigned reason)
{
	if (e->reasons & reason)
		return;
	e->reasons |= reason;
	e->is_changed = true;
}

static int64_t between(const struct near_event *a, const struct near_event *b)
{
	return a->at > b->at ? a->at - b->at : b->at - a->at;
}

static bool is_click(const struct near_event *e)
{
	return e->type == TRACK_CLICK || e->type == TRACK_CLICK_PAGE;
}

/* Different links that were followed within BURST_MS before this time, with it. */
static size_t links_until(int64_t until, const struct near_event *fresh,
                          const struct near_event *near, size_t n)
{
	uint64_t seen[CLASSIFY_NEAR_MAX + 1] = {0};
	size_t count = 0;

	for (size_t i = 0; i <= n; i++) {
		const struct near_event *e = i < n ? &near[i] : fresh;
		size_t k = 0;

		if (!is_click(e) || e->at > until || e->at < until - BURST_MS)
			continue;
		while (k < count && seen[k] != e->link)
			k++;
		if (k == count)
			seen[count++] = e->link;
	}
	return count;
}

/* Every window that holds the fresh click ends with a click; those of a window with too
 * many links are all a machine's. */
static void find_burst(struct near_event *fresh, struct near_event *near, size_t n)
{
	for (size_t w = 0; w <= n; w++) {
		const struct near_event *last = w < n ? &near[w] : fresh;
		int64_t until = last->at;

		if (!is_click(last) || fresh->at > until ||
		    fresh->at < until - BURST_MS ||
		    links_until(until, fresh, near, n) < BURST_LINKS)
			continue;
		add(fresh, REASON_BURST);
		for (size_t i = 0; i < n; i++)
			if (is_click(&near[i]) && near[i].at <= until &&
			    near[i].at >= until - BURST_MS)
				add(&near[i], REASON_BURST);
	}
}

/* What says by itself that a machine is there; not what was concluded from others, or one
 * label would go on from event to event. */
static bool is_machine(const struct near_event *e)
{
	return track_verdict(e->reasons & ~(unsigned)REASON_SAME_SOURCE) ==
	       TRACK_MACHINE;
}

static void find_same_source(struct near_event *fresh, struct near_event *near,
                             size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (!fresh->source || near[i].source != fresh->source ||
		    between(fresh, &near[i]) > SOURCE_MS)
			continue;
		if (is_machine(&near[i]) && !is_machine(fresh))
			add(fresh, REASON_SAME_SOURCE);
		else if (is_machine(fresh) && !is_machine(&near[i]))
			add(&near[i], REASON_SAME_SOURCE);
	}
}

static void find_later_click(struct near_event *fresh, struct near_event *near,
                             size_t n)
{
	if (!is_click(fresh) || track_verdict(fresh->reasons) != TRACK_PERSON)
		return;
	for (size_t i = 0; i < n; i++)
		if (near[i].type == TRACK_OPEN && near[i].at <= fresh->at &&
		    track_verdict(near[i].reasons) == TRACK_UNDETERMINED)
			add(&near[i], REASON_LATER_CLICK);
}

void classify(struct near_event *fresh, struct near_event *near, size_t n)
{
	need(n <= CLASSIFY_NEAR_MAX);
	if (is_click(fresh))
		find_burst(fresh, near, n);
	find_same_source(fresh, near, n);
	find_later_click(fresh, near, n);
}

bool classify_needs_near(const struct near_event *fresh, int64_t last_at, bool has_open)
{
	int64_t since = fresh->at > last_at ? fresh->at - last_at : last_at - fresh->at;

	return since <= SOURCE_MS || (has_open && is_click(fresh));
}
