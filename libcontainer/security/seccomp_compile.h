/* From the profile to the program, by libseccomp. For seccomp.c only. */
#pragma once

#include <linux/filter.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/error.h"
#include "oci/config.h"

struct seccomp_program {
	struct sock_filter *instructions;
	size_t count;
};

/* Compile @seccomp into @arena. @tree: a binary tree of system calls, which takes longer to make
 * but is loaded and run faster than a list. Pure but for a memory file, through which libseccomp
 * exports. */
int seccomp_compile(const struct config_seccomp *seccomp, bool tree, struct arena *arena,
		    struct seccomp_program *ret_program, struct error *err);
