#include "acme/acme.h"

#include "acme/hook.h"
#include "acme/orders.h"
#include "acme/work.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "config/config.h"
#include "ipc/role.h"
#include "sandbox/sandbox.h"

#include <elf.h>
#include <errno.h>
#include <limits.h>
#include <link.h>
#include <stdio.h>
#include <string.h>
#include <sys/auxv.h>
#include <unistd.h>

#include <event2/event.h>

enum { EAB_KEY_MAX = 1024 };

#define LEFT_OVER_MS ((int64_t)30 * 24 * 60 * 60 * 1000)

struct acme {
	struct role_run run;
	struct config config;
	struct str eab_key;
	struct event_base *base;
	struct orders *orders;
	struct channel *core; /* NULL: none now */
};

/* ---- core ---- */

static void answer(void *arg, uint32_t id, const struct orders_result *r)
{
	struct acme *acme = arg;
	AUTO(buf) body = {.max = IPC_BODY_MAX};
	enum ipc_type type = IPC_ACME_REVOKED;

	if (!acme->core)
		return;
	if (r->failure != ACME_NONE) {
		type = IPC_ACME_FAILED;
		ipc_put_u64(&body, r->failure);
		ipc_put_u64(&body, (uint64_t)r->retry_at);
		ipc_put_str(&body, r->text);
	} else if (r->chain.n) {
		type = IPC_ACME_ISSUED;
		ipc_put_str(&body, r->chain);
	}
	need(!body.overflowed);
	if (!channel_send(acme->core, type, id, buf_str(&body), -1))
		log_error("acme.unsent", LOG_NUM("id", id));
}

static void on_message(void *arg, struct channel_message *m)
{
	struct acme *acme = arg;
	struct ipc_reader r = {m->body, false};
	struct str first = ipc_get_str(&r);
	struct str second = ipc_get_str(&r);

	if (m->type == IPC_ACME_ORDER)
		orders_take(acme->orders, m->id, first, second);
	else if (m->type == IPC_ACME_REVOKE)
		orders_revoke(acme->orders, m->id, first, second);
}

static void on_closed(void *arg, const char *why)
{
	struct acme *acme = arg;

	(void)why;
	channel_free(acme->core);
	acme->core = NULL;
	orders_detach(acme->orders);
}

static void connect_core(struct acme *acme, int fd)
{
	channel_free(acme->core);
	orders_detach(acme->orders);
	acme->core = channel_new(fd, ROLE_ACME, ROLE_CORE);
	channel_attach(acme->core, acme->base,
	               &(struct channel_handlers){on_message, on_closed, acme});
}

/* ---- the parent ---- */

static void on_peer(void *arg, enum role peer, unsigned instance, int fd)
{
	struct acme *acme = arg;

	(void)instance;
	if (peer == ROLE_CORE)
		connect_core(acme, fd);
	else
		file_close(&fd);
}

static struct orders_options options_of(const struct acme *acme)
{
	const struct config *c = &acme->config;

	return (struct orders_options){.uacme = c->acme_uacme,
	                               .directory = c->acme_directory,
	                               .contact = c->acme_contact,
	                               .eab_id = c->acme_eab_id,
	                               .eab_key = acme->eab_key};
}

static void on_reload(void *arg, struct str text)
{
	struct acme *acme = arg;
	struct orders_options options;
	struct config fresh;
	struct err err;

	if (!config_parse_slice(&acme->run.a, text, &fresh, &err)) {
		log_error("role.reload_failed", LOG_CSTR("reason", err.text));
		return;
	}
	acme->config = fresh;
	options = options_of(acme);
	orders_configure(acme->orders, &options);
	log_info("role.reloaded");
}

/* Nothing stays behind an orderly end; core gives the orders again to the next process. */
static void on_drain(void *arg)
{
	struct acme *acme = arg;

	orders_stop(acme->orders);
	event_base_loopbreak(acme->base);
}

/* ---- the start ---- */

/* The loader of this program, which the kernel starts first: that of uacme, too. */
static const char *find_loader(void)
{
	const ElfW(Phdr) *v = (const void *)getauxval(AT_PHDR);
	size_t n = getauxval(AT_PHNUM);
	const char *base = NULL;

	for (size_t i = 0; v && i < n; i++)
		if (v[i].p_type == PT_PHDR)
			base = (const char *)v - v[i].p_vaddr;
	for (size_t i = 0; base && i < n; i++)
		if (v[i].p_type == PT_INTERP)
			return base + v[i].p_vaddr;
	return "/lib64/ld-linux-x86-64.so.2";
}

/* What may be executed: uacme and this program, which is its hook, both through the
 * loader. What uacme needs: libraries, names, the authorities that are trusted. */
