/*
 * The parent with roles that are this program: started as `… role NAME` (that is how the
 * parent starts roles) it plays one; else it runs the tests. What happens is followed by
 * the log of the server and by what the roles write into it.
 */
#include "parent/parent.h"

#include "base/file.h"
#include "base/log.h"
#include "ipc/role.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <event2/event.h>

/* A role that logs what it is told and drains at once. */
struct player {
	struct role_run run;
	struct event_base *base;
};

static void on_peer(void *arg, enum role peer, int fd)
{
	(void)arg;
	log_info("test.peer", LOG_CSTR("peer", role_name(peer)));
	close(fd);
}

static void on_reload(void *arg, struct str config)
{
	(void)arg;
	log_info("test.reload",
	         LOG_NUM("told_data_dir", str_find(config, STR("data_dir=")) >= 0));
}

static void on_drain(void *arg)
{
	struct player *p = arg;

	log_info("test.drain");
	event_base_loopbreak(p->base);
}

static void on_state(void *arg, const struct role_state *s)
{
	(void)arg;
	log_info("test.state", LOG_CSTR("of", role_name(s->role)),
	         LOG_CSTR("is", ipc_role_state_name(s->state)),
	         LOG_NUM("starts", s->starts));
}

static int play(enum role role)
{
	static struct player p;
	const struct role_handlers handlers = {on_peer, on_reload, on_drain, on_state,
	                                       &p};
	struct err err = {0};
	bool ok = role_start(IPC_CONTROL_FD, role, &p.run, &err);

	/* What the test asks for stands in the name of the data folder. */
	if (ok && role == ROLE_CORE && str_find(p.run.config, STR("/vanish")) >= 0)
		return 64;
	if (ok && role == ROLE_KEYS && str_find(p.run.config, STR("/refuse")) >= 0)
		ok = err_set(&err, ERR_INPUT, "the wrong master key");
	if (!ok)
		return role_fail(&p.run, &err);
	p.base = event_base_new();
	log_info("test.start", LOG_NUM("listeners", p.run.listener_count),
	         LOG_NUM("peers", p.run.peer_count),
	         LOG_NUM("secret", p.run.grant_secret.n),
	         LOG_NUM("has_variable", getenv("SIGNET_TEST_SECRET") != NULL));
	role_attach(&p.run, p.base, &handlers);
	event_base_dispatch(p.base);
	return role_end(&p.run);
}

/* A server in a child, its log read through a pipe. */
struct server {
	pid_t pid;
	int log;
	struct buf text;
};

struct wish {
	const char *data_dir;
	bool has_gate;
	uint16_t ports[2]; /* of core and gate */
};

static bool configure(void *arg, struct arena *a, struct config *out, struct err *err)
{
	const struct wish *w = arg;
	struct config_sources from = {.file = STR("test")};

	from.text = arena_printf(a, "data_dir = %s\napi.listen = 127.0.0.1:%d\n",
	                         w->data_dir, w->ports[0]);
	if (w->has_gate)
		from.text = arena_printf(a, "%.*sgate.listen = 127.0.0.1:%d\n",
		                         STR_ARG(from.text), w->ports[1]);
	return config_parse(a, &from, out, err);
}

