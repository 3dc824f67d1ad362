#include "diagnose/rules.h"

/* ---- where a record of ours may stand instead ---- */

/* The type whose records show what stands at the name. */
static enum dns_type standing_type(const struct rule_case *c)
{
	if (c->row->type != DNS_CNAME || c->seen->answer->status == DNS_FOUND)
		return c->row->type;
	return rule_records_at(c, c->row->name, DNS_A) ? DNS_A : DNS_AAAA;
}

static bool is_by_wildcard(const struct rule_case *c)
{
	return rule_is_wildcard(c, c->row->name, standing_type(c));
}

/*
 * Whether nothing of the customer's own stands at the right name. Only then is it worth
 * looking elsewhere: beside a broken record, one left over at a wrong name explains
 * nothing.
 */
static bool is_vacant(const struct rule_case *c)
{
	if (c->seen->status == RECORD_PROPAGATING)
		return false;
	return c->seen->seen.result == COMPARE_ABSENT || is_by_wildcard(c);
}

/* Whether the plan wants the very same record at `name` as well. */
static bool is_planned(const struct rule_case *c, struct str name)
{
	const struct plan *plan = c->in->plan;

	for (size_t i = 0; i < plan->record_count; i++)
		if (plan->records[i].type == c->row->type &&
		    str_eq(plan->records[i].name, name) &&
		    str_eq(plan->records[i].value, c->row->value))
			return true;
	return false;
}

static bool has_word(struct str text, struct str wanted)
{
	struct str word;

	while (str_cut(&text, ' ', &word)) {
		if (str_starts(word, STR("+")))
			word = str_from(word, 1);
		if (str_eq_nocase(word, wanted))
			return true;
	}
	return false;
}

/* Whether a found SPF record says one of our mechanisms in so many words: one that lets
 * our senders through by chance is nobody's misplaced record. */
static bool shares_mechanism(const struct rule_case *c, const struct dns_answer *there)
{
	struct str rest = c->row->value;
	struct str word;

	for (size_t i = 0; i < there->records.n; i++) {
		rest = c->row->value;
		str_cut(&rest, ' ', &word); /* v=spf1 */
		while (str_cut(&rest, ' ', &word))
			if (word.n && !str_ends_nocase(word, STR("all")) &&
			    has_word(there->records.v[i].txt.text, word))
				return true;
	}
	return false;
}

/* The answer that shows the planned record at another name, else NULL. */
static const struct dns_answer *found_at(const struct rule_case *c, struct str name)
{
	const struct dns_answer *there;

	if (name.n == 0 || is_planned(c, name))
		return NULL;
	there = rule_found_at(c, name);
	if (there && c->row->purpose == PLAN_SPF && !shares_mechanism(c, there))
		return NULL;
	return there;
}

/* Names to look at, each once. */
struct places {
	struct str v[12];
	size_t n;
};

static void add_place(struct places *p, struct str name)
{
	for (size_t i = 0; i < p->n; i++)
		if (str_eq(p->v[i], name))
			return;
	if (name.n && p->n < LEN(p->v))
		p->v[p->n++] = name;
}

/* The first of the places that has the record: its answer and its name. */
static const struct dns_answer *find_place(const struct rule_case *c,
                                           const struct places *p, struct str *name)
{
	const struct dns_answer *found = NULL;

	for (size_t i = 0; i < p->n; i++) {
		const struct dns_answer *there = found_at(c, p->v[i]);

		if (!there || found)
			continue; /* all are asked at once, not one a pass */
		found = there;
		*name = p->v[i];
	}
	return found;
}

/* ---- what to say ---- */

/* `In GoDaddy, enter "sg42" in the Name field of this record instead of "@".` */
static struct str rename_fix(const struct rule_case *c, struct str old)
{
	struct arena *a = c->in->a;
	struct field_place at = rule_place(c);
	struct str host = field_host(a, &at, c->row->name);
	struct str was = field_host(a, &at, old);
	struct str begin = field_at(a, at.provider);
	struct str field = at.provider->field_name;
	struct str instead = STR_NONE;

