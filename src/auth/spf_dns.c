#include "auth/spf_dns.h"

#include "auth/spf_macro.h"

#include "base/buf.h"

struct spf_found spf_find(struct dns_answers *answers, struct str domain)
{
	const struct dns_answer *answer = dns_ask(answers, domain, DNS_TXT);
	struct spf_found found = {.status = SPF_FOUND_NONE, .answer = answer};

	if (answer->status == DNS_PENDING)
		found.status = SPF_FOUND_PENDING;
	else if (dns_answer_is_fault(answer))
		found.status = SPF_FOUND_FAULT;
	for (size_t i = 0; i < answer->records.n; i++) {
		struct str text = answer->records.v[i].txt.text;

		if (!spf_record_is(text))
			continue;
		if (found.count++ == 0)
			found.text = text;
	}
	if (found.count)
		found.status = found.count == 1 ? SPF_FOUND_ONE : SPF_FOUND_SEVERAL;
	return found;
}

bool spf_target_make(struct arena *a, struct str expanded, struct str *name)
{
	struct str raw = spf_macro_cut_name(expanded);
	AUTO(buf) escaped = {.max = 2 * SPF_NAME_MAX};

	if (raw.n == 0 || raw.n > SPF_NAME_MAX)
		return false;
	for (size_t i = 0; i < raw.n; i++) {
		if (raw.p[i] == '\\')
			buf_add_char(&escaped, '\\');
		buf_add_char(&escaped, raw.p[i]);
	}
	return dns_name_make(a, buf_str(&escaped), name);
}
