#include "fetch/smtp.h"

#include "fetch/curl.h"
#include "fetch/fetch.h"

#include <stdio.h>
#include <string.h>

enum {
	CONNECT_MS = 10 * 1000,
	TIMEOUT_MS = 60 * 1000,
	GOODBYE = 221,
};

/* Where in the text libcurl's next piece begins, and the relay's last answer. */
struct sending {
	const struct iov *text;
	size_t piece, offset;
	struct smtp_result *result;
};

static size_t give_text(char *into, size_t size, size_t n, void *arg)
{
	struct sending *s = arg;
	size_t room = size * n, put = 0;

	while (put < room && s->piece < s->text->n) {
		struct str rest = str_from(iov_piece(s->text, s->piece), s->offset);
		size_t part = rest.n < room - put ? rest.n : room - put;

		memcpy(into + put, rest.p, part);
		put += part;
		s->offset += part;
		if (part == rest.n) {
			s->piece++;
			s->offset = 0;
		}
	}
	return put;
}

/* libcurl hands each answer line as a header: the last one is what counts, without that
 * to its QUIT. */
static size_t take_answer(char *line, size_t size, size_t n, void *arg)
{
	struct sending *s = arg;
	struct str text = str_trim((struct str){line, size * n});
	uint64_t code;

	if (!str_parse_uint(str_slice(text, 0, 3), 599, &code) || code == GOODBYE)
		return size * n;
	s->result->code = (int)code;
	snprintf(s->result->text, sizeof(s->result->text), "%.*s", STR_ARG(text));
	return size * n;
}

/* An address that would end its line, or its angle brackets, is none. */
static bool can_be_said(const char *address)
{
	for (; *address; address++)
		if ((unsigned char)*address <= ' ' || *address == 0x7f ||
		    *address == '<' || *address == '>')
			return false;
	return true;
}

static bool check_addresses(const struct smtp_letter *letter,
                            struct smtp_result *result)
{
	bool ok = letter->to_count > 0 && can_be_said(letter->from);

	for (size_t i = 0; i < letter->to_count; i++)
		ok = ok && letter->to[i][0] && can_be_said(letter->to[i]);
	if (!ok) {
		result->outcome = SMTP_REFUSED;
		snprintf(result->text, sizeof(result->text),
		         "an address that SMTP cannot carry");
	}
	return ok;
}

static const char *bracketed(struct arena *a, const char *address)
{
	return arena_printf(a, "<%s>", address).p;
}

/* What follows the slash is the name that EHLO says. */
static const char *relay_url(struct arena *a, const struct smtp_letter *letter)
{
	struct str hello = fetch_escape(a, str_c(letter->hello));

	return arena_printf(a, "smtp://%s/%.*s", letter->relay, STR_ARG(hello)).p;
}

static void set_letter(struct arena *a, CURL *handle, const struct smtp_letter *letter,
                       struct curl_slist **to)
{
	curl_easy_setopt(handle, CURLOPT_URL, relay_url(a, letter));
	curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "smtp");
	curl_easy_setopt(handle, CURLOPT_USE_SSL, (long)CURLUSESSL_TRY);
	curl_easy_setopt(handle, CURLOPT_SSL_VERIFYPEER, 0L);
	curl_easy_setopt(handle, CURLOPT_SSL_VERIFYHOST, 0L);
	curl_easy_setopt(handle, CURLOPT_MAIL_FROM, bracketed(a, letter->from));
	for (size_t i = 0; i < letter->to_count; i++)
		curl_list_add(to, bracketed(a, letter->to[i]));
	curl_easy_setopt(handle, CURLOPT_MAIL_RCPT, *to);
	curl_easy_setopt(handle, CURLOPT_UPLOAD, 1L);
}

static void set_callbacks(CURL *handle, struct sending *s)
{
	curl_easy_setopt(handle, CURLOPT_READFUNCTION, give_text);
	curl_easy_setopt(handle, CURLOPT_READDATA, s);
	curl_easy_setopt(handle, CURLOPT_HEADERFUNCTION, take_answer);
	curl_easy_setopt(handle, CURLOPT_HEADERDATA, s);
	/* Otherwise what is no header would go to standard output. */
	curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, take_answer);
	curl_easy_setopt(handle, CURLOPT_WRITEDATA, s);
}

/* The relay's own words where it refused, else why the talk ended. */
static void judge(struct smtp_result *result, CURLcode code, const char *error)
{
	if (code == CURLE_OK) {
		result->outcome = SMTP_ACCEPTED;
		return;
	}
	result->outcome = result->code >= 500 ? SMTP_REFUSED : SMTP_LATER;
	if (result->code < 400)
		snprintf(result->text, sizeof(result->text), "%s",
		         error[0] ? error : curl_easy_strerror(code));
}

struct smtp_result smtp_send(const struct smtp_letter *letter)
{
	char error[CURL_ERROR_SIZE];
	struct smtp_result result = {0};
	struct sending s = {.text = letter->text, .result = &result};
	AUTO(arena) a = {0};
	AUTO_SLIST struct curl_slist *to = NULL;
	AUTO_CURL CURL *handle = NULL;

	if (!check_addresses(letter, &result))
		return result;
	handle = curl_handle(error, CONNECT_MS,
	                     letter->timeout_ms ? letter->timeout_ms : TIMEOUT_MS);
	set_letter(&a, handle, letter, &to);
	set_callbacks(handle, &s);
	judge(&result, curl_easy_perform(handle), error);
	return result;
}
