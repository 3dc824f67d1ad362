/* The answers of a tracking host, by a server in one loop with its client, with a journal
 * in a folder that is read again. */
#include "base/clock.h"
#include "base/file.h"
#include "data/data.h"
#include "edge/site.h"
#include "journal/io.h"
#include "journal/reader.h"
#include "track/token_keys.h"

#include <errno.h>
#include <ftw.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdatomic.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

enum { HANG_MS = 30000, TENANT = 42 };

static const char agent[] = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 "
                            "Firefox/128.0";

struct world {
	char folder[64];
	struct arena a;
	struct event_base *base;
	struct http_server *server;
	struct site site;
	struct site_options options;
	uint16_t port;
	int fd; /* of the client */
	char answer[65536];
	struct journal_reader *reader;
	enum journal_policy policy;
};

static atomic_bool is_disk_full;

static ssize_t write_or_not(int fd, const struct iovec *parts, int n, off_t at)
{
	if (!atomic_load(&is_disk_full))
		return journal_io_system.write(fd, parts, n, at);
	errno = ENOSPC;
	return -1;
}

static int listen_on_loopback(uint16_t *port)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
	                              .sin_addr = {htonl(INADDR_LOOPBACK)}};
	socklen_t length = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	assert_int_equal(bind(fd, (struct sockaddr *)&address, length), 0);
	assert_int_equal(listen(fd, 64), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &length), 0);
	*port = ntohs(address.sin_port);
	return fd;
}

static void connect_client(struct world *w)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
	                              .sin_port = htons(w->port),
	                              .sin_addr = {htonl(INADDR_LOOPBACK)}};

	w->fd = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(connect(w->fd, (struct sockaddr *)&address, sizeof(address)),
	                 0);
	evutil_make_socket_nonblocking(w->fd);
}

static void on_request(struct http_request *r, void *arg)
{
	struct world *w = arg;

	site_handle(r, &w->site);
}

/* Once what has to be different is in w->options. */
static void open_world(struct world *w)
{
	AUTO(token_keys) keys = {0};
	static struct journal_io io;
	struct journal_options journal = {.memory = 1 << 20,
	                                  .io = &io,
	                                  .policy = w->policy,
	                                  .retry_ms = 20,
	                                  .mark_ms = -1};
	struct err err = {0};

	io = journal_io_system;
	io.write = write_or_not;
	snprintf(w->folder, sizeof(w->folder), "/tmp/signet-edge-XXXXXX");
	assert_non_null(mkdtemp(w->folder));
	w->base = event_base_new();
	assert_true(token_keys_add(&keys, 0, &err));
	w->options.base = w->base;
	w->options.tokens = tokens_new(&keys);
	w->options.connections_max = 64;
	w->options.challenges = w->folder;
	journal.dir = arena_printf(&w->a, "%s/journal", w->folder).p;
	if (!w->options.is_standalone &&
	    !journal_open(&journal, &w->options.journal, &err))
		fail_msg("%s", err.text);
	if (!site_init(&w->site, &w->options, &err))
		fail_msg("%s", err.text);
	w->server = http_server_new(
	        &(struct http_server_options){.base = w->base,
	                                      .head_max = SITE_HEAD_MAX,
	                                      .target_max = SITE_TARGET_MAX,
	                                      .body_max = SITE_BODY_MAX,
	                                      .handler = on_request,
	                                      .arg = w});
	site_attach(&w->site, w->server);
	http_server_listen(w->server, listen_on_loopback(&w->port));
	connect_client(w);
	if (w->options.journal &&
	    !journal_reader_open(journal.dir, &(struct journal_cursor){0}, 0,
	                         &w->reader, &err))
		fail_msg("%s", err.text);
}

static int remove_one(const char *path, const struct stat *s, int kind, struct FTW *at)
{
	(void)s, (void)kind, (void)at;
	return remove(path);
}

static void remove_tree(const char *folder)
{
	assert_int_equal(nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS), 0);
}

