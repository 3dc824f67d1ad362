/*
 * The authorisation matrix: every route of the table, asked by every kind of caller for
 * what belongs to one account. What is expected follows from the row alone: scope, flags
 * and pattern. Each answer is taken back, so that all see the same things.
 */
#include "api/test_api.h"

#include "store/dkim_key.h"
#include "store/event.h"
#include "store/review.h"
#include "store/track_event.h"
#include "store/unsubscribe.h"

enum caller {
	NOBODY,
	READER,
	SENDER,
	DOMAINER,
	FULL,
	BOUND,    /* full, bound to the domain */
	BOUND_TO, /* full, bound to another domain of the account */
	FOREIGN,  /* full, of another account */
	OPERATOR, /* full, acting for the account */
	OPERATOR_READER,
	CLOSED, /* full, of an account that is closed */
	REVOKED,
	CALLERS,
};

static const char *const caller_names[] = {
        "nobody",           "read",    "send",     "domains",       "full",   "bound",
        "bound to another", "foreign", "operator", "operator read", "closed", "revoked",
};

static const unsigned caller_scopes[CALLERS] = {
        [READER] = API_READ,  [SENDER] = API_SEND,   [DOMAINER] = API_DOMAINS,
        [FULL] = API_FULL,    [BOUND] = API_FULL,    [BOUND_TO] = API_FULL,
        [FOREIGN] = API_FULL, [OPERATOR] = API_FULL, [OPERATOR_READER] = API_READ,
};

/* What belongs to the account that all is asked of. */
struct matrix {
	struct fixture *f;
	const char *keys[CALLERS];
	char account[32], domain[32], sender[32], user[32], event[32], key[32];
};

/* The word that stands for a name in braces. */
static const char *word_of(const struct matrix *m, const char *pattern, struct str name)
{
	bool of_domain = strstr(pattern, "{domain}") != NULL;
	const struct {
		const char *name, *word;
	} words[] = {
	        {"account",     m->account                  },
                {"domain",      m->domain                   },
	        {"sender",      m->sender                   },
                {"user",        m->user                     },
	        {"event",       m->event                    },
                {"key",         of_domain ? "dkm_1" : m->key},
	        {"check",       "chk_1"                     },
                {"tracking",    "trk_1"                     },
	        {"unsubscribe", "uns_1"                     },
                {"review",      "rev_1"                     },
	        {"name",        "api.md"                    },
	};

	for (size_t i = 0; i < LEN(words); i++)
		if (str_eq(name, str_c(words[i].name)))
			return words[i].word;
	fail_msg("nothing stands for {%.*s}", STR_ARG(name));
	return "";
}

static void fill_path(const struct matrix *m, const char *pattern, char out[256])
{
	struct str rest = str_c(pattern);
	size_t n = 0;

	while (rest.n && n < 200) {
		struct str name = str_from(rest, 1);

		if (rest.p[0] != '{') {
			out[n++] = rest.p[0];
			rest = str_from(rest, 1);
			continue;
		}
		name.n = (size_t)str_find_char(name, '}');
		n += (size_t)snprintf(out + n, 256 - n, "%s",
		                      word_of(m, pattern, name));
		rest = str_from(rest, name.n + 2);
	}
	out[n] = 0;
}

/* A body that the schema takes: the examples of what is required. */
static char *example_body(const struct schema *schema)
{
	json_t *out = json_object();
	char *text;

	for (size_t i = 0; i < schema->n; i++) {
		const struct schema_field *f = &schema->fields[i];

		if (f->required && f->example)
			json_object_set_new(
			        out, f->name,
			        json_loads(f->example, JSON_DECODE_ANY, NULL));
		else if (f->required && f->kind == SCHEMA_BOOL)
			json_object_set_new(out, f->name, json_true());
		else if (f->required)
			json_object_set_new(out, f->name, json_string("a@b.example"));
	}
	text = json_dumps(out, 0);
	json_decref(out);
	return text;
}

/* The status that the row says, or 0 where the caller is let through. */
static unsigned expected(const struct route *r, enum caller c)
{
	bool is_operator = c == OPERATOR;
	bool has_capture = strchr(r->pattern, '{') != NULL;

	if (r->flags & ROUTE_PUBLIC)
		return 0;
	if (c == NOBODY || c == REVOKED)
		return 401;
	if (c == CLOSED)
		return 403;
	if (!api_scope_covers(caller_scopes[c], r->scope))
		return 403;
	if ((r->flags & ROUTE_OPERATOR) && !is_operator)
		return 403;
	if ((c == BOUND || c == BOUND_TO) && !route_has_domain(r) &&
	    !(r->flags & ROUTE_BOUND))
		return 403;
	if ((c == BOUND_TO || c == FOREIGN) && has_capture)
		return 404;
	return 0;
}

static void try_one(struct matrix *m, const struct route *r, enum caller c)
{
	struct fixture *f = m->f;
	char *body = r->body ? example_body(r->body) : NULL;
	char path[256];
	struct ask ask = {.method = arena_dup(&f->a, http_method_text(r->method)).p,
	                  .path = path,
	                  .key = m->keys[c],
	                  .body = body,
	                  .account = c == OPERATOR || c == OPERATOR_READER
	                                     ? c == OPERATOR ? m->account : NULL
	                                     : NULL};
	unsigned want = expected(r, c);

	fill_path(m, r->pattern, path);
	if (r->flags & ROUTE_OPERATOR && strstr(r->pattern, "{account}"))
		ask.account = NULL;
	send_ask(f, &ask);
	if (want && f->status != want)
		fail_msg("%s %s by %s: %u, not %u: %s", ask.method, path,
		         caller_names[c], f->status, want, f->text);
	if (!want && (f->status == 401 || f->status == 403 || f->status == 405 ||
	              f->status == 404 || f->status >= 500))
		fail_msg("%s %s by %s: %u: %s", ask.method, path, caller_names[c],
		         f->status, f->text);
	free(body);
	sql_rollback(f->store.sql);
	arena_reset(&f->request_arena);
}

