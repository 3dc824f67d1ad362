#include "doctor/machine.h"

#include "base/file.h"
#include "base/ip_socket.h"

#include <dirent.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { PROC_TEXT_MAX = 16 << 20 };

/* Binds as the server would and lets go again; 0 or the errno. */
static int try_to_bind(struct ip ip, uint16_t port)
{
	struct sockaddr_storage address;
	socklen_t length = ip_socket_address(ip, port, &address);
	AUTO_FD int fd = socket(address.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int on = 1;

	if (fd < 0)
		return errno;
	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (address.ss_family == AF_INET6)
		(void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
	if (bind(fd, (struct sockaddr *)&address, length) != 0)
		return errno;
	return listen(fd, 1) == 0 ? 0 : errno;
}

/* The address as /proc/net/tcp writes it: each word of four bytes in the order of the
 * machine, in hexadecimal, then the port. */
static struct str proc_address(struct arena *a, struct ip ip, uint16_t port)
{
	struct str text = STR_NONE;

	for (size_t i = 0; i < ip.length; i += 4) {
		uint32_t word;

		memcpy(&word, ip.bytes + i, sizeof(word));
		text = arena_printf(a, "%.*s%08X", STR_ARG(text), word);
	}
	return arena_printf(a, "%.*s:%04X", STR_ARG(text), port);
}

/* The inode of the socket that listens there, as /proc has it; empty where none does. */
static struct str find_inode(struct arena *a, struct ip ip, uint16_t port)
{
	struct str wanted = proc_address(a, ip, port);
	struct ip any = {.length = ip.length};
	struct str wildcard = proc_address(a, any, port);
	struct str text, line;
	struct err err;

	if (!file_read(a, ip.length == 4 ? "/proc/net/tcp" : "/proc/net/tcp6",
	               PROC_TEXT_MAX, &text, &err))
		return STR_NONE;
	while (str_cut(&text, '\n', &line)) {
		struct str word[10] = {{0}};
		size_t n = 0;

		while (n < LEN(word) && str_cut_word(&line, &word[n]))
			n++;
		/* Local address, state (0A: listening) and inode. */
		if (n == LEN(word) && str_eq(word[3], STR("0A")) &&
		    (str_eq(word[1], wanted) || str_eq(word[1], wildcard)))
			return word[9];
	}
	return STR_NONE;
}

/* Whether one of the process's descriptors is that link text. */
static bool holds(struct arena *a, const char *pid, struct str link)
{
	DIR *dir = opendir(arena_printf(a, "/proc/%s/fd", pid).p);
	const struct dirent *entry;
	bool found = false;

	while (dir && !found && (entry = readdir(dir))) {
		char target[64];
		ssize_t n =
		        readlinkat(dirfd(dir), entry->d_name, target, sizeof(target));

		found = n > 0 && str_eq((struct str){target, (size_t)n}, link);
	}
	if (dir)
		closedir(dir);
	return found;
}

/* The name of the process that has the socket; empty where that cannot be seen. */
static struct str find_holder(struct arena *a, struct str inode)
{
	struct str link = arena_printf(a, "socket:[%.*s]", STR_ARG(inode));
	DIR *dir = opendir("/proc");
	const struct dirent *entry;
	struct str name = STR_NONE;
	struct err err;

	while (dir && inode.n && !name.n && (entry = readdir(dir))) {
		const char *pid = entry->d_name;

		if (char_is_digit(pid[0]) && holds(a, pid, link) &&
		    file_read(a, arena_printf(a, "/proc/%s/comm", pid).p, 64, &name,
		              &err))
			name = str_trim(name);
	}
	if (dir)
		closedir(dir);
	return name;
}

static void say_in_use(struct doctor *d, const char *option, struct str address,
                       struct str holder)
{
	if (str_starts(holder, STR("signet")))
		return; /* It is ours, and runs. */
	if (holder.n)
		doctor_say(d, DOCTOR_ERROR,
		           arena_printf(d->a, "Stop %.*s, or change %s.",
		                        STR_ARG(holder), option)
		                   .p,
		           "%.*s (%s) is in use by %.*s.", STR_ARG(address), option,
		           STR_ARG(holder));
	else
		doctor_say(d, DOCTOR_UNDETERMINED, "Ask again as root.",
		           "%.*s (%s) is in use, by whom this user may not see.",
		           STR_ARG(address), option);
}

static void check_port(struct doctor *d, const char *option, struct str address)
{
	struct ip ip;
	uint16_t port;
	int why;

	need(ip_port_parse(address, 0, &ip, &port));
	why = try_to_bind(ip, port);
	if (why == EADDRINUSE)
		say_in_use(d, option, address,
		           find_holder(d->a, find_inode(d->a, ip, port)));
	else if (why == EACCES)
		doctor_say(d, DOCTOR_WARNING,
		           "Start the server as root or with CAP_NET_BIND_SERVICE, as "
		           "signet.service does.",
		           "This user may not listen on %.*s (%s).", STR_ARG(address),
		           option);
	else if (why == EADDRNOTAVAIL)
		doctor_say(d, DOCTOR_ERROR,
		           arena_printf(d->a,
		                        "Give the machine that address, or change "
		                        "%s.",
		                        option)
		                   .p,
		           "%.*s (%s) is no address of this machine.", STR_ARG(address),
		           option);
	else if (why)
		doctor_say(d, DOCTOR_ERROR, arena_printf(d->a, "Change %s.", option).p,
		           "%.*s (%s) cannot be listened on: %s.", STR_ARG(address),
		           option, strerror(why));
}

void doctor_check_ports(struct doctor *d)
{
	static const enum config_id ids[] = {
	        CONFIG_ID_api_listen, CONFIG_ID_edge_listen, CONFIG_ID_gate_listen};

	for (size_t i = 0; i < LEN(ids); i++) {
		const struct config_row *row = &config_rows[ids[i]];
		const struct str_list *list =
		        (const void *)((const char *)d->config + row->offset);

		for (size_t k = 0; k < list->n; k++)
			check_port(d, row->name, list->v[k]);
	}
	doctor_fine(d,
	            "The listening addresses are free, or a running Signet has them.");
}
