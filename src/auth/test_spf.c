/* SPF: record syntax with positions, macros of RFC 7208 §7.4, evaluation, the tree and
 * the question whether given senders are authorised. */
#include "auth/spf.h"
#include "auth/spf_authorize.h"
#include "auth/spf_macro.h"
#include "auth/spf_tree.h"
#include "dns/zone.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { ROUNDS_MAX = 100 };

static void assert_str(struct str got, const char *want)
{
	char *text = strndup(got.n ? got.p : "", got.n);

	assert_string_equal(text, want);
	free(text);
}

static struct ip make_ip(const char *text)
{
	struct ip ip;

	assert_true(ip_parse(str_c(text), &ip));
	return ip;
}

/* The examples of RFC 7208 §7.4 and the transformers of §7.3. */
static const struct {
	const char *text, *want;
} macros[] = {
        {"%{s}",                      "strong-bad@email.example.com"        },
        {"%{o}",                      "email.example.com"                   },
        {"%{d}",                      "email.example.com"                   },
        {"%{d4}",                     "email.example.com"                   },
        {"%{d3}",                     "email.example.com"                   },
        {"%{d2}",                     "example.com"                         },
        {"%{d1}",                     "com"                                 },
        {"%{dr}",                     "com.example.email"                   },
        {"%{d2r}",                    "example.email"                       },
        {"%{d99999999999999999999R}", "com.example.email"                   },
        {"%{l}",                      "strong-bad"                          },
        {"%{l-}",                     "strong.bad"                          },
        {"%{lr}",                     "strong-bad"                          },
        {"%{lr-}",                    "bad.strong"                          },
        {"%{l1r-}",                   "strong"                              },
        {"%{ir}.%{v}._spf.%{d2}",     "3.2.0.192.in-addr._spf.example.com"  },
        {"%{lr-}.lp._spf.%{d2}",      "bad.strong.lp._spf.example.com"      },
        {"%{ir}.%{v}.%{l1r-}.%{d2}",  "3.2.0.192.in-addr.strong.example.com"},
        {"%{p2}.trusted",             "example.org.trusted"                 },
        {"%{h} %{c}",                 "mx.example.org 192.0.2.3"            },
        {"%{t} %{r}",                 "1234 unknown"                        },
        {"%{S}",                      "strong-bad%40email.example.com"      },
        {"a%%b%_c%-d",                "a%b c%20d"                           },
};

static void check_macro(const char *ip, const char *spec, const char *want)
{
	AUTO(arena) a = {0};
	struct spf_macro_env env = {.local = STR("strong-bad"),
	                            .sender_domain = STR("email.example.com"),
	                            .domain = STR("email.example.com"),
	                            .validated = STR("mx.example.org"),
	                            .helo = STR("mx.example.org"),
	                            .ip = make_ip(ip),
	                            .now = 1234567};
	const char *why;
	struct str out;
	size_t at;

	assert_true(spf_macro_check(str_c(spec), SPF_MACRO_TEXT, &at, &why));
	assert_true(spf_macro_expand(&a, str_c(spec), &env, &out));
	assert_str(out, want);
}

static void test_macros(void **state)
{
	(void)state;
	for (size_t i = 0; i < LEN(macros); i++)
		check_macro("192.0.2.3", macros[i].text, macros[i].want);
	check_macro("2001:db8::cb01", "%{ir}.%{v}._spf.%{d2}",
	            "1.0.B.C.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.B.D.0.1.0.0.2."
	            "ip6._spf.example.com");
	check_macro("2001:db8::cb01", "%{c}", "2001:db8::cb01");
}

static void test_macro_errors(void **state)
{
	static const struct {
		const char *text;
		size_t at;
	} cases[] = {
	        {"%",          0},
                {"ab%c",       2},
                {"%{",         2},
                {"%{d",        3},
	        {"%{x}",       2},
                {"%{d0}",      3},
                {"a%{dx}",     4},
                {"%{d-2}",     4},
	        {"a b",        1},
                {"%{d}%{c}",   6},
                {"a\x7f",      1},
                {"a\xc3\xa4",  1},
	        {"x.%{l1r-}%", 9}
        };
	const char *why;
	size_t at;

	(void)state;
	for (size_t i = 0; i < LEN(cases); i++) {
		assert_false(spf_macro_check(str_c(cases[i].text), SPF_MACRO_NAME, &at,
		                             &why));
		assert_int_equal(at, cases[i].at);
	}
	assert_true(
	        spf_macro_check(STR("a b %{c}%{r}%{t}"), SPF_MACRO_TEXT, &at, &why));
}

