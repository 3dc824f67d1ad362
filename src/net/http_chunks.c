#include "net/http_chunks.h"

#include <string.h>

static enum http_read bad(struct http_chunks *c, unsigned status, const char *why)
{
	c->status = status;
	c->why = why;
	return HTTP_BAD;
}

/* Takes a line with its CR LF off the front of *rest. */
static enum http_read cut_line(struct http_chunks *c, struct str *rest,
                               struct str *line)
{
	for (size_t i = 0; i < rest->n; i++) {
		uint8_t byte = (uint8_t)rest->p[i];

		if (i == HTTP_CHUNK_LINE_MAX)
			return bad(c, 400, "a line between chunks is too long");
		if ((byte >= 0x20 && byte != 0x7f) || byte == '\t')
			continue;
		if (byte != '\r')
			return bad(c, 400, "a control character between chunks");
		if (i + 1 == rest->n)
			return HTTP_MORE;
		if (rest->p[i + 1] != '\n')
			return bad(c, 400, "a CR stands alone between chunks");
		*line = str_slice(*rest, 0, i);
		*rest = str_from(*rest, i + 2);
		return HTTP_OK;
	}
	return HTTP_MORE;
}

/* "1a", "1a;name=value" */
static enum http_read read_size(struct http_chunks *c, struct str line)
{
	size_t n = 0;

	c->left = 0;
	while (n < line.n && char_is_hex(line.p[n])) {
		c->left = c->left << 4 | (uint64_t)char_hex(line.p[n++]);
		if (n > 15 || c->left > c->body_max - c->length)
			return bad(c, 413, "the body is too long");
	}
	if (n == 0 || (n < line.n && line.p[n] != ';'))
		return bad(c, 400, "a chunk does not begin with its size");
	c->state = c->left ? HTTP_CHUNK_DATA : HTTP_CHUNK_TRAILER;
	return HTTP_OK;
}

static void take_data(struct http_chunks *c, char *p, struct str *rest)
{
	size_t n = rest->n < c->left ? rest->n : (size_t)c->left;

	memmove(p + c->length, rest->p, n);
	c->length += n;
	c->left -= n;
	*rest = str_from(*rest, n);
	if (c->left == 0)
		c->state = HTTP_CHUNK_DATA_END;
}

/* One line that is no data. */
static enum http_read read_line(struct http_chunks *c, struct str *rest)
{
	size_t before = rest->n;
	struct str line;
	enum http_read r = cut_line(c, rest, &line);

	if (r != HTTP_OK)
		return r;
	if (c->state == HTTP_CHUNK_SIZE)
		return read_size(c, line);
	if (c->state == HTTP_CHUNK_DATA_END) {
		c->state = HTTP_CHUNK_SIZE;
		return line.n ? bad(c, 400, "a chunk is longer than its size")
		              : HTTP_OK;
	}
	c->trailer_length += before - rest->n;
	if (c->trailer_length > HTTP_TRAILER_MAX)
		return bad(c, 431, "the trailer is too long");
	if (line.n == 0)
		c->state = HTTP_CHUNKS_END;
	return HTTP_OK;
}

enum http_read http_chunks_read(struct http_chunks *c, char *p, size_t *n)
{
	struct str rest = {p + c->length, *n - c->length};
	enum http_read r = HTTP_OK;

	while (c->state != HTTP_CHUNKS_END && r == HTTP_OK) {
		if (c->state == HTTP_CHUNK_DATA) {
			if (rest.n == 0)
				r = HTTP_MORE;
			else
				take_data(c, p, &rest);
		} else {
			r = read_line(c, &rest);
		}
	}
	memmove(p + c->length, rest.p, rest.n);
	*n = c->length + rest.n;
	return r;
}