	if (was.n && dns_name_is_within(old, at.zone))
		instead = arena_printf(a, " instead of \"%.*s\"", STR_ARG(was));
	if (host.n == 0)
		return arena_printf(a,
		                    "%.*s, leave the %.*s field of this record empty.",
		                    STR_ARG(begin), STR_ARG(field));
	return arena_printf(
	        a, "%.*s, enter \"%.*s\" in the %.*s field of this record%.*s.",
	        STR_ARG(begin), STR_ARG(host), STR_ARG(field), STR_ARG(instead));
}

/* `more` is a second sentence, with a blank in front. */
static struct str stands_instead(const struct rule_case *c, struct str name,
                                 const char *more)
{
	struct str noun = rule_noun(c);

	return arena_printf(c->in->a, "The %.*s stands at %.*s instead of %.*s.%s",
	                    STR_ARG(noun), STR_ARG(name), STR_ARG(c->row->name), more);
}

/* ---- the zone once more ---- */

/* What to type where the panel has shown that it appends `zone` by itself, whatever is
 * known about it otherwise. */
static struct str appending_fix(const struct rule_case *c, struct str zone)
{
	struct arena *a = c->in->a;
	struct field_place at = rule_place(c);
	const struct provider *p = at.provider;
	struct str host = dns_name_host(c->row->name, zone);
	struct str begin = field_at(a, p);
	struct str who = p == provider_generic() ? STR("the panel") : p->name;
	struct str what;

	if (host.n == 0 && p->apex == PROVIDER_APEX_AT)
		host = STR("@");
	what = host.n ? arena_printf(a, "enter only \"%.*s\" in the %.*s field",
	                             STR_ARG(host), STR_ARG(p->field_name))
	              : arena_printf(a, "leave the %.*s field empty",
	                             STR_ARG(p->field_name));
	return arena_printf(a, "%.*s, %.*s: %.*s appends %.*s by itself.",
	                    STR_ARG(begin), STR_ARG(what), STR_ARG(who), STR_ARG(zone));
}

/* Whether a panel can be of `zone` and hold the name: no root, no top-level domain. */
static bool is_below(struct str name, struct str zone)
{
	return zone.n && dns_name_labels(zone) > 1 && dns_name_is_within(name, zone);
}

bool rule_name_zone_appended_twice(const struct rule_case *c, struct diagnosis *d)
{
	const struct str zones[] = {
	        c->seen->cut.zone,
	        c->cut.zone,
	        c->in->plan->domain,
	};
	struct str noun = rule_noun(c);

	if (!is_vacant(c))
		return false;
	for (size_t i = 0; i < LEN(zones); i++) {
		const struct dns_answer *there;
		struct str name;

		if (!is_below(c->row->name, zones[i]))
			continue;
		name = rule_name(c, "%.*s.%.*s", STR_ARG(c->row->name),
		                 STR_ARG(zones[i]));
		there = found_at(c, name);
		if (!there)
			continue;
		d->message =
		        arena_printf(c->in->a,
		                     "The %.*s stands at %.*s: the panel has appended "
		                     "%.*s once more.",
		                     STR_ARG(noun), STR_ARG(name), STR_ARG(zones[i]));
		d->fix = appending_fix(c, zones[i]);
		return rule_conclude(c, d, there);
	}
	return false;
}

/* ---- the label or the selector left out ---- */

/* A DKIM name taken apart: s1 ._domainkey. sg42.acme.example */
struct key_name {
	struct str selector, base;
};

static bool split_key_name(struct str name, struct key_name *out)
{
	struct str mark = STR("._domainkey.");
	ptrdiff_t found = str_find(name, mark);

	if (found <= 0)
		return false;
	out->selector = str_slice(name, 0, (size_t)found);
	out->base = str_from(name, (size_t)found + mark.n);
	return true;
}

