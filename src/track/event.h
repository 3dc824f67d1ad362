/*
 * The record of what happened to a tracked link, as the edge appends it to its journal and
 * the core reads it back: everything that can be known when it happens, and no judgement.
 *
 *	char bytes[TRACK_RECORD_MAX];
 *	size_t n = track_event_encode(&event, bytes);
 *	journal_add(journal, (struct str){bytes, n});
 *
 *	if (!track_event_decode(record, &event)) …	(views into the record)
 *
 * A record is: version (1), type, method, length of the address (0, 4, 16), one byte each;
 * hints u32, TLS version u16, answer u16, time i64, message u64, big-endian; tenant and
 * link as LEB128; the address; then host, text, agent, language, each a LEB128 length and
 * its bytes. Records outlive a version of Signet: numbers are never given a new meaning,
 * and another layout is another version.
 *
 * What is too long is cut and a hint says so. Privacy is applied before encoding: what is
 * not to be known never comes to the disk.
 */
#pragma once

#include "base/ip.h"
#include "base/str.h"

enum {
	TRACK_TEXT_MAX = 4096,
	TRACK_AGENT_MAX = 512,
	TRACK_HOST_MAX = 255,
	TRACK_LANGUAGE_MAX = 64,
	TRACK_RECORD_MAX = TRACK_TEXT_MAX + TRACK_AGENT_MAX + TRACK_HOST_MAX +
	                   TRACK_LANGUAGE_MAX + 128,
};

/* X(NAME, number in records, the word, what happened) */
#define TRACK_TYPES(X)                                                                 \
	X(CLICK, 1, "click", "a link was followed")                                    \
	X(OPEN, 2, "open", "the pixel was fetched")                                    \
	X(UNSUBSCRIBE, 3, "unsubscribe", "the recipient unsubscribed")                 \
	X(CLICK_PAGE, 4, "click_page", "a page asked whether to follow the link")      \
	X(UNSUBSCRIBE_PAGE, 5, "unsubscribe_page",                                     \
	  "a page asked whether to unsubscribe")

enum track_type {
#define X(name, number, word, what) TRACK_##name = (number),
	TRACK_TYPES(X)
#undef X
};

/* "click", …; NULL where the number is none. */
const char *track_type_name(enum track_type type);
NODISCARD bool track_type_parse(struct str word, enum track_type *out);

enum track_method { TRACK_GET, TRACK_HEAD, TRACK_POST, TRACK_METHOD_COUNT };

const char *track_method_name(enum track_method method);

/* What the request showed beside its fields. */
enum track_hint {
	TRACK_PREFETCH = 1 << 0,   /* Sec-Purpose, Purpose or X-Moz said prefetch */
	TRACK_NO_ACCEPT = 1 << 1,  /* no Accept field */
	TRACK_ONE_CLICK = 1 << 2,  /* POST of List-Unsubscribe=One-Click, RFC 8058 */
	TRACK_VIA_PROXY = 1 << 3,  /* a Via field, not from a trusted proxy */
	TRACK_USER_ACTED = 1 << 4, /* Sec-Fetch-User: ?1 */
	TRACK_CONFIRMED = 1 << 5,  /* on a page that asked */
	TRACK_ONCE = 1 << 6,       /* the link is marked once */
	TRACK_CUT_AGENT = 1 << 7,  /* longer than is kept */
	TRACK_CUT_TEXT = 1 << 8,
	TRACK_HINTS_ALL = (1 << 9) - 1,
};

struct track_event {
	enum track_type type;
	enum track_method method;
	uint32_t hints;  /* of enum track_hint */
	uint16_t tls;    /* 0: none; 0x0303, 0x0304 */
	uint16_t answer; /* HTTP status */
	int64_t at;
	uint64_t tenant, message, link;
	struct str host;     /* canonical, as for tokens */
	struct str text;     /* where a click leads; who unsubscribed */
	struct str agent;    /* User-Agent */
	struct str language; /* Accept-Language */
	struct ip ip;        /* of the client, as far as the account keeps it */
};

/* How many bytes were written; `out` has TRACK_RECORD_MAX. */
size_t track_event_encode(const struct track_event *event, char *out);
/* False where any byte is not as it must be. The views stand in the record. */
NODISCARD bool track_event_decode(struct str record, struct track_event *out);

/* What of addresses an account keeps. */
enum track_ip_policy {
	TRACK_IP_FULL,
	TRACK_IP_TRUNCATED,
	TRACK_IP_NONE,
	TRACK_IP_COUNT
};

/* "full", "truncated", "none". */
const char *track_ip_policy_name(enum track_ip_policy policy);
NODISCARD bool track_ip_policy_parse(struct str word, enum track_ip_policy *out);
/* The address as it may be kept: truncated is the /24 of IPv4 and the /48 of IPv6. */
struct ip track_ip_apply(enum track_ip_policy policy, struct ip ip);
