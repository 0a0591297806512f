/* System calls that a kernel, or a filter around us, may not have. */
#pragma once

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* What the issue of a weaker path turns on: each has had a fallback in some runtime. fsconfig means one by which a
 * descriptor is given, as for pidns of procfs (from 6.17 on): older kernels have that for nothing that we make. */
static const struct {
	const char *name;
	long number;
} missing_calls[] = {
	{ "openat2", SYS_openat2 },	  { "open_tree", SYS_open_tree },
	{ "fsopen", SYS_fsopen },	  { "fsmount", SYS_fsmount },
	{ "move_mount", SYS_move_mount }, { "mount_setattr", SYS_mount_setattr },
	{ "clone3", SYS_clone3 },	  { "close_range", SYS_close_range },
	{ "fsconfig", SYS_fsconfig },
};

/* Its number; -1 if it is none of those. */
static inline long missing_number(const char *name)
{
	for (size_t i = 0; i < sizeof(missing_calls) / sizeof(missing_calls[0]); i++)
		if (strcmp(missing_calls[i].name, name) == 0)
			return missing_calls[i].number;
	fprintf(stderr, "unknown system call %s\n", name);
	return -1;
}

/* From now on, for this process and those that it makes, it fails with ENOSYS (fsconfig with EINVAL). Without no_new_privs,
 * which would change what is tested: so it takes root. */
static inline int missing_from_here(long number)
{
	unsigned int part = number == SYS_fsconfig, errnum = part ? EINVAL : ENOSYS;
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned int)number, part ? 0 : 2, 3),
		/* the low half of the second argument, the command */
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[1])),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 5 /* FSCONFIG_SET_FD */, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | errnum),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { sizeof(filter) / sizeof(filter[0]), filter };

	if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) < 0) {
		perror("seccomp");
		return -1;
	}
	return 0;
}