static bool is_key(const struct rule_case *c, struct key_name *out)
{
	return c->row->purpose == PLAN_DKIM && split_key_name(c->row->name, out);
}

/* `name` with the end `from` replaced by `to`; empty where nothing stands before it. */
static struct str with_end(const struct rule_case *c, struct str name, struct str from,
                           struct str to)
{
	struct str host;

	if (str_eq(name, from) || !dns_name_is_within(name, from) || str_eq(from, to))
		return STR_NONE;
	host = dns_name_host(name, from);
	return rule_name(c, "%.*s.%.*s", STR_ARG(host), STR_ARG(to));
}

/* The names below the domain that mail is sent with: those of SPF and MX. */
static struct places mail_labels(const struct rule_case *c)
{
	const struct plan *plan = c->in->plan;
	struct places labels = {0};

	for (size_t i = 0; i < plan->record_count; i++) {
		const struct plan_record *r = &plan->records[i];
		bool is_mail = r->type == DNS_MX ||
		               (r->type == DNS_TXT && r->purpose == PLAN_SPF);

		if (is_mail && !str_eq(r->name, plan->domain))
			add_place(&labels, r->name);
	}
	return labels;
}

static struct places root_places(const struct rule_case *c)
{
	struct str domain = c->in->plan->domain;
	struct str zone = rule_place(c).zone;
	struct str name = c->row->name;
	struct places labels = mail_labels(c);
	struct places p = {0};
	struct key_name key;

	if (!str_eq(name, domain))
		add_place(&p, domain);
	if (is_key(c, &key))
		add_place(&p, rule_name(c, "_domainkey.%.*s", STR_ARG(domain)));
	for (size_t i = 0; i < labels.n; i++)
		add_place(&p, with_end(c, name, labels.v[i], domain));
	if (dns_name_is_within(domain, zone) && !str_eq(domain, zone)) {
		add_place(&p, zone);
		add_place(&p, with_end(c, name, domain, zone));
	}
	return p;
}

/*
 * A CNAME at the apex that the panel has flattened: the apex then has the target's
 * addresses, all of them and no others.
 */
static const struct dns_answer *flattened_at(const struct rule_case *c, struct str name)
{
	const struct dns_answer *here;
	const struct dns_answer *there;

	if (c->row->type != DNS_CNAME || str_eq(name, c->row->name) ||
	    is_planned(c, name))
		return NULL;
	here = rule_records_at(c, name, DNS_A);
	there = rule_records_at(c, c->row->value, DNS_A);
	if (!here || !there || here->chain.n || here->records.n != there->records.n)
		return NULL;
	for (size_t i = 0; i < here->records.n; i++) {
		size_t j = 0;

		while (j < there->records.n &&
		       !ip_eq(here->records.v[i].ip, there->records.v[j].ip))
			j++;
		if (j == there->records.n)
			return NULL;
	}
	return here;
}

/* The record at the domain itself of an MX host of ours. */
static const struct dns_record *find_mx(const struct dns_answer *there, struct str host)
{
	for (size_t i = 0; i < there->records.n; i++)
		if (str_eq(there->records.v[i].mx.host, host))
			return &there->records.v[i];
	return NULL;
}

/* A key and a CNAME can be moved; SPF and MX may serve others where they stand, and so
 * may anything in the zone above the domain. */
static void word_root_place(const struct rule_case *c, struct diagnosis *d,
                            struct str name, const struct dns_answer *there)
{
	struct arena *a = c->in->a;
	struct str domain = c->in->plan->domain;
	struct str add = rule_add_fix(c);
	struct str delete;

