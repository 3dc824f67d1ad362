/* The keys role as core and gate see it, over real channels: takes, the pool, signatures
 * by grant, the rate of a domain, drops, and the same key for the same id after a crash. */
#include "keys/service.h"

#include "base/clock.h"
#include "crypto/verifier.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <event2/event.h>

enum { RSA_BITS = 1024 };

static const uint8_t secret[GRANT_SECRET_BYTES] = {7, 7, 7};

struct bench {
	char dir[64];
	struct event_base *base;
	struct key_files files;
	struct keys_service *service;
	struct keys_client *core, *gate;
};

/* What came back. */
struct answer {
	size_t done;
	enum keys_refusal refusal;
	struct keys_stats stats;
	size_t n;
	char bytes[1024];
};

static void on_done(void *arg, const struct keys_result *r)
{
	struct answer *a = arg;
	struct str bytes = r->public_key.n ? r->public_key : r->signature;

	a->done++;
	a->refusal = r->refusal;
	a->stats = r->stats;
	assert_true(bytes.n <= sizeof(a->bytes));
	a->n = bytes.n;
	memcpy(a->bytes, bytes.p ? bytes.p : "", bytes.n);
}

static void wait_for(struct bench *b, const struct answer *a)
{
	while (!a->done)
		assert_int_equal(event_base_loop(b->base, EVLOOP_ONCE), 0);
}

static struct keys_client *connect_client(struct bench *b, enum role self)
{
	struct keys_client *k = keys_client_new(b->base, self);
	struct err err;
	int fds[2];

	assert_true(channel_pair(fds, &err));
	keys_service_connect(b->service, self, 0, fds[0]);
	keys_client_connect(k, fds[1]);
	return k;
}

static void start(struct bench *b, size_t pool)
{
	char master[128];
	struct keys_setup setup = {
	        .grant_secret = {(const char *)secret,  sizeof(secret)         },
	        .limits = {
	                         .pool = pool, .rsa_bits = RSA_BITS, .sign_per_minute = 1000}
        };
	struct err err;

	snprintf(master, sizeof(master), "%s/keys/master.key", b->dir);
	assert_true(key_files_open(&b->files, b->dir, master, -1, -1, &err));
	b->base = event_base_new();
	setup.base = b->base;
	setup.files = &b->files;
	assert_true(keys_service_new(&setup, &b->service, &err));
	b->core = connect_client(b, ROLE_CORE);
	b->gate = connect_client(b, ROLE_GATE);
}

static void stop(struct bench *b)
{
	keys_client_free(b->core);
	keys_client_free(b->gate);
	keys_service_free(b->service);
	event_base_free(b->base);
	key_files_close(&b->files);
}

static int set_up(void **state)
{
	static struct bench b;

	snprintf(b.dir, sizeof(b.dir), "/tmp/signet-keys-XXXXXX");
	assert_non_null(mkdtemp(b.dir));
	*state = &b;
	return 0;
}

static void remove_key(void *arg, struct str id)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/%.*s.key", (const char *)arg, STR_ARG(id));
	(void)unlink(path);
}

static int tear_down(void **state)
{
	static const char *const rest[] = {
	        "keys/pool",         "keys/dkim", "keys/tls", "keys/master.key",
	        "keys/master.check", "keys",      ""};
	struct bench *b = *state;
	char path[128];
	struct err err;

	start(b, 0);
	for (int i = 0; i < KEY_FOLDER_COUNT; i++) {
		snprintf(path, sizeof(path), "%s/%s", b->dir, rest[i]);
		assert_true(key_files_each(&b->files, (enum key_folder)i, remove_key,
		                           path, &err));
	}
	stop(b);
	for (size_t i = 0; i < LEN(rest); i++) {
		snprintf(path, sizeof(path), "%s/%s", b->dir, rest[i]);
		assert_int_equal(remove(path), 0);
	}
	return 0;
}

static struct answer take(struct bench *b, const char *id, enum key_algorithm algorithm)
{
	struct answer a = {0};

