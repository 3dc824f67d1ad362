/*
 * A letter that is rewritten: nothing asked gives no edits; links that are mapped read as
 * their new targets afterwards and all others as before; the parts stay the same ones,
 * what is held stays to the byte, no line gets too long, a 7bit part stays ASCII.
 *
 * The first byte chooses what is asked, the second how long the prefix is.
 */
#include "base/base64.h"
#include "fuzz.h"
#include "mime/rewrite.h"

#include <string.h>

enum { LINE_LEN_MAX = 998, BYTES_MAX = 1 << 16 };

enum ask {
	ASK_TEXT = 1,
	ASK_PIXEL = 2,
	ASK_UNSUBSCRIBE = 4,
	ASK_FOOTER = 8,
	ASK_HEADER = 16,
	ASK_EVERY_SECOND = 32,
};

struct mapper {
	struct arena *a;
	struct str prefix;
	unsigned asked;
};

static bool map_no(void *arg, const struct rewrite_link *link, struct str *target)
{
	(void)arg, (void)link, (void)target;
	return false;
}

static struct str target_of(const struct mapper *m, struct str value)
{
	struct str out = arena_join(m->a, m->prefix, base64url_encode(m->a, value));

	/* As text, no URL ends so. */
	return str_ends(out, STR("_")) ? arena_join(m->a, out, STR("0")) : out;
}

static bool map_prefix(void *arg, const struct rewrite_link *link, struct str *target)
{
	const struct mapper *m = arg;

	if (m->asked & ASK_EVERY_SECOND && link->number % 2)
		return false;
	*target = target_of(m, link->link->value);
	return true;
}

static struct str apply(struct arena *a, struct edits *e, struct str original)
{
	struct iov out = {0};

	edits_apply(a, e, original, &out);
	return iov_join(a, &out);
}

static void check_identity(struct arena *a, const struct letter *letter)
{
	struct rewrite_options options = {.map = map_no, .text = true};
	struct rewrite_report report;
	struct edits edits = {0};
	struct err err;

	if (letter_rewrite(a, letter, &options, &edits, &report, &err))
		need(edits.n == 0 && report.rewritten_count == 0);
}

static size_t longest_line(struct str s)
{
	size_t longest = 0;
	struct str line;

	while (str_cut(&s, '\n', &line)) {
		if (line.n && line.p[line.n - 1] == '\r')
			line.n--;
		if (line.n > longest)
			longest = line.n;
	}
	return longest;
}

static enum rewrite_skip skip_of(const struct rewrite_report *report,
                                 const struct letter_part *part)
{
	for (size_t i = 0; i < report->parts.n; i++)
		if (report->parts.v[i].part == part)
			return report->parts.v[i].skip;
	return REWRITE_ATTACHED; /* no text */
}

/* The same parts, and in each what must be. */
static void compare_parts(const struct letter *before,
                          const struct rewrite_report *report,
                          const struct letter *after)
{
	need(after->parts.n == before->parts.n);
	for (size_t i = 0; i < before->parts.n; i++) {
		const struct letter_part *p = &before->parts.v[i];
		const struct letter_part *q = &after->parts.v[i];
		struct str was = letter_content(before, p);
		struct str is = letter_content(after, q);

		need(str_eq(p->id, q->id) && str_eq(p->type, q->type));
		need(p->hold == q->hold && p->encoding == q->encoding);
		if (skip_of(report, p) != REWRITE_DONE)
			need(str_eq(was, is));
		if (longest_line(was) <= LINE_LEN_MAX)
			need(longest_line(is) <= LINE_LEN_MAX);
		if (str_is_ascii(was) && p->encoding == LETTER_7BIT)
			need(str_is_ascii(is));
	}
}

/* Whether the link was mapped, and so reads as its target. */
static bool is_mapped(const struct mapper *m, const struct rewrite_part *part,
                      const struct link *link, size_t *number)
{
	if (part->skip != REWRITE_DONE ||
	    (link->why != LINK_TRACKABLE && link->why != LINK_LINE_LENGTH) ||
	    (part->part->kind == LETTER_PLAIN && !(m->asked & ASK_TEXT)))
		return false;
	return !((*number)++ % 2 && m->asked & ASK_EVERY_SECOND) &&
	       link->why == LINK_TRACKABLE;
}

