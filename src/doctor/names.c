/* The checks against the DNS: pure, and run again until nothing is pending. */
#include "doctor/doctor.h"

#include "auth/spf_authorize.h"

struct ip_list {
	struct ip *v;
	size_t n, cap;
};

/* What a host's A and AAAA questions gave. */
struct host {
	struct ip_list ips;
	const struct dns_answer *fault; /* of either, or NULL */
	bool is_alias;                  /* it is a CNAME */
	bool pending;
};

static struct host look_up(struct doctor *d, struct str name)
{
	static const enum dns_type types[] = {DNS_A, DNS_AAAA};
	struct host h = {0};

	for (size_t t = 0; t < LEN(types); t++) {
		const struct dns_answer *answer = dns_ask(d->answers, name, types[t]);

		h.pending |= answer->status == DNS_PENDING;
		h.is_alias |= answer->chain.n > 0;
		if (dns_answer_is_fault(answer))
			h.fault = answer;
		for (size_t i = 0; i < answer->records.n; i++)
			*ARRAY_ADD(&h.ips, d->a) = answer->records.v[i].ip;
	}
	return h;
}

static void say_fault(struct doctor *d, const struct dns_answer *fault)
{
	doctor_say(d, DOCTOR_UNDETERMINED,
	           "Ask again later, or another server by --dns.",
	           "%.*s %s could not be looked up: %s.", STR_ARG(fault->question.name),
	           dns_type_name(fault->question.type), dns_status_name(fault->status));
}

/* A host that must have an address; true where it has. */
static bool check_host(struct doctor *d, const char *option, struct str name)
{
	struct host h = look_up(d, name);

	if (h.pending)
		return false;
	if (h.ips.n)
		return true;
	if (h.fault)
		say_fault(d, h.fault);
	else
		doctor_say(
		        d, DOCTOR_ERROR,
		        arena_printf(d->a,
		                     "Publish an A or AAAA record for %.*s, or change "
		                     "%s.",
		                     STR_ARG(name), option)
		                .p,
		        "%.*s (%s) has no address.", STR_ARG(name), option);
	return false;
}

static void say_not_set(struct doctor *d, const char *option, const char *what)
{
	doctor_say(d, DOCTOR_SKIPPED, NULL, "%s is not set: %s.", option, what);
}

static void check_resolver(struct doctor *d)
{
	const struct dns_answer *roots = dns_ask(d->answers, STR("."), DNS_NS);

	if (dns_answer_is_fault(roots))
		doctor_say(d, DOCTOR_UNDETERMINED,
		           "Let the server send to port 53 by UDP and TCP, or set "
		           "dns.servers.",
		           "The root cannot be asked: %s%s%.*s.",
		           dns_status_name(roots->status), roots->why.n ? ", " : "",
		           STR_ARG(roots->why));
	doctor_fine(d, "The DNS answers.");
}

/* The host of a URL: behind "://", up to a port or a path; of [v6] the inner part. */
static struct str url_host(struct str url)
{
	struct str host = str_from(url, (size_t)(str_find(url, STR("://")) + 3));
	struct str rest = host;
	size_t n = 0;

	if (str_starts(host, STR("["))) {
		str_cut(&rest, ']', &host);
		return str_from(host, 1);
	}
	while (n < host.n && host.p[n] != ':' && host.p[n] != '/')
		n++;
	return str_slice(host, 0, n);
}

static void check_api_name(struct doctor *d)
{
	struct str host;
	struct ip ip;

	if (!d->config->api_public_url.n) {
		say_not_set(d, "api.public_url", "links to the API are not made");
		return;
	}
	host = url_host(d->config->api_public_url);
	if (ip_parse(host, &ip) || check_host(d, "api.public_url", host))
		doctor_fine(d, "%.*s has an address.", STR_ARG(host));
}

static void check_tracking_names(struct doctor *d)
{
	const struct str_list *l = &d->config->instance_tracking;

	if (!l->n)
		say_not_set(d, "instance.tracking", "no links are tracked");
	for (size_t i = 0; i < l->n; i++) {
		struct str host = l->v[i];
		struct str region;

		str_cut(&host, '=', &region);
		(void)!check_host(d, "instance.tracking", host);
	}
	doctor_fine(d, "Each tracking host has an address.");
}

