/* libcontainer/lifecycle/store.c and status.c: the directory of a container, its lock, its status. */
#include "base/socket.h"
#include "tests/unit/support.h"

#include <sys/resource.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>

#include "base/cleanup.h"
#include "base/procfs.h"
#include "libcontainer/lifecycle/store.h"

static int dir; /* the state root */
static char root_path[64];
static struct arena arena = ARENA_INIT;

static void warn(const char *message)
{
	(void)message;
}

static struct runtime runtime = { .root = root_path, .lock_deadline_ms = 200, .warn = warn };

static void make_root(void)
{
	NEEDS(openat2);
	NEEDS(pidfd_open);
	dir = scratch();
	snprintf(root_path, sizeof(root_path), "%s", scratch_path);
	SUCCEEDS(arena_init(&arena, STATE_ARENA_SIZE, &err));
}

static struct record claim(const char *id)
{
	struct record record = RECORD_INIT;

	SUCCEEDS(store_claim(&runtime, id, &record, &err));
	return record;
}

/* ---- ids ---- */

TEST(ids)
{
	static const char *const good[] = { "a", "A-b_c.d+e", "0", "...", ".a", "-x", "+" };
	static const char *const bad[] = { "",	  ".",	 "..",	   "a/b",      "/",
					   "a b", "a\n", "\x7f",   "a\t",      "ä",
					   "a:b", "a,b", "../etc", "@seccomp", ".@seccomp" };
	char longest[257];

	for (size_t i = 0; i < array_length(good); i++)
		SUCCEEDS(container_id_check(good[i], &err));
	for (size_t i = 0; i < array_length(bad); i++)
		FAILS(container_id_check(bad[i], &err), ERROR_INVALID);
	CHECK_HAS(err.text, "invalid container ID format");
	memset(longest, 'x', 256);
	longest[256] = '\0';
	FAILS(container_id_check(longest, &err), ERROR_INVALID);
	longest[255] = '\0';
	SUCCEEDS(container_id_check(longest, &err));
}

/* ---- claiming ---- */

TEST(a_claim_is_a_directory_that_is_locked)
{
	_cleanup_record_ struct record record = RECORD_INIT;
	struct stat st;

	make_root();
	record = claim("web");
	CHECK(fstatat(dir, "web", &st, 0) == 0 && S_ISDIR(st.st_mode));
	CHECK_INT(st.st_mode & 07777, 0700);
	CHECK(record.lock >= 0 && fcntl(record.lock, F_GETFD) == FD_CLOEXEC);
}

TEST(an_id_is_claimed_once)
{
	_cleanup_record_ struct record record = RECORD_INIT, second = RECORD_INIT;

	make_root();
	record = claim("web");
	make_file(record.dir, STORE_STATE, "");
	FAILS(store_claim(&runtime, "web", &second, &err), ERROR_EXISTS);
	CHECK_HAS(err.text, "container with given ID already exists");
	CHECK_INT(second.dir, -1);
	FAILS(store_claim(&runtime, "a/b", &second, &err), ERROR_INVALID);
}

TEST(of_many_who_claim_at_the_same_time_one_succeeds)
{
	make_root();
	for (unsigned int round = 0; round < COUNT(100); round++) {
		char id[16];
		int claimed = 0;

		snprintf(id, sizeof(id), "c%u", round);
		for (int i = 0; i < 4; i++)
			if (fork() == 0) {
				struct record record = RECORD_INIT;

				if (store_claim(&runtime, id, &record, &err) < 0)
					_exit(0);
				make_file(record.dir, STORE_STATE, "");
				_exit(1);
			}
		for (int i = 0; i < 4; i++) {
			int status;

			CHECK(wait(&status) > 0);
			claimed += WEXITSTATUS(status);
		}
		CHECK_INT(claimed, 1);
	}
}

