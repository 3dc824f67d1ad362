/* What is said of a tracking name by zones in memory (S2-8…22, S0-26, RFC 5782). */
#include "life/tracking_dns.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

#include "auth/suffixes.h"
#include "catalog/catalog.h"
#include "dns/zone.h"

#define SERVERS                                                                        \
	"$TTL 300\n"                                                                   \
	". SOA a. b. 1 1 1 1 60\n. NS ns.root.\nns.root. A 192.0.2.1\n"                \
	"example. SOA a. b. 1 1 1 1 60\nexample. NS ns.root.\n"                        \
	"acme.example. SOA a. b. 1 1 1 1 60\nacme.example. NS ns.acme.example.\n"      \
	"ns.acme.example. A 192.0.2.2\n"                                               \
	"acme.example. A 198.51.100.1\nwww.acme.example. A 198.51.100.1\n"             \
	"edge.example. A 192.0.2.10\nedge.example. AAAA 2001:db8::10\n"                \
	"list.example. SOA a. b. 1 1 1 1 60\nlist.example. NS ns.root.\n"

struct world {
	struct arena a;
	struct providers providers;
	struct services services;
	struct networks networks;
	struct suffixes *suffixes;
	struct knowledge know;
	/* Of one look. */
	struct arena kept, pass;
	struct dns_answers answers;
	struct check_input in;
	struct tracking_sight s;
};

static int set_up(void **state)
{
	struct world *w = test_calloc(1, sizeof(*w));

	catalog_providers(&w->a, &w->providers);
	catalog_services(&w->a, &w->services);
	catalog_networks(&w->a, &w->networks);
	w->suffixes = catalog_suffixes();
	w->know = (struct knowledge){&w->providers, &w->services, &w->networks,
	                             w->suffixes};
	*state = w;
	return 0;
}

static int tear_down(void **state)
{
	struct world *w = *state;

	suffixes_free(w->suffixes);
	arena_done(&w->a);
	arena_done(&w->kept);
	arena_done(&w->pass);
	test_free(w);
	return 0;
}

static struct tracking_look usual(void)
{
	return (struct tracking_look){
	        .name = STR("track.acme.example"),
	        .target = STR("edge.example"),
	        .organization = STR("acme.example"),
	        .wants_parents = true,
	};
}

static const struct tracking_sight *see(struct world *w, const char *zone_text,
                                        const struct tracking_look *look)
{
	struct dns_zone zone;
	struct err err;

	arena_reset(&w->kept);
	zone = dns_zone_init(&w->kept);
	assert_true(dns_zone_parse(&zone, STR(SERVERS), &err));
	assert_true(dns_zone_parse(&zone, str_c(zone_text), &err));
	w->answers = dns_answers_init(&w->kept, 1790000000000);
	for (int i = 0;; i++) {
		assert_true(i < 50);
		arena_reset(&w->pass);
		w->in = (struct check_input){.a = &w->pass,
		                             .answers = &w->answers,
		                             .know = &w->know,
		                             .servers = SERVERS_ALL,
		                             .now = 1790000000000};
		w->s = tracking_dns_see(&w->in, look);
		if (!dns_answers_pending(&w->answers))
			return &w->s;
		dns_zone_resolve(&zone, &w->answers);
	}
}

static const char *first_code(const struct tracking_sight *s)
{
	const struct diagnoses *list = &s->verdict->records[0].diagnoses;

	return list->n ? list->v[0].code : "";
}

static void a_managed_name(void **state)
{
	static const struct {
		const char *zone;
		enum tracking_dns dns;
		bool is_dangling;
		const char *code;
	} cases[] = {
	        {"track.acme.example. CNAME edge.example.",                              TRACKING_DNS_RIGHT,  false,
	         ""	                                                                                                                    },
 /* S2-8: by another name of the customer's. */
	        {"track.acme.example. CNAME l.acme.example.\nl.acme.example. CNAME "
	         "edge.example.",	                               TRACKING_DNS_RIGHT,  false, ""                        },
	        {"track.acme.example. A 192.0.2.10",                                     TRACKING_DNS_RIGHT,  false,
	         "cname.flattened"	                                                                                                     },
	        {"",	                                                             TRACKING_DNS_ABSENT, false, "record.missing"          },
 /* S2-10 */
	        {"track.acme.example.acme.example. CNAME edge.example.",
	         TRACKING_DNS_ABSENT,	                                                                 false, "name.zone_appended_twice"},
	        {"track.acme.example. MX 10 mx.acme.example.",                           TRACKING_DNS_IN_USE,
	         false,	                                                                                      "name.in_use"             }, /* S2-17 */
	        {"track.acme.example. A 198.51.100.1",                                   TRACKING_DNS_IN_USE, false,
	         "name.in_use"	                                                                                                         },
	        {"track.acme.example. SOA a. b. 1 1 1 1 60\ntrack.acme.example. NS "
	         "ns.acme.example.",	                            TRACKING_DNS_IN_USE, false, "cname.apex"              }, /* S2-19 */
	        {"track.acme.example. A 104.16.1.1",                                     TRACKING_DNS_WRONG,  false,
	         "cname.proxied"	                                                                                                       }, /* S2-21 */
	        {"track.acme.example. CNAME sendgrid.net.\nsendgrid.net. A 203.0.113.7",
	         TRACKING_DNS_WRONG,	                                                                  true,  "cname.other_provider"    }, /* S2-22 */
	        {"track.acme.example. CNAME gone.example.",                              TRACKING_DNS_WRONG,  true,
	         "cname.dangling"	                                                                                                      },
	        {"track.acme.example. CNAME other.acme.example.\nother.acme.example. A "
	         "203.0.113.7",	                                 TRACKING_DNS_WRONG,  false, NULL                      },
	};
	struct tracking_look look = usual();

	for (size_t i = 0; i < LEN(cases); i++) {
		const struct tracking_sight *s = see(*state, cases[i].zone, &look);

		if (s->dns != cases[i].dns || s->is_dangling != cases[i].is_dangling)
			fail_msg("case %zu: %d %d %s", i, s->dns, s->is_dangling,
			         first_code(s));
		if (cases[i].code)
			assert_string_equal(first_code(s), cases[i].code);
		assert_int_equal(s->verdict->advice.n, 0);
	}
}

