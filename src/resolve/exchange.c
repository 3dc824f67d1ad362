#include "resolve/exchange.h"

#include "base/ip_socket.h"
#include "base/random.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

enum { HEADER = 12, EDNS_BYTES = 11, RCODE_FORMERR = 1, RCODE_NOTIMP = 4 };

struct address {
	struct sockaddr_storage storage;
	socklen_t length;
};

static void open_udp(struct exchange *x);

static struct address address_of(struct ip ip, uint16_t port)
{
	struct address a;

	a.length = ip_socket_address(ip, port, &a.storage);
	return a;
}

static struct str message_of(const struct exchange *x)
{
	return (struct str){(const char *)x->query + 2, x->query_length};
}

static void set_query_length(struct exchange *x, size_t length)
{
	x->query_length = (uint16_t)length;
	x->query[0] = (uint8_t)(length >> 8);
	x->query[1] = (uint8_t)length;
}

static void make_query(struct exchange *x)
{
	uint8_t message[512];
	size_t n;

	n = dns_message_encode(x->question, (uint16_t)random_below(0x10000), message);
	need(n <= sizeof(x->query) - 2);
	if (x->plain) {
		n -= EDNS_BYTES;
		message[HEADER - 1] = 0;
	}
	memcpy(x->query + 2, message, n);
	set_query_length(x, n);
}

static void remove_waiting(struct exchange *x)
{
	struct exchanges *all = x->all;

	if (x->waiting_previous)
		x->waiting_previous->waiting_next = x->waiting_next;
	else
		all->waiting_first = x->waiting_next;
	if (x->waiting_next)
		x->waiting_next->waiting_previous = x->waiting_previous;
	else
		all->waiting_last = x->waiting_previous;
	x->waiting_previous = x->waiting_next = NULL;
}

static void add_waiting(struct exchange *x)
{
	struct exchanges *all = x->all;

	x->state = EXCHANGE_WAITING;
	x->waiting_next = NULL;
	x->waiting_previous = all->waiting_last;
	if (all->waiting_last)
		all->waiting_last->waiting_next = x;
	else
		all->waiting_first = x;
	all->waiting_last = x;
}

static void close_socket(struct exchange *x)
{
	if (x->fd < 0)
		return;
	event_del(&x->event);
	close(x->fd);
	x->fd = -1;
}

/* Gives the socket's place to the first that waits. */
static void release(struct exchange *x)
{
	struct exchanges *all = x->all;
	struct exchange *next = all->waiting_first;

	close_socket(x);
	x->state = EXCHANGE_IDLE;
	all->open--;
	if (next && all->open < all->limit) {
		remove_waiting(next);
		all->open++;
		open_udp(next);
	}
}

void exchange_stop(struct exchange *x)
{
	switch (x->state) {
	case EXCHANGE_IDLE:
		return;
	case EXCHANGE_WAITING:
		remove_waiting(x);
		x->state = EXCHANGE_IDLE;
		return;
	case EXCHANGE_FAILED:
		event_del(&x->event);
		release(x);
		return;
	case EXCHANGE_UDP:
	case EXCHANGE_CONNECTING:
	case EXCHANGE_TCP:
		release(x);
	}
}

static void finish(struct exchange *x, const struct dns_answer *learned)
{
	release(x);
	x->done(x, learned);
}

static struct str failure_text(int failure)
{
	switch (failure) {
	case ECONNREFUSED:
		return STR("connection refused");
	case ENETUNREACH:
	case EHOSTUNREACH:
		return STR("no route to the server");
	case EDESTADDRREQ:
		return STR("not the address of a server");
	case EMFILE:
	case ENFILE:
		return STR("no file descriptor is free");
	case ECONNRESET:
	case EPIPE:
		return STR("connection closed by the server");
	default:
		return STR("the server cannot be reached");
	}
}

static void finish_unreachable(struct exchange *x, int failure)
{
	struct dns_answer learned = {.status = DNS_TIMEOUT,
	                             .why = failure_text(failure)};

	if (x->truncated)
		learned.why = arena_printf(x->arena,
		                           "the answer was truncated, and by TCP: %.*s",
		                           STR_ARG(learned.why));
	finish(x, &learned);
}

