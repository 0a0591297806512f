/* A CRIU that does what a script says: for tests of what proa does with its answers. It is started under the name criu, and
 * takes the lines of the file "script" beside that name, each "REQUEST STEP [WORDS]": in answer to REQUEST (version,
 * features, or work: a dump or restore) do STEP, in this order:
 *
 *	is MAJOR MINOR SUBLEVEL     answer to version
 *	has [mem_track|lazy_pages]  answer to features
 *	tell                        note the request's external resources, and where to look for plugins
 *	log TEXT                    a line in the log, where the request says
 *	statistics NAME             a file beside the log
 *	image NAME                  a file of the images
 *	freeze                      the cgroup that the request names
 *	notify SCRIPT               and wait for the answer
 *	succeed | fail TEXT         answer to work
 *	garbage | large | nothing   bytes that are no message, more than is taken, an empty answer
 *	exit CODE | kill SIGNAL     end
 *	stop                        until SIGCONT
 *	break                       write into a pipe that nobody reads
 *	hang                        until whoever asked is gone, and go on
 *	serve                       whatever becomes of who asked: until it is killed
 *
 * It notes requests, and what was said to its notifications, in the file "asked". As the real one it undoes what
 * it did (freeze) when whoever asked is gone. */
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/socket.h>
#include <unistd.h>

#include "checkpoint/criu.pb-c.h"

#define SOCKET 3
#define LARGE  (80 << 10)

static char directory[PATH_MAX]; /* where we were found */
static const CriuReq *asked;	 /* what is being answered */
static int frozen = -1;		 /* cgroup.freeze of what we have frozen */

static void note(const char *what, int number)
{
	char path[PATH_MAX + 16], line[128];
	int fd;

	snprintf(path, sizeof(path), "%s/asked", directory);
	fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	snprintf(line, sizeof(line), "%.100s %d\n", what, number);
	if (fd < 0 || write(fd, line, strlen(line)) < 0)
		_exit(99);
	close(fd);
}

static _Noreturn void undo(void)
{
	if (frozen >= 0 && write(frozen, "0", 1) != 1)
		_exit(89);
	note("undone", 0);
	_exit(97);
}

static CriuReq *receive(void)
{
	static uint8_t bytes[LARGE];
	ssize_t length = recv(SOCKET, bytes, sizeof(bytes), 0);
	CriuReq *request = length <= 0 ? NULL : criu_req__unpack(NULL, (size_t)length, bytes);

	if (!request && frozen >= 0)
		undo();
	if (!request)
		_exit(length == 0 ? 0 : 98);
	return request;
}

static void answer(CriuResp *response)
{
	static uint8_t bytes[LARGE];
	size_t length = criu_resp__pack(response, bytes);

	if (send(SOCKET, bytes, length, MSG_NOSIGNAL) != (ssize_t)length)
		undo();
}

/* A file in a directory that the request names by a descriptor of whom it came from. */
static void append(int theirs, const char *name, const char *text)
{
	char path[PATH_MAX];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/fd/%d/%s", (int)getppid(), theirs, name);
	fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		_exit(96);
	close(fd);
}

/* ---- steps ---- */

static void say_version(const char *words)
{
	CriuResp response = CRIU_RESP__INIT;
	CriuVersion version = CRIU_VERSION__INIT;

	response.type = CRIU_REQ_TYPE__VERSION;
	response.success = true;
	response.version = &version;
	version.has_sublevel = true;
	if (sscanf(words, "%d %d %d", &version.major_number, &version.minor_number,
		   &version.sublevel) != 3)
		_exit(95);
	answer(&response);
}

static void say_features(const char *words)
{
	CriuResp response = CRIU_RESP__INIT;
	CriuFeatures features = CRIU_FEATURES__INIT;

	response.type = CRIU_REQ_TYPE__FEATURE_CHECK;
	response.success = true;
	response.features = &features;
	features.has_mem_track = features.has_lazy_pages = true;
	features.mem_track = strstr(words, "mem_track") != NULL;
	features.lazy_pages = strstr(words, "lazy_pages") != NULL;
	answer(&response);
}

static void tell(const char *words)
{
	const char *plugins = getenv("CRIU_LIBS_DIR");

	(void)words;
	for (size_t i = 0; i < asked->opts->n_external; i++)
		note(asked->opts->external[i], 0);
	if (plugins)
		note(plugins, 0);
}

static void write_log(const char *words)
{
	char line[1024];

	snprintf(line, sizeof(line), "%s\n", words);
	append(asked->opts->work_dir_fd, asked->opts->log_file, line);
}

static void write_statistics(const char *words)
{
	append(asked->opts->work_dir_fd, words, "statistics\n");
}

static void write_image(const char *words)
{
	append(asked->opts->images_dir_fd, words, "an image\n");
}

