#include "keys/master.h"

#include "base/base64.h"
#include "base/file.h"
#include "base/random.h"
#include "crypto/seal.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/crypto.h>

#define CHECK_NAME "master.check"
#define CHECK_TEXT STR("signet master key\n")

enum { TEXT_MAX = 4096 };

static bool fail(struct err *err, const char *name)
{
	return err_set(err, ERR_UNAVAILABLE, "%s: %s", name, strerror(errno));
}

/* Writes what must not be there yet, under its final name only once it is whole. */
static bool write_new(int folder, const char *name, const char *temporary,
                      struct str text, int64_t uid, int64_t gid, struct err *err)
{
	AUTO_FD int fd = openat(folder, temporary,
	                        O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	if (fd < 0)
		return fail(err, name);
	if ((uid >= 0 && fchown(fd, (uid_t)uid, (gid_t)gid) != 0) ||
	    write(fd, text.p, text.n) != (ssize_t)text.n || fsync(fd) != 0 ||
	    renameat2(folder, temporary, folder, name, RENAME_NOREPLACE) != 0)
		return fail(err, name);
	return true;
}

static bool sync_parent(const char *path, struct err *err)
{
	AUTO(arena) a = {0};
	const char *slash = strrchr(path, '/');
	const char *folder = ".";
	AUTO_FD int fd = -1;

	if (slash)
		folder = arena_cstr(&a, (struct str){path, (size_t)(slash - path) + 1});
	fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || fsync(fd) != 0)
		return fail(err, folder);
	return true;
}

static bool make(struct secret *master, const char *path, int64_t uid, int64_t gid,
                 struct err *err)
{
	AUTO(arena) a = {0};
	uint8_t bytes[SEAL_KEY_BYTES];
	struct str text;
	bool ok;

	random_bytes(bytes, sizeof(bytes));
	secret_set(master, bytes, sizeof(bytes));
	OPENSSL_cleanse(bytes, sizeof(bytes));
	text = base64_encode(&a, secret_str(master));
	text = arena_printf(&a, "%.*s\n", STR_ARG(text));
	ok = write_new(AT_FDCWD, path, arena_printf(&a, "%s.tmp", path).p, text, uid,
	               gid, err) &&
	     sync_parent(path, err);
	OPENSSL_cleanse((void *)(uintptr_t)text.p, text.n);
	return ok;
}

static bool read_master(struct secret *master, int fd, const char *path,
                        struct err *err)
{
	AUTO(arena) a = {0};
	struct str text, bytes;
	bool ok;

	if (!file_read_fd(&a, fd, path, TEXT_MAX, &text, err))
		return false;
	ok = base64_decode(&a, str_trim(text), false, &bytes) &&
	     bytes.n == SEAL_KEY_BYTES;
	if (ok) {
		secret_set(master, bytes.p, bytes.n);
		OPENSSL_cleanse((void *)(uintptr_t)bytes.p, bytes.n);
	}
	OPENSSL_cleanse((void *)(uintptr_t)text.p, text.n);
	return ok ? true
	          : err_set(err, ERR_INPUT,
	                    "%s is not a master key (32 bytes in base64)", path);
}

static bool prove(const struct secret *master, int keys, const char *path,
                  bool has_keys, int64_t uid, int64_t gid, struct err *err)
{
	AUTO(arena) a = {0};
	AUTO(secret) plain = {0};
	AUTO_FD int fd = openat(keys, CHECK_NAME, O_RDONLY | O_CLOEXEC);
	struct str sealed;

	if (fd < 0 && errno != ENOENT)
		return fail(err, CHECK_NAME);
	if (fd < 0 && has_keys)
		return err_set(
		        err, ERR_INPUT,
		        "%s is missing, so nobody can tell whether %s sealed the "
		        "keys that are there; restore both from the backup",
		        CHECK_NAME, path);
	if (fd < 0)
		return write_new(keys, CHECK_NAME, CHECK_NAME ".tmp",
		                 seal_close(&a, master->p, STR(CHECK_NAME), CHECK_TEXT),
		                 uid, gid, err);
	if (!file_read_fd(&a, fd, CHECK_NAME, TEXT_MAX, &sealed, err))
		return false;
	if (!seal_open(master->p, STR(CHECK_NAME), sealed, &plain))
		return err_set(err, ERR_INPUT,
		               "%s is not the master key that sealed the keys here",
		               path);
	return true;
}

static bool has_check(int keys)
{
	return faccessat(keys, CHECK_NAME, F_OK, 0) == 0;
}

bool master_open(struct secret *master, int keys, const char *path, bool has_keys,
                 int64_t uid, int64_t gid, struct err *err)
{
	AUTO_FD int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0 && errno != ENOENT)
		return fail(err, path);
	if (fd < 0 && (has_keys || has_check(keys)))
		return err_set(err, ERR_INPUT,
		               "the master key %s is gone, but keys that it sealed are "
		               "there; restore it from the backup",
		               path);
	if (!(fd < 0 ? make(master, path, uid, gid, err)
	             : read_master(master, fd, path, err)))
		return false;
	return prove(master, keys, path, has_keys, uid, gid, err);
}
