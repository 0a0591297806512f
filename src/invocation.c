#include "src/invocation.h"

#include <stdlib.h>

#include "base/cleanup.h"
#include "base/kernel.h"
#include "base/trace.h"
#include "libcontainer/init/executable.h"
#include "src/command.h"
#include "src/globals.h"
#include "src/help.h"
#include "src/log.h"
#include "src/output.h"
#include "src/version.h"

/* Address space, not memory: room for the states of some 10,000 containers in one `list`. */
#define ARENA_SIZE (128ul << 20)

static int show_help(const struct command *command, struct error *err)
{
	_cleanup_buffer_ struct buffer text = BUFFER_INIT;

	if (command)
		help_command(&text, command);
	else
		help_program(&text);
	return output_write(&text, err);
}

static int show_version(struct error *err)
{
	_cleanup_buffer_ struct buffer text = BUFFER_INIT;

	version_text(&text);
	return output_write(&text, err);
}

static int check_arguments(const struct command *command, const struct strings *arguments,
			   struct error *err)
{
	if (arguments->count < command->arguments_min)
		return error_set(err, ERROR_USAGE, command->name,
				 "%s: too few arguments: expected %s", command->name,
				 command->usage);
	if (arguments->count > command->arguments_max)
		return error_set(err, ERROR_USAGE, command->name,
				 "%s: too many arguments: expected %s", command->name,
				 *command->usage ? command->usage : "none");
	return 0;
}

static int check_manager(const struct invocation *invocation, struct error *err)
{
	if (HAVE_SYSTEMD || !invocation->command->makes ||
	    invocation->runtime.manager != CGROUP_SYSTEMD)
		return 0;
	return error_set(err, ERROR_UNSUPPORTED, "systemd",
			 "%s: this build of proa can't make cgroups through systemd: leave "
			 "--systemd-cgroup out, or give --cgroup-manager cgroupfs",
			 invocation->command->name);
}

/* What a command needs that runs on this machine, and not only in its own text. */
static int settle(struct invocation *invocation, const struct globals *globals, struct error *err)
{
	if (invocation->command->host_free)
		return 0;
	if (kernel_check(err) < 0 ||
	    globals_runtime(globals, &invocation->arena, &invocation->runtime, err) < 0)
		return -1;
	log_debug("proa %s (%s): %s, state root %s", PACKAGE_VERSION, proa_commit,
		  invocation->command->name, invocation->runtime.root);
	return check_manager(invocation, err);
}

static int run_command(struct invocation *invocation, const struct globals *globals,
		       const struct strings *words, struct error *err)
{
	const struct command *command = invocation->command;
	struct parsed parsed;

	if (command->missing)
		return error_set(err, ERROR_UNSUPPORTED, command->missing,
				 "%s: this build of proa is without %s", command->name,
				 command->missing);
	invocation->options = arena_alloc(&invocation->arena, command->options_size);
	if (options_parse(command->options, command->ordered, words, invocation->options,
			  &invocation->arena, &parsed, err) < 0)
		return error_prefix(err, "%s", command->name);
	if (parsed.help)
		return show_help(command, err);
	invocation->arguments = parsed.arguments;
	if (check_arguments(command, &parsed.arguments, err) < 0 ||
	    settle(invocation, globals, err) < 0)
		return -1;
	trace_phase(command->name);
	return command->run(invocation, err);
}

static int find_command(struct invocation *invocation, const struct strings *words,
			struct error *err)
{
	if (!words->count)
		return error_set(err, ERROR_USAGE, NULL, "no command given");
	invocation->command = command_find(words->items[0]);
	if (!invocation->command)
		return error_set(err, ERROR_USAGE, words->items[0], "unknown command %s",
				 words->items[0]);
	return 0;
}

/* executable_protect() comes before anything is opened or read that isn't our own command line. It returns in the process that
 * runs from the protected image, which has come here as we have. */
static int prepare(struct invocation *invocation, const struct strings *words,
		   struct globals *globals, struct parsed *parsed, char **argv, struct error *err)
{
	if (options_parse(global_options, true, words, globals, &invocation->arena, parsed, err) < 0)
		return -1;
	if (parsed->help || globals->version)
		return 0;
	if (find_command(invocation, &parsed->arguments, err) < 0)
		return -1;
	return invocation->command->protected ? executable_protect(argv, err) : 0;
}

/* Where the options are wrong the error still goes where those before it want the log to be. */
static int open_logs(const struct globals *globals, int result, struct error *err)
{
	struct error log_error = ERROR_INIT;

	if (globals_open_logs(globals, &log_error) < 0 && result == 0) {
		*err = log_error;
		result = -1;
	}
	return result;
}

static int proceed(struct invocation *invocation, int argc, char **argv, struct error *err)
{
	struct strings words = { argv + 1, argc > 0 ? (size_t)argc - 1 : 0 };
	struct globals globals = { .root = NULL };
	struct parsed parsed;
	int result;

	if (arena_init(&invocation->arena, ARENA_SIZE, err) < 0)
		return -1;
	result = prepare(invocation, &words, &globals, &parsed, argv, err);
	if (open_logs(&globals, result, err) < 0)
		return -1;
	trace_phase("command line");
	if (parsed.help)
		return show_help(NULL, err);
	if (globals.version)
		return show_version(err);
	words = (struct strings){ parsed.arguments.items + 1, parsed.arguments.count - 1 };
	return run_command(invocation, &globals, &words, err);
}

static int fail(const struct command *command, const struct error *err)
{
	_cleanup_buffer_ struct buffer usage = BUFFER_INIT;

	log_error(err);
	if (err->code == ERROR_USAGE) {
		help_usage(&usage, command);
		if (!buffer_failed(&usage))
			log_usage(usage.bytes);
	}
	return command && command->failure ? command->failure : EXIT_FAILURE;
}

int invocation_run(int argc, char **argv)
{
	struct invocation invocation = { .arena = ARENA_INIT };
	struct error err = ERROR_INIT;
	int status;

	if (proceed(&invocation, argc, argv, &err) < 0)
		status = fail(invocation.command, &err);
	else
		status = invocation.status;
	trace_phase("end");
	arena_free(&invocation.arena);
	return status;
}
