#include "auth/dmarc_record.h"

#include "auth/dmarc_uri.h"

enum { PERCENT_DEFAULT = 100, INTERVAL_DEFAULT_S = 86400 };

static const char *const policy_names[] = {
        [DMARC_NO_POLICY] = "",
        [DMARC_NONE] = "none",
        [DMARC_QUARANTINE] = "quarantine",
        [DMARC_REJECT] = "reject",
};

const char *dmarc_policy_name(enum dmarc_policy policy)
{
	return policy_names[policy];
}

/* One record being read. */
struct reading {
	struct arena *a;
	struct dmarc_record *record;
	bool policy_broken; /* sp or np stands there without a valid value */
};

static void note(struct reading *r, enum tag_fault fault, const struct tag *tag,
                 const char *why)
{
	tag_problems_add(r->a, &r->record->problems,
	                 (struct tag_problem){fault, tag->value_at, tag->value, why});
}

static enum dmarc_policy read_policy(struct reading *r, const struct tag *tag)
{
	for (size_t i = DMARC_NONE; i < LEN(policy_names); i++)
		if (str_eq_nocase(tag->value, str_c(policy_names[i])))
			return (enum dmarc_policy)i;
	note(r, TAG_VALUE, tag, "is not none, quarantine or reject");
	return DMARC_NO_POLICY;
}

static void read_p(struct reading *r, const struct tag *tag)
{
	r->record->p = read_policy(r, tag);
	/* RFC 7489 §6.4 puts p right behind v. */
	if (r->record->standard == DMARC_RFC7489 && tag != &r->record->tags.v[1])
		note(r, TAG_ORDER, tag, "p= is not the second tag");
}

static void read_sp(struct reading *r, const struct tag *tag)
{
	r->record->sp = read_policy(r, tag);
	r->policy_broken |= !r->record->sp;
}

static void read_np(struct reading *r, const struct tag *tag)
{
	r->record->np = read_policy(r, tag);
	r->policy_broken |= !r->record->np;
}

/* The value as one letter out of `letters`, in lower case, or 0 with a note. */
static char read_letter(struct reading *r, const struct tag *tag, const char *letters,
                        const char *why)
{
	for (const char *c = letters; *c; c++)
		if (tag->value.n == 1 && char_lower(tag->value.p[0]) == *c)
			return *c;
	note(r, TAG_VALUE, tag, why);
	return 0;
}

static void read_adkim(struct reading *r, const struct tag *tag)
{
	r->record->strict_dkim = read_letter(r, tag, "rs", "is not r or s") == 's';
}

static void read_aspf(struct reading *r, const struct tag *tag)
{
	r->record->strict_spf = read_letter(r, tag, "rs", "is not r or s") == 's';
}

static void read_t(struct reading *r, const struct tag *tag)
{
	r->record->is_testing = read_letter(r, tag, "yn", "is not y or n") == 'y';
}

static void read_psd(struct reading *r, const struct tag *tag)
{
	char c = read_letter(r, tag, "ynu", "is not y, n or u");

	if (c == 'y')
		r->record->psd = DMARC_PSD_YES;
	else if (c == 'n')
		r->record->psd = DMARC_PSD_NO;
}

static void read_fo(struct reading *r, const struct tag *tag)
{
	static const char letters[] = "01ds";
	unsigned options = 0;
	struct str rest = tag->value;
	struct str item;

	while (str_cut(&rest, ':', &item)) {
		unsigned bit = 0;

		item = str_trim(item);
		for (unsigned i = 0; i < LEN(letters) - 1; i++)
			if (item.n == 1 && char_lower(item.p[0]) == letters[i])
				bit = 1U << i;
		if (!bit || options & bit) {
			note(r, TAG_VALUE, tag, "is not a list of 0, 1, d, s");
			return;
		}
		options |= bit;
	}
	r->record->failure_options = options;
}

static void read_uris(struct reading *r, const struct tag *tag, struct dmarc_uris *uris)
{
	dmarc_uris_parse(r->a, tag, r->record->standard, uris, &r->record->problems);
}

static void read_rua(struct reading *r, const struct tag *tag)
{
	read_uris(r, tag, &r->record->rua);
}

static void read_ruf(struct reading *r, const struct tag *tag)
{
	read_uris(r, tag, &r->record->ruf);
}

static void read_pct(struct reading *r, const struct tag *tag)
{
	uint64_t n;

	if (str_parse_uint(tag->value, 100, &n))
		r->record->percent = (unsigned)n;
	else
		note(r, TAG_VALUE, tag, "is not a number from 0 to 100");
}