	d->message = stands_instead(c, name, "");
	d->fix = add;
	if (c->row->type == DNS_MX && str_eq(name, domain)) {
		d->message = arena_printf(
		        a, "%.*s It would take the mail to addresses at %.*s.",
		        STR_ARG(d->message), STR_ARG(domain));
		delete = rule_delete_fix(c, find_mx(there, c->row->value));
		d->fix = arena_printf(a, "%.*s %.*s", STR_ARG(add), STR_ARG(delete));
	} else if (c->row->purpose == PLAN_SPF) {
		d->message = arena_printf(
		        a,
		        "%.*s Receivers look it up at %.*s, the name that mail is "
		        "sent with.",
		        STR_ARG(d->message), STR_ARG(c->row->name));
	} else if (dns_name_is_within(name, domain) &&
	           (c->row->purpose == PLAN_DKIM || str_eq(name, domain))) {
		d->fix = rename_fix(c, name);
	}
}

bool rule_name_at_root(const struct rule_case *c, struct diagnosis *d)
{
	const struct dns_answer *there;
	struct places p;
	struct str name;

	/* DMARC at the domain itself is dmarc.wrong_place, and further up it counts. */
	if (c->row->purpose == PLAN_DMARC || !is_vacant(c))
		return false;
	p = root_places(c);
	there = find_place(c, &p, &name);
	if (!there) {
		name = c->in->plan->domain;
		there = flattened_at(c, name);
	}
	if (!there)
		return false;
	word_root_place(c, d, name, there);
	return rule_conclude(c, d, there);
}

bool rule_name_in_label(const struct rule_case *c, struct diagnosis *d)
{
	struct str domain = c->in->plan->domain;
	struct places labels = mail_labels(c);
	struct places p = {0};
	const struct dns_answer *there;
	struct str name;

	if (!is_vacant(c))
		return false;
	for (size_t i = 0; i < labels.n; i++) {
		if (dns_name_is_within(c->row->name, labels.v[i]))
			continue;
		if (str_eq(c->row->name, domain))
			add_place(&p, labels.v[i]);
		else
			add_place(&p, with_end(c, c->row->name, domain, labels.v[i]));
	}
	there = find_place(c, &p, &name);
	if (!there)
		return false;
	d->message = stands_instead(c, name, "");
	d->fix = rename_fix(c, name);
	if (c->row->purpose == PLAN_DMARC) { /* perhaps it is meant for the label */
		d->message = arena_printf(c->in->a, "%.*s There it covers %.*s alone.",
		                          STR_ARG(d->message),
		                          STR_ARG(dns_name_parent(name)));
		d->fix = rule_add_fix(c);
	}
	return rule_conclude(c, d, there);
}

/* ---- names of DKIM and DMARC ---- */

/* The other DKIM record of the plan whose value stands at this one's name, or NULL. */
static const struct plan_record *find_exchanged(const struct rule_case *c)
{
	const struct check_input *in = c->in;

	for (size_t i = 0; i < in->plan->record_count; i++) {
		const struct plan_record *r = &in->plan->records[i];

		if (r->purpose == PLAN_DKIM && r != c->row && r->type == c->row->type &&
		    !str_eq(r->name, c->row->name) &&
		    compare_answer(in->a, in->answers, in->plan, r, c->seen->answer)
		                    .result == COMPARE_MATCH)
			return r;
	}
	return NULL;
}

static struct places selector_places(const struct rule_case *c,
                                     const struct key_name *key)
{
	static const struct str common[] = {
	        STR_INIT("default"),   STR_INIT("s1"), STR_INIT("s2"),
	        STR_INIT("selector1"), STR_INIT("k1"),
	};
	const struct plan *plan = c->in->plan;
	struct places p = {0};

	for (size_t i = 0; i < plan->record_count; i++)
		if (plan->records[i].purpose == PLAN_DKIM &&
		    !str_eq(plan->records[i].name, c->row->name))
			add_place(&p, plan->records[i].name);
	for (size_t i = 0; i < LEN(common); i++)
		if (!str_eq(common[i], key->selector))
			add_place(&p,
			          rule_name(c, "%.*s._domainkey.%.*s",
			                    STR_ARG(common[i]), STR_ARG(key->base)));
	add_place(&p, rule_name(c, "_domainkey.%.*s", STR_ARG(key->base)));
	return p;
}

