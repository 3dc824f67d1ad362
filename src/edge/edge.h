/*
 * The edge role: clicks, opens and unsubscribes of the whole Internet, on the customers'
 * own host names (site.h). One loop, and the thread of the journal. It is several
 * processes where edge.processes says so, which share nothing but the addresses they
 * listen on.
 *
 * What it has: the keys of tokens, from the parent; certificates with their keys, as far
 * as they are asked for, from keys; names and languages of accounts, from core. What it
 * gives: the events in its journal, which core reads. Where core or keys is not there,
 * links go on to work, with the certificates that are in memory.
 */
#pragma once

/* Runs it as a child of the parent; gives the exit status. */
int edge_main(int control_fd);