static void freeze(const char *words)
{
	char path[PATH_MAX];

	(void)words;
	snprintf(path, sizeof(path), "%s/cgroup.freeze", asked->opts->freeze_cgroup);
	frozen = open(path, O_WRONLY | O_CLOEXEC);
	if (frozen < 0 || write(frozen, "1", 1) != 1)
		_exit(90);
}

static void notify(const char *words)
{
	CriuResp response = CRIU_RESP__INIT;
	CriuNotify what = CRIU_NOTIFY__INIT;
	CriuReq *reply;

	response.type = CRIU_REQ_TYPE__NOTIFY;
	response.success = true;
	response.notify = &what;
	what.script = (char *)words;
	answer(&response);
	reply = receive();
	note(words, reply->has_notify_success && reply->notify_success);
	criu_req__free_unpacked(reply, NULL);
}

static void end_work(bool success, const char *words)
{
	CriuResp response = CRIU_RESP__INIT;

	response.type = asked->type;
	response.success = success;
	response.cr_errmsg = (char *)words;
	answer(&response);
}

static void succeed(const char *words)
{
	(void)words;
	frozen = -1; /* there is nothing to be undone any more */
	end_work(true, NULL);
}

static void fail(const char *words)
{
	end_work(false, words);
}

static void send_zeroes(size_t length)
{
	static const char bytes[LARGE];

	if (send(SOCKET, bytes, length, MSG_NOSIGNAL) < 0)
		_exit(94);
}

static void send_garbage(const char *words)
{
	(void)words;
	send_zeroes(10);
}

static void send_large(const char *words)
{
	(void)words;
	send_zeroes(LARGE);
}

/* Of the right type, and with nothing in it. */
static void send_nothing(const char *words)
{
	CriuResp response = CRIU_RESP__INIT;

	(void)words;
	response.type = asked->type;
	response.success = true;
	answer(&response);
}

static void end(const char *words)
{
	_exit(atoi(words));
}

static void hang(const char *words)
{
	char byte;

	(void)words;
	while (recv(SOCKET, &byte, 1, 0) > 0)
		;
}

static void serve(const char *words)
{
	(void)words;
	for (;;)
		pause();
}

static void die(const char *words)
{
	kill(getpid(), atoi(words));
}

static void write_in_vain(const char *words)
{
	int ends[2];

	(void)words;
	if (pipe(ends) < 0 || close(ends[0]) < 0)
		_exit(88);
	note("written", (int)write(ends[1], "", 1));
	close(ends[1]);
}

static void stop(const char *words)
{
	(void)words;
	raise(SIGSTOP);
}

static const struct {
	const char *name;
	void (*act)(const char *words);
} steps[] = {
	{ "is", say_version },
	{ "has", say_features },
	{ "tell", tell },
	{ "log", write_log },
	{ "statistics", write_statistics },
	{ "image", write_image },
	{ "freeze", freeze },
	{ "notify", notify },
	{ "succeed", succeed },
	{ "fail", fail },
	{ "exit", end },
	{ "kill", die },
	{ "stop", stop },
	{ "break", write_in_vain },
	{ "hang", hang },
	{ "serve", serve },
	{ "garbage", send_garbage },
	{ "large", send_large },
	{ "nothing", send_nothing },
};

/* ---- the script ---- */

static const char *name_of(CriuReqType type)
{
	switch (type) {
	case CRIU_REQ_TYPE__VERSION:
		return "version";
	case CRIU_REQ_TYPE__FEATURE_CHECK:
		return "features";
	default:
		return "work";
	}
}

static void follow(const char *step, const char *words)
{
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++)
		if (strcmp(steps[i].name, step) == 0) {
			steps[i].act(words);
			return;
		}
	_exit(93);
}

static void play(const char *request)
{
	char path[PATH_MAX + 16], line[1024], of[32], step[32];
	FILE *script;

	snprintf(path, sizeof(path), "%s/script", directory);
	script = fopen(path, "re");
	if (!script)
		_exit(92);
	while (fgets(line, sizeof(line), script)) {
		int at = 0;

		line[strcspn(line, "\n")] = '\0';
		if (sscanf(line, "%31s %31s %n", of, step, &at) == 2 && strcmp(of, request) == 0)
			follow(step, line + (at ? at : (int)strlen(line)));
	}
	fclose(script);
}

int main(int argc, char **argv)
{
	const char *name = (const char *)getauxval(AT_EXECFN);
	const char *end_of_directory = strrchr(name, '/');

	if (argc != 3 || strcmp(argv[1], "swrk") != 0 || atoi(argv[2]) != SOCKET ||
	    !end_of_directory)
		_exit(91);
	snprintf(directory, sizeof(directory), "%.*s", (int)(end_of_directory - name), name);
	for (;;) {
		CriuReq *request = receive();

		asked = request;
		note(name_of(request->type), request->type);
		play(name_of(request->type));
		criu_req__free_unpacked(request, NULL);
	}
}
