/*
 * What tests of the core stand on: a folder with a store in it, a resolver that asks one
 * server of the test's own (test_dns.h), and waiting that does not hang.
 *
 *	test_folder_make(w->folder, "watch");
 *	test_store_open(&w->store, w->folder);
 *	LOOP_UNTIL(w->base, w->done == 1);
 */
#pragma once

#include "resolve/resolver.h"
#include "store/store.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <event2/event.h>

#define MINUTE INT64_C(60000)
#define HOUR   (60 * MINUTE)
#define DAY    (24 * HOUR)
#define START  INT64_C(1790000000000)

/* A call with `&err` that must not fail. */
#define OK(call)                                                                       \
	do {                                                                           \
		struct err err;                                                        \
		if (!(call))                                                           \
			fail_msg("%s: %s", #call, err.text);                           \
	} while (0)

/* One turn of the loop after the other; the test fails where it takes a minute. */
#define LOOP_UNTIL(base, condition)                                                    \
	do {                                                                           \
		char awaited[] = #condition;                                           \
		struct event *limit = test_limit((base), awaited);                     \
		while (!(condition))                                                   \
			event_base_loop((base), EVLOOP_ONCE);                          \
		event_free(limit);                                                     \
	} while (0)

/* For LOOP_UNTIL. */
struct event *test_limit(struct event_base *base, char *awaited);
/* Turns that do not wait: what is ready is done. */
void test_run_turns(struct event_base *base, int n);

/* Makes an empty folder of that name; the other removes it with all in it. */
void test_folder_make(char folder[64], const char *name);
void test_folder_remove(const char *folder);
/* The store of a folder, made where there is none. */
void test_store_open(struct store *store, const char *folder);
/* Adds an account. */
int64_t test_account(struct store *store);
/* A resolver that asks this port of 127.0.0.1 alone. */
struct resolver *test_resolver(uint16_t port);
