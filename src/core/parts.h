/* What the files of the core share. Private to src/core. */
#pragma once

#include "config/config.h"
#include "core/acme_client.h"
#include "core/certificates.h"
#include "core/edges.h"
#include "core/ingest.h"
#include "core/mail.h"
#include "core/pool.h"
#include "core/revocations.h"
#include "core/tracking.h"
#include "core/turn.h"
#include "core/upkeep.h"
#include "core/watch.h"
#include "ipc/keys_client.h"
#include "ipc/role.h"
#include "net/tls.h"

struct key_call;

struct core {
	struct arena a;
	struct role_run run;
	struct arena config_arena; /* of all options that were ever in force */
	struct config config;
	struct store store;
	struct resolver *resolver;
	struct event_base *base; /* the resolver's */
	struct turn *turn;
	struct pool *pool;
	struct api *api;
	struct watch *watch;
	struct fetch_pool *fetch;
	struct tracking_watch *tracking;
	struct upkeep *upkeep;
	struct mailer *mailer;
	struct keys_client *keys;
	struct edges *edges;
	struct ingest *ingest;
	struct acme_client *acme;
	struct certificates *certificates;
	struct revocations *revocations;
	struct key_call *unused_key_calls; /* of key_calls.c */
	struct http_server *server;
	struct tls_context tls;
	bool has_tls;
	struct event *tick;
	struct keys_stats stock; /* of keys, as it last said */
	bool is_taking_stock;
	unsigned ticks;
	struct role_state roles[ROLE_PROCESSES_MAX]; /* as the parent last said */
	size_t role_count;
	bool is_drained; /* no connection is left */
};

/* host.c: what the API asks for. */
struct api_host core_host(struct core *core);
/* admin.c: the first account and key of a new installation, and admin.json; the store is
 * open, the sandbox not yet entered. */
NODISCARD bool core_first_start(struct core *core, struct err *err);
/* lock_in.c: enters the sandbox; store and resolver are open. */
NODISCARD bool core_lock_in(struct core *core, struct err *err);
