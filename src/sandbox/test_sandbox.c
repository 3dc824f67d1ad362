/* What each role can still do and what it cannot, tried out by children that put the
 * sandbox on. A child says what happened by its exit status; it leaves by _exit(), since
 * a leak checker may not look at it any more. */
#include "sandbox/sandbox.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/random.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static char dir[64];
static char database[128], log_file[128], pool[128], dkim[128], key[128], moved[128];
static char journal[128], segment[128], challenges[128], challenge[128];

static int set_up(void **state)
{
	static const char *const files[] = {database, log_file, key, challenge};
	struct err err;

	(void)state;
	snprintf(dir, sizeof(dir), "/tmp/signet-sandbox-XXXXXX");
	assert_non_null(mkdtemp(dir));
	snprintf(database, sizeof(database), "%s/signet.db", dir);
	snprintf(log_file, sizeof(log_file), "%s/signet.db-wal", dir);
	snprintf(pool, sizeof(pool), "%s/pool", dir);
	snprintf(dkim, sizeof(dkim), "%s/dkim", dir);
	snprintf(key, sizeof(key), "%s/pool/1.key", dir);
	snprintf(moved, sizeof(moved), "%s/dkim/2.key", dir);
	snprintf(journal, sizeof(journal), "%s/journal", dir);
	snprintf(segment, sizeof(segment), "%s/journal/1.log", dir);
	snprintf(challenges, sizeof(challenges), "%s/challenges", dir);
	snprintf(challenge, sizeof(challenge), "%s/challenges/token", dir);
	assert_int_equal(mkdir(journal, 0700), 0);
	assert_int_equal(mkdir(challenges, 0700), 0);
	assert_int_equal(mkdir(pool, 0700), 0);
	assert_int_equal(mkdir(dkim, 0700), 0);
	for (size_t i = 0; i < LEN(files); i++)
		assert_true(file_write(files[i], STR("bytes"), 0600, &err));
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	(void)unlink(database);
	(void)unlink(log_file);
	(void)unlink(key);
	(void)unlink(moved);
	(void)unlink(segment);
	(void)unlink(challenge);
	(void)rmdir(journal);
	(void)rmdir(challenges);
	(void)rmdir(pool);
	(void)rmdir(dkim);
	return rmdir(dir);
}

/* 0 where it works, else errno. */
static int try_read(const char *path)
{
	char byte;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return errno;
	if (read(fd, &byte, 1) != 1)
		return EIO;
	close(fd);
	return 0;
}

static int try_write(const char *path)
{
	int fd = open(path, O_RDWR | O_CLOEXEC);
	int failed;

	if (fd < 0)
		return errno;
	failed = pwrite(fd, "B", 1, 0) == 1 && fsync(fd) == 0 ? 0 : errno;
	close(fd);
	return failed;
}

static int try_socket(int domain)
{
	int fd = socket(domain, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return errno;
	close(fd);
	return 0;
}

static void *nothing(void *arg)
{
	return arg;
}

static int try_thread(void)
{
	pthread_t t;
	int failed = pthread_create(&t, NULL, nothing, NULL);

	return failed ? failed : pthread_join(t, NULL);
}

static int try_fork(void)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	return pid < 0 ? errno : 0;
}

/* A key is made, written, moved to the other folder and gone. */
static int try_keep_keys(void)
{
	struct err err;

	if (!file_write(key, STR("sealed"), 0600, &err) || rename(key, moved) != 0)
		return EACCES;
	return try_read(moved) == 0 && unlink(moved) == 0 ? 0 : errno;
}

static int try_random_and_time(void)
{
	AUTO(arena) a = {0};
	uint8_t bytes[16];

	memset(arena_alloc(&a, 4 << 20), 1, 4 << 20);
	random_bytes(bytes, sizeof(bytes));
	return clock_monotonic_ms() > 0 && clock_now() > 0 ? 0 : EIO;
}

/* What a role with its sandbox tries, and how each must end. */
static int try_all_core(void)
{
	if (try_write(database) != 0 || try_write(log_file) != 0)
		return 1;
	if (try_read(key) == 0)
		return 2;
	if (try_socket(AF_INET) != 0 || try_thread() != 0)
		return 3;
	if (try_fork() == 0)
		return 4;
	return try_random_and_time() == 0 ? 0 : 5;
}