struct str exchange_silence(const struct exchange *x)
{
	if (x->state == EXCHANGE_WAITING)
		return STR("not sent in time: too many questions under way");
	if (x->strange)
		return arena_printf(x->arena,
		                    "no answer, only %u packets that answer no "
		                    "question of ours",
		                    x->strange);
	if (x->truncated)
		return STR("the answer was truncated, and TCP gave none in time");
	return STR_NONE;
}

static void finish_silent(struct exchange *x)
{
	struct dns_answer learned = {.status = DNS_TIMEOUT, .why = exchange_silence(x)};

	finish(x, &learned);
}

static void on_failed(evutil_socket_t fd, short what, void *arg)
{
	struct exchange *x = arg;

	(void)fd;
	(void)what;
	finish_unreachable(x, x->failure);
}

/* done() must not come from within exchange_start(), so the loop is asked for a turn.
 */
static void fail_later(struct exchange *x, int failure)
{
	close_socket(x);
	x->state = EXCHANGE_FAILED;
	x->failure = failure;
	event_assign(&x->event, x->all->base, -1, 0, on_failed, x);
	event_active(&x->event, EV_TIMEOUT, 1);
}

static void watch(struct exchange *x, short what, event_callback_fn fn)
{
	event_assign(&x->event, x->all->base, x->fd, what | EV_PERSIST, fn, x);
	event_add(&x->event, x->tick);
}

/* Length of the question section that was sent: name, type, class. */
static size_t question_length(const struct exchange *x)
{
	return x->query_length - HEADER - (x->plain ? 0 : EDNS_BYTES);
}

/*
 * Whether the packet is the response to this question. A server that could not even
 * read the question may send the header alone.
 */
static bool is_response(const struct exchange *x, struct str packet)
{
	const uint8_t *p = (const uint8_t *)packet.p;
	size_t n = question_length(x);

	if (packet.n < HEADER || memcmp(p, x->query + 2, 2) != 0 || !(p[2] & 0x80))
		return false;
	if (p[4] == 0 && p[5] == 0)
		return packet.n == HEADER && (p[3] & 0x0f) != 0;
	return p[4] == 0 && p[5] == 1 &&
	       str_eq_nocase(str_slice(packet, HEADER, n),
	                     str_slice(message_of(x), HEADER, n));
}

/* A response without a question gets the one it answers, so that it can be decoded. */
static struct str with_question(const struct exchange *x, struct str packet)
{
	static const char counts[8] = {0, 1};
	size_t n = question_length(x);
	char *whole;

	if (packet.n > HEADER)
		return packet;
	whole = arena_alloc(x->arena, HEADER + n);
	memcpy(whole, packet.p, 4);
	memcpy(whole + 4, counts, sizeof(counts));
	memcpy(whole + HEADER, message_of(x).p + HEADER, n);
	return (struct str){whole, HEADER + n};
}

/* A server of before EDNS says that it does not understand. */
static bool rejects_edns(const struct exchange *x, struct str packet)
{
	int rcode = packet.p[3] & 0x0f;

	return !x->plain && (rcode == RCODE_FORMERR || rcode == RCODE_NOTIMP);
}

static void take_response(struct exchange *x, struct str packet)
{
	struct dns_answer learned;
	bool truncated;

	dns_message_decode(x->arena, x->question, with_question(x, packet), &learned,
	                   &truncated);
	if (truncated)
		learned = (struct dns_answer){
		        .status = DNS_SERVFAIL,
		        .why = STR("the answer is truncated even by TCP"),
		};
	x->all->responses++;
	finish(x, &learned);
}

/* By TCP: the length comes first, then that many bytes. */
static void on_readable(struct exchange *x)
{
	size_t length = 0;
	ssize_t got;

	if (x->received < sizeof(x->head)) {
		got = recv(x->fd, x->head + x->received, sizeof(x->head) - x->received,
		           0);
	} else {
		length = (size_t)x->head[0] << 8 | x->head[1];
		if (!x->body)
			x->body = arena_alloc(x->arena, length + 1);
		got = recv(x->fd, x->body + (x->received - sizeof(x->head)),
		           length + sizeof(x->head) - x->received, 0);
	}
	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (got <= 0) {
		finish_unreachable(x, got < 0 ? errno : ECONNRESET);
		return;
	}
	x->received += (size_t)got;
	if (!x->body || x->received < sizeof(x->head) + length)
		return;
	if (is_response(x, (struct str){x->body, length})) {
		take_response(x, (struct str){x->body, length});
		return;
	}
	x->strange++;
	finish_silent(x);
}

