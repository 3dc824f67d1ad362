#include "ipc/channel.h"

#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <event2/event.h>

enum {
	PACKET_MAX = IPC_HEADER_BYTES + IPC_BODY_MAX,
	AT_ONCE = 64, /* messages of one channel before others get their turn */
};

/* What waits to be sent: {size, fd} and the packet, one behind the other. */
struct queued {
	uint32_t size;
	int32_t fd;
};

struct channel {
	struct arena arena; /* of all of this */
	int fd;
	enum role self, peer;
	struct event_base *base;
	struct event *readable, *writable;
	struct channel_handlers handlers;
	char *packet; /* PACKET_MAX + 1 bytes: one more shows what is too long */
	struct buf queue;
	size_t sent;   /* bytes of the queue that are gone */
	bool is_busy;  /* within a handler */
	bool is_freed; /* by a handler: to be done after it */
};

bool channel_pair(int fds[2], struct err *err)
{
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) != 0)
		return err_set(err, ERR_INTERNAL, "socketpair: %s", strerror(errno));
	return true;
}

struct channel *channel_new(int fd, enum role self, enum role peer)
{
	struct arena a = {0};
	struct channel *c = ARENA_NEW(&a, struct channel);

	c->fd = fd;
	c->self = self;
	c->peer = peer;
	c->packet = arena_bytes(&a, PACKET_MAX + 1);
	c->queue.max = CHANNEL_QUEUE_MAX;
	c->arena = a;
	return c;
}

/* The packet at the front of the queue. */
static struct queued front(const struct channel *c, struct str *packet)
{
	struct queued q;

	memcpy(&q, c->queue.p + c->sent, sizeof(q));
	*packet = (struct str){c->queue.p + c->sent + sizeof(q), q.size};
	return q;
}

static void pop(struct channel *c)
{
	struct str packet;
	struct queued q = front(c, &packet);

	file_close(&q.fd);
	c->sent += sizeof(q) + q.size;
	if (c->sent == c->queue.n) {
		buf_reset(&c->queue);
		c->sent = 0;
	}
}

static void stop(struct channel *c)
{
	if (c->readable)
		event_free(c->readable);
	if (c->writable)
		event_free(c->writable);
	c->readable = c->writable = NULL;
	while (c->sent < c->queue.n)
		pop(c);
	file_close(&c->fd);
}

static void finish(struct channel *c)
{
	struct arena a = c->arena;

	buf_done(&c->queue);
	arena_done(&a);
}

void channel_free(struct channel *c)
{
	if (!c)
		return;
	stop(c);
	if (c->is_busy)
		c->is_freed = true;
	else
		finish(c);
}

/* After this `c` may be gone. */
static void close_for(struct channel *c, const char *why)
{
	bool was_busy = c->is_busy;

	stop(c);
	if (!c->handlers.closed)
		return;
	c->is_busy = true;
	c->handlers.closed(c->handlers.arg, why);
	c->is_busy = was_busy;
	if (c->is_freed && !was_busy)
		finish(c);
}

/* One packet and its descriptor. Gives its size, 0 at the end, -1 with errno. */
static ssize_t receive(struct channel *c, int *fd)
{
	union {
		struct cmsghdr header;
		char bytes[CMSG_SPACE(sizeof(int) * 4)];
	} control;
	struct iovec iov = {c->packet, PACKET_MAX + 1};
	struct msghdr m = {.msg_iov = &iov,
	                   .msg_iovlen = 1,
	                   .msg_control = control.bytes,
	                   .msg_controllen = sizeof(control.bytes)};
	ssize_t n;

	*fd = -1;
	/* A peer that ended before it had read all is told once by ECONNRESET; what it
	 * had sent is still there behind that. */
	do
		n = recvmsg(c->fd, &m, MSG_CMSG_CLOEXEC);
	while (n < 0 && (errno == EINTR || errno == ECONNRESET));
	if (n < 0)
		return n;
	for (struct cmsghdr *h = CMSG_FIRSTHDR(&m); h; h = CMSG_NXTHDR(&m, h)) {
		if (h->cmsg_level != SOL_SOCKET || h->cmsg_type != SCM_RIGHTS)
			continue;
		/* More than one is a violation; the last stays, all others go. */
		for (size_t i = 0; i < (h->cmsg_len - CMSG_LEN(0)) / sizeof(int); i++) {
			file_close(fd);
			memcpy(fd, CMSG_DATA(h) + i * sizeof(int), sizeof(int));
		}
	}
	return n;
}

/* The message in the packet of `n` bytes, or why it is refused. */
static const char *read_message(const struct channel *c, size_t n,
                                struct channel_message *m)
{
	struct ipc_header h;
	const char *why;

	if (n > PACKET_MAX || !ipc_decode((struct str){c->packet, n}, &h, &m->body))
		return "no message at all";
	why = ipc_check(c->peer, c->self, h.type, m->body);
	m->type = (enum ipc_type)h.type;
	m->id = h.id;
	return why;
}

