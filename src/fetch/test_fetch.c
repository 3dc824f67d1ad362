/* HTTP and SMTP out against a server in this process that plays a script: what the client
 * must say, and what it is answered. */
#include "fetch/fetch.h"
#include "fetch/smtp.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

/* One turn: what to say, then read until `until` has come. */
struct turn {
	const char *say, *until;
};

struct server {
	pthread_t thread;
	int fd;
	char address[32];
	const struct turn *turns;
	size_t turn_count;
	char heard[8192]; /* all that came, a NUL behind it */
	size_t heard_len;
};

static bool has_heard(const struct server *s, size_t from, const char *until)
{
	return strstr(s->heard + from, until) != NULL;
}

static void hear(struct server *s, int fd, const char *until)
{
	size_t from = s->heard_len;

	while (!has_heard(s, from, until)) {
		ssize_t got = read(fd, s->heard + s->heard_len,
		                   sizeof(s->heard) - 1 - s->heard_len);

		if (got <= 0)
			return;
		s->heard_len += (size_t)got;
		s->heard[s->heard_len] = 0;
	}
}

static void *play(void *arg)
{
	struct server *s = arg;
	int fd = accept(s->fd, NULL, NULL);

	for (size_t i = 0; i < s->turn_count; i++) {
		const char *say = s->turns[i].say;

		if (say && write(fd, say, strlen(say)) < 0)
			break;
		if (s->turns[i].until)
			hear(s, fd, s->turns[i].until);
	}
	close(fd);
	return NULL;
}

static void server_start(struct server *s, const struct turn *turns, size_t n)
{
	struct sockaddr_in at = {.sin_family = AF_INET};
	socklen_t size = sizeof(at);

	*s = (struct server){.turns = turns, .turn_count = n};
	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	s->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(s->fd, (struct sockaddr *)&at, size), 0);
	assert_int_equal(listen(s->fd, 1), 0);
	assert_int_equal(getsockname(s->fd, (struct sockaddr *)&at, &size), 0);
	snprintf(s->address, sizeof(s->address), "127.0.0.1:%u", ntohs(at.sin_port));
	assert_int_equal(pthread_create(&s->thread, NULL, play, s), 0);
}

static void server_stop(struct server *s)
{
	shutdown(s->fd, SHUT_RDWR);
	pthread_join(s->thread, NULL);
	close(s->fd);
}

static const char *url_of(struct arena *a, const struct server *s, const char *path)
{
	return arena_printf(a, "http://%s%s", s->address, path).p;
}

static void test_get(void **state)
{
	static const struct turn turns[] = {
	        {NULL,	                                   "\r\n\r\n"},
	        {"HTTP/1.1 404 Not Found\r\nContent-Type: application/problem+json\r\n"
	         "Content-Length: 2\r\n\r\n{}", NULL      },
	};
	static const char *const headers[] = {"Authorization: Bearer sk_1"};
	struct server s;
	AUTO(arena) a = {0};
	struct fetch_answer got;
	struct err err;

	(void)state;
	server_start(&s, turns, LEN(turns));
	assert_true(fetch(&a,
	                  &(struct fetch_request){.method = "GET",
	                                          .url = url_of(&a, &s, "/v1/x?a=b"),
	                                          .headers = headers,
	                                          .header_count = 1,
	                                          .answer_max = 100},
	                  &got, &err));
	server_stop(&s);
	assert_int_equal(got.status, 404);
	assert_string_equal(got.body.p, "{}");
	assert_string_equal(got.type.p, "application/problem+json");
	assert_non_null(strstr(s.heard, "GET /v1/x?a=b HTTP/1.1\r\n"));
	assert_non_null(strstr(s.heard, "Authorization: Bearer sk_1\r\n"));
}

