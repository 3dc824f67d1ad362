/*
 * One end of a socketpair between two roles. It sends and receives the messages of
 * message.h, each whole, some with a descriptor.
 *
 *	struct channel *c = channel_new(fd, ROLE_CORE, ROLE_KEYS);
 *	channel_attach(c, base, &(struct channel_handlers){on_message, on_closed, me});
 *	if (!channel_send(c, IPC_KEYS_STATS, 7, STR_NONE, -1)) …
 *
 * A channel is blocking until it is attached to a loop: then channel_recv() waits for
 * the next message, which is how a role reads its start-up.
 *
 * A peer that sends what the table does not allow it is cut off at once: the handler
 * `closed` is called with the reason. What the peer does not read is queued up to
 * CHANNEL_QUEUE_MAX bytes; then channel_send() fails and the caller must cope.
 */
#pragma once

#include "base/err.h"
#include "ipc/message.h"

struct event_base;
struct channel;

enum { CHANNEL_QUEUE_MAX = 4 * 1024 * 1024 };

struct channel_message {
	enum ipc_type type;
	uint32_t id;
	struct str
	        body; /* valid until the handler returns or the next channel_recv() */
	int fd;       /* or -1; whoever keeps it sets this to -1, else it is closed */
};

struct channel_handlers {
	void (*message)(void *arg, struct channel_message *m);
	/* Once: the peer has closed, or was cut off. Only channel_free() makes sense now,
	 * and it may be called right here. */
	void (*closed)(void *arg, const char *why);
	void *arg;
};

/* Takes the descriptor: this is the end of `self` and `peer` has the other. */
struct channel *channel_new(int fd, enum role self, enum role peer);
/* Puts it on the loop, from now on without blocking. The handlers are copied. */
void channel_attach(struct channel *c, struct event_base *base,
                    const struct channel_handlers *handlers);
/*
 * Sends; the body and the descriptor (or -1) are lent. A message that the table does not
 * allow is a bug (need). False where the channel is closed or its queue full.
 */
NODISCARD bool channel_send(struct channel *c, enum ipc_type type, uint32_t id,
                            struct str body, int fd);
/* Waits for the next message of a channel that is not attached. Fails at its end and at
 * a message that is not allowed. The caller closes m->fd. */
NODISCARD bool channel_recv(struct channel *c, struct channel_message *m,
                            struct err *err);
/* Hands over now what has come already, for whoever knows that the peer has ended. */
void channel_read_rest(struct channel *c);
/* Bytes that wait to be sent. */
size_t channel_queued(const struct channel *c);
bool channel_is_open(const struct channel *c);
/* Closes and frees; allowed within its own handlers. NULL is allowed. */
void channel_free(struct channel *c);

/* Both ends of a new socketpair, close-on-exec. */
NODISCARD bool channel_pair(int fds[2], struct err *err);
