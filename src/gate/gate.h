/*
 * The gate role: it will take the mail of the customers' apps by SMTP. So far it says to
 * everybody that it is not in service (RFC 5321 §3.8, 421; RFC 3463 §3.4, 4.3.2).
 */
#pragma once

/* Runs it as a child of the parent; gives the exit status. */
int gate_main(int control_fd);
