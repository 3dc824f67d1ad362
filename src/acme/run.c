#include "acme/run.h"

#include "acme/work.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <event2/event.h>

enum {
	LOCK = 3, /* the descriptor, in the process of the run */
	LOOK_MS = 200,
	STOP_MS = 2000,
	STOPPED_MAX = 64,
	HEAD_MAX = 8192, /* of its file, before the output */
};

struct run {
	struct arena a; /* of all of it */
	struct str host;
	int fd;    /* its file, to see the lock */
	pid_t pid; /* 0: not our child, or waited for */
	struct event *tick, *ended;
	run_done_fn *done;
	void *arg;
};

static void path_of(struct str host, char out[WORK_PATH_MAX])
{
	snprintf(out, WORK_PATH_MAX, "runs/%.*s", STR_ARG(host));
}

/* ---- the process of a run ---- */

static bool is_wanted(void *arg)
{
	struct stat s;

	(void)arg;
	return fstat(LOCK, &s) == 0 && s.st_nlink > 0;
}

static _Noreturn void keep(int lock, const char *const *words, int64_t most_ms)
{
	struct arena a = {0};
	struct buf text = {.max = PROGRAM_OUTPUT_MAX + HEAD_MAX};
	struct program_end end = {.status = -1};
	struct err err;
	int null = open("/dev/null", O_RDONLY);

	/* Nothing of acme's stays open: core sees when that has ended. */
	if (null < 0 || dup2(null, 0) < 0 || dup2(null, 1) < 0 || dup2(null, 2) < 0 ||
	    dup2(lock, LOCK) < 0 || close_range(LOCK + 1, ~0U, 0) != 0)
		_exit(127);
	(void)setpgid(0, 0);
	(void)prctl(PR_SET_NAME, "signet-acme-run");
	(void)signal(SIGCHLD, SIG_DFL);
	if (!program_run(&a, words, most_ms, is_wanted, NULL, &end, &err))
		end.output = str_c(err.text);
	buf_printf(&text, "%d %d %" PRId64 "\n", end.status, end.is_late, clock_now());
	buf_add(&text, end.output);
	_exit(file_put(LOCK, buf_str(&text)) ? 0 : 1);
}

/* Its file, locked and with nothing but the directory; -1 fills the error. */
static int make_file(const char *path, struct str directory, struct err *err)
{
	int fd = -1;

	if (mkdir("runs", 0700) == 0 || errno == EEXIST)
		fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0 && ftruncate(fd, 0) == 0 &&
	    file_put(fd, directory) && file_put(fd, STR("\n")))
		return fd;
	err_set(err, ERR_UNAVAILABLE, "%s: %s", path, strerror(errno));
	file_close(&fd);
	return -1;
}

static pid_t start(int lock, const char *const *words, int64_t most_ms)
{
	sigset_t all, before;
	pid_t pid;

	sigfillset(&all);
	need(sigprocmask(SIG_SETMASK, &all, &before) == 0);
	pid = fork();
	if (pid == 0)
		keep(lock, words, most_ms); /* with all signals blocked */
	need(sigprocmask(SIG_SETMASK, &before, NULL) == 0);
	return pid;
}

/* ---- seeing its end ---- */

/* Leaves nothing locked, not even in a process that is just being started. */
static bool is_going_on(int fd)
{
	if (flock(fd, LOCK_EX | LOCK_NB) != 0)
		return true;
	(void)flock(fd, LOCK_UN);
	return false;
}

static void look(struct run *r)
{
	AUTO(arena) a = {0};
	struct run_end end;

	if (is_going_on(r->fd))
		return;
	if (!run_read(&a, r->host, &end))
		end.ended_at = clock_now();
	r->done(r->arg, &end);
	run_free(r);
}

static void on_tick(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	look(arg);
}

/* It need not wait for the next look. */
static void on_ended(evutil_socket_t number, short what, void *arg)
{
	struct run *r = arg;

	(void)number;
	(void)what;
	if (r->pid && waitpid(r->pid, NULL, WNOHANG) == r->pid) {
		r->pid = 0;
		look(r);
	}
}

