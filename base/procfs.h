/* procfs that can be trusted. A container can put anything over its own /proc, and a write meant
 * for an attribute file then lands elsewhere (CVE-2019-16884, CVE-2025-52881). So what we read or
 * write is reached through a descriptor of a procfs that was verified (its magic, inode 1 of its
 * root), beneath it, without links and without crossing another mount. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"

/* Open the caller's own /proc and verify it. Taken before anything of a container is mounted or
 * joined. */
int procfs_open(struct error *err);

/* Of proc_pid_stat(5). */
struct procfs_stat {
	bool ending;	  /* or a zombie: none of its code runs any more */
	bool forked_only; /* it has not executed a program since it was cloned */
	pid_t parent;
	uint64_t start; /* when it was cloned, in clock ticks since boot */
};

/* A process as the caller's /proc has it. ERROR_SYSTEM; a process that is gone is ENOENT or ESRCH. */
int procfs_stat(pid_t pid, struct procfs_stat *ret_stat, struct error *err);

/* Is the process gone, or has every thread of it begun to end? It may stay so for long: the first process of a pid
 * namespace ends when the others in there have been reaped (pid_namespaces(7)), and its own namespaces are gone before. */
bool procfs_ends(pid_t pid);

/* Verify that @fd is the root of a procfs, for one that was just made by fsmount(2). */
int procfs_verify(int fd, struct error *err);

/* Open @path beneath a verified procfs, with open(2)'s @flags. "self" and "thread-self" are links
 * of procfs itself: write "self/…" and "thread-self/…" and they are resolved by us. -1 with errno
 * set. */
int procfs_open_at(int procfs, const char *path, int flags);

/* Write @text by one write(2). -1 with errno set. */
int procfs_write(int procfs, const char *path, const char *text);

/* Open anew what @fd refers to, e.g. an O_PATH descriptor, with open(2)'s @flags. -1 with errno
 * set. */
int procfs_reopen(int procfs, int fd, int flags);
