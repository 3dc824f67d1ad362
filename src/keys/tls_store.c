#include "keys/tls_store.h"

#include "base/file.h"
#include "crypto/seal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define LINE_START "signet-tls 1 "
#define SUFFIX     ".tls"
/* One at a time is written, so one name will do, and a crash leaves one file at most. */
#define TEMPORARY "new.tmp"

enum {
	NAME_BYTES = TLS_HOST_MAX + sizeof(SUFFIX),
	FILE_MAX_BYTES = 64 * 1024,
};

static bool fail(struct err *err, const char *name)
{
	return err_set(err, ERR_UNAVAILABLE, "%s: %s", name, strerror(errno));
}

static void format_name(struct str host, char out[NAME_BYTES])
{
	need(tls_host_is_valid(host));
	snprintf(out, NAME_BYTES, "%.*s%s", STR_ARG(host), SUFFIX);
}

/*
 * What is sealed: a line for each key, an empty one, then the bytes in the same order.
 *
 *	current GENERATION ec|rsa NOT_AFTER KEY-BYTES CHAIN-BYTES\n
 *	next    …
 */
static const struct place_row {
	const char *name;
	size_t offset;
} places[] = {
        {"current", offsetof(struct tls_entry, current)},
        {"next",    offsetof(struct tls_entry, next)   },
};

static const char *const kinds[TLS_KEY_KIND_COUNT] = {
        [TLS_KEY_EC] = "ec",
        [TLS_KEY_RSA] = "rsa",
};

static struct tls_place *place_of(struct tls_entry *e, size_t i)
{
	void *at = (char *)e + places[i].offset;

	return at;
}

static bool read_place(struct str line, struct tls_place *out, size_t *key_bytes,
                       size_t *chain_bytes)
{
	struct str word[5], more;
	uint64_t n[4];
	size_t kind = 0;

	for (size_t i = 0; i < LEN(word); i++)
		if (!str_cut_word(&line, &word[i]))
			return false;
	if (str_cut_word(&line, &more) || !str_parse_uint(word[0], UINT64_MAX, &n[0]) ||
	    !str_parse_uint(word[2], INT64_MAX, &n[1]) ||
	    !str_parse_uint(word[3], TLS_KEY_TEXT_MAX, &n[2]) ||
	    !str_parse_uint(word[4], CHAIN_DER_MAX, &n[3]))
		return false;
	while (kind < LEN(kinds) && !str_eq(word[1], str_c(kinds[kind])))
		kind++;
	if (kind == LEN(kinds))
		return false;
	*out = (struct tls_place){.is_set = true,
	                          .generation = n[0],
	                          .kind = (enum tls_key_kind)kind,
	                          .not_after = (int64_t)n[1]};
	*key_bytes = n[2];
	*chain_bytes = n[3];
	return true;
}

/* Fills the places with views into the plain text. */
static bool read_plain(struct str rest, struct tls_entry *e)
{
	size_t bytes[LEN(places)][2] = {0};
	struct str line, word;

	while (str_cut(&rest, '\n', &line) && line.n) {
		size_t i = 0;

		if (!str_cut_word(&line, &word))
			return false;
		while (i < LEN(places) && !str_eq(word, str_c(places[i].name)))
			i++;
		if (i == LEN(places) ||
		    !read_place(line, place_of(e, i), &bytes[i][0], &bytes[i][1]))
			return false;
	}
	for (size_t i = 0; i < LEN(places); i++) {
		struct tls_place *p = place_of(e, i);

		if (rest.n < bytes[i][0] + bytes[i][1])
			return false;
		p->key = str_slice(rest, 0, bytes[i][0]);
		p->chain = str_slice(rest, bytes[i][0], bytes[i][1]);
		rest = str_from(rest, bytes[i][0] + bytes[i][1]);
	}
	return rest.n == 0;
}

static enum keys_refusal read_file(const struct tls_store *s, struct str host, int fd,
                                   const char *name, struct tls_entry *out,
                                   struct err *err)
{
	AUTO(arena) a = {0};
	struct str line = arena_printf(&a, LINE_START "%.*s\n", STR_ARG(host));
	struct str text;

	if (!file_read_fd(&a, fd, name, FILE_MAX_BYTES, &text, err))
		return KEYS_DAMAGED;
	if (str_starts(text, line) &&
	    seal_open(s->master->p, line, str_from(text, line.n), &out->plain) &&
	    read_plain(secret_str(&out->plain), out))
		return KEYS_NONE;
	err_set(err, ERR_INPUT, "%s: damaged, or sealed under another master key",
	        name);
	return KEYS_DAMAGED;
}

enum keys_refusal tls_store_load(const struct tls_store *s, struct str host,
                                 struct tls_entry *out, struct err *err)
{
	char name[NAME_BYTES];
	AUTO_FD int fd = -1;
	enum keys_refusal found;

	*out = (struct tls_entry){0};
	format_name(host, name);
	fd = openat(s->folder, name, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		bool absent = errno == ENOENT;

		fail(err, name);
		return absent ? KEYS_UNKNOWN_KEY : KEYS_FAILED;
	}
	found = read_file(s, host, fd, name, out, err);
	if (found != KEYS_NONE)
		tls_entry_done(out);
	return found;
}

static void format_plain(const struct tls_entry *e, struct buf *out)
{
	const struct tls_place *all[] = {&e->current, &e->next};

	for (size_t i = 0; i < LEN(all); i++)
		if (all[i]->is_set)
			buf_printf(out, "%s %llu %s %lld %zu %zu\n", places[i].name,
			           (unsigned long long)all[i]->generation,
			           kinds[all[i]->kind], (long long)all[i]->not_after,
			           all[i]->key.n, all[i]->chain.n);
	buf_add_char(out, '\n');
	for (size_t i = 0; i < LEN(all); i++) {
		buf_add(out, all[i]->key);
		buf_add(out, all[i]->chain);
	}
}

bool tls_store_save(const struct tls_store *s, struct str host,
                    const struct tls_entry *e, struct err *err)
{
	AUTO(arena) a = {0};
	AUTO(buf) plain = {.max = FILE_MAX_BYTES / 2 + CHAIN_DER_MAX};
	struct str line = arena_printf(&a, LINE_START "%.*s\n", STR_ARG(host));
	struct str sealed;
	char name[NAME_BYTES];
	AUTO_FD int fd = -1;

	format_name(host, name);
	/* All at once: what a growing buffer leaves behind could not be wiped. */
	need(buf_room(&plain, plain.max) != NULL);
	format_plain(e, &plain);
	need(!plain.overflowed);
	sealed = seal_close(&a, s->master->p, line, buf_str(&plain));
	explicit_bzero(plain.p, plain.n);
	fd = openat(s->folder, TEMPORARY, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC,
	            0600);
	if (fd < 0 || !file_put(fd, arena_join(&a, line, sealed)) ||
	    renameat(s->folder, TEMPORARY, s->folder, name) != 0 ||
	    fsync(s->folder) != 0)
		return fail(err, name);
	return true;
}

bool tls_store_remove(const struct tls_store *s, struct str host, struct err *err)
{
	char name[NAME_BYTES];

	format_name(host, name);
	if (unlinkat(s->folder, name, 0) != 0 && errno != ENOENT)
		return fail(err, name);
	return fsync(s->folder) == 0 || fail(err, name);
}

void tls_entry_done(struct tls_entry *e)
{
	secret_done(&e->plain);
	*e = (struct tls_entry){0};
}
