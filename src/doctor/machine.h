/* For the files of this folder: the checks of the machine that have files of their own. */
#pragma once

#include "doctor/doctor.h"

/* ports.c: whether the listening addresses are free, or held by a running Signet. */
void doctor_check_ports(struct doctor *d);
/* certificate.c: dates, name and key of api.tls_certificate. */
void doctor_check_certificate(struct doctor *d);
/* authority.c: its directory, which the checks behind that one know it by; uacme; the
 * contact and the external account binding; acme.caa_names. */
void doctor_check_directory(struct doctor *d);
void doctor_check_uacme(struct doctor *d);
void doctor_check_account(struct doctor *d);
void doctor_check_caa_names(struct doctor *d);
/* What an answer for acme.directory is worth (pure). */
void doctor_read_directory(struct doctor *d, int status, struct str body);
/* machine.c: a file that its owner alone may read; `what` names it. */
void doctor_check_secret(struct doctor *d, const char *what, struct str path);
