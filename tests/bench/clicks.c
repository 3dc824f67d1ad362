/*
 * Clicks on tracked links, each of its own message, over kept connections that are opened
 * anew when they break; what was answered 302 is written down.
 *
 *	bench_clicks PORT TOKEN-KEYS HOST TENANT SECONDS CONNECTIONS PER-SECOND OUT
 *
 * PER-SECOND 0: as fast as it goes. OUT gets the number of each answered message, 8 bytes,
 * little-endian. Prints one line of JSON: first (the number of the first message, the
 * others follow it one by one), sent, answered (302), other (another status: what was
 * seen last), broken (connections that ended with a click unanswered).
 */
#include "base/clock.h"
#include "base/file.h"
#include "track/token.h"
#include "track/token_keys.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	CONNECTIONS_MAX = 4096,
	PATIENCE_MS = 10000, /* for one answer */
	EVENTS = 256,
	ANSWER_MAX = 4096,
};

struct connection {
	int fd;
	bool is_waiting;
	uint64_t message;
	int64_t since; /* it was sent */
	size_t n;
	char answer[ANSWER_MAX];
};

static struct load {
	struct connection c[CONNECTIONS_MAX];
	int count, epoll;
	uint16_t port;
	struct tokens *tokens;
	struct str host;
	uint64_t tenant, first, sent, answered, other, broken, last_status;
	int64_t began, end, per_second;
	FILE *out;
} load;

static void open_connection(struct connection *c)
{
	const struct sockaddr_in to = {.sin_family = AF_INET,
	                               .sin_port = htons(load.port),
	                               .sin_addr = {htonl(INADDR_LOOPBACK)}};
	struct epoll_event event = {.events = EPOLLIN, .data = {.ptr = c}};
	int yes = 1;

	c->n = 0;
	c->is_waiting = false;
	c->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	need(c->fd >= 0);
	if (connect(c->fd, (const struct sockaddr *)&to, sizeof(to)) != 0) {
		file_close(&c->fd);
		return;
	}
	setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
	need(epoll_ctl(load.epoll, EPOLL_CTL_ADD, c->fd, &event) == 0);
}

static void break_off(struct connection *c)
{
	load.broken += c->is_waiting;
	c->is_waiting = false;
	file_close(&c->fd);
}

static bool is_time(void)
{
	int64_t now = clock_monotonic_ms();

	return now < load.end &&
	       (!load.per_second ||
	        (int64_t)load.sent * 1000 < (now - load.began) * load.per_second);
}

static void click(struct connection *c)
{
	static struct buf request = {.max = 16384};
	const struct token token = {
	        .tenant = load.tenant,
	        .message = load.first + load.sent,
	        .link = 1,
	        .text = STR("https://www.acme.example/somewhere/nice?and=so&on=1")};
	struct err err;

	buf_reset(&request);
	buf_add(&request, STR("GET /click/"));
	need(token_seal(load.tokens, &token, load.host, &request, &err));
	buf_printf(&request,
	           " HTTP/1.1\r\nHost: %.*s\r\nAccept: */*\r\nUser-Agent: Mozilla/5.0 "
	           "(X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0\r\n\r\n",
	           STR_ARG(load.host));
	c->message = token.message;
	c->since = clock_monotonic_ms();
	c->is_waiting = true;
	load.sent++;
	if (send(c->fd, request.p, request.n, MSG_NOSIGNAL) != (ssize_t)request.n)
		break_off(c);
}

/* Whether a whole answer is there; its status. */
static unsigned status_of(const struct connection *c)
{
	struct str all = {c->answer, c->n};
	ptrdiff_t head = str_find(all, STR("\r\n\r\n"));
	ptrdiff_t at = str_find_nocase(all, STR("\r\ncontent-length:"));
	uint64_t length = 0;

	if (head < 0)
		return 0;
	if (at >= 0 && at < head) {
		struct str rest = str_from(all, (size_t)at + 17), line;

		(void)!str_cut(&rest, '\r', &line);
		need(str_parse_uint(str_trim(line), ANSWER_MAX, &length));
	}
	if (c->n < (size_t)head + 4 + length)
		return 0;
	need(c->n == (size_t)head + 4 + length && c->n > 12);
	return (unsigned)strtoul(c->answer + 9, NULL, 10);
}

static void on_readable(struct connection *c)
{
	ssize_t got = recv(c->fd, c->answer + c->n, ANSWER_MAX - c->n, MSG_DONTWAIT);
	unsigned status;

	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (got <= 0) {
		break_off(c);
		return;
	}
	c->n += (size_t)got;
	status = status_of(c);
	if (!status)
		return;
	need(c->is_waiting);
	c->is_waiting = false;
	c->n = 0;
	if (status == 302) {
		load.answered++;
		need(fwrite(&c->message, sizeof(c->message), 1, load.out) == 1);
	} else {
		load.other++;
		load.last_status = status;
	}
}

static bool is_any_waiting(void)
{
	for (int i = 0; i < load.count; i++)
		if (load.c[i].is_waiting)
			return true;
	return false;
}

static void turn(void)
{
	struct epoll_event events[EVENTS];
	int64_t now;
	int n;

	for (int i = 0; i < load.count; i++) {
		struct connection *c = &load.c[i];

		if (c->is_waiting || !is_time())
			continue;
		if (c->fd < 0)
			open_connection(c);
		if (c->fd >= 0)
			click(c);
	}
	n = epoll_wait(load.epoll, events, EVENTS, 10);
	for (int i = 0; i < n; i++)
		on_readable(events[i].data.ptr);
	now = clock_monotonic_ms();
	for (int i = 0; i < load.count; i++)
		if (load.c[i].is_waiting && now - load.c[i].since > PATIENCE_MS)
			break_off(&load.c[i]);
}

static bool read_keys(const char *path)
{
	AUTO(arena) a = {0};
	AUTO(token_keys) keys = {0};
	struct str text;
	struct err err;

	if (!file_read(&a, path, TOKEN_KEYS_TEXT_MAX, &text, &err) ||
	    !token_keys_parse(text, &keys, &err)) {
		fprintf(stderr, "bench_clicks: %s\n", err.text);
		return false;
	}
	load.tokens = tokens_new(&keys);
	return true;
}

int main(int argc, char **argv)
{
	if (argc != 9)
		return 64;
	load.port = (uint16_t)strtoul(argv[1], NULL, 10);
	load.host = str_c(argv[3]);
	load.tenant = strtoull(argv[4], NULL, 10);
	load.count = (int)strtol(argv[6], NULL, 10);
	load.per_second = strtol(argv[7], NULL, 10);
	load.out = fopen(argv[8], "wb");
	if (!read_keys(argv[2]) || !load.out || load.count < 1 ||
	    load.count > CONNECTIONS_MAX)
		return 1;
	load.epoll = epoll_create1(EPOLL_CLOEXEC);
	load.first = token_message(clock_now(), 0);
	load.began = clock_monotonic_ms();
	load.end = load.began + (int64_t)(strtod(argv[5], NULL) * 1000);
	for (int i = 0; i < load.count; i++)
		load.c[i].fd = -1;
	while (clock_monotonic_ms() < load.end || is_any_waiting())
		turn();
	need(fclose(load.out) == 0);
	printf("{\"first\":%llu,\"sent\":%llu,\"answered\":%llu,\"other\":%llu,"
	       "\"last_status\":%llu,\"broken\":%llu}\n",
	       (unsigned long long)load.first, (unsigned long long)load.sent,
	       (unsigned long long)load.answered, (unsigned long long)load.other,
	       (unsigned long long)load.last_status, (unsigned long long)load.broken);
	return 0;
}
