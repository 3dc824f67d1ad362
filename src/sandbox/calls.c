#include "sandbox/calls.h"

#include <errno.h>
#include <sched.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <seccomp.h>

#define S(name) SCMP_SYS(name)

#define NAMESPACES                                                                     \
	(CLONE_NEWCGROUP | CLONE_NEWIPC | CLONE_NEWNET | CLONE_NEWNS | CLONE_NEWPID |  \
	 CLONE_NEWUSER | CLONE_NEWUTS)

static const int base_calls[] = {
        /* memory */
        S(brk), S(madvise), S(mlock), S(mmap), S(mprotect), S(mremap), S(munlock),
        S(munmap),
        /* descriptors that are open */
        S(close), S(close_range), S(dup), S(dup2), S(dup3), S(fcntl), S(fstat),
        S(lseek), S(pread64), S(preadv), S(pwrite64), S(pwritev), S(read), S(readv),
        S(recvfrom), S(recvmsg), S(sendmsg), S(sendto), S(shutdown), S(write),
        S(writev),
        /* the loop */
        S(epoll_create1), S(epoll_ctl), S(epoll_pwait), S(epoll_pwait2), S(epoll_wait),
        S(eventfd2), S(pipe2), S(poll), S(ppoll), S(pselect6), S(select),
        S(timerfd_create), S(timerfd_settime),
        /* time */
        S(clock_getres), S(clock_gettime), S(clock_nanosleep), S(gettimeofday),
        S(nanosleep), S(restart_syscall), S(time),
        /* itself */
        S(exit), S(exit_group), S(futex), S(getcpu), S(getegid), S(geteuid), S(getgid),
        S(getpid), S(getppid), S(getrandom), S(getresgid), S(getresuid), S(getrlimit),
        S(getrusage), S(gettid), S(getuid), S(membarrier), S(rseq), S(rt_sigaction),
        S(rt_sigprocmask), S(rt_sigreturn), S(sched_getaffinity), S(sched_yield),
        S(set_robust_list), S(sigaltstack), S(sysinfo), S(times), S(uname)};

static const int thread_calls[] = {S(sched_get_priority_max),
                                   S(sched_get_priority_min),
                                   S(sched_getparam),
                                   S(sched_getscheduler),
                                   S(sched_setscheduler),
                                   S(set_tid_address),
                                   S(setpriority)};

static const int read_calls[] = {
        S(access),     S(faccessat), S(faccessat2), S(fadvise64),
        S(fstatfs),    S(getcwd),    S(getdents64), S(lstat),
        S(newfstatat), S(open),      S(openat),     S(readlink),
        S(readlinkat), S(stat),      S(statfs),     S(statx)};

static const int write_calls[] = {
        S(fallocate), S(fchmod),          S(fchmodat),  S(fchown),   S(fdatasync),
        S(flock),     S(fsync),           S(ftruncate), S(link),     S(linkat),
        S(mkdir),     S(mkdirat),         S(rename),    S(renameat), S(renameat2),
        S(rmdir),     S(sync_file_range), S(umask),     S(unlink),   S(unlinkat),
        S(utimensat)};

static const int accept_calls[] = {S(accept),      S(accept4),    S(getpeername),
                                   S(getsockname), S(getsockopt), S(setsockopt)};

static const int socket_calls[] = {S(bind),     S(connect), S(recvmmsg),
                                   S(sendmmsg), S(socket),  S(socketpair)};

/* What a program does at its start, and whoever runs one. */
static const int execute_calls[] = {
        S(arch_prctl), S(chdir),   S(chmod), S(execve), S(fchdir), S(fork),
        S(getgroups),  S(getpgrp), S(kill),  S(pipe),   S(prctl),  S(set_tid_address),
        S(setpgid),    S(setsid),  S(vfork), S(wait4),  S(waitid)};

/* No honest line of ours makes these: whoever does has taken the process over. */
static const int deadly_calls[] = {S(acct),
                                   S(add_key),
                                   S(bpf),
                                   S(chroot),
                                   S(clock_settime),
                                   S(delete_module),
                                   S(execve),
                                   S(execveat),
                                   S(finit_module),
                                   S(init_module),
                                   S(io_uring_setup),
                                   S(kexec_load),
                                   S(keyctl),
                                   S(mount),
                                   S(open_by_handle_at),
                                   S(perf_event_open),
                                   S(pivot_root),
                                   S(process_vm_readv),
                                   S(process_vm_writev),
                                   S(ptrace),
                                   S(reboot),
                                   S(request_key),
                                   S(setns),
                                   S(settimeofday),
                                   S(swapon),
                                   S(umount2),
                                   S(unshare),
                                   S(userfaultfd)};

