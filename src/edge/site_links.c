/* Clicks, opens and unsubscriptions. */
#include "edge/site_parts.h"

#include "base/clock.h"
#include "base/vector.h"
#include "track/automated.h"

/* The fields that an event is made of, in one pass over all. */
static void see_field(struct track_event *e, const struct http_field *f,
                      bool *has_accept)
{
	switch (f->name.n) {
	case 3:
		if (str_eq_nocase(f->name, STR("via")))
			e->hints |= TRACK_VIA_PROXY;
		break;
	case 5:
	case 7:
	case 11:
		if ((str_eq_nocase(f->name, STR("sec-purpose")) ||
		     str_eq_nocase(f->name, STR("purpose")) ||
		     str_eq_nocase(f->name, STR("x-moz"))) &&
		    str_find_nocase(f->value, STR("prefetch")) >= 0)
			e->hints |= TRACK_PREFETCH;
		break;
	case 6:
		if (str_eq_nocase(f->name, STR("accept")))
			*has_accept = true;
		break;
	case 10:
		if (str_eq_nocase(f->name, STR("user-agent")))
			e->agent = f->value;
		break;
	case 14:
		if (str_eq_nocase(f->name, STR("sec-fetch-user")) &&
		    str_eq(f->value, STR("?1")))
			e->hints |= TRACK_USER_ACTED;
		break;
	case 15:
		if (str_eq_nocase(f->name, STR("accept-language")))
			e->language = f->value;
		break;
	default:
		break;
	}
}

static void see_fields(struct track_event *e, const struct http_head *head)
{
	bool has_accept = false;

	for (size_t i = 0; i < head->field_count; i++)
		see_field(e, &head->fields[i], &has_accept);
	if (!has_accept)
		e->hints |= TRACK_NO_ACCEPT;
}

/* What may be kept of the address is decided before anything of it is written. */
static void set_address(struct visit *v, struct ip client)
{
	struct site *site = v->site;
	const struct profile *profile = site->options.profile;

	if (!profile)
		return;
	if (!profile_is_complete(profile))
		site->stats.ip_unknown++;
	v->event.ip = track_ip_apply(profile_ip(profile, v->token.tenant), client);
}

/* Opens the token; where it is not genuine or of another kind, answers 404. */
static bool begin(struct visit *v, struct site *site, struct http_request *r,
                  struct str text, enum token_kind kind)
{
	struct str host = token_host(r->host, site->host);
	struct forwarded from;

	*v = (struct visit){.site = site, .request = r};
	if (!host.n) {
		site_text(r, 400, STR("text/plain"), STR("Host is missing\n"));
		return false;
	}
	if (token_open(site->options.tokens, host, text, site->scratch, &v->token) !=
	            TOKEN_OK ||
	    v->token.kind != kind) {
		site->stats.refused++;
		site_not_found(r);
		return false;
	}
	v->event = (struct track_event){
	        .method = r->method == HTTP_HEAD   ? TRACK_HEAD
	                  : r->method == HTTP_POST ? TRACK_POST
	                                           : TRACK_GET,
	        .tls = r->tls_version,
	        .at = clock_now(),
	        .tenant = v->token.tenant,
	        .message = v->token.message,
	        .link = v->token.link,
	        .host = host,
	        .text = v->token.text,
	        .hints = v->token.is_once ? TRACK_ONCE : 0,
	};
	from = site_client(site, r);
	v->is_https = from.is_forwarded ? from.is_https : r->tls;
	see_fields(&v->event, r->head);
	if (from.is_forwarded) /* the Via of our own proxy says nothing */
		v->event.hints &= ~(uint32_t)TRACK_VIA_PROXY;
	set_address(v, from.client);
	return true;
}

static struct page page_of(const struct visit *v)
{
	const struct profile *profile = v->site->options.profile;
	const struct profile_account *account =
	        profile ? profile_find_account(profile, v->token.tenant) : NULL;
	struct page page = {.language = v->event.language};

	if (!account)
		return page;
	page.name = account->name;
	if (account->language.n)
		page.language = account->language;
	return page;
}

static void answer_page(struct visit *v, enum page_kind kind, const struct page *page)
{
	site_answer(v, &(struct http_response){
	                       .status = 200,
	                       .type = STR("text/html; charset=utf-8"),
	                       .lines = page_fields(kind),
	                       .body = page_make(v->request->a, kind, page)});
}

static bool is_plain(char c)
{
	return c > ' ' && c < 0x7f;
}

static bool is_plain_text(struct str s)
{
	for (; s.n >= 16; s = str_from(s, 16)) {
		bytes16 v = load16(s.p);

		if (any16((bytes16)(v <= 0x20) | (bytes16)(v >= 0x7f)))
			return false;
	}
	for (size_t i = 0; i < s.n; i++)
		if (!is_plain(s.p[i]))
			return false;
	return true;
}

/* A destination as a Location may have it: what is no visible ASCII is escaped, as
 * browsers do with what people type. */
static struct str make_location(struct site *site, struct str url)
{
	size_t n = 0;

