/* The messages between the roles: the table, the fields, channels with descriptors and
 * full queues, peers that cheat, grants, and calls that outlive the process they went to. */
#include "ipc/channel.h"
#include "ipc/grant.h"
#include "ipc/keys_client.h"

#include "base/file.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>
#include <event2/event.h>

static void test_table(void **state)
{
	AUTO(buf) body = {.max = IPC_BODY_MAX};

	(void)state;
	for (unsigned type = 0; type < 1000; type++) {
		const struct ipc_row *row = ipc_find(type);

		if (!row)
			continue;
		assert_int_equal(row->type, type);
		assert_true(row->max <= IPC_BODY_MAX);
		assert_true(row->from && row->to);
		assert_int_equal(strspn(row->fields, "us"), strlen(row->fields));
	}
	/* The edges may ask for chains and keys by name, and nothing else of keys. */
	for (unsigned type = 0; type < 1000; type++) {
		const struct ipc_row *row = ipc_find(type);

		if (row && (row->from & ROLE_BIT(ROLE_EDGE)) &&
		    (row->to & ROLE_BIT(ROLE_KEYS)))
			assert_int_equal(type, IPC_TLS_GET);
	}
	ipc_put_str(&body, STR("0123"));
	assert_null(ipc_check(ROLE_CORE, ROLE_KEYS, IPC_KEYS_DROP, buf_str(&body)));
	assert_non_null(ipc_check(ROLE_GATE, ROLE_KEYS, IPC_KEYS_DROP, buf_str(&body)));
	assert_non_null(ipc_check(ROLE_CORE, ROLE_GATE, IPC_KEYS_DROP, buf_str(&body)));
	assert_non_null(ipc_check(ROLE_CORE, ROLE_KEYS, 999, buf_str(&body)));
	buf_add_char(&body, 'x');
	assert_non_null(ipc_check(ROLE_CORE, ROLE_KEYS, IPC_KEYS_DROP, buf_str(&body)));
	assert_non_null(ipc_check(ROLE_CORE, ROLE_KEYS, IPC_KEYS_DROP,
	                          str_slice(buf_str(&body), 0, 7)));
}

static void test_too_long(void **state)
{
	AUTO(buf) body = {.max = IPC_BODY_MAX};
	char text[200] = {0};

	(void)state;
	ipc_put_str(&body, (struct str){text, sizeof(text)});
	assert_non_null(ipc_check(ROLE_CORE, ROLE_KEYS, IPC_KEYS_DROP, buf_str(&body)));
}

/* What a channel of the tests has received. */
struct seen {
	size_t messages, closed;
	uint32_t id;
	int fd;
	struct channel *to_free;
};

static void on_message(void *arg, struct channel_message *m)
{
	struct seen *s = arg;

	s->messages++;
	s->id = m->id;
	if (m->fd >= 0) {
		s->fd = m->fd;
		m->fd = -1;
	}
	if (s->to_free) {
		channel_free(s->to_free);
		s->to_free = NULL;
	}
}

static void on_closed(void *arg, const char *why)
{
	struct seen *s = arg;

	assert_non_null(why);
	s->closed++;
}

struct pair {
	struct event_base *base;
	struct channel *core, *parent;
	struct seen at_core;
	int raw; /* the parent's descriptor */
};

static void open_pair(struct pair *p)
{
	int fds[2];
	struct err err;

	*p = (struct pair){.at_core = {.fd = -1}};
	p->base = event_base_new();
	assert_true(channel_pair(fds, &err));
	p->raw = fds[1];
	p->core = channel_new(fds[0], ROLE_CORE, ROLE_PARENT);
	p->parent = channel_new(fds[1], ROLE_PARENT, ROLE_CORE);
	channel_attach(p->core, p->base,
	               &(struct channel_handlers){on_message, on_closed, &p->at_core});
}

static void close_pair(struct pair *p)
{
	channel_free(p->core);
	channel_free(p->parent);
	event_base_free(p->base);
}

static void turn(struct pair *p)
{
	assert_true(event_base_loop(p->base, EVLOOP_NONBLOCK) >= 0);
}

