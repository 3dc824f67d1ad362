/*
 * The acme role: it runs uacme for core, once for each certificate, and may execute that
 * program and nothing else. It has no key of a host: what it gets is a certificate
 * request, what it gives back a chain. It runs where acme.directory is set.
 *
 * Its working folder is data_dir/acme. Keys of accounts lie there, and in challenges/
 * what the edges answer to the authority (the hook of uacme writes them).
 */
#pragma once

/* Runs it as a child of the parent; gives the exit status. */
int acme_main(int control_fd);