static void keep_id(struct fixture *f, char out[32])
{
	assert_status(f, 201);
	snprintf(out, 32, "%s", got(f, "id"));
}

static void make_things(struct matrix *m)
{
	struct fixture *f = m->f;
	struct check_row check = {
	        .at = T0, .cause = STR("request"), .status = STR("pending")};
	int64_t id;

	f->config.compliance_required = true;
	snprintf(m->account, sizeof(m->account), "acc_%lld", (long long)f->account);
	snprintf(m->event, sizeof(m->event), "evt_1");
	ask_as(f, f->key, "POST", "/v1/domains", "{\"name\":\"mine.example\"}");
	keep_id(f, m->domain);
	check.domain_id = api_id_parse(str_c(m->domain), "dom");
	GOOD(f, check_add(&f->store, &check, &id, &f->err));
	GOOD(f, unsubscribe_add(&f->store,
	                        &(struct unsubscribe_row){.account_id = f->account,
	                                                  .domain_id = check.domain_id,
	                                                  .address = STR("a@b.example"),
	                                                  .at = T0},
	                        &id, &f->err));
	GOOD(f, track_event_add(&f->store,
	                        &(struct track_event_row){.id = 1,
	                                                  .account_id = f->account,
	                                                  .domain_id = check.domain_id,
	                                                  .type = 1,
	                                                  .at = T0},
	                        &f->err));
	assert_int_equal(
	        ask_as(f, f->key, "PUT", "/v1/domains/mine.example/review/form",
	               "{\"kind\":\"personal\",\"name\":\"A\",\"address\":\"1\","
	               "\"country\":\"US\"}"),
	        200);
	ask_as(f, f->key, "POST", "/v1/senders", "{\"address\":\"x@mine.example\"}");
	keep_id(f, m->sender);
	ask_as(f, f->key, "POST", "/v1/users",
	       "{\"email\":\"ann@acme.example\",\"password\":\"correct horse "
	       "battery\",\"role\":"
	       "\"viewer\"}");
	keep_id(f, m->user);
	ask_as(f, f->key, "POST", "/v1/keys", "{\"name\":\"x\",\"scopes\":[\"read\"]}");
	keep_id(f, m->key);
}

static void make_callers(struct matrix *m)
{
	struct fixture *f = m->f;
	char other[32], path[64];
	int64_t closed;

	ask_as(f, f->key, "POST", "/v1/domains", "{\"name\":\"other.example\"}");
	keep_id(f, other);
	for (enum caller c = READER; c <= FULL; c++)
		m->keys[c] = add_key(f, f->account, caller_scopes[c], 0);
	m->keys[BOUND] =
	        add_key(f, f->account, API_FULL, api_id_parse(str_c(m->domain), "dom"));
	m->keys[BOUND_TO] =
	        add_key(f, f->account, API_FULL, api_id_parse(str_c(other), "dom"));
	m->keys[FOREIGN] = f->foreign_key;
	m->keys[OPERATOR] = f->operator_key;
	m->keys[OPERATOR_READER] = add_key(f, f->operator_account, API_READ, 0);
	closed = add_account(f, "closed", false);
	m->keys[CLOSED] = add_key(f, closed, API_FULL, 0);
	GOOD(f, account_close(&f->store, closed, T0, &f->err));
	ask_as(f, f->key, "POST", "/v1/keys", "{\"name\":\"y\",\"scopes\":[\"full\"]}");
	assert_status(f, 201);
	m->keys[REVOKED] = arena_dup(&f->a, str_c(got(f, "secret"))).p;
	snprintf(path, sizeof(path), "/v1/keys/%s", got(f, "id"));
	assert_int_equal(ask_as(f, f->key, "DELETE", path, NULL), 204);
}

static void every_route_by_every_caller(void **state)
{
	struct matrix m = {.f = *state};
	const struct route *r;
	size_t tried = 0;

	make_things(&m);
	make_callers(&m);
	for (size_t i = 0; (r = route_at(i)); i++)
		for (enum caller c = NOBODY; c < CALLERS; c++) {
			/* An operator that reads for its own account finds nothing of
			 * the customer's; it stands for the scope of operators. */
			if (c == OPERATOR_READER && !(r->flags & ROUTE_OPERATOR))
				continue;
			try_one(&m, r, c);
			tried++;
		}
	assert_true(tried > 600);
}

/* The pages of an account show nothing of another's. */
static void lists_hold_nothing_foreign(void **state)
{
	struct matrix m = {.f = *state};
	const struct route *r;

	make_things(&m);
	for (size_t i = 0; (r = route_at(i)); i++) {
		if (!(r->flags & ROUTE_LIST) || (r->flags & ROUTE_OPERATOR) ||
		    strchr(r->pattern, '{'))
			continue;
		assert_int_equal(ask_as(m.f, m.f->foreign_key, "GET", r->pattern, NULL),
		                 200);
		assert_null(strstr(m.f->text, "mine.example"));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        API_TEST(every_route_by_every_caller),
	        API_TEST(lists_hold_nothing_foreign),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
