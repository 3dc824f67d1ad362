#include "edge/parts.h"

#include "base/log.h"

static void set_account(struct edge *e, struct ipc_reader *r)
{
	struct profile_account account = {.id = ipc_get_u64(r)};
	uint64_t policy;

	account.name = ipc_get_str(r);
	account.language = ipc_get_str(r);
	policy = ipc_get_u64(r);
	account.ip =
	        policy < TRACK_IP_COUNT ? (enum track_ip_policy)policy : TRACK_IP_NONE;
	profile_set_account(e->profile, &account);
}

static void set_host(struct edge *e, struct ipc_reader *r)
{
	struct profile_host host = {.host = ipc_get_str(r)};

	host.account = ipc_get_u64(r);
	host.apple = ipc_get_str(r);
	host.links = ipc_get_str(r);
	profile_set_host(e->profile, &host);
}

/* The table of messages has seen to it that the fields are there. */
static void on_message(void *arg, struct channel_message *m)
{
	struct edge *e = arg;
	struct ipc_reader r = {m->body, false};

	if (m->type == IPC_EDGE_TABLE_START)
		profile_start(e->profile);
	else if (m->type == IPC_EDGE_ACCOUNT)
		set_account(e, &r);
	else if (m->type == IPC_EDGE_HOST)
		set_host(e, &r);
	else if (m->type == IPC_EDGE_TABLE_DONE)
		profile_done(e->profile);
	else if (m->type == IPC_TLS_CHANGED)
		tls_cache_drop(e->certificates, ipc_get_str(&r));
	else if (m->type == IPC_EDGE_INGESTED)
		journal_release(e->journal, ipc_get_u64(&r));
}

static void on_closed(void *arg, const char *why)
{
	struct edge *e = arg;

	if (!e->run.is_draining)
		log_warning("edge.core_gone", LOG_CSTR("reason", why));
	channel_free(e->core);
	e->core = NULL;
}

void edge_connect_core(struct edge *e, int fd)
{
	channel_free(e->core);
	e->core = channel_new(fd, ROLE_EDGE, ROLE_CORE);
	e->told_synced = 0; /* it may be another core, which knows nothing yet */
	channel_attach(e->core, e->base,
	               &(struct channel_handlers){on_message, on_closed, e});
	edge_tell_core(e, true);
}

struct edge_stats edge_numbers(const struct edge *e)
{
	struct edge_stats s = e->site.stats;
	struct http_server_stats http = http_server_stats(e->server);
	struct tls_cache_stats certificates = tls_cache_stats(e->certificates);
	struct journal_stats journal;
	uint64_t waiting;

	journal_stats_get(e->journal, &journal);
	waiting = e->site.last_sequence > journal.synced
	                  ? e->site.last_sequence - journal.synced
	                  : 0;
	s.connections = http.connections;
	s.handshakes = http.handshakes;
	s.handshakes_failed = http.handshake_failed;
	s.certificates = certificates.kept;
	s.certificate_hits = certificates.hits;
	s.certificate_misses = certificates.misses;
	s.names_unknown = certificates.unknown;
	s.journal_records = journal.added - waiting;
	s.journal_bytes = journal.bytes;
	s.journal_syncs = journal.syncs;
	s.journal_lost = journal.lost;
	s.journal_at_risk = journal.at_risk;
	s.journal_refused = journal.refused;
	s.journal_waiting = waiting;
	s.journal_failed_since = (uint64_t)journal.failing_since;
	s.journal_errno = (uint64_t)journal.error;
	s.journal_segments = journal.segments_made > journal.segments_removed
	                             ? journal.segments_made - journal.segments_removed
	                             : 0;
	return s;
}

void edge_tell_core(struct edge *e, bool with_stats)
{
	uint64_t synced = journal_synced(e->journal);
	AUTO(buf) body = {.max = IPC_BODY_MAX};

	if (!e->core)
		return;
	if (synced > e->told_synced) {
		ipc_put_u64(&body, synced);
		if (channel_send(e->core, IPC_EDGE_SYNCED, 0, buf_str(&body), -1))
			e->told_synced = synced;
	}
	if (with_stats) {
		struct edge_stats s = edge_numbers(e);

		buf_reset(&body);
		edge_stats_put(&body, &s);
		/* One that does not fit is followed by the next. */
		(void)!channel_send(e->core, IPC_EDGE_STATS, 0, buf_str(&body), -1);
	}
}
