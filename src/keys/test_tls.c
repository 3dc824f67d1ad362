/* Keys and chains of TLS hosts as core and the edges see them, over real channels. */
#include "keys/service.h"

#include "base/clock.h"
#include "base/file.h"
#include "crypto/test_ca.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <event2/event.h>

#define HOST "track.acme.example"

static const uint8_t secret[GRANT_SECRET_BYTES] = {7, 7, 7};

struct bench {
	char dir[64];
	struct event_base *base;
	struct key_files files;
	struct keys_service *service;
	struct keys_client *core, *edge;
	struct test_ca ca;
};

/* What came back, copied. */
struct answer {
	size_t done;
	enum keys_refusal refusal;
	struct arena a;
	struct keys_result result;
};

static void on_done(void *arg, const struct keys_result *r)
{
	struct answer *a = arg;

	a->done++;
	a->refusal = r->refusal;
	a->result = *r;
	a->result.csr = arena_dup(&a->a, r->csr);
	a->result.words = arena_dup(&a->a, r->words);
	a->result.tls.chain = arena_dup(&a->a, r->tls.chain);
	a->result.tls.own.names = arena_dup(&a->a, r->tls.own.names);
	a->result.tls.own.issuer = arena_dup(&a->a, r->tls.own.issuer);
	a->result.tls_chain = arena_dup(&a->a, r->tls_chain);
	a->result.tls_key = arena_dup(&a->a, r->tls_key);
}

static void answer_done(struct answer *a)
{
	arena_done(&a->a);
}

static void wait_for(struct bench *b, const struct answer *a)
{
	while (!a->done)
		assert_int_equal(event_base_loop(b->base, EVLOOP_ONCE), 0);
}

static struct keys_client *connect_client(struct bench *b, enum role self,
                                          unsigned instance)
{
	struct keys_client *k = keys_client_new(b->base, self);
	struct err err;
	int fds[2];

	assert_true(channel_pair(fds, &err));
	keys_service_connect(b->service, self, instance, fds[0]);
	keys_client_connect(k, fds[1]);
	return k;
}

static void start(struct bench *b)
{
	struct keys_setup setup = {.limits = {.rsa_bits = 1024}};
	char master[128];
	struct err err;

	snprintf(master, sizeof(master), "%s/keys/master.key", b->dir);
	assert_true(key_files_open(&b->files, b->dir, master, -1, -1, &err));
	b->base = event_base_new();
	setup.grant_secret = (struct str){(const char *)secret, sizeof(secret)};
	setup.base = b->base;
	setup.files = &b->files;
	assert_true(keys_service_new(&setup, &b->service, &err));
	b->core = connect_client(b, ROLE_CORE, 0);
	b->edge = connect_client(b, ROLE_EDGE, 1);
}

static void stop(struct bench *b)
{
	keys_client_free(b->core);
	keys_client_free(b->edge);
	keys_service_free(b->service);
	event_base_free(b->base);
	key_files_close(&b->files);
}

static void restart(struct bench *b)
{
	stop(b);
	start(b);
}

static int set_up(void **state)
{
	static struct bench b;

	snprintf(b.dir, sizeof(b.dir), "/tmp/signet-tls-XXXXXX");
	assert_non_null(mkdtemp(b.dir));
	b.ca = test_ca_new(NULL, "Test CA");
	start(&b);
	*state = &b;
	return 0;
}

static int tear_down(void **state)
{
	static const char *const rest[] = {
	        "keys/tls/" HOST ".tls",
	        "keys/tls/other.example.tls",
	        "keys/tls/new.tmp",
	        "keys/tls",
	        "keys/pool",
	        "keys/dkim",
	        "keys/master.key",
	        "keys/master.check",
	        "keys",
	        "",
	};
	struct bench *b = *state;
	char path[128];

	stop(b);
	test_ca_free(&b->ca);
	for (size_t i = 0; i < LEN(rest); i++) {
		snprintf(path, sizeof(path), "%s/%s", b->dir, rest[i]);
		(void)remove(path);
	}
	return access(b->dir, F_OK) == 0;
}

static void csr(struct bench *b, const char *host, uint64_t generation,
                struct answer *out)
{
	keys_tls_csr(b->core, str_c(host), generation, on_done, out);
	wait_for(b, out);
}

static void install(struct bench *b, uint64_t generation, struct str pem,
                    struct answer *out)
{
	keys_tls_install(b->core, STR(HOST), generation, pem, on_done, out);
	wait_for(b, out);
}