static void close_world(struct world *w)
{
	close(w->fd);
	http_server_free(w->server);
	site_done(&w->site);
	assert_int_equal(journal_close(w->options.journal), 0);
	journal_reader_close(w->reader);
	profile_free(w->options.profile);
	agents_free(w->options.agents);
	tokens_free(w->options.tokens);
	event_base_free(w->base);
	remove_tree(w->folder);
	arena_done(&w->a);
}

/* An account whose addresses are kept like that. */
static void add_account(struct world *w, enum track_ip_policy policy)
{
	w->options.profile = profile_new();
	profile_start(w->options.profile);
	profile_set_account(w->options.profile,
	                    &(struct profile_account){.id = TENANT,
	                                              .name = STR("Acme <b>"),
	                                              .language = STR("en"),
	                                              .ip = policy});
	profile_done(w->options.profile);
}

static struct str seal(struct world *w, enum token_kind kind, const char *text,
                       bool once)
{
	struct token token = {.kind = kind,
	                      .is_once = once,
	                      .tenant = TENANT,
	                      .message = 0x123456789,
	                      .link = 3,
	                      .text = str_c(text)};
	AUTO(buf) b = {.max = 8192};
	struct err err = {0};

	if (!token_seal(w->options.tokens, &token, STR("t.example"), &b, &err))
		fail_msg("%s", err.text);
	return arena_dup(&w->a, buf_str(&b));
}

/* Sends bytes, waits for `count` whole answers without a body of unknown length. */
static void exchange(struct world *w, struct str request, const char *until)
{
	int64_t start = clock_monotonic_ms();
	size_t n = 0;

	assert_int_equal(send(w->fd, request.p, request.n, MSG_NOSIGNAL), request.n);
	w->answer[0] = '\0';
	while (!memmem(w->answer, n, until, strlen(until))) {
		ssize_t got = recv(w->fd, w->answer + n, sizeof(w->answer) - 1 - n, 0);

		if (got == 0 || clock_monotonic_ms() - start > HANG_MS)
			fail_msg("no %s: %s", until, w->answer);
		if (got > 0)
			n += (size_t)got;
		w->answer[n] = '\0';
		assert_true(event_base_loop(w->base, EVLOOP_NONBLOCK) >= 0);
	}
}

/* One request of a browser; `more`: further lines and the body behind a blank one. */
static void ask(struct world *w, const char *method, struct str path, const char *more,
                const char *until)
{
	struct str request = arena_printf(&w->a,
	                                  "%s %.*s HTTP/1.1\r\nHost: T.example:8080\r\n"
	                                  "User-Agent: %s\r\nAccept: */*\r\n%s\r\n",
	                                  method, STR_ARG(path), agent, more);

	exchange(w, request, until);
}

static struct str path_of(struct world *w, const char *word, struct str token,
                          const char *end)
{
	return arena_printf(&w->a, "/%s/%.*s%s", word, STR_ARG(token), end);
}

static void expect(struct world *w, const char *text)
{
	if (!strstr(w->answer, text))
		fail_msg("no %s: %s", text, w->answer);
}

static void expect_not(struct world *w, const char *text)
{
	if (strstr(w->answer, text))
		fail_msg("%s: %s", text, w->answer);
}

/* The next event of the journal; its views live until the next call. */
static struct track_event next_event(struct world *w)
{
	int64_t start = clock_monotonic_ms();
	struct journal_record record;
	struct track_event e = {0};
	struct err err = {0};
	enum journal_read got;

	while ((got = journal_reader_next(w->reader, &record, &err)) == JOURNAL_END)
		if (clock_monotonic_ms() - start > HANG_MS)
			fail_msg("no event");
	if (got != JOURNAL_RECORD || !track_event_decode(record.bytes, &e))
		fail_msg("a bad record");
	return e;
}

