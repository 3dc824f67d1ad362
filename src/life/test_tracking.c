/*
 * The life of tracking domains as stories, the choice of a link as a table, and what
 * probes say as cases (S0-22, S1-22…33, S2-17…22).
 */
#include "life/link.h"
#include "life/link_status.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#define MINUTE ((int64_t)60 * 1000)
#define HOUR   (60 * MINUTE)
#define START  ((int64_t)1790000000000)

static const struct tracking_rules rules = {0};

/* A look in letters: DNS (? - r a w u), http, https (? g r), block-list (? y n); "!" at the
 * end is dangling, "~" retired. '-' is a sending domain that is not verified. */
static struct tracking_seen look(const char *text)
{
	static const char dns[] = "?rawu", light[] = "?gr", list[] = "?ny";
	struct tracking_seen seen = {.is_ready = text[0] != '-'};

	if (text[0] != '-')
		seen.dns = (enum tracking_dns)(strchr(dns, text[0]) - dns);
	seen.http = (enum tracking_light)(strchr(light, text[1]) - light);
	seen.https = (enum tracking_light)(strchr(light, text[2]) - light);
	seen.listed = (enum tracking_list)(strchr(list, text[3]) - list);
	seen.is_dangling = text[4] == '!';
	seen.is_retired = text[4] == '~';
	return seen;
}

struct story_step {
	const char *look;
	int64_t after; /* minutes; 0: when it is due */
	const char *status, *lights, *events;
	int64_t next; /* minutes from the look; -1: not checked */
};

static const char *events_text(unsigned events, char *out, size_t size)
{
	out[0] = 0;
	for (unsigned i = 0; i < TRACKING_EVENT_COUNT; i++) {
		if (!(events & 1u << i))
			continue;
		if (out[0])
			strncat(out, " ", size - strlen(out) - 1);
		strncat(out, tracking_event_name((enum tracking_event)i) + 9,
		        size - strlen(out) - 1);
	}
	return out;
}

static void play(const struct story_step *steps, size_t n, struct tracking t)
{
	int64_t now = START;
	char events[200], lights[32];

	for (size_t i = 0; i < n; i++) {
		const struct story_step *s = &steps[i];
		struct tracking_seen seen = look(s->look);
		unsigned told;

		if (s->after)
			now += s->after * MINUTE;
		else if (t.next_at > now)
			now = t.next_at;
		told = tracking_step(&rules, &t, &seen, now, 0);
		assert_string_equal(tracking_status_name(t.status), s->status);
		snprintf(lights, sizeof(lights), "%s %s", tracking_light_name(t.http),
		         tracking_light_name(t.https));
		assert_string_equal(lights, s->lights);
		assert_string_equal(events_text(told, events, sizeof(events)),
		                    s->events);
		if (s->next >= 0)
			assert_int_equal(t.next_at ? (t.next_at - now) / MINUTE : 0,
			                 s->next);
	}
}

#define PLAY(ready, ...)                                                               \
	play((const struct story_step[]){__VA_ARGS__},                                 \
	     LEN(((const struct story_step[]){__VA_ARGS__})),                          \
	     tracking_begin(ready, START))

static void from_nothing_to_https(void **state)
{
	(void)state;
	/* S1-25: nothing is looked up before the domain is verified. */
	PLAY(false, {"-???", 0, "waiting", "unknown unknown", "", 0},
	     {"a???", 30, "pending", "unknown unknown", "pending", 1},
	     {"a???", 0, "pending", "unknown unknown", "", 1},
	     {"rgr?", 0, "verified", "green red", "verified http", 1},
	     {"rgr?", 0, "verified", "green red", "", 1},
	     {"rggn", 0, "verified", "green green", "https", 60},
	     {"rggn", 0, "verified", "green green", "", 60});
}

