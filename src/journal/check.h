/*
 * Looks through a journal folder, beside a writer or without one, and says what it finds:
 * what is damaged, and what only looks so (the end that a crash tore, what was written
 * twice). It changes nothing.
 */
#pragma once

#include "base/arena.h"
#include "base/err.h"

/* X(NAME, "word", is it damage) */
#define JOURNAL_FINDINGS(X)                                                            \
	X(DAMAGED, "damaged", true)        /* records are gone that were durable */    \
	X(HEADER, "header", true)          /* of a segment: not what its name says */  \
	X(NO_STATE, "no_state", true)      /* the mark is missing or not sound */      \
	X(TORN, "torn", false)             /* the end, written and never durable */    \
	X(SUPERSEDED, "superseded", false) /* written again in the next segment */     \
	X(UNSYNCED, "unsynced", false)     /* records not known to be on disk */       \
	X(FOREIGN, "foreign", false)       /* files that are none of ours */

enum journal_finding_kind {
#define X(name, word, is_damage) JOURNAL_FOUND_##name,
	JOURNAL_FINDINGS(X)
#undef X
};

/* "damaged", …, and whether it is worth an alarm. */
const char *journal_finding_name(enum journal_finding_kind kind);
bool journal_finding_is_damage(enum journal_finding_kind kind);

struct journal_finding {
	enum journal_finding_kind kind;
	uint64_t segment, offset; /* where it begins; 0: of the folder */
	uint64_t bytes;           /* that are no records */
	uint64_t first, last;     /* records, or a number of files; 0: none */
};

struct journal_check {
	uint64_t folder, mark;
	uint64_t segments, records, bytes; /* bytes of records, without their heads */
	uint64_t first, last;              /* 0: there are none */
	uint64_t damages;
	struct journal_finding *v; /* the first FINDINGS_MAX, by segment */
	size_t n, cap;
};

enum { JOURNAL_FINDINGS_MAX = 10000 };

/* False where the folder or a file in it cannot be read. */
NODISCARD bool journal_check(const char *dir, struct arena *a,
                             struct journal_check *out, struct err *err);
