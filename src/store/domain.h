/*
 * Domains. A row is what was asked for (layout and settings, frozen when it was added),
 * where its life cycle stands (struct domain_life, written by every check as one UPDATE)
 * and how its mail is treated.
 *
 * A deleted domain keeps its row for statistics; its name is free again for the account.
 * The same name may be in several accounts.
 */
#pragma once

#include "store/store.h"

/* What a check changes. Times in ms, 0: not so far. */
struct domain_life {
	struct str status; /* pending, partial, verified, warning, lost, failed … */
	int64_t status_since, started_at, checked_at, next_check_at;
	int64_t verified_at, loss_seen_at, warning_since;
	int64_t checks_done, fault_streak;
	struct str record_summary; /* short JSON: the records and their status */
	struct str provider;       /* id of the DNS provider that was recognised */
};

struct domain_row {
	int64_t id, account_id;
	struct str name;     /* lower case, A-labels */
	int64_t layout_id;   /* layout.h: the profile as it was given out */
	struct str settings; /* JSON: the values of all variables of the profile */
	struct domain_life life;
	bool is_demo, is_suspended;
	struct str review_state; /* empty: none needed */
	/* What the customer may change (domain_save_options). */
	struct str region, environment;
	bool open_tracking, click_tracking;
	struct str unsubscribe_mode, tracking_host;
	struct str tags; /* words with one blank between them */
	int64_t created_at, deleted_at;
};

struct domain_rows {
	struct domain_row *v;
	size_t n;
	int64_t next;
};

/* All given conditions must hold; empty or 0: none. */
struct domain_filter {
	int64_t account_id;
	struct str status; /* as it is shown: "review", "deleted" … too */
	struct str tag;
	struct str name_prefix; /* lower case; the list is then in the order of names */
};

/* Adds it, its tags and its row of the schedule. The row's id is not used; *id is the
 * new one, 0 where the account has a domain of that name. */
NODISCARD bool domain_add(struct store *store, const struct domain_row *row,
                          int64_t *id, struct err *err);
/* Deleted ones are found too: look at deleted_at. */
NODISCARD bool domain_find(struct store *store, struct arena *a, int64_t account,
                           int64_t id, struct domain_row **out, struct err *err);
/* The one of the account that is not deleted. */
NODISCARD bool domain_find_name(struct store *store, struct arena *a, int64_t account,
                                struct str name, struct domain_row **out,
                                struct err *err);
/* Without deleted ones, unless the filter is for them, which are then in the order of ids;
 * newest_first of the page is not for this list. */
NODISCARD bool domain_list(struct store *store, struct arena *a,
                           const struct domain_filter *filter,
                           const struct store_page *page, struct domain_rows *out,
                           struct err *err);
/* Those of this name in all accounts, not deleted, at most `limit`. */
NODISCARD bool domain_list_named(struct store *store, struct arena *a, struct str name,
                                 int64_t limit, struct domain_rows *out,
                                 struct err *err);

/* Writes the life of a domain, and its row of the schedule: next_check_at 0 takes it
 * off. A deleted domain is left as it is. */
NODISCARD bool domain_save_life(struct store *store, int64_t id,
                                const struct domain_life *life, struct err *err);
/* Writes region, environment, tracking, unsubscribe_mode, tracking_host and tags. */
NODISCARD bool domain_save_options(struct store *store, const struct domain_row *row,
                                   struct err *err);
/* Gives it other records: the customer has to publish anew. */
NODISCARD bool domain_save_layout(struct store *store, int64_t id, int64_t layout_id,
                                  struct str settings, struct err *err);
NODISCARD bool domain_save_review(struct store *store, int64_t id, struct str state,
                                  struct err *err);
NODISCARD bool domain_suspend(struct store *store, int64_t id, bool is_suspended,
                              struct err *err);
/* Marks it deleted, status "deleted", off the schedule; *deleted is false
 * where the account has no such domain any more. */
NODISCARD bool domain_delete(struct store *store, int64_t account, int64_t id,
                             int64_t now, bool *deleted, struct err *err);

struct domain_count {
	struct str status;
	int64_t n;
};

struct domain_counts {
	struct domain_count *v;
	size_t n;
};

/* How many of each status as it is shown, without deleted ones. For all accounts (0) it is
 * the status of the life cycle, and an index is read from end to end: not on each request. */
NODISCARD bool domain_count(struct store *store, struct arena *a, int64_t account,
                            struct domain_counts *out, struct err *err);
