/* The server over plain connections. */
#include "net/test_http_world.h"

static void test_keep_alive(void **state)
{
	struct world w;
	struct client c;

	(void)state;
	open_world(&w, (struct http_server_options){0});
	clock_set(1795750205000);
	c = open_client(&w);
	for (int i = 0; i < 5; i++) {
		send_text(&w, &c, GET("/hello"));
		expect(&w, &c,
		       "HTTP/1.1 200 OK\r\nDate: Fri, 27 Nov 2026 03:30:05 GMT\r\n"
		       "Content-Type: text/plain\r\nX-Content-Type-Options: nosniff\r\n"
		       "Content-Length: 6\r\n\r\nhello\n");
		assert_int_equal(c.n, 0);
	}
	clock_set(-1);
	send_text(&w, &c, GET("/client"));
	expect(&w, &c, "\r\n\r\n127.0.0.1 plain a.example");
	send_text(&w, &c, GET("/none"));
	expect(&w, &c, "HTTP/1.1 204 No Content\r\n");
	expect(&w, &c, "\r\n\r\n");
	assert_null(strstr(c.text, "Content-Length"));
	send_text(&w, &c,
	          "GET /field HTTP/1.1\r\nHost: a\r\nX-Say: \xc3\xbc\r\n"
	          "Connection: close\r\n\r\n");
	expect(&w, &c, "X-Echo: \xc3\xbc\r\nConnection: close\r\n\r\n");
	expect_end(&w, &c);
	wait_for_connections(&w, 0);
	assert_int_equal(http_server_stats(w.server).accepted, 1);
	assert_int_equal(http_server_stats(w.server).requests, 8);
	close_client(&c);
	close_world(&w);
}

static void test_byte_by_byte(void **state)
{
	static const char text[] =
	        "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello"
	        "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
	        "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n" GET("/hello");
	struct world w;
	struct client c;

	(void)state;
	open_world(&w, (struct http_server_options){0});
	c = open_client(&w);
	for (size_t i = 0; text[i]; i++) {
		send_bytes(&w, &c, (struct str){text + i, 1});
		turn(&w);
	}
	expect(&w, &c, "\r\n\r\nhello");
	expect(&w, &c, "Content-Length: 5\r\n\r\nabcde");
	expect(&w, &c, "\r\n\r\nhello\n");
	assert_int_equal(c.n, 0);
	close_client(&c);
	wait_for_connections(&w, 0);
	close_world(&w);
}

static void test_pipelining(void **state)
{
	struct world w;
	struct client c;

	(void)state;
	open_world(&w, (struct http_server_options){0});
	c = open_client(&w);
	for (int i = 0; i < 50; i++)
		send_text(&w, &c,
		          GET("/hello")
		                  HEAD("/hello") "POST /echo HTTP/1.1\r\nHost: "
		                                 "a\r\nContent-Length: 3\r\n\r\nabc"
		                                 "POST /echo HTTP/1.1\r\nHost: "
		                                 "a\r\nTransfer-Encoding: chunked"
		                                 "\r\n\r\n2\r\nyz\r\n0\r\n\r\n");
	for (int i = 0; i < 50; i++) {
		expect(&w, &c, "\r\n\r\nhello\n");
		expect(&w, &c, "Content-Length: 6\r\n\r\nHTTP/1.1 200");
		expect(&w, &c, "\r\n\r\nabc");
		expect(&w, &c, "\r\n\r\nyz");
	}
	assert_int_equal(c.n, 0);
	assert_int_equal(http_server_stats(w.server).requests, 200);
	close_client(&c);
	close_world(&w);
}

static void test_later(void **state)
{
	struct world w;
	struct client c, other;

	(void)state;
	open_world(&w, (struct http_server_options){0});
	c = open_client(&w);
	send_text(&w, &c, GET("/later1") GET("/later2") GET("/hello"));
	wait_for_held(&w);
	/* Another connection is served meanwhile; the pipelined request waits. */
	other = open_client(&w);
	send_text(&w, &other, GET("/hello"));
	expect(&w, &other, "hello\n");
	assert_int_equal(http_server_stats(w.server).busy, 1);
	assert_int_equal(http_server_stats(w.server).requests, 2);
	answer_held(&w);
	assert_null(w.held); /* the next one is not handled within http_reply() */
	wait_for_held(&w);
	expect(&w, &c, "\r\n\r\n/later1");
	answer_held(&w);
	expect(&w, &c, "\r\n\r\n/later2");
	expect(&w, &c, "hello\n");
	assert_int_equal(http_server_stats(w.server).busy, 0);
	close_client(&c);
	close_client(&other);
	close_world(&w);
}

