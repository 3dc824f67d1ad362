/*
 * From fields, and what is told of them: there is one domain or a problem, and no text
 * of a stranger begins another result in Authentication-Results.
 */
#include "auth/results.h"
#include "auth/from.h"
#include "dns/name.h"
#include "fuzz.h"

/* Results named outside quoted strings. */
static size_t count_results(struct str text)
{
	bool quoted = false;
	size_t count = 0;

	for (size_t i = 0; i < text.n; i++) {
		char c = text.p[i];

		need((unsigned char)c >= ' ' && c != 0x7f);
		if (quoted && c == '\\')
			i++;
		else if (c == '"')
			quoted = !quoted;
		else if (!quoted && c == ';')
			count++;
		else if (!quoted)
			need(c != '\\' && c != '(' && c != ')');
	}
	need(!quoted);
	return count;
}

static void tell(struct arena *a, struct str text, const struct from *from)
{
	struct spf_result spf = {.outcome = SPF_NONE, .problem = text};
	struct dkim_verdict verdict = {.result = DKIM_FAIL, .reason = text};
	struct dkim_verdicts dkim = {&verdict, 1, 0};
	struct dmarc dmarc = {.result = DMARC_RESULT_NONE};
	struct results in = {.authserv_id = text,
	                     .spf = &spf,
	                     .helo = text,
	                     .mail_from = text,
	                     .dkim = &dkim,
	                     .dmarc = &dmarc,
	                     .from_domain = from->domain,
	                     .from_problem = from->problem};

	verdict.signature = (struct dkim_signature){
	        .domain = text, .selector = text, .algorithm_name = text, .b = text};
	need(count_results(results_format(a, &in, STR_NONE)) == 3);
	spf.is_helo = true;
	need(count_results(results_format(a, &in, STR_NONE)) == 3);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	AUTO(arena) a = {0};
	struct str text = {(const char *)bytes, n};
	struct from from;

	if (n > 16 * 1024)
		return 0;
	from_parse(&a, text, &from);
	need(!from.problem == (from.domain.n > 0));
	need(from.problem || (dns_name_is_plain(from.domain) && from.count > 0));
	need(from.problem || str_find_char(from.address, '@') > 0);
	tell(&a, text, &from);
	return 0;
}
