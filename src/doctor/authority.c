/* What the role acme works with: the directory of the authority, uacme, the account, and
 * the names by which CAA allows the authority. */
#include "doctor/machine.h"

#include "base/file.h"
#include "base/json.h"
#include "fetch/fetch.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	DIRECTORY_MAX = 64 * 1024,
	DIRECTORY_MS = 15 * 1000,
	EAB_KEY_MAX = 1024, /* as the role reads it */
	CAA_NAMES_MAX = 16,
};

/* What certificates are ordered and revoked by (RFC 8555 §7.1.1). */
static const char *const directory_members[] = {"newNonce", "newAccount", "newOrder",
                                                "revokeCert"};

/* Whether certificates are ordered at all; where not, `what` is said. */
static bool is_used(struct doctor *d, const char *what)
{
	if (d->config->acme_directory.n)
		return true;
	doctor_say(d, DOCTOR_SKIPPED, NULL, "acme.directory is not set: %s.", what);
	return false;
}

/* ---- the directory ---- */

static const char *missing_member(const json_t *directory)
{
	for (size_t i = 0; i < LEN(directory_members); i++)
		if (!json_is_string(json_object_get(directory, directory_members[i])))
			return directory_members[i];
	return NULL;
}

/* "meta" is optional, and so is each of its members (RFC 8555 §9.7.6). */
static void read_meta(struct doctor *d, const json_t *meta)
{
	const json_t *names = json_object_get(meta, "caaIdentities");
	struct doctor_authority *authority = &d->authority;

	authority->is_known = true;
	authority->wants_binding =
	        json_is_true(json_object_get(meta, "externalAccountRequired"));
	for (size_t i = 0; i < json_array_size(names) && i < CAA_NAMES_MAX; i++) {
		const json_t *name = json_array_get(names, i);

		if (json_is_string(name))
			*ARRAY_ADD(&authority->caa_names, d->a) =
			        arena_dup(d->a, (struct str){json_string_value(name),
			                                     json_string_length(name)});
	}
}

void doctor_read_directory(struct doctor *d, int status, struct str body)
{
	static const char fix[] = "Set acme.directory to the URL that the authority's "
	                          "documents call its ACME directory.";
	struct str url = d->config->acme_directory;
	AUTO_JSON json_t *directory = NULL;
	const char *missing;
	struct err err;

	if (status != 200) {
		doctor_say(d, DOCTOR_ERROR, fix, "%.*s answers %d, and no directory.",
		           STR_ARG(url), status);
		return;
	}
	if (!json_parse(body, &directory, &err) || !json_is_object(directory)) {
		doctor_say(d, DOCTOR_ERROR, fix, "%.*s answers no JSON object.",
		           STR_ARG(url));
		return;
	}
	missing = missing_member(directory);
	if (missing) {
		doctor_say(d, DOCTOR_ERROR, fix,
		           "%.*s is no ACME directory: it has no %s.", STR_ARG(url),
		           missing);
		return;
	}
	read_meta(d, json_object_get(directory, "meta"));
	doctor_fine(d, "%.*s answers with its directory.", STR_ARG(url));
}

void doctor_check_directory(struct doctor *d)
{
	struct str url = d->config->acme_directory;
	struct fetch_request ask = {.method = "GET",
	                            .url = arena_cstr(d->a, url),
	                            .answer_max = DIRECTORY_MAX,
	                            .timeout_ms = DIRECTORY_MS};
	struct fetch_answer got;
	struct err err;

	if (!is_used(d, "certificates are uploaded, and none is ordered"))
		return;
	if (!str_starts_nocase(url, STR("https://")))
		doctor_say(d, DOCTOR_ERROR, "Write it with https://.",
		           "%.*s (acme.directory) is not asked by HTTPS.",
		           STR_ARG(url));
	else if (!fetch(d->a, &ask, &got, &err))
		doctor_say(d, DOCTOR_ERROR,
		           "Let this machine reach it: name, port and firewall; and "
		           "have the system trust its certificate, since uacme goes by "
		           "the system's authorities.",
		           "%s.", err.text);
	else
		doctor_read_directory(d, got.status, got.body);
}

/* ---- the program ---- */

void doctor_check_uacme(struct doctor *d)
{
	static const char fix[] =
	        "Install it (apt install uacme), or set acme.uacme to where it is.";
	struct str path = d->config->acme_uacme;
	struct stat st;

	if (!is_used(d, "uacme is not run"))
		return;
	if (stat(arena_cstr(d->a, path), &st) != 0)
		doctor_say(d, DOCTOR_ERROR, fix, "%.*s (acme.uacme) is not there.",
		           STR_ARG(path));
	else if (!S_ISREG(st.st_mode) || access(arena_cstr(d->a, path), X_OK) != 0)
		doctor_say(d, DOCTOR_ERROR, fix,
		           "%.*s (acme.uacme) is no program that can be run.",
		           STR_ARG(path));
	doctor_fine(d, "%.*s can be run.", STR_ARG(path));
}