static void check_mx_names(struct doctor *d)
{
	const struct str_list *l = &d->config->instance_mx;

	if (!l->n)
		say_not_set(d, "instance.mx", "customers' domains take no bounces");
	for (size_t i = 0; i < l->n; i++)
		if (check_host(d, "instance.mx", l->v[i]) &&
		    look_up(d, l->v[i]).is_alias)
			doctor_say(d, DOCTOR_ERROR,
			           "Publish its addresses at the name itself.",
			           "%.*s is an alias (CNAME), and an MX must not be "
			           "(RFC 2181 §10.3).",
			           STR_ARG(l->v[i]));
	doctor_fine(d, "Both MX hosts have addresses of their own.");
}

static bool has_mx(const struct dns_answer *answer, struct str host)
{
	for (size_t i = 0; i < answer->records.n; i++)
		if (str_eq(answer->records.v[i].mx.host, host))
			return true;
	return false;
}

/* Delegated return paths are CNAMEs to it: it needs the MX and the SPF of a sender. */
static void check_bounce_target(struct doctor *d)
{
	const struct config *c = d->config;
	const struct dns_answer *mx;

	if (!c->instance_bounce_target.n) {
		say_not_set(d, "instance.bounce_target",
		            "return paths are not delegated");
		return;
	}
	mx = dns_ask(d->answers, c->instance_bounce_target, DNS_MX);
	if (mx->status == DNS_PENDING)
		return;
	if (dns_answer_is_fault(mx)) {
		say_fault(d, mx);
		return;
	}
	for (size_t i = 0; i < c->instance_mx.n; i++)
		if (!has_mx(mx, c->instance_mx.v[i]))
			doctor_say(d, DOCTOR_ERROR,
			           arena_printf(d->a, "Publish: %.*s MX 10 %.*s",
			                        STR_ARG(c->instance_bounce_target),
			                        STR_ARG(c->instance_mx.v[i]))
			                   .p,
			           "%.*s has no MX %.*s, so bounces of delegated "
			           "domains do not arrive.",
			           STR_ARG(c->instance_bounce_target),
			           STR_ARG(c->instance_mx.v[i]));
	if (!mx->records.n && !c->instance_mx.n)
		doctor_say(d, DOCTOR_ERROR, "Publish an MX record for it.",
		           "%.*s takes no mail.", STR_ARG(c->instance_bounce_target));
	doctor_fine(d, "%.*s takes the bounces.", STR_ARG(c->instance_bounce_target));
}

static void check_bounce_spf(struct doctor *d)
{
	const struct config *c = d->config;
	struct spf_authorization z;
	struct spf_tree *tree;

	if (!c->instance_bounce_target.n || !c->instance_spf.n) {
		say_not_set(d,
		            c->instance_spf.n ? "instance.bounce_target"
		                              : "instance.spf",
		            "nothing to compare");
		return;
	}
	tree = spf_tree_build(d->a, d->answers, c->instance_bounce_target);
	z = spf_authorize_check(d->a, d->answers, tree, c->instance_spf);
	if (z.authority == SPF_UNDECIDED && z.fault)
		say_fault(d, z.fault);
	else if (z.authority == SPF_UNAUTHORIZED)
		doctor_say(d, DOCTOR_ERROR,
		           arena_printf(d->a, "Publish: %.*s TXT \"v=spf1 %.*s -all\"",
		                        STR_ARG(c->instance_bounce_target),
		                        STR_ARG(c->instance_spf))
		                   .p,
		           "The SPF record of %.*s does not have %.*s.",
		           STR_ARG(c->instance_bounce_target), STR_ARG(z.missing));
	doctor_fine(d, "%.*s authorizes what instance.spf says.",
	            STR_ARG(c->instance_bounce_target));
}

/* A target that need not have an address, but must be. */
static void check_exists(struct doctor *d, const char *option, struct str name,
                         const char *unset)
{
	const struct dns_answer *answer;

	if (!name.n) {
		say_not_set(d, option, unset);
		return;
	}
	answer = dns_ask(d->answers, name, DNS_TXT);
	if (dns_answer_is_fault(answer))
		say_fault(d, answer);
	else if (answer->status == DNS_NXDOMAIN)
		doctor_say(
		        d, DOCTOR_WARNING,
		        arena_printf(d->a, "Publish a record at %.*s.", STR_ARG(name))
		                .p,
		        "%.*s (%s) does not exist.", STR_ARG(name), option);
	doctor_fine(d, "%.*s exists.", STR_ARG(name));
}

