#include "core/seen_digest.h"

#include <stdlib.h>

#include "base/buf.h"
#include "crypto/sha256.h"

enum { SEEN_MAX = 4 * 1024 * 1024 };

static int compare(const void *a, const void *b)
{
	return str_cmp(*(const struct str *)a, *(const struct str *)b);
}

static void add_found(struct arena *a, struct buf *b, const struct verdict_record *r)
{
	struct str *v = ARENA_ARRAY(a, struct str, r->found_count + 1);

	for (size_t i = 0; i < r->found_count; i++)
		v[i] = arena_printf(a, "%.*s %s %.*s",
		                    STR_ARG(r->found[i].record.owner),
		                    dns_type_name(r->found[i].record.type),
		                    STR_ARG(dns_record_format(a, &r->found[i].record)));
	qsort(v, r->found_count, sizeof(*v), compare);
	for (size_t i = 0; i < r->found_count; i++)
		buf_printf(b, " found %.*s\n", STR_ARG(v[i]));
}

static void add_record(struct arena *a, struct buf *b, const struct verdict_record *r)
{
	buf_printf(b, "%s %.*s %s\n", dns_type_name(r->plan->type),
	           STR_ARG(r->plan->name), record_status_name(r->status));
	add_found(a, b, r);
	if (r->status == RECORD_VERIFIED)
		return;
	for (size_t i = 0; i < r->diagnoses.n; i++)
		buf_printf(b, " because %s %.*s\n", r->diagnoses.v[i].code,
		           STR_ARG(r->diagnoses.v[i].message));
}

struct str seen_digest(struct arena *a, const struct verdict *v)
{
	AUTO(arena) work = {0};
	AUTO(buf) b = {.max = SEEN_MAX};
	AUTO(sha256) h = {0};
	uint8_t digest[SHA256_BYTES];
	char *text = arena_alloc(a, 2 * SHA256_BYTES + 1);

	for (size_t i = 0; i < v->record_count; i++)
		add_record(&work, &b, &v->records[i]);
	sha256_init(&h);
	sha256_add(&h, buf_str(&b));
	sha256_finish(&h, digest);
	for (size_t i = 0; i < SHA256_BYTES; i++) {
		text[2 * i] = "0123456789abcdef"[digest[i] >> 4];
		text[2 * i + 1] = "0123456789abcdef"[digest[i] & 15];
	}
	return (struct str){text, 2 * SHA256_BYTES};
}
