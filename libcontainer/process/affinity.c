#include "libcontainer/process/affinity.h"

#include <errno.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

int affinity_plan(const struct config_exec_cpu_affinity *affinity, struct arena *arena,
		  struct affinity_plan *ret_plan, struct error *err)
{
	struct affinity_plan plan = { 0 };

	if (affinity && (mask_parse(affinity->initial, "process.execCPUAffinity.initial", arena,
				    &plan.initial, err) < 0 ||
			 mask_parse(affinity->final, "process.execCPUAffinity.final", arena,
				    &plan.final, err) < 0))
		return -1;
	*ret_plan = plan;
	return 0;
}

int affinity_apply(const struct mask *mask, pid_t pid, struct error *err)
{
	/* by the system call: the C library's set ends at CPU 1023 */
	if (mask->bits && syscall(SYS_sched_setaffinity, pid, mask_bytes(mask), mask->words) < 0)
		return error_errno(err, errno, "process.execCPUAffinity", "process.execCPUAffinity: set the CPU affinity");
	return 0;
}
