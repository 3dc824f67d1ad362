/* The pure readers: heads (with what request smuggling is made of), chunks, URLs. */
#include "net/http_chunks.h"
#include "net/http_url.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const struct http_limits limits = {
        .head_max = 2048, .target_max = 200, .body_max = 1000};

static void assert_str(struct str got, const char *want)
{
	char *text = strndup(got.n ? got.p : "", got.n);

	assert_string_equal(text, want);
	free(text);
}

struct good {
	const char *text;
	const char *path, *query, *host;
	uint64_t length;
	bool persistent, chunked, expects;
};

static const struct good good[] = {
        {"GET / HTTP/1.1\r\nHost: a.example\r\n\r\n",                               "/",      "",                                "a.example",                                  0,   true   },
        {"\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",                                   "/",      "",                                "a",                                          0,   true   },
        {"GET /a/b?c=d&e HTTP/1.1\r\nhOST:\t a.example:8025 \r\n\r\n",              "/a/b",   "c=d&e",
         "a.example",                                                                                                                                                          0,   true   },
        {"GET /%41? HTTP/1.1\r\nHost: [::1]:80\r\n\r\n",                            "/%41",   "",                                "[::1]",                                      0,   true   },
        {"GET /{x}|y?[z] HTTP/1.1\r\nHost: 192.0.2.1\r\n\r\n",                      "/{x}|y", "[z]",
         "192.0.2.1",                                                                                                                                                          0,   true   },
        {"GET /a?b?c HTTP/1.1\r\nHost: a\r\n\r\n",                                  "/a",     "b?c",                             "a",                                          0,   true   },
        {"GET http://A.example/x?y HTTP/1.1\r\nHost: a.example\r\n\r\n",            "/x",     "y",
         "a.example",                                                                                                                                                          0,   true   },
        {"GET HTTPS://a:1?y HTTP/1.1\r\nHost: a:1\r\n\r\n",                         "/",      "y",                               "a",                                          0,   true   },
        {"OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n",                                   "*",      "",                                "a",                                          0,   true   },
        {"GET / HTTP/1.0\r\n\r\n",                                                  "/",      "",                                "",                                           0,   false  },
        {"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",                        "/",      "",                                "",                                           0,   false  },
        {"GET / HTTP/1.1\r\nHost: a\r\nConnection: x, Close\r\n\r\n",               "/",      "",                                "a",                                          0,
         false                                                                                                                                                                             },
        {"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nConnection: y\r\n\r\n", "/",
         "",                                                                                                                     "a",                                          0,   false  },
        {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n",              "/",      "",                                "a",
         1000,                                                                                                                                                                      true   },
        {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nX:\r\n\r\n",           "/",      "",                                "a",
         0,                                                                                                                                                                         true   },
        {"PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: Chunked\r\n\r\n",         "/",      "",
         "a",                                                                                                                                                                  0,   true,    true},
        {"PATCH / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n"
         "Expect: 100-Continue\r\n\r\n",                                                                         "/",                                           "", "a", 5, true,       false, true},
        {"POST / HTTP/1.0\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n",                                                                    "/",
         "",                                                                                                         "",                                                                                5,             false,                                                                                                                                                                                 false, false},
        {"DELETE /x HTTP/1.1\r\nHost: a\r\nX: b\xc3\xbc\tcher\r\n\r\n",                                                                        "/x",                                                                           "",                                                                                                       "a",
         0,                                                      true},
};

static enum http_read read_split(struct str text, size_t step, struct http_head *head)
{
	enum http_read r = HTTP_MORE;

	for (size_t n = 0; r == HTTP_MORE && n < text.n;) {
		n = n + step < text.n ? n + step : text.n;
		r = http_head_read(str_slice(text, 0, n), &limits, head);
	}
	return r;
}

