#include "src/command.h"
#include "src/output.h"

static int run(struct invocation *invocation, struct error *err)
{
	_cleanup_buffer_ struct buffer text = BUFFER_INIT;
	struct container_state *state;
	const char *owner;

	if (container_state(&invocation->runtime, invocation->arguments.items[0],
			    &invocation->arena, &state, err) < 0)
		return -1;
	owner = output_user_name(state->owner_uid, &invocation->arena);
	if (state_encode_for_people(state, owner, &text, err) < 0)
		return -1;
	return output_write(&text, err);
}

const struct command cmd_state = {
	.name = "state",
	.usage = "ID",
	.summary = "show the state of a container as JSON",
	.arguments_min = 1,
	.arguments_max = 1,
	.run = run,
};
