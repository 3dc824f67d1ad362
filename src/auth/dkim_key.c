#include "auth/dkim_key.h"

#include "base/base64.h"

static const char *const reasons[] = {
        [DKIM_KEY_USABLE] = "the key can be used",
        [DKIM_KEY_SYNTAX] = "the record is not a DKIM key record",
        [DKIM_KEY_NO_KEY] = "the record has no p= with a key",
        [DKIM_KEY_NOT_SHA256] =
                "the record allows only sha1, which is no longer accepted",
        [DKIM_KEY_REVOKED] = "the key is revoked: p= is empty",
        [DKIM_KEY_NOT_EMAIL] = "the key is not for email: s= names other services",
        [DKIM_KEY_UNKNOWN_TYPE] = "the key is of a type that is not known",
        [DKIM_KEY_BAD_KEY] = "p= does not hold a key of this type",
        [DKIM_KEY_WEAK] = "the key is shorter than 1024 bits",
};

const char *dkim_key_reason(enum dkim_key_status status)
{
	return reasons[status];
}

static void note(struct arena *a, struct dkim_key *key, enum tag_fault fault,
                 const struct tag *tag, const char *why)
{
	tag_problems_add(a, &key->problems,
	                 (struct tag_problem){fault, tag->value_at, tag->value, why});
}

/* Faults that make the list no tag list at all (RFC 6376 §3.2); a byte too many between
 * semicolons is only noted. */
static bool is_broken(const struct dkim_key *key)
{
	return tag_problems_has(&key->problems, TAG_SYNTAX) ||
	       tag_problems_has(&key->problems, TAG_DUPLICATE);
}

/* RFC 6376 §3.6.1: v= may be left out; if not it is DKIM1 and the first tag. */
static void check_version(struct arena *a, struct dkim_key *key)
{
	const struct tag *v = tags_find(&key->tags, STR("v"));

	if (!v)
		return;
	if (v != &key->tags.v[0])
		note(a, key, TAG_ORDER, v, "v= is not the first tag");
	if (!str_eq(v->value, STR("DKIM1")))
		note(a, key, TAG_SYNTAX, v, "is not DKIM1");
}

/* Whether the colon-separated list of a tag has a word. */
static bool list_has(const struct tag *tag, struct str word)
{
	struct str rest = tag->value;
	struct str item;

	while (str_cut(&rest, ':', &item))
		if (str_eq(str_trim(item), word))
			return true;
	return false;
}

static void read_hashes(struct dkim_key *key)
{
	const struct tag *h = tags_find(&key->tags, STR("h"));

	key->has_sha1 = !h || list_has(h, STR("sha1"));
	key->has_sha256 = !h || list_has(h, STR("sha256"));
}

static void read_flags(struct dkim_key *key)
{
	const struct tag *t = tags_find(&key->tags, STR("t"));
	const struct tag *n = tags_find(&key->tags, STR("n"));

	key->is_testing = t && list_has(t, STR("y"));
	key->is_strict = t && list_has(t, STR("s"));
	key->notes = n ? n->value : STR_NONE;
}

static bool is_for_email(const struct dkim_key *key)
{
	const struct tag *s = tags_find(&key->tags, STR("s"));

	return !s || list_has(s, STR("email")) || list_has(s, STR("*"));
}

/* Reads p= into the key; the status says how that went. */
static enum dkim_key_status read_key(struct arena *a, struct dkim_key *key,
                                     const struct tag *p)
{
	struct str bytes;
	struct err err;

	if (!base64_decode(a, p->value, true, &bytes)) {
		note(a, key, TAG_VALUE, p, "is not base64");
		return DKIM_KEY_BAD_KEY;
	}
	if (!public_key_decode(a, key->algorithm, bytes, &key->key, &err)) {
		note(a, key, TAG_VALUE, p, arena_cstr(a, str_c(err.text)));
		return DKIM_KEY_BAD_KEY;
	}
	key->has_key = true;
	if (key->algorithm == KEY_RSA && key->key.bits < KEY_RSA_BITS_MIN)
		return DKIM_KEY_WEAK;
	key->is_short =
	        key->algorithm == KEY_RSA && key->key.bits < KEY_RSA_BITS_ADVISED;
	return DKIM_KEY_USABLE;
}

/* In the order a verifier looks at them: RFC 6376 §6.1.2. */
static enum dkim_key_status judge(const struct dkim_key *key, const struct tag *p,
                                  enum dkim_key_status read)
{
	if (is_broken(key))
		return DKIM_KEY_SYNTAX;
	if (!p)
		return DKIM_KEY_NO_KEY;
	if (!key->has_sha256)
		return DKIM_KEY_NOT_SHA256;
	if (p->value.n == 0)
		return DKIM_KEY_REVOKED;
	return is_for_email(key) ? read : DKIM_KEY_NOT_EMAIL;
}

void dkim_key_parse(struct arena *a, struct str text, struct dkim_key *out)
{
	const struct tag *k, *p;
	bool known = true;
	enum dkim_key_status read;

	*out = (struct dkim_key){.tags = tags_parse(a, text, TAGS_CASE_MATTERS)};
	out->problems = out->tags.problems;
	check_version(a, out);
	read_hashes(out);
	read_flags(out);
	k = tags_find(&out->tags, STR("k"));
	p = tags_find(&out->tags, STR("p"));
	if (k && !key_algorithm_parse(k->value, &out->algorithm)) {
		note(a, out, TAG_VALUE, k, "is not a known type of key");
		known = false;
	}
	read = known && p && p->value.n ? read_key(a, out, p) : DKIM_KEY_UNKNOWN_TYPE;

	out->tolerant_status = judge(out, p, read);
	out->status = tag_problems_has(&out->problems, TAG_ORDER)
	                      ? DKIM_KEY_SYNTAX
	                      : out->tolerant_status;
}

bool dkim_key_is_meant(struct arena *a, struct str text)
{
	struct tags tags = tags_parse(a, text, TAGS_ANY_CASE);
	const struct tag *v = tags_find(&tags, STR("v"));

	if (v)
		return str_starts_nocase(v->value, STR("DKIM"));
	return tags_find(&tags, STR("p")) != NULL;
}

struct str dkim_key_format(struct arena *a, enum key_algorithm algorithm,
                           struct str public_bytes)
{
	struct str p = base64_encode(a, public_bytes);

	return arena_printf(a, "v=DKIM1; k=%s; p=%.*s", key_algorithm_name(algorithm),
	                    STR_ARG(p));
}
