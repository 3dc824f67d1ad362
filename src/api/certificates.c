/* The certificates of tracking domains: how far they are, one of the customer's own, anew,
 * away with it. */
#include "api/handlers.h"

#include "api/parts.h"
#include "base/clock.h"
#include "crypto/certificate.h"
#include "life/certificate.h"
#include "store/certificate.h"
#include "store/tracking.h"

static const char *const states[] = {
#define X(name, text) text,
        CERTIFICATE_STATES(X)
#undef X
                NULL,
};

/* clang-format off */
static const struct schema_field certificate_fields[] = {
        {"tracking_domain_id", SCHEMA_ID, true, .help = "trk_5"},
        {"name", SCHEMA_NAME, true, .help = "the host it is for"},
        {"state", SCHEMA_TEXT, true, .help = "none, checking, issuing, valid, renewing, failed"},
        {"source", SCHEMA_TEXT, true, true, .help = "acme, or uploaded"},
        {"issuer", SCHEMA_TEXT, true, true, .help = "who has certified it"},
        {"serial", SCHEMA_TEXT, true, true, .help = "its number there"},
        {"not_before", SCHEMA_TIME, true, true, .help = "since when it is valid"},
        {"not_after", SCHEMA_TIME, true, true, .help = "until when"},
        {"days_left", SCHEMA_NUMBER, true, true, .min = -100000, .help = "whole days until then"},
        {"error", SCHEMA_TEXT, true, true, .help = "why the last order failed: rate_limited, unauthorized, connection, dns, caa …"},
        {"message", SCHEMA_TEXT, true, true, .max = 2000, .help = "what stands in the way"},
        {"fix", SCHEMA_TEXT, true, true, .max = 2000, .help = "what to do about it"},
        {"attempts", SCHEMA_NUMBER, true, .help = "orders that failed in a row"},
        {"ordered_at", SCHEMA_TIME, true, true, .help = "the last order"},
        {"next_at", SCHEMA_TIME, true, true, .help = "when something is done by itself: renewal, another try"},
};
const struct schema schema_certificate = {"Certificate", certificate_fields, LEN(certificate_fields)};

static const struct schema_field query_fields[] = {
        {"limit", SCHEMA_NUMBER, .min = 1, .max = API_PAGE_MAX, .help = "rows of a page; 50 where it is not given"},
        {"cursor", SCHEMA_TEXT, .help = "next_cursor of the page before"},
        {"state", SCHEMA_WORD, .words = states, .help = "in this state alone"},
};
const struct schema schema_certificate_query = {"CertificateQuery", query_fields, LEN(query_fields)};

static const struct schema_field upload_fields[] = {
        {"chain", SCHEMA_TEXT, true, .min = 1, .max = CHAIN_TEXT_MAX, .help = "certificates in PEM, that of the host first, then those between it and the authority", .example = "\"-----BEGIN CERTIFICATE-----\\n…\""},
        {"key", SCHEMA_TEXT, true, .min = 1, .max = TLS_KEY_TEXT_MAX, .help = "its private key in PEM: EC on P-256 or P-384, RSA of 2048 to 4096 bits", .example = "\"-----BEGIN PRIVATE KEY-----\\n…\""},
};
const struct schema schema_certificate_upload = {"CertificateUpload", upload_fields, LEN(upload_fields)};
/* clang-format on */

#define DAY_MS ((int64_t)24 * 60 * 60 * 1000)

static json_t *days_json(const struct certificate_row *row, int64_t now)
{
	return row->not_after ? json_integer((row->not_after - now) / DAY_MS)
	                      : json_null();
}

/* What to do: by the failure, where the words do not say it themselves. */
static json_t *fix_json(struct api_call *call, const struct certificate_row *row)
{
	enum certificate_failure failure = CERTIFICATE_FAILURE_NONE;

	(void)!certificate_failure_parse(row->failure, &failure);
	if (failure == CERTIFICATE_FAILURE_NONE && row->source.n == 0 &&
	    call->api->config->acme_directory.n == 0)
		return json_string("This installation asks no authority: upload a "
		                   "certificate.");
	return json_text_or_null(str_c(certificate_failure_fix(failure)));
}

static json_t *certificate_json(struct api_call *call,
                                const struct certificate_row *row)
{
	return json_pack(
	        "{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:I, "
	        "s:o, s:o}",
	        "tracking_domain_id", api_id_json("trk", row->id), "name",
	        json_text(row->host), "state", json_text(row->state), "source",
	        json_text_or_null(row->source), "issuer",
	        json_text_or_null(row->issuer), "serial",
	        json_text_or_null(row->serial), "not_before",
	        api_time_json(row->not_before), "not_after",
	        api_time_json(row->not_after), "days_left", days_json(row, call->now),
	        "error", json_text_or_null(row->failure), "message",
	        json_text_or_null(row->words), "fix", fix_json(call, row), "attempts",
	        (json_int_t)row->attempts, "ordered_at", api_time_json(row->ordered_at),
	        "next_at", api_time_json(row->next_at));
}

/* That of {tracking}; false: answered. */
static bool find_domain(struct api_call *call, struct tracking_row **out)
{
	int64_t id = api_id_parse(call->captures[0], "trk");
	struct err err;

	*out = NULL;
	if (id && !tracking_find(call->api->store, call->a, call->account->id, id, out,
	                         &err)) {
		api_broken(call, &err);
		return false;
	}
	if (*out && call->who.bound_domain &&
	    (*out)->domain_id != call->who.bound_domain)
		*out = NULL;
	if (!*out)
		api_not_found(call, "tracking domain");
	return *out != NULL;
}

