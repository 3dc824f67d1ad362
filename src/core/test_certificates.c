/* Certificates driven: a real store and DNS, with keys and acme at the other end of their
 * channels (issue 5, part 5). The whole way is tests/server/test_acme.py. */
#include "base/base64.h"
#include "base/clock.h"
#include "core/acme_client.h"
#include "core/certificates.h"
#include "core/revocations.h"
#include "core/test_dns.h"
#include "core/test_place.h"
#include "core/turn.h"
#include "ipc/keys_client.h"
#include "resolve/resolver.h"
#include "store/certificate.h"
#include "store/event.h"
#include "store/revocation.h"
#include "store/tracking.h"
#include "store/turn.h"

#include <openssl/evp.h>
#include <openssl/x509.h>

#define HOST STR("track.acme.example")

/* A message that a role was sent and has not answered. */
struct heard {
	enum ipc_type type;
	uint32_t id;
};

struct world {
	char folder[64];
	struct arena a;
	struct config config;
	struct store store;
	struct resolver *resolver;
	struct event_base *base;
	struct turn *turn;
	struct test_dns *dns;
	struct keys_client *keys;
	struct acme_client *acme;
	struct revocations *revocations;
	struct certificates *certificates;
	struct channel *keys_end, *acme_end; /* their ends */
	struct heard keys_heard, acme_heard;
	int csrs, installs, drops, orders, revokes;
	bool keys_answer; /* at once */
	struct str chain; /* DER */
	int64_t account, id;
	int looks, changes;
	bool look_answers; /* with the facts */
	struct certificate_facts facts;
};

/* ---- keys ---- */

static void answer_keys(struct world *w, struct heard h)
{
	AUTO(buf) body = {.max = IPC_BODY_MAX};
	enum ipc_type type = IPC_TLS_STATED;

	if (h.type == IPC_TLS_CSR) {
		type = IPC_TLS_CSR_MADE;
		ipc_put_str(&body, STR("request"));
	} else if (h.type == IPC_TLS_DROP) {
		type = IPC_TLS_DROPPED;
	} else {
		ipc_put_u64(&body, h.type == IPC_TLS_INSTALL ? 1 : 0);
		ipc_put_u64(&body, (uint64_t)clock_now());
		ipc_put_u64(&body, (uint64_t)(clock_now() + 90 * DAY));
		ipc_put_str(&body, STR("Test CA"));
		ipc_put_str(&body, STR("4f"));
		ipc_put_str(&body, HOST);
		ipc_put_str(&body, w->chain);
	}
	assert_true(channel_send(w->keys_end, type, h.id, buf_str(&body), -1));
}

static void on_keys(void *arg, struct channel_message *m)
{
	struct world *w = arg;

	w->csrs += m->type == IPC_TLS_CSR;
	w->installs += m->type == IPC_TLS_INSTALL || m->type == IPC_TLS_UPLOAD;
	w->drops += m->type == IPC_TLS_DROP;
	w->keys_heard = (struct heard){m->type, m->id};
	if (w->keys_answer)
		answer_keys(w, w->keys_heard);
}

/* ---- acme ---- */

static void on_acme(void *arg, struct channel_message *m)
{
	struct world *w = arg;

	w->orders += m->type == IPC_ACME_ORDER;
	w->revokes += m->type == IPC_ACME_REVOKE;
	w->acme_heard = (struct heard){m->type, m->id};
}

static void issue(struct world *w)
{
	AUTO(buf) body = {.max = IPC_BODY_MAX};

	ipc_put_str(&body, STR("chain"));
	assert_true(channel_send(w->acme_end, IPC_ACME_ISSUED, w->acme_heard.id,
	                         buf_str(&body), -1));
}

static void refuse(struct world *w, enum acme_failure failure, struct str text)
{
	AUTO(buf) body = {.max = IPC_BODY_MAX};

	ipc_put_u64(&body, failure);
	ipc_put_u64(&body, 0);
	ipc_put_str(&body, text);
	assert_true(channel_send(w->acme_end, IPC_ACME_FAILED, w->acme_heard.id,
	                         buf_str(&body), -1));
}

static void on_closed(void *arg, const char *why)
{
	(void)arg;
	(void)why;
}

static int new_pair(struct world *w, struct channel **end, enum role self,
                    void (*fn)(void *, struct channel_message *))
{
	int fds[2];

	OK(channel_pair(fds, &err));
	channel_free(*end);
	*end = channel_new(fds[1], self, ROLE_CORE);
	channel_attach(*end, w->base, &(struct channel_handlers){fn, on_closed, w});
	return fds[0];
}

