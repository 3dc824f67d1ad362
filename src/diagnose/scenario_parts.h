/*
 * The parts of a scenario's run, each in its file: scenario_read.c reads the lines,
 * scenario_world.c answers the questions, scenario_expect.c holds the verdict against
 * what was expected, scenario.c runs them in that order. Test only.
 */
#pragma once

#include "base/json.h"
#include "diagnose/diagnose.h"
#include "dns/zone.h"

enum { VIEWS_MAX = 8, FAULTS_MAX = 16, ROUNDS_MAX = 100, FILE_MAX = 1024 * 1024 };

/* What a server or resolver says where it differs from the rest of the world. */
struct other_view {
	struct str name; /* host name of the server, the resolver's address, or "own" */
	bool is_resolver;
	struct str edits; /* lines: "-NAME [TYPE]" or zone text */
	struct dns_zone zone;
};

struct scenario_fault {
	struct str name;   /* "*" any; "*.NAME" NAME and all below */
	struct str server; /* empty: all and the resolver; "resolver": that alone */
	enum dns_type type;
	bool any_type;
	enum dns_status status;
};

struct scenario {
	struct arena *a;
	struct str path;
	struct str rest; /* lines not read yet */
	int line;
	struct str domain, profile, zone_text;
	struct plan_settings settings;
	struct map unset; /* shared settings that are left out */
	bool is_audit;
	struct str selectors; /* of an audit, with blanks between */
	struct str retired[4];
	size_t retired_count;
	struct str issuer[4]; /* by which CAA may name it */
	size_t issuer_count;
	bool is_issuer_given;
	int64_t now;
	enum server_views servers;
	struct other_view views[VIEWS_MAX];
	size_t view_count;
	struct scenario_fault faults[FAULTS_MAX];
	size_t fault_count;
	struct dns_zone zone;
	struct str expectations; /* the lines that begin with an expectation's word */
	struct verdict *verdict;
	size_t questions;
	json_t *document;
};

struct str scenario_next_word(struct str *line);
bool scenario_read_source(struct arena *a, struct str name, struct str *out,
                          struct err *err);
/* Zone text without the records of a name (and of a type, where one is given). */
struct str scenario_drop_records(struct arena *a, struct str text, struct str name,
                                 struct str type);
bool scenario_read_use(struct scenario *s, struct str args, struct err *err);
bool scenario_read_all(struct scenario *s, struct err *err);
bool scenario_build_world(struct scenario *s, struct err *err);
void scenario_answer_pending(struct scenario *s, struct dns_answers *answers);
bool scenario_check_expectation(struct scenario *s, struct str line, struct err *err);