static void test_good_heads(void **state)
{
	(void)state;
	for (size_t i = 0; i < LEN(good); i++) {
		struct str text = str_c(good[i].text);

		for (size_t step = 1; step <= text.n; step++) {
			struct http_head head = {0};

			if (read_split(text, step, &head) != HTTP_OK)
				fail_msg("case %zu: %u %s", i, head.status, head.why);
			assert_str(head.path, good[i].path);
			assert_str(head.query, good[i].query);
			assert_str(head.host, good[i].host);
			assert_int_equal(head.content_length, good[i].length);
			assert_int_equal(head.is_persistent, good[i].persistent);
			assert_int_equal(head.is_chunked, good[i].chunked);
			assert_int_equal(head.expects_continue, good[i].expects);
			assert_int_equal(head.length, text.n);
		}
	}
}

#define LINE "POST /x HTTP/1.1\r\n"
#define HOST "Host: a\r\n"

static const struct {
	unsigned status;
	struct str text;
} refused[] = {
  /* Framing. */
        {400, STR_INIT(LINE HOST "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n"
                                 "\r\n")                               },
        {400, STR_INIT(LINE HOST "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n"
                                 "\r\n")                               },
        {400, STR_INIT(LINE HOST "Content-Length: 5\r\nContent-Length: 6\r\n\r\n")  },
        {400, STR_INIT(LINE HOST "Content-Length: 5\r\nContent-length: 5\r\n\r\n")  },
        {400, STR_INIT(LINE HOST "Content-Length: 5, 5\r\n\r\n")                    },
        {400, STR_INIT(LINE HOST "Content-Length: +5\r\n\r\n")                      },
        {400, STR_INIT(LINE HOST "Content-Length: -5\r\n\r\n")                      },
        {400, STR_INIT(LINE HOST "Content-Length: 5 5\r\n\r\n")                     },
        {400, STR_INIT(LINE HOST "Content-Length: 0x5\r\n\r\n")                     },
        {400, STR_INIT(LINE HOST "Content-Length: 5e0\r\n\r\n")                     },
        {400, STR_INIT(LINE HOST "Content-Length: \"5\"\r\n\r\n")                   },
        {400, STR_INIT(LINE HOST "Content-Length:\r\n\r\n")                         },
        {400, STR_INIT(LINE HOST "Content-Length : 5\r\n\r\n")                      },
        {400, STR_INIT(LINE HOST " Content-Length: 5\r\n\r\n")                      },
        {400, STR_INIT(LINE HOST "Content-Length\t: 5\r\n\r\n")                     },
        {400, STR_INIT(LINE HOST "Content-Length\0: 5\r\n\r\n")                     },
        {413, STR_INIT(LINE HOST "Content-Length: 1001\r\n\r\n")                    },
        {413, STR_INIT(LINE HOST "Content-Length: 18446744073709551621\r\n\r\n")    },
        {400, STR_INIT(LINE HOST "Transfer-Encoding: chunked\r\n"
                                 "Transfer-Encoding: chunked\r\n\r\n") },
        {400, STR_INIT(LINE HOST "Transfer-Encoding: chunked\r\n"
                                 "Transfer-Encoding: identity\r\n\r\n")},
        {400, STR_INIT(LINE HOST "Transfer-Encoding : chunked\r\n\r\n")             },
        {400, STR_INIT(LINE HOST "Transfer-Encoding: \x0b"
                                 "chunked\r\n\r\n")                    },
        {400, STR_INIT(LINE HOST "X: y\r\n Transfer-Encoding: chunked\r\n\r\n")     },
        {400, STR_INIT(LINE HOST "X: y\nTransfer-Encoding: chunked\r\n\r\n")        },
        {400, STR_INIT(LINE HOST "X: y\rTransfer-Encoding: chunked\r\n\r\n")        },
        {501, STR_INIT(LINE HOST "Transfer-Encoding: gzip, chunked\r\n\r\n")        },
        {501, STR_INIT(LINE HOST "Transfer-Encoding: chunked, chunked\r\n\r\n")     },
        {501, STR_INIT(LINE HOST "Transfer-Encoding: xchunked\r\n\r\n")             },
        {501, STR_INIT(LINE HOST "Transfer-Encoding: chunked;q=1\r\n\r\n")          },
        {501, STR_INIT(LINE HOST "Transfer-Encoding:\r\n\r\n")                      },
        {400, STR_INIT("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n")     },
 /* Lines. */
        {400, STR_INIT("GET / HTTP/1.1\nHost: a\n\n")                               },
        {400, STR_INIT("GET / HTTP/1.1\r\nHost: a\r\n\n")                           },
        {400, STR_INIT("GET / HTTP/1.1\r\nHost: a\r\r\n\r\n")                       },
        {400, STR_INIT("GET / HTTP/1.1\r\nHost: a\r\n\r \n")                        },
        {400, STR_INIT("\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n")                 },
        {400, STR_INIT("\nGET / HTTP/1.1\r\nHost: a\r\n\r\n")                       },
        {400, STR_INIT("GET / HTTP/1.1\r\n Host: a\r\n\r\n")                        },
        {400, STR_INIT("GET / HTTP/1.1\r\nHost: a\r\nX: a\r\n\tb\r\n\r\n")          },
        {400, STR_INIT("GET / HTTP/1.1\r\nHost: a\r\nX: a\0b\r\n\r\n")              },
        {400, STR_INIT("GET / HTTP/1.1\r\nHost: a\r\nX: a\x7f\r\n\r\n")             },
        {400, STR_INIT("GET / HTTP/1.1\r\nHost: a\r\nX\r\n\r\n")                    },
        {400, STR_INIT("GET / HTTP/1.1\r\nHost: a\r\n: x\r\n\r\n")                  },
        {400, STR_INIT("GET / HTTP/1.1\r\nHost: a\r\nX(y): x\r\n\r\n")              },
        {400, STR_INIT("GET / HTTP/1.1\r\nHost: a\r\n\xc3\xbc: x\r\n\r\n")          },
 /* The request line. */
        {400, STR_INIT("GET  / HTTP/1.1\r\nHost: a\r\n\r\n")                        },
        {400, STR_INIT("GET /  HTTP/1.1\r\nHost: a\r\n\r\n")                        },
        {400, STR_INIT("GET / HTTP/1.1 \r\nHost: a\r\n\r\n")                        },
        {400, STR_INIT(" GET / HTTP/1.1\r\nHost: a\r\n\r\n")                        },
        {400, STR_INIT("GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n")                        },
        {400, STR_INIT("GET / a HTTP/1.1\r\nHost: a\r\n\r\n")                       },
        {400, STR_INIT("GET /\r\nHost: a\r\n\r\n")                                  },
        {400, STR_INIT("GET\r\n\r\n")                                               },
        {400, STR_INIT("GET / http/1.1\r\nHost: a\r\n\r\n")                         },
        {400, STR_INIT("GET / HTTP/1.10\r\nHost: a\r\n\r\n")                        },
        {400, STR_INIT("GET / HTTP/1,1\r\nHost: a\r\n\r\n")                         },
        {400, STR_INIT("GET / XTTP/1.1\r\nHost: a\r\n\r\n")                         },
        {505, STR_INIT("GET / HTTP/1.2\r\nHost: a\r\n\r\n")                         },
        {505, STR_INIT("GET / HTTP/0.9\r\nHost: a\r\n\r\n")                         },
        {505, STR_INIT("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")                          },
        {501, STR_INIT("get / HTTP/1.1\r\nHost: a\r\n\r\n")                         },
        {501, STR_INIT("TRACE / HTTP/1.1\r\nHost: a\r\n\r\n")                       },
        {501, STR_INIT("CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n")                   },
        {400, STR_INIT("\x16\x03\x01\x02")                                          },
        {400, STR_INIT("GET a HTTP/1.1\r\nHost: a\r\n\r\n")                         },
        {400, STR_INIT("GET * HTTP/1.1\r\nHost: a\r\n\r\n")                         },
        {400, STR_INIT("GET /a#b HTTP/1.1\r\nHost: a\r\n\r\n")                      },
        {400, STR_INIT("GET /a\\b HTTP/1.1\r\nHost: a\r\n\r\n")                     },
        {400, STR_INIT("GET /a\"b HTTP/1.1\r\nHost: a\r\n\r\n")                     },
        {400, STR_INIT("GET /\xc3\xbc HTTP/1.1\r\nHost: a\r\n\r\n")                 },
        {400, STR_INIT("GET /%4 HTTP/1.1\r\nHost: a\r\n\r\n")                       },
        {400, STR_INIT("GET /%zz HTTP/1.1\r\nHost: a\r\n\r\n")                      },
        {400, STR_INIT("GET /?% HTTP/1.1\r\nHost: a\r\n\r\n")                       },
 /* Host. */
        {400, STR_INIT("GET / HTTP/1.1\r\n\r\n")                                    },
        {400, STR_INIT("GET / HTTP/1.1\r\nHost:\r\n\r\n")                           },
        {400, STR_INIT("GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n")              },
        {400, STR_INIT("GET / HTTP/1.1\r\nHost: a, b\r\n\r\n")                      },
        {400, STR_INIT("GET / HTTP/1.1\r\nHost: a b\r\n\r\n")                       },
        {400, STR_INIT("GET / HTTP/1.1\r\nHost: a/b\r\n\r\n")                       },
        {400, STR_INIT("GET / HTTP/1.1\r\nHost: x@a\r\n\r\n")                       },
        {400, STR_INIT("GET / HTTP/1.1\r\nHost: a:\r\n\r\n")                        },
        {400, STR_INIT("GET / HTTP/1.1\r\nHost: a:x\r\n\r\n")                       },
        {400, STR_INIT("GET / HTTP/1.1\r\nHost: a:65536\r\n\r\n")                   },
        {400, STR_INIT("GET / HTTP/1.1\r\nHost: [::1\r\n\r\n")                      },
        {400, STR_INIT("GET / HTTP/1.1\r\nHost: [1]\r\n\r\n")                       },
        {400, STR_INIT("GET / HTTP/1.1\r\nHost: [::1]x\r\n\r\n")                    },
        {400, STR_INIT("GET / HTTP/1.1\r\nHost: []\r\n\r\n")                        },
        {400, STR_INIT("GET / HTTP/1.1\r\nHost: ::1\r\n\r\n")                       },
        {400, STR_INIT("GET http://b/ HTTP/1.1\r\nHost: a\r\n\r\n")                 },
        {400, STR_INIT("GET http://a:80/ HTTP/1.1\r\nHost: a\r\n\r\n")              },
        {400, STR_INIT("GET http:/// HTTP/1.1\r\nHost: a\r\n\r\n")                  },
        {400, STR_INIT("GET http://a/ HTTP/1.0\r\n\r\n")                            },
        {400, STR_INIT("GET ftp://a/ HTTP/1.1\r\nHost: a\r\n\r\n")                  },
 /* What may be there once only, and what cannot be expected. */
        {400, STR_INIT(LINE HOST "Authorization: a\r\nauthorization: b\r\n\r\n")    },
        {400, STR_INIT(LINE HOST "Content-Type: a\r\nContent-Type: a\r\n\r\n")      },
        {417, STR_INIT(LINE HOST "Expect: 200-ok\r\n\r\n")                          },
};

