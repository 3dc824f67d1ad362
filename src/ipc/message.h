/*
 * The messages between the roles: one table says which exist, who may send each to whom,
 * how long it may be and of which fields it consists. Sender and receiver both hold to
 * it, so a handler never sees a message that its peer may not send or whose fields do
 * not add up.
 *
 * A message travels as one packet of a SOCK_SEQPACKET socketpair, so it arrives whole,
 * alone and with its descriptor: u16 type, u16 zero, u32 id, then the fields in order:
 *
 *	u	u64
 *	s	u32 length and that many bytes
 *
 * Numbers are in the order of the machine: both ends are the same binary. The id is the
 * sender's and comes back in the reply.
 *
 *	AUTO(buf) body = {.max = IPC_BODY_MAX};
 *	ipc_put_u64(&body, 5);
 *	ipc_put_str(&body, STR("sheep"));
 *
 *	struct ipc_reader r = {body};
 *	uint64_t n = ipc_get_u64(&r);
 *	struct str what = ipc_get_str(&r);
 *	if (!ipc_get_end(&r)) …
 */
#pragma once

#include "base/buf.h"
#include "base/roles.h"
#include "ipc/edge_stats.h"

enum {
	IPC_HEADER_BYTES = 8,
	IPC_BODY_MAX = 64 * 1024, /* of any message */
	IPC_CONTROL_FD = 3,       /* where a role finds the way to its parent */
};

#define IPC_P   ROLE_BIT(ROLE_PARENT)
#define IPC_C   ROLE_BIT(ROLE_CORE)
#define IPC_K   ROLE_BIT(ROLE_KEYS)
#define IPC_G   ROLE_BIT(ROLE_GATE)
#define IPC_E   ROLE_BIT(ROLE_EDGE)
#define IPC_A   ROLE_BIT(ROLE_ACME)
#define IPC_ALL (IPC_C | IPC_K | IPC_E | IPC_G | IPC_A)