static void on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct channel *c = arg;
	struct channel_message m;

	(void)fd;
	(void)what;
	for (int i = 0; i < AT_ONCE; i++) {
		ssize_t n = receive(c, &m.fd);
		const char *why;

		if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
			return;
		if (n <= 0) {
			close_for(c, "its end is closed");
			return;
		}
		why = read_message(c, (size_t)n, &m);
		if (why) {
			file_close(&m.fd);
			close_for(c, why);
			return;
		}
		c->is_busy = true;
		c->handlers.message(c->handlers.arg, &m);
		c->is_busy = false;
		file_close(&m.fd);
		if (c->is_freed) {
			finish(c);
			return;
		}
		if (c->fd < 0)
			return;
	}
}

void channel_read_rest(struct channel *c)
{
	need(c->base && !c->is_busy);
	if (c->fd >= 0)
		on_readable(c->fd, EV_READ, c);
}

/* 1: sent; 0: not now; -1: never. */
static int transmit(struct channel *c, struct str head, struct str body, int fd)
{
	union {
		struct cmsghdr header;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control = {0};
	struct iovec iov[2] = {
	        {(void *)(uintptr_t)head.p, head.n},
	        {(void *)(uintptr_t)body.p, body.n},
	};
	struct msghdr m = {.msg_iov = iov, .msg_iovlen = body.n ? 2 : 1};
	ssize_t n;

	if (fd >= 0) {
		m.msg_control = control.bytes;
		m.msg_controllen = sizeof(control.bytes);
		control.header.cmsg_level = SOL_SOCKET;
		control.header.cmsg_type = SCM_RIGHTS;
		control.header.cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(&control.header), &fd, sizeof(fd));
	}
	do
		n = sendmsg(c->fd, &m, MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	if (n >= 0)
		return 1;
	return errno == EAGAIN || errno == EWOULDBLOCK || errno == ENOBUFS ? 0 : -1;
}

static void on_writable(evutil_socket_t fd, short what, void *arg)
{
	struct channel *c = arg;

	(void)fd;
	(void)what;
	while (c->sent < c->queue.n) {
		struct str packet;
		struct queued q = front(c, &packet);
		int sent = transmit(c, packet, STR_NONE, q.fd);

		if (sent == 0)
			return;
		/* A peer that is gone is noticed where it is read from: what it sent
		 * before its end must not be lost. */
		pop(c);
	}
	event_del(c->writable);
}

static bool enqueue(struct channel *c, struct str head, struct str body, int fd)
{
	struct queued q = {(uint32_t)(head.n + body.n), -1};

	if (c->sent > c->queue.n / 2) {
		memmove(c->queue.p, c->queue.p + c->sent, c->queue.n - c->sent);
		c->queue.n -= c->sent;
		c->sent = 0;
	}
	if (sizeof(q) + q.size > c->queue.max - c->queue.n)
		return false;
	if (fd >= 0) {
		q.fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
		if (q.fd < 0)
			return false;
	}
	buf_add(&c->queue, (struct str){(const char *)&q, sizeof(q)});
	buf_add(&c->queue, head);
	buf_add(&c->queue, body);
	event_add(c->writable, NULL);
	return true;
}

bool channel_send(struct channel *c, enum ipc_type type, uint32_t id, struct str body,
                  int fd)
{
	uint8_t bytes[IPC_HEADER_BYTES];
	struct str head = {(const char *)bytes, sizeof(bytes)};
	int sent;

	need(!ipc_check(c->self, c->peer, type, body));
	if (c->fd < 0)
		return false;
	ipc_encode((struct ipc_header){type, id}, bytes);
	if (c->sent < c->queue.n)
		return enqueue(c, head, body, fd);
	sent = transmit(c, head, body, fd);
	return sent == 0 && c->base ? enqueue(c, head, body, fd) : sent > 0;
}

bool channel_recv(struct channel *c, struct channel_message *m, struct err *err)
{
	const char *role = role_name(c->peer);
	const char *why;
	ssize_t n;

	need(!c->base);
	n = receive(c, &m->fd);
	if (n < 0)
		return err_set(err, ERR_UNAVAILABLE, "%s: %s", role, strerror(errno));
	if (n == 0)
		return err_set(err, ERR_UNAVAILABLE, "%s: its end is closed", role);
	why = read_message(c, (size_t)n, m);
	if (!why)
		return true;
	file_close(&m->fd);
	return err_set(err, ERR_INTERNAL, "%s sent %s", role, why);
}

void channel_attach(struct channel *c, struct event_base *base,
                    const struct channel_handlers *handlers)
{
	need(!c->base && c->fd >= 0);
	c->base = base;
	c->handlers = *handlers;
	need(evutil_make_socket_nonblocking(c->fd) == 0);
	c->readable = event_new(base, c->fd, EV_READ | EV_PERSIST, on_readable, c);
	c->writable = event_new(base, c->fd, EV_WRITE | EV_PERSIST, on_writable, c);
	need(c->readable && c->writable);
	event_priority_set(c->readable, 0);
	event_priority_set(c->writable, 0);
	need(event_add(c->readable, NULL) == 0);
}

size_t channel_queued(const struct channel *c)
{
	return c->queue.n - c->sent;
}

bool channel_is_open(const struct channel *c)
{
	return c->fd >= 0;
}