/* The body goes with its length, at once; a redirect is an answer like others. */
static void test_post(void **state)
{
	static const struct turn turns[] = {
	        {NULL,	                                                   "{\"n\":1}"},
	        {"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\n"
	         "Retry-After: 7\r\nContent-Length: 0\r\n\r\n", NULL       },
	};
	struct server s;
	AUTO(arena) a = {0};
	struct fetch_answer got;
	struct err err;

	(void)state;
	server_start(&s, turns, LEN(turns));
	assert_true(fetch(&a,
	                  &(struct fetch_request){.method = "POST",
	                                          .url = url_of(&a, &s, "/"),
	                                          .body = STR("{\"n\":1}"),
	                                          .answer_max = 100},
	                  &got, &err));
	server_stop(&s);
	assert_int_equal(got.status, 302);
	assert_int_equal(got.retry_after_s, 7);
	assert_int_equal(got.body.n, 0);
	assert_non_null(strstr(s.heard, "Content-Length: 7\r\n"));
	assert_null(strstr(s.heard, "Expect:"));
}

static void test_too_large(void **state)
{
	static const struct turn turns[] = {
	        {NULL,	                                               "\r\n\r\n"},
	        {"HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n12345678901", NULL      },
	};
	struct server s;
	AUTO(arena) a = {0};
	struct fetch_answer got;
	struct err err;

	(void)state;
	server_start(&s, turns, LEN(turns));
	assert_false(fetch(&a,
	                   &(struct fetch_request){.method = "GET",
	                                           .url = url_of(&a, &s, "/"),
	                                           .answer_max = 10},
	                   &got, &err));
	server_stop(&s);
	assert_int_equal(err.kind, ERR_UNAVAILABLE);
	assert_non_null(strstr(err.text, "larger than 10 bytes"));
}

/* Nobody there, silence, another scheme, no URL: each says so in its kind. */
static void test_no_answer(void **state)
{
	static const struct turn silence[] = {
	        {NULL, "never"}
        };
	static const struct {
		const char *url;
		enum err_kind kind;
	} cases[] = {
	        {"http://127.0.0.1:1/",  ERR_UNAVAILABLE},
	        {"file:///etc/hostname", ERR_USAGE      },
	        {"http://127.0.0.1:x/",  ERR_USAGE      },
	        {"http://",              ERR_USAGE      },
	};
	struct server s;
	AUTO(arena) a = {0};
	struct fetch_answer got;
	struct err err;

	(void)state;
	for (size_t i = 0; i < LEN(cases); i++) {
		struct fetch_request r = {
		        .method = "GET", .url = cases[i].url, .answer_max = 9};

		assert_false(fetch(&a, &r, &got, &err));
		assert_int_equal(err.kind, cases[i].kind);
		assert_non_null(strstr(err.text, cases[i].url));
	}
	server_start(&s, silence, LEN(silence));
	assert_false(fetch(&a,
	                   &(struct fetch_request){.method = "GET",
	                                           .url = url_of(&a, &s, "/"),
	                                           .timeout_ms = 100,
	                                           .answer_max = 10},
	                   &got, &err));
	server_stop(&s);
	assert_int_equal(err.kind, ERR_UNAVAILABLE);
}

static void test_escape(void **state)
{
	AUTO(arena) a = {0};

	(void)state;
	assert_string_equal(fetch_escape(&a, STR("a.b-c_d~1/ ?%\xc3\xbc")).p,
	                    "a.b-c_d~1%2F%20%3F%25%C3%BC");
	assert_string_equal(fetch_escape(&a, STR_NONE).p, "");
}

static struct smtp_result send_to(const char *relay, const char *to)
{
	AUTO(arena) a = {0};
	struct iov text = {0};
	const char *const list[] = {to};

	iov_add(&a, &text, STR("Subject: x\r\n\r\n"));
	iov_add(&a, &text, STR("one\r\n"));
	iov_add(&a, &text, STR(".two\r\n"));
	return smtp_send(&(struct smtp_letter){.relay = relay,
	                                       .hello = "mail.example",
	                                       .from = "a@mail.example",
	                                       .to = list,
	                                       .to_count = 1,
	                                       .text = &text,
	                                       .timeout_ms = 5000});
}

