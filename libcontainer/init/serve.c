/* The parent's side of the conversation: one handler per message, in the order that message.h
 * draws. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/kernel.h"
#include "base/procfs.h"
#include "base/termination.h"
#include "base/text.h"
#include "base/trace.h"
#include "libcontainer/init/message.h"
#include "libcontainer/init/spawn.h"

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

/* All that init, bridge and builder clone are children of ours (CLONE_PARENT). Who has got hold of the channel may send the
 * pidfd of another process, of the host's perhaps, to have us kill or name that one. */
static int check_child(int pidfd, struct error *err)
{
	siginfo_t state = { 0 };

	if (waitid(P_PIDFD, (id_t)pidfd, &state, WEXITED | WNOHANG | WNOWAIT | __WALL) < 0)
		return error_set(err, ERROR_PROTOCOL, NULL,
				 "SPAWNED with what is no child of ours");
	return 0;
}

/* The bridge, or builder, hands over to the process it has made. */
static int change_process(struct spawned *spawned, int *received, struct error *err)
{
	pid_t pid;

	if (*received < 0 || pid_of_pidfd(*received, &pid, err) < 0 ||
	    check_child(*received, err) < 0)
		return error_prefix(err, "the process changes");
	/* it ends by itself now */
	waitid(P_PIDFD, (id_t)spawned->pidfd, &(siginfo_t){ 0 }, WEXITED | __WALL);
	close(spawned->pidfd);
	spawned->pidfd = steal_fd(received);
	spawned->pid = pid;
	return 0;
}

#define ANSWERED_BY(member) .answered = true, .answer = offsetof(struct service, member)

static const struct rule {
	size_t answer; /* the member of struct service; 0: none */
	bool known;
	bool answered; /* by DONE */
	bool carries;  /* a descriptor */
	bool again;    /* may follow itself */
	bool anytime;  /* and may come at more than one place */
} rules[] = {
	[MESSAGE_ENTER_CGROUP] = { .known = true, ANSWERED_BY(enter_cgroup) },
	[MESSAGE_SPAWNED] = { .known = true, .answered = true, .carries = true, .anytime = true },
	[MESSAGE_MAP_IDS] = { .known = true, ANSWERED_BY(map_ids) },
	[MESSAGE_NET_DEVICES] = { .known = true, ANSWERED_BY(net_devices), .carries = true },
	[MESSAGE_MOUNT_SOURCE] = { .known = true, ANSWERED_BY(mount_source), .again = true },
	[MESSAGE_MOUNT_MADE] = { .known = true,
				 ANSWERED_BY(mount_made),
				 .carries = true,
				 .anytime = true },
	[MESSAGE_RUNTIME_HOOKS] = { .known = true, ANSWERED_BY(runtime_hooks) },
	[MESSAGE_CREATED] = { .known = true, ANSWERED_BY(created) },
	[MESSAGE_MOUNTED] = { .known = true },
	[MESSAGE_EXECUTING] = { .known = true },
	[MESSAGE_LISTENER] = { .known = true, ANSWERED_BY(listener), .carries = true },
};

typedef int answer_function(void *context, struct exchange *exchange, struct error *err);

static answer_function *find_answer(const struct service *service, const struct rule *rule)
{
	return rule->answer ? *(answer_function *const *)((const char *)service + rule->answer)
			    : NULL;
}

/* All but those that may come at any time are in their order. */
static bool in_turn(const struct service *service, const struct message *message, int received,
		    uint32_t previous)
{
	uint32_t type = message->type;

	if (type >= array_length(rules) || !rules[type].known ||
	    rules[type].carries != (received >= 0) ||
	    (rules[type].answer && !find_answer(service, &rules[type])))
		return false;
	return rules[type].anytime || type > previous || (type == previous && rules[type].again);
}

/* At its first step it notes that. Who has found it dead, died() below, has waited until it can be told how. */
static bool is_stillborn(const struct spawned *spawned)
{
	siginfo_t info = { 0 };

	return spawned->pidfd >= 0 && strcmp(spawned->progress->step, STEP_CLONE) == 0 &&
	       waitid(P_PIDFD, (id_t)spawned->pidfd, &info, WEXITED | WNOWAIT | WNOHANG | __WALL) ==
		   0 &&
	       info.si_code == CLD_KILLED && info.si_status == SIGKILL;
}