static void compare_links(const struct mapper *m, const struct rewrite_report *before,
                          const struct rewrite_report *after)
{
	size_t number = 0;

	need(after->parts.n == before->parts.n);
	for (size_t i = 0; i < before->parts.n; i++) {
		const struct rewrite_part *p = &before->parts.v[i];
		const struct rewrite_part *q = &after->parts.v[i];

		need(p->links.n == q->links.n && p->skip == q->skip);
		for (size_t k = 0; k < p->links.n; k++) {
			struct str value = p->links.v[k].value;

			if (is_mapped(m, p, &p->links.v[k], &number))
				value = target_of(m, value);
			need(str_eq(value, q->links.v[k].value));
		}
	}
}

static void check_links(struct mapper *m, const struct letter *letter)
{
	struct rewrite_options options = {
	        .map = map_prefix, .arg = m, .text = m->asked & ASK_TEXT};
	struct rewrite_report report, again;
	struct edits edits = {0};
	struct letter after;
	struct err err;

	if (!letter_rewrite(m->a, letter, &options, &edits, &report, &err))
		return;
	need(letter_parse(m->a, apply(m->a, &edits, letter->bytes), NULL, &after,
	                  &err));
	compare_parts(letter, &report, &after);
	need(letter_links(m->a, &after, NULL, &again, &err));
	compare_links(m, &report, &again);
}

static void check_header(const struct letter *before, const struct letter *after,
                         bool is_changed)
{
	const struct letter_field *set, *added;

	if (!is_changed) {
		need(after->fields.n == before->fields.n);
		return;
	}
	set = letter_field(after, STR("Subject"), 0);
	added = letter_field(after, STR("X-New"), 0);
	need(set && added && !letter_field(after, STR("Subject"), 1));
	need(!letter_field(after, STR("X-Old"), 0));
	need(str_eq(str_trim(set->value), STR("new")));
}

static void check_all(struct mapper *m, const struct letter *letter)
{
	static const struct header_change changes[] = {
	        {HEADER_SET,    STR_INIT("Subject"), STR_INIT("new")         },
	        {HEADER_REMOVE, STR_INIT("X-Old"),   STR_INIT("")            },
	        {HEADER_ADD,    STR_INIT("X-New"),   STR_INIT("gr\xc3\xbc n")},
	};
	struct rewrite_options options = {
	        .map = map_prefix,
	        .arg = m,
	        .text = m->asked & ASK_TEXT,
	        .pixel = m->asked & ASK_PIXEL ? STR("http://p.example/?a&b") : STR(""),
	        .unsubscribe = m->asked & ASK_UNSUBSCRIBE ? STR("http://u.example/&")
	                                                  : STR(""),
	        .footer_html = m->asked & ASK_FOOTER
	                               ? STR("<p>Gr\xc3\xbc\xc3\x9f"
	                                     "e\n" REWRITE_UNSUBSCRIBE_TAG)
	                               : STR(""),
	        .footer_text = m->asked & ASK_FOOTER ? STR("\xe2\x82\xac\n") : STR(""),
	        .changes = changes,
	        .change_count = m->asked & ASK_HEADER ? 3 : 0,
	};
	struct rewrite_report report;
	struct edits edits = {0};
	struct letter after;
	struct err err;

	if (!letter_rewrite(m->a, letter, &options, &edits, &report, &err))
		return;
	need(letter_parse(m->a, apply(m->a, &edits, letter->bytes), NULL, &after,
	                  &err));
	check_header(letter, &after, options.change_count > 0);
	compare_parts(letter, &report, &after);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	static char prefix[512] = "http://t.example/?a=1&b=";
	size_t used = strlen("http://t.example/?a=1&b=");
	AUTO(arena) a = {0};
	struct mapper m = {.a = &a};
	struct letter letter;
	struct err err;

	if (n < 2 || n > BYTES_MAX)
		return 0;
	m.asked = bytes[0];
	memset(prefix + used, 'x', sizeof(prefix) - used);
	m.prefix = (struct str){prefix, used + bytes[1]};
	if (!letter_parse(&a, (struct str){(const char *)bytes + 2, n - 2}, NULL,
	                  &letter, &err))
		return 0;
	check_identity(&a, &letter);
	check_links(&m, &letter);
	check_all(&m, &letter);
	return 0;
}
