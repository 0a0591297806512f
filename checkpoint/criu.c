#include "checkpoint/criu.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/kernel.h"
#include "base/socket.h"
#include "base/termination.h"
#include "base/text.h"
#include "base/trace.h"

#define SOCKET_FD    3
#define MESSAGE_MAX  (64 << 10) /* of an answer; they are some hundred bytes long */
#define PATH_DEFAULT "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

int criu_check_caller(struct error *err)
{
	if (geteuid() == 0)
		return 0;
	return error_set(err, ERROR_UNSUPPORTED, "criu",
			 "checkpoint and restore are for root: CRIU can't do them for others");
}

static int no_criu(struct error *err)
{
	return error_set(err, ERROR_UNSUPPORTED, "criu",
			 "there is no criu in PATH: install CRIU (https://criu.org)");
}

/* By the caller's PATH, as he finds the other programs of his machine; no other word of his reaches it. */
static int find_criu(char path[static PATH_MAX], struct error *err)
{
	const char *list = getenv("PATH");

	if (!list || !*list)
		list = PATH_DEFAULT;
	while (*list) {
		size_t length = strcspn(list, ":");

		/* a relative one depends on where we are, which isn't for CRIU to be found by */
		if (*list == '/' &&
		    snprintf(path, PATH_MAX, "%.*s/criu", (int)length, list) < PATH_MAX &&
		    access(path, X_OK) == 0)
			return 0;
		list += length + (list[length] == ':');
	}
	return no_criu(err);
}

/* ---- the child ---- */

/* When a page server goes away in the middle, CRIU is to see that its write(2) fails, and undo: by default SIGPIPE ends it. */
static void forget_signals(void)
{
	sigset_t none;

	for (int signal = 1; signal < NSIG; signal++)
		(void)sigaction(signal, &(struct sigaction){ .sa_handler = SIG_DFL }, NULL);
	(void)sigaction(SIGPIPE, &(struct sigaction){ .sa_handler = SIG_IGN }, NULL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

/* Put @fds where CRIU is told that they are; none of them may be overwritten before it is moved. */
static int place(const int *fds, size_t count, int first)
{
	_cleanup_free_ int *high = calloc(count, sizeof(*high));

	if (!high)
		return -1;
	for (size_t i = 0; i < count; i++) {
		high[i] = fcntl(fds[i], F_DUPFD_CLOEXEC, first + (int)count);
		if (high[i] < 0)
			return -1;
	}
	for (size_t i = 0; i < count; i++)
		if (dup2(high[i], first + (int)i) < 0)
			return -1;
	return 0;
}

/* Absolute: CRIU looks for it from its work path. */
static int name_plugins(const char *plugin_dir, char ret_variable[static PATH_MAX + 32],
			struct error *err)
{
	char path[PATH_MAX];

	if (!realpath(plugin_dir, path))
		return error_errno(err, errno, plugin_dir, "--plugin-dir: find the directory %s",
				   plugin_dir);
	text_fit(ret_variable, PATH_MAX + 32, "CRIU_LIBS_DIR=%s", path);
	return 0;
}

static int become_criu(const struct criu_start *start, const char *path, const int socket[2],
		       struct error *err)
{
	const size_t count = start->fd_count + 1 + start->holds;
	_cleanup_free_ int *fds = calloc(count, sizeof(*fds));
	static const char *const service[] = { "criu", "swrk", "3", NULL };
	char plugins[PATH_MAX + 32];
	char *envp[] = { (char *)"PATH=" PATH_DEFAULT, NULL, NULL };

	if (start->plugin_dir) {
		if (name_plugins(start->plugin_dir, plugins, err) < 0)
			return -1;
		envp[1] = plugins;
	}
	if (start->prepare && start->prepare(start->context, err) < 0)
		return -1;
	if (!fds)
		return error_set(err, ERROR_MEMORY, "criu", "no memory");
	fds[0] = socket[1];
	if (start->fd_count)
		memcpy(fds + 1, start->fds, start->fd_count * sizeof(*fds));
	if (start->holds)
		fds[count - 1] = socket[0];
	if (place(fds, count, SOCKET_FD) < 0)
		return error_errno(err, errno, "criu", "place descriptors for CRIU");
	forget_signals();
	execve(path, (char *const *)(start->argv ?: service), envp);
	return error_errno(err, errno, path, "execute %s", path);
}

static _Noreturn void child_main(const struct criu_start *start, const char *path,
				 const int socket[2], int channel)
{
	struct error error = ERROR_INIT;
	char go;

	trace_process("criu");
	if (recv(channel, &go, 1, 0) == 1 && become_criu(start, path, socket, &error) < 0)
		(void)send(channel, &error, sizeof(error), MSG_NOSIGNAL);
	_exit(1);
}

int criu_leave_session(void *context, struct error *err)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	(void)context;
	if (null < 0 || dup2(null, 0) < 0 || dup2(null, 1) < 0 || dup2(null, 2) < 0 ||
	    chdir("/") < 0 || setsid() < 0)
		return error_errno(err, errno, "/dev/null", "leave the session");
	return 0;
}

/* ---- the parent ---- */

int criu_clone(const struct criu_start *start, struct criu *ret_criu, struct error *err)
{
	struct clone_args args = { .exit_signal = SIGCHLD };
	struct criu criu = CRIU_INIT;
	int socket[2], channel[2];
	char path[PATH_MAX];

	if (find_criu(path, err) < 0)
		return -1;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, socket) < 0)
		return error_errno(err, errno, "criu", "make a socket for CRIU");
	criu.socket = socket[0];
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, channel) < 0) {
		close(socket[0]);
		close(socket[1]);
		return error_errno(err, errno, "criu", "make a socket for CRIU");
	}
	criu.channel = channel[0];
	if (start->cgroup >= 0) {
		args.flags = CLONE_INTO_CGROUP;
		args.cgroup = (uint64_t)start->cgroup;
	}
	criu.pid = sys_clone3(&args);
	if (criu.pid == 0)
		child_main(start, path, socket, channel[1]);
	close(socket[1]);
	close(channel[1]);
	*ret_criu = criu;
	if (criu.pid < 0) {
		ret_criu->pid = 0;
		error_errno(err, errno, "criu", "clone a process for CRIU");
		criu_end(ret_criu);
		return -1;
	}
	return 0;
}

