#include "store/track_cursor.h"

#include "store/parts.h"

#define ROW struct track_cursor_row
#define COLUMNS(FIRST, X)                                                              \
	FIRST(TEXT, journal)                                                           \
	X(INT, folder)                                                                 \
	X(INT, sequence)                                                               \
	X(INT, segment)                                                                \
	X(INT, position)                                                               \
	X(INT, missing)
static const struct sql_shape shape = SHAPE(COLUMNS);

enum { FIND, SAVE };

/* clang-format off */
static const struct sql_statement statements[] = {
	[FIND] = {"track_cursor.find", "SELECT id, " NAMES(COLUMNS) " FROM track_cursors"
		" WHERE journal = $1", &shape},
	[SAVE] = {"track_cursor.save", "INSERT INTO track_cursors (" NAMES(COLUMNS) ")"
		" VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (journal) DO UPDATE SET"
		" folder = excluded.folder, sequence = excluded.sequence,"
		" segment = excluded.segment, position = excluded.position,"
		" missing = excluded.missing RETURNING id"},
};
/* clang-format on */
const struct sql_statements track_cursor_statements = {statements, LEN(statements)};

bool track_cursor_find(struct store *store, struct arena *a, struct str journal,
                       struct track_cursor_row **out, struct err *err)
{
	return sql_find(store->sql, &statements[FIND], SQL_VALUES(sql_text(journal)), a,
	                out, err);
}

bool track_cursor_save(struct store *store, const struct track_cursor_row *row,
                       struct err *err)
{
	int64_t id;

	return sql_insert(store->sql, &statements[SAVE], &shape, row, &id, err);
}
