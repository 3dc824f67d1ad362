#include "keys/tls_calls.h"

struct call {
	const struct tls_store *store;
	struct arena *a;
	struct str host;
	int64_t now; /* ms UTC */
	struct ipc_reader *r;
	struct buf *body;
	struct err *err;
};

/* The place of the key of this generation, or NULL. */
static struct tls_place *find_generation(struct tls_entry *e, uint64_t generation)
{
	if (e->next.is_set && e->next.generation == generation)
		return &e->next;
	if (e->current.is_set && e->current.generation == generation)
		return &e->current;
	return NULL;
}

/* A new key that waits for its chain, saved; *der holds its bytes. */
static enum keys_refusal make_next(struct call *c, struct tls_entry *e,
                                   uint64_t generation, struct secret *der)
{
	struct tls_key *key;
	bool ok;

	if (!tls_key_generate(&key, c->err))
		return KEYS_FAILED;
	ok = tls_key_encode(key, der, c->err);
	tls_key_free(key);
	if (!ok)
		return KEYS_FAILED;
	e->next = (struct tls_place){.is_set = true,
	                             .generation = generation,
	                             .kind = TLS_KEY_EC,
	                             .key = secret_str(der)};
	return tls_store_save(c->store, c->host, e, c->err) ? KEYS_NONE : KEYS_FAILED;
}

static enum keys_refusal request(struct call *c, const struct tls_place *p)
{
	struct tls_key *key;
	struct str csr;
	bool ok;

	if (!tls_key_decode(p->kind, p->key, &key, c->err))
		return KEYS_DAMAGED;
	ok = tls_key_request(c->a, key, c->host, &csr, c->err);
	tls_key_free(key);
	if (!ok)
		return KEYS_FAILED;
	ipc_put_str(c->body, csr);
	return KEYS_NONE;
}

static enum keys_refusal on_csr(struct call *c, struct tls_entry *e)
{
	uint64_t generation = ipc_get_u64(c->r);
	AUTO(secret) der = {0};
	enum keys_refusal made;

	if (generation == 0)
		return KEYS_INVALID;
	if (!find_generation(e, generation)) {
		made = make_next(c, e, generation, &der);
		if (made != KEYS_NONE)
			return made;
	}
	return request(c, find_generation(e, generation));
}

static enum keys_refusal state(struct call *c, const struct tls_place *p,
                               const struct certificate_chain *chain)
{
	ipc_put_u64(c->body, p->generation);
	ipc_put_u64(c->body, (uint64_t)chain->own.not_before);
	ipc_put_u64(c->body, (uint64_t)chain->own.not_after);
	ipc_put_str(c->body, chain->own.issuer);
	ipc_put_str(c->body, chain->own.serial);
	ipc_put_str(c->body, chain->own.names);
	ipc_put_str(c->body, chain->der);
	return KEYS_NONE;
}

/* Puts a key and the chain that was proved to be its own into use. */
static enum keys_refusal use(struct call *c, struct tls_entry *e,
                             const struct tls_place *p,
                             const struct certificate_chain *chain)
{
	struct tls_place fresh = *p;

	fresh.chain = chain->der;
	fresh.not_after = chain->own.not_after;
	if (e->next.is_set && e->next.generation == fresh.generation)
		e->next = (struct tls_place){0};
	e->current = fresh;
	if (!tls_store_save(c->store, c->host, e, c->err))
		return KEYS_FAILED;
	return state(c, &e->current, chain);
}

static enum keys_refusal on_install(struct call *c, struct tls_entry *e)
{
	uint64_t generation = ipc_get_u64(c->r);
	struct str pem = ipc_get_str(c->r);
	const struct tls_place *p = generation ? find_generation(e, generation) : NULL;
	struct certificate_chain chain;
	struct tls_key *key;
	bool fits;

	if (!p)
		return KEYS_UNKNOWN_KEY;
	if (!certificate_chain_parse(c->a, pem, &chain, c->err))
		return KEYS_UNFIT;
	if (!tls_key_decode(p->kind, p->key, &key, c->err))
		return KEYS_DAMAGED;
	fits = certificate_chain_check(&chain, key, c->host, c->now, c->err);
	tls_key_free(key);
	return fits ? use(c, e, p, &chain) : KEYS_UNFIT;
}

