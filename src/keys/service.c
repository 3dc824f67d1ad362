#include "keys/service.h"

#include "base/clock.h"
#include "base/log.h"
#include "keys/key_cache.h"
#include "keys/maker.h"
#include "keys/sign_rate.h"
#include "keys/tls_calls.h"

#include <string.h>

#include <event2/event.h>

enum { AGAIN_MS = 1000, FILLING_AT_ONCE = 8, BODY_MAX = 2048 };

/* The other end of a channel; `generation` tells whether it is still the same. */
struct peer {
	struct keys_service *service; /* NULL: a free place */
	enum role role;
	unsigned instance;
	struct channel *channel; /* NULL: none */
	uint64_t generation;
	int64_t guessing_since; /* ms UTC: names without a key in this second */
	uint32_t guesses;
};

/* Whom to answer. */
struct caller {
	struct peer *peer;
	uint64_t generation;
	uint32_t id;
};

/* An answer that waits for the end of the turn. */
struct reply {
	struct caller to;
	enum ipc_type type;
	struct str body;
};

/* A take that waits for a key. */
struct waiting {
	struct waiting *next;
	struct caller to;
	char id[KEY_ID_LEN];
};

struct keys_service {
	struct arena arena; /* of all of this */
	struct arena turn;  /* of the replies */
	struct event_base *base;
	const struct key_files *files;
	uint8_t secret[GRANT_SECRET_BYTES];
	struct keys_limits limits;
	struct peer peers[ROLE_PROCESSES_MAX];
	struct {
		struct reply *v;
		size_t n, cap;
	} replies;
	struct event *end_of_turn, *again;
	struct buf pool; /* ids, KEY_ID_LEN bytes each */
	struct waiting *first, *last, *spare;
	size_t waiting_count;
	struct maker *idle, *soon;
	struct key_cache cache;
	struct sign_rate rate;
	uint64_t signatures, refusals, takes;
};

static size_t pool_count(const struct keys_service *s)
{
	return s->pool.n / KEY_ID_LEN;
}

/* Asks for as many keys as are wanting. */
static void fill_pool(struct keys_service *s)
{
	while (pool_count(s) + maker_asked(s->idle) < s->limits.pool &&
	       maker_asked(s->idle) < FILLING_AT_ONCE)
		maker_ask(s->idle, s->limits.rsa_bits);
	while (maker_asked(s->soon) < s->waiting_count &&
	       maker_asked(s->soon) < FILLING_AT_ONCE)
		maker_ask(s->soon, s->limits.rsa_bits);
}

static void send_now(const struct caller *to, enum ipc_type type, struct str body)
{
	/* A channel whose queue is full belongs to a peer that does not read any more;
	 * its calls are sent again when it is back. */
	if (to->peer->channel && to->peer->generation == to->generation)
		(void)!channel_send(to->peer->channel, type, to->id, body, -1);
}

static void send_later(struct keys_service *s, const struct caller *to,
                       enum ipc_type type, struct str body)
{
	*ARRAY_ADD(&s->replies, &s->turn) =
	        (struct reply){*to, type, arena_dup(&s->turn, body)};
	event_active(s->end_of_turn, EV_TIMEOUT, 0);
}

static void refuse(struct keys_service *s, const struct caller *to,
                   enum keys_refusal refusal, const char *why)
{
	AUTO(buf) body = {.max = BODY_MAX};

	s->refusals++;
	ipc_put_u64(&body, refusal);
	ipc_put_str(&body, str_c(why ? why : keys_refusal_text(refusal)));
	send_now(to, IPC_KEYS_REFUSED, buf_str(&body));
	/* What the disk does is for the operator; the rest is the caller's doing. */
	if (refusal == KEYS_DAMAGED || refusal == KEYS_FAILED)
		log_error("key.failed", LOG_CSTR("reason", why ? why : ""));
}

void keys_service_flush(struct keys_service *s)
{
	struct err err;

	if (s->replies.n == 0)
		return;
	if (key_files_sync(s->files, &err))
		for (size_t i = 0; i < s->replies.n; i++) {
			const struct reply *r = &s->replies.v[i];

			s->takes += r->type == IPC_KEYS_TAKEN;
			send_now(&r->to, r->type, r->body);
		}
	else
		for (size_t i = 0; i < s->replies.n; i++)
			refuse(s, &s->replies.v[i].to, KEYS_FAILED, err.text);
	s->replies.v = NULL;
	s->replies.n = s->replies.cap = 0;
	arena_reset(&s->turn);
}

