#include "net/http_head.h"

#include "base/ip.h"
#include "base/vector.h"

enum { TOKEN = 1, TARGET = 2, HOST = 4, METHOD_MAX = 16 };

/* RFC 9110 §5.6.2 token; visible ASCII without "#<>\ for targets, since browsers send
 * more than RFC 3986 allows ({ | } ^); letters, digits, "-._" for host names. */
static const uint8_t class_of[256] = {
        ['!'] = TOKEN | TARGET,
        ['#'] = TOKEN,
        ['$' ... '\''] = TOKEN | TARGET,
        ['(' ... ')'] = TARGET,
        ['*' ... '+'] = TOKEN | TARGET,
        [','] = TARGET,
        ['-' ... '.'] = TOKEN | TARGET | HOST,
        ['/'] = TARGET,
        ['0' ... '9'] = TOKEN | TARGET | HOST,
        [':' ... ';'] = TARGET,
        ['='] = TARGET,
        ['?' ... '@'] = TARGET,
        ['A' ... 'Z'] = TOKEN | TARGET | HOST,
        ['['] = TARGET,
        [']'] = TARGET,
        ['^'] = TOKEN | TARGET,
        ['_'] = TOKEN | TARGET | HOST,
        ['`'] = TOKEN | TARGET,
        ['a' ... 'z'] = TOKEN | TARGET | HOST,
        ['{'] = TARGET,
        ['|'] = TOKEN | TARGET,
        ['}'] = TARGET,
        ['~'] = TOKEN | TARGET,
};

static const struct str methods[HTTP_METHODS] = {
        [HTTP_GET] = STR_INIT("GET"),         [HTTP_HEAD] = STR_INIT("HEAD"),
        [HTTP_POST] = STR_INIT("POST"),       [HTTP_PUT] = STR_INIT("PUT"),
        [HTTP_PATCH] = STR_INIT("PATCH"),     [HTTP_DELETE] = STR_INIT("DELETE"),
        [HTTP_OPTIONS] = STR_INIT("OPTIONS"),
};

/* The fields that the reader minds. */
enum known {
	HOST_FIELD,
	CONTENT_LENGTH,
	TRANSFER_ENCODING,
	EXPECT,
	CONTENT_TYPE,
	AUTHORIZATION,
	CONNECTION,
	KNOWN
};

/* What may be there once only, and what is said when it is there twice. */
static const struct {
	struct str name;
	const char *twice;
} known_fields[KNOWN] = {
        [HOST_FIELD] = {STR_INIT("host"),              "Host is there twice"         },
        [CONTENT_LENGTH] = {STR_INIT("content-length"),
                        "Content-Length is there twice"                              },
        [TRANSFER_ENCODING] = {STR_INIT("transfer-encoding"),
                        "Transfer-Encoding is there twice"                           },
        [EXPECT] = {STR_INIT("expect"),            "Expect is there twice"       },
        [CONTENT_TYPE] = {STR_INIT("content-type"),      "Content-Type is there twice" },
        [AUTHORIZATION] = {STR_INIT("authorization"),     "Authorization is there twice"},
        [CONNECTION] = {STR_INIT("connection"),        NULL                          },
};

/* What the fields of one head say. */
struct seen {
	bool has[KNOWN];
	struct str value[KNOWN];
	bool has_close;
};

static enum http_read bad(struct http_head *head, unsigned status, const char *why)
{
	head->status = status;
	head->why = why;
	return HTTP_BAD;
}

/* The length of the front of `s` that is of this class. */
static size_t span(struct str s, uint8_t class)
{
	size_t n = 0;

	while (n < s.n && class_of[(uint8_t)s.p[n]] & class)
		n++;
	return n;
}

/* The first control character at `at` or behind it; bytes.n where there is none. */
static size_t find_control(struct str bytes, size_t at)
{
	for (; bytes.n - at >= 16; at += 16) {
		bytes16 v = load16(bytes.p + at);
		bytes16 hits = (bytes16)(v < 0x20) | (bytes16)(v == 0x7f);

		if (any16(hits))
			return at + first16(hits);
	}
	for (; at < bytes.n; at++) {
		uint8_t c = (uint8_t)bytes.p[at];

		if (c < 0x20 || c == 0x7f)
			break;
	}
	return at;
}

