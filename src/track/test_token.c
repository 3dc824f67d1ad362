/* Tokens: what is sealed comes back under its host and key, and nothing else opens. */
#include "track/token.h"

#include "base/file.h"
#include "base/random.h"
#include "track/token_keys.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define NOW INT64_C(1795770000000) /* 2026-11-27 */
static const struct str host = STR_INIT("track.acme.example");

struct world {
	struct token_keys keys;
	struct tokens *tokens;
	struct buf out;
	char scratch[TOKEN_SCRATCH];
};

static struct world *world(void)
{
	static struct world w;
	struct err err;

	tokens_free(w.tokens);
	buf_done(&w.out);
	token_keys_done(&w.keys);
	w = (struct world){.out = {.max = 1 << 20}};
	assert_true(token_keys_add(&w.keys, NOW, &err));
	w.tokens = tokens_new(&w.keys);
	return &w;
}

static struct token click(struct str url)
{
	return (struct token){.kind = TOKEN_CLICK,
	                      .tenant = 42,
	                      .message = token_message(NOW, 77),
	                      .link = 3,
	                      .text = url};
}

static struct str seal(struct world *w, const struct token *token, struct str at)
{
	struct err err = {0};

	buf_reset(&w->out);
	if (!token_seal(w->tokens, token, at, &w->out, &err))
		fail_msg("%.*s: %s", STR_ARG(token->text), err.text);
	return buf_str(&w->out);
}

static enum token_result open_it(struct world *w, struct str text, struct token *out)
{
	return token_open(w->tokens, host, text, w->scratch, out);
}

static void assert_opens(struct world *w, const struct token *token)
{
	struct str text = seal(w, token, host);
	struct token got = {0};

	assert_int_equal(open_it(w, text, &got), TOKEN_OK);
	assert_int_equal(got.kind, token->kind);
	assert_int_equal(got.is_once, token->is_once);
	assert_true(got.tenant == token->tenant && got.message == token->message &&
	            got.link == token->link);
	assert_true(str_eq(got.text, token->text));
	for (size_t i = 0; i < text.n; i++)
		assert_true(char_is_alnum(text.p[i]) || text.p[i] == '-' ||
		            text.p[i] == '_');
}

static void test_round_trip(void **state)
{
	struct world *w = world();
	struct token t = click(STR("https://www.acme.example/a?b=c&d=%20#e"));
	static char longest[TOKEN_TEXT_MAX];

	(void)state;
	assert_opens(w, &t);
	t.is_once = true;
	assert_opens(w, &t);
	t.tenant = t.message = t.link = UINT64_MAX;
	assert_opens(w, &t);
	t.tenant = t.message = t.link = 0;
	assert_opens(w, &t);
	memset(longest, 'x', sizeof(longest));
	memcpy(longest, "https://a/", 10);
	t = click((struct str){longest, sizeof(longest)});
	t.tenant = t.message = t.link = UINT64_MAX;
	assert_opens(w, &t);
	memcpy(longest, "gopher://a", 10);
	memcpy(longest, "HTTPS://a/", 10); /* no beginning is taken off it */
	assert_opens(w, &t);
	t = (struct token){.kind = TOKEN_OPEN, .tenant = 1};
	assert_opens(w, &t);
	t = (struct token){.kind = TOKEN_UNSUBSCRIBE, .text = STR("a@b.example")};
	assert_opens(w, &t);
	assert_opens(w, &(struct token){.text = STR("https://ex.example/\xc3\xa4 b")});
	for (unsigned n = 1; n < 2000; n++) {
		t = click((struct str){longest, 10 + n});
		assert_opens(w, &t);
	}
}

/* Deterministic: the same again, so a letter that is sent twice is the same letter. */
static void test_deterministic(void **state)
{
	struct world *w = world();
	AUTO(arena) a = {0};
	struct token t = click(STR("https://acme.example/"));
	struct str first = arena_dup(&a, seal(w, &t, host));

	(void)state;
	assert_true(str_eq(first, seal(w, &t, host)));
	assert_false(str_eq(first, seal(w, &t, STR("other.example"))));
	t.link++;
	assert_false(str_eq(first, seal(w, &t, host)));
}

/* A token opens under its own host alone, and whole. */
static void test_other_host(void **state)
{
	struct world *w = world();
	struct token t = click(STR("https://acme.example/")), got;
	struct str text = seal(w, &t, STR("track.other.example"));
	char name[TOKEN_HOST_MAX];

	(void)state;
	assert_int_equal(open_it(w, text, &got), TOKEN_FORGED);
	text = seal(w, &t, host);
	for (size_t n = 0; n < text.n; n++)
		assert_int_not_equal(open_it(w, str_slice(text, 0, n), &got), TOKEN_OK);
	assert_true(str_eq(token_host(STR("Track.ACME.example.:8443"), name), host));
	assert_int_equal(token_host(STR(":80"), name).n, 0);
}

