/* Chains of certificates in PEM and in DER: what is read once is read again from what is
 * written, its parts are there, and checking it against a key that cannot be its own
 * never succeeds. */
#include "crypto/certificate.h"
#include "fuzz.h"

static const struct tls_key *some_key(void)
{
	static struct tls_key *key;
	struct err err;

	if (!key)
		need(tls_key_generate(&key, &err));
	return key;
}

static void check(struct arena *a, const struct certificate_chain *chain)
{
	struct certificate_chain again;
	struct str pem, rest = chain->own.names, name;
	struct err err;
	size_t sum = 0;

	need(chain->n >= 1 && chain->n <= CHAIN_MAX);
	for (size_t i = 0; i < chain->n; i++)
		sum += certificate_chain_at(chain, i).n;
	need(sum == chain->der.n);
	need(certificate_chain_format(a, chain, &pem, &err));
	need(certificate_chain_parse(a, pem, &again, &err));
	need(str_eq(again.der, chain->der) && again.n == chain->n);
	while (str_cut_word(&rest, &name))
		need(str_starts(name, STR("*.")) ||
		     (tls_host_is_valid(name) &&
		      certificate_has_name(&chain->own, name)));
	need(!certificate_chain_check(chain, some_key(), STR("a.example"), 0, &err));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	AUTO(arena) a = {0};
	struct str text = {(const char *)bytes, n};
	struct certificate_chain chain;
	struct tls_key *key;
	struct err err;

	if (certificate_chain_parse(&a, text, &chain, &err))
		check(&a, &chain);
	if (certificate_chain_decode(&a, text, &chain, &err))
		check(&a, &chain);
	if (tls_key_parse(text, &key, &err))
		tls_key_free(key);
	return 0;
}
