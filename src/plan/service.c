#include "plan/service.h"

static const char *const kind_names[] = {
#define X(name, text) text,
        SERVICE_KINDS(X)
#undef X
                NULL,
};

static const char *const trait_names[SERVICE_TRAITS] = {
        [SERVICE_CNAME] = "cname", [SERVICE_SPF] = "spf",
        [SERVICE_MX] = "mx",       [SERVICE_SELECTOR] = "selectors",
        [SERVICE_DMARC] = "dmarc", [SERVICE_TXT] = "txt",
};

const char *service_kind_name(enum service_kind kind)
{
	return kind_names[kind];
}

static bool parse_service(struct arena *a, const json_t *object, const char *path,
                          struct service *s, struct err *err)
{
	static const char *const members[] = {"id",  "name", "kind",      "cname",
	                                      "spf", "mx",   "selectors", "dmarc",
	                                      "txt", NULL};
	size_t kind;

	if (!json_check_members(object, path, members, err) ||
	    !json_get_text(a, object, path, "id", &s->id, err) ||
	    !json_get_text(a, object, path, "name", &s->name, err) ||
	    !catalog_get_word(a, object, path, "kind", kind_names, &kind, err))
		return false;
	s->kind = (enum service_kind)kind;
	for (size_t t = 0; t < SERVICE_TRAITS; t++)
		if (!pattern_parse(a, object, path, trait_names[t], &s->traits[t], err))
			return false;
	return true;
}

bool services_parse(struct arena *a, struct str text, struct services *out,
                    struct err *err)
{
	AUTO_JSON json_t *root = NULL;

	if (!catalog_parse(text, &root, err))
		return err_add(err, "services");
	out->n = json_array_size(root);
	out->v = ARENA_ARRAY(a, struct service, out->n);
	for (size_t i = 0; i < out->n; i++)
		if (!parse_service(a, json_array_get(root, i),
		                   arena_printf(a, "$[%zu]", i).p, &out->v[i], err))
			return err_add(err, "services");
	return true;
}

const struct service *service_find(const struct services *list,
                                   enum service_trait trait, struct str text)
{
	const struct service *best = NULL;
	size_t best_n = 0;

	for (size_t i = 0; i < list->n; i++) {
		const struct patterns *patterns = &list->v[i].traits[trait];
		struct str found = trait == SERVICE_TXT
		                           ? pattern_find_prefix(patterns, text)
		                           : pattern_find(patterns, text);

		if (found.n > best_n) {
			best = &list->v[i];
			best_n = found.n;
		}
	}
	return best;
}
