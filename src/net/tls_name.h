/* For tls.c alone: the certificate by the name that a ClientHello asks for. */
#pragma once

struct ssl_st;

/* OpenSSL's callback of that name; arg is the struct tls_context. The cert callback,
 * which can wait too, comes too late for an alert of our own. */
int tls_on_hello(struct ssl_st *ssl, int *alert, void *arg);
