#include "mime/rewrite.h"

#include "mime/charset.h"
#include "mime/html.h"
#include "mime/html_links.h"
#include "mime/part_text.h"
#include "mime/rewrite_lines.h"
#include "mime/text_links.h"

#include <stdlib.h>
#include <string.h>

/* A text part while it is worked on. */
struct opened {
	struct part_text text;
	size_t body_end; /* of HTML */
};

struct rewriter {
	struct arena *a;
	const struct letter *letter;
	const struct link_rules *rules;
	const struct rewrite_options *options;
	struct rewrite_report *report;
	size_t links; /* in all parts so far */
	struct {
		struct opened *v;
		size_t n, cap;
	} opened; /* one for each of report->parts */
};

static bool is_text(const struct letter_part *part)
{
	return part->kind == LETTER_HTML || part->kind == LETTER_PLAIN;
}

static struct text_form form_of(const struct letter_part *part, const struct opened *o)
{
	return (struct text_form){
	        .is_utf8 = o->text.charset || charset_is_utf8(part->charset),
	        .is_delsp = part->is_delsp,
	};
}

/* A target means characters, and URLs are UTF-8: what another charset wrote is read. In
 * HTML that comes before its references, which are characters already. */
static void read_targets(struct rewriter *w, struct rewrite_part *r, struct str text)
{
	struct str charset = r->part->charset;
	bool is_html = r->part->kind == LETTER_HTML;

	if (charset.n == 0 || charset_is_utf8(charset) ||
	    !charset_is_ascii_compatible(charset))
		return;
	for (size_t i = 0; i < r->links.n; i++) {
		struct link *l = &r->links.v[i];
		struct str raw = str_slice(text, l->start, l->end - l->start);
		const char *name;
		struct str utf8;

		if (str_is_ascii(raw) ||
		    !charset_to_utf8(w->a, charset, is_html ? raw : l->value, &utf8,
		                     &name))
			continue;
		l->value = is_html ? html_decode(w->a, utf8, HTML_ATTRIBUTE) : utf8;
	}
}

static bool open_part(struct rewriter *w, const struct letter_part *part,
                      struct err *err)
{
	struct rewrite_part *r = ARRAY_ADD(&w->report->parts, w->a);
	struct opened *o = ARRAY_ADD(&w->opened, w->a);
	struct html_scan scan;

	r->part = part;
	r->skip = part_text_open(w->a, w->letter, part, &o->text);
	if (r->skip == REWRITE_ENCODING || r->skip == REWRITE_CHARSET)
		return true;
	if (part->kind == LETTER_HTML) {
		html_scan(w->a, o->text.text, w->rules, &scan);
		r->links = scan.links;
		o->body_end = scan.body_end;
	} else {
		text_links(w->a, o->text.text, form_of(part, o), w->rules, &r->links);
	}
	w->links += r->links.n;
	if (w->links > REWRITE_LINKS_MAX)
		return err_set(err, ERR_INPUT, "the message has more than %d links",
		               REWRITE_LINKS_MAX);
	read_targets(w, r, o->text.text);
	return true;
}

static int compare_views(const void *x, const void *y)
{
	return str_cmp(*(const struct str *)x, *(const struct str *)y);
}

/* A URL that HTML marks as not to be tracked is not tracked in the text either. */
static void carry_no_track(struct rewriter *w)
{
	struct {
		struct str *v;
		size_t n, cap;
	} marked = {0};

	for (size_t i = 0; i < w->report->parts.n; i++) {
		const struct rewrite_part *r = &w->report->parts.v[i];

		for (size_t k = 0; k < r->links.n; k++)
			if (r->links.v[k].why == LINK_NO_TRACK)
				*ARRAY_ADD(&marked, w->a) = r->links.v[k].value;
	}
	if (marked.n == 0)
		return;
	qsort(marked.v, marked.n, sizeof(*marked.v), compare_views);
	for (size_t i = 0; i < w->report->parts.n; i++) {
		struct rewrite_part *r = &w->report->parts.v[i];

		for (size_t k = 0; r->part->kind == LETTER_PLAIN && k < r->links.n; k++)
			if (bsearch(&r->links.v[k].value, marked.v, marked.n,
			            sizeof(*marked.v), compare_views))
				r->links.v[k].why = LINK_NO_TRACK;
	}
}

static bool open_parts(struct rewriter *w, struct err *err)
{
	for (size_t i = 0; i < w->letter->parts.n; i++)
		if (is_text(&w->letter->parts.v[i]) &&
		    !open_part(w, &w->letter->parts.v[i], err))
			return false;
	carry_no_track(w);
	for (size_t i = 0; i < w->report->parts.n; i++) {
		const struct rewrite_part *r = &w->report->parts.v[i];

		for (size_t k = 0; r->skip == REWRITE_DONE && k < r->links.n; k++)
			w->report->link_count += r->links.v[k].why == LINK_TRACKABLE;
	}
	return true;
}

