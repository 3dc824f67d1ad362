/* What both clients share: libcurl made ready once in a process, and a handle that knows
 * nothing of the environment. */
#pragma once

#include <curl/curl.h>

#include "base/err.h"

/* Makes libcurl ready, once; curl_handle() does it by itself. */
void curl_init(void);
/* A handle with the settings of all requests; never NULL. */
CURL *curl_handle(char error[CURL_ERROR_SIZE], long connect_ms, long timeout_ms);
/* Drops the handle at the end of the scope. */
#define AUTO_CURL __attribute__((cleanup(curl_handle_drop)))
void curl_handle_drop(CURL **handle);

/* Drops the list at the end of the scope. */
#define AUTO_SLIST __attribute__((cleanup(curl_list_drop)))
void curl_list_drop(struct curl_slist **list);
/* Adds a copy of the text at the end. */
void curl_list_add(struct curl_slist **list, const char *text);
