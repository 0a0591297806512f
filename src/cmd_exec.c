#include "src/command.h"

static const struct option options[] = {
	STRING("process", "p", "FILE", struct exec_options, process_file,
	       "read the process from FILE, a process object as in config.json"),
	STRING("cwd", NULL, "DIR", struct exec_options, cwd, "working directory in the container"),
	STRINGS("env", "e", "NAME=VALUE", struct exec_options, env,
		"add to the environment; may be given again"),
	FLAG("tty", "t", struct exec_options, terminal, "give the process a terminal"),
	/* a script's variable that is empty must make nobody the container's root */
	STRING_FILLED("user", "u", "USER[:GROUP]", NULL, struct exec_options, user,
	       "run as this user and group, by number or by name"),
	STRINGS("additional-gids", "g", "GID", struct exec_options, additional_gids,
		"add a supplementary group; may be given again"),
	STRINGS("cap", "c", "CAPABILITY", struct exec_options, capabilities,
		"add a capability; may be given again"),
	FLAG("no-new-privs", NULL, struct exec_options, no_new_privs,
	     "let the process gain no privileges by execve(2)"),
	STRING("apparmor", NULL, "PROFILE", struct exec_options, apparmor, "AppArmor profile"),
	STRING("process-label", NULL, "LABEL", struct exec_options, process_label, "SELinux label"),
	STRING("cgroup", NULL, "PATH", struct exec_options, cgroup,
	       "run in the cgroup PATH, which must be there below the container's"),
	FLAG("ignore-paused", NULL, struct exec_options, ignore_paused,
	     "enter a paused container too; the process runs once it is resumed"),
	FLAG("detach", "d", struct exec_options, detach,
	     "return once the program runs, don't wait for its end"),
	STRING("pid-file", NULL, "FILE", struct exec_options, pid_file,
	       "write the pid of the process to FILE"),
	STRING("console-socket", NULL, "SOCKET", struct exec_options, console_socket,
	       "send the master of the terminal to this AF_UNIX socket"),
	STRING("pidfd-socket", NULL, "SOCKET", struct exec_options, pidfd_socket,
	       "send a pidfd of the process to this AF_UNIX socket"),
	NUMBER("preserve-fds", NULL, "N", struct exec_options, preserve_fds,
	       "pass N more descriptors, from 3 on"),
	HIDDEN_FLAG("no-subreaper", struct exec_options, no_subreaper),
	OPTIONS_END,
};

static int run(struct invocation *invocation, struct error *err)
{
	struct exec_options *exec = invocation->options;
	const struct strings *arguments = &invocation->arguments;

	exec->id = arguments->items[0];
	exec->args = (struct strings){ arguments->items + 1, arguments->count - 1 };
	if (!exec->process_file && !exec->args.count)
		return error_set(err, ERROR_USAGE, exec->id,
				 "exec: no program given, and no process by --process");
	if (!exec->detach)
		arena_trim(&invocation->arena);
	return container_exec(&invocation->runtime, exec, &invocation->status, err);
}

const struct command cmd_exec = {
	.name = "exec",
	.usage = "ID [PROGRAM [ARGUMENT...]]",
	.summary = "run a process in a running container",
	.options = options,
	.options_size = sizeof(struct exec_options),
	.arguments_min = 1,
	.arguments_max = ARGUMENTS_ANY,
	.ordered = true,
	.protected = true,
	.failure = 255,
	.run = run,
};
