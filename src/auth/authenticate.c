#include "auth/authenticate.h"

static void check_dmarc(struct arena *a, struct dns_answers *answers,
                        const struct authenticate_input *in, struct authenticity *out)
{
	struct str *names = ARENA_ARRAY(a, struct str, out->dkim.n + 1);
	struct str spf;
	bool spf_passed =
	        out->spf.outcome == SPF_PASS && dns_name_make(a, out->spf.domain, &spf);
	struct dmarc_input dmarc = {
	        .from = out->from.domain,
	        .spf = {&spf,  spf_passed},
	        .dkim = {names, 0         },
	        .standard = in->standard,
	        .suffixes = in->suffixes
        };

	for (size_t i = 0; i < out->dkim.n; i++)
		if (out->dkim.v[i].result == DKIM_PASS)
			names[dmarc.dkim.n++] = out->dkim.v[i].signature.domain;
	dmarc_check(a, answers, &dmarc, &out->dmarc);
}

void authenticate(struct arena *a, struct dns_answers *answers,
                  const struct authenticate_input *in, struct authenticity *out)
{
	struct results results = {.authserv_id = in->authserv_id,
	                          .spf = &out->spf,
	                          .helo = in->spf.helo,
	                          .mail_from = in->spf.mail_from,
	                          .dkim = &out->dkim,
	                          .dmarc = &out->dmarc};

	out->spf = spf_check(a, answers, &in->spf);
	dkim_verify(a, answers, in->message, in->spf.now, &out->dkim);
	from_find(a, in->message, &out->from);
	check_dmarc(a, answers, in, out);
	results.from_domain = out->from.domain;
	results.from_problem = out->from.problem;
	out->results = results_format(a, &results, STR_NONE);
}
