#include "base/need.h"

#include <stdio.h>
#include <stdlib.h>

void need_failed(const char *expr, const char *file, int line)
{
	fprintf(stderr, "signet: bug: need(%s) at %s:%d\n", expr, file, line);
	abort();
}
