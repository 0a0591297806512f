#include "base/cleanup.h"
#include "src/command.h"
#include "src/output.h"

static int run(struct invocation *invocation, struct error *err)
{
	_cleanup_arena_ struct arena arena = ARENA_INIT;
	_cleanup_buffer_ struct buffer text = BUFFER_INIT;
	struct container_state *state;
	const char *owner;

	if (arena_init(&arena, STATE_ARENA_SIZE, err) < 0 ||
	    container_state(&invocation->runtime, invocation->arguments.items[0], &arena, &state,
			    err) < 0)
		return -1;
	owner = output_user_name(state->owner_uid, &arena);
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
