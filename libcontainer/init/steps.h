/* The steps that the table in steps.c puts in order, which says of each what it is for. Init, or the process of exec. Private to
 * this room. */
#pragma once

#include "libcontainer/init/init.h"
#include "oci/config.h"
#include "oci/state.h"

typedef int step_function(struct init *init, struct error *err);

/* steps_build.c: what surrounds the program is made, up to the root filesystem, and with the host's files at hand. */
step_function step_signals, step_lifeline, step_user_namespace, step_session, step_keyring,
    step_loopback, step_net_devices, step_uts, step_rootfs, step_mounts, step_devices, step_console,
    step_runtime_hooks, step_create_container_hooks, step_pivot, step_chroot, step_procfs,
    step_sysctl, step_protect, step_root, step_unmount, step_added_mounts, step_mounted;

/* steps_enter.c: the host is left behind, and the process becomes its program. */
step_function step_forget_host, step_pid_namespace, step_leave_host, step_enter, step_names,
    step_exec_console, step_null, step_terminal, step_scheduling, step_affinity, step_limits,
    step_home, step_make_cwd, step_look_for_program, step_termination, step_created,
    step_wait_for_start, step_start_container_hooks, step_labels, step_executing,
    step_seccomp_early, step_cwd, step_user, step_descriptors, step_capabilities, step_exec_rights,
    step_no_new_privs, step_seccomp_late, step_program, step_execute;

/* What both need. Die with the parent, and let nobody in a namespace that we share look into us. A change of ids clears
 * both (prctl(2)), so this is said again after each. */
int init_guard(struct init *init, struct error *err);

/* Where nothing is shared, hooks of a caller without privileges may find our namespaces, to set up a network. */
bool init_stays_found(const struct init *init);

/* Run hooks of init's own (createContainer, startContainer); they are told the pid as it is in the container. */
int init_run_hooks(struct init *init, const char *kind, const struct hook_list *hooks,
		   enum container_status status, struct error *err);
