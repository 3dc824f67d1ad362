/*
 * What an installation needs of its machine and of the DNS, as a table of checks: each
 * has a code, a question and a function that says what it found in sentences, with a fix
 * for what is wrong.
 *
 *	struct doctor d = {.a = a, .config = &config, .now = now};
 *	doctor_see_machine(&d);		(files, ports, clock, kernel, the ACME authority)
 *	do {
 *		resolve(&answers);
 *		d.answers = &answers; forget what was said of DNS;
 *		doctor_see_dns(&d);	(pure; asks by dns_ask(), so it is run again)
 *	} while (dns_answers_pending(&answers));
 *
 * Adding a check is adding a row to machine.c or names.c.
 */
#pragma once

#include "config/config.h"
#include "dns/answer.h"

/* In order of gravity. */
enum doctor_status {
	DOCTOR_OK,
	DOCTOR_SKIPPED, /* nothing to look at */
	DOCTOR_WARNING,
	DOCTOR_UNDETERMINED, /* could not be decided, as of a DNS fault */
	DOCTOR_ERROR,
};

struct doctor_check;

struct doctor_finding {
	const struct doctor_check *check;
	enum doctor_status status;
	struct str message;
	struct str fix; /* empty where nothing is to be done */
};

/* What the directory of acme.directory says of its authority (RFC 8555 §9.7.6). */
struct doctor_authority {
	bool is_known; /* there was one to read */
	bool wants_binding;
	struct str_list caa_names;
};

struct doctor {
	struct arena *a;
	const struct config *config;
	struct dns_answers *answers; /* of doctor_see_dns() */
	int64_t now;
	struct doctor_authority authority; /* of the check "acme.directory" */
	/* What was found, in the order of the tables; each check says one thing or more. */
	struct {
		struct doctor_finding *v;
		size_t n, cap;
	} found;
	const struct doctor_check *check; /* the one that runs */
};

struct doctor_check {
	const char *code;     /* "ptr.confirmed", stable */
	const char *question; /* "Do the addresses have names that lead back?" */
	void (*run)(struct doctor *d);
};

/* The two tables. */
extern const struct doctor_check doctor_machine_checks[], doctor_dns_checks[];
extern const size_t doctor_machine_check_count, doctor_dns_check_count;

void doctor_see_machine(struct doctor *d);
void doctor_see_dns(struct doctor *d);
/* "ok", "skipped", "warning", "undetermined", "error". */
const char *doctor_status_name(enum doctor_status status);
/* The gravest that was found. */
enum doctor_status doctor_worst(const struct doctor *d);

/* For checks: adds a finding of the one that runs; `fix` may be NULL. */
void doctor_say(struct doctor *d, enum doctor_status status, const char *fix,
                const char *format, ...) PRINTF(4, 5);
/* For checks: that all is well, unless this check has found something. */
void doctor_fine(struct doctor *d, const char *format, ...) PRINTF(2, 3);
