#include "plan/render.h"

#include "base/buf.h"
#include "base/markup.h"
#include "base/utf8.h"

enum { RENDER_MAX = 1024 * 1024, TXT_STRING_MAX = 255, GUIDE_COLUMNS = 78 };

/* The columns of the table; the value comes last, since it may be long. */
enum column {
	COLUMN_PURPOSE,
	COLUMN_TYPE,
	COLUMN_NAME,
	COLUMN_PRIORITY,
	COLUMN_TTL,
	COLUMN_NEED,
	COLUMN_VALUE,
	COLUMNS,
};

/* One row: a record, or all MX of a name where they share a field. */
struct row {
	struct str cells[COLUMNS];
};

static const struct str purpose_words[] = {
        [PLAN_OWNERSHIP] = STR_INIT("ownership"),
        [PLAN_DKIM] = STR_INIT("DKIM"),
        [PLAN_SPF] = STR_INIT("SPF"),
        [PLAN_RETURN_PATH] = STR_INIT("return path"),
        [PLAN_DMARC] = STR_INIT("DMARC"),
        [PLAN_TRACKING] = STR_INIT("tracking"),
        [PLAN_REPLY] = STR_INIT("reply"),
        [PLAN_INBOUND] = STR_INIT("mail"),
};

struct table {
	struct row *rows; /* the first has the headings */
	size_t row_count;
	bool is_shown[COLUMNS];
};

json_t *render_json(struct arena *a, const struct plan *plan,
                    const struct field_place *at)
{
	json_t *list = json_array();

	for (size_t i = 0; i < plan->record_count; i++) {
		const struct plan_record *r = &plan->records[i];
		json_t *o = json_object();

		json_object_set_new(o, "purpose",
		                    json_string(plan_purpose_name(r->purpose)));
		json_object_set_new(o, "type", json_string(dns_type_name(r->type)));
		json_object_set_new(o, "name", json_text(r->name));
		json_object_set_new(o, "host", json_text(field_host(a, at, r->name)));
		json_object_set_new(o, "value", json_text(r->value));
		json_object_set_new(o, "priority",
		                    r->priority < 0 ? json_null()
		                                    : json_integer(r->priority));
		json_object_set_new(o, "ttl", json_integer(r->ttl));
		json_object_set_new(o, "required", json_boolean(r->required));
		json_object_set_new(o, "match", json_string(plan_match_name(r->match)));
		json_array_append_new(list, o);
	}
	return list;
}

/* Quoted strings of at most 255 bytes; the text is printable ASCII. */
static void add_zone_text(struct buf *b, struct str text)
{
	for (size_t from = 0; from < text.n; from += TXT_STRING_MAX) {
		struct str part = str_slice(text, from, TXT_STRING_MAX);

		buf_add(b, from ? STR(" \"") : STR("\""));
		for (size_t i = 0; i < part.n; i++) {
			if (part.p[i] == '"' || part.p[i] == '\\')
				buf_add_char(b, '\\');
			buf_add_char(b, part.p[i]);
		}
		buf_add_char(b, '"');
	}
}

struct str render_zone(struct arena *a, const struct plan *plan)
{
	AUTO(buf) b = {.max = RENDER_MAX};

	buf_printf(&b, "; %.*s: records of the profile %.*s\n", STR_ARG(plan->domain),
	           STR_ARG(plan->profile->id));
	for (size_t i = 0; i < plan->record_count; i++) {
		const struct plan_record *r = &plan->records[i];

		buf_printf(&b, "%.*s.\t%u\tIN\t%s\t", STR_ARG(r->name), r->ttl,
		           dns_type_name(r->type));
		if (r->type == DNS_TXT) {
			add_zone_text(&b, r->value);
		} else {
			if (r->type == DNS_MX)
				buf_printf(&b, "%d ", r->priority);
			buf_printf(&b, "%.*s.", STR_ARG(r->value));
		}
		buf_add_char(&b, '\n');
	}
	need(!b.overflowed);
	return arena_dup(a, buf_str(&b));
}

/* Whether the record stands in the row of an earlier one. */
static bool is_merged(const struct plan *plan, size_t i, const struct field_place *at)
{
	const struct plan_record *r = &plan->records[i];

	return r->type == DNS_MX && at->provider->mx_one_field && r->set != i;
}

/* The value field of record `i`, with those that share its field. */
static struct str row_value(struct arena *a, const struct plan *plan, size_t i,
                            const struct field_place *at)
{
	struct field_record *set =
	        ARENA_ARRAY(a, struct field_record, plan->record_count);
	size_t n = 0;

	for (size_t j = i; j < plan->record_count; j++)
		if (j == i || (plan->records[j].set == i && is_merged(plan, j, at)))
			set[n++] = field_of_plan(&plan->records[j]);
	return field_values(a, at, set, n);
}

