/*
 * The edge role: it will serve clicks, opens and unsubscribes to the whole Internet. So
 * far it says that it is there (GET /healthz) and knows nothing else (404).
 */
#pragma once

/* Runs it as a child of the parent; gives the exit status. */
int edge_main(int control_fd);
