#include "base/markup.h"

void markup_add(struct buf *b, struct str text)
{
	for (size_t i = 0; i < text.n; i++) {
		switch (text.p[i]) {
		case '&':
			buf_add(b, STR("&amp;"));
			break;
		case '<':
			buf_add(b, STR("&lt;"));
			break;
		case '>':
			buf_add(b, STR("&gt;"));
			break;
		case '"':
			buf_add(b, STR("&quot;"));
			break;
		case '\'':
			buf_add(b, STR("&#39;"));
			break;
		default:
			buf_add_char(b, text.p[i]);
		}
	}
}

void markup_add_paragraphs(struct buf *b, struct str text)
{
	while (text.n) {
		ptrdiff_t end = str_find(text, STR("\n\n"));
		struct str paragraph =
		        str_trim(end < 0 ? text : str_slice(text, 0, (size_t)end));

		text = end < 0 ? STR_NONE : str_from(text, (size_t)end + 2);
		if (!paragraph.n)
			continue;
		buf_add(b, STR("<p>"));
		markup_add(b, paragraph);
		buf_add(b, STR("</p>\n"));
	}
}
