/*
 * The files of one order, in a folder of its host: csr.pem, and csr-cert.pem once uacme has
 * got the certificate. They stay until the next order of the host, so that a certificate
 * that was got and not handed over is not ordered again.
 *
 *	if (!work_begin("track.acme.example", csr_der, &err)) …
 *	if (work_chain(&a, host, &pem, &err)) …		(it is for this request)
 *
 * All paths are relative: the working folder of the process is data_dir/acme.
 */
#pragma once

#include "base/arena.h"
#include "base/err.h"

enum { WORK_CHAIN_MAX = 60000, WORK_PATH_MAX = 320 };

/* Lower-case letters, digits, hyphens, underscores and dots, none at either end. */
bool work_host_is_valid(struct str host);
/* "work/HOST/csr.pem" */
void work_csr_path(struct str host, char out[WORK_PATH_MAX]);
/* Whether the request that lies there is for the same key. */
bool work_is_for(struct str host, struct str csr_der);
/* Makes the folder and the request; a chain for another key is removed. */
NODISCARD bool work_begin(struct str host, struct str csr_der, struct err *err);
/* The chain (PEM) for the key of the request that is there; false where there is none. */
NODISCARD bool work_chain(struct arena *a, struct str host, struct str *pem,
                          struct err *err);
/* Writes a certificate (DER) that is to be revoked to this path, as PEM. */
NODISCARD bool work_certificate(const char *path, struct str der, struct err *err);
/* Removes what is older than `before` (ms UTC) in work/, challenges/, revoke/ and runs/. */
void work_clean(int64_t before);
