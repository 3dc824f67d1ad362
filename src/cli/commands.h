/*
 * The commands: each file cmd_NAME.c defines one row, commands.c lists them in the order
 * of --help.
 */
#pragma once

#include "cli/command.h"

/* Ends with NULL. */
extern const struct command *const commands[];

extern const struct command cmd_auth;
extern const struct command cmd_check;
extern const struct command cmd_dkim_keygen, cmd_dkim_sign, cmd_dkim_verify;
extern const struct command cmd_dmarc;
extern const struct command cmd_spf;
extern const struct command cmd_html_links, cmd_html_rewrite, cmd_html_tokens;
extern const struct command cmd_mail_links, cmd_mail_rewrite;
extern const struct command cmd_manual;
extern const struct command cmd_profile_list, cmd_profile_show, cmd_profile_render;
extern const struct command cmd_provider_list, cmd_provider_show;
