/*
 * Domain names in one canonical form, so that equality is equality of bytes.
 *
 * Canonical: ASCII lower case, A-labels, no final dot, the root is "."; a dot or
 * backslash inside a label is "\." and "\\", any other byte that is not printable ASCII
 * is "\ddd" (RFC 1035 §5.1, RFC 4343 §2.1), and so are space, quote, ";" "(" ")" "@"
 *"$". Every name in Signet's pure code is canonical from the moment it is made by one
 * of the functions below.
 *
 *	struct str name;
 *	if (!dns_name_parse(&a, STR("Bücher.Example."), &name, &err)) …
 *	name is xn--bcher-kva.example
 *
 * Limits: a label is 1–63 bytes, a name at most 255 bytes on the wire (RFC 1035
 *§2.3.4).
 */
#pragma once

#include "base/arena.h"
#include "base/err.h"

enum { DNS_NAME_WIRE_MAX = 255 };

/* What a person typed: UTF-8 labels become A-labels (IDNA 2008, UTS 46 mapping). */
NODISCARD bool dns_name_parse(struct arena *a, struct str text, struct str *out,
                              struct err *err);
/* What a protocol made (an SPF macro, zone text): bytes are kept, no IDNA. */
NODISCARD bool dns_name_make(struct arena *a, struct str text, struct str *out);
/* An uncompressed wire name at the front of `bytes`; *used is its length. */
NODISCARD bool dns_name_decode(struct arena *a, struct str bytes, struct str *out,
                               size_t *used);
/* The wire form; the name is canonical, so this cannot fail. Returns its length. */
size_t dns_name_encode(struct str name, uint8_t out[DNS_NAME_WIRE_MAX]);

bool dns_name_is_root(struct str name);
/* Whether all labels are of letters, digits, "-" and "_", and there is one. */
bool dns_name_is_plain(struct str name);
/* The number of labels; the root has none. */
size_t dns_name_labels(struct str name);
/* The first label, as it stands ("" for the root). */
struct str dns_name_first(struct str name);
/* The name without its first label; of a single label the root; of the root the root.
 */
struct str dns_name_parent(struct str name);
/* The last `count` labels; all of the name where it has fewer. */
struct str dns_name_tail(struct str name, size_t count);
/* Whether `name` is `ancestor` or lies below it. */
bool dns_name_is_within(struct str name, struct str ancestor);
/* `prefix` (one or more labels) in front of `name`; false where that is too long. */
NODISCARD bool dns_name_join(struct arena *a, struct str prefix, struct str name,
                             struct str *out);
/* The labels in front of `zone`, "" where name is the zone; name lies within zone. */
struct str dns_name_host(struct str name, struct str zone);