static void test_descriptor(void **state)
{
	AUTO(buf) body = {.max = IPC_BODY_MAX};
	struct pair p;
	int pipe_fds[2];
	char byte = 0;

	(void)state;
	open_pair(&p);
	assert_int_equal(pipe2(pipe_fds, O_CLOEXEC), 0);
	ipc_put_u64(&body, ROLE_KEYS);
	ipc_put_u64(&body, 0);
	assert_true(channel_send(p.parent, IPC_PING, 1, STR_NONE, -1));
	assert_true(channel_send(p.parent, IPC_PEER, 2, buf_str(&body), pipe_fds[1]));
	assert_true(channel_send(p.parent, IPC_PING, 3, STR_NONE, -1));
	close(pipe_fds[1]);
	turn(&p);
	assert_int_equal(p.at_core.messages, 3);
	assert_int_equal(p.at_core.id, 3);
	assert_true(p.at_core.fd >= 0);
	assert_true(fcntl(p.at_core.fd, F_GETFD) & FD_CLOEXEC);
	assert_int_equal(write(p.at_core.fd, "!", 1), 1);
	assert_int_equal(read(pipe_fds[0], &byte, 1), 1);
	assert_int_equal(byte, '!');
	close(p.at_core.fd);
	close(pipe_fds[0]);
	close_pair(&p);
}

static void test_end(void **state)
{
	struct pair p;

	(void)state;
	open_pair(&p);
	assert_true(channel_send(p.parent, IPC_PING, 1, STR_NONE, -1));
	channel_free(p.parent);
	p.parent = NULL;
	turn(&p);
	turn(&p);
	assert_int_equal(p.at_core.messages, 1);
	assert_int_equal(p.at_core.closed, 1);
	assert_false(channel_is_open(p.core));
	assert_false(channel_send(p.core, IPC_PONG, 1, STR_NONE, -1));
	close_pair(&p);
}

/* A peer that has not read all when it ends, as a role that fails at its start. */
static void test_last_word(void **state)
{
	struct pair p;

	(void)state;
	open_pair(&p);
	assert_true(channel_send(p.core, IPC_PONG, 1, STR_NONE, -1));
	assert_true(channel_send(p.parent, IPC_PING, 1, STR_NONE, -1));
	channel_free(p.parent);
	p.parent = NULL;
	turn(&p);
	turn(&p);
	assert_int_equal(p.at_core.messages, 1);
	assert_int_equal(p.at_core.closed, 1);
	close_pair(&p);
}

static void test_freed_by_handler(void **state)
{
	struct pair p;

	(void)state;
	open_pair(&p);
	p.at_core.to_free = p.core;
	assert_true(channel_send(p.parent, IPC_PING, 1, STR_NONE, -1));
	assert_true(channel_send(p.parent, IPC_PING, 2, STR_NONE, -1));
	turn(&p);
	assert_int_equal(p.at_core.messages, 1);
	p.core = NULL;
	close_pair(&p);
}

/* Packets that the parent may not send to core, made by hand. */
static void test_violations(void **state)
{
	static const struct {
		unsigned type, zero;
		struct str body;
	} cases[] = {
	        {IPC_PONG,       0, STR_INIT("")             },
	        {IPC_KEYS_STATS, 0, STR_INIT("")             },
	        {IPC_PING,       0, STR_INIT("x")            },
	        {IPC_PING,       1, STR_INIT("")             },
	        {IPC_CONFIG,     0, STR_INIT("\x05\0\0\0abc")},
	        {IPC_CONFIG,     0,
	         STR_INIT("\xff\xff\xff\xff"
	                  "abc")                             },
	        {77,             0, STR_INIT("")             },
	};

	(void)state;
	for (size_t i = 0; i < LEN(cases); i++) {
		uint16_t head[4] = {(uint16_t)cases[i].type, (uint16_t)cases[i].zero};
		AUTO(buf) packet = {.max = 100};
		struct pair p;

		open_pair(&p);
		buf_add(&packet, (struct str){(const char *)head, sizeof(head)});
		buf_add(&packet, cases[i].body);
		assert_true(send(p.raw, packet.p, packet.n, 0) > 0);
		turn(&p);
		assert_int_equal(p.at_core.messages, 0);
		assert_int_equal(p.at_core.closed, 1);
		close_pair(&p);
	}
}