static void test_cut_name(void **state)
{
	AUTO(arena) a = {0};
	char text[300];
	struct str name;

	(void)state;
	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = i % 50 == 49 ? '.' : 'a';
	name = spf_macro_cut_name((struct str){text, sizeof(text)});
	assert_int_equal(name.n, 249);
	assert_str(spf_macro_cut_name(STR("a.example.")), "a.example");
	assert_false(spf_target_make(&a,
	                             STR("012345678901234567890123456789012345678901234"
	                                 "5678901234567890123.example"),
	                             &name));
	assert_false(spf_target_make(&a, STR("a..example"), &name));
	assert_false(spf_target_make(&a, STR(""), &name));
	assert_true(spf_target_make(&a, STR("a\\b c.example."), &name));
	assert_str(name, "a\\\\b\\032c.example");
}

static void test_terms(void **state)
{
	static const char text[] =
	        "v=spf1  a:%{d}/24//64 ~mx ip4:192.0.2.0/24 "
	        "IP6:2001:db8::/32 moo=x exp=e.%{o} redirect=r.example. ";
	AUTO(arena) a = {0};
	struct spf_record r = spf_record_parse(&a, str_c(text));

	(void)state;
	assert_int_equal(r.problem_count, 0);
	assert_int_equal(r.term_count, 7);
	assert_int_equal(r.terms[0].at, 8);
	assert_int_equal(r.terms[0].kind, SPF_A);
	assert_str(r.terms[0].text, "a:%{d}/24//64");
	assert_str(r.terms[0].domain, "%{d}");
	assert_int_equal(r.terms[0].domain_at, 10);
	assert_int_equal(r.terms[0].prefix4, 24);
	assert_int_equal(r.terms[0].prefix6, 64);
	assert_int_equal(r.terms[1].qualifier, SPF_SOFTFAIL);
	assert_int_equal(r.terms[1].prefix4, 32);
	assert_int_equal(r.terms[2].net.prefix, 24);
	assert_int_equal(r.terms[3].net.ip.length, 16);
	assert_int_equal(r.terms[4].kind, SPF_MODIFIER);
	assert_ptr_equal(r.exp, &r.terms[5]);
	assert_ptr_equal(r.redirect, &r.terms[6]);
	assert_str(r.redirect->domain, "r.example.");
}

static void test_problems(void **state)
{
	static const char text[] =
	        "v=spf1 moo ip4:1.2.3.4/33 a:192.0.2.1 1.2.3.4/8 all:x "
	        "redirect:x.y exp=a.b exp=c.d a:x.y/24/64 mx:foo include";
	static const char *const want[] = {
	        "at byte 8: unknown mechanism \"moo\"",
	        "at byte 24: prefix length 33 is above 32",
	        ("at byte 29: an address where a domain name is wanted: "
	         "write ip4:192.0.2.1"),
	        "at byte 39: an address wants ip4: before it",
	        "at byte 52: \"all\" takes no argument",
	        "at byte 55: \"redirect\" is a modifier: write redirect=NAME",
	        "at byte 76: a second \"exp\"",
	        "at byte 93: prefix length 64 is above 32",
	        "at byte 99: \"foo\" does not end as a domain name",
	        "at byte 110: \"include\" wants a domain name: include:NAME",
	};
	AUTO(arena) a = {0};
	struct spf_record r = spf_record_parse(&a, str_c(text));

	(void)state;
	assert_int_equal(r.problem_count, LEN(want));
	for (size_t i = 0; i < LEN(want); i++)
		assert_str(spf_problem_format(&a, r.problems[i]), want[i]);
	assert_int_equal(r.term_count, 11);
}

static void test_selection(void **state)
{
	(void)state;
	assert_true(spf_record_is(STR("v=spf1")));
	assert_true(spf_record_is(STR("V=sPf1 -all")));
	assert_false(spf_record_is(STR("v=spf10")));
	assert_false(spf_record_is(STR("v=spf1\t-all")));
	assert_false(spf_record_is(STR(" v=spf1 -all")));
}

