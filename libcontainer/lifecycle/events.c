/* events: what a container's cgroup counts, and who is killed for memory. Nothing is changed, no lock is held. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "libcontainer/cgroup/snapshot.h"
#include "libcontainer/init/executable.h"
#include "libcontainer/lifecycle/store.h"

#define SAMPLE_ARENA (16 << 20)

/* What poll(2) waits for, by place. */
enum source { INIT, MEMORY, TIMER, SOURCES };

struct watch {
	const struct events_options *options;
	int cgroup;
	struct pollfd fds[SOURCES];
	uint64_t kills; /* that were told of */
};

static int take_sample(const struct watch *watch, struct error *err)
{
	_cleanup_arena_ struct arena arena = ARENA_INIT;
	struct statistics statistics;

	if (arena_init(&arena, SAMPLE_ARENA, err) < 0 ||
	    cgroup_statistics(watch->cgroup, &arena, &statistics, err) < 0)
		return -1;
	return watch->options->sample(watch->options->context, &statistics, err);
}

/* One event for each process, also where the kernel tells of several at once. */
static int tell_kills(struct watch *watch, struct error *err)
{
	uint64_t now;

	if (watch->fds[MEMORY].fd < 0)
		return 0;
	if (cgroup_read_oom_kills(watch->fds[MEMORY].fd, &now) < 0) {
		/* the cgroup is gone; whether init is too is seen elsewhere */
		close(steal_fd(&watch->fds[MEMORY].fd));
		return 0;
	}
	for (; watch->kills < now; watch->kills++)
		if (watch->options->oom(watch->options->context, err) < 0)
			return -1;
	return 0;
}

static int start_timer(int64_t interval_ns, struct error *err)
{
	const struct timespec interval = { interval_ns / 1000000000, interval_ns % 1000000000 };
	const struct itimerspec times = { .it_interval = interval, .it_value = interval };
	int fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);

	if (fd < 0 || timerfd_settime(fd, 0, &times, NULL) < 0)
		return error_errno(err, errno, NULL, "set a timer");
	return fd;
}

static int open_sources(struct watch *watch, const struct container_state *state, struct error *err)
{
	struct pollfd *fds = watch->fds;
	int alive;

	fds[INIT] = (struct pollfd){ .fd = -1, .events = POLLIN };
	/* without the memory controller it isn't there, and nobody is killed for memory */
	fds[MEMORY] =
	    (struct pollfd){ .fd = openat(watch->cgroup, "memory.events", O_RDONLY | O_CLOEXEC),
			     .events = POLLPRI };
	fds[TIMER] = (struct pollfd){ .fd = -1, .events = POLLIN };
	if (fds[MEMORY].fd >= 0 && cgroup_read_oom_kills(fds[MEMORY].fd, &watch->kills) < 0)
		return error_errno(err, errno, "memory.events", "read memory.events");
	alive = state_init_alive(state, &fds[INIT].fd, err);
	if (alive <= 0)
		return alive; /* 0: ended meanwhile */
	fds[TIMER].fd = start_timer(watch->options->interval_ns, err);
	return fds[TIMER].fd < 0 ? -1 : 0;
}

static bool has_ended(const struct watch *watch)
{
	struct pollfd init = watch->fds[INIT];

	return poll(&init, 1, 0) > 0;
}

/* An interval that has passed more than once, while nobody read what we print, counts once. Of a container that has
 * just ended systemd may have removed the cgroup: that is no failure. */
static int on_timer(const struct watch *watch, struct error *err)
{
	uint64_t times;

	if (read(watch->fds[TIMER].fd, &times, sizeof(times)) < 0 || take_sample(watch, err) == 0)
		return 0;
	return err->errnum == ENODEV && has_ended(watch) ? 0 : -1;
}

static int watch_on(struct watch *watch, struct error *err)
{
	while (watch->fds[INIT].fd >= 0) {
		if (poll(watch->fds, SOURCES, -1) < 0) {
			if (errno != EINTR)
				return error_errno(err, errno, NULL, "wait for events");
			continue;
		}
		if ((watch->fds[MEMORY].revents || watch->fds[INIT].revents) &&
		    tell_kills(watch, err) < 0)
			return -1;
		if (watch->fds[INIT].revents)
			return 0;
		if (watch->fds[TIMER].revents && on_timer(watch, err) < 0)
			return -1;
	}
	return 0;
}

static int watch_container(struct watch *watch, const struct container_state *state,
			   struct error *err)
{
	int result = open_sources(watch, state, err);

	if (result == 0)
		result = take_sample(watch, err);
	if (result == 0)
		result = watch_on(watch, err);
	for (enum source i = 0; i < SOURCES; i++)
		cleanup_fd_(&watch->fds[i].fd);
	return result;
}

static int load(const struct runtime *runtime, const char *id, struct arena *arena,
		struct container_state **ret_state, struct error *err)
{
	_cleanup_record_ struct record record = RECORD_INIT;

	if (arena_init(arena, STATE_ARENA_SIZE, err) < 0 ||
	    store_open(runtime, id, STORE_UNLOCKED, &record, err) < 0 ||
	    store_load(&record, id, arena, ret_state, err) < 0)
		return -1;
	if ((*ret_state)->status == STATUS_STOPPED || (*ret_state)->status == STATUS_CREATING)
		return error_set(err, ERROR_NOT_RUNNING, id, "container with id %s is not running",
				 id);
	arena_trim(arena);
	return 0;
}

int container_events(const struct runtime *runtime, const struct events_options *options,
		     struct error *err)
{
	_cleanup_arena_ struct arena arena = ARENA_INIT;
	_cleanup_fd_ int cgroup = -1;
	struct container_state *state;
	struct watch watch = { .options = options };

	if (load(runtime, options->id, &arena, &state, err) < 0)
		return -1;
	cgroup = watch.cgroup = state_open_cgroup(state, err);
	if (cgroup < 0)
		return -1;
	return options->interval_ns ? watch_container(&watch, state, err)
				    : take_sample(&watch, err);
}

int container_snapshot(const struct runtime *runtime, const char *id, struct buffer *text,
		       struct error *err)
{
	_cleanup_arena_ struct arena arena = ARENA_INIT;
	_cleanup_fd_ int cgroup = -1;
	struct container_state *state;

	if (load(runtime, id, &arena, &state, err) < 0)
		return -1;
	cgroup = state_open_cgroup(state, err);
	return cgroup < 0 ? -1 : cgroup_snapshot(executable_path(), state->cgroup_path, text, err);
}
