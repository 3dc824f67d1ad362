#include "mime/part_text.h"

#include "mime/charset.h"

#include <string.h>

/* Text that PGP has signed or encrypted (RFC 4880 §6.2, §7): a changed byte breaks it. */
static enum rewrite_skip armour_of(struct str text)
{
	struct str mark = STR("-----BEGIN PGP ");
	struct str rest = text;
	const char *found;

	while (rest.n && (found = memmem(rest.p, rest.n, mark.p, mark.n))) {
		bool is_at_line_start = found == text.p || found[-1] == '\n';

		rest = str_from(rest, (size_t)(found - rest.p) + mark.n);
		if (is_at_line_start)
			return str_starts(rest, STR("SIGNED")) ? REWRITE_SIGNED
			                                       : REWRITE_ENCRYPTED;
	}
	return REWRITE_DONE;
}

static enum rewrite_skip skip_of(enum letter_hold hold)
{
	switch (hold) {
	case LETTER_SIGNED:
		return REWRITE_SIGNED;
	case LETTER_ENCRYPTED:
		return REWRITE_ENCRYPTED;
	case LETTER_ATTACHED:
		return REWRITE_ATTACHED;
	case LETTER_ENCLOSED:
		return REWRITE_ENCLOSED;
	case LETTER_FREE:
		break;
	}
	return REWRITE_DONE;
}

enum rewrite_skip part_text_open(struct arena *a, const struct letter *letter,
                                 const struct letter_part *part, struct part_text *out)
{
	struct str raw = letter_content(letter, part);

	*out = (struct part_text){.part = part};
	if (!transfer_decode(a, part->encoding, raw, &out->transfer))
		return REWRITE_ENCODING;
	out->text = out->transfer.text;
	if (transfer_is_identity(part->encoding) && !charset_has_lines(part->charset))
		return REWRITE_CHARSET;
	if (!charset_is_ascii_compatible(part->charset) &&
	    !charset_to_utf8(a, part->charset, out->transfer.text, &out->text,
	                     &out->charset))
		return REWRITE_CHARSET;
	if (part->hold == LETTER_FREE && part->kind == LETTER_PLAIN)
		return armour_of(out->text);
	return skip_of(part->hold);
}

/* All of the text, edited and in its own charset again, in place of the old. */
static bool convert_back(struct arena *a, struct part_text *text, struct edits *wanted,
                         struct edits *out)
{
	AUTO(arena) scratch = {0};
	struct iov pieces = {0};
	struct str bytes;

	edits_apply(&scratch, wanted, text->text, &pieces);
	if (!charset_from_utf8(a, text->charset, iov_join(&scratch, &pieces), &bytes))
		return false;
	edits_add(a, out, 0, text->transfer.text.n, bytes);
	return true;
}

void part_text_close(struct arena *a, const struct letter *letter,
                     struct part_text *text, struct edits *wanted, struct edits *out)
{
	struct edits whole = {0};

	if (wanted->n == 0)
		return;
	if (text->charset) {
		/* What is inserted is ASCII, or has been converted once. */
		need(convert_back(a, text, wanted, &whole));
		wanted = &whole;
	}
	transfer_edits(a, &text->transfer, wanted, letter->eol, text->part->start, out);
}

/* Every character beyond ASCII becomes '?'. */
static struct str to_ascii(struct arena *a, struct str utf8)
{
	char *p = arena_bytes(a, utf8.n + 1);
	size_t n = 0;

	for (size_t i = 0; i < utf8.n; i++) {
		unsigned char c = (unsigned char)utf8.p[i];

		if (c < 0x80 || c >= 0xc0)
			p[n++] = c < 0x80 ? (char)c : '?';
	}
	return (struct str){p, n};
}

struct str part_text_insert(struct arena *a, const struct part_text *text,
                            struct str utf8)
{
	struct str charset = text->part->charset;
	const char *name = text->charset;
	struct str bytes;

	if (text->transfer.encoding == LETTER_7BIT && !name)
		return to_ascii(a, utf8);
	if (!name && charset_is_utf8(charset))
		return utf8;
	if (!name)
		name = charset.n ? arena_cstr(a, charset) : "us-ascii";
	if (!charset_from_utf8(a, name, utf8, &bytes))
		return to_ascii(a, utf8);
	return text->charset ? utf8 : bytes;
}
