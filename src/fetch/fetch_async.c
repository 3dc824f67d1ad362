#include "fetch/fetch_async.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include <event2/event.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/ip_socket.h"
#include "fetch/certificate.h"
#include "fetch/curl.h"

enum { TIMEOUT_MS = 10 * 1000, HEADER_MAX = 1024 };

/* One probe; its memory is an arena of its own. */
struct job {
	struct arena a;
	struct fetch_pool *pool;
	struct job *next, *before; /* of those under way; `next` of those that wait */
	CURL *handle;
	struct curl_slist *resolve;
	struct buf body;
	struct trust_look look;
	struct fetch_ask ask;
	struct fetch_got got;
	fetch_done_fn *done;
	void *arg;
	char error[CURL_ERROR_SIZE];
};

struct fetch_pool {
	struct arena a;
	struct fetch_pool_options options;
	CURLM *multi;
	X509_STORE *store;
	struct event *timer, *soon;
	struct job *running, *first, **last; /* first …: those that wait */
	size_t running_count, waiting_count;
};

/* ---- the end of a probe ---- */

static void free_job(struct job *j)
{
	struct arena a;

	if (j->handle)
		curl_easy_cleanup(j->handle);
	curl_slist_free_all(j->resolve);
	buf_done(&j->body);
	a = j->a;
	arena_done(&a);
}

static void unlink_job(struct job *j)
{
	struct fetch_pool *pool = j->pool;

	if (j->before)
		j->before->next = j->next;
	else
		pool->running = j->next;
	if (j->next)
		j->next->before = j->before;
	pool->running_count--;
}

static void finish(struct job *j)
{
	j->done(j->arg, &j->got);
	free_job(j);
}

static enum fetch_end end_of(const struct job *j, CURLcode code)
{
	switch ((int)code) {
	case CURLE_OK:
		return FETCH_ANSWERED;
	case CURLE_WRITE_ERROR: /* the body was cut here */
		return j->got.is_cut ? FETCH_ANSWERED : FETCH_BROKEN;
	case CURLE_COULDNT_CONNECT:
	case CURLE_COULDNT_RESOLVE_HOST:
		return FETCH_UNREACHABLE;
	case CURLE_OPERATION_TIMEDOUT:
		return FETCH_TIMEOUT;
	case CURLE_SSL_CONNECT_ERROR:
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_CIPHER:
		return FETCH_TLS;
	default:
		return FETCH_BROKEN;
	}
}

static struct ip ip_of(const struct sockaddr *address)
{
	struct ip ip = {0};

	if (address->sa_family == AF_INET) {
		ip.length = 4;
		memcpy(ip.bytes, (const char *)address + 4, 4);
	} else if (address->sa_family == AF_INET6) {
		ip.length = 16;
		memcpy(ip.bytes, (const char *)address + 8, 16);
	}
	return ip;
}

/*
 * Whether the kernel knows a way: connecting a socket of UDP asks for it and sends nothing.
 * Who has an address of IPv6 for his own network alone (RFC 4193) has none to the Internet.
 */
static bool has_way(struct ip to)
{
	struct sockaddr_storage at;
	socklen_t n = ip_socket_address(to, 9, &at);
	AUTO_FD int fd = socket(at.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || connect(fd, (struct sockaddr *)&at, n) != 0)
		return false;
	if (to.length == 4 || !ip_is_public(to))
		return true;
	n = sizeof(at);
	return getsockname(fd, (struct sockaddr *)&at, &n) == 0 &&
	       ip_is_public(ip_of((struct sockaddr *)&at));
}

/* A router's word that there is none counts for one address: of several it is the last. */
static bool is_our_lack(const struct job *j, int error)
{
	if (j->ask.address_count == 1 && error == ENETUNREACH)
		return true;
	for (size_t i = 0; i < j->ask.address_count; i++)
		if (has_way(j->ask.addresses[i]))
			return false;
	return true;
}

static void judge_silence(struct job *j)
{
	struct fetch_got *got = &j->got;
	curl_off_t connected_us = 0;
	long error = 0;

	curl_easy_getinfo(j->handle, CURLINFO_OS_ERRNO, &error);
	curl_easy_getinfo(j->handle, CURLINFO_CONNECT_TIME_T, &connected_us);
	got->is_refused = got->end == FETCH_UNREACHABLE && error == ECONNREFUSED;
	if (!got->is_refused && connected_us == 0 && is_our_lack(j, (int)error))
		got->end = FETCH_NO_WAY;
}

