#include "net/http_connection.h"

#include "base/clock.h"
#include "base/vector.h"

#include <stdio.h>
#include <time.h>

/* RFC 9110 §15, RFC 6585. */
static const struct {
	unsigned status;
	const char *text;
} statuses[] = {
        {200, "OK"                             },
        {201, "Created"                        },
        {202, "Accepted"                       },
        {204, "No Content"                     },
        {206, "Partial Content"                },
        {301, "Moved Permanently"              },
        {302, "Found"                          },
        {303, "See Other"                      },
        {304, "Not Modified"                   },
        {307, "Temporary Redirect"             },
        {308, "Permanent Redirect"             },
        {400, "Bad Request"                    },
        {401, "Unauthorized"                   },
        {402, "Payment Required"               },
        {403, "Forbidden"                      },
        {404, "Not Found"                      },
        {405, "Method Not Allowed"             },
        {406, "Not Acceptable"                 },
        {408, "Request Timeout"                },
        {409, "Conflict"                       },
        {410, "Gone"                           },
        {411, "Length Required"                },
        {412, "Precondition Failed"            },
        {413, "Content Too Large"              },
        {414, "URI Too Long"                   },
        {415, "Unsupported Media Type"         },
        {416, "Range Not Satisfiable"          },
        {417, "Expectation Failed"             },
        {421, "Misdirected Request"            },
        {422, "Unprocessable Content"          },
        {423, "Locked"                         },
        {425, "Too Early"                      },
        {426, "Upgrade Required"               },
        {428, "Precondition Required"          },
        {429, "Too Many Requests"              },
        {431, "Request Header Fields Too Large"},
        {500, "Internal Server Error"          },
        {501, "Not Implemented"                },
        {502, "Bad Gateway"                    },
        {503, "Service Unavailable"            },
        {504, "Gateway Timeout"                },
        {505, "HTTP Version Not Supported"     },
        {507, "Insufficient Storage"           },
};

const char *http_status_text(unsigned status)
{
	for (size_t i = 0; i < LEN(statuses); i++)
		if (statuses[i].status == status)
			return statuses[i].text;
	return "Unknown";
}