/* Looks for the blank line at the end, from where the last call stopped. */
static enum http_read find_end(struct str bytes, size_t start, struct http_head *head)
{
	size_t at = head->scanned < start ? start : head->scanned;

	for (;; at++) {
		at = find_control(bytes, at);
		head->scanned = at;
		if (at == bytes.n)
			return HTTP_MORE;
		if (bytes.p[at] == '\t')
			continue;
		if (bytes.p[at] != '\r')
			return bad(head, 400,
			           bytes.p[at] == '\n' ? "a line ends without CR"
			                               : "a control character");
		if (at + 1 == bytes.n)
			return HTTP_MORE;
		if (bytes.p[at + 1] != '\n')
			return bad(head, 400, "a CR stands alone");
		if (at == start)
			return bad(head, 400, "the request line is empty");
		if (bytes.p[at - 1] == '\n') {
			head->length = at + 2;
			return HTTP_OK;
		}
		at++;
	}
}

static bool has_bad_escape(struct str target)
{
	ptrdiff_t at;

	while ((at = str_find_char(target, '%')) >= 0) {
		target = str_from(target, (size_t)at + 1);
		if (target.n < 2 || !char_is_hex(target.p[0]) ||
		    !char_is_hex(target.p[1]))
			return true;
	}
	return false;
}

/* Whether all of it may stand in a target; a tracked link is hundreds of bytes long. */
static bool is_target(struct str s)
{
	for (; s.n >= 16; s = str_from(s, 16)) {
		bytes16 v = load16(s.p);
		bytes16 hits = (bytes16)(v <= 0x20) | (bytes16)(v >= 0x7f) |
		               (bytes16)(v == '"') | (bytes16)(v == '#') |
		               (bytes16)(v == '<') | (bytes16)(v == '>') |
		               (bytes16)(v == '\\');

		if (any16(hits))
			return false;
	}
	return span(s, TARGET) == s.n;
}

/* "http://a.example:8025/x" (RFC 9112 §3.2.2): takes "a.example:8025" off the front. */
static bool cut_origin(struct str *target, struct str *authority)
{
	size_t n = 0;

	if (str_starts_nocase(*target, STR("http://")))
		*target = str_from(*target, 7);
	else if (str_starts_nocase(*target, STR("https://")))
		*target = str_from(*target, 8);
	else
		return false;
	while (n < target->n && target->p[n] != '/' && target->p[n] != '?')
		n++;
	*authority = str_slice(*target, 0, n);
	*target = str_from(*target, n);
	return true;
}

/* Path and query; *authority is that of an absolute target, else p is NULL. */
static enum http_read read_target(struct http_head *head, struct str *authority)
{
	struct str rest = head->target;

	if (rest.n == 0 || !is_target(rest) || has_bad_escape(rest))
		return bad(head, 400,
		           "a character in the target that may not be there");
	if (head->method == HTTP_OPTIONS && str_eq(rest, STR("*"))) {
		head->path = rest;
		return HTTP_OK;
	}
	if (!cut_origin(&rest, authority) && rest.p[0] != '/')
		return bad(head, 400, "the target is not a path");
	str_cut(&rest, '?', &head->path);
	if (head->path.n == 0)
		head->path = STR("/");
	head->query = rest;
	return HTTP_OK;
}

static enum http_read read_version(struct http_head *head, struct str version)
{
	if (version.n != 8 || !str_starts(version, STR("HTTP/")) ||
	    !char_is_digit(version.p[5]) || version.p[6] != '.' ||
	    !char_is_digit(version.p[7]))
		return bad(head, 400, "the request line does not end in HTTP/1.1");
	head->minor = (unsigned)(version.p[7] - '0');
	if (version.p[5] != '1' || head->minor > 1)
		return bad(head, 505, "only HTTP/1.1 is spoken here");
	return HTTP_OK;
}