/* Does another process get the id? */
static bool others_claim(const char *id)
{
	pid_t pid = fork();

	if (pid == 0) {
		struct record record = RECORD_INIT;

		if (store_claim(&runtime, id, &record, &err) == 0)
			_exit(1);
		CHECK_INT(err.code, ERROR_EXISTS);
		_exit(0);
	}
	return exit_of(pid) == 1;
}

TEST(what_a_killed_creator_left_is_taken_over_unless_it_is_held)
{
	_cleanup_record_ struct record record = RECORD_INIT;

	make_root();
	CHECK(mkdirat(dir, "web", 0700) == 0);
	record = claim("web");
	make_file(record.dir, STORE_CONFIG, "{}");
	CHECK(!others_claim("web"));
	CHECK(there(record.dir, STORE_CONFIG));
	record_close(&record);
	record = claim("web");
	CHECK(!there(record.dir, STORE_CONFIG));
	record_close(&record);
	CHECK(others_claim("web"));
	/* what others could write to, and what is no directory, is nobody's leftover */
	CHECK(mkdirat(dir, "open", 0700) == 0 && fchmodat(dir, "open", 0777, 0) == 0);
	CHECK(!others_claim("open"));
	make_file(dir, "file", "");
	CHECK(!others_claim("file"));
	CHECK(symlinkat("web", dir, "link") == 0);
	CHECK(!others_claim("link"));
}

TEST(the_state_root_is_made)
{
	_cleanup_record_ struct record record = RECORD_INIT;
	struct stat st;

	make_root();
	umask(0);
	snprintf(root_path, sizeof(root_path), "%s/a/b", scratch_path);
	FAILS(store_open(&runtime, "web", STORE_UNLOCKED, &record, &err), ERROR_NOT_FOUND);
	record = claim("web");
	CHECK(fstatat(dir, "a/b", &st, 0) == 0);
	CHECK_INT(st.st_mode & 07777, 0700);
	/* in a user's runtime directory sticky: nobody tidies it up */
	record_close(&record);
	runtime.rootless = true;
	snprintf(root_path, sizeof(root_path), "%s/user", scratch_path);
	record = claim("web");
	CHECK(fstatat(dir, "user", &st, 0) == 0);
	CHECK_INT(st.st_mode & 07777, 01700);
}

/* ---- opening ---- */

TEST(what_is_not_there_is_not_found)
{
	_cleanup_record_ struct record record = RECORD_INIT;

	make_root();
	FAILS(store_open(&runtime, "web", STORE_LOCKED, &record, &err), ERROR_NOT_FOUND);
	CHECK_HAS(err.text, "container does not exist");
	FAILS(store_open(&runtime, "..", STORE_UNLOCKED, &record, &err), ERROR_INVALID);
	CHECK(symlinkat("/", dir, "link") == 0);
	FAILS(store_open(&runtime, "link", STORE_UNLOCKED, &record, &err), ERROR_SYSTEM);
	CHECK_INT(record.dir, -1);
}

TEST(what_others_can_write_to_is_refused)
{
	_cleanup_record_ struct record record = RECORD_INIT;

	make_root();
	record = claim("web");
	record_close(&record);
	CHECK(fchmodat(dir, "web", 0720, 0) == 0);
	FAILS(store_open(&runtime, "web", STORE_UNLOCKED, &record, &err), ERROR_REFUSED);
	CHECK(fchmodat(dir, "web", 0702, 0) == 0);
	FAILS(store_open(&runtime, "web", STORE_REMOVING, &record, &err), ERROR_REFUSED);
	CHECK_INT(record.dir, -1);
	CHECK(fchmodat(dir, "web", 0700, 0) == 0);
	if (geteuid() == 0) {
		CHECK(fchownat(dir, "web", 1000, 1000, 0) == 0);
		FAILS(store_open(&runtime, "web", STORE_LOCKED, &record, &err), ERROR_REFUSED);
		CHECK(fchownat(dir, "web", 0, 0, 0) == 0);
	}
	SUCCEEDS(store_open(&runtime, "web", STORE_LOCKED, &record, &err));
}