static void faults_demote_nothing(void **state)
{
	(void)state;
	PLAY(true, {"rggn", 0, "verified", "green green", "verified http https", 60},
	     {"????", 0, "verified", "green green", "", 60},
	     {"????", 1, "verified", "green green", "", 60},
	     {"????", 1, "verified", "green green", "", 60},
	     {"????", 1, "verified", "green green", "", 60},
	     {"????", 1, "verified", "green green", "", 60},
	     {"????", 1, "verified", "green green", "", 60},
	     {"????", 1, "verified", "green green", "", 64},
	     {"r???", 0, "verified", "green green", "", 60},
	     {"w??n", 0, "lost", "red red", "lost http_lost https_lost", 1},
	     {"rggn", 0, "verified", "green green", "verified http https", 60});
}

static void who_else_has_the_name(void **state)
{
	(void)state;
	PLAY(true, {"u???", 0, "in_use", "unknown unknown", "in_use", 1},
	     {"a???", 0, "pending", "unknown unknown", "pending", 1},
	     {"rgg?", 0, "verified", "green green", "verified http https", 60},
	     /* What it becomes later is a loss, whatever it is used for. */
	     {"u???", 0, "lost", "red red", "lost http_lost https_lost", 1});
}

static void what_dangles_stops_links(void **state)
{
	(void)state;
	PLAY(true, {"wrr?!", 0, "pending", "unknown unknown", "", 1},
	     {"rgg?", 0, "verified", "green green", "verified http https", -1},
	     {"wgg?!", 0, "lost", "red red", "lost dangling http_lost https_lost", 1},
	     {"rgg?", 0, "verified", "green green", "verified http https", 60},
	     {"rgg?!", 0, "verified", "red red", "dangling http_lost https_lost", 1});
}

static void lists_are_told_once(void **state)
{
	(void)state;
	PLAY(true,
	     {"rggy", 0, "verified", "green green", "verified http https listed", -1},
	     {"rggy", 0, "verified", "green green", "", -1},
	     {"rgg?", 0, "verified", "green green", "", -1},
	     {"rggn", 0, "verified", "green green", "unlisted", -1});
}

static void patience_ends(void **state)
{
	struct tracking t = tracking_begin(true, START);
	struct tracking_seen seen = look("a???");
	int64_t now = START;
	int looks = 0;

	(void)state;
	for (; now < START + 24 * HOUR; looks++) {
		tracking_step(&rules, &t, &seen, now, 0);
		now = t.next_at;
	}
	assert_in_range(looks, 25, 32); /* seven quick ones, then hourly */
	for (; now < START + 60 * 24 * HOUR;) {
		tracking_step(&rules, &t, &seen, now, 0);
		assert_true(t.next_at - now <= 12 * HOUR);
		now = t.next_at;
	}
	assert_int_equal(t.next_at - t.checked_at, 12 * HOUR);
	tracking_stir(&t, now);
	assert_int_equal(t.next_at, now);
	tracking_step(&rules, &t, &seen, now, 0);
	assert_int_equal(t.next_at - now, MINUTE);
	seen = look("a???~");
	tracking_step(&rules, &t, &seen, now, 0);
	assert_int_equal(t.next_at, 0); /* no link was ever made with it */
	seen = look("r?g?~");
	tracking_step(&rules, &t, &seen, now, 0);
	assert_int_equal(t.next_at - now, 12 * HOUR);
}

static void jitter_only_shortens(void **state)
{
	const struct tracking_rules jitter = {.jitter_percent = 10};
	struct tracking t = tracking_begin(true, START);
	struct tracking_seen seen = look("rggn");

	(void)state;
	tracking_step(&jitter, &t, &seen, START, UINT32_MAX);
	assert_in_range(t.next_at - START, 54 * MINUTE, 54 * MINUTE + 1);
	tracking_step(&jitter, &t, &seen, START, 0);
	assert_int_equal(t.next_at - START, HOUR);
}

static void negative_caches_are_waited_for(void **state)
{
	struct tracking t = tracking_begin(true, START);
	struct tracking_seen seen = look("a???");

	(void)state;
	seen.negative_until = START + HOUR + 7 * MINUTE;
	tracking_step(&rules, &t, &seen, START + HOUR, 0);
	assert_int_equal(t.next_at, seen.negative_until);
}