/* ---- core ---- */

static void look(void *arg, int64_t tracking)
{
	struct world *w = arg;

	w->looks++;
	w->facts.at = clock_now();
	if (w->look_answers)
		certificates_consider(w->certificates, tracking, &w->facts);
}

static void changed(void *arg, int64_t tracking, struct str host)
{
	struct world *w = arg;

	assert_int_equal(tracking, w->id);
	assert_true(str_eq(host, HOST));
	w->changes++;
}

static void open_core(struct world *w)
{
	w->turn = turn_new(w->base, &w->store);
	w->keys = keys_client_new(w->base, ROLE_CORE);
	w->acme = acme_client_new(w->base);
	keys_client_connect(w->keys, new_pair(w, &w->keys_end, ROLE_KEYS, on_keys));
	acme_client_connect(w->acme, new_pair(w, &w->acme_end, ROLE_ACME, on_acme));
	w->revocations = revocations_new(w->base, &w->store, w->turn, w->acme);
	w->certificates =
	        certificates_new(&(struct certificates_setup){.base = w->base,
	                                                      .store = &w->store,
	                                                      .turn = w->turn,
	                                                      .resolver = w->resolver,
	                                                      .keys = w->keys,
	                                                      .acme = w->acme,
	                                                      .config = &w->config,
	                                                      .look = look,
	                                                      .changed = changed,
	                                                      .arg = w});
	OK(certificates_load(w->certificates, &err));
}

/* As if it died: nothing of what is under way is told. */
static void close_core(struct world *w)
{
	certificates_stop(w->certificates);
	revocations_free(w->revocations);
	acme_client_free(w->acme);
	keys_client_free(w->keys);
	turn_free(w->turn);
	certificates_free(w->certificates);
}

static struct str make_chain(struct arena *a)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *x = X509_new();
	unsigned char *der = NULL;
	struct str out;
	int n;

	X509_gmtime_adj(X509_getm_notBefore(x), 0);
	X509_gmtime_adj(X509_getm_notAfter(x), 3600);
	X509_set_pubkey(x, key);
	assert_true(X509_sign(x, key, EVP_sha256()) > 0);
	n = i2d_X509(x, &der);
	out = arena_dup(a, (struct str){(char *)der, (size_t)n});
	OPENSSL_free(der);
	X509_free(x);
	EVP_PKEY_free(key);
	return out;
}

static void add_rows(struct world *w)
{
	struct tracking_row row = {.name = HOST,
	                           .mode = STR("managed"),
	                           .region = STR("us"),
	                           .target = STR("edge.us.mail.example"),
	                           .status = STR("verified"),
	                           .created_at = START};

	w->account = test_account(&w->store);
	row.account_id = w->account;
	OK(tracking_add(&w->store, &row, &w->id, &err));
}

static int set_up(void **state)
{
	static const struct str names[] = {STR_INIT("ca.example")};
	static struct world w;

	w = (struct world){.keys_answer = true, .look_answers = true};
	test_folder_make(w.folder, "certs");
	clock_set(START);
	test_store_open(&w.store, w.folder);
	w.dns = test_dns_new();
	w.resolver = test_resolver(test_dns_port(w.dns));
	w.base = resolver_base(w.resolver);
	test_dns_attach(w.dns, w.base);
	w.chain = make_chain(&w.a);
	w.config.acme_directory = STR("https://ca.example/dir");
	w.config.acme_orders_per_hour = 20;
	w.config.acme_caa_names.v = arena_array(&w.a, 1, sizeof(struct str));
	w.config.acme_caa_names.v[0] = names[0];
	w.config.acme_caa_names.n = 1;
	w.facts = (struct certificate_facts){.is_wanted = true,
	                                     .dns = CERTIFICATE_SEEN_RIGHT,
	                                     .path = CERTIFICATE_SEEN_RIGHT};
	add_rows(&w);
	open_core(&w);
	*state = &w;
	return 0;
}

static int tear_down(void **state)
{
	struct world *w = *state;

	close_core(w);
	channel_free(w->keys_end);
	channel_free(w->acme_end);
	test_dns_free(w->dns);
	resolver_free(w->resolver);
	store_close(&w->store);
	arena_done(&w->a);
	test_folder_remove(w->folder);
	clock_set(-1);
	return 0;
}

/* ---- what the tests do all the time ---- */

/* Runs the loop until the counter has this value. */
static void wait_for(struct world *w, const int *counter, int value)
{
	LOOP_UNTIL(w->base, *counter >= value);
}

