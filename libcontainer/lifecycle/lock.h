/* Locks of fcntl(2) on a whole file, and waiting for one with a deadline. They belong to the process: children don't inherit
 * them, and closing any descriptor of the file gives them up. Any process, of one thread. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

enum lock_kind {
	LOCK_SHARED,
	LOCK_EXCLUSIVE,
};

/* Take the lock if it is free. -1 with errno EAGAIN or EACCES if it isn't. */
int lock_try(int fd, enum lock_kind kind);

/* Take the lock, and sleep until it is free, @ms milliseconds at most: -1 with errno ETIMEDOUT then, or with that of fcntl(2)
 * or timer_create(2). What a SIGALRM would do is suspended meanwhile. */
int lock_wait(int fd, enum lock_kind kind, unsigned int ms);

/* Does another process have a lock that refuses us this one? */
bool lock_refused(int fd, enum lock_kind kind);

/* The process that keeps us from taking it, if that is one that has started us, be it through others: it may wait for our
 * end. Else 0. */
pid_t lock_ancestor(int fd, enum lock_kind kind);