static void test_smtp_accepted(void **state)
{
	static const struct turn turns[] = {
	        {"220 relay\r\n",                 "\r\n"     },
                {"250-relay\r\n250 8BITMIME\r\n", "\r\n"     },
	        {"250 from\r\n",                  "\r\n"     },
                {"250 to\r\n",                    "\r\n"     },
	        {"354 go\r\n",                    "\r\n.\r\n"},
                {"250 2.0.0 queued as 77\r\n",    "QUIT\r\n" },
	        {"221 bye\r\n",                   NULL       },
	};
	struct smtp_result done;
	struct server s;

	(void)state;
	server_start(&s, turns, LEN(turns));
	done = send_to(s.address, "b@acme.example");
	server_stop(&s);
	assert_int_equal(done.outcome, SMTP_ACCEPTED);
	assert_int_equal(done.code, 250);
	assert_string_equal(done.text, "250 2.0.0 queued as 77");
	assert_non_null(strstr(s.heard, "EHLO mail.example\r\n"));
	assert_non_null(strstr(s.heard, "MAIL FROM:<a@mail.example>"));
	assert_non_null(strstr(s.heard, "RCPT TO:<b@acme.example>"));
	assert_non_null(strstr(s.heard, "Subject: x\r\n\r\none\r\n..two\r\n.\r\n"));
}

/* What the relay answers to RCPT decides whether to try again. */
static void test_smtp_refused(void **state)
{
	static const struct {
		const char *answer;
		enum smtp_outcome outcome;
		int code;
	} cases[] = {
	        {"550 5.1.1 no such user\r\n", SMTP_REFUSED, 550},
	        {"450 4.2.1 later\r\n",        SMTP_LATER,   450},
	};

	(void)state;
	for (size_t i = 0; i < LEN(cases); i++) {
		const struct turn turns[] = {
		        {"220 relay\r\n", "\r\n"},
                        {"250 relay\r\n", "\r\n"},
		        {"250 from\r\n",  "\r\n"},
                        {cases[i].answer, "\r\n"},
		        {"221 bye\r\n",   NULL  },
		};
		struct smtp_result done;
		struct server s;

		server_start(&s, turns, LEN(turns));
		done = send_to(s.address, "b@acme.example");
		server_stop(&s);
		assert_int_equal(done.outcome, cases[i].outcome);
		assert_int_equal(done.code, cases[i].code);
		assert_memory_equal(done.text, cases[i].answer, 9);
	}
}

/* A cut in the middle, and nobody there, are for later; what would be two commands in
 * one address is never said. */
static void test_smtp_cut(void **state)
{
	static const struct turn cut[] = {
	        {"220 relay\r\n", "\r\n"},
	        {"250 relay\r\n", "\r\n"},
	};
	struct smtp_result done;
	struct server s;

	(void)state;
	server_start(&s, cut, LEN(cut));
	done = send_to(s.address, "b@acme.example");
	server_stop(&s);
	assert_int_equal(done.outcome, SMTP_LATER);
	assert_true(done.text[0]);
	done = send_to("127.0.0.1:1", "b@acme.example");
	assert_int_equal(done.outcome, SMTP_LATER);
	assert_int_equal(done.code, 0);
	done = send_to("127.0.0.1:1", "b@acme.example>\r\nRCPT TO:<c@acme.example");
	assert_int_equal(done.outcome, SMTP_REFUSED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_get),
	        cmocka_unit_test(test_post),
	        cmocka_unit_test(test_too_large),
	        cmocka_unit_test(test_no_answer),
	        cmocka_unit_test(test_escape),
	        cmocka_unit_test(test_smtp_accepted),
	        cmocka_unit_test(test_smtp_refused),
	        cmocka_unit_test(test_smtp_cut),
	};

	return cmocka_run_group_tests_name("fetch", tests, NULL, NULL);
}
