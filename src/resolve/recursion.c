#include "resolve/recursion.h"

#include "base/file.h"
#include "dns/message.h"
#include "dns/zone.h"

#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unbound-event.h>
#include <unbound.h>
#include <unistd.h>

#define SYSTEM_TRUST_ANCHOR "/usr/share/dns/root.key"

enum {
	HINTS_MAX = 1024 * 1024,
	NAME_TEXT_MAX = 4 * DNS_NAME_WIRE_MAX,
	CLASS_IN = 1,
};

struct setting {
	const char *name, *value;
};

/* All are set before the first question; libunbound ignores later changes. */

/* Answers are fresh, and nothing is concluded from other answers. */
static const struct setting freshness[] = {
        {"cache-max-ttl:",          "30" },
        {"cache-max-negative-ttl:", "5"  },
        {"val-bogus-ttl:",          "5"  },
        {"infra-host-ttl:",         "60" },
        {"infra-keep-probing:",     "yes"},
        {"aggressive-nsec:",        "no" },
        {"prefetch:",               "no" },
        {"serve-expired:",          "no" },
};

/* Memory stays flat over any number of domains; one thread needs no slabs. */
static const struct setting memory[] = {
        {"msg-cache-size:",       "1m"  },
        {"rrset-cache-size:",     "4m"  },
        {"key-cache-size:",       "1m"  },
        {"neg-cache-size:",       "256k"},
        {"infra-cache-numhosts:", "4000"},
        {"msg-cache-slabs:",      "1"   },
        {"rrset-cache-slabs:",    "1"   },
        {"key-cache-slabs:",      "1"   },
        {"infra-cache-slabs:",    "1"   },
};

/*
 * Only what was asked is looked up. A server that is silent is given up after some
 * seconds; a question that was cancelled at its deadline stays in libunbound's memory
 * until then. With minimised names the questions of one domain share one walk down from
 * the TLD; without, each makes its own.
 */
static const struct setting work[] = {
        {"num-queries-per-thread:", "4096"     },
        {"outgoing-num-tcp:",       "64"       },
        {"infra-cache-max-rtt:",    "3000"     },
        {"outbound-msg-retry:",     "4"        },
        {"target-fetch-policy:",    "3 2 1 0 0"},
        {"use-caps-for-id:",        "no"       },
        {"qname-minimisation:",     "yes"      },
        {"edns-buffer-size:",       "1232"     },
        {"unblock-lan-zones:",      "yes"      },
        {"insecure-lan-zones:",     "yes"      },
};

/* Names that libunbound would answer by itself. */
static const char *const unblocked[] = {"test.", "invalid."};

static bool set_option(struct ub_ctx *ctx, const char *name, const char *value,
                       struct err *err)
{
	int r = ub_ctx_set_option(ctx, name, value);

	if (r)
		return err_set(err, ERR_INTERNAL, "libunbound: %s %s: %s", name, value,
		               ub_strerror(r));
	return true;
}

static bool set_options(struct ub_ctx *ctx, const struct setting *rows, size_t n,
                        struct err *err)
{
	for (size_t i = 0; i < n; i++)
		if (!set_option(ctx, rows[i].name, rows[i].value, err))
			return false;
	return true;
}

/* Whether an IPv6 address of the Internet could be sent to; nothing is sent. */
static bool has_ipv6_route(void)
{
	struct sockaddr_in6 to = {
	        .sin6_family = AF_INET6,
	        .sin6_port = htons(53),
	        .sin6_addr = {{{0x20, 0x01, 0x05, 0x03, 0xba, 0x3e}}},
	};
	AUTO_FD int fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	return fd >= 0 && connect(fd, (struct sockaddr *)&to, sizeof(to)) == 0;
}

/* libunbound takes a file without records for a good one, and its complaints name
 * neither the file nor the line. */
static bool set_file(struct ub_ctx *ctx, const char *name, struct str path,
                     struct err *err)
{
	AUTO(arena) a = {0};
	const char *file = arena_cstr(&a, path);
	struct dns_zone zone = dns_zone_init(&a);
	struct str text;

	if (!file_read(&a, file, HINTS_MAX, &text, err))
		return false;
	if (!dns_zone_parse(&zone, text, err))
		return err_add(err, "%s", file);
	if (zone.names.n == 0)
		return err_set(err, ERR_INPUT, "%s: no records", file);
	return set_option(ctx, name, file, err);
}

static bool set_roots(struct ub_ctx *ctx, const struct recursion_options *options,
                      struct err *err)
{
	if (options->root_hints.n == 0)
		return has_ipv6_route() || set_option(ctx, "do-ip6:", "no", err);
	/* They may be on loopback. */
	return set_option(ctx, "do-not-query-localhost:", "no", err) &&
	       (set_file(ctx, "root-hints:", options->root_hints, err) ||
	        err_add(err, "root hints"));
}

/* Without an anchor the validator has nothing to do and only costs time. */
static bool set_trust(struct ub_ctx *ctx, const struct recursion_options *options,
                      struct err *err)
{
	struct str anchor = options->trust_anchor;

	if (anchor.n == 0 && options->root_hints.n == 0 &&
	    access(SYSTEM_TRUST_ANCHOR, R_OK) == 0)
		anchor = STR(SYSTEM_TRUST_ANCHOR);
	if (anchor.n == 0)
		return set_option(ctx, "module-config:", "iterator", err);
	return set_option(ctx, "module-config:", "validator iterator", err) &&
	       (set_file(ctx, "trust-anchor-file:", anchor, err) ||
	        err_add(err, "trust anchor"));
}

static bool configure(struct ub_ctx *ctx, const struct recursion_options *options,
                      struct err *err)
{
	char sockets[24];

