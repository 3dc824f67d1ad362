#include "cli/commands.h"

const struct command *const commands[] = {
        /* clang-format off */
        &cmd_check,
        &cmd_profile_list,
        &cmd_profile_show,
        &cmd_profile_render,
        &cmd_provider_list,
        &cmd_provider_show,
        &cmd_spf,
        &cmd_dkim_keygen,
        &cmd_dkim_sign,
        &cmd_dkim_verify,
        &cmd_dmarc,
        &cmd_auth,
        &cmd_html_links,
        &cmd_html_rewrite,
        &cmd_html_tokens,
        &cmd_mail_links,
        &cmd_mail_rewrite,
        &cmd_manual,
        NULL,
        /* clang-format on */
};
