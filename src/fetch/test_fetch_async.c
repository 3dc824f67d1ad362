/* Probes on the loop against servers in this process: what they say of answers, of
 * certificates, and whom they never talk to. */
#include "fetch/fetch_async.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <event2/event.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <cmocka.h>

#define DAY_S (24 * 3600)

/* A server that answers one connection. */
struct server {
	pthread_t thread;
	int fd;
	uint16_t port;
	const char *answer;
	size_t answer_count; /* how often it is said */
	SSL_CTX *tls;        /* NULL: plain */
	char heard[2048];
};

static void answer_plain(struct server *s, int fd)
{
	ssize_t n = read(fd, s->heard, sizeof(s->heard) - 1);

	s->heard[n > 0 ? n : 0] = 0;
	for (size_t i = 0; s->answer && i < s->answer_count; i++)
		if (send(fd, s->answer, strlen(s->answer), MSG_NOSIGNAL) < 0)
			return;
}

static void answer_tls(struct server *s, int fd)
{
	SSL *ssl = SSL_new(s->tls);
	int n = 0;

	SSL_set_fd(ssl, fd);
	if (SSL_accept(ssl) == 1) {
		n = SSL_read(ssl, s->heard, sizeof(s->heard) - 1);
		SSL_write(ssl, s->answer, (int)strlen(s->answer));
		SSL_shutdown(ssl);
	}
	s->heard[n > 0 ? n : 0] = 0;
	SSL_free(ssl);
}

static void *serve(void *arg)
{
	struct server *s = arg;
	int fd = accept(s->fd, NULL, NULL);

	if (fd >= 0 && s->tls)
		answer_tls(s, fd);
	else if (fd >= 0)
		answer_plain(s, fd);
	if (fd >= 0)
		close(fd);
	return NULL;
}

