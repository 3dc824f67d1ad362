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
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <event2/event.h>

/* A role that logs what it is told and drains at once. */
struct player {
	struct role_run run;
	struct event_base *base;
	bool waits_for_keys; /* ends only when keys is there, as one that owes answers */
	bool never_ends;
};

static void on_peer(void *arg, enum role peer, unsigned instance, int fd)
{
	const struct player *p = arg;

	log_info("test.peer", LOG_CSTR("peer", role_name(peer)),
	         LOG_NUM("instance", instance));
	close(fd);
	if (p->waits_for_keys && p->run.is_draining && peer == ROLE_KEYS)
		event_base_loopbreak(p->base);
}

static void on_reload(void *arg, struct str config)
{
	(void)arg;
	log_info("test.reload",
	         LOG_NUM("told_data_dir", str_find(config, STR("data_dir=")) >= 0));
}

static void on_token_keys(void *arg, struct str text)
{
	(void)arg;
	log_info("test.token_keys", LOG_NUM("bytes", text.n));
}

static void on_drain(void *arg)
{
	struct player *p = arg;

	log_info("test.drain");
	if (!p->waits_for_keys && !p->never_ends)
		event_base_loopbreak(p->base);
}

static void on_state(void *arg, const struct role_state *s)
{
	(void)arg;
	log_info("test.state", LOG_CSTR("of", role_name(s->role)),
	         LOG_NUM("instance", s->instance),
	         LOG_CSTR("is", ipc_role_state_name(s->state)),
	         LOG_NUM("starts", s->starts));
}

