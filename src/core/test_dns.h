/* A DNS server of the tests, on the loop of the resolver that asks it: it has one TXT record
 * or not, faults, or holds its answers back. */
#pragma once

#include <stdint.h>

struct event_base;
struct test_dns;

enum test_dns_mode {
	TEST_DNS_NONE,  /* no such data, SOA minimum 1 s */
	TEST_DNS_GOOD,  /* TXT "yes" at every name that begins with "_" */
	TEST_DNS_WRONG, /* TXT "no" there */
	TEST_DNS_FAULT, /* SERVFAIL */
	TEST_DNS_HOLD,  /* answers later, by test_dns_release() */
};

/* Bound to a port of 127.0.0.1; then put on the loop of the resolver that asks it. */
struct test_dns *test_dns_new(void);
void test_dns_attach(struct test_dns *dns, struct event_base *base);
uint16_t test_dns_port(const struct test_dns *dns);
void test_dns_set(struct test_dns *dns, enum test_dns_mode mode);
/* Sets a mode and answers by it what was held back. */
void test_dns_release(struct test_dns *dns, enum test_dns_mode mode);
/* Questions so far; of them those that are held back. */
int test_dns_count(const struct test_dns *dns);
int test_dns_held(const struct test_dns *dns);
void test_dns_free(struct test_dns *dns);
