#include "src/command.h"

#include <string.h>

extern const struct command cmd_checkpoint, cmd_create, cmd_delete, cmd_events, cmd_exec,
    cmd_features, cmd_kill, cmd_list, cmd_migrate, cmd_mounts, cmd_pause, cmd_ps, cmd_restore,
    cmd_resume, cmd_run, cmd_spec, cmd_start, cmd_state, cmd_update;

const struct command *const commands[] = {
	&cmd_create,  &cmd_start,  &cmd_run,	&cmd_exec,	 &cmd_state,
	&cmd_list,    &cmd_ps,	   &cmd_events, &cmd_kill,	 &cmd_pause,
	&cmd_resume,  &cmd_update, &cmd_mounts, &cmd_checkpoint, &cmd_restore,
	&cmd_migrate, &cmd_delete, &cmd_spec,	&cmd_features,	 NULL,
};

const struct command *command_find(const char *name)
{
	for (const struct command *const *command = commands; *command; command++)
		if (strcmp((*command)->name, name) == 0)
			return *command;
	return NULL;
}
