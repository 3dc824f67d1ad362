#include "store/setting.h"

#include "store/parts.h"

#define ROW struct setting_value

struct setting_value {
	struct str value;
};

static const struct sql_field fields[] = {FIELD(TEXT, value)};
static const struct sql_shape shape = {fields, LEN(fields), sizeof(ROW)};

enum { FIND, SAVE };

static const struct sql_statement statements[] = {
        [FIND] = {"setting.find", "SELECT value FROM settings WHERE name = $1", &shape},
        [SAVE] = {"setting.save",
                  "INSERT INTO settings (name, value) VALUES ($1, $2)"
                  " ON CONFLICT (name) DO UPDATE SET value = excluded.value"                                            },
};
const struct sql_statements setting_statements = {statements, LEN(statements)};

bool setting_find(struct store *store, struct arena *a, struct str name,
                  struct str *out, struct err *err)
{
	struct setting_value *found;

	*out = STR_NONE;
	if (!sql_find(store->sql, &statements[FIND], SQL_VALUES(sql_text(name)), a,
	              &found, err))
		return false;
	if (found)
		*out = found->value;
	return true;
}

bool setting_save(struct store *store, struct str name, struct str value,
                  struct err *err)
{
	return sql_run(store->sql, &statements[SAVE],
	               SQL_VALUES(sql_text(name), sql_text(value)), NULL, err);
}
