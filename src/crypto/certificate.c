#include "crypto/certificate.h"

#include "base/buf.h"
#include "base/utf8.h"
#include "crypto/openssl.h"

#include <string.h>
#include <time.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

enum { ISSUER_MAX = 120, SHOWN_MAX = 200, LABEL_MAX = 63 };

bool tls_host_is_valid(struct str host)
{
	struct str rest = host, label;
	size_t labels = 0;

	if (host.n == 0 || host.n > TLS_HOST_MAX)
		return false;
	while (str_cut(&rest, '.', &label)) {
		if (label.n == 0 || label.n > LABEL_MAX || label.p[0] == '-' ||
		    label.p[label.n - 1] == '-')
			return false;
		for (size_t i = 0; i < label.n; i++)
			if (!char_is_digit(label.p[i]) && label.p[i] != '-' &&
			    label.p[i] != '_' && (label.p[i] < 'a' || label.p[i] > 'z'))
				return false;
		labels++;
	}
	return labels >= 2;
}

static bool read_time(const ASN1_TIME *from, int64_t *out)
{
	struct tm tm;

	if (ASN1_TIME_to_tm(from, &tm) != 1)
		return false;
	*out = (int64_t)timegm(&tm) * 1000;
	return true;
}

/* The text of the last part of this kind of a name, or empty. */
static struct str read_part(struct arena *a, const X509_NAME *name, int nid)
{
	int at = -1, last = -1;
	unsigned char *text = NULL;
	struct str out = STR_NONE;
	int n;

	while ((at = X509_NAME_get_index_by_NID(name, nid, at)) >= 0)
		last = at;
	if (last < 0)
		return out;
	n = ASN1_STRING_to_UTF8(
	        &text, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, last)));
	if (n > 0)
		out = utf8_printable(
		        a, str_slice((struct str){(const char *)text, (size_t)n}, 0,
		                     ISSUER_MAX));
	OPENSSL_free(text);
	return out;
}

static struct str read_issuer(struct arena *a, const X509 *x)
{
	static const int kinds[] = {NID_commonName, NID_organizationName,
	                            NID_organizationalUnitName};
	const X509_NAME *name = X509_get_issuer_name(x);

	for (size_t i = 0; i < LEN(kinds); i++) {
		struct str text = read_part(a, name, kinds[i]);

		if (text.n)
			return text;
	}
	return STR("(nameless)");
}

static struct str read_serial(struct arena *a, const X509 *x)
{
	BIGNUM *number = ASN1_INTEGER_to_BN(X509_get0_serialNumber(x), NULL);
	char *hex = number ? BN_bn2hex(number) : NULL;
	struct str out = arena_lower(a, str_c(hex));

	OPENSSL_free(hex);
	BN_free(number);
	return out;
}

/* A name as it may stand in a certificate: a host, or a wildcard for its first label. */
static bool is_name(struct str name)
{
	if (str_starts(name, STR("*.")))
		name = str_from(name, 2);
	return tls_host_is_valid(name);
}

static struct str read_names(struct arena *a, const X509 *x)
{
	GENERAL_NAMES *list = X509_get_ext_d2i(x, NID_subject_alt_name, NULL, NULL);
	AUTO(buf) out = {.max = CHAIN_DER_MAX};

	for (int i = 0; list && i < sk_GENERAL_NAME_num(list); i++) {
		const GENERAL_NAME *one = sk_GENERAL_NAME_value(list, i);
		struct str name;

		if (one->type != GEN_DNS)
			continue;
		name.p = (const char *)ASN1_STRING_get0_data(one->d.dNSName);
		name.n = (size_t)ASN1_STRING_length(one->d.dNSName);
		if (name.n > TLS_HOST_MAX + 2)
			continue;
		name = arena_lower(a, name);
		if (!is_name(name))
			continue;
		if (out.n)
			buf_add_char(&out, ' ');
		buf_add(&out, name);
	}
	GENERAL_NAMES_free(list);
	ERR_clear_error();
	return arena_dup(a, buf_str(&out));
}

