/* The inside of struct certificates. Private to certificates.c, certificate_order.c and
 * certificate_row.c. */
#pragma once

#include "base/wheel.h"
#include "core/acme_client.h"
#include "core/certificates.h"
#include "core/turn.h"
#include "ipc/keys_client.h"
#include "resolve/resolver.h"
#include "store/certificate.h"

enum { CERTIFICATE_JOBS_MAX = 32, CERTIFICATE_RETRY_MS = 60000 };

/* What is under way for one host; never two at once. */
struct certificate_job {
	struct certificate_job *next;
	struct certificates *c;
	struct arena a; /* all of it */
	int64_t tracking;
	struct str host;
	/* CAA is looked up. */
	struct certificate_facts facts;
	struct dns_answers answers;
	/* Or an order. */
	uint64_t generation;
	struct str chain; /* PEM, once it is there */
	/* Or an upload. */
	certificates_uploaded_fn *uploaded;
	void *arg;
};

/* Facts that wait for a turn. */
struct certificate_news {
	struct certificate_news *next;
	struct arena a;
	int64_t tracking;
	struct certificate_facts facts;
};

struct certificates {
	struct arena a;
	struct certificates_setup setup;
	struct certificate_rules rules;
	struct certificate_budget budget;
	char pause[512]; /* why the authority is not asked just now, for all hosts */
	struct wheel *wheel;
	struct event *due;
	struct certificate_job *jobs;
	size_t job_count;
	struct certificate_news *news, **last_news;
	bool is_draining;
	struct certificates_stats stats;
};

/* ---- certificates.c ---- */

struct certificate_job *certificates_job(struct certificates *c, int64_t tracking,
                                         struct str host);
void certificates_end_job(struct certificate_job *job);
/* Within a turn: the wheel's time of the host behind the commit; where that is lost, it is
 * looked at again in a minute. */
void certificates_time(struct certificates *c, int64_t tracking, int64_t at);

/* ---- certificate_order.c ---- */

/* The row says that it is ordered: has it made. */
void certificates_order(struct certificates *c, const struct certificate_row *row);

/* ---- certificate_row.c ---- */

struct certificate_life certificate_row_life(const struct certificate_row *row);
void certificate_row_set(struct certificate_row *row,
                         const struct certificate_life *life);
/* The row of a tracking domain, one that is new where there is none yet; NULL where there
 * is no such tracking domain. */
NODISCARD bool certificate_row_open(struct store *store, struct arena *a,
                                    int64_t tracking, struct certificate_row **out,
                                    struct err *err);
/* Writes the row, and the event with what there is to say of it. */
NODISCARD bool certificate_row_keep(struct store *store, struct arena *a,
                                    struct certificate_row *row,
                                    enum certificate_event event, int64_t now,
                                    struct err *err);
