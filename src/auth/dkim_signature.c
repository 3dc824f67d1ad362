#include "auth/dkim_signature.h"

#include "auth/tags.h"
#include "base/base64.h"
#include "base/utf8.h"
#include "dns/name.h"

#include <string.h>

static const char *const algorithm_names[] = {
        [KEY_RSA] = "rsa-sha256",
        [KEY_ED25519] = "ed25519-sha256",
};

const char *dkim_algorithm_name(enum key_algorithm algorithm)
{
	return algorithm_names[algorithm];
}

bool dkim_algorithm_parse(struct str name, enum key_algorithm *out)
{
	for (size_t i = 0; i < LEN(algorithm_names); i++) {
		if (str_eq(name, str_c(algorithm_names[i]))) {
			*out = (enum key_algorithm)i;
			return true;
		}
	}
	return false;
}

struct reading {
	struct arena *a;
	struct tags tags;
	struct dkim_signature *out;
};

/* The first problem is the one that is told. */
static void fail(struct reading *r, const char *problem)
{
	if (!r->out->problem)
		r->out->problem = problem;
}

static struct str value_of(const struct reading *r, const char *name)
{
	const struct tag *tag = tags_find(&r->tags, str_c(name));

	return tag ? tag->value : STR_NONE;
}

/* Tags that may hold UTF-8 (RFC 8616 §4). */
static bool may_be_utf8(struct str name)
{
	return str_eq(name, STR("d")) || str_eq(name, STR("i")) ||
	       str_eq(name, STR("s"));
}

/* Whether a byte at this offset belongs to a value that may hold UTF-8 and does. */
static bool is_utf8_value(const struct tags *tags, size_t at)
{
	for (size_t i = 0; i < tags->n; i++) {
		const struct tag *tag = &tags->v[i];

		if (at >= tag->value_at && at < tag->value_at + tag->value.n)
			return may_be_utf8(tag->name) && utf8_is_valid(tag->value) &&
			       (unsigned char)tags->text.p[at] >= 0x80;
	}
	return false;
}

/* RFC 6376 §3.2: a broken list is no signature at all. */
static void check_list(struct reading *r)
{
	for (size_t i = 0; i < r->tags.problems.n; i++) {
		const struct tag_problem *p = &r->tags.problems.v[i];

		if (p->fault == TAG_DUPLICATE)
			fail(r, "a tag appears more than once");
		else if (p->fault == TAG_SYNTAX && !is_utf8_value(&r->tags, p->at))
			fail(r, "the tags cannot be read");
	}
}

static void check_required(struct reading *r)
{
	static const struct {
		const char *name, *problem;
	} required[] = {
	        {"v",  "v= is missing" },
                {"a",  "a= is missing" },
	        {"b",  "b= is missing" },
                {"bh", "bh= is missing"},
	        {"d",  "d= is missing" },
                {"h",  "h= is missing" },
	        {"s",  "s= is missing" },
	};

	for (size_t i = 0; i < LEN(required); i++)
		if (!tags_find(&r->tags, str_c(required[i].name)))
			fail(r, required[i].problem);
	if (!str_eq(value_of(r, "v"), STR("1")))
		fail(r, "v= is not 1");
}

static void read_algorithm(struct reading *r)
{
	struct dkim_signature *out = r->out;

	out->algorithm_name = value_of(r, "a");
	if (dkim_algorithm_parse(out->algorithm_name, &out->algorithm))
		return;
	if (str_eq(out->algorithm_name, STR("rsa-sha1")))
		fail(r, "rsa-sha1 is no longer accepted");
	else
		fail(r, "the algorithm is not known");
}

static void read_canon(struct reading *r)
{
	struct str body = value_of(r, "c");
	struct str header;

	if (!body.p || !str_cut(&body, '/', &header))
		return;
	if (!dkim_canon_parse(str_trim(header), &r->out->header_canon) ||
	    (body.p && !dkim_canon_parse(str_trim(body), &r->out->body_canon)))
		fail(r, "the canonicalisation is not known");
}

static bool read_name(struct arena *a, struct str text, struct str *out)
{
	struct err err;

	return text.n && dns_name_parse(a, text, out, &err) && dns_name_is_plain(*out);
}

static void read_domain(struct reading *r)
{
	struct dkim_signature *out = r->out;
	struct str name;

	out->domain = value_of(r, "d");
	out->selector = value_of(r, "s");
	if (!read_name(r->a, out->domain, &name)) {
		fail(r, "d= is not a domain name");
		return;
	}
	out->domain = name;
	out->identity_domain = name;
	if (dns_name_labels(name) < 2)
		fail(r, "d= is a top-level domain");
	if (!read_name(r->a, out->selector, &name)) {
		fail(r, "s= is not a selector");
		return;
	}
	out->selector = name;
	name = arena_printf(r->a, "%.*s._domainkey", STR_ARG(out->selector));
	if (!dns_name_join(r->a, name, out->domain, &out->key_name))
		fail(r, "s= and d= make no possible name");
}

