#include "diagnose/scenario_parts.h"

#include "base/file.h"

#include <stdlib.h>

static bool next_line(struct scenario *s, struct str *line)
{
	if (!str_cut(&s->rest, '\n', line))
		return false;
	s->line++;
	return true;
}

struct str scenario_next_word(struct str *line)
{
	struct str word;

	*line = str_trim(*line);
	str_cut(line, ' ', &word);
	*line = line->p ? str_trim(*line) : STR("");
	return word;
}

static bool bad(const struct scenario *s, struct err *err, const char *what,
                struct str x)
{
	return err_set(err, ERR_INPUT, "%.*s:%d: %s: %.*s", STR_ARG(s->path), s->line,
	               what, STR_ARG(x));
}

bool scenario_read_source(struct arena *a, struct str name, struct str *out,
                          struct err *err)
{
	const char *source = getenv("SIGNET_SOURCE");
	struct str path =
	        arena_printf(a, "%s/%.*s", source ? source : ".", STR_ARG(name));

	return file_read(a, path.p, FILE_MAX, out, err);
}

/* Zone text without the records of a name (and of a type, where one is given). */
struct str scenario_drop_records(struct arena *a, struct str text, struct str name,
                                 struct str type)
{
	struct str start = arena_printf(a, "%.*s. ", STR_ARG(name));
	struct str kind = arena_printf(a, " %.*s ", STR_ARG(type));
	struct str out = STR_NONE;
	struct str line;

	while (str_cut(&text, '\n', &line))
		if (!str_starts_nocase(line, start) ||
		    (type.n && str_find(line, kind) < 0))
			out = arena_printf(a, "%.*s%.*s\n", STR_ARG(out),
			                   STR_ARG(line));
	return out;
}

/* The lines up to `end`. */
static bool read_block(struct scenario *s, struct str *out, struct err *err)
{
	struct str line;

	*out = STR_NONE;
	while (next_line(s, &line)) {
		if (str_eq(str_trim(line), STR("end")))
			return true;
		*out = arena_printf(s->a, "%.*s%.*s\n", STR_ARG(*out), STR_ARG(line));
	}
	return bad(s, err, "block without end", STR(""));
}

bool scenario_read_use(struct scenario *s, struct str args, struct err *err)
{
	if (str_eq(args, STR("nothing"))) {
		s->zone_text = STR("");
		return true;
	}
	return scenario_read_source(
	        s->a, arena_printf(s->a, "tests/scenarios/zones/%.*s", STR_ARG(args)),
	        &s->zone_text, err);
}

static bool read_drop(struct scenario *s, struct str args, struct err *err)
{
	struct str name = scenario_next_word(&args);
	struct str less = scenario_drop_records(s->a, s->zone_text, name, args);

	if (less.n == s->zone_text.n)
		return bad(s, err, "nothing to drop", name);
	s->zone_text = less;
	return true;
}

static bool read_add(struct scenario *s, struct str args, struct err *err)
{
	struct str text;

	(void)args;
	if (!read_block(s, &text, err))
		return false;
	s->zone_text =
	        arena_printf(s->a, "%.*s%.*s", STR_ARG(s->zone_text), STR_ARG(text));
	return true;
}

static bool read_view(struct scenario *s, struct str name, bool is_resolver,
                      struct err *err)
{
	struct other_view *v = &s->views[s->view_count];

	if (s->view_count++ == VIEWS_MAX)
		return bad(s, err, "too many views", name);
	*v = (struct other_view){.name = name, .is_resolver = is_resolver};
	return read_block(s, &v->edits, err);
}

static bool read_server(struct scenario *s, struct str args, struct err *err)
{
	return read_view(s, args, false, err);
}

static bool read_resolver(struct scenario *s, struct str args, struct err *err)
{
	return read_view(s, args, true, err);
}

static bool parse_status(struct str word, enum dns_status *out)
{
	for (int i = DNS_SERVFAIL; i <= DNS_REFERRAL; i++) {
		if (str_eq(word, str_c(dns_status_name((enum dns_status)i)))) {
			*out = (enum dns_status)i;
			return true;
		}
	}
	return false;
}

