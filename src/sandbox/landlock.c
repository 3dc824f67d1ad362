#include "sandbox/landlock.h"

#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The kernel's structure as of version 6; older kernels are told its shorter form. */
struct ruleset {
	uint64_t files;
	uint64_t network; /* from version 4 */
	uint64_t scope;   /* from version 6 */
};

enum {
	/* What may be asked of a file … */
	FILE_EXECUTE = 1 << 0,
	FILE_READ = 1 << 2,
	FILE_WRITE = 1 << 1,
	FILE_TRUNCATE = 1 << 14,     /* from version 3 */
	FILE_IOCTL_DEVICE = 1 << 15, /* from version 5 */
	/* … and of a folder. */
	FOLDER_READ = 1 << 3,
	FOLDER_CHANGE = 1 << 4 | 1 << 5 | 1 << 7 |
	                1 << 8, /* remove and make files and folders */
	FOLDER_REFER = 1 << 13, /* from version 2 */
	ALL_OF_VERSION_2 = (1 << 14) - 1,
	NETWORK_ALL = 3, /* bind and connect TCP */
	SCOPE_ALL = 3,   /* abstract sockets, signals */
	VERSION_LEAST = 2,
};

static uint64_t known_files(int version)
{
	uint64_t known = ALL_OF_VERSION_2;

	if (version >= 3)
		known |= FILE_TRUNCATE;
	if (version >= 5)
		known |= FILE_IOCTL_DEVICE;
	return known;
}

static uint64_t granted(enum sandbox_access access, bool is_folder)
{
	static const uint64_t rights[] = {
	        [SANDBOX_READ] = FILE_READ | FOLDER_READ,
	        [SANDBOX_FILE] = FILE_READ | FILE_WRITE | FILE_TRUNCATE,
	        [SANDBOX_TREE] = FILE_READ | FILE_WRITE | FILE_TRUNCATE | FOLDER_READ |
	                         FOLDER_CHANGE | FOLDER_REFER,
	        [SANDBOX_EXECUTE] = FILE_EXECUTE | FILE_READ | FOLDER_READ,
	};
	uint64_t of_files = FILE_EXECUTE | FILE_READ | FILE_WRITE | FILE_TRUNCATE;

	return is_folder ? rights[access] : rights[access] & of_files;
}

static bool fail(struct err *err, const char *what)
{
	return err_set(err, ERR_INTERNAL, "sandbox: landlock: %s: %s", what,
	               strerror(errno));
}

static bool add_path(int ruleset, const struct sandbox_path *p, int version,
                     struct err *err)
{
	struct landlock_path_beneath_attr rule = {0};
	AUTO_FD int fd = open(p->path, O_PATH | O_CLOEXEC);
	struct stat st;

	if (fd < 0 && errno == ENOENT)
		return true;
	if (fd < 0 || fstat(fd, &st) != 0)
		return fail(err, p->path);
	if (p->access == SANDBOX_FILE && S_ISDIR(st.st_mode))
		return err_set(err, ERR_INTERNAL, "sandbox: %s is a folder", p->path);
	rule.parent_fd = fd;
	rule.allowed_access =
	        granted(p->access, S_ISDIR(st.st_mode)) & known_files(version);
	if (syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule,
	            0) != 0)
		return fail(err, p->path);
	return true;
}

static int make_ruleset(int version, bool may_create_sockets)
{
	struct ruleset r = {.files = known_files(version)};
	size_t size = sizeof(r.files);

	if (version >= 4)
		size += sizeof(r.network);
	if (version >= 4 && !may_create_sockets)
		r.network = NETWORK_ALL;
	if (version >= 6) {
		size += sizeof(r.scope);
		r.scope = SCOPE_ALL;
	}
	return (int)syscall(SYS_landlock_create_ruleset, &r, size, 0);
}

bool landlock_enter(const struct sandbox_path *paths, size_t n, bool may_create_sockets,
                    int *version, struct err *err)
{
	AUTO_FD int ruleset = -1;

	*version = (int)syscall(SYS_landlock_create_ruleset, NULL, 0,
	                        LANDLOCK_CREATE_RULESET_VERSION);
	if (*version < VERSION_LEAST) {
		*version = 0;
		return true;
	}
	ruleset = make_ruleset(*version, may_create_sockets);
	if (ruleset < 0)
		return fail(err, "no rules");
	for (size_t i = 0; i < n; i++)
		if (!add_path(ruleset, &paths[i], *version, err))
			return false;
	if (syscall(SYS_landlock_restrict_self, ruleset, 0) != 0)
		return fail(err, "not put on");
	return true;
}
