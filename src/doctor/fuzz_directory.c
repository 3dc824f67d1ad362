/* What a URL that should be an ACME directory answers: a finding, whatever it is, and what
 * is taken from it says the checks behind. */
#include "fuzz.h"

#include "doctor/machine.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	AUTO(arena) a = {0};
	struct config_sources from = {STR("fuzz"),
	                              STR("acme.directory = https://ca.example/dir\n"),
	                              NULL, NULL};
	struct config config;
	struct doctor d = {.a = &a, .config = &config};
	struct err err;

	need(config_parse(&a, &from, &config, &err));
	d.check = &doctor_machine_checks[0];
	doctor_read_directory(&d, 200, (struct str){(const char *)bytes, n});
	need(d.found.n == 1);
	need((d.found.v[0].status == DOCTOR_OK) == d.authority.is_known);
	d.check = &doctor_machine_checks[1];
	doctor_check_account(&d);
	d.check = &doctor_machine_checks[2];
	doctor_check_caa_names(&d);
	return 0;
}
