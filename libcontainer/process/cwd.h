/* process.cwd (config.md, "Process"). The directory is entered by a descriptor that was opened
 * without magic links, and verified afterwards: /proc/self/fd/N as a cwd led out of the container
 * through a directory that a runtime had left open (CVE-2024-21626).
 *
 * The order in init: after pivot_root cwd_make(), for a container; then cwd_try() before the ids change, because the
 * user may not be allowed to go where root is; if that was refused, cwd_enter() after, because root
 * may not be allowed where the user is (a mount that only its owner can enter); cwd_verify() last.
 */
#pragma once

#include <stdbool.h>

#include "base/error.h"

/* Make the directory and its missing parents, mode 0755; one that is there stays as it is. Init. */
int cwd_make(int rootfd, const char *cwd, struct error *err);

/* Enter it; *ret_entered is false if the caller has no access. Any other failure is an error, one
 * of execute_failed(). */
int cwd_try(const char *cwd, bool *ret_entered, struct error *err);

/* Enter it or fail. */
int cwd_enter(const char *cwd, struct error *err);

/* ERROR_REFUSED if the current directory is not inside the caller's root. */
int cwd_verify(struct error *err);
