/* DKIM key records from DNS; a record that can be used holds a key. */
#include "auth/dkim_key.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	AUTO(arena) a = {0};
	struct str text = {(const char *)bytes, n};
	struct dkim_key key;

	if (n > 64 * 1024)
		return 0;
	dkim_key_parse(&a, text, &key);
	need(key.status != DKIM_KEY_USABLE || key.has_key);
	need(dkim_key_reason(key.status));
	for (size_t i = 0; i < key.problems.n; i++)
		need(key.problems.v[i].at <= n);
	(void)dkim_key_is_meant(&a, text);
	return 0;
}
