/* System calls of the headers beside this file, which musl has no functions for, or others. */
#include <fcntl.h>
#include <grp.h>
#include <linux/mount.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/pidfd.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

int close_range(unsigned int first, unsigned int last, int flags)
{
	return (int)syscall(SYS_close_range, first, last, flags);
}

int pidfd_open(pid_t pid, unsigned int flags)
{
	return (int)syscall(SYS_pidfd_open, pid, flags);
}

int pidfd_getfd(int pidfd, int fd, unsigned int flags)
{
	return (int)syscall(SYS_pidfd_getfd, pidfd, fd, flags);
}

int pidfd_send_signal(int pidfd, int number, siginfo_t *info, unsigned int flags)
{
	return (int)syscall(SYS_pidfd_send_signal, pidfd, number, info, flags);
}

int kernel_statx(int dir, const char *path, int flags, unsigned int mask, struct statx *ret_st)
{
	return (int)syscall(SYS_statx, dir, path, flags, mask, ret_st);
}

/* musl's own hides from @ret_before the signals that it would keep for itself, had we threads: SIGRTMIN is 34 to others, and
 * whoever restores a mask would let it through. */
int sigprocmask(int how, const sigset_t *restrict mask, sigset_t *restrict ret_before)
{
	return (int)syscall(SYS_rt_sigprocmask, how, mask, ret_before, NSIG / 8);
}

/* musl's own sets O_CLOEXEC once more, for kernels older than that. */
int open(const char *path, int flags, ...)
{
	va_list rest;
	mode_t mode;

	va_start(rest, flags);
	mode = flags & O_CREAT || (flags & O_TMPFILE) == O_TMPFILE ? va_arg(rest, mode_t) : 0;
	va_end(rest);
	return openat(AT_FDCWD, path, flags, mode);
}

/* musl's own is another call on x86_64, which a container's seccomp filter may forbid: profiles name what glibc makes. */
int stat(const char *restrict path, struct stat *restrict ret_st)
{
	return (int)syscall(SYS_newfstatat, AT_FDCWD, path, ret_st, 0);
}

/* musl's own take all threads along, and block signals for that, which a container's seccomp filter may forbid. Who changes
 * ids here has one thread. */
int setgroups(size_t count, const gid_t *groups)
{
	return (int)syscall(SYS_setgroups, count, groups);
}

int setresgid(gid_t real, gid_t effective, gid_t saved)
{
	return (int)syscall(SYS_setresgid, real, effective, saved);
}

int setresuid(uid_t real, uid_t effective, uid_t saved)
{
	return (int)syscall(SYS_setresuid, real, effective, saved);
}

int renameat2(int from_dir, const char *from, int to_dir, const char *to, unsigned int flags)
{
	return (int)syscall(SYS_renameat2, from_dir, from, to_dir, to, flags);
}

int fsopen(const char *filesystem, unsigned int flags)
{
	return (int)syscall(SYS_fsopen, filesystem, flags);
}

int fsconfig(int fd, unsigned int command, const char *key, const void *value, int aux)
{
	return (int)syscall(SYS_fsconfig, fd, command, key, value, aux);
}

int fsmount(int fd, unsigned int flags, unsigned int attributes)
{
	return (int)syscall(SYS_fsmount, fd, flags, attributes);
}

int fspick(int dir, const char *path, unsigned int flags)
{
	return (int)syscall(SYS_fspick, dir, path, flags);
}

int move_mount(int from_dir, const char *from_path, int to_dir, const char *to_path, unsigned int flags)
{
	return (int)syscall(SYS_move_mount, from_dir, from_path, to_dir, to_path, flags);
}

int open_tree(int dir, const char *path, unsigned int flags)
{
	return (int)syscall(SYS_open_tree, dir, path, flags);
}

int mount_setattr(int dir, const char *path, unsigned int flags, struct mount_attr *attributes, size_t size)
{
	return (int)syscall(SYS_mount_setattr, dir, path, flags, attributes, size);
}
