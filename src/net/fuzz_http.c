/* A connection's bytes as they come: heads and their bodies one behind the other, until
 * something is refused. Read whole and read byte by byte they must mean the same; targets
 * are matched, decoded and taken apart. */
#include "fuzz.h"
#include "net/http_chunks.h"
#include "net/http_url.h"

#include <string.h>

static const struct http_limits limits = {
        .head_max = 4096, .target_max = 1024, .body_max = 65536};

static void check_view(struct str view, struct str bytes)
{
	need(view.n == 0 ||
	     (view.p >= bytes.p && view.p + view.n <= bytes.p + bytes.n));
}

static bool has_line_end(struct str s)
{
	return str_find_char(s, '\r') >= 0 || str_find_char(s, '\n') >= 0 ||
	       str_find_char(s, '\0') >= 0;
}

static void check_head(const struct http_head *head, struct str bytes)
{
	need(head->length >= 18 && head->length <= bytes.n);
	need(str_ends(str_slice(bytes, 0, head->length), STR("\r\n\r\n")));
	need(head->path.n && !has_line_end(head->target));
	need(!head->is_chunked || head->content_length == 0);
	need(head->content_length <= limits.body_max);
	need(head->host.n || head->minor == 0);
	check_view(head->query, bytes);
	check_view(head->authority, bytes);
	for (size_t i = 0; i < head->field_count; i++) {
		const struct http_field *f = &head->fields[i];

		check_view(f->name, bytes);
		check_view(f->value, bytes);
		need(f->name.n && !has_line_end(f->name) && !has_line_end(f->value));
		need(http_head_find(head, f->name).p);
	}
}

static enum http_read read_head(struct str bytes, struct http_head *head)
{
	static struct http_head slow;
	enum http_read r = HTTP_MORE, s = HTTP_MORE;

	http_head_reset(head);
	http_head_reset(&slow);
	r = http_head_read(bytes, &limits, head);
	for (size_t n = 0; s == HTTP_MORE && n < bytes.n; n++)
		s = http_head_read(str_slice(bytes, 0, n + 1), &limits, &slow);
	need(r == s);
	if (r == HTTP_BAD)
		need(head->status == slow.status && head->status >= 400);
	if (r == HTTP_OK)
		need(head->length == slow.length &&
		     head->content_length == slow.content_length &&
		     str_eq(head->path, slow.path) && str_eq(head->host, slow.host));
	return r;
}

/* *used is set to the bytes that the body took. */
static bool read_chunks(struct arena *a, struct str bytes, size_t *used)
{
	struct http_chunks c = {.body_max = limits.body_max}, slow = c;
	char *p = arena_bytes(a, bytes.n + 1), *q = arena_bytes(a, bytes.n + 1);
	size_t n = bytes.n, m = 0;
	enum http_read r, s = HTTP_MORE;

	if (bytes.n)
		memcpy(p, bytes.p, bytes.n);
	r = http_chunks_read(&c, p, &n);
	need(n <= bytes.n && c.length <= n);
	for (*used = 0; s == HTTP_MORE && *used < bytes.n; ++*used) {
		q[m++] = bytes.p[*used];
		s = http_chunks_read(&slow, q, &m);
	}
	need(r == s && c.status == slow.status);
	if (r != HTTP_OK)
		return false;
	need(c.length == slow.length && memcmp(p, q, c.length) == 0);
	need(n - c.length == bytes.n - *used && m == slow.length);
	return true;
}

static void read_url(struct arena *a, const struct http_head *head)
{
	struct str captures[2] = {0}, decoded, again;
	struct http_params params;

	if (http_path_match(STR("/v1/{a}/{rest*}"), head->path, captures,
	                    LEN(captures))) {
		need(captures[0].n && str_find_char(captures[0], '/') < 0);
		need(5 + captures[0].n + captures[1].n == head->path.n);
	}
	if (http_percent_decode(a, head->path, &decoded)) {
		need(decoded.n <= head->path.n);
		need(http_percent_decode(a, http_percent_encode(a, decoded), &again));
		need(str_eq(decoded, again));
	}
	if (http_query_parse(a, head->query, &params))
		for (size_t i = 0; i < params.n; i++)
			need(http_params_find(&params, params.v[i].name) != NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	AUTO(arena) a = {0};
	struct str rest = {(const char *)bytes, n};
	static struct http_head head;

	if (n > 16 * 1024)
		return 0;
	while (rest.n && read_head(rest, &head) == HTTP_OK) {
		size_t used = (size_t)head.content_length;

		check_head(&head, rest);
		read_url(&a, &head);
		rest = str_from(rest, head.length);
		if (head.is_chunked && !read_chunks(&a, rest, &used))
			break;
		rest = str_from(rest, used);
	}
	return 0;
}