/* Ports that nobody has just now. */
static void find_ports(uint16_t ports[2])
{
	int fds[2];

	for (int i = 0; i < 2; i++) {
		struct sockaddr_in at = {.sin_family = AF_INET,
		                         .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
		socklen_t n = sizeof(at);

		fds[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
		assert_int_equal(bind(fds[i], (struct sockaddr *)&at, n), 0);
		assert_int_equal(getsockname(fds[i], (struct sockaddr *)&at, &n), 0);
		ports[i] = ntohs(at.sin_port);
	}
	close(fds[0]);
	close(fds[1]);
}

static void start(struct server *s, struct wish *wish)
{
	int fds[2];

	*s = (struct server){.text = {.max = 1 << 20}};
	find_ports(wish->ports);
	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	s->pid = fork();
	assert_true(s->pid >= 0);
	if (s->pid == 0) {
		struct parent_setup setup = {configure, wish};
		struct err err = {0};
		bool ok;

		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		(void)setenv("SIGNET_TEST_SECRET", "x", 1);
		dup2(fds[1], STDERR_FILENO);
		ok = parent_run(&setup, &err);
		if (!ok)
			log_error("test.failed", LOG_CSTR("why", err.text));
		_exit(ok ? 0 : 3);
	}
	close(fds[1]);
	s->log = fds[0];
}

/* Reads the log until `what` has come behind offset `from`; gives where it ends. Fails
 * where the log ends or stands still. */
static size_t wait_from(struct server *s, size_t from, const char *what)
{
	for (;;) {
		struct str seen = str_from(buf_str(&s->text), from);
		ptrdiff_t at = str_find(seen, str_c(what));
		struct pollfd p = {.fd = s->log, .events = POLLIN};
		char piece[4096];
		ssize_t n;

		if (at >= 0)
			return from + (size_t)at + strlen(what);
		n = poll(&p, 1, 60000) == 1 ? read(s->log, piece, sizeof(piece)) : -1;
		if (n <= 0) {
			/* print_error() would cut it. */
			fprintf(stderr, "no \"%s\" in:\n%.*s", what, STR_ARG(seen));
			fail();
		}
		buf_add(&s->text, (struct str){piece, (size_t)n});
	}
}

static size_t wait_for(struct server *s, const char *what)
{
	return wait_from(s, 0, what);
}

/* The number behind `label` at or behind an offset. */
static pid_t pid_after(struct server *s, size_t from, const char *label)
{
	size_t at = wait_from(s, from, label);
	size_t end = wait_from(s, at, " ");
	uint64_t pid = 0;

	assert_true(str_parse_uint(str_slice(buf_str(&s->text), at, end - 1 - at),
	                           INT32_MAX, &pid));
	return (pid_t)pid;
}

static int finish(struct server *s)
{
	int status;

	assert_int_equal(waitpid(s->pid, &status, 0), s->pid);
	/* The pipe ends when the last role has: nobody is left. */
	for (;;) {
		char piece[4096];
		ssize_t n = read(s->log, piece, sizeof(piece));

		if (n <= 0)
			break;
		buf_add(&s->text, (struct str){piece, (size_t)n});
	}
	close(s->log);
	return status;
}

static void done(struct server *s)
{
	buf_done(&s->text);
}

static void test_start_and_drain(void **state)
{
	struct wish wish = {"/nowhere", true, {0}};
	struct server s;
	size_t at;
	int status;

	(void)state;
	start(&s, &wish);
	at = wait_for(&s, "event=server.ready");
	wait_for(&s, "role=core event=test.start listeners=1 peers=1 secret=32 "
	             "has_variable=0");
	wait_for(&s, "role=keys event=test.start listeners=0 peers=0 secret=32 "
	             "has_variable=0");
	wait_for(&s, "role=gate event=test.start listeners=1 peers=2 secret=0 "
	             "has_variable=0");
	wait_for(&s, "role=keys event=test.peer peer=core");
	wait_for(&s, "role=keys event=test.peer peer=gate");
	wait_for(&s, "role=core event=test.state of=keys is=up");
	assert_int_equal(kill(s.pid, SIGHUP), 0);
	wait_from(&s, at, "role=gate event=test.reload told_data_dir=1");
	assert_int_equal(kill(s.pid, SIGTERM), 0);
	/* gate first, then core, then keys. */
	at = wait_from(&s, at, "role=gate event=test.drain");
	at = wait_from(&s, at, "event=role.ended of=gate");
	at = wait_from(&s, at, "role=core event=test.drain");
	at = wait_from(&s, at, "event=role.ended of=core");
	at = wait_from(&s, at, "role=keys event=test.drain");
	wait_from(&s, at, "event=server.ended");
	status = finish(&s);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	assert_true(str_find(buf_str(&s.text), STR("of=edge")) < 0);
	done(&s);
}

static void test_killed_role_comes_back(void **state)
{
	struct wish wish = {"/nowhere", false, {0}};
	struct server s;
	size_t at;

	(void)state;
	start(&s, &wish);
	at = wait_for(&s, "event=server.ready");
	for (int i = 0; i < 3; i++) {
		pid_t keys =
		        pid_after(&s, i ? at : 0, "event=role.started of=keys pid=");

		if (i)
			at = wait_from(&s, at, "event=role.up of=keys");
		assert_int_equal(kill(keys, SIGKILL), 0);
		at = wait_from(&s, at, "event=role.died of=keys");
		/* core gets a way to the new one. */
		wait_from(&s, at, "role=core event=test.peer peer=keys");
		wait_from(&s, at, "role=core event=test.state of=keys is=waiting");
		wait_from(&s, at, "role=core event=test.state of=keys is=up");
	}
	assert_int_equal(kill(s.pid, SIGTERM), 0);
	assert_int_equal(finish(&s), 0);
	done(&s);
}

static void test_parent_dies(void **state)
{
	struct wish wish = {"/nowhere", true, {0}};
	struct server s;

	(void)state;
	start(&s, &wish);
	wait_for(&s, "event=server.ready");
	assert_int_equal(kill(s.pid, SIGKILL), 0);
	/* Comes to an end only where all roles have died too. */
	assert_true(WIFSIGNALED(finish(&s)));
	done(&s);
}

static void test_first_start_fails(void **state)
{
	struct wish wish = {"/refuse", true, {0}};
	struct server s;
	int status;

	(void)state;
	start(&s, &wish);
	wait_for(&s, "event=test.failed why=\"keys: the wrong master key\"");
	status = finish(&s);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 3);
	done(&s);
}

static void test_first_start_ends(void **state)
{
	struct wish wish = {"/vanish", false, {0}};
	struct server s;

	(void)state;
	start(&s, &wish);
	wait_for(&s, "event=test.failed why=\"core: ended before it was ready\"");
	assert_int_equal(WEXITSTATUS(finish(&s)), 3);
	done(&s);
}

static void test_role_ignores_term(void **state)
{
	struct wish wish = {"/nowhere", false, {0}};
	struct server s;
	pid_t core;
	size_t at;

	(void)state;
	start(&s, &wish);
	at = wait_for(&s, "event=server.ready");
	core = pid_after(&s, 0, "event=role.started of=core pid=");
	/* As a service manager does it: everybody gets it. */
	assert_int_equal(kill(core, SIGTERM), 0);
	assert_int_equal(kill(s.pid, SIGTERM), 0);
	at = wait_from(&s, at, "role=core event=test.drain");
	assert_int_equal(finish(&s), 0);
	assert_true(str_find(buf_str(&s.text), STR("role.died")) < 0);
	done(&s);
}

int main(int argc, char **argv)
{
	static const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_start_and_drain),
	        cmocka_unit_test(test_killed_role_comes_back),
	        cmocka_unit_test(test_parent_dies),
	        cmocka_unit_test(test_first_start_fails),
	        cmocka_unit_test(test_first_start_ends),
	        cmocka_unit_test(test_role_ignores_term),
	};
	enum role role;

	if (argc == 3 && strcmp(argv[1], "role") == 0 &&
	    role_parse(str_c(argv[2]), &role))
		_exit(play(role));
	return cmocka_run_group_tests(tests, NULL, NULL);
}