bool rule_name_wrong_selector(const struct rule_case *c, struct diagnosis *d)
{
	const struct plan_record *exchanged;
	const struct dns_answer *there;
	struct key_name key;
	struct places p;
	struct str name;

	if (c->seen->status == RECORD_PROPAGATING || !is_key(c, &key))
		return false;
	exchanged = find_exchanged(c);
	if (!exchanged && !is_vacant(c))
		return false;
	p = selector_places(c, &key);
	there = find_place(c, &p, &name);
	if (!there)
		return false;
	d->message = stands_instead(c, name, "");
	d->fix = rename_fix(c, name);
	if (exchanged) {
		d->message = arena_printf(
		        c->in->a, "The records of %.*s and %.*s are exchanged.",
		        STR_ARG(c->row->name), STR_ARG(exchanged->name));
		d->fix = rule_change_fix(c);
	}
	return rule_conclude(c, d, there);
}

bool rule_name_domainkey_missing(const struct rule_case *c, struct diagnosis *d)
{
	struct str domain = c->in->plan->domain;
	const struct dns_answer *there;
	struct places p = {0};
	struct key_name key;
	struct str name;

	if (!is_key(c, &key) || !is_vacant(c))
		return false;
	add_place(&p,
	          rule_name(c, "%.*s.%.*s", STR_ARG(key.selector), STR_ARG(key.base)));
	add_place(&p,
	          rule_name(c, "%.*s.%.*s", STR_ARG(key.selector), STR_ARG(domain)));
	if (!str_eq(key.base, domain))
		add_place(&p, key.base);
	there = find_place(c, &p, &name);
	if (!there)
		return false;
	d->message = stands_instead(c, name, " \"_domainkey\" is missing in the name.");
	d->fix = rename_fix(c, name);
	return rule_conclude(c, d, there);
}

bool rule_name_underscore_missing(const struct rule_case *c, struct diagnosis *d)
{
	struct str domain = c->in->plan->domain;
	const struct dns_answer *there;
	struct places p = {0};
	struct key_name key;
	struct str name;

	if (is_key(c, &key)) {
		add_place(&p, rule_name(c, "%.*s.domainkey.%.*s", STR_ARG(key.selector),
		                        STR_ARG(key.base)));
		add_place(&p, rule_name(c, "%.*s.domainkey.%.*s", STR_ARG(key.selector),
		                        STR_ARG(domain)));
	} else if (str_starts(c->row->name, STR("_"))) {
		add_place(&p, str_from(c->row->name, 1));
	}
	if (!is_vacant(c))
		return false;
	there = find_place(c, &p, &name);
	if (!there)
		return false;
	d->message = stands_instead(c, name, " The underscore is missing.");
	d->fix = rename_fix(c, name);
	return rule_conclude(c, d, there);
}

/* ---- a URL in the name field ---- */

/* What panels make of a URL or of "www.": names in front of the right one. A colon and
 * slashes are bytes of the label, or are stripped. */
static struct places url_places(const struct rule_case *c)
{
	static const struct str prefixes[] = {
	        STR_INIT("www."),
	        STR_INIT("https://"),
	        STR_INIT("http://"),
	};
	struct str zone = rule_place(c).zone;
	struct str name = c->row->name;
	struct places p = {0};

	for (size_t i = 0; i < LEN(prefixes); i++) {
		struct str typed =
		        rule_name(c, "%.*s%.*s", STR_ARG(prefixes[i]), STR_ARG(name));

		add_place(&p, typed);
		if (typed.n)
			add_place(&p, rule_name(c, "%.*s.%.*s", STR_ARG(typed),
			                        STR_ARG(zone)));
	}
	add_place(&p, rule_name(c, "https.%.*s", STR_ARG(name)));
	return p;
}