static void whoever_proves_more_has_the_name(void **state)
{
	(void)state;
	assert_false(tracking_may_claim(tracking_proof(false, true), 0));
	assert_true(tracking_may_claim(tracking_proof(true, false), 0));
	assert_true(tracking_may_claim(tracking_proof(true, true),
	                               tracking_proof(true, false)));
	assert_false(tracking_may_claim(tracking_proof(true, true),
	                                tracking_proof(true, true)));
}

static struct link_host host(const char *name, enum tracking_status status,
                             enum tracking_light http, enum tracking_light https)
{
	return (struct link_host){
	        .name = str_c(name),
	        .state = {.status = status, .http = http, .https = https},
	};
}

#define V TRACKING_VERIFIED
#define G TRACKING_GREEN
#define R TRACKING_RED

static void a_link_that_opens(void **state)
{
	const struct {
		struct link_host own;
		bool http_allowed, has_operator;
		const char *link, *code;
	} cases[] = {
	        {host("t.a", V,                R, G), false, true,  "https://t.a", "https"       },
	        {host("t.a", V,                G, R), true,  true,  "http://t.a",  "http_allowed"},
	        {host("t.a", V,                G, R), false, true,  "https://op",  "https_red"   },
	        {host("t.a", V,                R, R), true,  true,  "https://op",  "http_red"    },
	        {host("t.a", V,                G, R), false, false, "none://",     "https_red"   },
	        {host("t.a", TRACKING_WAITING, G, G), false, true,  "https://op",
	         "domain_not_verified"	                                                   },
	        {host("t.a", TRACKING_PENDING, G, G), true,  true,  "https://op",
	         "not_verified"	                                                          },
	        {host("t.a", TRACKING_IN_USE,  G, G), true,  true,  "https://op",
	         "not_verified"	                                                          },
	        {host("t.a", TRACKING_LOST,    G, G), true,  true,  "https://op",  "lost"        },
	        {host("",    TRACKING_PENDING, G, G), true,  true,  "https://op",  "no_host"     },
	};
	struct link_host op = host("op", V, G, G);
	char text[64];

	(void)state;
	for (size_t i = 0; i < LEN(cases); i++) {
		struct link_host own = cases[i].own;
		struct link_choice c;

		own.http_allowed = cases[i].http_allowed;
		c = link_choice(&own, cases[i].has_operator ? &op : NULL);
		snprintf(text, sizeof(text), "%s://%.*s", link_scheme_name(c.scheme),
		         STR_ARG(c.host));
		assert_string_equal(text, cases[i].link);
		assert_string_equal(link_reason_code(c.reason), cases[i].code);
		assert_true(strlen(link_reason_text(c.reason)) > 10);
		own.is_retired = true; /* no new link, whatever else */
		c = link_choice(&own, NULL);
		assert_int_equal(c.scheme, LINK_NONE);
	}
	op.state.https = R; /* the operator's host must open, too */
	assert_int_equal(link_choice(&cases[3].own, &op).scheme, LINK_NONE);
}

static struct link_probe ours(const char *host_seen, const char *number)
{
	return (struct link_probe){.reach = LINK_ANSWERED,
	                           .status = 200,
	                           .is_ours = true,
	                           .host = str_c(host_seen),
	                           .number = str_c(number)};
}

static struct link_facts all_right(enum tracking_mode mode)
{
	return (struct link_facts){
	        .mode = mode,
	        .name = STR("t.a.example"),
	        .origin = STR("edge.example"),
	        .http = ours("t.a.example", "1"),
	        .https = ours("t.a.example", "2"),
	        .https_again = ours("t.a.example", "3"),
	        .certificate = {true, true, STR_NONE, STR("t.a.example"), STR("CA"),
	                        START + 90 * 24 * HOUR},
	        .now = START,
	};
}

