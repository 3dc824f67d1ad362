/*
 * The private keys on disk: DATA/keys/pool/ID.key are made ahead and belong to nobody,
 * DATA/keys/dkim/ID.key belong to a domain; keys of TLS hosts lie beside them (tls_store.h).
 * Each file is one line of what it is, in the
 * clear, and the key in PEM sealed under the master key (crypto/seal.h), with that line
 * sealed along:
 *
 *	signet-key 1 rsa 8c31…e0\n
 *
 * A file appears whole or not at all. A key goes from the pool to its domain by one
 * rename, so it can never be given to two; its line keeps the id it was made under.
 * Neither is sure to outlast a power failure before key_files_sync(), which is one fsync
 * of each folder for all that was done before.
 *
 * The master key is a file of 32 random bytes in base64, made at the first start. A
 * sealed text beside it (keys/master.check) tells at each start whether it is the right
 * one. Where it is gone while keys are there, no new one is made.
 */
#pragma once

#include "base/err.h"
#include "crypto/key.h"
#include "ipc/grant.h"
#include "ipc/keys_client.h"

enum key_folder { KEY_POOL, KEY_DKIM, KEY_FOLDER_COUNT };

struct key_files {
	struct secret master;
	int folders[KEY_FOLDER_COUNT]; /* open folders */
	int tls;                       /* that of tls_store.h, which is never listed */
};

/* Opens or makes all of it; what is made belongs to uid and gid (-1: who runs it). Files
 * that a crash left half made are removed. */
NODISCARD bool key_files_open(struct key_files *f, const char *data_dir,
                              const char *master_path, int64_t uid, int64_t gid,
                              struct err *err);
void key_files_close(struct key_files *f);

/* Writes a new key; safe to call from several threads. */
NODISCARD bool key_files_add(const struct key_files *f, enum key_folder folder,
                             struct str id, const struct private_key *key,
                             struct err *err);
/* Gives a key of the pool the id and the folder of a domain's key. */
NODISCARD bool key_files_assign(const struct key_files *f, struct str pool_id,
                                struct str id, struct err *err);
/* KEYS_NONE and the key; or KEYS_UNKNOWN_KEY, KEYS_DAMAGED, KEYS_FAILED and err. */
enum keys_refusal key_files_load(const struct key_files *f, enum key_folder folder,
                                 struct str id, struct private_key **out,
                                 struct err *err);
/* One that is not there is no error. */
NODISCARD bool key_files_remove(const struct key_files *f, enum key_folder folder,
                                struct str id, struct err *err);
NODISCARD bool key_files_sync(const struct key_files *f, struct err *err);

typedef void key_files_each_fn(void *arg, struct str id);
/* Calls fn for the id of each key of the folder. */
NODISCARD bool key_files_each(const struct key_files *f, enum key_folder folder,
                              key_files_each_fn *fn, void *arg, struct err *err);
