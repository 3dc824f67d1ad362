#include "keys/maker.h"

#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <event2/event.h>

enum { NICE_BEHIND = 5 };

/* What the thread writes; smaller than PIPE_BUF, so it comes in one piece. */
struct made {
	char id[KEY_ID_LEN + 1]; /* "" where it failed */
	char why[256];
};

struct maker {
	struct arena arena; /* of all of this */
	const struct key_files *files;
	enum maker_urgency urgency;
	maker_made_fn *made;
	void *arg;
	int ask_read, ask_write, made_read, made_write;
	struct event *readable;
	size_t asked;
	pthread_t thread;
};

static bool make_one(const struct maker *m, unsigned bits, char id[KEY_ID_LEN + 1],
                     struct err *err)
{
	struct private_key *key;
	bool ok;

	key_id_new(id);
	if (!private_key_generate(KEY_RSA, bits, &key, err))
		return false;
	ok = key_files_add(m->files, KEY_POOL, str_c(id), key, err);
	private_key_free(key);
	return ok;
}

/* The thread: it looks at nothing of the maker that changes. */
static void *work(void *arg)
{
	const struct maker *m = arg;
	struct sched_param none = {0};
	unsigned bits;

	if (m->urgency == MAKER_IDLE)
		(void)sched_setscheduler(0, SCHED_IDLE, &none);
	else
		(void)setpriority(PRIO_PROCESS, 0, NICE_BEHIND);
	while (read(m->ask_read, &bits, sizeof(bits)) == sizeof(bits)) {
		struct made made = {0};
		struct err err = {0};

		if (!make_one(m, bits, made.id, &err)) {
			made.id[0] = 0;
			memcpy(made.why, err.text, sizeof(made.why) - 1);
		}
		if (write(m->made_write, &made, sizeof(made)) != sizeof(made))
			break;
	}
	return NULL;
}

static void on_made(evutil_socket_t fd, short what, void *arg)
{
	struct maker *m = arg;
	struct made made;

	(void)what;
	while (read(fd, &made, sizeof(made)) == sizeof(made)) {
		m->asked--;
		m->made(m->arg, m->urgency, str_c(made.id), made.why);
	}
}

static bool make_pipes(struct maker *m)
{
	int ask[2], made[2];

	if (pipe2(ask, O_CLOEXEC) != 0)
		return false;
	m->ask_read = ask[0];
	m->ask_write = ask[1];
	if (pipe2(made, O_CLOEXEC) != 0)
		return false;
	m->made_read = made[0];
	m->made_write = made[1];
	return evutil_make_socket_nonblocking(m->made_read) == 0;
}

static void release(struct maker *m)
{
	struct arena a = m->arena;

	if (m->readable)
		event_free(m->readable);
	file_close(&m->ask_read);
	file_close(&m->ask_write);
	file_close(&m->made_read);
	file_close(&m->made_write);
	arena_done(&a);
}

bool maker_new(struct event_base *base, const struct key_files *files,
               enum maker_urgency urgency, maker_made_fn *made, void *arg,
               struct maker **out, struct err *err)
{
	struct arena a = {0};
	struct maker *m = ARENA_NEW(&a, struct maker);
	int failed;

	*m = (struct maker){a, files, urgency, made, arg, -1, -1, -1, -1, NULL, 0, 0};
	if (!make_pipes(m)) {
		failed = errno;
		release(m);
		return err_set(err, ERR_INTERNAL, "pipe: %s", strerror(failed));
	}
	m->readable = event_new(base, m->made_read, EV_READ | EV_PERSIST, on_made, m);
	need(m->readable && event_add(m->readable, NULL) == 0);
	failed = pthread_create(&m->thread, NULL, work, m);
	if (failed) {
		release(m);
		return err_set(err, ERR_INTERNAL, "thread: %s", strerror(failed));
	}
	*out = m;
	return true;
}

void maker_ask(struct maker *m, unsigned bits)
{
	need(m->asked < MAKER_ASKED_MAX);
	m->asked++;
	/* Room is certain: a pipe holds at least a page, these are a kilobyte. */
	need(write(m->ask_write, &bits, sizeof(bits)) == sizeof(bits));
}

size_t maker_asked(const struct maker *m)
{
	return m->asked;
}

void maker_free(struct maker *m)
{
	unsigned bits;

	if (!m)
		return;
	/* What was not begun is taken back; the end of the pipe ends the thread. */
	need(evutil_make_socket_nonblocking(m->ask_read) == 0);
	while (read(m->ask_read, &bits, sizeof(bits)) > 0)
		continue;
	file_close(&m->ask_write);
	pthread_join(m->thread, NULL);
	release(m);
}
