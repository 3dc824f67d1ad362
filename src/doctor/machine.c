/* The checks of the machine: files, space, clock, kernel, limits. They read the world. */
#include "doctor/machine.h"

#include "base/clock.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>

enum {
	SPACE_ERROR_MB = 100,
	SPACE_WARNING_MB = 1024,
	FILES_ERROR = 1024,
	FILES_WARNING = 16384,
	LANDLOCK_ASK_VERSION = 1, /* LANDLOCK_CREATE_RULESET_VERSION */
};

static void check_rules(struct doctor *d)
{
	struct err err;

	if (!config_check(d->config, &err))
		doctor_say(d, DOCTOR_ERROR, "Change one of them.", "%s.", err.text);
	doctor_fine(d, "The options fit together.");
}

/* What stat() says; false, and said so, where it is not there. */
static bool look(struct doctor *d, const char *what, struct str path, struct stat *st)
{
	if (stat(arena_cstr(d->a, path), st) == 0)
		return true;
	if (errno == ENOENT)
		doctor_say(d, DOCTOR_SKIPPED, NULL,
		           "%.*s (%s) is not there yet: the first start makes it.",
		           STR_ARG(path), what);
	else
		doctor_say(d, DOCTOR_UNDETERMINED, "Ask again as root.",
		           "%.*s (%s) cannot be looked at: %s.", STR_ARG(path), what,
		           strerror(errno));
	return false;
}

/* A folder that others may not change, nor see into where it is `secret`. */
static bool check_folder(struct doctor *d, const char *what, struct str path,
                         unsigned forbidden)
{
	struct stat st;

	if (!look(d, what, path, &st))
		return false;
	if (!S_ISDIR(st.st_mode))
		doctor_say(d, DOCTOR_ERROR, "Name a folder.", "%.*s (%s) is no folder.",
		           STR_ARG(path), what);
	else if (st.st_mode & forbidden)
		doctor_say(d, DOCTOR_ERROR,
		           arena_printf(d->a, "chmod %03o %.*s",
		                        st.st_mode & 0777 & ~forbidden, STR_ARG(path))
		                   .p,
		           "%.*s (%s) has the mode %03o: others may %s.", STR_ARG(path),
		           what, st.st_mode & 0777,
		           st.st_mode & 022 ? "change it" : "look into it");
	return true;
}

static void check_data_dir(struct doctor *d)
{
	struct str path = d->config->data_dir;
	struct stat st;

	if (!check_folder(d, "data_dir", path, 027) ||
	    stat(arena_cstr(d->a, path), &st) != 0)
		return;
	/* Root starts the server, or whoever owns the folder. */
	if (st.st_uid != 0 && st.st_uid != geteuid() && geteuid() != 0)
		doctor_say(
		        d, DOCTOR_ERROR,
		        arena_printf(d->a, "chown -R %u %.*s", geteuid(), STR_ARG(path))
		                .p,
		        "%.*s belongs to the user %u, not to this one.", STR_ARG(path),
		        st.st_uid);
	if (access(arena_cstr(d->a, path), W_OK | X_OK) != 0)
		doctor_say(
		        d, DOCTOR_ERROR,
		        arena_printf(d->a, "chown %u %.*s", geteuid(), STR_ARG(path)).p,
		        "This user may not write to %.*s.", STR_ARG(path));
	doctor_fine(d, "data_dir is there and closed to others.");
}

void doctor_check_secret(struct doctor *d, const char *what, struct str path)
{
	struct stat st;

	if (!look(d, what, path, &st))
		return;
	if (!S_ISREG(st.st_mode))
		doctor_say(d, DOCTOR_ERROR, "Name a file.", "%.*s (%s) is no file.",
		           STR_ARG(path), what);
	else if (st.st_mode & 077)
		doctor_say(d, DOCTOR_ERROR,
		           arena_printf(d->a, "chmod 600 %.*s", STR_ARG(path)).p,
		           "%.*s (%s) has the mode %03o: others may read it.",
		           STR_ARG(path), what, st.st_mode & 0777);
}

static void check_master_key(struct doctor *d)
{
	doctor_check_secret(d, "keys.master_key",
	                    config_master_key_path(d->a, d->config));
	doctor_fine(d, "The master key is its owner's alone.");
}

static void check_keys_dir(struct doctor *d)
{
	struct str path = arena_printf(d->a, "%.*s/keys", STR_ARG(d->config->data_dir));

	if (check_folder(d, "the keys", path, 077))
		doctor_fine(d, "The keys are their owner's alone.");
}

/* The file system that the path is on, or will be once it is made. */
static bool measure(struct doctor *d, struct str path, struct statvfs *fs)
{
	while (statvfs(arena_cstr(d->a, path.n ? path : STR(".")), fs) != 0) {
		if (errno != ENOENT || path.n == 0)
			return false;
		while (path.n && path.p[path.n - 1] != '/')
			path.n--;
		while (path.n > 1 && path.p[path.n - 1] == '/')
			path.n--;
	}
	return true;
}

