/* Orders against a program that stands in for uacme: it notes how it was called, and does
 * what the file "behave" says. pebble and uacme itself: tests/server/test_acme.py. */
#include <glob.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <event2/event.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "acme/hook.h"
#include "acme/orders.h"
#include "acme/work.h"
#include "base/file.h"

#define SCRIPT                                                                         \
	"#!/bin/sh\n"                                                                  \
	"echo \"$@\" | sed 's/-v -v -v -c [^ ]* //' >>calls\n"                         \
	"for last; do :; done\n"                                                       \
	"test -e behave && . ./behave\n"                                               \
	"case \"$*\" in\n"                                                             \
	"*' issue '*) cp given.pem ${last%.pem}-cert.pem;;\n"                          \
	"esac\n"

struct world {
	char folder[64];
	struct arena a;
	struct event_base *base;
	struct orders *orders;
	struct str csr, certificate; /* DER */
	uint32_t id;                 /* of the last answer; 0: none since */
	int answers;
	enum acme_failure failure;
	struct str text, chain;
	int hosts; /* that are ordered by who is killed */
};

static void on_answer(void *arg, uint32_t id, const struct orders_result *r)
{
	struct world *w = arg;

	w->id = id;
	w->answers++;
	w->failure = r->failure;
	w->text = arena_dup(&w->a, r->text);
	w->chain = arena_dup(&w->a, r->chain);
}

static void put(const char *name, const char *text, unsigned mode)
{
	struct err err;

	if (!file_write(name, str_c(text), mode, &err))
		fail_msg("%s", err.text);
}

static struct str get(struct world *w, const char *name)
{
	struct str text = STR_NONE;
	struct err err;

	(void)!file_read(&w->a, name, 1 << 20, &text, &err);
	return text;
}

static EVP_PKEY *make_key(void)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");

	assert_non_null(key);
	return key;
}

static struct str make_csr(struct world *w, EVP_PKEY *key)
{
	X509_REQ *csr = X509_REQ_new();
	unsigned char *der = NULL;
	struct str out;
	int n;

	assert_int_equal(X509_REQ_set_pubkey(csr, key), 1);
	assert_true(X509_REQ_sign(csr, key, EVP_sha256()) > 0);
	n = i2d_X509_REQ(csr, &der);
	assert_true(n > 0);
	out = arena_dup(&w->a, (struct str){(char *)der, (size_t)n});
	OPENSSL_free(der);
	X509_REQ_free(csr);
	return out;
}

/* What uacme will "get": given.pem. */
static struct str make_certificate(struct world *w, EVP_PKEY *key)
{
	X509 *x = X509_new();
	unsigned char *der = NULL;
	FILE *f = fopen("given.pem", "w");
	struct str out;
	int n;

	X509_gmtime_adj(X509_getm_notBefore(x), 0);
	X509_gmtime_adj(X509_getm_notAfter(x), 3600);
	assert_int_equal(X509_set_pubkey(x, key), 1);
	assert_true(X509_sign(x, key, EVP_sha256()) > 0);
	assert_int_equal(PEM_write_X509(f, x), 1);
	fclose(f);
	n = i2d_X509(x, &der);
	out = arena_dup(&w->a, (struct str){(char *)der, (size_t)n});
	OPENSSL_free(der);
	X509_free(x);
	return out;
}

static struct orders_options options_of(struct world *w)
{
	return (struct orders_options){
	        .uacme = arena_printf(&w->a, "%s/uacme", w->folder),
	        .directory = STR("https://ca.example/dir"),
	        .contact = STR("ca@mail.example"),
	        .order_ms = 60000,
	};
}

