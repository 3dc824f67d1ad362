/*
 * What every reading of PEM by OpenSSL is given, here and in other folders, so that bytes
 * from outside can never make a server wait for a terminal:
 *
 *	key = PEM_read_bio_PrivateKey(bio, NULL, pem_no_pass_phrase, NULL);
 */
#pragma once

/* A pem_password_cb: what is locked with a pass phrase cannot be read. */
int pem_no_pass_phrase(char *buffer, int size, int is_writing, void *arg);
