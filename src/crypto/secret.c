#include "crypto/secret.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <openssl/crypto.h>

void secret_set(struct secret *s, const void *bytes, size_t n)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	void *p;

	secret_done(s);
	need(n <= SIZE_MAX - page);
	s->mapped = (n / page + 1) * page;
	p = mmap(NULL, s->mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
	         -1, 0);
	need(p != MAP_FAILED);
	/* Where the limit on locked memory is used up the page may be swapped, no more.
	 */
	(void)!mlock(p, s->mapped);
	(void)!madvise(p, s->mapped, MADV_DONTDUMP);
	s->p = p;
	s->n = n;
	if (n)
		memcpy(s->p, bytes, n);
}

struct str secret_str(const struct secret *s)
{
	return (struct str){(const char *)s->p, s->n};
}

void secret_done(struct secret *s)
{
	if (s->p) {
		OPENSSL_cleanse(s->p, s->mapped);
		munmap(s->p, s->mapped);
	}
	*s = (struct secret){0};
}
