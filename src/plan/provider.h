/*
 * DNS providers: what their panels expect to be typed, as data (data/providers.json).
 *
 *	struct providers list;
 *	if (!providers_parse(&a, text, &list, &err)) …
 *	const struct provider *p = provider_find(&list, STR("godaddy"));
 *
 * Recognition goes by the names of a zone's servers; where none is known, by the two
 * names of its SOA record, which also tell a provider that sits on the servers of another
 * and so has no server names of its own. A zone with servers of several providers belongs to the one
 * that has the most of them. What nobody is recognised for is "generic": the rules that
 * most panels share.
 */
#pragma once

#include "plan/pattern.h"

enum provider_host { PROVIDER_HOST_RELATIVE, PROVIDER_HOST_FULL };
enum provider_apex { PROVIDER_APEX_AT, PROVIDER_APEX_EMPTY, PROVIDER_APEX_FULL };
enum provider_dot { PROVIDER_DOT_REQUIRED, PROVIDER_DOT_NEVER, PROVIDER_DOT_OPTIONAL };
enum provider_quotes {
	PROVIDER_QUOTES_NEVER,
	PROVIDER_QUOTES_REQUIRED,
	PROVIDER_QUOTES_OPTIONAL,
};
enum provider_split {
	PROVIDER_SPLIT_AUTOMATIC, /* takes a long text as it is */
	PROVIDER_SPLIT_MANUAL,    /* wants "…" "…" */
	PROVIDER_SPLIT_NONE,      /* takes no text above txt_max */
};

struct provider {
	struct str id, name;
	struct patterns aliases, ns, soa;
	enum provider_host host;
	enum provider_apex apex; /* how the zone itself is written in the name field */
	enum provider_dot target_dot;
	enum provider_quotes txt_quotes;
	bool txt_semicolon_escaped; /* "\;" */
	size_t txt_max;             /* bytes of a text; 0 is no limit */
	enum provider_split txt_split;
	bool mx_one_field;         /* all MX of a name in one field, one a line */
	bool mx_priority_in_value; /* "10 mx1.example" */
	bool mx_below_apex, underscores;
	struct str proxy_field, proxy_off; /* "Proxy status", "DNS only", or empty */
	uint32_t ttl;                      /* seconds */
	struct str ttl_label;
	struct str panel_url; /* with {domain}, or empty */
	struct str field_type, field_name, field_value, field_priority;
	struct str guide;
};

struct providers {
	struct provider *v;
	size_t n;
};

struct provider_match {
	const struct provider *provider; /* never NULL */
	struct str evidence;             /* "NS ns07.domaincontrol.com", or empty */
	const struct provider *other;    /* serves the zone too, or NULL */
};

/* The bytes of providers.json; errors say the path. */
NODISCARD bool providers_parse(struct arena *a, struct str text, struct providers *out,
                               struct err *err);
/* The rules that most panels share; its id is "generic". */
const struct provider *provider_generic(void);
/* By id, alias or name in any case; "generic" too. May be NULL. */
const struct provider *provider_find(const struct providers *list, struct str name);
/* Who serves a zone with these servers and these SOA names, all canonical. */
struct provider_match provider_recognise(struct arena *a, const struct providers *list,
                                         const struct patterns *ns,
                                         const struct patterns *soa);