static void read_result(struct job *j, CURLcode code)
{
	struct fetch_got *got = &j->got;
	const char *ip = NULL;
	long status = 0;

	got->end = end_of(j, code);
	curl_easy_getinfo(j->handle, CURLINFO_RESPONSE_CODE, &status);
	curl_easy_getinfo(j->handle, CURLINFO_PRIMARY_IP, &ip);
	got->status = (int)status;
	got->body = buf_str(&j->body);
	if (ip && ip[0] && !ip_parse(str_c(ip), &got->from))
		got->from = (struct ip){0};
	if (got->end != FETCH_ANSWERED)
		got->why = str_c(j->error[0] ? j->error : curl_easy_strerror(code));
	if (got->end == FETCH_UNREACHABLE || got->end == FETCH_TIMEOUT)
		judge_silence(j);
}

static void start_waiting(struct fetch_pool *pool);

static void reap(struct fetch_pool *pool)
{
	CURLMsg *message;
	int left;

	while ((message = curl_multi_info_read(pool->multi, &left))) {
		struct job *j = NULL;
		CURLcode code = message->data.result;

		if (message->msg != CURLMSG_DONE)
			continue;
		curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &j);
		curl_multi_remove_handle(pool->multi, j->handle);
		unlink_job(j);
		read_result(j, code);
		finish(j);
	}
	start_waiting(pool);
}

/* ---- libcurl and libevent ---- */

static void on_ready(evutil_socket_t fd, short what, void *arg)
{
	struct fetch_pool *pool = arg;
	int flags = (what & EV_READ ? CURL_CSELECT_IN : 0) |
	            (what & EV_WRITE ? CURL_CSELECT_OUT : 0);
	int running;

	curl_multi_socket_action(pool->multi, fd, flags, &running);
	reap(pool);
}

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct fetch_pool *pool = arg;
	int running;

	(void)fd;
	(void)what;
	curl_multi_socket_action(pool->multi, CURL_SOCKET_TIMEOUT, 0, &running);
	reap(pool);
}

static int watch_timer(CURLM *multi, long ms, void *arg)
{
	struct fetch_pool *pool = arg;
	struct timeval tv = {ms / 1000, ms % 1000 * 1000};

	(void)multi;
	if (ms < 0)
		evtimer_del(pool->timer);
	else
		evtimer_add(pool->timer, &tv);
	return 0;
}

static int watch_socket(CURL *handle, curl_socket_t fd, int what, void *arg,
                        void *socket_arg)
{
	struct fetch_pool *pool = arg;
	struct event *event = socket_arg;
	short events = EV_PERSIST;

	(void)handle;
	if (event)
		event_free(event);
	event = NULL;
	if (what != CURL_POLL_REMOVE) {
		events |= what & CURL_POLL_IN ? EV_READ : 0;
		events |= what & CURL_POLL_OUT ? EV_WRITE : 0;
		event = event_new(pool->options.base, fd, events, on_ready, pool);
		need(event != NULL);
		event_add(event, NULL);
	}
	curl_multi_assign(pool->multi, fd, event);
	return 0;
}

/* ---- one probe ---- */

static size_t take_body(char *bytes, size_t size, size_t n, void *arg)
{
	struct job *j = arg;
	size_t room = j->body.max - j->body.n;
	size_t part = size * n < room ? size * n : room;

	buf_add(&j->body, (struct str){bytes, part});
	if (part < size * n)
		j->got.is_cut = true;
	return part;
}

/* Fields that are told; the last of a name counts, of HSTS the first (RFC 6797 §8.1). */
static size_t take_header(char *bytes, size_t size, size_t n, void *arg)
{
	struct job *j = arg;
	struct str value = {bytes, size * n}, name;
	const struct {
		const char *name;
		struct str *into;
	} fields[] = {
	        {"location",                  &j->got.location},
	        {"strict-transport-security", &j->got.hsts    },
	        {"server",                    &j->got.server  },
	        {"age",                       &j->got.age     },
	};

	if (!str_cut(&value, ':', &name) || value.n == 0)
		return size * n;
	value = str_slice(str_trim(value), 0, HEADER_MAX);
	for (size_t i = 0; i < LEN(fields); i++)
		if (str_eq_nocase(name, str_c(fields[i].name)) &&
		    (fields[i].into != &j->got.hsts || j->got.hsts.n == 0))
			*fields[i].into = arena_dup(&j->a, value);
	return size * n;
}

static CURLcode attach_trust(CURL *handle, void *context, void *arg)
{
	struct job *j = arg;

	(void)handle;
	trust_attach(context, j->pool->store, &j->look);
	return CURLE_OK;
}

/* The last word about where a connection goes. */
static curl_socket_t open_socket(void *arg, curlsocktype purpose,
                                 struct curl_sockaddr *address)
{
	struct job *j = arg;
	struct ip ip = ip_of(&address->addr);

	(void)purpose;
	if (ip.length == 0 || (!j->pool->options.allow_private && !ip_is_public(ip)))
		return CURL_SOCKET_BAD;
	return socket(address->family, address->socktype | SOCK_CLOEXEC,
	              address->protocol);
}

