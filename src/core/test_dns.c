#include "core/test_dns.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <event2/event.h>

#include "base/arena.h"

enum { PACKET_MAX = 512, HELD_MAX = 256, TYPE_TXT = 16, TYPE_SOA = 6 };

struct question {
	uint8_t bytes[PACKET_MAX];
	size_t n;
	struct sockaddr_in from;
};

struct test_dns {
	struct arena a;
	int fd;
	struct event *event;
	enum test_dns_mode mode;
	int count;
	struct question held[HELD_MAX];
	int held_count;
};

struct packet {
	uint8_t bytes[PACKET_MAX];
	size_t n;
};

static void put(struct packet *p, const void *bytes, size_t n)
{
	need(p->n + n <= sizeof(p->bytes));
	memcpy(p->bytes + p->n, bytes, n);
	p->n += n;
}

static void put_number(struct packet *p, uint32_t value, size_t bytes)
{
	for (size_t i = bytes; i; i--) {
		uint8_t byte = (uint8_t)(value >> (8 * (i - 1)));

		put(p, &byte, 1);
	}
}

/* The owner is the last label of the question, where it stands there. */
static void put_soa(struct packet *p, size_t last_label)
{
	static const uint8_t names[] = "\2ns\4host\4post\4host";

	put_number(p, 0xc000 | (uint32_t)last_label, 2);
	put_number(p, TYPE_SOA, 2);
	put_number(p, 1, 2);
	put_number(p, 1, 4); /* TTL */
	put_number(p, sizeof("\2ns\4host") + sizeof("\4post\4host") + 20, 2);
	put(p, names, sizeof("\2ns\4host") - 1);
	put_number(p, 0, 1);
	put(p, names + sizeof("\2ns\4host") - 1, sizeof("\4post\4host") - 1);
	put_number(p, 0, 1);
	for (int i = 0; i < 5; i++)
		put_number(p, 1, 4);
}

static void put_txt(struct packet *p, const char *text)
{
	put_number(p, 0xc00c, 2);
	put_number(p, TYPE_TXT, 2);
	put_number(p, 1, 2);
	put_number(p, 60, 4);
	put_number(p, (uint32_t)strlen(text) + 1, 2);
	put_number(p, (uint32_t)strlen(text), 1);
	put(p, text, strlen(text));
}

static void answer(struct test_dns *dns, const struct question *q)
{
	struct packet p = {0};
	size_t at = 12;
	size_t last = 12;
	bool has, is_fault = dns->mode == TEST_DNS_FAULT;

	while (at < q->n && q->bytes[at]) {
		last = at;
		at += 1 + q->bytes[at];
	}
	if (at + 5 > q->n)
		return;
	has = (dns->mode == TEST_DNS_GOOD || dns->mode == TEST_DNS_WRONG) &&
	      q->bytes[at + 2] == TYPE_TXT && q->bytes[13] == '_';
	put(&p, q->bytes, 2);
	put_number(&p, is_fault ? 0x8182 : 0x8580, 2);
	put_number(&p, 1, 2);
	put_number(&p, has, 2);
	put_number(&p, !has && !is_fault, 2);
	put_number(&p, 0, 2);
	put(&p, q->bytes + 12, at + 5 - 12);
	if (has)
		put_txt(&p, dns->mode == TEST_DNS_GOOD ? "yes" : "no");
	else if (!is_fault)
		put_soa(&p, last);
	need(sendto(dns->fd, p.bytes, p.n, 0, (const struct sockaddr *)&q->from,
	            sizeof(q->from)) == (ssize_t)p.n);
}

static void on_question(evutil_socket_t fd, short what, void *arg)
{
	struct test_dns *dns = arg;
	struct question q;
	socklen_t length = sizeof(q.from);
	ssize_t n = recvfrom(fd, q.bytes, sizeof(q.bytes), 0,
	                     (struct sockaddr *)&q.from, &length);

	(void)what;
	if (n < 12)
		return;
	q.n = (size_t)n;
	dns->count++;
	if (dns->mode != TEST_DNS_HOLD) {
		answer(dns, &q);
		return;
	}
	need(dns->held_count < HELD_MAX);
	dns->held[dns->held_count++] = q;
}

struct test_dns *test_dns_new(void)
{
	struct sockaddr_in here = {.sin_family = AF_INET,
	                           .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	struct arena a = {0};
	struct test_dns *dns = ARENA_NEW(&a, struct test_dns);

	dns->a = a;
	dns->fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	need(dns->fd >= 0);
	need(bind(dns->fd, (struct sockaddr *)&here, sizeof(here)) == 0);
	return dns;
}

void test_dns_attach(struct test_dns *dns, struct event_base *base)
{
	dns->event = event_new(base, dns->fd, EV_READ | EV_PERSIST, on_question, dns);
	need(dns->event && event_add(dns->event, NULL) == 0);
}

uint16_t test_dns_port(const struct test_dns *dns)
{
	struct sockaddr_in here;
	socklen_t length = sizeof(here);

	need(getsockname(dns->fd, (struct sockaddr *)&here, &length) == 0);
	return ntohs(here.sin_port);
}

void test_dns_set(struct test_dns *dns, enum test_dns_mode mode)
{
	dns->mode = mode;
}

void test_dns_release(struct test_dns *dns, enum test_dns_mode mode)
{
	int n = dns->held_count;

	dns->mode = mode;
	dns->held_count = 0;
	for (int i = 0; i < n; i++)
		answer(dns, &dns->held[i]);
}

int test_dns_count(const struct test_dns *dns)
{
	return dns->count;
}

int test_dns_held(const struct test_dns *dns)
{
	return dns->held_count;
}

void test_dns_free(struct test_dns *dns)
{
	struct arena a = dns->a;

	event_free(dns->event);
	close(dns->fd);
	arena_done(&a);
}