static const struct group {
	unsigned bit;
	const int *calls;
	size_t n;
} groups[] = {
        {CALLS_BASE,    base_calls,    LEN(base_calls)   },
        {CALLS_THREADS, thread_calls,  LEN(thread_calls) },
        {CALLS_READ,    read_calls,    LEN(read_calls)   },
        {CALLS_WRITE,   write_calls,   LEN(write_calls)  },
        {CALLS_ACCEPT,  accept_calls,  LEN(accept_calls) },
        {CALLS_SOCKETS, socket_calls,  LEN(socket_calls) },
        {CALLS_EXECUTE, execute_calls, LEN(execute_calls)},
};

static bool add_calls(scmp_filter_ctx filter, uint32_t action, const int *calls,
                      size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (seccomp_rule_add(filter, action, calls[i], 0) != 0)
			return false;
	return true;
}

static bool allow_if(scmp_filter_ctx filter, int call, struct scmp_arg_cmp when)
{
	return seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, call, 1, &when) == 0;
}

/* Calls that are allowed with some arguments only. */
static bool add_narrow(scmp_filter_ctx filter, unsigned groups_allowed)
{
	static const unsigned long ioctls[] = {FIONBIO, FIONREAD, TCGETS, TIOCGWINSZ};

	for (size_t i = 0; i < LEN(ioctls); i++)
		if (!allow_if(filter, S(ioctl), SCMP_A1_32(SCMP_CMP_EQ, ioctls[i])))
			return false;
	/* Asking for limits, not setting them; raising a signal against itself. */
	if (!allow_if(filter, S(prlimit64), SCMP_A2_64(SCMP_CMP_EQ, 0)) ||
	    !allow_if(filter, S(tgkill), SCMP_A0_32(SCMP_CMP_EQ, (uint32_t)getpid())))
		return false;
	if (groups_allowed & CALLS_EXECUTE)
		/* A new process, never in a namespace of its own. */
		return seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), S(clone3), 0) ==
		               0 &&
		       allow_if(filter, S(clone),
		                SCMP_A0_64(SCMP_CMP_MASKED_EQ, NAMESPACES, 0));
	if (!(groups_allowed & CALLS_THREADS))
		return true;
	/* The flags of clone3() are out of sight: libc falls back to clone(). */
	return seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), S(clone3), 0) == 0 &&
	       allow_if(filter, S(clone),
	                SCMP_A0_64(SCMP_CMP_MASKED_EQ, CLONE_THREAD, CLONE_THREAD)) &&
	       allow_if(filter, S(prctl), SCMP_A0_32(SCMP_CMP_EQ, 15 /* name */));
}

/* Who may execute programs does so by a call that kills the others. */
static bool add_deadly(scmp_filter_ctx filter, unsigned groups_allowed)
{
	for (size_t i = 0; i < LEN(deadly_calls); i++)
		if ((deadly_calls[i] != S(execve) ||
		     !(groups_allowed & CALLS_EXECUTE)) &&
		    !add_calls(filter, SCMP_ACT_KILL_PROCESS, &deadly_calls[i], 1))
			return false;
	return true;
}

static bool fill(scmp_filter_ctx filter, unsigned groups_allowed)
{
	for (size_t i = 0; i < LEN(groups); i++)
		if ((groups_allowed & groups[i].bit) &&
		    !add_calls(filter, SCMP_ACT_ALLOW, groups[i].calls, groups[i].n))
			return false;
	/* With threads already there, all of them. */
	return add_deadly(filter, groups_allowed) &&
	       add_narrow(filter, groups_allowed) &&
	       seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1) == 0 &&
	       seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2) == 0;
}

bool calls_limit(unsigned groups_allowed, struct err *err)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
	int failed;

	if (!filter || !fill(filter, groups_allowed)) {
		seccomp_release(filter);
		return err_set(err, ERR_INTERNAL, "sandbox: no filter of system calls");
	}
	failed = seccomp_load(filter);
	seccomp_release(filter);
	if (failed)
		return err_set(err, ERR_INTERNAL, "sandbox: seccomp: %s",
		               strerror(-failed));
	return true;
}