static void server_start(struct server *s)
{
	struct sockaddr_in at = {.sin_family = AF_INET,
	                         .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t n = sizeof(at);

	if (s->answer_count == 0)
		s->answer_count = 1;
	s->fd = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(bind(s->fd, (struct sockaddr *)&at, n), 0);
	assert_int_equal(listen(s->fd, 1), 0);
	assert_int_equal(getsockname(s->fd, (struct sockaddr *)&at, &n), 0);
	s->port = ntohs(at.sin_port);
	assert_int_equal(pthread_create(&s->thread, NULL, serve, s), 0);
}

static void server_stop(struct server *s)
{
	shutdown(s->fd, SHUT_RDWR);
	pthread_join(s->thread, NULL);
	close(s->fd);
	SSL_CTX_free(s->tls);
}

/* What a probe came to, kept. */
struct kept {
	struct arena a;
	struct fetch_got got;
	int count;
	struct event_base *base;
	int wanted;
};

static void keep(void *arg, const struct fetch_got *got)
{
	struct kept *k = arg;

	k->got = *got;
	k->got.body = arena_dup(&k->a, got->body);
	k->got.location = arena_dup(&k->a, got->location);
	k->got.hsts = arena_dup(&k->a, got->hsts);
	k->got.why = arena_dup(&k->a, got->why);
	k->got.certificate.names = arena_dup(&k->a, got->certificate.names);
	k->got.certificate.issuer = arena_dup(&k->a, got->certificate.issuer);
	if (++k->count == k->wanted)
		event_base_loopbreak(k->base);
}

struct world {
	struct event_base *base;
	struct fetch_pool *pool;
	struct kept kept;
	char ca[64];
};

static int set_up(void **state)
{
	struct world *w = test_calloc(1, sizeof(*w));

	w->base = event_base_new();
	w->kept.base = w->base;
	*state = w;
	return 0;
}

static int tear_down(void **state)
{
	struct world *w = *state;

	fetch_pool_free(w->pool);
	event_base_free(w->base);
	arena_done(&w->kept.a);
	if (w->ca[0])
		unlink(w->ca);
	test_free(w);
	return 0;
}

static void open_pool(struct world *w, bool allow_private, size_t at_once)
{
	struct err err;

	assert_true(fetch_pool_new(
	        &(struct fetch_pool_options){.base = w->base,
	                                     .ca_file = w->ca[0] ? w->ca : NULL,
	                                     .allow_private = allow_private,
	                                     .at_once = at_once},
	        &w->pool, &err));
}

static const struct ip loopback = {
        {127, 0, 0, 1},
        4
};

static struct fetch_ask ask_for(const struct server *s, const struct ip *ip)
{
	return (struct fetch_ask){.host = STR("t.a.example"),
	                          .path = STR("/x?y=1"),
	                          .port = s->port,
	                          .is_tls = s->tls != NULL,
	                          .addresses = ip,
	                          .address_count = 1,
	                          .timeout_ms = 5000};
}

static const struct fetch_got *probe(struct world *w, const struct fetch_ask *ask)
{
	w->kept.count = 0;
	w->kept.wanted = 1;
	fetch_start(w->pool, ask, keep, &w->kept);
	assert_int_equal(w->kept.count, 0); /* never from the call itself */
	event_base_dispatch(w->base);
	assert_int_equal(w->kept.count, 1);
	assert_int_equal(fetch_pool_count(w->pool), 0);
	return &w->kept.got;
}

#define ASSERT_STR(s, text) assert_true(str_eq((s), STR(text)))

static void an_answer(void **state)
{
	struct world *w = *state;
	struct server s = {
	        .answer = "HTTP/1.1 301 Moved\r\nLocation: https://t.a.example/\r\n"
	                  "Strict-Transport-Security: max-age=5\r\n"
	                  "Strict-Transport-Security: max-age=9\r\n"
	                  "Content-Length: 5\r\n\r\nhello"};
	const struct fetch_got *got;
	struct fetch_ask ask;

	server_start(&s);
	open_pool(w, true, 0);
	ask = ask_for(&s, &loopback);
	got = probe(w, &ask);
	server_stop(&s);
	assert_int_equal(got->end, FETCH_ANSWERED);
	assert_int_equal(got->status, 301); /* and not followed */
	ASSERT_STR(got->location, "https://t.a.example/");
	ASSERT_STR(got->hsts, "max-age=5");
	ASSERT_STR(got->body, "hello");
	assert_true(ip_eq(got->from, loopback));
	assert_int_equal(got->certificate.trust, FETCH_TRUST_UNSEEN);
	assert_non_null(strstr(s.heard, "GET /x?y=1 HTTP/1.1\r\n"));
	assert_non_null(strstr(s.heard, "Host: t.a.example:"));
}

/* SSRF: whatever a customer's DNS says, nothing of ours is talked to. */
static void nobody_private(void **state)
{
	struct world *w = *state;
	struct server s = {.answer = "HTTP/1.1 200 OK\r\n\r\n"};
	struct fetch_ask ask;

	server_start(&s);
	open_pool(w, false, 0);
	ask = ask_for(&s, &loopback);
	assert_int_equal(probe(w, &ask)->end, FETCH_PRIVATE);
	ask.address_count = 0;
	assert_int_equal(probe(w, &ask)->end, FETCH_NO_ADDRESS);
	server_stop(&s);
	assert_string_equal(s.heard, "");
}

static void no_answer(void **state)
{
	struct world *w = *state;
	struct server s = {.answer = "nonsense\r\n\r\n"};
	struct fetch_ask ask;

	server_start(&s);
	open_pool(w, true, 0);
	ask = ask_for(&s, &loopback);
	assert_int_equal(probe(w, &ask)->end, FETCH_BROKEN);
	server_stop(&s);
	assert_int_equal(probe(w, &ask)->end, FETCH_UNREACHABLE); /* nobody listens */
	assert_true(w->kept.got.is_refused);
	assert_true(w->kept.got.why.n > 0);
}

/* A connection is enough: nothing is said, and no handshake made. */
static void a_connection(void **state)
{
	struct world *w = *state;
	struct server s = {0};
	struct fetch_ask ask;

	server_start(&s);
	open_pool(w, true, 0);
	ask = ask_for(&s, &loopback);
	ask.connects_only = ask.is_tls = true;
	assert_int_equal(probe(w, &ask)->end, FETCH_ANSWERED);
	server_stop(&s);
	assert_string_equal(s.heard, "");
	assert_true(ip_eq(w->kept.got.from, loopback));
	assert_int_equal(probe(w, &ask)->end, FETCH_UNREACHABLE);
	assert_true(w->kept.got.is_refused);
}

/* What this machine cannot get to is no failure of whoever is there. No kernel lets TCP or
 * an ordinary socket of UDP connect to the broadcast address. */
static void no_way_of_ours(void **state)
{
	static const struct ip nowhere = {
	        {255, 255, 255, 255},
                4
        };
	struct world *w = *state;
	struct ip both[] = {nowhere, loopback};
	struct server s = {0};
	struct fetch_ask ask;

	server_start(&s);
	open_pool(w, true, 0);
	ask = ask_for(&s, &nowhere);
	assert_int_equal(probe(w, &ask)->end, FETCH_NO_WAY);
	assert_false(w->kept.got.is_refused);
	ask.connects_only = true;
	assert_int_equal(probe(w, &ask)->end, FETCH_NO_WAY);
	/* The other answers, then refuses: that is theirs. */
	ask.addresses = both;
	ask.address_count = LEN(both);
	assert_int_equal(probe(w, &ask)->end, FETCH_ANSWERED);
	server_stop(&s);
	assert_int_equal(probe(w, &ask)->end, FETCH_UNREACHABLE);
}

static void silence_ends(void **state)
{
	struct world *w = *state;
	struct server s = {0};
	struct fetch_ask ask;
	struct sockaddr_in at;
	socklen_t n = sizeof(at);

	/* It listens and never accepts. */
	server_start(&s);
	server_stop(&s);
	s.fd = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(listen(s.fd, 1), 0);
	getsockname(s.fd, (struct sockaddr *)&at, &n);
	s.port = ntohs(at.sin_port);
	open_pool(w, true, 0);
	ask = ask_for(&s, &loopback);
	ask.timeout_ms = 50;
	assert_int_equal(probe(w, &ask)->end, FETCH_TIMEOUT);
	close(s.fd);
}

static void a_long_body_is_cut(void **state)
{
	struct world *w = *state;
	struct server s = {.answer = "HTTP/1.0 200 OK\r\n\r\n0123456789"};
	struct fetch_ask ask;

	server_start(&s);
	open_pool(w, true, 0);
	ask = ask_for(&s, &loopback);
	ask.body_max = 4;
	probe(w, &ask);
	server_stop(&s);
	assert_int_equal(w->kept.got.end, FETCH_ANSWERED);
	assert_int_equal(w->kept.got.status, 200);
	assert_true(w->kept.got.is_cut);
	ASSERT_STR(w->kept.got.body, "0123");
}

/* More than run at once wait their turn, and all are told. */
static void many_in_turn(void **state)
{
	struct world *w = *state;
	struct server s[6];
	struct fetch_ask ask;

	open_pool(w, true, 2);
	w->kept.count = 0;
	w->kept.wanted = LEN(s);
	for (size_t i = 0; i < LEN(s); i++) {
		s[i] = (struct server){.answer = "HTTP/1.0 204 No\r\n\r\n"};
		server_start(&s[i]);
		ask = ask_for(&s[i], &loopback);
		fetch_start(w->pool, &ask, keep, &w->kept);
	}
	assert_int_equal(fetch_pool_count(w->pool), LEN(s));
	event_base_dispatch(w->base);
	assert_int_equal(w->kept.count, LEN(s));
	for (size_t i = 0; i < LEN(s); i++)
		server_stop(&s[i]);
}

/* ---- certificates ---- */

struct pair {
	EVP_PKEY *key;
	X509 *x;
};

static void add_extension(X509 *x, int nid, const char *value)
{
	X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, NULL, nid, value);

	assert_non_null(e);
	X509_add_ext(x, e, -1);
	X509_EXTENSION_free(e);
}

