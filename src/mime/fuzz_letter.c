/* The index of any bytes: fields cover the header, parts stand in order inside the letter
 * below their parents, and what the look before lets through GMime makes no more of. */
#include "fuzz.h"
#include "mime/letter_scan.h"

static const struct letter_limits small = {
        .bytes_max = 1 << 20,
        .header_max = 4000,
        .fields_max = 60,
        .parts_max = 12,
        .depth_max = 4,
};

static bool is_inside(struct str s, struct str bytes)
{
	return s.n == 0 || (s.p >= bytes.p && s.p + s.n <= bytes.p + bytes.n);
}

static void check_fields(const struct letter *letter)
{
	size_t at = 0;

	for (size_t i = 0; i < letter->fields.n; i++) {
		const struct letter_field *f = &letter->fields.v[i];
		struct str raw = str_slice(letter->bytes, at, f->end - at);

		need(f->start == at && f->end > at);
		need(is_inside(f->name, raw) && is_inside(f->value, raw));
		need(letter_field(letter, f->name, 0) != NULL);
		at = f->end;
	}
	need(letter->header_end == at);
	need(letter->body_start >= at && letter->body_start <= letter->bytes.n);
	need(letter->body_start - at <= 2);
}

/* The number of the part that has this one in it, or of none. */
static size_t find_parent(const struct letter *letter, size_t i)
{
	struct str id = letter->parts.v[i].id;
	size_t n = id.n;

	if (letter->parts.v[i - 1].kind == LETTER_MESSAGE &&
	    str_eq(letter->parts.v[i - 1].id, id))
		return i - 1; /* the multipart that an enclosed message is */
	while (n && id.p[n - 1] != '.')
		n--;
	id.n = n ? n - 1 : 0;
	for (size_t k = i; k-- > 0;)
		if (str_eq(letter->parts.v[k].id, id))
			return k;
	return i;
}

static void check_place(const struct letter *letter, size_t i)
{
	const struct letter_part *part = &letter->parts.v[i];
	const struct letter_part *parent;
	size_t k;

	if (i == 0) {
		need(str_eq(part->id,
		            part->kind == LETTER_MULTIPART ? STR("") : STR("1")));
		return;
	}
	k = find_parent(letter, i);
	need(k < i);
	parent = &letter->parts.v[k];
	need(parent->kind == LETTER_MULTIPART || parent->kind == LETTER_MESSAGE);
	if (part->hold == LETTER_FREE)
		need(parent->kind == LETTER_MULTIPART && parent->hold == LETTER_FREE);
}

static void check_parts(const struct letter *letter)
{
	size_t at = letter->body_start;

	for (size_t i = 0; i < letter->parts.n; i++) {
		const struct letter_part *part = &letter->parts.v[i];

		check_place(letter, i);
		need(str_find_char(part->type, '/') >= 0);
		if (part->start == part->end)
			continue;
		need(part->start >= at && part->end > part->start);
		need(part->end <= letter->bytes.n);
		need(part->kind != LETTER_MULTIPART && part->kind != LETTER_MESSAGE);
		at = part->end;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	static const struct letter_limits large = {
	        .bytes_max = 1 << 20,
	        .header_max = 1 << 20,
	        .fields_max = 1 << 20,
	        .parts_max = 1 << 20,
	        .depth_max = 200,
	};
	AUTO(arena) a = {0};
	struct str text = {(const char *)bytes, n};
	struct letter letter;
	struct err err;

	if (n > small.bytes_max || !letter_scan_limits(text, &small, &err))
		return 0;
	/* The top itself is no boundary. */
	need(letter_parse(&a, text, &large, &letter, &err));
	need(letter.parts.n <= small.parts_max + 1);
	need(letter.fields.n <= small.fields_max);
	check_fields(&letter);
	check_parts(&letter);
	if (letter_parse(&a, text, &small, &letter, &err))
		need(letter.parts.n <= small.parts_max);
	return 0;
}
