/* A record text from anybody's DNS: every byte belongs to a term or is a blank,
 * problems point inside, and what has no problem can be expanded. */
#include "auth/spf_macro.h"
#include "auth/spf_record.h"
#include "fuzz.h"

static void check_term(struct arena *a, const struct spf_record *r,
                       const struct spf_term *term)
{
	struct spf_macro_env env = {
	        .local = STR("joe.doe+x"),
	        .sender_domain = STR("acme.example"),
	        .domain = STR("mail.acme.example"),
	        .helo = STR("mx.example"),
	        .ip = {.bytes = {192, 0, 2, 3}, .length = 4}
        };
	struct str text;

	need(term->at + term->text.n <= r->text.n);
	need(term->domain.n == 0 || term->domain_at + term->domain.n <= r->text.n);
	need(term->valid || r->problem_count > 0);
	if (term->valid && term->domain.n &&
	    spf_macro_expand(a, term->domain, &env, &text))
		need(spf_macro_cut_name(text).n <= text.n);
}

static void check_record(struct arena *a, struct str text)
{
	struct spf_record r = spf_record_parse(a, text);

	for (size_t i = 0; i < r.term_count; i++)
		check_term(a, &r, &r.terms[i]);
	for (size_t i = 0; i < r.problem_count; i++) {
		need(r.problems[i].at <= text.n);
		need(i == 0 || r.problems[i - 1].at <= r.problems[i].at);
		need(spf_problem_format(a, r.problems[i]).n > 0);
	}
}

static void check_explanation(struct arena *a, struct str text)
{
	struct spf_macro_env env = {
	        .local = text,
	        .sender_domain = STR("acme.example"),
	        .domain = STR("acme.example"),
	        .ip = {.bytes = {0x20, 1}, .length = 16}
        };
	const char *why;
	struct str out;
	size_t at;

	if (!spf_macro_check(text, SPF_MACRO_TEXT, &at, &why))
		need(at <= text.n && why);
	else if (spf_macro_expand(a, text, &env, &out))
		need(out.n <= SPF_MACRO_MAX);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	AUTO(arena) a = {0};
	struct str text = {(const char *)bytes, n};

	if (n > 4096)
		return 0;
	check_explanation(&a, text);
	if (spf_record_is(text))
		check_record(&a, text);
	else
		check_record(&a, arena_join(&a, STR("v=spf1 "), text));
	return 0;
}
