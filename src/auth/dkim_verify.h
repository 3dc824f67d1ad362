/*
 * Verifying the DKIM signatures of a message, RFC 6376 §6 with RFC 8301 and RFC 8463.
 *
 * Pure and run again: key records are asked for by dns_ask(), and the verdicts count once
 * nothing is pending. The message is parsed once, outside, and keeps its body hashes, so
 * that another pass costs nothing. Signatures stand in header order, first on top.
 *
 *	struct dkim_verdicts v;
 *	dkim_verify(&a, &answers, &message, now, &v);
 *	if (v.n && v.v[0].result == DKIM_PASS) … v.v[0].signature.domain
 *
 * pass: key and hashes fit. fail: they do not. permerror: the signature or the key record
 * cannot be used, so no later attempt will do better. temperror: DNS did not answer.
 * neutral: not looked at, being one of too many.
 *
 * l= is honoured as RFC 6376 §3.5 says and as other verifiers do: a signature over a part
 * of the body passes, and the reason says how much of it is covered (§8.2 warns).
 */
#pragma once

#include "auth/dkim_key.h"
#include "auth/dkim_message.h"
#include "auth/dkim_signature.h"
#include "crypto/verifier.h"
#include "dns/answer.h"

enum dkim_result {
	DKIM_NEUTRAL,
	DKIM_PASS,
	DKIM_FAIL,
	DKIM_PERMERROR,
	DKIM_TEMPERROR,
};

enum {
	DKIM_SIGNATURES_MAX = 10, /* that are verified */
	DKIM_LISTED_MAX = 100,    /* that have a verdict at all */
	DKIM_RECORDS_MAX = 4,     /* key records of one name that are tried */
};

struct dkim_verdict {
	struct dkim_signature signature;
	enum dkim_result result;
	struct str reason; /* why not pass, or what a pass leaves open; else empty */
	unsigned key_bits; /* 0 where there is no key */
	bool is_testing;   /* the key record says t=y */
};

struct dkim_verdicts {
	struct dkim_verdict *v;
	size_t n;
	size_t unlisted; /* signatures beyond DKIM_LISTED_MAX */
};

/* Verdicts live in `a`, which may be another arena than the message's. */
void dkim_verify(struct arena *a, struct dns_answers *answers, struct dkim_message *m,
                 int64_t now, struct dkim_verdicts *out);
/* "pass", "fail", "neutral", "permerror", "temperror". */
const char *dkim_result_name(enum dkim_result result);

/*
 * Judges one signature, the m->fields[index] that was read as out->signature, by a key
 * record and by its key made ready; `key` is DKIM_KEY_USABLE. Fills in the
 * rest of *out.
 */
void dkim_judge(struct arena *a, struct dkim_message *m, size_t index,
                const struct dkim_key *key, struct verifier *verifier,
                struct dkim_verdict *out);
/* Whether a signature can be verified at all at this time, before any key is known;
 * false fills in the result. */
bool dkim_judge_alone(struct dkim_verdict *out, int64_t now);