static const char *resolve_entry(struct job *j)
{
	struct str list = STR_NONE;

	for (size_t i = 0; i < j->ask.address_count; i++) {
		struct ip ip = j->ask.addresses[i];
		struct str text = ip_format(&j->a, ip);

		list = arena_printf(&j->a,
		                    ip.length == 16 ? "%.*s%s[%.*s]" : "%.*s%s%.*s",
		                    STR_ARG(list), list.n ? "," : "", STR_ARG(text));
	}
	return arena_printf(&j->a, "%.*s:%u:%.*s", STR_ARG(j->ask.host), j->ask.port,
	                    STR_ARG(list))
	        .p;
}

static const char *url_of(struct job *j)
{
	const struct fetch_ask *ask = &j->ask;

	/* The usual port is not said, so that Host has the name alone. */
	if (ask->port == (ask->is_tls ? 443 : 80))
		return arena_printf(&j->a, "%s://%.*s%.*s",
		                    ask->is_tls ? "https" : "http", STR_ARG(ask->host),
		                    STR_ARG(ask->path))
		        .p;
	return arena_printf(&j->a, "%s://%.*s:%u%.*s", ask->is_tls ? "https" : "http",
	                    STR_ARG(ask->host), ask->port, STR_ARG(ask->path))
	        .p;
}