/* X(NAME, code, from, to, most bytes of the body, fields) */
#define IPC_MESSAGES(X)                                                                 \
	/* The parent to a role, in this order, then START: the options of the */       \
	/* role as "name=value" lines; (name, address) and a listening socket; */       \
	/* (role, instance) and a socket to that process, again whenever it was */      \
	/* started anew; the secret that seals grants; the text of the token keys */    \
	/* (track/token_keys.h), again where SIGHUP finds another. */                   \
	X(CONFIG, 1, IPC_P, IPC_ALL, IPC_BODY_MAX, "s")                                 \
	X(LISTEN, 2, IPC_P, IPC_C | IPC_E | IPC_G, 1024, "ss")                          \
	X(PEER, 3, IPC_P, IPC_ALL, 64, "uu")                                            \
	X(SECRET, 4, IPC_P, IPC_C | IPC_K, 64, "s")                                     \
	X(TOKEN_KEYS, 13, IPC_P, IPC_E | IPC_G, 17000, "s")                             \
	/* user and group to become (all ones: keep), the own instance, of how many */  \
	X(START, 5, IPC_P, IPC_ALL, 64, "uuuu")                                         \
	/* What becomes of a start: READY, or FAILED with the reason. */                \
	X(READY, 6, IPC_ALL, IPC_P, 0, "")                                              \
	X(FAILED, 7, IPC_ALL, IPC_P, 1024, "s")                                         \
	X(PING, 8, IPC_P, IPC_ALL, 0, "")                                               \
	X(PONG, 9, IPC_ALL, IPC_P, 0, "")                                               \
	/* New options as in CONFIG; accept no more, finish what is under way, */       \
	/* end. */                                                                      \
	X(RELOAD, 10, IPC_P, IPC_ALL, IPC_BODY_MAX, "s")                                \
	X(DRAIN, 11, IPC_P, IPC_ALL, 0, "")                                             \
	/* role, instance, enum ipc_role_state, pid, starts so far, since when */       \
	/* (ms UTC) */                                                                  \
	X(ROLE_STATE, 12, IPC_P, IPC_C, 64, "uuuuuu")                                   \
	/* key id, algorithm, domain → public key (its p= bytes) */                   \
	X(KEYS_TAKE, 20, IPC_C, IPC_K, 512, "sus")                                      \
	X(KEYS_TAKEN, 21, IPC_K, IPC_C, 2048, "s")                                      \
	/* the grant: key id, domain, expires at, per minute, seal; then the */         \
	/* digest */                                                                    \
	X(KEYS_SIGN, 22, IPC_C | IPC_G, IPC_K, 512, "ssuuss")                           \
	X(KEYS_SIGNED, 23, IPC_K, IPC_C | IPC_G, 2048, "s")                             \
	/* key id */                                                                    \
	X(KEYS_DROP, 24, IPC_C, IPC_K, 128, "s")                                        \
	X(KEYS_DROPPED, 25, IPC_K, IPC_C, 0, "")                                        \
	/* pool, pool wanted, takes waiting, signatures, refusals, takes, cached */     \
	/* keys */                                                                      \
	X(KEYS_STATS, 26, IPC_C, IPC_K, 0, "")                                          \
	X(KEYS_STATED, 27, IPC_K, IPC_C, 128, "uuuuuuu")                                \
	/* enum keys_refusal (keys_client.h) and a sentence: any call to keys */        \
	/* failed */                                                                    \
	X(KEYS_REFUSED, 28, IPC_K, IPC_C | IPC_G | IPC_E, 1024, "us")                   \
	/* host → what a handshake for it needs: the chain (certificates in DER, */   \
	/* one behind the other, its own first), its private key in DER, which */       \
	/* kind of key (enum tls_key_kind, crypto/certificate.h), until when the */     \
	/* chain is good (ms UTC) */                                                    \
	X(TLS_GET, 30, IPC_E, IPC_K, 512, "s")                                          \
	X(TLS_GOT, 31, IPC_K, IPC_E, IPC_BODY_MAX, "ssuu")                              \
	/* host, generation → a certificate request in DER; the same ones give */     \
	/* the same key, whatever happens between. The key lies beside the one in */    \
	/* use. */                                                                      \
	X(TLS_CSR, 32, IPC_C, IPC_K, 512, "su")                                         \
	X(TLS_CSR_MADE, 33, IPC_K, IPC_C, 4096, "s")                                    \
	/* host, generation, chain in PEM: into use, if it is what that key needs */    \
	X(TLS_INSTALL, 34, IPC_C, IPC_K, IPC_BODY_MAX, "sus")                           \
	/* host, chain and private key in PEM: a customer's own, likewise */            \
	X(TLS_UPLOAD, 35, IPC_C, IPC_K, IPC_BODY_MAX, "sss")                            \
	/* host: what is in use? */                                                     \
	X(TLS_LOOK, 36, IPC_C, IPC_K, 512, "s")                                         \
	/* The answer to these three: generation (0: uploaded), good from, until */     \
	/* (ms UTC), issuer, serial number in hex, names (with a blank between), */     \
	/* chain as in TLS_GOT */                                                       \
	X(TLS_STATED, 37, IPC_K, IPC_C, IPC_BODY_MAX, "uuussss")                        \
	/* host: its keys and chain are removed */                                      \
	X(TLS_DROP, 38, IPC_C, IPC_K, 512, "s")                                         \
	X(TLS_DROPPED, 39, IPC_K, IPC_C, 0, "")                                         \
	/* host, request in DER → chain in PEM; the directory it is of (empty: the */ \
	/* one in use) and a certificate in DER, to be revoked */                       \
	X(ACME_ORDER, 40, IPC_C, IPC_A, 8192, "ss")                                     \
	X(ACME_ISSUED, 41, IPC_A, IPC_C, IPC_BODY_MAX, "s")                             \
	X(ACME_REVOKE, 42, IPC_C, IPC_A, 16384, "ss")                                   \
	X(ACME_REVOKED, 43, IPC_A, IPC_C, 0, "")                                        \
	/* Either failed: what kind (enum acme_failure, ipc/acme_failure.h), not */     \
	/* before (ms UTC; 0: nothing said), in words */                                \
	X(ACME_FAILED, 44, IPC_A, IPC_C, 4096, "uus")                                   \
	/* What an edge knows of accounts and hosts. After each new channel: */         \
	/* START, all rows, DONE; then rows as they change. account id, name, */        \
	/* language, ip policy (enum track_ip_policy, track/event.h) */                 \
	X(EDGE_TABLE_START, 50, IPC_C, IPC_E, 0, "")                                    \
	X(EDGE_ACCOUNT, 51, IPC_C, IPC_E, 2048, "ussu")                                 \
	/* host, account id (0: the host is none of ours any more), and the texts */    \
	/* of apple-app-site-association and assetlinks.json (empty: none) */           \
	X(EDGE_HOST, 52, IPC_C, IPC_E, 60000, "suss")                                   \
	X(EDGE_TABLE_DONE, 53, IPC_C, IPC_E, 0, "")                                     \
	/* host: its chain or key is another one now, or gone */                        \
	X(TLS_CHANGED, 54, IPC_C, IPC_E, 512, "s")                                      \
	/* the last sequence of this edge's journal that is in the store for good */    \
	X(EDGE_INGESTED, 55, IPC_C, IPC_E, 64, "u")                                     \
	/* the last sequence of its journal that is on disk, after it grew */           \
	X(EDGE_SYNCED, 56, IPC_E, IPC_C, 64, "u")                                       \
	/* the numbers of edge_stats.h, in their order */                               \
	X(EDGE_STATS, 57, IPC_E, IPC_C, 512, EDGE_STATS_FIELDS)