static int begin(void **state)
{
	struct world *w = calloc(1, sizeof(*w));
	struct orders_options options;
	EVP_PKEY *key;

	snprintf(w->folder, sizeof(w->folder), "/tmp/signet-orders-XXXXXX");
	assert_non_null(mkdtemp(w->folder));
	assert_int_equal(chdir(w->folder), 0);
	assert_int_equal(mkdir("challenges", 0700), 0);
	put("uacme", SCRIPT, 0700);
	key = make_key();
	w->csr = make_csr(w, key);
	w->certificate = make_certificate(w, key);
	EVP_PKEY_free(key);
	w->base = event_base_new();
	w->hosts = 1;
	options = options_of(w);
	w->orders = orders_new(w->base, &options, on_answer, w);
	*state = w;
	return 0;
}

static void remove_all(void)
{
	static const char *const names[] = {
	        "uacme",      "given.pem", "calls", "behave", "go",
	        "failed",     "twice",     "work",  "revoke", "challenges",
	        "accounts/*", "accounts",  "runs",  "pid",
	};
	glob_t found = {0};

	for (size_t i = 0; i < LEN(names); i++)
		if (glob(names[i], i ? GLOB_APPEND : 0, NULL, &found) == 0)
			continue;
	for (size_t i = 0; i < found.gl_pathc; i++)
		(void)remove(found.gl_pathv[i]);
	globfree(&found);
}

static int end(void **state)
{
	struct world *w = *state;

	orders_stop(w->orders);
	orders_free(w->orders);
	event_base_free(w->base);
	work_clean(INT64_MAX);
	remove_all();
	assert_int_equal(chdir("/"), 0);
	assert_int_equal(rmdir(w->folder), 0);
	arena_done(&w->a);
	free(w);
	return 0;
}

static void wait_for(struct world *w, int answers)
{
	while (w->answers < answers)
		assert_int_equal(event_base_loop(w->base, EVLOOP_ONCE), 0);
}

static int count(struct str text, const char *words)
{
	int n = 0;

	for (ptrdiff_t at; (at = str_find(text, str_c(words))) >= 0; n++)
		text = str_from(text, (size_t)at + 1);
	return n;
}

#define HOST STR("track.acme.example")

static void test_an_order(void **state)
{
	struct world *w = *state;
	struct str calls;

	orders_take(w->orders, 7, HOST, w->csr);
	assert_int_equal(w->answers, 0);
	wait_for(w, 1);
	assert_int_equal(w->id, 7);
	assert_int_equal(w->failure, ACME_NONE);
	assert_true(str_eq(w->chain, get(w, "given.pem")));
	calls = get(w, "calls");
	assert_int_equal(count(calls, "-a https://ca.example/dir -y new "
	                              "ca@mail.example\n"),
	                 1);
	assert_int_equal(count(calls, "-a https://ca.example/dir -f -o -h "
	                              "./signet-acme-hook issue "
	                              "work/track.acme.example/csr.pem\n"),
	                 1);
	/* The account is there for the next ones. */
	orders_take(w->orders, 8, STR("b.acme.example"), w->csr);
	wait_for(w, 2);
	assert_int_equal(count(get(w, "calls"), " new "), 1);
}

/* Whatever ended before core had it: no order is made twice. */
static void test_what_was_got_is_not_ordered_again(void **state)
{
	struct world *w = *state;
	EVP_PKEY *other = make_key();

	orders_take(w->orders, 1, HOST, w->csr);
	wait_for(w, 1);
	orders_take(w->orders, 2, HOST, w->csr);
	assert_int_equal(w->id, 2);
	assert_true(w->chain.n > 0);
	assert_int_equal(count(get(w, "calls"), " issue "), 1);
	/* Another key is another order. */
	(void)make_certificate(w, other);
	orders_take(w->orders, 3, HOST, make_csr(w, other));
	assert_int_equal(w->id, 2);
	wait_for(w, 3);
	assert_int_equal(w->failure, ACME_NONE);
	assert_true(str_eq(w->chain, get(w, "given.pem")));
	assert_int_equal(count(get(w, "calls"), " issue "), 2);
	EVP_PKEY_free(other);
}

