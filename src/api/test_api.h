/* What the tests of the API share: an API over a store in a folder of its own, with a
 * keys client, a pool, mail and checks that do at once, when they are pumped, what they are
 * told; and requests whose answers are held to their schemas. */
#pragma once

#include "api/call.h"
#include "api/metrics.h"
#include "api/parts.h"
#include "api/secret.h"
#include "base/clock.h"
#include "config/config.h"
#include "store/api_key.h"
#include "store/check.h"
#include "store/tracking.h"
#include "store/turn.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { LATER_MAX = 64, MAILS_MAX = 16 };

#define T0 INT64_C(1800000000000)

/* Something that the host was asked for and has not done yet. */
struct later {
	enum { LATER_KEY, LATER_WORK, LATER_CHECK, LATER_UPLOAD } kind;
	void (*key_done)(void *, const struct api_taken_key *);
	void (*check_done)(void *, enum api_verified);
	void (*upload_done)(void *, const struct api_uploaded *);
	struct api_work work;
	void *arg;
	int64_t domain;
};

struct fixture {
	char folder[64];
	struct store store;
	struct arena a, request_arena;
	struct config config;
	struct api *api;
	struct err err;
	struct later later[LATER_MAX];
	size_t later_count;
	bool keys_fail;
	enum api_verified how;
	char mails[MAILS_MAX][128];   /* "to: subject" */
	struct api_uploaded uploaded; /* what becomes of an upload */
	int64_t again_at;             /* of a request for a certificate */
	size_t certificates_asked, certificates_withdrawn;
	size_t mail_count, dropped, checks_asked, scheduled;
	size_t looks_asked, hosts_changed;

	/* The last answer. */
	unsigned status;
	char type[64];
	char *text;
	json_t *json;
	char headers[1024]; /* "name: value\n" … */
	size_t answers;

	int64_t operator_account, account, foreign;
	const char *operator_key, *key, *foreign_key;
};

#define GOOD(f, call)                                                                  \
	do {                                                                           \
		if (!(call))                                                           \
			fail_msg("%s", (f)->err.text);                                 \
	} while (0)

static inline void host_reply(void *arg, struct http_exchange *exchange,
                              const struct http_response *r)
{
	struct fixture *f = arg;

	(void)exchange;
	f->answers++;
	f->status = r->status;
	snprintf(f->type, sizeof(f->type), "%.*s", STR_ARG(r->type));
	free(f->text);
	f->text = strndup(r->body.n ? r->body.p : "", r->body.n);
	json_decref(f->json);
	f->json = json_loads(f->text, 0, NULL);
	f->headers[0] = 0;
	for (size_t i = 0; i < r->field_count; i++) {
		size_t n = strlen(f->headers);

		snprintf(f->headers + n, sizeof(f->headers) - n, "%.*s: %.*s\n",
		         STR_ARG(r->fields[i].name), STR_ARG(r->fields[i].value));
	}
}

static inline struct later *add_later(struct fixture *f)
{
	assert_true(f->later_count < LATER_MAX);
	return &f->later[f->later_count++];
}

static inline void host_tracking_now(void *arg, int64_t id, const char *cause,
                                     int64_t wait_ms,
                                     void (*done)(void *, enum api_verified),
                                     void *done_arg)
{
	struct fixture *f = arg;

	(void)wait_ms;
	assert_true(id > 0 && cause);
	f->looks_asked++;
	if (done)
		*add_later(arg) = (struct later){LATER_CHECK, .check_done = done,
		                                 .arg = done_arg};
}

static inline void host_tracking_changed(void *arg, const struct tracking_row *row)
{
	struct fixture *f = arg;

	assert_true(row->id > 0);
	f->hosts_changed++;
}

static inline void host_take_key(void *arg, struct str ref,
                                 enum api_algorithm algorithm, struct str domain,
                                 void (*done)(void *, const struct api_taken_key *),
                                 void *done_arg)
{
	assert_int_equal(ref.n, 32);
	assert_true(domain.n > 0);
	(void)algorithm;
	*add_later(arg) = (struct later){LATER_KEY, .key_done = done, .arg = done_arg};
}