static int play(enum role role)
{
	static struct player p;
	const struct role_handlers handlers = {.peer = on_peer,
	                                       .reload = on_reload,
	                                       .token_keys = on_token_keys,
	                                       .drain = on_drain,
	                                       .state = on_state,
	                                       .arg = &p};
	struct err err = {0};
	bool ok = role_start(IPC_CONTROL_FD, role, &p.run, &err);

	/* What the test asks for stands in the name of the data folder. */
	if (ok && role == ROLE_CORE && str_find(p.run.config, STR("/vanish")) >= 0)
		return 64;
	if (ok && role == ROLE_KEYS && str_find(p.run.config, STR("/refuse")) >= 0)
		ok = err_set(&err, ERR_INPUT, "the wrong master key");
	if (!ok)
		return role_fail(&p.run, &err);
	p.waits_for_keys =
	        role == ROLE_CORE && str_find(p.run.config, STR("/waits")) >= 0;
	p.never_ends = role == ROLE_CORE && str_find(p.run.config, STR("/stuck")) >= 0;
	p.base = event_base_new();
	log_info("test.start", LOG_NUM("listeners", p.run.listener_count),
	         LOG_NUM("peers", p.run.peer_count),
	         LOG_NUM("secret", p.run.grant_secret.n),
	         LOG_NUM("instance", p.run.instance),
	         LOG_NUM("token_keys", p.run.token_keys.n > 0),
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

/* Where the data folders of the servers are made. */
static char home[64];

struct wish {
	const char *data_dir; /* below home */
	bool has_gate;
	uint16_t ports[3]; /* of core, gate and edge */
	int edges;
};

static bool configure(void *arg, struct arena *a, struct config *out, struct err *err)
{
	const struct wish *w = arg;
	struct config_sources from = {.file = STR("test")};

	from.text = arena_printf(a, "data_dir = %s%s\napi.listen = 127.0.0.1:%d\n",
	                         home, w->data_dir, w->ports[0]);
	if (w->has_gate)
		from.text = arena_printf(a, "%.*sgate.listen = 127.0.0.1:%d\n",
		                         STR_ARG(from.text), w->ports[1]);
	if (w->edges)
		from.text = arena_printf(a,
		                         "%.*sedge.listen = 127.0.0.1:%d\n"
		                         "edge.processes = %d\n",
		                         STR_ARG(from.text), w->ports[2], w->edges);
	return config_parse(a, &from, out, err);
}

/* Ports that nobody has just now. */
static void find_ports(uint16_t ports[3])
{
	int fds[3];

	for (int i = 0; i < 3; i++) {
		struct sockaddr_in at = {.sin_family = AF_INET,
		                         .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
		socklen_t n = sizeof(at);

		fds[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
		assert_int_equal(bind(fds[i], (struct sockaddr *)&at, n), 0);
		assert_int_equal(getsockname(fds[i], (struct sockaddr *)&at, &n), 0);
		ports[i] = ntohs(at.sin_port);
	}
	for (int i = 0; i < 3; i++)
		close(fds[i]);
}

static void start_at(struct server *s, struct wish *wish)
{
	int fds[2];

	*s = (struct server){.text = {.max = 1 << 20}};
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

static void start(struct server *s, struct wish *wish)
{
	find_ports(wish->ports);
	start_at(s, wish);
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
	struct wish wish = {"/nowhere", true, {0}, 0};
	struct server s;
	size_t at;
	int status;

	(void)state;
	start(&s, &wish);
	at = wait_for(&s, "event=server.ready");
	wait_for(&s, "role=core event=test.start listeners=1 peers=1 secret=32 "
	             "instance=0 token_keys=0 has_variable=0");
	wait_for(&s, "role=keys event=test.start listeners=0 peers=0 secret=32 "
	             "instance=0 token_keys=0 has_variable=0");
	wait_for(&s, "role=gate event=test.start listeners=1 peers=2 secret=0 "
	             "instance=0 token_keys=1 has_variable=0");
	wait_for(&s, "role=keys event=test.peer peer=core");
	wait_for(&s, "role=keys event=test.peer peer=gate");
	wait_for(&s, "role=core event=test.state of=keys instance=0 is=up");
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
	struct wish wish = {"/nowhere", false, {0}, 0};
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
		wait_from(&s, at,
		          "role=core event=test.state of=keys instance=0 is=waiting");
		wait_from(&s, at,
		          "role=core event=test.state of=keys instance=0 is=up");
	}
	assert_int_equal(kill(s.pid, SIGTERM), 0);
	assert_int_equal(finish(&s), 0);
	done(&s);
}

static void test_parent_dies(void **state)
{
	struct wish wish = {"/nowhere", true, {0}, 0};
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
	struct wish wish = {"/refuse", true, {0}, 0};
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
	struct wish wish = {"/vanish", false, {0}, 0};
	struct server s;

	(void)state;
	start(&s, &wish);
	wait_for(&s, "event=test.failed why=\"core: ended before it was ready\"");
	assert_int_equal(WEXITSTATUS(finish(&s)), 3);
	done(&s);
}

static void test_role_ignores_term(void **state)
{
	struct wish wish = {"/nowhere", false, {0}, 0};
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

/* Kills keys until it waits a second for its next start. */
static size_t tire_keys(struct server *s, size_t at)
{
	for (int i = 0; i < 6; i++) {
		pid_t keys =
		        pid_after(s, i ? at : 0, "event=role.started of=keys pid=");

		assert_int_equal(kill(keys, SIGKILL), 0);
		at = wait_from(s, at, "event=role.died of=keys");
	}
	return at;
}

/* core still waits for an answer of keys, which has just died: it must come back, though
 * the server drains. Else core would wait until it gives up, half a minute. */
static void test_drain_starts_who_is_needed(void **state)
{
	struct wish wish = {"/waits", false, {0}, 0};
	struct server s;
	size_t at;

	(void)state;
	start(&s, &wish);
	at = wait_for(&s, "event=server.ready");
	at = tire_keys(&s, at);
	assert_int_equal(kill(s.pid, SIGTERM), 0);
	at = wait_from(&s, at, "role=core event=test.drain");
	at = wait_from(&s, at, "event=role.ended of=core");
	assert_int_equal(finish(&s), 0);
	assert_true(str_find(buf_str(&s.text), STR("server.killing")) < 0);
	done(&s);
}

/* A second signal ends one that does not drain, and one that is not even running. */
static void test_second_signal_kills(void **state)
{
	struct wish wish = {"/stuck", false, {0}, 0};
	struct server s;
	size_t at;

	(void)state;
	start(&s, &wish);
	at = wait_for(&s, "event=server.ready");
	at = tire_keys(&s, at);
	assert_int_equal(kill(s.pid, SIGTERM), 0);
	at = wait_from(&s, at, "role=core event=test.drain");
	assert_int_equal(kill(s.pid, SIGTERM), 0);
	wait_from(&s, at, "event=server.killing");
	wait_from(&s, at, "event=server.ended");
	assert_int_equal(finish(&s), 0);
	done(&s);
}

/* Sends SIGHUP and waits for what the server says of it. */
static size_t reload(struct server *s, size_t from, const char *what)
{
	assert_int_equal(kill(s->pid, SIGHUP), 0);
	return wait_from(s, from, what);
}

/* Three processes of edge, each with its number, its socket, its way to core and keys;
 * one that dies comes back as itself, and the others never notice. */
static void test_several_edges(void **state)
{
	struct wish wish = {"/several", false, {0}, 3};
	struct server s;
	char path[128];
	struct stat st;
	size_t at;
	pid_t second;

	(void)state;
	start(&s, &wish);
	at = wait_for(&s, "event=server.ready");
	for (int i = 0; i < 3; i++) {
		char line[128];

		snprintf(line, sizeof(line),
		         "role=edge.%d event=test.start listeners=1 peers=2 secret=0 "
		         "instance=%d token_keys=1",
		         i, i);
		wait_for(&s, line);
		snprintf(line, sizeof(line),
		         "role=core event=test.peer peer=edge instance=%d", i);
		wait_for(&s, line);
		snprintf(line, sizeof(line),
		         "role=keys event=test.peer peer=edge instance=%d", i);
		wait_for(&s, line);
		snprintf(path, sizeof(path), "%s/several/journal/edge-%d", home, i);
		assert_int_equal(stat(path, &st), 0);
		assert_int_equal(st.st_mode & 07777, 02750);
	}
	second = pid_after(&s, 0, "event=role.started of=edge.1 pid=");
	assert_int_equal(kill(second, SIGKILL), 0);
	at = wait_from(&s, at, "event=role.died of=edge.1");
	wait_from(&s, at, "role=core event=test.peer peer=edge instance=1");
	wait_from(&s, at, "role=keys event=test.peer peer=edge instance=1");
	wait_from(&s, at, "role=core event=test.state of=edge instance=1 is=up");
	assert_int_equal(kill(s.pid, SIGTERM), 0);
	assert_int_equal(finish(&s), 0);
	assert_true(str_find(buf_str(&s.text), STR("role.died of=edge.0")) < 0);
	assert_true(str_find(buf_str(&s.text), STR("role.died of=edge.2")) < 0);
	done(&s);
}

/* Another server must not get a share of the connections of the first. */
static void test_shared_port_is_taken(void **state)
{
	struct wish wish = {"/first", false, {0}, 2};
	struct wish other = {"/second", false, {0}, 2};
	struct server s, second;

	(void)state;
	start(&s, &wish);
	wait_for(&s, "event=server.ready");
	find_ports(other.ports);
	other.ports[2] = wish.ports[2];
	start_at(&second, &other);
	wait_for(&second, "test.failed why=\"edge.listen: 127.0.0.1:");
	assert_int_equal(WEXITSTATUS(finish(&second)), 3);
	done(&second);
	assert_int_equal(kill(s.pid, SIGTERM), 0);
	assert_int_equal(finish(&s), 0);
	done(&s);
}

/* Made once, kept over restarts, read again at SIGHUP, and never replaced by nonsense. */
static void test_token_keys(void **state)
{
	struct wish wish = {"/tokens", true, {0}, 1};
	AUTO(arena) a = {0};
	struct server s;
	char path[128];
	struct str first, text;
	struct stat st;
	struct err err;
	size_t at;

	(void)state;
	snprintf(path, sizeof(path), "%s/tokens/token.keys", home);
	start(&s, &wish);
	at = wait_for(&s, "event=server.ready");
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_true(file_read(&a, path, 8192, &first, &err));
	assert_true(str_starts(first, STR("signet-token-key ")));
	at = reload(&s, at, "event=server.reloaded");
	assert_true(file_write(path, STR("nonsense\n"), 0600, &err));
	at = reload(&s, at, "event=server.token_keys_failed");
	text = arena_join(&a, STR("# a remark\n"), first);
	assert_true(file_write(path, text, 0600, &err));
	at = reload(&s, at, "event=server.token_keys_reloaded");
	wait_from(&s, 0, "role=edge event=test.token_keys");
	wait_from(&s, 0, "role=gate event=test.token_keys");
	assert_int_equal(kill(s.pid, SIGTERM), 0);
	assert_int_equal(finish(&s), 0);
	done(&s);
	start(&s, &wish);
	wait_for(&s, "event=server.ready");
	assert_int_equal(kill(s.pid, SIGTERM), 0);
	assert_int_equal(finish(&s), 0);
	done(&s);
	assert_true(file_read(&a, path, 8192, &first, &err));
	assert_true(str_eq(first, text));
}

static void remove_servers(void)
{
	static const char *const names[] = {"nowhere", "refuse", "vanish",
	                                    "several", "first",  "second",
	                                    "tokens",  "waits",  "stuck"};
	static const char *const parts[] = {
	        "token.keys",     "acme/challenges", "acme",    "journal/edge-0",
	        "journal/edge-1", "journal/edge-2",  "journal", ""};
	char path[160];

	for (size_t i = 0; i < LEN(names); i++)
		for (size_t k = 0; k < LEN(parts); k++) {
			snprintf(path, sizeof(path), "%s/%s/%s", home, names[i],
			         parts[k]);
			(void)remove(path);
		}
	(void)rmdir(home);
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
	        cmocka_unit_test(test_drain_starts_who_is_needed),
	        cmocka_unit_test(test_second_signal_kills),
	        cmocka_unit_test(test_several_edges),
	        cmocka_unit_test(test_shared_port_is_taken),
	        cmocka_unit_test(test_token_keys),
	};
	enum role role;
	int failed;

	if (argc == 3 && strcmp(argv[1], "role") == 0 &&
	    role_parse(str_c(argv[2]), &role))
		_exit(play(role));
	snprintf(home, sizeof(home), "/tmp/signet-parent-XXXXXX");
	if (!mkdtemp(home))
		return 1;
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	remove_servers();
	return failed;
}