static void test_core_ends_meanwhile(void **state)
{
	struct world *w = *state;

	put("behave", "case \"$*\" in *issue*) while test ! -e go; do :; done;; esac\n",
	    0600);
	orders_take(w->orders, 1, HOST, w->csr);
	while (count(get(w, "calls"), " issue ") == 0)
		event_base_loop(w->base, EVLOOP_NONBLOCK);
	orders_detach(w->orders);
	/* The next core asks for the same. */
	orders_take(w->orders, 9, HOST, w->csr);
	put("go", "", 0600);
	wait_for(w, 1);
	assert_int_equal(w->id, 9);
	assert_int_equal(w->failure, ACME_NONE);
	assert_int_equal(count(get(w, "calls"), " issue "), 1);
}

static void test_a_failure_is_kept_for_the_next_core(void **state)
{
	struct world *w = *state;

	put("behave",
	    "case \"$*\" in *issue*) touch failed; echo 'uacme: timeout while polling "
	    "x'; exit 2;; esac\n",
	    0600);
	orders_take(w->orders, 1, HOST, w->csr);
	orders_detach(w->orders);
	while (access("failed", F_OK) != 0)
		event_base_loop(w->base, EVLOOP_NONBLOCK);
	event_base_loop(w->base, EVLOOP_ONCE);
	orders_take(w->orders, 2, HOST, w->csr);
	wait_for(w, 1);
	assert_int_equal(w->failure, ACME_DEADLINE);
	assert_int_equal(w->id, 2);
	assert_int_equal(count(get(w, "calls"), " issue "), 1);
}

static void test_no_account(void **state)
{
	struct world *w = *state;

	put("behave",
	    "echo 'uacme: this ACME server requires external credentials'; exit 2\n",
	    0600);
	orders_take(w->orders, 1, HOST, w->csr);
	orders_take(w->orders, 2, STR("b.acme.example"), w->csr);
	wait_for(w, 2);
	assert_int_equal(w->failure, ACME_ACCOUNT);
	/* It is tried anew with the next order. */
	put("behave", "", 0600);
	orders_take(w->orders, 3, HOST, w->csr);
	wait_for(w, 3);
	assert_int_equal(w->failure, ACME_NONE);
}

/* An account that the authority has forgotten is made anew, once. */
static void test_a_forgotten_account(void **state)
{
	struct world *w = *state;

	put("behave",
	    "case \"$*\" in *issue*) test -e twice || { touch twice; echo 'uacme: no "
	    "account associated with x found at y'; exit 2; };; esac\n",
	    0600);
	orders_take(w->orders, 1, HOST, w->csr);
	wait_for(w, 1);
	assert_int_equal(w->failure, ACME_NONE);
	assert_int_equal(count(get(w, "calls"), " new "), 2);
	assert_int_equal(count(get(w, "calls"), " issue "), 2);
}

/* uacme gives up where a nonce is refused twice in a row (RFC 8555 §6.5). */
static void test_refused_nonces(void **state)
{
	struct world *w = *state;

	put("behave",
	    "refuse() { test -e $1 || { touch $1; printf 'uacme: the server reported "
	    "the "
	    "following error:\\n{\"type\":\"urn:ietf:params:acme:error:badNonce\"}'; "
	    "exit 2; }; }\n"
	    "case \"$*\" in *' new '*) refuse twice;; *issue*) refuse failed;; esac\n",
	    0600);
	orders_take(w->orders, 1, HOST, w->csr);
	wait_for(w, 1);
	assert_int_equal(w->failure, ACME_NONE);
	assert_int_equal(count(get(w, "calls"), " new "), 2);
	assert_int_equal(count(get(w, "calls"), " issue "), 2);
}