static void test_refused_heads(void **state)
{
	(void)state;
	for (size_t i = 0; i < LEN(refused); i++)
		for (size_t step = 1; step <= refused[i].text.n; step++) {
			struct http_head head = {0};

			if (read_split(refused[i].text, step, &head) != HTTP_BAD)
				fail_msg("accepted: %s", refused[i].text.p);
			if (head.status != refused[i].status)
				fail_msg("%u %s: %s", head.status, head.why,
				         refused[i].text.p);
			assert_null(strpbrk(head.why, "\"\\")); /* goes into JSON */
		}
}

static void fill(char *text, size_t size, const char *front, char with)
{
	memset(text, with, size - 1);
	memcpy(text, front, strlen(front));
	text[size - 1] = '\0';
}

static void test_head_limits(void **state)
{
	struct http_head head = {0};
	char text[4096];
	size_t n;

	(void)state;
	fill(text, 2049, "GET / HTTP/1.1\r\nHost: a\r\nX: ", 'x');
	assert_int_equal(http_head_read(str_c(text), &limits, &head), HTTP_BAD);
	assert_int_equal(head.status, 431);
	http_head_reset(&head);
	text[2047] = '\0';
	assert_int_equal(http_head_read(str_c(text), &limits, &head), HTTP_MORE);
	http_head_reset(&head);
	fill(text, 2049, "GET /", 'x');
	assert_int_equal(http_head_read(str_c(text), &limits, &head), HTTP_BAD);
	assert_int_equal(head.status, 414);
	http_head_reset(&head);
	n = (size_t)snprintf(text, sizeof(text), "GET /%0200d HTTP/1.1\r\n\r\n", 1);
	assert_int_equal(http_head_read((struct str){text, n}, &limits, &head),
	                 HTTP_BAD);
	assert_int_equal(head.status, 414);
	http_head_reset(&head);
	n = (size_t)snprintf(text, sizeof(text), "GET / HTTP/1.1\r\n");
	for (int i = 0; i <= HTTP_FIELDS_MAX; i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n, "X%d: y\r\n", i);
	n += (size_t)snprintf(text + n, sizeof(text) - n, "\r\n");
	assert_int_equal(http_head_read((struct str){text, n}, &limits, &head),
	                 HTTP_BAD);
	assert_int_equal(head.status, 431);
}

