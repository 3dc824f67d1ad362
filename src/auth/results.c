#include "auth/results.h"

#include "base/buf.h"
#include "base/utf8.h"

enum {
	COLUMNS = 78,
	TEXT_MAX = 64 * 1024, /* more than DKIM_SIGNATURES_MAX verdicts need */
	B_PREFIX = 8,         /* digits of b= that tell signatures apart (RFC 6008) */
};

struct writer {
	struct arena *a;
	struct buf *b;
	struct str line_end;
	size_t column;
};

/* A word, behind a space or on the next line. */
static void put(struct writer *w, struct str word)
{
	bool fold = w->line_end.n && w->column + 1 + word.n > COLUMNS;

	if (fold) {
		buf_add(w->b, w->line_end);
		w->column = 0;
	}
	if (w->b->n) {
		buf_add_char(w->b, ' ');
		w->column++;
	}
	buf_add(w->b, word);
	w->column += word.n;
}

/* RFC 2045 §5.1. */
static bool is_token_char(char c)
{
	return c > ' ' && c < 0x7f && str_find_char(STR("()<>@,;:\\\"/[]?="), c) < 0;
}

static bool is_token(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!is_token_char(s.p[i]))
			return false;
	return s.n > 0;
}

/* An address of two tokens, of which a pvalue may consist without quotes. */
static bool is_plain_address(struct str s)
{
	struct str local;

	return str_cut(&s, '@', &local) && is_token(local) && is_token(s);
}

static struct str quote(struct arena *a, struct str s)
{
	AUTO(buf) b = {.max = 2 * RESULTS_VALUE_MAX + 2};

	s = str_slice(s, 0, RESULTS_VALUE_MAX);
	buf_add_char(&b, '"');
	while (s.n) {
		size_t n = utf8_length(s);

		if (n == 0 || (unsigned char)s.p[0] < ' ' || s.p[0] == 0x7f) {
			buf_add_char(&b, '?');
			n = 1;
		} else {
			if (s.p[0] == '"' || s.p[0] == '\\')
				buf_add_char(&b, '\\');
			buf_add(&b, str_slice(s, 0, n));
		}
		s = str_from(s, n);
	}
	buf_add_char(&b, '"');
	return arena_dup(a, buf_str(&b));
}

/* A value as it may stand behind the "=" of a property (RFC 8601 §2.2, pvalue). */
static struct str value(struct arena *a, struct str s)
{
	if (s.n <= RESULTS_VALUE_MAX && (is_token(s) || is_plain_address(s)))
		return s;
	return quote(a, s);
}

static void put_property(struct writer *w, const char *name, struct str text)
{
	struct str written = value(w->a, text);

	if (text.n)
		put(w, arena_printf(w->a, "%s=%.*s", name, STR_ARG(written)));
}

static void put_reason(struct writer *w, struct str reason)
{
	struct str quoted = quote(w->a, reason);

	if (reason.n)
		put(w, arena_printf(w->a, "reason=%.*s", STR_ARG(quoted)));
}

/* Ends the last result and begins another, on a line of its own. */
static void put_result(struct writer *w, const char *method, const char *result)
{
	buf_add_char(w->b, ';');
	w->column = COLUMNS;
	put(w, arena_printf(w->a, "%s=%s", method, result));
}

static void put_spf(struct writer *w, const struct results *in)
{
	const struct spf_result *spf = in->spf;
	struct str address = in->mail_from;

	put_result(w, "spf", spf_outcome_name(spf->outcome));
	put_reason(w, spf->problem);
	if (str_starts(address, STR("<")) && str_ends(address, STR(">")))
		address = str_slice(address, 1, address.n - 2);
	if (spf->is_helo)
		put_property(w, "smtp.helo", in->helo);
	else
		put_property(w, "smtp.mailfrom", address);
}

/* The first digits of b=, blanks left out. */
static struct str b_prefix(struct arena *a, struct str b)
{
	char *digits = arena_alloc(a, B_PREFIX);
	size_t n = 0;

	for (size_t i = 0; i < b.n && n < B_PREFIX; i++)
		if (!char_is_blank(b.p[i]))
			digits[n++] = b.p[i];
	return (struct str){digits, n};
}

static void put_dkim(struct writer *w, const struct dkim_verdict *verdict)
{
	const struct dkim_signature *s = &verdict->signature;

	put_result(w, "dkim", dkim_result_name(verdict->result));
	put_reason(w, verdict->reason);
	put_property(w, "header.d", s->domain);
	put_property(w, "header.s", s->selector);
	put_property(w, "header.a", s->algorithm_name);
	put_property(w, "header.b", b_prefix(w->a, s->b));
}

static void put_dmarc(struct writer *w, const struct results *in)
{
	put_result(w, "dmarc", dmarc_result_name(in->dmarc->result));
	if (in->from_problem)
		put_reason(w, str_c(in->from_problem));
	put_property(w, "header.from", in->from_domain);
	if (in->dmarc->policy != DMARC_NO_POLICY)
		put_property(w, "policy.dmarc",
		             str_c(dmarc_policy_name(in->dmarc->disposition)));
}

struct str results_format(struct arena *a, const struct results *in,
                          struct str line_end)
{
	AUTO(buf) b = {.max = TEXT_MAX};
	struct writer w = {a, &b, line_end, 0};

	put(&w, value(a, in->authserv_id));
	put_spf(&w, in);
	for (size_t i = 0; i < in->dkim->n && i < DKIM_SIGNATURES_MAX; i++)
		put_dkim(&w, &in->dkim->v[i]);
	if (in->dkim->n == 0)
		put_result(&w, "dkim", "none");
	put_dmarc(&w, in);
	need(!b.overflowed);
	return arena_dup(a, buf_str(&b));
}