static bool lock_in(struct acme *acme, const char *self, struct err *err)
{
	struct arena *a = &acme->run.a;
	const struct sandbox_path paths[] = {
	        {SANDBOX_EXECUTE, arena_cstr(a, acme->config.acme_uacme)},
	        {SANDBOX_EXECUTE,               self            },
	        {SANDBOX_EXECUTE,               find_loader()},
	        {SANDBOX_READ,               "/lib64"               },
	        {SANDBOX_READ,               "/lib"},
	        {SANDBOX_READ,               "/usr/lib"               },
	        {SANDBOX_READ,               "/etc/ld.so.cache"},
	        {SANDBOX_READ,               "/etc/ssl"               },
	        {SANDBOX_READ,               "/etc/gnutls"},
	        {SANDBOX_READ,               "/usr/share/ca-certificates"               },
	        {SANDBOX_READ,               "/etc/resolv.conf"},
	        {SANDBOX_READ,               "/etc/hosts"               },
	        {SANDBOX_READ,               "/etc/host.conf"},
	        {SANDBOX_READ,               "/etc/nsswitch.conf"               },
	        {SANDBOX_READ,               "/etc/gai.conf"},
	        {SANDBOX_READ,               "/etc/services"               },
	        {SANDBOX_READ,               "/dev/null"},
	        {SANDBOX_TREE,               "."               },
	};
	struct sandbox_state s;

	if (!sandbox_enter(ROLE_ACME, paths, LEN(paths), acme->run.uid, acme->run.gid,
	                   &s, err))
		return false;
	log_info("role.locked_in", LOG_NUM("landlock", s.landlock),
	         LOG_NUM("uid", s.uid));
	return true;
}

/* The name under which uacme calls this program (hook.h). One that was started by the
 * process before may call it right now. */
static bool link_hook(const char *self, struct err *err)
{
	static const char fresh[] = ACME_HOOK_NAME ".new";

	if ((unlink(fresh) != 0 && errno != ENOENT) || symlink(self, fresh) != 0 ||
	    rename(fresh, ACME_HOOK_NAME) != 0)
		return err_set(err, ERR_UNAVAILABLE, ACME_HOOK_NAME ": %s",
		               strerror(errno));
	return true;
}

static bool read_eab_key(struct acme *acme, struct err *err)
{
	struct arena *a = &acme->run.a;
	struct str text;

	if (acme->config.acme_eab_key.n == 0)
		return true;
	if (!file_read(a, arena_cstr(a, acme->config.acme_eab_key), EAB_KEY_MAX, &text,
	               err))
		return err_add(err, "acme.eab_key");
	acme->eab_key = str_trim(text);
	return true;
}

static bool start(struct acme *acme, struct err *err)
{
	struct arena *a = &acme->run.a;
	static char self[PATH_MAX];
	struct orders_options options;
	const char *folder;
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

	if (n <= 0)
		return err_set(err, ERR_UNAVAILABLE, "/proc/self/exe: %s",
		               strerror(errno));
	self[n] = 0;
	if (!config_parse_slice(a, acme->run.config, &acme->config, err) ||
	    !read_eab_key(acme, err))
		return false;
	/* Better than an order that fails each minute. */
	if (access(arena_cstr(a, acme->config.acme_uacme), X_OK) != 0)
		return err_set(err, ERR_UNAVAILABLE,
		               "%.*s: %s: the package uacme is needed where "
		               "acme.directory is set",
		               STR_ARG(acme->config.acme_uacme), strerror(errno));
	/* By a relative path it is reached even by a user who may not pass data_dir. */
	folder = arena_printf(a, "%.*s/acme", STR_ARG(acme->config.data_dir)).p;
	if (chdir(folder) != 0)
		return err_set(err, ERR_UNAVAILABLE, "%s: %s", folder, strerror(errno));
	acme->base = event_base_new();
	need(acme->base != NULL);
	if (!link_hook(self, err) || !lock_in(acme, self, err))
		return false;
	work_clean(clock_now() - LEFT_OVER_MS);
	options = options_of(acme);
	acme->orders = orders_new(acme->base, &options, answer, acme);
	return true;
}

int acme_main(int control_fd)
{
	static struct acme acme;
	const struct role_handlers handlers = {
	        .peer = on_peer, .reload = on_reload, .drain = on_drain, .arg = &acme};
	struct err err = {0};
	int status, fd;

	if (!role_start(control_fd, ROLE_ACME, &acme.run, &err) || !start(&acme, &err))
		return role_fail(&acme.run, &err);
	fd = role_take_peer(&acme.run, ROLE_CORE, 0);
	if (fd >= 0)
		connect_core(&acme, fd);
	role_attach(&acme.run, acme.base, &handlers);
	event_base_dispatch(acme.base);
	status = role_end(&acme.run);
	channel_free(acme.core);
	orders_free(acme.orders);
	return status;
}
