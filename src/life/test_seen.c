/* What a verdict says about the life of its domain. */
#include "life/life.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#define NOW ((int64_t)1790000000000)

/* A record of the verdict: its status in a letter, upper case where the record is
 * required; how many of how many servers have it. */
struct sight {
	char status;
	size_t with, asked;
};

struct row {
	const char *name;
	struct sight records[4];
	enum life_seen_kind kind;
	bool loss, loss_by_resolver;
};

static enum record_status status_of(char letter)
{
	switch (letter) {
	case 'm':
		return RECORD_MISSING;
	case 'x':
		return RECORD_MISMATCH;
	case 'c':
		return RECORD_CONFLICT;
	case 'p':
		return RECORD_PROPAGATING;
	case 'v':
		return RECORD_VERIFIED;
	case 'u':
		return RECORD_UNDETERMINED;
	default:
		return RECORD_OPTIONAL_MISSING;
	}
}

static const struct row rows[] = {
        {"all right",                    {{'V', 2, 2}, {'V'}},        LIFE_SEEN_COMPLETE, false, false},
        {"optional ones do not count",
         {{'V'}, {'o', 0, 2}, {'x', 0, 2}, {'u'}},
         LIFE_SEEN_COMPLETE,                                                              false,
         false                                                                                        },
        {"one is gone",                  {{'V'}, {'M', 0, 2}},        LIFE_SEEN_SOME,     true,  true },
        {"one is wrong",                 {{'V'}, {'X', 0, 2}},        LIFE_SEEN_SOME,     true,  true },
        {"one is there twice",           {{'V'}, {'C', 0, 1}},        LIFE_SEEN_SOME,     true,  true },
        {"all are gone",                 {{'M', 0, 2}, {'M', 0, 2}},  LIFE_SEEN_NOTHING,  true,  true },
        {"the resolver alone says so",   {{'V'}, {'M'}},              LIFE_SEEN_SOME,     false, true },
        {"one server has it",            {{'V'}, {'P', 1, 2}},        LIFE_SEEN_SOME,     false, false},
        {"one server has it, none else",
         {{'P', 1, 2}},
         LIFE_SEEN_NOTHING,                                                               false,
         false                                                                                        },
        {"a fault beside what is right",
         {{'V'}, {'U', 0, 2}},
         LIFE_SEEN_FAULTS,                                                                false,
         false                                                                                        },
        {"faults alone",                 {{'U'}, {'U'}},              LIFE_SEEN_FAULTS,   false, false},
 /* What was partial must not become pending because one record faults. */
        {"a fault beside a loss",        {{'U'}, {'M', 0, 2}},        LIFE_SEEN_FAULTS,   true,  true },
        {"all three",                    {{'V'}, {'U'}, {'M', 0, 1}}, LIFE_SEEN_SOME,     true,  true },
};

static void make_verdict(const struct row *row, struct plan_record *plans,
                         struct verdict_record *records, struct verdict *v)
{
	*v = (struct verdict){.records = records, .checked_at = NOW};
	for (size_t i = 0; i < LEN(row->records) && row->records[i].status; i++) {
		const struct sight *s = &row->records[i];

		plans[i] = (struct plan_record){.required = s->status <= 'Z'};
		records[i] = (struct verdict_record){
		        .plan = &plans[i],
		        .status = status_of(char_lower(s->status)),
		        .servers_with = s->with,
		        .servers_asked = s->asked,
		};
		v->record_count++;
	}
}

static void verdicts_are_summed_up(void **state)
{
	(void)state;
	for (size_t i = 0; i < LEN(rows); i++) {
		struct plan_record plans[4];
		struct verdict_record records[4];
		struct verdict v;
		struct life_seen seen, by_resolver;

		make_verdict(&rows[i], plans, records, &v);
		seen = life_see(&v, false);
		by_resolver = life_see(&v, true);
		if (seen.kind != rows[i].kind || seen.loss != rows[i].loss ||
		    by_resolver.loss != rows[i].loss_by_resolver)
			fail_msg("%s: kind %d, loss %d, by the resolver %d",
			         rows[i].name, seen.kind, seen.loss, by_resolver.loss);
		assert_int_equal(by_resolver.kind, rows[i].kind);
	}
}

static void answer_negatively(struct dns_answers *answers, const char *name,
                              uint32_t soa_ttl, uint32_t minimum)
{
	struct dns_record *soa = ARENA_NEW(answers->arena, struct dns_record);
	struct dns_answer learned = {.status = DNS_NXDOMAIN, .soa = soa};
	const struct dns_answer *asked = dns_ask(answers, str_c(name), DNS_TXT);

	*soa = (struct dns_record){
	        .type = DNS_SOA, .ttl = soa_ttl, .soa = {.minimum = minimum}};
	dns_answers_put(answers, dns_answers_at(answers, (size_t)asked->id - 1),
	                &learned);
}

static void the_first_negative_cache_to_end_counts(void **state)
{
	static struct plan_record plans[] = {
	        {.name = STR_INIT("a.example"), .type = DNS_TXT, .required = true},
	        {.name = STR_INIT("b.example"),                             .type = DNS_TXT,                .required = true},
	        {.name = STR_INIT("c.example"),             .type = DNS_TXT            },
	};
	AUTO(arena) a = {0};
	struct dns_answers answers = dns_answers_init(&a, NOW);
	struct verdict_record records[] = {
	        {.plan = &plans[0], .status = RECORD_MISSING         },
	        {.plan = &plans[1], .status = RECORD_MISSING         },
	        {.plan = &plans[2], .status = RECORD_OPTIONAL_MISSING},
	};
	struct verdict v = {.records = records,
	                    .record_count = 3,
	                    .answers = &answers,
	                    .checked_at = NOW};

	(void)state;
	answer_negatively(&answers, "a.example", 3600, 900);
	answer_negatively(&answers, "b.example", 600, 86400);
	answer_negatively(&answers, "c.example", 60, 60); /* is not required */
	assert_int_equal(life_see(&v, false).negative_until, NOW + 600000);
	records[1].status = RECORD_VERIFIED;
	assert_int_equal(life_see(&v, false).negative_until, NOW + 900000);
	records[0].status = RECORD_VERIFIED;
	assert_int_equal(life_see(&v, false).negative_until, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(verdicts_are_summed_up),
	        cmocka_unit_test(the_first_negative_cache_to_end_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
