/*
 * The handlers of the API over a store: several requests one after the other, in one turn
 * that is taken back in the end, so that every input begins with the same store.
 *
 *	input    = request *( NUL request )
 *	request  = who TAB route-id TAB path-values TAB query TAB body
 *
 * `who` is a letter: o operator, p operator for the account, a account, r read, s send, b
 * bound to a domain, f another account, n nobody; a capital gives an Idempotency-Key. v is no
 * request: the DNS of the first domain becomes right. A route-id that is none stands for any. Path values are in order, with blanks between them.
 *
 * Held to: one answer each; what succeeds is as its schema says, what fails is a problem
 * document and never an internal error; and the other account sees nothing of the first.
 */
#include "fuzz.h"

#include "api/parts.h"
#include "api/secret.h"
#include "base/clock.h"
#include "store/api_key.h"
#include "store/turn.h"
#include "store/user.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LATER_MAX = 64, REQUESTS_MAX = 12, KEYS = 7 };

#define T0       INT64_C(1800000000000)
#define ACCOUNTS "oarsbfp"

/* A word that only the first account knows. */
#define MARK "mark-2f0c9d6a71"

struct later {
	void (*key_done)(void *, const struct api_taken_key *);
	void (*check_done)(void *, enum api_verified);
	void (*work_done)(void *);
	void *arg;
};

static struct world {
	struct store store;
	struct arena a, request_arena;
	struct config config;
	struct api *api;
	const char *keys[KEYS]; /* as in ACCOUNTS */
	struct later later[LATER_MAX];
	size_t later_count;
	bool answered;
	struct http_response answer;
} w;

static void reply(void *arg, struct http_exchange *exchange,
                  const struct http_response *r)
{
	(void)arg;
	(void)exchange;
	need(!w.answered);
	w.answered = true;
	w.answer = *r;
	w.answer.body = arena_dup(&w.request_arena, r->body);
	w.answer.type = arena_dup(&w.request_arena, r->type);
}

static struct later *add_later(void)
{
	need(w.later_count < LATER_MAX);
	return &w.later[w.later_count++];
}

static void take_key(void *arg, struct str ref, enum api_algorithm algorithm,
                     struct str domain,
                     void (*done)(void *, const struct api_taken_key *), void *done_arg)
{
	(void)arg;
	(void)algorithm;
	need(ref.n == 32 && domain.n > 0);
	*add_later() = (struct later){.key_done = done, .arg = done_arg};
}

static void drop_key(void *arg, struct str ref)
{
	(void)arg;
	need(ref.n == 32);
}

static void verify_now(void *arg, int64_t domain, const char *cause, int64_t wait_ms,
                       void (*done)(void *, enum api_verified), void *done_arg)
{
	(void)arg;
	need(domain > 0 && *cause && wait_ms >= 0);
	if (done)
		*add_later() = (struct later){.check_done = done, .arg = done_arg};
}

static void schedule(void *arg, int64_t domain, int64_t next_at)
{
	(void)arg;
	need(domain > 0 && next_at >= -1);
}

/* Passwords take their time: nobody's is right, and no new one can be made. */
static void pool_run(void *arg, const struct api_work *work)
{
	(void)arg;
	*add_later() = (struct later){.work_done = work->done, .arg = work->arg};
}

static bool mail_send(void *arg, const struct api_mail *mail)
{
	(void)arg;
	need(mail->to.n > 0 && mail->notice.subject.n > 0 && mail->notice.text.n > 0);
	return mail->to.n % 2;
}

static void shift_clock(void *arg, int64_t ms)
{
	(void)arg;
	(void)ms;
}

static void pump(void)
{
	const struct api_taken_key key = {true, STR("public key bytes")};

	while (w.later_count) {
		struct later l = w.later[0];

		memmove(w.later, w.later + 1, --w.later_count * sizeof(l));
		if (l.key_done)
			l.key_done(l.arg, &key);
		else if (l.check_done)
			l.check_done(l.arg, API_VERIFIED_TIMEOUT);
		else
			l.work_done(l.arg);
	}
}

static void add_field(struct http_head *head, struct str name, struct str value)
{
	head->fields[head->field_count++] = (struct http_field){name, value};
}

