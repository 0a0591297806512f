/* run = create + start + wait + delete. */
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/kernel.h"
#include "base/text.h"
#include "libcontainer/lifecycle/creation.h"
#include "libcontainer/lifecycle/delete.h"
#include "libcontainer/lifecycle/notify.h"
#include "libcontainer/lifecycle/start.h"
#include "libcontainer/lifecycle/terminal.h"
#include "libcontainer/lifecycle/wait.h"

/* The exit code doesn't tell who has sent SIGKILL. */
static void tell_death(const struct creation *creation, const struct memory_watch *watch,
		       int status)
{
	char what[300];

	if (status != 128 + SIGKILL || !watch->kills)
		return;
	text_cut(what, sizeof(what), "container %s", creation->state->id);
	report_death(creation->runtime, creation->state->id, what, watch->limit);
}

static int wait_for(struct creation *creation, struct terminal *terminal,
		    struct memory_watch *memory, int signals, int notify, int *ret_status,
		    struct error *err)
{
	const struct foreground foreground = {
		.pid = creation->spawned.pid,
		.pidfd = creation->spawned.pidfd,
		.terminal = terminal,
		.notify = notify,
		.memory = memory,
		.warn = creation->runtime->warn,
	};
	int result = -1;

	arena_trim(&creation->config_arena);
	arena_trim(&creation->plan_arena);
	if (terminal_begin(terminal, err) == 0)
		result = wait_foreground(&foreground, signals, ret_status, err);
	if (result == 0)
		tell_death(creation, memory, *ret_status);
	return result;
}

static int start_and_wait(struct creation *creation, const struct run_options *options,
			  struct terminal *terminal, struct memory_watch *memory, int signals,
			  int *ret_status, struct error *err)
{
	const struct runtime *runtime = creation->runtime;
	struct started started = { .notify = -1 };
	_cleanup_fd_ int notify = -1;

	/* the lock is start's now */
	record_unlock(&creation->record);
	if (!creation->running &&
	    start_container(runtime, &creation->record, options->create.id, &started, err) < 0)
		return -1;
	notify = started.notify;
	if (!options->create.detached)
		return wait_for(creation, terminal, memory, signals, notify, ret_status, err);
	return notify < 0
		   ? 0
		   : notify_relay(notify, creation->spawned.pidfd, creation->spawned.pid, err);
}

int creation_run(const struct runtime *runtime, const struct run_options *options,
		 creation_maker *maker, void *context, int *ret_status, struct error *err)
{
	_cleanup_terminal_ struct terminal terminal = TERMINAL_INIT;
	struct create_options create = options->create;
	_cleanup_fd_ int signals = -1;
	struct memory_watch memory;
	struct creation creation;
	struct error ignored = ERROR_INIT;
	int result;

	if (!create.detached) {
		create.terminal = &terminal;
		signals = wait_begin(!options->no_subreaper, err);
		if (signals < 0)
			return -1;
	}
	*ret_status = 0;
	result = creation_make(&creation, runtime, &create, maker, context, err);
	if (result == 0) {
		/* before the program runs: what it does at once is seen, too */
		memory_watch_begin(&memory, create.detached ? -1 : creation.cgroup.fd);
		result = start_and_wait(&creation, options, &terminal, &memory, signals, ret_status,
					err);
		memory_watch_end(&memory);
		/* a container that never ran is of no use, one that ended only if it is to be kept
		 */
		terminal_end(&terminal);
		if ((result < 0 || !(create.detached || options->keep)) &&
		    delete_container(runtime, &creation.record, create.id, true, &ignored) < 0)
			runtime->warn(ignored.text);
	}
	creation_end(&creation);
	return result;
}

int container_run(const struct runtime *runtime, const struct run_options *options, int *ret_status,
		  struct error *err)
{
	return creation_run(runtime, options, creation_clone, NULL, ret_status, err);
}