static const char zone_text[] =
        "$TTL 60\n"
        "$ORIGIN example.\n"
        "@ SOA ns host 1 2 3 4 5\n"
        "acme TXT \"v=spf1 include:_spf.mail.example ip4:203.0.113.0/25 \" "
        "\"a:www.acme.example mx -all exp=why.acme.example\"\n"
        "acme MX 10 mx.acme\n"
        "mx.acme A 203.0.113.200\n"
        "mx.acme AAAA 2001:db8::25\n"
        "www.acme A 203.0.113.128\n"
        "why.acme TXT \"%{i} may not send for %{d}\"\n"
        "_spf.mail TXT \"v=spf1 ip4:192.0.2.0/25 include:_b.mail.example ~all\"\n"
        "_b.mail TXT \"v=spf1 -ip4:192.0.2.129 ip4:192.0.2.128/25 a:void.example\"\n"
        "moved TXT \"v=spf1 redirect=acme.example\"\n"
        "loop TXT \"v=spf1 include:loop2.example ptr ip4:192.0.2.7 +all mx\"\n"
        "loop2 TXT \"v=spf1 include:loop.example exists:%{i}.x.example\"\n"
        "bad TXT \"v=spf1 include:_spf.mail.example al ?all\"\n"
        "open TXT \"v=spf1 mx mx:none.example a:void.example a:void2.example\"\n"
        "two TXT \"v=spf1 -all\"\n"
        "two TXT \"v=spf1 +all\"\n"
        "b\\195\\188cher TXT \"v=spf1 -all\"\n"
        "xn--bcher-kva TXT \"v=spf1 +all\"\n";

struct fixture {
	struct arena a;
	struct dns_zone zone;
	struct dns_answers answers;
};

static void fixture_done(struct fixture *f)
{
	arena_done(&f->a);
}

static void open_fixture(struct fixture *f)
{
	struct err err;

	f->zone = dns_zone_init(&f->a);
	f->answers = dns_answers_init(&f->a, 0);
	assert_true(dns_zone_parse(&f->zone, str_c(zone_text), &err));
}

static struct spf_result check(struct fixture *f, const char *ip, const char *sender)
{
	struct spf_query q = {.ip = make_ip(ip),
	                      .helo = STR("two.example"),
	                      .mail_from = str_c(sender)};

	for (int i = 0; i < ROUNDS_MAX; i++) {
		struct spf_result r = spf_check(&f->a, &f->answers, &q);

		if (!dns_answers_pending(&f->answers))
			return r;
		dns_zone_resolve(&f->zone, &f->answers);
	}
	fail_msg("the check asks without end");
	return (struct spf_result){0};
}

static void check_match(const char *ip, const char *sender, enum spf_outcome outcome,
                        const char *mechanism, int lookups, int voids)
{
	__attribute__((cleanup(fixture_done))) struct fixture f = {0};
	struct spf_result r;

	open_fixture(&f);
	r = check(&f, ip, sender);
	assert_int_equal(r.outcome, outcome);
	assert_str(r.mechanism, mechanism);
	assert_str(r.problem, "");
	assert_int_equal(r.lookups, lookups);
	assert_int_equal(r.void_lookups, voids);
}

static void test_check(void **state)
{
	(void)state;
	check_match("192.0.2.1", "a@acme.example", SPF_PASS,
	            "include:_spf.mail.example", 1, 0);
	check_match("192.0.2.129", "a@acme.example", SPF_FAIL, "-all", 4, 0);
	check_match("203.0.113.1", "<a@ACME.example.>", SPF_PASS, "ip4:203.0.113.0/25",
	            3, 1);
	check_match("203.0.113.200", "a@moved.example", SPF_PASS, "mx", 6, 1);
	check_match("2001:db8::25", "a@acme.example", SPF_PASS, "mx", 5, 2);
	check_match("192.0.2.1", "\xc3\xbc@b\xc3\xbc\143her.example", SPF_PASS, "+all",
	            0, 0);
}

static void check_problem(const char *sender, enum spf_outcome outcome,
                          const char *want)
{
	__attribute__((cleanup(fixture_done))) struct fixture f = {0};
	struct spf_result r;

	open_fixture(&f);
	r = check(&f, "192.0.2.9", sender);
	assert_int_equal(r.outcome, outcome);
	assert_str(r.problem, want);
}