/* What another process gets. */
static int try_open(const char *id, enum store_lock how)
{
	pid_t pid = fork();

	if (pid == 0) {
		struct record record = RECORD_INIT;

		_exit(store_open(&runtime, id, how, &record, &err) < 0 ? (int)err.code : 0);
	}
	return exit_of(pid);
}

static long milliseconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

TEST(who_waits_for_the_lock_has_a_deadline)
{
	_cleanup_record_ struct record record = RECORD_INIT;
	long begin = milliseconds();

	make_root();
	record = claim("web");
	CHECK_INT(try_open("web", STORE_LOCKED), ERROR_BUSY);
	CHECK(milliseconds() - begin >= 200 && milliseconds() - begin < 5000);
	CHECK_INT(try_open("web", STORE_SHARED), ERROR_BUSY);
	CHECK_INT(try_open("web", STORE_REMOVING), ERROR_BUSY);
	/* looking needs none */
	CHECK_INT(try_open("web", STORE_UNLOCKED), 0);
	record_close(&record);
	CHECK_INT(try_open("web", STORE_LOCKED), 0);
}

TEST(users_share_the_lock_those_who_change_do_not)
{
	_cleanup_record_ struct record record = RECORD_INIT;

	make_root();
	record = claim("web");
	record_close(&record);
	SUCCEEDS(store_open(&runtime, "web", STORE_SHARED, &record, &err));
	CHECK_INT(try_open("web", STORE_SHARED), 0);
	CHECK_INT(try_open("web", STORE_LOCKED), ERROR_BUSY);
	CHECK_INT(try_open("web", STORE_REMOVING), ERROR_BUSY);
}

TEST(the_lock_goes_with_the_process)
{
	pid_t pid;
	int told[2];

	make_root();
	CHECK(pipe(told) == 0);
	pid = fork();
	if (pid == 0) {
		claim("web");
		CHECK(write(told[1], "x", 1) == 1);
		pause();
	}
	CHECK(read(told[0], &(char){ 0 }, 1) == 1);
	CHECK_INT(try_open("web", STORE_LOCKED), ERROR_BUSY);
	kill(pid, SIGKILL);
	exit_of(pid);
	CHECK_INT(try_open("web", STORE_LOCKED), 0);
}

/* Init is a child of who holds the lock, and outlives him. */
TEST(no_child_inherits_the_lock)
{
	_cleanup_record_ struct record record = RECORD_INIT;
	pid_t pid;

	make_root();
	record = claim("web");
	pid = fork();
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		pause();
	}
	record_close(&record);
	CHECK_INT(try_open("web", STORE_LOCKED), 0);
	kill(pid, SIGKILL);
	exit_of(pid);
}

/* ---- removing ---- */

TEST(removal_leaves_nothing)
{
	_cleanup_record_ struct record record = RECORD_INIT;

	make_root();
	record = claim("web");
	make_file(record.dir, STORE_STATE, "{}");
	CHECK(mkdirat(record.dir, STORE_NOTIFY, 0755) == 0);
	SUCCEEDS(store_remove(&record, "web", &err));
	CHECK(!there(dir, "web"));
	record_close(&record);
	record = claim("web");
}

TEST(who_waited_while_it_was_removed_finds_nothing)
{
	_cleanup_record_ struct record record = RECORD_INIT;
	pid_t waiting;

	make_root();
	runtime.lock_deadline_ms = 10000;
	record = claim("web");
	waiting = fork();
	if (waiting == 0) {
		struct record other = RECORD_INIT;

		_exit(store_open(&runtime, "web", STORE_LOCKED, &other, &err) < 0 ? (int)err.code
										  : 0);
	}
	sleep_ms(50);
	SUCCEEDS(store_remove(&record, "web", &err));
	record_close(&record);
	CHECK_INT(exit_of(waiting), ERROR_NOT_FOUND);
	CHECK(!there(dir, "web"));
}

