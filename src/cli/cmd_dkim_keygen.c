/* `signet dkim keygen`: a new key in a file that only its owner reads. */
#include "cli/commands.h"

#include "base/base64.h"
#include "base/file.h"
#include "base/json.h"
#include "auth/dkim_key.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

struct options {
	struct cli_common common;
	struct str algorithm;
	int64_t bits; /* 0: not given */
	struct str out;
	bool force;
};

#define AT(field) offsetof(struct options, field)

static const struct option options[] = {
        TEXT_OPTION("algorithm", AT(algorithm), "rsa|ed25519",
                    "the kind of key; rsa where not given"),
        NUMBER_OPTION("bits", AT(bits), "N", KEY_RSA_BITS_MIN, KEY_RSA_BITS_MAX,
                      "the length of an RSA key, 1024 to 8192; 2048 where not given"),
        TEXT_OPTION("out", AT(out), "FILE", "where the private key is written, as PEM"),
        FLAG_OPTION("force", AT(force), "replace the file if there is one"),
};

/* Takes the name by creating an empty file, unless --force: two runs at the same time
 * cannot both win. */
static bool claim(const char *path, struct err *err)
{
	AUTO_FD int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	if (fd >= 0)
		return true;
	if (errno == EEXIST)
		return err_set(err, ERR_USAGE,
		               "%s: there is a file already; --force replaces it",
		               path);
	return err_set(err, ERR_INPUT, "%s: %s", path, strerror(errno));
}

static bool write_key(const struct options *o, const char *path,
                      const struct private_key *key, struct err *err)
{
	AUTO(secret) pem = {0};

	if (!private_key_format(key, &pem, err) || (!o->force && !claim(path, err)))
		return false;
	if (file_write(path, secret_str(&pem), 0600, err))
		return true;
	if (!o->force)
		unlink(path);
	return false;
}

static void print(const struct options *o, struct str record, struct str public)
{
	json_t *j;

	if (!o->common.json) {
		printf("%.*s\n", STR_ARG(record));
		return;
	}
	j = json_object();
	json_object_set_new(j, "record", json_text(record));
	json_object_set_new(j, "public_key", json_text(public));
	cli_print_json(j);
}

static bool finish(struct cli *cli, const struct private_key *key,
                   enum key_algorithm algorithm, struct err *err)
{
	const struct options *o = cli->options;
	struct str public;

	if (!private_key_public(cli->a, key, &public, err) ||
	    !write_key(o, arena_cstr(cli->a, o->out), key, err))
		return false;
	print(o, dkim_key_format(cli->a, algorithm, public),
	      base64_encode(cli->a, public));
	return true;
}

static bool run_dkim_keygen(struct cli *cli, struct err *err)
{
	const struct options *o = cli->options;
	enum key_algorithm algorithm = KEY_RSA;
	struct private_key *key;
	bool ok;

	if (o->out.n == 0)
		return err_set(err, ERR_USAGE, "--out FILE is missing");
	if (o->algorithm.p && !key_algorithm_parse(o->algorithm, &algorithm))
		return err_set(err, ERR_USAGE,
		               "--algorithm: \"%.*s\" is neither rsa nor ed25519",
		               STR_ARG(o->algorithm));
	if (algorithm != KEY_RSA && o->bits)
		return err_set(err, ERR_USAGE, "--bits: only for rsa");
	if (!private_key_generate(algorithm,
	                          o->bits ? (unsigned)o->bits : KEY_RSA_BITS_ADVISED,
	                          &key, err))
		return false;
	ok = finish(cli, key, algorithm, err);
	private_key_free(key);
	return ok;
}

const struct command cmd_dkim_keygen = {
        .name = "dkim keygen",
        .arguments = "",
        .summary = "make a DKIM key and the record to publish for it",
        .description =
                "Makes a private key, writes it to a file as PKCS #8 in PEM, readable "
                "by its owner only, and prints the TXT record to publish at "
                "SELECTOR._domainkey.DOMAIN. An existing file is left alone unless "
                "--force is given.",
        .options = options,
        .option_count = LEN(options),
        .options_size = sizeof(struct options),
        .run = run_dkim_keygen,
};
