#include "acme/report.h"

#include "base/json.h"
#include "base/utf8.h"

#include <string.h>
#include <time.h>

#define PROBLEM_MARK STR("the server reported the following error:")
#define HEADERS_MARK STR("HTTP headers")
#define TYPE_PREFIX  STR("urn:ietf:params:acme:error:")
#define RETRY_MAX_MS ((int64_t)8 * 24 * 60 * 60 * 1000)

/* RFC 8555 §6.7, RFC 8739 and what pebble and Boulder give. */
static const struct {
	const char *type;
	enum acme_failure kind;
} types[] = {
        {"accountDoesNotExist",     ACME_ACCOUNT     },
        {"badCSR",                  ACME_MALFORMED   },
        {"badNonce",                ACME_SERVER      },
        {"badPublicKey",            ACME_MALFORMED   },
        {"badSignatureAlgorithm",   ACME_MALFORMED   },
        {"caa",                     ACME_CAA         },
        {"connection",              ACME_CONNECTION  },
        {"dns",                     ACME_DNS         },
        {"externalAccountRequired", ACME_ACCOUNT     },
        {"incorrectResponse",       ACME_UNAUTHORIZED},
        {"invalidContact",          ACME_ACCOUNT     },
        {"malformed",               ACME_MALFORMED   },
        {"orderNotReady",           ACME_SERVER      },
        {"rateLimited",             ACME_RATE_LIMITED},
        {"rejectedIdentifier",      ACME_REJECTED    },
        {"serverInternal",          ACME_SERVER      },
        {"tls",                     ACME_CONNECTION  },
        {"unauthorized",            ACME_UNAUTHORIZED},
        {"unknownHost",             ACME_DNS         },
        {"unsupportedContact",      ACME_ACCOUNT     },
        {"unsupportedIdentifier",   ACME_REJECTED    },
        {"userActionRequired",      ACME_ACCOUNT     },
};

/* What uacme says by itself, looked for in this order. */
static const struct {
	const char *words;
	enum acme_failure kind;
	const char *text; /* NULL: its own line */
} lines[] = {
        {"requires external credentials",                  ACME_ACCOUNT,
         "the authority wants an external account binding: set acme.eab_id and "
         "acme.eab_key"                                                          },
        {"credentials must be specified as",               ACME_ACCOUNT,
         "acme.eab_id or the file of acme.eab_key is not of the right form"      },
        {"no account associated with",                     ACME_ACCOUNT,     NULL},
        {"account created but status is not valid",        ACME_ACCOUNT,     NULL},
        {"invalid account status",                         ACME_ACCOUNT,     NULL},
        {"timeout while polling",                          ACME_DEADLINE,    NULL},
        {"failed to execute",                              ACME_INTERNAL,    NULL},
        {"terminated abnormally",                          ACME_INTERNAL,    NULL},
        {"no challenge completed",                         ACME_INTERNAL,
         "no challenge could be answered: the authority offers none by HTTP, or its "
         "file could not be written"                                             },
        {"failed: SSL peer certificate or SSH remote key", ACME_UNREACHABLE,
         "the certificate of the authority's own server is not trusted here"     },
        {"curl_get: GET ",                                 ACME_UNREACHABLE, NULL},
        {"curl_post: POST ",                               ACME_UNREACHABLE, NULL},
        {"failed to fetch directory",                      ACME_UNREACHABLE,
         "what answers at acme.directory is no ACME server"                      },
        {"unexpected order status",                        ACME_SERVER,      NULL},
        {"unexpected auth status",                         ACME_SERVER,      NULL},
};

/* The offset of the last occurrence, or -1. */
static ptrdiff_t find_last(struct str s, struct str needle)
{
	ptrdiff_t found = -1;

	for (size_t from = 0;;) {
		ptrdiff_t at = str_find(str_from(s, from), needle);

		if (at < 0)
			return found;
		found = (ptrdiff_t)from + at;
		from = (size_t)found + needle.n;
	}
}

static bool has(struct str s, const char *words)
{
	return str_find(s, str_c(words)) >= 0;
}

/* One line, printable, not too long. */
static struct str sentence(struct arena *a, struct str text)
{
	char *p = arena_alloc(a, text.n + 1);
	struct str out;

	for (size_t i = 0; i < text.n; i++)
		p[i] = char_is_blank(text.p[i]) ? ' ' : text.p[i];
	out = utf8_printable(a, str_trim((struct str){p, text.n}));
	if (out.n > ACME_REPORT_TEXT_MAX) {
		out.n = ACME_REPORT_TEXT_MAX;
		while (out.n && (out.p[out.n] & 0xC0) == 0x80)
			out.n--;
	}
	return out;
}

/* ---- when it may be asked again ---- */

static int64_t parse_time(struct arena *a, struct str text)
{
	static const char *const forms[] = {"%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S",
	                                    "%a, %d %b %Y %H:%M:%S GMT"};
	const char *c = arena_cstr(a, str_slice(text, 0, 40));

	for (size_t i = 0; i < LEN(forms); i++) {
		struct tm tm = {0};

		if (strptime(c, forms[i], &tm))
			return (int64_t)timegm(&tm) * 1000;
	}
	return 0;
}

/* Between now and a week; what is said beyond is not believed. */
static int64_t within(int64_t at, int64_t now)
{
	if (at <= now)
		return 0;
	return at - now > RETRY_MAX_MS ? now + RETRY_MAX_MS : at;
}