	if (is_plain_text(url))
		return url;
	need(url.n <= sizeof(site->location) / 3);
	for (size_t i = 0; i < url.n; i++) {
		uint8_t c = (uint8_t)url.p[i];

		if (is_plain(url.p[i])) {
			site->location[n++] = url.p[i];
			continue;
		}
		site->location[n++] = '%';
		site->location[n++] = "0123456789ABCDEF"[c >> 4];
		site->location[n++] = "0123456789ABCDEF"[c & 15];
	}
	return (struct str){site->location, n};
}

static void redirect(struct visit *v, unsigned status)
{
	struct http_field field = {STR("Location"),
	                           make_location(v->site, v->token.text)};

	v->site->stats.clicks++;
	v->event.type = TRACK_CLICK;
	site_answer(v, &(struct http_response){.status = status,
	                                       .fields = &field,
	                                       .field_count = 1,
	                                       .lines = SITE_FIELDS});
}

/* A link that works once: whoever looks automated is asked first. */
static bool has_to_confirm(const struct visit *v)
{
	return v->token.is_once &&
	       looks_automated(v->site->options.agents, &v->event) & REASONS_MACHINE;
}

void site_click(struct site *site, struct http_request *r, struct str rest)
{
	struct visit v;
	struct page page;

	if (!site_is_read(r) && r->method != HTTP_POST) {
		site_not_allowed(r, STR("GET, HEAD"));
		return;
	}
	if (!begin(&v, site, r, rest, TOKEN_CLICK))
		return;
	if (r->method == HTTP_POST && !v.token.is_once) {
		site_not_allowed(r, STR("GET, HEAD"));
		return;
	}
	if (r->method == HTTP_POST) {
		v.event.hints |= TRACK_CONFIRMED;
		redirect(&v, 303); /* so that the destination is fetched by GET */
		return;
	}
	v.event.type = TRACK_CLICK;
	if (!has_to_confirm(&v)) {
		redirect(&v, site->options.redirect);
		return;
	}
	site->stats.pages++;
	v.event.type = TRACK_CLICK_PAGE;
	page = page_of(&v);
	page.host = page_host_of(v.token.text);
	answer_page(&v, PAGE_CONFIRM, &page);
}

void site_open(struct site *site, struct http_request *r, struct str rest)
{
	struct visit v;

	if (!site_is_read(r)) {
		site_not_allowed(r, STR("GET, HEAD"));
		return;
	}
	if (!str_ends(rest, STR(".png"))) {
		site_not_found(r);
		return;
	}
	if (!begin(&v, site, r, str_slice(rest, 0, rest.n - 4), TOKEN_OPEN))
		return;
	site->stats.opens++;
	v.event.type = TRACK_OPEN;
	site_answer(&v, &(struct http_response){.status = 200,
	                                        .type = site->pixel_type,
	                                        .lines = SITE_FIELDS,
	                                        .body = site->options.pixel});
}

/* RFC 8058 §3.1: in a form of either type. */
static bool is_one_click(const struct http_request *r)
{
	struct str name = STR("name=\"List-Unsubscribe\"\r\n\r\nOne-Click\r\n");

	if (str_starts_nocase(http_header(r, "content-type"),
	                      STR("multipart/form-data")))
		return str_find_nocase(r->body, name) >= 0;
	return str_eq_nocase(str_trim(r->body), STR("List-Unsubscribe=One-Click"));
}

/* The exit kit has nobody to tell. */
static void say_moved(const struct visit *v)
{
	struct page page = {.language = v->event.language,
	                    .contact = v->site->options.contact};

	site_page(v->request, site_is_read(v->request) ? 200 : 410, PAGE_MOVED, &page);
}

void site_unsubscribe(struct site *site, struct http_request *r, struct str rest)
{
	struct visit v;
	struct page page;

	if (!site_is_read(r) && r->method != HTTP_POST) {
		site_not_allowed(r, STR("GET, HEAD, POST"));
		return;
	}
	if (!begin(&v, site, r, rest, TOKEN_UNSUBSCRIBE))
		return;
	if (site->options.is_standalone) {
		say_moved(&v);
		return;
	}
	page = page_of(&v);
	page.address = v.token.text;
	if (site_is_read(r)) {
		site->stats.pages++;
		v.event.type = TRACK_UNSUBSCRIBE_PAGE;
		answer_page(&v, PAGE_UNSUBSCRIBE, &page);
		return;
	}
	site->stats.unsubscribes++;
	v.event.type = TRACK_UNSUBSCRIBE;
	if (!is_one_click(r)) {
		v.event.hints |= TRACK_CONFIRMED;
		answer_page(&v, PAGE_UNSUBSCRIBED, &page);
		return;
	}
	v.event.hints |= TRACK_ONE_CLICK;
	site_answer(&v, &(struct http_response){.status = 200,
	                                        .type = STR("text/plain"),
	                                        .lines = SITE_FIELDS,
	                                        .body = STR("Unsubscribed.\n")});
}
