#include "store/store.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "data/data.h"

#include "store/parts.h"
#include "store/setting.h"

/* What the core's memory allows; a million domains are worked on within it. */
enum { CACHE_BYTES = 64 * 1024 * 1024, BUSY_MS = 5000 };

static struct str migration(int number)
{
	char name[32];
	int n = snprintf(name, sizeof(name), "migrations/%03d.sql", number);

	return data_file((struct str){name, (size_t)n});
}

int store_schema_newest(void)
{
	int newest = 0;

	while (migration(newest + 1).p)
		newest++;
	return newest;
}

/* 0 where the store is empty. */
static bool schema_read(struct store *store, int *schema, struct err *err)
{
	AUTO(arena) a = {0};
	struct str text;
	uint64_t number;
	bool has;

	*schema = 0;
	if (!sql_has_table(store->sql, "settings", &has, err))
		return false;
	if (!has)
		return true;
	if (!setting_find(store, &a, STR("schema"), &text, err))
		return false;
	if (!str_parse_uint(text, INT_MAX, &number))
		return err_set(err, ERR_INPUT,
		               "it is no store of Signet: it does not say its schema");
	*schema = (int)number;
	return true;
}

static bool schema_check(int schema, struct err *err)
{
	int newest = store_schema_newest();

	if (schema <= newest)
		return true;
	return err_set(err, ERR_INPUT,
	               "it has schema %d, and this version of Signet knows those up to "
	               "%d: use the version that wrote it, or a backup from before it",
	               schema, newest);
}

static bool migrate_from(struct store *store, int schema, struct err *err)
{
	char text[16];
	int n;

	if (!schema_check(schema, err))
		return false;
	while (schema < store_schema_newest()) {
		char name[32];

		snprintf(name, sizeof(name), "migration %d", ++schema);
		if (!sql_script(store->sql, name, migration(schema), err))
			return false;
	}
	n = snprintf(text, sizeof(text), "%d", schema);
	return setting_save(store, STR("schema"), (struct str){text, (size_t)n}, err);
}

/* All missing migrations are one transaction; another process may have been first. */
static bool migrate(struct store *store, struct err *err)
{
	int schema;
	bool own;

	if (!schema_read(store, &schema, err) || !schema_check(schema, err))
		return false;
	if (schema == store_schema_newest())
		return true;
	if (!several_begin(store, &own, err))
		return false;
	return several_end(store, own,
	                   schema_read(store, &schema, err) &&
	                           migrate_from(store, schema, err),
	                   err);
}

bool store_open(struct store *store, const char *path, struct err *err)
{
	const struct sql_options options = {.busy_ms = BUSY_MS,
	                                    .cache_bytes = CACHE_BYTES};

	*store = (struct store){0};
	if (!sql_open(path, &options, &store->sql, err))
		return err_add(err, "store");
	if (!migrate(store, err)) {
		store_close(store);
		return err_add(err, "store %s", path);
	}
	return true;
}

void store_close(struct store *store)
{
	if (store->sql)
		sql_rollback(store->sql);
	sql_close(store->sql);
	*store = (struct store){0};
}

static bool copy_into(const char *from, const char *to, struct err *err)
{
	const struct sql_options options = {.read_only = true, .busy_ms = BUSY_MS};
	struct sql *sql;
	bool is_good;

	if (!sql_open(from, &options, &sql, err))
		return false;
	is_good = sql_copy(sql, to, err);
	sql_close(sql);
	return is_good;
}

static bool sync_path(const char *path, int flags)
{
	AUTO_FD int fd = open(path, flags | O_CLOEXEC);

	return fd >= 0 && fsync(fd) == 0;
}

/* The name of the folder that a path is in. */
static void folder_of(const char *path, char folder[PATH_MAX])
{
	const char *slash = strrchr(path, '/');

	if (!slash)
		snprintf(folder, PATH_MAX, ".");
	else
		snprintf(folder, PATH_MAX, "%.*s", (int)(slash - path) + 1, path);
}

bool store_backup(const char *from, const char *to, struct err *err)
{
	char temporary[PATH_MAX], folder[PATH_MAX];
	int n = snprintf(temporary, sizeof(temporary), "%s.XXXXXX", to);
	bool is_good;
	int fd;

	if (n < 0 || (size_t)n >= sizeof(temporary))
		return err_set(err, ERR_INPUT, "%s: path too long", to);
	if (access(to, F_OK) == 0)
		return err_set(err, ERR_INPUT, "%s: exists and is not overwritten", to);
	fd = mkstemp(temporary);
	if (fd < 0)
		return err_set(err, ERR_UNAVAILABLE, "%s: %s", to, strerror(errno));
	close(fd);
	folder_of(to, folder);
	is_good = copy_into(from, temporary, err);
	/* link() and not rename(): it does not replace what appeared meanwhile. */
	if (is_good && (!sync_path(temporary, O_RDWR) || link(temporary, to) != 0 ||
	                !sync_path(folder, O_RDONLY | O_DIRECTORY)))
		is_good = err_set(err, ERR_UNAVAILABLE, "%s: %s", to, strerror(errno));
	unlink(temporary);
	return is_good || err_add(err, "backup");
}

const struct sql_statements *store_statements(size_t i)
{
	static const struct sql_statements *const all[] = {
	        &account_statements,       &api_key_statements,
	        &audit_statements,         &check_statements,
	        &certificate_statements,   &revocation_statements,
	        &dkim_key_statements,      &domain_statements,
	        &event_statements,         &idempotency_statements,
	        &layout_statements,        &mail_queue_statements,
	        &review_statements,        &schedule_statements,
	        &sender_statements,        &setting_statements,
	        &tracking_statements,      &track_count_statements,
	        &track_cursor_statements,  &track_event_statements,
	        &track_message_statements, &unsubscribe_statements,
	        &turn_statements,          &unsettled_key_statements,
	        &user_statements,
	};

	return i < LEN(all) ? all[i] : NULL;
}
