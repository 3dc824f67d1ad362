#include "cli/audit_text.h"

#include "base/utf8.h"

#include <string.h>

enum { LABEL_COLUMNS = 12, TERM_COLUMNS = 58, TEXT_COLUMNS = 78, NETWORKS_SHOWN = 3 };

/* Where the text goes and how. */
struct sheet {
	FILE *out;
	struct arena *a;
	bool colour;
};

/* ---- reading members ---- */

static struct str text_of(const struct sheet *s, const json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));

	return text ? utf8_printable(s->a, str_c(text)) : STR_NONE;
}

static int number_of(const json_t *object, const char *name)
{
	return (int)json_integer_value(json_object_get(object, name));
}

/* The texts of an array, with commas between them. */
static struct str join(const struct sheet *s, const json_t *list)
{
	struct str out = STR("");

	for (size_t i = 0; i < json_array_size(list); i++)
		out = arena_printf(s->a, "%.*s%s%s", STR_ARG(out), i ? ", " : "",
		                   json_string_value(json_array_get(list, i)));
	return utf8_printable(s->a, out);
}

/* ---- lines ---- */

static void heading(const struct sheet *s, const char *label)
{
	fprintf(s->out, s->colour ? "\033[1m%-*s\033[0m" : "%-*s", LABEL_COLUMNS,
	        label);
}

/* "label     text", the text wrapped below itself. */
static void line(const struct sheet *s, const char *label, struct str text)
{
	struct str word;
	int column = LABEL_COLUMNS;

	heading(s, label);
	while (str_cut(&text, ' ', &word)) {
		int width = (int)utf8_columns(word);

		if (column > LABEL_COLUMNS && column + 1 + width > TEXT_COLUMNS) {
			fprintf(s->out, "\n%*s", LABEL_COLUMNS, "");
			column = LABEL_COLUMNS;
		}
		fprintf(s->out, "%s%.*s", column > LABEL_COLUMNS ? " " : "",
		        STR_ARG(word));
		column += width + (column > LABEL_COLUMNS);
	}
	fputc('\n', s->out);
}

/* ---- SPF ---- */

static bool is_plain(const json_t *term)
{
	return number_of(term, "lookups") == 0 && !json_object_get(term, "tree");
}

/* The terms that ask nothing, on one line: a few networks and how many more, then all. */
static void print_plain_terms(const struct sheet *s, const json_t *terms, int depth)
{
	struct str out = STR("");
	size_t networks = 0;

	for (size_t i = 0; i < json_array_size(terms); i++) {
		const json_t *term = json_array_get(terms, i);
		struct str text = text_of(s, term, "term");

		if (!is_plain(term))
			continue;
		if (str_find_nocase(text, STR("ip")) >= 0 &&
		    ++networks > NETWORKS_SHOWN)
			continue;
		out = arena_printf(s->a, "%.*s%s%.*s", STR_ARG(out), out.n ? " " : "",
		                   STR_ARG(text));
	}
	if (networks > NETWORKS_SHOWN)
		out = arena_printf(s->a, "%.*s (and %zu more networks)", STR_ARG(out),
		                   networks - NETWORKS_SHOWN);
	if (out.n)
		fprintf(s->out, "    %*s%.*s\n", 2 * depth, "", STR_ARG(out));
}

static void print_terms(const struct sheet *s, const json_t *terms, int depth)
{
	for (size_t i = 0; i < json_array_size(terms); i++) {
		const json_t *term = json_array_get(terms, i);
		struct str text = text_of(s, term, "term");
		struct str service = text_of(s, term, "service");
		struct str status = text_of(s, term, "status");
		int room = TERM_COLUMNS - 2 * depth;

		if (is_plain(term))
			continue;
		fprintf(s->out, "    %*s%-*.*s %2d", 2 * depth, "", room > 0 ? room : 0,
		        STR_ARG(text), number_of(term, "lookups"));
		if (json_is_false(json_object_get(term, "reached")))
			fputs("  not reached", s->out);
		if (status.n && !str_eq(status, STR("found")))
			fprintf(s->out, "  %.*s", STR_ARG(status));
		if (service.n)
			fprintf(s->out, "  %.*s", STR_ARG(service));
		fputc('\n', s->out);
		print_terms(s, json_object_get(term, "tree"), depth + 1);
	}
	print_plain_terms(s, terms, depth);
}

static void print_spf(const struct sheet *s, const json_t *spf)
{
	if (text_of(s, spf, "record").n == 0) {
		line(s, "SPF",
		     str_eq(text_of(s, spf, "status"), STR("several"))
		             ? STR("several records")
		             : STR("no record"));
		return;
	}
	line(s, "SPF",
	     arena_printf(s->a, "%d of 10 look-ups, %d of 2 that find nothing",
	                  number_of(spf, "lookups"), number_of(spf, "void_lookups")));
	print_terms(s, json_object_get(spf, "tree"), 0);
}

