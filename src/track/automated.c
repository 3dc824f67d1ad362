#include "track/automated.h"

static const struct {
	const char *word, *text;
} reasons[TRACK_REASON_COUNT] = {
#define X(name, word, text) [TRACK_BIT_##name] = {word, text},
        TRACK_REASONS(X)
#undef X
};

const char *track_reason_word(enum track_reason_bit bit)
{
	return reasons[bit].word;
}

const char *track_reason_text(enum track_reason_bit bit)
{
	return reasons[bit].text;
}

static unsigned agent_reason(const struct agents *agents, struct str agent)
{
	static const unsigned of_kind[AGENT_KIND_COUNT] = {
	        [AGENT_SCANNER] = REASON_SCANNER,   [AGENT_PREVIEW] = REASON_PREVIEW,
	        [AGENT_CRAWLER] = REASON_CRAWLER,   [AGENT_TOOL] = REASON_TOOL,
	        [AGENT_MONITOR] = REASON_MONITOR,   [AGENT_PROXY] = REASON_IMAGE_PROXY,
	        [AGENT_RELAY] = REASON_IMAGE_RELAY,
	};
	const struct agent_row *row;

	if (agent.n == 0)
		return REASON_NO_AGENT;
	row = agents ? agent_look(agents, agent) : NULL;
	return row ? of_kind[row->kind] : 0;
}

unsigned looks_automated(const struct agents *agents, const struct track_event *event)
{
	bool is_navigation = event->type != TRACK_OPEN;
	unsigned found = 0;

	/* A mail program unsubscribes for its user (RFC 8058): it is no browser, and
	 * need say nothing of itself. */
	if (event->hints & TRACK_ONE_CLICK)
		return REASON_CONFIRMED;
	if (event->method == TRACK_HEAD)
		found |= REASON_HEAD;
	if (event->hints & TRACK_PREFETCH)
		found |= REASON_PREFETCH;
	if (event->hints & TRACK_USER_ACTED)
		found |= REASON_USER_ACTED;
	if (event->hints & TRACK_CONFIRMED || event->type == TRACK_UNSUBSCRIBE)
		found |= REASON_CONFIRMED;
	if (event->hints & TRACK_NO_ACCEPT)
		found |= REASON_NO_ACCEPT;
	/* Mail programs fetch pictures without a language, browsers follow no link so. */
	if (is_navigation && event->language.n == 0)
		found |= REASON_NO_LANGUAGE;
	if (event->at < token_message_at(event->message) + TRACK_SOON_MS)
		found |= REASON_SOON;
	return found | agent_reason(agents, event->agent);
}
