/* The handlers of the table of routes, and the schemas of what they take and give; each
 * noun has a file. Private to src/api. */
#pragma once

#include "api/call.h"

extern const struct schema schema_page; /* limit and cursor */
/* domains.c: of what was seen in DNS */
extern const struct schema schema_diagnosis, schema_found, schema_evidence;

/* accounts.c */
extern const struct schema schema_account, schema_account_new, schema_account_change,
        schema_account_self;
enum api_result account_create(struct api_call *call);
enum api_result account_get_list(struct api_call *call);
enum api_result account_get(struct api_call *call);
enum api_result account_get_own(struct api_call *call);
enum api_result account_change(struct api_call *call);
enum api_result account_change_own(struct api_call *call);
enum api_result account_remove(struct api_call *call);
enum api_result account_reopen(struct api_call *call);

/* keys.c */
extern const struct schema schema_key, schema_key_new, schema_key_made;
enum api_result key_create(struct api_call *call);
enum api_result key_get_list(struct api_call *call);
enum api_result key_get(struct api_call *call);
enum api_result key_revoke(struct api_call *call);

/* users.c */
extern const struct schema schema_user, schema_user_new, schema_user_change,
        schema_login, schema_session;
enum api_result user_create(struct api_call *call);
enum api_result user_get_list(struct api_call *call);
enum api_result user_get(struct api_call *call);
enum api_result user_change(struct api_call *call);
enum api_result user_delete(struct api_call *call);
enum api_result session_create(struct api_call *call);
enum api_result session_delete(struct api_call *call);

/* domains.c, domain_new.c, domain_verify.c, domain_records.c */
extern const struct schema schema_domain, schema_domain_short, schema_domain_new,
        schema_domain_change, schema_domain_query, schema_records_query,
        schema_record_list, schema_instructions, schema_instructions_sent,
        schema_verify_query, schema_can_send, schema_can_send_query;
enum api_result domain_create(struct api_call *call);
enum api_result domain_get_list(struct api_call *call);
enum api_result domain_get(struct api_call *call);
enum api_result domain_change(struct api_call *call);
enum api_result domain_remove(struct api_call *call);
enum api_result domain_verify(struct api_call *call);
enum api_result domain_retry(struct api_call *call);
enum api_result domain_records(struct api_call *call);
enum api_result domain_instructions(struct api_call *call);
enum api_result domain_can_send(struct api_call *call);
enum api_result domain_set_suspended(struct api_call *call);
enum api_result domain_set_free(struct api_call *call);

/* checks.c */
extern const struct schema schema_check_short, schema_check_full;
enum api_result check_get_list(struct api_call *call);
enum api_result check_get(struct api_call *call);

/* dkim.c */
extern const struct schema schema_dkim_key, schema_rotate;
enum api_result dkim_get_list(struct api_call *call);
enum api_result dkim_rotate(struct api_call *call);
enum api_result dkim_activate(struct api_call *call);
enum api_result dkim_finish(struct api_call *call);

/* senders.c */
extern const struct schema schema_sender, schema_sender_new, schema_sender_change,
        schema_sender_query;
enum api_result sender_create(struct api_call *call);
enum api_result sender_get_list(struct api_call *call);
enum api_result sender_get(struct api_call *call);
enum api_result sender_change(struct api_call *call);
enum api_result sender_remove(struct api_call *call);

/* events.c */
extern const struct schema schema_event, schema_event_query, schema_audit;
enum api_result event_get_list(struct api_call *call);
enum api_result event_get(struct api_call *call);
enum api_result audit_get_list(struct api_call *call);

/* tracked.c, statistics.c */
extern const struct schema schema_track_event, schema_track_event_query,
        schema_unsubscribe, schema_unsubscribe_query, schema_statistics,
        schema_statistics_query, schema_statistics_short, schema_statistics_list_query;
enum api_result track_event_get_list(struct api_call *call);
enum api_result unsubscribe_get_list(struct api_call *call);
enum api_result unsubscribe_delete(struct api_call *call);
enum api_result domain_statistics(struct api_call *call);
enum api_result statistics_get_list(struct api_call *call);

/* tracking.c, tracking_new.c */
extern const struct schema schema_tracking, schema_tracking_new, schema_tracking_change,
        schema_tracking_query;
enum api_result tracking_create(struct api_call *call);
enum api_result tracking_get_list(struct api_call *call);
enum api_result tracking_get(struct api_call *call);
enum api_result tracking_change(struct api_call *call);
enum api_result tracking_remove(struct api_call *call);
enum api_result tracking_verify(struct api_call *call);

/* certificates.c */
extern const struct schema schema_certificate, schema_certificate_query,
        schema_certificate_upload;
enum api_result certificate_get_list(struct api_call *call);
enum api_result certificate_get(struct api_call *call);
enum api_result certificate_upload(struct api_call *call);
enum api_result certificate_renew(struct api_call *call);
enum api_result certificate_withdraw(struct api_call *call);

/* reviews.c */
extern const struct schema schema_review, schema_review_form, schema_review_answers,
        schema_review_decision, schema_review_questions, schema_review_query;
enum api_result review_get(struct api_call *call);
enum api_result review_form(struct api_call *call);
enum api_result review_submit(struct api_call *call);
enum api_result review_answer(struct api_call *call);
enum api_result review_get_queue(struct api_call *call);
enum api_result review_approve(struct api_call *call);
enum api_result review_reject(struct api_call *call);
enum api_result review_ask(struct api_call *call);

/* about.c */
extern const struct schema schema_clock, schema_now, schema_health, schema_profile;
enum api_result about_health(struct api_call *call);
enum api_result about_metrics(struct api_call *call);
enum api_result about_openapi(struct api_call *call);
enum api_result about_llms(struct api_call *call);
enum api_result about_document(struct api_call *call);
enum api_result about_clock(struct api_call *call);
enum api_result about_profiles(struct api_call *call);
