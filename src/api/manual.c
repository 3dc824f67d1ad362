/* docs/api.md and llms.txt from the tables of routes, problems and scopes. */
#include "api/api.h"

#include "data/data.h"

enum { MANUAL_MAX = 1 << 20 };

static const char intro[] =
        "# The API\n\n"
        "JSON over HTTP, under the address of `api.listen`. This page is made from the "
        "table of routes (`signet manual api`); the same table gives "
        "`/v1/openapi.json`, `/llms.txt` and the checks of every request.\n\n"
        "```\n"
        "curl -H \"Authorization: Bearer $KEY\" -H 'Content-Type: application/json' "
        "\\\n"
        "     -d '{\"name\": \"acme.example\"}' http://127.0.0.1:8025/v1/domains\n"
        "curl -H \"Authorization: Bearer $KEY\" "
        "'http://127.0.0.1:8025/v1/domains/acme.example/records?format=table'\n"
        "curl -H \"Authorization: Bearer $KEY\" -X POST "
        "'http://127.0.0.1:8025/v1/domains/acme.example/verify?wait=10s'\n"
        "```\n\n"
        "**Keys.** `Authorization: Bearer sk_…`. A key has scopes, and may be bound to "
        "one domain, which is then all it sees. What belongs to another account is "
        "404. "
        "A full key of an operator's account acts for another account with the header "
        "`Signet-Account: acc_7`.\n\n"
        "**Ids** are a prefix and a number: `acc_1 key_3 usr_2 dom_42 snd_7 chk_9 "
        "rev_4 "
        "trk_5 evt_100 aud_8 dkm_3`. **Times** are RFC 3339 in UTC.\n\n"
        "**Lists** come in pages: `{\"data\": […], \"next_cursor\": …}`; the next page "
        "is asked for with `?cursor=` until it is null.\n\n"
        "**Bodies** are `application/json` in UTF-8, without members that are not in "
        "the tables, nested at most 16 deep.\n\n"
        "**Idempotency.** Where a route takes `Idempotency-Key`, a request that is "
        "repeated with the same key and body is answered as before (with "
        "`Idempotency-Replayed: true`) and does nothing; another body under the same "
        "key "
        "is 422. Answers that tell of an error are not kept. A secret is not "
        "repeated.\n"
        "\n"
        "**Limits.** Each key has `api.rate_per_minute` requests a minute "
        "(`RateLimit-Limit`, `RateLimit-Remaining`); more are 429 with "
        "`Retry-After`.\n\n"
        "**Errors** are `application/problem+json` (RFC 9457) with a `code`; a 422 "
        "says "
        "in `errors` which member (`pointer`, RFC 6901) or parameter is wrong, and "
        "how. "
        "No answer has a CORS header: a key does not belong in a browser.\n";

static void add_scopes(struct buf *out)
{
	buf_printf(out, "\n## Scopes\n\n| scope | allows |\n| --- | --- |\n");
#define X(name, bit, text, help) buf_printf(out, "| `%s` | %s |\n", text, help);
	API_SCOPES(X)
#undef X
}

static void add_fields(struct buf *out, const char *title, const struct schema *schema)
{
	AUTO(arena) a = {0};

	if (!schema)
		return;
	if (*title)
		buf_printf(out, "\n%s:\n", title);
	buf_printf(out, "\n| member | value | |\n| --- | --- | --- |\n");
	for (size_t i = 0; i < schema->n; i++) {
		const struct schema_field *f = &schema->fields[i];

		buf_printf(out, "| `%s`%s | %.*s%s | %s |\n", f->name,
		           f->required ? "" : "?", STR_ARG(schema_kind_text(&a, f)),
		           f->nullable ? " or null" : "", f->help);
	}
}

