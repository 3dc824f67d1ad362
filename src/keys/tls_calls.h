/*
 * The calls about keys of TLS hosts (ipc/message.h, TLS_…), one at a time: no state but the
 * files. What is answered is on disk.
 *
 *	AUTO(buf) body = {.max = IPC_BODY_MAX};
 *	refusal = tls_call(&store, m->type, &reader, now, &body, &answer, &err);
 */
#pragma once

#include "keys/tls_store.h"

/*
 * Does the call and fills type and body of its answer; or says why not, and err has the
 * words. The body of an answer to TLS_GET holds a private key: the caller wipes it.
 */
enum keys_refusal tls_call(const struct tls_store *s, enum ipc_type call,
                           struct ipc_reader *r, int64_t now, enum ipc_type *answer,
                           struct buf *body, struct err *err);