bool letter_links(struct arena *a, const struct letter *letter,
                  const struct link_rules *rules, struct rewrite_report *report,
                  struct err *err)
{
	struct rewriter w = {
	        .a = a, .letter = letter, .rules = rules, .report = report};

	*report = (struct rewrite_report){0};
	return open_parts(&w, err);
}

/* One part's edits while they are made. */
struct work {
	struct rewrite_part *r;
	struct opened *o;
	struct rewrite_lines lines;
	struct edits edits; /* of the text */
	size_t *number;
	struct str tag, address; /* of unsubscribing, the second in this part's form */
	size_t done_to; /* in the text: behind the last tag that was replaced */
	/* What a letter has once, put at the end of its text. */
	struct str footer, pixel;
	size_t end_at;
	bool has_end;
};

static struct str in_form(struct rewriter *w, const struct work *k, struct str target,
                          char quote)
{
	return k->lines.is_html ? html_attribute(w->a, target, quote) : target;
}

static void rewrite_link(struct rewriter *w, struct work *k, struct link *link)
{
	struct rewrite_link what = {link, k->r->part, *k->number};
	struct str target;

	if (link->why != LINK_TRACKABLE || !w->options->map ||
	    (k->r->part->kind == LETTER_PLAIN && !w->options->text))
		return;
	++*k->number;
	if (!w->options->map(w->options->arg, &what, &target))
		return;
	if (rewrite_lines_link(w->a, &k->lines, link,
	                       in_form(w, k, target, link->quote), &k->edits))
		w->report->rewritten_count++;
	else
		link->why = LINK_LINE_LENGTH;
}

/* The first tag at or behind `from`; the end of the text where there is none. */
static size_t find_tag(const struct work *k, size_t from)
{
	struct str rest = str_from(k->o->text.text, from);
	const char *found = NULL;

	if (k->tag.n && rest.n)
		found = memmem(rest.p, rest.n, k->tag.p, k->tag.n);
	return found ? (size_t)(found - k->o->text.text.p) : k->o->text.text.n;
}

/* Before </body>; where there is none, before the blanks at the end, so that the last
 * line keeps its end. */
static size_t end_of_html(const struct opened *o)
{
	size_t at = o->body_end;

	while (o->body_end == o->text.text.n && at &&
	       char_is_blank(o->text.text.p[at - 1]))
		at--;
	return at;
}

/* The footer with its tags replaced. */
static struct str fill_footer(struct rewriter *w, const struct work *k,
                              struct str footer)
{
	struct iov pieces = {0};
	const char *found;

	while (k->tag.n && footer.n &&
	       (found = memmem(footer.p, footer.n, k->tag.p, k->tag.n))) {
		size_t before = (size_t)(found - footer.p);

		iov_add(w->a, &pieces, str_slice(footer, 0, before));
		iov_add(w->a, &pieces, k->address);
		footer = str_from(footer, before + k->tag.n);
	}
	iov_add(w->a, &pieces, footer);
	return part_text_insert(w->a, &k->o->text, iov_join(w->a, &pieces));
}

/* Whether what is added would be joined with the last line: RFC 3676 §4.1. */
static bool flows_on(const struct letter_part *part, struct str before)
{
	before.n -= str_ends(before, STR("\n"));
	before.n -= str_ends(before, STR("\r"));
	return part->is_flowed && str_ends(before, STR(" "));
}

/* Whether the last line begins as a boundary does: ended here, it might become one. */
static bool may_be_boundary(struct str text)
{
	const char *lf = memrchr(text.p, '\n', text.n);

	return str_starts(lf ? str_from(text, (size_t)(lf + 1 - text.p)) : text,
	                  STR("--"));
}

/* At the end of the text, on lines of its own. */
static void add_footer(struct rewriter *w, struct work *k, size_t at)
{
	struct str footer = fill_footer(w, k, k->footer);
	struct str before = str_slice(k->o->text.text, 0, at);

	if (flows_on(k->r->part, before))
		footer = arena_join(w->a, w->letter->eol, footer);
	if (before.n && !str_ends(before, STR("\n")) && !may_be_boundary(before))
		footer = arena_join(w->a, w->letter->eol, footer);
	rewrite_lines_piece(w->a, &k->lines, at, at, footer, &k->edits);
	w->report->has_footer = true;
}

static void add_pixel(struct rewriter *w, struct work *k, size_t at)
{
	struct str url = html_attribute(w->a, k->pixel, '"');
	struct str image = arena_printf(w->a,
	                                "<img src=\"%.*s\" width=\"1\" height=\"1\" "
	                                "alt=\"\" style=\"display:block;width:1px;"
	                                "height:1px;border:0\">",
	                                STR_ARG(url));

	rewrite_lines_piece(w->a, &k->lines, at, at, image, &k->edits);
	w->report->has_pixel = true;
}

/* Before a change at `to`: what belongs to the end, once it has been reached. */
static void pass_end(struct rewriter *w, struct work *k, size_t to)
{
	size_t at = k->end_at > k->done_to ? k->end_at : k->done_to;

	if (k->has_end || to < at)
		return;
	if (k->footer.n)
		add_footer(w, k, at);
	if (k->pixel.n)
		add_pixel(w, k, at);
	k->has_end = true;
}