/* "http https" and the codes of what is red, in order. */
static void assert_status(const struct link_facts *f, const char *expected)
{
	AUTO(arena) a = {0};
	struct link_status s = link_status(&a, f);
	struct str text = arena_printf(&a, "%s %s:", tracking_light_name(s.http),
	                               tracking_light_name(s.https));

	for (size_t i = 0; i < s.n; i++) {
		if (s.v[i].light != TRACKING_RED)
			continue;
		text = arena_printf(&a, "%.*s %s", STR_ARG(text),
		                    link_check_code(s.v[i].check));
		assert_true(s.v[i].message.n > 10); /* each with its sentence … */
		assert_true(s.v[i].fix.n > 10);     /* … and what to do */
	}
	assert_string_equal(arena_cstr(&a, text), expected);
}

static const struct link_probe silent = {.reach = LINK_UNREACHABLE,
                                         .why = STR_INIT("connection refused")};
static const struct link_probe stranger = {.reach = LINK_ANSWERED, .status = 200};
static const struct link_probe fault = {.reach = LINK_FAULT};

static void lights_of_a_managed_name(void **state)
{
	struct link_facts f = all_right(TRACKING_MODE_MANAGED);

	(void)state;
	assert_status(&f, "green green:");
	/* S1-27: HSTS and HTTPS that works: nothing is lost. */
	f.has_hsts = true;
	f.hsts_by = STR("a.example");
	assert_status(&f, "green green:");
	/* S1-33: HSTS without a certificate. */
	f.https = silent;
	f.certificate = (struct link_certificate){0};
	assert_status(&f, "red red: hsts certificate https");
	f.has_hsts = false;
	assert_status(&f, "green red: certificate https");
	f.skips_hsts = true;
	assert_status(&f, "unknown red: certificate https");
	f.skips_hsts = false;
	f.http = stranger;
	assert_status(&f, "red red: http certificate https");
	f = all_right(TRACKING_MODE_MANAGED);
	f.certificate.is_valid = false;
	f.certificate.why = STR("the certificate is for other names");
	assert_status(&f, "green red: certificate");
	f = all_right(TRACKING_MODE_MANAGED);
	f.https = stranger;
	assert_status(&f, "green red: https");
	f = all_right(TRACKING_MODE_MANAGED);
	f.http = f.https = fault;
	f.certificate = (struct link_certificate){0};
	assert_status(&f, "unknown unknown:");
}

/* RFC 6797 §12.3: no policy has to be seen; HTTPS that works takes the harm away. */
static void names_that_browsers_bring_along(void **state)
{
	static const enum tracking_mode modes[] = {
	        TRACKING_MODE_MANAGED, TRACKING_MODE_OPERATOR, TRACKING_MODE_OWN_CDN};
	static const char *const broken[] = {
	        "red red: hsts certificate https",
	        "red red: hsts certificate https",
	        "red red: https certificate forces_https hsts",
	};

	(void)state;
	for (size_t i = 0; i < LEN(modes); i++) {
		struct link_facts f = all_right(modes[i]);

		f.preloaded_by = STR("example");
		f.skips_hsts = true; /* the list needs nobody to be asked */
		f.http.status = 200;
		assert_status(&f,
		              i == 2 ? "green green: forces_https" : "green green:");
		f.https = silent;
		f.certificate = (struct link_certificate){0};
		assert_status(&f, broken[i]);
		f.http = f.https = fault;
		assert_status(&f, "unknown unknown: hsts");
	}
}

static void suffixes_of_the_list(void **state)
{
	static const struct {
		const char *name, *found;
	} rows[] = {
	        {"app",          "app"   },
                {"go.acme.app",  "app"   },
                {"myapp",        ""      },
	        {"app.example",  ""      },
                {"x.now.sh",     "now.sh"},
                {"snow.sh",      ""      },
	        {"comment",      ""      },
                {"go.a.example", ""      },
                {"last.dev",     "dev"   },
	};
	struct str list = STR("# comment\n#comment\n\n app \nnow.sh\ndev");

	(void)state;
	for (size_t i = 0; i < LEN(rows); i++)
		assert_true(str_eq(hsts_preloaded(list, str_c(rows[i].name)),
		                   str_c(rows[i].found)));
	assert_int_equal(hsts_preloaded(STR_NONE, STR("a.app")).n, 0);
}

