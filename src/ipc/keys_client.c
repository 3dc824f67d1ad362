#include "ipc/keys_client.h"

#include "base/clock.h"

#include <string.h>

#include <event2/event.h>

enum { BUCKETS = 1024, BODY_MAX = 600, TICK_MS = 1000 };

/* One that is under way. */
struct call {
	struct call *next; /* of its bucket, or of the free ones */
	struct call *older, *newer;
	uint32_t id;
	enum ipc_type type;
	int64_t deadline; /* monotonic */
	enum keys_refusal rejected_as;
	keys_done_fn *done;
	void *arg;
	struct buf large; /* the body, where it is longer than `body` */
	size_t n;
	char body[BODY_MAX];
};

struct keys_client {
	struct arena arena; /* of all of this */
	struct event_base *base;
	enum role self;
	struct channel *channel; /* NULL: none now */
	struct event *tick;
	struct call *buckets[BUCKETS];
	struct call *oldest, *newest;
	struct call *spare;
	struct call *rejected; /* end at the next turn: too many, or too long */
	size_t pending, pending_max;
	int64_t timeout_ms;
	uint32_t next_id;
};

const char *keys_refusal_text(enum keys_refusal refusal)
{
	static const char *const texts[] = {
#define X(name, text) (text),
	        KEYS_REFUSALS(X)
#undef X
	};

	need(refusal < KEYS_REFUSAL_COUNT);
	return texts[refusal];
}

static void unlink_call(struct keys_client *k, struct call *c)
{
	struct call **at = &k->buckets[c->id % BUCKETS];

	while (*at != c)
		at = &(*at)->next;
	*at = c->next;
	*(c->older ? &c->older->newer : &k->oldest) = c->newer;
	*(c->newer ? &c->newer->older : &k->newest) = c->older;
	k->pending--;
}

static void link_call(struct keys_client *k, struct call *c)
{
	c->next = k->buckets[c->id % BUCKETS];
	k->buckets[c->id % BUCKETS] = c;
	c->older = k->newest;
	c->newer = NULL;
	*(k->newest ? &k->newest->newer : &k->oldest) = c;
	k->newest = c;
	k->pending++;
}

/* Calls back; the call is spare before that, so that the next one may use it. */
static void end_call(struct keys_client *k, struct call *c,
                     const struct keys_result *result)
{
	keys_done_fn *done = c->done;
	void *arg = c->arg;

	/* It may have been a key. */
	if (c->large.n)
		explicit_bzero(c->large.p, c->large.n);
	buf_done(&c->large);
	c->next = k->spare;
	k->spare = c;
	done(arg, result);
}

static void refuse_call(struct keys_client *k, struct call *c, enum keys_refusal why)
{
	struct keys_result result = {.refusal = why, .reason = keys_refusal_text(why)};

	end_call(k, c, &result);
}

static void on_tick(evutil_socket_t fd, short what, void *arg)
{
	struct keys_client *k = arg;
	int64_t now = clock_monotonic_ms();

	(void)fd;
	(void)what;
	while (k->rejected) {
		struct call *c = k->rejected;

		k->rejected = c->next;
		refuse_call(k, c, c->rejected_as);
	}
	while (k->oldest && k->oldest->deadline <= now) {
		struct call *c = k->oldest;

		unlink_call(k, c);
		refuse_call(k, c, KEYS_UNAVAILABLE);
	}
}

struct keys_client *keys_client_new(struct event_base *base, enum role self)
{
	struct arena a = {0};
	struct keys_client *k = ARENA_NEW(&a, struct keys_client);
	struct timeval tick = {TICK_MS / 1000, 0};

	k->arena = a;
	k->base = base;
	k->self = self;
	k->pending_max = self == ROLE_EDGE ? KEYS_EDGE_PENDING_MAX : KEYS_PENDING_MAX;
	k->timeout_ms = self == ROLE_EDGE ? KEYS_EDGE_TIMEOUT_MS : KEYS_TIMEOUT_MS;
	k->tick = event_new(base, -1, EV_PERSIST, on_tick, k);
	need(k->tick && event_add(k->tick, &tick) == 0);
	return k;
}

void keys_client_free(struct keys_client *k)
{
	struct arena a;

	if (!k)
		return;
	channel_free(k->channel);
	event_free(k->tick);
	for (struct call *c = k->oldest; c; c = c->newer)
		buf_done(&c->large);
	for (struct call *c = k->rejected; c; c = c->next)
		buf_done(&c->large);
	a = k->arena;
	arena_done(&a);
}

bool keys_client_is_connected(const struct keys_client *k)
{
	return k->channel != NULL;
}

size_t keys_client_pending(const struct keys_client *k)
{
	return k->pending;
}

static void read_got(struct ipc_reader *r, struct keys_result *out)
{
	uint64_t kind;

	out->tls_chain = ipc_get_str(r);
	out->tls_key = ipc_get_str(r);
	kind = ipc_get_u64(r);
	out->tls_kind = kind == TLS_KEY_RSA ? TLS_KEY_RSA : TLS_KEY_EC;
	out->tls_not_after = (int64_t)ipc_get_u64(r);
}