static bool describe(struct arena *a, const X509 *x, struct certificate *out,
                     struct err *err)
{
	if (!read_time(X509_get0_notBefore(x), &out->not_before) ||
	    !read_time(X509_get0_notAfter(x), &out->not_after))
		return err_set(err, ERR_INPUT, "a certificate without dates");
	out->issuer = read_issuer(a, x);
	out->serial = read_serial(a, x);
	out->names = read_names(a, x);
	return true;
}

/* The length of the DER value at the front, or 0 where it is none or not whole. */
static size_t value_length(struct str der)
{
	const unsigned char *p = (const unsigned char *)der.p;
	const unsigned char *start = p;
	long length;
	int tag, class;

	/* 0x80: an error; 1: an indefinite length, which DER does not have. */
	if (der.n == 0 ||
	    (ASN1_get_object(&p, &length, &tag, &class, (long)der.n) & 0x81))
		return 0;
	return (size_t)(p - start) + (size_t)length;
}

bool certificate_chain_decode(struct arena *a, struct str der,
                              struct certificate_chain *out, struct err *err)
{
	struct str rest = der;

	*out = (struct certificate_chain){0};
	if (der.n == 0 || der.n > CHAIN_DER_MAX)
		return err_set(err, ERR_INPUT, "%s",
		               der.n ? "the chain is too long" : "no certificate");
	for (; rest.n; out->n++) {
		size_t n = value_length(rest);
		const unsigned char *p = (const unsigned char *)rest.p;
		X509 *x = n ? d2i_X509(NULL, &p, (long)n) : NULL;
		bool ok;

		if (out->n == CHAIN_MAX || !x ||
		    p != (const unsigned char *)rest.p + n) {
			X509_free(x);
			ERR_clear_error();
			return err_set(err, ERR_INPUT, "%s",
			               x ? "too many certificates"
			                 : "a damaged certificate");
		}
		ok = out->n > 0 || describe(a, x, &out->own, err);
		X509_free(x);
		ERR_clear_error();
		if (!ok)
			return false;
		rest = str_from(rest, n);
	}
	out->der = arena_dup(a, der);
	return true;
}

struct str certificate_chain_at(const struct certificate_chain *chain, size_t i)
{
	struct str rest = chain->der;

	need(i < chain->n);
	while (i--)
		rest = str_from(rest, value_length(rest));
	return str_slice(rest, 0, value_length(rest));
}

/* What a block of PEM that is no certificate is. */
static bool refuse_block(const char *name, struct err *err)
{
	if (strstr(name, "PRIVATE KEY"))
		return err_set(err, ERR_INPUT,
		               "there is a private key among the certificates; give it "
		               "separately");
	if (strstr(name, "CERTIFICATE REQUEST"))
		return err_set(
		        err, ERR_INPUT,
		        "this is a request for a certificate, not a certificate");
	return err_set(err, ERR_INPUT, "there is something else than certificates");
}

static bool read_blocks(BIO *memory, struct buf *der, struct err *err)
{
	for (;;) {
		char *name = NULL, *header = NULL;
		unsigned char *data = NULL;
		long n = 0;
		bool ok = PEM_read_bio(memory, &name, &header, &data, &n) == 1;
		bool is_end = !ok && ERR_GET_REASON(ERR_peek_last_error()) ==
		                             PEM_R_NO_START_LINE;

		ERR_clear_error();
		if (!ok)
			return is_end || err_set(err, ERR_INPUT, "damaged PEM");
		ok = strcmp(name, "CERTIFICATE") == 0 || refuse_block(name, err);
		if (ok)
			buf_add(der, (struct str){(const char *)data, (size_t)n});
		OPENSSL_free(name);
		OPENSSL_free(header);
		OPENSSL_clear_free(data, (size_t)n);
		if (!ok)
			return false;
	}
}

bool certificate_chain_parse(struct arena *a, struct str pem,
                             struct certificate_chain *out, struct err *err)
{
	AUTO(buf) der = {.max = CHAIN_DER_MAX};
	BIO *memory;
	bool ok;