static void test_check_problems(void **state)
{
	(void)state;
	check_problem("a@loop.example", SPF_PERMERROR,
	              "include:loop2.example: more than 10 look-ups");
	check_problem("a@bad.example", SPF_PERMERROR,
	              "record of bad.example, at byte 34: unknown mechanism \"al\"");
	check_problem("a@open.example", SPF_PERMERROR,
	              "a:void.example: more than 2 void look-ups");
	check_problem("", SPF_PERMERROR,
	              "2 SPF records at two.example, one is allowed");
	check_problem("a@none.example", SPF_NONE, "no SPF record at none.example");
	check_problem("a@com", SPF_NONE, "\"com\" is not a full domain name");
	check_problem("a@[192.0.2.1]", SPF_NONE,
	              "\"[192.0.2.1]\" is not a domain name");
	check_problem("a@a..example", SPF_NONE, "\"a..example\" is not a domain name");
}

static void test_explanation(void **state)
{
	__attribute__((cleanup(fixture_done))) struct fixture f = {0};
	struct spf_result r;

	(void)state;
	open_fixture(&f);
	r = check(&f, "198.51.100.1", "joe@moved.example");
	assert_str(r.explanation, "198.51.100.1 may not send for acme.example");
	assert_str(r.domain, "moved.example");
	assert_false(r.is_helo);
}

static struct spf_tree *build(struct fixture *f, const char *domain)
{
	for (int i = 0; i < ROUNDS_MAX; i++) {
		struct spf_tree *t = spf_tree_build(&f->a, &f->answers, str_c(domain));

		if (!dns_answers_pending(&f->answers))
			return t;
		dns_zone_resolve(&f->zone, &f->answers);
	}
	fail_msg("the tree asks without end");
	return NULL;
}

static void test_tree(void **state)
{
	__attribute__((cleanup(fixture_done))) struct fixture f = {0};
	struct spf_tree *t;

	(void)state;
	open_fixture(&f);
	t = build(&f, "acme.example");
	assert_int_equal(t->lookups, 5);
	assert_int_equal(t->voids, 1);
	assert_int_equal(t->root->branches[0].lookups, 3);
	assert_int_equal(t->root->branches[1].lookups, 0);
	assert_int_equal(t->root->branches[3].net_count, 2);
	assert_int_equal(t->trouble_count, 0);
	assert_int_equal(t->text_length, 99);
	assert_false(t->ends_open || t->has_pass_all || t->has_terms_after_all);
	t = build(&f, "moved.example");
	assert_int_equal(t->lookups, 6);
	assert_str(t->all->text, "-all");
	assert_false(t->ends_open);
	t = build(&f, "open.example");
	assert_true(t->ends_open);
	assert_int_equal(t->voids, 4);
	assert_int_equal(t->trouble_count, 1);
	assert_int_equal(t->troubles[0].kind, SPF_TROUBLE_VOIDS);
	t = build(&f, "two.example");
	assert_int_equal(t->root->status, SPF_NODE_SEVERAL);
}

static void test_tree_troubles(void **state)
{
	__attribute__((cleanup(fixture_done))) struct fixture f = {0};
	struct spf_tree *t;

	(void)state;
	open_fixture(&f);
	t = build(&f, "loop.example");
	assert_int_equal(t->trouble_count, 1);
	assert_int_equal(t->troubles[0].kind, SPF_TROUBLE_LOOP);
	assert_str(t->troubles[0].text,
	           "include:loop.example: leads back to where it came from");
	assert_true(t->uses_ptr && t->has_pass_all && t->has_terms_after_all);
	assert_true(t->depends);
	assert_int_equal(t->lookups, 4);
	t = build(&f, "bad.example");
	assert_int_equal(t->troubles[0].kind, SPF_TROUBLE_SYNTAX);
	assert_true(t->has_neutral_all);
}

/* `missing` is empty where all that is wanted is authorised. */
static void check_wanted(struct fixture *f, const char *domain, const char *wanted,
                         const char *missing)
{
	const struct spf_tree *t = build(f, domain);
	struct spf_authorization z;

	do {
		dns_zone_resolve(&f->zone, &f->answers);
		z = spf_authorize_check(&f->a, &f->answers, t, str_c(wanted));
	} while (dns_answers_pending(&f->answers));
	assert_str(z.missing, missing);
	assert_int_equal(z.authority, *missing ? SPF_UNAUTHORIZED : SPF_AUTHORIZED);
}

