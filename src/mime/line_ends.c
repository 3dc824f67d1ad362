#include "mime/line_ends.h"

#include "base/vector.h"

/* Whether the byte stands alone, the one before and the one behind being given. */
static bool is_bare(char before, char c, char behind)
{
	return (c == '\n' && before != '\r') || (c == '\r' && behind != '\n');
}

/* Offset of the first bare line end at or behind `from`, or the length. */
static size_t find_bare(struct str s, size_t from)
{
	size_t i = from;

	while (i < s.n) {
		if (i > 0 && i + 17 <= s.n) {
			bytes16 before = load16(s.p + i - 1);
			bytes16 here = load16(s.p + i);
			bytes16 behind = load16(s.p + i + 1);

			if (!any16((bytes16)(((here == '\n') & (before != '\r')) |
			                     ((here == '\r') & (behind != '\n'))))) {
				i += 16;
				continue;
			}
		}
		if (is_bare(i ? s.p[i - 1] : 0, s.p[i], i + 1 < s.n ? s.p[i + 1] : 0))
			return i;
		i++;
	}
	return s.n;
}

struct str line_ends_normalize(struct arena *a, struct str text)
{
	size_t at = find_bare(text, 0);
	size_t count = 0, done = 0, n = 0;
	char *p;

	if (at == text.n)
		return text;
	for (size_t i = at; i < text.n; i = find_bare(text, i + 1))
		count++;
	p = arena_bytes(a, text.n + count);
	for (; at < text.n; at = find_bare(text, at + 1)) {
		memcpy(p + n, text.p + done, at - done);
		n += at - done;
		p[n++] = '\r';
		p[n++] = '\n';
		done = at + 1;
	}
	memcpy(p + n, text.p + done, text.n - done);
	return (struct str){p, n + text.n - done};
}
