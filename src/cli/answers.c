#include "cli/answers.h"

#include "cli/input.h"

#include "base/json.h"
#include "base/utf8.h"

json_t *answer_spf(const struct spf_result *r)
{
	json_t *j = json_object();

	json_object_set_new(j, "result", json_string(spf_outcome_name(r->outcome)));
	json_object_set_new(j, "explanation", json_text(r->explanation));
	json_object_set_new(j, "mechanism", json_text(r->mechanism));
	json_object_set_new(j, "lookups", json_integer(r->lookups));
	json_object_set_new(j, "void_lookups", json_integer(r->void_lookups));
	json_object_set_new(j, "problem", json_text(r->problem));
	return j;
}

static json_t *answer_signature(const struct dkim_verdict *v)
{
	json_t *j = json_object();

	json_object_set_new(j, "domain", json_text(v->signature.domain));
	json_object_set_new(j, "selector", json_text(v->signature.selector));
	json_object_set_new(j, "algorithm", json_text(v->signature.algorithm_name));
	json_object_set_new(j, "key_bits", json_integer(v->key_bits));
	json_object_set_new(j, "result", json_string(dkim_result_name(v->result)));
	json_object_set_new(j, "reason", json_text(v->reason));
	json_object_set_new(j, "testing", json_boolean(v->is_testing));
	return j;
}

json_t *answer_dkim(const struct dkim_verdicts *v)
{
	json_t *list = json_array();
	json_t *j = json_object();

	for (size_t i = 0; i < v->n; i++)
		json_array_append_new(list, answer_signature(&v->v[i]));
	json_object_set_new(j, "signatures", list);
	return j;
}

json_t *answer_dmarc(const struct dmarc *d)
{
	json_t *j = json_object();

	json_object_set_new(j, "result", json_string(dmarc_result_name(d->result)));
	json_object_set_new(j, "disposition",
	                    json_string(dmarc_policy_name(d->disposition)));
	json_object_set_new(j, "policy",
	                    json_text_or_null(str_c(dmarc_policy_name(d->policy))));
	json_object_set_new(j, "org_domain", json_text_or_null(d->org_domain));
	json_object_set_new(j, "record_domain", json_text_or_null(d->record_domain));
	json_object_set_new(j, "record",
	                    json_text_or_null(d->record ? d->record->text : STR_NONE));
	json_object_set_new(j, "spf_aligned", json_boolean(d->spf_aligned));
	json_object_set_new(j, "dkim_aligned", json_boolean(d->dkim_aligned));
	json_object_set_new(j, "testing", json_boolean(d->is_testing));
	return j;
}

static void print_signature(struct arena *a, const struct dkim_verdict *v)
{
	const struct dkim_signature *s = &v->signature;

	printf("%-13s %.*s", dkim_result_name(v->result),
	       STR_ARG(utf8_printable(a, s->domain)));
	if (s->selector.n)
		printf(", selector %.*s", STR_ARG(utf8_printable(a, s->selector)));
	if (s->algorithm_name.n)
		printf(", %.*s", STR_ARG(utf8_printable(a, s->algorithm_name)));
	if (v->key_bits)
		printf(", %u bits", v->key_bits);
	puts(v->is_testing ? ", testing (t=y)" : "");
	if (v->reason.n)
		printf("              %.*s\n", STR_ARG(utf8_printable(a, v->reason)));
}

void answer_print_dkim(struct arena *a, const struct dkim_verdicts *v)
{
	for (size_t i = 0; i < v->n; i++)
		print_signature(a, &v->v[i]);
	if (v->n == 0)
		puts("none          the message has no DKIM-Signature");
	if (v->unlisted)
		printf("              and %zu more signatures, not looked at\n",
		       v->unlisted);
}

bool answer_read_message(struct cli *cli, int64_t max_bytes, struct dkim_message *out,
                         struct err *err)
{
	struct iov *text = ARENA_NEW(cli->a, struct iov);
	struct str bytes;

	if (!cli_input(cli, max_bytes, &bytes, err))
		return false;
	iov_add(cli->a, text, bytes);
	return dkim_message_parse(cli->a, text, out, err);
}

bool answer_read_name(struct arena *a, const char *option, struct str text,
                      struct str *out, struct err *err)
{
	if (!text.p)
		return err_set(err, ERR_USAGE, "--%s is missing", option);
	return dns_name_parse(a, text, out, err) || err_add(err, "--%s", option);
}