/* Killed between its first and its last act: whoever removes finishes, nobody else finds it. */
TEST(what_killed_predecessors_left_can_be_removed)
{
	_cleanup_record_ struct record record = RECORD_INIT;

	make_root();
	CHECK(mkdirat(dir, "web", 0700) == 0);
	CHECK_INT(try_open("web", STORE_LOCKED), ERROR_NOT_FOUND);
	CHECK_INT(try_open("web", STORE_SHARED), ERROR_NOT_FOUND);
	make_file(dir, "web/" STORE_LOCK, "");
	make_file(dir, "web/" STORE_STATE, "half");
	SUCCEEDS(store_open(&runtime, "web", STORE_REMOVING, &record, &err));
	SUCCEEDS(store_remove(&record, "web", &err));
	CHECK(!there(dir, "web"));
}

TEST(deletes_at_the_same_time_end_with_nothing)
{
	make_root();
	for (unsigned int round = 0; round < COUNT(200); round++) {
		struct record record = claim("web");

		record_close(&record);
		for (int i = 0; i < 3; i++)
			if (fork() == 0) {
				struct record mine = RECORD_INIT;

				if (store_open(&runtime, "web", STORE_REMOVING, &mine, &err) < 0)
					_exit(err.code != ERROR_NOT_FOUND);
				_exit(store_remove(&mine, "web", &err) < 0);
			}
		for (int i = 0; i < 3; i++) {
			int status;

			CHECK(wait(&status) > 0 && status == 0);
		}
		CHECK(!there(dir, "web"));
	}
}

/* ---- the state ---- */

static struct container_state state = { .version = STATE_VERSION,
					.id = (char *)"web",
					.oci_version = (char *)"1.0.0",
					.bundle = (char *)"/b",
					.rootfs = (char *)"/b/rootfs",
					.cgroup_manager = (char *)"disabled" };

static struct container_state *load(const struct record *record)
{
	struct container_state *loaded;

	SUCCEEDS(store_load(record, "web", &arena, &loaded, &err));
	return loaded;
}

/* The status that another process, without the lock, finds. */
static enum container_status seen(void)
{
	pid_t pid = fork();

	if (pid == 0) {
		struct record record = RECORD_INIT;

		SUCCEEDS(store_open(&runtime, "web", STORE_UNLOCKED, &record, &err));
		_exit((int)load(&record)->status + 10);
	}
	return (enum container_status)(exit_of(pid) - 10);
}

TEST(a_state_is_kept)
{
	_cleanup_record_ struct record record = RECORD_INIT;

	make_root();
	record = claim("web");
	SUCCEEDS(store_save(&record, &state, &err));
	CHECK_STR(load(&record)->bundle, "/b");
	state.bundle = (char *)"/other";
	SUCCEEDS(store_save(&record, &state, &err));
	CHECK_STR(load(&record)->bundle, "/other");
}

/* A container that is restored goes on with what it has changed before. */
TEST(the_time_since_when_it_changes_files_goes_back_only)
{
	struct record record;
	uint64_t since, later;

	make_root();
	record = claim("web");
	FAILS(store_since(&record, &since, &err), ERROR_SYSTEM);
	err = (struct error)ERROR_INIT;
	make_file(record.dir, STORE_CONFIG, "{}");
	SUCCEEDS(store_since(&record, &since, &err));
	CHECK(since > 1700000000ULL * NS_PER_S);
	SUCCEEDS(store_set_back(&record, since + 1, &err));
	SUCCEEDS(store_since(&record, &later, &err));
	CHECK(later == since);
	SUCCEEDS(store_set_back(&record, since - 1, &err));
	SUCCEEDS(store_since(&record, &later, &err));
	CHECK(later == since - 1);
	SUCCEEDS(store_set_back(&record, 0, &err));
	SUCCEEDS(store_since(&record, &later, &err));
	CHECK(later == 0);
}