static void test_fields(void **state)
{
	struct http_head head = {0};

	(void)state;
	assert_int_equal(
	        http_head_read(STR("GET / HTTP/1.1\r\nHost: a\r\nAccept: \t b c "
	                           "\t\r\nX-Empty:\r\naccept: d\r\n\r\nGET"),
	                       &limits, &head),
	        HTTP_OK);
	assert_int_equal(head.field_count, 4);
	assert_str(http_head_find(&head, STR("ACCEPT")), "b c");
	assert_non_null(http_head_find(&head, STR("x-empty")).p);
	assert_int_equal(http_head_find(&head, STR("x-empty")).n, 0);
	assert_null(http_head_find(&head, STR("x-none")).p);
}

static void test_chunks(void **state)
{
	static const struct {
		const char *text;
		unsigned status;  /* 0: read */
		const char *body; /* … as this */
		const char *behind;
	} cases[] = {
	        {"0\r\n\r\n",	                                      0,   "",            ""  },
	        {"5\r\nhello\r\n0\r\n\r\n",                                0,   "hello",       ""  },
	        {"5\r\nhello\r\n6;a=\"b\"\r\n world\r\n00\r\n\r\nGET",     0,   "hello world",
	         "GET"	                                                                     },
	        {"1\r\na\r\nA\r\n0123456789\r\n0\r\nX: y\r\nZ: 0\r\n\r\n", 0,
	         "a0123456789",	                                                        ""  },
	        {"5\nhello\r\n0\r\n\r\n",                                  400, NULL,          NULL},
	        {"5\r\nhello\n0\r\n\r\n",                                  400, NULL,          NULL},
	        {"5\r\nhello0\r\n\r\n",                                    400, NULL,          NULL},
	        {"5\r\nhello!\r\n0\r\n\r\n",                               400, NULL,          NULL},
	        {"\r\n\r\n",	                                       400, NULL,          NULL},
	        {"-1\r\n\r\n",	                                     400, NULL,          NULL},
	        {"0x1\r\na\r\n0\r\n\r\n",                                  400, NULL,          NULL},
	        {" 1\r\na\r\n0\r\n\r\n",                                   400, NULL,          NULL},
	        {"1 \r\na\r\n0\r\n\r\n",                                   400, NULL,          NULL},
	        {"1\r\na\r\n0\r\n\n",	                              400, NULL,          NULL},
	        {"1;\x01\r\na\r\n0\r\n\r\n",                               400, NULL,          NULL},
	        {"1;a\ra\r\n0\r\n\r\n",                                    400, NULL,          NULL},
	        {"3e9\r\n",	                                        413, NULL,          NULL},
	        {"10000000000000001\r\na\r\n0\r\n\r\n",                    413, NULL,          NULL},
	        {"0000000000000001\r\na\r\n0\r\n\r\n",                     413, NULL,          NULL},
	};

	(void)state;
	for (size_t i = 0; i < LEN(cases); i++)
		for (size_t step = 1; step <= strlen(cases[i].text); step++) {
			struct http_chunks c = {.body_max = 1000};
			struct str rest = str_c(cases[i].text);
			enum http_read r = HTTP_MORE;
			char p[256];
			size_t n = 0;

			while (r == HTTP_MORE && rest.n) {
				struct str piece = str_slice(rest, 0, step);

				memcpy(p + n, piece.p, piece.n);
				n += piece.n;
				rest = str_from(rest, piece.n);
				r = http_chunks_read(&c, p, &n);
			}
			if (r != (cases[i].status ? HTTP_BAD : HTTP_OK))
				fail_msg("result %d: %s", r, cases[i].text);
			assert_int_equal(c.status, cases[i].status);
			assert_true(!c.why || !strpbrk(c.why, "\"\\"));
			if (r == HTTP_BAD)
				continue;
			assert_str((struct str){p, c.length}, cases[i].body);
			assert_memory_equal(p + c.length, cases[i].behind,
			                    n - c.length);
			assert_int_equal(n - c.length + rest.n,
			                 strlen(cases[i].behind));
		}
}

