#include "src/command.h"

#include <string.h>

/* The commands come with the verbs that they call. */
const struct command *const commands[] = { NULL };

const struct command *command_find(const char *name)
{
	for (const struct command *const *command = commands; *command; command++)
		if (strcmp((*command)->name, name) == 0)
			return *command;
	return NULL;
}