static inline void host_drop_key(void *arg, struct str ref)
{
	struct fixture *f = arg;

	assert_int_equal(ref.n, 32);
	f->dropped++;
}

static inline void host_pool_run(void *arg, const struct api_work *work)
{
	*add_later(arg) = (struct later){LATER_WORK, .work = *work};
}

static inline void host_verify_now(void *arg, int64_t domain, const char *cause,
                                   int64_t wait_ms,
                                   void (*done)(void *, enum api_verified),
                                   void *done_arg)
{
	struct fixture *f = arg;

	assert_true(domain > 0 && *cause);
	assert_true((wait_ms > 0) == (done != NULL));
	f->checks_asked++;
	if (done)
		*add_later(f) = (struct later){LATER_CHECK, .check_done = done,
		                               .arg = done_arg, .domain = domain};
}

static inline void host_schedule(void *arg, int64_t domain, int64_t next_at)
{
	struct fixture *f = arg;

	(void)domain;
	(void)next_at;
	f->scheduled++;
}

static inline bool host_mail(void *arg, const struct api_mail *mail)
{
	struct fixture *f = arg;

	assert_true(mail->notice.text.n > 0);
	if (f->mail_count < MAILS_MAX)
		snprintf(f->mails[f->mail_count++], sizeof(f->mails[0]), "%.*s: %.*s",
		         STR_ARG(mail->to), STR_ARG(mail->notice.subject));
	return true;
}

static inline bool host_certificate_request(void *arg, int64_t tracking,
                                            int64_t *again_at, struct err *err)
{
	struct fixture *f = arg;

	(void)err;
	assert_true(tracking > 0);
	f->certificates_asked++;
	*again_at = f->again_at;
	return true;
}

static inline bool host_certificate_withdraw(void *arg, int64_t tracking,
                                             struct err *err)
{
	struct fixture *f = arg;

	(void)err;
	assert_true(tracking > 0);
	f->certificates_withdrawn++;
	return true;
}

static inline void host_certificate_upload(
        void *arg, int64_t tracking, struct str host, const struct api_upload *upload,
        void (*done)(void *, const struct api_uploaded *), void *done_arg)
{
	assert_true(tracking > 0 && host.n > 0);
	assert_true(upload->chain.n > 0 && upload->key.n > 0);
	*add_later(arg) =
	        (struct later){LATER_UPLOAD, .upload_done = done, .arg = done_arg};
}

static inline size_t host_roles(void *arg, struct api_role *out, size_t max)
{
	(void)arg;
	assert_true(max >= 2);
	out[0] = (struct api_role){"core", 0, API_ROLE_UP, 0, T0};
	out[1] = (struct api_role){"keys", 0, API_ROLE_UP, 1, T0};
	return 2;
}

static inline void host_gauges(void *arg, struct api_gauges *out)
{
	(void)arg;
	out->checks_done = 7;
	out->ingest_lag_ms = 1250;
}

static inline void host_shift_clock(void *arg, int64_t ms)
{
	(void)arg;
	clock_set(clock_now() + ms);
}

static inline void host_failed(void *arg, const char *route, struct str why)
{
	(void)arg;
	print_message("%s: %.*s\n", route, STR_ARG(why));
}

/* Does all that was asked for, and what that asks for. */
static inline void pump(struct fixture *f)
{
	while (f->later_count) {
		struct later l = f->later[0];
		struct api_taken_key key = {!f->keys_fail, STR("public key bytes")};

		f->later_count--;
		memmove(f->later, f->later + 1, f->later_count * sizeof(l));
		switch (l.kind) {
		case LATER_KEY:
			l.key_done(l.arg, &key);
			break;
		case LATER_WORK:
			l.work.run(l.work.arg);
			l.work.done(l.work.arg);
			break;
		case LATER_CHECK:
			l.check_done(l.arg, f->how);
			break;
		case LATER_UPLOAD:
			l.upload_done(l.arg, &f->uploaded);
			break;
		}
	}
}

/* A request in parts; what is NULL is not there. */
struct ask {
	const char *method, *path, *key, *body, *type, *account, *idempotency;
	size_t body_n; /* of a body with any bytes; else its length is counted */
	bool no_pump;
};