static void test_chunk_lines(void **state)
{
	struct http_chunks c = {.body_max = 1000};
	char text[2048];
	size_t n = sizeof(text);

	(void)state;
	memset(text, 'x', sizeof(text));
	memcpy(text, "1;", 2);
	assert_int_equal(http_chunks_read(&c, text, &n), HTTP_BAD);
	assert_int_equal(c.status, 400);
	c = (struct http_chunks){.body_max = 1000, .state = HTTP_CHUNK_TRAILER};
	for (int i = 0; i < HTTP_TRAILER_MAX / 8; i++) {
		n = 8;
		memcpy(text, "X: abc\r\n", n);
		assert_int_equal(http_chunks_read(&c, text, &n), HTTP_MORE);
	}
	n = 8;
	memcpy(text, "X: abc\r\n", n);
	assert_int_equal(http_chunks_read(&c, text, &n), HTTP_BAD);
	assert_int_equal(c.status, 431);
}

static void test_percent(void **state)
{
	static const struct {
		struct str raw;
		const char *text; /* NULL: refused */
	} cases[] = {
	        {STR_INIT(""),                ""           },
	        {STR_INIT("a+b"),             "a+b"        },
	        {STR_INIT("%41%7e%2F%c3%BC"), "A~/\xc3\xbc"},
	        {STR_INIT("%"),               NULL         },
	        {STR_INIT("a%4"),             NULL         },
	        {STR_INIT("%4g"),             NULL         },
	        {STR_INIT("%00"),             NULL         },
	        {STR_INIT("a\0b"),            NULL         },
	};
	AUTO(arena) a = {0};
	struct str out;

	(void)state;
	for (size_t i = 0; i < LEN(cases); i++) {
		bool ok = http_percent_decode(&a, cases[i].raw, &out);

		assert_int_equal(ok, cases[i].text != NULL);
		if (ok)
			assert_str(out, cases[i].text);
	}
	assert_str(http_percent_encode(&a, STR("a-Z.0_~/ \xff")), "a-Z.0_~%2F%20%FF");
}

