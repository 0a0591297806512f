/* The unit of a container whose cgroup is systemd's, for the verbs that come after create: its state says whose
 * systemd that is, and the path of the cgroup which unit. For other containers these do nothing. Run in the caller. */
#pragma once

#include "libcontainer/cgroup/systemd.h"
#include "libcontainer/cgroup/transaction.h"
#include "oci/state.h"

/* Is its cgroup that of a unit? */
bool state_has_unit(const struct container_state *state);

/* Connect to the systemd whose unit it is, for what follows; systemd_end() ends that. */
int state_connect_unit(const struct container_state *state, struct systemd *ret_systemd,
		       struct error *err);

/* Tell systemd what the files of @changes say by now, and the device rules of @devices (NULL: they stay), lest it write its
 * own values again some day: see systemd_keep(). A user's systemd has no say in devices. */
int state_keep(const struct container_state *state, struct systemd *systemd,
	       const struct cgroup_changes *changes, const struct config_resources *devices,
	       struct arena *arena, struct error *err);

/* Have systemd put a process into the container's cgroup @path, or one below it, where we may not. */
int state_attach(const struct container_state *state, const char *path, pid_t pid,
		 struct error *err);

/* Can only systemd put a process there? */
bool state_must_attach(const struct container_state *state, const char *path);

/* Have it forget the unit; kills what is in it. */
int state_stop_unit(const struct container_state *state, struct error *err);