static void policies_are_believed_for_a_day(void **state)
{
	static const struct {
		int64_t age; /* hours of what is remembered; -1: nothing is */
		const char *was, *seen;
		bool is_sure;
		const char *by;
		int64_t at; /* hours before now; -1: not known */
	} rows[] = {
	        {-1, "",          "",          true,  "",          0 },
	        {-1, "",          "",          false, "",          -1},
	        {-1, "",          "a.example", false, "a.example", 0 },
	        {5,  "a.example", "",          true,  "",          0 },
	        {5,  "a.example", "",          false, "a.example", 5 },
	        {5,  "",          "",          false, "",          5 },
	        {5,  "",          "a.example", true,  "a.example", 0 },
	        {24, "a.example", "",          false, "",          -1},
	};

	(void)state;
	for (size_t i = 0; i < LEN(rows); i++) {
		struct hsts_memory before = {0}, after;

		if (rows[i].age >= 0)
			before = (struct hsts_memory){str_c(rows[i].was),
			                              START - rows[i].age * HOUR};
		assert_int_equal(hsts_is_remembered(&before, START),
		                 rows[i].age >= 0 && rows[i].age < 24);
		after = hsts_learn(&before, str_c(rows[i].seen), rows[i].is_sure,
		                   START);
		assert_true(str_eq(after.by, str_c(rows[i].by)));
		assert_int_equal(after.at,
		                 rows[i].at < 0 ? 0 : START - rows[i].at * HOUR);
	}
}

static void verdicts_of_a_cdn(void **state)
{
	const struct link_probe redirect = {.reach = LINK_ANSWERED,
	                                    .status = 301,
	                                    .location = STR("https://T.a.example/x")};
	struct link_facts f = all_right(TRACKING_MODE_OWN_CDN);

	(void)state;
	f.http = redirect;
	assert_status(&f, "green green:");
	f.http.location = STR("https://t.a.example.evil.example/");
	assert_status(&f, "red green: forces_https");
	f.http = ours("t.a.example", "9");
	assert_status(&f, "green green: forces_https");
	f.http = redirect;
	f.https_again.number = f.https.number;
	assert_status(&f, "red red: not_cached");
	f.https_again.number = STR("8");
	f.https.host = STR("edge.example");
	assert_status(&f, "red red: forwards_host");
	f.https = stranger;
	assert_status(&f, "red red: https");
	f = all_right(TRACKING_MODE_OWN_CDN);
	f.http = silent;
	f.certificate.is_valid = false;
	assert_status(&f, "red red: certificate");
}

/*
 * A way in letters: its address (4 5 6 7), what was done (h s: a probe by HTTP, HTTPS; c t:
 * a connection to 80, 443), what it came to (+ ours, or connected; > redirect; ! a stranger;
 * w a certificate for others; x refused; - no answer; ? no way from here).
 */
static struct link_way way(const char *text)
{
	static const char *const addresses[] = {"192.0.2.80", "192.0.2.81",
	                                        "2001:db8::80", "2001:db8::81"};
	struct link_way w = {
	        .is_tls = text[1] == 's' || text[1] == 't',
	        .connects_only = text[1] == 'c' || text[1] == 't',
	        .probe = {.reach = LINK_ANSWERED, .status = 200   },
	        .certificate = {.is_seen = true,        .is_valid = true},
	};

	assert_true(ip_parse(str_c(addresses[text[0] - '4']), &w.address));
	w.probe.is_ours = strchr("+w", text[2]) && !w.connects_only;
	if (strchr("x-", text[2]))
		w.probe.reach = LINK_UNREACHABLE;
	if (text[2] == '?')
		w.probe.reach = LINK_FAULT;
	if (text[2] == 'w')
		w.certificate = (struct link_certificate){
		        true,
		        false,
		        STR("the certificate is for other names"),
		        STR("b.example"),
		        STR("CA"),
		        START};
	if (text[2] == '>') {
		w.probe.status = 301;
		w.probe.location = STR("https://t.a.example/");
	}
	if (!w.is_tls)
		w.certificate = (struct link_certificate){0};
	w.probe.why = text[2] == 'x'   ? STR("the connection is refused")
	              : text[2] == '-' ? STR("no answer in time")
	              : text[2] == '?' ? STR("this machine has no way to it")
	                               : STR_NONE;
	w.probe.host = STR("t.a.example");
	return w;
}