static void test_path_match(void **state)
{
	static const struct {
		const char *pattern, *path;
		bool matches;
		const char *captures[2];
	} cases[] = {
	        {"/",	               "/",                    true,  {0}         },
	        {"/",	               "",                     false, {0}         },
	        {"/",	               "//",                   false, {0}         },
	        {"/v1/domains",             "/v1/domains",          true,  {0}         },
	        {"/v1/domains",             "/v1/domains/",         false, {0}         },
	        {"/v1/domains",             "/v1//domains",         false, {0}         },
	        {"/v1/domains",             "/v1/Domains",          false, {0}         },
	        {"/v1/domains",             "/v1/domain%73",        false, {0}         },
	        {"/v1/domains",             "/v1",                  false, {0}         },
	        {"/v1/domains/{id}",        "/v1/domains/dom_1",    true,  {"dom_1"}   },
	        {"/v1/domains/{id}",        "/v1/domains/a%2Fb",    true,  {"a%2Fb"}   },
	        {"/v1/domains/{id}",        "/v1/domains/",         false, {0}         },
	        {"/v1/domains/{id}",        "/v1/domains/..",       false, {0}         },
	        {"/v1/domains/{id}",        "/v1/domains/a/b",      false, {0}         },
	        {"/v1/domains/{id}/verify", "/v1/domains/a/verify", true,  {"a"}       },
	        {"/v1/domains/{id}/verify", "/v1/domains//verify",  false, {0}         },
	        {"/v1/{a}/{b}",             "/v1/x/y",              true,  {"x", "y"}  },
	        {"/app/{path*}",            "/app/",                true,  {""}        },
	        {"/app/{path*}",            "/app",                 false, {0}         },
	        {"/app/{path*}",            "/app/a/b.js",          true,  {"a/b.js"}  },
	        {"/app/{a}/{path*}",        "/app/x/y/z",           true,  {"x", "y/z"}},
	        {"*",	               "*",                    true,  {0}         },
	        {"/",	               "*",                    false, {0}         },
	};

	(void)state;
	for (size_t i = 0; i < LEN(cases); i++) {
		struct str captures[2] = {0};
		bool matches = http_path_match(str_c(cases[i].pattern),
		                               str_c(cases[i].path), captures, 2);

		if (matches != cases[i].matches)
			fail_msg("%s %s", cases[i].pattern, cases[i].path);
		for (size_t k = 0; matches && k < 2; k++)
			assert_str(captures[k],
			           cases[i].captures[k] ? cases[i].captures[k] : "");
	}
	assert_int_equal(http_path_capture_count(STR("/v1/{a}/x/{b*}")), 2);
	assert_int_equal(http_path_capture_count(STR("/")), 0);
}

