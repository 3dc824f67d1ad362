/* Templates, profiles, plans and the catalogs of data/: inputs and what they give. */
#include "base/file.h"
#include "plan/network.h"
#include "plan/plan.h"
#include "plan/provider.h"
#include "plan/service.h"
#include "plan/template.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static struct str read_data(struct arena *a, const char *name)
{
	const char *source = getenv("SIGNET_SOURCE");
	struct str path = arena_printf(a, "%s/data/%s", source ? source : ".", name);
	struct str text;
	struct err err;

	if (!file_read(a, path.p, 1024 * 1024, &text, &err))
		fail_msg("%s", err.text);
	return text;
}

static void assert_text(struct str got, const char *want)
{
	AUTO(arena) a = {0};

	assert_string_equal(arena_cstr(&a, got), want);
}

static void templates_expand(void **state)
{
	static const struct {
		const char *text, *want; /* NULL: a variable is missing */
	} rows[] = {
	        {"",	               ""                  },
	        {"plain",                  "plain"             },
	        {"{selector}._x.{domain}", "s1._x.acme.example"},
	        {"p=none[; rua={rua}]",    "p=none"            },
	        {"a[; s={selector}]b",     "a; s=s1b"          },
	        {"[{selector}{rua}]c",     "c"                 },
	        {"%{{i}}.[[x]]",           "%{i}.[x]"          },
	        {"{rua}",                  NULL                },
	        {"{odd}",                  "{domain}"          },
	};
	AUTO(arena) a = {0};
	struct map values = map_init(&a);
	struct map known = map_init(&a);
	struct str domain = STR("acme.example"), selector = STR("s1"),
	           odd = STR("{domain}");
	struct err err;

	(void)state;
	map_set(&values, STR("domain"), &domain);
	map_set(&values, STR("selector"), &selector);
	map_set(&values, STR("odd"), &odd);
	map_set(&known, STR("domain"), &domain);
	map_set(&known, STR("selector"), &domain);
	map_set(&known, STR("odd"), &domain);
	map_set(&known, STR("rua"), &domain);
	for (size_t i = 0; i < LEN(rows); i++) {
		struct str out, missing;

		assert_true(template_check(str_c(rows[i].text), &known, &err));
		if (!template_expand(&a, str_c(rows[i].text), &values, &out,
		                     &missing)) {
			assert_null(rows[i].want);
			assert_text(missing, "rua");
		} else {
			assert_text(out, rows[i].want);
		}
	}
}

static void templates_are_checked(void **state)
{
	static const struct {
		const char *text, *why;
	} rows[] = {
	        {"{",        "\"{\" without its other half"},
	        {"a}",       "\"}\" without its other half"},
	        {"[a",       "\"[\" without its other half"},
	        {"a]",       "\"]\" without its other half"},
	        {"[a[b]]",   "\"[\" within \"[…]\""      },
	        {"{nobody}", "unknown variable {nobody}"   },
	        {"{}",       "unknown variable {}"         },
	};
	AUTO(arena) a = {0};
	struct map known = map_init(&a);
	struct err err;

	(void)state;
	for (size_t i = 0; i < LEN(rows); i++) {
		assert_false(template_check(str_c(rows[i].text), &known, &err));
		assert_string_equal(err.text, rows[i].why);
	}
}

#define RECORD                                                                         \
	"\"purpose\":\"spf\",\"type\":\"TXT\",\"name\":\"{domain}\",\"value\":\"v\","  \
	"\"ttl\":60,\"required\":true,\"match\":\"exact\""
#define HEAD    "\"id\":\"x\",\"name\":\"X\",\"summary\":\"x\""
#define NO_VARS HEAD ",\"variables\":[]"
#define ONE(v)  "{" HEAD ",\"variables\":[" v "],\"records\":[{" RECORD "}]}"
#define REC(r)  "{" NO_VARS ",\"records\":[{" RECORD "},{" r "}]}"
#define REST(type, match)                                                              \
	"\"purpose\":\"spf\",\"type\":\"" type                                         \
	"\",\"name\":\"{domain}\",\"value\":\"v\","                                    \
	"\"ttl\":60,\"required\":true,\"match\":\"" match "\""

