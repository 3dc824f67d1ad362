/*
 * Mail services as data (data/services.json): by which names in a domain's records one
 * knows that SendGrid may send for it, or that Google takes its mail.
 *
 *	struct services list;
 *	if (!services_parse(&a, text, &list, &err)) …
 *	const struct service *s = service_find(&list, SERVICE_SPF, STR("sendgrid.net"));
 */
#pragma once

#include "plan/pattern.h"

#define SERVICE_KINDS(X)                                                               \
	X(ESP, "esp")                                                                  \
	X(MAILBOX, "mailbox")                                                          \
	X(FILTER, "filter")                                                            \
	X(FORWARDER, "forwarder")                                                      \
	X(REPORTS, "reports")                                                          \
	X(SITE, "site")

/* What a service does with mail. */
enum service_kind {
#define X(name, text) SERVICE_KIND_##name,
	SERVICE_KINDS(X)
#undef X
};

/* What a service is recognised by. */
enum service_trait {
	SERVICE_CNAME,    /* the target of a CNAME */
	SERVICE_SPF,      /* the domain of an SPF include or redirect */
	SERVICE_MX,       /* the host of an MX */
	SERVICE_SELECTOR, /* a DKIM selector it uses by habit: a hint, no proof */
	SERVICE_DMARC,    /* the domain of a report address */
	SERVICE_TXT,      /* how a TXT record begins */
	SERVICE_TRAITS,
};

struct service {
	struct str id, name;
	enum service_kind kind;
	struct patterns traits[SERVICE_TRAITS];
};

struct services {
	struct service *v;
	size_t n;
};

/* The bytes of services.json; errors say the path. */
NODISCARD bool services_parse(struct arena *a, struct str text, struct services *out,
                              struct err *err);
/* The service whose pattern fits closest, or NULL. Names are canonical. */
const struct service *service_find(const struct services *list,
                                   enum service_trait trait, struct str text);
/* "esp", "mailbox", … */
const char *service_kind_name(enum service_kind kind);