static void expect_no_event(struct world *w)
{
	struct journal_record record;
	struct err err = {0};

	assert_int_equal(journal_reader_next(w->reader, &record, &err), JOURNAL_END);
}

/* Turns the loop until the journal knows. */
static void fill_disk(struct world *w, bool is_full)
{
	int64_t start = clock_monotonic_ms();

	atomic_store(&is_disk_full, is_full);
	while (journal_is_failing(w->options.journal) != is_full) {
		if (clock_monotonic_ms() - start > HANG_MS)
			fail_msg("the journal does not notice");
		assert_true(event_base_loop(w->base, EVLOOP_NONBLOCK) >= 0);
	}
}

/* Issue of the edge, "journal": the redirect is still answered and the loss counted, or
 * refused where the operator wants that; and all is well again with the disk. */
static void test_full_disk(void **state)
{
	static struct world w;
	struct journal_stats stats;
	struct str path;

	(void)state;
	for (int i = 0; i < 2; i++) {
		bool refuses = i == 1;

		w = (struct world){.policy = refuses ? JOURNAL_POLICY_REFUSE
		                                     : JOURNAL_POLICY_ANSWER};
		open_world(&w);
		path = path_of(&w, "click",
		               seal(&w, TOKEN_CLICK, "https://a.example/", false), "");
		ask(&w, "GET", path, "", "\r\n\r\n");
		next_event(&w);
		/* This one is at the journal when it fails. */
		atomic_store(&is_disk_full, true);
		ask(&w, "GET", path, "", refuses ? "</html>" : "\r\n\r\n");
		expect(&w, refuses ? "HTTP/1.1 503 " : "HTTP/1.1 302 ");
		fill_disk(&w, true);
		/* And this one behind. */
		ask(&w, "GET", path, "", refuses ? "</html>" : "\r\n\r\n");
		expect(&w, refuses ? "HTTP/1.1 503 " : "HTTP/1.1 302 ");
		assert_int_equal(strstr(w.answer, "Location") == NULL, refuses);
		fill_disk(&w, false);
		ask(&w, "GET", path, "", "\r\n\r\n");
		expect(&w, "HTTP/1.1 302 ");
		journal_stats_get(w.options.journal, &stats);
		assert_int_equal(refuses ? stats.refused : stats.at_risk, 2);
		close_world(&w);
	}
}

static void test_click(void **state)
{
	static struct world w;
	struct track_event e;
	struct str path;

	(void)state;
	w = (struct world){0};
	add_account(&w, TRACK_IP_FULL);
	open_world(&w);
	path = path_of(&w, "click",
	               seal(&w, TOKEN_CLICK, "https://www.acme.example/a?b=c", false),
	               "");
	ask(&w, "GET", path, "Accept-Language: de\r\nSec-Fetch-User: ?1\r\n",
	    "\r\n\r\n");
	expect(&w, "HTTP/1.1 302 Found\r\n");
	expect(&w, "\r\nLocation: https://www.acme.example/a?b=c\r\n");
	expect(&w, "\r\nCache-Control: no-store\r\n");
	expect(&w, "\r\nX-Robots-Tag: noindex, nofollow\r\n");
	expect_not(&w, "Set-Cookie");
	e = next_event(&w);
	assert_int_equal(e.type, TRACK_CLICK);
	assert_int_equal(e.method, TRACK_GET);
	assert_int_equal(e.answer, 302);
	assert_int_equal(e.tenant, TENANT);
	assert_int_equal(e.message, 0x123456789);
	assert_int_equal(e.link, 3);
	assert_int_equal(e.hints, TRACK_USER_ACTED);
	assert_int_equal(e.tls, 0);
	assert_true(str_eq(e.host, STR("t.example")));
	assert_true(str_eq(e.text, STR("https://www.acme.example/a?b=c")));
	assert_true(str_eq(e.agent, str_c(agent)));
	assert_true(str_eq(e.language, STR("de")));
	assert_int_equal(e.ip.length, 4);
	assert_int_equal(e.ip.bytes[0], 127);
	/* What others have added to a link changes nothing. */
	path = arena_join(&w.a, path, STR("?fbclid=1"));
	ask(&w, "HEAD", path, "Purpose: prefetch\r\nVia: 1.1 x\r\n", "\r\n\r\n");
	expect(&w, "HTTP/1.1 302 ");
	e = next_event(&w);
	assert_int_equal(e.method, TRACK_HEAD);
	assert_int_equal(e.hints, TRACK_PREFETCH | TRACK_VIA_PROXY);
	ask(&w, "POST", path, "Content-Length: 0\r\n", "\r\n\r\n");
	expect(&w, "HTTP/1.1 405 ");
	expect(&w, "Allow: GET, HEAD\r\n");
	expect_no_event(&w);
	close_world(&w);
}

