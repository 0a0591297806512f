/* Compiled programs on disk: libseccomp needs some 20 ms for a common profile, reading a file takes
 * a hundredth of a millisecond. For seccomp.c only.
 * Caller's process.
 *
 * The directory has a fixed number of files, chosen by a hash of the key, so that it can't grow. A
 * file holds the whole key, which is compared, so two profiles with one hash only drive each other
 * out. The key is all that the program depends on: the profile, libseccomp's version, the machine.
 */
#pragma once

#include <stdbool.h>

#include "base/arena.h"
#include "base/text.h"
#include "libcontainer/security/seccomp_compile.h"
#include "oci/config.h"

/* Append the key of @seccomp to @key. */
void seccomp_cache_key(const struct config_seccomp *seccomp, struct buffer *key);

/* False if there is none, or one that is damaged, another's, or not ours. */
bool seccomp_cache_get(int dirfd, const struct buffer *key, struct arena *arena,
		       struct seccomp_program *ret_program);

/* Failures are silent: the next container compiles again. */
void seccomp_cache_put(int dirfd, const struct buffer *key, const struct seccomp_program *program);
