#include "acme/program.h"

#include "base/clock.h"
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <event2/event.h>

enum { LOOK_MS = 100, LOOK_SOON_MS = 10 };

struct program {
	struct arena a; /* of all of it */
	pid_t pid;
	int fd; /* where its output comes from; -1: it has ended */
	struct event *readable, *ended, *deadline;
	program_done_fn *done;
	void *arg;
	bool is_late;
	size_t n;
	char output[PROGRAM_OUTPUT_MAX];
};

/* In the new process. */
static _Noreturn void become(const char *const *words, int out, pid_t parent)
{
	int null = open("/dev/null", O_RDONLY);
	sigset_t none;

	(void)setpgid(0, 0);
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != parent)
		_exit(127);
	if (null < 0 || dup2(null, 0) < 0 || dup2(out, 1) < 0 || dup2(out, 2) < 0)
		_exit(127);
	(void)close_range(3, ~0U, 0);
	(void)signal(SIGPIPE, SIG_DFL);
	(void)signal(SIGCHLD, SIG_DFL);
	sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	/* execv() changes nothing of its arguments (POSIX says why it cannot say so). */
	execv(words[0], (char *const *)(uintptr_t)words);
	dprintf(2, "%s: %s\n", words[0], strerror(errno));
	_exit(127);
}

static void discard(struct program *p)
{
	struct arena a = p->a;

	if (p->readable)
		event_free(p->readable);
	if (p->ended)
		event_free(p->ended);
	if (p->deadline)
		event_free(p->deadline);
	file_close(&p->fd);
	arena_done(&a);
}

/* Reads what is there; false at the end. */
static bool take(struct program *p)
{
	for (;;) {
		ssize_t n;

		/* Half of it makes room for what comes. */
		if (p->n == sizeof(p->output)) {
			p->n /= 2;
			memmove(p->output, p->output + p->n, p->n);
		}
		n = read(p->fd, p->output + p->n, sizeof(p->output) - p->n);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 && errno == EAGAIN;
		p->n += (size_t)n;
	}
}

static void on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct program *p = arg;

	(void)fd;
	(void)what;
	if (!take(p))
		event_del(p->readable); /* it may go on without an output */
}

/* It has been waited for. */
static struct program_end finish(struct program *p, int status)
{
	/* What it has started may go on; nobody waits for that. */
	(void)kill(-p->pid, SIGKILL);
	p->pid = 0;
	if (p->fd >= 0)
		(void)take(p);
	return (struct program_end){
	        .is_late = p->is_late,
	        .status = WIFEXITED(status) ? WEXITSTATUS(status) : -1,
	        .output = {p->output, p->n}
        };
}

static void on_ended(evutil_socket_t number, short what, void *arg)
{
	struct program *p = arg;
	struct program_end end;
	int status;

	(void)number;
	(void)what;
	if (waitpid(p->pid, &status, WNOHANG) != p->pid)
		return;
	end = finish(p, status);
	p->done(p->arg, &end);
	discard(p);
}

static void kill_all(struct program *p)
{
	/* The group may not be there yet. */
	if (kill(-p->pid, SIGKILL) != 0)
		(void)kill(p->pid, SIGKILL);
}

static void on_deadline(evutil_socket_t fd, short what, void *arg)
{
	struct program *p = arg;

	(void)fd;
	(void)what;
	p->is_late = true;
	kill_all(p);
}

static bool start(struct program *p, const char *const *words, int fds[2],
                  struct err *err)
{
	pid_t parent = getpid();
	sigset_t all, before;

	if (pipe2(fds, O_CLOEXEC | O_NONBLOCK) != 0)
		return err_set(err, ERR_UNAVAILABLE, "pipe: %s", strerror(errno));
	sigfillset(&all);
	need(sigprocmask(SIG_SETMASK, &all, &before) == 0);
	p->pid = fork();
	if (p->pid == 0) {
		(void)fcntl(fds[1], F_SETFL, 0);
		become(words, fds[1], parent);
	}
	need(sigprocmask(SIG_SETMASK, &before, NULL) == 0);
	close(fds[1]);
	p->fd = fds[0];
	return p->pid > 0 || err_set(err, ERR_UNAVAILABLE, "starting %s: %s", words[0],
	                             strerror(errno));
}

struct program *program_start(struct event_base *base, const char *const *words,
                              int64_t most_ms, program_done_fn *done, void *arg,
                              struct err *err)
{
	struct timeval most = {most_ms / 1000, most_ms % 1000 * 1000};
	struct arena a = {0};
	struct program *p = ARENA_NEW(&a, struct program);
	int fds[2];

	p->a = a;
	p->fd = -1;
	p->done = done;
	p->arg = arg;
	/* Before it starts, so that its end is not missed. */
	p->ended = evsignal_new(base, SIGCHLD, on_ended, p);
	need(p->ended && event_add(p->ended, NULL) == 0);
	if (!start(p, words, fds, err)) {
		discard(p);
		return NULL;
	}
	p->readable = event_new(base, p->fd, EV_READ | EV_PERSIST, on_readable, p);
	p->deadline = evtimer_new(base, on_deadline, p);
	need(p->readable && p->deadline && event_add(p->readable, NULL) == 0 &&
	     evtimer_add(p->deadline, &most) == 0);
	return p;
}

void program_kill(struct program *p)
{
	int status;

	if (!p)
		return;
	kill_all(p);
	(void)waitpid(p->pid, &status, 0);
	discard(p);
}

bool program_run(struct arena *a, const char *const *words, int64_t most_ms,
                 program_wanted_fn *is_wanted, void *arg, struct program_end *end,
                 struct err *err)
{
	struct program *p = ARENA_NEW(a, struct program);
	int64_t late_at = clock_monotonic_ms() + most_ms;
	int fds[2], status;

	p->fd = -1;
	if (!start(p, words, fds, err)) {
		file_close(&p->fd);
		return false;
	}
	while (waitpid(p->pid, &status, WNOHANG) != p->pid) {
		struct pollfd out = {.fd = p->fd, .events = POLLIN};

		/* The end of its output is as a rule its own. */
		if (poll(&out, 1, p->fd < 0 ? LOOK_SOON_MS : LOOK_MS) > 0 && !take(p))
			file_close(&p->fd);
		p->is_late = p->is_late || clock_monotonic_ms() >= late_at;
		if (p->is_late || !is_wanted(arg))
			kill_all(p);
	}
	*end = finish(p, status);
	file_close(&p->fd);
	return true;
}
