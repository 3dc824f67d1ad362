/*
 * The keys of TLS hosts on disk: DATA/keys/tls/HOST.tls, one file a host, with the key
 * and chain that are in use, and the key that waits for its chain. As with DKIM keys
 * (key_files.h) a line says in the clear what it is, the rest is sealed under the master
 * key together with that line, so that a file under another name is not taken for it:
 *
 *	signet-tls 1 track.acme.example\n
 *
 * A file is replaced as a whole and is on disk for good when tls_store_save() returns. The
 * folder is never listed: a host costs what its own file costs, whatever their number.
 */
#pragma once

#include "crypto/certificate.h"
#include "ipc/keys_client.h"

struct tls_store {
	const struct secret *master; /* lent */
	int folder;                  /* open; lent */
};

/* One key in DER, and what belongs to it. */
struct tls_place {
	bool is_set;
	uint64_t generation; /* 0: it was uploaded */
	enum tls_key_kind kind;
	struct str key;    /* a view into `plain` or whatever else was put here */
	struct str chain;  /* DER; empty where none came yet */
	int64_t not_after; /* ms UTC */
};

struct tls_entry {
	struct secret plain;
	struct tls_place current, next;
};

/* KEYS_NONE, KEYS_UNKNOWN_KEY (and *out is empty), or KEYS_DAMAGED, KEYS_FAILED and err.
 * The host must be valid. */
enum keys_refusal tls_store_load(const struct tls_store *s, struct str host,
                                 struct tls_entry *out, struct err *err);
NODISCARD bool tls_store_save(const struct tls_store *s, struct str host,
                              const struct tls_entry *e, struct err *err);
/* One that is not there is no error. */
NODISCARD bool tls_store_remove(const struct tls_store *s, struct str host,
                                struct err *err);
void tls_entry_done(struct tls_entry *e);