/* A peer that does not read: what is sent waits, until there is too much; then it reads
 * and gets all that was taken, in order. */
static void test_queue(void **state)
{
	AUTO(arena) a = {0};
	AUTO(buf) body = {.max = IPC_BODY_MAX};
	struct channel_handlers none = {on_message, on_closed, NULL};
	struct seen at_parent = {.fd = -1};
	struct pair p;
	uint32_t sent = 0;

	(void)state;
	open_pair(&p);
	none.arg = &at_parent;
	channel_attach(p.parent, p.base, &none);
	ipc_put_str(&body, (struct str){arena_alloc(&a, 60000), 60000});
	while (channel_send(p.parent, IPC_CONFIG, sent + 1, buf_str(&body), -1))
		sent++;
	assert_true(channel_queued(p.parent) <= CHANNEL_QUEUE_MAX);
	assert_true(sent > CHANNEL_QUEUE_MAX / 61000);
	for (int i = 0; i < 1000 && p.at_core.messages < sent; i++)
		turn(&p);
	assert_int_equal(p.at_core.messages, sent);
	assert_int_equal(p.at_core.id, sent);
	assert_int_equal(channel_queued(p.parent), 0);
	assert_true(channel_send(p.parent, IPC_CONFIG, 1, buf_str(&body), -1));
	close_pair(&p);
}

static void test_blocking(void **state)
{
	struct channel_message m;
	struct err err;
	struct channel *a, *b;
	int fds[2];

	(void)state;
	assert_true(channel_pair(fds, &err));
	a = channel_new(fds[0], ROLE_PARENT, ROLE_EDGE);
	b = channel_new(fds[1], ROLE_EDGE, ROLE_PARENT);
	assert_true(channel_send(a, IPC_DRAIN, 5, STR_NONE, -1));
	assert_true(channel_recv(b, &m, &err));
	assert_int_equal(m.type, IPC_DRAIN);
	assert_int_equal(m.id, 5);
	assert_int_equal(m.fd, -1);
	channel_free(a);
	assert_false(channel_recv(b, &m, &err));
	channel_free(b);
}

static void test_grant(void **state)
{
	static const uint8_t secret[GRANT_SECRET_BYTES] = {1, 2, 3};
	static const uint8_t other[GRANT_SECRET_BYTES] = {1, 2, 4};
	char id[KEY_ID_LEN + 1];
	struct grant g, forged;

	(void)state;
	key_id_new(id);
	assert_true(key_id_is_valid(str_c(id)));
	g = (struct grant){.key_id = str_c(id),
	                   .domain = STR("a.example"),
	                   .expires_at = 1000,
	                   .per_minute = 5};
	grant_seal(&g, secret);
	assert_int_equal(grant_check(&g, secret, 999), GRANT_OK);
	assert_int_equal(grant_check(&g, secret, 1000), GRANT_EXPIRED);
	assert_int_equal(grant_check(&g, other, 999), GRANT_FORGED);
	forged = g;
	forged.per_minute = 6;
	assert_int_equal(grant_check(&forged, secret, 999), GRANT_FORGED);
	forged = g;
	forged.expires_at = 2000;
	assert_int_equal(grant_check(&forged, secret, 999), GRANT_FORGED);
	forged = g;
	forged.domain = STR("b.example");
	assert_int_equal(grant_check(&forged, secret, 999), GRANT_FORGED);
	forged = g;
	forged.key_id = STR("00000000000000000000000000000000");
	assert_int_equal(grant_check(&forged, secret, 999), GRANT_FORGED);
	forged.key_id = STR("../../../../../../../etc/passwd0");
	assert_false(key_id_is_valid(forged.key_id));
	assert_int_equal(grant_check(&forged, secret, 999), GRANT_FORGED);
	forged = g;
	forged.seal[31] ^= 1;
	assert_int_equal(grant_check(&forged, secret, 999), GRANT_FORGED);
}

/* A keys process that the test plays by hand. */
struct caller {
	size_t done;
	enum keys_refusal refusal;
	char public_key[16];
};

