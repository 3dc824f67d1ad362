/* The parts of the edge by themselves: certificates, accounts and hosts, pages; and that
 * no spoiled token leads anywhere. */
#include "base/clock.h"
#include "base/random.h"
#include "edge/tls_cache.h"
#include "edge/pages.h"
#include "edge/profile.h"
#include "track/token.h"
#include "track/token_keys.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/sha.h>
#include <openssl/x509.h>

#include "base/base64.h"

struct asks {
	int n;
	bool refuses;
	char last[256];
};

static bool ask(void *arg, struct str host)
{
	struct asks *asks = arg;

	asks->n++;
	snprintf(asks->last, sizeof(asks->last), "%.*s", STR_ARG(host));
	return !asks->refuses;
}

static int woken;

static void on_ready(struct tls_waiter *waiter)
{
	(void)waiter;
	woken++;
}

static struct str take_der(struct arena *a, unsigned char *p, int n)
{
	struct str der = arena_dup(a, (struct str){(const char *)p, (size_t)n});

	OPENSSL_free(p);
	return der;
}

/* One that is valid for `seconds` from now; negative: it was. */
static struct tls_pair *make_pair(long seconds)
{
	static EVP_PKEY *key;
	AUTO(arena) a = {0};
	X509 *x = X509_new();
	unsigned char *p = NULL, *q = NULL;
	struct str certificate, der;
	struct tls_pair *pair;
	struct err err;
	int n;

	if (!key)
		key = EVP_EC_gen("P-256");
	X509_set_version(x, 2);
	X509_gmtime_adj(X509_getm_notBefore(x), -7200);
	X509_gmtime_adj(X509_getm_notAfter(x), seconds);
	X509_set_pubkey(x, key);
	assert_true(X509_sign(x, key, EVP_sha256()) > 0);
	n = i2d_X509(x, &p);
	certificate = take_der(&a, p, n);
	n = i2d_PrivateKey(key, &q);
	der = take_der(&a, q, n);
	X509_free(x);
	assert_true(tls_pair_new(certificate, der, &pair, &err));
	return pair;
}

static enum tls_found look(struct tls_cache *c, const char *host)
{
	struct tls_waiter waiter = {.ready = on_ready};
	struct tls_pair *pair = NULL;
	enum tls_found found = tls_cache_find(c, str_c(host), &waiter, &pair);

	assert_int_equal(found == TLS_FOUND, pair != NULL);
	assert_int_equal(found == TLS_LATER, waiter.link != NULL);
	tls_waiter_remove(&waiter);
	return found;
}

static void test_certificates(void **state)
{
	struct asks asks = {0};
	struct tls_cache *c = tls_cache_new(
	        &(struct tls_cache_options){.max = 2, .ask = ask, .arg = &asks});
	struct tls_waiter one = {.ready = on_ready}, two = {.ready = on_ready};
	struct tls_pair *pair;

	(void)state;
	woken = 0;
	/* Asked once, however many wait. */
	assert_int_equal(tls_cache_find(c, STR("a.example"), &one, &pair), TLS_LATER);
	assert_int_equal(tls_cache_find(c, STR("a.example"), &two, &pair), TLS_LATER);
	assert_int_equal(asks.n, 1);
	assert_string_equal(asks.last, "a.example");
	tls_cache_put(c, STR("a.example"), make_pair(3600));
	assert_int_equal(woken, 2);
	assert_int_equal(look(c, "a.example"), TLS_FOUND);
	/* The least recently used goes. */
	assert_int_equal(look(c, "b.example"), TLS_LATER);
	tls_cache_put(c, STR("b.example"), make_pair(3600));
	assert_int_equal(look(c, "a.example"), TLS_FOUND);
	assert_int_equal(look(c, "c.example"), TLS_LATER);
	tls_cache_put(c, STR("c.example"), make_pair(3600));
	assert_int_equal(tls_cache_stats(c).kept, 2);
	assert_int_equal(look(c, "a.example"), TLS_FOUND);
	assert_int_equal(look(c, "b.example"), TLS_LATER);
	/* Nobody asked for this one. */
	tls_cache_put(c, STR("z.example"), make_pair(3600));
	assert_int_equal(tls_cache_stats(c).kept, 2);
	/* Changed: asked again; changed while asked: the answer is not taken. */
	tls_cache_drop(c, STR("a.example"));
	asks.n = 0;
	assert_int_equal(look(c, "a.example"), TLS_LATER);
	tls_cache_drop(c, STR("a.example"));
	tls_cache_put(c, STR("a.example"), make_pair(3600));
	assert_int_equal(asks.n, 2);
	assert_int_equal(look(c, "a.example"), TLS_LATER);
	tls_cache_put(c, STR("a.example"), make_pair(3600));
	assert_int_equal(look(c, "a.example"), TLS_FOUND);
	tls_cache_free(c);
}

