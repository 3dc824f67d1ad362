#include "core/mail.h"

#include <event2/event.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/random.h"
#include "fetch/smtp.h"
#include "notice/letter.h"
#include "store/mail_queue.h"
#include "store/turn.h"

enum {
	TIMEOUT_MS = 30000,
	ID_DIGITS = 24,
	LOOK_MAX_MS = 60 * 1000, /* between two looks into the queue */
};

static const int retry_s[] = {30, 120, 600, 1800, 7200};

/* The letter that is under way. */
struct letter {
	struct arena a;       /* of all that follows */
	struct mail_row *row; /* NULL: none is */
	const char *relay, *from, *to;
	struct iov text;
	struct smtp_result result;
};

struct mailer {
	struct arena a, options;
	struct store *store;
	struct turn *turn;
	struct pool *pool;
	struct str relay, from, from_name, support;
	struct letter letter;
	bool is_draining;
	struct event *timer; /* the next look into the queue */
};

static bool is_set_up(const struct mailer *m)
{
	return m->relay.n > 0 && m->from.n > 0;
}

static void look_in(struct mailer *m, int64_t ms)
{
	struct timeval tv = {ms / 1000, ms % 1000 * 1000};

	evtimer_add(m->timer, &tv);
}

/* ---- the letter under way ---- */

/* On a thread. */
static void run(void *arg)
{
	struct mailer *m = arg;
	struct letter *l = &m->letter;

	l->result = smtp_send(&(struct smtp_letter){
	        .relay = l->relay,
	        .from = l->from,
	        .to = &l->to,
	        .to_count = 1,
	        .text = &l->text,
	        .timeout_ms = TIMEOUT_MS,
	});
}

/* What was sent stays in the queue: the next look must not be at once. */
static void on_settled(void *arg, bool committed)
{
	look_in(arg, committed ? 0 : LOOK_MAX_MS);
}

/* What becomes of its row. */
static bool settle(struct mailer *m, const struct mail_row *row,
                   const struct smtp_result *result, struct err *err)
{
	size_t tries = (size_t)row->tries + 1;

	if (!store_turn_begin(m->store, err))
		return false;
	if (result->outcome == SMTP_LATER && tries <= LEN(retry_s))
		return mail_queue_put_off(m->store, row->id,
		                          clock_now() + retry_s[tries - 1] * 1000, err);
	return mail_queue_remove(m->store, row->id, err);
}

static void done(void *arg)
{
	struct mailer *m = arg;
	struct letter *l = &m->letter;
	struct err err;

	if (l->result.outcome == SMTP_ACCEPTED)
		log_info("mail.sent", LOG_CSTR("to", l->to));
	else
		log_warning("mail.not_sent", LOG_CSTR("to", l->to),
		            LOG_NUM("try", l->row->tries + 1),
		            LOG_CSTR("reason", l->result.text));
	turn_touch(m->turn);
	if (settle(m, l->row, &l->result, &err)) {
		turn_after(m->turn, on_settled, m);
	} else {
		log_error("mail.not_settled", LOG_CSTR("reason", err.text));
		look_in(m, LOOK_MAX_MS);
	}
	l->row = NULL;
	arena_reset(&l->a);
}

static void hand_over(struct mailer *m)
{
	struct letter *l = &m->letter;

	l->relay = arena_cstr(&l->a, m->relay);
	l->from = arena_cstr(&l->a, l->row->sender);
	l->to = arena_cstr(&l->a, l->row->recipient);
	l->text = (struct iov){0};
	iov_add(&l->a, &l->text, l->row->letter);
	pool_run(m->pool, (struct pool_job){run, done, m});
}

