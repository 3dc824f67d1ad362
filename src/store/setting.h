/* Single values of the instance by name. "schema" is the store's own. */
#pragma once

#include "store/store.h"

/* The view without a pointer where there is none. */
NODISCARD bool setting_find(struct store *store, struct arena *a, struct str name,
                            struct str *out, struct err *err);
NODISCARD bool setting_save(struct store *store, struct str name, struct str value,
                            struct err *err);
