/* checkpoint/criu.c against tests/false_criu.c: what CRIU is asked and may answer, in order or not. */
#include "tests/unit/support.h"

#include <limits.h>

#include "base/cleanup.h"
#include "checkpoint/criu.h"
#include "checkpoint/log.h"

#define GOOD "version is 4 1 1\nfeatures has mem_track lazy_pages\n"

static struct criu criu = CRIU_INIT;
static int dir = -1;
static int words_of_caller = 0; /* notifications that the caller has got */

/* CRIU in PATH, with that script. */
static void install(const char *script)
{
	char program[PATH_MAX], path[PATH_MAX];

	NEEDS(clone3);
	dir = scratch();
	snprintf(program, sizeof(program), "%s/tests/false_criu", getenv("PROA_BUILD") ?: ".");
	CHECK(symlinkat(realpath(program, path), dir, "criu") == 0);
	make_file(dir, "script", script);
	snprintf(path, sizeof(path), "/nowhere:relative:%s", scratch_path);
	CHECK(setenv("PATH", path, 1) == 0);
}

static void begin(const char *script)
{
	static const struct criu_start start = { .cgroup = -1 };

	install(script);
	SUCCEEDS(criu_clone(&start, &criu, &err));
	SUCCEEDS(criu_release(&criu, &err));
}

static int probe(bool mem_track, bool lazy_pages)
{
	const struct criu_needs needs = { mem_track, lazy_pages };

	return criu_probe(&criu, &needs, &err);
}

static int count_words(void *context, const char *script, pid_t pid, int fd, struct error *error)
{
	const char *refused = context;

	CHECK_INT(pid, 0);
	CHECK_INT(fd, -1);
	words_of_caller++;
	if (refused && strcmp(refused, script) == 0)
		return error_set(error, ERROR_REFUSED, script, "%s is refused", script);
	return 0;
}

static int ask(const char *refused)
{
	CriuReq request = CRIU_REQ__INIT;
	CriuOpts opts = CRIU_OPTS__INIT;

	request.type = CRIU_REQ_TYPE__DUMP;
	request.opts = &opts;
	opts.images_dir_fd = opts.work_dir_fd = dir;
	opts.has_work_dir_fd = true;
	opts.log_file = (char *)"dump.log";
	return criu_ask(&criu, &request, count_words, (void *)refused, NULL, &err);
}

/* Its process has been waited for, and nothing of ours is open. */
static void ended(int fds)
{
	criu_end(&criu);
	CHECK_INT(criu.pid, 0);
	CHECK(waitpid(-1, NULL, __WALL | WNOHANG) < 0 && errno == ECHILD);
	CHECK_INT(open_fds(), fds);
}

/* ---- what it can ---- */

TEST(version_and_features_are_asked_before_the_work)
{
	int fds;

	begin(GOOD "work notify pre-dump\nwork notify post-dump\nwork succeed\n");
	fds = open_fds() - 1;
	SUCCEEDS(probe(true, true));
	CHECK_INT(criu.version, 40101);
	SUCCEEDS(ask(NULL));
	CHECK_INT(words_of_caller, 2);
	CHECK_STR(content(dir, "asked"),
		  "version 10\nfeatures 9\nwork 1\npre-dump 1\npost-dump 1\n");
	ended(fds);
}

TEST(features_that_nobody_needs_are_not_asked_for)
{
	begin(GOOD);
	SUCCEEDS(probe(false, false));
	CHECK_STR(content(dir, "asked"), "version 10\n");
	criu_end(&criu);
}

TEST(a_criu_that_is_too_old)
{
	begin("version is 3 15 2\n");
	FAILS(probe(false, false), ERROR_UNSUPPORTED);
	CHECK_STR(err.text, "CRIU is too old: its version is 3.15.2, needed is 3.16");
	criu_end(&criu);
}

TEST(the_oldest_that_will_do)
{
	begin("version is 3 16 0\n");
	SUCCEEDS(probe(false, false));
	criu_end(&criu);
}

TEST(a_version_without_a_number_is_too_old)
{
	begin("version nothing\n");
	FAILS(probe(false, false), ERROR_UNSUPPORTED);
	CHECK_HAS(err.text, "CRIU is too old");
	criu_end(&criu);
}

TEST(missing_features_are_named)
{
	begin("version is 4 1 0\nfeatures has lazy_pages\n");
	FAILS(probe(true, true), ERROR_UNSUPPORTED);
	CHECK_HAS(err.text, "--pre-dump and --parent-path need memory tracking");
	SUCCEEDS(probe(false, true));
	criu_end(&criu);
}

TEST(lazy_pages_are_named)
{
	begin("version is 4 1 0\nfeatures has mem_track\n");
	FAILS(probe(true, true), ERROR_UNSUPPORTED);
	CHECK_HAS(err.text, "--lazy-pages needs userfaultfd(2)");
	SUCCEEDS(probe(true, false));
	criu_end(&criu);
}

TEST(no_features_at_all)
{
	begin("version is 4 1 0\nfeatures nothing\n");
	FAILS(probe(true, false), ERROR_UNSUPPORTED);
	CHECK_HAS(err.text, "memory tracking");
	criu_end(&criu);
}

