/*
 * One letter on its way out, again and again: parsed, all links rewritten, pixel and
 * unsubscribe put in, header fields set, signed with RSA-2048, and the signature verified
 * over the bytes that leave. Prints how many, the CPU time of one in microseconds, and
 * the memory that one took at most as a multiple of its size.
 *
 *	bench_letter MESSAGE KEY.pem SECONDS
 */
#include "auth/dkim_sign.h"
#include "base/base64.h"
#include "base/file.h"
#include "mime/rewrite.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

struct bench {
	struct str bytes;
	struct signer signer;
	struct dkim_proof proof;
	size_t links, arena_bytes;
	volatile size_t written;
};

/* Stands for sealing a token: as long as one, and made without more work than copying. */
static bool seal(void *arg, const struct rewrite_link *what, struct str *target)
{
	struct arena *a = arg;

	*target = arena_join(a, STR("https://track.acme.example/click/"),
	                     base64url_encode(a, what->link->value));
	return true;
}

static bool send_letter(struct bench *b, struct err *err)
{
	static const struct header_change changes[] = {
	        {HEADER_SET, STR_INIT("List-Unsubscribe"),
	         STR_INIT("<https://track.acme.example/unsubscribe/"
	                  "AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA>")},
	        {HEADER_SET, STR_INIT("List-Unsubscribe-Post"),
	         STR_INIT("List-Unsubscribe=One-Click")                  },
	};
	static const struct dkim_sign_options sign = {
	        .domain = STR_INIT("acme.example"),
	        .selector = STR_INIT("s1"),
	        .header_canon = DKIM_RELAXED,
	        .body_canon = DKIM_RELAXED,
	        .signed_at = 1700000000,
	        .expires_at = DKIM_NO_TIME,
	};
	AUTO(arena) a = {0};
	const struct rewrite_options options = {
	        .map = seal,
	        .arg = &a,
	        .text = true,
	        .pixel = STR("https://track.acme.example/open/AQIDBAUGBwgJCgsM.png"),
	        .unsubscribe = STR("https://track.acme.example/unsubscribe/AQIDBAUG"),
	        .changes = changes,
	        .change_count = LEN(changes),
	};
	const struct dkim_job job = {&sign, &b->signer, &b->proof};
	struct rewrite_report report;
	struct edits edits = {0};
	struct letter letter;
	struct iov edited = {0};
	struct iov out = {0};

	if (!letter_parse(&a, b->bytes, NULL, &letter, err) ||
	    !letter_rewrite(&a, &letter, &options, &edits, &report, err))
		return false;
	edits_apply(&a, &edits, letter.bytes, &edited);
	if (!dkim_sign_checked(&a, &edited, &job, 1, &out, err))
		return false;
	if (!report.has_pixel || !report.has_unsubscribe)
		return err_set(err, ERR_INPUT, "no pixel or unsubscribe tag");
	b->links = report.rewritten_count;
	b->arena_bytes = a.total;
	b->written += iov_len(&out);
	return true;
}

static double cpu_seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static bool prepare(struct bench *b, struct arena *a, char **argv, struct err *err)
{
	struct private_key *key;
	struct str pem, public;
	bool ok;

	if (!file_read(a, argv[1], 100 << 20, &b->bytes, err) ||
	    !file_read(a, argv[2], 1 << 16, &pem, err) ||
	    !private_key_parse(pem, &key, err))
		return false;
	ok = signer_init_local(&b->signer, key, err) &&
	     private_key_public(a, key, &public, err) &&
	     dkim_proof_init(a, dkim_key_format(a, KEY_RSA, public), &b->proof, err);
	private_key_free(key);
	return ok;
}

int main(int argc, char **argv)
{
	AUTO(arena) a = {0};
	struct bench b = {0};
	struct err err = {0};
	double start, end;
	size_t n = 0;

	if (argc != 4 || !prepare(&b, &a, argv, &err) || !send_letter(&b, &err)) {
		fprintf(stderr, "bench_letter: %s\n", argc == 4 ? err.text : "usage");
		return 1;
	}
	start = cpu_seconds();
	end = start + strtod(argv[3], NULL);
	do {
		for (int i = 0; i < 50; i++, n++)
			if (!send_letter(&b, &err))
				return 1;
	} while (cpu_seconds() < end);
	printf("letters %zu links %zu us %.2f memory %.2f\n", n, b.links,
	       (cpu_seconds() - start) * 1e6 / (double)n,
	       (double)b.arena_bytes / (double)b.bytes.n);
	return 0;
}
