#include "libcontainer/lifecycle/relay.h"

#include <errno.h>
#include <sys/types.h>
#include <unistd.h>

bool relay_holds(const struct relay *relay)
{
	return relay->to >= 0 && relay->start < relay->end;
}

void relay_want(const struct relay *relay, struct pollfd *from, struct pollfd *to)
{
	if (relay_holds(relay)) {
		to->fd = relay->to;
		to->events |= POLLOUT;
	} else if (relay->from >= 0) {
		from->fd = relay->from;
		from->events |= POLLIN;
	}
}

static bool is_end(ssize_t moved)
{
	return moved == 0 || (moved < 0 && errno != EINTR && errno != EAGAIN);
}

static void fill(struct relay *relay)
{
	ssize_t got = read(relay->from, relay->bytes, sizeof(relay->bytes));

	if (is_end(got))
		relay->from = -1;
	relay->start = 0;
	relay->end = got > 0 ? (size_t)got : 0;
}

static void empty(struct relay *relay)
{
	ssize_t put = write(relay->to, relay->bytes + relay->start, relay->end - relay->start);

	if (is_end(put))
		relay->to = -1;
	if (put > 0)
		relay->start += (size_t)put;
}

void relay_move(struct relay *relay, const struct pollfd *from, const struct pollfd *to)
{
	if (relay_holds(relay)) {
		if (to->fd == relay->to && to->revents & (POLLOUT | POLLERR | POLLHUP))
			empty(relay);
	} else if (relay->from >= 0 && from->fd == relay->from &&
		   from->revents & (POLLIN | POLLERR | POLLHUP)) {
		fill(relay);
	}
}