/* issuer NULL: by itself. Valid from … to …, in days from now. */
static struct pair make_pair(const char *name, const char *san,
                             const struct pair *issuer, long from, long until)
{
	struct pair p = {EVP_EC_gen("P-256"), X509_new()};
	X509_NAME *n = X509_get_subject_name(p.x);

	X509_set_version(p.x, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(p.x), issuer ? 2 : 1);
	X509_gmtime_adj(X509_getm_notBefore(p.x), from * DAY_S);
	X509_gmtime_adj(X509_getm_notAfter(p.x), until * DAY_S);
	X509_NAME_add_entry_by_txt(n, "CN", MBSTRING_ASC, (const unsigned char *)name,
	                           -1, -1, 0);
	X509_set_issuer_name(p.x, issuer ? X509_get_subject_name(issuer->x) : n);
	X509_set_pubkey(p.x, p.key);
	if (san)
		add_extension(p.x, NID_subject_alt_name, san);
	else
		add_extension(p.x, NID_basic_constraints, "critical,CA:TRUE");
	assert_true(X509_sign(p.x, issuer ? issuer->key : p.key, EVP_sha256()) > 0);
	return p;
}

static void drop_pair(struct pair *p)
{
	EVP_PKEY_free(p->key);
	X509_free(p->x);
}

