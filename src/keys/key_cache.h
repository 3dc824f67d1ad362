/*
 * Keys in memory, ready to sign: opening a file costs as much as a signature. A fixed
 * table of four places a row; the least recently used of a row makes room. Keys are wiped
 * as they leave.
 */
#pragma once

#include "crypto/signer.h"
#include "ipc/grant.h"

enum { KEY_CACHE_ROWS = 512, KEY_CACHE_WAYS = 4 };

struct cached_key {
	char id[KEY_ID_LEN];
	struct signer signer;
	uint64_t used; /* 0: free */
};

struct key_cache {
	struct cached_key places[KEY_CACHE_ROWS][KEY_CACHE_WAYS];
	uint64_t clock;
	size_t n;
};

/* Lent until the next change, or NULL. */
struct signer *key_cache_find(struct key_cache *c, struct str id);
/* Takes the signer; lent as above. */
struct signer *key_cache_add(struct key_cache *c, struct str id, struct signer signer);
void key_cache_remove(struct key_cache *c, struct str id);
void key_cache_done(struct key_cache *c);
