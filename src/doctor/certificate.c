#include "doctor/machine.h"

#include "base/clock.h"
#include "base/file.h"
#include "crypto/pem.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <time.h>

enum {
	PEM_MAX = 1 << 20,
	WARN_DAYS = 14, /* a certificate that is not renewed by now is forgotten */
};

static X509 *read_certificate(struct str pem)
{
	BIO *bio = BIO_new_mem_buf(pem.p, (int)pem.n);
	X509 *x = bio ? PEM_read_bio_X509(bio, NULL, pem_no_pass_phrase, NULL) : NULL;

	BIO_free(bio);
	ERR_clear_error();
	return x;
}

static bool key_fits(X509 *x, struct str pem)
{
	BIO *bio = BIO_new_mem_buf(pem.p, (int)pem.n);
	EVP_PKEY *key =
	        bio ? PEM_read_bio_PrivateKey(bio, NULL, pem_no_pass_phrase, NULL)
	            : NULL;
	bool fits = key && X509_check_private_key(x, key) == 1;

	EVP_PKEY_free(key);
	BIO_free(bio);
	ERR_clear_error();
	return fits;
}

static int64_t time_ms(const ASN1_TIME *t)
{
	struct tm tm;

	return ASN1_TIME_to_tm(t, &tm) ? (int64_t)timegm(&tm) * 1000 : 0;
}

static void check_dates(struct doctor *d, X509 *x)
{
	int64_t from = time_ms(X509_get0_notBefore(x));
	int64_t until = time_ms(X509_get0_notAfter(x));
	static const char renew[] = "Renew the certificate and reload the server.";

	if (d->now < from)
		doctor_say(d, DOCTOR_ERROR,
		           "Set the clock, or use another certificate.",
		           "The certificate is valid only from %s on.",
		           clock_format(d->a, from).p);
	else if (d->now >= until)
		doctor_say(d, DOCTOR_ERROR, renew, "The certificate has expired at %s.",
		           clock_format(d->a, until).p);
	else if (d->now + WARN_DAYS * CONFIG_DAY_MS >= until)
		doctor_say(d, DOCTOR_WARNING, renew, "The certificate expires at %s.",
		           clock_format(d->a, until).p);
	else
		doctor_fine(d, "The certificate is valid until %s.",
		            clock_format(d->a, until).p);
}

/* Whether it is for the host of api.public_url. */
static void check_name(struct doctor *d, X509 *x)
{
	struct str url = d->config->api_public_url;
	struct str host = str_from(url, 8);
	struct str rest = host;

	if (!str_starts(url, STR("https://")))
		return;
	str_cut(&rest, '/', &host);
	rest = host;
	str_cut(&rest, ':', &host);
	if (!str_starts(host, STR("[")) &&
	    X509_check_host(x, host.p, host.n, 0, NULL) != 1 &&
	    X509_check_ip_asc(x, arena_cstr(d->a, host), 0) != 1)
		doctor_say(d, DOCTOR_ERROR,
		           "Have a certificate made for that name, or change "
		           "api.public_url.",
		           "The certificate is not for %.*s of api.public_url.",
		           STR_ARG(host));
}

void doctor_check_certificate(struct doctor *d)
{
	const struct config *c = d->config;
	struct str pem, key;
	struct err err;
	X509 *x;

	if (!c->api_tls_certificate.n || !c->api_tls_key.n) {
		doctor_say(d, DOCTOR_SKIPPED, NULL,
		           "api.tls_certificate is not set: the API is without TLS.");
		return;
	}
	doctor_check_secret(d, "api.tls_key", c->api_tls_key);
	if (!file_read(d->a, arena_cstr(d->a, c->api_tls_certificate), PEM_MAX, &pem,
	               &err) ||
	    !file_read(d->a, arena_cstr(d->a, c->api_tls_key), PEM_MAX, &key, &err)) {
		doctor_say(d, DOCTOR_ERROR, "Correct the path or its permissions.",
		           "%s.", err.text);
		return;
	}
	x = read_certificate(pem);
	if (!x) {
		doctor_say(d, DOCTOR_ERROR, "Put the chain there as PEM.",
		           "%.*s holds no certificate.",
		           STR_ARG(c->api_tls_certificate));
		return;
	}
	if (!key_fits(x, key))
		doctor_say(d, DOCTOR_ERROR, "Name the key it was made with.",
		           "The key of api.tls_key is not that of the certificate.");
	check_name(d, x);
	check_dates(d, x);
	X509_free(x);
}
