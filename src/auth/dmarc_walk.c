#include "auth/dmarc_walk.h"

struct dmarc_step dmarc_look(struct arena *a, struct dns_answers *answers,
                             struct str domain, enum dmarc_standard standard)
{
	struct dmarc_step step = {.domain = domain};
	struct dmarc_record record;
	struct str name;

	/* Where the name would be too long nobody can have published anything. */
	if (dns_name_is_root(domain) || !dns_name_join(a, STR("_dmarc"), domain, &name))
		return step;
	step.answer = dns_ask(answers, name, DNS_TXT);
	for (size_t i = 0; i < step.answer->records.n; i++) {
		struct str text = step.answer->records.v[i].txt.text;

		if (!dmarc_record_is(text))
			continue;
		step.count++;
		if (step.count == 1 && dmarc_record_parse(a, text, standard, &record)) {
			struct dmarc_record *kept = ARENA_NEW(a, struct dmarc_record);

			*kept = record;
			step.record = kept;
		}
	}
	if (step.count > 1)
		step.record = NULL;
	return step;
}

/* The names of a walk; returns how many there are (RFC 9989 §4.10 steps 3, 4, 7). */
static size_t list_names(struct str domain, struct str names[DMARC_WALK_MAX])
{
	size_t labels = dns_name_labels(domain);
	size_t above = labels > DMARC_WALK_MAX - 1 ? DMARC_WALK_MAX - 1 : labels - 1;
	size_t n = 0;

	names[n++] = domain;
	for (; above > 0; above--)
		names[n++] = dns_name_tail(domain, above);
	return n;
}

/* RFC 9989 §4.10.2, from the longest name to the shortest. */
static void choose_organization(struct dmarc_walk *walk)
{
	walk->organization = walk->steps[0].domain;
	for (size_t i = 0; i < walk->n; i++) {
		const struct dmarc_step *step = &walk->steps[i];

		if (!step->record)
			continue;
		if (i > 0 && step->record->psd == DMARC_PSD_YES) {
			walk->suffix = i;
			walk->organization =
			        dns_name_tail(walk->steps[0].domain,
			                      dns_name_labels(step->domain) + 1);
			return;
		}
		walk->organization = step->domain;
	}
}

struct dmarc_walk dmarc_tree_walk(struct arena *a, struct dns_answers *answers,
                                  struct str domain)
{
	struct dmarc_walk walk = {0};
	struct dmarc_step steps[DMARC_WALK_MAX];
	struct str names[DMARC_WALK_MAX];
	size_t count;

	if (dns_name_is_root(domain)) {
		walk.organization = domain;
		return walk;
	}
	count = list_names(domain, names);
	for (size_t i = 0; i < count; i++)
		steps[i] = dmarc_look(a, answers, names[i], DMARC_RFC9989);
	for (size_t i = 0; i < count && !walk.fault; i++) {
		const struct dmarc_step *step = &steps[i];

		walk.steps[walk.n++] = *step;
		if (step->answer && dns_answer_is_fault(step->answer))
			walk.fault = step->answer;
		else if (step->record && step->record->psd != DMARC_PSD_UNKNOWN)
			break;
	}
	if (!walk.fault)
		choose_organization(&walk);
	return walk;
}
