/*
 * Keys on disk: what is written comes back, nothing that was changed does, and a process
 * that is killed between any two system calls leaves whole files and every key that it
 * has acknowledged.
 */
#include "keys/key_files.h"

#include "base/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum { NOBODY = -1 };

static char dir[64], master[128];

static void remove_tree(const char *path)
{
	DIR *d = opendir(path);
	const struct dirent *e;

	if (!d) {
		(void)unlink(path);
		return;
	}
	while ((e = readdir(d)) != NULL) {
		char below[512];

		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
			continue;
		snprintf(below, sizeof(below), "%s/%s", path, e->d_name);
		remove_tree(below);
	}
	closedir(d);
	(void)rmdir(path);
}

static int set_up(void **state)
{
	(void)state;
	snprintf(dir, sizeof(dir), "/tmp/signet-keys-XXXXXX");
	assert_non_null(mkdtemp(dir));
	snprintf(master, sizeof(master), "%s/keys/master.key", dir);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	remove_tree(dir);
	return 0;
}

static void open_files(struct key_files *f)
{
	struct err err = {0};

	if (!key_files_open(f, dir, master, NOBODY, NOBODY, &err))
		print_error("%s\n", err.text);
	assert_true(f->master.n > 0);
}

static void make_key(struct private_key **key)
{
	struct err err;

	assert_true(private_key_generate(KEY_ED25519, 0, key, &err));
}

static void add_key(const struct key_files *f, enum key_folder folder, const char *id)
{
	struct private_key *key;
	struct err err;

	make_key(&key);
	assert_true(key_files_add(f, folder, str_c(id), key, &err));
	private_key_free(key);
}

static void assert_same(const struct private_key *x, const struct private_key *y)
{
	AUTO(arena) a = {0};
	struct str one, two;
	struct err err;

	assert_true(private_key_public(&a, x, &one, &err));
	assert_true(private_key_public(&a, y, &two, &err));
	assert_true(str_eq(one, two));
}

static void count(void *arg, struct str id)
{
	(void)id;
	++*(size_t *)arg;
}

static size_t count_keys(const struct key_files *f, enum key_folder folder)
{
	size_t n = 0;
	struct err err;

	assert_true(key_files_each(f, folder, count, &n, &err));
	return n;
}

#define ID_1 "11111111111111111111111111111111"
#define ID_2 "22222222222222222222222222222222"

