#include "mime/edits.h"

#include <stdlib.h>

void edits_add(struct arena *a, struct edits *e, size_t start, size_t end,
               struct str text)
{
	struct edit *edit;

	need(start <= end);
	if (e->n && start < e->v[e->n - 1].end)
		e->is_unsorted = true;
	edit = ARRAY_ADD(e, a);
	*edit = (struct edit){start, end, text, e->n};
}

static int compare(const void *x, const void *y)
{
	const struct edit *p = x, *q = y;

	if (p->start != q->start)
		return p->start < q->start ? -1 : 1;
	if ((p->start == p->end) != (q->start == q->end))
		return p->start == p->end ? -1 : 1;
	return p->order < q->order ? -1 : 1;
}

void edits_sort(struct edits *e)
{
	if (!e->is_unsorted)
		return;
	qsort(e->v, e->n, sizeof(*e->v), compare);
	e->is_unsorted = false;
	for (size_t i = 1; i < e->n; i++)
		need(e->v[i - 1].end <= e->v[i].start);
}

void edits_apply(struct arena *a, struct edits *e, struct str original, struct iov *out)
{
	edits_apply_range(a, e, original, 0, original.n, out);
}

void edits_apply_range(struct arena *a, struct edits *e, struct str original,
                       size_t from, size_t to, struct iov *out)
{
	size_t at = from;

	edits_sort(e);
	need(from <= to && to <= original.n);
	for (size_t i = 0; i < e->n; i++) {
		const struct edit *edit = &e->v[i];

		if (edit->start < from || edit->start > to ||
		    (edit->start == to && edit->end > to))
			continue;
		need(edit->start >= at && edit->end <= to);
		iov_add(a, out, str_slice(original, at, edit->start - at));
		iov_add(a, out, edit->text);
		at = edit->end;
	}
	iov_add(a, out, str_slice(original, at, to - at));
}