/* One malformed text and what is said about it. */
struct malformed {
	const char *text, *why;
};
#define CASE(text, why)                                                                \
	{                                                                              \
		text, why                                                              \
	}

static const struct malformed malformed[] = {
        CASE("", "line 1, column 0: "),
        CASE("[]", "$: must be an object"),
        CASE("{}", "$.id: missing"),
        CASE("{" HEAD "}", "$.variables: missing"),
        CASE("{" NO_VARS "}", "$.records: missing"),
        CASE("{" NO_VARS ",\"records\":[]}",
             "$.records: must have from 1 to 32 elements, not 0"),
        CASE("{" NO_VARS ",\"extra\":1,\"records\":[{" RECORD "}]}",
             "$.extra: unknown member"),
        CASE("{\"id\":\"A B\",\"name\":\"X\",\"summary\":\"x\",\"variables\":[],"
             "\"records\":[{" RECORD "}]}",
             "$.id: \"A B\" is no name"),
        CASE("{\"id\":5}", "$.id: must be a string"),
        CASE("{\"id\":\"\"}", "$.id: is empty"),
        CASE("{\"id\":\"a\\nb\"}", "$.id: control characters"),
        CASE(ONE("{\"name\":\"A\",\"default\":null,\"help\":\"h\"}"),
             "$.variables[0].name: \"A\" is no name for a variable"),
        CASE(ONE("{\"name\":\"a\",\"help\":\"h\"}"), "$.variables[0].default: missing"),
        CASE(ONE("{\"name\":\"a\",\"default\":5,\"help\":\"h\"}"),
             "$.variables[0].default: must be a string"),
        CASE(ONE("{\"name\":\"domain\",\"default\":null,\"help\":\"h\"}"),
             "$.variables[0].name: \"domain\" stands twice"),
        CASE(ONE("{\"name\":\"a\",\"default\":\"{a}\",\"help\":\"h\"}"),
             "$.variables[0].default: unknown variable {a}"),
        CASE(ONE("{\"name\":\"a\",\"default\":\"x\",\"format\":\"y\","
                 "\"help\":\"h\"}"),
             "$.variables[0].format: unknown format \"y\""),
        CASE(ONE("{\"name\":\"a\",\"default\":{\"by\":\"b\",\"values\":{}},"
                 "\"help\":\"h\"}"),
             "$.variables[0].default.by: unknown variable {b}"),
        CASE(REC(REST("TXX", "exact")), "$.records[1].type: unknown type \"TXX\""),
        CASE(REC(REST("SOA", "exact")),
             "$.records[1].type: SOA cannot be in a profile, only TXT, CNAME, MX"),
        CASE(REC(REST("TXT", "mx_set")),
             "$.records[1].match: \"mx_set\" does not fit type TXT"),
        CASE(REC(REST("TXT", "loose")), "$.records[1].match: unknown match \"loose\""),
        CASE(REC(REST("MX", "mx_set")), "$.records[1].priority: missing"),
        CASE(REC(REST("MX", "mx_set") ",\"priority\":65536"),
             "$.records[1].priority: must be from 0 to 65535"),
        CASE(REC(REST("TXT", "exact") ",\"priority\":1"),
             "$.records[1].priority: only an MX has one"),
        CASE(REC(REST("TXT", "exact") ",\"when\":\"a\""),
             "$.records[1].when: unknown variable {a}"),
        CASE(REC("\"purpose\":\"x\""), "$.records[1].purpose: unknown purpose \"x\""),
        CASE("{" NO_VARS ",\"records\":[7]}", "$.records[0]: must be an object"),
        CASE("{" NO_VARS ",\"records\":[{" RECORD "}],\"timings\":{}}",
             "$.timings.fail_after_hours: missing"),
};

/* Every error says where: "profile x.json: PATH: why". */
static void profiles_are_checked(void **state)
{
	AUTO(arena) a = {0};

	(void)state;
	for (size_t i = 0; i < LEN(malformed); i++) {
		struct str want =
		        arena_printf(&a, "profile x.json: %s", malformed[i].why);
		struct profile *p;
		struct err err;

		assert_false(profile_parse(&a, STR("x.json"), str_c(malformed[i].text),
		                           &p, &err));
		if (!str_starts(str_c(err.text), want))
			fail_msg("got  %s\nwant %s", err.text, want.p);
		assert_int_equal(err.kind, ERR_INPUT);
	}
}