static enum keys_refusal on_upload(struct call *c, struct tls_entry *e)
{
	struct str pem = ipc_get_str(c->r);
	struct str key_pem = ipc_get_str(c->r);
	AUTO(secret) der = {0};
	struct certificate_chain chain;
	struct tls_place p = {.is_set = true};
	struct tls_key *key;
	bool fits;

	if (!certificate_chain_parse(c->a, pem, &chain, c->err) ||
	    !tls_key_parse(key_pem, &key, c->err))
		return KEYS_UNFIT;
	fits = certificate_chain_check(&chain, key, c->host, c->now, c->err);
	if (fits && !tls_key_encode(key, &der, c->err)) {
		tls_key_free(key);
		return KEYS_FAILED;
	}
	p.kind = tls_key_kind(key);
	p.key = secret_str(&der);
	tls_key_free(key);
	return fits ? use(c, e, &p, &chain) : KEYS_UNFIT;
}

static enum keys_refusal on_look(struct call *c, struct tls_entry *e)
{
	struct certificate_chain chain;

	if (!e->current.is_set)
		return KEYS_UNKNOWN_KEY;
	if (!certificate_chain_decode(c->a, e->current.chain, &chain, c->err))
		return KEYS_DAMAGED;
	return state(c, &e->current, &chain);
}

static enum keys_refusal on_drop(struct call *c, struct tls_entry *e)
{
	(void)e;
	return tls_store_remove(c->store, c->host, c->err) ? KEYS_NONE : KEYS_FAILED;
}

static enum keys_refusal on_get(struct call *c, struct tls_entry *e)
{
	if (!e->current.is_set)
		return KEYS_UNKNOWN_KEY;
	/* Where this is of one piece nothing else can hold a copy of the key. */
	need(buf_room(c->body, e->current.chain.n + e->current.key.n + 64) != NULL);
	ipc_put_str(c->body, e->current.chain);
	ipc_put_str(c->body, e->current.key);
	ipc_put_u64(c->body, e->current.kind);
	ipc_put_u64(c->body, (uint64_t)e->current.not_after);
	return KEYS_NONE;
}

static const struct call_row {
	enum ipc_type call, answer;
	enum keys_refusal (*run)(struct call *c, struct tls_entry *e);
	bool wants_file; /* one that is not there ends it */
	bool mends;      /* it may replace or remove a damaged file */
} rows[] = {
        {IPC_TLS_GET,     IPC_TLS_GOT,      on_get,     true,  false},
        {IPC_TLS_CSR,     IPC_TLS_CSR_MADE, on_csr,     false, false},
        {IPC_TLS_INSTALL, IPC_TLS_STATED,   on_install, true,  false},
        {IPC_TLS_UPLOAD,  IPC_TLS_STATED,   on_upload,  false, true },
        {IPC_TLS_LOOK,    IPC_TLS_STATED,   on_look,    true,  false},
        {IPC_TLS_DROP,    IPC_TLS_DROPPED,  on_drop,    false, true },
};

enum keys_refusal tls_call(const struct tls_store *s, enum ipc_type call,
                           struct ipc_reader *r, int64_t now, enum ipc_type *answer,
                           struct buf *body, struct err *err)
{
	AUTO(arena) a = {0};
	struct tls_entry entry;
	struct call c = {s, &a, ipc_get_str(r), now, r, body, err};
	const struct call_row *row = rows;
	enum keys_refusal found;

	while (row->call != call)
		row++;
	*answer = row->answer;
	err_set(err, ERR_INPUT, "%s", "");
	if (!tls_host_is_valid(c.host))
		return KEYS_INVALID;
	found = tls_store_load(s, c.host, &entry, err);
	if (found == KEYS_NONE || (found == KEYS_UNKNOWN_KEY && !row->wants_file) ||
	    (found == KEYS_DAMAGED && row->mends))
		found = row->run(&c, &entry);
	tls_entry_done(&entry);
	return found;
}