	if (pem.n > CHAIN_TEXT_MAX)
		return err_set(err, ERR_INPUT, "the chain is too long");
	memory = BIO_new_mem_buf(pem.n ? pem.p : "", (int)pem.n);
	need(memory != NULL);
	ok = read_blocks(memory, &der, err);
	BIO_free(memory);
	if (!ok)
		return false;
	if (der.overflowed)
		return err_set(err, ERR_INPUT, "the chain is too long");
	if (der.n == 0)
		return err_set(err, ERR_INPUT, "there is no certificate in PEM");
	return certificate_chain_decode(a, buf_str(&der), out, err);
}

bool certificate_chain_format(struct arena *a, const struct certificate_chain *chain,
                              struct str *pem, struct err *err)
{
	BIO *memory = BIO_new(BIO_s_mem());
	bool ok = true;
	char *text;
	long n;

	need(memory != NULL);
	for (size_t i = 0; ok && i < chain->n; i++) {
		struct str one = certificate_chain_at(chain, i);

		ok = PEM_write_bio(memory, "CERTIFICATE", "",
		                   (const unsigned char *)one.p, (long)one.n) > 0;
	}
	n = BIO_get_mem_data(memory, &text);
	if (ok)
		*pem = arena_dup(a, (struct str){text, (size_t)n});
	BIO_free(memory);
	return ok || openssl_fail(err, ERR_INTERNAL, "writing certificates");
}

bool certificate_has_name(const struct certificate *c, struct str host)
{
	struct str rest = c->names, name;
	ptrdiff_t dot = str_find_char(host, '.');

	while (str_cut_word(&rest, &name)) {
		if (str_eq_nocase(name, host))
			return true;
		if (dot > 0 && str_starts(name, STR("*.")) &&
		    str_eq_nocase(str_from(name, 1), str_from(host, (size_t)dot)))
			return true;
	}
	return false;
}

/* Each must have been signed by the next. */
static bool check_order(X509 *const *x, size_t n, struct err *err)
{
	for (size_t i = 0; i + 1 < n; i++)
		if (X509_check_issued(x[i + 1], x[i]) != X509_V_OK ||
		    X509_verify(x[i], X509_get0_pubkey(x[i + 1])) != 1)
			return err_set(err, ERR_INPUT,
			               "certificate %zu is not signed by the one that "
			               "follows it; the own one comes first, then who "
			               "signed it",
			               i + 1);
	return true;
}

static bool check_own(X509 *x, const struct certificate *own, const struct tls_key *key,
                      struct str host, int64_t now, struct err *err)
{
	struct str names =
	        own->names.n ? str_slice(own->names, 0, SHOWN_MAX) : STR("no host");

	if (X509_check_private_key(x, (const EVP_PKEY *)(const void *)key) != 1)
		return err_set(err, ERR_INPUT,
		               "the private key does not belong to the certificate");
	if (!certificate_has_name(own, host))
		return err_set(err, ERR_INPUT,
		               "the certificate is for %.*s, not for %.*s",
		               STR_ARG(names), STR_ARG(host));
	if (now >= own->not_after)
		return err_set(err, ERR_INPUT, "the certificate has expired");
	if (now < own->not_before)
		return err_set(err, ERR_INPUT, "the certificate is not in force yet");
	if (X509_check_purpose(x, X509_PURPOSE_SSL_SERVER, 0) != 1)
		return err_set(err, ERR_INPUT,
		               "the certificate is not meant for a server");
	return true;
}

bool certificate_chain_check(const struct certificate_chain *chain,
                             const struct tls_key *key, struct str host, int64_t now,
                             struct err *err)
{
	X509 *x[CHAIN_MAX] = {0};
	bool ok = true;

	for (size_t i = 0; i < chain->n; i++) {
		struct str der = certificate_chain_at(chain, i);
		const unsigned char *p = (const unsigned char *)der.p;

		x[i] = d2i_X509(NULL, &p, (long)der.n);
		need(x[i] != NULL);
	}
	ok = check_own(x[0], &chain->own, key, host, now, err) &&
	     check_order(x, chain->n, err);
	for (size_t i = 0; i < chain->n; i++)
		X509_free(x[i]);
	ERR_clear_error();
	return ok;
}
