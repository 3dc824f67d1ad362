/* The table of routes: what there is, who may, what goes in and comes out. */
#include "api/handlers.h"

/* clang-format off */
static const struct route routes[] = {
	/* Accounts. */
	{HTTP_GET, "/v1/account", "account.get", API_READ, ROUTE_BOUND, account_get_own, NULL, NULL, &schema_account, 200, "the own account", NULL},
	{HTTP_PATCH, "/v1/account", "account.change", API_FULL, 0, account_change_own, NULL, &schema_account_self, &schema_account, 200, "change the own account", NULL},
	{HTTP_GET, "/v1/accounts", "accounts.list", API_FULL, ROUTE_OPERATOR | ROUTE_LIST, account_get_list, &schema_page, NULL, &schema_account, 200, "list accounts", NULL},
	{HTTP_POST, "/v1/accounts", "accounts.create", API_FULL, ROUTE_OPERATOR | ROUTE_IDEMPOTENT, account_create, NULL, &schema_account_new, &schema_account, 201, "make an account", "Where demo.enabled is set, the account gets its demo domain. A first key for it is made by POST /v1/keys with the header Signet-Account."},
	{HTTP_GET, "/v1/accounts/{account}", "accounts.get", API_FULL, ROUTE_OPERATOR, account_get, NULL, NULL, &schema_account, 200, "look at an account", NULL},
	{HTTP_PATCH, "/v1/accounts/{account}", "accounts.change", API_FULL, ROUTE_OPERATOR, account_change, NULL, &schema_account_change, &schema_account, 200, "change an account", NULL},
	{HTTP_DELETE, "/v1/accounts/{account}", "accounts.close", API_FULL, ROUTE_OPERATOR, account_remove, NULL, NULL, &schema_account, 200, "close an account", "Its keys answer 403 and its domains send nothing from then on; nothing is lost."},
	{HTTP_POST, "/v1/accounts/{account}/reopen", "accounts.reopen", API_FULL, ROUTE_OPERATOR, account_reopen, NULL, NULL, &schema_account, 200, "open a closed account again", NULL},

	/* Keys, users, sessions. */
	{HTTP_GET, "/v1/keys", "keys.list", API_FULL, ROUTE_LIST, key_get_list, &schema_page, NULL, &schema_key, 200, "list keys", NULL},
	{HTTP_POST, "/v1/keys", "keys.create", API_FULL, ROUTE_IDEMPOTENT | ROUTE_SECRET, key_create, NULL, &schema_key_new, &schema_key_made, 201, "make a key", "The secret is shown in this answer alone; only its hash is kept."},
	{HTTP_GET, "/v1/keys/{key}", "keys.get", API_FULL, 0, key_get, NULL, NULL, &schema_key, 200, "look at a key", NULL},
	{HTTP_DELETE, "/v1/keys/{key}", "keys.revoke", API_FULL, 0, key_revoke, NULL, NULL, NULL, 204, "revoke a key", NULL},
	{HTTP_GET, "/v1/users", "users.list", API_FULL, ROUTE_LIST, user_get_list, &schema_page, NULL, &schema_user, 200, "list users", NULL},
	{HTTP_POST, "/v1/users", "users.create", API_FULL, ROUTE_IDEMPOTENT, user_create, NULL, &schema_user_new, &schema_user, 201, "make a user", NULL},
	{HTTP_GET, "/v1/users/{user}", "users.get", API_FULL, 0, user_get, NULL, NULL, &schema_user, 200, "look at a user", NULL},
	{HTTP_PATCH, "/v1/users/{user}", "users.change", API_FULL, 0, user_change, NULL, &schema_user_change, &schema_user, 200, "change a user's role or password", NULL},
	{HTTP_DELETE, "/v1/users/{user}", "users.remove", API_FULL, 0, user_delete, NULL, NULL, NULL, 204, "remove a user and the user's sessions", NULL},
	{HTTP_POST, "/v1/sessions", "sessions.create", API_NOBODY, ROUTE_PUBLIC, session_create, NULL, &schema_login, &schema_session, 201, "sign in", "The session's secret is sent as a key is. Ten attempts a minute for an address. Of a user who is known each one is in the audit log: sessions.create, or sessions.refuse."},
	{HTTP_DELETE, "/v1/sessions/current", "sessions.end", API_READ, 0, session_delete, NULL, NULL, NULL, 204, "sign out", NULL},

	/* Domains. */
	{HTTP_GET, "/v1/domains", "domains.list", API_READ, ROUTE_BOUND | ROUTE_LIST, domain_get_list, &schema_domain_query, NULL, &schema_domain_short, 200, "list domains", NULL},
	{HTTP_POST, "/v1/domains", "domains.create", API_DOMAINS, ROUTE_IDEMPOTENT, domain_create, NULL, &schema_domain_new, &schema_domain, 201, "add a domain", "Makes its keys and records, which never change afterwards, and looks for them from now on. {domain} in all addresses below is its id or its name."},
	{HTTP_GET, "/v1/domains/{domain}", "domains.get", API_READ, 0, domain_get, NULL, NULL, &schema_domain, 200, "look at a domain", "The verdict of the last check: what was found for each record, what is wrong and how to repair it, with the DNS answers that prove it."},
	{HTTP_PATCH, "/v1/domains/{domain}", "domains.change", API_DOMAINS, 0, domain_change, NULL, &schema_domain_change, &schema_domain, 200, "change a domain's options", NULL},
	{HTTP_DELETE, "/v1/domains/{domain}", "domains.delete", API_DOMAINS, 0, domain_remove, NULL, NULL, NULL, 204, "delete a domain", "Nothing is sent from it any more. Its statistics stay, under its name with \"(deleted)\"."},
	{HTTP_POST, "/v1/domains/{domain}/verify", "domains.verify", API_DOMAINS, ROUTE_EMPTY, domain_verify, &schema_verify_query, NULL, &schema_domain, 202, "look at the DNS now", "Answers 202 at once, or with ?wait=10s 200 and the verdict as soon as it is there. Once a minute for each domain."},
	{HTTP_POST, "/v1/domains/{domain}/retry", "domains.retry", API_DOMAINS, ROUTE_EMPTY, domain_retry, &schema_verify_query, NULL, &schema_domain, 202, "start the time for verification again", NULL},
	{HTTP_GET, "/v1/domains/{domain}/records", "domains.records", API_READ, 0, domain_records, &schema_records_query, NULL, &schema_record_list, 200, "what is to be published", "As JSON, as zone text, or as a table in the words of a DNS provider."},
	{HTTP_POST, "/v1/domains/{domain}/instructions", "domains.instructions", API_DOMAINS, 0, domain_instructions, NULL, &schema_instructions, &schema_instructions_sent, 202, "mail the records to a colleague", NULL},
	{HTTP_GET, "/v1/domains/{domain}/can-send", "domains.can_send", API_READ, 0, domain_can_send, &schema_can_send_query, NULL, &schema_can_send, 200, "whether mail may go out, and why not", NULL},
	{HTTP_POST, "/v1/domains/{domain}/suspend", "domains.suspend", API_FULL, ROUTE_OPERATOR, domain_set_suspended, NULL, NULL, &schema_domain, 200, "stop a domain from sending", NULL},
	{HTTP_POST, "/v1/domains/{domain}/unsuspend", "domains.unsuspend", API_FULL, ROUTE_OPERATOR, domain_set_free, NULL, NULL, &schema_domain, 200, "let it send again", NULL},
	{HTTP_GET, "/v1/domains/{domain}/checks", "checks.list", API_READ, ROUTE_LIST, check_get_list, &schema_page, NULL, &schema_check_short, 200, "the history of checks, newest first", NULL},
	{HTTP_GET, "/v1/domains/{domain}/checks/{check}", "checks.get", API_READ, 0, check_get, NULL, NULL, &schema_check_full, 200, "a check with its evidence", NULL},
	{HTTP_GET, "/v1/domains/{domain}/keys", "dkim.list", API_READ, ROUTE_LIST, dkim_get_list, NULL, NULL, &schema_dkim_key, 200, "the domain's DKIM keys", NULL},
	{HTTP_POST, "/v1/domains/{domain}/dkim/rotate", "dkim.rotate", API_DOMAINS, ROUTE_IDEMPOTENT, dkim_rotate, NULL, NULL, &schema_dkim_key, 201, "make a new DKIM key beside the one in use", "Publish its record, verify the domain, then activate the key."},
	{HTTP_POST, "/v1/domains/{domain}/keys/{key}/activate", "dkim.activate", API_DOMAINS, ROUTE_EMPTY, dkim_activate, NULL, &schema_rotate, &schema_dkim_key, 200, "sign with a pending key", "The key in use until now retires; its record stays until it is safe_to_remove."},
	{HTTP_POST, "/v1/domains/{domain}/keys/{key}/finish", "dkim.finish", API_DOMAINS, ROUTE_EMPTY, dkim_finish, NULL, &schema_rotate, &schema_dkim_key, 200, "end the life of a retiring key", NULL},

	/* What happened to tracked links. */
	{HTTP_GET, "/v1/tracking-events", "tracking_events.list", API_READ, ROUTE_BOUND | ROUTE_LIST, track_event_get_list, &schema_track_event_query, NULL, &schema_track_event, 200, "list clicks, opens and unsubscriptions", "None is left out: each says whether a person or a machine seems to have done it, and why. A page of one type or verdict may have fewer rows than asked for, or none, and still a next one."},
	{HTTP_GET, "/v1/domains/{domain}/statistics", "domains.statistics", API_READ, 0, domain_statistics, &schema_statistics_query, NULL, &schema_statistics, 200, "what happened on each day", "People and machines apart; both are counted. A deleted domain keeps its statistics: ask by its id."},
	{HTTP_GET, "/v1/statistics", "statistics.list", API_READ, ROUTE_LIST, statistics_get_list, &schema_statistics_list_query, NULL, &schema_statistics_short, 200, "what happened, by domain", "Only domains to which something happened, deleted ones too."},
	{HTTP_GET, "/v1/unsubscribes", "unsubscribes.list", API_READ, ROUTE_BOUND | ROUTE_LIST, unsubscribe_get_list, &schema_unsubscribe_query, NULL, &schema_unsubscribe, 200, "list who unsubscribed", NULL},
	{HTTP_DELETE, "/v1/unsubscribes/{unsubscribe}", "unsubscribes.remove", API_DOMAINS, ROUTE_BOUND, unsubscribe_delete, NULL, NULL, NULL, 204, "take one back", "For an address whose owner asks for mail again."},

	/* Senders, tracking domains. */
	{HTTP_GET, "/v1/senders", "senders.list", API_READ, ROUTE_BOUND | ROUTE_LIST, sender_get_list, &schema_sender_query, NULL, &schema_sender, 200, "list From addresses", NULL},
	{HTTP_POST, "/v1/senders", "senders.create", API_DOMAINS, ROUTE_BOUND | ROUTE_IDEMPOTENT, sender_create, NULL, &schema_sender_new, &schema_sender, 201, "add a From address", "Its domain must be one of the account's. Where template code makes the domain, as x@{{domain}}, the status is undetermined."},
	{HTTP_GET, "/v1/senders/{sender}", "senders.get", API_READ, ROUTE_BOUND, sender_get, NULL, NULL, &schema_sender, 200, "look at a From address", NULL},
	{HTTP_PATCH, "/v1/senders/{sender}", "senders.change", API_DOMAINS, ROUTE_BOUND, sender_change, NULL, &schema_sender_change, &schema_sender, 200, "change the name beside it", NULL},
	{HTTP_DELETE, "/v1/senders/{sender}", "senders.delete", API_DOMAINS, ROUTE_BOUND, sender_remove, NULL, NULL, NULL, 204, "remove a From address", NULL},
	{HTTP_GET, "/v1/tracking-domains", "tracking.list", API_READ, ROUTE_BOUND | ROUTE_LIST, tracking_get_list, &schema_tracking_query, NULL, &schema_tracking, 200, "list hosts of tracked links", "Retired ones are in it: their old links go on."},
	{HTTP_POST, "/v1/tracking-domains", "tracking.create", API_DOMAINS, ROUTE_BOUND | ROUTE_IDEMPOTENT, tracking_create, NULL, &schema_tracking_new, &schema_tracking, 201, "add a host of tracked links", "It waits until its sending domain is verified; then its record is looked for, a certificate is obtained, and both ways of reaching it are probed."},
	{HTTP_GET, "/v1/tracking-domains/{tracking}", "tracking.get", API_READ, ROUTE_BOUND, tracking_get, NULL, NULL, &schema_tracking, 200, "look at one", "The record to publish, what is wrong with it, what the probes saw, and how new links begin."},
	{HTTP_PATCH, "/v1/tracking-domains/{tracking}", "tracking.change", API_DOMAINS, ROUTE_BOUND, tracking_change, NULL, &schema_tracking_change, &schema_tracking, 200, "change its mode, what it serves to apps, and whether HTTP will do", NULL},
	{HTTP_DELETE, "/v1/tracking-domains/{tracking}", "tracking.delete", API_DOMAINS, ROUTE_BOUND, tracking_remove, NULL, NULL, NULL, 204, "retire it", "No new links are made with it. Old ones go on for as long as its record leads here."},
	{HTTP_POST, "/v1/tracking-domains/{tracking}/verify", "tracking.verify", API_DOMAINS, ROUTE_BOUND | ROUTE_EMPTY, tracking_verify, &schema_verify_query, NULL, &schema_tracking, 202, "look at it now", "Answers 202 at once, or with ?wait=10s 200 as soon as it is known. Once a minute for each."},

	/* Their certificates. */
	{HTTP_GET, "/v1/certificates", "certificates.list", API_READ, ROUTE_LIST, certificate_get_list, &schema_certificate_query, NULL, &schema_certificate, 200, "list the certificates of tracking domains", NULL},
	{HTTP_GET, "/v1/tracking-domains/{tracking}/certificate", "certificates.get", API_READ, ROUTE_BOUND, certificate_get, NULL, NULL, &schema_certificate, 200, "how far the certificate of a tracking domain is", "One is ordered by itself as soon as the name leads here, and renewed when a third of its lifetime is left."},
	{HTTP_PUT, "/v1/tracking-domains/{tracking}/certificate", "certificates.upload", API_DOMAINS, ROUTE_BOUND, certificate_upload, NULL, &schema_certificate_upload, &schema_certificate, 200, "use a certificate of your own", "It is left alone until it is about to expire; then one is ordered, where the name leads here."},
	{HTTP_POST, "/v1/tracking-domains/{tracking}/certificate/renew", "certificates.renew", API_DOMAINS, ROUTE_BOUND | ROUTE_EMPTY, certificate_renew, NULL, NULL, &schema_certificate, 202, "order it now", "Once in ten minutes for each tracking domain."},
	{HTTP_DELETE, "/v1/tracking-domains/{tracking}/certificate", "certificates.revoke", API_DOMAINS, ROUTE_BOUND, certificate_withdraw, NULL, NULL, NULL, 204, "revoke the certificate and forget its key", "A name that leads here gets another one."},

	/* What happened. */
	{HTTP_GET, "/v1/events", "events.list", API_READ, ROUTE_BOUND | ROUTE_LIST, event_get_list, &schema_event_query, NULL, &schema_event, 200, "what happened, in order", "Whoever reads on from the last cursor misses nothing."},
	{HTTP_GET, "/v1/events/{event}", "events.get", API_READ, ROUTE_BOUND, event_get, NULL, NULL, &schema_event, 200, "look at an event", NULL},
	{HTTP_GET, "/v1/audit", "audit.list", API_FULL, ROUTE_LIST, audit_get_list, &schema_page, NULL, &schema_audit, 200, "who changed what, newest first", NULL},

	/* Reviews. */
	{HTTP_GET, "/v1/domains/{domain}/review", "reviews.own", API_READ, 0, review_get, NULL, NULL, &schema_review, 200, "how far the review of a domain is", NULL},
	{HTTP_PUT, "/v1/domains/{domain}/review/form", "reviews.form", API_DOMAINS, 0, review_form, NULL, &schema_review_form, &schema_review, 200, "fill in the form", "As often as wanted before it is submitted; its kind may be changed once."},
	{HTTP_POST, "/v1/domains/{domain}/review/submit", "reviews.submit", API_DOMAINS, 0, review_submit, NULL, NULL, &schema_review, 200, "submit the form", NULL},
	{HTTP_POST, "/v1/domains/{domain}/review/answers", "reviews.answer", API_DOMAINS, 0, review_answer, NULL, &schema_review_answers, &schema_review, 200, "answer the questions", NULL},
	{HTTP_GET, "/v1/reviews", "reviews.list", API_FULL, ROUTE_OPERATOR | ROUTE_LIST, review_get_queue, &schema_review_query, NULL, &schema_review, 200, "the operator's queue, oldest first", NULL},
	{HTTP_POST, "/v1/reviews/{review}/approve", "reviews.approve", API_FULL, ROUTE_OPERATOR, review_approve, NULL, NULL, &schema_review, 200, "let the domain send", NULL},
	{HTTP_POST, "/v1/reviews/{review}/reject", "reviews.reject", API_FULL, ROUTE_OPERATOR, review_reject, NULL, &schema_review_decision, &schema_review, 200, "refuse it, with a reason", NULL},
	{HTTP_POST, "/v1/reviews/{review}/ask", "reviews.ask", API_FULL, ROUTE_OPERATOR, review_ask, NULL, &schema_review_questions, &schema_review, 200, "ask the customer more", NULL},

	/* About the service. */
	{HTTP_GET, "/v1/profiles", "profiles.list", API_READ, ROUTE_BOUND | ROUTE_LIST, about_profiles, NULL, NULL, &schema_profile, 200, "the record layouts there are", NULL},
	{HTTP_GET, "/v1/openapi.json", "about.openapi", API_NOBODY, ROUTE_PUBLIC, about_openapi, NULL, NULL, NULL, 200, "this API as OpenAPI 3.1", NULL},
	{HTTP_POST, "/v1/test/clock", "test.clock", API_FULL, ROUTE_OPERATOR | ROUTE_CLOCK, about_clock, NULL, &schema_clock, &schema_now, 200, "move the clock on, where clock.test is set", NULL},
	{HTTP_GET, "/healthz", "about.health", API_NOBODY, ROUTE_PUBLIC, about_health, NULL, NULL, &schema_health, 200, "whether all processes are up", NULL},
	{HTTP_GET, "/metrics", "about.metrics", API_FULL, ROUTE_OPERATOR | ROUTE_NOT_JSON, about_metrics, NULL, NULL, NULL, 200, "numbers for Prometheus", "docs/metrics.md says what each is."},
	{HTTP_GET, "/llms.txt", "about.llms", API_NOBODY, ROUTE_PUBLIC | ROUTE_NOT_JSON, about_llms, NULL, NULL, NULL, 200, "what a program should read first", NULL},
	{HTTP_GET, "/docs/{name}", "about.document", API_NOBODY, ROUTE_PUBLIC | ROUTE_NOT_JSON, about_document, NULL, NULL, NULL, 200, "a document as Markdown", NULL},
};
/* clang-format on */

const struct route *route_at(size_t i)
{
	return i < LEN(routes) ? &routes[i] : NULL;
}
