#include "keys/key_files.h"

#include "base/base64.h"
#include "base/file.h"
#include "base/random.h"
#include "crypto/seal.h"
#include "keys/master.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SUFFIX    ".key"
#define TEMPORARY ".tmp"

enum {
	NAME_MAX_BYTES = KEY_ID_LEN + sizeof(SUFFIX TEMPORARY),
	FILE_MAX_BYTES = PRIVATE_KEY_TEXT_MAX + 256,
};

static const char *const folder_names[KEY_FOLDER_COUNT] = {
        [KEY_POOL] = "pool",
        [KEY_DKIM] = "dkim",
};

static bool fail(struct err *err, const char *name)
{
	return err_set(err, ERR_UNAVAILABLE, "%s: %s", name, strerror(errno));
}

static void format_name(struct str id, const char *suffix, char out[NAME_MAX_BYTES])
{
	need(key_id_is_valid(id));
	snprintf(out, NAME_MAX_BYTES, "%.*s%s", STR_ARG(id), suffix);
}

/* The id of a file's name, or empty. */
static struct str id_of(struct str name)
{
	struct str id = str_slice(name, 0, KEY_ID_LEN);

	return key_id_is_valid(id) && str_eq(str_from(name, KEY_ID_LEN), STR(SUFFIX))
	               ? id
	               : STR_NONE;
}

static bool make_folder(int at, const char *name, int64_t uid, int64_t gid, int *fd,
                        struct err *err)
{
	if (mkdirat(at, name, 0700) != 0 && errno != EEXIST)
		return fail(err, name);
	*fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (*fd < 0)
		return fail(err, name);
	if (uid >= 0 && fchown(*fd, (uid_t)uid, (gid_t)gid) != 0)
		return fail(err, name);
	return true;
}

/* Calls fn for each name in the folder. */
static bool each_name(int folder, bool (*fn)(void *arg, const char *name), void *arg,
                      struct err *err)
{
	int copy = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = copy < 0 ? NULL : fdopendir(copy);
	const struct dirent *entry;
	bool ok = true;

	if (!dir) {
		file_close(&copy);
		return fail(err, "a folder of keys");
	}
	errno = 0;
	while (ok && (entry = readdir(dir)) != NULL) {
		ok = fn(arg, entry->d_name);
		if (ok)
			errno = 0;
	}
	if (errno)
		ok = fail(err, "a folder of keys");
	closedir(dir);
	return ok;
}

struct tidying {
	int folder;
	size_t keys;
};

static bool tidy_one(void *arg, const char *name)
{
	struct tidying *t = arg;

	if (str_ends(str_c(name), STR(TEMPORARY)))
		return unlinkat(t->folder, name, 0) == 0;
	t->keys += id_of(str_c(name)).n > 0;
	return true;
}

/* Whether there is a file in the folder, found without reading all of it: 1 or 0. */
static bool has_any(int folder, size_t *count, struct err *err)
{
	int copy = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = copy < 0 ? NULL : fdopendir(copy);
	const struct dirent *entry;

	*count = 0;
	if (!dir) {
		file_close(&copy);
		return fail(err, "a folder of keys");
	}
	while (*count == 0 && (entry = readdir(dir)) != NULL)
		*count = str_ends(str_c(entry->d_name), STR(".tls"));
	closedir(dir);
	return true;
}

static bool open_folders(struct key_files *f, int keys, int64_t uid, int64_t gid,
                         size_t *count, struct err *err)
{
	if (!make_folder(keys, "tls", uid, gid, &f->tls, err) ||
	    !has_any(f->tls, count, err))
		return false;
	for (int i = 0; i < KEY_FOLDER_COUNT; i++) {
		struct tidying t = {0};

		if (!make_folder(keys, folder_names[i], uid, gid, &f->folders[i], err))
			return false;
		t.folder = f->folders[i];
		if (!each_name(t.folder, tidy_one, &t, err))
			return false;
		*count += t.keys;
	}
	return true;
}