TEST(one_that_could_not_be_read_again_is_not_kept)
{
	_cleanup_record_ struct record record = RECORD_INIT;
	char *large;

	make_root();
	large = arena_alloc(&arena, JSON_SIZE_MAX);
	record = claim("web");
	memset(large, '/', JSON_SIZE_MAX - 100);
	state.bundle = large;
	FAILS(store_save(&record, &state, &err), ERROR_INVALID);
	CHECK(faccessat(record.dir, STORE_STATE, F_OK, 0) < 0);
	large[JSON_SIZE_MAX - 1000] = '\0';
	SUCCEEDS(store_save(&record, &state, &err));
	CHECK_STR(load(&record)->bundle, large);
}

TEST(one_that_is_damaged_or_newer_or_of_another_is_an_error)
{
	_cleanup_record_ struct record record = RECORD_INIT;
	struct container_state *loaded = (struct container_state *)-1;

	make_root();
	record = claim("web");
	make_file(record.dir, STORE_STATE, "{\"version\": 1, \"id\"");
	FAILS(store_load(&record, "web", &arena, &loaded, &err), ERROR_INVALID);
	CHECK_HAS(err.text, "state of container web: ");
	make_file(
	    record.dir, STORE_STATE,
	    "{\"version\": 999, \"id\": \"web\", \"ociVersion\": \"1.0.0\", \"bundle\": \"/b\"}");
	FAILS(store_load(&record, "web", &arena, &loaded, &err), ERROR_UNSUPPORTED);
	make_file(
	    record.dir, STORE_STATE,
	    "{\"version\": 1, \"id\": \"db\", \"ociVersion\": \"1.0.0\", \"bundle\": \"/b\"}");
	FAILS(store_load(&record, "web", &arena, &loaded, &err), ERROR_REFUSED);
	CHECK(loaded == (struct container_state *)-1);
}

TEST(while_it_is_created_it_is_creating_and_then_dead)
{
	_cleanup_record_ struct record record = RECORD_INIT;

	make_root();
	record = claim("web");
	SUCCEEDS(store_save(&record, &state, &err));
	CHECK_INT(seen(), STATUS_CREATING);
	/* the creator was killed */
	record_close(&record);
	CHECK_INT(seen(), STATUS_STOPPED);
}

TEST(without_a_state_it_is_no_container)
{
	_cleanup_record_ struct record record = RECORD_INIT;
	struct container_state *loaded = (struct container_state *)-1;

	make_root();
	record = claim("web");
	FAILS(store_load(&record, "web", &arena, &loaded, &err), ERROR_NOT_FOUND);
	CHECK_HAS(err.text, "container does not exist");
	CHECK(loaded == (struct container_state *)-1);
}

TEST(somebody_who_only_uses_it_does_not_create_it)
{
	_cleanup_record_ struct record record = RECORD_INIT;

	make_root();
	record = claim("web");
	SUCCEEDS(store_save(&record, &state, &err));
	record_close(&record);
	SUCCEEDS(store_open(&runtime, "web", STORE_SHARED, &record, &err));
	CHECK_INT(seen(), STATUS_STOPPED);
}

/* A process that stands for init; the state says so. */
static pid_t start_init(const struct record *record)
{
	struct procfs_stat stat;
	pid_t pid = fork();

	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			pause();
	}
	SUCCEEDS(procfs_stat(pid, &stat, &err));
	state.pid = pid;
	state.pid_start = stat.start;
	state.created = (char *)"2026-01-01T00:00:00Z";
	SUCCEEDS(store_save(record, &state, &err));
	return pid;
}

static void end(pid_t pid)
{
	kill(pid, SIGKILL);
	exit_of(pid);
}

TEST(it_runs_as_long_as_its_init_lives)
{
	_cleanup_record_ struct record record = RECORD_INIT;
	_cleanup_fd_ int pidfd = -1;
	pid_t pid;

	make_root();
	record = claim("web");
	pid = start_init(&record);
	CHECK_INT(seen(), STATUS_RUNNING);
	CHECK(state_init_alive(&state, &pidfd, &err) == 1);
	CHECK(pidfd >= 0 && fcntl(pidfd, F_GETFD) == FD_CLOEXEC);
	end(pid);
	CHECK_INT(seen(), STATUS_STOPPED);
}