TEST(no_criu_in_path)
{
	static const struct criu_start start = { .cgroup = -1 };

	dir = scratch();
	setenv("PATH", scratch_path, 1);
	FAILS(criu_clone(&start, &criu, &err), ERROR_UNSUPPORTED);
	CHECK_HAS(err.text, "there is no criu in PATH: install CRIU");
}

TEST(a_criu_that_cannot_be_executed)
{
	static const struct criu_start start = { .cgroup = -1 };

	install("");
	CHECK(unlinkat(dir, "criu", 0) == 0);
	make_file(dir, "criu", "no program");
	CHECK(fchmodat(dir, "criu", 0755, 0) == 0);
	SUCCEEDS(criu_clone(&start, &criu, &err));
	FAILS(criu_release(&criu, &err), ERROR_SYSTEM);
	CHECK_INT(err.errnum, ENOEXEC);
	criu_end(&criu);
}

/* ---- what it answers ---- */

TEST(a_refused_notification_is_told_and_is_the_error)
{
	begin(GOOD
	      "work notify pre-dump\nwork notify post-dump\nwork notify late\nwork fail script\n");
	FAILS(ask("post-dump"), ERROR_REFUSED);
	CHECK_STR(err.text, "post-dump is refused");
	CHECK_INT(words_of_caller, 2); /* what comes after it is refused unheard */
	CHECK_STR(content(dir, "asked"), "work 1\npre-dump 1\npost-dump 0\nlate 0\n");
	criu_end(&criu);
}

TEST(a_refused_notification_fails_even_if_criu_goes_on)
{
	begin(GOOD "work notify post-dump\nwork succeed\n");
	FAILS(ask("post-dump"), ERROR_REFUSED);
	criu_end(&criu);
}

TEST(a_refused_notification_is_the_error_also_when_criu_dies_of_it)
{
	begin(GOOD "work notify post-dump\nwork kill 9\n");
	FAILS(ask("post-dump"), ERROR_REFUSED);
	criu_end(&criu);
}

TEST(the_errors_of_its_log_with_a_hint)
{
	begin(GOOD "work log (00.1) Error (criu/sk-inet.c:188): inet: Connected TCP socket\n"
		   "work log (00.2) Error (criu/cr-dump.c:2111): Dumping FAILED.\n"
		   "work fail\n");
	FAILS(ask(NULL), ERROR_SYSTEM);
	CHECK_STR(err.text, "CRIU failed");
	log_explain(dir, "/images", "dump.log", &err);
	CHECK_STR(err.text, "CRIU failed: inet: Connected TCP socket; give --tcp-established, on "
			    "restore too (log: /images/dump.log)");
	criu_end(&criu);
}

TEST(a_message_of_its_answer)
{
	begin(GOOD "work fail No space here\n");
	FAILS(ask(NULL), ERROR_SYSTEM);
	CHECK_STR(err.text, "CRIU failed: No space here");
	log_explain(dir, "/images", "dump.log", &err);
	CHECK_HAS(err.text, "CRIU failed: No space here");
	criu_end(&criu);
}

/* ---- what is no answer ---- */

TEST(it_is_killed_in_the_middle)
{
	int fds;

	begin(GOOD "work notify pre-dump\nwork kill 9\n");
	fds = open_fds() - 1;
	FAILS(ask(NULL), ERROR_PROTOCOL);
	CHECK_STR(err.text, "CRIU was killed by signal 9");
	CHECK_INT(words_of_caller, 1);
	ended(fds);
}

TEST(it_ends_without_an_answer)
{
	begin(GOOD "work exit 3\n");
	FAILS(ask(NULL), ERROR_PROTOCOL);
	CHECK_STR(err.text, "CRIU ended with exit status 3 and without an answer");
	/* and is asked again: there is nobody */
	FAILS(ask(NULL), ERROR_PROTOCOL);
	criu_end(&criu);
}

TEST(it_ends_before_it_is_asked)
{
	begin("version exit 0\n");
	FAILS(probe(false, false), ERROR_PROTOCOL);
	CHECK_HAS(err.text, "without an answer");
	criu_end(&criu);
}

TEST(garbage)
{
	begin("version garbage\nwork garbage\n");
	FAILS(probe(false, false), ERROR_PROTOCOL);
	CHECK_STR(err.text, "CRIU sent what is no answer");
	FAILS(ask(NULL), ERROR_PROTOCOL);
	CHECK_STR(err.text, "CRIU sent what is no answer");
	criu_end(&criu);
}

TEST(an_answer_too_large)
{
	begin("version is 4 1 1\nwork notify pre-dump\nwork large\n");
	SUCCEEDS(probe(false, false));
	FAILS(ask(NULL), ERROR_PROTOCOL);
	CHECK_STR(err.text, "CRIU sent what is no answer");
	criu_end(&criu);
}

/* ---- what it is started with ---- */

static int fail_to_prepare(void *context, struct error *error)
{
	return error_set(error, ERROR_REFUSED, "stage", "%s", (const char *)context);
}

TEST(preparations_that_fail_are_the_error_and_nothing_is_executed)
{
	static const struct criu_start start = { .cgroup = -1,
						 .prepare = fail_to_prepare,
						 .context = (void *)"no stage" };

	install(GOOD);
	SUCCEEDS(criu_clone(&start, &criu, &err));
	FAILS(criu_release(&criu, &err), ERROR_REFUSED);
	CHECK_STR(err.text, "no stage");
	criu_end(&criu);
	CHECK(!there(dir, "asked"));
}