static void ask(enum http_method method, struct str path, struct str query, char who,
                bool again, struct str body)
{
	const char *known = who ? strchr(ACCOUNTS, who) : NULL;
	const char *key = known ? w.keys[known - ACCOUNTS] : NULL;
	struct arena *a = &w.request_arena;
	struct http_request *r = ARENA_NEW(a, struct http_request);
	struct http_head *head = ARENA_NEW(a, struct http_head);

	if (key)
		add_field(head, STR("Authorization"),
		          arena_printf(a, "Bearer %s", key));
	if (body.n)
		add_field(head, STR("Content-Type"), STR("application/json"));
	if (who == 'p')
		add_field(head, STR("Signet-Account"), STR("acc_2"));
	if (again)
		add_field(head, STR("Idempotency-Key"), STR("once"));
	*r = (struct http_request){.a = a,
	                           .method = method,
	                           .path = path,
	                           .query = query,
	                           .head = head,
	                           .body = body};
	w.answered = false;
	api_handle(r, w.api);
	pump();
	need(w.answered);
}

/* ---- the store that every input begins with ---- */

static const char *add_key(int64_t account, unsigned scopes, int64_t domain)
{
	struct api_secret secret = secret_make(&w.a, "sk");
	struct api_key_row row = {.account_id = account,
	                          .name = STR("fuzz"),
	                          .hash = secret.hash,
	                          .hint = secret.hint,
	                          .scopes = scopes,
	                          .domain_id = domain,
	                          .created_at = T0};
	struct err err;

	need(api_key_add(&w.store, &row, &row.id, &err));
	return secret.text.p;
}

static int64_t add_account(const char *name, bool is_operator)
{
	struct account_row row = {.name = str_c(name),
	                          .owner_email =
	                                  arena_printf(&w.a, "owner@%s.example", name),
	                          .region = STR("us"),
	                          .language = STR("en"),
	                          .is_operator = is_operator,
	                          .created_at = T0};
	struct err err;

	need(account_add(&w.store, &row, &row.id, &err));
	return row.id;
}

static void post(const char *path, const char *body, unsigned status)
{
	ask(HTTP_POST, str_c(path), STR_NONE, 'a', false, str_c(body));
	need(w.answer.status == status);
}

static void fill_store(void)
{
	int64_t operator= add_account("operator", true);
	int64_t account = add_account(MARK, false);
	struct user_row user = {.account_id = account,
	                        .email = STR("ann@" MARK ".example"),
	                        .password_hash = STR("none"),
	                        .role = STR("member"),
	                        .created_at = T0};
	int64_t other;
	struct err err;

	w.keys[0] = add_key(operator, API_FULL, 0);
	w.keys[1] = add_key(account, API_FULL, 0);
	w.keys[2] = add_key(account, API_READ, 0);
	w.keys[3] = add_key(account, API_SEND, 0);
	need(user_add(&w.store, &user, &user.id, &err));
	post("/v1/domains", "{\"name\":\"" MARK ".example\",\"tags\":[\"x\"]}", 201);
	post("/v1/domains",
	     "{\"name\":\"two." MARK ".example\",\"profile\":\"delegated\"}", 201);
	post("/v1/senders", "{\"address\":\"hi@" MARK ".example\"}", 201);
	post("/v1/domains/dom_1/dkim/rotate", "{}", 201);
	w.keys[4] = add_key(account, API_FULL, 1);
	other = add_account("other", false);
	w.keys[5] = add_key(other, API_FULL, 0);
	w.keys[6] = w.keys[0];
}

static void open_store(void)
{
	char folder[] = "/tmp/signet-fuzz-XXXXXX";
	static const char *const files[] = {"", "-wal", "-shm"};
	struct err err;
	struct str path;

	need(mkdtemp(folder) != NULL);
	path = arena_printf(&w.a, "%s/db", folder);
	need(store_open(&w.store, path.p, &err));
	need(store_turn_begin(&w.store, &err));
	fill_store();
	need(store_turn_commit(&w.store, &err));
	/* It stays open, and is gone with the process. */
	for (size_t i = 0; i < LEN(files); i++)
		unlink(arena_printf(&w.a, "%s%s", path.p, files[i]).p);
	rmdir(folder);
}

static void set_up(void)
{
	const struct config_sources from = {
	        .file = STR("fuzz"),
	        .text = STR("instance.mx = mx1.mail.example mx2.mail.example\n"
	                    "instance.spf = include:_spf.mail.example\n"
	                    "instance.tracking = us=edge.us.mail.example\n"
	                    "instance.bounce_target = bounce.mail.example\n"
	                    "instance.verify_target = verify.mail.example\n"
	                    "instance.dkim_zone = dkim.mail.example\n"
	                    "mail.from = signet@mail.example\n"
	                    "clock.test = yes\n"
	                    "compliance.required = yes\n"
	                    "api.rate_per_minute = 10000000\n"),
	};
	struct err err;

	clock_set(T0);
	need(config_parse(&w.a, &from, &w.config, &err));
	w.api = api_new(&(struct api_setup){
	        .store = &w.store,
	        .config = &w.config,
	        .version = STR("fuzz"),
	        .host = {
	                 .reply = reply,
	                 .verify_now = verify_now,
	                 .schedule = schedule,
	                 .take_key = take_key,
	                 .drop_key = drop_key,
	                 .pool_run = pool_run,
	                 .mail_send = mail_send,
	                 .shift_clock = shift_clock,
	                 }
        });
	open_store();
}

