/* The names that the runtime-spec gives to values, each list once: the schema's tables refuse other
 * names, `features` prints them, the rooms of libcontainer take the numbers from here. The numbers
 * are the kernel's ABI (libseccomp's are the same). Each table ends with a NULL name. Constant: any process. */
#pragma once

#include "base/text.h"

extern const struct name_value names_namespaces[];	  /* CLONE_NEW… */
extern const struct name_value names_capabilities[];	  /* CAP_… */
extern const struct name_value names_rlimits[];		  /* RLIMIT_… */
extern const struct name_value names_device_types[];	  /* S_IF…; mknod(2) */
extern const struct name_value names_device_rule_types[]; /* 'a', 'b', 'c' */
extern const struct name_value names_propagations[];	  /* MS_… (| MS_REC) */

extern const struct name_value names_scheduler_policies[]; /* SCHED_… */
extern const struct name_value names_scheduler_flags[];	   /* SCHED_FLAG_… */
extern const struct name_value names_io_classes[];	   /* IOPRIO_CLASS_… */
extern const struct name_value names_memory_modes[];	   /* MPOL_… */
extern const struct name_value names_memory_flags[];	   /* MPOL_F_… */
extern const struct name_value names_personalities[];	   /* PER_… */

extern const struct name_value names_seccomp_actions[];	  /* SECCOMP_RET_…, without data */
extern const struct name_value names_seccomp_operators[]; /* enum scmp_compare */
extern const struct name_value names_seccomp_archs[];	  /* no numbers: libseccomp has its own */
extern const struct name_value names_seccomp_flags[];	  /* SECCOMP_FILTER_FLAG_… */