static void test_an_account_that_is_there(void **state)
{
	struct world *w = *state;
	struct orders_options options = options_of(w);

	options.eab_id = STR("kid");
	options.eab_key = STR("key");
	orders_configure(w->orders, &options);
	put("behave",
	    "case \"$*\" in *' new '*) echo 'uacme: Account already exists at x'; exit "
	    "2;; esac\n",
	    0600);
	orders_take(w->orders, 1, HOST, w->csr);
	wait_for(w, 1);
	assert_int_equal(w->failure, ACME_NONE);
	assert_int_equal(count(get(w, "calls"), " update ca@mail.example"), 1);
	/* What binds it is shown only where it may be needed. */
	assert_int_equal(count(get(w, "calls"), "-e kid:key new "), 1);
	assert_int_equal(count(get(w, "calls"), "-e "), 1);
}

static void test_a_deadline(void **state)
{
	struct world *w = *state;
	struct orders_options options = options_of(w);

	options.order_ms = 200;
	orders_configure(w->orders, &options);
	put("behave", "case \"$*\" in *issue*) sleep 1000;; esac\n", 0600);
	orders_take(w->orders, 1, HOST, w->csr);
	wait_for(w, 1);
	assert_int_equal(w->failure, ACME_DEADLINE);
}

static void test_uacme_is_not_there(void **state)
{
	struct world *w = *state;

	unlink("uacme");
	orders_take(w->orders, 1, HOST, w->csr);
	wait_for(w, 1);
	assert_int_equal(w->failure, ACME_INTERNAL);
}

static void test_a_revocation(void **state)
{
	struct world *w = *state;

	orders_revoke(w->orders, 4, STR_NONE, w->certificate);
	wait_for(w, 1);
	assert_int_equal(w->id, 4);
	assert_int_equal(w->failure, ACME_NONE);
	assert_int_equal(w->chain.n, 0);
	assert_int_equal(count(get(w, "calls"), " -r 5 revoke revoke/"), 1);
	put("behave",
	    "case \"$*\" in *revoke*) printf 'the server reported the following "
	    "error:\\n"
	    "{\"type\":\"urn:ietf:params:acme:error:alreadyRevoked\"}'; exit 2;; "
	    "esac\n",
	    0600);
	orders_revoke(w->orders, 5, STR("https://other.example/"), w->certificate);
	wait_for(w, 2);
	assert_int_equal(w->failure, ACME_NONE);
}

static void test_what_is_no_order(void **state)
{
	static const char *const hosts[] = {"",   "../x", "a/b", "a..b",
	                                    ".a", "a.",   "A.b"};
	struct world *w = *state;

	for (size_t i = 0; i < LEN(hosts); i++) {
		assert_false(work_host_is_valid(str_c(hosts[i])));
		orders_take(w->orders, 1, str_c(hosts[i]), w->csr);
		assert_int_equal(w->failure, ACME_INTERNAL);
	}
	orders_take(w->orders, 1, HOST, STR("junk"));
	assert_int_equal(w->failure, ACME_INTERNAL);
	assert_int_equal(w->answers, LEN(hosts) + 1);
	assert_int_equal(get(w, "calls").n, 0);
}

/* ---- where the process is killed ---- */

#define IN_ISSUE(what) "case \"$*\" in *issue*) " what ";; esac\n"
#define UNTIL_GO       "echo $$ >pid; while test ! -e go; do sleep 0.01; done"

static bool is_true_soon(bool (*is_true)(struct world *w), struct world *w)
{
	for (int i = 0; i < 1000 && !is_true(w); i++)
		(void)usleep(10000);
	return is_true(w);
}

static bool has_begun(struct world *w)
{
	return count(get(w, "calls"), " issue ") == w->hosts && get(w, "pid").n > 0;
}

static struct str host_of(struct world *w, int i)
{
	return i ? arena_printf(&w->a, "track%d.acme.example", i) : HOST;
}

static pid_t pid_of_uacme(struct world *w)
{
	uint64_t pid = 0;

	assert_true(str_parse_uint(str_trim(get(w, "pid")), INT32_MAX, &pid));
	return (pid_t)pid;
}

static bool has_ended(struct world *w)
{
	char path[64];

	/* Empty where nobody has waited for it yet. */
	snprintf(path, sizeof(path), "/proc/%d/cmdline", pid_of_uacme(w));
	return get(w, path).n == 0;
}

