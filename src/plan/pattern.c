#include "plan/pattern.h"

#include "base/glob.h"

bool pattern_parse(struct arena *a, const json_t *object, const char *path,
                   const char *name, struct patterns *out, struct err *err)
{
	json_t *list;

	if (!json_get_array(object, path, name, &list, err))
		return false;
	out->n = json_array_size(list);
	if (out->n > PATTERNS_MAX)
		return err_set(err, ERR_INPUT, "%s.%s: more than %d elements", path,
		               name, PATTERNS_MAX);
	out->v = ARENA_ARRAY(a, struct str, out->n + 1);
	for (size_t i = 0; i < out->n; i++) {
		const json_t *element = json_array_get(list, i);
		size_t n = json_string_length(element);

		if (n == 0 || n > PATTERN_MAX)
			return err_set(err, ERR_INPUT,
			               "%s.%s[%zu]: must be a string of 1 to %d bytes",
			               path, name, i, PATTERN_MAX);
		out->v[i] = arena_dup(a, (struct str){json_string_value(element), n});
	}
	return true;
}

struct str pattern_find(const struct patterns *patterns, struct str text)
{
	struct str best = STR_NONE;

	for (size_t i = 0; i < patterns->n; i++)
		if (patterns->v[i].n > best.n && glob_match(patterns->v[i], text))
			best = patterns->v[i];
	return best;
}

struct str pattern_find_prefix(const struct patterns *patterns, struct str text)
{
	struct str best = STR_NONE;

	for (size_t i = 0; i < patterns->n; i++)
		if (patterns->v[i].n > best.n &&
		    str_starts_nocase(text, patterns->v[i]))
			best = patterns->v[i];
	return best;
}

bool catalog_parse(struct str text, json_t **out, struct err *err)
{
	if (!json_parse(text, out, err))
		return false;
	if (!json_is_array(*out) || json_array_size(*out) == 0 ||
	    json_array_size(*out) > CATALOG_MAX)
		return err_set(err, ERR_INPUT,
		               "$: must be an array of 1 to %d elements", CATALOG_MAX);
	return true;
}

bool catalog_get_word(struct arena *a, const json_t *object, const char *path,
                      const char *name, const char *const *words, size_t *out,
                      struct err *err)
{
	struct str word;

	if (!json_get_text(a, object, path, name, &word, err))
		return false;
	for (*out = 0; words[*out]; ++*out)
		if (str_eq(str_c(words[*out]), word))
			return true;
	return err_set(err, ERR_INPUT, "%s.%s: unknown word \"%.*s\"", path, name,
	               STR_ARG(word));
}
