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
#define IPC_ALL (IPC_C | IPC_K | IPC_E | IPC_G)

/* X(NAME, code, from, to, most bytes of the body, fields) */
#define IPC_MESSAGES(X)                                                                   \
	/* The parent to a role, in this order, then START: the options of the role as */ \
	/* "name=value" lines; (name, address) and a listening socket; (role) and a   */  \
	/* socket to that role, again whenever that role was started anew; the secret */  \
	/* that seals grants. */                                                          \
	X(CONFIG, 1, IPC_P, IPC_ALL, IPC_BODY_MAX, "s")                                   \
	X(LISTEN, 2, IPC_P, IPC_C | IPC_E | IPC_G, 1024, "ss")                            \
	X(PEER, 3, IPC_P, IPC_ALL, 64, "u")                                               \
	X(SECRET, 4, IPC_P, IPC_C | IPC_K, 64, "s")                                       \
	/* user and group to become; all ones: keep */                                    \
	X(START, 5, IPC_P, IPC_ALL, 64, "uu")                                             \
	/* What becomes of a start: READY, or FAILED with the reason. */                  \
	X(READY, 6, IPC_ALL, IPC_P, 0, "")                                                \
	X(FAILED, 7, IPC_ALL, IPC_P, 1024, "s")                                           \
	X(PING, 8, IPC_P, IPC_ALL, 0, "")                                                 \
	X(PONG, 9, IPC_ALL, IPC_P, 0, "")                                                 \
	/* New options as in CONFIG; accept no more, finish what is under way, end. */    \
	X(RELOAD, 10, IPC_P, IPC_ALL, IPC_BODY_MAX, "s")                                  \
	X(DRAIN, 11, IPC_P, IPC_ALL, 0, "")                                               \
	/* role, enum ipc_role_state, pid, starts so far, since when (ms UTC) */          \
	X(ROLE_STATE, 12, IPC_P, IPC_C, 64, "uuuuu")                                      \
	/* key id, algorithm, domain → public key (its p= bytes) */                     \
	X(KEYS_TAKE, 20, IPC_C, IPC_K, 512, "sus")                                        \
	X(KEYS_TAKEN, 21, IPC_K, IPC_C, 2048, "s")                                        \
	/* the grant: key id, domain, expires at, per minute, seal; then the digest */    \
	X(KEYS_SIGN, 22, IPC_C | IPC_G, IPC_K, 512, "ssuuss")                             \
	X(KEYS_SIGNED, 23, IPC_K, IPC_C | IPC_G, 2048, "s")                               \
	/* key id */                                                                      \
	X(KEYS_DROP, 24, IPC_C, IPC_K, 128, "s")                                          \
	X(KEYS_DROPPED, 25, IPC_K, IPC_C, 0, "")                                          \
	/* pool, pool wanted, takes waiting, signatures, refusals, takes, cached keys */  \
	X(KEYS_STATS, 26, IPC_C, IPC_K, 0, "")                                            \
	X(KEYS_STATED, 27, IPC_K, IPC_C, 128, "uuuuuuu")                                  \
	/* enum keys_refusal (keys_client.h) and a sentence: any of these calls failed */ \
	X(KEYS_REFUSED, 28, IPC_K, IPC_C | IPC_G, 1024, "us")

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
