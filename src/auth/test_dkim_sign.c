/* Signing, the check behind it, and the signatures of RFC 8463 §A.3. */
#include "auth/dkim_sign.h"
#include "auth/dkim_verify.h"
#include "base/base64.h"
#include "crypto/test_keys.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char rfc8463[] =
        "DKIM-Signature: v=1; a=ed25519-sha256; c=relaxed/relaxed;\r\n"
        " d=football.example.com; i=@football.example.com;\r\n"
        " q=dns/txt; s=brisbane; t=1528637909; h=from : to :\r\n"
        " subject : date : message-id : from : subject : date;\r\n"
        " bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;\r\n"
        " b=/gCrinpcQOoIfuHNQIbq4pgh9kyIK3AQUdt9OdqQehSwhEIug4D11Bus\r\n"
        " Fa3bT3FY5OsU7ZbnKELq+eXdp1Q1Dw==\r\n"
        "DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed;\r\n"
        " d=football.example.com; i=@football.example.com;\r\n"
        " q=dns/txt; s=test; t=1528637909; h=from : to : subject :\r\n"
        " date : message-id : from : subject : date;\r\n"
        " bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;\r\n"
        " b=F45dVWDfMbQDGHJFlXUNB2HKfbCeLRyhDXgFpEL8GwpsRe0IeIixNTe3\r\n"
        " DhCVlUrSjV4BwcVcOF6+FF3Zo9Rpo1tFOeS9mPYQTnGdaSGsgeefOsk2Jz\r\n"
        " dA+L10TeYt9BgDfQNZtKdN1WO//KgIqXP7OdEFE4LjFYNcUxZQ4FADY+8=\r\n"
        "From: Joe SixPack <joe@football.example.com>\r\n"
        "To: Suzie Q <suzie@shopping.example.net>\r\n"
        "Subject: Is dinner ready?\r\n"
        "Date: Fri, 11 Jul 2003 21:00:37 -0700 (PDT)\r\n"
        "Message-ID: <20030712040037.46341.5F8J@football.example.com>\r\n"
        "\r\n"
        "Hi.\r\n"
        "\r\n"
        "We lost the game.  Are you hungry yet?\r\n"
        "\r\n"
        "Joe.\r\n";

static const char letter[] = "From: joe@acme.example\r\nSubject: Hello\r\n\r\nHow are "
                             "you?\r\n";

static struct private_key *read_key(const char *text)
{
	struct private_key *key;
	struct err err;

	if (!private_key_parse(str_c(text), &key, &err))
		fail_msg("%s", err.text);
	return key;
}

static struct str record_of(struct arena *a, const char *text)
{
	struct private_key *key = read_key(text);
	struct str public;
	struct err err;

	assert_true(private_key_public(a, key, &public, &err));
	public = dkim_key_format(a, private_key_algorithm(key), public);
	private_key_free(key);
	return public;
}

/* Answers every question by the record that its first letter asks for. */
static void answer(struct dns_answers *answers, struct str b, struct str t)
{
	for (size_t i = 0; i < answers->by_key.n; i++) {
		struct dns_answer *pending = dns_answers_at(answers, i);
		struct dns_record *r = ARENA_NEW(answers->arena, struct dns_record);
		struct dns_answer learned = {.status = DNS_FOUND};

		r->type = DNS_TXT;
		r->txt.text = pending->question.name.p[0] == 'b' ? b : t;
		learned.records = (struct dns_records){r, 1};
		dns_answers_put(answers, pending, &learned);
	}
}

static void test_rfc8463(void **state)
{
	AUTO(arena) a = {0};
	struct dns_answers answers = dns_answers_init(&a, 0);
	struct iov text = {0};
	struct dkim_verdicts v;
	struct dkim_message m;
	struct err err;

	(void)state;
	iov_add(&a, &text, STR(rfc8463));
	assert_true(dkim_message_parse(&a, &text, &m, &err));
	dkim_verify(&a, &answers, &m, 0, &v);
	assert_int_equal(answers.pending, 2);
	assert_int_equal(v.v[0].result, DKIM_TEMPERROR);
	answer(&answers, STR("v=DKIM1; k=ed25519; p=" ED25519), record_of(&a, RSA_PEM));
	dkim_verify(&a, &answers, &m, 0, &v);
	assert_int_equal(v.n, 2);
	assert_int_equal(v.v[0].result, DKIM_PASS);
	assert_int_equal(v.v[0].key_bits, 256);
	assert_int_equal(v.v[1].result, DKIM_PASS);
	assert_int_equal(v.v[1].key_bits, 1024);
}

struct fixture {
	struct arena a;
	struct signer signer;
	struct dkim_proof proof;
	struct dkim_sign_options options;
	struct dkim_job job;
};

static void begin(struct fixture *f, const char *key_text, const char *proof_of)
{
	struct private_key *key = read_key(key_text);
	struct err err;

	*f = (struct fixture){
	        .options = {.domain = STR("acme.example"),
	                    .selector = STR("s1"),
	                    .header_canon = DKIM_RELAXED,
	                    .body_canon = DKIM_RELAXED,
	                    .signed_at = 1700000000,
	                    .expires_at = DKIM_NO_TIME}
        };
	assert_true(signer_init_local(&f->signer, key, &err));
	private_key_free(key);
	assert_true(
	        dkim_proof_init(&f->a, record_of(&f->a, proof_of), &f->proof, &err));
	f->job = (struct dkim_job){&f->options, &f->signer, &f->proof};
}

