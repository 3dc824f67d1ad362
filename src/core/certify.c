#include "core/certify.h"

#include "core/parts.h"

static void look(void *arg, int64_t tracking)
{
	struct core *core = arg;

	turn_touch(core->turn);
	tracking_watch_now(core->tracking, tracking, "certificate", 0, NULL, NULL);
}

static void changed(void *arg, int64_t tracking, struct str host)
{
	struct core *core = arg;

	edges_tls_changed(core->edges, host);
	look(core, tracking);
}

void core_certify(struct core *core)
{
	core->acme = acme_client_new(core->base);
	core->revocations =
	        revocations_new(core->base, &core->store, core->turn, core->acme);
	core->certificates = certificates_new(
	        &(struct certificates_setup){.base = core->base,
	                                     .store = &core->store,
	                                     .turn = core->turn,
	                                     .resolver = core->resolver,
	                                     .keys = core->keys,
	                                     .acme = core->acme,
	                                     .config = &core->config,
	                                     .look = look,
	                                     .changed = changed,
	                                     .arg = core});
}

bool core_certificate_request(void *arg, int64_t tracking, int64_t *again_at,
                              struct err *err)
{
	struct core *core = arg;

	return certificates_request(core->certificates, tracking, again_at, err);
}

bool core_certificate_withdraw(void *arg, int64_t tracking, struct err *err)
{
	struct core *core = arg;

	return certificates_withdraw(core->certificates, tracking, err);
}

/* Somebody who waits for an upload. */
struct waiting {
	struct arena a;
	void (*done)(void *arg, const struct api_uploaded *uploaded);
	void *arg;
};

static void on_uploaded(void *arg, const struct certificates_uploaded *r)
{
	struct waiting *w = arg;
	struct arena a = w->a;

	w->done(w->arg, &(struct api_uploaded){.ok = r->ok,
	                                       .is_unfit = r->is_unfit,
	                                       .words = r->words});
	arena_done(&a);
}

void core_certificate_upload(void *arg, int64_t tracking, struct str host,
                             const struct api_upload *upload,
                             void (*done)(void *done_arg,
                                          const struct api_uploaded *uploaded),
                             void *done_arg)
{
	struct core *core = arg;
	struct arena a = {0};
	struct waiting *w = ARENA_NEW(&a, struct waiting);

	*w = (struct waiting){.a = a, .done = done, .arg = done_arg};
	certificates_upload(core->certificates, tracking, host, upload->chain,
	                    upload->key, on_uploaded, w);
}
