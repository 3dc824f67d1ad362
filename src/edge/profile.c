#include "edge/profile.h"

#include "base/map.h"

#include <string.h>

enum { WASTE_MIN = 1024 * 1024 };

/* Two maps in one arena; the keys of accounts are the eight bytes of their numbers. */
struct table {
	struct arena arena;
	struct map accounts, hosts;
	size_t waste; /* bytes of the arena that nothing points to any more */
};

struct profile {
	struct arena arena;       /* of itself */
	struct table *now, *next; /* next: NULL where none is coming */
	struct table tables[2];
	bool is_complete;
};

static void open_table(struct table *t)
{
	*t = (struct table){0};
	t->accounts = map_init(&t->arena);
	t->hosts = map_init(&t->arena);
}

struct profile *profile_new(void)
{
	struct arena a = {0};
	struct profile *p = ARENA_NEW(&a, struct profile);

	p->arena = a;
	p->now = &p->tables[0];
	open_table(p->now);
	return p;
}

void profile_free(struct profile *p)
{
	struct arena a;

	if (!p)
		return;
	arena_done(&p->now->arena);
	if (p->next)
		arena_done(&p->next->arena);
	a = p->arena;
	arena_done(&a);
}

static struct table *other_table(struct profile *p)
{
	return p->now == &p->tables[0] ? &p->tables[1] : &p->tables[0];
}

void profile_start(struct profile *p)
{
	if (p->next)
		arena_done(&p->next->arena);
	p->next = other_table(p);
	open_table(p->next);
}

void profile_done(struct profile *p)
{
	if (!p->next)
		return;
	arena_done(&p->now->arena);
	p->now = p->next;
	p->next = NULL;
	p->is_complete = true;
}

static struct str id_key(const uint64_t *id)
{
	return (struct str){(const char *)id, sizeof(*id)};
}

static size_t account_bytes(const struct profile_account *account)
{
	return sizeof(*account) + account->name.n + account->language.n;
}

static void put_account(struct table *t, const struct profile_account *account)
{
	struct profile_account *kept = map_find(&t->accounts, id_key(&account->id));

	if (kept)
		t->waste += account_bytes(kept);
	kept = ARENA_NEW(&t->arena, struct profile_account);
	*kept = *account;
	kept->name = arena_dup(&t->arena, account->name);
	kept->language = arena_dup(&t->arena, account->language);
	map_set(&t->accounts, id_key(&kept->id), kept);
}

static size_t host_bytes(const struct profile_host *host)
{
	return sizeof(*host) + host->host.n + host->apple.n + host->links.n;
}

static void put_host(struct table *t, const struct profile_host *host)
{
	struct profile_host *kept = map_find(&t->hosts, host->host);

	if (kept)
		t->waste += host_bytes(kept);
	kept = ARENA_NEW(&t->arena, struct profile_host);
	*kept = *host;
	kept->host = arena_dup(&t->arena, host->host);
	kept->apple = arena_dup(&t->arena, host->apple);
	kept->links = arena_dup(&t->arena, host->links);
	map_set(&t->hosts, kept->host, kept);
}

/* Copies what is in use, without what was replaced and hosts that are gone. */
static void clean(struct profile *p)
{
	struct table *t = p->now, *copy = other_table(p);

	if (p->next || t->waste < WASTE_MIN || t->waste < t->arena.total / 2)
		return;
	open_table(copy);
	for (size_t i = 0; i < t->accounts.n; i++)
		put_account(copy, t->accounts.entries[i].value);
	for (size_t i = 0; i < t->hosts.n; i++) {
		const struct profile_host *host = t->hosts.entries[i].value;

		if (host->account)
			put_host(copy, host);
	}
	arena_done(&t->arena);
	p->now = copy;
}

void profile_set_account(struct profile *p, const struct profile_account *account)
{
	put_account(p->next ? p->next : p->now, account);
	clean(p);
}

void profile_set_host(struct profile *p, const struct profile_host *host)
{
	put_host(p->next ? p->next : p->now, host);
	clean(p);
}

bool profile_is_complete(const struct profile *p)
{
	return p->is_complete;
}

const struct profile_account *profile_find_account(const struct profile *p, uint64_t id)
{
	return map_find(&p->now->accounts, id_key(&id));
}

const struct profile_host *profile_find_host(const struct profile *p, struct str host)
{
	const struct profile_host *found = map_find(&p->now->hosts, host);

	return found && found->account ? found : NULL;
}

enum track_ip_policy profile_ip(const struct profile *p, uint64_t account)
{
	const struct profile_account *found;

	if (!p->is_complete)
		return TRACK_IP_NONE;
	found = profile_find_account(p, account);
	return found ? found->ip : TRACK_IP_NONE;
}
