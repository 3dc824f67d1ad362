/*
 * DMARC evaluation: the first line names From and what passed, the rest is zone text.
 *
 *	news.acme.example acme.example mail.acme.example
 *	_dmarc.acme.example. 60 IN TXT "v=DMARC1; p=reject"
 */
#include "auth/dmarc.h"
#include "auth/dmarc_report.h"
#include "dns/zone.h"
#include "fuzz.h"

enum { ROUNDS = 4, NAMES = 4 };

static size_t read_names(struct arena *a, struct str line, struct str names[NAMES])
{
	struct str word;
	size_t n = 0;

	while (n < NAMES && str_cut(&line, ' ', &word))
		if (dns_name_make(a, word, &names[n]))
			n++;
	return n;
}

static void evaluate(struct arena *a, const struct dns_zone *zone,
                     const struct dmarc_input *in)
{
	struct dns_answers answers = dns_answers_init(a, 0);
	struct dmarc out;

	for (int i = 0; i < ROUNDS; i++) {
		dmarc_check(a, &answers, in, &out);
		if (out.record)
			(void)dmarc_report_check(a, &answers, out.record,
			                         out.record_domain);
		dns_zone_resolve(zone, &answers);
	}
	dmarc_check(a, &answers, in, &out);
	need(out.result != DMARC_RESULT_TEMPERROR);
	need((out.result == DMARC_RESULT_PASS) ==
	     (out.spf_aligned || out.dkim_aligned));
	need(out.disposition <= out.policy || out.policy == DMARC_NO_POLICY);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	AUTO(arena) a = {0};
	struct dns_zone zone = dns_zone_init(&a);
	struct str text = {(const char *)bytes, n};
	struct str names[NAMES];
	struct dmarc_input in = {0};
	struct suffixes *suffixes;
	struct str line;
	struct err err;
	size_t count;

	if (n > 16 * 1024 || !str_cut(&text, '\n', &line) || !text.p)
		return 0;
	count = read_names(&a, line, names);
	if (count == 0 || !dns_zone_parse(&zone, text, &err))
		return 0;
	in.from = names[0];
	in.spf = (struct dmarc_names){names + 1, count > 1 ? 1 : 0};
	in.dkim = (struct dmarc_names){names + 2, count > 2 ? count - 2 : 0};
	evaluate(&a, &zone, &in);
	need(suffixes_parse(STR("com\nuk\nco.uk\n*.ck\n!www.ck\n"), &suffixes, &err));
	in.standard = DMARC_RFC7489;
	in.suffixes = suffixes;
	evaluate(&a, &zone, &in);
	suffixes_free(suffixes);
	return 0;
}
