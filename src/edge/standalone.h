/*
 * The exit kit: old links go on to redirect, on a machine that has nothing of Signet but
 * this program and the file of the token keys.
 *
 *	signet edge --standalone --token-keys FILE --listen 127.0.0.1:8080
 *
 * Clicks redirect, opens get the pixel, nothing is kept. Unsubscribing is not possible, as
 * there is nobody to tell: a page says so and names where to turn (`contact`, a mailto: or
 * https: address; without one it says to answer a message), and a POST gets 410, so that
 * mail programs do not take it for done. HTTP only: TLS is for what stands in front, which
 * must pass Host on as it was.
 */
#pragma once

#include "base/err.h"
#include "base/str.h"

struct edge_kit {
	const char *token_keys;   /* path */
	const struct str *listen; /* "ADDR:PORT" */
	size_t listen_count;
	struct str click, open, unsubscribe; /* words of the paths; empty: as usual */
	struct str contact;
};

/* Runs until SIGTERM or SIGINT; then what is under way is finished. */
NODISCARD bool edge_standalone(const struct edge_kit *kit, struct err *err);
