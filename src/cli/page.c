#include "cli/page.h"

#include "base/utf8.h"

enum { VALUE_COLUMNS = 48, TEXT_COLUMNS = 78 };

void page_paint(const struct page *p, const char *sgr, const char *text)
{
	if (p->colour)
		fprintf(p->out, "\033[%sm%s\033[0m", sgr, text);
	else
		fputs(text, p->out);
}

void page_wrapped(const struct page *p, struct str text, int indent)
{
	struct str word;
	int column = 0;

	text = utf8_printable(p->a, text);
	while (str_cut(&text, ' ', &word)) {
		int width = (int)utf8_columns(word);

		if (column && indent + column + 1 + width > TEXT_COLUMNS) {
			fprintf(p->out, "\n%*s", indent, "");
			column = 0;
		}
		fprintf(p->out, "%s%.*s", column ? " " : "", STR_ARG(word));
		column += width + (column ? 1 : 0);
	}
	fputc('\n', p->out);
}

struct str page_short(struct arena *a, struct str value)
{
	size_t half = VALUE_COLUMNS / 2 - 1;

	value = utf8_printable(a, value);
	if (value.n <= VALUE_COLUMNS)
		return value;
	return arena_printf(a, "%.*s..%.*s", (int)half, value.p, (int)half,
	                    value.p + value.n - half);
}
