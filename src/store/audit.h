/* The audit log: who did what to which object. */
#pragma once

#include "store/store.h"

struct audit_row {
	int64_t id, account_id;
	struct str actor;  /* key_3, usr_2, "operator" … */
	struct str action; /* domain.delete … */
	struct str object; /* dom_42 */
	int64_t at;
	struct str data; /* JSON */
};

struct audit_rows {
	struct audit_row *v;
	size_t n;
	int64_t next;
};

NODISCARD bool audit_append(struct store *store, const struct audit_row *row,
                            int64_t *id, struct err *err);
NODISCARD bool audit_list(struct store *store, struct arena *a, int64_t account,
                          const struct store_page *page, struct audit_rows *out,
                          struct err *err);
/* As event_purge(). */
NODISCARD bool audit_purge(struct store *store, int64_t before, int64_t limit,
                           int64_t *removed, struct err *err);
