#include "edge/held.h"

void held_init(struct held *h, struct arena *a, size_t max,
               struct journal_writer *journal, const struct http_response *refused)
{
	*h = (struct held){.journal = journal, .refused = refused, .size = 1};
	while (h->size < max)
		h->size *= 2;
	h->ring = ARENA_ARRAY(a, struct held_one, h->size);
}

/* False where it has to wait on. */
static bool let_go(struct held *h, struct held_one one)
{
	switch (journal_answer(h->journal, one.sequence)) {
	case JOURNAL_HOLD:
		return false;
	case JOURNAL_GO:
		http_release(one.exchange);
		return true;
	case JOURNAL_REFUSE:
		http_replace(one.exchange, h->refused);
		return true;
	}
	return false;
}

void held_release(struct held *h)
{
	while (h->n) {
		struct held_one one = h->ring[h->first];

		if (!let_go(h, one))
			return;
		h->first = (h->first + 1) & (h->size - 1);
		h->n--;
	}
}

void held_add(struct held *h, struct http_exchange *exchange, uint64_t sequence)
{
	struct held_one one = {exchange, sequence};

	/* What was not taken waits for nothing. */
	if ((h->n == 0 || sequence == 0) && let_go(h, one))
		return;
	need(h->n < h->size);
	h->ring[(h->first + h->n++) & (h->size - 1)] = one;
}