static void names_stay_within_the_domain(void **state)
{
	static const char *const bad[] = {"acme.example", "{domain}.example",
	                                  "x{domain}", "[x.]a.{domain}.b"};
	AUTO(arena) a = {0};

	(void)state;
	for (size_t i = 0; i < LEN(bad); i++) {
		struct str text = arena_printf(
		        &a,
		        "{" NO_VARS ",\"records\":[{\"purpose\":\"spf\",\"type\":"
		        "\"TXT\",\"name\":\"%s\",\"value\":\"v\",\"ttl\":60,"
		        "\"required\":true,\"match\":\"exact\"}]}",
		        bad[i]);
		struct profile *p;
		struct err err;

		assert_false(profile_parse(&a, STR("x"), text, &p, &err));
		assert_string_equal(err.text,
		                    "profile x: $.records[0].name: must be {domain} or "
		                    "end with .{domain}");
	}
}

static const char *const standard_settings[] = {"label=sg42",
                                                "dkim_key=MIGf MA0=",
                                                "mx1=mx1.mail.example.",
                                                "mx2=MX2.mail.example",
                                                "spf=include:_spf.mail.example",
                                                "track_target=track.mail.example",
                                                NULL};

/* Plans `domain` with the settings above and one more, which goes first. */
static bool plan_standard(struct arena *a, const char *domain, const char *extra,
                          struct plan **out, struct err *err)
{
	struct plan_settings settings = {map_init(a)};
	struct profile *p;

	if (!profile_parse(a, STR("standard"), read_data(a, "profiles/standard.json"),
	                   &p, err))
		fail_msg("%s", err->text);
	if (extra && !plan_set(&settings, str_c(extra), err))
		return false;
	for (size_t i = 0; standard_settings[i]; i++) {
		struct str name = str_c(standard_settings[i]);

		name.n = (size_t)str_find_char(name, '=');
		if (!map_find(&settings.given, name) &&
		    !plan_set(&settings, str_c(standard_settings[i]), err))
			return false;
	}
	return plan_make(a, p, str_c(domain), &settings, out, err);
}

/* S1-2, S1-3, S1-10: all in the label, the root is not touched. */
static void standard_is_planned(void **state)
{
	static const struct {
		enum plan_purpose purpose;
		enum dns_type type;
		const char *name, *value;
		int32_t priority;
		bool required;
		size_t set;
	} rows[] = {
	        {PLAN_DKIM,        DNS_TXT,   "s1._domainkey.sg42.acme.example",
	         "v=DKIM1; k=rsa; p=MIGfMA0=",	                                                 -1, true, 0},
	        {PLAN_SPF,         DNS_TXT,   "sg42.acme.example",
	         "v=spf1 include:_spf.mail.example -all",                                              -1, true, 1},
	        {PLAN_RETURN_PATH, DNS_MX,    "sg42.acme.example",               "mx1.mail.example",   10,
	         true,	                                                                                   2},
	        {PLAN_RETURN_PATH, DNS_MX,    "sg42.acme.example",               "mx2.mail.example",   10,
	         true,	                                                                                   2},
	        {PLAN_TRACKING,    DNS_CNAME, "track.acme.example",              "track.mail.example",
	         -1,	                                                                               true, 4},
	        {PLAN_DMARC,       DNS_TXT,   "_dmarc.acme.example",             "v=DMARC1; p=none",   -1,
	         false,	                                                                                  5},
	};
	AUTO(arena) a = {0};
	struct plan *plan;
	struct err err;

	(void)state;
	if (!plan_standard(&a, "Acme.Example.", NULL, &plan, &err))
		fail_msg("%s", err.text);
	assert_int_equal(plan->record_count, LEN(rows));
	for (size_t i = 0; i < LEN(rows); i++) {
		const struct plan_record *r = &plan->records[i];

		assert_int_equal(r->purpose, rows[i].purpose);
		assert_int_equal(r->type, rows[i].type);
		assert_text(r->name, rows[i].name);
		assert_text(r->value, rows[i].value);
		assert_int_equal(r->priority, rows[i].priority);
		assert_int_equal(r->required, rows[i].required);
		assert_int_equal(r->set, rows[i].set);
	}
	assert_int_equal(plan->profile->timings.fail_after_ms, 72ll * 3600 * 1000);
}