static struct row make_row(struct arena *a, const struct plan *plan, size_t i,
                           const struct field_place *at)
{
	const struct plan_record *r = &plan->records[i];
	struct row row = {0};
	struct str host = field_host(a, at, r->name);

	row.cells[COLUMN_PURPOSE] = purpose_words[r->purpose];
	row.cells[COLUMN_TYPE] = str_c(dns_type_name(r->type));
	row.cells[COLUMN_NAME] = host.n ? host : STR("(empty)");
	if (field_has_priority(at, r->type))
		row.cells[COLUMN_PRIORITY] = arena_printf(a, "%d", r->priority);
	row.cells[COLUMN_TTL] = field_ttl(a, at, r->ttl);
	row.cells[COLUMN_NEED] = r->required ? STR("required") : STR("optional");
	row.cells[COLUMN_VALUE] = row_value(a, plan, i, at);
	return row;
}

static struct table make_table(struct arena *a, const struct plan *plan,
                               const struct field_place *at)
{
	const struct provider *p = at->provider;
	struct table t = {.is_shown = {[COLUMN_VALUE] = true}};

	t.rows = ARENA_ARRAY(a, struct row, plan->record_count + 1);
	t.rows[t.row_count++] = (struct row){
	        {
                 [COLUMN_PURPOSE] = STR("For"),
                 [COLUMN_TYPE] = p->field_type,
                 [COLUMN_NAME] = p->field_name,
                 [COLUMN_PRIORITY] = p->field_priority,
                 [COLUMN_TTL] = STR("TTL"),
                 [COLUMN_NEED] = STR("Needed"),
                 [COLUMN_VALUE] = p->field_value,
	         }
        };
	for (size_t i = 0; i < plan->record_count; i++) {
		if (is_merged(plan, i, at))
			continue;
		t.rows[t.row_count] = make_row(a, plan, i, at);
		for (size_t c = 0; c < COLUMNS; c++)
			t.is_shown[c] |= t.rows[t.row_count].cells[c].n > 0;
		t.row_count++;
	}
	return t;
}

static void add_blanks(struct buf *b, size_t n)
{
	while (n--)
		buf_add_char(b, ' ');
}

static void add_rows(struct buf *b, const struct table *t)
{
	size_t width[COLUMNS] = {0};
	size_t indent = 0;

	for (size_t c = 0; c < COLUMN_VALUE; c++) {
		for (size_t i = 0; t->is_shown[c] && i < t->row_count; i++) {
			size_t n = utf8_columns(t->rows[i].cells[c]) + 2;

			width[c] = n > width[c] ? n : width[c];
		}
		indent += width[c];
	}
	for (size_t i = 0; i < t->row_count; i++) {
		struct str value = t->rows[i].cells[COLUMN_VALUE];
		struct str line;

		for (size_t c = 0; c < COLUMN_VALUE; c++) {
			struct str cell = t->rows[i].cells[c];

			if (!width[c])
				continue;
			buf_add(b, cell);
			add_blanks(b, width[c] - utf8_columns(cell));
		}
		for (bool first = true; str_cut(&value, '\n', &line); first = false) {
			add_blanks(b, first ? 0 : indent);
			buf_add(b, line);
			buf_add_char(b, '\n');
		}
	}
}

/* A paragraph broken between words. */
static void add_paragraph(struct buf *b, struct str text)
{
	size_t column = 0;
	struct str word;

	while (str_cut(&text, ' ', &word)) {
		size_t n = utf8_columns(word);

		if (column && column + 1 + n > GUIDE_COLUMNS) {
			buf_add_char(b, '\n');
			column = 0;
		} else if (column) {
			buf_add_char(b, ' ');
			column++;
		}
		buf_add(b, word);
		column += n;
	}
	buf_add_char(b, '\n');
}

static bool is_said(const struct field_notes *notes, size_t i)
{
	for (size_t j = 0; j < i; j++)
		if (str_eq(notes->v[j].text, notes->v[i].text))
			return true;
	return false;
}

