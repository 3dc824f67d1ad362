#include "fetch/curl.h"

#include <pthread.h>

static void init_once(void)
{
	need(curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK);
}

void curl_init(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	need(pthread_once(&once, init_once) == 0);
}

CURL *curl_handle(char error[CURL_ERROR_SIZE], long connect_ms, long timeout_ms)
{
	CURL *handle;

	curl_init();
	handle = curl_easy_init();
	need(handle);
	error[0] = 0;
	curl_easy_setopt(handle, CURLOPT_ERRORBUFFER, error);
	curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(handle, CURLOPT_PROXY, "");
	curl_easy_setopt(handle, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
	curl_easy_setopt(handle, CURLOPT_CONNECTTIMEOUT_MS, connect_ms);
	curl_easy_setopt(handle, CURLOPT_TIMEOUT_MS, timeout_ms);
	return handle;
}

void curl_handle_drop(CURL **handle)
{
	curl_easy_cleanup(*handle);
}

void curl_list_drop(struct curl_slist **list)
{
	curl_slist_free_all(*list);
}

void curl_list_add(struct curl_slist **list, const char *text)
{
	*list = curl_slist_append(*list, text);
	need(*list);
}