static void a_second_key_adds_a_record(void **state)
{
	AUTO(arena) a = {0};
	struct plan *plan;
	struct err err;

	(void)state;
	if (!plan_standard(&a, "acme.example", "dkim_key2=AAAA", &plan, &err))
		fail_msg("%s", err.text);
	assert_int_equal(plan->record_count, 7);
	assert_text(plan->records[1].name, "s2._domainkey.sg42.acme.example");
	assert_text(plan->records[1].value, "v=DKIM1; k=ed25519; p=AAAA");
	if (!plan_standard(&a, "acme.example", "dmarc_rua=d@acme.example", &plan, &err))
		fail_msg("%s", err.text);
	assert_text(plan->records[5].value,
	            "v=DMARC1; p=none; rua=mailto:d@acme.example");
}

static void wrong_settings_are_named(void **state)
{
	static const struct {
		const char *domain, *extra, *why;
	} rows[] = {
	        {"acme.example",
	         "mx1=",	                                          "variable \"mx1\" is not set: give --set mx1=VALUE"    },
	        {"acme.example",
	         "label=",	                                        "variable \"label\" is not set: give --set label=VALUE"},
	        {"acme.example",   "colour=red",
	         "--set colour: profile standard has no such variable; it has "
	         "account, "	                                                                                             },
	        {"acme.example",   "novalue",                             "--set novalue: must be name=value"                    },
	        {"acme.example",   "A=b",                                 "--set A=b: \"A\" is no name for a variable"           },
	        {"acme.example",   "dkim_key=-----BEGIN PUBLIC KEY-----",
	         "--set dkim_key: must be base64"	                                                                        },
	        {"acme.example",   "dkim_key=p=AAAA",                     "--set dkim_key: must be base64"                       },
	        {"acme.example",   "mx1=http://mx.example/",
	         "--set mx1: must be a host name"	                                                                        },
	        {"acme.example",   "label=a..b",                          "--set label: "                                        },
	        {"acme.example",   "spf=a\nb",                            "--set spf: control characters"                        },
	        {"acme.example",   "spf=ip4:1.2.3.4 \xc3\xa9",
	         "value \"v=spf1 ip4:1.2.3.4 \xc3\xa9 -all\": must be ASCII text"                                                },
	        {"acme.example",   "track_host=sg42",
	         "sg42.acme.example: a CNAME cannot stand beside another record"                                                 },
	        {"acme.example",   "mx2=mx1.mail.example",
	         "sg42.acme.example MX: twice the same value"	                                                            },
	        {"acme example",   NULL,
	         "domain: \"acme\\032example\": not a domain of mail"                                                            },
	        {"acme.example\n", NULL,                                  "domain: "                                             },
	        {"acme.example",   "track_host=a b",
	         "--set track_host: must be a host name"	                                                                 },
	        {".",              NULL,	                          "domain: "	                                     },
	        {"",               NULL,	                          "domain: "	                                     },
	};
	AUTO(arena) a = {0};

	(void)state;
	for (size_t i = 0; i < LEN(rows); i++) {
		struct plan *plan;
		struct err err;

		assert_false(
		        plan_standard(&a, rows[i].domain, rows[i].extra, &plan, &err));
		if (!str_starts(str_c(err.text), str_c(rows[i].why)))
			fail_msg("got  %s\nwant %s", err.text, rows[i].why);
		assert_int_equal(err.kind, ERR_USAGE);
	}
}

static void a_long_name_is_refused(void **state)
{
	AUTO(arena) a = {0};
	char domain[301];
	struct plan *plan;
	struct err err;

	(void)state;
	memset(domain, 'a', 300);
	domain[300] = 0;
	for (size_t i = 50; i < 300; i += 50)
		domain[i] = '.';
	assert_false(plan_standard(&a, domain, NULL, &plan, &err));
	domain[251] = 0; /* fits alone, but not below the label */
	assert_false(plan_standard(&a, domain, NULL, &plan, &err));
}

