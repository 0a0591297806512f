/* The kernel: system calls that the C library doesn't wrap, and the one question about its version.
 * Below 5.14 one of cgroup.kill, mount_setattr, idmapped mounts, openat2 or clone3 is missing, and
 * with it a protection; such a kernel is refused rather than served with a weaker path. */
#pragma once

#include <fcntl.h>
#include <linux/openat2.h>
#include <linux/sched.h>
#include <sched.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"

/* Refuse a kernel older than 5.14 (ERROR_UNSUPPORTED). */
int kernel_check(struct error *err);

/* openat2(2) with EAGAIN (a concurrent rename) and EINTR retried; O_CLOEXEC is added. -1 with
 * errno. */
int sys_openat2(int dirfd, const char *path, uint64_t flags, mode_t mode, uint64_t resolve);

/* clone3(2) as fork(2): returns 0 in the child, its pid in the caller, -1 with errno. */
pid_t sys_clone3(struct clone_args *args);

/* pidfd_send_signal(2) as kill(2) sends it. -1 with errno. */
int sys_pidfd_send_signal(int pidfd, int signal);