static void test_location(void **state)
{
	static struct world w;
	struct str token;

	(void)state;
	w = (struct world){.options.redirect = 307, .options.click = STR("c")};
	open_world(&w);
	token = seal(&w, TOKEN_CLICK,
	             "http://b\xc3\xbc"
	             "cher.example/a b?c=\xe2\x82\xac",
	             false);
	ask(&w, "GET", path_of(&w, "c", token, ""), "", "\r\n\r\n");
	expect(&w, "HTTP/1.1 307 Temporary Redirect\r\n");
	expect(&w, "\r\nLocation: http://b%C3%BCcher.example/a%20b?c=%E2%82%AC\r\n");
	ask(&w, "GET", path_of(&w, "click", token, ""), "", "</html>");
	expect(&w, "HTTP/1.1 404 ");
	close_world(&w);
}

static void test_wrong_tokens(void **state)
{
	static struct world w;
	struct str click, open;

	(void)state;
	w = (struct world){0};
	open_world(&w);
	click = seal(&w, TOKEN_CLICK, "https://acme.example/", false);
	open = seal(&w, TOKEN_OPEN, "", false);
	ask(&w, "GET", path_of(&w, "click", open, ""), "", "</html>");
	expect(&w, "HTTP/1.1 404 Not Found\r\n");
	expect_not(&w, "Location");
	ask(&w, "GET", path_of(&w, "open", click, ".png"), "", "</html>");
	expect(&w, "HTTP/1.1 404 ");
	ask(&w, "GET", path_of(&w, "unsubscribe", click, ""), "", "</html>");
	expect(&w, "HTTP/1.1 404 ");
	ask(&w, "GET", path_of(&w, "click", click, "A"), "", "</html>");
	expect(&w, "HTTP/1.1 404 ");
	ask(&w, "GET", path_of(&w, "click", click, "/"), "", "</html>");
	expect(&w, "HTTP/1.1 404 ");
	ask(&w, "GET", STR("/click/"), "", "</html>");
	expect(&w, "HTTP/1.1 404 ");
	/* Under another host, and under none. */
	exchange(&w,
	         arena_printf(&w.a,
	                      "GET /click/%.*s HTTP/1.1\r\nHost: u.example\r\n\r\n",
	                      STR_ARG(click)),
	         "</html>");
	expect(&w, "HTTP/1.1 404 ");
	exchange(&w,
	         arena_printf(&w.a, "GET /click/%.*s HTTP/1.0\r\n\r\n", STR_ARG(click)),
	         "Host is missing");
	expect(&w, "HTTP/1.1 400 ");
	assert_int_equal(w.site.stats.refused, 7);
	expect_no_event(&w);
	close_world(&w);
}