static void test_malformed(void **state)
{
	struct world *w = world();
	static char text[TOKEN_CHARS_MAX + 1];
	struct token got;

	(void)state;
	memset(text, 'A', sizeof(text));
	assert_int_equal(open_it(w, STR(""), &got), TOKEN_MALFORMED);
	assert_int_equal(open_it(w, STR("AAAA"), &got), TOKEN_MALFORMED);
	assert_int_equal(open_it(w, (struct str){text, sizeof(text)}, &got),
	                 TOKEN_MALFORMED);
	assert_int_equal(open_it(w, (struct str){text, sizeof(text) - 1}, &got),
	                 TOKEN_UNKNOWN_KEY);
	memcpy(text, "AQ", 2); /* the key with id 1 */
	assert_int_equal(open_it(w, (struct str){text, sizeof(text) - 1}, &got),
	                 TOKEN_FORGED);
	for (size_t i = 0; i < 256; i++) {
		bool is_digit = char_is_alnum((char)i) || i == '-' || i == '_';

		text[20] = (char)i;
		assert_int_equal(open_it(w, (struct str){text, 60}, &got),
		                 is_digit ? TOKEN_FORGED : TOKEN_MALFORMED);
	}
}

/* A million changes of a token, and none of them opens (S3-17). */
static void test_mutations(void **state)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrst"
	                             "uvwxyz0123456789-_";
	struct world *w = world();
	struct token t = click(STR("https://acme.example/a/page")), got;
	struct str text = seal(w, &t, host);
	char changed[256];

	(void)state;
	assert_true(text.n < sizeof(changed));
	for (unsigned i = 0; i < 1000 * 1000; i++) {
		unsigned times = 1 + random_below(3);
		size_t n = text.n;

		memcpy(changed, text.p, n);
		while (times--)
			changed[random_below((uint32_t)n)] = digits[random_below(64)];
		if (random_below(8) == 0)
			n = random_below((uint32_t)n);
		if (n == text.n && memcmp(changed, text.p, n) == 0)
			continue;
		assert_int_not_equal(open_it(w, (struct str){changed, n}, &got),
		                     TOKEN_OK);
	}
	assert_int_equal(open_it(w, text, &got), TOKEN_OK);
}

static void test_rotation(void **state)
{
	struct world *w = world();
	AUTO(arena) a = {0};
	AUTO(token_keys) others = {0};
	struct token t = click(STR("https://acme.example/")), got;
	struct str old = arena_dup(&a, seal(w, &t, host));
	struct str fresh;
	struct tokens *past = w->tokens;
	struct err err;

	(void)state;
	assert_true(token_keys_add(&w->keys, NOW + 1, &err));
	w->tokens = tokens_new(&w->keys);
	fresh = seal(w, &t, host);
	assert_false(str_eq(old, fresh));
	assert_int_equal(open_it(w, old, &got), TOKEN_OK);
	assert_int_equal(open_it(w, fresh, &got), TOKEN_OK);
	/* Who has not heard of the new key says so; an id alone opens nothing. */
	assert_int_equal(token_open(past, host, fresh, w->scratch, &got),
	                 TOKEN_UNKNOWN_KEY);
	tokens_free(past);
	assert_true(token_keys_add(&others, NOW, &err));
	past = tokens_new(&others);
	assert_int_equal(token_open(past, host, old, w->scratch, &got), TOKEN_FORGED);
	tokens_free(past);
}

static const struct {
	struct str text;
	const char *why;
} refused[] = {
        {STR_INIT("javascript:alert(1)"),             "neither http"      },
        {STR_INIT("JavaScript://%0aalert(1)"),        "neither http"      },
        {STR_INIT("data:text/html,x"),                "neither http"      },
        {STR_INIT("//acme.example/"),                 "neither http"      },
        {STR_INIT("/path"),                           "neither http"      },
        {STR_INIT(""),                                "neither http"      },
        {STR_INIT(" https://acme.example/"),          "neither http"      },
        {STR_INIT("https:/acme.example/"),            "neither http"      },
        {STR_INIT("https:\\\\acme.example/"),         "neither http"      },
        {STR_INIT("https://acme.example/\r\nX: y"),   "control characters"},
        {STR_INIT("https://acme.example/\n"),         "control characters"},
        {STR_INIT("https://acme\t.example/"),         "control characters"},
        {STR_INIT("https://acme.example/\0"),         "control characters"},
        {STR_INIT("https://acme.example/\x7f"),       "control characters"},
        {STR_INIT("https://bank.example@evil.test/"), "user name"         },
        {STR_INIT("https://a:b@evil.test?x"),         "user name"         },
        {STR_INIT("https://a.example\\.evil.test/"),  "no host has"       },
        {STR_INIT("https://a.example evil.test/"),    "no host has"       },
        {STR_INIT("https:///path"),                   "no host"           },
        {STR_INIT("https://"),                        "no host"           },
        {STR_INIT("https://:80/"),                    "no host"           },
        {STR_INIT("https://?a"),                      "no host"           },
        {STR_INIT("https://acme.example/ "),          "ends with a blank" },
};

