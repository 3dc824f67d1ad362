/* `signet dkim sign`: a message with its DKIM-Signature on top. */
#include "cli/answers.h"
#include "cli/commands.h"

#include "cli/input.h"
#include "base/file.h"
#include "auth/dkim_sign.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

struct options {
	struct cli_common common;
	struct str domain, selector, key, algorithm, canon, headers, identity;
	int64_t timestamp, expire; /* 0: not given */
	int64_t max_bytes;
};

enum { TIME_MAX = 253402300799 };

#define AT(field) offsetof(struct options, field)

static const struct option options[] = {
        TEXT_OPTION("domain", AT(domain), "D", "the domain that signs: d="),
        TEXT_OPTION("selector", AT(selector), "S", "the selector of its key: s="),
        TEXT_OPTION("key", AT(key), "FILE",
                    "the private key: PEM of PKCS #8 or PKCS #1, or an Ed25519 seed in "
                    "base64"),
        TEXT_OPTION("algorithm", AT(algorithm), "NAME",
                    "rsa-sha256 or ed25519-sha256; that of the key where not given"),
        TEXT_OPTION("canon", AT(canon), "HEADER/BODY",
                    "simple or relaxed for each; relaxed/relaxed where not given"),
        TEXT_OPTION("headers", AT(headers), "A:B:C",
                    "sign these header fields, each as often as it is named, instead "
                    "of the usual ones"),
        TEXT_OPTION("identity", AT(identity), "ADDR",
                    "on whose behalf: i=, an address in the domain or below it"),
        NUMBER_OPTION("timestamp", AT(timestamp), "EPOCH", 1, TIME_MAX,
                      "when it is signed: t=; now where not given"),
        NUMBER_OPTION(
                "expire", AT(expire), "EPOCH", 1, TIME_MAX,
                "until when the signature is good: x=; without end where not given"),
        MAX_BYTES_ROW,
};

/* A key never lies in ordinary memory: it is read into a buffer that is wiped. */
static bool read_secret(const char *path, struct secret *out, struct err *err)
{
	char bytes[PRIVATE_KEY_TEXT_MAX + 1];
	AUTO_FD int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t n = 0;
	ssize_t got = fd < 0 ? -1 : 1;

	while (got > 0 && n < sizeof(bytes)) {
		got = read(fd, bytes + n, sizeof(bytes) - n);
		n += got > 0 ? (size_t)got : 0;
	}
	if (got < 0)
		err_set(err, ERR_INPUT, "%s: %s", path, strerror(errno));
	else
		secret_set(out, bytes, n);
	explicit_bzero(bytes, sizeof(bytes));
	return got >= 0;
}

static bool read_key(struct cli *cli, struct private_key **out, struct err *err)
{
	const struct options *o = cli->options;
	const char *path = arena_cstr(cli->a, o->key);
	enum key_algorithm wanted;
	AUTO(secret) text = {0};

	if (o->algorithm.p && !dkim_algorithm_parse(o->algorithm, &wanted))
		return err_set(err, ERR_USAGE,
		               "--algorithm: \"%.*s\" is neither rsa-sha256 nor "
		               "ed25519-sha256",
		               STR_ARG(o->algorithm));
	if (!read_secret(path, &text, err))
		return false;
	if (!private_key_parse(secret_str(&text), out, err))
		return err_add(err, "%s", path);
	if (o->algorithm.p && wanted != private_key_algorithm(*out)) {
		private_key_free(*out);
		return err_set(
		        err, ERR_USAGE, "--algorithm: %s holds a key for %s", path,
		        dkim_algorithm_name(wanted == KEY_RSA ? KEY_ED25519 : KEY_RSA));
	}
	return true;
}

static bool read_canon(struct str text, struct dkim_sign_options *out, struct err *err)
{
	struct str body = text;
	struct str header;

	out->header_canon = out->body_canon = DKIM_RELAXED;
	if (!text.p)
		return true;
	str_cut(&body, '/', &header);
	if (!dkim_canon_parse(header, &out->header_canon) || !body.p ||
	    !dkim_canon_parse(body, &out->body_canon))
		return err_set(err, ERR_USAGE,
		               "--canon: \"%.*s\" is not HEADER/BODY with simple or "
		               "relaxed for each",
		               STR_ARG(text));
	return true;
}

static bool read_options(struct cli *cli, struct dkim_sign_options *out,
                         struct err *err)
{
	const struct options *o = cli->options;

	if (o->common.json)
		return err_set(err, ERR_USAGE, "--json: the answer is a message");
	if (!o->key.p)
		return err_set(err, ERR_USAGE, "--key FILE is missing");
	out->names = o->headers;
	out->identity = o->identity;
	out->signed_at = o->timestamp ? o->timestamp : cli->now / 1000;
	out->expires_at = o->expire ? o->expire : DKIM_NO_TIME;
	return answer_read_name(cli->a, "domain", o->domain, &out->domain, err) &&
	       answer_read_name(cli->a, "selector", o->selector, &out->selector, err) &&
	       read_canon(o->canon, out, err) && dkim_sign_options_check(out, err);
}

static bool sign(struct cli *cli, const struct dkim_sign_options *how,
                 const struct private_key *key, struct iov *out, struct err *err)
{
	const struct options *o = cli->options;
	AUTO(signer) signer = {0};
	AUTO(dkim_proof) proof = {0};
	struct iov letter = {0};
	struct str public, bytes;

	if (!signer_init_local(&signer, key, err) ||
	    !private_key_public(cli->a, key, &public, err) ||
	    !dkim_proof_init(cli->a, dkim_key_format(cli->a, signer.algorithm, public),
	                     &proof, err) ||
	    !cli_input(cli, o->max_bytes, &bytes, err))
		return false;
	iov_add(cli->a, &letter, bytes);
	return dkim_sign_checked(cli->a, &letter,
	                         &(struct dkim_job){how, &signer, &proof}, 1, out, err);
}

static bool run_dkim_sign(struct cli *cli, struct err *err)
{
	struct dkim_sign_options how = {0};
	struct private_key *key;
	struct iov out = {0};
	bool ok;

	if (!read_options(cli, &how, err) || !read_key(cli, &key, err))
		return false;
	ok = sign(cli, &how, key, &out, err);
	private_key_free(key);
	for (size_t i = 0; ok && i < out.n; i++)
		fwrite(out.v[i].iov_base, 1, out.v[i].iov_len, stdout);
	return ok;
}

const struct command cmd_dkim_sign = {
        .name = "dkim sign",
        .arguments = "",
        .summary = "sign a message with DKIM",
        .description =
                "Reads a message from standard input and writes it with a "
                "DKIM-Signature on top; no other byte is changed. The new field ends "
                "its lines as the message does. Before it is written, the signature is "
                "verified over the very bytes that are.\n\n"
                "The usual header fields are signed as often as they occur, and those "
                "that a reader sees or a program acts on once more, so that none can "
                "be "
                "added. A second signature, as by a key of the other kind, is made by "
                "a "
                "second run. l= is never set.",
        .options = options,
        .option_count = LEN(options),
        .options_size = sizeof(struct options),
        .run = run_dkim_sign,
};
