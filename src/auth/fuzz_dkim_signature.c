/*
 * Messages with signatures, and the key record they are verified by: the input up to the
 * first NUL is the record, the rest the message. What is said must not depend on how the
 * message is cut into pieces, and only a signature that is understood may pass.
 */
#include "auth/dkim_verify.h"
#include "fuzz.h"

static void answer(struct dns_answers *answers, struct str record)
{
	for (size_t i = 0; i < answers->by_key.n; i++) {
		struct dns_answer *pending = dns_answers_at(answers, i);
		struct dns_record *r = ARENA_NEW(answers->arena, struct dns_record);
		struct dns_answer learned = {
		        .status = DNS_FOUND, .records = {r, 1}
                };

		if (pending->status != DNS_PENDING)
			continue;
		r->type = DNS_TXT;
		r->txt.text = record;
		dns_answers_put(answers, pending, &learned);
	}
}

static bool verify(struct arena *a, const struct iov *text, struct str record,
                   struct dkim_verdicts *out)
{
	struct dns_answers answers = dns_answers_init(a, 0);
	struct dkim_message m;
	struct err err;

	if (!dkim_message_parse(a, text, &m, &err))
		return false;
	dkim_verify(a, &answers, &m, 0, out);
	answer(&answers, record);
	dkim_verify(a, &answers, &m, 0, out);
	need(!dns_answers_pending(&answers));
	return true;
}

static void check(const struct dkim_verdict *v)
{
	const struct dkim_signature *s = &v->signature;

	need(v->result == DKIM_PASS || v->reason.n);
	if (v->result == DKIM_TEMPERROR)
		need(false); /* DNS never fails here */
	if (v->result != DKIM_PASS && v->result != DKIM_FAIL)
		return;
	need(!s->problem && s->key_name.n && s->names.n && s->signature.n);
	need(s->body_hash.n == SHA256_BYTES && v->key_bits);
	need(v->key_bits >= KEY_RSA_BITS_MIN || s->algorithm == KEY_ED25519);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	AUTO(arena) a = {0};
	struct str text = {(const char *)bytes, n};
	struct dkim_verdicts whole = {0}, cut = {0};
	struct iov one = {0}, many = {0};
	struct str record;
	bool parsed;

	if (n > 64 * 1024 || !str_cut(&text, '\0', &record) || !text.p)
		return 0;
	iov_add(&a, &one, text);
	for (size_t at = 0, i = 1; at < text.n; at += i, i = i % 7 + 1)
		iov_add(&a, &many, str_slice(text, at, i));
	parsed = verify(&a, &one, record, &whole);
	need(parsed == verify(&a, &many, record, &cut));
	need(whole.n == cut.n && whole.n <= DKIM_LISTED_MAX);
	for (size_t i = 0; i < whole.n; i++) {
		check(&whole.v[i]);
		need(whole.v[i].result == cut.v[i].result);
		need(str_eq(whole.v[i].reason, cut.v[i].reason));
	}
	return 0;
}
