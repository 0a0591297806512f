#include "src/command.h"
#include "src/criu_options.h"

struct restore_flags {
	struct criu_flags with;
	struct run_options run;
	const char *import, *page_server;
};

#define TYPE struct restore_flags

static const struct option options[] = {
	STRING_OR("bundle", "b", "DIR", ".", TYPE, run.create.bundle, "the bundle's directory"),
	STRING("config", "f", "FILE", TYPE, run.create.config_file,
	       "read FILE in place of config.json in the bundle"),
	CRIU_OPTIONS(TYPE, with.),
	STRING("page-server", NULL, "ADDRESS:PORT", TYPE, page_server,
	       "with --lazy-pages, fetch memory from the checkpoint that serves it there"),
	STRING(
	    "import", "i", "FILE", TYPE, import,
	    "read all from FILE, or with - from standard input, as checkpoint --export wrote it"),
	FLAG("detach", "d", TYPE, run.create.detached,
	     "return once the container runs, don't wait for its end"),
	STRING("console-socket", NULL, "SOCKET", TYPE, run.create.console_socket,
	       "send the master of the terminal to this AF_UNIX socket"),
	STRING("pidfd-socket", NULL, "SOCKET", TYPE, run.create.pidfd_socket,
	       "send a pidfd of the container's init to this AF_UNIX socket"),
	STRING("pid-file", NULL, "FILE", TYPE, run.create.pid_file,
	       "write the pid of the container's init to FILE"),
	FLAG("keep", NULL, TYPE, run.keep, "don't delete the container at its end"),
	FLAG("no-subreaper", NULL, TYPE, run.no_subreaper,
	     "don't reap what the container's processes leave behind"),
	STRING("lsm-profile", NULL, "TYPE:NAME", TYPE, with.criu.lsm_profile,
	       "another profile of AppArmor or label of SELinux, like apparmor:NAME"),
	STRING("lsm-mount-context", NULL, "CONTEXT", TYPE, with.criu.lsm_mount_context,
	       "another SELinux context for mounts"),
	FLAG("weak-sysctls", NULL, TYPE, with.criu.weak_sysctls,
	     "go on where a sysctl can't be restored"),
	FLAG("skip-file-rwx-check", NULL, TYPE, with.criu.skip_file_rwx_check,
	     "don't compare the permissions of open files"),
	FLAG("mntns-compat-mode", NULL, TYPE, with.criu.mntns_compat_mode,
	     "mount as CRIU did before 3.17"),
	/* what go-runc, conmon and crun's callers pass too */
	IGNORED_STRING("parent-path", "DIR"),
	IGNORED_STRING("status-fd", "FD"),
	IGNORED_STRING("network-lock", "HOW"), /* CRIU unlocks as the images say */
	IGNORED_FLAG("no-pivot"),
	IGNORED_FLAG("no-new-keyring"),
	IGNORED_FLAG("tcp-skip-in-flight"),
	IGNORED_FLAG("skip-in-flight"),
	IGNORED_FLAG("link-remap"),
	OPTIONS_END,
};

static int run(struct invocation *invocation, struct error *err)
{
	struct restore_flags *flags = invocation->options;
	struct restore_options restore = { .run = flags->run };

	if (criu_flags_read(&flags->with, err) < 0 ||
	    page_server_read(flags->page_server, &invocation->arena, &restore.page_server, err) < 0)
		return -1;
	if (flags->import && flags->with.criu.lazy_pages)
		return error_set(err, ERROR_USAGE, "import",
				 "--import doesn't go with --lazy-pages");
	restore.criu = flags->with.criu;
	restore.import = flags->import;
	restore.run.create.id = invocation->arguments.items[0];
	if (!restore.run.create.detached)
		arena_trim(&invocation->arena);
	return container_restore(&invocation->runtime, &restore, &invocation->status, err);
}

const struct command cmd_restore = {
	.name = "restore",
	.usage = "ID",
	.summary = "make a container of images, and let it run on",
	.options = options,
	.options_size = sizeof(TYPE),
	.arguments_min = 1,
	.arguments_max = 1,
	.protected = true,
	.makes = true,
	.missing = HAVE_CRIU ? NULL : "CRIU",
	.run = run,
};
