/* What a token and its record cost, on one core: microseconds each. `bench_token` */
#include "base/clock.h"
#include "track/classify.h"
#include "track/token_keys.h"

#include <stdio.h>
#include <string.h>

enum { TIMES = 400 * 1000 };

static void print(const char *what, int64_t began)
{
	printf("%-28s %6.3f us\n", what,
	       (double)(clock_cpu_us() - began) / (double)TIMES);
}

int main(void)
{
	static char url[201], scratch[TOKEN_SCRATCH], record[TRACK_RECORD_MAX];
	struct token_keys keys = {0};
	struct buf out = {.max = 4096};
	struct str host = STR("track.acme.example");
	struct token token = {.tenant = 42, .message = token_message(clock_now(), 7)};
	struct tokens *tokens;
	struct track_event e;
	size_t sum = 0;
	struct err err;
	int64_t began;

	need(token_keys_add(&keys, clock_now(), &err));
	tokens = tokens_new(&keys);
	memset(url, 'x', sizeof(url) - 1);
	memcpy(url, "https://acme.example/", 21);
	token.text = str_c(url);
	began = clock_cpu_us();
	for (int i = 0; i < TIMES; i++) {
		buf_reset(&out);
		need(token_seal(tokens, &token, host, &out, &err));
	}
	print("seal a 200-byte URL", began);
	began = clock_cpu_us();
	for (int i = 0; i < TIMES; i++)
		need(token_open(tokens, host, buf_str(&out), scratch, &token) ==
		     TOKEN_OK);
	print("open it", began);
	e = (struct track_event){.type = TRACK_CLICK,
	                         .at = clock_now(),
	                         .message = token.message,
	                         .host = host,
	                         .text = token.text,
	                         .agent = STR("Mozilla/5.0 (X11; Linux x86_64)")};
	began = clock_cpu_us();
	for (int i = 0; i < TIMES; i++)
		sum += track_event_encode(&e, record);
	print("write its record", began);
	began = clock_cpu_us();
	for (int i = 0; i < TIMES; i++)
		need(track_event_decode((struct str){record, sum / TIMES}, &e));
	print("read it", began);
	tokens_free(tokens);
	token_keys_done(&keys);
	buf_done(&out);
	return 0;
}