/* IMF-fixdate (RFC 9110 §5.6.7), made once a second. */
static struct str date(struct http_server *server)
{
	static const char days[7][4] = {"Sun", "Mon", "Tue", "Wed",
	                                "Thu", "Fri", "Sat"};
	static const char months[12][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
	                                   "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
	int64_t second = clock_now() / 1000;
	time_t t = (time_t)second;
	struct tm tm;
	int n;

	if (second != server->date_second || !server->date[0]) {
		need(gmtime_r(&t, &tm));
		n = snprintf(server->date, sizeof(server->date),
		             "%s, %02d %s %04d %02d:%02d:%02d GMT", days[tm.tm_wday],
		             tm.tm_mday, months[tm.tm_mon], tm.tm_year + 1900,
		             tm.tm_hour, tm.tm_min, tm.tm_sec);
		need(n > 0 && (size_t)n < sizeof(server->date));
		server->date_second = second;
	}
	return str_c(server->date);
}

static bool has_control(struct str s)
{
	for (; s.n >= 16; s = str_from(s, 16)) {
		bytes16 v = load16(s.p);

		if (any16((bytes16)(v < 0x20) | (bytes16)(v == 0x7f)))
			break; /* maybe a tab */
	}
	for (size_t i = 0; i < s.n; i++)
		if (((uint8_t)s.p[i] < 0x20 && s.p[i] != '\t') || s.p[i] == 0x7f)
			return true;
	return false;
}

/* Whether nothing in it can end a line: else what a client sent could become fields, or
 * an answer, of its own making. */
static bool is_safe(const struct http_response *response)
{
	if (has_control(response->type))
		return false;
	for (size_t i = 0; i < response->field_count; i++) {
		const struct http_field *f = &response->fields[i];

		if (f->name.n == 0 || has_control(f->name) || has_control(f->value) ||
		    str_find_char(f->name, ':') >= 0 ||
		    str_find_char(f->name, ' ') >= 0)
			return false;
	}
	return true;
}

static void add_number(struct buf *out, size_t number)
{
	char digits[20];
	size_t n = sizeof(digits);

	do
		digits[--n] = (char)('0' + number % 10);
	while ((number /= 10));
	buf_add(out, (struct str){digits + n, sizeof(digits) - n});
}

static void add_field(struct buf *out, struct str name, struct str value)
{
	buf_add(out, name);
	buf_add(out, STR(": "));
	buf_add(out, value);
	buf_add(out, STR("\r\n"));
}

bool response_write(struct http_server *server, struct buf *out,
                    const struct http_response *response, bool is_head, bool is_last)
{
	bool has_body = response->status != 204 && response->status != 304;

	need(response->status >= 200 && response->status <= 599);
	if (!is_safe(response))
		return false;
	buf_add(out, STR("HTTP/1.1 "));
	add_number(out, response->status);
	buf_add_char(out, ' ');
	buf_add(out, str_c(http_status_text(response->status)));
	buf_add(out, STR("\r\n"));
	add_field(out, STR("Date"), date(server));
	if (response->type.n) {
		add_field(out, STR("Content-Type"), response->type);
		buf_add(out, STR("X-Content-Type-Options: nosniff\r\n"));
	}
	if (has_body) {
		buf_add(out, STR("Content-Length: "));
		add_number(out, response->body.n);
		buf_add(out, STR("\r\n"));
	}
	for (size_t i = 0; i < response->field_count; i++)
		add_field(out, response->fields[i].name, response->fields[i].value);
	buf_add(out, response->lines);
	if (is_last)
		buf_add(out, STR("Connection: close\r\n"));
	buf_add(out, STR("\r\n"));
	if (has_body && !is_head)
		buf_add(out, response->body);
	return !out->overflowed;
}

static void write_response(struct http_connection *c,
                           const struct http_response *response, bool is_head)
{
	static const struct http_response failed = {.status = 500};
	struct http_space *s = c->space;

	buf_reset(&s->out);
	if (response_write(c->server, &s->out, response, is_head, c->is_last))
		return;
	buf_reset(&s->out);
	need(response_write(c->server, &s->out, &failed, is_head, c->is_last));
}

void http_hold(struct http_exchange *exchange, const struct http_response *response)
{
	struct http_connection *c = exchange->connection;
	struct http_space *s = c->space;

	need(c->state == CONNECTION_HANDLING);
	c->state = CONNECTION_HELD;
	c->is_last =
	        response->close || !s->head.is_persistent || c->server->is_draining;
	s->is_head_method = s->head.method == HTTP_HEAD;
	write_response(c, response, s->is_head_method);
	s->in_at += s->head.length + s->request.body.n;
	/* The client may have sent more, in the belief that it would be read. */
	c->lingers = c->server->is_draining || response->close || s->in_at < s->in.n;
	http_head_reset(&s->head);
	arena_reset(&s->arena);
}

void http_release(struct http_exchange *exchange)
{
	struct http_connection *c = exchange->connection;

	need(c->state == CONNECTION_HELD);
	if (c->server->is_draining) /* since it was written */
		c->is_last = c->lingers = true;
	c->server->stats.busy--;
	connection_answered(c);
}

void http_replace(struct http_exchange *exchange, const struct http_response *response)
{
	struct http_connection *c = exchange->connection;

	need(c->state == CONNECTION_HELD);
	c->is_last = c->is_last || response->close;
	c->lingers = c->lingers || response->close;
	write_response(c, response, c->space->is_head_method);
	http_release(exchange);
}

void http_reply(struct http_exchange *exchange, const struct http_response *response)
{
	http_hold(exchange, response);
	http_release(exchange);
}

struct str http_header(const struct http_request *request, const char *name)
{
	return http_head_find(request->head, str_c(name));
}
