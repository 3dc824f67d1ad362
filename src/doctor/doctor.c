#include "doctor/doctor.h"

#include <stdarg.h>
#include <stdio.h>

enum { MESSAGE_MAX = 1024 };

static void add(struct doctor *d, enum doctor_status status, const char *fix,
                const char *message)
{
	*ARRAY_ADD(&d->found, d->a) = (struct doctor_finding){
	        .check = d->check,
	        .status = status,
	        .message = arena_dup(d->a, str_c(message)),
	        .fix = arena_dup(d->a, str_c(fix)),
	};
}

void doctor_say(struct doctor *d, enum doctor_status status, const char *fix,
                const char *format, ...)
{
	char message[MESSAGE_MAX];
	va_list args;

	va_start(args, format);
	vsnprintf(message, sizeof(message), format, args);
	va_end(args);
	add(d, status, fix, message);
}

void doctor_fine(struct doctor *d, const char *format, ...)
{
	char message[MESSAGE_MAX];
	va_list args;

	if (d->found.n && d->found.v[d->found.n - 1].check == d->check)
		return;
	va_start(args, format);
	vsnprintf(message, sizeof(message), format, args);
	va_end(args);
	add(d, DOCTOR_OK, NULL, message);
}

static void see(struct doctor *d, const struct doctor_check *checks, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		d->check = &checks[i];
		checks[i].run(d);
	}
}

void doctor_see_machine(struct doctor *d)
{
	see(d, doctor_machine_checks, doctor_machine_check_count);
}

void doctor_see_dns(struct doctor *d)
{
	see(d, doctor_dns_checks, doctor_dns_check_count);
}

const char *doctor_status_name(enum doctor_status status)
{
	static const char *const names[] = {
	        [DOCTOR_OK] = "ok",           [DOCTOR_SKIPPED] = "skipped",
	        [DOCTOR_WARNING] = "warning", [DOCTOR_UNDETERMINED] = "undetermined",
	        [DOCTOR_ERROR] = "error",
	};

	return names[status];
}

enum doctor_status doctor_worst(const struct doctor *d)
{
	enum doctor_status worst = DOCTOR_OK;

	for (size_t i = 0; i < d->found.n; i++)
		if (d->found.v[i].status > worst)
			worst = d->found.v[i].status;
	/* What was skipped takes nothing from what is well. */
	return worst == DOCTOR_SKIPPED ? DOCTOR_OK : worst;
}