static void regions_choose_targets(void **state)
{
	static const struct {
		const char *region, *want;
	} rows[] = {
	        {NULL,   "e.customeriomail.com"   },
	        {"us",   "e.customeriomail.com"   },
	        {"EU",   "e-eu.customeriomail.com"},
	        {"mars", NULL                     },
	};
	static const char *const given[] = {"account=7", "dkim_key=AAAA",
	                                    "mx1=a.mail.example", "mx2=b.mail.example",
	                                    "spf=include:x.example"};
	AUTO(arena) a = {0};
	struct err err;

	(void)state;
	for (size_t i = 0; i < LEN(rows); i++) {
		struct plan_settings settings = {map_init(&a)};
		struct profile *p;
		struct plan *plan;

		assert_true(profile_parse(&a, STR("customerio"),
		                          read_data(&a, "profiles/customerio.json"), &p,
		                          &err));
		for (size_t g = 0; g < LEN(given); g++)
			assert_true(plan_set(&settings, str_c(given[g]), &err));
		if (rows[i].region)
			assert_true(plan_set(
			        &settings,
			        arena_printf(&a, "region=%s", rows[i].region), &err));
		if (!plan_make(&a, p, STR("acme.example"), &settings, &plan, &err)) {
			assert_null(rows[i].want);
			assert_string_equal(err.text,
			                    "--set region: \"mars\" is unknown to "
			                    "customerio, which has us, eu");
			continue;
		}
		assert_text(plan->records[0].name, "cio7.acme.example");
		assert_text(plan->records[plan->record_count - 1].value, rows[i].want);
	}
}

static struct patterns names(struct arena *a, const char *list)
{
	struct patterns out = {ARENA_ARRAY(a, struct str, 8), 0};
	struct str rest = str_c(list), name;

	while (rest.n && str_cut(&rest, ' ', &name))
		out.v[out.n++] = name;
	return out;
}

static void providers_are_recognised(void **state)
{
	static const struct {
		const char *ns, *soa, *id, *evidence, *other;
	} rows[] = {
	        {"ns07.domaincontrol.com ns08.domaincontrol.com",                 "",                                             "godaddy",
	         "NS ns07.domaincontrol.com",	                                                                                                                            NULL        },
	        {"ns1.own.example kim.ns.cloudflare.com bob.ns.cloudflare.com",   "",
	         "cloudflare",	                                                                                                       "NS kim.ns.cloudflare.com",         NULL        },
	        {"ns-1.awsdns-01.com kim.ns.cloudflare.com ns-2.awsdns-02.co.uk", "",
	         "route53",	                                                                                                          "NS ns-1.awsdns-01.com",            "cloudflare"},
	        {"ns1.own.example",	                                       "ns1.own.example awsdns-hostmaster.amazon.com",
	         "route53",	                                                                                                          "SOA awsdns-hostmaster.amazon.com", NULL        },
	        {"ns1.own.example",	                                       "ns1.own.example root.own.example",             "generic", "",
	         NULL	                                                                                                                                                                },
	        {"",	                                                      "",	                                     "generic", "",                                 NULL        },
	        {"notdomaincontrol.com.example",                                  "",                                             "generic", "",                                 NULL        },
	};
	AUTO(arena) a = {0};
	struct providers list;
	struct err err;

	(void)state;
	if (!providers_parse(&a, read_data(&a, "providers.json"), &list, &err))
		fail_msg("%s", err.text);
	for (size_t i = 0; i < LEN(rows); i++) {
		struct patterns ns = names(&a, rows[i].ns),
		                soa = names(&a, rows[i].soa);
		struct provider_match m = provider_recognise(&a, &list, &ns, &soa);

		assert_text(m.provider->id, rows[i].id);
		assert_text(m.evidence, rows[i].evidence);
		assert_int_equal(m.other != NULL, rows[i].other != NULL);
		if (m.other)
			assert_text(m.other->id, rows[i].other);
	}
	assert_text(provider_find(&list, STR("Amazon Route 53"))->id, "route53");
	assert_text(provider_find(&list, STR("AWS"))->id, "route53");
	assert_text(provider_find(&list, STR("generic"))->id, "generic");
	assert_null(provider_find(&list, STR("nobody")));
}

