#include "config/config.h"

/* A rule between options: what it says where broken(), and the option to look at. */
struct rule {
	bool (*broken)(const struct config *c);
	enum config_id id;
	const char *text;
};

static bool mx_is_no_pair(const struct config *c)
{
	return c->instance_mx.n != 0 && c->instance_mx.n != 2;
}

static bool certificate_without_key(const struct config *c)
{
	return c->api_tls_certificate.n && !c->api_tls_key.n;
}

static bool key_without_certificate(const struct config *c)
{
	return c->api_tls_key.n && !c->api_tls_certificate.n;
}

static bool region_has_no_host(const struct config *c)
{
	return c->instance_tracking.n &&
	       config_pair(&c->instance_tracking, c->instance_region).n == 0;
}

/* The region of entry i stands before the "=". */
static bool region_is_twice(const struct config *c)
{
	const struct str_list *l = &c->instance_tracking;

	for (size_t i = 0; i < l->n; i++) {
		struct str rest = l->v[i];
		struct str region;

		str_cut(&rest, '=', &region);
		/* The first of that name is found, so a later one is not. */
		if (config_pair(l, region).p != rest.p)
			return true;
	}
	return false;
}

static bool servers_and_roots(const struct config *c)
{
	return c->dns_servers.n && c->dns_root_hints.n;
}

static bool relay_without_sender(const struct config *c)
{
	return c->mail_relay.n && !c->mail_from.n;
}

static bool shares_entry(const struct str_list *x, const struct str_list *y)
{
	for (size_t i = 0; i < x->n; i++)
		for (size_t k = 0; k < y->n; k++)
			if (str_eq(x->v[i], y->v[k]))
				return true;
	return false;
}

static bool edge_listens_as_api(const struct config *c)
{
	return shares_entry(&c->edge_listen, &c->api_listen);
}

static bool edge_tls_listens_as_other(const struct config *c)
{
	return shares_entry(&c->edge_tls_listen, &c->api_listen) ||
	       shares_entry(&c->edge_tls_listen, &c->edge_listen);
}

static bool gate_listens_as_other(const struct config *c)
{
	return shares_entry(&c->gate_listen, &c->api_listen) ||
	       shares_entry(&c->gate_listen, &c->edge_listen) ||
	       shares_entry(&c->gate_listen, &c->edge_tls_listen);
}

/* Paths of the edge that have a meaning of their own. */
static bool is_taken_path(struct str word)
{
	return word.p[0] == '.' || str_eq(word, STR("healthz")) ||
	       str_eq(word, STR("robots.txt"));
}

static bool edge_paths_collide(const struct config *c)
{
	return str_eq(c->edge_click_path, c->edge_open_path) ||
	       str_eq(c->edge_click_path, c->edge_unsubscribe_path) ||
	       str_eq(c->edge_open_path, c->edge_unsubscribe_path) ||
	       is_taken_path(c->edge_click_path) || is_taken_path(c->edge_open_path) ||
	       is_taken_path(c->edge_unsubscribe_path);
}

static bool eab_is_half(const struct config *c)
{
	return !c->acme_eab_id.n != !c->acme_eab_key.n;
}

static const struct rule rules[] = {
        {mx_is_no_pair,             CONFIG_ID_instance_mx,         "name two hosts, or none"},
        {certificate_without_key,   CONFIG_ID_api_tls_certificate,
         "a certificate needs its key: set api.tls_key too"                                 },
        {key_without_certificate,   CONFIG_ID_api_tls_key,
         "a key needs its certificate: set api.tls_certificate too"                         },
        {region_is_twice,           CONFIG_ID_instance_tracking,   "a region has two hosts" },
        {region_has_no_host,        CONFIG_ID_instance_region,
         "instance.tracking names no host for this region"                                  },
        {servers_and_roots,         CONFIG_ID_dns_root_hints,
         "dns.servers and dns.root_hints exclude each other"                                },
        {relay_without_sender,      CONFIG_ID_mail_relay,
         "mails need a sender: set mail.from too"                                           },
        {edge_listens_as_api,       CONFIG_ID_edge_listen,
         "api.listen has this address already"                                              },
        {edge_tls_listens_as_other, CONFIG_ID_edge_tls_listen,
         "api.listen or edge.listen has this address already"                               },
        {edge_paths_collide,        CONFIG_ID_edge_click_path,
         "edge.click_path, edge.open_path and edge.unsubscribe_path need a word each, "
         "and "
         "none that is in use (healthz, robots.txt, a dot in front)"                        },
        {eab_is_half,               CONFIG_ID_acme_eab_id,
         "acme.eab_id and acme.eab_key need each other"                                     },
        {gate_listens_as_other,     CONFIG_ID_gate_listen,
         "api.listen or edge.listen has this address already"                               },
};

static bool check_rule(const struct config *c, const struct rule *rule, struct err *err)
{
	if (!rule->broken(c))
		return true;
	return err_set(err, ERR_INPUT, "%s (%.*s): %s", config_rows[rule->id].name,
	               STR_ARG(c->origin[rule->id]), rule->text);
}

bool config_check(const struct config *c, struct err *err)
{
	for (size_t i = 0; i < LEN(rules); i++)
		if (!check_rule(c, &rules[i], err))
			return false;
	return true;
}

bool config_check_all(struct arena *a, const struct config_sources *from,
                      struct config *out, struct config_mistakes *mistakes)
{
	struct err err;

	*mistakes = (struct config_mistakes){0};
	config_parse_all(a, from, out, mistakes);
	if (mistakes->n)
		return false;
	for (size_t i = 0; i < LEN(rules); i++)
		if (!check_rule(out, &rules[i], &err))
			*ARRAY_ADD(mistakes, a) = err;
	return mistakes->n == 0;
}
