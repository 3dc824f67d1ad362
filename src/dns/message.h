/*
 * DNS messages between the wire and struct dns_answer. libldns reads the packet; this
 * module sorts its records by what they mean for the question: chain, records,
 * authority, glue (RFC 1034 §4.3.2, RFC 2308 §2).
 */
#pragma once

#include "dns/answer.h"

enum { DNS_MESSAGE_MAX = 65535, DNS_UDP_PAYLOAD = 1232 };

/*
 * Reads a response to `question` into *out (records in `a`). A packet that cannot be
 * parsed, is no response, answers something else or loops gives DNS_SERVFAIL with the
 * reason in `why`. *truncated says whether TC is set: ask again by TCP.
 */
void dns_message_decode(struct arena *a, const struct dns_question *question,
                        struct str packet, struct dns_answer *out, bool *truncated);
/* The query for a question; returns its length. RD is set unless it goes to an
 * authority; EDNS says DNS_UDP_PAYLOAD. */
size_t dns_message_encode(const struct dns_question *question, uint16_t id,
                          uint8_t out[512]);
