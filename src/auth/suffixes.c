#include "auth/suffixes.h"

#include <stdio.h>

#include <libpsl.h>

/* The object that callers hold is libpsl's own under a name of ours. */
static psl_ctx_t *inside(const struct suffixes *s)
{
	return (psl_ctx_t *)(uintptr_t)s;
}

bool suffixes_parse(struct str text, struct suffixes **out, struct err *err)
{
	psl_ctx_t *list;
	FILE *f;

	if (text.n == 0 || text.n > SUFFIXES_TEXT_MAX)
		return err_set(err, ERR_INPUT, "%zu bytes are no public suffix list",
		               text.n);
	f = fmemopen((void *)(uintptr_t)text.p, text.n, "r");
	need(f);
	list = psl_load_fp(f);
	fclose(f);
	if (!list || psl_suffix_count(list) == 0) {
		psl_free(list);
		return err_set(err, ERR_INPUT, "not a public suffix list");
	}
	*out = (struct suffixes *)list;
	return true;
}

void suffixes_free(struct suffixes *s)
{
	psl_free(inside(s));
}

struct str suffixes_organization(struct arena *a, const struct suffixes *s,
                                 struct str domain)
{
	const char *name = arena_cstr(a, domain);
	const char *organization = psl_registrable_domain(inside(s), name);

	return organization ? str_c(organization) : domain;
}