static void get(struct bench *b, const char *host, struct answer *out)
{
	keys_tls_get(b->edge, str_c(host), on_done, out);
	wait_for(b, out);
}

/* The public key that a request asks for, in DER. */
static struct str public_of(struct arena *a, struct str der)
{
	const unsigned char *p = (const unsigned char *)der.p;
	X509_REQ *request = d2i_X509_REQ(NULL, &p, (long)der.n);
	unsigned char *bytes = NULL;
	struct str out;
	int n;

	assert_non_null(request);
	n = i2d_PUBKEY(X509_REQ_get0_pubkey(request), &bytes);
	assert_true(n > 0);
	out = arena_dup(a, (struct str){(const char *)bytes, (size_t)n});
	OPENSSL_free(bytes);
	X509_REQ_free(request);
	return out;
}

/* A request of this generation, certified and installed. */
static void issue(struct bench *b, uint64_t generation)
{
	AUTO(buf) pem = {.max = CHAIN_TEXT_MAX};
	AUTO(answer) asked = {0}, installed = {0};

	csr(b, HOST, generation, &asked);
	assert_int_equal(asked.refusal, KEYS_NONE);
	test_certify_request(&b->ca, asked.result.csr, "DNS:" HOST, &pem);
	install(b, generation, buf_str(&pem), &installed);
	assert_int_equal(installed.refusal, KEYS_NONE);
	assert_int_equal(installed.result.tls.generation, generation);
	assert_true(str_eq(installed.result.tls.own.names, STR(HOST)));
	assert_true(str_eq(installed.result.tls.own.issuer, STR("Test CA")));
}

/* What an edge gets is a chain for the host, and the key that belongs to it. */
static void assert_serves(struct bench *b, size_t certificates)
{
	AUTO(arena) a = {0};
	AUTO(answer) got = {0};
	struct certificate_chain chain;
	struct tls_key *key;
	struct err err;

	get(b, HOST, &got);
	assert_int_equal(got.refusal, KEYS_NONE);
	assert_true(certificate_chain_decode(&a, got.result.tls_chain, &chain, &err));
	assert_int_equal(chain.n, certificates);
	assert_int_equal(got.result.tls_not_after, chain.own.not_after);
	assert_true(
	        tls_key_decode(got.result.tls_kind, got.result.tls_key, &key, &err));
	assert_true(certificate_chain_check(&chain, key, STR(HOST), clock_now(), &err));
	tls_key_free(key);
}

static void assert_unknown(struct bench *b, const char *host)
{
	AUTO(answer) got = {0};

	get(b, host, &got);
	assert_int_equal(got.refusal, KEYS_UNKNOWN_KEY);
	assert_int_equal(got.result.tls_key.n, 0);
}

/* S5-1: the same host and generation name the same key, whatever happens between. */
static void test_request_is_repeatable(void **state)
{
	struct bench *b = *state;
	AUTO(answer) first = {0}, again = {0}, next = {0}, other = {0}, wrong = {0};
	AUTO(arena) a = {0};

	csr(b, HOST, 1, &first);
	restart(b);
	csr(b, HOST, 1, &again);
	csr(b, HOST, 2, &next);
	csr(b, "other.example", 1, &other);
	csr(b, HOST, 0, &wrong);
	assert_int_equal(wrong.refusal, KEYS_INVALID);
	assert_true(str_eq(public_of(&a, first.result.csr),
	                   public_of(&a, again.result.csr)));
	assert_false(str_eq(public_of(&a, first.result.csr),
	                    public_of(&a, next.result.csr)));
	assert_false(str_eq(public_of(&a, first.result.csr),
	                    public_of(&a, other.result.csr)));
	/* Nothing is in use yet. */
	assert_unknown(b, HOST);
}

static void test_install_and_renew(void **state)
{
	struct bench *b = *state;
	AUTO(answer) before = {0}, asked = {0}, again = {0}, looked = {0};
	AUTO(arena) a = {0};

	issue(b, 1);
	assert_serves(b, 2);
	get(b, HOST, &before);
	/* While the next is asked for, the one in use stays. */
	csr(b, HOST, 2, &asked);
	assert_serves(b, 2);
	restart(b);
	assert_serves(b, 2);
	issue(b, 2);
	assert_serves(b, 2);
	/* A repeated request of the one in use is for its key. */
	csr(b, HOST, 2, &again);
	assert_true(str_eq(public_of(&a, asked.result.csr),
	                   public_of(&a, again.result.csr)));
	keys_tls_look(b->core, STR(HOST), on_done, &looked);
	wait_for(b, &looked);
	assert_int_equal(looked.refusal, KEYS_NONE);
	assert_int_equal(looked.result.tls.generation, 2);
	assert_false(str_eq(looked.result.tls.chain, before.result.tls_chain));
}

