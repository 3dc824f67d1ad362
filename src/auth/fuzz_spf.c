/*
 * Evaluation against DNS that belongs to an attacker: the lines of the input are the
 * TXT texts of d0.example, d1.example …; other types are answered by rules that depend
 * on the name, so that matches, voids, faults and long lists all occur.
 */
#include "auth/spf.h"
#include "auth/spf_authorize.h"
#include "fuzz.h"

enum { DOMAINS_MAX = 10, ROUNDS_MAX = 200 };

struct zone {
	struct arena *a;
	struct str texts[DOMAINS_MAX];
	size_t n;
};

static struct dns_record *add_records(const struct zone *z, struct dns_answer *out,
                                      size_t n)
{
	out->status = DNS_FOUND;
	out->records.n = n;
	out->records.v = ARENA_ARRAY(z->a, struct dns_record, n);
	return out->records.v;
}

static void answer_txt(const struct zone *z, const struct dns_question *q,
                       struct dns_answer *out)
{
	size_t i = q->name.n > 1 ? (size_t)(q->name.p[1] - '0') : z->n;

	if (!str_ends(q->name, STR(".example")) || i >= z->n)
		return;
	add_records(z, out, 1)->txt.text = z->texts[i];
}

static void answer_addresses(const struct zone *z, const struct dns_question *q,
                             struct dns_answer *out)
{
	struct dns_record *r = add_records(z, out, 2);

	for (size_t i = 0; i < 2; i++) {
		r[i].ip.length = q->type == DNS_A ? 4 : 16;
		r[i].ip.bytes[0] = 192;
		r[i].ip.bytes[3] = (uint8_t)(q->name.p[0] + (char)i);
	}
}

static void answer(const struct zone *z, const struct dns_question *q,
                   struct dns_answer *out)
{
	*out = (struct dns_answer){.status = DNS_NXDOMAIN};
	if (str_find(q->name, STR("void")) >= 0)
		return;
	if (str_find(q->name, STR("fault")) >= 0)
		out->status = DNS_TIMEOUT;
	else if (q->type == DNS_TXT)
		answer_txt(z, q, out);
	else if (q->type == DNS_A || q->type == DNS_AAAA)
		answer_addresses(z, q, out);
	else if (q->type == DNS_MX)
		add_records(z, out, 1)->mx.host = STR("void.mx.example");
	else if (q->type == DNS_PTR)
		add_records(z, out, 1)->target = STR("d0.example");
}

static void resolve(const struct zone *z, struct dns_answers *answers)
{
	for (size_t i = 0; i < answers->by_key.n; i++) {
		struct dns_answer *pending = dns_answers_at(answers, i);
		struct dns_answer learned;

		if (pending->status != DNS_PENDING)
			continue;
		answer(z, &pending->question, &learned);
		dns_answers_put(answers, pending, &learned);
	}
}

static void evaluate(const struct zone *z, struct ip ip)
{
	struct dns_answers answers = dns_answers_init(z->a, 0);
	struct spf_query q = {.ip = ip,
	                      .helo = STR("void.example"),
	                      .mail_from = STR("joe.doe@d0.example")};
	int rounds = 0;

	for (;;) {
		AUTO(arena) pass = {0};
		struct spf_result r = spf_check(&pass, &answers, &q);

		need(r.lookups <= SPF_LOOKUPS_MAX + 1);
		need(r.void_lookups <= SPF_VOIDS_MAX + 1);
		if (!dns_answers_pending(&answers))
			break;
		resolve(z, &answers);
		need(++rounds < ROUNDS_MAX);
	}
}

static void audit(const struct zone *z)
{
	struct dns_answers answers = dns_answers_init(z->a, 0);
	int rounds = 0;

	for (;;) {
		AUTO(arena) pass = {0};
		struct spf_tree *tree =
		        spf_tree_build(&pass, &answers, STR("d0.example"));

		need(tree->node_count <= SPF_TREE_NODES_MAX);
		spf_authorize_check(&pass, &answers, tree,
		                    z->n > 1 ? z->texts[1] : STR("ip4:192.0.2.0/24"));
		if (!dns_answers_pending(&answers))
			break;
		resolve(z, &answers);
		need(++rounds < ROUNDS_MAX);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	AUTO(arena) a = {0};
	struct zone z = {.a = &a};
	struct str rest = {(const char *)bytes, n};

	if (n > 4096)
		return 0;
	while (z.n < DOMAINS_MAX && str_cut(&rest, '\n', &z.texts[z.n]))
		z.n++;
	evaluate(&z, (struct ip){
	                     .bytes = {192, 0, 2, 'd'},
                               .length = 4
        });
	evaluate(&z, (struct ip){
	                     .bytes = {0x20, 1, 0xd, 0xb8},
                               .length = 16
        });
	audit(&z);
	return 0;
}