	ub_ctx_debugout(ctx, NULL);
	snprintf(sockets, sizeof(sockets), "%zu", options->sockets);
	if (!set_options(ctx, freshness, LEN(freshness), err) ||
	    !set_options(ctx, memory, LEN(memory), err) ||
	    !set_options(ctx, work, LEN(work), err) ||
	    !set_option(ctx, "outgoing-range:", sockets, err) ||
	    !set_roots(ctx, options, err) || !set_trust(ctx, options, err))
		return false;
	/* This is the first use, at which libunbound reads the files. */
	for (size_t i = 0; i < LEN(unblocked); i++) {
		int r = ub_ctx_zone_remove(ctx, unblocked[i]);

		if (r)
			return err_set(err, ERR_INPUT,
			               "libunbound refuses the root hints or the trust "
			               "anchor: %s",
			               ub_strerror(r));
	}
	return true;
}

/* A context of its own, or NULL. */
static struct ub_ctx *open_context(struct recursion *u, struct err *err)
{
	struct ub_ctx *ctx = ub_ctx_create_event(u->base);

	if (!ctx) {
		err_set(err, ERR_INTERNAL, "libunbound: no context");
		return NULL;
	}
	if (configure(ctx, &u->options, err))
		return ctx;
	ub_ctx_delete(ctx);
	return NULL;
}

static bool take_context(struct recursion *u, struct err *err)
{
	struct ub_ctx *ctx = open_context(u, err);
	struct recursion_context *c = u->unused;

	if (!ctx)
		return false;
	if (c)
		u->unused = c->next;
	else
		c = ARENA_NEW(u->options.arena, struct recursion_context);
	*c = (struct recursion_context){.ctx = ctx};
	u->now = c;
	return true;
}

bool recursion_open(struct recursion *u, struct event_base *base,
                    const struct recursion_options *options, struct err *err)
{
	*u = (struct recursion){.base = base, .options = *options};
	u->options.root_hints = arena_dup(options->arena, options->root_hints);
	u->options.trust_anchor = arena_dup(options->arena, options->trust_anchor);
	return take_context(u, err);
}

void recursion_close(struct recursion *u)
{
	if (u->now)
		ub_ctx_delete(u->now->ctx);
	for (struct recursion_context *c = u->old; c; c = c->next)
		ub_ctx_delete(c->ctx);
	u->now = u->old = NULL;
}

void recursion_forget(struct recursion *u)
{
	u->wants_forgetting = u->now != NULL;
}

void recursion_tidy(struct recursion *u)
{
	struct recursion_context **at = &u->old;
	struct recursion_context *before = u->now;
	struct err err;

	/* Where there is no other, the one there is stays good. */
	if (u->wants_forgetting && take_context(u, &err)) {
		before->next = u->old;
		u->old = before;
	}
	u->wants_forgetting = false;
	while (*at) {
		struct recursion_context *c = *at;

		if (c->under_way) {
			at = &c->next;
			continue;
		}
		ub_ctx_delete(c->ctx);
		*at = c->next;
		c->next = u->unused;
		u->unused = c;
	}
}

/* The zone's own limit for keeping a negative answer, in place of the clamped TTL. */
static void restore_negative_ttl(struct arena *a, struct dns_answer *learned)
{
	struct dns_record *soa;

	if (!learned->soa || !dns_answer_is_negative(learned))
		return;
	soa = ARENA_NEW(a, struct dns_record);
	*soa = *learned->soa;
	soa->ttl = soa->soa.minimum;
	learned->soa = soa;
}

static void set_fault(struct dns_answer *learned, enum dns_status status,
                      struct str why)
{
	*learned = (struct dns_answer){.status = status, .why = why};
}

enum { SECURITY_BOGUS = 1, SECURITY_SECURE = 2 };

static void on_resolved(void *arg, int rcode, void *packet, int length, int security,
                        char *why_bogus, int was_ratelimited)
{
	struct recursion_query *q = arg;
	struct str bytes = {packet, length > 0 ? (size_t)length : 0};
	struct dns_answer learned;
	bool truncated;

	(void)was_ratelimited;
	q->context->under_way--;
	if (security == SECURITY_BOGUS) {
		set_fault(&learned, DNS_BOGUS,
		          arena_dup(q->arena, why_bogus ? str_c(why_bogus)
		                                        : STR("validation failed")));
	} else if (rcode != 0 || bytes.n == 0) {
		set_fault(&learned, DNS_SERVFAIL,
		          STR("no server of its zone gave a usable answer"));
	} else {
		q->recursion->responses++;
		dns_message_decode(q->arena, q->question, bytes, &learned, &truncated);
		learned.secure = security == SECURITY_SECURE;
		learned.authoritative = false;
		if (learned.status == DNS_REFERRAL) /* followed to its end already */
			learned.status = DNS_NODATA;
		restore_negative_ttl(q->arena, &learned);
	}
	q->done(q, &learned);
}

void recursion_start(struct recursion *u, struct recursion_query *q)
{
	char name[NAME_TEXT_MAX + 1];
	struct dns_answer learned;
	int r;

	need(q->question->name.n < sizeof(name));
	memcpy(name, q->question->name.p, q->question->name.n);
	name[q->question->name.n] = '\0';
	q->recursion = u;
	q->context = u->now;
	q->context->under_way++;
	u->questions++;
	r = ub_resolve_event(u->now->ctx, name, q->question->type, CLASS_IN, q,
	                     on_resolved, &q->id);
	if (r == 0)
		return;
	q->context->under_way--;
	set_fault(&learned, DNS_SERVFAIL,
	          arena_printf(q->arena, "libunbound: %s", ub_strerror(r)));
	q->done(q, &learned);
}

void recursion_stop(struct recursion_query *q)
{
	q->context->under_way--;
	ub_cancel(q->context->ctx, q->id);
}
