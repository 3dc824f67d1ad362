/*
 * The API of Signet: JSON over HTTP under /v1, and what belongs beside it (openapi.json,
 * llms.txt, /docs, /metrics, /healthz). Its routes are one table (route.h). It knows
 * neither sockets nor processes: core owns it, hands it requests, and does for it what
 * needs the world (struct api_host).
 *
 *	struct api *api = api_new(&(struct api_setup){.store = s, .config = c, .host = h});
 *	http_server … .handler = api_handle, .arg = api
 *
 * A request runs within a savepoint of the turn's transaction (store/turn.h): what answers
 * with an error leaves nothing behind. A handler that has to wait (for a key, a check, a
 * password) returns API_LATER and goes on in a later turn by api_resume(), within a
 * savepoint of its own.
 *
 * One thread; nothing here blocks. No CORS header is ever sent: browsers may not use a
 * key from another site.
 */
#pragma once

#include "api/route.h"
#include "base/buf.h"
#include "net/http_server.h"
#include "notice/notice.h"

struct api;
struct api_gauges; /* metrics.h */
struct config;
struct store;
struct tracking_row;

enum api_role_state { API_ROLE_UP, API_ROLE_STARTING, API_ROLE_DOWN };

/* One process, for /healthz and /metrics. */
struct api_role {
	const char *name; /* "core" */
	unsigned process; /* which of several of this name */
	enum api_role_state state;
	uint64_t restarts;
	int64_t since; /* of this state */
};

/* What a check that was asked for came to. */
enum api_verified {
	API_VERIFIED_DONE,    /* stored: read it */
	API_VERIFIED_TIMEOUT, /* still under way */
	API_VERIFIED_BUSY,    /* no place for it now; it is on the schedule */
};

/* What became of a key that was asked for. */
struct api_taken_key {
	bool ok;               /* false: keys does not answer */
	struct str public_key; /* the bytes that p= has in base64; lent */
};

enum api_algorithm { API_RSA, API_ED25519 };

/* A job for the pool: run(arg) on a thread, then done(arg) on the loop. The job's memory
 * is its own, and stays until done(). */
struct api_work {
	void (*run)(void *arg);
	void (*done)(void *arg);
	void *arg;
};

/* A letter; lent for the call. Sender and Message-ID are core's. */
struct api_mail {
	struct str to, reply_to; /* reply_to may be empty */
	struct notice notice;
};

/* A customer's own certificate; both PEM, lent. */
struct api_upload {
	struct str chain, key;
};

struct api_uploaded {
	bool ok;
	bool is_unfit;    /* it is not fit for the host or for its key */
	struct str words; /* why not; lent */
};

/* A number that the API does not know by its table (metrics.h). */
struct api_metric {
	char name[64]; /* without "signet_" */
	const char *type, *help;
	uint64_t value;
};

/*
 * What core does for the API. Every done() is called exactly once, from the loop, never
 * from within the call itself. A member that is NULL is not there, and what needs it
 * answers 503.
 */
struct api_host {
	void *arg;
	/* Answers after the turn's commit (with 503 where that fails). Copies what it
	 * needs, but views into request->a stay good until it has answered. */
	void (*reply)(void *arg, struct http_exchange *exchange,
	              const struct http_response *response);
	/* Checks a domain now and stores the check. done may be NULL; with wait_ms the
	 * answer comes after that time at the latest. */
	void (*verify_now)(void *arg, int64_t domain, const char *cause,
	                   int64_t wait_ms,
	                   void (*done)(void *done_arg, enum api_verified how),
	                   void *done_arg);
	/* The row of `schedule` has changed: next_at, or -1 for never. */
	void (*schedule)(void *arg, int64_t domain, int64_t next_at);
	/* A key for a domain under the name that the caller gives it (ipc/grant.h); it is
	 * durable once it is told. */
	void (*take_key)(void *arg, struct str key_ref, enum api_algorithm algorithm,
	                 struct str domain,
	                 void (*done)(void *done_arg, const struct api_taken_key *key),
	                 void *done_arg);
	/* The key is not needed any more, once the turn is committed. */
	void (*drop_key)(void *arg, struct str key_ref);
	void (*pool_run)(void *arg, const struct api_work *work);
	/* Sends it when it can be, if the turn is kept. False: no relay is set, or too
	 * much waits for it. */
	bool (*mail_send)(void *arg, const struct api_mail *mail);
	/* Up to `max` roles; how many. */
	size_t (*roles)(void *arg, struct api_role *out, size_t max);
	void (*gauges)(void *arg, struct api_gauges *out);
	/* Something of ours is broken: one line for the log. */
	void (*failed)(void *arg, const char *route, struct str why);
	/* Moves the clock of all roles and runs what is due. */
	void (*shift_clock)(void *arg, int64_t ms);
	/* Certificates of tracking domains. Somebody wants one (anew): *again_at says from
	 * when on that may be asked, if not now. */
	bool (*certificate_request)(void *arg, int64_t tracking, int64_t *again_at,
	                            struct err *err);
	/* Revokes and drops it. */
	bool (*certificate_withdraw)(void *arg, int64_t tracking, struct err *err);
	/* Puts a customer's own into use; its row is written by then. */
	void (*certificate_upload)(void *arg, int64_t tracking, struct str host,
	                           const struct api_upload *upload,
	                           void (*done)(void *done_arg,
	                                        const struct api_uploaded *uploaded),
	                           void *done_arg);
	/* As verify_now, of a tracking domain. */
	void (*tracking_now)(void *arg, int64_t id, const char *cause, int64_t wait_ms,
	                     void (*done)(void *done_arg, enum api_verified how),
	                     void *done_arg);
	/* The row was written in this turn: its next_at, what edges know of it, whether it
	 * is retired. */
	void (*tracking_changed)(void *arg, const struct tracking_row *row);
	/* The same of an account: its name, language and what it keeps of addresses. */
	void (*account_changed)(void *arg, int64_t account);
	/* Numbers of edges for /metrics, up to `max`; how many. */
	size_t (*metrics)(void *arg, struct api_metric *out, size_t max);
};

struct api_setup {
	struct store *store;         /* lent */
	const struct config *config; /* lent; see api_reconfigure() */
	struct api_host host;
	struct str version; /* of Signet */
};

struct api *api_new(const struct api_setup *setup);
/* After SIGHUP. */
void api_reconfigure(struct api *api, const struct config *config);
/* NULL is allowed. Calls that wait are dropped without an answer. */
void api_free(struct api *api);

/* The handler for http_server_new(); `arg` is the struct api. */
void api_handle(struct http_request *request, void *arg);

/* A domain has become verified (life/life.h): goes on with its review, where one waits for
 * that. To be called within the turn that stored it. */
NODISCARD bool api_domain_verified(struct api *api, struct arena *a, int64_t domain,
                                   struct err *err);

/* The first account, an operator's, with its first key, if there is no account at all:
 * *secret is then the key, else empty. Within the caller's transaction. */
NODISCARD bool api_bootstrap(struct api *api, struct arena *a, struct str owner_email,
                             struct str *secret, struct err *err);

/* What comes of the table of routes: openapi.json; docs/api.md; /llms.txt. */
json_t *api_openapi(struct str version);
struct str api_manual(struct arena *a);
struct str api_llms(struct arena *a);
