/*
 * The keys role: it holds the private keys, has no network and no database, and signs
 * digests for whoever shows a grant (service.h). Its process may open its three folders of
 * keys and nothing else. Keys of TLS hosts it hands out to the edges, one host at a time, as
 * a handshake needs them there.
 */
#pragma once

/* Runs it as a child of the parent; gives the exit status. */
int keys_main(int control_fd);
