/*
 * What the SPF rules share: the one record that stands at the row's name with its tree,
 * and the text that it should have. A corrected record keeps what the customer has and
 * adds what is wanted, and it is only proposed once it was seen to allow our senders:
 *
 *	struct spf_seen seen;
 *	if (spf_seen_find(c, &seen))
 *		d->fix = spf_change_fix(c, spf_merge(c, seen.text));
 *
 * In an audit nothing is wanted: merging leaves a record as it is.
 */
#pragma once

#include "auth/spf_tree.h"
#include "base/buf.h"
#include "diagnose/rule.h"

enum {
	SPF_NAMED_MAX = 3,           /* problems that one message spells out */
	SPF_MESSAGE_MAX = 16 * 1024, /* bytes */
};

struct spf_seen {
	const struct dns_record *record;
	struct str text;
	struct spf_tree *tree;
};

/* False where there is no SPF record, or several, or only something like one. */
bool spf_seen_find(const struct rule_case *c, struct spf_seen *out);

/* Whether the record would allow all that the planned one allows. */
bool spf_allows_ours(const struct rule_case *c, struct str text);
/*
 * How bad it is that evaluation breaks at the root's n-th branch: an error, unless what
 * stands in front of it lets our senders pass already.
 */
enum severity spf_severity_at(const struct rule_case *c, const struct spf_seen *seen,
                              size_t n);
/* The record with whatever of the planned value it does not allow yet, in front of its
 * `all`; the planned value where no such record would do. */
struct str spf_merge(const struct rule_case *c, struct str text);
/* `include:x` for `include=x`, which parses as a modifier that means nothing; empty for
 * any other term. */
struct str spf_meant_term(struct arena *a, const struct spf_term *term);
/* A v=spf1 that is not at the front: the seam of two records. It parses as a modifier. */
bool spf_is_seam(const struct spf_term *term);
/* The record with this `all` at its end and no other, and without seams; a redirect,
 * which an `all` would put out of force, becomes an include. */
struct str spf_with_all(struct arena *a, struct str text, struct str all);
/* The `all` of the planned value; in an audit `~all`. */
struct str spf_wanted_all(const struct rule_case *c);
/* The record without the terms of which `drop` (one for each term) is true. */
struct str spf_without(struct arena *a, const struct spf_record *record,
                       const bool *drop);
/*
 * The record with slips put right whose meaning is plain: `include=x`, `include: x`,
 * a bare address, `a:192.0.2.1`, a comma at the end. Terms that stay wrong are left out,
 * and *complete says whether there were none.
 */
struct str spf_repair(struct arena *a, const struct spf_record *record, bool *complete);

/*
 * The strings of a TXT record are joined without a blank (RFC 7208 §3.3): "include:a"
 * "-all" is include:a-all. The term that such a joint spoils, or NULL; *second is where
 * its second half begins, as an offset in the record.
 */
const struct spf_term *spf_find_joint(struct arena *a, const struct spf_seen *seen,
                                      size_t *second);
/* The record with the blank that is missing there. */
struct str spf_mend_joint(struct arena *a, const struct spf_seen *seen, size_t second);

/* "In GoDaddy, change the TXT record …: Value must be …" with this text. */
struct str spf_change_fix(const struct rule_case *c, struct str text);
/* `the TXT record "@"`, by the name that the panel shows. */
struct str spf_panel_record(const struct rule_case *c);
/* "include:sendgrid.net (SendGrid)": a term with the service it stands for. */
void spf_add_term(struct buf *b, const struct rule_case *c,
                  const struct spf_branch *branch);
