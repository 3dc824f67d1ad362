/* For the files of this folder: the checks of the machine that have files of their own. */
#pragma once

#include "doctor/doctor.h"

/* ports.c: whether the listening addresses are free, or held by a running Signet. */
void doctor_check_ports(struct doctor *d);
/* certificate.c: dates, name and key of api.tls_certificate. */
void doctor_check_certificate(struct doctor *d);
/* machine.c: a file that its owner alone may read; `what` names it. */
void doctor_check_secret(struct doctor *d, const char *what, struct str path);