static void test_authorize_equal(void **state)
{
	__attribute__((cleanup(fixture_done))) struct fixture f = {0};

	(void)state;
	open_fixture(&f);
	check_wanted(&f, "acme.example", "include:_spf.mail.example", "");
	check_wanted(&f, "acme.example", "v=spf1 include:_SPF.mail.example. -all", "");
	check_wanted(&f, "acme.example", "include:_b.mail.example", "");
	check_wanted(&f, "acme.example", "mx", "");
	check_wanted(&f, "acme.example", "exists:%{i}.x.example",
	             "exists:%{i}.x.example");
	check_wanted(&f, "moved.example", "include:acme.example", "");
	check_wanted(&f, "moved.example", "include:_spf.mail.example", "");
	check_wanted(&f, "loop.example", "exists:%{I}.x.example", "");
	check_wanted(&f, "bad.example", "include:_spf.mail.example",
	             "include:_spf.mail.example");
	check_wanted(&f, "acme.example", "ipv4:10.0.0.1", "ipv4:10.0.0.1");
}

static void test_authorize_networks(void **state)
{
	__attribute__((cleanup(fixture_done))) struct fixture f = {0};

	(void)state;
	open_fixture(&f);
	check_wanted(&f, "acme.example", "ip4:203.0.113.0/26 ip4:203.0.113.64/26", "");
	check_wanted(&f, "acme.example", "ip4:203.0.113.0/24", "ip4:203.0.113.0/24");
	check_wanted(&f, "acme.example", "ip4:192.0.2.0/25", "");
	check_wanted(&f, "acme.example", "ip4:192.0.2.0/24", "ip4:192.0.2.0/24");
	check_wanted(&f, "acme.example", "ip4:192.0.2.130/31 ip4:192.0.2.128", "");
	check_wanted(&f, "acme.example",
	             "ip4:203.0.113.0/25 include:x.example ip4:10.0.0.1",
	             "include:x.example ip4:10.0.0.1");
	check_wanted(&f, "acme.example", "a:mx.acme.example", "");
	check_wanted(&f, "acme.example", "ip6:2001:db8::25", "");
	check_wanted(&f, "acme.example", "ip6:2001:db8::26", "ip6:2001:db8::26");
	check_wanted(&f, "loop.example", "ip4:10.0.0.0/8", "");
	check_wanted(&f, "none.example", "ip4:10.0.0.1", "ip4:10.0.0.1");
}

/* A fault hides the answer unless an equal term is there. */
static void test_authorize_fault(void **state)
{
	AUTO(arena) a = {0};
	struct dns_answers answers = dns_answers_init(&a, 0);
	struct dns_answer timeout = {.status = DNS_TIMEOUT};
	struct str record = STR("v=spf1 include:_spf.mail.example ip4:10.0.0.1 -all");
	const struct dns_answer *fault;

	(void)state;
	assert_int_equal(spf_authorizes(&a, &answers, STR("acme.example"), record,
	                                STR("ip4:10.0.0.2"), &fault),
	                 SPF_UNAUTHORIZED);
	assert_null(fault);
	dns_answers_put(&answers, dns_answers_at(&answers, 0), &timeout);
	assert_int_equal(spf_authorizes(&a, &answers, STR("acme.example"), record,
	                                STR("ip4:10.0.0.2"), &fault),
	                 SPF_UNDECIDED);
	assert_ptr_equal(fault, dns_answers_at(&answers, 0));
	assert_int_equal(spf_authorizes(&a, &answers, STR("acme.example"), record,
	                                STR("include:_spf.mail.example"), &fault),
	                 SPF_AUTHORIZED);
	assert_ptr_equal(fault, dns_answers_at(&answers, 0)); /* temperror now */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_macros),
	        cmocka_unit_test(test_macro_errors),
	        cmocka_unit_test(test_cut_name),
	        cmocka_unit_test(test_terms),
	        cmocka_unit_test(test_problems),
	        cmocka_unit_test(test_selection),
	        cmocka_unit_test(test_check),
	        cmocka_unit_test(test_check_problems),
	        cmocka_unit_test(test_explanation),
	        cmocka_unit_test(test_tree),
	        cmocka_unit_test(test_tree_troubles),
	        cmocka_unit_test(test_authorize_equal),
	        cmocka_unit_test(test_authorize_networks),
	        cmocka_unit_test(test_authorize_fault),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
