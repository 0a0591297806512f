/* The options before the command, and what they come to: the log, the trace, the runtime. */
#pragma once

#include "base/arena.h"
#include "base/error.h"
#include "libcontainer/lifecycle/lifecycle.h"
#include "src/options.h"

enum rootless { ROOTLESS_AUTO, ROOTLESS_TRUE, ROOTLESS_FALSE };

struct globals {
	const char *root;
	const char *log;
	int log_format;
	int log_level;
	bool debug;
	const char *trace;
	bool systemd_cgroup;
	int manager;  /* enum cgroup_manager */
	int rootless; /* enum rootless */
	bool version;
};

extern const struct option global_options[];

/* Open the log and the trace. */
int globals_open_logs(const struct globals *globals, struct error *err);

/* Decide on the state root, the manager and whether we are rootless. */
int globals_runtime(const struct globals *globals, struct arena *arena, struct runtime *ret_runtime,
		    struct error *err);

/* Who asks, as far as it decides on the default state root. */
struct caller {
	bool privileged;	 /* euid 0 */
	bool user_namespace;	 /* in one that is not the machine's own */
	const char *user;	 /* $USER, may be NULL */
	const char *runtime_dir; /* $XDG_RUNTIME_DIR, may be NULL */
};

/* The state root where --root isn't given: /run/proa, or $XDG_RUNTIME_DIR/proa of who is rootless.
 * ERROR_USAGE, naming --root, where neither will do. Pure. */
int globals_default_root(const struct caller *caller, struct arena *arena, const char **ret_root,
			 struct error *err);

/* An absolute form of @root without links where it exists; "/" is ERROR_USAGE. */
int globals_resolve_root(const char *root, struct arena *arena, const char **ret_root,
			 struct error *err);
