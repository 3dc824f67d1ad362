#include "crypto/pem.h"

int pem_no_pass_phrase(char *buffer, int size, int is_writing, void *arg)
{
	(void)buffer;
	(void)size;
	(void)is_writing;
	(void)arg;
	return -1;
}