static struct link_facts facts_of(enum tracking_mode mode, const char *ways)
{
	struct link_facts f = all_right(mode);

	f.http = f.https = (struct link_probe){0};
	f.certificate = (struct link_certificate){0};
	for (; *ways; ways += ways[3] ? 4 : 3)
		f.ways[f.way_count++] = way(ways);
	link_facts_choose(&f);
	return f;
}

#define V6_WAITS                                                                       \
	"Recipients with IPv6 wait for it before they try IPv4, or their links do "    \
	"not open."
#define ONE_WAITS "Recipients who try it first wait, or their links do not open."

// clang-format off
static const struct {
	enum tracking_mode mode;
	const char *ways, *lights, *light, *message;
} way_rows[] = {
        {TRACKING_MODE_MANAGED, "4h+ 4s+ 6h+ 6s+", "green green", "green",
         "All 2 addresses answer."},
        {TRACKING_MODE_MANAGED, "4h+ 4s+ 6hx 6sx", "green green", "amber",
         "2001:db8::80 does not answer on ports 80 and 443 (the connection is "
         "refused). " V6_WAITS},
        {TRACKING_MODE_MANAGED, "4h+ 4s+ 6h+ 6s-", "green green", "amber",
         "2001:db8::80 does not answer on port 443 (no answer in time). "
         V6_WAITS},
        {TRACKING_MODE_MANAGED, "4hx 4sx 6h+ 6s+", "green green", "amber",
         "192.0.2.80 does not answer on ports 80 and 443 (the connection is "
         "refused). Recipients without IPv6 cannot open links."},
        /* Other hosts, other certificates. */
        {TRACKING_MODE_MANAGED, "4h+ 4s+ 6h! 6sw", "green green", "amber",
         "2001:db8::80 is not our edge on port 80 (status 200); 2001:db8::80 "
         "shows no valid certificate on port 443 (the certificate is for other "
         "names). " V6_WAITS},
        /* One of several: the family as such works. */
        {TRACKING_MODE_MANAGED, "4h+ 4s+ 4c+ 4t+ 5c- 5t-", "green green",
         "amber",
         "192.0.2.81 does not answer on ports 80 and 443 (no answer in time). "
         ONE_WAITS},
        /* The first of its family is told of once. */
        {TRACKING_MODE_MANAGED, "4h+ 4s+ 6h- 6s- 6c- 6t- 7c- 7t-",
         "green green", "amber",
         "2001:db8::80 does not answer on ports 80 and 443 (no answer in time); "
         "2001:db8::81 does not answer on ports 80 and 443 (no answer in time). "
         V6_WAITS},
        /* No IPv6 here: nothing is concluded of it. */
        {TRACKING_MODE_MANAGED, "4h+ 4s+ 6h? 6s?", "green green", "unknown",
         "2001:db8::80 could not be tried: this machine has no way there."},
        {TRACKING_MODE_MANAGED, "4h+ 4s+ 5c+ 5tx 6h? 6s?", "green green",
         "amber",
         "192.0.2.81 does not answer on port 443 (the connection is refused). "
         ONE_WAITS " 2001:db8::80 could not be tried: this machine has no way "
         "there."},
        {TRACKING_MODE_MANAGED, "6h? 6s?", "unknown unknown", "", ""},
        {TRACKING_MODE_MANAGED, "4hx 4sx 6h? 6s?", "red red", "unknown",
         "2001:db8::80 could not be tried: this machine has no way there."},
        /* Where nothing works the other checks say so. */
        {TRACKING_MODE_MANAGED, "4hx 4sx 6h- 6s-", "red red", "", ""},
        {TRACKING_MODE_MANAGED, "4h! 4s! 6h- 6s-", "red red", "", ""},
        /* Before there is a certificate, HTTP alone is compared. */
        {TRACKING_MODE_MANAGED, "4h+ 4sw 6hx 6sx", "green red", "amber",
         "2001:db8::80 does not answer on port 80 (the connection is refused). "
         V6_WAITS},
        {TRACKING_MODE_MANAGED, "6h+ 6s+", "green green", "", ""},
        {TRACKING_MODE_OWN_CDN, "4h> 4s+ 6h> 6s+", "green green", "green",
         "All 2 addresses answer."},
        {TRACKING_MODE_OWN_CDN, "4h> 4s+ 6h! 6s!", "green green", "amber",
         "2001:db8::80 does not redirect to HTTPS as the others do on port 80 "
         "(status 200); 2001:db8::80 is not our edge on port 443 (status 200). "
         V6_WAITS},
        {TRACKING_MODE_OPERATOR, "4h- 4s- 6h+ 6s+", "green green", "amber",
         "192.0.2.80 does not answer on ports 80 and 443 (no answer in time). "
         "Recipients without IPv6 cannot open links."},
};
// clang-format on