static void on_done(void *arg, const struct keys_result *r)
{
	struct caller *c = arg;

	c->done++;
	c->refusal = r->refusal;
	memcpy(c->public_key, r->public_key.p ? r->public_key.p : "", r->public_key.n);
}

static struct channel *connect_keys(struct keys_client *k)
{
	struct err err;
	int fds[2];

	assert_true(channel_pair(fds, &err));
	keys_client_connect(k, fds[0]);
	return channel_new(fds[1], ROLE_KEYS, ROLE_CORE);
}

static void answer(struct channel *keys, uint32_t id, const char *public_key)
{
	AUTO(buf) body = {.max = IPC_BODY_MAX};

	ipc_put_str(&body, str_c(public_key));
	assert_true(channel_send(keys, IPC_KEYS_TAKEN, id, buf_str(&body), -1));
}

static void test_calls_survive(void **state)
{
	struct event_base *base = event_base_new();
	struct keys_client *k = keys_client_new(base, ROLE_CORE);
	AUTO(buf) no = {.max = IPC_BODY_MAX};
	struct caller first = {0}, second = {0}, third = {0};
	struct channel_message m;
	struct channel *keys;
	struct err err;
	char id[KEY_ID_LEN + 1];

	(void)state;
	key_id_new(id);
	keys_take(k, str_c(id), KEY_RSA, STR("a.example"), on_done, &first);
	keys = connect_keys(k);
	keys_take(k, str_c(id), KEY_ED25519, STR("b.example"), on_done, &second);
	/* Both came over, one though there was nobody when it was asked. */
	assert_true(channel_recv(keys, &m, &err));
	assert_int_equal(m.type, IPC_KEYS_TAKE);
	answer(keys, m.id, "one");
	assert_true(channel_recv(keys, &m, &err));
	channel_free(keys);
	for (int i = 0; i < 3; i++)
		event_base_loop(base, EVLOOP_NONBLOCK);
	assert_int_equal(first.done, 1);
	assert_string_equal(first.public_key, "one");
	assert_int_equal(second.done, 0);
	assert_false(keys_client_is_connected(k));
	/* The next process is asked what the last did not answer. */
	keys = connect_keys(k);
	assert_true(channel_recv(keys, &m, &err));
	answer(keys, m.id, "two");
	answer(keys, m.id, "again");
	answer(keys, m.id + 77, "nobody");
	event_base_loop(base, EVLOOP_NONBLOCK);
	assert_int_equal(second.done, 1);
	/* A refusal. */
	keys_drop(k, str_c(id), on_done, &third);
	assert_true(channel_recv(keys, &m, &err));
	ipc_put_u64(&no, KEYS_FAILED);
	ipc_put_str(&no, STR("the disk is full"));
	assert_true(channel_send(keys, IPC_KEYS_REFUSED, m.id, buf_str(&no), -1));
	event_base_loop(base, EVLOOP_NONBLOCK);
	assert_int_equal(third.done, 1);
	assert_int_equal(third.refusal, KEYS_FAILED);
	assert_string_equal(second.public_key, "two");
	assert_int_equal(keys_client_pending(k), 0);
	channel_free(keys);
	keys_client_free(k);
	event_base_free(base);
}

/* A chain is longer than a call of its own has room for; it too is sent to the next
 * process, byte by byte the same. What no message can hold ends at once. */
