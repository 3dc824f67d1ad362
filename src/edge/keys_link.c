#include "edge/parts.h"

#include "base/log.h"
#include "ipc/keys_client.h"

#include <string.h>

/* A question under way. */
struct question {
	struct question *next; /* among the free ones */
	struct keys_link *link;
	uint8_t n;
	char host[TLS_NAME_MAX];
};

struct keys_link {
	struct arena arena; /* of itself and the questions */
	struct keys_client *client;
	struct tls_cache *certificates;
	struct question *unused;
};

struct keys_link *keys_link_new(struct event_base *base, struct tls_cache *c)
{
	struct arena a = {0};
	struct keys_link *k = ARENA_NEW(&a, struct keys_link);

	k->client = keys_client_new(base, ROLE_EDGE);
	k->certificates = c;
	k->arena = a;
	return k;
}

void keys_link_free(struct keys_link *k)
{
	struct arena a;

	if (!k)
		return;
	keys_client_free(k->client);
	a = k->arena;
	arena_done(&a);
}

static void install(struct keys_link *k, struct str host,
                    const struct keys_result *result)
{
	struct tls_pair *pair;
	struct err err = {0};

	if (tls_pair_new(result->tls_chain, result->tls_key, &pair, &err)) {
		tls_cache_put(k->certificates, host, pair);
		return;
	}
	log_warning("edge.certificate_bad", LOG_STR("host", host),
	            LOG_CSTR("reason", err.text));
	tls_cache_fail(k->certificates, host);
}

static void on_answer(void *arg, const struct keys_result *result)
{
	struct question *q = arg;
	struct keys_link *k = q->link;
	char text[TLS_NAME_MAX];
	struct str host = {text, q->n};

	memcpy(text, q->host, q->n);
	q->next = k->unused; /* what follows may ask again */
	k->unused = q;
	if (result->refusal == KEYS_NONE)
		install(k, host, result);
	else if (result->refusal == KEYS_UNKNOWN_KEY ||
	         result->refusal == KEYS_INVALID) /* no name that could have one */
		tls_cache_put(k->certificates, host, NULL);
	else
		tls_cache_fail(k->certificates, host);
}

void keys_link_connect(struct keys_link *k, int fd)
{
	keys_client_connect(k->client, fd);
}

bool keys_link_ask(struct keys_link *k, struct str host)
{
	struct question *q = k->unused;

	if (q)
		k->unused = q->next;
	else
		q = ARENA_NEW(&k->arena, struct question);
	q->link = k;
	q->n = (uint8_t)host.n;
	memcpy(q->host, host.p, host.n);
	keys_tls_get(k->client, host, on_answer, q);
	return true;
}