static void write_ca(struct world *w, X509 *x)
{
	FILE *f;

	snprintf(w->ca, sizeof(w->ca), "/tmp/signet-ca-%d.pem", (int)getpid());
	f = fopen(w->ca, "w");
	assert_non_null(f);
	PEM_write_X509(f, x);
	fclose(f);
}

static void look_at(struct world *w, const struct pair *shown, enum fetch_trust trust)
{
	struct server s = {.answer = "HTTP/1.0 200 OK\r\n\r\nyes"};
	struct fetch_ask ask;

	s.tls = SSL_CTX_new(TLS_server_method());
	SSL_CTX_use_certificate(s.tls, shown->x);
	SSL_CTX_use_PrivateKey(s.tls, shown->key);
	server_start(&s);
	ask = ask_for(&s, &loopback);
	probe(w, &ask);
	server_stop(&s);
	assert_int_equal(w->kept.got.certificate.trust, trust);
	/* The talk goes on, whatever it is. */
	assert_int_equal(w->kept.got.end, FETCH_ANSWERED);
	ASSERT_STR(w->kept.got.body, "yes");
}

static void certificates(void **state)
{
	struct world *w = *state;
	struct pair ca = make_pair("Test CA", NULL, NULL, -1, 100);
	struct pair other = make_pair("Other CA", NULL, NULL, -1, 100);
	struct pair good = make_pair("x", "DNS:t.a.example,DNS:u.example", &ca, -1, 90);
	struct pair wild = make_pair("x", "DNS:*.a.example", &ca, -1, 90);
	struct pair wrong = make_pair("t.a.example", "DNS:u.example", &ca, -1, 90);
	struct pair old = make_pair("x", "DNS:t.a.example", &ca, -9, -1);
	struct pair early = make_pair("x", "DNS:t.a.example", &ca, 1, 9);
	struct pair self = make_pair("x", "DNS:t.a.example", NULL, -1, 9);
	struct pair foreign = make_pair("x", "DNS:t.a.example", &other, -1, 9);
	const struct fetch_certificate *c = &w->kept.got.certificate;

	write_ca(w, ca.x);
	open_pool(w, true, 0);
	look_at(w, &good, FETCH_TRUST_GOOD);
	ASSERT_STR(c->names, "t.a.example u.example");
	ASSERT_STR(c->issuer, "Test CA");
	assert_int_equal(c->not_after - c->not_before, INT64_C(91) * DAY_S * 1000);
	look_at(w, &wild, FETCH_TRUST_GOOD);
	look_at(w, &wrong, FETCH_TRUST_WRONG_NAME);
	look_at(w, &old, FETCH_TRUST_EXPIRED);
	look_at(w, &early, FETCH_TRUST_NOT_YET);
	look_at(w, &self, FETCH_TRUST_SELF_SIGNED);
	look_at(w, &foreign, FETCH_TRUST_UNKNOWN_ISSUER);
	assert_string_equal(fetch_trust_text(FETCH_TRUST_EXPIRED),
	                    "the certificate has expired");
	struct pair *all[] = {&ca,  &other, &good, &wild,   &wrong,
	                      &old, &early, &self, &foreign};
	for (size_t i = 0; i < LEN(all); i++)
		drop_pair(all[i]);
}

