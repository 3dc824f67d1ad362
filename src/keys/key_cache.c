#include "keys/key_cache.h"

#include <string.h>

/* The id is random digits, mostly; who chooses others only slows itself down. */
static struct cached_key *row_of(struct key_cache *c, struct str id)
{
	size_t n = 0;

	need(id.n == KEY_ID_LEN);
	for (size_t i = 0; i < id.n; i++)
		n = n * 31 + (uint8_t)id.p[i];
	return c->places[n % KEY_CACHE_ROWS];
}

static struct cached_key *find(struct key_cache *c, struct str id)
{
	struct cached_key *row = row_of(c, id);

	for (int i = 0; i < KEY_CACHE_WAYS; i++)
		if (row[i].used && memcmp(row[i].id, id.p, KEY_ID_LEN) == 0)
			return &row[i];
	return NULL;
}

static void empty(struct key_cache *c, struct cached_key *k)
{
	if (!k->used)
		return;
	signer_done(&k->signer);
	*k = (struct cached_key){0};
	c->n--;
}

struct signer *key_cache_find(struct key_cache *c, struct str id)
{
	struct cached_key *k = find(c, id);

	if (!k)
		return NULL;
	k->used = ++c->clock;
	return &k->signer;
}

struct signer *key_cache_add(struct key_cache *c, struct str id, struct signer signer)
{
	struct cached_key *row = row_of(c, id);
	struct cached_key *k = &row[0];

	need(!find(c, id));
	for (int i = 1; i < KEY_CACHE_WAYS; i++)
		if (row[i].used < k->used)
			k = &row[i];
	empty(c, k);
	memcpy(k->id, id.p, KEY_ID_LEN);
	k->signer = signer;
	k->used = ++c->clock;
	c->n++;
	return &k->signer;
}

void key_cache_remove(struct key_cache *c, struct str id)
{
	struct cached_key *k = find(c, id);

	if (k)
		empty(c, k);
}

void key_cache_done(struct key_cache *c)
{
	for (size_t i = 0; i < KEY_CACHE_ROWS; i++)
		for (size_t j = 0; j < KEY_CACHE_WAYS; j++)
			empty(c, &c->places[i][j]);
}