static int try_all_keys(void)
{
	if (try_keep_keys() != 0)
		return 1;
	if (try_read(database) == 0)
		return 2;
	if (try_socket(AF_INET) == 0 || try_socket(AF_UNIX) == 0)
		return 3;
	if (try_fork() == 0)
		return 4;
	return try_thread() == 0 ? 0 : 5;
}

/* It writes its journal by a thread, reads what it answers to challenges, no more. */
static int try_all_edge(void)
{
	struct err err;

	if (!file_write(segment, STR("record"), 0640, &err) || try_thread() != 0)
		return 1;
	if (try_read(database) == 0 || try_read(key) == 0 ||
	    try_read("/etc/passwd") == 0 || try_read(challenge) != 0)
		return 2;
	if (try_write(challenge) == 0 || unlink(challenge) == 0)
		return 6;
	if (try_socket(AF_INET) == 0 || try_socket(AF_UNIX) == 0)
		return 3;
	if (try_fork() == 0)
		return 4;
	return try_random_and_time() == 0 ? 0 : 5;
}

/* The exit status of a program, 126 where it may not be executed, 127 where there can be
 * no process. */
static int try_program(const char *path, const char *argument)
{
	char first[16] = "program", second[160];
	char *const argv[] = {first, second, NULL};
	char *const environment[] = {NULL};
	int status;
	pid_t pid;

	snprintf(second, sizeof(second), "%s", argument);
	pid = fork();
	if (pid == 0) {
		int quiet[2];

		if (pipe(quiet) != 0 || dup2(quiet[1], STDOUT_FILENO) < 0 ||
		    dup2(quiet[1], STDERR_FILENO) < 0)
			_exit(127);
		(void)execve(path, argv, environment);
		_exit(126);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return 127;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* It may run its one program, and what that opens is held by the same rules. */
static int try_all_acme(void)
{
	if (try_program("/bin/cat", challenge) != 0)
		return 1;
	if (try_program("/bin/cat", database) == 0 ||
	    try_program("/bin/cat", key) == 0 || try_read(database) == 0 ||
	    try_read(key) == 0 || try_read("/etc/passwd") == 0)
		return 2;
	if (try_program("/bin/true", "") != 126 || try_program("/bin/sh", "") != 126 ||
	    try_program("/proc/self/exe", "") != 126)
		return 3;
	if (try_write(challenge) != 0 || try_socket(AF_INET) != 0)
		return 4;
	return try_random_and_time() == 0 ? 0 : 6;
}

/* Of gate: a client is served on a socket that listens already. */
static int try_all_servers(void)
{
	if (try_read(database) == 0 || try_read(key) == 0 ||
	    try_read("/etc/passwd") == 0)
		return 2;
	if (try_socket(AF_INET) == 0)
		return 3;
	if (try_fork() == 0)
		return 4;
	return try_random_and_time() == 0 ? 0 : 5;
}

static int try_exec(void)
{
	char *const argv[] = {NULL};

	(void)execve("/bin/true", argv, argv);
	return 9;
}

struct trial {
	enum role role;
	int (*attempt)(void);
	int64_t uid;
};

static int in_child(const struct trial *t)
{
	const struct sandbox_path of_core[] = {
	        {SANDBOX_FILE, database          },
	        {SANDBOX_FILE, log_file          },
	        {SANDBOX_READ, "/etc/resolv.conf"},
	        {SANDBOX_READ, "/nowhere"        },
	};
	const struct sandbox_path of_keys[] = {
	        {SANDBOX_TREE, pool},
                {SANDBOX_TREE, dkim}
        };
	const struct sandbox_path of_edge[] = {
	        {SANDBOX_TREE, journal   },
	        {SANDBOX_READ, challenges},
	};
	const struct sandbox_path of_acme[] = {
	        {SANDBOX_EXECUTE, "/bin/cat"        },
	        {SANDBOX_EXECUTE, "/lib64"          },
	        {SANDBOX_READ,    "/lib"            },
	        {SANDBOX_EXECUTE, "/usr/lib"        },
	        {SANDBOX_READ,    "/etc/ld.so.cache"},
	        {SANDBOX_TREE,    challenges        },
	};
	const struct {
		const struct sandbox_path *v;
		size_t n;
	} paths[ROLE_COUNT] = {
	        [ROLE_CORE] = {of_core, LEN(of_core)},
	        [ROLE_KEYS] = {of_keys, LEN(of_keys)},
	        [ROLE_EDGE] = {of_edge, LEN(of_edge)},
	        [ROLE_ACME] = {of_acme, LEN(of_acme)},
	};
	struct sandbox_state s;
	struct err err;

	if (!sandbox_enter(t->role, paths[t->role].v, paths[t->role].n, t->uid, t->uid,
	                   &s, &err)) {
		fprintf(stderr, "%s\n", err.text);
		return 100;
	}
	return s.landlock ? t->attempt() : 101;
}

/* The wait status. */
static int run(const struct trial *t)
{
	int status;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0)
		_exit(in_child(t));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

static void expect_fine(enum role role, int (*attempt)(void))
{
	const struct trial t = {role, attempt, SANDBOX_KEEP_USER};
	int status = run(&t);

	assert_true(WIFEXITED(status));
	if (WEXITSTATUS(status) == 101) {
		print_message("no landlock in this kernel\n");
		return; /* not skip(): its TAP reads as a failure */
	}
	assert_int_equal(WEXITSTATUS(status), 0);
}

static void test_core(void **state)
{
	(void)state;
	expect_fine(ROLE_CORE, try_all_core);
}

static void test_keys(void **state)
{
	(void)state;
	expect_fine(ROLE_KEYS, try_all_keys);
}

static void test_edge(void **state)
{
	(void)state;
	expect_fine(ROLE_EDGE, try_all_edge);
}

static void test_gate(void **state)
{
	(void)state;
	expect_fine(ROLE_GATE, try_all_servers);
}

static void test_acme(void **state)
{
	(void)state;
	expect_fine(ROLE_ACME, try_all_acme);
}

static void test_exec_kills(void **state)
{
	static const enum role roles[] = {ROLE_EDGE, ROLE_KEYS, ROLE_CORE, ROLE_GATE};

	(void)state;
	for (size_t i = 0; i < LEN(roles); i++) {
		const struct trial t = {roles[i], try_exec, SANDBOX_KEEP_USER};
		int status = run(&t);

		if (WIFEXITED(status) && WEXITSTATUS(status) == 101)
			return; /* not skip(): its TAP reads as a failure */
		assert_true(WIFSIGNALED(status));
		assert_int_equal(WTERMSIG(status), SIGSYS);
	}
}

static int try_root_again(void)
{
	return getuid() == 65534 && setuid(0) != 0 && try_read("/etc/shadow") != 0 ? 0
	                                                                           : 6;
}

static int try_other_user(void)
{
	return getuid() == 65534 && getgid() == 65534 ? 0 : 6;
}

static void test_user(void **state)
{
	const struct trial trials[] = {
	        {ROLE_EDGE, try_root_again, 65534},
 /* The folder above its own is root's alone. */
	        {ROLE_KEYS, try_other_user, 65534},
	};

	(void)state;
	if (getuid() != 0) {
		print_message("only root can become another user\n");
		return; /* not skip(): its TAP reads as a failure */
	}
	for (size_t i = 0; i < LEN(trials); i++) {
		int status = run(&trials[i]);

		assert_true(WIFEXITED(status));
		assert_int_equal(WEXITSTATUS(status), 0);
	}
}

static void test_find_user(void **state)
{
	int64_t uid, gid;
	struct err err;

	(void)state;
	assert_true(sandbox_find_user("", &uid, &gid, &err));
	assert_int_equal(uid, SANDBOX_KEEP_USER);
	assert_true(sandbox_find_user("root", &uid, &gid, &err));
	assert_int_equal(uid, 0);
	assert_true(sandbox_find_user("4711", &uid, &gid, &err));
	assert_int_equal(uid, 4711);
	assert_int_equal(gid, 4711);
	assert_false(sandbox_find_user("no such user", &uid, &gid, &err));
	assert_non_null(strstr(err.text, "no such user"));
}

int main(void)
{
	/* keys last: it removes what the others must not find readable. */
	static const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_core),       cmocka_unit_test(test_edge),
	        cmocka_unit_test(test_gate),       cmocka_unit_test(test_acme),
	        cmocka_unit_test(test_exec_kills), cmocka_unit_test(test_keys),
	        cmocka_unit_test(test_user),       cmocka_unit_test(test_find_user),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
