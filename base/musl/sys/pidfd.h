/* <sys/pidfd.h>, which musl hasn't. */
#pragma once

#include <signal.h>
#include <sys/types.h>

/* As in the manual page of each, and in glibc. */
int pidfd_open(pid_t pid, unsigned int flags);
int pidfd_getfd(int pidfd, int fd, unsigned int flags);
int pidfd_send_signal(int pidfd, int number, siginfo_t *info, unsigned int flags);