static void on_tcp(evutil_socket_t fd, short what, void *arg)
{
	struct exchange *x = arg;

	(void)fd;
	if (!(what & EV_TIMEOUT))
		on_readable(x);
	else if (++x->ticks >= EXCHANGE_TICKS)
		finish_silent(x);
}

static void on_connected(evutil_socket_t fd, short what, void *arg)
{
	struct exchange *x = arg;
	ssize_t length = x->query_length + 2;
	ssize_t sent;
	int failure = 0;
	socklen_t size = sizeof(failure);

	if (what & EV_TIMEOUT) {
		if (++x->ticks >= EXCHANGE_TICKS)
			finish_silent(x);
		return;
	}
	getsockopt(fd, SOL_SOCKET, SO_ERROR, &failure, &size);
	if (!failure) {
		sent = send(fd, x->query, (size_t)length, MSG_NOSIGNAL);
		failure = sent < 0 ? errno : sent < length ? EPIPE : 0;
	}
	if (failure) {
		finish_unreachable(x, failure);
		return;
	}
	event_del(&x->event);
	x->state = EXCHANGE_TCP;
	watch(x, EV_READ, on_tcp);
}

static void open_tcp(struct exchange *x)
{
	struct address to = address_of(x->ip, x->port);

	close_socket(x);
	x->truncated = true;
	x->received = 0;
	x->body = NULL;
	make_query(x);
	x->fd = socket(to.storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC,
	               0);
	if (x->fd < 0) {
		finish_unreachable(x, errno);
		return;
	}
	x->state = EXCHANGE_CONNECTING;
	watch(x, EV_WRITE, on_connected);
	if (connect(x->fd, (struct sockaddr *)&to.storage, to.length) < 0 &&
	    errno != EINPROGRESS)
		finish_unreachable(x, errno);
}

static void on_packet(struct exchange *x, struct str packet)
{
	if (!is_response(x, packet)) {
		x->strange++;
	} else if (rejects_edns(x, packet)) {
		close_socket(x);
		x->plain = true;
		open_udp(x);
	} else if ((uint8_t)packet.p[2] & 0x02) {
		open_tcp(x);
	} else {
		take_response(x, packet);
	}
}

static void send_again(struct exchange *x)
{
	if (++x->ticks >= EXCHANGE_TICKS)
		finish_silent(x);
	else if (x->ticks <= 2 && send(x->fd, message_of(x).p, x->query_length, 0) < 0)
		finish_unreachable(x, errno);
}

static void on_udp(evutil_socket_t fd, short what, void *arg)
{
	struct exchange *x = arg;
	ssize_t got;

	if (what & EV_TIMEOUT) {
		send_again(x);
		return;
	}
	got = recv(fd, x->all->packet, sizeof(x->all->packet), 0);
	if (got >= 0)
		on_packet(x, (struct str){x->all->packet, (size_t)got});
	else if (errno != EAGAIN && errno != EINTR)
		finish_unreachable(x, errno);
}

static void open_udp(struct exchange *x)
{
	struct address to = address_of(x->ip, x->port);

	x->state = EXCHANGE_UDP;
	if (x->ip.length == 0) {
		fail_later(x, EDESTADDRREQ);
		return;
	}
	make_query(x);
	x->fd = socket(to.storage.ss_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC,
	               0);
	if (x->fd < 0) {
		fail_later(x, errno);
		return;
	}
	watch(x, EV_READ, on_udp);
	x->all->questions++;
	if (connect(x->fd, (struct sockaddr *)&to.storage, to.length) < 0 ||
	    send(x->fd, message_of(x).p, x->query_length, 0) < 0)
		fail_later(x, errno);
}

void exchange_start(struct exchanges *all, struct exchange *x)
{
	x->all = all;
	x->fd = -1;
	x->ticks = 0;
	x->strange = 0;
	x->truncated = false;
	x->plain = false;
	if (all->open >= all->limit) {
		add_waiting(x);
		return;
	}
	all->open++;
	open_udp(x);
}
