#include "libcontainer/process/io_priority.h"

#include <errno.h>
#include <inttypes.h>
#include <linux/ioprio.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "oci/names.h"

#define PRIORITY_MAX 7

int io_priority_plan(const struct config_io_priority *io_priority, struct optional_int *ret_plan,
		     struct error *err)
{
	const struct name_value *row;
	int64_t priority;

	if (!io_priority) {
		*ret_plan = (struct optional_int){ .set = false };
		return 0;
	}
	row = io_priority->io_class ? name_find(names_io_classes, io_priority->io_class) : NULL;
	if (!row)
		return error_set(err, ERROR_INVALID, "process.ioPriority.class",
				 "process.ioPriority.class: unknown class \"%s\"",
				 io_priority->io_class ?: "");
	priority = io_priority->priority.value;
	if (priority < 0 || priority > PRIORITY_MAX)
		return error_set(err, ERROR_INVALID, "process.ioPriority.priority",
				 "process.ioPriority.priority: expected 0 to 7, found %" PRId64,
				 priority);
	*ret_plan = (struct optional_int){ row->value << IOPRIO_CLASS_SHIFT | priority, true };
	return 0;
}

int io_priority_apply(const struct optional_int *plan, struct error *err)
{
	if (plan->set && syscall(SYS_ioprio_set, IOPRIO_WHO_PROCESS, 0, (int)plan->value) < 0)
		return error_errno(err, errno, "process.ioPriority",
				   "set the I/O priority to %s %d",
				   name_of(names_io_classes, plan->value >> IOPRIO_CLASS_SHIFT),
				   (int)plan->value & PRIORITY_MAX);
	return 0;
}
