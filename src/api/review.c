#include "api/review.h"

#include "api/domain_find.h"
#include "api/domain_state.h"
#include "api/parts.h"
#include "api/tracking_claim.h"
#include "auth/suffixes.h"
#include "base/clock.h"
#include "base/file.h"
#include "dns/name.h"
#include "store/event.h"

#include <string.h>

enum { QUESTIONNAIRE_MAX = 64 * 1024 };

static const char built_in_questions[] =
        "[\"How did the recipients ask for your mail?\","
        "\"What kind of mail will you send, and how much of it a month?\","
        "\"How can a recipient stop it?\"]";

static bool add_event(struct review_case *c, const char *state, struct err *err)
{
	struct event_row row = {
	        .account_id = c->domain->account_id,
	        .domain_id = c->domain->id,
	        .type = arena_printf(c->a, "review.%s", state),
	        .at = c->now,
	        .data = arena_printf(
	                c->a, "{\"domain\":\"%.*s\",\"review\":\"rev_%lld\"}",
	                STR_ARG(c->domain->name), (long long)c->review->id),
	};
	int64_t id;

	return event_append(c->api->store, &row, &id, err);
}

static void send_mail(struct review_case *c, enum notice_review step, struct str detail)
{
	const struct api_host *host = &c->api->host;
	const struct config *config = c->api->config;
	struct api_mail mail = {
	        .to = c->account->owner_email,
	        .notice = notice_reviewed(c->a, step, c->domain->name,
	                                  config->instance_name, detail,
	                                  config->mail_support),
	};

	if (host->mail_send && !host->mail_send(host->arg, &mail) && host->failed)
		host->failed(host->arg, "review", STR("no relay takes mail"));
}

bool review_enter(struct review_case *c, const char *state, struct str detail,
                  struct err *err)
{
	static const struct {
		const char *state;
		enum notice_review step;
	} mails[] = {
	        {"waiting",   NOTICE_REVIEW_SUBMITTED},
	        {"questions", NOTICE_REVIEW_QUESTIONS},
	        {"approved",  NOTICE_REVIEW_APPROVED },
	        {"rejected",  NOTICE_REVIEW_REJECTED },
	};

	c->review->state = str_c(state);
	c->domain->review_state = str_c(state);
	if (!review_save(c->api->store, c->review, err) ||
	    !domain_save_review(c->api->store, c->domain->id, str_c(state), err) ||
	    !add_event(c, state, err))
		return false;
	for (size_t i = 0; i < LEN(mails); i++)
		if (strcmp(mails[i].state, state) == 0)
			send_mail(c, mails[i].step, detail);
	return true;
}

/* The host of "https://www.acme.example/x", or of a bare name. */
static struct str host_of(struct str site)
{
	ptrdiff_t at = str_find(site, STR("://"));
	struct str host = STR_NONE;

	if (at >= 0)
		site = str_from(site, (size_t)at + 3);
	(void)str_cut(&site, '/', &host);
	site = host;
	(void)str_cut(&site, ':', &host);
	return host;
}

static bool is_of_domain(struct review_case *c, struct str host)
{
	const struct suffixes *s = c->api->suffixes;
	struct str name;
	struct err err;

	return host.n && dns_name_parse(c->a, host, &name, &err) &&
	       str_eq(suffixes_organization(c->a, s, name),
	              suffixes_organization(c->a, s, c->domain->name));
}

static bool is_plainly_theirs(struct review_case *c)
{
	AUTO_JSON json_t *form = api_stored_json(c->review->form);

	return str_eq(c->review->kind, STR("business")) &&
	       (is_of_domain(c, host_of(api_member(form, "website"))) ||
	        is_of_domain(c, address_domain(api_member(form, "contact_email"))));
}

/* The texts of the questionnaire; the caller drops the list, which may be empty. */
static bool questions(struct review_case *c, json_t **out, struct err *err)
{
	struct str path = c->api->config->compliance_questionnaire;
	struct str text = str_c(built_in_questions);
	AUTO_JSON json_t *list = NULL;
	json_t *one;
	size_t i;

	if (path.n &&
	    !file_read(c->a, arena_cstr(c->a, path), QUESTIONNAIRE_MAX, &text, err))
		return false;
	if (!json_parse(text, &list, err))
		return false;
	*out = json_array();
	json_array_foreach(list, i, one)
	{
		if (json_string_length(one))
			json_array_append(*out, one);
	}
	return true;
}

static struct str as_lines(struct arena *a, const json_t *list)
{
	struct str out = STR_NONE;

	for (size_t i = 0; i < json_array_size(list); i++)
		out = arena_printf(a, "%.*s%s%s", STR_ARG(out), i ? "\n" : "",
		                   json_string_value(json_array_get(list, i)));
	return out;
}

bool review_automatic(struct review_case *c, struct err *err)
{
	const struct api_host *host = &c->api->host;
	AUTO_JSON json_t *asked = NULL;
	struct err broken;

	if (is_plainly_theirs(c)) {
		c->review->decided_by = STR("automatic");
		c->review->decided_at = c->now;
		return review_enter(c, "approved", STR_NONE, err);
	}
	/* Where the file is broken an operator asks instead: no check fails over it. */
	if (!questions(c, &asked, &broken) && host->failed)
		host->failed(host->arg, "compliance.questionnaire", str_c(broken.text));
	if (json_array_size(asked) == 0)
		return review_enter(c, "manual", STR_NONE, err);
	c->review->questions = json_line(c->a, asked);
	return review_enter(c, "questions", as_lines(c->a, asked), err);
}

static bool go_on(struct review_case *c, struct err *err)
{
	if (!str_eq(c->domain->review_state, STR("waiting")))
		return true;
	if (!account_find(c->api->store, c->a, c->domain->account_id, &c->account,
	                  err) ||
	    !review_find_newest(c->api->store, c->a, c->domain->id, &c->review, err))
		return false;
	return !c->account || !c->review || review_automatic(c, err);
}

bool api_domain_verified(struct api *api, struct arena *a, int64_t domain,
                         struct err *err)
{
	struct review_case c = {.api = api, .a = a, .now = clock_now()};

	if (!domain_find(api->store, a, 0, domain, &c.domain, err))
		return false;
	return !c.domain ||
	       (tracking_claim(api, a, c.domain, c.now, err) && go_on(&c, err));
}
