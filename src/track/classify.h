/*
 * Person or machine: what a request shows by itself (automated.h), put beside what else
 * happened with the same message. Events are labelled and counted twice, never dropped;
 * when later evidence comes the label of an earlier one changes.
 *
 *	new.reasons = looks_automated(agents, &event);
 *	changed = classify(&new, near, n);	(new, and near[i] where i is told)
 *	verdict = track_verdict(new.reasons);
 *
 * What other events tell:
 *	burst		BURST_LINKS different links of one message within BURST_MS
 *	same_source	a machine did so from the same address and agent, within
 *			SOURCE_MS before or after: a scanner that asks HEAD, then GET
 *	later_click	a person followed a link, so the message was open before: opens
 *			that were left open are a person's
 *
 * Pure. The times of the requests count, not when they were read.
 */
#pragma once

#include "track/automated.h"

enum {
	BURST_LINKS = 3,
	BURST_MS = 3000,
	SOURCE_MS = 10 * 1000,
	CLASSIFY_NEAR_MAX = 64,
};

enum track_verdict { TRACK_PERSON, TRACK_MACHINE, TRACK_UNDETERMINED, TRACK_VERDICTS };

const char *track_verdict_name(enum track_verdict verdict);
NODISCARD bool track_verdict_parse(struct str word, enum track_verdict *out);
enum track_verdict track_verdict(unsigned reasons);

/* As much of an event as another one is judged by. */
struct near_event {
	int64_t id; /* the caller's */
	enum track_type type;
	int64_t at;
	uint64_t link, source; /* source_of() */
	unsigned reasons;
	bool is_changed; /* by classify() */
};

/* A number for the address and agent that a request came from; 0 where there is neither. */
uint64_t source_of(struct ip ip, struct str agent);

/* Adds reasons to `fresh` and to those of `near`, events of the same message that were
 * there before it, in any order. */
void classify(struct near_event *fresh, struct near_event *near, size_t n);
/* Whether other events of the message can matter for this one: else none need be read.
 * `last_at` is the time of the newest before it, `has_open` whether opens of it are
 * undetermined. */
bool classify_needs_near(const struct near_event *fresh, int64_t last_at,
                         bool has_open);
