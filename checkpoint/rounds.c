#include "checkpoint/rounds.h"

/* What changes as fast as it is sent gets no less. A tenth less is worth another round. */
static bool shrinks(const struct round *before, const struct round *last)
{
	return last->memory < before->memory - before->memory / 10;
}

bool rounds_go_on(const struct round *rounds, size_t count, const struct rounds_limits *limits)
{
	if (count >= limits->max || count >= ROUNDS_MAX)
		return false;
	if (count == 0)
		return true;
	if (rounds[count - 1].memory <= limits->goal)
		return false;
	return count == 1 || shrinks(&rounds[count - 2], &rounds[count - 1]);
}