bool spawned_enter_otherwise(struct plan *plan, struct spawned *spawned)
{
	if (plan->enters_cgroup || plan->cgroup < 0 || !is_stillborn(spawned))
		return false;
	spawned_end(spawned, true);
	plan->enters_cgroup = true;
	return true;
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

/* The end of file: init has closed its end, or execve has, or death. The kernel tells which, also
 * while it is still ending, and after that as long as it isn't reaped; whoever has done that (start
 * is not the parent) knows what became of it. */
static int end_of_file(const struct spawned *spawned, uint32_t last, uint32_t previous,
		       struct error *err)
{
	struct error ignored = ERROR_INIT;
	struct procfs_stat stat;

	if (previous < last)
		return died(spawned, err);
	if (last == MESSAGE_MOUNTED)
		return 1; /* it has done its work */
	if (procfs_stat(spawned->pid, &stat, &ignored) < 0 ||
	    (sys_pidfd_send_signal(spawned->pidfd, 0) < 0 && errno == ESRCH))
		return 1;
	if (last == MESSAGE_EXECUTING ? stat.forked_only : stat.ending)
		return died(spawned, err);
	return 1;
}

static int answer(struct spawned *spawned, const struct service *service,
		  const struct message *message, int *received, struct error *err)
{
	const struct rule *rule = &rules[message->type];
	struct exchange exchange = { spawned, message->index, *received, -1 };
	answer_function *function = find_answer(service, rule);
	_cleanup_fd_ int reply = -1;
	int result = 0;

	trace_phase(message_name(message->type));
	if (function)
		result = function(service->context, &exchange, err);
	else if (message->type == MESSAGE_SPAWNED)
		result = change_process(spawned, received, err);
	reply = exchange.reply;
	if (result < 0 || !rule->answered)
		return result;
	if (message_send(spawned->socket, MESSAGE_DONE, message->index, reply, err) == 0)
		return 0;
	return err->errnum == EPIPE ? died(spawned, err) : -1;
}

/* While run and exec relay signals to a program, those that would end us are blocked. There is no program yet, and init may
 * be in a hook that hangs: whoever wants us to end isn't kept waiting. */
static int receive(const struct spawned *spawned, const struct service *service,
		   struct message *message, int *received, struct error *err)
{
	struct error silence = ERROR_INIT;
	int got;

	while ((got = message_receive(spawned->socket, message, received, &silence)) < 0) {
		if (silence.errnum != EAGAIN) {
			*err = silence;
			return -1;
		}
		if (termination_waits())
			return error_set(err, ERROR_BUSY, NULL,
					 "told to end while init was at step %s",
					 spawned->progress ? spawned->progress->step : "start");
		if (service->silent)
			service->silent(service->context);
	}
	return got;
}

/* One message. Returns 1 at the end of file after @last, 0 to go on; *previous is the last one that
 * counts. Whoever hears of @last doesn't leave before that end: until then init dies with us. */
static int serve_one(struct spawned *spawned, const struct service *service, uint32_t last,
		     uint32_t *previous, struct error *err)
{
	_cleanup_fd_ int received = -1;
	struct message message;
	int got = receive(spawned, service, &message, &received, err);

	if (got < 0)
		return -1;
	if (got == 0)
		return end_of_file(spawned, last, *previous, err);
	if (message.type == MESSAGE_ERROR) {
		*err = message.error;
		return -1;
	}
	if (!in_turn(service, &message, received, *previous))
		return error_set(err, ERROR_PROTOCOL, message_name(message.type),
				 "%s is out of turn", message_name(message.type));
	if (!rules[message.type].anytime)
		*previous = message.type;
	return answer(spawned, service, &message, &received, err);
}

int spawned_serve(struct spawned *spawned, const struct service *service, uint32_t last,
		  struct error *err)
{
	const struct timeval silence = { .tv_sec = 1 };
	uint32_t previous = 0;
	int done;

	if (setsockopt(spawned->socket, SOL_SOCKET, SO_RCVTIMEO, &silence, sizeof(silence)) < 0)
		return error_errno(err, errno, NULL, "set a time limit for messages of init");
	do
		done = serve_one(spawned, service, last, &previous, err);
	while (done == 0);
	return done < 0 ? -1 : 0;
}