static void check_verify_target(struct doctor *d)
{
	check_exists(d, "instance.verify_target", d->config->instance_verify_target,
	             "ownership is not proved by CNAME");
}

static void check_dkim_zone(struct doctor *d)
{
	check_exists(d, "instance.dkim_zone", d->config->instance_dkim_zone,
	             "DKIM keys are not delegated");
}

/* An address that the outside world meets, and which host it is of. */
struct own {
	struct ip ip;
	struct str host;
	bool sends; /* it is the relay's: mail comes from it */
};

struct own_list {
	struct own *v;
	size_t n, cap;
	bool pending;
};

/* Nobody outside sees mail from these: loopback, private, link-local, shared. */
static bool is_private(struct ip ip)
{
	static const char *const nets[] = {
	        "127.0.0.0/8",    "10.0.0.0/8",     "172.16.0.0/12",
	        "192.168.0.0/16", "169.254.0.0/16", "100.64.0.0/10",
	        "::1/128",        "fc00::/7",       "fe80::/10",
	};
	struct ip_net net;

	for (size_t i = 0; i < LEN(nets); i++)
		if (ip_net_parse(str_c(nets[i]), &net) && ip_net_has(net, ip))
			return true;
	return false;
}

static void add_own(struct doctor *d, struct own_list *list, struct ip ip,
                    struct str host, bool sends)
{
	if (is_private(ip))
		return;
	for (size_t i = 0; i < list->n; i++) {
		if (ip_eq(list->v[i].ip, ip)) {
			list->v[i].sends |= sends;
			return;
		}
	}
	*ARRAY_ADD(list, d->a) = (struct own){ip, host, sends};
}

static void add_host(struct doctor *d, struct own_list *list, struct str name,
                     bool sends)
{
	struct host h = look_up(d, name);

	list->pending |= h.pending;
	for (size_t i = 0; i < h.ips.n; i++)
		add_own(d, list, h.ips.v[i], name, sends);
}

/* The addresses of relay and MX hosts. Hosts that have none are said by other checks. */
static struct own_list own_addresses(struct doctor *d)
{
	const struct config *c = d->config;
	struct own_list list = {0};
	struct str relay = c->mail_relay;
	uint16_t port;
	struct ip ip;

	if (relay.n && ip_port_parse(relay, 0, &ip, &port))
		add_own(d, &list, ip, relay, true);
	else if (relay.n)
		add_host(d, &list,
		         str_slice(relay, 0, (size_t)str_find_char(relay, ':')), true);
	for (size_t i = 0; i < c->instance_mx.n; i++)
		add_host(d, &list, c->instance_mx.v[i], false);
	return list;
}

/* False, and said so, where there is none. */
static bool have_own(struct doctor *d, const struct own_list *list)
{
	if (!list->n && !list->pending)
		doctor_say(d, DOCTOR_SKIPPED, NULL,
		           "Neither mail.relay nor instance.mx has a public address.");
	return list->n > 0;
}

static void check_relay_name(struct doctor *d)
{
	struct str relay = d->config->mail_relay;
	uint16_t port;
	struct ip ip;

	if (!relay.n) {
		doctor_say(d, DOCTOR_WARNING, "Set mail.relay and mail.from.",
		           "mail.relay is not set: no mail is sent.");
		return;
	}
	if (ip_port_parse(relay, 0, &ip, &port) ||
	    check_host(d, "mail.relay",
	               str_slice(relay, 0, (size_t)str_find_char(relay, ':'))))
		doctor_fine(d, "The relay has an address.");
}