static void test_open(void **state)
{
	static struct world w;
	struct track_event e;
	struct str path;

	(void)state;
	w = (struct world){0};
	open_world(&w);
	path = path_of(&w, "open", seal(&w, TOKEN_OPEN, "", false), ".png");
	ask(&w, "GET", path, "", "IEND");
	expect(&w, "HTTP/1.1 200 OK\r\n");
	expect(&w, "\r\nContent-Type: image/png\r\n");
	expect(&w, "\r\nCache-Control: no-store\r\n");
	e = next_event(&w);
	assert_int_equal(e.type, TRACK_OPEN);
	assert_int_equal(e.answer, 200);
	assert_int_equal(e.ip.length, 0); /* nothing is known of the account yet */
	assert_int_equal(w.site.stats.opens, 1);
	close_world(&w);
}

/* RFC 8058; "GET on unsubscribe never unsubscribes". */
static void test_unsubscribe(void **state)
{
	static const char *const methods[] = {"GET", "HEAD"};
	static struct world w;
	struct track_event e;
	struct str path;

	(void)state;
	w = (struct world){0};
	add_account(&w, TRACK_IP_NONE);
	open_world(&w);
	path = path_of(&w, "unsubscribe",
	               seal(&w, TOKEN_UNSUBSCRIBE, "me@acme.example", false), "");
	for (size_t i = 0; i < LEN(methods); i++) {
		ask(&w, methods[i], path, "", i ? "\r\n\r\n" : "</html>");
		expect(&w, "HTTP/1.1 200 ");
		expect(&w, "Content-Security-Policy: default-src 'none'; ");
		e = next_event(&w);
		assert_int_equal(e.type, TRACK_UNSUBSCRIBE_PAGE);
		if (i)
			continue;
		expect(&w, "from Acme &lt;b&gt;?");
		expect(&w, "me@acme.example");
		expect(&w, "<form method=\"post\">");
		expect_not(&w, "<script");
	}
	assert_int_equal(w.site.stats.unsubscribes, 0);
	ask(&w, "POST", path,
	    "Content-Type: application/x-www-form-urlencoded\r\n"
	    "Content-Length: 26\r\n\r\nList-Unsubscribe=One-Click",
	    "Unsubscribed.");
	expect(&w, "HTTP/1.1 200 ");
	expect_not(&w, "Location");
	expect_not(&w, "Set-Cookie");
	e = next_event(&w);
	assert_int_equal(e.type, TRACK_UNSUBSCRIBE);
	assert_int_equal(e.hints, TRACK_ONE_CLICK);
	assert_int_equal(e.ip.length, 0);
	assert_true(str_eq(e.text, STR("me@acme.example")));
	ask(&w, "POST", path,
	    "Content-Type: multipart/form-data; boundary=x\r\nContent-Length: "
	    "82\r\n\r\n"
	    "--x\r\nContent-Disposition: form-data; name=\"List-Unsubscribe\"\r\n\r\n"
	    "One-Click\r\n--x--\r\n",
	    "Unsubscribed.");
	assert_int_equal(next_event(&w).hints, TRACK_ONE_CLICK);
	ask(&w, "POST", path, "Content-Length: 11\r\n\r\nconfirm=yes", "</html>");
	expect(&w, "You are unsubscribed");
	e = next_event(&w);
	assert_int_equal(e.type, TRACK_UNSUBSCRIBE);
	assert_int_equal(e.hints, TRACK_CONFIRMED);
	ask(&w, "DELETE", path, "", "\r\n\r\n");
	expect(&w, "HTTP/1.1 405 ");
	expect_no_event(&w);
	close_world(&w);
}

