#include "fetch/certificate.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <time.h>

enum { NAMES_MAX = 20 };

static const char *const trust_texts[] = {
#define X(name, text) [FETCH_TRUST_##name] = text,
        FETCH_TRUSTS(X)
#undef X
};

const char *fetch_trust_text(enum fetch_trust trust)
{
	need((size_t)trust < LEN(trust_texts));
	return trust_texts[trust];
}

bool trust_open(const char *ca_file, X509_STORE **out, struct err *err)
{
	X509_STORE *store = X509_STORE_new();

	need(store != NULL);
	/* A machine without authorities trusts nobody; that shows in every probe. */
	X509_STORE_load_file(store, "/etc/ssl/certs/ca-certificates.crt");
	ERR_clear_error();
	if (ca_file && X509_STORE_load_file(store, ca_file) != 1) {
		ERR_clear_error();
		X509_STORE_free(store);
		return err_set(err, ERR_INPUT, "%.200s: no certificates of authorities",
		               ca_file);
	}
	*out = store;
	return true;
}

static int64_t time_ms(const ASN1_TIME *t)
{
	struct tm tm;

	return ASN1_TIME_to_tm(t, &tm) ? (int64_t)timegm(&tm) * 1000 : 0;
}

static struct str asn1_text(struct arena *a, const ASN1_STRING *s)
{
	struct str text = {(const char *)ASN1_STRING_get0_data(s),
	                   (size_t)ASN1_STRING_length(s)};

	return arena_dup(a, str_slice(text, 0, 200));
}

/* The common name, else the organization. */
static struct str name_text(struct arena *a, const X509_NAME *name)
{
	static const int ids[] = {NID_commonName, NID_organizationName};

	for (size_t i = 0; i < LEN(ids); i++) {
		int at = X509_NAME_get_index_by_NID(name, ids[i], -1);

		if (at >= 0)
			return asn1_text(a, X509_NAME_ENTRY_get_data(
			                            X509_NAME_get_entry(name, at)));
	}
	return STR("an authority without a name");
}

static struct str names_text(struct arena *a, X509 *x)
{
	GENERAL_NAMES *list = X509_get_ext_d2i(x, NID_subject_alt_name, NULL, NULL);
	struct str out = STR_NONE;

	for (int i = 0; i < sk_GENERAL_NAME_num(list) && i < NAMES_MAX; i++) {
		const GENERAL_NAME *g = sk_GENERAL_NAME_value(list, i);

		if (g->type != GEN_DNS)
			continue;
		if (out.n)
			out = arena_join(a, out, STR(" "));
		out = arena_join(a, out, asn1_text(a, g->d.dNSName));
	}
	GENERAL_NAMES_free(list);
	return out.n ? out : STR("no name");
}

static enum fetch_trust trust_of(int error)
{
	switch (error) {
	case X509_V_OK:
		return FETCH_TRUST_GOOD;
	case X509_V_ERR_CERT_HAS_EXPIRED:
		return FETCH_TRUST_EXPIRED;
	case X509_V_ERR_CERT_NOT_YET_VALID:
		return FETCH_TRUST_NOT_YET;
	case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
		return FETCH_TRUST_SELF_SIGNED;
	case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
	case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
		return FETCH_TRUST_UNKNOWN_ISSUER;
	default:
		return FETCH_TRUST_OTHER;
	}
}

/* In place of OpenSSL's own verification: notes what that says, and lets it go on. */
static int note(X509_STORE_CTX *verify, void *arg)
{
	struct trust_look *look = arg;
	struct fetch_certificate *out = look->out;
	X509 *x = X509_STORE_CTX_get0_cert(verify);
	int error = X509_V_OK;

	if (X509_verify_cert(verify) != 1) {
		error = X509_STORE_CTX_get_error(verify);
		if (error == X509_V_OK)
			error = X509_V_ERR_UNSPECIFIED;
	}
	out->trust = trust_of(error);
	if (error != X509_V_OK)
		out->why =
		        arena_dup(look->a, str_c(X509_verify_cert_error_string(error)));
	out->names = names_text(look->a, x);
	out->issuer = name_text(look->a, X509_get_issuer_name(x));
	out->not_before = time_ms(X509_get0_notBefore(x));
	out->not_after = time_ms(X509_get0_notAfter(x));
	if (out->trust == FETCH_TRUST_GOOD &&
	    X509_check_host(x, look->host.p, look->host.n, 0, NULL) != 1)
		out->trust = FETCH_TRUST_WRONG_NAME;
	ERR_clear_error();
	X509_STORE_CTX_set_error(verify, X509_V_OK);
	return 1;
}

void trust_attach(SSL_CTX *context, X509_STORE *store, struct trust_look *look)
{
	SSL_CTX_set1_cert_store(context, store);
	SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
	SSL_CTX_set_cert_verify_callback(context, note, look);
	SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
	SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
}
