/* The executable of proa is protected from its containers (CVE-2019-5736). A process that has
 * joined a container, or will become its init, is reachable there as /proc/PID/exe, and through
 * that link root in the container can open the binary for writing once it runs no more, or be made
 * to execute it (`#!/proc/self/exe`). So before anything is parsed proa executes itself once more
 * from an image that nobody can write:
 *
 *   1. an overlay mount without an upper layer, attached nowhere: there is nothing to be written
 * to, and no mount flag that root elsewhere could clear (a read-only bind would do only while no
 * process holds its mount's descriptor: MOUNT_ATTR_RDONLY was cleared through /proc/PID/exe);
 *   2. a sealed memfd, where an overlay can't be made (no CAP_SYS_ADMIN). */
#pragma once

#include "base/error.h"

/* Parent, first of all in create, run, exec, restore, migrate and mounts: return 0 if we run from the protected
 * image; else execute @argv anew from one. Fails rather than going on
 * unprotected. */
int executable_protect(char **argv, struct error *err);

/* Where proa's binary lies on disk, also after executable_protect(); to look for the helpers beside
 * it. */
const char *executable_path(void);
