/*
 * The record types Signet asks for: one row each, from which the enum and the names
 * come. Adding a type is a row here and, where its data is looked into, a case in
 * record.c.
 */
#pragma once

#include "base/str.h"

#define DNS_TYPES(X)                                                                   \
	X(A, 1)                                                                        \
	X(NS, 2)                                                                       \
	X(CNAME, 5)                                                                    \
	X(SOA, 6)                                                                      \
	X(PTR, 12)                                                                     \
	X(MX, 15)                                                                      \
	X(TXT, 16)                                                                     \
	X(AAAA, 28)                                                                    \
	X(DS, 43)                                                                      \
	X(DNSKEY, 48)                                                                  \
	X(TLSA, 52)                                                                    \
	X(SPF, 99)                                                                     \
	X(CAA, 257)

enum dns_type {
#define X(name, code) DNS_##name = (code),
	DNS_TYPES(X)
#undef X
};

/* "TXT"; a type that is not in the table gives "TYPE". */
const char *dns_type_name(enum dns_type type);
/* False where the name (any case) is not in the table. */
NODISCARD bool dns_type_parse(struct str name, enum dns_type *out);
/* Whether a wire code is in the table. */
bool dns_type_is_known(uint16_t code);
