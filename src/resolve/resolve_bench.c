/*
 * A measuring program: asks the eight questions of a sending domain for many domains
 * that were never seen before, a bounded number of domains at once, and prints what
 * that costs this process.
 *
 *	resolve_bench --root-hints FILE --zone tld --domains 20000 --at-once 64
 *	resolve_bench --dns 127.0.0.1:5300 --zone tld --domains 20000
 *
 * The domains are d0.ZONE, d1.ZONE, …
 */
#include "base/clock.h"
#include "base/file.h"
#include "resolve/resolver.h"

#include <inttypes.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

struct bench_options {
	struct resolver_options resolver;
	struct str zone;
	int64_t domains;
	int64_t at_once;
};

#define AT(field) offsetof(struct bench_options, field)

static const struct option table[] = {
        {"dns",        OPTION_LIST,   AT(resolver.servers),    "ADDR", "servers",  0, 0      },
        {"root-hints", OPTION_TEXT,   AT(resolver.root_hints), "FILE", "roots",    0, 0      },
        {"timeout-ms", OPTION_NUMBER, AT(resolver.timeout_ms), "N",    "time",     1, 60000  },
        {"zone",       OPTION_TEXT,   AT(zone),                "NAME", "parent",   0, 0      },
        {"domains",    OPTION_NUMBER, AT(domains),             "N",    "how many", 1, 9999999},
        {"at-once",    OPTION_NUMBER, AT(at_once),             "N",    "bound",    1, 4096   },
};

struct bench;

struct check {
	struct bench *bench;
	struct arena arena;
	struct dns_answers answers;
};

struct bench {
	const struct bench_options *options;
	struct resolver *resolver;
	int64_t next; /* domain */
	uint64_t statuses[DNS_REFERRAL + 1];
};

/* The records of the profile `standard`, and what surrounds them. */
static const struct {
	const char *prefix;
	enum dns_type type;
} questions[] = {
        {"",                    DNS_NS   },
        {"sg42.",               DNS_MX   },
        {"sg42.",               DNS_TXT  },
        {"s1._domainkey.sg42.", DNS_TXT  },
        {"track.",              DNS_CNAME},
        {"_dmarc.",             DNS_TXT  },
        {"",                    DNS_TXT  },
        {"",                    DNS_MX   },
};

static void on_done(void *arg);

static void start(struct check *c)
{
	struct bench *b = c->bench;

	if (b->next == b->options->domains)
		return;
	c->answers = dns_answers_init(&c->arena, clock_now());
	for (size_t i = 0; i < LEN(questions); i++)
		dns_ask(&c->answers,
		        arena_printf(&c->arena, "%sd%" PRId64 ".%.*s",
		                     questions[i].prefix, b->next,
		                     STR_ARG(b->options->zone)),
		        questions[i].type);
	b->next++;
	resolver_start(b->resolver, &c->answers, on_done, c);
}

static void on_done(void *arg)
{
	struct check *c = arg;

	for (size_t i = 0; i < c->answers.by_key.n; i++)
		c->bench->statuses[dns_answers_at(&c->answers, i)->status]++;
	arena_reset(&c->arena);
	start(c);
}

/* Resident memory of this process, in kB. */
static uint64_t resident_kb(void)
{
	AUTO(arena) a = {0};
	struct str text, head;
	struct err err;
	uint64_t pages = 0;

	need(file_read(&a, "/proc/self/statm", 4096, &text, &err));
	need(str_cut(&text, ' ', &head) && str_cut(&text, ' ', &head));
	need(str_parse_uint(head, UINT32_MAX, &pages));
	return pages * (uint64_t)sysconf(_SC_PAGESIZE) / 1024;
}

/* The most that was ever resident, in kB. */
static uint64_t peak_kb(void)
{
	struct rusage usage;

	need(getrusage(RUSAGE_SELF, &usage) == 0);
	return (uint64_t)usage.ru_maxrss;
}

static void report(const struct bench *b, int64_t wall_ms, int64_t cpu_us, uint64_t rss)
{
	double asked = (double)b->next * LEN(questions);
	double seconds = (double)(wall_ms ? wall_ms : 1) / 1000;

	printf("%.0f questions in %.2f s: %.0f questions/s, %.0f domains/s\n", asked,
	       seconds, asked / seconds, (double)b->next / seconds);
	printf("CPU: %.1f us a question, %.0f us a domain: %.0f domains/s of one "
	       "core\n",
	       (double)cpu_us / asked, (double)cpu_us / (double)b->next,
	       1e6 * (double)b->next / (double)cpu_us);
	printf("memory: %" PRIu64 " kB at start, %" PRIu64 " kB at the end, %" PRIu64
	       " kB at most\n",
	       rss, resident_kb(), peak_kb());
	for (size_t i = 0; i < LEN(b->statuses); i++)
		if (b->statuses[i])
			printf("%s(%zu): %" PRIu64 "\n",
			       dns_status_name((enum dns_status)i), i, b->statuses[i]);
}

static void run(struct arena *a, struct bench *b)
{
	size_t at_once = (size_t)b->options->at_once;
	struct check *checks = ARENA_ARRAY(a, struct check, at_once);
	uint64_t rss = resident_kb();
	int64_t wall = clock_monotonic_ms();
	int64_t cpu = clock_cpu_us();

	for (size_t i = 0; i < at_once; i++) {
		checks[i].bench = b;
		start(&checks[i]);
	}
	resolver_loop(b->resolver);
	report(b, clock_monotonic_ms() - wall, clock_cpu_us() - cpu, rss);
	for (size_t i = 0; i < at_once; i++)
		arena_done(&checks[i].arena);
}

int main(int argc, char **argv)
{
	static const struct option_table rows = {table, LEN(table)};
	AUTO(arena) a = {0};
	struct bench_options options = {
	        .zone = STR_INIT("tld"), .domains = 1000, .at_once = 32};
	struct option_list arguments = {0};
	struct bench bench = {.options = &options};
	struct err err;

	if (!option_parse(&a, &rows, 1, &options, argc - 1,
	                  (const char *const *)argv + 1, &arguments, &err) ||
	    !resolver_new(&options.resolver, &bench.resolver, &err)) {
		fprintf(stderr, "resolve_bench: %s\n", err.text);
		return 1;
	}
	run(&a, &bench);
	resolver_free(bench.resolver);
	return 0;
}
