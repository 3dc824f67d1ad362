#include "parent/child.h"

#include "base/clock.h"
#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <event2/event.h>

enum {
	BACKOFF_FIRST_MS = 50,
	BACKOFF_MAX_MS = 1000,
	ALIVE_MS = 10000, /* then the back-off begins anew */
	SLOW_MS = 3000,
	HUNG_MS = 30000,
};

static void set_state(struct child *c, enum ipc_role_state state)
{
	if (c->state == state)
		return;
	c->state = state;
	c->since = clock_now();
	c->events.changed(c->events.arg, c);
}

static void on_again(evutil_socket_t fd, short what, void *arg)
{
	struct child *c = arg;

	(void)fd;
	(void)what;
	if (!c->is_draining)
		c->events.start(c->events.arg, c);
}

void child_init(struct child *c, enum role role, unsigned instance, unsigned instances,
                struct event_base *base, const struct child_events *events)
{
	*c = (struct child){.role = role,
	                    .instance = instance,
	                    .instances = instances,
	                    .base = base,
	                    .events = *events,
	                    .state = IPC_ROLE_WAITING,
	                    .backoff_ms = BACKOFF_FIRST_MS};
	role_process_name(role, instance, instances, c->name);
	c->again = event_new(base, -1, 0, on_again, c);
	need(c->again != NULL);
}

static void on_message(void *arg, struct channel_message *m)
{
	struct child *c = arg;
	struct ipc_reader r = {m->body, false};

	if (m->type == IPC_READY) {
		c->was_up = true;
		log_info("role.up", LOG_CSTR("of", c->name), LOG_NUM("pid", c->pid));
		set_state(c, c->is_draining ? IPC_ROLE_DRAINING : IPC_ROLE_UP);
	} else if (m->type == IPC_PONG) {
		c->pinged_at = 0;
		if (c->state == IPC_ROLE_SLOW)
			set_state(c, IPC_ROLE_UP);
	} else if (m->type == IPC_FAILED) {
		c->events.failed(c->events.arg, c, ipc_get_str(&r));
	}
}

/* It is ending, or has broken the rules: then the next tick ends it. */
static void on_closed(void *arg, const char *why)
{
	struct child *c = arg;

	log_debug("role.closed", LOG_CSTR("of", c->name), LOG_CSTR("reason", why));
	channel_free(c->control);
	c->control = NULL;
}

/* The environment of the roles: what configures the server is not theirs to see. */
static char **role_environment(struct arena *a)
{
	size_t n = 0, kept = 0;
	char **out;

	while (environ[n])
		n++;
	out = ARENA_ARRAY(a, char *, n + 1);
	for (size_t i = 0; i < n; i++)
		if (!str_starts(str_c(environ[i]), STR("SIGNET_")))
			out[kept++] = environ[i];
	return out;
}

/* In the new process: only fd 0 to 2 and the control socket are left. */
static _Noreturn void become_role(enum role role, int control, char **environment)
{
	static char program[] = "signet", command[] = "role";
	char name[16] = {0};
	char *argv[] = {program, command, name, NULL};
	sigset_t none;

	memcpy(name, role_name(role), strlen(role_name(role)));
	sigemptyset(&none);
	if (control == IPC_CONTROL_FD) {
		if (fcntl(control, F_SETFD, 0) != 0)
			_exit(127);
	} else if (dup2(control, IPC_CONTROL_FD) < 0) {
		_exit(127);
	}
	(void)close_range(IPC_CONTROL_FD + 1, ~0U, 0);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	execve("/proc/self/exe", argv, environment);
	_exit(127);
}

bool child_start(struct child *c, struct err *err)
{
	AUTO(arena) a = {0};
	char **environment = role_environment(&a);
	sigset_t all, before;
	int fds[2];

	if (!channel_pair(fds, err))
		return false;
	/* A signal to the new process must not reach the handlers it has of ours. */
	sigfillset(&all);
	need(sigprocmask(SIG_SETMASK, &all, &before) == 0);
	c->pid = fork();
	if (c->pid == 0)
		become_role(c->role, fds[1], environment);
	need(sigprocmask(SIG_SETMASK, &before, NULL) == 0);
	close(fds[1]);
	if (c->pid < 0) {
		c->pid = 0;
		close(fds[0]);
		return err_set(err, ERR_UNAVAILABLE, "starting %s: %s", c->name,
		               strerror(errno));
	}
	c->control = channel_new(fds[0], ROLE_PARENT, c->role);
	channel_attach(c->control, c->base,
	               &(struct channel_handlers){on_message, on_closed, c});
	c->starts++;
	c->started_at = clock_monotonic_ms();
	c->pinged_at = 0;
	log_info("role.started", LOG_CSTR("of", c->name), LOG_NUM("pid", c->pid),
	         LOG_NUM("starts", c->starts));
	set_state(c, IPC_ROLE_STARTING);
	return true;
}