/* Another process orders it and is killed while uacme runs. */
static void order_and_be_killed(struct world *w, struct str csr, int64_t order_ms)
{
	struct orders_options options = options_of(w);
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		struct event_base *base = event_base_new();
		struct orders *orders;

		options.order_ms = order_ms;
		orders = orders_new(base, &options, on_answer, w);
		for (int i = 0; i < w->hosts; i++)
			orders_take(orders, 1, host_of(w, i), csr);
		event_base_loop(base, EVLOOP_NO_EXIT_ON_EMPTY);
		_exit(1);
	}
	assert_true(is_true_soon(has_begun, w));
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
}

/* The next process has a good deal of time to look, and waits. */
static void expect_no_answer(struct world *w)
{
	struct timeval most = {0, 500000};
	int before = w->answers;

	event_base_loopexit(w->base, &most);
	event_base_dispatch(w->base);
	assert_int_equal(w->answers, before);
}

static void test_a_run_outlives_its_process(void **state)
{
	struct world *w = *state;

	put("behave", IN_ISSUE(UNTIL_GO), 0600);
	order_and_be_killed(w, w->csr, 60000);
	orders_take(w->orders, 2, HOST, w->csr);
	expect_no_answer(w);
	assert_false(has_ended(w));
	/* The core that gave it ends meanwhile, too. */
	orders_detach(w->orders);
	orders_take(w->orders, 3, HOST, w->csr);
	put("go", "", 0600);
	wait_for(w, 1);
	assert_int_equal(w->id, 3);
	assert_int_equal(w->failure, ACME_NONE);
	assert_true(str_eq(w->chain, get(w, "given.pem")));
	/* Nor is the account asked for again. */
	assert_int_equal(count(get(w, "calls"), " issue "), 1);
	assert_int_equal(count(get(w, "calls"), " new "), 1);
}

/* Those that are waited for are counted, too. */
static void test_runs_of_before_at_a_time(void **state)
{
	struct world *w = *state;

	w->hosts = ORDERS_AT_ONCE;
	put("behave", IN_ISSUE(UNTIL_GO), 0600);
	order_and_be_killed(w, w->csr, 60000);
	for (int i = 0; i <= w->hosts; i++)
		orders_take(w->orders, 2, host_of(w, i), w->csr);
	expect_no_answer(w);
	assert_int_equal(count(get(w, "calls"), " issue "), ORDERS_AT_ONCE);
	put("go", "", 0600);
	wait_for(w, ORDERS_AT_ONCE + 1);
	assert_int_equal(count(get(w, "calls"), " issue "), ORDERS_AT_ONCE + 1);
}

/* While there was no process at all: the chain, or why there is none, is found. */
static void test_a_run_ends_meanwhile(void **state)
{
	struct world *w = *state;

	put("behave", IN_ISSUE("echo $$ >pid; sleep 0.3"), 0600);
	order_and_be_killed(w, w->csr, 60000);
	assert_true(is_true_soon(has_ended, w));
	orders_take(w->orders, 2, HOST, w->csr);
	wait_for(w, 1);
	assert_int_equal(w->failure, ACME_NONE);
	assert_int_equal(count(get(w, "calls"), " issue "), 1);
}

static void test_a_run_fails_meanwhile(void **state)
{
	struct world *w = *state;

	put("behave",
	    IN_ISSUE(UNTIL_GO "; echo 'uacme: timeout while polling x'; exit 2"), 0600);
	order_and_be_killed(w, w->csr, 60000);
	put("go", "", 0600);
	assert_true(is_true_soon(has_ended, w));
	orders_take(w->orders, 2, HOST, w->csr);
	wait_for(w, 1);
	assert_int_equal(w->failure, ACME_DEADLINE);
	assert_true(str_find(w->text, STR("while polling")) >= 0);
	assert_int_equal(count(get(w, "calls"), " issue "), 1);
	/* It was told; the next order is a new one. */
	put("behave", "", 0600);
	orders_take(w->orders, 3, HOST, w->csr);
	wait_for(w, 2);
	assert_int_equal(w->failure, ACME_NONE);
	assert_int_equal(count(get(w, "calls"), " issue "), 2);
}