static void check_spf_syntax(struct doctor *d)
{
	struct spf_record record;
	struct str text;

	if (!d->config->instance_spf.n) {
		say_not_set(d, "instance.spf",
		            "customers' SPF records authorize nobody");
		return;
	}
	text = arena_printf(d->a, "v=spf1 %.*s -all", STR_ARG(d->config->instance_spf));
	record = spf_record_parse(d->a, text);
	for (size_t i = 0; i < record.problem_count; i++)
		doctor_say(d, DOCTOR_ERROR, "Correct instance.spf.",
		           "instance.spf makes \"%.*s\", which is no SPF record: %.*s.",
		           STR_ARG(text),
		           STR_ARG(spf_problem_format(d->a, record.problems[i])));
	for (size_t i = 0; i + 1 < record.term_count; i++)
		if (record.terms[i].kind == SPF_ALL)
			doctor_say(d, DOCTOR_ERROR,
			           "Name only the mechanisms, without `all`.",
			           "instance.spf has \"%.*s\" of its own.",
			           STR_ARG(record.terms[i].text));
	doctor_fine(d, "instance.spf reads well.");
}

/* Does the record that customers publish let our addresses through? */
static void check_spf_addresses(struct doctor *d)
{
	struct own_list list = own_addresses(d);
	struct str spf = d->config->instance_spf;
	struct str text;

	if (!spf.n) {
		say_not_set(d, "instance.spf", "nothing to compare");
		return;
	}
	if (!have_own(d, &list))
		return;
	text = arena_printf(d->a, "v=spf1 %.*s -all", STR_ARG(spf));
	for (size_t i = 0; i < list.n; i++) {
		const struct own *own = &list.v[i];
		const struct dns_answer *fault = NULL;
		struct str ip = ip_format(d->a, own->ip);
		struct str wanted = arena_printf(
		        d->a, "ip%d:%.*s", own->ip.length == 4 ? 4 : 6, STR_ARG(ip));
		enum spf_authority authority = spf_authorizes(
		        d->a, d->answers, STR("invalid"), text, wanted, &fault);

		if (authority == SPF_UNDECIDED && fault)
			say_fault(d, fault);
		else if (authority == SPF_UNAUTHORIZED)
			doctor_say(
			        d, own->sends ? DOCTOR_ERROR : DOCTOR_WARNING,
			        arena_printf(d->a,
			                     "Add %.*s to the record that instance.spf "
			                     "includes, or to instance.spf.",
			                     STR_ARG(wanted))
			                .p,
			        "\"%.*s\" does not authorize %.*s of %.*s.",
			        STR_ARG(text), STR_ARG(ip), STR_ARG(own->host));
	}
	doctor_fine(d, "instance.spf authorizes the addresses of relay and MX hosts.");
}

/* Whether any of the names has the address; *fault and *pending as they come. */
static bool leads_back(struct doctor *d, const struct dns_answer *ptr, struct ip ip,
                       const struct dns_answer **fault, bool *pending)
{
	bool back = false;

	for (size_t i = 0; i < ptr->records.n && i < SPF_PTR_MAX; i++) {
		struct host h = look_up(d, ptr->records.v[i].target);

		*pending |= h.pending;
		if (h.fault)
			*fault = h.fault;
		for (size_t k = 0; k < h.ips.n; k++)
			back |= ip_eq(h.ips.v[k], ip);
	}
	return back;
}

static void check_ptr_of(struct doctor *d, const struct own *own)
{
	struct str ip = ip_format(d->a, own->ip);
	const struct dns_answer *fault = NULL;
	const struct dns_answer *ptr =
	        dns_ask(d->answers, ip_reverse_name(d->a, own->ip), DNS_PTR);
	enum doctor_status bad = own->sends ? DOCTOR_ERROR : DOCTOR_WARNING;
	bool pending = ptr->status == DNS_PENDING;

	if (dns_answer_is_fault(ptr)) {
		say_fault(d, ptr);
		return;
	}
	if (leads_back(d, ptr, own->ip, &fault, &pending) || pending)
		return;
	if (!ptr->records.n)
		doctor_say(
		        d, bad,
		        arena_printf(
		                d->a,
		                "Have whoever assigned the address set its name to "
		                "%.*s.",
		                STR_ARG(own->host))
		                .p,
		        "%.*s of %.*s has no name (PTR); large receivers refuse mail "
		        "from such.",
		        STR_ARG(ip), STR_ARG(own->host));
	else if (fault)
		say_fault(d, fault);
	else
		doctor_say(
		        d, bad,
		        arena_printf(d->a, "Publish the address at %.*s.",
		                     STR_ARG(ptr->records.v[0].target))
		                .p,
		        "The name of %.*s is %.*s, which does not have that address.",
		        STR_ARG(ip), STR_ARG(ptr->records.v[0].target));
}

