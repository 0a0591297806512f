#include "base/kernel.h"

#include <errno.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#define KERNEL_MAJOR 5
#define KERNEL_MINOR 14

/* Whoever renames without end must not keep us without end. */
#define OPENAT2_TRIES 10000

int kernel_check(struct error *err)
{
	struct utsname names;
	int major = 0, minor = 0;

	if (uname(&names) < 0 || sscanf(names.release, "%d.%d", &major, &minor) != 2)
		return error_set(err, ERROR_UNSUPPORTED, NULL, "can't tell the kernel's version");
	if (major > KERNEL_MAJOR || (major == KERNEL_MAJOR && minor >= KERNEL_MINOR))
		return 0;
	return error_set(
	    err, ERROR_UNSUPPORTED, names.release,
	    "kernel %s is too old: proa needs %d.%d or later, older ones lack system calls "
	    "that containers are protected by",
	    names.release, KERNEL_MAJOR, KERNEL_MINOR);
}

int sys_openat2(int dirfd, const char *path, uint64_t flags, mode_t mode, uint64_t resolve)
{
	struct open_how how = { .flags = flags | O_CLOEXEC, .mode = mode, .resolve = resolve };
	long fd;

	for (int tries = 0; tries < OPENAT2_TRIES; tries++) {
		fd = syscall(SYS_openat2, dirfd, path, &how, sizeof(how));
		if (fd >= 0 || (errno != EAGAIN && errno != EINTR))
			break;
	}
	return (int)fd;
}

pid_t sys_clone3(struct clone_args *args)
{
	return (pid_t)syscall(SYS_clone3, args, sizeof(*args));
}

int sys_pidfd_send_signal(int pidfd, int signal)
{
	return (int)syscall(SYS_pidfd_send_signal, pidfd, signal, NULL, 0);
}