/* What one authority has refused the next is asked for. */
static void test_a_run_of_another_authority_fails(void **state)
{
	struct world *w = *state;
	struct orders_options options = options_of(w);

	put("behave",
	    IN_ISSUE("test -e failed && exec cp given.pem ${last%.pem}-cert.pem; "
	             "touch failed; " UNTIL_GO "; exit 2"),
	    0600);
	order_and_be_killed(w, w->csr, 60000);
	options.directory = STR("https://other.example/dir");
	orders_configure(w->orders, &options);
	orders_take(w->orders, 2, HOST, w->csr);
	expect_no_answer(w);
	put("go", "", 0600);
	wait_for(w, 1);
	assert_int_equal(w->failure, ACME_NONE);
	assert_int_equal(count(get(w, "calls"), "https://other.example/dir -f"), 1);
}

/* The request under a run is left alone; then another key is another order. */
static void test_a_run_for_another_key(void **state)
{
	struct world *w = *state;
	EVP_PKEY *other = make_key();
	struct str before, csr = make_csr(w, other);

	put("behave", IN_ISSUE(UNTIL_GO), 0600);
	order_and_be_killed(w, w->csr, 60000);
	before = get(w, "work/track.acme.example/csr.pem");
	orders_take(w->orders, 2, HOST, csr);
	expect_no_answer(w);
	assert_true(str_eq(before, get(w, "work/track.acme.example/csr.pem")));
	assert_int_equal(count(get(w, "calls"), " issue "), 1);
	(void)make_certificate(w, other);
	put("go", "", 0600);
	wait_for(w, 1);
	assert_int_equal(w->failure, ACME_NONE);
	assert_true(str_eq(w->chain, get(w, "given.pem")));
	assert_false(str_eq(before, get(w, "work/track.acme.example/csr.pem")));
	assert_int_equal(count(get(w, "calls"), " issue "), 2);
	EVP_PKEY_free(other);
}

/* Its time was set when it began, and ends without anybody. */
static void test_a_run_over_its_deadline(void **state)
{
	struct world *w = *state;

	put("behave", IN_ISSUE(UNTIL_GO), 0600);
	order_and_be_killed(w, w->csr, 1500);
	orders_take(w->orders, 2, HOST, w->csr);
	wait_for(w, 1);
	assert_int_equal(w->failure, ACME_DEADLINE);
	assert_true(has_ended(w));
	(void)remove("pid");
	(void)remove("calls");
	order_and_be_killed(w, w->csr, 1500);
	assert_true(is_true_soon(has_ended, w));
	orders_take(w->orders, 3, HOST, w->csr);
	wait_for(w, 2);
	assert_int_equal(w->failure, ACME_DEADLINE);
}

static pid_t parent_of(struct world *w, pid_t pid)
{
	char path[64];
	struct str text, line;
	uint64_t parent = 0;

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	for (text = get(w, path); str_cut(&text, '\n', &line);)
		if (str_starts(line, STR("PPid:")))
			assert_true(str_parse_uint(str_trim(str_from(line, 5)),
			                           INT32_MAX, &parent));
	assert_true(parent > 1);
	return (pid_t)parent;
}

/* Then nobody can say how it ended: a fault, and tried again. */
static void test_all_of_it_is_killed(void **state)
{
	struct world *w = *state;

	put("behave", IN_ISSUE(UNTIL_GO), 0600);
	order_and_be_killed(w, w->csr, 60000);
	orders_take(w->orders, 2, HOST, w->csr);
	assert_int_equal(kill(parent_of(w, pid_of_uacme(w)), SIGKILL), 0);
	wait_for(w, 1);
	assert_int_equal(w->failure, ACME_INTERNAL);
	assert_true(is_true_soon(has_ended, w));
	put("go", "", 0600);
	orders_take(w->orders, 3, HOST, w->csr);
	wait_for(w, 2);
	assert_int_equal(w->failure, ACME_NONE);
}

