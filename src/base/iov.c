#include "base/iov.h"

#include <string.h>

void iov_add(struct arena *a, struct iov *iov, struct str piece)
{
	struct iovec *v;

	if (piece.n == 0)
		return;
	v = ARRAY_ADD(iov, a);
	v->iov_base = (void *)(uintptr_t)piece.p;
	v->iov_len = piece.n;
}

void iov_add_all(struct arena *a, struct iov *iov, const struct iov *more)
{
	for (size_t i = 0; i < more->n; i++)
		iov_add(a, iov, iov_piece(more, i));
}

struct str iov_piece(const struct iov *iov, size_t i)
{
	need(i < iov->n);
	return (struct str){iov->v[i].iov_base, iov->v[i].iov_len};
}

size_t iov_len(const struct iov *iov)
{
	size_t n = 0;

	for (size_t i = 0; i < iov->n; i++)
		n += iov->v[i].iov_len;
	return n;
}

struct str iov_join(struct arena *a, const struct iov *iov)
{
	size_t at = 0;
	char *p;

	if (iov->n == 0)
		return STR_NONE;
	if (iov->n == 1)
		return iov_piece(iov, 0);
	p = arena_bytes(a, iov_len(iov));
	for (size_t i = 0; i < iov->n; i++) {
		memcpy(p + at, iov->v[i].iov_base, iov->v[i].iov_len);
		at += iov->v[i].iov_len;
	}
	return (struct str){p, at};
}