static void on_end_of_turn(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	keys_service_flush(arg);
}

/* Its signer goes into the cache; NULL fills err. */
static struct signer *keep_signer(struct keys_service *s, struct str id,
                                  const struct private_key *key, struct err *err)
{
	struct signer *known = key_cache_find(&s->cache, id);
	struct signer made;

	if (known)
		return known;
	return signer_init_local(&made, key, err) ? key_cache_add(&s->cache, id, made)
	                                          : NULL;
}

/* Answers a take with a key that is in its place, and frees the key. */
static void answer_take(struct keys_service *s, const struct caller *to,
                        struct str key_id, struct private_key *key)
{
	AUTO(arena) a = {0};
	AUTO(buf) body = {.max = BODY_MAX};
	struct str public_key;
	struct err err;

	if (private_key_public(&a, key, &public_key, &err) &&
	    keep_signer(s, key_id, key, &err)) {
		ipc_put_str(&body, public_key);
		need(!body.overflowed);
		send_later(s, to, IPC_KEYS_TAKEN, buf_str(&body));
	} else {
		refuse(s, to, KEYS_FAILED, err.text);
	}
	private_key_free(key);
}

static bool has_right_length(const struct keys_service *s,
                             const struct private_key *key)
{
	AUTO(arena) a = {0};
	struct public_key public_key;
	struct str bytes;
	struct err err;

	return private_key_public(&a, key, &bytes, &err) &&
	       public_key_decode(&a, KEY_RSA, bytes, &public_key, &err) &&
	       public_key.bits == s->limits.rsa_bits;
}

/* The next key of the pool that is fit to be used; those that are not are removed. */
static struct private_key *pop_pool(struct keys_service *s, char id[KEY_ID_LEN])
{
	while (pool_count(s)) {
		struct private_key *key = NULL;
		struct str name = {id, KEY_ID_LEN};
		enum keys_refusal found;
		struct err err;

		s->pool.n -= KEY_ID_LEN;
		memcpy(id, s->pool.p + s->pool.n, KEY_ID_LEN);
		found = key_files_load(s->files, KEY_POOL, name, &key, &err);
		if (found == KEYS_NONE && has_right_length(s, key))
			return key;
		if (found != KEYS_NONE)
			log_warning("pool.damaged", LOG_CSTR("reason", err.text));
		private_key_free(key);
		/* One that could not be read now may be fit at the next start. */
		if (found != KEYS_FAILED)
			(void)!key_files_remove(s->files, KEY_POOL, name, &err);
	}
	return NULL;
}

/* False where the pool is empty. */
static bool take_from_pool(struct keys_service *s, const struct caller *to,
                           struct str key_id)
{
	char pool_id[KEY_ID_LEN];
	struct private_key *key = pop_pool(s, pool_id);
	struct err err;

	if (!key)
		return false;
	if (key_files_assign(s->files, (struct str){pool_id, KEY_ID_LEN}, key_id,
	                     &err)) {
		answer_take(s, to, key_id, key);
	} else {
		refuse(s, to, KEYS_FAILED, err.text);
		private_key_free(key);
	}
	return true;
}

static void take_ed25519(struct keys_service *s, const struct caller *to,
                         struct str key_id)
{
	struct private_key *key;
	struct err err;

	if (!private_key_generate(KEY_ED25519, 0, &key, &err)) {
		refuse(s, to, KEYS_FAILED, err.text);
	} else if (!key_files_add(s->files, KEY_DKIM, key_id, key, &err)) {
		private_key_free(key);
		refuse(s, to, KEYS_FAILED, err.text);
	} else {
		answer_take(s, to, key_id, key);
	}
}

static void wait_for_key(struct keys_service *s, const struct caller *to,
                         struct str key_id)
{
	struct waiting *w = s->spare;

	if (s->waiting_count >= KEYS_WAITING_MAX) {
		refuse(s, to, KEYS_UNAVAILABLE, NULL);
		return;
	}
	if (w)
		s->spare = w->next;
	else
		w = ARENA_NEW(&s->arena, struct waiting);
	w->next = NULL;
	w->to = *to;
	memcpy(w->id, key_id.p, KEY_ID_LEN);
	*(s->first ? &s->last->next : &s->first) = w;
	s->last = w;
	s->waiting_count++;
}

