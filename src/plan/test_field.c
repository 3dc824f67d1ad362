/* What is typed into each provider's form: provider and record in, field texts out. */
#include "base/file.h"
#include "plan/field.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define SPF  "v=spf1 include:_spf.mail.example -all"
#define A50  "aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeee"
#define A255 A50 A50 A50 A50 A50 "12345"

static void load(struct arena *a, struct providers *list)
{
	const char *source = getenv("SIGNET_SOURCE");
	struct str path =
	        arena_printf(a, "%s/data/providers.json", source ? source : ".");
	struct str text;
	struct err err;

	if (!file_read(a, path.p, 1024 * 1024, &text, &err) ||
	    !providers_parse(a, text, list, &err))
		fail_msg("%s", err.text);
}

/* Rules that no listed provider has need not go untested. */
static const struct provider strict = {
        .id = STR_INIT("strict"),
        .name = STR_INIT("Strict"),
        .host = PROVIDER_HOST_FULL,
        .apex = PROVIDER_APEX_FULL,
        .txt_semicolon_escaped = true,
        .txt_max = 255,
        .txt_split = PROVIDER_SPLIT_NONE,
        .field_type = STR_INIT("Type"),
        .field_name = STR_INIT("Host"),
        .field_value = STR_INIT("Data"),
        .field_priority = STR_INIT("Prio"),
};

static const struct provider *find(const struct providers *list, const char *id)
{
	const struct provider *p = provider_find(list, str_c(id));

	if (strcmp(id, "strict") == 0)
		return &strict;
	if (!p)
		fail_msg("no provider %s", id);
	return p;
}

static void assert_text(struct str got, const char *want)
{
	AUTO(arena) a = {0};

	assert_string_equal(arena_cstr(&a, got), want);
}

/* S1-42, S1-45, S2-10, S3-25: the same record, another form at each provider. */
static const struct {
	const char *provider, *zone;
	struct field_record r;
	const char *host, *value;
} texts_rows[] = {
        {"godaddy",
         "acme.example", {DNS_TXT, STR_INIT("sg42.acme.example"), STR_INIT(SPF), -1},
         "sg42",           SPF                   },
        {"godaddy",
         "acme.example", {DNS_TXT, STR_INIT("acme.example"), STR_INIT(SPF), -1},
         "@",              SPF                   },
        {"godaddy",
         "acme.example", {DNS_TXT, STR_INIT("_dmarc.mail.acme.example"), STR_INIT(SPF), -1},
         "_dmarc.mail",    SPF                   },
        {"godaddy",
         "acme.example", {DNS_MX, STR_INIT("sg42.acme.example"), STR_INIT("mx1.mail.example"), 10},
         "sg42",           "mx1.mail.example"    },
        {"godaddy",
         "acme.example", {DNS_TXT, STR_INIT("other.example"), STR_INIT("x"), -1},
         "other.example",  "x"                   },
        {"route53",
         "acme.example", {DNS_MX, STR_INIT("sg42.acme.example"), STR_INIT("mx1.mail.example"), 10},
         "sg42",           "10 mx1.mail.example."},
        {"route53",
         "acme.example", {DNS_CNAME, STR_INIT("track.acme.example"), STR_INIT("t.mail.example"), -1},
         "track",          "t.mail.example."     },
        {"route53",
         "acme.example", {DNS_TXT, STR_INIT("acme.example"), STR_INIT(SPF), -1},
         "",               "\"" SPF "\""         },
        {"route53",
         "acme.example", {DNS_TXT, STR_INIT("k.acme.example"), STR_INIT(A255 "67"), -1},
         "k",              "\"" A255 "\" \"67\"" },
        {"cloudflare",
         "acme.example", {DNS_TXT, STR_INIT("k.acme.example"), STR_INIT(A255 "67"), -1},
         "k",              A255 "67"             },
        {"generic",
         "acme.example", {DNS_CNAME, STR_INIT("track.acme.example"), STR_INIT("t.mail.example"), -1},
         "track",          "t.mail.example"      },
        {"strict",
         "acme.example", {DNS_TXT, STR_INIT("k.acme.example"), STR_INIT("v=DKIM1; p=A"), -1},
         "k.acme.example", "v=DKIM1\\; p=A"      },
        {"strict",
         "acme.example", {DNS_TXT, STR_INIT("acme.example"), STR_INIT("x"), -1},
         "acme.example",   "x"                   },
};

static void test_texts(void **state)
{
	AUTO(arena) a = {0};
	struct providers list;

	(void)state;
	load(&a, &list);
	for (size_t i = 0; i < LEN(texts_rows); i++) {
		struct field_place at = {find(&list, texts_rows[i].provider),
		                         str_c(texts_rows[i].zone)};

		assert_text(field_host(&a, &at, texts_rows[i].r.name),
		            texts_rows[i].host);
		assert_text(field_value(&a, &at, &texts_rows[i].r),
		            texts_rows[i].value);
	}
}

static const struct field_record spf = {DNS_TXT, STR_INIT("sg42.acme.example"),
                                        STR_INIT(SPF), -1};
static const struct field_record apex = {DNS_TXT, STR_INIT("acme.example"),
                                         STR_INIT("x"), -1};
static const struct field_record cname = {DNS_CNAME, STR_INIT("track.acme.example"),
                                          STR_INIT("t.mail.example"), -1};
static const struct field_record pair[] = {
        {DNS_MX, STR_INIT("sg42.acme.example"), STR_INIT("mx1.mail.example"), 10},
        {DNS_MX, STR_INIT("sg42.acme.example"), STR_INIT("mx2.mail.example"), 10},
};

