/*
 * The commands: each file cmd_NAME.c defines one row, commands.c lists them in the order
 * of --help.
 */
#pragma once

#include "cli/command.h"

/* Ends with NULL. */
extern const struct command *const commands[];
/* Those that --help and the manual page leave out. */
extern const struct command *const hidden_commands[];

extern const struct command cmd_auth;
extern const struct command cmd_check;
extern const struct command cmd_account_add, cmd_account_list, cmd_account_show;
extern const struct command cmd_certificate_list, cmd_certificate_show;
extern const struct command cmd_certificate_upload, cmd_certificate_renew;
extern const struct command cmd_certificate_rm;
extern const struct command cmd_config_check, cmd_config_show, cmd_config_doc;
extern const struct command cmd_dkim_keygen, cmd_dkim_sign, cmd_dkim_verify;
extern const struct command cmd_dmarc;
extern const struct command cmd_doctor;
extern const struct command cmd_domain_add, cmd_domain_list, cmd_domain_show;
extern const struct command cmd_domain_records, cmd_domain_instructions, cmd_domain_rm;
extern const struct command cmd_domain_verify, cmd_domain_watch, cmd_domain_retry;
extern const struct command cmd_domain_rotate;
extern const struct command cmd_edge;
extern const struct command cmd_event_list;
extern const struct command cmd_key_add, cmd_key_list, cmd_key_rm;
extern const struct command cmd_review_list, cmd_review_approve, cmd_review_reject;
extern const struct command cmd_review_ask;
extern const struct command cmd_tracking_add, cmd_tracking_list, cmd_tracking_show;
extern const struct command cmd_tracking_verify, cmd_tracking_rm;
extern const struct command cmd_sender_add, cmd_sender_list, cmd_sender_rm;
extern const struct command cmd_role;
extern const struct command cmd_serve;
extern const struct command cmd_spf;
extern const struct command cmd_html_links, cmd_html_rewrite, cmd_html_tokens;
extern const struct command cmd_mail_links, cmd_mail_rewrite;
extern const struct command cmd_manual;
extern const struct command cmd_store_backup;
extern const struct command cmd_user_add, cmd_user_list, cmd_user_rm;
extern const struct command cmd_token_add, cmd_token_rm;
extern const struct command cmd_journal_cat, cmd_journal_check;
extern const struct command cmd_statistics, cmd_tracking_events;
extern const struct command cmd_unsubscribe_list, cmd_unsubscribe_rm;
extern const struct command cmd_token_seal, cmd_token_open, cmd_token_rotate;
extern const struct command cmd_profile_list, cmd_profile_show, cmd_profile_render;
extern const struct command cmd_provider_list, cmd_provider_show;