/* `is_next`: nobody has waited for longer. */
static void start_take(struct keys_service *s, const struct caller *to,
                       struct str key_id, enum key_algorithm algorithm, bool is_next)
{
	struct private_key *key;
	struct err err;
	enum keys_refusal found =
	        key_files_load(s->files, KEY_DKIM, key_id, &key, &err);

	if (found == KEYS_NONE && private_key_algorithm(key) == algorithm) {
		answer_take(s, to, key_id, key);
	} else if (found == KEYS_NONE) {
		private_key_free(key);
		refuse(s, to, KEYS_INVALID, "this id has a key of another algorithm");
	} else if (found != KEYS_UNKNOWN_KEY) {
		refuse(s, to, found, err.text);
	} else if (algorithm == KEY_ED25519) {
		take_ed25519(s, to, key_id);
	} else if ((s->first && !is_next) || !take_from_pool(s, to, key_id)) {
		wait_for_key(s, to, key_id);
	}
}

/* Serves those who wait, the longest first, as long as there are keys. */
static void serve_waiting(struct keys_service *s)
{
	while (s->first && pool_count(s)) {
		struct waiting *w = s->first;
		struct waiting copy = *w;

		s->first = w->next;
		s->waiting_count--;
		w->next = s->spare;
		s->spare = w;
		/* One who is gone asks again when it is back. */
		if (copy.to.peer->generation != copy.to.generation)
			continue;
		/* The same key may have been asked for twice. */
		start_take(s, &copy.to, (struct str){copy.id, KEY_ID_LEN}, KEY_RSA,
		           true);
	}
}

static void on_made(void *arg, enum maker_urgency urgency, struct str id,
                    const char *why)
{
	struct keys_service *s = arg;
	struct timeval soon = {AGAIN_MS / 1000, 0};

	(void)urgency;
	if (!id.n) {
		log_error("pool.failed", LOG_CSTR("reason", why));
		event_add(s->again, &soon);
		return;
	}
	buf_add(&s->pool, id);
	serve_waiting(s);
	if (!event_pending(s->again, EV_TIMEOUT, NULL))
		fill_pool(s);
}

static void on_again(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	fill_pool(arg);
}

static void on_take(struct keys_service *s, const struct caller *to,
                    struct ipc_reader *r)
{
	struct str key_id = ipc_get_str(r);
	uint64_t algorithm = ipc_get_u64(r);
	struct str domain = ipc_get_str(r);

	if (!key_id_is_valid(key_id) || algorithm > KEY_ED25519 || domain.n == 0 ||
	    domain.n > GRANT_DOMAIN_MAX) {
		refuse(s, to, KEYS_INVALID, NULL);
		return;
	}
	start_take(s, to, key_id, (enum key_algorithm)algorithm, false);
	fill_pool(s);
}

/* The signer of a key, or NULL after a refusal. */
static struct signer *find_signer(struct keys_service *s, const struct caller *to,
                                  struct str key_id)
{
	struct signer *signer = key_cache_find(&s->cache, key_id);
	struct private_key *key;
	enum keys_refusal found;
	struct err err;

	if (signer)
		return signer;
	found = key_files_load(s->files, KEY_DKIM, key_id, &key, &err);
	if (found != KEYS_NONE) {
		refuse(s, to, found, err.text);
		return NULL;
	}
	signer = keep_signer(s, key_id, key, &err);
	private_key_free(key);
	if (!signer)
		refuse(s, to, KEYS_FAILED, err.text);
	return signer;
}

static enum keys_refusal check_grant(struct keys_service *s, const struct grant *g)
{
	uint32_t per_minute = g->per_minute;

	switch (grant_check(g, s->secret, clock_now())) {
	case GRANT_FORGED:
		return KEYS_FORGED;
	case GRANT_EXPIRED:
		return KEYS_EXPIRED;
	case GRANT_OK:
		break;
	}
	if (per_minute > s->limits.sign_per_minute)
		per_minute = s->limits.sign_per_minute;
	return sign_rate_take(&s->rate, g->domain, per_minute, clock_monotonic_ms())
	               ? KEYS_NONE
	               : KEYS_RATE;
}