static void test_round_trip(void **state)
{
	struct key_files f;
	struct private_key *key, *read;
	struct stat st;
	char path[256];
	struct err err;

	(void)state;
	open_files(&f);
	make_key(&key);
	assert_true(key_files_add(&f, KEY_POOL, STR(ID_1), key, &err));
	assert_false(key_files_add(&f, KEY_POOL, STR(ID_1), key, &err));
	assert_int_equal(key_files_load(&f, KEY_DKIM, STR(ID_2), &read, &err),
	                 KEYS_UNKNOWN_KEY);
	assert_true(key_files_assign(&f, STR(ID_1), STR(ID_2), &err));
	assert_false(key_files_assign(&f, STR(ID_1), STR(ID_2), &err));
	assert_true(key_files_sync(&f, &err));
	key_files_close(&f);
	/* Another process, the same master key. */
	open_files(&f);
	assert_int_equal(count_keys(&f, KEY_POOL), 0);
	assert_int_equal(key_files_load(&f, KEY_DKIM, STR(ID_2), &read, &err),
	                 KEYS_NONE);
	assert_same(key, read);
	private_key_free(read);
	snprintf(path, sizeof(path), "%s/keys/dkim/%s.key", dir, ID_2);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(stat(master, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_true(key_files_remove(&f, KEY_DKIM, STR(ID_2), &err));
	assert_true(key_files_remove(&f, KEY_DKIM, STR(ID_2), &err));
	assert_int_equal(count_keys(&f, KEY_DKIM), 0);
	private_key_free(key);
	key_files_close(&f);
}

/* A key does not go over another one, and cannot be given to two. */
static void test_no_overwriting(void **state)
{
	struct key_files f;
	struct err err;

	(void)state;
	open_files(&f);
	add_key(&f, KEY_POOL, ID_1);
	add_key(&f, KEY_DKIM, ID_2);
	assert_false(key_files_assign(&f, STR(ID_1), STR(ID_2), &err));
	assert_int_equal(count_keys(&f, KEY_POOL), 1);
	key_files_close(&f);
}

static void test_flipped_byte(void **state)
{
	AUTO(arena) a = {0};
	struct key_files f;
	struct str text;
	char path[256];
	struct err err;

	(void)state;
	open_files(&f);
	add_key(&f, KEY_DKIM, ID_1);
	snprintf(path, sizeof(path), "%s/keys/dkim/%s.key", dir, ID_1);
	assert_true(file_read(&a, path, 1 << 20, &text, &err));
	for (size_t i = 0; i < text.n; i++) {
		struct private_key *key = NULL;
		struct str changed = arena_dup(&a, text);

		((char *)(uintptr_t)changed.p)[i] ^= 1;
		assert_true(file_write(path, changed, 0600, &err));
		assert_int_equal(key_files_load(&f, KEY_DKIM, STR(ID_1), &key, &err),
		                 KEYS_DAMAGED);
		assert_null(key);
		assert_true(file_write(path, str_slice(text, 0, i), 0600, &err));
		assert_int_equal(key_files_load(&f, KEY_DKIM, STR(ID_1), &key, &err),
		                 KEYS_DAMAGED);
	}
	key_files_close(&f);
}

static void test_wrong_master(void **state)
{
	AUTO(arena) a = {0};
	struct key_files f;
	struct str text;
	struct err err;

	(void)state;
	open_files(&f);
	add_key(&f, KEY_DKIM, ID_1);
	key_files_close(&f);
	assert_true(file_read(&a, master, 4096, &text, &err));
	assert_true(file_write(master,
	                       STR("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n"),
	                       0600, &err));
	assert_false(key_files_open(&f, dir, master, NOBODY, NOBODY, &err));
	assert_non_null(strstr(err.text, "is not the master key that sealed"));
	assert_true(file_write(master, STR("AAECAwQ=\n"), 0600, &err));
	assert_false(key_files_open(&f, dir, master, NOBODY, NOBODY, &err));
	assert_non_null(strstr(err.text, "is not a master key"));
	/* Gone: no new one is made beside keys that nobody could open then. */
	assert_int_equal(unlink(master), 0);
	assert_false(key_files_open(&f, dir, master, NOBODY, NOBODY, &err));
	assert_non_null(strstr(err.text, "is gone"));
	assert_int_equal(access(master, F_OK), -1);
	assert_true(file_write(master, text, 0600, &err));
	open_files(&f);
	key_files_close(&f);
}

/* One take from the pool, one key made at once, one drop: what the role does, told to the
 * test through a pipe after each sync. */
static _Noreturn void be_killed(int told)
{
	struct key_files f;
	struct private_key *key;
	struct err err;

	(void)ptrace(PTRACE_TRACEME, 0, NULL, NULL);
	raise(SIGSTOP);
	if (!key_files_open(&f, dir, master, NOBODY, NOBODY, &err) ||
	    !private_key_generate(KEY_ED25519, 0, &key, &err) ||
	    !key_files_add(&f, KEY_POOL, STR(ID_1), key, &err) ||
	    !key_files_assign(&f, STR(ID_1), STR(ID_2), &err) ||
	    !key_files_sync(&f, &err) || write(told, "a", 1) != 1)
		_exit(1);
	private_key_free(key);
	if (!private_key_generate(KEY_ED25519, 0, &key, &err) ||
	    !key_files_add(&f, KEY_DKIM, STR(ID_1), key, &err) ||
	    !key_files_sync(&f, &err) || write(told, "b", 1) != 1)
		_exit(2);
	if (!key_files_remove(&f, KEY_DKIM, STR(ID_2), &err) ||
	    !key_files_sync(&f, &err) || write(told, "c", 1) != 1)
		_exit(3);
	_exit(0);
}

/* Lets the child make `calls` system calls and kills it. True where it ended before. */
static bool run_and_kill(int told, size_t calls)
{
	int status;
	pid_t pid = fork();

	if (pid == 0)
		be_killed(told);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (WIFEXITED(status))
		return true;
	/* A call stops twice: on its way in and on its way out. */
	for (size_t i = 0; i < 2 * calls; i++) {
		assert_int_equal(ptrace(PTRACE_SYSCALL, pid, NULL, NULL), 0);
		assert_int_equal(waitpid(pid, &status, 0), pid);
		if (WIFEXITED(status)) {
			assert_int_equal(WEXITSTATUS(status), 0);
			return true;
		}
	}
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return false;
}

static bool is_there(const struct key_files *f, const char *id)
{
	struct private_key *key = NULL;
	struct err err;
	enum keys_refusal found = key_files_load(f, KEY_DKIM, str_c(id), &key, &err);

	private_key_free(key);
	assert_true(found == KEYS_NONE || found == KEYS_UNKNOWN_KEY);
	return found == KEYS_NONE;
}

struct whole {
	const struct key_files *f;
	enum key_folder folder;
};

static void assert_whole(void *arg, struct str id)
{
	const struct whole *w = arg;
	struct private_key *key;
	struct err err;

	assert_int_equal(key_files_load(w->f, w->folder, id, &key, &err), KEYS_NONE);
	private_key_free(key);
}

/* Neither a half file nor a left-over is in the folders, and all that was told is true. */
static void check_after_kill(const char *told)
{
	struct key_files f;
	struct err err;

	open_files(&f);
	for (int i = 0; i < KEY_FOLDER_COUNT; i++) {
		struct whole w = {&f, (enum key_folder)i};

		assert_true(
		        key_files_each(&f, (enum key_folder)i, assert_whole, &w, &err));
	}
	if (strchr(told, 'a') && !strchr(told, 'b'))
		assert_true(is_there(&f, ID_2));
	if (strchr(told, 'b'))
		assert_true(is_there(&f, ID_1));
	if (strchr(told, 'c'))
		assert_false(is_there(&f, ID_2));
	key_files_close(&f);
}

static bool may_trace(void)
{
	int status;
	pid_t pid = fork();

	if (pid == 0)
		_exit(ptrace(PTRACE_TRACEME, 0, NULL, NULL) == 0 ? 0 : 1);
	return waitpid(pid, &status, 0) == pid && WIFEXITED(status) &&
	       WEXITSTATUS(status) == 0;
}

static void test_killed_between_calls(void **state)
{
	bool has_ended = false;
	size_t calls;

	(void)state;
	if (!may_trace()) {
		print_message("this process may trace no child\n");
		return; /* not skip(): its TAP reads as a failure */
	}
	for (calls = 0; !has_ended; calls++) {
		char told[8] = {0};
		int fds[2];

		remove_tree(dir);
		assert_int_equal(mkdir(dir, 0700), 0);
		assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
		has_ended = run_and_kill(fds[1], calls);
		close(fds[1]);
		assert_true(read(fds[0], told, sizeof(told) - 1) >= 0);
		close(fds[0]);
		check_after_kill(told);
		if (has_ended)
			assert_string_equal(told, "abc");
	}
	/* Making two folders, the master key and three changes takes some. */
	assert_true(calls > 50);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	        cmocka_unit_test_setup_teardown(test_round_trip, set_up, tear_down),
	        cmocka_unit_test_setup_teardown(test_no_overwriting, set_up, tear_down),
	        cmocka_unit_test_setup_teardown(test_flipped_byte, set_up, tear_down),
	        cmocka_unit_test_setup_teardown(test_wrong_master, set_up, tear_down),
	        cmocka_unit_test_setup_teardown(test_killed_between_calls, set_up,
	                                        tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
