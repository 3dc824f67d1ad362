/*
 * Replays seed files through a fuzz target, so that every seed (and every finding of
 * the past) is an ordinary test. Arguments: files, or folders of files.
 */
#include "fuzz.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

static int run_file(const char *path)
{
	FILE *f = fopen(path, "rb");
	uint8_t *bytes = malloc(1 << 20);
	size_t n;

	if (!f || !bytes) {
		fprintf(stderr, "%s: cannot be read\n", path);
		exit(1);
	}
	n = fread(bytes, 1, 1 << 20, f);
	fclose(f);
	LLVMFuzzerTestOneInput(bytes, n);
	free(bytes);
	return 1;
}

static int run_folder(const char *path)
{
	DIR *folder = opendir(path);
	struct dirent *entry;
	int count = 0;

	if (!folder) {
		fprintf(stderr, "%s: no such folder\n", path);
		exit(1);
	}
	while ((entry = readdir(folder))) {
		char file[4096];

		if (entry->d_name[0] == '.')
			continue;
		snprintf(file, sizeof(file), "%s/%s", path, entry->d_name);
		count += run_file(file);
	}
	closedir(folder);
	return count;
}

int main(int argc, char **argv)
{
	int count = 0;

	for (int i = 1; i < argc; i++) {
		struct stat st;

		if (stat(argv[i], &st) == 0 && S_ISDIR(st.st_mode))
			count += run_folder(argv[i]);
		else
			count += run_file(argv[i]);
	}
	printf("%d seeds replayed\n", count);
	return count ? 0 : 1;
}
