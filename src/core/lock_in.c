/* What the core may open once it is locked in: its database, what names are looked up
 * with, and the files that its options name. */
#include "core/parts.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "sandbox/sandbox.h"

enum { PATHS_MAX = 32 };

struct paths {
	struct sandbox_path v[PATHS_MAX];
	size_t n;
};

static void add(struct paths *paths, enum sandbox_access access, const char *path)
{
	need(paths->n < PATHS_MAX);
	paths->v[paths->n++] = (struct sandbox_path){access, path};
}

static bool is_within(const char *path, const char *folder)
{
	size_t n = strcmp(folder, "/") == 0 ? 0 : strlen(folder);

	return strncmp(path, folder, n) == 0 && (path[n] == '/' || path[n] == 0);
}

/* Whether the folder has data_dir in it, where the keys are, or is in there itself. */
static bool touches_data(const struct config *c, struct arena *a, const char *folder)
{
	char data[PATH_MAX], real[PATH_MAX];

	if (!realpath(arena_cstr(a, c->data_dir), data) || !realpath(folder, real))
		return true;
	return is_within(data, real) || is_within(real, data);
}

/* The folder of a file, since a new version comes as a new file under its name; the file
 * alone where its folder would be everything, or would open the keys. */
static void add_folder_of(struct core *core, struct paths *paths, struct str file)
{
	struct arena *a = &core->a;
	const char *path = arena_cstr(a, file);
	const char *slash = strrchr(path, '/');
	const char *folder = ".";

	if (slash)
		folder = arena_cstr(a, str_slice(file, 0, (size_t)(slash - path)));
	if (slash != path && !touches_data(&core->config, a, folder))
		path = folder;
	add(paths, SANDBOX_READ, path);
}

/* The same, and for a symbolic link the folder that it leads to. */
static void add_option(struct core *core, struct paths *paths, struct str file)
{
	char real[PATH_MAX];

	if (file.n == 0)
		return;
	add_folder_of(core, paths, file);
	if (realpath(arena_cstr(&core->a, file), real))
		add_folder_of(core, paths, arena_dup(&core->a, str_c(real)));
}

static void add_store(struct core *core, struct paths *paths)
{
	static const char *const suffixes[] = {"", "-wal", "-shm"};
	struct arena *a = &core->a;
	struct str path = config_store_path(a, &core->config);

	for (size_t i = 0; i < LEN(suffixes); i++) {
		const char *file =
		        arena_printf(a, "%.*s%s", STR_ARG(path), suffixes[i]).p;

		/* Where it was made by root it is for who core becomes. */
		if (core->run.uid != SANDBOX_KEEP_USER &&
		    chown(file, (uid_t)core->run.uid, (gid_t)core->run.gid) != 0)
			log_warning("store.not_given", LOG_CSTR("file", file));
		add(paths, SANDBOX_FILE, file);
	}
}

bool core_lock_in(struct core *core, struct err *err)
{
	static const char *const names[] = {
	        "/etc/resolv.conf",      "/etc/hosts",
	        "/etc/nsswitch.conf",    "/etc/host.conf",
	        "/etc/gai.conf",         "/etc/services",
	        "/etc/ssl/openssl.cnf",  "/usr/share/dns",
	        "/etc/unbound/root.key", "/var/lib/unbound/root.key",
	};
	const struct config *c = &core->config;
	struct paths paths = {0};
	struct sandbox_state s;

	add_store(core, &paths);
	add(&paths, SANDBOX_TREE,
	    arena_printf(&core->a, "%.*s/acme/challenges", STR_ARG(c->data_dir)).p);
	for (size_t i = 0; i < LEN(names); i++)
		add(&paths, SANDBOX_READ, names[i]);
	add(&paths, SANDBOX_READ,
	    arena_printf(&core->a, "%.*s/journal", STR_ARG(c->data_dir)).p);
	add_option(core, &paths, c->dns_root_hints);
	add_option(core, &paths, c->dns_trust_anchor);
	add_option(core, &paths, c->api_tls_certificate);
	add_option(core, &paths, c->api_tls_key);
	add_option(core, &paths, c->compliance_questionnaire);
	if (str_find_char(c->instance_profile, '/') >= 0)
		add_option(core, &paths, c->instance_profile);
	if (!sandbox_enter(ROLE_CORE, paths.v, paths.n, core->run.uid, core->run.gid,
	                   &s, err))
		return false;
	log_info("role.locked_in", LOG_NUM("landlock", s.landlock),
	         LOG_NUM("uid", s.uid));
	return true;
}