bool child_is_running(const struct child *c)
{
	return c->control != NULL;
}

void child_send(struct child *c, enum ipc_type type, struct str body, int fd)
{
	/* A role that has let four megabytes pile up will be killed for its silence. */
	if (c->control && !channel_send(c->control, type, 0, body, fd))
		log_warning("role.unsent", LOG_CSTR("of", c->name));
}

void child_ping(struct child *c)
{
	int64_t now = clock_monotonic_ms();

	if (!c->control && !c->is_draining)
		child_kill(c);
	if (!c->control || (c->state != IPC_ROLE_UP && c->state != IPC_ROLE_SLOW))
		return;
	if (!c->pinged_at) {
		c->pinged_at = now;
		child_send(c, IPC_PING, STR_NONE, -1);
	} else if (now - c->pinged_at >= HUNG_MS) {
		log_error("role.hung", LOG_CSTR("of", c->name), LOG_NUM("pid", c->pid));
		child_kill(c);
	} else if (now - c->pinged_at >= SLOW_MS) {
		set_state(c, IPC_ROLE_SLOW);
	}
}

static void start_again(struct child *c)
{
	struct timeval after;

	if (clock_monotonic_ms() - c->started_at >= ALIVE_MS)
		c->backoff_ms = BACKOFF_FIRST_MS;
	after = (struct timeval){c->backoff_ms / 1000, c->backoff_ms % 1000 * 1000};
	event_add(c->again, &after);
	c->backoff_ms *= 2;
	if (c->backoff_ms > BACKOFF_MAX_MS)
		c->backoff_ms = BACKOFF_MAX_MS;
	set_state(c, IPC_ROLE_WAITING);
}

static void log_end(const struct child *c, int status)
{
	const char *of = c->name;
	int64_t lived = clock_monotonic_ms() - c->started_at;

	if (WIFSIGNALED(status))
		log_error("role.died", LOG_CSTR("of", of), LOG_NUM("pid", c->pid),
		          LOG_NUM("signal", WTERMSIG(status)),
		          LOG_NUM("lived_ms", lived));
	else if (WEXITSTATUS(status) || !c->is_draining)
		log_error("role.died", LOG_CSTR("of", of), LOG_NUM("pid", c->pid),
		          LOG_NUM("status", WEXITSTATUS(status)),
		          LOG_NUM("lived_ms", lived));
	else
		log_info("role.ended", LOG_CSTR("of", of), LOG_NUM("pid", c->pid));
}

bool child_reap(struct child *c)
{
	int status;

	if (!c->pid || waitpid(c->pid, &status, WNOHANG) != c->pid)
		return false;
	/* Its last word may be why. */
	if (c->control)
		channel_read_rest(c->control);
	log_end(c, status);
	c->pid = 0;
	channel_free(c->control);
	c->control = NULL;
	if (!c->was_up && !c->is_draining && WIFEXITED(status))
		c->events.failed(c->events.arg, c, STR("ended before it was ready"));
	if (c->is_draining)
		set_state(c, IPC_ROLE_ENDED);
	else
		start_again(c);
	return true;
}

void child_drain(struct child *c)
{
	bool is_up = c->state == IPC_ROLE_UP || c->state == IPC_ROLE_SLOW;

	if (c->is_draining)
		return;
	if (!c->pid || !is_up) {
		child_end(c);
		return;
	}
	c->is_draining = true;
	child_send(c, IPC_DRAIN, STR_NONE, -1);
	set_state(c, IPC_ROLE_DRAINING);
}

void child_kill(struct child *c)
{
	if (c->pid)
		(void)kill(c->pid, SIGKILL);
}

void child_end(struct child *c)
{
	c->is_draining = true;
	if (c->pid)
		child_kill(c);
	else
		set_state(c, IPC_ROLE_ENDED);
}

void child_done(struct child *c)
{
	channel_free(c->control);
	if (c->again)
		event_free(c->again);
	*c = (struct child){0};
}
