/* The verbs of lifecycle.h without containers: each records what it was called with and does as the
 * test says. For tests of the command line. */
#pragma once

#include "checkpoint/migrate.h"
#include "libcontainer/lifecycle/lifecycle.h"

extern struct fake_lifecycle {
	/* what was called last */
	const char *verb; /* NULL: none */
	unsigned int calls;
	struct runtime runtime;
	const char *id;
	struct create_options create;
	struct run_options run;
	struct exec_options exec;
	struct update_options update;
	struct checkpoint_options checkpoint;
	struct restore_options restore;
	struct migrate_options migrate;
	struct receive_options receive;
	struct events_options events;
	char resources[1024]; /* of update, as JSON */
	char mounts[1024];    /* of mounts add and remove, as JSON */
	int signal;
	bool all, force;
	char ids[256];	/* of all calls, a blank after each */
	bool protected; /* executable_protect() was called before the verb */

	/* what is to happen */
	struct error failure;	/* if its code is set, the verb fails with it */
	const char *failing_id; /* only for this one; NULL: for all */
	int status;		/* of run and exec */
	const char *warning;	/* what the verb warns of; NULL */
	struct {
		struct container_state **items;
		size_t count;
	} list;
	struct pid_list pids;
	struct mount_list mount_list;
	struct update_report report;
	struct migrate_report migrate_report;
	bool told; /* of receive */
	struct statistics statistics;
} fake;