static void every_address(void **state)
{
	(void)state;
	for (size_t i = 0; i < LEN(way_rows); i++) {
		AUTO(arena) a = {0};
		struct link_facts f = facts_of(way_rows[i].mode, way_rows[i].ways);
		struct link_status s;
		const struct link_verdict *v = NULL;
		struct str lights;

		f.https_again = f.https;
		f.https_again.number = STR("8");
		s = link_status(&a, &f);
		lights = arena_printf(&a, "%s %s", tracking_light_name(s.http),
		                      tracking_light_name(s.https));
		for (size_t k = 0; k < s.n; k++)
			if (s.v[k].check == LINK_CHECK_ADDRESSES)
				v = &s.v[k];
		assert_string_equal(arena_cstr(&a, lights), way_rows[i].lights);
		assert_string_equal(v ? tracking_light_name(v->light) : "",
		                    way_rows[i].light);
		assert_string_equal(v ? arena_cstr(&a, v->message) : "",
		                    way_rows[i].message);
		assert_int_equal(v && v->fix.n > 10,
		                 strcmp(way_rows[i].light, "amber") == 0);
	}
}

static void words_and_back(void **state)
{
	enum tracking_status status;
	enum tracking_light light;
	enum tracking_mode mode;

	(void)state;
	assert_true(tracking_status_parse(STR("in_use"), &status) &&
	            status == TRACKING_IN_USE);
	assert_false(tracking_status_parse(STR("cname"), &status));
	assert_true(tracking_light_parse(STR("red"), &light) && light == R);
	assert_true(tracking_mode_parse(STR("own_cdn"), &mode) &&
	            mode == TRACKING_MODE_OWN_CDN);
	assert_string_equal(tracking_mode_name(TRACKING_MODE_OPERATOR), "operator");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(from_nothing_to_https),
	        cmocka_unit_test(faults_demote_nothing),
	        cmocka_unit_test(who_else_has_the_name),
	        cmocka_unit_test(what_dangles_stops_links),
	        cmocka_unit_test(lists_are_told_once),
	        cmocka_unit_test(patience_ends),
	        cmocka_unit_test(jitter_only_shortens),
	        cmocka_unit_test(negative_caches_are_waited_for),
	        cmocka_unit_test(whoever_proves_more_has_the_name),
	        cmocka_unit_test(a_link_that_opens),
	        cmocka_unit_test(lights_of_a_managed_name),
	        cmocka_unit_test(names_that_browsers_bring_along),
	        cmocka_unit_test(suffixes_of_the_list),
	        cmocka_unit_test(policies_are_believed_for_a_day),
	        cmocka_unit_test(verdicts_of_a_cdn),
	        cmocka_unit_test(every_address),
	        cmocka_unit_test(words_and_back),
	};

	return cmocka_run_group_tests_name("tracking", tests, NULL, NULL);
}
