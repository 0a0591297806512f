/* In place of this storey in a build without CRIU; the command line has refused the commands before. */
#include "checkpoint/migrate.h"

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

int container_migrate(const struct runtime *runtime, const struct migrate_options *options,
		      struct migrate_report *ret_report, struct error *err)
{
	(void)runtime;
	(void)options;
	(void)ret_report;
	return refuse(err);
}

int container_receive(const struct runtime *runtime, const struct receive_options *options,
		      bool *ret_told, struct error *err)
{
	(void)runtime;
	(void)options;
	(void)ret_told;
	return refuse(err);
}
