#include "catalog/catalog.h"

#include "base/file.h"
#include "base/utf8.h"
#include "data/data.h"

#define PROFILES_FOLDER STR("profiles/")
#define PROFILE_SUFFIX  STR(".json")

enum { SETTINGS_FILE_MAX = 64 * 1024 };

/* The name of the profile in a data file, or empty where it is none. */
static struct str profile_name(struct str file)
{
	if (!str_starts(file, PROFILES_FOLDER) || !str_ends(file, PROFILE_SUFFIX))
		return STR_NONE;
	return str_slice(file, PROFILES_FOLDER.n,
	                 file.n - PROFILES_FOLDER.n - PROFILE_SUFFIX.n);
}

struct str catalog_profile_name(size_t i)
{
	const struct data_row *row;

	for (size_t r = 0; (row = data_at(r)); r++) {
		struct str name = profile_name(row->name);

		if (name.n && i-- == 0)
			return name;
	}
	return STR_NONE;
}

static bool unknown_profile(struct arena *a, struct str name, struct err *err)
{
	struct str known = STR_NONE, next;

	for (size_t i = 0; (next = catalog_profile_name(i)).n; i++)
		known = arena_printf(a, "%.*s%s%.*s", STR_ARG(known), i ? ", " : "",
		                     STR_ARG(next));
	return err_set(err, ERR_USAGE, "unknown profile \"%.*s\", known are %.*s",
	               (int)(name.n < 100 ? name.n : 100), name.p, STR_ARG(known));
}

bool catalog_profile(struct arena *a, struct str name, struct profile **out,
                     struct err *err)
{
	struct str text, file;

	if (str_find_char(name, '/') >= 0 || str_ends(name, PROFILE_SUFFIX)) {
		if (!file_read(a, arena_cstr(a, name), PROFILE_TEXT_MAX, &text, err))
			return err_add(err, "profile");
		return profile_parse(a, name, text, out, err);
	}
	file = arena_printf(a, "profiles/%.*s.json", STR_ARG(name));
	text = data_file(file);
	if (!text.p)
		return unknown_profile(a, name, err);
	return profile_parse(a, name, text, out, err);
}

/* The lines of a settings file, but for names that are set already. */
static bool add_file_settings(struct arena *a, struct str path,
                              struct plan_settings *out, struct err *err)
{
	struct str text;
	struct str line;
	int number = 0;

	if (!file_read(a, arena_cstr(a, path), SETTINGS_FILE_MAX, &text, err))
		return err_add(err, "--settings");
	text = utf8_skip_mark(text);
	while (str_cut(&text, '\n', &line)) {
		struct str rest = line = str_trim(line);
		struct str name;

		number++;
		if (line.n == 0 || line.p[0] == '#')
			continue;
		str_cut(&rest, '=', &name);
		if (!map_find(&out->given, name) && !plan_set(out, line, err))
			return err_add(err, "--settings %.*s, line %d", STR_ARG(path),
			               number);
	}
	return true;
}

bool catalog_settings(struct arena *a, const struct option_list *set, struct str file,
                      struct plan_settings *out, struct err *err)
{
	out->given = map_init(a);
	for (size_t i = 0; i < set->n; i++)
		if (!plan_set(out, set->v[i], err))
			return false;
	return file.n == 0 || add_file_settings(a, file, out, err);
}

void catalog_providers(struct arena *a, struct providers *out)
{
	struct err err;

	need(providers_parse(a, data_file(STR("providers.json")), out, &err));
}

void catalog_services(struct arena *a, struct services *out)
{
	struct err err;

	need(services_parse(a, data_file(STR("services.json")), out, &err));
}

void catalog_networks(struct arena *a, struct networks *out)
{
	struct err err;

	need(networks_parse(a, data_file(STR("networks.json")), out, &err));
}

bool catalog_provider(const struct providers *list, struct str name,
                      const struct provider **out, struct err *err)
{
	*out = provider_find(list, name);
	if (*out)
		return true;
	return err_set(
	        err, ERR_USAGE,
	        "unknown DNS provider \"%.*s\"; `signet provider list` names them",
	        (int)(name.n < 100 ? name.n : 100), name.p);
}

struct suffixes *catalog_suffixes(void)
{
	struct suffixes *suffixes;
	struct err err;

	need(suffixes_parse(data_file(STR("public_suffix_list.dat")), &suffixes, &err));
	return suffixes;
}
