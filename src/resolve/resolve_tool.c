/*
 * A test program: resolves the questions on standard input, all at once, and prints
 * what was learned as one JSON object a line, in the order of asking.
 *
 *	echo 'recursion - www.acme.example TXT' | resolve_tool --root-hints FILE
 *	echo 'authority 127.0.0.1:5300 acme.example MX' | resolve_tool
 *
 * The last line says how long it took. With --probe it also says whether the servers of
 * --dns can be reached.
 */
#include "base/clock.h"
#include "base/file.h"
#include "base/json.h"
#include "resolve/resolver.h"

#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

enum { INPUT_MAX = 4 * 1024 * 1024 };

struct tool_options {
	struct resolver_options resolver;
	bool probe;
};

#define AT(field) offsetof(struct tool_options, field)

static const struct option table[] = {
        {"dns",          OPTION_LIST,   AT(resolver.servers),      "ADDR", "servers", 0, 0    },
        {"root-hints",   OPTION_TEXT,   AT(resolver.root_hints),   "FILE", "roots",   0, 0    },
        {"trust-anchor", OPTION_TEXT,   AT(resolver.trust_anchor), "FILE", "keys",    0, 0    },
        {"timeout-ms",   OPTION_NUMBER, AT(resolver.timeout_ms),   "N",    "time",    1, 60000},
        {"probe",        OPTION_FLAG,   AT(probe),                 NULL,   "probe",   0, 0    },
};

static bool parse_via(struct str word, enum dns_via *via)
{
	static const char *const names[] = {
	        [DNS_RECURSION] = "recursion",
	        [DNS_AUTHORITY] = "authority",
	        [DNS_RESOLVER] = "resolver",
	};

	for (size_t i = 0; i < LEN(names); i++) {
		if (str_eq(word, str_c(names[i]))) {
			*via = (enum dns_via)i;
			return true;
		}
	}
	return false;
}

/* "VIA SERVER|- NAME TYPE" */
static bool ask_line(struct arena *a, struct dns_answers *answers, struct str line)
{
	struct str rest = line;
	struct str via_word, server, name_word, type_word, name;
	enum dns_via via;
	enum dns_type type;

	if (!str_cut(&rest, ' ', &via_word) || !str_cut(&rest, ' ', &server) ||
	    !str_cut(&rest, ' ', &name_word) || !str_cut(&rest, ' ', &type_word))
		return false;
	if (!parse_via(via_word, &via) || !dns_type_parse(type_word, &type) ||
	    !dns_name_make(a, name_word, &name))
		return false;
	if (str_eq(server, STR("-")))
		server = STR_NONE;
	dns_ask_server(answers, via, server, name, type);
	return true;
}

static json_t *records_json(struct arena *a, struct dns_records records)
{
	json_t *list = json_array();

	for (size_t i = 0; i < records.n; i++)
		json_array_append_new(list,
		                      json_text(dns_record_format(a, &records.v[i])));
	return list;
}

static void print_line(struct arena *a, json_t *value)
{
	AUTO_JSON json_t *owned = value;
	struct str line = json_line(a, owned);

	printf("%.*s\n", STR_ARG(line));
}

static void print_answer(struct arena *a, const struct dns_answer *answer)
{
	static const char *const status[] = {
	        [DNS_PENDING] = "PENDING",   [DNS_FOUND] = "FOUND",
	        [DNS_NODATA] = "NODATA",     [DNS_NXDOMAIN] = "NXDOMAIN",
	        [DNS_SERVFAIL] = "SERVFAIL", [DNS_REFUSED] = "REFUSED",
	        [DNS_TIMEOUT] = "TIMEOUT",   [DNS_BOGUS] = "BOGUS",
	        [DNS_REFERRAL] = "REFERRAL",
	};
	json_t *o = json_object();

	json_object_set_new(o, "name", json_text(answer->question.name));
	json_object_set_new(o, "status", json_string(status[answer->status]));
	json_object_set_new(o, "authoritative", json_boolean(answer->authoritative));
	json_object_set_new(o, "secure", json_boolean(answer->secure));
	json_object_set_new(o, "records", records_json(a, answer->records));
	json_object_set_new(o, "chain", records_json(a, answer->chain));
	json_object_set_new(o, "authority", records_json(a, answer->authority));
	json_object_set_new(o, "ttl",
	                    json_integer(answer->records.n
	                                         ? (json_int_t)answer->records.v[0].ttl
	                                         : 0));
	json_object_set_new(
	        o, "soa_ttl",
	        json_integer(answer->soa ? (json_int_t)answer->soa->ttl : -1));
	json_object_set_new(o, "server", json_text(answer->server));
	json_object_set_new(o, "why", json_text(answer->why));
	print_line(a, o);
}

static bool ask_all(struct arena *a, struct dns_answers *answers, struct err *err)
{
	struct str text, line;

	if (!file_read_fd(a, STDIN_FILENO, "standard input", INPUT_MAX, &text, err))
		return false;
	while (str_cut(&text, '\n', &line))
		if (line.n && !ask_line(a, answers, line))
			return err_set(err, ERR_INPUT, "%.*s: not a question",
			               STR_ARG(line));
	return true;
}

static void print_summary(struct arena *a, const struct resolver *r, int64_t ms)
{
	struct resolver_stats stats = resolver_stats(r);
	json_t *o = json_object();

	json_object_set_new(o, "ms", json_integer(ms));
	json_object_set_new(o, "questions", json_integer((json_int_t)stats.questions));
	json_object_set_new(o, "responses", json_integer((json_int_t)stats.responses));
	print_line(a, o);
}

static bool resolve(struct arena *a, const struct tool_options *options,
                    struct err *err)
{
	struct dns_answers answers = dns_answers_init(a, clock_now());
	struct resolver *r;
	int64_t start;
	bool ok;

	if (!ask_all(a, &answers, err) || !resolver_new(&options->resolver, &r, err))
		return false;
	start = clock_monotonic_ms();
	resolver_run(r, &answers);
	start = clock_monotonic_ms() - start;
	for (size_t i = 0; i < answers.by_key.n; i++)
		print_answer(a, dns_answers_at(&answers, i));
	print_summary(a, r, start);
	ok = !options->probe || resolver_check_reachable(r, err);
	resolver_free(r);
	return ok;
}

int main(int argc, char **argv)
{
	static const struct option_table rows = {table, LEN(table)};
	AUTO(arena) a = {0};
	struct tool_options options = {0};
	struct option_list arguments = {0};
	struct err err;

	if (option_parse(&a, &rows, 1, &options, argc - 1,
	                 (const char *const *)argv + 1, &arguments, &err) &&
	    resolve(&a, &options, &err))
		return 0;
	fprintf(stderr, "resolve_tool: %s\n", err.text);
	return err.kind == ERR_UNAVAILABLE ? 69 : 64;
}
