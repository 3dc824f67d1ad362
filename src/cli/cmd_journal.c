/* `signet journal cat|check`: what lies in a journal folder, without a server. */
#include "cli/commands.h"

#include "base/base64.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/utf8.h"
#include "cli/common.h"
#include "journal/check.h"
#include "journal/reader.h"
#include "track/event.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

struct journal_cli_options {
	struct cli_common common;
	int64_t from;
	bool all;
};

#define AT(field) offsetof(struct journal_cli_options, field)

static json_t *event_json(struct arena *a, const struct track_event *e)
{
	json_t *j = json_object();

	json_object_set_new(j, "type", json_string(track_type_name(e->type)));
	json_object_set_new(j, "at", json_text(clock_format(a, e->at)));
	json_object_set_new(j, "at_ms", json_integer(e->at));
	json_object_set_new(j, "host", json_text(e->host));
	json_object_set_new(j, "tenant", json_integer((json_int_t)e->tenant));
	json_object_set_new(j, "message",
	                    json_text(arena_printf(a, "%" PRIu64, e->message)));
	json_object_set_new(j, "link", json_integer((json_int_t)e->link));
	json_object_set_new(j, "text", json_text_or_null(e->text));
	json_object_set_new(
	        j, "ip", e->ip.length ? json_text(ip_format(a, e->ip)) : json_null());
	json_object_set_new(j, "agent", json_text_or_null(e->agent));
	json_object_set_new(j, "language", json_text_or_null(e->language));
	json_object_set_new(j, "method", json_string(track_method_name(e->method)));
	json_object_set_new(j, "tls", json_integer(e->tls));
	json_object_set_new(j, "answer", json_integer(e->answer));
	json_object_set_new(j, "hints", json_integer(e->hints));
	return j;
}

static void print_json(struct arena *a, const struct journal_record *record,
                       const struct track_event *event)
{
	AUTO_JSON json_t *j = json_object();
	struct str line;

	json_object_set_new(j, "sequence", json_integer((json_int_t)record->sequence));
	if (event)
		json_object_set_new(j, "event", event_json(a, event));
	else
		json_object_set_new(j, "base64",
		                    json_text(base64_encode(a, record->bytes)));
	line = json_line(a, j);
	printf("%.*s", STR_ARG(str_trim(line)));
}

static void print_text(struct arena *a, const struct journal_record *record,
                       const struct track_event *event)
{
	struct str text;

	printf("%" PRIu64, record->sequence);
	if (!event) {
		text = base64_encode(a, record->bytes);
		printf(" unknown %.*s\n", STR_ARG(text));
		return;
	}
	text = clock_format(a, event->at);
	printf(" %.*s %s %s %u", STR_ARG(text), track_type_name(event->type),
	       track_method_name(event->method), event->answer);
	text = utf8_printable(a, event->host);
	printf(" %.*s tenant=%" PRIu64 " message=%" PRIu64 " link=%" PRIu64,
	       STR_ARG(text), event->tenant, event->message, event->link);
	text = ip_format(a, event->ip);
	printf(" %.*s", STR_ARG(event->ip.length ? text : STR("-")));
	text = utf8_printable(a, event->text);
	printf(" %.*s\n", STR_ARG(text));
}

static void print_record(const struct journal_record *record, bool as_json,
                         bool is_first)
{
	AUTO(arena) a = {0};
	struct track_event event;
	bool is_event = track_event_decode(record->bytes, &event);

	if (!as_json) {
		print_text(&a, record, is_event ? &event : NULL);
		return;
	}
	putchar(is_first ? '[' : ',');
	print_json(&a, record, is_event ? &event : NULL);
}

/* Those that cannot be read are told on standard error, and the rest is printed. */
static bool print_all(struct journal_reader *r, bool as_json, struct err *err)
{
	struct journal_reader_stats stats;
	struct journal_record record;
	enum journal_read got;
	uint64_t n = 0;

	while ((got = journal_reader_next(r, &record, err)) != JOURNAL_END) {
		struct journal_damage damage = journal_reader_damage(r);

		if (got == JOURNAL_FAILED)
			return false;
		if (got == JOURNAL_RECORD)
			print_record(&record, as_json, n++ == 0);
		else
			fprintf(stderr,
			        "signet: records %" PRIu64 " to %" PRIu64
			        " cannot be read: %s\n",
			        damage.first, damage.last, damage.what);
	}
	if (as_json)
		puts(n ? "]" : "[]");
	journal_reader_stats_get(r, &stats);
	return !stats.damages ||
	       err_set(err, ERR_INPUT, "%" PRIu64 " records cannot be read",
	               stats.missing);
}

static bool run_cat(struct cli *cli, struct err *err)
{
	const struct journal_cli_options *o = cli->options;
	const char *dir = arena_cstr(cli->a, cli->arguments.v[0]);
	struct journal_cursor from = {.sequence =
	                                      o->from > 0 ? (uint64_t)o->from - 1 : 0};
	struct journal_reader *r;
	bool ok;

	if (access(dir, R_OK | X_OK) != 0)
		return err_set(err, ERR_INPUT, "%s: %s", dir, strerror(errno));
	if (!journal_reader_open(dir, &from, o->all ? JOURNAL_READ_ALL : 0, &r, err))
		return false;
	ok = print_all(r, o->common.json, err);
	journal_reader_close(r);
	return ok;
}