/* What to mind about the records, then the provider's own ways. */
static void add_notes(struct buf *b, struct arena *a, const struct plan *plan,
                      const struct field_place *at)
{
	struct field_notes notes = {0};
	struct str url = field_panel_url(a, at);

	for (size_t i = 0; i < plan->record_count; i++) {
		struct field_record r = field_of_plan(&plan->records[i]);

		field_add_notes(a, at, &r, &notes);
	}
	for (size_t i = 0; i < notes.n; i++) {
		if (is_said(&notes, i))
			continue;
		buf_add_char(b, '\n');
		add_paragraph(b, notes.v[i].text);
	}
	for (size_t i = 0; i < plan->record_count; i++) {
		if (plan->records[i].purpose != PLAN_DMARC)
			continue;
		buf_add_char(b, '\n');
		add_paragraph(
		        b, STR("If the domain has a DMARC record already, keep it and "
		               "do not add another."));
		break;
	}
	buf_add_char(b, '\n');
	add_paragraph(b, at->provider->guide);
	if (url.n)
		buf_printf(b, "\n%.*s\n", STR_ARG(url));
}

struct str render_table(struct arena *a, const struct plan *plan,
                        const struct field_place *at)
{
	AUTO(buf) b = {.max = RENDER_MAX};
	struct table t = make_table(a, plan, at);
	struct str where = field_where(a, at->provider);

	buf_printf(&b, "%.*s, zone %.*s:\n\n", STR_ARG(where), STR_ARG(at->zone));
	add_rows(&b, &t);
	add_notes(&b, a, plan, at);
	return arena_dup(a, buf_str(&b));
}

/* A cell as code, so that nothing in it is taken for markup. */
static void add_markdown_cell(struct buf *b, struct str text)
{
	struct str line;

	buf_add(b, STR(" "));
	for (bool first = true; str_cut(&text, '\n', &line); first = false) {
		buf_add(b, first ? STR("`") : STR("<br>`"));
		for (size_t i = 0; i < line.n; i++) {
			if (line.p[i] == '|')
				buf_add_char(b, '\\');
			buf_add_char(b, line.p[i]);
		}
		buf_add_char(b, '`');
	}
	buf_add(b, STR(" |"));
}

struct str render_markdown(struct arena *a, const struct plan *plan,
                           const struct field_place *at)
{
	AUTO(buf) b = {.max = RENDER_MAX};
	struct table t = make_table(a, plan, at);
	struct str where = field_where(a, at->provider);

	buf_printf(&b, "%.*s, zone `%.*s`:\n\n", STR_ARG(where), STR_ARG(at->zone));
	for (size_t i = 0; i < t.row_count; i++) {
		buf_add_char(&b, '|');
		for (size_t c = 0; c < COLUMNS; c++) {
			struct str cell = t.rows[i].cells[c];

			if (!t.is_shown[c])
				continue;
			if (i == 0 || !cell.n)
				buf_printf(&b, " %.*s |", STR_ARG(cell));
			else
				add_markdown_cell(&b, cell);
		}
		buf_add_char(&b, '\n');
		if (i == 0) {
			buf_add_char(&b, '|');
			for (size_t c = 0; c < COLUMNS; c++)
				if (t.is_shown[c])
					buf_add(&b, STR(" --- |"));
			buf_add_char(&b, '\n');
		}
	}
	add_notes(&b, a, plan, at);
	return arena_dup(a, buf_str(&b));
}

static void add_html_rows(struct buf *b, const struct table *t)
{
	for (size_t i = 0; i < t->row_count; i++) {
		buf_add(b, STR("<tr>"));
		for (size_t c = 0; c < COLUMNS; c++) {
			struct str cell = t->rows[i].cells[c];
			struct str line;

			if (!t->is_shown[c])
				continue;
			buf_add(b, i == 0 ? STR("<th align=\"left\">")
			                  : STR("<td valign=\"top\">"));
			for (bool first = true; str_cut(&cell, '\n', &line);
			     first = false) {
				buf_add(b, first ? STR("<code>") : STR("<br><code>"));
				markup_add(b, line);
				buf_add(b, STR("</code>"));
			}
			buf_add(b, i == 0 ? STR("</th>") : STR("</td>"));
		}
		buf_add(b, STR("</tr>\n"));
	}
}

struct str render_html(struct arena *a, const struct plan *plan,
                       const struct field_place *at)
{
	AUTO(buf) b = {.max = RENDER_MAX};
	AUTO(buf) notes = {.max = RENDER_MAX};
	struct table t = make_table(a, plan, at);

	buf_add(&b, STR("<p>"));
	markup_add(&b, field_where(a, at->provider));
	buf_add(&b, STR(", zone <code>"));
	markup_add(&b, at->zone);
	buf_add(&b, STR("</code>:</p>\n<table cellpadding=\"6\">\n"));
	add_html_rows(&b, &t);
	buf_add(&b, STR("</table>\n"));
	add_notes(&notes, a, plan, at);
	markup_add_paragraphs(&b, buf_str(&notes));
	return arena_dup(a, buf_str(&b));
}
