/* In place of this storey in a build without CRIU; the command line has refused both commands before. */
#include "checkpoint/checkpoint.h"

static int refuse(struct error *err)
{
	return error_set(err, ERROR_UNSUPPORTED, "criu", "this build of proa has no CRIU support");
}

int container_checkpoint(const struct runtime *runtime, const struct checkpoint_options *options,
			 struct error *err)
{
	(void)runtime;
	(void)options;
	return refuse(err);
}

int container_restore(const struct runtime *runtime, const struct restore_options *options,
		      int *ret_status, struct error *err)
{
	(void)runtime;
	(void)options;
	(void)ret_status;
	return refuse(err);
}