/* Hands over what is due, or sets the time to look again. */
static bool look(struct mailer *m, struct err *err)
{
	int64_t now = clock_now();
	int64_t next;

	if (!mail_queue_find_due(m->store, &m->letter.a, now + 1, &m->letter.row, err))
		return false;
	if (m->letter.row) {
		hand_over(m);
		return true;
	}
	if (!mail_queue_next(m->store, &next, err))
		return false;
	if (next)
		look_in(m, next - now < LOOK_MAX_MS ? next - now : LOOK_MAX_MS);
	return true;
}

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct mailer *m = arg;
	struct err err;

	(void)fd;
	(void)what;
	if (m->is_draining || m->letter.row || !is_set_up(m) || look(m, &err))
		return;
	log_error("mail.queue_failed", LOG_CSTR("reason", err.text));
	m->letter.row = NULL;
	look_in(m, LOOK_MAX_MS);
}

/* ---- a new letter ---- */

static struct str new_id(struct arena *a)
{
	char *text = arena_alloc(a, ID_DIGITS + 1);

	for (size_t i = 0; i < ID_DIGITS; i++)
		text[i] = "0123456789abcdefghijklmnopqrstuv"[random_below(32)];
	return (struct str){text, ID_DIGITS};
}

static bool write_down(struct mailer *m, struct arena *a, const struct api_mail *mail,
                       struct err *err)
{
	struct notice_head head = {
	        .from = m->from,
	        .to = mail->to,
	        .from_name = m->from_name,
	        .reply_to = mail->reply_to.n ? mail->reply_to : m->support,
	        .id = new_id(a),
	        .now = clock_now(),
	};
	struct mail_row row = {
	        .sender = m->from,
	        .recipient = mail->to,
	        .next_at = head.now,
	        .created_at = head.now,
	};
	bool full;
	int64_t id;

	if (!store_turn_begin(m->store, err) ||
	    !mail_queue_has(m->store, MAIL_WAITING_MAX, &full, err))
		return false;
	if (full)
		return err_set(err, ERR_UNAVAILABLE, "too many letters wait");
	return notice_letter(a, &head, &mail->notice, &row.letter, err) &&
	       mail_queue_add(m->store, &row, &id, err);
}

static void on_written(void *arg, bool committed)
{
	struct mailer *m = arg;

	if (committed && !m->letter.row)
		look_in(m, 0);
}

bool mailer_send(struct mailer *m, const struct api_mail *mail)
{
	struct err err;

	if (!is_set_up(m))
		return false;
	if (!write_down(m, turn_arena(m->turn), mail, &err)) {
		log_warning("mail.not_queued", LOG_STR("to", mail->to),
		            LOG_CSTR("reason", err.text));
		return false;
	}
	turn_after(m->turn, on_written, m);
	return true;
}

/* ---- */

void mailer_reconfigure(struct mailer *m, const struct config *config)
{
	arena_reset(&m->options);
	m->relay = arena_dup(&m->options, config->mail_relay);
	m->from = arena_dup(&m->options, config->mail_from);
	m->from_name = arena_dup(&m->options, config->instance_name);
	m->support = arena_dup(&m->options, config->mail_support);
	mailer_poke(m);
}

struct mailer *mailer_new(struct event_base *base, struct store *store,
                          struct turn *turn, struct pool *pool,
                          const struct config *config)
{
	struct arena a = {0};
	struct mailer *m = ARENA_NEW(&a, struct mailer);

	m->a = a;
	m->store = store;
	m->turn = turn;
	m->pool = pool;
	m->timer = evtimer_new(base, on_timer, m);
	need(m->timer != NULL);
	mailer_reconfigure(m, config);
	return m;
}

void mailer_poke(struct mailer *m)
{
	if (!m->is_draining && !m->letter.row)
		look_in(m, 0);
}

void mailer_drain(struct mailer *m)
{
	m->is_draining = true;
	evtimer_del(m->timer);
}

void mailer_free(struct mailer *m)
{
	struct arena a;

	if (!m)
		return;
	event_free(m->timer);
	arena_done(&m->letter.a);
	arena_done(&m->options);
	a = m->a;
	arena_done(&a);
}
