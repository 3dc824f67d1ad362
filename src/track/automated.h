/*
 * Whether a request looks automated, by what that request alone shows: reasons, as bits.
 * The edge asks for links that are marked `once`, before it follows them; ingest starts
 * from the same answer and adds what only other requests can tell (classify.h).
 *
 *	if (token.is_once && looks_automated(agents, &event) & REASONS_MACHINE)
 *		show the page that asks
 *
 * Pure.
 */
#pragma once

#include "track/agent.h"
#include "track/event.h"
#include "track/token.h"

/* Nobody has read a message so soon after it was sent. Its time is that of its name
 * (token.h), when it was taken in for sending. */
enum { TRACK_SOON_MS = 1000 };

/* X(NAME, word, sentence). The words are in the store and in the API. */
#define TRACK_REASONS(X)                                                               \
	X(HEAD, "head", "The request was HEAD, which no person's browser sends.")      \
	X(PREFETCH, "prefetch", "The request said that it was a prefetch.")            \
	X(NO_AGENT, "no_agent", "There was no User-Agent.")                            \
	X(SCANNER, "scanner", "The User-Agent is that of a scanner of links.")         \
	X(PREVIEW, "preview", "The User-Agent is that of a maker of previews.")        \
	X(CRAWLER, "crawler", "The User-Agent is that of a crawler.")                  \
	X(TOOL, "tool", "The User-Agent is that of a program, not of a browser.")      \
	X(MONITOR, "monitor",                                                          \
	  "The User-Agent is that of a service that watches "                          \
	  "sites.")                                                                    \
	X(IMAGE_PROXY, "image_proxy",                                                  \
	  "A mail service fetched the picture when its "                               \
	  "reader opened the message.")                                                \
	X(IMAGE_RELAY, "image_relay",                                                  \
	  "A mail program fetches pictures whether or "                                \
	  "not they are looked at.")                                                   \
	X(NO_ACCEPT, "no_accept", "There was no Accept field, which browsers send.")   \
	X(NO_LANGUAGE, "no_language",                                                  \
	  "There was no Accept-Language field, which "                                 \
	  "browsers send with a click.")                                               \
	X(SOON, "soon",                                                                \
	  "It came before the message can have arrived, or within a "                  \
	  "second.")                                                                   \
	X(BURST, "burst", "Many links of one message were followed within seconds.")   \
	X(SAME_SOURCE, "same_source",                                                  \
	  "A machine did so from the same address within "                             \
	  "seconds.")                                                                  \
	X(USER_ACTED, "user_acted", "The browser said that a person acted.")           \
	X(CONFIRMED, "confirmed", "It was confirmed on a page.")                       \
	X(LATER_CLICK, "later_click",                                                  \
	  "A person followed a link of the message "                                   \
	  "afterwards.")

enum track_reason_bit {
#define X(name, word, text) TRACK_BIT_##name,
	TRACK_REASONS(X)
#undef X
	        TRACK_REASON_COUNT
};

enum track_reason {
#define X(name, word, text) REASON_##name = 1 << TRACK_BIT_##name,
	TRACK_REASONS(X)
#undef X
	/* Each of these by itself says machine. */
	REASONS_MACHINE =
	        REASON_HEAD | REASON_PREFETCH | REASON_NO_AGENT | REASON_SCANNER |
	        REASON_PREVIEW | REASON_CRAWLER | REASON_TOOL | REASON_MONITOR |
	        REASON_SOON | REASON_BURST | REASON_SAME_SOURCE,
	/* These leave it open. */
	REASONS_OPEN = REASON_IMAGE_RELAY | REASON_NO_ACCEPT | REASON_NO_LANGUAGE,
	/* Each of these by itself says person, whatever else was seen. */
	REASONS_PERSON = REASON_CONFIRMED | REASON_LATER_CLICK,
};

/* "head", …; and the sentence. */
const char *track_reason_word(enum track_reason_bit bit);
const char *track_reason_text(enum track_reason_bit bit);

/* The reasons that one request shows. `agents` may be NULL: none is known then. */
unsigned looks_automated(const struct agents *agents, const struct track_event *event);