static void services_are_recognised(void **state)
{
	static const struct {
		enum service_trait trait;
		const char *text, *id;
	} rows[] = {
	        {SERVICE_MX,    "aspmx.l.google.com",                       "google-workspace"},
	        {SERVICE_SPF,   "spf.protection.outlook.com",               "microsoft-365"   },
	        {SERVICE_TXT,   "MS=ms12345",                               "microsoft-365"   },
	        {SERVICE_CNAME, "selector1-a._domainkey.b.onmicrosoft.com",
	         "microsoft-365"	                                                      },
	        {SERVICE_SPF,   "nobody.example",                           NULL              },
	};
	AUTO(arena) a = {0};
	struct services list;
	struct err err;

	(void)state;
	if (!services_parse(&a, read_data(&a, "services.json"), &list, &err))
		fail_msg("%s", err.text);
	for (size_t i = 0; i < LEN(rows); i++) {
		const struct service *s =
		        service_find(&list, rows[i].trait, str_c(rows[i].text));

		assert_int_equal(s != NULL, rows[i].id != NULL);
		if (s)
			assert_text(s->id, rows[i].id);
	}
}

static void networks_are_recognised(void **state)
{
	static const struct {
		const char *ip, *id;
	} rows[] = {
	        {"104.16.1.1",   "cloudflare"},
	        {"2606:4700::1", "cloudflare"},
	        {"192.0.2.1",    NULL        },
	};
	AUTO(arena) a = {0};
	struct networks list;
	struct err err;

	(void)state;
	if (!networks_parse(&a, read_data(&a, "networks.json"), &list, &err))
		fail_msg("%s", err.text);
	for (size_t i = 0; i < LEN(rows); i++) {
		const struct network *n;
		struct ip ip;

		assert_true(ip_parse(str_c(rows[i].ip), &ip));
		n = network_find(&list, ip);
		assert_int_equal(n != NULL, rows[i].id != NULL);
		if (n)
			assert_text(n->id, rows[i].id);
	}
}

static void catalogs_are_checked(void **state)
{
	AUTO(arena) a = {0};
	struct providers providers;
	struct services services;
	struct networks networks;
	struct err err;

	(void)state;
	assert_false(providers_parse(&a, STR("{}"), &providers, &err));
	assert_string_equal(err.text,
	                    "providers: $: must be an array of 1 to 4096 elements");
	assert_false(providers_parse(&a, STR("[{\"id\":\"x\"}]"), &providers, &err));
	assert_string_equal(err.text, "providers: $[0].name: missing");
	assert_false(services_parse(
	        &a, STR("[{\"id\":\"x\",\"name\":\"X\",\"kind\":\"y\"}]"), &services,
	        &err));
	assert_string_equal(err.text, "services: $[0].kind: unknown word \"y\"");
	assert_false(
	        networks_parse(&a,
	                       STR("[{\"id\":\"x\",\"name\":\"X\",\"kind\":\"proxy\","
	                           "\"ranges\":[\"1.2.3\"]}]"),
	                       &networks, &err));
	assert_string_equal(err.text, "networks: $[0].ranges[0]: not a network");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(templates_expand),
	        cmocka_unit_test(templates_are_checked),
	        cmocka_unit_test(profiles_are_checked),
	        cmocka_unit_test(names_stay_within_the_domain),
	        cmocka_unit_test(standard_is_planned),
	        cmocka_unit_test(a_second_key_adds_a_record),
	        cmocka_unit_test(wrong_settings_are_named),
	        cmocka_unit_test(a_long_name_is_refused),
	        cmocka_unit_test(regions_choose_targets),
	        cmocka_unit_test(providers_are_recognised),
	        cmocka_unit_test(services_are_recognised),
	        cmocka_unit_test(networks_are_recognised),
	        cmocka_unit_test(catalogs_are_checked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
