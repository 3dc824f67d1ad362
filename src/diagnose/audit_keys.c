#include "auth/dkim_key.h"
#include "diagnose/audit_parts.h"
#include "diagnose/compare.h"

/*
 * Selectors that many services and servers use. The names of the keys of a domain cannot
 * be listed by DNS, so those are tried, and those of the services that were recognised.
 */
static const char *const common[] = {
        "default", "google",     "selector1", "selector2", "k1",   "k2",    "k3",
        "s1",      "s2",         "mail",      "dkim",      "smtp", "email", "mandrill",
        "mte1",    "mte2",       "pm",        "fm1",       "fm2",  "fm3",   "zoho",
        "zmail",   "protonmail", "sig1",      "mxvault",   "cm",   "key1",  "key2",
        "x",       "brevo1",     "brevo2",    "mailjet",
};

enum {
	GUESSES_MAX = 48, /* of common selectors and those of services */
	FOUND_MAX = 16,   /* guessed keys that become records of the verdict */
};

static void add_key(struct audit *u, struct str selector, bool is_given)
{
	struct audit_keys *keys = &u->keys;
	struct audit_key *key = &keys->v[keys->n];
	struct str name = arena_printf(u->a, "%.*s._domainkey.%.*s", STR_ARG(selector),
	                               STR_ARG(u->domain));

	if (keys->n == AUDIT_SELECTORS_MAX)
		return;
	*key = (struct audit_key){.selector = selector, .is_given = is_given};
	if (!dns_name_make(u->a, name, &key->name))
		return;
	for (size_t i = 0; i < keys->n; i++)
		if (str_eq(keys->v[i].name, key->name))
			return;
	key->answer = dns_ask(u->answers, key->name, DNS_TXT);
	keys->n++;
}

static void add_service_selectors(struct audit *u)
{
	for (size_t i = 0; i < u->services.n; i++) {
		const struct patterns *selectors =
		        &u->services.v[i].service->traits[SERVICE_SELECTOR];

		for (size_t j = 0; j < selectors->n; j++)
			if (str_find_char(selectors->v[j], '*') < 0 &&
			    u->keys.n < GUESSES_MAX)
				add_key(u, selectors->v[j], false);
	}
}

static bool means_key(const struct dns_answer *answer)
{
	for (size_t i = 0; i < answer->records.n; i++)
		if (compare_means_purpose(answer->records.v[i].txt.text, PLAN_DKIM))
			return true;
	return answer->records.n == 0 && answer->chain.n > 0;
}

/* What a selector that nobody uses is answered, compared by where it leads. */
static bool is_like(const struct dns_answer *x, const struct dns_answer *y)
{
	if (x->status != y->status)
		return false;
	if (x->chain.n && y->chain.n)
		return str_eq(dns_answer_final_name(x), dns_answer_final_name(y));
	return x->records.n && y->records.n &&
	       str_eq(x->records.v[0].txt.text, y->records.v[0].txt.text);
}

void audit_keys_ask(struct audit *u)
{
	struct audit_keys *keys = &u->keys;
	const struct dns_answer *any = NULL;
	struct str nobody;

	for (size_t i = 0; i < u->request->selector_count; i++)
		add_key(u, u->request->selectors[i], true);
	for (size_t i = 0; i < LEN(common) && keys->n < GUESSES_MAX; i++)
		add_key(u, str_c(common[i]), false);
	add_service_selectors(u);
	if (dns_name_join(u->a, STR("signet-no-such-key._domainkey"), u->domain,
	                  &nobody))
		any = dns_ask(u->answers, nobody, DNS_TXT);
	keys->has_wildcard = any && means_key(any);
	for (size_t i = 0; i < keys->n; i++) {
		struct audit_key *key = &keys->v[i];

		key->is_there = means_key(key->answer) &&
		                !(keys->has_wildcard && is_like(any, key->answer)) &&
		                (key->is_given || keys->found < FOUND_MAX);
		keys->found += key->is_there;
	}
}

json_t *audit_keys_json(const struct audit *u)
{
	json_t *found = json_array();
	json_t *asked = json_array();

	for (size_t i = 0; i < u->keys.n; i++) {
		const struct audit_key *key = &u->keys.v[i];

		json_array_append_new(asked, json_text(key->selector));
		if (key->is_there)
			json_array_append_new(found, json_text(key->selector));
	}
	return json_pack("{s:o, s:o, s:b}", "selectors", found, "asked", asked,
	                 "wildcard", u->keys.has_wildcard);
}
