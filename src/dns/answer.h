/*
 * Ask, answer, re-run: how pure code gets at DNS without waiting.
 *
 * A check asks by dns_ask(). A question that was not asked before is noted as wanted
 * and its answer has the status DNS_PENDING and no records, so the check may run on as
 * if there were no data; its result only counts when nothing is pending. The driver
 * resolves all wanted questions in parallel and runs the same check again:
 *
 *	for (;;) {
 *		struct verdict *v = check(&arena, &answers, …);
 *		if (!dns_answers_pending(&answers))
 *			return v;
 *		resolve(&answers);		(or, in a test, zone text)
 *	}
 *
 * Each answer remembers how it was learned, with TTL, authority SOA, server and time:
 * that is the evidence that a verdict cites by the answer's id. The same name and type
 * may be asked by three ways: through the resolver (recursion from the root, or the
 * server of --dns), of one authoritative server, and of one public resolver.
 */
#pragma once

#include "base/map.h"
#include "dns/record.h"

enum dns_via {
	DNS_RECURSION, /* the ordinary way; `server` of the question is empty */
	DNS_AUTHORITY, /* one authoritative server, recursion not desired */
	DNS_RESOLVER,  /* one public resolver, recursion desired */
};

enum dns_status {
	DNS_PENDING,  /* not answered yet */
	DNS_FOUND,    /* records of the type exist */
	DNS_NODATA,   /* the name exists, the type does not */
	DNS_NXDOMAIN, /* the name does not exist */
	DNS_SERVFAIL, /* the server says that it failed, or its answer is malformed */
	DNS_REFUSED, /* REFUSED, NOTAUTH, NOTIMP …: the server will not answer this */
	DNS_TIMEOUT, /* nobody answered in time, or nobody could be reached */
	DNS_BOGUS,   /* DNSSEC validation failed */
	DNS_REFERRAL, /* an authoritative server points elsewhere (see `authority`) */
};

struct dns_question {
	struct str name; /* canonical */
	enum dns_type type;
	enum dns_via via;
	struct str server; /* "ADDR" or "ADDR:PORT"; empty for DNS_RECURSION */
};

/* A list of records that may be empty. */
struct dns_records {
	struct dns_record *v;
	size_t n;
};

struct dns_answer {
	int id; /* 1, 2, … in the order of asking */
	struct dns_question question;
	enum dns_status status;
	bool authoritative;           /* the AA bit */
	bool secure;                  /* validated by DNSSEC */
	struct dns_records records;   /* of the asked type, at the end of the chain */
	struct dns_records chain;     /* the CNAMEs on the way, in order */
	struct dns_records authority; /* NS records of a referral */
	struct dns_records glue;      /* A and AAAA that came with them */
	const struct dns_record *soa; /* of the authority section, or NULL */
	struct str server;            /* who answered, where that is known */
	struct str why;               /* the resolver's words on a failure, or empty */
	int64_t at;                   /* when */
};

struct dns_answers {
	struct arena *arena; /* answers live here, across the runs of a check */
	struct map by_key;
	size_t pending; /* questions asked whose answers are not there */
	int64_t now;    /* stamped on answers */
	size_t max;     /* questions in all, or 0 for no limit; what is asked beyond has
	                   the answer DNS_REFUSED at once and never leaves the process */
};

struct dns_answers dns_answers_init(struct arena *a, int64_t now);

/* Never NULL; the pointer stays good as long as the arena. */
const struct dns_answer *dns_ask(struct dns_answers *answers, struct str name,
                                 enum dns_type type);
const struct dns_answer *dns_ask_server(struct dns_answers *answers, enum dns_via via,
                                        struct str server, struct str name,
                                        enum dns_type type);

/* For drivers: the i-th answer in order of id, 0 … by_key.n - 1. */
struct dns_answer *dns_answers_at(const struct dns_answers *answers, size_t i);
bool dns_answers_pending(const struct dns_answers *answers);
/*
 * For drivers: gives a pending answer what was learned. `learned` says status, records,
 * server …; its id, question and time are kept or stamped. Records must live in the
 * answers' arena.
 */
void dns_answers_put(struct dns_answers *answers, struct dns_answer *pending,
                     const struct dns_answer *learned);

/* Something definite was learned (found, no data, no such name). */
bool dns_answer_is_definite(const struct dns_answer *answer);
/* Definitely no such records. */
bool dns_answer_is_negative(const struct dns_answer *answer);
/* A DNS fault: nothing can be concluded from it. */
bool dns_answer_is_fault(const struct dns_answer *answer);
/* "NOERROR", "NXDOMAIN", "SERVFAIL", "TIMEOUT", … for evidence. */
const char *dns_status_name(enum dns_status status);
/* The name at the end of the CNAME chain; the asked name where there is none. */
struct str dns_answer_final_name(const struct dns_answer *answer);
/* Until when a resolver may keep a negative answer (RFC 2308 §5), or 0. */
int64_t dns_answer_negative_until(const struct dns_answer *answer);