/* ---- the account ---- */

static bool is_base64url(struct str text)
{
	while (text.n && text.p[text.n - 1] == '=')
		text.n--;
	for (size_t i = 0; i < text.n; i++)
		if (!char_is_alnum(text.p[i]) && text.p[i] != '-' && text.p[i] != '_')
			return false;
	return text.n > 0;
}

static void check_binding_key(struct doctor *d)
{
	struct str path = d->config->acme_eab_key;
	struct str text;
	struct err err;

	if (!file_read(d->a, arena_cstr(d->a, path), EAB_KEY_MAX, &text, &err)) {
		doctor_say(d, DOCTOR_ERROR, "Correct the path or its permissions.",
		           "acme.eab_key: %s.", err.text);
		return;
	}
	doctor_check_secret(d, "acme.eab_key", path);
	if (!is_base64url(str_trim(text)))
		doctor_say(d, DOCTOR_ERROR,
		           "Put the MAC key there as the authority gave it, and "
		           "nothing else.",
		           "%.*s (acme.eab_key) holds no key in base64url.",
		           STR_ARG(path));
}

static void check_binding(struct doctor *d)
{
	static const char fix[] =
	        "Have the authority give you a key id and a MAC key: set acme.eab_id "
	        "to the one, and acme.eab_key to a file with the other.";
	bool has_id = d->config->acme_eab_id.n, has_key = d->config->acme_eab_key.n;

	if (has_id != has_key)
		doctor_say(d, DOCTOR_ERROR, "Set both, or none.",
		           "acme.%s is set, and acme.%s is not.",
		           has_id ? "eab_id" : "eab_key",
		           has_id ? "eab_key" : "eab_id");
	else if (!has_id && !d->authority.is_known)
		doctor_say(d, DOCTOR_UNDETERMINED,
		           "Ask again once the directory can be read.",
		           "Whether the authority wants the account to be bound "
		           "(acme.eab_id) is not known without its directory.");
	else if (!has_id && d->authority.wants_binding)
		doctor_say(d, DOCTOR_ERROR, fix,
		           "The authority wants an external account binding, and "
		           "acme.eab_id and acme.eab_key are not set.");
	if (has_key)
		check_binding_key(d);
}

void doctor_check_account(struct doctor *d)
{
	if (!is_used(d, "no account is needed"))
		return;
	if (d->config->acme_contact.n == 0)
		doctor_say(d, DOCTOR_WARNING, "Set acme.contact to an address.",
		           "acme.contact is not set: the authority can tell nobody "
		           "what it has to say of the account.");
	check_binding(d);
	doctor_fine(d, "The account has all that the authority wants.");
}

/* ---- CAA ---- */

static bool is_among(const struct str_list *list, struct str name)
{
	for (size_t i = 0; i < list->n; i++)
		if (str_eq_nocase(list->v[i], name))
			return true;
	return false;
}

static bool have_common(const struct str_list *x, const struct str_list *y)
{
	for (size_t i = 0; i < x->n; i++)
		if (is_among(y, x->v[i]))
			return true;
	return false;
}

/* Whether the directory is at a host of one of these names. */
static bool is_at(struct str url, const struct str_list *names)
{
	struct str host = str_from(url, sizeof("https://") - 1), rest = host;

	str_cut(&rest, '/', &host);
	rest = host;
	str_cut(&rest, ':', &host);
	for (size_t i = 0; i < names->n; i++)
		if (str_eq_nocase(host, names->v[i]) ||
		    (str_ends_nocase(host, names->v[i]) &&
		     host.p[host.n - names->v[i].n - 1] == '.'))
			return true;
	return false;
}

void doctor_check_caa_names(struct doctor *d)
{
	const struct config *c = d->config;
	const struct str_list *ours = &c->acme_caa_names;
	const struct str_list *theirs = &d->authority.caa_names;
	bool is_default = str_eq(c->origin[CONFIG_ID_acme_caa_names], STR("default"));
	struct str said = arena_words(d->a, ours);

	if (!is_used(d, "no CAA record is asked for"))
		return;
	if (theirs->n && !have_common(ours, theirs))
		doctor_say(d, DOCTOR_ERROR,
		           arena_printf(d->a, "acme.caa_names = %.*s",
		                        STR_ARG(arena_words(d->a, theirs)))
		                   .p,
		           "The authority says that CAA names it %.*s, and "
		           "acme.caa_names is %.*s.",
		           STR_ARG(arena_words(d->a, theirs)), STR_ARG(said));
	else if (theirs->n == 0 && is_default && !is_at(c->acme_directory, ours))
		doctor_say(d, DOCTOR_WARNING,
		           "Set acme.caa_names to the name by which the authority's "
		           "documents say CAA records allow it.",
		           "acme.caa_names is not set: CAA records are asked for %.*s, "
		           "and acme.directory is somebody else's.",
		           STR_ARG(said));
	doctor_fine(d, "CAA records allow the authority as %.*s.", STR_ARG(said));
}