static void test_client_leaves(void **state)
{
	struct world w;
	struct client c;
	struct linger reset = {1, 0};

	(void)state;
	open_world(&w, (struct http_server_options){0});
	c = open_client(&w);
	send_text(&w, &c, GET("/later"));
	wait_for_held(&w);
	setsockopt(c.fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
	close_client(&c);
	for (int i = 0; i < 10; i++)
		turn(&w);
	assert_true(str_eq(w.held_path, STR("/later")));
	answer_held(&w);
	wait_for_connections(&w, 0);
	/* Within the head, the body, and a large answer. */
	c = open_client(&w);
	send_text(&w, &c, "GET / HT");
	close_client(&c);
	wait_for_connections(&w, 0);
	c = open_client(&w);
	send_text(&w, &c,
	          "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nab");
	close_client(&c);
	wait_for_connections(&w, 0);
	c = open_client(&w);
	send_text(&w, &c, GET("/huge"));
	expect(&w, &c, "\r\n\r\n");
	close_client(&c);
	wait_for_connections(&w, 0);
	/* Half closed: it still gets its answer. */
	c = open_client(&w);
	send_text(&w, &c, GET("/later"));
	shutdown(c.fd, SHUT_WR);
	wait_for_held(&w);
	answer_held(&w);
	expect(&w, &c, "\r\n\r\n/later");
	expect_end(&w, &c);
	close_client(&c);
	close_world(&w);
}

static void test_head_method(void **state)
{
	struct world w;
	struct client c;

	(void)state;
	open_world(&w, (struct http_server_options){0});
	c = open_client(&w);
	send_text(&w, &c, HEAD("/hello") HEAD("/nowhere") GET("/hello"));
	expect(&w, &c, "200 OK\r\n");
	expect(&w, &c, "Content-Length: 6\r\n\r\nHTTP/1.1 404 Not Found\r\n");
	expect(&w, &c, "Content-Length: 5\r\n\r\nHTTP/1.1 200 OK\r\n");
	expect(&w, &c, "hello\n");
	close_client(&c);
	close_world(&w);
}

/* Everything the server refuses by itself: the status, a problem document, the end. */
static void test_refused(void **state)
{
	static const struct {
		const char *text, *status;
	} cases[] = {
	        {"GET / HTTP/1.1\r\n\r\n",	                                    "400 Bad Request"               },
	        {"\x16\x03\x01",	                                              "400 Bad Request"               },
	        {"GET / HTTP/3.0\r\n\r\n",	                                    "505 HTTP Version Not Supported"},
	        {"BREW / HTTP/1.1\r\nHost: a\r\n\r\n",                                "501 Not Implemented"           },
	        {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1001\r\n\r\nx",
	         "413 Content Too Large"	                                                                      },
	        {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1001\r\n"
	         "Expect: 100-continue\r\n\r\n",	             "413 Content Too Large"         },
	        {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
	         "1000\r\n",	                                 "413 Content Too Large"         },
	        {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
	         "1\r\nab\r\n",	                              "400 Bad Request"               },
	        {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n"
	         "Content-Length: 4\r\n\r\n0\r\n\r\n" GET("/hello"),
	         "400 Bad Request"	                                                                            },
	        {"GET / HTTP/1.1\r\nHost: a\r\nExpect: magic\r\n\r\n",
	         "417 Expectation Failed"	                                                                     },
	};
	struct world w;

	(void)state;
	open_world(&w, (struct http_server_options){.body_max = 1000});
	for (size_t i = 0; i < LEN(cases); i++) {
		struct client c = open_client(&w);

		send_text(&w, &c, cases[i].text);
		expect(&w, &c, "HTTP/1.1 ");
		expect(&w, &c, cases[i].status);
		expect(&w, &c, "Content-Type: application/problem+json\r\n");
		expect(&w, &c, "Connection: close\r\n\r\n{\"type\":\"about:blank\"");
		shutdown(c.fd, SHUT_WR);
		expect_end(&w, &c);
		assert_null(strstr(c.text, "hello"));
		close_client(&c);
	}
	assert_int_equal(http_server_stats(w.server).refused, LEN(cases));
	assert_int_equal(http_server_stats(w.server).requests, 0);
	close_world(&w);
}

/* A client that goes on sending still reads why it was refused. */
static void test_too_large(void **state)
{
	struct world w;
	struct client c;
	AUTO(arena) a = {0};
	struct str many = {memset(arena_bytes(&a, 100000), 'x', 100000), 100000};

	(void)state;
	open_world(&w,
	           (struct http_server_options){.head_max = 4096, .body_max = 1000});
	c = open_client(&w);
	send_text(&w, &c, "GET / HTTP/1.1\r\nHost: a\r\nX: ");
	send_bytes(&w, &c, many);
	expect(&w, &c, "HTTP/1.1 431 Request Header Fields Too Large\r\n");
	close_client(&c);
	c = open_client(&w);
	send_text(&w, &c, "GET /");
	send_bytes(&w, &c, many);
	expect(&w, &c, "HTTP/1.1 414 URI Too Long\r\n");
	close_client(&c);
	c = open_client(&w);
	send_text(&w, &c,
	          "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n");
	send_bytes(&w, &c, many);
	expect(&w, &c, "HTTP/1.1 413 Content Too Large\r\n");
	close_client(&c);
	wait_for_connections(&w, 0);
	close_world(&w);
}

static void test_bodies(void **state)
{
	struct world w;
	struct client c;
	AUTO(arena) a = {0};
	struct str head;

	(void)state;
	open_world(&w, (struct http_server_options){.body_max = BIG});
	c = open_client(&w);
	for (int i = 0; i < 2; i++) {
		head = arena_printf(
		        &a,
		        "POST /echo HTTP/1.1\r\nHost: a\r\n"
		        "Content-Length: %d\r\nExpect: 100-continue\r\n\r\n",
		        BIG);
		send_bytes(&w, &c, head);
		expect(&w, &c, "HTTP/1.1 100 Continue\r\n\r\n");
		send_bytes(&w, &c, (struct str){w.big, BIG});
		expect(&w, &c, "HTTP/1.1 200 OK\r\n");
		expect(&w, &c, "\r\n\r\n");
		while (c.n < BIG) {
			turn(&w);
			receive(&c);
			assert_false(c.ended);
		}
		assert_int_equal(c.n, BIG);
		assert_memory_equal(c.text, w.big, BIG);
		c.n = 0;
		c.text[0] = '\0';
	}
	/* The body comes with the head: no 100. */
	send_text(&w, &c,
	          "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n"
	          "Expect: 100-continue\r\n\r\nab");
	expect(&w, &c, "HTTP/1.1 ");
	assert_memory_equal(c.text, "200", 3);
	expect(&w, &c, "\r\n\r\nab");
	close_client(&c);
	close_world(&w);
}

static void test_response_splitting(void **state)
{
	struct world w;
	struct client c;

	(void)state;
	open_world(&w, (struct http_server_options){0});
	c = open_client(&w);
	send_text(&w, &c, GET("/split") GET("/hello"));
	expect(&w, &c, "HTTP/1.1 500 Internal Server Error\r\n");
	expect(&w, &c, "hello\n");
	assert_null(strstr(c.text, "Set-Cookie"));
	close_client(&c);
	close_world(&w);
}

static void test_slow_clients(void **state)
{
	struct world w;
	struct client c;

	(void)state;
	open_world(&w, (struct http_server_options){
	                       .head_ms = 20, .body_ms = 20, .idle_ms = 20});
	c = open_client(&w);
	expect_end(&w, &c); /* says nothing */
	assert_int_equal(c.n, 0);
	close_client(&c);
	c = open_client(&w);
	send_text(&w, &c, "GET / HTTP/1.1\r\nHost:");
	expect(&w, &c, "HTTP/1.1 408 Request Timeout\r\n");
	expect_end(&w, &c);
	close_client(&c);
	c = open_client(&w);
	send_text(&w, &c,
	          "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nab");
	expect(&w, &c, "HTTP/1.1 408 Request Timeout\r\n");
	expect_end(&w, &c);
	close_client(&c);
	c = open_client(&w);
	send_text(&w, &c, GET("/huge"));
	wait_for_connections(&w, 0); /* does not read */
	close_client(&c);
	assert_int_equal(http_server_stats(w.server).timed_out, 3);
	/* What is at the handler has no deadline. */
	c = open_client(&w);
	send_text(&w, &c, GET("/later"));
	wait_for_held(&w);
	for (int64_t start = clock_monotonic_ms(); clock_monotonic_ms() - start < 100;)
		turn(&w);
	answer_held(&w);
	expect(&w, &c, "\r\n\r\n/later");
	close_client(&c);
	close_world(&w);
}

static void test_connection_limit(void **state)
{
	struct world w;
	struct client c[3];

	(void)state;
	open_world(&w, (struct http_server_options){.connections_max = 2});
	c[0] = open_client(&w);
	send_text(&w, &c[0], GET("/later"));
	wait_for_held(&w);
	c[1] = open_client(&w);
	send_text(&w, &c[1], GET("/hello"));
	expect(&w, &c[1], "hello\n");
	/* The idle one makes room, the busy one does not. */
	c[2] = open_client(&w);
	send_text(&w, &c[2], GET("/hello"));
	expect(&w, &c[2], "hello\n");
	expect_end(&w, &c[1]);
	assert_int_equal(http_server_stats(w.server).evicted, 1);
	close_client(&c[1]);
	/* Nothing makes room: it waits until one becomes idle. */
	send_text(&w, &c[2], "GET /he");
	for (int i = 0; i < 10; i++)
		turn(&w);
	c[1] = open_client(&w);
	send_text(&w, &c[1], GET("/hello"));
	for (int i = 0; i < 10; i++)
		turn(&w);
	assert_int_equal(http_server_stats(w.server).accepted, 3);
	answer_held(&w);
	expect(&w, &c[1], "hello\n");
	for (size_t i = 0; i < LEN(c); i++)
		close_client(&c[i]);
	close_world(&w);
}

static void test_drain(void **state)
{
	struct world w;
	struct client idle, busy, slow;

	(void)state;
	open_world(&w, (struct http_server_options){0});
	idle = open_client(&w);
	send_text(&w, &idle, GET("/hello"));
	expect(&w, &idle, "hello\n");
	busy = open_client(&w);
	send_text(&w, &busy, GET("/later"));
	wait_for_held(&w);
	slow = open_client(&w);
	send_text(&w, &slow, "GET /hello HTTP/1.1\r\n");
	wait_for_connections(&w, 3);
	for (int i = 0; i < 10; i++)
		turn(&w);
	http_server_drain(w.server);
	expect_end(&w, &idle);
	assert_int_equal(w.drained, 0);
	send_text(&w, &slow, "Host: a\r\n\r\n");
	expect(&w, &slow, "Connection: close\r\n\r\nhello\n");
	expect_end(&w, &slow);
	answer_held(&w);
	expect(&w, &busy, "Connection: close\r\n\r\n/later");
	assert_int_equal(w.drained, 0);
	close_client(&slow);
	close_client(&busy);
	wait_for_connections(&w, 0);
	turn(&w);
	assert_int_equal(w.drained, 1);
	turn(&w);
	assert_int_equal(w.drained, 1);
	close_client(&idle);
	close_world(&w);
	/* With nothing open, and with everything open. */
	open_world(&w, (struct http_server_options){0});
	http_server_drain(w.server);
	turn(&w);
	assert_int_equal(w.drained, 1);
	close_world(&w);
	open_world(&w, (struct http_server_options){0});
	busy = open_client(&w);
	send_text(&w, &busy, GET("/later"));
	wait_for_held(&w);
	close_world(&w);
	close_client(&busy);
}

/* One arena for all pieces of a turn, or one allocation each, as sanitizers want it. */
static bool arenas_use_blocks(void)
{
	AUTO(arena) a = {0};
	size_t before;

	arena_bytes(&a, 1);
	before = allocations;
	arena_bytes(&a, 1);
	return allocations == before;
}

static void test_no_allocations(void **state)
{
	static const char text[] =
	        GET("/client") GET("/hello") "POST /echo HTTP/1.1\r\nHost: "
	                                     "a\r\nContent-Length: 3\r\n\r\nabc";
	struct world w;
	struct client c;
	size_t count = 0;

	(void)state;
	/* Not skip(): what cmocka prints for that reads as a failure. */
	if (!arenas_use_blocks())
		return;
	open_world(&w, (struct http_server_options){0});
	c = open_client(&w);
	for (int i = 0; i < 200; i++) {
		int64_t start = clock_monotonic_ms();

		if (i == 100) {
			close_client(&c);
			wait_for_connections(&w, 0);
			c = open_client(&w);
			count = 0;
		}
		assert_int_equal(send(c.fd, text, sizeof(text) - 1, 0),
		                 sizeof(text) - 1);
		while (!strstr(c.text, "\r\n\r\nabc")) {
			check_hang(start, "the answers");
			turn_counting(&w, &count);
			receive(&c);
		}
		c.n = 0;
		c.text[0] = '\0';
		if (i == 0)
			assert_true(count > 0);
	}
	assert_int_equal(http_server_stats(w.server).requests, 600);
	assert_int_equal(count, 0);
	close_client(&c);
	close_world(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_keep_alive),
	        cmocka_unit_test(test_byte_by_byte),
	        cmocka_unit_test(test_pipelining),
	        cmocka_unit_test(test_later),
	        cmocka_unit_test(test_client_leaves),
	        cmocka_unit_test(test_head_method),
	        cmocka_unit_test(test_refused),
	        cmocka_unit_test(test_too_large),
	        cmocka_unit_test(test_bodies),
	        cmocka_unit_test(test_response_splitting),
	        cmocka_unit_test(test_slow_clients),
	        cmocka_unit_test(test_connection_limit),
	        cmocka_unit_test(test_drain),
	        cmocka_unit_test(test_no_allocations),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