static bool read_fault(struct scenario *s, struct str args, struct err *err)
{
	struct scenario_fault *f = &s->faults[s->fault_count];
	struct str type;
	struct str status;

	if (s->fault_count++ == FAULTS_MAX)
		return bad(s, err, "too many faults", args);
	f->name = scenario_next_word(&args);
	type = scenario_next_word(&args);
	status = scenario_next_word(&args);
	f->any_type = str_eq(type, STR("*"));
	f->server = args;
	if (!f->any_type && !dns_type_parse(type, &f->type))
		return bad(s, err, "unknown type", type);
	return parse_status(status, &f->status) || bad(s, err, "unknown fault", status);
}

static bool read_domain(struct scenario *s, struct str args, struct err *err)
{
	(void)err;
	s->domain = args;
	return true;
}

static bool read_profile(struct scenario *s, struct str args, struct err *err)
{
	(void)err;
	s->profile = args;
	return true;
}

static bool read_audit(struct scenario *s, struct str args, struct err *err)
{
	(void)err;
	s->is_audit = true;
	s->selectors = args;
	return true;
}

static bool read_set(struct scenario *s, struct str args, struct err *err)
{
	return plan_set(&s->settings, args, err);
}

static bool read_unset(struct scenario *s, struct str args, struct err *err)
{
	if (args.n == 0)
		return bad(s, err, "no name", args);
	map_set(&s->unset, args, s);
	return true;
}

static bool read_retired(struct scenario *s, struct str args, struct err *err)
{
	if (s->retired_count == LEN(s->retired))
		return bad(s, err, "too many retired keys", args);
	s->retired[s->retired_count++] = args;
	return true;
}

static bool read_issuer(struct scenario *s, struct str args, struct err *err)
{
	s->is_issuer_given = true;
	while (args.n) {
		if (s->issuer_count == LEN(s->issuer))
			return bad(s, err, "too many names", args);
		s->issuer[s->issuer_count++] = scenario_next_word(&args);
	}
	return true;
}

static bool read_now(struct scenario *s, struct str args, struct err *err)
{
	uint64_t seconds;

	if (!str_parse_uint(args, UINT32_MAX, &seconds))
		return bad(s, err, "no time", args);
	s->now = (int64_t)seconds * 1000;
	return true;
}

static bool read_servers(struct scenario *s, struct str args, struct err *err)
{
	static const char *const words[] = {"none", "wrong", "all"};

	for (size_t i = 0; i < LEN(words); i++) {
		if (str_eq(args, str_c(words[i]))) {
			s->servers = (enum server_views)i;
			return true;
		}
	}
	return bad(s, err, "servers", args);
}

static const struct {
	const char *word;
	bool (*read)(struct scenario *s, struct str args, struct err *err);
} directives[] = {
        {"domain",   read_domain      },
        {"profile",  read_profile     },
        {"audit",    read_audit       },
        {"set",      read_set         },
        {"unset",    read_unset       },
        {"retired",  read_retired     },
        {"issuer",   read_issuer      },
        {"now",      read_now         },
        {"use",      scenario_read_use},
        {"drop",     read_drop        },
        {"add",      read_add         },
        {"server",   read_server      },
        {"servers",  read_servers     },
        {"resolver", read_resolver    },
        {"fault",    read_fault       },
};

static bool read_directive(struct scenario *s, struct str line, struct err *err)
{
	struct str args = line;
	struct str word = scenario_next_word(&args);

	for (size_t i = 0; i < LEN(directives); i++)
		if (str_eq(word, str_c(directives[i].word)))
			return directives[i].read(s, args, err) ||
			       err_add(err, "%.*s:%d", STR_ARG(s->path), s->line);
	s->expectations = arena_printf(s->a, "%.*s%d %.*s\n", STR_ARG(s->expectations),
	                               s->line, STR_ARG(str_trim(line)));
	return true;
}

bool scenario_read_all(struct scenario *s, struct err *err)
{
	struct str line;

	while (next_line(s, &line)) {
		line = str_trim(line);
		if (line.n && line.p[0] != '#' && !read_directive(s, line, err))
			return false;
	}
	return true;
}
