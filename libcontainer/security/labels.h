/* process.apparmorProfile and process.selinuxLabel (config.md, "Linux Process"): the labels that
 * the next execve(2) puts on the process. They are written through a verified procfs, because a
 * label written to a file that a container put in its place protects nothing (CVE-2019-16884,
 * CVE-2025-52881). */
#pragma once

#include "base/error.h"

/* A label that is asked for while its LSM is off is ERROR_UNSUPPORTED. Either may be NULL. Parent,
 * for it looks at the host's /sys. */
int labels_check(const char *apparmor, const char *selinux, struct error *err);

/* Write the labels for the next execve; the kernel takes them from the thread itself only. AppArmor
 * restricts a change of profile under no_new_privs, and a filter or the lack of capabilities may
 * forbid it: so before no_new_privs, seccomp and the change of ids. Either may be NULL or empty.
 * Init. */
int labels_apply(int procfs, const char *apparmor, const char *selinux, struct error *err);

/* SELinux: the label for keyrings made from now on; NULL ends that. Around keyring_join(), as far
 * as a SELinux label is set. Init. */
int labels_keyring(int procfs, const char *selinux, struct error *err);