static void on_sign(struct keys_service *s, const struct caller *to,
                    struct ipc_reader *r)
{
	AUTO(buf) body = {.max = BODY_MAX};
	struct grant g = {.key_id = ipc_get_str(r), .domain = ipc_get_str(r)};
	uint64_t expires_at = ipc_get_u64(r);
	uint64_t per_minute = ipc_get_u64(r);
	struct str seal = ipc_get_str(r);
	struct str digest = ipc_get_str(r);
	struct signature signature;
	struct signer *signer;
	enum keys_refusal no;
	struct err err;

	if (per_minute > UINT32_MAX || seal.n != sizeof(g.seal) ||
	    digest.n != SHA256_BYTES) {
		refuse(s, to, KEYS_INVALID, NULL);
		return;
	}
	g.expires_at = (int64_t)expires_at;
	g.per_minute = (uint32_t)per_minute;
	memcpy(g.seal, seal.p, seal.n);
	no = check_grant(s, &g);
	if (no != KEYS_NONE) {
		refuse(s, to, no, NULL);
		return;
	}
	signer = find_signer(s, to, g.key_id);
	if (!signer)
		return;
	if (!signer->sign(signer->context, (const uint8_t *)digest.p, &signature,
	                  &err)) {
		refuse(s, to, KEYS_FAILED, err.text);
		return;
	}
	s->signatures++;
	ipc_put_str(&body, (struct str){(const char *)signature.bytes, signature.n});
	send_now(to, IPC_KEYS_SIGNED, buf_str(&body));
}

static void on_drop(struct keys_service *s, const struct caller *to,
                    struct ipc_reader *r)
{
	struct str key_id = ipc_get_str(r);
	struct err err;

	if (!key_id_is_valid(key_id)) {
		refuse(s, to, KEYS_INVALID, NULL);
		return;
	}
	key_cache_remove(&s->cache, key_id);
	if (key_files_remove(s->files, KEY_DKIM, key_id, &err))
		send_later(s, to, IPC_KEYS_DROPPED, STR_NONE);
	else
		refuse(s, to, KEYS_FAILED, err.text);
}

struct keys_stats keys_service_stats(const struct keys_service *s)
{
	return (struct keys_stats){
	        .pool = pool_count(s),
	        .pool_wanted = s->limits.pool,
	        .waiting = s->waiting_count,
	        .signatures = s->signatures,
	        .refusals = s->refusals,
	        .takes = s->takes,
	        .cached = s->cache.n,
	};
}

static void on_stats(struct keys_service *s, const struct caller *to,
                     struct ipc_reader *r)
{
	AUTO(buf) body = {.max = BODY_MAX};
	struct keys_stats stats = keys_service_stats(s);
	const uint64_t fields[] = {stats.pool,       stats.pool_wanted, stats.waiting,
	                           stats.signatures, stats.refusals,    stats.takes,
	                           stats.cached};

	(void)r;
	for (size_t i = 0; i < LEN(fields); i++)
		ipc_put_u64(&body, fields[i]);
	send_now(to, IPC_KEYS_STATED, buf_str(&body));
}

/* Whether this peer may still ask for names that might not be there. */
static bool may_guess(struct peer *p, int64_t now)
{
	if (now - p->guessing_since >= 1000 || now < p->guessing_since) {
		if (p->guesses >= KEYS_GUESSES_MAX)
			log_warning("key.guessing", LOG_CSTR("of", role_name(p->role)),
			            LOG_NUM("instance", p->instance));
		p->guessing_since = now;
		p->guesses = 0;
	}
	return p->role != ROLE_EDGE || p->guesses < KEYS_GUESSES_MAX;
}

static void on_tls(struct keys_service *s, const struct caller *to, enum ipc_type call,
                   struct ipc_reader *r)
{
	const struct tls_store store = {&s->files->master, s->files->tls};
	AUTO(buf) body = {.max = IPC_BODY_MAX};
	enum ipc_type answer;
	enum keys_refusal no;
	struct err err;

