#include "base/glob.h"

/* Takes what stands behind the last `*` off both ends; most patterns fail here. */
static bool match_tail(struct str *pattern, struct str *text)
{
	while (pattern->n && pattern->p[pattern->n - 1] != '*') {
		if (text->n == 0 || char_lower(pattern->p[pattern->n - 1]) !=
		                            char_lower(text->p[text->n - 1]))
			return false;
		pattern->n--;
		text->n--;
	}
	return pattern->n > 0 || text->n == 0;
}

bool glob_match(struct str pattern, struct str text)
{
	size_t p = 0;
	size_t t = 0;
	size_t star = SIZE_MAX; /* where the last `*` stood */
	size_t resume = 0;      /* where the text goes on if that star takes one more */

	if (!match_tail(&pattern, &text))
		return false;
	while (t < text.n) {
		if (p < pattern.n && pattern.p[p] == '*') {
			star = p++;
			resume = t;
		} else if (p < pattern.n &&
		           char_lower(pattern.p[p]) == char_lower(text.p[t])) {
			p++;
			t++;
		} else if (star != SIZE_MAX) {
			p = star + 1;
			t = ++resume;
		} else {
			return false;
		}
	}
	while (p < pattern.n && pattern.p[p] == '*')
		p++;
	return p == pattern.n;
}
