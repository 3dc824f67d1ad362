/*
 * Who fetches links and pixels and is no person at a browser: scanners of mail gateways,
 * image proxies, previews of messengers, crawlers, tools. Facts in data/agents.json, each
 * a piece of User-Agent by which it is known, told apart by what it means:
 *
 *	scanner   looks into links before or instead of the recipient
 *	preview   fetches to show a preview, to whoever sees the link
 *	crawler   search engines and their like
 *	tool      a program or library that fetches: curl, python-requests
 *	monitor   watches whether a site is up
 *	proxy     fetches pictures when the recipient looks at them: a person behind it
 *	relay     fetches pictures whether or not the recipient looks: says nothing
 *
 *	struct agents *agents;
 *	if (!agents_load(data_find("agents.json"), &agents, &err)) …
 *	const struct agent_row *row = agent_look(agents, event.agent);	(NULL: none known)
 *
 * A look costs one step a byte, however many agents are known. Pure.
 */
#pragma once

#include "base/arena.h"
#include "base/err.h"

/* X(NAME, word) */
#define AGENT_KINDS(X)                                                                 \
	X(SCANNER, "scanner")                                                          \
	X(PREVIEW, "preview")                                                          \
	X(CRAWLER, "crawler")                                                          \
	X(TOOL, "tool")                                                                \
	X(MONITOR, "monitor")                                                          \
	X(PROXY, "proxy")                                                              \
	X(RELAY, "relay")

enum agent_kind {
#define X(name, word) AGENT_##name,
	AGENT_KINDS(X)
#undef X
	        AGENT_KIND_COUNT
};

const char *agent_kind_name(enum agent_kind kind);

struct agent_row {
	struct str id, name; /* "google_image_proxy", "Gmail's image proxy" */
	enum agent_kind kind;
};

struct agents;

NODISCARD bool agents_load(struct str json, struct agents **out, struct err *err);
/* NULL is fine. */
void agents_free(struct agents *agents);
/* The first row of the file that is found in this User-Agent, or NULL. */
const struct agent_row *agent_look(const struct agents *agents, struct str agent);