/* RFC 9112 §3: one blank between the three, no more. */
static enum http_read read_request_line(struct http_head *head, struct str line,
                                        size_t target_max, struct str *authority)
{
	size_t n = span(line, TOKEN);
	struct str method = str_slice(line, 0, n);
	struct str rest = str_from(line, n + 1);
	enum http_read r;

	if (n == 0 || n == line.n || line.p[n] != ' ')
		return bad(head, 400, "the request line does not begin with a method");
	str_cut(&rest, ' ', &head->target);
	if (head->target.n > target_max)
		return bad(head, 414, "the target is too long");
	r = read_version(head, rest);
	if (r != HTTP_OK)
		return r;
	if (!http_method_parse(method, &head->method))
		return bad(head, 501, "the method is not known here");
	return read_target(head, authority);
}

static void see_connection(struct seen *seen, struct str value)
{
	struct str option;

	while (str_cut(&value, ',', &option))
		if (str_eq_nocase(str_trim(option), STR("close")))
			seen->has_close = true;
}

static enum http_read see_field(struct http_head *head, struct seen *seen,
                                const struct http_field *field)
{
	size_t i = 0;

	while (i < KNOWN && !str_eq_nocase(known_fields[i].name, field->name))
		i++;
	if (i == KNOWN)
		return HTTP_OK;
	if (i == CONNECTION)
		see_connection(seen, field->value);
	else if (seen->has[i])
		return bad(head, 400, known_fields[i].twice);
	seen->has[i] = true;
	seen->value[i] = field->value;
	return HTTP_OK;
}

/* `lines` is what stands between the request line and the blank line. */
static enum http_read read_fields(struct http_head *head, struct str lines,
                                  struct seen *seen)
{
	struct str line;

	head->field_count = 0;
	while (lines.n && str_cut(&lines, '\n', &line)) {
		struct http_field *field = &head->fields[head->field_count];
		size_t n = span(line, TOKEN);

		if (char_is_blank(line.p[0]))
			return bad(head, 400, "a field is folded over two lines");
		if (n == 0 || line.p[n] != ':')
			return bad(head, 400,
			           "a field without a proper name and colon");
		if (head->field_count == HTTP_FIELDS_MAX)
			return bad(head, 431, "too many fields");
		field->name = str_slice(line, 0, n);
		field->value = str_trim(str_from(line, n + 1));
		if (see_field(head, seen, field) != HTTP_OK)
			return HTTP_BAD;
		head->field_count++;
	}
	return HTTP_OK;
}

static bool is_port(struct str text)
{
	uint64_t port;

	return text.n <= 5 && str_parse_uint(text, 65535, &port) && port > 0;
}

static bool read_host(struct http_head *head, struct str authority)
{
	size_t n = span(authority, HOST);
	ptrdiff_t end;
	struct ip ip;

	if (str_starts(authority, STR("["))) {
		end = str_find_char(authority, ']');
		if (end < 0 ||
		    !ip_parse(str_slice(authority, 1, (size_t)end - 1), &ip) ||
		    str_find_char(authority, ':') < 0)
			return false;
		n = (size_t)end + 1;
	}
	head->authority = authority;
	head->host = str_slice(authority, 0, n);
	if (n == 0 || n == authority.n)
		return n > 0;
	return authority.p[n] == ':' && is_port(str_from(authority, n + 1));
}

/* `target` is the authority of an absolute target; p NULL where there was none. */
static enum http_read check_host(struct http_head *head, const struct seen *seen,
                                 struct str target)
{
	if (!seen->has[HOST_FIELD] && (head->minor || target.p))
		return bad(head, 400, "Host is missing");
	if (!seen->has[HOST_FIELD])
		return HTTP_OK;
	if (!read_host(head, seen->value[HOST_FIELD]))
		return bad(head, 400, "Host is not a host name");
	if (target.p && !str_eq_nocase(target, head->authority))
		return bad(head, 400, "the target names another host than Host");
	return HTTP_OK;
}