	if (!may_guess(to->peer, clock_now())) {
		refuse(s, to, KEYS_RATE, NULL);
		return;
	}
	no = tls_call(&store, call, r, clock_now(), &answer, &body, &err);
	if (no == KEYS_NONE) {
		send_now(to, answer, buf_str(&body));
		if (answer == IPC_TLS_GOT)
			explicit_bzero(body.p, body.n);
		return;
	}
	to->peer->guesses += no == KEYS_UNKNOWN_KEY;
	refuse(s, to, no, no == KEYS_INVALID || !err.text[0] ? NULL : err.text);
}

static const struct {
	enum ipc_type type;
	void (*handle)(struct keys_service *s, const struct caller *to,
	               struct ipc_reader *r);
} calls[] = {
        {IPC_KEYS_TAKE,  on_take },
        {IPC_KEYS_SIGN,  on_sign },
        {IPC_KEYS_DROP,  on_drop },
        {IPC_KEYS_STATS, on_stats},
};

static void on_message(void *arg, struct channel_message *m)
{
	struct peer *p = arg;
	struct caller to = {p, p->generation, m->id};
	struct ipc_reader r = {m->body, false};

	for (size_t i = 0; i < LEN(calls); i++)
		if (calls[i].type == m->type) {
			calls[i].handle(p->service, &to, &r);
			return;
		}
	on_tls(p->service, &to, m->type, &r);
}

static void disconnect(struct peer *p)
{
	channel_free(p->channel);
	p->channel = NULL;
	p->generation++;
}

static void on_closed(void *arg, const char *why)
{
	(void)why;
	disconnect(arg);
}

/* The place of this process, old or new. */
static struct peer *place_of(struct keys_service *s, enum role role, unsigned instance)
{
	for (size_t i = 0; i < LEN(s->peers); i++) {
		struct peer *p = &s->peers[i];

		if (p->service && (p->role != role || p->instance != instance))
			continue;
		p->service = s;
		p->role = role;
		p->instance = instance;
		return p;
	}
	need_failed("a place for each process", __FILE__, __LINE__);
}

void keys_service_connect(struct keys_service *s, enum role role, unsigned instance,
                          int fd)
{
	struct peer *p = place_of(s, role, instance);

	disconnect(p);
	p->channel = channel_new(fd, ROLE_KEYS, role);
	channel_attach(p->channel, s->base,
	               &(struct channel_handlers){on_message, on_closed, p});
}

void keys_service_configure(struct keys_service *s, const struct keys_limits *limits)
{
	s->limits = *limits;
	fill_pool(s);
}

static void add_to_pool(void *arg, struct str id)
{
	struct keys_service *s = arg;

	buf_add(&s->pool, id);
}

static bool start_service(struct keys_service *s, struct err *err)
{
	s->end_of_turn = event_new(s->base, -1, 0, on_end_of_turn, s);
	s->again = event_new(s->base, -1, 0, on_again, s);
	need(s->end_of_turn && s->again);
	return key_files_each(s->files, KEY_POOL, add_to_pool, s, err) &&
	       maker_new(s->base, s->files, MAKER_IDLE, on_made, s, &s->idle, err) &&
	       maker_new(s->base, s->files, MAKER_SOON, on_made, s, &s->soon, err);
}

bool keys_service_new(const struct keys_setup *setup, struct keys_service **out,
                      struct err *err)
{
	struct arena a = {0};
	struct keys_service *s = ARENA_NEW(&a, struct keys_service);

	need(setup->grant_secret.n == GRANT_SECRET_BYTES);
	s->base = setup->base;
	s->files = setup->files;
	memcpy(s->secret, setup->grant_secret.p, GRANT_SECRET_BYTES);
	s->limits = setup->limits;
	s->pool.max = 64 << 20;
	s->arena = a;
	if (!start_service(s, err)) {
		keys_service_free(s);
		return false;
	}
	fill_pool(s);
	*out = s;
	return true;
}

void keys_service_free(struct keys_service *s)
{
	struct arena a;

	if (!s)
		return;
	maker_free(s->idle);
	maker_free(s->soon);
	for (size_t i = 0; i < LEN(s->peers); i++)
		channel_free(s->peers[i].channel);
	if (s->end_of_turn)
		event_free(s->end_of_turn);
	if (s->again)
		event_free(s->again);
	key_cache_done(&s->cache);
	buf_done(&s->pool);
	arena_done(&s->turn);
	a = s->arena;
	arena_done(&a);
}
