/* exec: which process, made of the container's own, a process.json and flags. Pure but for the
 * reading of the file. */
#pragma once

#include "libcontainer/lifecycle/lifecycle.h"
#include "libcontainer/security/capabilities.h"

/* Change config->process into the process that @options ask for. What a process file leaves open
 * (capabilities, labels, limits, …) is the container's; without one flags go on top of that. */
int exec_process(const struct exec_options *options, struct arena *arena, struct config *config,
		 struct error *err);

/* --cap. */
int exec_capabilities(const struct exec_options *options, struct capabilities_plan *plan,
		      struct error *err);

/* --cgroup: "[controllers:]path" below the container's cgroup @path, without a way out of it
 * (".."). NULL on failure. */
char *exec_cgroup_path(const char *path, const char *below, struct arena *arena, struct error *err);
