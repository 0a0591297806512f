/* process.apparmorProfile and process.selinuxLabel (config.md, "Linux Process"): the labels that
 * the next execve(2) puts on the process. They are written through a verified procfs, because a
 * label written to a file that a container put in its place protects nothing (CVE-2019-16884,
 * CVE-2025-52881). */
#pragma once

#include "base/error.h"

/* A label that is asked for while its LSM is off is ERROR_UNSUPPORTED. Either may be NULL. Parent,
 * for it looks at the host's /sys. */
int labels_check(const char *apparmor, const char *selinux, struct error *err);

/* Write the labels for the next execve. The kernel takes them from the thread itself only, and in a
 * user namespace the files are out of reach while the process isn't dumpable. With no_new_privs a
 * change of AppArmor's profile must come before it is set where profiles are stacked; so: before
 * no_new_privs, before the ids change and before seccomp. Either may be NULL or empty. Init. */
int labels_apply(int procfs, const char *apparmor, const char *selinux, struct error *err);

/* SELinux: the label for keyrings made from now on; NULL ends that. Around keyring_join(), as far
 * as a SELinux label is set. Init. */
int labels_keyring(int procfs, const char *selinux, struct error *err);
