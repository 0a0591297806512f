#include "libcontainer/init/init.h"

#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/trace.h"

#define INIT_UMASK 022

static int walk(struct init *init, struct error *err)
{
	for (size_t i = 0; i < init_step_count; i++) {
		const struct step *step = &init_steps[i];

		if (!(step->purposes & 1u << init->plan->purpose))
			continue;
		step_begin(init->progress, step->name);
		if (step->run(init, err) < 0)
			return -1;
	}
	return error_set(err, ERROR_PROTOCOL, NULL, "init has no last step");
}

void init_main(const struct plan *plan, int socket, struct progress *progress)
{
	static const char *const names[] = {
		[PURPOSE_CREATE] = "init",
		[PURPOSE_EXEC] = "exec",
		[PURPOSE_MOUNTS] = "mounts",
	};
	struct init init = {
		.plan = plan,
		.progress = progress,
		.channel = socket,
		.procfs = -1,
		.terminal = -1,
	};
	struct error error = ERROR_INIT;

	/* what is made on the way has the modes that we give it, whatever our caller's umask is */
	umask(INIT_UMASK);
	trace_process(names[plan->purpose]);
	walk(&init, &error);
	init_fail(init.channel, &error);
}
