/* `signet role NAME`: what `signet serve` starts; not a command for people. */
#include "cli/commands.h"

#include "acme/acme.h"
#include "core/core.h"
#include "edge/edge.h"
#include "gate/gate.h"
#include "ipc/message.h"
#include "keys/keys.h"

#include <sys/socket.h>
#include <unistd.h>

static const struct {
	enum role role;
	int (*main)(int control_fd);
} roles[] = {
        {ROLE_CORE, core_main},
        {ROLE_KEYS, keys_main},
        {ROLE_EDGE, edge_main},
        {ROLE_GATE, gate_main},
        {ROLE_ACME, acme_main},
};

static bool is_control(int fd)
{
	int kind;
	socklen_t n = sizeof(kind);

	return getsockopt(fd, SOL_SOCKET, SO_TYPE, &kind, &n) == 0 &&
	       kind == SOCK_SEQPACKET;
}

static bool run(struct cli *cli, struct err *err)
{
	struct str name = cli->arguments.v[0];
	enum role role;

	if (!is_control(IPC_CONTROL_FD))
		return err_set(err, ERR_USAGE, "only `signet serve` starts this");
	for (size_t i = 0; role_parse(name, &role) && i < LEN(roles); i++)
		/* At once: there may be threads still, and nothing is left to do. */
		if (roles[i].role == role)
			_exit(roles[i].main(IPC_CONTROL_FD));
	return err_set(err, ERR_USAGE, "no role %.*s", STR_ARG(name));
}

const struct command cmd_role = {
        .name = "role",
        .arguments = "NAME",
        .summary = "run one role of the server",
        .description = "",
        .options_size = sizeof(struct cli_common),
        .arguments_min = 1,
        .arguments_max = 1,
        .run = run,
};