static inline void add_field(struct http_head *head, const char *name,
                             const char *value)
{
	if (value)
		head->fields[head->field_count++] =
		        (struct http_field){str_c(name), str_trim(str_c(value))};
}

/* The answer of a route is what its schema says. */
static inline void hold_to_schema(struct fixture *f, const struct ask *ask,
                                  struct str path)
{
	struct problem_errors errors = {0};
	struct route_found found;
	enum http_method method;
	AUTO(arena) a = {0};
	json_t *one;
	size_t i;

	assert_true(http_method_parse(str_c(ask->method), &method));
	route_find(method, path, &found);
	if (f->status >= 400) {
		assert_string_equal(f->type, "application/problem+json");
		assert_int_equal(json_integer_value(json_object_get(f->json, "status")),
		                 f->status);
		assert_true(json_is_string(json_object_get(f->json, "code")));
		return;
	}
	if (!found.route || !found.route->response ||
	    strcmp(f->type, "application/json") != 0)
		return;
	if (found.route->flags & ROUTE_LIST) {
		json_array_foreach(json_object_get(f->json, "data"), i, one)
		{
			schema_check(&a, found.route->response, one, &errors);
		}
	} else {
		schema_check(&a, found.route->response, f->json, &errors);
	}
	for (i = 0; i < errors.n; i++)
		print_message("%s: answer %.*s: %.*s\n", found.route->id,
		              STR_ARG(errors.v[i].at), STR_ARG(errors.v[i].detail));
	assert_int_equal(errors.n, 0);
}

/* Sends it, lets all that waits be done, commits. Gives the status. */
static inline unsigned send_ask(struct fixture *f, const struct ask *ask)
{
	struct arena *a = &f->request_arena;
	struct http_request *r = ARENA_NEW(a, struct http_request);
	struct http_head *head = ARENA_NEW(a, struct http_head);
	struct str target = arena_dup(a, str_c(ask->path));
	char bearer[256];
	size_t before = f->answers;

	snprintf(bearer, sizeof(bearer), "Bearer %s", ask->key ? ask->key : "");
	add_field(head, "Authorization",
	          ask->key ? arena_dup(a, str_c(bearer)).p : NULL);
	add_field(head, "Content-Type",
	          ask->type   ? ask->type
	          : ask->body ? "application/json"
	                      : NULL);
	add_field(head, "Signet-Account", ask->account);
	add_field(head, "Idempotency-Key", ask->idempotency);
	r->a = a;
	assert_true(http_method_parse(str_c(ask->method), &r->method));
	r->query = target;
	str_cut(&r->query, '?', &r->path);
	r->head = head;
	if (ask->body)
		r->body = arena_dup(
		        a, (struct str){ask->body,
		                        ask->body_n ? ask->body_n : strlen(ask->body)});
	api_handle(r, f->api);
	if (ask->no_pump)
		return 0;
	pump(f);
	assert_int_equal(f->answers, before + 1);
	assert_null(strstr(f->headers, "Access-Control"));
	hold_to_schema(f, ask, r->path);
	return f->status;
}

static inline void commit(struct fixture *f)
{
	GOOD(f, store_turn_commit(&f->store, &f->err));
}

/* Sends and commits. */
static inline unsigned ask_as(struct fixture *f, const char *key, const char *method,
                              const char *path, const char *body)
{
	unsigned status = send_ask(f, &(struct ask){
	                                      .method = method,
	                                      .path = path,
	                                      .key = key,
	                                      .body = body,
	                              });

	commit(f);
	return status;
}

/* The text of a member of the last answer, "a.b" for one inside; "" where there is none. */
static inline const char *got(const struct fixture *f, const char *path)
{
	const json_t *at = f->json;
	struct str rest = str_c(path), name;

	while (str_cut(&rest, '.', &name)) {
		char text[64];

		snprintf(text, sizeof(text), "%.*s", STR_ARG(name));
		at = json_is_array(at)
		             ? json_array_get(at, (size_t)strtol(text, NULL, 10))
		             : json_object_get(at, text);
	}
	return json_is_string(at) ? json_string_value(at) : "";
}

#define assert_status(f, want)                                                         \
	do {                                                                           \
		if ((f)->status != (want))                                             \
			fail_msg("%u: %s", (f)->status, (f)->text);                    \
	} while (0)