static void no_handshake(void **state)
{
	struct world *w = *state;
	struct server s = {.answer = "HTTP/1.0 400 Bad\r\n\r\n"};
	struct fetch_ask ask;

	server_start(&s);
	open_pool(w, true, 0);
	ask = ask_for(&s, &loopback);
	ask.is_tls = true;
	assert_int_equal(probe(w, &ask)->end, FETCH_TLS);
	server_stop(&s);
	assert_int_equal(w->kept.got.certificate.trust, FETCH_TRUST_UNSEEN);
}

static void a_pool_goes_with_all_its_probes(void **state)
{
	struct world *w = *state;
	struct server s = {.answer = NULL};
	struct fetch_ask ask;

	server_start(&s);
	open_pool(w, true, 1);
	ask = ask_for(&s, &loopback);
	for (int i = 0; i < 3; i++)
		fetch_start(w->pool, &ask, keep, &w->kept);
	event_base_loop(w->base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
	fetch_pool_free(w->pool);
	w->pool = NULL;
	server_stop(&s);
	assert_int_equal(w->kept.count, 0);
}

static void no_such_authorities(void **state)
{
	struct world *w = *state;
	struct err err;

	assert_false(
	        fetch_pool_new(&(struct fetch_pool_options){.base = w->base,
	                                                    .ca_file = "/nowhere.pem"},
	                       &w->pool, &err));
	assert_non_null(strstr(err.text, "/nowhere.pem"));
}

static void hsts_values(void **state)
{
	static const struct {
		const char *value;
		int64_t seconds;
		bool subs;
	} cases[] = {
	        {"max-age=31536000",                             31536000, false},
	        {"max-age=31536000; includeSubDomains; preload", 31536000, true },
	        {"INCLUDESUBDOMAINS ; Max-Age = \"7\"",          7,        true },
	        {"max-age=0; includeSubDomains",                 0,        true },
	        {"includeSubDomains",                            0,        true },
	        {"max-age=1; max-age=2",                         0,        false},
	        {"max-age=x",	                            0,        false},
	        {"",	                                     0,        false},
	        {";;max-age=3;;",                                3,        false},
	};

	(void)state;
	for (size_t i = 0; i < LEN(cases); i++) {
		bool subs;

		assert_int_equal(fetch_hsts(str_c(cases[i].value), &subs),
		                 cases[i].seconds);
		assert_int_equal(subs, cases[i].subs);
	}
}

#define WORLD_TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	        WORLD_TEST(an_answer),
	        WORLD_TEST(nobody_private),
	        WORLD_TEST(no_answer),
	        WORLD_TEST(a_connection),
	        WORLD_TEST(no_way_of_ours),
	        WORLD_TEST(silence_ends),
	        WORLD_TEST(a_long_body_is_cut),
	        WORLD_TEST(many_in_turn),
	        WORLD_TEST(certificates),
	        WORLD_TEST(no_handshake),
	        WORLD_TEST(a_pool_goes_with_all_its_probes),
	        WORLD_TEST(no_such_authorities),
	        cmocka_unit_test(hsts_values),
	};

	return cmocka_run_group_tests_name("fetch_async", tests, NULL, NULL);
}