static void addresses_and_parents(void **state)
{
	struct tracking_look look = usual();
	const struct tracking_sight *s;

	look.name = STR("a.b.track.acme.example");
	s = see(*state,
	        "a.b.track.acme.example. CNAME edge.example.\nb.track.acme.example. "
	        "A 203.0.113.9",
	        &look);
	assert_int_equal(s->host.n, 2); /* both families */
	assert_int_equal(s->parent_count, 2);
	assert_true(str_eq(s->parents[0].name, STR("b.track.acme.example")));
	assert_true(str_eq(s->parents[1].name, STR("acme.example")));
	assert_false(s->is_plain);
	look.wants_parents = false;
	assert_int_equal(see(*state, "", &look)->parent_count, 0);
}

static void a_name_at_a_cdn(void **state)
{
	struct tracking_look look = usual();
	const struct tracking_sight *s;

	look.mode = TRACKING_MODE_OWN_CDN;
	s = see(*state,
	        "track.acme.example. CNAME d1.cdn.example.\nd1.cdn.example. A "
	        "203.0.113.4",
	        &look);
	assert_int_equal(s->dns, TRACKING_DNS_RIGHT);
	assert_int_equal(s->host.n, 1);
	s = see(*state, "track.acme.example. A 104.16.1.1", &look);
	assert_int_equal(s->dns, TRACKING_DNS_RIGHT); /* a proxy is a CDN */
	s = see(*state, "track.acme.example. CNAME d1.cdn.example.", &look);
	assert_int_equal(s->dns, TRACKING_DNS_WRONG);
	assert_true(s->is_dangling);
	assert_true(str_eq(s->code, STR("cname.dangling")));
	s = see(*state, "", &look);
	assert_int_equal(s->dns, TRACKING_DNS_ABSENT);
	assert_false(s->is_dangling);
	s = see(*state,
	        "track.acme.example. CNAME b.acme.example.\nb.acme.example. CNAME "
	        "track.acme.example.",
	        &look);
	assert_int_equal(s->dns, TRACKING_DNS_WRONG);
	assert_true(s->fix.n > 10);
}

static void block_lists(void **state)
{
	static const struct str zones[] = {STR_INIT("list.example")};
	struct tracking_look look = usual();
	const struct tracking_sight *s;

	assert_int_equal(see(*state, "", &look)->listed, TRACKING_LIST_NO);
	look.lists = zones;
	look.list_count = 1;
	assert_int_equal(see(*state, "", &look)->listed, TRACKING_LIST_NO);
	s = see(*state, "acme.example.list.example. A 127.0.0.4", &look);
	assert_int_equal(s->listed, TRACKING_LIST_YES);
	assert_true(str_eq(s->listed_name, STR("acme.example")));
	assert_true(str_eq(s->listed_as, STR("127.0.0.4")));
	s = see(*state, "track.acme.example.list.example. A 127.0.1.2", &look);
	assert_true(str_eq(s->listed_name, STR("track.acme.example")));
	/* The list does not answer us, or is somebody's parking page. */
	s = see(*state,
	        "*.list.example. A 127.0.0.1\n*.list.example. A 127.255.255.254\n"
	        "*.list.example. A 203.0.113.1",
	        &look);
	assert_int_equal(s->listed, TRACKING_LIST_UNKNOWN);
}

#define WORLD_TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	        WORLD_TEST(a_managed_name),
	        WORLD_TEST(addresses_and_parents),
	        WORLD_TEST(a_name_at_a_cdn),
	        WORLD_TEST(block_lists),
	};

	return cmocka_run_group_tests_name("tracking_dns", tests, NULL, NULL);
}
