/* A shorter program of one that libseccomp has made. For seccomp_compile.c only.
 *
 * libseccomp compares the number of a system call with each that the profile names, for each architecture. But neighbours
 * mostly have the same answer. So it is found out which ranges of numbers lead to one and the same instruction, and a binary
 * search among the ranges replaces the comparisons. What looks at arguments is copied as it is. The kernel translates and
 * compiles a filter whenever it is loaded: what is a third as long takes a third of the time. A profile whose names have few
 * neighbours gets no shorter and is libseccomp's: since Linux 5.11 what is always allowed isn't compared at all. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "libcontainer/security/seccomp_compile.h"

/* Replace @program by a shorter one in @arena that answers each call alike. @architectures are all (AUDIT_ARCH_*) with which
 * it compares. One that gets no shorter, or isn't as libseccomp writes them, stays as it is. Pure. */
void seccomp_shorten(struct seccomp_program *program, const uint32_t *architectures, size_t count,
		     struct arena *arena);
