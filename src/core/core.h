/*
 * The core role (DESIGN.md, "The picture"): the API, the checks of domains on their
 * schedule, the database. One thread and one event loop, that of the resolver, with a pool
 * of two threads beside it for what waits (passwords, SMTP).
 *
 * One turn of the loop is one transaction: see turn.h. Its parts:
 *
 *	start.c   options, store, resolver, servers; reload and drain
 *	turn.c    group commit and the answers that wait for it
 *	watch.c   which domain is checked when, and who waits for it
 *	check.c   one check: plan, passes, what it does to the domain
 *	tracking.c	which tracking domain is looked at when, and who waits for it
 *	tracking_look.c	one look: DNS, probes, what becomes of it
 *	tracking_probe.c	a round of probes of one name
 *	admin.c   the first account and its key
 *	lock_in.c which files it may open
 *	mail.c    the mails of the platform
 *	host.c    what the API asks of the core (struct api_host)
 *	key_calls.c  the same: keys
 *	edges.c   what edges know of accounts and hosts, and their numbers
 *	ingest.c  their journals into the store
 *	upkeep.c  what is old is removed, now and then
 *	pool.c    the two threads
 */
#pragma once

/* Runs until its parent says otherwise; gives the exit status. The control socket is
 * taken. */
int core_main(int control_fd);