/* ---- one request of the input ---- */

static const struct route *choose_route(struct str id)
{
	const struct route *route;
	size_t n, sum = 0;

	for (n = 0; (route = route_at(n)); n++)
		if (str_eq(id, str_c(route->id)))
			return route;
	for (size_t i = 0; i < id.n; i++)
		sum += (unsigned char)id.p[i];
	return route_at(sum % n);
}

static struct str make_path(const struct route *route, struct str values)
{
	struct arena *a = &w.request_arena;
	struct str rest = str_c(route->pattern), path = STR_NONE, part, value;

	str_cut(&rest, '/', &part);
	while (str_cut(&rest, '/', &part)) {
		if (str_starts(part, STR("{"))) {
			str_cut(&values, ' ', &value);
			part = value;
		}
		path = arena_printf(a, "%.*s/%.*s", STR_ARG(path), STR_ARG(part));
	}
	return path;
}

static void check_success(const struct route *route, json_t *document)
{
	struct problem_errors errors = {0};
	json_t *one;
	size_t i;

	if (!route->response || route->flags & ROUTE_NOT_JSON || !document)
		return;
	if (route->flags & ROUTE_LIST) {
		json_array_foreach(json_object_get(document, "data"), i, one)
		{
			schema_check(&w.request_arena, route->response, one, &errors);
		}
	} else {
		schema_check(&w.request_arena, route->response, document, &errors);
	}
	if (errors.n)
		fprintf(stderr, "%s: %.*s: %.*s\n", route->id, STR_ARG(errors.v[0].at),
		        STR_ARG(errors.v[0].detail));
	need(errors.n == 0);
}

static void check_answer(const struct route *route)
{
	json_t *document = json_loadb(w.answer.body.p ? w.answer.body.p : "",
	                              w.answer.body.n, 0, NULL);

	if (w.answer.status == 500)
		fprintf(stderr, "%s: %.*s\n", route->id, STR_ARG(w.answer.body));
	need(w.answer.status != 500);
	if (w.answer.status < 400) {
		check_success(route, document);
	} else {
		need(str_eq(w.answer.type, STR("application/problem+json")));
		need(json_integer_value(json_object_get(document, "status")) ==
		     w.answer.status);
		need(json_is_string(json_object_get(document, "code")));
	}
	json_decref(document);
}

/* What core does when a check has found all records. */
static void become_verified(void)
{
	struct err err;

	need(store_turn_savepoint(&w.store, &err));
	need(api_domain_verified(w.api, &w.request_arena, 1, &err));
	need(store_turn_release(&w.store, &err));
}

/* `knows_mark`: the input says the word itself. */
static void run_request(struct str request, bool knows_mark)
{
	struct str who = STR_NONE, id = STR_NONE, values = STR_NONE, query = STR_NONE;
	const struct route *route;
	char letter;
	bool is_again;

	str_cut(&request, '\t', &who);
	str_cut(&request, '\t', &id);
	str_cut(&request, '\t', &values);
	str_cut(&request, '\t', &query);
	if (str_eq(who, STR("v"))) {
		become_verified();
		return;
	}
	route = choose_route(id);
	letter = who.n ? (char)(who.p[0] | 0x20) : 'n';
	is_again = who.n && who.p[0] >= 'A' && who.p[0] <= 'Z';
	ask(route->method, make_path(route, values), query, letter, is_again, request);
	check_answer(route);
	if (letter == 'f' && !knows_mark)
		need(str_find(w.answer.body, STR(MARK)) < 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct str rest = {(const char *)bytes, n}, request;
	bool knows_mark = str_find(rest, STR("mark-")) >= 0;
	struct err err;

	if (!w.api)
		set_up();
	need(store_turn_begin(&w.store, &err));
	for (size_t i = 0; i < REQUESTS_MAX && str_cut(&rest, '\0', &request); i++) {
		run_request(request, knows_mark);
		arena_reset(&w.request_arena);
	}
	w.store.turn_failed = true;
	need(!store_turn_commit(&w.store, &err));
	return 0;
}
