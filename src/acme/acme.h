/*
 * The acme role: it runs uacme for core, once for each certificate, and may execute that
 * program and nothing else. It has no key of a host: what it gets is a certificate
 * request, what it gives back a chain. It runs where acme.directory is set.
 *
 * Its working folder is data_dir/acme. Keys of accounts lie there, in challenges/ what the
 * edges answer to the authority (the hook of uacme writes them), in work/ what is asked for
 * and got (work.h), and in runs/ what is under way: that outlives the process (run.h).
 */
#pragma once

/* Runs it as a child of the parent; gives the exit status. */
int acme_main(int control_fd);
