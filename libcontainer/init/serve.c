/* The parent's side of the conversation: one handler per message, in the order that message.h
 * draws. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/text.h"
#include "base/trace.h"
#include "libcontainer/init/message.h"
#include "libcontainer/init/spawn.h"

/* What is being answered: the message, the descriptor that came with it, the one that goes back. */
struct exchange {
	struct spawned *spawned;
	const struct service *service;
	uint32_t index;
	int received;
	int reply;
};

/* A pidfd tells its process's pid as we see it (proc_pid_fdinfo(5)); what the sender calls it may
 * be a number of another pid namespace. */
static int pid_of_pidfd(int pidfd, pid_t *ret_pid, struct error *err)
{
	_cleanup_buffer_ struct buffer buffer = BUFFER_INIT;
	char path[64], *line;
	int pid;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", pidfd);
	if (file_read(AT_FDCWD, path, 4096, &buffer, err) < 0)
		return -1;
	line = strstr(buffer.bytes, "\nPid:");
	if (!line || sscanf(line, "\nPid: %d", &pid) != 1 || pid <= 0)
		return error_set(err, ERROR_PROTOCOL, NULL, "SPAWNED without a living process");
	*ret_pid = pid;
	return 0;
}

static int on_spawned(struct exchange *exchange, struct error *err)
{
	struct spawned *spawned = exchange->spawned;
	pid_t pid;

	if (exchange->received < 0 || pid_of_pidfd(exchange->received, &pid, err) < 0)
		return error_prefix(err, "the process changes");
	/* the bridge, or builder, ends by itself now */
	waitid(P_PIDFD, (id_t)spawned->pidfd, &(siginfo_t){ 0 }, WEXITED | __WALL);
	close(spawned->pidfd);
	spawned->pidfd = steal_fd(&exchange->received);
	spawned->pid = pid;
	return 0;
}

static int on_map_ids(struct exchange *exchange, struct error *err)
{
	const struct service *service = exchange->service;

	return service->map_ids(service->context, exchange->spawned, err);
}

static int on_net_devices(struct exchange *exchange, struct error *err)
{
	const struct service *service = exchange->service;

	if (exchange->received < 0)
		return error_set(err, ERROR_PROTOCOL, NULL, "NET_DEVICES without a descriptor");
	return service->net_devices(service->context, exchange->spawned, exchange->received, err);
}

static int on_mount_source(struct exchange *exchange, struct error *err)
{
	const struct service *service = exchange->service;

	exchange->reply = service->mount_source(service->context, exchange->index, err);
	return exchange->reply < 0 ? -1 : 0;
}

static int on_runtime_hooks(struct exchange *exchange, struct error *err)
{
	const struct service *service = exchange->service;

	return service->runtime_hooks(service->context, exchange->spawned, err);
}

static int on_created(struct exchange *exchange, struct error *err)
{
	const struct service *service = exchange->service;

	return service->created(service->context, exchange->spawned, err);
}

static int on_listener(struct exchange *exchange, struct error *err)
{
	const struct service *service = exchange->service;

	if (exchange->received < 0)
		return error_set(err, ERROR_PROTOCOL, NULL, "LISTENER without a descriptor");
	return service->listener(service->context, exchange->received, err);
}

static const struct handler {
	int (*run)(struct exchange *exchange, struct error *err);
	bool known;
	bool answered; /* by DONE */
	bool again;    /* may follow itself */
} handlers[] = {
	[MESSAGE_SPAWNED] = { on_spawned, .known = true, .answered = true, .again = true },
	[MESSAGE_MAP_IDS] = { on_map_ids, .known = true, .answered = true },
	[MESSAGE_NET_DEVICES] = { on_net_devices, .known = true, .answered = true },
	[MESSAGE_MOUNT_SOURCE] = { on_mount_source, .known = true, .answered = true,
				   .again = true },
	[MESSAGE_RUNTIME_HOOKS] = { on_runtime_hooks, .known = true, .answered = true },
	[MESSAGE_CREATED] = { on_created, .known = true, .answered = true },
	[MESSAGE_EXECUTING] = { .known = true },
	[MESSAGE_LISTENER] = { on_listener, .known = true, .answered = true },
};

/* SPAWNED may come at two places, the others in their order. */
static bool in_turn(uint32_t type, uint32_t previous)
{
	if (type >= array_length(handlers) || !handlers[type].known)
		return false;
	return type == MESSAGE_SPAWNED || type > previous ||
	       (type == previous && handlers[type].again);
}

static const char *how_it_ended(const struct spawned *spawned, char words[64])
{
	siginfo_t info = { 0 };

	/* it may still be ending: end of file comes a moment before; and it may be nobody's child
	 * of ours */
	if (waitid(P_PIDFD, (id_t)spawned->pidfd, &info, WEXITED | WNOWAIT | __WALL) < 0)
		return "it is gone";
	if (info.si_code == CLD_EXITED)
		snprintf(words, 64, "exit status %d", info.si_status);
	else
		snprintf(words, 64, "killed by signal %d", info.si_status);
	return words;
}

static int died(const struct spawned *spawned, struct error *err)
{
	const char *step = spawned->progress ? spawned->progress->step : "start";
	char words[64];

	return error_set(err, ERROR_PROTOCOL, step, "init died at step %s (%s)", step,
			 how_it_ended(spawned, words));
}

static int answer(struct spawned *spawned, const struct service *service,
		  const struct message *message, int *fd, struct error *err)
{
	struct exchange exchange = { spawned, service, message->index, *fd, -1 };
	const struct handler *handler = &handlers[message->type];
	_cleanup_fd_ int reply = -1;
	int result;

	trace_phase(message_name(message->type));
	result = handler->run ? handler->run(&exchange, err) : 0;
	reply = exchange.reply;
	*fd = exchange.received;
	if (result < 0 || !handler->answered)
		return result;
	return message_send(spawned->socket, MESSAGE_DONE, message->index, reply, err);
}

/* One message. Returns 1 at the end of file after @last, 0 to go on; *previous is the last one that
 * counts. Whoever hears of @last doesn't leave before that end: until then init dies with us. */
static int serve_one(struct spawned *spawned, const struct service *service, uint32_t last,
		     uint32_t *previous, struct error *err)
{
	_cleanup_fd_ int fd = -1;
	struct message message;
	int got = message_receive(spawned->socket, &message, &fd, err);

	if (got < 0)
		return -1;
	if (got == 0)
		return *previous >= last ? 1 : died(spawned, err);
	if (message.type == MESSAGE_ERROR) {
		*err = message.error;
		return -1;
	}
	if (!in_turn(message.type, *previous))
		return error_set(err, ERROR_PROTOCOL, message_name(message.type),
				 "%s is out of turn", message_name(message.type));
	if (message.type != MESSAGE_SPAWNED)
		*previous = message.type;
	return answer(spawned, service, &message, &fd, err);
}

int spawned_serve(struct spawned *spawned, const struct service *service, uint32_t last,
		  struct error *err)
{
	uint32_t previous = 0;
	int done;

	do
		done = serve_one(spawned, service, last, &previous, err);
	while (done == 0);
	return done < 0 ? -1 : 0;
}
