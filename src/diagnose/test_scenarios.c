/*
 * Replays the scenario files of tests/scenarios: a domain, its zone as text, faults, and
 * what the check must say (tests/scenarios/README.md has the format). Arguments: files
 * or folders; without any, the whole folder.
 */
#include "diagnose/diagnose.h"
#include "diagnose/scenario.h"

#include "base/file.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

struct tally {
	int run, failed;
};

static void run_one(const char *path, struct tally *t)
{
	AUTO(arena) a = {0};
	struct err err = {0};

	t->run++;
	if (scenario_run(&a, path, &err)) {
		printf("ok %d - %s\n", t->run, path);
		return;
	}
	t->failed++;
	printf("not ok %d - %s\n# %s\n", t->run, path, err.text);
}

static int by_name(const struct dirent **x, const struct dirent **y)
{
	return strcmp((*x)->d_name, (*y)->d_name);
}

static void run_path(const char *path, struct tally *t)
{
	struct dirent **entries;
	struct stat st;
	int n;

	if (stat(path, &st) != 0 || !S_ISDIR(st.st_mode)) {
		run_one(path, t);
		return;
	}
	n = scandir(path, &entries, NULL, by_name);
	for (int i = 0; i < n; i++) {
		char below[4096];
		const char *name = entries[i]->d_name;

		snprintf(below, sizeof(below), "%s/%s", path, name);
		if (name[0] != '.' && stat(below, &st) == 0 &&
		    (S_ISDIR(st.st_mode) || strstr(name, ".scenario")))
			run_path(below, t);
		free(entries[i]);
	}
	free(entries);
}

int main(int argc, char **argv)
{
	struct tally t = {0};
	char folder[4096];
	const char *source = getenv("SIGNET_SOURCE");

	if (argc < 2) {
		snprintf(folder, sizeof(folder), "%s/tests/scenarios",
		         source ? source : ".");
		run_path(folder, &t);
	}
	for (int i = 1; i < argc; i++)
		run_path(argv[i], &t);
	printf("1..%d\n", t.run);
	return t.run == 0 || t.failed ? 1 : 0;
}