/* One that was never heard of is none. */
static bool find_row(struct api_call *call, const struct tracking_row *domain,
                     struct certificate_row **out, struct err *err)
{
	if (!certificate_find(call->api->store, call->a, 0, domain->id, out, err))
		return false;
	if (*out)
		return true;
	*out = ARENA_NEW(call->a, struct certificate_row);
	**out = (struct certificate_row){
	        .id = domain->id,
	        .host = domain->name,
	        .state = str_c(certificate_state_name(CERTIFICATE_NONE))};
	return true;
}

static enum api_result answer(struct api_call *call, const struct tracking_row *domain,
                              unsigned status)
{
	struct certificate_row *row;
	struct err err;

	if (!find_row(call, domain, &row, &err))
		return api_broken(call, &err);
	return api_answer(call, status, certificate_json(call, row));
}

enum api_result certificate_get_list(struct api_call *call)
{
	const struct certificate_filter filter = {
	        .account_id = call->account->id,
	        .state = api_member(call->query, "state")};
	struct certificate_rows rows;
	struct store_page page;
	json_t *list;
	struct err err;

	if (!api_page(call, &page))
		return API_DONE;
	if (!certificate_list(call->api->store, call->a, &filter, &page, &rows, &err))
		return api_broken(call, &err);
	list = json_array();
	for (size_t i = 0; i < rows.n; i++)
		json_array_append_new(list, certificate_json(call, &rows.v[i]));
	return api_answer_list(call, list, rows.next);
}

enum api_result certificate_get(struct api_call *call)
{
	struct tracking_row *domain;

	return find_domain(call, &domain) ? answer(call, domain, 200) : API_DONE;
}

/* While an order is under way its end decides what there is. */
static bool refuse_ordered(struct api_call *call, const struct tracking_row *domain)
{
	struct certificate_row *row;
	struct err err;

	if (!find_row(call, domain, &row, &err)) {
		api_broken(call, &err);
		return true;
	}
	if (!row->is_ordered)
		return false;
	api_header(call, "Retry-After", STR("60"));
	api_problem(call, PROBLEM_CONFLICT,
	            "An order for it is under way; wait for its end.");
	return true;
}

/* ---- a customer's own ---- */

struct upload {
	struct api_call *call;
	struct tracking_row *domain;
	struct api_uploaded result;
};

static enum api_result uploaded(struct api_call *call)
{
	struct upload *u = call->state;

	if (u->result.ok)
		return answer(call, u->domain, 200);
	if (!u->result.is_unfit)
		return api_problem(call, PROBLEM_UNAVAILABLE, "%.*s.",
		                   STR_ARG(u->result.words));
	api_error(call, "/chain", FIELD_FORM, "%.*s", STR_ARG(u->result.words));
	return api_invalid(call);
}

static void on_uploaded(void *arg, const struct api_uploaded *result)
{
	struct upload *u = arg;

	u->result = *result;
	u->result.words = arena_dup(u->call->a, result->words);
	api_resume(u->call);
}

enum api_result certificate_upload(struct api_call *call)
{
	const struct api_host *host = &call->api->host;
	struct tracking_row *domain;
	struct api_upload upload;
	struct upload *u;

	if (!find_domain(call, &domain) || refuse_ordered(call, domain))
		return API_DONE;
	if (!host->certificate_upload)
		return api_problem(call, PROBLEM_UNAVAILABLE, "%s", "");
	call->object = api_id(call->a, "trk", domain->id);
	u = ARENA_NEW(call->a, struct upload);
	*u = (struct upload){.call = call, .domain = domain};
	call->state = u;
	call->resume = uploaded;
	upload = (struct api_upload){api_member(call->body, "chain"),
	                             api_member(call->body, "key")};
	host->certificate_upload(host->arg, domain->id, domain->name, &upload,
	                         on_uploaded, u);
	return API_LATER;
}

/* ---- anew, and away ---- */

enum api_result certificate_renew(struct api_call *call)
{
	const struct api_host *host = &call->api->host;
	struct tracking_row *domain;
	int64_t again_at, s;
	struct err err;

	if (!find_domain(call, &domain))
		return API_DONE;
	if (call->api->config->acme_directory.n == 0)
		return api_problem(call, PROBLEM_CONFLICT,
		                   "This installation asks no authority "
		                   "(acme.directory): upload a certificate.");
	if (!host->certificate_request)
		return api_problem(call, PROBLEM_UNAVAILABLE, "%s", "");
	if (!host->certificate_request(host->arg, domain->id, &again_at, &err))
		return api_broken(call, &err);
	call->object = api_id(call->a, "trk", domain->id);
	if (again_at == 0)
		return answer(call, domain, 202);
	s = (again_at - call->now) / 1000 + 1;
	api_header(call, "Retry-After", arena_printf(call->a, "%lld", (long long)s));
	return api_problem(call, PROBLEM_RATE,
	                   "It was ordered a moment ago, or the authority wants a "
	                   "pause; the next time in %lld s.",
	                   (long long)s);
}

enum api_result certificate_withdraw(struct api_call *call)
{
	const struct api_host *host = &call->api->host;
	struct tracking_row *domain;
	struct err err;

	if (!find_domain(call, &domain) || refuse_ordered(call, domain))
		return API_DONE;
	if (!host->certificate_withdraw)
		return api_problem(call, PROBLEM_UNAVAILABLE, "%s", "");
	if (!host->certificate_withdraw(host->arg, domain->id, &err))
		return api_broken(call, &err);
	call->object = api_id(call->a, "trk", domain->id);
	return api_answer_nothing(call);
}