typedef struct str sentence_fn(struct arena *a, const struct field_place *at,
                               const struct field_record *r);

/* S1-41 */
static void test_sentences(void **state)
{
	static const struct {
		const char *provider;
		sentence_fn *fn;
		const struct field_record *r;
		const char *want;
	} rows[] = {
	        {"godaddy",    field_instruction,        &spf,
	         "In GoDaddy, add a TXT record: enter \"sg42\" in Name and \"" SPF
	         "\" in Value."	                                        },
	        {"generic",    field_instruction,        &apex,
	         "At your DNS provider, add a TXT record: enter \"@\" in Name and "
	         "\"x\" "
	         "in Value."	                                           },
	        {"route53",    field_instruction,        &apex,
	         "In Amazon Route 53, add a TXT record: leave Record name empty and "
	         "enter \"x\" (with the quotes) in Value."                     },
	        {"godaddy",    field_instruction,        &pair[0],
	         "In GoDaddy, add an MX record: enter \"sg42\" in Name, "
	         "\"mx1.mail.example\" in Value and 10 in Priority."           },
	        {"cloudflare", field_instruction,        &cname,
	         "In Cloudflare, add a CNAME record: enter \"track\" in Name and "
	         "\"t.mail.example\" in Content. Set Proxy status to DNS only."},
	        {"godaddy",    field_change_instruction, &spf,
	         "In GoDaddy, change the TXT record \"sg42\": Value must be \"" SPF
	         "\"."	                                                 },
	        {"godaddy",    field_delete_instruction, &spf,
	         "In GoDaddy, delete the TXT record \"sg42\" with the value \"" SPF
	         "\"."	                                                 },
	        {"route53",    field_delete_instruction, &apex,
	         "In Amazon Route 53, delete the TXT record \"acme.example\" with the "
	         "value \"x\"."	                                        },
	};
	AUTO(arena) a = {0};
	struct providers list;
	struct field_place at = {.zone = STR("acme.example")};

	(void)state;
	load(&a, &list);
	for (size_t i = 0; i < LEN(rows); i++) {
		at.provider = find(&list, rows[i].provider);
		assert_text(rows[i].fn(&a, &at, rows[i].r), rows[i].want);
	}
}

/* S1-49: two MX of one name are one record with two lines. */
static void test_sets(void **state)
{
	AUTO(arena) a = {0};
	struct providers list;
	struct field_place at = {.zone = STR("acme.example")};

	(void)state;
	load(&a, &list);
	at.provider = find(&list, "route53");
	assert_text(
	        field_set_instruction(&a, &at, pair, 2),
	        "In Amazon Route 53, add an MX record: enter \"sg42\" in Record name "
	        "and these lines in Value: \"10 mx1.mail.example.\" and "
	        "\"10 mx2.mail.example.\".");
	assert_text(field_values(&a, &at, pair, 2),
	            "10 mx1.mail.example.\n10 mx2.mail.example.");
	at.provider = find(&list, "godaddy");
	assert_text(field_where(&a, at.provider), "In GoDaddy's DNS panel");
	assert_true(str_find(field_panel_url(&a, &at), STR("acme.example")) > 0);
	assert_text(field_where(&a, provider_generic()),
	            "In your DNS provider's panel");
}

/* S1-44, S1-48 and what is too long for one panel. */
static void test_notes(void **state)
{
	static const struct field_record root_mx = {DNS_MX, STR_INIT("acme.example"),
	                                            STR_INIT("mx1.mail.example"), 10};
	static const struct field_record key = {DNS_TXT,
	                                        STR_INIT("s1._domainkey.acme.example"),
	                                        STR_INIT("v=DKIM1; p=" A255), -1};
	static const struct {
		const char *provider;
		const struct field_record *r;
		int kind; /* -1: nothing to say */
		const char *part;
	} rows[] = {
	        {"wix",        &pair[0], FIELD_NOTE_MX_BELOW_APEX, "not for \"sg42\""},
	        {"wix",        &root_mx, -1,                       ""                },
	        {"godaddy",    &pair[0], -1,                       ""                },
	        {"strict",     &key,     FIELD_NOTE_UNDERSCORE,    "by hand"         },
	        {"godaddy",    &key,     -1,                       ""                },
	        {"cloudflare", &cname,   FIELD_NOTE_PROXY,         "to DNS only"     },
	        {"generic",    &cname,   -1,                       ""                },
	};
	AUTO(arena) a = {0};
	struct providers list;
	struct field_place at = {.zone = STR("acme.example")};
	struct field_notes notes = {0};

	(void)state;
	load(&a, &list);
	for (size_t i = 0; i < LEN(rows); i++) {
		at.provider = find(&list, rows[i].provider);
		notes.n = 0;
		field_add_notes(&a, &at, rows[i].r, &notes);
		if (rows[i].kind < 0) {
			assert_int_equal(notes.n, 0);
			continue;
		}
		assert_int_equal(notes.v[0].kind, rows[i].kind);
		assert_true(str_find(notes.v[0].text, str_c(rows[i].part)) > 0);
	}
	at.provider = &strict;
	notes.n = 0;
	field_add_notes(&a, &at, &key, &notes);
	assert_int_equal(notes.n, 2);
	assert_int_equal(notes.v[1].kind, FIELD_NOTE_TXT_TOO_LONG);
	assert_text(
	        notes.v[1].text,
	        "Strict takes texts of at most 255 characters and this one has 266. "
	        "Use a layout that delegates the key by a CNAME, or an Ed25519 key, "
	        "which is short.");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_texts),
	        cmocka_unit_test(test_sentences),
	        cmocka_unit_test(test_sets),
	        cmocka_unit_test(test_notes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