TEST(a_pid_that_another_process_has_now_is_not_its_init)
{
	_cleanup_record_ struct record record = RECORD_INIT;
	int pidfd = 77;
	pid_t pid;

	make_root();
	record = claim("web");
	pid = start_init(&record);
	state.pid_start--;
	SUCCEEDS(store_save(&record, &state, &err));
	CHECK_INT(seen(), STATUS_STOPPED);
	CHECK(state_init_alive(&state, &pidfd, &err) == 0);
	CHECK_INT(pidfd, 77);
	end(pid);
}

TEST(a_zombie_is_dead)
{
	_cleanup_record_ struct record record = RECORD_INIT;
	pid_t pid;

	make_root();
	record = claim("web");
	pid = start_init(&record);
	kill(pid, SIGKILL);
	CHECK(waitid(P_PID, (id_t)pid, &(siginfo_t){ 0 }, WEXITED | WNOWAIT) == 0);
	CHECK_INT(seen(), STATUS_STOPPED);
	exit_of(pid);
}

/* else delete would take it away for want of a descriptor */
TEST(it_has_not_ended_because_we_cannot_look)
{
	_cleanup_record_ struct record record = RECORD_INIT;
	struct rlimit limit;
	int pidfd = 77;
	pid_t pid;

	make_root();
	record = claim("web");
	pid = start_init(&record);
	CHECK(getrlimit(RLIMIT_NOFILE, &limit) == 0);
	limit.rlim_cur = 0;
	CHECK(setrlimit(RLIMIT_NOFILE, &limit) == 0);
	CHECK(state_init_alive(&state, &pidfd, &err) == -1);
	CHECK_INT(err.errnum, EMFILE);
	CHECK_INT(pidfd, 77);
	limit.rlim_cur = limit.rlim_max;
	CHECK(setrlimit(RLIMIT_NOFILE, &limit) == 0);
	end(pid);
}

TEST(no_pid_is_no_process)
{
	state.pid = 0;
	CHECK(state_init_alive(&state, NULL, &err) == 0);
	state.pid = -1;
	CHECK(state_init_alive(&state, NULL, &err) == 0);
}

TEST(it_is_created_while_its_init_listens)
{
	_cleanup_record_ struct record record = RECORD_INIT;
	int listener;
	pid_t pid;

	make_root();
	record = claim("web");
	pid = start_init(&record);
	listener = socket_bind_at(record.dir, STORE_START, SOCK_SEQPACKET, 0600, &err);
	SUCCEEDS(listener);
	CHECK(listen(listener, 2) == 0);
	/* nobody accepts: however many ask, none of them waits */
	for (int i = 0; i < 20; i++)
		CHECK_INT(seen(), STATUS_CREATED);
	/* the socket's file may be left when init has executed the program */
	close(listener);
	CHECK_INT(seen(), STATUS_RUNNING);
	end(pid);
	CHECK_INT(seen(), STATUS_STOPPED);
}

TEST(nothing_leaks_a_descriptor)
{
	struct record record = RECORD_INIT;
	struct container_state *loaded;
	int before;
	pid_t pid;

	make_root();
	record = claim("web");
	pid = start_init(&record);
	record_close(&record);
	record_close(&record);
	before = open_fds();
	FAILS(store_claim(&runtime, "web", &record, &err), ERROR_EXISTS);
	FAILS(store_open(&runtime, "none", STORE_LOCKED, &record, &err), ERROR_NOT_FOUND);
	SUCCEEDS(store_open(&runtime, "web", STORE_LOCKED, &record, &err));
	SUCCEEDS(store_load(&record, "web", &arena, &loaded, &err));
	CHECK(state_init_alive(loaded, NULL, &err) == 1);
	record_close(&record);
	CHECK_INT(open_fds(), before);
	end(pid);
}