/* RFC 9112 §6: how the body is framed; never in two ways. */
static enum http_read check_framing(struct http_head *head, const struct seen *seen,
                                    uint64_t body_max)
{
	struct str length = seen->value[CONTENT_LENGTH];

	if (seen->has[TRANSFER_ENCODING]) {
		if (seen->has[CONTENT_LENGTH])
			return bad(head, 400,
			           "Content-Length beside Transfer-Encoding");
		if (head->minor == 0)
			return bad(head, 400, "Transfer-Encoding in HTTP/1.0");
		if (!str_eq_nocase(seen->value[TRANSFER_ENCODING], STR("chunked")))
			return bad(head, 501,
			           "of transfer codings only chunked is known");
		head->is_chunked = true;
	}
	if (!seen->has[CONTENT_LENGTH])
		return HTTP_OK;
	for (size_t i = 0; i < length.n; i++)
		if (!char_is_digit(length.p[i]))
			return bad(head, 400, "Content-Length is not a number");
	if (length.n == 0)
		return bad(head, 400, "Content-Length is not a number");
	if (length.n > 18 || !str_parse_uint(length, body_max, &head->content_length))
		return bad(head, 413, "the body is too long");
	return HTTP_OK;
}

static enum http_read check_fields(struct http_head *head, const struct seen *seen,
                                   uint64_t body_max, struct str authority)
{
	enum http_read r = check_host(head, seen, authority);

	if (r == HTTP_OK)
		r = check_framing(head, seen, body_max);
	if (r != HTTP_OK)
		return r;
	head->is_persistent = head->minor == 1 && !seen->has_close;
	if (!seen->has[EXPECT] || head->minor == 0)
		return HTTP_OK;
	if (!str_eq_nocase(seen->value[EXPECT], STR("100-continue")))
		return bad(head, 417, "only 100-continue may be expected");
	head->expects_continue = true;
	return HTTP_OK;
}

static enum http_read read_whole(struct str lines, const struct http_limits *limits,
                                 struct http_head *head)
{
	struct seen seen = {0};
	struct str line, authority = STR_NONE;
	enum http_read r;

	str_cut(&lines, '\n', &line);
	line.n--; /* its CR */
	r = read_request_line(head, line, limits->target_max, &authority);
	if (r == HTTP_OK)
		r = read_fields(head, lines, &seen);
	if (r == HTTP_OK)
		r = check_fields(head, &seen, limits->body_max, authority);
	return r;
}

static enum http_read too_large(struct str bytes, struct http_head *head)
{
	if (str_find(bytes, STR("\r\n")) < 0)
		return bad(head, 414, "the request line is too long");
	return bad(head, 431, "the head is too long");
}

enum http_read http_head_read(struct str bytes, const struct http_limits *limits,
                              struct http_head *head)
{
	/* An empty line in front is forgiven: RFC 9112 §2.2. */
	size_t start = str_starts(bytes, STR("\r\n")) ? 2 : 0;
	enum http_read r;

	if (bytes.n <= start || (bytes.n == 1 && bytes.p[0] == '\r'))
		return HTTP_MORE;
	r = find_end(str_slice(bytes, 0, limits->head_max), start, head);
	if (r == HTTP_MORE && bytes.n >= limits->head_max)
		return too_large(str_slice(bytes, start, limits->head_max), head);
	if (r != HTTP_OK)
		return r;
	return read_whole(str_slice(bytes, start, head->length - start - 2), limits,
	                  head);
}

void http_head_reset(struct http_head *head)
{
	head->path = head->query = head->target = STR_NONE;
	head->authority = head->host = STR_NONE;
	head->expects_continue = head->is_chunked = head->is_persistent = false;
	head->content_length = 0;
	head->length = head->scanned = head->field_count = 0;
	head->status = 0;
	head->why = NULL;
}

struct str http_head_find(const struct http_head *head, struct str name)
{
	for (size_t i = 0; i < head->field_count; i++)
		if (str_eq_nocase(head->fields[i].name, name))
			return head->fields[i].value;
	return STR_NONE;
}

struct str http_method_text(enum http_method method)
{
	need(method < HTTP_METHODS);
	return methods[method];
}

bool http_method_parse(struct str text, enum http_method *out)
{
	for (size_t i = 0; i < HTTP_METHODS; i++)
		if (str_eq(methods[i], text)) {
			*out = (enum http_method)i;
			return true;
		}
	return false;
}