static const char *const refused_addresses[] = {"", "a", "@b", "a@", "a@b\n", "\x01@b"};

static void assert_refused(const struct token *token, const char *why)
{
	struct world *w = world();
	struct err err = {0};

	assert_false(token_seal(w->tokens, token, host, &w->out, &err));
	if (!strstr(err.text, why))
		fail_msg("%.*s: %s", STR_ARG(token->text), err.text);
	assert_int_equal(w->out.n, 0);
}

static void test_refused(void **state)
{
	static char long_text[TOKEN_TEXT_MAX + 1] = "https://a/";
	struct token t = click(STR_NONE);

	(void)state;
	for (size_t i = 0; i < LEN(refused); i++) {
		t.text = refused[i].text;
		assert_refused(&t, refused[i].why);
	}
	memset(long_text + 10, 'x', sizeof(long_text) - 10);
	t.text = (struct str){long_text, sizeof(long_text)};
	assert_refused(&t, "longer than 4096");
	t.kind = TOKEN_UNSUBSCRIBE;
	assert_refused(&t, "longer than 320");
	for (size_t i = 0; i < LEN(refused_addresses); i++) {
		t.text = str_c(refused_addresses[i]);
		assert_refused(&t, "address");
	}
	t = (struct token){.kind = TOKEN_OPEN, .text = STR("x")};
	assert_refused(&t, "no text");
}

/* Each href of the letters of the corpus that may be a destination. */
static void each_destination(void (*each)(struct world *w, struct str url),
                             struct world *w, size_t *count)
{
	const char *source = getenv("SIGNET_SOURCE");
	AUTO(arena) a = {0};
	const char *folder = arena_printf(&a, "%s/tests/corpus/html-email", source).p;
	DIR *d = opendir(folder);
	struct dirent *entry;

	assert_non_null(d);
	while ((entry = readdir(d))) {
		AUTO(arena) file = {0};
		struct str text, url;
		struct err err;
		ptrdiff_t at;

		if (!str_ends(str_c(entry->d_name), STR(".html")))
			continue;
		assert_true(file_read(
		        &file, arena_printf(&file, "%s/%s", folder, entry->d_name).p,
		        16 << 20, &text, &err));
		while ((at = str_find(text, STR("href=\"http"))) >= 0) {
			text = str_from(text, (size_t)at + 6);
			at = str_find_char(text, '"');
			url = str_slice(text, 0, at < 0 ? 0 : (size_t)at);
			if (token_refusal(&(struct token){.text = url}))
				continue;
			each(w, url);
			(*count)++;
		}
	}
	closedir(d);
}

static void check_length(struct world *w, struct str url)
{
	struct token t = click(url);
	size_t n;

	t.link = 999;
	t.tenant = 1000 * 1000;
	n = seal(w, &t, host).n;
	if (n * 10 >= url.n * 14 + 400)
		fail_msg("%.*s (%zu): %zu", STR_ARG(url), url.n, n);
	assert_opens(w, &t);
}

/* Shorter than 1.4 times its destination and 40 characters, for each link of the corpus
 * and of any other length. */
static void test_length(void **state)
{
	struct world *w = world();
	static char url[TOKEN_TEXT_MAX] = "https://";
	size_t count = 0;

	(void)state;
	each_destination(check_length, w, &count);
	assert_true(count > 100);
	memset(url + 8, 'x', sizeof(url) - 8);
	for (size_t n = 9; n <= sizeof(url); n += 1 + n / 50)
		check_length(w, (struct str){url, n});
}

static void test_message(void **state)
{
	uint64_t m = token_message(NOW, UINT64_MAX);

	(void)state;
	assert_int_equal(token_message_at(m), NOW);
	assert_true(token_message(NOW + 1, 0) > m);
	assert_int_equal(token_message(0, 5), 5);
	assert_true(token_message(NOW, 1 << 22) == token_message(NOW, 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_round_trip), cmocka_unit_test(test_deterministic),
	        cmocka_unit_test(test_other_host), cmocka_unit_test(test_malformed),
	        cmocka_unit_test(test_mutations),  cmocka_unit_test(test_rotation),
	        cmocka_unit_test(test_refused),    cmocka_unit_test(test_length),
	        cmocka_unit_test(test_message),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
