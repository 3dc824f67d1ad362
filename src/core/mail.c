#include "core/mail.h"

#include <event2/event.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/random.h"
#include "fetch/smtp.h"
#include "notice/letter.h"

enum { TIMEOUT_MS = 30000, ID_DIGITS = 24 };

static const int retry_s[] = {30, 120, 600, 1800, 7200};

struct letter {
	struct letter *next, **link;
	struct mailer *mailer;
	struct arena a; /* everything of this letter */
	const char *relay, *from, *to;
	struct iov text;
	bool is_broken; /* could not be written: `why` */
	struct smtp_result result;
	struct str why;
	mail_done_fn *done;
	void *arg;
	size_t tries;
	struct event *timer;
};

struct mailer {
	struct arena a, options;
	struct event_base *base;
	struct pool *pool;
	struct str relay, from, from_name, support;
	struct letter *letters;
	size_t count;
};

void mailer_reconfigure(struct mailer *m, const struct config *config)
{
	arena_reset(&m->options);
	m->relay = arena_dup(&m->options, config->mail_relay);
	m->from = arena_dup(&m->options, config->mail_from);
	m->from_name = arena_dup(&m->options, config->instance_name);
	m->support = arena_dup(&m->options, config->mail_support);
}

struct mailer *mailer_new(struct event_base *base, struct pool *pool,
                          const struct config *config)
{
	struct arena a = {0};
	struct mailer *m = ARENA_NEW(&a, struct mailer);

	m->a = a;
	m->base = base;
	m->pool = pool;
	mailer_reconfigure(m, config);
	return m;
}

static void free_letter(struct letter *l)
{
	struct arena a = l->a;

	*l->link = l->next;
	if (l->next)
		l->next->link = l->link;
	l->mailer->count--;
	if (l->timer)
		event_free(l->timer);
	arena_done(&a);
}

void mailer_free(struct mailer *m)
{
	struct arena a;

	if (!m)
		return;
	while (m->letters)
		free_letter(m->letters);
	arena_done(&m->options);
	a = m->a;
	arena_done(&a);
}

/* On a thread. */
static void run(void *arg)
{
	struct letter *l = arg;

	if (l->is_broken)
		return;
	l->result = smtp_send(&(struct smtp_letter){
	        .relay = l->relay,
	        .from = l->from,
	        .to = &l->to,
	        .to_count = 1,
	        .text = &l->text,
	        .timeout_ms = TIMEOUT_MS,
	});
}

static void done(void *arg);

static void hand_over(struct letter *l)
{
	l->tries++;
	pool_run(l->mailer->pool, (struct pool_job){run, done, l});
}

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	hand_over(arg);
}

static bool try_again(struct letter *l)
{
	struct timeval tv = {0, 0};

	if (l->done || l->is_broken || l->result.outcome != SMTP_LATER ||
	    l->tries > LEN(retry_s))
		return false;
	tv.tv_sec = retry_s[l->tries - 1];
	if (!l->timer)
		l->timer = evtimer_new(l->mailer->base, on_timer, l);
	need(l->timer && evtimer_add(l->timer, &tv) == 0);
	return true;
}

static void done(void *arg)
{
	struct letter *l = arg;
	bool ok = !l->is_broken && l->result.outcome == SMTP_ACCEPTED;

	if (!l->is_broken)
		l->why = str_c(l->result.text);
	if (ok)
		log_info("mail.sent", LOG_CSTR("to", l->to));
	else
		log_warning("mail.not_sent", LOG_CSTR("to", l->to),
		            LOG_NUM("try", l->tries), LOG_STR("reason", l->why));
	if (try_again(l))
		return;
	if (l->done)
		l->done(l->arg, ok, l->why);
	free_letter(l);
}

static struct str new_id(struct arena *a)
{
	char *text = arena_alloc(a, ID_DIGITS + 1);

	for (size_t i = 0; i < ID_DIGITS; i++)
		text[i] = "0123456789abcdefghijklmnopqrstuv"[random_below(32)];
	return (struct str){text, ID_DIGITS};
}

static void compose(struct letter *l, const struct api_mail *mail)
{
	struct mailer *m = l->mailer;
	struct notice_head head = {
	        .from = m->from,
	        .to = mail->to,
	        .from_name = m->from_name,
	        .reply_to = mail->reply_to.n ? mail->reply_to : m->support,
	        .id = new_id(&l->a),
	        .now = clock_now(),
	};
	struct str text;
	struct err err;

	if (!notice_letter(&l->a, &head, &mail->notice, &text, &err)) {
		l->is_broken = true;
		l->why = arena_dup(&l->a, str_c(err.text));
		return;
	}
	iov_add(&l->a, &l->text, text);
}

bool mailer_send(struct mailer *m, const struct api_mail *mail, mail_done_fn *when_done,
                 void *arg)
{
	struct arena a = {0};
	struct letter *l;

	if (m->relay.n == 0 || m->from.n == 0)
		return false;
	l = ARENA_NEW(&a, struct letter);
	l->a = a;
	l->mailer = m;
	l->relay = arena_cstr(&l->a, m->relay);
	l->from = arena_cstr(&l->a, m->from);
	l->to = arena_cstr(&l->a, mail->to);
	l->done = when_done;
	l->arg = arg;
	compose(l, mail);
	l->next = m->letters;
	l->link = &m->letters;
	if (l->next)
		l->next->link = &l->next;
	m->letters = l;
	m->count++;
	hand_over(l);
	return true;
}

size_t mailer_count(const struct mailer *m)
{
	return m->count;
}