static void set_job(struct job *j)
{
	CURL *h = j->handle;

	curl_list_add(&j->resolve, resolve_entry(j));
	curl_easy_setopt(h, CURLOPT_URL, url_of(j));
	curl_easy_setopt(h, CURLOPT_CONNECT_ONLY, j->ask.connects_only ? 1L : 0L);
	curl_easy_setopt(h, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(h, CURLOPT_RESOLVE, j->resolve);
	curl_easy_setopt(h, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(h, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(h, CURLOPT_FRESH_CONNECT, 1L);
	curl_easy_setopt(h, CURLOPT_FORBID_REUSE, 1L);
	curl_easy_setopt(h, CURLOPT_USERAGENT, j->pool->options.user_agent);
	curl_easy_setopt(h, CURLOPT_WRITEFUNCTION, take_body);
	curl_easy_setopt(h, CURLOPT_WRITEDATA, j);
	curl_easy_setopt(h, CURLOPT_HEADERFUNCTION, take_header);
	curl_easy_setopt(h, CURLOPT_HEADERDATA, j);
	curl_easy_setopt(h, CURLOPT_OPENSOCKETFUNCTION, open_socket);
	curl_easy_setopt(h, CURLOPT_OPENSOCKETDATA, j);
	curl_easy_setopt(h, CURLOPT_PRIVATE, j);
	/* The certificate is looked at by certificate.c, with authorities read before. */
	curl_easy_setopt(h, CURLOPT_CAINFO, NULL);
	curl_easy_setopt(h, CURLOPT_CAPATH, NULL);
	curl_easy_setopt(h, CURLOPT_SSL_VERIFYPEER, 0L);
	curl_easy_setopt(h, CURLOPT_SSL_VERIFYHOST, 0L);
	curl_easy_setopt(h, CURLOPT_SSL_SESSIONID_CACHE, 0L);
	curl_easy_setopt(h, CURLOPT_SSL_CTX_FUNCTION, attach_trust);
	curl_easy_setopt(h, CURLOPT_SSL_CTX_DATA, j);
}

static void run(struct job *j)
{
	struct fetch_pool *pool = j->pool;
	int64_t ms = j->ask.timeout_ms ? j->ask.timeout_ms : pool->options.timeout_ms;

	j->handle = curl_handle(j->error, (long)(ms / 2), (long)ms);
	set_job(j);
	j->before = NULL;
	j->next = pool->running;
	if (j->next)
		j->next->before = j;
	pool->running = j;
	pool->running_count++;
	need(curl_multi_add_handle(pool->multi, j->handle) == CURLM_OK);
}

/* Keeps the addresses that may be talked to. */
static enum fetch_end choose_addresses(struct job *j, const struct fetch_ask *ask)
{
	struct ip *v = ARENA_ARRAY(&j->a, struct ip, FETCH_ADDRESSES_MAX);
	size_t n = 0;

	for (size_t i = 0; i < ask->address_count && n < FETCH_ADDRESSES_MAX; i++)
		if (j->pool->options.allow_private || ip_is_public(ask->addresses[i]))
			v[n++] = ask->addresses[i];
	j->ask.addresses = v;
	j->ask.address_count = n;
	if (n)
		return FETCH_ANSWERED;
	return ask->address_count ? FETCH_PRIVATE : FETCH_NO_ADDRESS;
}

static void start_waiting(struct fetch_pool *pool)
{
	while (pool->first && pool->running_count < pool->options.at_once) {
		struct job *j = pool->first;

		pool->first = j->next;
		if (!pool->first)
			pool->last = &pool->first;
		pool->waiting_count--;
		if (j->got.end == FETCH_ANSWERED)
			run(j);
		else
			finish(j);
	}
}

static void on_soon(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	start_waiting(arg);
}

void fetch_start(struct fetch_pool *pool, const struct fetch_ask *ask,
                 fetch_done_fn *done, void *arg)
{
	struct arena a = {0};
	struct job *j = ARENA_NEW(&a, struct job);

	j->a = a;
	j->pool = pool;
	j->done = done;
	j->arg = arg;
	j->ask = *ask;
	j->ask.host = arena_dup(&j->a, ask->host);
	j->ask.path = arena_dup(&j->a, ask->path);
	j->ask.is_tls = ask->is_tls && !ask->connects_only;
	j->body.max = ask->body_max ? ask->body_max : FETCH_BODY_MAX;
	j->look = (struct trust_look){&j->a, j->ask.host, &j->got.certificate};
	j->got.end = choose_addresses(j, ask);
	if (j->got.end == FETCH_PRIVATE)
		j->got.why = STR("the name has only addresses that are not public");
	else if (j->got.end == FETCH_NO_ADDRESS)
		j->got.why = STR("the name has no address");
	*pool->last = j;
	pool->last = &j->next;
	pool->waiting_count++;
	event_active(pool->soon, 0, 0);
}

size_t fetch_pool_count(const struct fetch_pool *pool)
{
	return pool->running_count + pool->waiting_count;
}

/* ---- the pool ---- */

bool fetch_pool_new(const struct fetch_pool_options *options, struct fetch_pool **out,
                    struct err *err)
{
	struct arena a = {0};
	struct fetch_pool *pool;
	X509_STORE *store;

	if (!trust_open(options->ca_file, &store, err))
		return false;
	pool = ARENA_NEW(&a, struct fetch_pool);
	pool->a = a;
	pool->store = store;
	pool->options = *options;
	pool->options.at_once = options->at_once ? options->at_once : FETCH_AT_ONCE;
	pool->options.timeout_ms =
	        options->timeout_ms ? options->timeout_ms : TIMEOUT_MS;
	pool->options.user_agent = options->user_agent ? options->user_agent : "Signet";
	pool->last = &pool->first;
	pool->timer = evtimer_new(options->base, on_timer, pool);
	pool->soon = event_new(options->base, -1, 0, on_soon, pool);
	curl_init();
	pool->multi = curl_multi_init();
	need(pool->timer && pool->soon && pool->multi);
	curl_multi_setopt(pool->multi, CURLMOPT_SOCKETFUNCTION, watch_socket);
	curl_multi_setopt(pool->multi, CURLMOPT_SOCKETDATA, pool);
	curl_multi_setopt(pool->multi, CURLMOPT_TIMERFUNCTION, watch_timer);
	curl_multi_setopt(pool->multi, CURLMOPT_TIMERDATA, pool);
	*out = pool;
	return true;
}

void fetch_pool_free(struct fetch_pool *pool)
{
	struct arena a;

	if (!pool)
		return;
	while (pool->running) {
		struct job *j = pool->running;

		curl_multi_remove_handle(pool->multi, j->handle);
		unlink_job(j);
		free_job(j);
	}
	while (pool->first) {
		struct job *j = pool->first;

		pool->first = j->next;
		free_job(j);
	}
	curl_multi_cleanup(pool->multi);
	event_free(pool->timer);
	event_free(pool->soon);
	X509_STORE_free(pool->store);
	a = pool->a;
	arena_done(&a);
}

/* ---- HSTS ---- */

static bool read_age(struct str value, int64_t *seconds)
{
	uint64_t n;

	value = str_trim(value);
	if (value.n >= 2 && value.p[0] == '"' && value.p[value.n - 1] == '"')
		value = str_slice(value, 1, value.n - 2);
	if (!str_parse_uint(value, INT32_MAX, &n))
		return false;
	*seconds = (int64_t)n;
	return true;
}

int64_t fetch_hsts(struct str value, bool *include_subdomains)
{
	struct str directive, name;
	int64_t seconds = 0;
	bool has_age = false;

	*include_subdomains = false;
	while (value.n && str_cut(&value, ';', &directive)) {
		str_cut(&directive, '=', &name);
		name = str_trim(name);
		if (str_eq_nocase(name, STR("includeSubDomains")))
			*include_subdomains = true;
		if (!str_eq_nocase(name, STR("max-age")))
			continue;
		if (has_age || !read_age(directive, &seconds)) /* RFC 6797 §6.1 */
			return 0;
		has_age = true;
	}
	return seconds;
}