static void check_ptr(struct doctor *d)
{
	struct own_list list = own_addresses(d);

	if (!have_own(d, &list))
		return;
	for (size_t i = 0; i < list.n; i++)
		check_ptr_of(d, &list.v[i]);
	doctor_fine(d, "The names of all %zu addresses lead back to them.", list.n);
}

/* RFC 5782 §2.1: the reversed address below the zone; the answer is in 127.0.0.0/8, and
 * by custom 127.255.255.0/24 says that the list refuses to answer this asker. */
static void check_listed(struct doctor *d, const struct own *own, struct str zone)
{
	struct str reverse = ip_reverse_name(d->a, own->ip);
	struct str ip = ip_format(d->a, own->ip);
	const struct dns_answer *answer;
	struct str name;
	const uint8_t *code;

	/* Without in-addr.arpa or ip6.arpa. */
	reverse = str_slice(reverse, 0, reverse.n - (own->ip.length == 4 ? 13 : 9));
	if (!dns_name_join(d->a, reverse, zone, &name))
		return;
	answer = dns_ask(d->answers, name, DNS_A);
	if (dns_answer_is_fault(answer)) {
		say_fault(d, answer);
		return;
	}
	if (!answer->records.n)
		return;
	code = answer->records.v[0].ip.bytes;
	if (code[0] != 127 || (code[1] == 255 && code[2] == 255))
		doctor_say(d, DOCTOR_UNDETERMINED,
		           "Ask from a server of your own, as the list's terms want.",
		           "%.*s does not answer this asker (%d.%d.%d.%d).",
		           STR_ARG(zone), code[0], code[1], code[2], code[3]);
	else
		doctor_say(d, DOCTOR_ERROR,
		           arena_printf(d->a, "Find out why and have it removed: %.*s",
		                        STR_ARG(zone))
		                   .p,
		           "%.*s of %.*s is listed in %.*s (127.%d.%d.%d).",
		           STR_ARG(ip), STR_ARG(own->host), STR_ARG(zone), code[1],
		           code[2], code[3]);
}

static void check_blocklists(struct doctor *d)
{
	const struct str_list *zones = &d->config->doctor_blocklists;
	struct own_list list;

	if (!zones->n) {
		say_not_set(d, "doctor.blocklists", "no list is asked");
		return;
	}
	list = own_addresses(d);
	if (!have_own(d, &list))
		return;
	for (size_t z = 0; z < zones->n; z++)
		for (size_t i = 0; i < list.n; i++)
			check_listed(d, &list.v[i], zones->v[z]);
	doctor_fine(d, "No address is listed.");
}

const struct doctor_check doctor_dns_checks[] = {
        {"dns.answers",    "Does the DNS answer?",                               check_resolver     },
        {"name.api",       "Does the host of api.public_url have an address?",
         check_api_name                                                                             },
        {"name.tracking",  "Do the tracking hosts have addresses?",
         check_tracking_names                                                                       },
        {"name.mx",        "Do the MX hosts have addresses of their own?",       check_mx_names     },
        {"name.relay",     "Does the relay have an address?",                    check_relay_name   },
        {"name.verify",    "Does instance.verify_target exist?",                 check_verify_target},
        {"name.dkim_zone", "Does instance.dkim_zone exist?",                     check_dkim_zone    },
        {"bounce.mx",      "Does instance.bounce_target take mail?",             check_bounce_target},
        {"bounce.spf",     "Does instance.bounce_target authorize the senders?",
         check_bounce_spf                                                                           },
        {"spf.syntax",     "Is instance.spf well written?",                      check_spf_syntax   },
        {"spf.addresses",  "Does instance.spf authorize the own addresses?",
         check_spf_addresses                                                                        },
        {"ptr.confirmed",  "Do the own addresses have names that lead back?",    check_ptr          },
        {"blocklist.own",  "Is an own address on a block-list?",                 check_blocklists   },
};

const size_t doctor_dns_check_count = LEN(doctor_dns_checks);