static void consider(struct world *w)
{
	w->facts.at = clock_now();
	certificates_consider(w->certificates, w->id, &w->facts);
}

static struct certificate_row *row_of(struct world *w)
{
	struct certificate_row *row = NULL;

	OK(certificate_find(&w->store, &w->a, 0, w->id, &row, &err));
	return row;
}

static void wait_for_state(struct world *w, const char *state)
{
	struct certificate_row *row;

	for (int i = 0; i < 10000; i++) {
		row = row_of(w);
		if (row && str_eq(row->state, str_c(state)))
			return;
		event_base_loop(w->base, EVLOOP_ONCE);
	}
	fail_msg("it did not become %s", state);
}

static size_t count_events(struct world *w, const char *type)
{
	const struct store_page page = {.limit = 100};
	struct event_rows rows;

	OK(event_list(
	        &w->store, &w->a,
	        &(struct event_filter){.account_id = w->account, .type = str_c(type)},
	        &page, &rows, &err));
	return rows.n;
}

static void assert_stats(struct world *w, uint64_t orders, uint64_t issued,
                         uint64_t failed)
{
	struct certificates_stats stats = certificates_stats(w->certificates);

	assert_int_equal(stats.orders, orders);
	assert_int_equal(stats.issued, issued);
	assert_int_equal(stats.failed, failed);
}

static void get_one(struct world *w)
{
	consider(w);
	wait_for(w, &w->orders, 1);
	issue(w);
	wait_for(w, &w->changes, 1);
	assert_true(str_eq(row_of(w)->state, STR("valid")));
}

/* ---- tests ---- */

static void test_an_order(void **state)
{
	struct world *w = *state;
	struct certificate_row *row;

	consider(w);
	wait_for(w, &w->orders, 1);
	row = row_of(w);
	assert_true(row->is_ordered && str_eq(row->state, STR("issuing")));
	assert_int_equal(w->changes, 0);
	issue(w);
	wait_for(w, &w->changes, 1);
	row = row_of(w);
	assert_true(str_eq(row->state, STR("valid")) && !row->is_ordered);
	assert_true(str_eq(row->issuer, STR("Test CA")));
	assert_true(str_eq(row->directory, STR("https://ca.example/dir")));
	assert_true(str_eq(row->leaf, base64_encode(&w->a, w->chain)));
	assert_int_equal(row->generation, 1);
	assert_int_equal(count_events(w, "tracking.tls_issued"), 1);
	assert_int_equal(w->csrs + w->installs, 2);
	assert_stats(w, 1, 1, 0);
}

/* The wheel, with nobody calling: it looks, then orders. */
static void test_renewal(void **state)
{
	struct world *w = *state;

	get_one(w);
	clock_set(START + 59 * DAY);
	certificates_poke(w->certificates);
	clock_set(START + 61 * DAY);
	certificates_poke(w->certificates);
	wait_for(w, &w->orders, 2);
	assert_int_equal(w->looks, 1);
	issue(w);
	wait_for(w, &w->changes, 2);
	assert_int_equal(row_of(w)->generation, 2);
}

static void test_caa_cannot_be_looked_up(void **state)
{
	struct world *w = *state;

	test_dns_set(w->dns, TEST_DNS_FAULT);
	consider(w);
	wait_for_state(w, "checking");
	for (int i = 0; i < 200 && row_of(w)->words.n == 0; i++)
		event_base_loop(w->base, EVLOOP_ONCE);
	assert_true(str_find(row_of(w)->words, STR("CAA")) >= 0);
	assert_int_equal(w->orders, 0);
	assert_int_equal(w->csrs, 0);
}

static void test_the_core_dies(void **state)
{
	struct world *w = *state;

	consider(w);
	wait_for(w, &w->orders, 1);
	close_core(w);
	open_core(w);
	/* The same host, the same generation; acme knows it (acme/orders.h). */
	wait_for(w, &w->orders, 2);
	assert_int_equal(w->looks, 0);
	issue(w);
	wait_for(w, &w->changes, 1);
	assert_int_equal(row_of(w)->generation, 1);
	assert_int_equal(count_events(w, "tracking.tls_issued"), 1);
}