/* What does not fit never goes into use, and what is in use stays. */
static void test_what_does_not_fit(void **state)
{
	static const struct {
		const char *names;
		uint64_t generation;
		enum keys_refusal refusal;
		const char *words;
	} cases[] = {
	        {"DNS:other.example", 2, KEYS_UNFIT,
	         "the certificate is for other.example, not for " HOST                     },
	        {"DNS:" HOST,         1, KEYS_UNFIT,
	         "the private key does not belong to the certificate"                      },
	        {"DNS:" HOST,         3, KEYS_UNKNOWN_KEY, NULL                            },
	        {NULL,                2, KEYS_UNFIT,       "there is no certificate in PEM"},
	};
	struct bench *b = *state;
	AUTO(answer) asked = {0}, looked = {0};

	issue(b, 1);
	csr(b, HOST, 2, &asked);
	for (size_t i = 0; i < LEN(cases); i++) {
		AUTO(buf) pem = {.max = CHAIN_TEXT_MAX};
		AUTO(answer) a = {0};

		if (cases[i].names)
			test_certify_request(&b->ca, asked.result.csr, cases[i].names,
			                     &pem);
		install(b, cases[i].generation, buf_str(&pem), &a);
		assert_int_equal(a.refusal, cases[i].refusal);
		if (cases[i].words)
			assert_true(str_eq(a.result.words, str_c(cases[i].words)));
		assert_serves(b, 2);
	}
	keys_tls_look(b->core, STR(HOST), on_done, &looked);
	wait_for(b, &looked);
	assert_int_equal(looked.result.tls.generation, 1);
}

/* A customer's own certificate, with an RSA key. */
static void test_upload(void **state)
{
	struct bench *b = *state;
	EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)2048);
	X509 *x = test_certify(&b->ca, key, "x", "DNS:*.acme.example", -60, 3600);
	AUTO(buf) chain = {.max = CHAIN_TEXT_MAX};
	AUTO(buf) pem = {.max = TLS_KEY_TEXT_MAX};
	AUTO(answer) wrong = {0}, fine = {0}, longer = {0};

	issue(b, 1);
	test_add_pem(&chain, x);
	test_add_key_pem(&pem, key);
	keys_tls_upload(b->core, STR(HOST), buf_str(&chain), STR("hello"), on_done,
	                &wrong);
	wait_for(b, &wrong);
	assert_int_equal(wrong.refusal, KEYS_UNFIT);
	assert_true(str_eq(wrong.result.words, STR("there is no private key in PEM")));
	assert_serves(b, 2);
	keys_tls_upload(b->core, STR(HOST), buf_str(&chain), buf_str(&pem), on_done,
	                &fine);
	wait_for(b, &fine);
	assert_int_equal(fine.refusal, KEYS_NONE);
	assert_int_equal(fine.result.tls.generation, 0);
	assert_serves(b, 1);
	{
		AUTO(arena) a = {0};
		struct str far = {arena_alloc(&a, IPC_BODY_MAX), IPC_BODY_MAX};

		keys_tls_upload(b->core, STR(HOST), far, far, on_done, &longer);
		wait_for(b, &longer);
		assert_int_equal(longer.refusal, KEYS_INVALID);
	}
	X509_free(x);
	EVP_PKEY_free(key);
}

static void test_drop(void **state)
{
	struct bench *b = *state;

	issue(b, 1);
	for (int i = 0; i < 2; i++) {
		AUTO(answer) dropped = {0};

		keys_tls_drop(b->core, STR(HOST), on_done, &dropped);
		wait_for(b, &dropped);
		assert_int_equal(dropped.refusal, KEYS_NONE);
		assert_unknown(b, HOST);
	}
}

