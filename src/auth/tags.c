#include "auth/tags.h"

static bool same_name(const struct tags *tags, struct str x, struct str y)
{
	return tags->names == TAGS_ANY_CASE ? str_eq_nocase(x, y) : str_eq(x, y);
}

const struct tag *tags_find(const struct tags *tags, struct str name)
{
	for (size_t i = 0; i < tags->n; i++)
		if (same_name(tags, tags->v[i].name, name))
			return &tags->v[i];
	return NULL;
}

bool tag_problems_has(const struct tag_problems *problems, enum tag_fault fault)
{
	for (size_t i = 0; i < problems->n; i++)
		if (problems->v[i].fault == fault)
			return true;
	return false;
}

void tag_problems_add(struct arena *a, struct tag_problems *problems,
                      struct tag_problem problem)
{
	*ARRAY_ADD(problems, a) = problem;
}

static bool is_name(struct str s)
{
	if (s.n == 0 || !char_is_alpha(s.p[0]))
		return false;
	for (size_t i = 1; i < s.n; i++)
		if (!char_is_alnum(s.p[i]) && s.p[i] != '_')
			return false;
	return true;
}

/* Offset of the first byte that may not stand in a value, or the length. */
static size_t bad_byte(struct str value)
{
	for (size_t i = 0; i < value.n; i++)
		if (!char_is_blank(value.p[i]) &&
		    (value.p[i] < 0x21 || value.p[i] > 0x7e))
			return i;
	return value.n;
}

/* Where a view into the text starts. */
static size_t offset_in(const struct tags *tags, struct str part)
{
	return part.p ? (size_t)(part.p - tags->text.p) : tags->text.n;
}

static void add_tag(struct arena *a, struct tags *tags, struct str piece)
{
	struct str value = piece;
	struct str name;
	struct tag tag;
	size_t bad;

	str_cut(&value, '=', &name);
	name = str_trim(name);
	if (!value.p || !is_name(name)) {
		const char *why = value.p ? "is not the name of a tag" : "has no \"=\"";
		struct str what = value.p ? name : str_trim(piece);

		tag_problems_add(a, &tags->problems,
		                 (struct tag_problem){TAG_SYNTAX, offset_in(tags, what),
		                                      what, why});
		return;
	}
	value = str_trim(value);
	tag = (struct tag){name, value, offset_in(tags, name), offset_in(tags, value)};
	if (tags_find(tags, name))
		tag_problems_add(a, &tags->problems,
		                 (struct tag_problem){TAG_DUPLICATE, tag.name_at, name,
		                                      "appears more than once"});
	bad = bad_byte(value);
	if (bad < value.n)
		tag_problems_add(a, &tags->problems,
		                 (struct tag_problem){TAG_SYNTAX, tag.value_at + bad,
		                                      str_slice(value, bad, 1),
		                                      "is a byte that may not stand "
		                                      "in a value"});
	*ARRAY_ADD(tags, a) = tag;
}

struct tags tags_parse(struct arena *a, struct str text, enum tags_case names)
{
	struct tags tags = {.text = text, .names = names};
	struct str rest = text;
	struct str piece;

	while (str_cut(&rest, ';', &piece)) {
		if (str_trim(piece).n == 0) {
			/* The end of the list may carry a semicolon (RFC 6376 §3.2). */
			if (rest.p)
				tag_problems_add(a, &tags.problems,
				                 (struct tag_problem){
				                         TAG_EMPTY,
				                         offset_in(&tags, piece), piece,
				                         "nothing stands between two "
				                         "semicolons"});
			continue;
		}
		if (tags.n == TAGS_MAX) {
			tag_problems_add(a, &tags.problems,
			                 (struct tag_problem){TAG_SYNTAX,
			                                      offset_in(&tags, piece),
			                                      str_slice(piece, 0, 32),
			                                      "is one tag too many"});
			break;
		}
		add_tag(a, &tags, piece);
	}
	return tags;
}