static void test_once(void **state)
{
	static struct world w;
	struct track_event e;
	struct str path;
	struct err err = {0};

	(void)state;
	w = (struct world){0};
	if (!agents_load(data_file(STR("agents.json")), &w.options.agents, &err))
		fail_msg("%s", err.text);
	open_world(&w);
	path = path_of(&w, "click",
	               seal(&w, TOKEN_CLICK, "https://acme.example/reset?secret", true),
	               "");
	exchange(&w,
	         arena_printf(&w.a, "GET %.*s HTTP/1.1\r\nHost: t.example\r\n\r\n",
	                      STR_ARG(path)),
	         "</html>");
	expect(&w, "HTTP/1.1 200 OK\r\n");
	expect(&w, "acme.example");
	expect_not(&w, "secret"); /* whoever reads pages must not find it either */
	e = next_event(&w);
	assert_int_equal(e.type, TRACK_CLICK_PAGE);
	assert_int_equal(e.hints, TRACK_ONCE | TRACK_NO_ACCEPT);
	ask(&w, "POST", path, "Content-Length: 11\r\n\r\nconfirm=yes", "\r\n\r\n");
	expect(&w, "HTTP/1.1 303 See Other\r\n");
	expect(&w, "\r\nLocation: https://acme.example/reset?secret\r\n");
	e = next_event(&w);
	assert_int_equal(e.type, TRACK_CLICK);
	assert_int_equal(e.hints, TRACK_ONCE | TRACK_CONFIRMED);
	ask(&w, "GET", path, "Accept-Language: en\r\n", "\r\n\r\n");
	expect(&w, "HTTP/1.1 302 ");
	close_world(&w);
}

/* The policies of an account, and who is believed of whom he asks for. */
static void test_addresses(void **state)
{
	static const struct {
		enum track_ip_policy policy;
		uint8_t length, last;
	} cases[] = {
	        {TRACK_IP_FULL,      4, 7},
	        {TRACK_IP_TRUNCATED, 4, 0},
	        {TRACK_IP_NONE,      0, 0}
        };
	static const struct ip_net trusted = {
	        {{127}, 4},
                8
        };
	static struct world w;

	(void)state;
	for (size_t i = 0; i < LEN(cases); i++) {
		struct track_event e;

		w = (struct world){.options.trusted = &trusted,
		                   .options.trusted_count = 1};
		add_account(&w, cases[i].policy);
		open_world(&w);
		ask(&w, "GET",
		    path_of(&w, "click",
		            seal(&w, TOKEN_CLICK, "https://a.example/", false), ""),
		    "X-Forwarded-For: 6.6.6.6, 192.0.2.7\r\nVia: 1.1 cdn\r\n",
		    "\r\n\r\n");
		e = next_event(&w);
		assert_int_equal(e.ip.length, cases[i].length);
		assert_int_equal(e.ip.bytes[0], cases[i].length ? 192 : 0);
		assert_int_equal(e.ip.bytes[3], cases[i].last);
		assert_int_equal(e.hints, 0);
		close_world(&w);
	}
}

static void write_text(struct world *w, const char *name, const char *text)
{
	struct err err = {0};

	assert_true(file_write(arena_printf(&w->a, "%s/%s", w->folder, name).p,
	                       str_c(text), 0600, &err));
}

static void test_files(void **state)
{
	static struct world w;
	static const char *const none[] = {
	        "/.well-known/acme-challenge/other",
	        "/.well-known/acme-challenge/",
	        "/.well-known/acme-challenge/bad",
	        "/.well-known/acme-challenge/a%2e",
	        "/.well-known/acme-challenge/../x",
	        "/.well-known/assetlinks.json",
	        "/favicon.ico",
	        "/click",
	        "/healthz/",
	};

	(void)state;
	w = (struct world){0};
	add_account(&w, TRACK_IP_FULL);
	profile_set_host(w.options.profile,
	                 &(struct profile_host){.host = STR("t.example"),
	                                        .account = TENANT,
	                                        .apple = STR("{\"applinks\":{}}")});
	open_world(&w);
	write_text(&w, "tok-EN_1", "t.example\ntok-EN_1.thumb\n");
	write_text(&w, "other", "u.example\nother.thumb\n");
	write_text(&w, "bad", "t.example\ntwo words\n");
	ask(&w, "GET", STR("/.well-known/acme-challenge/tok-EN_1"), "",
	    "tok-EN_1.thumb");
	expect(&w, "HTTP/1.1 200 ");
	ask(&w, "GET", STR("/.well-known/signet-probe/other"), "", "\nseen ");
	expect(&w, "signet-probe 1\nproof other.thumb\nhost t.example\nscheme http\n"
	           "forwarded no\nseen ");
	expect(&w, "\r\nCache-Control: no-store\r\n");
	ask(&w, "GET", STR("/.well-known/apple-app-site-association"), "", "applinks");
	expect(&w, "\r\nContent-Type: application/json\r\n");
	ask(&w, "GET", STR("/robots.txt"), "", "Disallow: /\n");
	ask(&w, "GET", STR("/healthz"), "", "ok\n");
	ask(&w, "GET", STR("/"), "", "</html>");
	expect(&w, "HTTP/1.1 200 ");
	for (size_t i = 0; i < LEN(none); i++) {
		ask(&w, "GET", str_c(none[i]), "", "</html>");
		if (!strstr(w.answer, "HTTP/1.1 404 "))
			fail_msg("%s: %s", none[i], w.answer);
	}
	ask(&w, "POST", STR("/healthz"), "Content-Length: 0\r\n", "\r\n\r\n");
	expect(&w, "HTTP/1.1 405 ");
	close_world(&w);
}