	keys_take(b->core, str_c(id), algorithm, STR("a.example"), on_done, &a);
	wait_for(b, &a);
	return a;
}

static struct grant make_grant(const char *id, uint32_t per_minute)
{
	struct grant g = {.key_id = str_c(id),
	                  .domain = STR("a.example"),
	                  .expires_at = clock_now() + 60000,
	                  .per_minute = per_minute};

	grant_seal(&g, secret);
	return g;
}

static const uint8_t digest[SHA256_BYTES] = {1, 2, 3};

static struct answer sign(struct bench *b, const struct grant *g)
{
	struct answer a = {0};

	keys_sign(b->gate, g, digest, on_done, &a);
	wait_for(b, &a);
	return a;
}

static void assert_signs(const struct answer *taken, enum key_algorithm algorithm,
                         const struct answer *signature)
{
	AUTO(arena) arena = {0};
	AUTO(verifier) v = {0};
	struct public_key key;
	struct err err;

	assert_int_equal(taken->refusal, KEYS_NONE);
	assert_int_equal(signature->refusal, KEYS_NONE);
	assert_true(public_key_decode(
	        &arena, algorithm, (struct str){taken->bytes, taken->n}, &key, &err));
	assert_true(verifier_init(&v, &key, &err));
	assert_true(verifier_check(&v, digest,
	                           (struct str){signature->bytes, signature->n}));
}

#define ID_1 "11111111111111111111111111111111"
#define ID_2 "22222222222222222222222222222222"
#define ID_3 "33333333333333333333333333333333"

static void test_take_and_sign(void **state)
{
	static const enum key_algorithm algorithms[] = {KEY_RSA, KEY_ED25519};
	static const char *const ids[] = {ID_1, ID_2};
	struct bench *b = *state;

	start(b, 2);
	for (size_t i = 0; i < LEN(ids); i++) {
		struct grant g = make_grant(ids[i], 100);
		struct answer key = take(b, ids[i], algorithms[i]);
		struct answer signature = sign(b, &g);

		assert_signs(&key, algorithms[i], &signature);
	}
	stop(b);
	/* After a restart the ids name the same keys, and they sign. */
	start(b, 2);
	for (size_t i = 0; i < LEN(ids); i++) {
		struct grant g = make_grant(ids[i], 100);
		struct answer signature = sign(b, &g);
		struct answer key = take(b, ids[i], algorithms[i]);

		assert_signs(&key, algorithms[i], &signature);
	}
	assert_int_equal(take(b, ID_1, KEY_ED25519).refusal, KEYS_INVALID);
	assert_int_equal(take(b, "../../../../../../../etc/passwd0", KEY_RSA).refusal,
	                 KEYS_INVALID);
	stop(b);
}

/* Two that want the same key get one; two that want two get two. */
static void test_takes_of_one_turn(void **state)
{
	struct bench *b = *state;
	struct answer same[2] = {0}, other = {0};

	start(b, 0);
	for (int i = 0; i < 2; i++)
		keys_take(b->core, STR(ID_1), KEY_RSA, STR("a.example"), on_done,
		          &same[i]);
	keys_take(b->core, STR(ID_2), KEY_RSA, STR("b.example"), on_done, &other);
	wait_for(b, &same[0]);
	wait_for(b, &same[1]);
	wait_for(b, &other);
	assert_int_equal(same[0].refusal, KEYS_NONE);
	assert_int_equal(same[0].n, same[1].n);
	assert_memory_equal(same[0].bytes, same[1].bytes, same[0].n);
	assert_memory_not_equal(same[0].bytes, other.bytes, other.n);
	stop(b);
}

