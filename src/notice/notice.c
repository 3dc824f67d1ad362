#include "notice/notice.h"

#include "base/markup.h"

enum { NOTICE_MAX = 2 * 1024 * 1024 };

/* The parts of a mail in order, as text and as HTML. */
struct pages {
	struct buf text, html;
};

static void pages_done(struct pages *p)
{
	buf_done(&p->text);
	buf_done(&p->html);
}

static void add_paragraph(struct pages *p, struct str text)
{
	if (!text.n)
		return;
	buf_add(&p->text, text);
	buf_add(&p->text, STR("\n\n"));
	markup_add_paragraphs(&p->html, text);
}

static void add_support(struct arena *a, struct pages *p, struct str support)
{
	if (support.n)
		add_paragraph(p, arena_printf(a, "Questions: %.*s", STR_ARG(support)));
}

static struct notice finish(struct arena *a, struct pages *p, struct str subject)
{
	struct notice n = {.subject = subject};

	n.text = arena_dup(a, buf_str(&p->text));
	n.html = arena_printf(
	        a,
	        "<!DOCTYPE html>\n<html><head><meta charset=\"utf-8\"></head>"
	        "<body>\n%.*s</body></html>\n",
	        STR_ARG(buf_str(&p->html)));
	return n;
}

struct notice notice_instructions(struct arena *a, const struct notice_records *in)
{
	AUTO(pages) p = {.text.max = NOTICE_MAX, .html.max = NOTICE_MAX};
	struct str domain = in->plan->domain;

	add_paragraph(&p,
	              arena_printf(a,
	                           "%.*s would like to send mail as %.*s by way of "
	                           "%.*s. For that the domain needs these DNS records.",
	                           STR_ARG(in->account), STR_ARG(domain),
	                           STR_ARG(in->instance)));
	add_paragraph(&p, in->message);
	buf_add(&p.text, render_table(a, in->plan, in->at));
	buf_add(&p.text, STR("\n"));
	buf_add(&p.html, render_html(a, in->plan, in->at));
	add_paragraph(&p,
	              STR("The mail that the domain gets now is not affected. Once the "
	                  "records are published they are found without your doing; "
	                  "that takes from a minute to a few hours, rarely longer."));
	add_support(a, &p, in->support);
	return finish(a, &p, arena_printf(a, "DNS records for %.*s", STR_ARG(domain)));
}

static const struct {
	const char *subject, *text;
} reviews[] = {
#define X(name, subject, text) [NOTICE_REVIEW_##name] = {subject, text},
        NOTICE_REVIEWS(X)
#undef X
};

struct notice notice_reviewed(struct arena *a, enum notice_review step,
                              struct str domain, struct str instance, struct str detail,
                              struct str support)
{
	AUTO(pages) p = {.text.max = NOTICE_MAX, .html.max = NOTICE_MAX};
	struct str subject =
	        arena_printf(a, "%.*s %s", STR_ARG(domain), reviews[step].subject);

	add_paragraph(&p, arena_printf(a, "%.*s at %.*s. %s", STR_ARG(subject),
	                               STR_ARG(instance), reviews[step].text));
	add_paragraph(&p, detail);
	add_support(a, &p, support);
	return finish(a, &p, subject);
}