static void read_stated(struct ipc_reader *r, struct keys_result *out)
{
	struct keys_tls *tls = &out->tls;

	tls->generation = ipc_get_u64(r);
	tls->own.not_before = (int64_t)ipc_get_u64(r);
	tls->own.not_after = (int64_t)ipc_get_u64(r);
	tls->own.issuer = ipc_get_str(r);
	tls->own.serial = ipc_get_str(r);
	tls->own.names = ipc_get_str(r);
	tls->chain = ipc_get_str(r);
}

static void read_result(const struct channel_message *m, struct keys_result *out)
{
	struct ipc_reader r = {m->body, false};
	struct keys_stats *s = &out->stats;

	if (m->type == IPC_TLS_GOT)
		read_got(&r, out);
	else if (m->type == IPC_TLS_STATED)
		read_stated(&r, out);
	else if (m->type == IPC_TLS_CSR_MADE)
		out->csr = ipc_get_str(&r);
	else if (m->type == IPC_KEYS_TAKEN)
		out->public_key = ipc_get_str(&r);
	else if (m->type == IPC_KEYS_SIGNED)
		out->signature = ipc_get_str(&r);
	else if (m->type == IPC_KEYS_REFUSED) {
		uint64_t refusal = ipc_get_u64(&r);

		out->refusal = refusal > KEYS_NONE && refusal < KEYS_REFUSAL_COUNT
		                       ? (enum keys_refusal)refusal
		                       : KEYS_FAILED;
		/* The sentence has no NUL, and the log of keys has it. */
		out->words = ipc_get_str(&r);
		out->reason = keys_refusal_text(out->refusal);
	} else if (m->type == IPC_KEYS_STATED) {
		uint64_t *const fields[] = {
		        &s->pool,     &s->pool_wanted, &s->waiting, &s->signatures,
		        &s->refusals, &s->takes,       &s->cached};

		for (size_t i = 0; i < LEN(fields); i++)
			*fields[i] = ipc_get_u64(&r);
	}
	need(ipc_get_end(&r)); /* the channel has checked the fields */
}

static bool is_answer(enum ipc_type call, enum ipc_type answer)
{
	static const enum ipc_type answers[][2] = {
	        {IPC_KEYS_TAKE,   IPC_KEYS_TAKEN  },
                {IPC_KEYS_SIGN,   IPC_KEYS_SIGNED },
	        {IPC_KEYS_DROP,   IPC_KEYS_DROPPED},
                {IPC_KEYS_STATS,  IPC_KEYS_STATED },
	        {IPC_TLS_CSR,     IPC_TLS_CSR_MADE},
                {IPC_TLS_INSTALL, IPC_TLS_STATED  },
	        {IPC_TLS_UPLOAD,  IPC_TLS_STATED  },
                {IPC_TLS_LOOK,    IPC_TLS_STATED  },
	        {IPC_TLS_DROP,    IPC_TLS_DROPPED },
                {IPC_TLS_GET,     IPC_TLS_GOT     },
	};

	for (size_t i = 0; i < LEN(answers); i++)
		if (answers[i][0] == call && answers[i][1] == answer)
			return true;
	return answer == IPC_KEYS_REFUSED;
}

static void on_message(void *arg, struct channel_message *m)
{
	struct keys_client *k = arg;
	struct keys_result result = {0};
	struct call *c = k->buckets[m->id % BUCKETS];

	while (c && c->id != m->id)
		c = c->next;
	/* One that ended at its deadline; or nonsense, which ends there. */
	if (!c || !is_answer(c->type, m->type))
		return;
	read_result(m, &result);
	unlink_call(k, c);
	end_call(k, c, &result);
}

static void on_closed(void *arg, const char *why)
{
	struct keys_client *k = arg;

	(void)why;
	channel_free(k->channel);
	k->channel = NULL;
}

static void send_call(struct keys_client *k, const struct call *c)
{
	/* What does not fit now is sent to the next process or ends at its deadline. */
	struct str body = c->large.n ? buf_str(&c->large) : (struct str){c->body, c->n};

	if (k->channel)
		(void)!channel_send(k->channel, c->type, c->id, body, -1);
}

void keys_client_connect(struct keys_client *k, int fd)
{
	channel_free(k->channel);
	k->channel = channel_new(fd, k->self, ROLE_KEYS);
	channel_attach(k->channel, k->base,
	               &(struct channel_handlers){on_message, on_closed, k});
	for (struct call *c = k->oldest; c; c = c->newer)
		send_call(k, c);
}

static struct call *new_call(struct keys_client *k)
{
	struct call *c = k->spare;

	if (!c)
		return ARENA_NEW(&k->arena, struct call);
	k->spare = c->next;
	*c = (struct call){0};
	return c;
}