int criu_release(struct criu *criu, struct error *err)
{
	struct error error;
	ssize_t length;

	trace_phase("criu");
	if (send(criu->channel, "", 1, MSG_NOSIGNAL) != 1)
		return error_errno(err, errno, "criu", "start CRIU");
	do
		length = recv(criu->channel, &error, sizeof(error), 0);
	while (length < 0 && errno == EINTR);
	if (length == sizeof(error)) {
		*err = error;
		return -1;
	}
	close(steal_fd(&criu->channel));
	return 0;
}

bool criu_lives(const struct criu *criu)
{
	siginfo_t info = { 0 };

	return criu->pid > 0 &&
	       waitid(P_PID, (id_t)criu->pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
	       info.si_pid == 0;
}

void criu_end(struct criu *criu)
{
	cleanup_fd_(&criu->channel);
	if (criu->socket >= 0)
		(void)shutdown(criu->socket, SHUT_RDWR); /* also where it holds this end itself */
	cleanup_fd_(&criu->socket);
	if (criu->pid > 0)
		while (waitpid(criu->pid, NULL, __WALL) < 0 && errno == EINTR)
			;
	*criu = (struct criu)CRIU_INIT;
}

void criu_kill(struct criu *criu)
{
	if (criu->pid > 0)
		kill(criu->pid, SIGKILL);
	criu_end(criu);
}

/* It has closed its socket: how has it ended? */
static int gone(struct criu *criu, struct error *err)
{
	int status = 0;

	while (criu->pid > 0 && waitpid(criu->pid, &status, __WALL) < 0 && errno == EINTR)
		;
	criu->pid = 0;
	if (WIFSIGNALED(status))
		return error_set(err, ERROR_PROTOCOL, "criu", "CRIU was killed by signal %d",
				 WTERMSIG(status));
	return error_set(err, ERROR_PROTOCOL, "criu",
			 "CRIU ended with exit status %d and without an answer",
			 WEXITSTATUS(status));
}

static void give_up(struct criu *criu, struct error *err)
{
	kill(criu->pid, SIGKILL);
	error_set(err, ERROR_BUSY, "criu",
		  "CRIU was killed after the --timeout: it may wait for a FIFO that lies where the "
		  "container had a file open");
}

int criu_limit(struct criu *criu, unsigned int seconds, struct error *err)
{
	if (seconds == 0)
		return 0;
	/* what isn't there in time is EAGAIN */
	if (fcntl(criu->socket, F_SETFL, O_NONBLOCK) < 0)
		return error_errno(err, errno, "criu", "set a time limit for CRIU");
	criu->limit_ms = seconds > INT_MAX / 1000 ? INT_MAX : (int)seconds * 1000;
	return 0;
}

static int send_request(struct criu *criu, const CriuReq *request, struct error *err)
{
	size_t size = criu_req__get_packed_size(request);
	_cleanup_free_ uint8_t *bytes = malloc(size);

	if (!bytes)
		return error_set(err, ERROR_MEMORY, "criu", "no memory for a request to CRIU");
	criu_req__pack(request, bytes);
	if (socket_send(criu->socket, bytes, size, NULL, 0) == 0)
		return 0;
	if (errno == EPIPE || errno == ECONNRESET)
		return gone(criu, err);
	return error_errno(err, errno, "criu", "send a request to CRIU");
}

/* Until it says something, or its time is up; false when we are told to end first. */
static bool await(const struct criu *criu)
{
	struct pollfd fd = { .fd = criu->socket, .events = POLLIN };

	if (criu->yields)
		return termination_or_input(criu->socket, criu->limit_ms);
	while (poll(&fd, 1, criu->limit_ms) < 0 && errno == EINTR)
		;
	return true;
}

/* NULL with @err filled. */
static CriuResp *receive(struct criu *criu, int *ret_fd, struct error *err)
{
	_cleanup_free_ uint8_t *bytes = malloc(MESSAGE_MAX);
	CriuResp *response;
	size_t fds = 0;
	ssize_t length;

	if (!bytes) {
		error_set(err, ERROR_MEMORY, "criu", "no memory for an answer of CRIU");
		return NULL;
	}
	if (!await(criu)) {
		error_set(err, ERROR_BUSY, "criu", "ended by a signal");
		return NULL;
	}
	do
		length = socket_receive(criu->socket, bytes, MESSAGE_MAX, ret_fd, 1, &fds);
	while (length < 0 && errno == EINTR);
	if (!fds)
		*ret_fd = -1;
	if (length == 0 || (length < 0 && errno == ECONNRESET)) {
		gone(criu, err);
		return NULL;
	}
	if (length < 0 && errno == EAGAIN) {
		give_up(criu, err);
		return NULL;
	}
	response = length < 0 ? NULL : criu_resp__unpack(NULL, (size_t)length, bytes);
	if (!response)
		error_set(err, ERROR_PROTOCOL, "criu", "CRIU sent what is no answer");
	return response;
}

static int answer(struct criu *criu, bool success, struct error *err)
{
	CriuReq request = CRIU_REQ__INIT;

	request.type = CRIU_REQ_TYPE__NOTIFY;
	request.has_notify_success = true;
	request.notify_success = success;
	return send_request(criu, &request, err);
}

static int notify(struct criu *criu, const CriuResp *response, int fd, criu_notified *notified,
		  void *context, struct error *failure, struct error *err)
{
	const CriuNotify *what = response->notify;
	const char *script = what && what->script ? what->script : "";
	pid_t pid = what && what->has_pid ? what->pid : 0;
	bool success = failure->code == ERROR_NONE;

	trace_phase(script);
	if (success)
		success = notified(context, script, pid, fd, failure) == 0;
	return answer(criu, success, err);
}

static int judge(const CriuResp *response, const struct error *failure, pid_t *ret_pid,
		 struct error *err)
{
	if (failure->code != ERROR_NONE) {
		*err = *failure;
		return -1;
	}
	if (!response->success)
		return error_set(err, ERROR_SYSTEM, "criu", "CRIU failed%s%s",
				 response->cr_errmsg && *response->cr_errmsg ? ": " : "",
				 response->cr_errmsg ? response->cr_errmsg : "");
	if (ret_pid && response->restore)
		*ret_pid = response->restore->pid;
	return 0;
}

int criu_ask(struct criu *criu, const CriuReq *request, criu_notified *notified, void *context,
	     pid_t *ret_pid, struct error *err)
{
	struct error failure = ERROR_INIT;

	if (send_request(criu, request, err) < 0)
		return -1;
	for (;;) {
		_cleanup_fd_ int fd = -1;
		CriuResp *response = receive(criu, &fd, err);
		bool is_notification = response && response->type == CRIU_REQ_TYPE__NOTIFY;
		int result;

		if (!response) {
			if (failure.code != ERROR_NONE)
				*err = failure;
			return -1;
		}
		result = is_notification
			     ? notify(criu, response, fd, notified, context, &failure, err)
			     : judge(response, &failure, ret_pid, err);
		criu_resp__free_unpacked(response, NULL);
		if (is_notification && result == 0)
			continue;
		if (failure.code != ERROR_NONE)
			*err = failure;
		return result;
	}
}

/* ---- what it can ---- */

/* One answer to a request that leaves CRIU open for the next. */
static CriuResp *ask_simply(struct criu *criu, CriuReqType type, CriuFeatures *features,
			    struct error *err)
{
	CriuReq request = CRIU_REQ__INIT;
	_cleanup_fd_ int fd = -1;
	CriuResp *response;

	request.type = type;
	request.has_keep_open = request.keep_open = true;
	request.features = features;
	if (send_request(criu, &request, err) < 0)
		return NULL;
	response = receive(criu, &fd, err);
	if (response && response->success)
		return response;
	if (response) {
		criu_resp__free_unpacked(response, NULL);
		error_set(err, ERROR_UNSUPPORTED, "criu", "CRIU doesn't tell what it can");
	}
	return NULL;
}

static int check_version(struct criu *criu, struct error *err)
{
	CriuResp *response = ask_simply(criu, CRIU_REQ_TYPE__VERSION, NULL, err);
	const CriuVersion *version;

	if (!response)
		return -1;
	version = response->version;
	if (version)
		criu->version = version->major_number * 10000 + version->minor_number * 100 +
				(version->has_sublevel ? version->sublevel : 0);
	criu_resp__free_unpacked(response, NULL);
	if (criu->version >= CRIU_VERSION_MIN)
		return 0;
	return error_set(err, ERROR_UNSUPPORTED, "criu",
			 "CRIU is too old: its version is %d.%d.%d, needed is %d.%d",
			 criu->version / 10000, criu->version / 100 % 100, criu->version % 100,
			 CRIU_VERSION_MIN / 10000, CRIU_VERSION_MIN / 100 % 100);
}

static int check_features(struct criu *criu, const struct criu_needs *needs, struct error *err)
{
	CriuFeatures wanted = CRIU_FEATURES__INIT;
	bool tracks, lazy;
	CriuResp *response;

	wanted.has_mem_track = wanted.mem_track = needs->mem_track;
	wanted.has_lazy_pages = wanted.lazy_pages = needs->lazy_pages;
	response = ask_simply(criu, CRIU_REQ_TYPE__FEATURE_CHECK, &wanted, err);
	if (!response)
		return -1;
	tracks = response->features && response->features->mem_track;
	lazy = response->features && response->features->lazy_pages;
	criu_resp__free_unpacked(response, NULL);
	if (needs->mem_track && !tracks)
		return error_set(err, ERROR_UNSUPPORTED, "criu",
				 "--pre-dump and --parent-path need memory tracking, which CRIU "
				 "doesn't find in this kernel (CONFIG_MEM_SOFT_DIRTY)");
	if (needs->lazy_pages && !lazy)
		return error_set(err, ERROR_UNSUPPORTED, "criu",
				 "--lazy-pages needs userfaultfd(2), which CRIU doesn't find in "
				 "this kernel");
	return 0;
}

int criu_probe(struct criu *criu, const struct criu_needs *needs, struct error *err)
{
	if (check_version(criu, err) < 0)
		return -1;
	return needs->mem_track || needs->lazy_pages ? check_features(criu, needs, err) : 0;
}

int criu_look(const struct criu_needs *needs, int *ret_version, struct error *err)
{
	/* it complains when nothing follows */
	const struct criu_start start = { .cgroup = -1, .prepare = criu_leave_session };
	struct criu criu = CRIU_INIT;
	int result = criu_clone(&start, &criu, err);

	if (result == 0)
		result = criu_release(&criu, err);
	if (result == 0)
		result = criu_probe(&criu, needs, err);
	*ret_version = criu.version;
	criu_end(&criu);
	return result;
}