static size_t replace_tag(struct rewriter *w, struct work *k, size_t at)
{
	pass_end(w, k, at);
	k->done_to = at + k->tag.n;
	rewrite_lines_piece(w->a, &k->lines, at, k->done_to, k->address, &k->edits);
	w->report->has_unsubscribe = true;
	return find_tag(k, k->done_to);
}

/* All changes in the order of the text, `tag` being the place of the first tag. A link
 * that holds one is not tracked. */
static void change_text(struct rewriter *w, struct work *k, size_t tag)
{
	for (size_t i = 0; i < k->r->links.n; i++) {
		struct link *link = &k->r->links.v[i];

		while (tag < link->start)
			tag = replace_tag(w, k, tag);
		if (tag < link->end || k->done_to > link->start)
			link->why = LINK_MERGE_TAG;
		pass_end(w, k, link->start);
		k->lines.free_to = tag;
		rewrite_link(w, k, link);
	}
	while (tag < k->o->text.text.n)
		tag = replace_tag(w, k, tag);
	pass_end(w, k, k->o->text.text.n);
}

static void set_unsubscribe(struct rewriter *w, struct work *k)
{
	const struct rewrite_options *o = w->options;

	if (o->unsubscribe.n == 0)
		return;
	k->tag = o->unsubscribe_tag.n ? o->unsubscribe_tag
	                              : STR(REWRITE_UNSUBSCRIBE_TAG);
	/* The form for a value without quotes stands anywhere. */
	k->address = in_form(w, k, o->unsubscribe, 0);
}

/* A line break beside a link. Where a blank before it joins the lines and goes, there is
 * one more, so that the text stays apart. */
static struct str line_break(const struct rewriter *w, const struct letter_part *part)
{
	if (part->kind == LETTER_PLAIN && part->is_delsp)
		return arena_join(w->a, STR(" "), w->letter->eol);
	return w->letter->eol;
}

/* `is_first`: of its kind, so that it gets what a letter has once. */
static void rewrite_part(struct rewriter *w, size_t i, size_t *number, bool is_first,
                         struct edits *edits)
{
	const struct rewrite_options *o = w->options;
	struct opened *opened = &w->opened.v[i];
	bool is_html = w->report->parts.v[i].part->kind == LETTER_HTML;
	bool is_identity = transfer_is_identity(opened->text.transfer.encoding);
	struct work k = {
	        .r = &w->report->parts.v[i],
	        .o = opened,
	        .number = number,
	        .lines = {.text = opened->text.text,
	                  .eol = line_break(w, w->report->parts.v[i].part),
	                  .is_html = is_html,
	                  .is_free = !is_identity},
	        .end_at = is_html ? end_of_html(opened) : opened->text.text.n,
	};
	size_t tag;

	set_unsubscribe(w, &k);
	tag = find_tag(&k, 0);
	if (is_first && is_html)
		k.pixel = o->pixel;
	if (is_first && tag == opened->text.text.n)
		k.footer = is_html ? o->footer_html : o->footer_text;
	change_text(w, &k, tag);
	part_text_close(w->a, w->letter, &opened->text, &k.edits, edits);
}

static void rewrite_parts(struct rewriter *w, struct edits *edits)
{
	bool has_first[2] = {false, false};
	size_t number = 0;

	for (size_t i = 0; i < w->report->parts.n; i++) {
		const struct rewrite_part *r = &w->report->parts.v[i];
		bool *has = &has_first[r->part->kind == LETTER_HTML];

		/* One without text gets none: it may not even have a body. */
		if (r->skip != REWRITE_DONE || r->part->start == r->part->end)
			continue;
		rewrite_part(w, i, &number, !*has, edits);
		*has = true;
	}
}

bool letter_rewrite(struct arena *a, const struct letter *letter,
                    const struct rewrite_options *options, struct edits *edits,
                    struct rewrite_report *report, struct err *err)
{
	struct rewriter w = {
	        .a = a,
	        .letter = letter,
	        .rules = options->rules,
	        .options = options,
	        .report = report,
	};
	struct edits header = {0};

	*report = (struct rewrite_report){0};
	for (size_t i = 0; i < options->change_count; i++)
		if (!header_edit(a, letter, &options->changes[i], &header, err))
			return false;
	if (!open_parts(&w, err))
		return false;
	edits_sort(&header);
	for (size_t i = 0; i < header.n; i++)
		edits_add(a, edits, header.v[i].start, header.v[i].end,
		          header.v[i].text);
	rewrite_parts(&w, edits);
	return true;
}

static const struct {
	const char *word, *phrase;
} skips[] = {
#define X(name, word, phrase) [name] = {word, phrase},
        REWRITE_SKIPS(X)
#undef X
};

const char *rewrite_skip_word(enum rewrite_skip skip)
{
	return skips[skip].word;
}

const char *rewrite_skip_phrase(enum rewrite_skip skip)
{
	return skips[skip].phrase;
}
