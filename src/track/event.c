#include "track/event.h"

#include "track/varint.h"

#include <string.h>

enum { VERSION = 1, IP4_KEPT = 3, IP6_KEPT = 6 };

static size_t put_text(char *out, struct str s)
{
	size_t n = varint_put(out, s.n);

	if (s.n)
		memcpy(out + n, s.p, s.n);
	return n + s.n;
}

size_t track_event_encode(const struct track_event *e, char *out)
{
	struct str text = str_slice(e->text, 0, TRACK_TEXT_MAX);
	struct str agent = str_slice(e->agent, 0, TRACK_AGENT_MAX);
	uint32_t hints = e->hints;
	size_t n = 0;

	if (text.n < e->text.n)
		hints |= TRACK_CUT_TEXT;
	if (agent.n < e->agent.n)
		hints |= TRACK_CUT_AGENT;
	n += fixed_put(out + n, VERSION, 1);
	n += fixed_put(out + n, e->type, 1);
	n += fixed_put(out + n, e->method, 1);
	n += fixed_put(out + n, e->ip.length, 1);
	n += fixed_put(out + n, hints, 4);
	n += fixed_put(out + n, e->tls, 2);
	n += fixed_put(out + n, e->answer, 2);
	n += fixed_put(out + n, (uint64_t)e->at, 8);
	n += fixed_put(out + n, e->message, 8);
	n += varint_put(out + n, e->tenant);
	n += varint_put(out + n, e->link);
	memcpy(out + n, e->ip.bytes, e->ip.length);
	n += e->ip.length;
	n += put_text(out + n, str_slice(e->host, 0, TRACK_HOST_MAX));
	n += put_text(out + n, text);
	n += put_text(out + n, agent);
	n += put_text(out + n, str_slice(e->language, 0, TRACK_LANGUAGE_MAX));
	return n;
}

static bool take_text(struct str *rest, size_t max, struct str *out)
{
	uint64_t n = 0;

	if (!varint_take(rest, &n) || n > max || n > rest->n)
		return false;
	*out = str_slice(*rest, 0, (size_t)n);
	*rest = str_from(*rest, (size_t)n);
	return true;
}

static bool take_ip(struct str *rest, uint64_t length, struct ip *out)
{
	if ((length != 0 && length != 4 && length != 16) || rest->n < length)
		return false;
	*out = (struct ip){.length = (uint8_t)length};
	if (length)
		memcpy(out->bytes, rest->p, (size_t)length);
	*rest = str_from(*rest, (size_t)length);
	return true;
}

/* The fields of fixed length and the two numbers; the length of the address apart. */
static bool take_numbers(struct str *rest, struct track_event *e, uint64_t *ip_length)
{
	uint64_t version, type, method, hints, tls, answer, at;

	if (!fixed_take(rest, 1, &version) || version != VERSION ||
	    !fixed_take(rest, 1, &type) || !track_type_name((enum track_type)type) ||
	    !fixed_take(rest, 1, &method) || method >= TRACK_METHOD_COUNT ||
	    !fixed_take(rest, 1, ip_length) || !fixed_take(rest, 4, &hints) ||
	    hints > TRACK_HINTS_ALL || !fixed_take(rest, 2, &tls) ||
	    !fixed_take(rest, 2, &answer) || !fixed_take(rest, 8, &at) ||
	    at > INT64_MAX || !fixed_take(rest, 8, &e->message) ||
	    !varint_take(rest, &e->tenant) || !varint_take(rest, &e->link))
		return false;
	e->type = (enum track_type)type;
	e->method = (enum track_method)method;
	e->hints = (uint32_t)hints;
	e->tls = (uint16_t)tls;
	e->answer = (uint16_t)answer;
	e->at = (int64_t)at;
	return true;
}

bool track_event_decode(struct str record, struct track_event *out)
{
	struct track_event e = {0};
	struct str rest = record;
	uint64_t ip_length = 0;

	if (!take_numbers(&rest, &e, &ip_length) || !take_ip(&rest, ip_length, &e.ip) ||
	    !take_text(&rest, TRACK_HOST_MAX, &e.host) ||
	    !take_text(&rest, TRACK_TEXT_MAX, &e.text) ||
	    !take_text(&rest, TRACK_AGENT_MAX, &e.agent) ||
	    !take_text(&rest, TRACK_LANGUAGE_MAX, &e.language) || rest.n)
		return false;
	*out = e;
	return true;
}

const char *track_type_name(enum track_type type)
{
	switch (type) {
#define X(name, number, word, what)                                                    \
	case TRACK_##name:                                                             \
		return word;
		TRACK_TYPES(X)
#undef X
	}
	return NULL;
}

bool track_type_parse(struct str word_given, enum track_type *out)
{
#define X(name, number, word, what)                                                    \
	if (str_eq(word_given, STR(word))) {                                           \
		*out = TRACK_##name;                                                   \
		return true;                                                           \
	}
	TRACK_TYPES(X)
#undef X
	return false;
}

const char *track_method_name(enum track_method method)
{
	static const char *const names[TRACK_METHOD_COUNT] = {
	        [TRACK_GET] = "GET", [TRACK_HEAD] = "HEAD", [TRACK_POST] = "POST"};

	return names[method];
}

static const char *const policies[TRACK_IP_COUNT] = {
        [TRACK_IP_FULL] = "full",
        [TRACK_IP_TRUNCATED] = "truncated",
        [TRACK_IP_NONE] = "none",
};

const char *track_ip_policy_name(enum track_ip_policy policy)
{
	return policies[policy];
}

bool track_ip_policy_parse(struct str word, enum track_ip_policy *out)
{
	for (int i = 0; i < TRACK_IP_COUNT; i++)
		if (str_eq(word, str_c(policies[i]))) {
			*out = (enum track_ip_policy)i;
			return true;
		}
	return false;
}

struct ip track_ip_apply(enum track_ip_policy policy, struct ip ip)
{
	size_t kept = ip.length == 4 ? IP4_KEPT : IP6_KEPT;

	if (policy == TRACK_IP_NONE)
		return (struct ip){0};
	if (policy == TRACK_IP_TRUNCATED && ip.length)
		memset(ip.bytes + kept, 0, sizeof(ip.bytes) - kept);
	return ip;
}