/* The Retry-After of the last answer (RFC 9110 §10.2.3). */
static int64_t read_header(struct arena *a, struct str output, int64_t now)
{
	static const struct str name = STR_INIT("retry-after:");
	ptrdiff_t at = find_last(output, HEADERS_MARK);
	struct str rest, line;
	uint64_t seconds;

	if (at < 0)
		return 0;
	rest = str_from(output, (size_t)at);
	str_cut(&rest, '\n', &line);
	while (str_cut(&rest, '\n', &line) && str_trim(line).n) {
		struct str value;

		if (!str_starts_nocase(line, name))
			continue;
		value = str_trim(str_from(line, name.n));
		if (str_parse_uint(value, INT32_MAX, &seconds))
			return within(now + (int64_t)seconds * 1000, now);
		return within(parse_time(a, value), now);
	}
	return 0;
}

/* "… retry after 2026-11-28 10:00:00 UTC: see …" */
static int64_t read_detail(struct arena *a, struct str detail, int64_t now)
{
	static const struct str words = STR_INIT("retry after ");
	ptrdiff_t at = str_find_nocase(detail, words);

	if (at < 0)
		return 0;
	return within(parse_time(a, str_from(detail, (size_t)at + words.n)), now);
}

/* ---- the problem document ---- */

static struct str member(const json_t *object, const char *name)
{
	return str_c(json_string_value(json_object_get(object, name)));
}

/* The JSON behind the last mark, or NULL. */
static json_t *find_problem(struct str output)
{
	ptrdiff_t at = find_last(output, PROBLEM_MARK);
	struct str rest;
	json_error_t error;

	if (at < 0)
		return NULL;
	rest = str_from(output, (size_t)at + PROBLEM_MARK.n);
	return json_loadb(rest.p, rest.n, JSON_DISABLE_EOF_CHECK, &error);
}

static enum acme_failure kind_of(struct str type, int64_t status)
{
	if (str_starts(type, TYPE_PREFIX)) {
		type = str_from(type, TYPE_PREFIX.n);
		for (size_t i = 0; i < LEN(types); i++)
			if (str_eq(type, str_c(types[i].type)))
				return types[i].kind;
	}
	if (status == 429)
		return ACME_RATE_LIMITED;
	return status >= 500 ? ACME_SERVER : ACME_MALFORMED;
}

/* Of the account as a whole, not of one name. */
static bool is_for_all(struct str detail)
{
	return has(detail, "new orders") || has(detail, "new-order") ||
	       has(detail, "newOrder") || has(detail, "registrations") ||
	       has(detail, "requests") || has(detail, "pending authorizations");
}

static void read_problem(struct arena *a, const json_t *problem, struct str output,
                         int64_t now, struct acme_report *r)
{
	const json_t *inner =
	        json_array_get(json_object_get(problem, "subproblems"), 0);
	struct str type = member(problem, "type");
	struct str detail = member(problem, "detail");

	/* Which name of several it was: we order one, so it says what is wrong. */
	if (json_is_object(inner) && member(inner, "detail").n) {
		type = member(inner, "type");
		detail = member(inner, "detail");
	}
	r->kind = kind_of(type, json_integer_value(json_object_get(problem, "status")));
	if (r->kind == ACME_CONNECTION && has(detail, "resolve URL"))
		r->kind = ACME_DNS; /* pebble's word for it */
	r->is_account_missing = str_ends(type, STR(":accountDoesNotExist"));
	r->is_bad_nonce = str_ends(type, STR(":badNonce"));
	r->is_revoked_already = str_ends(type, STR(":alreadyRevoked"));
	r->text = sentence(a, detail.n ? detail : type);
	r->retry_at = read_detail(a, detail, now);
	if (r->retry_at == 0)
		r->retry_at = read_header(a, output, now);
	if (r->kind == ACME_RATE_LIMITED && is_for_all(detail))
		r->kind = ACME_ALL_LIMITED;
	if (has(output, "failed to create account at") &&
	    (r->kind == ACME_UNAUTHORIZED || r->kind == ACME_MALFORMED))
		r->kind = ACME_ACCOUNT;
}

/* ---- without one ---- */

/* The whole line around `at`, without "uacme: ". */
static struct str line_at(struct str output, size_t at)
{
	size_t from = at, to = at;

	while (from && output.p[from - 1] != '\n')
		from--;
	while (to < output.n && output.p[to] != '\n')
		to++;
	output = str_slice(output, from, to - from);
	return str_starts(output, STR("uacme: ")) ? str_from(output, 7) : output;
}

/* The last line that says something. */
static struct str last_line(struct str output)
{
	size_t end = output.n;

	while (end && char_is_blank(output.p[end - 1]))
		end--;
	return end ? line_at(output, end - 1) : STR("uacme said nothing");
}

static void read_lines(struct arena *a, struct str output, struct acme_report *r)
{
	for (size_t i = 0; i < LEN(lines); i++) {
		ptrdiff_t at = find_last(output, str_c(lines[i].words));

		if (at < 0)
			continue;
		r->kind = lines[i].kind;
		r->text = sentence(a, lines[i].text ? str_c(lines[i].text)
		                                    : line_at(output, (size_t)at));
		r->is_account_missing =
		        str_starts(str_c(lines[i].words), STR("no account"));
		return;
	}
	r->text = sentence(a, last_line(output));
}

struct acme_report acme_report_read(struct arena *a, struct str output, int64_t now)
{
	struct acme_report r = {.kind = ACME_INTERNAL};
	AUTO_JSON json_t *problem = find_problem(output);

	r.is_account_there = has(output, "Account already exists at");
	if (json_is_object(problem))
		read_problem(a, problem, output, now, &r);
	else
		read_lines(a, output, &r);
	return r;
}
