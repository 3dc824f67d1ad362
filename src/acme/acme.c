#include "acme/acme.h"

#include "acme/failure.h"
#include "base/file.h"
#include "base/log.h"
#include "config/config.h"
#include "ipc/role.h"
#include "sandbox/sandbox.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <event2/event.h>

struct acme {
	struct role_run run;
	struct config config;
	struct event_base *base;
	struct channel *core; /* NULL: none now */
};

static void refuse(struct channel *core, uint32_t id)
{
	AUTO(buf) body = {.max = IPC_BODY_MAX};

	ipc_put_u64(&body, ACME_SETUP);
	ipc_put_u64(&body, 0);
	ipc_put_str(&body, STR("no order can be made yet"));
	(void)!channel_send(core, IPC_ACME_FAILED, id, buf_str(&body), -1);
}

static void on_message(void *arg, struct channel_message *m)
{
	struct acme *acme = arg;

	refuse(acme->core, m->id);
}

static void on_closed(void *arg, const char *why)
{
	struct acme *acme = arg;

	(void)why;
	channel_free(acme->core);
	acme->core = NULL;
}

static void connect_core(struct acme *acme, int fd)
{
	channel_free(acme->core);
	acme->core = channel_new(fd, ROLE_ACME, ROLE_CORE);
	channel_attach(acme->core, acme->base,
	               &(struct channel_handlers){on_message, on_closed, acme});
}

static void on_peer(void *arg, enum role peer, unsigned instance, int fd)
{
	struct acme *acme = arg;

	(void)instance;
	if (peer == ROLE_CORE)
		connect_core(acme, fd);
	else
		file_close(&fd);
}

static void on_drain(void *arg)
{
	struct acme *acme = arg;

	event_base_loopbreak(acme->base);
}

/* What uacme needs: itself, its loader and libraries, names, trusted authorities; and
 * this program, which is its hook. */
static bool lock_in(struct acme *acme, struct err *err)
{
	struct arena *a = &acme->run.a;
	const struct sandbox_path paths[] = {
	        {SANDBOX_EXECUTE, arena_cstr(a, acme->config.acme_uacme)},
	        {SANDBOX_EXECUTE,               "/proc/self/exe"            },
	        {SANDBOX_EXECUTE,               "/lib64"},
	        {SANDBOX_EXECUTE,               "/lib"            },
	        {SANDBOX_EXECUTE,               "/usr/lib"},
	        {SANDBOX_READ,               "/etc/ld.so.cache"               },
	        {SANDBOX_READ,               "/etc/ssl"},
	        {SANDBOX_READ,               "/etc/gnutls"               },
	        {SANDBOX_READ,               "/usr/share/ca-certificates"},
	        {SANDBOX_READ,               "/etc/resolv.conf"               },
	        {SANDBOX_READ,               "/etc/hosts"},
	        {SANDBOX_READ,               "/etc/host.conf"               },
	        {SANDBOX_READ,               "/etc/nsswitch.conf"},
	        {SANDBOX_READ,               "/etc/gai.conf"               },
	        {SANDBOX_READ,               "/etc/services"},
	        {SANDBOX_READ,               "/dev/null"               },
	        {SANDBOX_TREE,               "."},
	};
	struct sandbox_state s;

	if (!sandbox_enter(ROLE_ACME, paths, LEN(paths), acme->run.uid, acme->run.gid,
	                   &s, err))
		return false;
	log_info("role.locked_in", LOG_NUM("landlock", s.landlock),
	         LOG_NUM("uid", s.uid));
	return true;
}

static bool start(struct acme *acme, struct err *err)
{
	struct arena *a = &acme->run.a;
	const char *folder;

	if (!config_parse_slice(a, acme->run.config, &acme->config, err))
		return false;
	/* By a relative path it is reached even by a user who may not pass data_dir. */
	folder = arena_printf(a, "%.*s/acme", STR_ARG(acme->config.data_dir)).p;
	if (chdir(folder) != 0)
		return err_set(err, ERR_UNAVAILABLE, "%s: %s", folder, strerror(errno));
	acme->base = event_base_new();
	need(acme->base != NULL);
	return lock_in(acme, err);
}

int acme_main(int control_fd)
{
	static struct acme acme;
	const struct role_handlers handlers = {
	        .peer = on_peer, .drain = on_drain, .arg = &acme};
	struct err err = {0};
	int fd;

	if (!role_start(control_fd, ROLE_ACME, &acme.run, &err) || !start(&acme, &err))
		return role_fail(&acme.run, &err);
	fd = role_take_peer(&acme.run, ROLE_CORE, 0);
	if (fd >= 0)
		connect_core(&acme, fd);
	role_attach(&acme.run, acme.base, &handlers);
	event_base_dispatch(acme.base);
	return role_end(&acme.run);
}