static json_t *finding_json(const struct journal_finding *f)
{
	json_t *j = json_object();

	json_object_set_new(j, "kind", json_string(journal_finding_name(f->kind)));
	json_object_set_new(j, "is_damage",
	                    json_boolean(journal_finding_is_damage(f->kind)));
	json_object_set_new(j, "segment", json_integer((json_int_t)f->segment));
	json_object_set_new(j, "offset", json_integer((json_int_t)f->offset));
	json_object_set_new(j, "bytes", json_integer((json_int_t)f->bytes));
	json_object_set_new(j, "first", json_integer((json_int_t)f->first));
	json_object_set_new(j, "last", json_integer((json_int_t)f->last));
	return j;
}

static void print_check_json(const struct journal_check *c)
{
	json_t *j = json_object();
	json_t *findings = json_array();

	for (size_t i = 0; i < c->n; i++)
		json_array_append_new(findings, finding_json(&c->v[i]));
	json_object_set_new(j, "ok", json_boolean(!c->damages));
	json_object_set_new(j, "segments", json_integer((json_int_t)c->segments));
	json_object_set_new(j, "records", json_integer((json_int_t)c->records));
	json_object_set_new(j, "bytes", json_integer((json_int_t)c->bytes));
	json_object_set_new(j, "first", json_integer((json_int_t)c->first));
	json_object_set_new(j, "last", json_integer((json_int_t)c->last));
	json_object_set_new(j, "durable", json_integer((json_int_t)c->mark));
	json_object_set_new(j, "findings", findings);
	cli_print_json(j);
}

static void print_finding(const struct journal_finding *f)
{
	unsigned long long first = f->first, last = f->last, bytes = f->bytes;

	if (f->segment)
		printf("segment %" PRIu64 ", byte %" PRIu64 ": ", f->segment,
		       f->offset);
	switch (f->kind) {
	case JOURNAL_FOUND_DAMAGED:
		printf("damaged: records %llu to %llu cannot be read\n", first, last);
		break;
	case JOURNAL_FOUND_HEADER:
		printf("damaged: its header is not what its name says; records from "
		       "%llu "
		       "cannot be read\n",
		       first);
		break;
	case JOURNAL_FOUND_NO_STATE:
		printf("damaged: the file \"state\" is missing or not sound; the next "
		       "start of the server makes one\n");
		break;
	case JOURNAL_FOUND_TORN:
		printf("torn: %llu bytes that were being written at a crash and count "
		       "for nothing\n",
		       bytes);
		break;
	case JOURNAL_FOUND_SUPERSEDED:
		printf("superseded: %llu bytes that were written again in the next "
		       "segment\n",
		       bytes);
		break;
	case JOURNAL_FOUND_UNSYNCED:
		printf("not synced yet: records %llu to %llu\n", first, last);
		break;
	case JOURNAL_FOUND_FOREIGN:
		printf("%llu other files, left alone\n", last);
		break;
	}
}

static bool run_check(struct cli *cli, struct err *err)
{
	const struct journal_cli_options *o = cli->options;
	const char *dir = arena_cstr(cli->a, cli->arguments.v[0]);
	struct journal_check c;

	if (!journal_check(dir, cli->a, &c, err))
		return false;
	if (!c.segments && !c.damages)
		return err_set(err, ERR_INPUT, "%s: there is no journal here", dir);
	if (c.damages)
		cli->status = 65;
	if (o->common.json) {
		print_check_json(&c);
		return true;
	}
	for (size_t i = 0; i < c.n; i++)
		print_finding(&c.v[i]);
	printf("%" PRIu64 " records in %" PRIu64 " segments", c.records, c.segments);
	if (c.records)
		printf(", %" PRIu64 " to %" PRIu64 ", durable up to %" PRIu64, c.first,
		       c.last, c.mark);
	printf(": %s\n", c.damages ? "damaged" : "sound");
	return true;
}

static const struct option cat_rows[] = {
        NUMBER_OPTION("from", AT(from), "SEQUENCE", 0, INT64_MAX,
                      "the first record to print; the oldest where not given"),
        FLAG_OPTION("all", AT(all), "those too that are not known to be on disk"),
};

const struct command cmd_journal_cat = {
        .name = "journal cat",
        .arguments = "DIR",
        .summary = "print the records of a journal",
        .description =
                "Prints the records of a journal folder (journal/edge-N below "
                "data_dir), "
                "one a line with its sequence, also while the server writes there. A "
                "record that is no event of this version is printed in base64. With "
                "--json it is one array. Records that cannot be read are told on "
                "standard error and the exit status is 65 at the end.",
        .options = cat_rows,
        .option_count = LEN(cat_rows),
        .options_size = sizeof(struct journal_cli_options),
        .arguments_min = 1,
        .arguments_max = 1,
        .run = run_cat,
};

const struct command cmd_journal_check = {
        .name = "journal check",
        .arguments = "DIR",
        .summary = "look for damage in a journal",
        .description =
                "Reads a journal folder whole and says what it finds: records that "
                "were "
                "on disk and cannot be read are damage and make the exit status 65. "
                "The end that a crash tore and what was written again after a failed "
                "sync are told and are no damage. It changes nothing.",
        .options_size = sizeof(struct journal_cli_options),
        .arguments_min = 1,
        .arguments_max = 1,
        .run = run_check,
};