enum ipc_type {
	IPC_NONE = 0, /* no message */
#define X(name, code, from, to, max, fields) IPC_##name = (code),
	IPC_MESSAGES(X)
#undef X
};

enum ipc_role_state {
	IPC_ROLE_STARTING, /* started, not READY yet */
	IPC_ROLE_UP,
	IPC_ROLE_SLOW,    /* owes the answer to a ping */
	IPC_ROLE_WAITING, /* ended; started again after the back-off */
	IPC_ROLE_DRAINING,
	IPC_ROLE_ENDED, /* after a drain */
	IPC_ROLE_STATE_COUNT,
};

/* "starting", … */
const char *ipc_role_state_name(enum ipc_role_state state);

struct ipc_row {
	const char *name; /* "KEYS_SIGN" */
	enum ipc_type type;
	unsigned from, to; /* masks of ROLE_BIT() */
	size_t max;        /* of the body */
	const char *fields;
};

/* The row of a type, or NULL. */
const struct ipc_row *ipc_find(unsigned type);
/* Why `from` may not send this to `to`, or NULL where it may. */
const char *ipc_check(enum role from, enum role to, unsigned type, struct str body);

struct ipc_header {
	unsigned type;
	uint32_t id;
};

/* Writes the eight bytes. */
void ipc_encode(struct ipc_header h, uint8_t out[IPC_HEADER_BYTES]);
/* Splits a packet; false where it is too short or its reserved bytes are used. */
NODISCARD bool ipc_decode(struct str packet, struct ipc_header *h, struct str *body);

void ipc_put_u64(struct buf *body, uint64_t n);
void ipc_put_str(struct buf *body, struct str s);

/* Reads fields in order. After the first that is not there `bad` is set and the rest
 * gives zeros and empty views. */
struct ipc_reader {
	struct str rest;
	bool bad;
};

uint64_t ipc_get_u64(struct ipc_reader *r);
struct str ipc_get_str(struct ipc_reader *r);
/* Whether all fields were there and nothing is left over. */
NODISCARD bool ipc_get_end(const struct ipc_reader *r);