static inline int64_t add_account(struct fixture *f, const char *name, bool is_operator)
{
	struct account_row row = {.name = str_c(name),
	                          .owner_email =
	                                  arena_printf(&f->a, "owner@%s.example", name),
	                          .region = STR("us"),
	                          .language = STR("en"),
	                          .is_operator = is_operator,
	                          .created_at = T0};

	GOOD(f, account_add(&f->store, &row, &row.id, &f->err));
	return row.id;
}

static inline const char *add_key(struct fixture *f, int64_t account, unsigned scopes,
                                  int64_t domain)
{
	struct api_secret secret = secret_make(&f->a, "sk");
	struct api_key_row row = {.account_id = account,
	                          .name = STR("test"),
	                          .hash = secret.hash,
	                          .hint = secret.hint,
	                          .scopes = scopes,
	                          .domain_id = domain,
	                          .created_at = T0};

	GOOD(f, api_key_add(&f->store, &row, &row.id, &f->err));
	return secret.text.p;
}

static inline void set_config(struct fixture *f, const char *text)
{
	struct config_sources from = {.file = STR("test"), .text = str_c(text)};

	GOOD(f, config_parse(&f->a, &from, &f->config, &f->err));
	if (f->api)
		api_reconfigure(f->api, &f->config);
}

#define CONFIG_TEXT                                                                    \
	"instance.mx = mx1.mail.example mx2.mail.example\n"                            \
	"instance.spf = include:_spf.mail.example\n"                                   \
	"instance.tracking = us=edge.us.mail.example eu=edge.eu.mail.example\n"        \
	"instance.bounce_target = bounce.mail.example\n"                               \
	"instance.verify_target = verify.mail.example\n"                               \
	"instance.dkim_zone = dkim.mail.example\n"                                     \
	"mail.from = signet@mail.example\n"                                            \
	"clock.test = yes\n"                                                           \
	"api.rate_per_minute = 1000000\n"

static inline int fixture_begin(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	char path[128];

	clock_set(T0);
	f->uploaded.ok = true;
	snprintf(f->folder, sizeof(f->folder), "/tmp/signet-api-XXXXXX");
	assert_non_null(mkdtemp(f->folder));
	snprintf(path, sizeof(path), "%s/signet.db", f->folder);
	GOOD(f, store_open(&f->store, path, &f->err));
	set_config(f, CONFIG_TEXT);
	f->api = api_new(&(struct api_setup){
	        .store = &f->store,
	        .config = &f->config,
	        .version = STR("test"),
	        .host = {f, host_reply, host_verify_now, host_schedule, host_take_key,
	                 host_drop_key, host_pool_run, host_mail, host_roles,
	                 host_gauges, host_failed, host_shift_clock,
	                 .certificate_request = host_certificate_request,
	                 .certificate_withdraw = host_certificate_withdraw,
	                 .certificate_upload = host_certificate_upload,
	                 .tracking_now = host_tracking_now,
	                 .tracking_changed = host_tracking_changed},
	});
	GOOD(f, store_turn_begin(&f->store, &f->err));
	f->operator_account = add_account(f, "operator", true);
	f->account = add_account(f, "acme", false);
	f->foreign = add_account(f, "foreign", false);
	f->operator_key = add_key(f, f->operator_account, API_FULL, 0);
	f->key = add_key(f, f->account, API_FULL, 0);
	f->foreign_key = add_key(f, f->foreign, API_FULL, 0);
	commit(f);
	*state = f;
	return 0;
}

static inline int fixture_end(void **state)
{
	struct fixture *f = *state;
	DIR *folder = opendir(f->folder);

	api_free(f->api);
	store_close(&f->store);
	arena_done(&f->a);
	arena_done(&f->request_arena);
	json_decref(f->json);
	free(f->text);
	for (struct dirent *entry; (entry = readdir(folder));)
		unlinkat(dirfd(folder), entry->d_name, 0);
	closedir(folder);
	assert_int_equal(rmdir(f->folder), 0);
	free(f);
	clock_set(-1);
	return 0;
}

#define API_TEST(f) cmocka_unit_test_setup_teardown(f, fixture_begin, fixture_end)
