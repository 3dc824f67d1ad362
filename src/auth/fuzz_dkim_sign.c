/*
 * Any message that can be read and has one From is signed, by each canonicalisation, and
 * its signature verifies over the bytes that leave; nothing but one field is added.
 */
#include "auth/dkim_sign.h"
#include "crypto/test_keys.h"
#include "fuzz.h"

struct tools {
	struct arena a; /* of the whole run */
	struct signer signer;
	struct dkim_proof proof;
};

static struct tools *tools(void)
{
	static struct tools t;
	struct private_key *key;
	struct err err;

	if (t.signer.sign)
		return &t;
	need(private_key_parse(STR(ED25519_SEED), &key, &err));
	need(signer_init_local(&t.signer, key, &err));
	private_key_free(key);
	need(dkim_proof_init(&t.a, STR("k=ed25519; p=" ED25519), &t.proof, &err));
	return &t;
}

static void sign(const struct iov *letter, struct str text, int canon)
{
	AUTO(arena) a = {0};
	struct tools *t = tools();
	struct dkim_sign_options options = {
	        .domain = STR("acme.example"),
	        .selector = STR("s1"),
	        .header_canon = canon & 1 ? DKIM_RELAXED : DKIM_SIMPLE,
	        .body_canon = canon & 2 ? DKIM_RELAXED : DKIM_SIMPLE,
	        .signed_at = 1,
	        .expires_at = DKIM_NO_TIME};
	struct dkim_job job = {&options, &t->signer, &t->proof};
	struct iov out = {0};
	struct dkim_message m;
	struct str signed_text;
	struct err err;
	bool fit;

	need(dkim_sign_options_check(&options, &err));
	fit = dkim_message_parse(&a, letter, &m, &err) && !m.has_mbox_line &&
	      dkim_message_count(&m, STR("From")) == 1;
	need(dkim_sign_checked(&a, letter, &job, 1, &out, &err) == fit);
	if (!fit)
		return;
	signed_text = iov_join(&a, &out);
	need(str_starts(signed_text, STR("DKIM-Signature: v=1;")));
	need(str_ends(signed_text, text) && signed_text.n < text.n + 20000);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	AUTO(arena) a = {0};
	struct str text = {(const char *)bytes, n};
	struct iov pieces = {0};

	if (n > 16 * 1024)
		return 0;
	for (size_t at = 0, i = 1; at < text.n; at += i, i = i * 3 % 97)
		iov_add(&a, &pieces, str_slice(text, at, i));
	for (int canon = 0; canon < 4; canon++)
		sign(&pieces, text, canon);
	return 0;
}