bool key_files_open(struct key_files *f, const char *data_dir, const char *master_path,
                    int64_t uid, int64_t gid, struct err *err)
{
	AUTO_FD int data = -1;
	AUTO_FD int keys = -1;
	size_t count;

	*f = (struct key_files){
	        .folders = {-1, -1},
                  .tls = -1
        };
	if (mkdir(data_dir, 0750) != 0 && errno != EEXIST)
		return fail(err, data_dir);
	data = open(data_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (data < 0)
		return fail(err, data_dir);
	if (!make_folder(data, "keys", uid, gid, &keys, err) ||
	    !open_folders(f, keys, uid, gid, &count, err) ||
	    !master_open(&f->master, keys, master_path, count > 0, uid, gid, err)) {
		key_files_close(f);
		return err_add(err, "the keys in %s", data_dir);
	}
	if (fsync(keys) != 0 || fsync(data) != 0) {
		key_files_close(f);
		return fail(err, data_dir);
	}
	return true;
}

void key_files_close(struct key_files *f)
{
	for (int i = 0; i < KEY_FOLDER_COUNT; i++)
		file_close(&f->folders[i]);
	file_close(&f->tls);
	secret_done(&f->master);
}

/* What stands in the clear in front of a key. */
static struct str format_line(struct arena *a, const struct private_key *key,
                              struct str id)
{
	return arena_printf(a, "signet-key 1 %s %.*s\n",
	                    key_algorithm_name(private_key_algorithm(key)),
	                    STR_ARG(id));
}

static bool write_file(int folder, struct str id, struct str bytes, struct err *err)
{
	char name[NAME_MAX_BYTES], temporary[NAME_MAX_BYTES];
	AUTO_FD int fd = -1;

	format_name(id, SUFFIX, name);
	format_name(id, SUFFIX TEMPORARY, temporary);
	fd = openat(folder, temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0)
		return fail(err, name);
	if (!file_put(fd, bytes) ||
	    renameat2(folder, temporary, folder, name, RENAME_NOREPLACE) != 0) {
		fail(err, name);
		(void)unlinkat(folder, temporary, 0);
		return false;
	}
	return true;
}

bool key_files_add(const struct key_files *f, enum key_folder folder, struct str id,
                   const struct private_key *key, struct err *err)
{
	AUTO(arena) a = {0};
	AUTO(secret) pem = {0};
	struct str line = format_line(&a, key, id);
	struct str sealed;

	if (!private_key_format(key, &pem, err))
		return false;
	sealed = seal_close(&a, f->master.p, line, secret_str(&pem));
	return write_file(f->folders[folder], id, arena_join(&a, line, sealed), err);
}

bool key_files_assign(const struct key_files *f, struct str pool_id, struct str id,
                      struct err *err)
{
	char from[NAME_MAX_BYTES], to[NAME_MAX_BYTES];

	format_name(pool_id, SUFFIX, from);
	format_name(id, SUFFIX, to);
	if (renameat2(f->folders[KEY_POOL], from, f->folders[KEY_DKIM], to,
	              RENAME_NOREPLACE) != 0)
		return fail(err, to);
	return true;
}

enum keys_refusal key_files_load(const struct key_files *f, enum key_folder folder,
                                 struct str id, struct private_key **out,
                                 struct err *err)
{
	AUTO(arena) a = {0};
	AUTO(secret) pem = {0};
	char name[NAME_MAX_BYTES];
	AUTO_FD int fd = -1;
	struct str text;
	size_t line;

	format_name(id, SUFFIX, name);
	fd = openat(f->folders[folder], name, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		bool absent = errno == ENOENT;

		fail(err, name);
		return absent ? KEYS_UNKNOWN_KEY : KEYS_FAILED;
	}
	if (!file_read_fd(&a, fd, name, FILE_MAX_BYTES, &text, err))
		return KEYS_DAMAGED;
	line = (size_t)(str_find_char(text, '\n') + 1);
	if (!str_starts(text, STR("signet-key 1 ")) || line == 0 ||
	    !seal_open(f->master.p, str_slice(text, 0, line), str_from(text, line),
	               &pem)) {
		err_set(err, ERR_INPUT,
		        "%s: damaged, or sealed under another master key", name);
		return KEYS_DAMAGED;
	}
	if (!private_key_parse(secret_str(&pem), out, err)) {
		err_add(err, "%s", name);
		return KEYS_DAMAGED;
	}
	return KEYS_NONE;
}

bool key_files_remove(const struct key_files *f, enum key_folder folder, struct str id,
                      struct err *err)
{
	char name[NAME_MAX_BYTES];

	format_name(id, SUFFIX, name);
	if (unlinkat(f->folders[folder], name, 0) != 0 && errno != ENOENT)
		return fail(err, name);
	return true;
}

bool key_files_sync(const struct key_files *f, struct err *err)
{
	/* First where the key arrives: between the two it is in both folders or in the
	 * new one, never in none. It is told to nobody before both are done. */
	if (fsync(f->folders[KEY_DKIM]) != 0 || fsync(f->folders[KEY_POOL]) != 0)
		return fail(err, "keys");
	return true;
}

struct walk {
	key_files_each_fn *fn;
	void *arg;
};

static bool walk_one(void *arg, const char *name)
{
	const struct walk *w = arg;
	struct str id = id_of(str_c(name));

	if (id.n)
		w->fn(w->arg, id);
	return true;
}

bool key_files_each(const struct key_files *f, enum key_folder folder,
                    key_files_each_fn *fn, void *arg, struct err *err)
{
	struct walk w = {fn, arg};

	return each_name(f->folders[folder], walk_one, &w, err);
}
