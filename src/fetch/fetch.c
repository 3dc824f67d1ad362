#include "fetch/fetch.h"

#include "base/buf.h"
#include "fetch/curl.h"

#include <string.h>

enum {
	CONNECT_MS = 10 * 1000,
	TIMEOUT_MS = 60 * 1000,
	RETRY_AFTER_MAX = 24 * 3600,
	BODY_MAX = 1 << 30, /* of what is sent */
};

static size_t take_body(char *bytes, size_t size, size_t n, void *arg)
{
	struct buf *body = arg;

	buf_add(body, (struct str){bytes, size * n});
	return body->overflowed ? 0 : n;
}

/* Whether the URL is one that libcurl reads, and of HTTP. */
static bool check_url(const char *url, struct err *err)
{
	struct str text = str_c(url);

	if (!str_starts_nocase(text, STR("http://")) &&
	    !str_starts_nocase(text, STR("https://")))
		return err_set(err, ERR_USAGE, "%.100s: no http:// or https:// URL",
		               url);
	return true;
}

static void set_request(CURL *handle, const struct fetch_request *r,
                        struct curl_slist **headers)
{
	bool has_body = r->body.n || strcmp(r->method, "POST") == 0 ||
	                strcmp(r->method, "PUT") == 0 ||
	                strcmp(r->method, "PATCH") == 0;

	need(r->body.n <= BODY_MAX);
	curl_easy_setopt(handle, CURLOPT_URL, r->url);
	curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(handle, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(handle, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	if (has_body) {
		curl_easy_setopt(handle, CURLOPT_POSTFIELDS,
		                 r->body.n ? r->body.p : "");
		curl_easy_setopt(handle, CURLOPT_POSTFIELDSIZE_LARGE,
		                 (curl_off_t)r->body.n);
		/* No 100-continue: the body follows at once. */
		curl_list_add(headers, "Expect:");
	}
	if (strcmp(r->method, "HEAD") == 0)
		curl_easy_setopt(handle, CURLOPT_NOBODY, 1L);
	else
		curl_easy_setopt(handle, CURLOPT_CUSTOMREQUEST, r->method);
	for (size_t i = 0; i < r->header_count; i++)
		curl_list_add(headers, r->headers[i]);
	curl_easy_setopt(handle, CURLOPT_HTTPHEADER, *headers);
	if (r->ca_file)
		curl_easy_setopt(handle, CURLOPT_CAINFO, r->ca_file);
}

/* "127.0.0.1:8025: Connection refused", whatever libcurl makes of it. */
static bool fail(const struct fetch_request *r, CURLcode code, const char *error,
                 const struct buf *body, struct err *err)
{
	if (body->overflowed)
		return err_set(err, ERR_UNAVAILABLE,
		               "%.200s: the answer is larger than %zu bytes", r->url,
		               r->answer_max);
	if (code == CURLE_URL_MALFORMAT || code == CURLE_UNSUPPORTED_PROTOCOL)
		return err_set(err, ERR_USAGE, "%.200s: no URL", r->url);
	return err_set(err, ERR_UNAVAILABLE, "%.200s: %s", r->url,
	               error[0] ? error : curl_easy_strerror(code));
}

static void read_answer(struct arena *a, CURL *handle, const struct buf *body,
                        struct fetch_answer *out)
{
	curl_off_t after = 0;
	const char *type = NULL;
	long status = 0;

	curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &status);
	curl_easy_getinfo(handle, CURLINFO_CONTENT_TYPE, &type);
	curl_easy_getinfo(handle, CURLINFO_RETRY_AFTER, &after);
	*out = (struct fetch_answer){
	        .status = (int)status,
	        .type = arena_dup(a, str_c(type)),
	        .body = arena_dup(a, buf_str(body)),
	        .retry_after_s = after > RETRY_AFTER_MAX ? RETRY_AFTER_MAX : after,
	};
}

bool fetch(struct arena *a, const struct fetch_request *request,
           struct fetch_answer *out, struct err *err)
{
	char error[CURL_ERROR_SIZE];
	AUTO(buf) body = {.max = request->answer_max};
	AUTO_SLIST struct curl_slist *headers = NULL;
	AUTO_CURL CURL *handle = NULL;
	CURLcode code;

	if (!check_url(request->url, err))
		return false;
	handle = curl_handle(error,
	                     request->connect_ms ? request->connect_ms : CONNECT_MS,
	                     request->timeout_ms ? request->timeout_ms : TIMEOUT_MS);
	set_request(handle, request, &headers);
	curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, take_body);
	curl_easy_setopt(handle, CURLOPT_WRITEDATA, &body);
	code = curl_easy_perform(handle);
	if (code != CURLE_OK)
		return fail(request, code, error, &body, err);
	read_answer(a, handle, &body, out);
	return true;
}

static bool is_unreserved(char c)
{
	return char_is_alnum(c) || c == '-' || c == '.' || c == '_' || c == '~';
}

struct str fetch_escape(struct arena *a, struct str text)
{
	static const char digits[] = "0123456789ABCDEF";
	char *to = arena_bytes(a, text.n * 3 + 1);
	size_t n = 0;

	for (size_t i = 0; i < text.n; i++) {
		unsigned char c = (unsigned char)text.p[i];

		if (is_unreserved(text.p[i])) {
			to[n++] = text.p[i];
			continue;
		}
		to[n++] = '%';
		to[n++] = digits[c >> 4];
		to[n++] = digits[c & 15];
	}
	to[n] = 0;
	return (struct str){to, n};
}
