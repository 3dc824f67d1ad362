#include "edge/site_parts.h"

#include "base/clock.h"

enum {
	GROWING_MAX_MS = 3,
	AWAITED_MAX_MS = 1,
	HANDSHAKES_MANY = 2, /* within one batch */
};

/* A transparent PNG of one pixel. */
static const unsigned char pixel[] = {
        0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0x00, 0x00, 0x00, 0x0d,
        0x49, 0x48, 0x44, 0x52, 0x00, 0x00, 0x00, 0x01, 0x00, 0x00, 0x00, 0x01,
        0x08, 0x04, 0x00, 0x00, 0x00, 0xb5, 0x1c, 0x0c, 0x02, 0x00, 0x00, 0x00,
        0x0b, 0x49, 0x44, 0x41, 0x54, 0x78, 0xda, 0x63, 0x60, 0x60, 0x00, 0x00,
        0x00, 0x03, 0x00, 0x01, 0x2b, 0x09, 0x4d, 0x84, 0x00, 0x00, 0x00, 0x00,
        0x49, 0x45, 0x4e, 0x44, 0xae, 0x42, 0x60, 0x82,
};

void site_text(struct http_request *r, unsigned status, struct str type,
               struct str body)
{
	http_reply(r->exchange, &(struct http_response){.status = status,
	                                                .type = type,
	                                                .lines = SITE_FIELDS,
	                                                .body = body});
}

void site_page(struct http_request *r, unsigned status, enum page_kind kind,
               const struct page *page)
{
	http_reply(r->exchange,
	           &(struct http_response){.status = status,
	                                   .type = STR("text/html; charset=utf-8"),
	                                   .lines = page_fields(kind),
	                                   .body = page_make(r->a, kind, page)});
}

void site_not_found(struct http_request *r)
{
	site_page(r, 404, PAGE_NOT_FOUND,
	          &(struct page){.language = http_header(r, "accept-language")});
}

void site_not_allowed(struct http_request *r, struct str allow)
{
	const struct http_field field = {STR("Allow"), allow};

	http_reply(r->exchange, &(struct http_response){.status = 405,
	                                                .fields = &field,
	                                                .field_count = 1,
	                                                .lines = SITE_FIELDS});
}

bool site_is_read(const struct http_request *r)
{
	return r->method == HTTP_GET || r->method == HTTP_HEAD;
}

struct forwarded site_client(const struct site *site, const struct http_request *r)
{
	return forwarded_read(r->head, r->client, site->options.trusted,
	                      site->options.trusted_count);
}

/* Looks again when the loop has gone round once, or a moment later. */
static void look_again(struct site *site, bool later)
{
	const struct timeval when = {0, later ? 1000 : 0};

	site->seen_wakeups = http_server_wakeups(site->server);
	need(event_add(&site->turn, &when) == 0);
}

static bool is_in_flight(const struct site *site)
{
	return journal_synced(site->options.journal) < site->handed;
}

/* Whether the batch would be larger a moment later: handshakes come thick and fast, whose
 * requests follow; or a batch is at the disk, or was just answered, whose clients mostly
 * ask again at once. A wait for the disk costs as much as ten requests, or a third of a
 * handshake, so few large batches are worth a moment. */
static bool is_growing(const struct site *site, int64_t age_ms)
{
	uint64_t handshakes = http_server_stats(site->server).handshakes;

	if (handshakes - site->seen_handshakes >= HANDSHAKES_MANY)
		return age_ms < GROWING_MAX_MS;
	return (is_in_flight(site) || site->held.n < site->awaited) &&
	       age_ms < AWAITED_MAX_MS;
}

/* A batch is handed over when nothing had come in a whole turn of the loop, and it does
 * not grow; all with a limit, lest answers are held for ever. */
static void on_turn_end(evutil_socket_t fd, short what, void *arg)
{
	struct site *site = arg;
	int64_t age_ms = clock_monotonic_ms() - site->turn_at;
	bool is_idle = site->seen_wakeups == http_server_wakeups(site->server);

	(void)fd, (void)what;
	if (!is_idle && age_ms < GROWING_MAX_MS) {
		look_again(site, false);
		return;
	}
	if (is_growing(site, age_ms)) {
		look_again(site, true);
		return;
	}
	site->is_turn_open = false;
	site->seen_handshakes = http_server_stats(site->server).handshakes;
	site->handed = site->last_sequence;
	journal_turn_end(site->options.journal);
}

static void on_journal(evutil_socket_t fd, short what, void *arg)
{
	struct site *site = arg;
	size_t before = site->held.n;

	(void)fd, (void)what;
	held_release(&site->held);
	if (site->held.n == before)
		return;
	/* Those that were answered may come again; those of the next batch are here. */
	site->awaited = before;
	if (!site->is_turn_open)
		return;
	site->turn_at = clock_monotonic_ms();
	look_again(site, false);
}

