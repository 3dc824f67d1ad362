/* For the files of the site alone. */
#pragma once

#include "edge/pages.h"
#include "edge/site.h"
#include "net/forwarded.h"

/* The fields of every answer that is no page: it is never kept, and not found by search. */
#define SITE_FIELDS                                                                    \
	STR("Cache-Control: no-store\r\nX-Robots-Tag: noindex, nofollow\r\n")

/* One request that is about a token. */
struct visit {
	struct site *site;
	struct http_request *request;
	struct token token;
	struct track_event event;
	const struct profile_account *account; /* or NULL */
	bool is_https;
};

/* By the first word of the path; `rest` is what stands behind it. */
void site_click(struct site *site, struct http_request *r, struct str rest);
void site_open(struct site *site, struct http_request *r, struct str rest);
void site_unsubscribe(struct site *site, struct http_request *r, struct str rest);
/* Whatever needs no token; false where it is nothing of ours. */
bool site_file(struct site *site, struct http_request *r);

/* Answers at once. */
void site_text(struct http_request *r, unsigned status, struct str type,
               struct str body);
void site_page(struct http_request *r, unsigned status, enum page_kind kind,
               const struct page *page);
void site_not_found(struct http_request *r);
/* 405; allow: "GET, HEAD". */
void site_not_allowed(struct http_request *r, struct str allow);
bool site_is_read(const struct http_request *r);
/* Answers when the event is on disk. */
void site_answer(struct visit *v, const struct http_response *response);
/* Who asks: the peer, or whom a trusted proxy names. */
struct forwarded site_client(const struct site *site, const struct http_request *r);
