/*
 * Upkeep: what is too old is removed from the database, a little at a time, so that no
 * turn of the loop takes long: checks, events, the audit trail, kept answers, sessions.
 */
#pragma once

#include "config/config.h"
#include "core/turn.h"

struct event_base;
struct upkeep;

struct upkeep *upkeep_new(struct event_base *base, struct store *store,
                          struct turn *turn, const struct config *config);
void upkeep_reconfigure(struct upkeep *upkeep, const struct config *config);
/* Begins a round now, where none is under way: the clock has jumped. */
void upkeep_poke(struct upkeep *upkeep);
void upkeep_free(struct upkeep *upkeep);