/* ---- the rest ---- */

static void print_dkim(const struct sheet *s, const json_t *dkim)
{
	struct str found = join(s, json_object_get(dkim, "selectors"));
	size_t asked = json_array_size(json_object_get(dkim, "asked"));

	line(s, "DKIM",
	     arena_printf(s->a,
	                  "%s%.*s (%zu selectors tried; name others with "
	                  "--selector)%s",
	                  found.n ? "keys at " : "no key found", STR_ARG(found), asked,
	                  json_is_true(json_object_get(dkim, "wildcard"))
	                          ? "; a wildcard answers for every selector"
	                          : ""));
}

static void print_reports(const struct sheet *s, const json_t *reports)
{
	for (size_t i = 0; i < json_array_size(reports); i++) {
		const json_t *report = json_array_get(reports, i);
		const json_t *agreed = json_object_get(report, "authorized");

		line(s, i ? "" : "  reports",
		     arena_printf(s->a, "%.*s (%.*s)%s",
		                  STR_ARG(text_of(s, report, "uri")),
		                  STR_ARG(text_of(s, report, "for")),
		                  json_is_false(agreed) ? ": has not agreed to get them"
		                  : json_is_null(agreed) ? ": agreement not known"
		                                         : ""));
	}
}

static void print_dmarc(const struct sheet *s, const json_t *dmarc)
{
	struct str policy = text_of(s, dmarc, "policy");
	struct str effective = text_of(s, dmarc, "effective");

	if (policy.n == 0) {
		line(s, "DMARC", STR("no policy holds"));
		return;
	}
	line(s, "DMARC",
	     arena_printf(s->a,
	                  "%.*s holds%s, by _dmarc.%.*s (p=%.*s, subdomains %.*s), "
	                  "alignment SPF %.*s, DKIM %.*s",
	                  STR_ARG(effective),
	                  json_is_true(json_object_get(dmarc, "testing"))
	                          ? " while t=y tries it out"
	                          : "",
	                  STR_ARG(text_of(s, dmarc, "record_domain")), STR_ARG(policy),
	                  STR_ARG(text_of(s, dmarc, "subdomain_policy")),
	                  STR_ARG(text_of(s, dmarc, "spf_alignment")),
	                  STR_ARG(text_of(s, dmarc, "dkim_alignment"))));
	print_reports(s, json_object_get(dmarc, "reports"));
}

static void print_services(const struct sheet *s, const json_t *services)
{
	if (json_array_size(services) == 0)
		line(s, "Services", STR("none recognised"));
	for (size_t i = 0; i < json_array_size(services); i++) {
		const json_t *service = json_array_get(services, i);

		line(s, i ? "" : "Services",
		     arena_printf(s->a, "%.*s %.*s: %.*s",
		                  STR_ARG(text_of(s, service, "name")),
		                  STR_ARG(join(s, json_object_get(service, "roles"))),
		                  STR_ARG(text_of(s, service, "evidence"))));
	}
}

/* A record of one text, as MTA-STS: itself and what is wrong with it. */
static void print_text_record(const struct sheet *s, const json_t *audit,
                              const char *label, const char *member)
{
	const json_t *value = json_object_get(audit, member);
	struct str problem = text_of(s, value, "problem");
	struct str record = text_of(s, value, "record");

	if (!json_is_object(value))
		line(s, label, STR("no record"));
	else
		line(s, label,
		     arena_printf(s->a, "%.*s%s%.*s", STR_ARG(record),
		                  problem.n ? record.n ? ": " : "" : "",
		                  STR_ARG(problem)));
}

static void print_list(const struct sheet *s, const json_t *audit, const char *label,
                       const char *member)
{
	struct str list = join(s, json_object_get(audit, member));

	line(s, label, list.n ? list : STR("none"));
}

void audit_text(FILE *out, const json_t *audit, bool colour)
{
	AUTO(arena) a = {0};
	struct sheet s = {out, &a, colour};

	fputc('\n', out);
	print_spf(&s, json_object_get(audit, "spf"));
	print_dkim(&s, json_object_get(audit, "dkim"));
	print_dmarc(&s, json_object_get(audit, "dmarc"));
	print_services(&s, json_object_get(audit, "services"));
	print_text_record(&s, audit, "MTA-STS", "mta_sts");
	print_text_record(&s, audit, "TLS-RPT", "tls_rpt");
	print_text_record(&s, audit, "BIMI", "bimi");
	print_list(&s, audit, "CAA", "caa");
	line(&s, "DNSSEC", text_of(&s, audit, "dnssec"));
	print_list(&s, audit, "Servers", "name_servers");
}
