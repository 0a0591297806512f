#include "src/globals.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/path.h"
#include "base/trace.h"
#include "src/log.h"

#define INITIAL_USER_NAMESPACE 0xEFFFFFFDU

static const struct name_value rootless_names[] = {
	{ "true", ROOTLESS_TRUE },
	{ "false", ROOTLESS_FALSE },
	{ "auto", ROOTLESS_AUTO },
	/* the other words of strconv.ParseBool */
	{ "1", ROOTLESS_TRUE },
	{ "t", ROOTLESS_TRUE },
	{ "T", ROOTLESS_TRUE },
	{ "True", ROOTLESS_TRUE },
	{ "TRUE", ROOTLESS_TRUE },
	{ "0", ROOTLESS_FALSE },
	{ "f", ROOTLESS_FALSE },
	{ "F", ROOTLESS_FALSE },
	{ "False", ROOTLESS_FALSE },
	{ "FALSE", ROOTLESS_FALSE },
	{ NULL },
};

const struct option global_options[] = {
	STRING_FILLED(
	    "root", NULL, "DIR", NULL, struct globals, root,
	    "where the state of containers is kept (default: /run/proa, or $XDG_RUNTIME_DIR/proa)"),
	STRING("log", NULL, "FILE", struct globals, log,
	       "write errors to FILE too; or to syslog:ID or journald:ID"),
	CHOICE("log-format", NULL, "FORMAT", log_format_names, "text", struct globals, log_format,
	       "of the log: text or json"),
	CHOICE("log-level", NULL, "LEVEL", log_level_names, "error", struct globals, log_level,
	       "what the log gets: error, warning or debug"),
	FLAG("debug", NULL, struct globals, debug, "the same as --log-level debug"),
	STRING("trace", NULL, "FILE", struct globals, trace,
	       "append to FILE when each phase began, as JSON lines"),
	CHOICE("cgroup-manager", NULL, "MANAGER", cgroup_manager_names, "cgroupfs", struct globals,
	       manager, "who makes cgroups: cgroupfs, systemd or disabled"),
	FLAG("systemd-cgroup", NULL, struct globals, systemd_cgroup,
	     "the same as --cgroup-manager systemd"),
	CHOICE("rootless", NULL, "WHETHER", rootless_names, "auto", struct globals, rootless,
	       "whether to do without what only root may do: true, false or auto"),
	IGNORED_STRING("criu", "PATH"),
	FLAG("version", "vV", struct globals, version, "show the version and exit"),
	OPTIONS_END,
};

int globals_open_logs(const struct globals *globals, struct error *err)
{
	enum log_level level = globals->debug ? LEVEL_DEBUG : (enum log_level)globals->log_level;

	if (log_open(globals->log, (enum log_format)globals->log_format, level, err) < 0)
		return -1;
	return globals->trace ? trace_open(globals->trace, err) : 0;
}

/* The machine's own has a number of its own (the kernel's USER_NS_INIT_INO). A kernel without user namespaces has no such
 * file, and then nobody is in one. */
static bool in_user_namespace(void)
{
	struct stat st;

	return stat("/proc/self/ns/user", &st) == 0 && st.st_ino != INITIAL_USER_NAMESPACE;
}

static struct caller find_caller(void)
{
	return (struct caller){
		.privileged = geteuid() == 0,
		.user_namespace = in_user_namespace(),
		.user = getenv("USER"),
		.runtime_dir = getenv("XDG_RUNTIME_DIR"),
	};
}

/* Root of a user namespace may be a user who entered it to run containers, or root of a machine that
 * is itself a container: USER tells. Podman calls create with the user's name and the rest with none,
 * but all with XDG_RUNTIME_DIR. */
static bool has_own_runtime_dir(const struct caller *caller)
{
	if (!caller->privileged)
		return true;
	if (!caller->user_namespace)
		return false;
	if (!caller->user || !caller->user[0])
		return caller->runtime_dir;
	return strcmp(caller->user, "root") != 0;
}

int globals_default_root(const struct caller *caller, struct arena *arena, const char **ret_root,
			 struct error *err)
{
	if (!has_own_runtime_dir(caller)) {
		*ret_root = "/run/proa";
		return 0;
	}
	if (!caller->runtime_dir || caller->runtime_dir[0] != '/')
		return error_set(err, ERROR_USAGE, "XDG_RUNTIME_DIR",
				 "no place for the state of containers: XDG_RUNTIME_DIR is not "
				 "set to a directory; set it or give one by --root");
	*ret_root = arena_printf(arena, "%s/proa", caller->runtime_dir);
	return 0;
}

int globals_resolve_root(const char *root, struct arena *arena, const char **ret_root,
			 struct error *err)
{
	_cleanup_free_ char *cwd = NULL, *resolved = realpath(root, NULL);
	char clean[PATH_MAX];

	if (!*root)
		return error_set(err, ERROR_USAGE, "root", "--root may not be empty");
	/* one that isn't there yet has no links to follow */
	if (!resolved && root[0] != '/') {
		cwd = getcwd(NULL, 0);
		if (!cwd)
			return error_errno(err, errno, root, "--root %s: find the cwd", root);
		root = arena_printf(arena, "%s/%s", cwd, root);
	}
	if (path_clean(resolved ? resolved : root, clean, sizeof(clean), err) < 0)
		return error_prefix(err, "--root");
	/* delete would then work on the directories of the machine */
	if (strcmp(clean, "/") == 0)
		return error_set(err, ERROR_USAGE, root, "--root may not be \"/\"");
	*ret_root = arena_strdup(arena, clean);
	return 0;
}

/* XDG Base Directory Specification: files below XDG_RUNTIME_DIR may be cleaned away after some
 * hours, but for those with the sticky bit. That it can't be made is told by whoever needs it. */
static void make_sticky(const struct caller *caller, const char *root)
{
	if (has_own_runtime_dir(caller))
		(void)mkdir(root, 0700 | S_ISVTX);
}

static bool is_rootless(const struct globals *globals, const struct caller *caller)
{
	if (globals->rootless != ROOTLESS_AUTO)
		return globals->rootless == ROOTLESS_TRUE;
	return !caller->privileged || caller->user_namespace;
}

int globals_runtime(const struct globals *globals, struct arena *arena, struct runtime *ret_runtime,
		    struct error *err)
{
	struct caller caller = find_caller();
	const char *root = globals->root;

	if (!root) {
		if (globals_default_root(&caller, arena, &root, err) < 0)
			return -1;
		make_sticky(&caller, root);
	}
	if (globals_resolve_root(root, arena, &root, err) < 0)
		return -1;
	*ret_runtime = (struct runtime){
		.root = root,
		.manager = globals->systemd_cgroup ? CGROUP_SYSTEMD
						   : (enum cgroup_manager)globals->manager,
		.rootless = is_rootless(globals, &caller),
		.user_manager = has_own_runtime_dir(&caller),
		.warn = log_warning,
		.report = log_error,
	};
	return 0;
}