/* Calls back at the next turn. */
static void reject(struct keys_client *k, struct call *c, enum keys_refusal why)
{
	c->rejected_as = why;
	c->next = k->rejected;
	k->rejected = c;
	event_active(k->tick, EV_TIMEOUT, 0);
}

static void start(struct keys_client *k, enum ipc_type type, const struct buf *body,
                  keys_done_fn *done, void *arg)
{
	struct call *c = new_call(k);

	c->type = type;
	c->done = done;
	c->arg = arg;
	if (body->overflowed || body->n > ipc_find(type)->max) {
		reject(k, c, KEYS_INVALID);
		return;
	}
	if (body->n > BODY_MAX) {
		c->large.max = IPC_BODY_MAX;
		need(buf_room(&c->large, body->n) != NULL);
		buf_add(&c->large, buf_str(body));
	} else if (body->n) {
		memcpy(c->body, body->p, body->n);
		c->n = body->n;
	}
	if (k->pending >= k->pending_max) {
		reject(k, c, KEYS_UNAVAILABLE);
		return;
	}
	c->deadline = clock_monotonic_ms() + k->timeout_ms;
	c->id = ++k->next_id;
	link_call(k, c);
	send_call(k, c);
}

void keys_take(struct keys_client *k, struct str key_id, enum key_algorithm algorithm,
               struct str domain, keys_done_fn *done, void *arg)
{
	AUTO(buf) body = {.max = BODY_MAX};

	ipc_put_str(&body, key_id);
	ipc_put_u64(&body, algorithm);
	ipc_put_str(&body, domain);
	start(k, IPC_KEYS_TAKE, &body, done, arg);
}

void keys_sign(struct keys_client *k, const struct grant *g,
               const uint8_t digest[SHA256_BYTES], keys_done_fn *done, void *arg)
{
	AUTO(buf) body = {.max = BODY_MAX};

	ipc_put_str(&body, g->key_id);
	ipc_put_str(&body, g->domain);
	ipc_put_u64(&body, (uint64_t)g->expires_at);
	ipc_put_u64(&body, g->per_minute);
	ipc_put_str(&body, (struct str){(const char *)g->seal, sizeof(g->seal)});
	ipc_put_str(&body, (struct str){(const char *)digest, SHA256_BYTES});
	start(k, IPC_KEYS_SIGN, &body, done, arg);
}

void keys_drop(struct keys_client *k, struct str key_id, keys_done_fn *done, void *arg)
{
	AUTO(buf) body = {.max = BODY_MAX};

	ipc_put_str(&body, key_id);
	start(k, IPC_KEYS_DROP, &body, done, arg);
}

void keys_stats(struct keys_client *k, keys_done_fn *done, void *arg)
{
	AUTO(buf) body = {.max = BODY_MAX};

	start(k, IPC_KEYS_STATS, &body, done, arg);
}

void keys_tls_csr(struct keys_client *k, struct str host, uint64_t generation,
                  keys_done_fn *done, void *arg)
{
	AUTO(buf) body = {.max = BODY_MAX};

	ipc_put_str(&body, host);
	ipc_put_u64(&body, generation);
	start(k, IPC_TLS_CSR, &body, done, arg);
}

void keys_tls_install(struct keys_client *k, struct str host, uint64_t generation,
                      struct str chain_pem, keys_done_fn *done, void *arg)
{
	AUTO(buf) body = {.max = IPC_BODY_MAX};

	ipc_put_str(&body, host);
	ipc_put_u64(&body, generation);
	ipc_put_str(&body, chain_pem);
	start(k, IPC_TLS_INSTALL, &body, done, arg);
}

void keys_tls_upload(struct keys_client *k, struct str host, struct str chain_pem,
                     struct str key_pem, keys_done_fn *done, void *arg)
{
	AUTO(buf) body = {.max = IPC_BODY_MAX};

	/* Of one piece: no copy of the key is left in memory that was given back. */
	(void)buf_room(&body, host.n + chain_pem.n + key_pem.n + 64);
	ipc_put_str(&body, host);
	ipc_put_str(&body, chain_pem);
	ipc_put_str(&body, key_pem);
	start(k, IPC_TLS_UPLOAD, &body, done, arg);
	if (body.n)
		explicit_bzero(body.p, body.n);
}

static void of_host(struct keys_client *k, enum ipc_type type, struct str host,
                    keys_done_fn *done, void *arg)
{
	AUTO(buf) body = {.max = BODY_MAX};

	ipc_put_str(&body, host);
	start(k, type, &body, done, arg);
}

void keys_tls_look(struct keys_client *k, struct str host, keys_done_fn *done,
                   void *arg)
{
	of_host(k, IPC_TLS_LOOK, host, done, arg);
}

void keys_tls_drop(struct keys_client *k, struct str host, keys_done_fn *done,
                   void *arg)
{
	of_host(k, IPC_TLS_DROP, host, done, arg);
}

void keys_tls_get(struct keys_client *k, struct str host, keys_done_fn *done, void *arg)
{
	of_host(k, IPC_TLS_GET, host, done, arg);
}