static void read_identity(struct reading *r)
{
	struct dkim_signature *out = r->out;
	struct str domain;

	out->identity = value_of(r, "i");
	if (!out->identity.p || !out->key_name.n)
		return;
	domain = out->identity;
	for (ptrdiff_t at; (at = str_find_char(domain, '@')) >= 0;)
		domain = str_from(domain, (size_t)at + 1);
	if (domain.n == out->identity.n ||
	    !read_name(r->a, domain, &out->identity_domain))
		fail(r, "i= has no domain");
	else if (!dns_name_is_within(out->identity_domain, out->domain))
		fail(r, "i= is not within d=");
}

static void read_names(struct reading *r)
{
	struct str rest = value_of(r, "h");
	bool has_from = false;
	struct str name;

	r->out->names = rest;
	while (str_cut(&rest, ':', &name)) {
		name = str_trim(name);
		if (name.n == 0)
			fail(r, "h= has an empty name");
		has_from = has_from || str_eq_nocase(name, STR("from"));
	}
	if (!has_from)
		fail(r, "h= does not sign From");
}

static void read_bytes(struct reading *r)
{
	struct dkim_signature *out = r->out;

	out->b = value_of(r, "b");
	if (!base64_decode(r->a, out->b, true, &out->signature))
		fail(r, "b= is not base64");
	else if (out->signature.n == 0)
		fail(r, "b= is empty");
	if (!base64_decode(r->a, value_of(r, "bh"), true, &out->body_hash))
		fail(r, "bh= is not base64");
	else if (out->body_hash.n != SHA256_BYTES)
		fail(r, "bh= is not as long as its hash");
}

/* q= is a list of methods, of which we know one (RFC 6376 §3.5). */
static void read_methods(struct reading *r)
{
	struct str rest = value_of(r, "q");
	bool known = !rest.p;
	struct str method;

	while (str_cut(&rest, ':', &method))
		known = known || str_eq(str_trim(method), STR("dns/txt"));
	if (!known)
		fail(r, "q= names no method that is known");
}

static bool read_time(struct reading *r, const char *name, int64_t *out)
{
	struct str text = value_of(r, name);
	uint64_t seconds;

	*out = DKIM_NO_TIME;
	if (!text.p)
		return true;
	if (!str_parse_uint(text, INT64_MAX / 1000, &seconds))
		return false;
	*out = (int64_t)seconds;
	return true;
}

static void read_numbers(struct reading *r)
{
	struct dkim_signature *out = r->out;
	struct str limit = value_of(r, "l");

	if (!read_time(r, "t", &out->signed_at))
		fail(r, "t= is not a time");
	if (!read_time(r, "x", &out->expires_at))
		fail(r, "x= is not a time");
	if (out->signed_at != DKIM_NO_TIME && out->expires_at != DKIM_NO_TIME &&
	    out->expires_at <= out->signed_at)
		fail(r, "x= is not after t=");
	out->limit = DKIM_NO_LIMIT;
	if (limit.p && !str_parse_uint(limit, UINT64_MAX - 1, &out->limit))
		fail(r, "l= is not a number");
}

/* The field with the value of b= and the blanks around it left out (RFC 6376 §3.5). */
static struct str empty_b(struct arena *a, const struct tags *tags, struct str field,
                          size_t value_at)
{
	const struct tag *b = tags_find(tags, STR("b"));
	size_t start, end;

	if (!b)
		return field;
	start = end = value_at + b->value_at;
	end += b->value.n;
	while (char_is_blank(field.p[start - 1]))
		start--;
	while (end < field.n && char_is_blank(field.p[end]))
		end++;
	return arena_join(a, str_slice(field, 0, start), str_from(field, end));
}

void dkim_signature_parse(struct arena *a, struct str field, struct dkim_signature *out)
{
	struct reading r = {.a = a, .out = out};
	ptrdiff_t colon = str_find_char(field, ':');
	size_t value_at = colon < 0 ? field.n : (size_t)colon + 1;

	*out = (struct dkim_signature){0};
	r.tags = tags_parse(a, str_from(field, value_at), TAGS_CASE_MATTERS);
	check_list(&r);
	check_required(&r);
	read_algorithm(&r);
	read_canon(&r);
	read_domain(&r);
	read_identity(&r);
	read_names(&r);
	read_bytes(&r);
	read_methods(&r);
	read_numbers(&r);
	out->unsigned_field = empty_b(a, &r.tags, field, value_at);
}