/* Names that are no hosts never reach the file system. */
static void test_names_of_files(void **state)
{
	static const char *const hosts[] = {"", "../../etc/passwd", "a/b.example",
	                                    "TRACK.ACME.EXAMPLE", "new.tmp/.."};
	struct bench *b = *state;
	char longest[400];

	issue(b, 1);
	for (size_t i = 0; i < LEN(hosts); i++) {
		AUTO(answer) a = {0};

		get(b, hosts[i], &a);
		assert_int_equal(a.refusal, KEYS_INVALID);
	}
	memset(longest, 'a', sizeof(longest) - 1);
	longest[399] = 0;
	for (size_t i = 3; i < sizeof(longest) - 1; i += 4)
		longest[i] = '.';
	longest[sizeof(longest) - 2] = 'a';
	{
		AUTO(answer) a = {0};

		get(b, longest, &a);
		assert_int_equal(a.refusal, KEYS_INVALID);
	}
	assert_unknown(b, "nobody.example");
}

/* A file under the name of another host, and one that has changed, are not served. */
static void test_damage(void **state)
{
	struct bench *b = *state;
	AUTO(arena) a = {0};
	char from[128], to[128];
	struct str bytes;
	char *changed;
	struct err err;
	AUTO(answer) moved = {0}, damaged = {0}, asked = {0};

	issue(b, 1);
	snprintf(from, sizeof(from), "%s/keys/tls/" HOST ".tls", b->dir);
	snprintf(to, sizeof(to), "%s/keys/tls/other.example.tls", b->dir);
	assert_true(file_read(&a, from, 1 << 20, &bytes, &err));
	assert_true(file_write(to, bytes, 0600, &err));
	get(b, "other.example", &moved);
	assert_int_equal(moved.refusal, KEYS_DAMAGED);
	changed = arena_bytes(&a, bytes.n);
	memcpy(changed, bytes.p, bytes.n);
	changed[bytes.n - 1] ^= 1;
	assert_true(file_write(from, (struct str){changed, bytes.n}, 0600, &err));
	get(b, HOST, &damaged);
	assert_int_equal(damaged.refusal, KEYS_DAMAGED);
	csr(b, HOST, 2, &asked);
	assert_int_equal(asked.refusal, KEYS_DAMAGED);
	/* Nothing in the file tells a key. */
	assert_true(str_find(bytes, STR("PRIVATE")) < 0);
}

/* The key of another master key is gone for good; it must not be made anew in silence. */
static void test_master_key_is_missed(void **state)
{
	struct bench *b = *state;
	char path[128];
	struct err err;

	issue(b, 1);
	stop(b);
	snprintf(path, sizeof(path), "%s/keys/master.key", b->dir);
	assert_int_equal(rename(path, "/tmp/signet-tls-master"), 0);
	snprintf(path, sizeof(path), "%s/keys/master.check", b->dir);
	assert_int_equal(unlink(path), 0);
	snprintf(path, sizeof(path), "%s/keys/master.key", b->dir);
	assert_false(key_files_open(&b->files, b->dir, path, -1, -1, &err));
	/* For the end of the test. */
	assert_int_equal(unlink("/tmp/signet-tls-master"), 0);
	{
		char host[128];

		snprintf(host, sizeof(host), "%s/keys/tls/" HOST ".tls", b->dir);
		assert_int_equal(unlink(host), 0);
	}
	start(b);
}

static enum keys_refusal guess(struct bench *b)
{
	AUTO(answer) a = {0};

	get(b, "nobody.example", &a);
	return a.refusal;
}

/* Whoever guesses names gets no further than so many in a second; core is not held up. */
static void test_guessing(void **state)
{
	struct bench *b = *state;
	AUTO(answer) looked = {0};
	int64_t now = clock_now();

	clock_set(now);
	for (int i = 0; i < KEYS_GUESSES_MAX; i++)
		assert_int_equal(guess(b), KEYS_UNKNOWN_KEY);
	assert_int_equal(guess(b), KEYS_RATE);
	keys_tls_look(b->core, STR("nobody.example"), on_done, &looked);
	wait_for(b, &looked);
	assert_int_equal(looked.refusal, KEYS_UNKNOWN_KEY);
	clock_set(now + 1000);
	assert_int_equal(guess(b), KEYS_UNKNOWN_KEY);
	clock_set(-1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	static const struct CMUnitTest tests[] = {
	        TEST(test_request_is_repeatable),
	        TEST(test_install_and_renew),
	        TEST(test_what_does_not_fit),
	        TEST(test_upload),
	        TEST(test_drop),
	        TEST(test_names_of_files),
	        TEST(test_damage),
	        TEST(test_master_key_is_missed),
	        TEST(test_guessing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