bool rule_name_url_as_host(const struct rule_case *c, struct diagnosis *d)
{
	const struct dns_answer *there;
	struct places p = {0};
	struct str name;

	if (!is_vacant(c))
		return false;
	if (c->row->type == DNS_CNAME && c->row->purpose != PLAN_DKIM)
		p = url_places(c);
	else
		add_place(&p, rule_name(c, "www.%.*s", STR_ARG(c->row->name)));
	there = find_place(c, &p, &name);
	if (!there)
		return false;
	d->message = stands_instead(c, name,
	                            str_starts(name, STR("www."))
	                                    ? " \"www.\" does not belong there."
	                                    : " The name of a record is no URL.");
	d->fix = rename_fix(c, name);
	return rule_conclude(c, d, there);
}

/* ---- a wildcard ---- */

/* The highest wildcard that is answered with: `*.acme.example`. It hides those below it
 * which do not exist, since `*` is a label like any other. */
static const struct dns_answer *find_wildcard(const struct rule_case *c,
                                              enum dns_type type, struct str *name)
{
	const struct dns_answer *found = NULL;
	struct str zone = rule_place(c).zone;
	struct str above = c->row->name;

	while (!str_eq(above, zone) && !dns_name_is_root(above)) {
		const struct dns_answer *there;
		struct str wildcard;

		above = dns_name_parent(above);
		wildcard = rule_name(c, "*.%.*s", STR_ARG(above));
		there = rule_records_at(c, wildcard, type);
		if (!there)
			break;
		found = there;
		*name = wildcard;
	}
	return found;
}

/* ", with 198.51.100.9"; a text is left out. */
static struct str with_what(const struct rule_case *c, const struct dns_answer *there)
{
	struct str data;

	if (there->question.type == DNS_TXT)
		return STR_NONE;
	data = dns_record_format(c->in->a, &there->records.v[0]);
	if (str_ends(data, STR(".")))
		data.n--;
	return arena_printf(c->in->a, " answers, with %.*s", STR_ARG(data));
}

bool rule_name_wildcard(const struct rule_case *c, struct diagnosis *d)
{
	bool is_right = c->seen->status == RECORD_VERIFIED;
	const struct dns_answer *there;
	struct str wildcard;
	struct str what;

	if (c->seen->status == RECORD_PROPAGATING ||
	    c->seen->status == RECORD_UNDETERMINED ||
	    c->seen->seen.result == COMPARE_ABSENT || !is_by_wildcard(c))
		return false;
	there = find_wildcard(c, standing_type(c), &wildcard);
	if (!there)
		return false;
	rule_cite(d, c->seen->answer);
	rule_cite(d, dns_ask(c->in->answers, c->row->name, standing_type(c)));
	rule_cite(d, there);
	d->fix = rule_add_fix(c);
	if (is_right) {
		d->message = arena_printf(
		        c->in->a,
		        "No record stands at %.*s itself: the wildcard %.*s gives the "
		        "right answer, until another record is added at that name.",
		        STR_ARG(c->row->name), STR_ARG(wildcard));
		return true;
	}
	what = with_what(c, there);
	d->severity = SEVERITY_ERROR;
	d->is_cause = true;
	d->message = arena_printf(
	        c->in->a, "No record stands at %.*s itself: the wildcard %.*s%.*s.",
	        STR_ARG(c->row->name), STR_ARG(wildcard),
	        STR_ARG(what.n ? what : STR(" answers")));
	return true;
}

/* ---- nothing ---- */

bool rule_record_missing(const struct rule_case *c, struct diagnosis *d)
{
	const struct dns_answer *answer = c->seen->answer;
	const char *type = dns_type_name(c->row->type);

	if (c->seen->status == RECORD_PROPAGATING ||
	    c->seen->seen.result != COMPARE_ABSENT)
		return false;
	rule_cite(d, answer);
	d->message = answer->status == DNS_NXDOMAIN
	                     ? arena_printf(c->in->a, "There is no record at %.*s.",
	                                    STR_ARG(c->row->name))
	                     : arena_printf(c->in->a, "There is no %s record at %.*s.",
	                                    type, STR_ARG(c->row->name));
	if (c->row->value.n)
		d->fix = rule_add_alone_fix(c, d);
	return true;
}