static void test_no_certificates(void **state)
{
	struct asks asks = {0};
	struct tls_cache *c = tls_cache_new(
	        &(struct tls_cache_options){.max = 2, .ask = ask, .arg = &asks});
	char host[64];

	(void)state;
	assert_int_equal(look(c, "a.example"), TLS_LATER);
	tls_cache_put(c, STR("a.example"), NULL);
	assert_int_equal(look(c, "a.example"), TLS_UNKNOWN);
	assert_int_equal(asks.n, 1);
	/* It has got one. */
	tls_cache_drop(c, STR("a.example"));
	assert_int_equal(look(c, "a.example"), TLS_LATER);
	tls_cache_fail(c, STR("a.example"));
	assert_int_equal(look(c, "a.example"), TLS_UNKNOWN);
	/* A flood of names: so many questions at a time, so many absences. */
	asks.n = 0;
	for (int i = 0; i < 3 * TLS_CACHE_ASKED_MAX; i++) {
		snprintf(host, sizeof(host), "%d.example", i);
		look(c, host);
	}
	assert_int_equal(asks.n, TLS_CACHE_ASKED_MAX);
	for (int i = 0; i < 3 * TLS_CACHE_NONE_MAX; i++) {
		snprintf(host, sizeof(host), "%d.example", i);
		look(c, host);
		tls_cache_put(c, str_c(host), NULL);
	}
	assert_int_equal(tls_cache_stats(c).none, TLS_CACHE_NONE_MAX);
	assert_int_equal(tls_cache_stats(c).asked, 0);
	/* Keys is not there. */
	asks.refuses = true;
	assert_int_equal(look(c, "new.example"), TLS_UNKNOWN);
	assert_int_equal(tls_cache_stats(c).asked, 0);
	tls_cache_free(c);
}

static void test_expired(void **state)
{
	struct asks asks = {0};
	struct tls_cache *c = tls_cache_new(
	        &(struct tls_cache_options){.max = 2, .ask = ask, .arg = &asks});

	(void)state;
	assert_int_equal(look(c, "a.example"), TLS_LATER);
	tls_cache_put(c, STR("a.example"), make_pair(-3600));
	assert_int_equal(look(c, "a.example"), TLS_FOUND);
	tls_cache_free(c);
}

static void set_host(struct profile *p, const char *host, uint64_t account)
{
	profile_set_host(p, &(struct profile_host){.host = str_c(host),
	                                           .account = account,
	                                           .apple = STR("{}")});
}

static void test_profile(void **state)
{
	struct profile *p = profile_new();
	struct profile_account account = {5, STR("Acme"), STR("en"), TRACK_IP_FULL};
	char name[64];

	(void)state;
	assert_false(profile_is_complete(p));
	profile_start(p);
	profile_set_account(p, &account);
	set_host(p, "a.example", 5);
	/* Nothing of it counts before its end. */
	assert_null(profile_find_host(p, STR("a.example")));
	assert_int_equal(profile_ip(p, 5), TRACK_IP_NONE);
	profile_done(p);
	assert_true(profile_is_complete(p));
	assert_int_equal(profile_ip(p, 5), TRACK_IP_FULL);
	assert_int_equal(profile_ip(p, 6), TRACK_IP_NONE);
	assert_int_equal(profile_find_host(p, STR("a.example"))->account, 5);
	set_host(p, "a.example", 0);
	assert_null(profile_find_host(p, STR("a.example")));
	/* The next table replaces this one as a whole. */
	profile_start(p);
	assert_int_equal(profile_ip(p, 5), TRACK_IP_FULL);
	profile_start(p);
	set_host(p, "b.example", 7);
	profile_done(p);
	assert_int_equal(profile_ip(p, 5), TRACK_IP_NONE);
	assert_non_null(profile_find_host(p, STR("b.example")));
	/* Changes without end do not grow it. */
	profile_set_account(p, &account);
	for (int i = 0; i < 200000; i++) {
		snprintf(name, sizeof(name), "%d.example", i % 100);
		set_host(p, name, (uint64_t)i);
	}
	assert_int_equal(profile_find_host(p, STR("99.example"))->account, 199999);
	assert_true(str_eq(profile_find_account(p, 5)->name, STR("Acme")));
	profile_free(p);
}

static void expect(struct str page, const char *text)
{
	if (str_find(page, str_c(text)) < 0)
		fail_msg("no %s: %.*s", text, STR_ARG(page));
}