static void check_space(struct doctor *d)
{
	struct str path = d->config->data_dir;
	struct statvfs fs;
	uint64_t mb;

	if (!measure(d, path, &fs)) {
		doctor_say(d, DOCTOR_UNDETERMINED, "Ask again as root.",
		           "%.*s cannot be measured: %s.", STR_ARG(path),
		           strerror(errno));
		return;
	}
	mb = (uint64_t)fs.f_bavail * fs.f_frsize >> 20;
	if (mb < SPACE_WARNING_MB)
		doctor_say(
		        d, mb < SPACE_ERROR_MB ? DOCTOR_ERROR : DOCTOR_WARNING,
		        "Make room, or shorten retention.checks and retention.events.",
		        "%.*s has %llu MiB left.", STR_ARG(path),
		        (unsigned long long)mb);
	if (fs.f_files && fs.f_favail < fs.f_files / 100)
		doctor_say(d, DOCTOR_WARNING,
		           "Remove small files from that file system.",
		           "%.*s has %llu of %llu inodes left.", STR_ARG(path),
		           (unsigned long long)fs.f_favail,
		           (unsigned long long)fs.f_files);
	doctor_fine(d, "%.*s has %llu MiB left.", STR_ARG(path),
	            (unsigned long long)mb);
}

static void check_clock(struct doctor *d)
{
	static const char fix[] = "Run a time service, as systemd-timesyncd or chrony.";

	if (d->now < CLOCK_RIGHT_AFTER ||
	    d->now > CLOCK_RIGHT_AFTER + 25 * 365 * CONFIG_DAY_MS)
		doctor_say(d, DOCTOR_ERROR, fix, "The clock says %s.",
		           clock_format(d->a, d->now).p);
	switch (clock_sync()) {
	case CLOCK_SYNCED:
		doctor_fine(d, "The clock is set and held right.");
		break;
	case CLOCK_UNSYNCED:
		doctor_say(
		        d, DOCTOR_WARNING, fix,
		        "Nothing holds the clock right, as far as the kernel knows.");
		break;
	case CLOCK_SYNC_UNKNOWN:
		doctor_say(d, DOCTOR_SKIPPED, NULL,
		           "The kernel does not tell whether the clock is held right.");
		break;
	}
}

static void check_landlock(struct doctor *d)
{
	long version =
	        syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_ASK_VERSION);

	if (version < 0)
		doctor_say(d, DOCTOR_WARNING,
		           "Use Linux 5.19 or later with landlock in its lsm= list.",
		           "The kernel has no landlock: the roles see more files than "
		           "they need.");
	doctor_fine(d, "The kernel has landlock, version %ld.", version);
}

static void check_seccomp(struct doctor *d)
{
	uint32_t action = SECCOMP_RET_KILL_PROCESS;

	if (syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) != 0)
		doctor_say(d, DOCTOR_ERROR, "Use a kernel with seccomp filters.",
		           "The kernel has no seccomp filters: %s.", strerror(errno));
	doctor_fine(d, "The kernel has seccomp filters.");
}

static void check_files(struct doctor *d)
{
	struct rlimit limit;

	need(getrlimit(RLIMIT_NOFILE, &limit) == 0);
	if (limit.rlim_max < FILES_WARNING)
		doctor_say(d,
		           limit.rlim_max < FILES_ERROR ? DOCTOR_ERROR : DOCTOR_WARNING,
		           "Raise it: LimitNOFILE= of the unit, or ulimit -Hn.",
		           "A process may have only %llu open files.",
		           (unsigned long long)limit.rlim_max);
	doctor_fine(d, "A process may have %llu open files.",
	            (unsigned long long)limit.rlim_max);
}

const struct doctor_check doctor_machine_checks[] = {
        {"config.rules",    "Do the options fit together?",                       check_rules           },
        {"ports.free",      "Are the ports free, or ours?",                       doctor_check_ports    },
        {"data.directory",  "Is data_dir ours and closed to others?",             check_data_dir        },
        {"data.space",      "Is there room in data_dir?",                         check_space           },
        {"keys.master_key", "Is the master key its owner's alone?",               check_master_key      },
        {"keys.directory",  "Are the keys their owner's alone?",                  check_keys_dir        },
        {"tls.certificate", "Is the certificate of the API good?",
         doctor_check_certificate                                                                       },
        {"acme.directory",  "Does the ACME authority answer?",                    doctor_check_directory},
        {"acme.program",    "Can uacme be run?",                                  doctor_check_uacme    },
        {"acme.account",    "Has the account all that the authority wants?",
         doctor_check_account                                                                           },
        {"acme.caa_names",  "Is the authority known by its name in CAA records?",
         doctor_check_caa_names                                                                         },
        {"clock.right",     "Is the clock right?",                                check_clock           },
        {"kernel.landlock", "Can the kernel hide files from a process?",
         check_landlock                                                                                 },
        {"kernel.seccomp",  "Can the kernel forbid system calls?",                check_seccomp         },
        {"limits.files",    "May a process have enough open files?",              check_files           },
};

const size_t doctor_machine_check_count = LEN(doctor_machine_checks);