/* The exit kit: no journal, and nobody to tell. */
static void test_standalone(void **state)
{
	static struct world w;
	struct str token;

	(void)state;
	w = (struct world){.options.is_standalone = true,
	                   .options.contact = STR("mailto:stop@acme.example")};
	open_world(&w);
	ask(&w, "GET",
	    path_of(&w, "click", seal(&w, TOKEN_CLICK, "https://a.example/", false),
	            ""),
	    "", "\r\n\r\n");
	expect(&w, "\r\nLocation: https://a.example/\r\n");
	ask(&w, "GET", path_of(&w, "open", seal(&w, TOKEN_OPEN, "", false), ".png"), "",
	    "IEND");
	token = seal(&w, TOKEN_UNSUBSCRIBE, "me@a.example", false);
	ask(&w, "GET", path_of(&w, "unsubscribe", token, ""), "", "</html>");
	expect(&w, "HTTP/1.1 200 ");
	expect(&w, "<a href=\"mailto:stop@acme.example\">stop@acme.example</a>");
	expect_not(&w, "<form");
	ask(&w, "POST", path_of(&w, "unsubscribe", token, ""), "Content-Length: 0\r\n",
	    "</html>");
	expect(&w, "HTTP/1.1 410 Gone\r\n");
	close_world(&w);
}

/* Many at once, each event exactly once and in the order of its answer. */
static void test_pipelined(void **state)
{
	static struct world w;
	AUTO(buf) all = {.max = 1 << 20};
	enum { N = 60 };

	(void)state;
	w = (struct world){0};
	open_world(&w);
	for (int i = 0; i < N; i++) {
		struct str url = arena_printf(&w.a, "https://a.example/%d", i);

		buf_printf(&all, "GET /click/%.*s HTTP/1.1\r\nHost: t.example\r\n\r\n",
		           STR_ARG(seal(&w, TOKEN_CLICK, url.p, false)));
	}
	exchange(&w, buf_str(&all), "Location: https://a.example/59\r\n");
	for (int i = 0; i < N; i++) {
		struct str url = arena_printf(&w.a, "https://a.example/%d", i);

		assert_true(str_eq(next_event(&w).text, url));
		expect(&w, arena_printf(&w.a, "Location: %s\r\n", url.p).p);
	}
	expect_no_event(&w);
	close_world(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_full_disk), cmocka_unit_test(test_click),
	        cmocka_unit_test(test_location),  cmocka_unit_test(test_wrong_tokens),
	        cmocka_unit_test(test_open),      cmocka_unit_test(test_unsubscribe),
	        cmocka_unit_test(test_once),      cmocka_unit_test(test_addresses),
	        cmocka_unit_test(test_files),     cmocka_unit_test(test_standalone),
	        cmocka_unit_test(test_pipelined),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
