#include "dns/answer.h"

#include <string.h>

struct dns_answers dns_answers_init(struct arena *a, int64_t now)
{
	return (struct dns_answers){.arena = a, .by_key = map_init(a), .now = now};
}

/*
 * The key of a question: way, type, server, name, in bytes. A canonical name has no
 * NUL, so the NUL behind the server keeps keys apart.
 */
static struct str make_key(char *buffer, size_t size, const struct dns_question *q)
{
	size_t n = 0;

	need(4 + q->server.n + q->name.n <= size);
	buffer[n++] = (char)('0' + q->via);
	buffer[n++] = (char)(q->type >> 8);
	buffer[n++] = (char)(q->type & 0xff);
	if (q->server.n)
		memcpy(buffer + n, q->server.p, q->server.n);
	n += q->server.n;
	buffer[n++] = '\0';
	if (q->name.n)
		memcpy(buffer + n, q->name.p, q->name.n);
	return (struct str){buffer, n + q->name.n};
}

const struct dns_answer *dns_ask_server(struct dns_answers *answers, enum dns_via via,
                                        struct str server, struct str name,
                                        enum dns_type type)
{
	struct dns_question q = {name, type, via, server};
	char buffer[4 * DNS_NAME_WIRE_MAX + 128];
	struct str key = make_key(buffer, sizeof(buffer), &q);
	struct dns_answer *answer = map_find(&answers->by_key, key);

	if (answer)
		return answer;
	answer = ARENA_NEW(answers->arena, struct dns_answer);
	answer->id = (int)answers->by_key.n + 1;
	answer->question =
	        (struct dns_question){arena_dup(answers->arena, name), type, via,
	                              arena_dup(answers->arena, server)};
	answer->status = DNS_PENDING;
	if (answers->max && answers->by_key.n >= answers->max) {
		answer->status = DNS_REFUSED;
		answer->why = STR("not asked: there were too many questions before");
		answer->at = answers->now;
	} else {
		answers->pending++;
	}
	map_set(&answers->by_key, key, answer);
	return answer;
}

const struct dns_answer *dns_ask(struct dns_answers *answers, struct str name,
                                 enum dns_type type)
{
	return dns_ask_server(answers, DNS_RECURSION, STR_NONE, name, type);
}

struct dns_answer *dns_answers_at(const struct dns_answers *answers, size_t i)
{
	need(i < answers->by_key.n);
	return answers->by_key.entries[i].value;
}

bool dns_answers_pending(const struct dns_answers *answers)
{
	return answers->pending > 0;
}

void dns_answers_put(struct dns_answers *answers, struct dns_answer *pending,
                     const struct dns_answer *learned)
{
	struct dns_answer whole = *learned;

	need(pending->status == DNS_PENDING && learned->status != DNS_PENDING);
	whole.id = pending->id;
	whole.question = pending->question;
	whole.at = answers->now;
	*pending = whole;
	answers->pending--;
}

bool dns_answer_is_definite(const struct dns_answer *answer)
{
	return answer->status == DNS_FOUND || dns_answer_is_negative(answer);
}

bool dns_answer_is_negative(const struct dns_answer *answer)
{
	return answer->status == DNS_NODATA || answer->status == DNS_NXDOMAIN;
}

bool dns_answer_is_fault(const struct dns_answer *answer)
{
	return answer->status != DNS_PENDING && !dns_answer_is_definite(answer);
}

const char *dns_status_name(enum dns_status status)
{
	static const char *const names[] = {
	        [DNS_PENDING] = "PENDING",   [DNS_FOUND] = "NOERROR",
	        [DNS_NODATA] = "NOERROR",    [DNS_NXDOMAIN] = "NXDOMAIN",
	        [DNS_SERVFAIL] = "SERVFAIL", [DNS_REFUSED] = "REFUSED",
	        [DNS_TIMEOUT] = "TIMEOUT",   [DNS_BOGUS] = "BOGUS",
	        [DNS_REFERRAL] = "REFERRAL",
	};

	need((size_t)status < LEN(names));
	return names[status];
}

struct str dns_answer_final_name(const struct dns_answer *answer)
{
	return answer->chain.n ? answer->chain.v[answer->chain.n - 1].target
	                       : answer->question.name;
}

int64_t dns_answer_negative_until(const struct dns_answer *answer)
{
	uint32_t ttl;

	if (!dns_answer_is_negative(answer) || !answer->soa)
		return 0;
	ttl = answer->soa->ttl < answer->soa->soa.minimum ? answer->soa->ttl
	                                                  : answer->soa->soa.minimum;
	return answer->at + (int64_t)ttl * 1000;
}
