/*
 * Signing a message (RFC 6376 §5), and proving before it leaves that the signature will
 * verify: what was signed is read, hashed and verified again as it will be sent, against
 * the key record that a receiver would look up.
 *
 *	struct dkim_job jobs[] = {{&options, &signer, &proof}};
 *	struct iov out = {0};
 *	if (!dkim_sign_checked(&a, &letter, jobs, 1, &out, &err)) …
 *	writev(fd, out.v, out.n)
 *
 * A signature is one header field on top; no other byte changes. l= is never set. Which
 * fields are signed is a table: each as often as it occurs, and those a reader sees or a
 * program acts on once more, so that none can be added (§5.4.2, §8.15). The field is
 * folded at 78 columns and depends on nothing but its arguments.
 *
 * A message that breaks RFC 5322 where it matters to a signature is refused: no From,
 * several From fields, or a mailbox file's "From " line on top.
 */
#pragma once

#include "auth/dkim_key.h"
#include "auth/dkim_message.h"
#include "auth/dkim_signature.h"
#include "crypto/signer.h"
#include "crypto/verifier.h"

struct dkim_sign_options {
	struct str domain, selector; /* canonical */
	struct str identity;         /* i=, or empty */
	enum dkim_canon header_canon, body_canon;
	struct str names;              /* h= as "from:to:…"; empty for the table */
	int64_t signed_at, expires_at; /* seconds, or DKIM_NO_TIME */
};

/* The key record that a letter's signatures are checked by, made ready once. */
struct dkim_proof {
	struct dkim_key key;
	struct verifier verifier;
};

struct dkim_job {
	const struct dkim_sign_options *options;
	const struct signer *signer;
	struct dkim_proof *proof;
};

/* Whether signatures can be made with these options at all; the error says what is
 * wrong with them. */
NODISCARD bool dkim_sign_options_check(const struct dkim_sign_options *options,
                                       struct err *err);
/* The header field, with its line end; needs checked options. */
NODISCARD bool dkim_sign(struct arena *a, struct dkim_message *m,
                         const struct dkim_sign_options *options,
                         const struct signer *signer, struct str *field,
                         struct err *err);
/*
 * Adds the pieces of the signed letter to *out: a field for each job, the first on top,
 * then the pieces of `letter`, which are lent. Every signature is then verified over those
 * very pieces; one that would not is an error, and *out is left as it was.
 */
NODISCARD bool dkim_sign_checked(struct arena *a, const struct iov *letter,
                                 const struct dkim_job *jobs, size_t job_count,
                                 struct iov *out, struct err *err);

/* Fails where the record's text would not serve a verifier. The text and what is read
 * from it live in `a`. */
NODISCARD bool dkim_proof_init(struct arena *a, struct str record,
                               struct dkim_proof *out, struct err *err);
void dkim_proof_done(struct dkim_proof *proof);