static void read_ri(struct reading *r, const struct tag *tag)
{
	uint64_t n;

	if (str_parse_uint(tag->value, UINT32_MAX, &n))
		r->record->interval_s = (uint32_t)n;
	else
		note(r, TAG_VALUE, tag, "is not a number of seconds");
}

static void read_rf(struct reading *r, const struct tag *tag)
{
	if (!str_eq_nocase(tag->value, STR("afrf")))
		note(r, TAG_VALUE, tag, "is not afrf");
}

/* Which standard knows a tag. */
enum { IN_9989 = 1, IN_7489 = 2, IN_BOTH = 3 };

static const struct {
	const char *name;
	int standards;
	void (*read)(struct reading *r, const struct tag *tag);
} known[] = {
        {"p",     IN_BOTH, read_p    },
        {"sp",    IN_BOTH, read_sp   },
        {"np",    IN_9989, read_np   },
        {"psd",   IN_9989, read_psd  },
        {"t",     IN_9989, read_t    },
        {"adkim", IN_BOTH, read_adkim},
        {"aspf",  IN_BOTH, read_aspf },
        {"fo",    IN_BOTH, read_fo   },
        {"rua",   IN_BOTH, read_rua  },
        {"ruf",   IN_BOTH, read_ruf  },
        {"pct",   IN_7489, read_pct  },
        {"rf",    IN_7489, read_rf   },
        {"ri",    IN_7489, read_ri   },
};

static void read_tag(struct reading *r, const struct tag *tag)
{
	int standard = r->record->standard == DMARC_RFC9989 ? IN_9989 : IN_7489;

	for (size_t i = 0; i < LEN(known); i++) {
		if (!str_eq_nocase(tag->name, str_c(known[i].name)))
			continue;
		if (known[i].standards & standard)
			known[i].read(r, tag);
		else if (standard == IN_9989)
			note(r, TAG_REMOVED, tag, "the tag was removed by RFC 9989");
		else
			note(r, TAG_UNKNOWN, tag, "the tag is not known to RFC 7489");
		return;
	}
	note(r, TAG_UNKNOWN, tag, "the tag is not known");
}

static bool has_valid_uri(const struct dmarc_uris *uris)
{
	for (size_t i = 0; i < uris->n; i++)
		if (uris->v[i].is_valid)
			return true;
	return false;
}

/* RFC 9989 §4.10.1, RFC 7489 §6.6.3 step 6: what a record without a policy counts for.
 */
static void settle_policy(struct reading *r)
{
	struct dmarc_record *record = r->record;

	if (!tags_find(&record->tags, STR("p")))
		tag_problems_add(r->a, &record->problems,
		                 (struct tag_problem){TAG_MISSING, record->text.n,
		                                      STR("p"), "there is no p="});
	record->is_usable = true;
	if (record->p && !r->policy_broken)
		return;
	record->is_usable = has_valid_uri(&record->rua);
	record->is_replaced = record->is_usable;
	record->p = record->is_usable ? DMARC_NONE : DMARC_NO_POLICY;
	record->sp = DMARC_NO_POLICY;
	record->np = DMARC_NO_POLICY;
}

/* The value of a leading v tag; false where the text starts otherwise. */
static bool take_version(struct str text, struct str *version)
{
	struct str rest = text;
	struct str first, name;

	if (!str_cut(&rest, ';', &first) || first.n == 0 || char_is_blank(first.p[0]))
		return false;
	if (!str_cut(&first, '=', &name) || !first.p)
		return false;
	*version = str_trim(first);
	return str_eq_nocase(str_trim(name), STR("v"));
}

bool dmarc_record_is(struct str text)
{
	struct str version;

	return take_version(text, &version) && str_eq(version, STR("DMARC1"));
}

bool dmarc_record_parse(struct arena *a, struct str text, enum dmarc_standard standard,
                        struct dmarc_record *out)
{
	struct reading r = {.a = a, .record = out};

	if (!dmarc_record_is(text))
		return false;
	*out = (struct dmarc_record){
	        .text = text,
	        .standard = standard,
	        .tags = tags_parse(a, text, TAGS_ANY_CASE),
	        .failure_options = DMARC_FAILURE_ALL,
	        .percent = PERCENT_DEFAULT,
	        .interval_s = INTERVAL_DEFAULT_S,
	};
	out->problems = out->tags.problems;
	for (size_t i = 1; i < out->tags.n; i++)
		if (tags_find(&out->tags, out->tags.v[i].name) == &out->tags.v[i])
			read_tag(&r, &out->tags.v[i]);
	settle_policy(&r);
	return true;
}