static void test_pages(void **state)
{
	AUTO(arena) a = {0};
	const struct page page = {.name = STR("A<b>&\""),
	                          .language = STR("xx-YY"),
	                          .address = STR("\"><script>@a.example"),
	                          .host = STR("acme.example"),
	                          .contact = STR("https://acme.example/\"><script>")};

	(void)state;
	for (size_t i = 0; i < page_language_count(); i++)
		assert_null(page_missing_text(i));
	for (int i = 0; i < PAGE_KINDS; i++) {
		struct str html = page_make(&a, (enum page_kind)i, &page), style,
		           digest;
		unsigned char hash[SHA256_DIGEST_LENGTH];
		ptrdiff_t from = str_find(html, STR("<style>")),
		          to = str_find(html, STR("</style>"));

		expect(html, "<html lang=\"en\">");
		assert_true(str_find(html, STR("<script")) < 0);
		/* The policy lets this style in, and nothing else. */
		style = str_slice(html, (size_t)from + 7, (size_t)(to - from) - 7);
		SHA256((const unsigned char *)style.p, style.n, hash);
		digest = base64_encode(&a, (struct str){(char *)hash, sizeof(hash)});
		expect(page_fields((enum page_kind)i),
		       arena_printf(&a, "style-src 'sha256-%.*s';", STR_ARG(digest)).p);
	}
	expect(page_make(&a, PAGE_UNSUBSCRIBE, &page), "from A&lt;b&gt;&amp;&quot;?");
	expect(page_make(&a, PAGE_UNSUBSCRIBE, &(struct page){.name = STR_NONE}),
	       "from the sender?");
	assert_true(str_eq(page_host_of(STR("https://acme.example:8/x?y")),
	                   STR("acme.example:8")));
	assert_true(str_eq(page_host_of(STR("http://acme.example?y")),
	                   STR("acme.example")));
}

struct spoil {
	struct tokens *tokens;
	struct str text; /* a good token */
	char scratch[TOKEN_SCRATCH];
};

/* Changes, cuts or lengthens it. */
static struct str mutate(struct str text, char *out)
{
	static const char alphabet[] =
	        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
	size_t n = text.n, at;

	memcpy(out, text.p, n);
	switch (random_below(8)) {
	case 0: /* cut */
		return (struct str){out, random_below((uint32_t)n)};
	case 1: /* longer */
		out[n++] = alphabet[random_below(64)];
		break;
	case 2: /* any byte */
		out[random_below((uint32_t)n)] = (char)random_below(256);
		break;
	case 3: /* two parts change places */
		at = 1 + random_below((uint32_t)n - 1);
		memcpy(out, text.p + at, n - at);
		memcpy(out + n - at, text.p, at);
		break;
	case 4: /* another key */
		out[0] = alphabet[random_below(64)];
		break;
	default:
		for (uint32_t i = 1 + random_below(4); i > 0; i--)
			out[random_below((uint32_t)n)] = alphabet[random_below(64)];
	}
	return (struct str){out, n};
}

/* Issue of the edge: forged, truncated, future-key tokens: a million of them, and none
 * leads to a place that was not sealed. */
static void test_spoiled_tokens(void **state)
{
	static struct spoil s;
	static char spoiled[TOKEN_CHARS_MAX + 2];
	AUTO(token_keys) keys = {0};
	AUTO(buf) text = {.max = 8192};
	struct token token = {.kind = TOKEN_CLICK,
	                      .tenant = 42,
	                      .message = 7,
	                      .text = STR("https://acme.example/offers/spring?a=b")};
	struct token opened;
	struct err err;

	(void)state;
	assert_true(token_keys_add(&keys, 0, &err) && token_keys_add(&keys, 1, &err));
	s.tokens = tokens_new(&keys);
	assert_true(token_seal(s.tokens, &token, STR("t.example"), &text, &err));
	s.text = buf_str(&text);
	for (int i = 0; i < 1000000; i++) {
		struct str other = mutate(s.text, spoiled);

		if (token_open(s.tokens, STR("t.example"), other, s.scratch, &opened) !=
		    TOKEN_OK)
			continue;
		/* It happens that a change changes nothing. */
		assert_true(str_eq(other, s.text));
		assert_true(str_eq(opened.text, token.text));
	}
	assert_int_not_equal(
	        token_open(s.tokens, STR("u.example"), s.text, s.scratch, &opened),
	        TOKEN_OK);
	assert_int_equal(
	        token_open(s.tokens, STR("t.example"), s.text, s.scratch, &opened),
	        TOKEN_OK);
	tokens_free(s.tokens);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_certificates),
	        cmocka_unit_test(test_no_certificates),
	        cmocka_unit_test(test_expired),
	        cmocka_unit_test(test_profile),
	        cmocka_unit_test(test_pages),
	        cmocka_unit_test(test_spoiled_tokens),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
