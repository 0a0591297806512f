/* From the profile to the program, by libseccomp. For seccomp.c only. */
#pragma once

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "oci/config.h"

/* Where a program finds what it loads. */
#define SECCOMP_OFFSET_NUMBER ((uint32_t)offsetof(struct seccomp_data, nr))
#define SECCOMP_OFFSET_ARCH   ((uint32_t)offsetof(struct seccomp_data, arch))

struct seccomp_program {
	struct sock_filter *instructions;
	size_t count;
};

/* Compile @seccomp into @arena. Pure but for a memory file, through which libseccomp exports. */
int seccomp_compile(const struct config_seccomp *seccomp, struct arena *arena,
		    struct seccomp_program *ret_program, struct error *err);

/* How many instructions @jump leaves out when it finds @accumulator; sets @known to false if it is none of those that filters
 * have. Pure. */
uint32_t seccomp_jump(const struct sock_filter *jump, uint32_t accumulator, bool *known);