static void test_keys_and_acme_die(void **state)
{
	struct world *w = *state;
	uint32_t id;

	w->keys_answer = false;
	consider(w);
	wait_for(w, &w->csrs, 1);
	keys_client_connect(w->keys, new_pair(w, &w->keys_end, ROLE_KEYS, on_keys));
	wait_for(w, &w->csrs, 2);
	answer_keys(w, w->keys_heard);
	wait_for(w, &w->orders, 1);
	id = w->acme_heard.id;
	acme_client_connect(w->acme, new_pair(w, &w->acme_end, ROLE_ACME, on_acme));
	wait_for(w, &w->orders, 2);
	assert_int_equal(w->acme_heard.id, id);
	w->keys_answer = true;
	issue(w);
	wait_for(w, &w->changes, 1);
	assert_int_equal(count_events(w, "tracking.tls_issued"), 1);
}

static void test_refused(void **state)
{
	struct world *w = *state;
	struct certificate_row *row;

	consider(w);
	wait_for(w, &w->orders, 1);
	refuse(w, ACME_CONNECTION, STR("connection refused"));
	wait_for_state(w, "failed");
	row = row_of(w);
	assert_true(str_eq(row->failure, STR("connection")));
	assert_true(str_eq(row->words, STR("connection refused")));
	assert_in_range(row->next_at, START + 5 * MINUTE, START + 6 * MINUTE);
	assert_int_equal(count_events(w, "tracking.tls_failed"), 1);
	assert_stats(w, 1, 0, 1);
	/* News change nothing about the back-off. */
	consider(w);
	test_run_turns(w->base, 20);
	assert_int_equal(w->orders, 1);
	clock_set(START + 6 * MINUTE);
	certificates_poke(w->certificates);
	wait_for(w, &w->orders, 2);
}

/* Deleted while it is ordered: what comes of it is revoked and its key goes. */
static void test_deleted_meanwhile(void **state)
{
	struct world *w = *state;
	struct revocation_rows rows;

	consider(w);
	wait_for(w, &w->orders, 1);
	turn_touch(w->turn);
	OK(store_turn_savepoint(&w->store, &err));
	OK(certificates_remove(w->certificates, w->id, &err));
	OK(store_turn_release(&w->store, &err));
	wait_for(w, &w->drops, 1);
	issue(w);
	wait_for(w, &w->drops, 2);
	assert_null(row_of(w));
	OK(revocation_list_due(&w->store, &w->a, clock_now(), 10, &rows, &err));
	assert_int_equal(rows.n, 1);
	assert_int_equal(count_events(w, "tracking.tls_issued"), 0);
}

static void test_withdrawn(void **state)
{
	struct world *w = *state;
	struct revocation_rows rows;

	get_one(w);
	w->look_answers = false;
	turn_touch(w->turn);
	OK(store_turn_savepoint(&w->store, &err));
	OK(certificates_withdraw(w->certificates, w->id, &err));
	OK(store_turn_release(&w->store, &err));
	wait_for(w, &w->changes, 2);
	assert_int_equal(w->drops, 1);
	revocations_poke(w->revocations);
	wait_for(w, &w->revokes, 1);
	/* The authority is away: it stays on the list. */
	refuse(w, ACME_UNREACHABLE, STR("away"));
	test_run_turns(w->base, 20);
	clock_set(START + HOUR);
	revocations_poke(w->revocations);
	wait_for(w, &w->revokes, 2);
	assert_true(channel_send(w->acme_end, IPC_ACME_REVOKED, w->acme_heard.id,
	                         STR_NONE, -1));
	test_run_turns(w->base, 20);
	OK(revocation_list_due(&w->store, &w->a, START + DAY, 10, &rows, &err));
	assert_int_equal(rows.n, 0);
}

static void on_uploaded(void *arg, const struct certificates_uploaded *r)
{
	assert_true(r->ok);
	*(bool *)arg = true;
}

static void test_uploaded(void **state)
{
	struct world *w = *state;
	bool is_done = false;

	certificates_upload(w->certificates, w->id, HOST, STR("chain"), STR("key"),
	                    on_uploaded, &is_done);
	assert_false(is_done);
	wait_for(w, &w->changes, 1);
	assert_true(is_done);
	assert_true(str_eq(row_of(w)->source, STR("uploaded")));
	/* It is not ordered over the customer's head. */
	consider(w);
	test_run_turns(w->base, 20);
	assert_int_equal(w->orders, 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	        TEST(test_an_order),
	        TEST(test_renewal),
	        TEST(test_caa_cannot_be_looked_up),
	        TEST(test_the_core_dies),
	        TEST(test_keys_and_acme_die),
	        TEST(test_refused),
	        TEST(test_deleted_meanwhile),
	        TEST(test_withdrawn),
	        TEST(test_uploaded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
