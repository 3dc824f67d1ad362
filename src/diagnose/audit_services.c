#include "diagnose/audit_parts.h"

static void add_service(struct audit *u, const struct service *service, unsigned role,
                        struct str evidence)
{
	struct audit_service *s = NULL;

	if (!service)
		return;
	for (size_t i = 0; i < u->services.n; i++)
		if (u->services.v[i].service == service)
			s = &u->services.v[i];
	if (s && s->roles & role)
		return; /* one proof of each will do */
	if (!s) {
		s = ARRAY_ADD(&u->services, u->a);
		s->service = service;
	}
	s->roles |= role;
	s->evidence = arena_printf(u->a, "%.*s%s%.*s", STR_ARG(s->evidence),
	                           s->evidence.n ? "; " : "", STR_ARG(evidence));
}

static const struct service *find(const struct audit *u, enum service_trait trait,
                                  struct str text)
{
	return service_find(u->in->know->services, trait, text);
}

/* Who is named by the includes and redirects of a record and of those below it. */
static void find_in_spf(struct audit *u, const struct spf_node *node)
{
	for (size_t i = 0; i < node->branch_count; i++) {
		const struct spf_branch *b = &node->branches[i];
		struct str where = node->parent ? arena_printf(u->a, " in %.*s",
		                                               STR_ARG(node->domain))
		                                : STR("");

		if (!b->child || !b->target.n)
			continue;
		add_service(u, find(u, SERVICE_SPF, b->target), AUDIT_SENDS,
		            arena_printf(u->a, "SPF %.*s%.*s", STR_ARG(b->term->text),
		                         STR_ARG(where)));
		find_in_spf(u, b->child);
	}
}

void audit_services_find(struct audit *u)
{
	for (size_t i = 0; i < u->mx->records.n; i++) {
		struct str host = u->mx->records.v[i].mx.host;

		add_service(u, find(u, SERVICE_MX, host), AUDIT_RECEIVES,
		            arena_printf(u->a, "MX %.*s", STR_ARG(host)));
	}
	find_in_spf(u, u->spf->root);
	for (size_t i = 0; i < u->txt->records.n; i++) {
		struct str text = u->txt->records.v[i].txt.text;

		add_service(u, find(u, SERVICE_TXT, text), AUDIT_VERIFIED,
		            arena_printf(u->a, "TXT %.*s",
		                         STR_ARG(str_slice(text, 0, 32))));
	}
	for (size_t i = 0; i < u->reports.n; i++) {
		struct str host = u->reports.v[i].uri->host;

		add_service(u, find(u, SERVICE_DMARC, host), AUDIT_REPORTS,
		            arena_printf(u->a, "DMARC report address at %.*s",
		                         STR_ARG(host)));
	}
}

/*
 * A selector alone proves little: "k1" is used by several. It counts where it is the
 * service's own name, as "google" or "mandrill".
 */
static bool is_named_after(struct str selector, const struct service *s)
{
	while (selector.n && char_is_digit(selector.p[selector.n - 1]))
		selector.n--;
	return selector.n >= 4 && str_starts_nocase(s->id, selector);
}

void audit_services_add_keys(struct audit *u)
{
	for (size_t i = 0; i < u->keys.n; i++) {
		const struct audit_key *key = &u->keys.v[i];
		const struct service *s = NULL;

		if (!key->is_there)
			continue;
		for (size_t j = 0; j < key->answer->chain.n; j++) {
			struct str target = key->answer->chain.v[j].target;

			s = find(u, SERVICE_CNAME, target);
			add_service(u, s, AUDIT_SIGNS,
			            arena_printf(u->a, "DKIM %.*s CNAME %.*s",
			                         STR_ARG(key->selector),
			                         STR_ARG(target)));
		}
		s = find(u, SERVICE_SELECTOR, key->selector);
		if (key->answer->chain.n == 0 && s && is_named_after(key->selector, s))
			add_service(u, s, AUDIT_SIGNS,
			            arena_printf(u->a, "DKIM selector %.*s",
			                         STR_ARG(key->selector)));
	}
}

static json_t *roles_json(unsigned roles)
{
	static const char *const names[] = {"sends", "signs", "receives", "reports",
	                                    "verified"};
	json_t *out = json_array();

	for (size_t i = 0; i < LEN(names); i++)
		if (roles & 1u << i)
			json_array_append_new(out, json_string(names[i]));
	return out;
}

json_t *audit_services_json(const struct audit *u)
{
	json_t *out = json_array();

	for (size_t i = 0; i < u->services.n; i++) {
		const struct audit_service *s = &u->services.v[i];

		json_array_append_new(out,
		                      json_pack("{s:o, s:o, s:s, s:o, s:o}", "id",
		                                json_text(s->service->id), "name",
		                                json_text(s->service->name), "kind",
		                                service_kind_name(s->service->kind),
		                                "roles", roles_json(s->roles),
		                                "evidence", json_text(s->evidence)));
	}
	return out;
}