/* An orderly end leaves nothing running, even what nobody has asked for again. */
static void test_the_end_of_all(void **state)
{
	struct world *w = *state;
	struct orders_options options = options_of(w);

	put("behave", IN_ISSUE(UNTIL_GO), 0600);
	order_and_be_killed(w, w->csr, 60000);
	orders_free(w->orders);
	assert_false(has_ended(w));
	w->orders = orders_new(w->base, &options, on_answer, w);
	orders_stop(w->orders);
	assert_true(is_true_soon(has_ended, w));
	/* Nothing is concluded from that. */
	put("go", "", 0600);
	orders_take(w->orders, 2, HOST, w->csr);
	wait_for(w, 1);
	assert_int_equal(w->failure, ACME_NONE);
	assert_int_equal(count(get(w, "calls"), " issue "), 2);
}

static int hook(const char *method, const char *type, const char *host,
                const char *token, const char *authorization)
{
	const char *words[] = {"/x/" ACME_HOOK_NAME, method, type, host, token,
	                       authorization};
	AUTO(arena) a = {0};
	char *argv[LEN(words) + 1] = {NULL};

	for (size_t i = 0; i < LEN(words); i++) {
		argv[i] = arena_alloc(&a, strlen(words[i]) + 1);
		memcpy(argv[i], words[i], strlen(words[i]));
	}
	return acme_hook_main(LEN(words), argv);
}

static void test_the_hook(void **state)
{
	struct world *w = *state;
	struct stat s;

	assert_true(acme_is_hook("./" ACME_HOOK_NAME));
	assert_false(acme_is_hook("/usr/bin/signet"));
	assert_int_equal(hook("begin", "http-01", "t.example", "tok-_1", "tok-_1.abc"),
	                 0);
	assert_true(str_eq(get(w, "challenges/tok-_1"), STR("t.example\ntok-_1.abc")));
	assert_int_equal(stat("challenges/tok-_1", &s), 0);
	assert_int_equal(s.st_mode & 0777, 0644);
	assert_int_equal(hook("done", "http-01", "t.example", "tok-_1", "tok-_1.abc"),
	                 0);
	assert_int_equal(access("challenges/tok-_1", F_OK), -1);
	assert_int_equal(hook("failed", "http-01", "t.example", "tok-_1", "x"), 0);
	assert_int_equal(hook("begin", "dns-01", "t.example", "t", "x"), 1);
	assert_int_equal(hook("begin", "http-01", "t.example", "../t", "x"), 1);
	assert_int_equal(hook("begin", "http-01", "t.example", "t", "x\ny"), 1);
	assert_int_equal(hook("begin", "http-01", "../t", "t", "x"), 1);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
	        TEST(test_an_order),
	        TEST(test_what_was_got_is_not_ordered_again),
	        TEST(test_core_ends_meanwhile),
	        TEST(test_a_failure_is_kept_for_the_next_core),
	        TEST(test_no_account),
	        TEST(test_a_forgotten_account),
	        TEST(test_refused_nonces),
	        TEST(test_an_account_that_is_there),
	        TEST(test_a_deadline),
	        TEST(test_uacme_is_not_there),
	        TEST(test_a_revocation),
	        TEST(test_what_is_no_order),
	        TEST(test_a_run_outlives_its_process),
	        TEST(test_runs_of_before_at_a_time),
	        TEST(test_a_run_ends_meanwhile),
	        TEST(test_a_run_fails_meanwhile),
	        TEST(test_a_run_of_another_authority_fails),
	        TEST(test_a_run_for_another_key),
	        TEST(test_a_run_over_its_deadline),
	        TEST(test_all_of_it_is_killed),
	        TEST(test_the_end_of_all),
	        TEST(test_the_hook),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
