/*
 * What DKIM costs a letter: the hash by itself, canonicalisation, a bare signature, and a
 * letter signed and checked, in microseconds of CPU time, best of several rounds. What must
 * hold is that canonicalisation costs little beside the hash.
 *
 *	dkim_bench <letter.eml
 */
#include "auth/dkim_sign.h"

#include "base/clock.h"
#include "base/file.h"

#include <stdio.h>
#include <unistd.h>

static const double target = 1.5; /* relaxed body: times the bare SHA-256 */

enum { TIMES = 200, ROUNDS = 9, LETTER_MAX = 64 * 1024 * 1024 };

struct bench {
	struct arena a; /* of one letter */
	struct iov letter;
	enum key_algorithm algorithm;
	enum dkim_canon canon;
	struct signer signer;
	struct dkim_proof proof;
	struct dkim_sign_options options;
	struct signature signature;
	uint8_t digest[SHA256_BYTES];
};

typedef void work_fn(struct bench *b);

static void do_hash(struct bench *b)
{
	AUTO(sha256) h = {0};

	sha256_init(&h);
	for (size_t i = 0; i < b->letter.n; i++)
		sha256_add(&h, iov_piece(&b->letter, i));
	sha256_finish(&h, b->digest);
}

static void do_body(struct bench *b)
{
	AUTO(dkim_hash) h = {0};

	dkim_hash_init(&h, DKIM_NO_LIMIT);
	dkim_hash_body(&h, b->canon, &b->letter, (struct dkim_place){0, 0});
	dkim_hash_finish(&h, b->digest);
}

static void do_bare_signature(struct bench *b)
{
	struct err err;

	need(b->signer.sign(b->signer.context, b->digest, &b->signature, &err));
}

static void do_bare_check(struct bench *b)
{
	struct str signature = {(const char *)b->signature.bytes, b->signature.n};

	need(verifier_check(&b->proof.verifier, b->digest, signature));
}

static void do_sign(struct bench *b)
{
	struct dkim_message m;
	struct str field;
	struct err err;

	need(dkim_message_parse(&b->a, &b->letter, &m, &err));
	need(dkim_sign(&b->a, &m, &b->options, &b->signer, &field, &err));
}

static void do_sign_checked(struct bench *b)
{
	struct dkim_job job = {&b->options, &b->signer, &b->proof};
	struct iov out = {0};
	struct err err;

	need(dkim_sign_checked(&b->a, &b->letter, &job, 1, &out, &err));
}

/* Microseconds of one, which are printed, too. */
static double measure(struct bench *b, const char *what, work_fn *work)
{
	int64_t best = INT64_MAX;

	for (int round = 0; round < ROUNDS; round++) {
		int64_t begun = clock_cpu_us();

		for (int i = 0; i < TIMES; i++) {
			arena_reset(&b->a);
			work(b);
		}
		begun = clock_cpu_us() - begun;
		best = begun < best ? begun : best;
	}
	printf("%-32s %7.1f us\n", what, (double)best / TIMES);
	return (double)best / TIMES;
}

static void measure_key(struct bench *b, const char *name)
{
	AUTO(arena) a = {0};
	struct private_key *key;
	struct str public;
	struct err err;

	need(private_key_generate(b->algorithm, KEY_RSA_BITS_ADVISED, &key, &err));
	need(signer_init_local(&b->signer, key, &err));
	need(private_key_public(&a, key, &public, &err));
	private_key_free(key);
	public = dkim_key_format(&a, b->algorithm, public);
	need(dkim_proof_init(&a, public, &b->proof, &err));
	puts(name);
	measure(b, "  bare signature", do_bare_signature);
	measure(b, "  bare verification", do_bare_check);
	measure(b, "  letter signed", do_sign);
	measure(b, "  letter signed and checked", do_sign_checked);
	dkim_proof_done(&b->proof);
	signer_done(&b->signer);
}

int main(void)
{
	AUTO(arena) a = {0};
	struct bench b = {
	        .options = {.domain = STR("acme.example"),
	                    .selector = STR("s1"),
	                    .header_canon = DKIM_RELAXED,
	                    .body_canon = DKIM_RELAXED,
	                    .signed_at = 1,
	                    .expires_at = DKIM_NO_TIME}
        };
	double hash, body;
	struct str text;
	struct err err;

	if (!file_read_fd(&a, STDIN_FILENO, "standard input", LETTER_MAX, &text,
	                  &err)) {
		fprintf(stderr, "dkim_bench: %s\n", err.text);
		return 1;
	}
	iov_add(&a, &b.letter, text);
	printf("%-32s %7zu bytes\n", "letter", text.n);
	hash = measure(&b, "SHA-256", do_hash);
	measure(&b, "simple body", do_body);
	b.canon = DKIM_RELAXED;
	body = measure(&b, "relaxed body", do_body);
	measure_key(&b, "rsa-sha256, 2048 bits");
	b.algorithm = KEY_ED25519;
	measure_key(&b, "ed25519-sha256");
	arena_done(&b.a);
	printf("bench-dkim: relaxed body %.1f us, SHA-256 %.1f us, ratio %.2f "
	       "(target %.1f): %s\n",
	       body, hash, body / hash, target, body / hash <= target ? "ok" : "short");
	return body / hash <= target ? 0 : 1;
}