static void test_long_calls_survive(void **state)
{
	struct event_base *base = event_base_new();
	struct keys_client *k = keys_client_new(base, ROLE_CORE);
	AUTO(arena) a = {0};
	struct str chain = {arena_alloc(&a, 40000), 40000};
	struct str too_long = {arena_alloc(&a, IPC_BODY_MAX), IPC_BODY_MAX};
	struct caller installed = {0}, refused = {0}, waiting = {0};
	struct channel_message m;
	struct channel *keys;
	struct err err;

	(void)state;
	memset((void *)(uintptr_t)chain.p, 'x', chain.n);
	keys_tls_install(k, STR("a.example"), 3, chain, on_done, &installed);
	keys_tls_upload(k, STR("a.example"), chain, too_long, on_done, &refused);
	for (int i = 0; i < 2; i++) {
		struct ipc_reader r;

		keys = connect_keys(k);
		assert_true(channel_recv(keys, &m, &err));
		assert_int_equal(m.type, IPC_TLS_INSTALL);
		r = (struct ipc_reader){m.body, false};
		assert_true(str_eq(ipc_get_str(&r), STR("a.example")));
		assert_int_equal(ipc_get_u64(&r), 3);
		assert_true(str_eq(ipc_get_str(&r), chain));
		if (i == 0)
			channel_free(keys);
		event_base_loop(base, EVLOOP_NONBLOCK);
	}
	assert_int_equal(refused.done, 1);
	assert_int_equal(refused.refusal, KEYS_INVALID);
	assert_int_equal(installed.done, 0);
	/* An answer to another call is none. */
	answer(keys, m.id, "key");
	event_base_loop(base, EVLOOP_NONBLOCK);
	assert_int_equal(installed.done, 0);
	{
		AUTO(buf) body = {.max = IPC_BODY_MAX};

		for (int i = 0; i < 3; i++)
			ipc_put_u64(&body, 3);
		for (int i = 0; i < 4; i++)
			ipc_put_str(&body, STR("y"));
		assert_true(
		        channel_send(keys, IPC_TLS_STATED, m.id, buf_str(&body), -1));
	}
	event_base_loop(base, EVLOOP_NONBLOCK);
	assert_int_equal(installed.done, 1);
	assert_int_equal(installed.refusal, KEYS_NONE);
	/* One that is still waiting leaves nothing behind. */
	keys_tls_install(k, STR("a.example"), 3, chain, on_done, &waiting);
	channel_free(keys);
	keys_client_free(k);
	event_base_free(base);
}

static void test_edge_stats(void **state)
{
	AUTO(buf) body = {.max = IPC_BODY_MAX};
	struct edge_stats s = {.connections = 1, .journal_lost = 7}, again = {0};
	struct ipc_reader r;

	(void)state;
	edge_stats_put(&body, &s);
	assert_null(ipc_check(ROLE_EDGE, ROLE_CORE, IPC_EDGE_STATS, buf_str(&body)));
	r = (struct ipc_reader){buf_str(&body), false};
	edge_stats_get(&r, &again);
	assert_true(ipc_get_end(&r));
	assert_memory_equal(&s, &again, sizeof(s));
	for (size_t i = 0; i < EDGE_STATS_COUNT; i++) {
		const char *type = edge_stats_rows[i].type;

		assert_true(!strcmp(type, "gauge") || !strcmp(type, "counter"));
		assert_true(edge_stats_rows[i].help[0] != 0);
	}
}

static void test_calls_are_bounded(void **state)
{
	struct event_base *base = event_base_new();
	struct keys_client *k = keys_client_new(base, ROLE_CORE);
	struct caller fine = {0}, refused = {0};

	(void)state;
	for (int i = 0; i < KEYS_PENDING_MAX; i++)
		keys_stats(k, on_done, &fine);
	keys_stats(k, on_done, &refused);
	assert_int_equal(refused.done, 0);
	event_base_loop(base, EVLOOP_NONBLOCK);
	assert_int_equal(refused.done, 1);
	assert_int_equal(refused.refusal, KEYS_UNAVAILABLE);
	assert_int_equal(fine.done, 0);
	assert_int_equal(keys_client_pending(k), KEYS_PENDING_MAX);
	keys_client_free(k);
	event_base_free(base);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_table),
	        cmocka_unit_test(test_too_long),
	        cmocka_unit_test(test_descriptor),
	        cmocka_unit_test(test_end),
	        cmocka_unit_test(test_last_word),
	        cmocka_unit_test(test_violations),
	        cmocka_unit_test(test_freed_by_handler),
	        cmocka_unit_test(test_queue),
	        cmocka_unit_test(test_blocking),
	        cmocka_unit_test(test_grant),
	        cmocka_unit_test(test_calls_survive),
	        cmocka_unit_test(test_long_calls_survive),
	        cmocka_unit_test(test_edge_stats),
	        cmocka_unit_test(test_calls_are_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