void site_answer(struct visit *v, const struct http_response *response)
{
	struct site *site = v->site;
	struct http_exchange *exchange = v->request->exchange;
	struct str record = {site->record, 0};
	uint64_t sequence;

	if (!site->options.journal) {
		http_reply(exchange, response);
		return;
	}
	v->event.answer = (uint16_t)response->status;
	record.n = track_event_encode(&v->event, site->record);
	sequence = journal_add(site->options.journal, record);
	if (sequence)
		site->last_sequence = sequence;
	http_hold(exchange, response);
	held_add(&site->held, exchange, sequence);
	if (site->is_turn_open) {
		if (site->held.n == site->awaited)
			look_again(site, false);
		return;
	}
	site->is_turn_open = true;
	site->turn_at = clock_monotonic_ms();
	look_again(site, false);
}

static bool find_type(struct str image, struct str *type)
{
	static const struct {
		struct str magic, type;
	} types[] = {
	        {STR_INIT("\x89PNG\r\n\x1a\n"), STR_INIT("image/png") },
	        {STR_INIT("GIF8"),              STR_INIT("image/gif") },
	        {STR_INIT("\xff\xd8\xff"),      STR_INIT("image/jpeg")},
	};

	for (size_t i = 0; i < LEN(types); i++)
		if (str_starts(image, types[i].magic)) {
			*type = types[i].type;
			return true;
		}
	if (!str_starts(image, STR("RIFF")) ||
	    !str_eq(str_slice(image, 8, 4), STR("WEBP")))
		return false;
	*type = STR("image/webp");
	return true;
}

static void set_defaults(struct site_options *o)
{
	if (!o->click.n)
		o->click = STR("click");
	if (!o->open.n)
		o->open = STR("open");
	if (!o->unsubscribe.n)
		o->unsubscribe = STR("unsubscribe");
	if (!o->redirect)
		o->redirect = 302;
	if (!o->pixel.n)
		o->pixel = (struct str){(const char *)pixel, sizeof(pixel)};
}

bool site_init(struct site *site, const struct site_options *options, struct err *err)
{
	*site = (struct site){.options = *options};
	set_defaults(&site->options);
	if (!find_type(site->options.pixel, &site->pixel_type))
		return err_set(err, ERR_INPUT,
		               "the pixel is no PNG, GIF, JPEG or WebP image");
	site->unavailable = (struct http_response){
	        .status = 503,
	        .type = STR("text/html; charset=utf-8"),
	        .lines = page_fields(PAGE_UNAVAILABLE),
	        .body = page_make(&site->arena, PAGE_UNAVAILABLE,
	                          &(struct page){.name = STR_NONE}),
	};
	event_assign(&site->turn, options->base, -1, 0, on_turn_end, site);
	if (!options->journal)
		return true;
	held_init(&site->held, &site->arena, options->connections_max, options->journal,
	          &site->unavailable);
	event_assign(&site->journal_ready, options->base, journal_fd(options->journal),
	             EV_READ | EV_PERSIST | EV_ET, on_journal, site);
	need(event_add(&site->journal_ready, NULL) == 0);
	return true;
}

void site_done(struct site *site)
{
	struct arena a = site->arena;

	if (site->options.journal)
		event_del(&site->journal_ready);
	event_del(&site->turn);
	arena_done(&a);
}

void site_attach(struct site *site, struct http_server *server)
{
	site->server = server;
}

void site_set_tokens(struct site *site, struct tokens *tokens)
{
	site->options.tokens = tokens;
}

/* "/click/abc": takes "click"; false where there is no second slash. */
static bool cut_word(struct str path, struct str *word, struct str *rest)
{
	ptrdiff_t at;

	path = str_from(path, 1);
	at = str_find_char(path, '/');
	if (at < 0)
		return false;
	*word = str_slice(path, 0, (size_t)at);
	*rest = str_from(path, (size_t)at + 1);
	return true;
}

void site_handle(struct http_request *r, void *arg)
{
	struct site *site = arg;
	const struct site_options *o = &site->options;
	struct str word, rest;

	site->stats.requests++;
	if (!cut_word(r->path, &word, &rest))
		word = rest = STR_NONE;
	if (str_eq(word, o->click))
		site_click(site, r, rest);
	else if (str_eq(word, o->open))
		site_open(site, r, rest);
	else if (str_eq(word, o->unsubscribe))
		site_unsubscribe(site, r, rest);
	else if (!site_file(site, r))
		site_not_found(r);
}
