#include "auth/dkim_verify.h"

#include <string.h>

static const char *const result_names[] = {
        [DKIM_NEUTRAL] = "neutral",     [DKIM_PASS] = "pass",
        [DKIM_FAIL] = "fail",           [DKIM_PERMERROR] = "permerror",
        [DKIM_TEMPERROR] = "temperror",
};

const char *dkim_result_name(enum dkim_result result)
{
	return result_names[result];
}

static bool decide(struct dkim_verdict *out, enum dkim_result result, struct str reason)
{
	out->result = result;
	out->reason = reason;
	return result == DKIM_PASS;
}

bool dkim_judge_alone(struct dkim_verdict *out, int64_t now)
{
	const struct dkim_signature *s = &out->signature;

	if (s->problem)
		return decide(out, DKIM_PERMERROR, str_c(s->problem));
	if (s->expires_at != DKIM_NO_TIME && now / 1000 > s->expires_at)
		return decide(out, DKIM_PERMERROR,
		              STR("the signature has expired (x=)"));
	return true;
}

static bool check_body(struct arena *a, struct dkim_message *m,
                       struct dkim_verdict *out)
{
	const struct dkim_signature *s = &out->signature;
	struct dkim_body_hash body;

	dkim_message_body_hash(m, s->body_canon, s->limit, &body);
	if (s->limit != DKIM_NO_LIMIT && s->limit > body.length)
		return decide(out, DKIM_FAIL,
		              arena_printf(a,
		                           "l= is more than the %llu bytes of the body",
		                           (unsigned long long)body.length));
	if (memcmp(body.digest, s->body_hash.p, SHA256_BYTES) != 0)
		return decide(out, DKIM_FAIL,
		              STR("the body was changed: its hash is not bh="));
	if (s->limit < body.length)
		out->reason = arena_printf(a, "l= covers only %llu of %llu bytes",
		                           (unsigned long long)s->limit,
		                           (unsigned long long)body.length);
	return true;
}

void dkim_judge(struct arena *a, struct dkim_message *m, size_t index,
                const struct dkim_key *key, struct verifier *verifier,
                struct dkim_verdict *out)
{
	const struct dkim_signature *s = &out->signature;
	uint8_t digest[SHA256_BYTES];

	out->key_bits = key->key.bits;
	out->is_testing = key->is_testing;
	if (key->algorithm != s->algorithm) {
		decide(out, DKIM_PERMERROR,
		       STR("the key is not of the type that a= says"));
		return;
	}
	if (key->is_strict && !str_eq(s->identity_domain, s->domain)) {
		decide(out, DKIM_PERMERROR,
		       STR("the key wants i= to be of the domain d= itself (t=s)"));
		return;
	}
	if (!check_body(a, m, out))
		return;
	dkim_message_digest(m, s->header_canon, s->names, index, s->unsigned_field,
	                    digest);
	if (verifier_check(verifier, digest, s->signature))
		out->result = DKIM_PASS;
	else
		decide(out, DKIM_FAIL,
		       STR("the signature does not fit: the header was changed, or it "
		           "was made with another key"));
}

/* One record of the name: false where it does not give a pass. */
static bool try_record(struct arena *a, struct dkim_message *m, size_t index,
                       struct str text, struct dkim_verdict *out)
{
	AUTO(verifier) verifier = {0};
	struct dkim_key key;
	struct err err;

	dkim_key_parse(a, text, &key);
	out->key_bits = key.has_key ? key.key.bits : 0;
	out->is_testing = key.is_testing;
	if (key.tolerant_status != DKIM_KEY_USABLE)
		return decide(out, DKIM_PERMERROR,
		              str_c(dkim_key_reason(key.tolerant_status)));
	if (!verifier_init(&verifier, &key.key, &err))
		return decide(out, DKIM_PERMERROR,
		              str_c(dkim_key_reason(DKIM_KEY_BAD_KEY)));
	dkim_judge(a, m, index, &key, &verifier, out);
	return out->result == DKIM_PASS;
}

/*
 * RFC 6376 §6.1.2: with several records, each may be tried. Where none passes, the first
 * one that is meant as a key gives the reason.
 */
static void try_records(struct arena *a, struct dkim_message *m, size_t index,
                        const struct dns_records *records, struct dkim_verdict *out)
{
	struct dkim_verdict first = *out;
	bool has_first = false;

	for (size_t i = 0; i < records->n && i < DKIM_RECORDS_MAX; i++) {
		struct dkim_verdict this = *out;
		struct str text = records->v[i].txt.text;

		if (try_record(a, m, index, text, &this)) {
			*out = this;
			return;
		}
		if (!has_first || (i > 0 && !first.key_bits && this.key_bits))
			first = this;
		has_first = true;
	}
	*out = first;
}

static void judge_by_dns(struct arena *a, struct dkim_message *m, size_t index,
                         const struct dns_answer *answer, struct dkim_verdict *out)
{
	if (answer->status == DNS_PENDING)
		decide(out, DKIM_TEMPERROR,
		       STR("the key record was not asked for yet"));
	else if (dns_answer_is_fault(answer))
		decide(out, DKIM_TEMPERROR,
		       arena_printf(a, "the key record could not be looked up: %s",
		                    dns_status_name(answer->status)));
	else if (answer->records.n == 0)
		decide(out, DKIM_PERMERROR,
		       arena_printf(a, "no key: there is no TXT record at %.*s",
		                    STR_ARG(out->signature.key_name)));
	else
		try_records(a, m, index, &answer->records, out);
}

/* Room for the next signature, or NULL where enough are listed. */
static struct dkim_verdict *add(struct arena *a, struct dkim_verdicts *out)
{
	if (out->n == DKIM_LISTED_MAX) {
		out->unlisted++;
		return NULL;
	}
	if (!out->v)
		out->v = ARENA_ARRAY(a, struct dkim_verdict, DKIM_LISTED_MAX);
	return &out->v[out->n++];
}

void dkim_verify(struct arena *a, struct dns_answers *answers, struct dkim_message *m,
                 int64_t now, struct dkim_verdicts *out)
{
	*out = (struct dkim_verdicts){0};
	for (size_t i = 0; i < m->count; i++) {
		struct dkim_verdict *verdict;

		if (!str_eq_nocase(m->fields[i].name, STR("dkim-signature")))
			continue;
		verdict = add(a, out);
		if (!verdict)
			continue;
		dkim_signature_parse(a, m->fields[i].raw, &verdict->signature);
		if (out->n > DKIM_SIGNATURES_MAX)
			decide(verdict, DKIM_NEUTRAL,
			       STR("not looked at: the message has too many "
			           "signatures"));
		else if (dkim_judge_alone(verdict, now))
			judge_by_dns(
			        a, m, i,
			        dns_ask(answers, verdict->signature.key_name, DNS_TXT),
			        verdict);
	}
}