static void end(struct fixture *f)
{
	dkim_proof_done(&f->proof);
	signer_done(&f->signer);
	arena_done(&f->a);
}

static bool sign(struct fixture *f, const char *text, struct str *out, struct err *err)
{
	struct iov in = {0};
	struct iov made = {0};

	iov_add(&f->a, &in, str_c(text));
	if (!dkim_sign_checked(&f->a, &in, &f->job, 1, &made, err)) {
		assert_int_equal(made.n, 0);
		return false;
	}
	*out = iov_join(&f->a, &made);
	return true;
}

static void test_the_field(void **state)
{
	struct fixture f;
	struct str out;
	struct err err;

	(void)state;
	begin(&f, ED25519_SEED, ED25519_SEED);
	assert_true(sign(&f, letter, &out, &err));
	assert_true(str_starts(
	        out, STR("DKIM-Signature: v=1; a=ed25519-sha256; c=relaxed/relaxed; "
	                 "d=acme.example;\r\n s=s1; t=1700000000; "
	                 "h=From:From:To:Subject:Subject:Reply-To:Cc:MIME-Version:\r\n "
	                 "Content-Type:Content-Transfer-Encoding:In-Reply-To:"
	                 "References;\r\n bh=")));
	assert_true(str_ends(out, STR(letter)));
	assert_true(sign(&f, "From: a@b.example\n\nbody", &out, &err));
	assert_true(str_find(out, STR("\r")) < 0);
	end(&f);
}

/* A key record that does not belong to the key: the letter does not leave. */
static void test_the_check(void **state)
{
	static const struct {
		const char *key, *proof, *why;
	} cases[] = {
	        {RSA_PEM,	                                RSA_PEM,      NULL  },
	        {ED25519_SEED,	                           ED25519_SEED, NULL  },
	        {ED25519_SEED,	                           RSA_PEM,      "type"},
	        {"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", ED25519_SEED,
	         "would not verify: the signature does not fit"                      },
	};

	(void)state;
	for (size_t i = 0; i < LEN(cases); i++) {
		struct fixture f;
		struct str out;
		struct err err;
		bool ok;

		begin(&f, cases[i].key, cases[i].proof);
		ok = sign(&f, letter, &out, &err);
		if (ok != !cases[i].why)
			fail_msg("%zu: %s", i, ok ? "signed" : err.text);
		if (!ok)
			assert_non_null(strstr(err.text, cases[i].why));
		end(&f);
	}
}

static bool broken_sign(void *context, const uint8_t digest[SHA256_BYTES],
                        struct signature *out, struct err *err)
{
	(void)digest;
	(void)err;
	out->n = 64;
	memset(out->bytes, *(int *)context, out->n);
	return true;
}

static bool failing_sign(void *context, const uint8_t digest[SHA256_BYTES],
                         struct signature *out, struct err *err)
{
	(void)context;
	(void)digest;
	(void)out;
	return err_set(err, ERR_UNAVAILABLE, "the key process does not answer");
}

/* A signer is whoever says so: what it gives is checked, and its failure is told. */
static void test_other_signers(void **state)
{
	int byte = 7;
	struct signer broken = {KEY_ED25519, &byte, broken_sign, NULL};
	struct signer failing = {KEY_ED25519, NULL, failing_sign, NULL};
	struct fixture f;
	struct str out;
	struct err err;

	(void)state;
	begin(&f, ED25519_SEED, ED25519_SEED);
	f.job.signer = &broken;
	assert_false(sign(&f, letter, &out, &err));
	assert_non_null(strstr(err.text, "does not fit"));
	f.job.signer = &failing;
	assert_false(sign(&f, letter, &out, &err));
	assert_int_equal(err.kind, ERR_UNAVAILABLE);
	end(&f);
}

/* Both kinds of key in one go, over one letter in pieces (RFC 8463 §3). */
static void test_two_jobs(void **state)
{
	struct fixture rsa, ed;
	struct iov in = {0};
	struct iov out = {0};
	struct err err;

	(void)state;
	begin(&rsa, RSA_PEM, RSA_PEM);
	begin(&ed, ED25519_SEED, ED25519_SEED);
	ed.options.selector = STR("s2");
	iov_add(&rsa.a, &in, str_slice(STR(letter), 0, 30));
	iov_add(&rsa.a, &in, str_from(STR(letter), 30));
	assert_true(dkim_sign_checked(&rsa.a, &in, (struct dkim_job[]){rsa.job, ed.job},
	                              2, &out, &err));
	assert_int_equal(out.n, 4);
	assert_true(str_find(iov_piece(&out, 0), STR("a=rsa-sha256")) > 0);
	assert_true(str_find(iov_piece(&out, 1), STR("a=ed25519-sha256")) > 0);
	assert_ptr_equal(out.v[2].iov_base, in.v[0].iov_base);
	end(&rsa);
	end(&ed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_rfc8463),   cmocka_unit_test(test_the_field),
	        cmocka_unit_test(test_the_check), cmocka_unit_test(test_other_signers),
	        cmocka_unit_test(test_two_jobs),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
