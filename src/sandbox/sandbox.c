#include "sandbox/sandbox.h"

#include "sandbox/calls.h"
#include "sandbox/landlock.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

/* One row a role: which groups of system calls (calls.h), how many descriptors. */
struct row {
	enum role role;
	unsigned calls;
	bool may_create_sockets;
	rlim_t descriptors;
};

static const struct row rows[] = {
  /* Asks DNS, sends mail, serves the API; its threads hash and send. */
        {ROLE_CORE,
         CALLS_BASE | CALLS_THREADS | CALLS_READ | CALLS_WRITE | CALLS_ACCEPT, true,
         65536                                                                             },
 /* One thread makes keys while all else is idle. */
        {ROLE_KEYS, CALLS_BASE | CALLS_THREADS | CALLS_READ | CALLS_WRITE,     false, 1024 },
 /* One thread writes its journal; it reads the answers to challenges. */
        {ROLE_EDGE,
         CALLS_BASE | CALLS_THREADS | CALLS_READ | CALLS_WRITE | CALLS_ACCEPT, false,
         65536                                                                             },
        {ROLE_GATE, CALLS_BASE | CALLS_ACCEPT,                                 false, 65536},
 /* Runs uacme, which is held by the same rules. */
        {ROLE_ACME,
         CALLS_BASE | CALLS_READ | CALLS_WRITE | CALLS_ACCEPT | CALLS_EXECUTE, true,
         256                                                                               },
};

static const struct row *find_row(enum role role)
{
	for (size_t i = 0; i < LEN(rows); i++)
		if (rows[i].role == role)
			return &rows[i];
	need_failed("a role with a sandbox", __FILE__, __LINE__);
}

static bool fail(struct err *err, const char *what)
{
	return err_set(err, ERR_INTERNAL, "sandbox: %s: %s", what, strerror(errno));
}

static bool limit(const struct row *row, struct err *err)
{
	struct rlimit none = {0, 0};
	struct rlimit files;

	/* A dump of memory would hold keys, mail or passwords. */
	if (setrlimit(RLIMIT_CORE, &none) != 0 || getrlimit(RLIMIT_NOFILE, &files) != 0)
		return fail(err, "limits");
	if (files.rlim_max > row->descriptors)
		files.rlim_max = row->descriptors;
	files.rlim_cur = files.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &files) != 0)
		return fail(err, "limits");
	return true;
}

static bool become(int64_t uid, int64_t gid, struct err *err)
{
	uid_t user = (uid_t)uid;
	gid_t group = (gid_t)gid;

	if (uid == SANDBOX_KEEP_USER)
		return true;
	if (setgroups(0, NULL) != 0 || setresgid(group, group, group) != 0 ||
	    setresuid(user, user, user) != 0)
		return fail(err, "changing the user");
	need(getuid() == user && geteuid() == user && getegid() == group);
	need(user == 0 || setuid(0) != 0);
	/* The change has reset it. */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0)
		return fail(err, "asking to end with the parent");
	return true;
}

bool sandbox_enter(enum role role, const struct sandbox_path *paths, size_t n,
                   int64_t uid, int64_t gid, struct sandbox_state *state,
                   struct err *err)
{
	const struct row *row = find_row(role);

	*state = (struct sandbox_state){0};
	/* The paths first: who it becomes may not be able to reach them by name. */
	if (!limit(row, err))
		return false;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return fail(err, "giving up privileges");
	if (!landlock_enter(paths, n, row->may_create_sockets, &state->landlock, err) ||
	    !become(uid, gid, err))
		return false;
	if (prctl(PR_SET_DUMPABLE, 0) != 0)
		return fail(err, "closing its memory to others");
	if (!calls_limit(row->calls | (row->may_create_sockets ? CALLS_SOCKETS : 0),
	                 err))
		return false;
	state->seccomp = true;
	state->uid = getuid();
	return true;
}

bool sandbox_find_user(const char *name, int64_t *uid, int64_t *gid, struct err *err)
{
	const struct passwd *user;
	uint64_t number;

	*uid = *gid = SANDBOX_KEEP_USER;
	if (!*name)
		return true;
	errno = 0;
	user = getpwnam(name);
	if (!user && str_parse_uint(str_c(name), UINT32_MAX - 1, &number)) {
		user = getpwuid((uid_t)number);
		*uid = *gid = (int64_t)number;
	}
	if (user) {
		*uid = user->pw_uid;
		*gid = user->pw_gid;
	}
	if (*uid == SANDBOX_KEEP_USER)
		return err_set(err, ERR_INPUT, "there is no user %s", name);
	return true;
}
