/*
 * admin.json in the data directory: {"url","key"} of the first account, which the first
 * start makes, so that the command line on the same machine can be used at once. Written
 * before the core locks itself in: afterwards it cannot.
 *
 * The file is there before the key is committed: a crash between the two leaves a key
 * that opens nothing, and the next start makes another.
 */
#include <unistd.h>

#include "base/file.h"
#include "base/json.h"
#include "base/log.h"
#include "core/parts.h"
#include "store/turn.h"

enum { ADMIN_MAX = 4096 };

static const char *admin_path(struct core *core)
{
	return arena_printf(&core->a, "%.*s/admin.json", STR_ARG(core->config.data_dir))
	        .p;
}

/* Where the API is reached from this machine: a wildcard address by loopback; with TLS by
 * the name in its certificate, where that is known. */
static struct str own_url(struct core *core)
{
	const struct config *c = &core->config;
	struct str at = c->api_listen.n ? c->api_listen.v[0] : STR_NONE;

	if (core->has_tls && c->api_public_url.n)
		return c->api_public_url;
	if (str_starts(at, STR("0.0.0.0:")))
		at = arena_join(&core->a, STR("127.0.0.1"), str_from(at, 7));
	else if (str_starts(at, STR("[::]:")))
		at = arena_join(&core->a, STR("[::1]"), str_from(at, 4));
	return arena_printf(&core->a, "http%s://%.*s", core->has_tls ? "s" : "",
	                    STR_ARG(at));
}

static bool write_admin(struct core *core, struct str key, struct err *err)
{
	AUTO_JSON json_t *admin = json_pack(
	        "{s:o, s:o}", "url", json_text(own_url(core)), "key", json_text(key));
	struct str line = arena_join(&core->a, json_line(&core->a, admin), STR("\n"));

	return file_write(admin_path(core), line, 0600, err);
}

/* The address in the file of an earlier start, where the API listens elsewhere now. A file
 * that the operator has removed or changed stays as it is. */
static void follow_address(struct core *core)
{
	AUTO_JSON json_t *admin = NULL;
	struct str text, url, key;
	struct err err;

	if (access(admin_path(core), R_OK) != 0 ||
	    !file_read(&core->a, admin_path(core), ADMIN_MAX, &text, &err) ||
	    !json_parse(text, &admin, &err) ||
	    !json_get_text(&core->a, admin, "$", "url", &url, &err) ||
	    !json_get_text(&core->a, admin, "$", "key", &key, &err) ||
	    str_eq(url, own_url(core)))
		return;
	if (!write_admin(core, key, &err))
		log_warning("admin.not_written", LOG_CSTR("reason", err.text));
}

static struct str owner_of(const struct config *c)
{
	if (c->mail_support.n)
		return c->mail_support;
	return c->mail_from.n ? c->mail_from : STR("operator@localhost");
}

/* Within the open transaction. */
static bool first_account(struct core *core, bool *made, struct err *err)
{
	struct api *api = api_new(&(struct api_setup){.store = &core->store,
	                                              .config = &core->config,
	                                              .host = core_host(core),
	                                              .version = STR(SIGNET_VERSION)});
	struct str secret;
	bool ok = api_bootstrap(api, &core->a, owner_of(&core->config), &secret, err);

	api_free(api);
	*made = ok && secret.n > 0;
	return ok && (!*made || write_admin(core, secret, err));
}

bool core_first_start(struct core *core, struct err *err)
{
	bool made;

	if (!store_turn_begin(&core->store, err) ||
	    !store_turn_savepoint(&core->store, err))
		return false;
	if (!first_account(core, &made, err)) {
		store_turn_rollback(&core->store);
		return err_add(err, "first account");
	}
	if (!store_turn_release(&core->store, err) ||
	    !store_turn_commit(&core->store, err))
		return err_add(err, "first account");
	if (made)
		log_info("admin.made", LOG_CSTR("file", admin_path(core)));
	else
		follow_address(core);
	return true;
}
