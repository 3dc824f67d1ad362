/*
 * Upkeep: what is too old is removed from the database, a little at a time, so that no
 * turn of the loop takes long: checks, events, the audit trail, kept answers, sessions; and
 * keys that were asked for or given up an hour ago and are still unsettled
 * (store/unsettled_key.h).
 */
#pragma once

#include "config/config.h"
#include "core/turn.h"

struct event_base;
struct upkeep;

struct upkeep_setup {
	struct event_base *base;
	struct store *store;
	struct turn *turn;
	const struct config *config;
	/* Gives a key up, for good or for another hour. */
	void (*drop_key)(void *arg, struct str key_ref);
	void *arg;
};

/* What the setup refers to is lent. */
struct upkeep *upkeep_new(const struct upkeep_setup *setup);
void upkeep_reconfigure(struct upkeep *upkeep, const struct config *config);
/* Begins a round now, where none is under way: the clock has jumped. */
void upkeep_poke(struct upkeep *upkeep);
void upkeep_free(struct upkeep *upkeep);