static void test_query(void **state)
{
	AUTO(arena) a = {0};
	struct http_params p;
	char many[256] = "";

	(void)state;
	assert_true(http_query_parse(&a, STR("a=1&b+c=x%26y+z&&d&e==f&a=2"), &p));
	assert_int_equal(p.n, 5);
	assert_str(http_params_find(&p, STR("a"))->value, "1");
	assert_str(http_params_find(&p, STR("b c"))->value, "x&y z");
	assert_str(http_params_find(&p, STR("d"))->value, "");
	assert_str(http_params_find(&p, STR("e"))->value, "=f");
	assert_str(p.v[4].value, "2");
	assert_null(http_params_find(&p, STR("f")));
	assert_true(http_query_parse(&a, STR(""), &p));
	assert_int_equal(p.n, 0);
	assert_false(http_query_parse(&a, STR("a=%0"), &p));
	assert_false(http_query_parse(&a, STR("%00=a"), &p));
	for (size_t i = 0; i <= HTTP_PARAMS_MAX; i++)
		memcpy(many + 2 * i, "a&", 3);
	assert_false(http_query_parse(&a, str_c(many), &p));
	assert_true(http_query_parse(&a, str_from(str_c(many), 2), &p));
	assert_int_equal(p.n, HTTP_PARAMS_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_good_heads),
	        cmocka_unit_test(test_refused_heads),
	        cmocka_unit_test(test_head_limits),
	        cmocka_unit_test(test_fields),
	        cmocka_unit_test(test_chunks),
	        cmocka_unit_test(test_chunk_lines),
	        cmocka_unit_test(test_percent),
	        cmocka_unit_test(test_path_match),
	        cmocka_unit_test(test_query),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
