/* linux.seccomp (config-linux.md, "Seccomp"; seccomp(2)). The parent turns the profile into a
 * classic BPF program, by libseccomp or from a cache of such programs; init hands it to the kernel.
 *
 * Where it comes in init's order: with no_new_privs last, just before execve. Without, the kernel
 * wants CAP_SYS_ADMIN of init, so it comes before capabilities_apply() and the profile must let the
 * remaining calls through (setresuid, capset, prctl, execve, …). */
#pragma once

#include <linux/filter.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/text.h"
#include "oci/config.h"

struct seccomp_plan {
	struct sock_filter *filter;
	size_t count;
	unsigned int flags;	 /* SECCOMP_FILTER_FLAG_* for seccomp(2) */
	bool notify;		 /* the load gives a listener, meant for listener_path */
	char *listener_path;	 /* NULL without notify */
	char *listener_metadata; /* may be NULL */
};

/* SCMP_ARCH_*: those of the spec that the libseccomp of this build knows; ended by a NULL name. */
extern const struct name_value seccomp_architectures[];

/* Make the plan. Names of system calls that libseccomp doesn't know are skipped; those newer than
 * the newest one that the profile names get ENOSYS instead of the default action, so that a C
 * library can fall back (unless the default action lets the call happen, or is that errno). A wrong
 * action, operator, flag or combination is ERROR_INVALID; an architecture that libseccomp can't have
 * in a filter of this machine, or a flag that this kernel lacks, is ERROR_UNSUPPORTED.
 *
 * @cache_dirfd is a directory for compiled programs, -1 for none. It is only used if it belongs to
 * us and nobody else can write to it; trouble with the cache is never an error. Parent. */
int seccomp_plan(const struct config_seccomp *seccomp, int cache_dirfd, struct arena *arena,
		 struct seccomp_plan **ret_plan, struct error *err);

struct seccomp_call {
	long number;
	uint64_t argument; /* the first; the others count as 0 */
};

/* Does the program let all of @calls happen, as far as it can be told beforehand? Pure. */
bool seccomp_lets(const struct seccomp_plan *plan, const struct seccomp_call *calls, size_t count);

/* Load the program into the calling thread. *ret_listener is the listener's descriptor (CLOEXEC) if
 * plan->notify, else -1; it takes the lowest free number, which lets a caller know that number
 * beforehand. Init; see above for the order. */
int seccomp_apply(const struct seccomp_plan *plan, int *ret_listener, struct error *err);