static struct run *new_run(struct event_base *base, struct str host, int fd,
                           run_done_fn *done, void *arg)
{
	struct timeval often = {0, LOOK_MS * 1000};
	struct arena a = {0};
	struct run *r = ARENA_NEW(&a, struct run);

	r->a = a;
	r->host = arena_dup(&r->a, host);
	r->fd = fd;
	r->done = done;
	r->arg = arg;
	r->tick = event_new(base, -1, EV_PERSIST, on_tick, r);
	r->ended = evsignal_new(base, SIGCHLD, on_ended, r);
	need(r->tick && r->ended && event_add(r->tick, &often) == 0 &&
	     event_add(r->ended, NULL) == 0);
	return r;
}

struct run *run_start(struct event_base *base, struct str host, struct str directory,
                      const char *const *words, int64_t most_ms, run_done_fn *done,
                      void *arg, struct err *err)
{
	char path[WORK_PATH_MAX];
	AUTO_FD int lock = -1;
	struct run *r;
	int fd;

	path_of(host, path);
	lock = make_file(path, directory, err);
	if (lock < 0)
		return NULL;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		err_set(err, ERR_UNAVAILABLE, "%s: %s", path, strerror(errno));
		return NULL;
	}
	/* Before it starts, so that its end is not missed. */
	r = new_run(base, host, fd, done, arg);
	r->pid = start(lock, words, most_ms);
	if (r->pid > 0)
		return r;
	err_set(err, ERR_UNAVAILABLE, "starting %s: %s", words[0], strerror(errno));
	r->pid = 0;
	run_free(r);
	return NULL;
}

struct run *run_find(struct event_base *base, struct str host, run_done_fn *done,
                     void *arg)
{
	char path[WORK_PATH_MAX];
	int fd;

	path_of(host, path);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0 && is_going_on(fd))
		return new_run(base, host, fd, done, arg);
	file_close(&fd);
	return NULL;
}

void run_free(struct run *r)
{
	struct arena a;

	if (!r)
		return;
	event_free(r->tick);
	event_free(r->ended);
	file_close(&r->fd);
	a = r->a;
	arena_done(&a);
}

/* ---- what it has left ---- */

static bool parse(struct str text, struct run_end *end)
{
	struct str status, late, at;
	uint64_t number, is_late, ended_at;

	if (!str_cut(&text, '\n', &end->directory) || !str_cut(&text, ' ', &status) ||
	    !str_cut(&text, ' ', &late) || !str_cut(&text, '\n', &at) ||
	    !str_parse_uint(late, 1, &is_late) ||
	    !str_parse_uint(at, INT64_MAX, &ended_at))
		return false;
	end->ended_at = (int64_t)ended_at;
	end->uacme.is_late = is_late;
	if (str_parse_uint(status, 255, &number))
		end->uacme.status = (int)number;
	end->uacme.output = text;
	return true;
}

bool run_read(struct arena *a, struct str host, struct run_end *end)
{
	char path[WORK_PATH_MAX];
	struct str text;
	struct err err;

	*end = (struct run_end){.uacme.status = -1};
	path_of(host, path);
	if (file_read(a, path, PROGRAM_OUTPUT_MAX + HEAD_MAX, &text, &err))
		end->is_known = parse(text, end);
	return end->is_known;
}

void run_forget(struct str host)
{
	char path[WORK_PATH_MAX];

	path_of(host, path);
	(void)unlink(path);
}

static size_t stop_all(int fds[STOPPED_MAX])
{
	DIR *folder = opendir("runs");
	size_t n = 0;

	for (struct dirent *e; folder && n < STOPPED_MAX && (e = readdir(folder));) {
		int fd = openat(dirfd(folder), e->d_name,
		                O_RDONLY | O_NOFOLLOW | O_CLOEXEC);

		if (fd >= 0 && e->d_name[0] != '.' && is_going_on(fd)) {
			(void)unlinkat(dirfd(folder), e->d_name, 0);
			fds[n++] = fd;
		} else {
			file_close(&fd);
		}
	}
	if (folder)
		closedir(folder);
	return n;
}

void runs_stop(void)
{
	int64_t until = clock_monotonic_ms() + STOP_MS;
	int fds[STOPPED_MAX];
	size_t n = stop_all(fds);

	for (size_t i = 0; i < n; i++) {
		while (is_going_on(fds[i]) && clock_monotonic_ms() < until)
			(void)nanosleep(&(struct timespec){0, 10 * 1000 * 1000}, NULL);
		file_close(&fds[i]);
	}
}
