#include "acme/work.h"

#include "base/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

enum { HOST_MAX = 253, CSR_MAX = 16384 };

bool work_host_is_valid(struct str host)
{
	if (host.n == 0 || host.n > HOST_MAX || host.p[0] == '.' ||
	    host.p[host.n - 1] == '.')
		return false;
	for (size_t i = 0; i < host.n; i++) {
		char c = host.p[i];

		if (!char_is_digit(c) && !(c >= 'a' && c <= 'z') && c != '-' &&
		    c != '.' && c != '_')
			return false;
		if (c == '.' && host.p[i + 1] == '.')
			return false;
	}
	return true;
}

static void path_of(struct str host, const char *name, char out[WORK_PATH_MAX])
{
	snprintf(out, WORK_PATH_MAX, "work/%.*s/%s", STR_ARG(host), name);
}

void work_csr_path(struct str host, char out[WORK_PATH_MAX])
{
	path_of(host, "csr.pem", out);
}

static bool make_folder(const char *path, struct err *err)
{
	if (mkdir(path, 0700) == 0 || errno == EEXIST)
		return true;
	return err_set(err, ERR_UNAVAILABLE, "%s: %s", path, strerror(errno));
}

static bool write_bio(const char *path, BIO *bio, bool ok, struct err *err)
{
	char *p;
	long n = bio && ok ? BIO_get_mem_data(bio, &p) : 0;

	if (n <= 0)
		return err_set(err, ERR_INPUT, "%s: it cannot be read as DER", path);
	return file_write(path, (struct str){p, (size_t)n}, 0600, err);
}

static X509_REQ *read_csr(struct str der)
{
	const unsigned char *p = (const unsigned char *)der.p;
	X509_REQ *csr = d2i_X509_REQ(NULL, &p, (long)der.n);

	ERR_clear_error();
	return csr;
}

static X509_REQ *read_csr_file(struct arena *a, const char *path)
{
	struct str pem;
	struct err err;
	X509_REQ *csr;
	BIO *bio;

	if (!file_read(a, path, CSR_MAX, &pem, &err))
		return NULL;
	bio = BIO_new_mem_buf(pem.p, (int)pem.n);
	csr = bio ? PEM_read_bio_X509_REQ(bio, NULL, NULL, NULL) : NULL;
	BIO_free(bio);
	ERR_clear_error();
	return csr;
}

/* Whether both ask for the same key. */
static bool same_key(X509_REQ *x, X509_REQ *y)
{
	return x && y &&
	       EVP_PKEY_eq(X509_REQ_get0_pubkey(x), X509_REQ_get0_pubkey(y)) == 1;
}

static bool write_csr(struct str host, X509_REQ *csr, struct err *err)
{
	char path[WORK_PATH_MAX], chain[WORK_PATH_MAX];
	BIO *bio = BIO_new(BIO_s_mem());
	bool ok;

	path_of(host, "csr-cert.pem", chain);
	work_csr_path(host, path);
	/* First what no longer belongs to it. */
	if (unlink(chain) != 0 && errno != ENOENT) {
		BIO_free(bio);
		return err_set(err, ERR_UNAVAILABLE, "%s: %s", chain, strerror(errno));
	}
	ok = write_bio(path, bio, bio && PEM_write_bio_X509_REQ(bio, csr) == 1, err);
	BIO_free(bio);
	ERR_clear_error();
	return ok;
}

bool work_is_for(struct str host, struct str csr_der)
{
	AUTO(arena) a = {0};
	char path[WORK_PATH_MAX];
	X509_REQ *csr = read_csr(csr_der), *before;
	bool ok;

	work_csr_path(host, path);
	before = read_csr_file(&a, path);
	ok = same_key(csr, before);
	X509_REQ_free(before);
	X509_REQ_free(csr);
	return ok;
}

bool work_begin(struct str host, struct str csr_der, struct err *err)
{
	AUTO(arena) a = {0};
	char path[WORK_PATH_MAX];
	X509_REQ *csr, *before;
	bool ok;

	need(work_host_is_valid(host));
	path_of(host, "", path);
	if (!make_folder("work", err) || !make_folder(path, err))
		return false;
	csr = read_csr(csr_der);
	if (!csr)
		return err_set(err, ERR_INPUT, "the certificate request is damaged");
	work_csr_path(host, path);
	before = read_csr_file(&a, path);
	ok = same_key(csr, before) || write_csr(host, csr, err);
	X509_REQ_free(before);
	X509_REQ_free(csr);
	return ok;
}

static bool fits(struct str pem, X509_REQ *csr)
{
	BIO *bio = BIO_new_mem_buf(pem.p, (int)pem.n);
	X509 *x = bio ? PEM_read_bio_X509(bio, NULL, NULL, NULL) : NULL;
	bool ok = x && EVP_PKEY_eq(X509_get0_pubkey(x), X509_REQ_get0_pubkey(csr)) == 1;

	X509_free(x);
	BIO_free(bio);
	ERR_clear_error();
	return ok;
}

bool work_chain(struct arena *a, struct str host, struct str *pem, struct err *err)
{
	char path[WORK_PATH_MAX], chain[WORK_PATH_MAX];
	X509_REQ *csr;
	bool ok;

	work_csr_path(host, path);
	path_of(host, "csr-cert.pem", chain);
	if (!file_read(a, chain, WORK_CHAIN_MAX, pem, err))
		return false;
	csr = read_csr_file(a, path);
	ok = csr && fits(*pem, csr);
	X509_REQ_free(csr);
	return ok || err_set(err, ERR_INPUT,
	                     "the certificate is not for the key of the "
	                     "request");
}

bool work_certificate(const char *path, struct str der, struct err *err)
{
	const unsigned char *p = (const unsigned char *)der.p;
	X509 *x = d2i_X509(NULL, &p, (long)der.n);
	BIO *bio = BIO_new(BIO_s_mem());
	bool ok =
	        make_folder("revoke", err) &&
	        write_bio(path, bio, x && bio && PEM_write_bio_X509(bio, x) == 1, err);

	BIO_free(bio);
	X509_free(x);
	ERR_clear_error();
	return ok;
}

/* ---- what is left over ---- */

static bool is_older(int at, const char *name, int64_t before, bool *is_folder)
{
	struct stat s;

	if (fstatat(at, name, &s, AT_SYMLINK_NOFOLLOW) != 0)
		return false;
	*is_folder = S_ISDIR(s.st_mode);
	return (int64_t)s.st_mtim.tv_sec * 1000 < before;
}

/* A folder that has files alone, or one whose folders have files alone. */
static void clean(int at, const char *name, int64_t before, int depth)
{
	int fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *folder = fd < 0 ? NULL : fdopendir(fd);

	for (struct dirent *e; folder && (e = readdir(folder));) {
		bool is_folder;

		if (e->d_name[0] == '.' ||
		    !is_older(dirfd(folder), e->d_name, before, &is_folder))
			continue;
		if (is_folder && depth > 0) {
			clean(dirfd(folder), e->d_name, before, depth - 1);
			(void)unlinkat(dirfd(folder), e->d_name, AT_REMOVEDIR);
		} else if (!is_folder) {
			(void)unlinkat(dirfd(folder), e->d_name, 0);
		}
	}
	if (folder)
		closedir(folder);
}

void work_clean(int64_t before)
{
	clean(AT_FDCWD, "work", before, 1);
	clean(AT_FDCWD, "challenges", before, 0);
	clean(AT_FDCWD, "revoke", before, 0);
	clean(AT_FDCWD, "runs", before, 0);
}