static void add_route(struct buf *out, const struct route *r)
{
	struct str method = http_method_text(r->method);

	buf_printf(out, "\n### %.*s %s\n\n%c%s.", STR_ARG(method), r->pattern,
	           r->summary[0] - ('a' - 'A'), r->summary + 1);
	if (r->description)
		buf_printf(out, " %s", r->description);
	if (r->flags & ROUTE_PUBLIC)
		buf_printf(out, " No key is needed.");
	else if (r->flags & ROUTE_OPERATOR)
		buf_printf(out, " Of operators alone.");
	else
		buf_printf(out, " Scope `%s`.", api_scope_name(r->scope));
	if (r->flags & ROUTE_IDEMPOTENT)
		buf_printf(out, " Takes `Idempotency-Key`.");
	buf_printf(out, " Answers %u", r->status);
	if (r->response)
		buf_printf(out, " with %s%s", r->flags & ROUTE_LIST ? "a page of " : "",
		           r->response->name);
	buf_printf(out, ".\n");
	add_fields(out, "Query", r->query);
	add_fields(out, "Body", r->body);
}

static bool is_listed(const struct schema *const *list, size_t n,
                      const struct schema *s)
{
	for (size_t i = 0; i < n; i++)
		if (list[i] == s)
			return true;
	return false;
}

enum { SCHEMAS_MAX = 128 };

static void collect(const struct schema **list, size_t *n, const struct schema *s)
{
	if (!s || is_listed(list, *n, s))
		return;
	need(*n < SCHEMAS_MAX);
	list[(*n)++] = s;
	for (size_t i = 0; i < s->n; i++)
		collect(list, n, s->fields[i].object);
}

static void add_answers(struct buf *out)
{
	const struct schema *list[SCHEMAS_MAX];
	const struct route *r;
	size_t n = 0;

	for (size_t i = 0; (r = route_at(i)); i++)
		collect(list, &n, r->response);
	buf_printf(out, "\n## Answers\n");
	for (size_t i = 0; i < n; i++) {
		buf_printf(out, "\n### %s\n", list[i]->name);
		add_fields(out, "", list[i]);
	}
}

static void add_problems(struct buf *out)
{
	buf_printf(out, "\n## Problems\n\n| code | status | |\n| --- | --- | --- |\n");
	for (size_t i = 0; i < PROBLEM_COUNT; i++) {
		const struct problem_row *row = problem_row((enum problem)i);

		buf_printf(out, "| <a id=\"%s\"></a>`%s` | %u | %s |\n", row->code,
		           row->code, row->status, row->title);
	}
	buf_printf(
	        out,
	        "\nWhat is refused before it is read as a request of the API has the "
	        "code `http_` and its status, as `http_413`.\n");
	buf_printf(out, "\nIn `errors` of a 422:\n\n| code | |\n| --- | --- |\n");
	for (size_t i = 0; i < FIELD_ERROR_COUNT; i++) {
		const struct field_error_row *row =
		        field_error_row((enum field_error)i);

		buf_printf(out, "| `%s` | %s |\n", row->code, row->title);
	}
}

struct str api_manual(struct arena *a)
{
	AUTO(buf) out = {.max = MANUAL_MAX};
	const struct route *r;

	buf_printf(&out, "%s", intro);
	add_scopes(&out);
	buf_printf(&out, "\n## Routes\n");
	for (size_t i = 0; (r = route_at(i)); i++)
		add_route(&out, r);
	add_answers(&out);
	add_problems(&out);
	need(!out.overflowed);
	return arena_dup(a, buf_str(&out));
}

struct str api_llms(struct arena *a)
{
	AUTO(buf) out = {.max = MANUAL_MAX};
	const struct data_row *row;
	const struct route *r;

	buf_printf(&out,
	           "# Signet\n\n"
	           "> Domains to send mail from: added, verified and watched by an "
	           "API. Add a domain, publish its records, verify it.\n\n"
	           "## Documents\n\n"
	           "- [The API](/docs/api.md): every route, scope and problem\n"
	           "- [OpenAPI](/v1/openapi.json): the same for programs\n");
	for (size_t i = 0; (row = data_at(i)); i++)
		if (str_ends(row->name, STR(".md"))) {
			struct str name = row->name;

			if (str_starts(name, STR("docs/")))
				name = str_from(name, 5);
			buf_printf(&out, "- [%.*s](/docs/%.*s)\n", STR_ARG(name),
			           STR_ARG(name));
		}
	buf_printf(&out, "\n## Routes\n\n");
	for (size_t i = 0; (r = route_at(i)); i++)
		buf_printf(&out, "- %.*s %s: %s\n",
		           STR_ARG(http_method_text(r->method)), r->pattern,
		           r->summary);
	return arena_dup(a, buf_str(&out));
}