/* While takes wait for keys that have yet to be made, all else is answered. */
static void test_empty_pool_holds_up_nobody(void **state)
{
	struct bench *b = *state;
	struct answer waiting[8] = {0}, stats = {0};
	struct grant g = make_grant(ID_3, 100);
	struct answer key, signature;

	start(b, 0);
	key = take(b, ID_3, KEY_ED25519);
	for (size_t i = 0; i < LEN(waiting); i++) {
		char id[KEY_ID_LEN + 1];

		key_id_new(id);
		keys_take(b->core, str_c(id), KEY_RSA, STR("a.example"), on_done,
		          &waiting[i]);
	}
	signature = sign(b, &g);
	assert_signs(&key, KEY_ED25519, &signature);
	keys_stats(b->core, on_done, &stats);
	wait_for(b, &stats);
	for (size_t i = 0; i < LEN(waiting); i++) {
		wait_for(b, &waiting[i]);
		assert_int_equal(waiting[i].refusal, KEYS_NONE);
	}
	assert_int_equal(keys_service_stats(b->service).waiting, 0);
	assert_int_equal(keys_service_stats(b->service).takes, 1 + LEN(waiting));
	stop(b);
}

static void test_pool_is_filled(void **state)
{
	struct bench *b = *state;

	start(b, 3);
	while (keys_service_stats(b->service).pool < 3)
		assert_int_equal(event_base_loop(b->base, EVLOOP_ONCE), 0);
	assert_int_equal(take(b, ID_1, KEY_RSA).refusal, KEYS_NONE);
	while (keys_service_stats(b->service).pool < 3)
		assert_int_equal(event_base_loop(b->base, EVLOOP_ONCE), 0);
	stop(b);
	start(b, 3);
	assert_int_equal(keys_service_stats(b->service).pool, 3);
	stop(b);
}

static void test_grants(void **state)
{
	struct bench *b = *state;
	struct grant g;

	start(b, 0);
	(void)take(b, ID_1, KEY_ED25519);
	g = make_grant(ID_1, 3);
	g.per_minute = 4;
	assert_int_equal(sign(b, &g).refusal, KEYS_FORGED);
	g = make_grant(ID_2, 100);
	assert_int_equal(sign(b, &g).refusal, KEYS_UNKNOWN_KEY);
	g = make_grant(ID_1, 100);
	g.expires_at = clock_now();
	grant_seal(&g, secret);
	assert_int_equal(sign(b, &g).refusal, KEYS_EXPIRED);
	/* The refused ones count where the grant was good. */
	g = make_grant(ID_1, 3);
	assert_int_equal(sign(b, &g).refusal, KEYS_NONE);
	assert_int_equal(sign(b, &g).refusal, KEYS_NONE);
	assert_int_equal(sign(b, &g).refusal, KEYS_RATE);
	assert_int_equal(keys_service_stats(b->service).signatures, 2);
	stop(b);
}

static void test_drop(void **state)
{
	struct bench *b = *state;
	struct grant g = make_grant(ID_1, 100);

	start(b, 0);
	(void)take(b, ID_1, KEY_ED25519);
	assert_int_equal(sign(b, &g).refusal, KEYS_NONE);
	for (int i = 0; i < 2; i++) {
		struct answer dropped = {0};

		keys_drop(b->core, STR(ID_1), on_done, &dropped);
		wait_for(b, &dropped);
		assert_int_equal(dropped.refusal, KEYS_NONE);
		assert_int_equal(sign(b, &g).refusal, KEYS_UNKNOWN_KEY);
	}
	stop(b);
}

/* core is gone while it waits, and comes back. */
static void test_caller_comes_back(void **state)
{
	struct bench *b = *state;
	struct answer lost = {0};

	start(b, 0);
	keys_take(b->core, STR(ID_1), KEY_RSA, STR("a.example"), on_done, &lost);
	event_base_loop(b->base, EVLOOP_NONBLOCK);
	keys_client_free(b->core);
	b->core = connect_client(b, ROLE_CORE);
	assert_int_equal(take(b, ID_1, KEY_RSA).refusal, KEYS_NONE);
	assert_int_equal(lost.done, 0);
	stop(b);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	static const struct CMUnitTest tests[] = {
	        TEST(test_take_and_sign),
	        TEST(test_takes_of_one_turn),
	        TEST(test_empty_pool_holds_up_nobody),
	        TEST(test_pool_is_filled),
	        TEST(test_grants),
	        TEST(test_drop),
	        TEST(test_caller_comes_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
