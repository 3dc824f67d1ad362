#include "core/test_place.h"

#include <dirent.h>

#include "store/account.h"

static void on_limit(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	fail_msg("waited in vain for %s", (char *)arg);
}

struct event *test_limit(struct event_base *base, char *awaited)
{
	const struct timeval tv = {MINUTE / 1000, 0};
	struct event *limit = evtimer_new(base, on_limit, awaited);

	assert_non_null(limit);
	evtimer_add(limit, &tv);
	return limit;
}

void test_run_turns(struct event_base *base, int n)
{
	for (int i = 0; i < n; i++)
		event_base_loop(base, EVLOOP_NONBLOCK);
}

void test_folder_make(char folder[64], const char *name)
{
	snprintf(folder, 64, "/tmp/signet-%s-XXXXXX", name);
	assert_non_null(mkdtemp(folder));
}

void test_folder_remove(const char *path)
{
	DIR *folder = opendir(path);
	struct dirent *entry;
	char below[512];

	while (folder && (entry = readdir(folder))) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(below, sizeof(below), "%s/%s", path, entry->d_name);
		if (unlink(below) != 0)
			test_folder_remove(below);
	}
	if (folder)
		closedir(folder);
	assert_int_equal(rmdir(path), 0);
}

void test_store_open(struct store *store, const char *folder)
{
	char path[96];

	snprintf(path, sizeof(path), "%s/signet.db", folder);
	OK(store_open(store, path, &err));
}

int64_t test_account(struct store *store)
{
	const struct account_row row = {.name = STR("A"),
	                                .owner_email = STR("a@a.example"),
	                                .region = STR("us"),
	                                .language = STR("en")};
	int64_t id;

	OK(account_add(store, &row, &id, &err));
	return id;
}

struct resolver *test_resolver(uint16_t port)
{
	char address[32];
	struct str server;
	const struct resolver_options options = {
	        .servers = {&server, 1, 1},
                  .timeout_ms = 20000
        };
	struct resolver *out;

	snprintf(address, sizeof(address), "127.0.0.1:%d", port);
	server = str_c(address);
	OK(resolver_new(&options, &out, &err));
	return out;
}
