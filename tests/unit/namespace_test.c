/* libcontainer/namespace: the plan, what is joined in which order, id maps, clocks. */
#include "tests/unit/documents.h"
#include "tests/unit/support.h"

#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>

#include "base/cleanup.h"
#include "base/kernel.h"
#include "base/procfs.h"
#include "libcontainer/namespace/namespace.h"
#include "tests/unit/names.h"

static struct arena arena = ARENA_INIT;
static struct namespace_plan plan;

/* A config with this linux object. */
static struct config *config_with(const char *linux_object)
{
	char text[4096];

	if (!arena.base)
		SUCCEEDS(arena_init(&arena, 16 << 20, &err));
	snprintf(text, sizeof(text),
		 "{\"ociVersion\": \"1.0.0\", \"root\": {\"path\": \"r\"}, \"process\": {\"cwd\": "
		 "\"/\", \"args\": [\"x\"], \"user\": {\"uid\": 0, \"gid\": 0}}, \"linux\": %s}",
		 linux_object);
	return parse(text, DOCUMENT_CONFIG);
}

static void plan_of(const char *linux_object)
{
	SUCCEEDS(namespace_plan(config_with(linux_object), &arena, &plan, &err));
}

/* ---- which ---- */

TEST(the_table_has_each_kind_once_with_the_file_that_proc_has)
{
	uint64_t all = 0;

	for (size_t i = 0; i < namespace_kind_count; i++) {
		char path[64];

		CHECK(!(all & namespace_kinds[i].flag));
		all |= namespace_kinds[i].flag;
		snprintf(path, sizeof(path), "/proc/self/ns/%s", namespace_kinds[i].file);
		CHECK(there(AT_FDCWD, path));
	}
	CHECK_INT(namespace_kind_count, array_length(plan.joins));
	CHECK_INT(all, CLONE_NEWUSER | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWNET |
			   CLONE_NEWCGROUP | CLONE_NEWTIME | CLONE_NEWPID | CLONE_NEWNS);
}

TEST(those_of_the_config_are_made_or_joined_the_others_shared)
{
	plan_of("{\"namespaces\": [{\"type\": \"pid\"}, {\"type\": \"network\", \"path\": "
		"\"/x\"}, {\"type\": \"mount\"}]}");
	CHECK_INT(plan.created, CLONE_NEWPID | CLONE_NEWNS);
	CHECK_INT(plan.joined, CLONE_NEWNET);
	CHECK_INT(plan.join_count, 1);
	CHECK_STR(plan.joins[0].path, "/x");
	CHECK_INT(plan.joins[0].fd, -1);
	plan_of("{}");
	CHECK(!plan.created && !plan.joined && !plan.join_count);
}

/* User namespaces give rights over those that follow, mount namespaces take the paths away. */
TEST(the_order_of_joining_is_ours_not_that_of_the_config)
{
	plan_of("{\"namespaces\": [{\"type\": \"mount\", \"path\": \"/m\"}, {\"type\": \"pid\", "
		"\"path\": \"/p\"}, {\"type\": \"uts\", \"path\": \"/u\"}, {\"type\": \"user\", "
		"\"path\": \"/us\"}, {\"type\": \"cgroup\", \"path\": \"/c\"}]}");
	CHECK_INT(plan.join_count, 5);
	CHECK_STR(plan.joins[0].kind->type, "user");
	CHECK_STR(plan.joins[3].kind->type, "pid");
	CHECK_STR(plan.joins[4].kind->type, "mount");
}

TEST(the_plan_is_a_copy)
{
	struct config *config = config_with("{\"namespaces\": [{\"type\": \"ipc\", \"path\": "
					    "\"/x\"}, {\"type\": \"uts\"}]}");

	config->hostname = strdup("h");
	SUCCEEDS(namespace_plan(config, &arena, &plan, &err));
	CHECK(plan.joins[0].path != config->linux_->namespaces.items[0].path);
	CHECK(plan.hostname != config->hostname);
	CHECK_STR(plan.hostname, "h");
	free(config->hostname);
}

/* ---- maps and clocks ---- */

#define USER_WITH(maps) "{\"namespaces\": [{\"type\": \"user\"}], " maps "}"
#define MAP(in, out, n) "{\"containerID\": " #in ", \"hostID\": " #out ", \"size\": " #n "}"

TEST(maps_as_the_kernel_and_as_the_helpers_want_them)
{
	plan_of(USER_WITH("\"uidMappings\": [" MAP(0, 100000, 1000) "," MAP(
	    1000, 4294967294, 1) "], \"gidMappings\": [" MAP(0, 5, 1) "]"));
	CHECK_STR(plan.uid_map.text, "0 100000 1000\n1000 4294967294 1\n");
	CHECK_STR(plan.uid_map.words[0], "0");
	CHECK_STR(plan.uid_map.words[1], "100000");
	CHECK_STR(plan.uid_map.words[2], "1000");
	CHECK_STR(plan.uid_map.words[4], "4294967294");
	CHECK(plan.uid_map.words[5] && !plan.uid_map.words[6]);
	CHECK(!plan.uid_map.only_own_id);
	CHECK_STR(plan.gid_map.text, "0 5 1\n");
}

TEST(only_a_single_id_that_is_the_callers_needs_no_helper)
{
	struct config *config = config_with(
	    USER_WITH("\"uidMappings\": [" MAP(0, 0, 1) "], \"gidMappings\": [" MAP(0, 0, 1) "]"));
	struct config_id_mapping *uids = config->linux_->uid_mappings.items,
				 *gids = config->linux_->gid_mappings.items;

	uids->host_id.value = geteuid();
	gids->host_id.value = getegid();
	SUCCEEDS(namespace_plan(config, &arena, &plan, &err));
	CHECK(plan.uid_map.only_own_id && plan.gid_map.only_own_id);
	uids->host_id.value++;
	gids->size.value = 2;
	SUCCEEDS(namespace_plan(config, &arena, &plan, &err));
	CHECK(!plan.uid_map.only_own_id && !plan.gid_map.only_own_id);
}

TEST(a_joined_user_namespace_has_its_maps)
{
	plan_of("{\"namespaces\": [{\"type\": \"user\", \"path\": \"/u\"}]}");
	CHECK(!plan.uid_map.text && !plan.gid_map.text);
}

TEST(more_ranges_than_the_kernel_takes_are_refused)
{
	struct config *config = config_with(
	    USER_WITH("\"uidMappings\": [" MAP(0, 0, 1) "], \"gidMappings\": [" MAP(0, 0, 1) "]"));
	static struct config_id_mapping many[341];

	config->linux_->gid_mappings.items = many;
	config->linux_->gid_mappings.count = 340;
	SUCCEEDS(namespace_plan(config, &arena, &plan, &err));
	config->linux_->gid_mappings.count = 341;
	FAILS(namespace_plan(config, &arena, &plan, &err), ERROR_INVALID);
	CHECK_STR(err.object, "linux.gidMappings");
}

TEST(clocks)
{
	plan_of("{\"namespaces\": [{\"type\": \"time\"}], \"timeOffsets\": {\"boottime\": "
		"{\"secs\": -7, \"nanosecs\": 999999999}, \"monotonic\": {\"secs\": 86400}}}");
	CHECK_STR(plan.time_offsets, "monotonic 86400 0\nboottime -7 999999999\n");
	plan_of("{\"namespaces\": [{\"type\": \"time\"}], \"timeOffsets\": {}}");
	CHECK(!plan.time_offsets);
}

TEST(clocks_of_a_namespace_that_is_not_new_are_refused)
{
	struct config *config = config_with("{\"namespaces\": [{\"type\": \"time\"}], "
					    "\"timeOffsets\": {\"boottime\": {\"secs\": 1}}}");

	config->linux_->namespaces.count = 0;
	FAILS(namespace_plan(config, &arena, &plan, &err), ERROR_INVALID);
}

/* ---- how ---- */

static void check_clone(uint64_t flags, bool bridge)
{
	CHECK_INT(namespaces_clone_flags(&plan), flags);
	CHECK_INT(namespaces_need_bridge(&plan), bridge);
}

TEST(who_makes_what)
{
	plan_of("{\"namespaces\": [{\"type\": \"pid\"}, {\"type\": \"mount\"}]}");
	check_clone(CLONE_NEWPID | CLONE_NEWNS, false);
	plan_of("{\"namespaces\": [{\"type\": \"pid\"}, {\"type\": \"ipc\", \"path\": \"/i\"}]}");
	check_clone(CLONE_NEWPID, true);
	/* one that is joined last is joined by init itself */
	plan_of("{\"namespaces\": [{\"type\": \"mount\"}, {\"type\": \"pid\", \"path\": \"/p\"}]}");
	check_clone(CLONE_NEWNS, false);
	/* clone3(2) would freeze the offsets; without any it makes the namespace as any other */
	plan_of("{\"namespaces\": [{\"type\": \"time\"}]}");
	check_clone(CLONE_NEWTIME, false);
	plan_of("{\"namespaces\": [{\"type\": \"time\"}, {\"type\": \"uts\"}], \"timeOffsets\": "
		"{\"boottime\": {\"secs\": 1}}}");
	check_clone(CLONE_NEWUTS, true);
}

#define NEW_MAPS "\"uidMappings\": [" MAP(0, 0, 1) "], \"gidMappings\": [" MAP(0, 0, 1) "]"

TEST(a_pid_namespace_is_joined_last_where_that_is_possible)
{
	plan_of("{\"namespaces\": [{\"type\": \"pid\", \"path\": \"/p\"}]}");
	CHECK(namespaces_pid_last(&plan));
	/* of our user namespace or of the one that is joined: known once it was opened */
	plan_of("{\"namespaces\": [{\"type\": \"user\", \"path\": \"/u\"}, {\"type\": \"pid\", "
		"\"path\": \"/p\"}]}");
	plan.joins[1].ours = false;
	CHECK(namespaces_pid_last(&plan));
	plan.joins[1].ours = true;
	CHECK(!namespaces_pid_last(&plan) && namespaces_need_bridge(&plan));
	plan_of("{\"namespaces\": [{\"type\": \"user\"}, {\"type\": \"pid\", \"path\": "
		"\"/p\"}], " NEW_MAPS "}");
	CHECK(!namespaces_pid_last(&plan) && namespaces_need_bridge(&plan));
	plan_of("{\"namespaces\": [{\"type\": \"pid\"}]}");
	CHECK(!namespaces_pid_last(&plan));
}

TEST(exec_joins_those_of_a_process)
{
	struct strings types = NAMES("network", "mount", "pid");

	SUCCEEDS(arena_init(&arena, 1 << 20, &err));
	namespace_plan_join_process(&types, 42, &arena, &plan);
	CHECK_INT(plan.joined, CLONE_NEWNET | CLONE_NEWNS | CLONE_NEWPID);
	CHECK_INT(plan.created, 0);
	CHECK_STR(plan.joins[0].path, "/proc/42/ns/net");
	CHECK_STR(plan.joins[1].path, "/proc/42/ns/pid");
	CHECK_STR(plan.joins[2].path, "/proc/42/ns/mnt");
}

/* ---- opening ---- */

static void join(const char *type, const char *path)
{
	const struct namespace_kind *kind = namespace_kinds;

	while (strcmp(kind->type, type))
		kind++;
	plan.joins[plan.join_count++] = (struct namespace_join){ kind, path, -1, false };
	plan.joined |= kind->flag;
}

TEST(a_path_must_be_a_namespace_of_its_kind)
{
	int before = open_fds();

	join("ipc", "/proc/self/ns/uts");
	FAILS(namespaces_open(&plan, &err), ERROR_INVALID);
	CHECK_STR(err.text, "/proc/self/ns/uts is not a ipc namespace");
	plan.joins[0].path = "/dev/null";
	FAILS(namespaces_open(&plan, &err), ERROR_INVALID);
	plan.joins[0].path = "/missing";
	FAILS(namespaces_open(&plan, &err), ERROR_SYSTEM);
	CHECK_INT(err.errnum, ENOENT);
	CHECK_INT(open_fds(), before);
}

TEST(ones_own_are_left_out)
{
	int before = open_fds();

	for (size_t i = 0; i < namespace_kind_count; i++) {
		static char paths[8][64];

		snprintf(paths[i], sizeof(paths[i]), "/proc/self/ns/%s", namespace_kinds[i].file);
		join(namespace_kinds[i].type, paths[i]);
	}
	SUCCEEDS(namespaces_open(&plan, &err));
	CHECK_INT(plan.join_count, 0);
	CHECK_INT(plan.joined, 0);
	CHECK(!namespaces_need_bridge(&plan));
	CHECK_INT(open_fds(), before);
}

/* A process in new namespaces: of a new pid namespace the first. */
static pid_t neighbour(int flags)
{
	struct clone_args args = { .flags = (uint64_t)flags, .exit_signal = SIGCHLD };
	pid_t pid;

	needs_root();
	NEEDS(clone3);
	pid = sys_clone3(&args);
	CHECK(pid >= 0);
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			pause();
	}
	return pid;
}

static const char *path_of(pid_t pid, const char *file)
{
	static char paths[8][64];
	static size_t next;
	char *path = paths[next++ % 8];

	snprintf(path, sizeof(paths[0]), "/proc/%d/ns/%s", (int)pid, file);
	return path;
}

TEST(of_several_those_that_are_our_own_are_left_out_and_nothing_leaks)
{
	pid_t pid = neighbour(CLONE_NEWUTS | CLONE_NEWNS);
	int before = open_fds();

	join("ipc", path_of(pid, "ipc"));
	join("uts", path_of(pid, "uts"));
	join("network", path_of(pid, "net"));
	join("mount", path_of(pid, "mnt"));
	SUCCEEDS(namespaces_open(&plan, &err));
	CHECK_INT(plan.join_count, 2);
	CHECK_INT(plan.joined, CLONE_NEWUTS | CLONE_NEWNS);
	CHECK_STR(plan.joins[0].kind->type, "uts");
	CHECK(plan.joins[0].ours && plan.joins[1].ours);
	CHECK(fcntl(plan.joins[0].fd, F_GETFD) & FD_CLOEXEC);
	CHECK_INT(open_fds(), before + 2);
	namespaces_close(&plan);
	namespaces_close(&plan);
	CHECK_INT(open_fds(), before);
	/* one of them is wrong: those before it are closed again */
	plan.joins[1].path = "/dev/null";
	FAILS(namespaces_open(&plan, &err), ERROR_INVALID);
	CHECK_INT(open_fds(), before);
}

TEST(what_another_user_namespace_owns_is_not_ours)
{
	pid_t pid = neighbour(CLONE_NEWUSER | CLONE_NEWUTS);

	join("user", path_of(pid, "user"));
	join("uts", path_of(pid, "uts"));
	SUCCEEDS(namespaces_open(&plan, &err));
	CHECK_INT(plan.join_count, 2);
	CHECK(!plan.joins[0].ours && !plan.joins[1].ours);
}

/* ---- joining ---- */

static ino_t inode(const char *path)
{
	struct stat st;

	CHECK(stat(path, &st) == 0);
	return st.st_ino;
}

/* Does a child that joins find itself in each of the namespaces that were opened? */
static void check_joining(void)
{
	ino_t wanted[8];
	pid_t child;

	for (size_t i = 0; i < plan.join_count; i++)
		wanted[i] = inode(plan.joins[i].path);
	child = fork();
	if (child == 0) {
		int procfs = procfs_open(&err);

		SUCCEEDS(namespaces_join(&plan, procfs, &err));
		for (size_t i = 0; i < plan.join_count; i++) {
			char path[64];

			snprintf(path, sizeof(path), "/proc/self/ns/%s", plan.joins[i].kind->file);
			CHECK_INT(inode(path), wanted[i]);
		}
		_exit(0);
	}
	CHECK_INT(exit_of(child), 0);
}

TEST(namespaces_of_ours_are_joined)
{
	pid_t pid = neighbour(CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWNET | CLONE_NEWCGROUP);

	join("ipc", path_of(pid, "ipc"));
	join("uts", path_of(pid, "uts"));
	join("network", path_of(pid, "net"));
	join("cgroup", path_of(pid, "cgroup"));
	SUCCEEDS(namespaces_open(&plan, &err));
	check_joining();
}

TEST(with_a_user_namespace_both_ours_and_its_own_are_joined)
{
	pid_t target = neighbour(CLONE_NEWUSER | CLONE_NEWUTS | CLONE_NEWNS),
	      host = neighbour(CLONE_NEWNET | CLONE_NEWIPC);

	join("user", path_of(target, "user"));
	join("ipc", path_of(host, "ipc"));
	join("uts", path_of(target, "uts"));
	join("network", path_of(host, "net"));
	join("mount", path_of(target, "mnt"));
	SUCCEEDS(namespaces_open(&plan, &err));
	CHECK(plan.joins[1].ours && !plan.joins[2].ours && plan.joins[3].ours);
	check_joining();
}

/* Are children of ours the only ones of a pid namespace with a low number? */
static bool children_are_inside(void)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(getpid() == 2 || getpid() == 3);
	return exit_of(pid);
}

TEST(a_pid_namespace_that_comes_last_is_left_to_the_last_step)
{
	pid_t child;

	join("pid", path_of(neighbour(CLONE_NEWPID), "pid"));
	SUCCEEDS(namespaces_open(&plan, &err));
	child = fork();
	if (child == 0) {
		SUCCEEDS(namespaces_join(&plan, -1, &err));
		CHECK(!children_are_inside());
		SUCCEEDS(namespace_join_pid(&plan, &err));
		CHECK(children_are_inside());
		_exit(0);
	}
	CHECK_INT(exit_of(child), 0);
}

/* The user namespace that is joined has no rights over one that the host owns. */
TEST(a_pid_namespace_of_ours_is_joined_before_a_user_namespace)
{
	pid_t target = neighbour(CLONE_NEWUSER), child;
	ino_t wanted = inode(path_of(target, "user"));

	join("user", path_of(target, "user"));
	join("pid", path_of(neighbour(CLONE_NEWPID), "pid"));
	SUCCEEDS(namespaces_open(&plan, &err));
	CHECK(!namespaces_pid_last(&plan));
	child = fork();
	if (child == 0) {
		SUCCEEDS(namespaces_join(&plan, -1, &err));
		CHECK_INT(inode("/proc/self/ns/user"), wanted);
		CHECK(children_are_inside());
		_exit(0);
	}
	CHECK_INT(exit_of(child), 0);
}

/* A helper of the parent enters one whenever it is joined (to make a procfs of it). */
TEST(a_helper_can_enter_it_at_any_time)
{
	pid_t child;

	join("pid", path_of(neighbour(CLONE_NEWPID), "pid"));
	plan.created = CLONE_NEWUSER;
	SUCCEEDS(namespaces_open(&plan, &err));
	CHECK(!namespaces_pid_last(&plan));
	child = fork();
	if (child == 0) {
		SUCCEEDS(namespace_join_pid(&plan, &err));
		CHECK(children_are_inside());
		_exit(0);
	}
	CHECK_INT(exit_of(child), 0);
}

TEST(a_namespace_that_cannot_be_joined_is_named)
{
	pid_t child;

	needs_root();
	join("network", path_of(neighbour(CLONE_NEWNET), "net"));
	SUCCEEDS(namespaces_open(&plan, &err));
	child = fork();
	if (child == 0) {
		CHECK(setresuid(65534, 65534, 65534) == 0);
		FAILS(namespaces_join(&plan, -1, &err), ERROR_SYSTEM);
		CHECK_INT(err.errnum, EPERM);
		CHECK_STR(err.object, plan.joins[0].path);
		CHECK(strstr(err.text, "join the network namespace /proc/"));
		_exit(0);
	}
	CHECK_INT(exit_of(child), 0);
}

TEST(clocks_are_set_in_a_new_time_namespace)
{
	struct timespec now, before;
	pid_t child;

	needs_root();
	plan_of("{\"namespaces\": [{\"type\": \"time\"}], \"timeOffsets\": {\"boottime\": "
		"{\"secs\": 864000}, \"monotonic\": {\"secs\": 1000000}}}");
	clock_gettime(CLOCK_BOOTTIME, &before);
	child = fork();
	if (child == 0) {
		int procfs = procfs_open(&err);

		SUCCEEDS(namespaces_join(&plan, procfs, &err));
		if (fork() == 0) {
			clock_gettime(CLOCK_BOOTTIME, &now);
			CHECK(now.tv_sec - before.tv_sec >= 864000);
			CHECK(now.tv_sec - before.tv_sec < 864100);
			_exit(0);
		}
		wait(NULL);
		_exit(0);
	}
	CHECK_INT(exit_of(child), 0);
}

/* ---- id maps ---- */

/* A child in a new user namespace, dumpable or not, that becomes root once it hears from us. */
static pid_t mapped_child(bool dumpable, int *ret_socket)
{
	struct clone_args args = { .flags = CLONE_NEWUSER, .exit_signal = SIGCHLD };
	int pair[2];
	char byte;
	pid_t pid;

	NEEDS(clone3);
	CHECK(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) == 0);
	pid = sys_clone3(&args);
	CHECK(pid >= 0);
	if (pid == 0) {
		prctl(PR_SET_DUMPABLE, dumpable);
		CHECK(write(pair[1], "r", 1) == 1 && read(pair[1], &byte, 1) == 1);
		SUCCEEDS(id_maps_become_root(&err));
		CHECK(getuid() == 0 && geteuid() == 0 && getgid() == 0);
		_exit(0);
	}
	CHECK(read(pair[0], &byte, 1) == 1);
	*ret_socket = pair[0];
	return pid;
}

/* The map as the kernel shows it, blanks squeezed. */
static const char *shown(pid_t pid, const char *file)
{
	static char squeezed[256];
	char path[64];
	size_t length = 0;

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, file);
	for (const char *c = content(AT_FDCWD, path); *c && length < sizeof(squeezed) - 1; c++)
		if (*c != ' ' || (length && squeezed[length - 1] != ' '))
			squeezed[length++] = *c;
	squeezed[length] = '\0';
	return squeezed + (squeezed[0] == ' ');
}

static void map_as_root(bool dumpable)
{
	int procfs = procfs_open(&err), socket;
	pid_t pid;

	needs_root();
	plan_of(USER_WITH("\"uidMappings\": [" MAP(0, 100000, 10) "], \"gidMappings\": [" MAP(
	    0, 200000, 10) "]"));
	pid = mapped_child(dumpable, &socket);
	SUCCEEDS(id_maps_write(&plan, pid, procfs, &err));
	CHECK_STR(shown(pid, "uid_map"), "0 100000 10\n");
	CHECK_STR(shown(pid, "gid_map"), "0 200000 10\n");
	CHECK(write(socket, "g", 1) == 1);
	CHECK_INT(exit_of(pid), 0);
}

TEST(root_writes_any_map)
{
	map_as_root(true);
}

/* So that the process can hide from its neighbours before it has ids of its own. */
TEST(root_writes_that_of_a_process_that_is_not_dumpable)
{
	map_as_root(false);
}

TEST(without_privilege_ones_own_id_can_be_mapped)
{
	int procfs, socket;
	pid_t pid;

	if (geteuid() == 0)
		CHECK(setresgid(65534, 65534, 65534) == 0 && setresuid(65534, 65534, 65534) == 0);
	/* the change of ids has taken what makes our own /proc files ours */
	CHECK(prctl(PR_SET_DUMPABLE, 1) == 0);
	procfs = procfs_open(&err);
	plan_of(USER_WITH(
	    "\"uidMappings\": [" MAP(0, 65534, 1) "], \"gidMappings\": [" MAP(0, 65534, 1) "]"));
	plan.uid_map.only_own_id = plan.gid_map.only_own_id = true;
	pid = mapped_child(true, &socket);
	SUCCEEDS(id_maps_write(&plan, pid, procfs, &err));
	CHECK_STR(shown(pid, "setgroups"), "deny\n");
	CHECK(write(socket, "g", 1) == 1);
	CHECK_INT(exit_of(pid), 0);
}

TEST(a_map_that_the_kernel_refuses_is_an_error)
{
	int procfs = procfs_open(&err), socket;
	pid_t pid;

	needs_root();
	plan_of(USER_WITH("\"uidMappings\": [" MAP(0, 100000, 10) "], \"gidMappings\": [" MAP(
	    0, 200000, 10) "]"));
	plan.uid_map.text = strdup("0 100000 10\n5 100000 10\n");
	pid = mapped_child(true, &socket);
	FAILS(id_maps_write(&plan, pid, procfs, &err), ERROR_SYSTEM);
	CHECK_STR(err.object, "uid_map");
	kill(pid, SIGKILL);
	exit_of(pid);
	FAILS(id_maps_write(&plan, pid, procfs, &err), ERROR_SYSTEM);
	free(plan.uid_map.text);
}

TEST(without_a_mapped_0_nobody_becomes_root)
{
	int procfs = procfs_open(&err), pair[2];
	struct clone_args args = { .flags = CLONE_NEWUSER, .exit_signal = SIGCHLD };
	pid_t pid;
	char byte;

	needs_root();
	NEEDS(clone3);
	plan.uid_map.text = plan.gid_map.text = (char *)"1 100000 10\n";
	CHECK(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair) == 0);
	pid = sys_clone3(&args);
	if (pid == 0) {
		CHECK(read(pair[1], &byte, 1) == 1);
		FAILS(id_maps_become_root(&err), ERROR_SYSTEM);
		CHECK_INT(err.errnum, EINVAL);
		CHECK_STR(err.object, "linux.uidMappings");
		_exit(0);
	}
	SUCCEEDS(id_maps_write(&plan, pid, procfs, &err));
	CHECK(write(pair[0], "g", 1) == 1);
	CHECK_INT(exit_of(pid), 0);
}

/* ---- what is configured in them ---- */

TEST(the_loopback_comes_up)
{
	needs_root();
	CHECK(unshare(CLONE_NEWNET) == 0);
	SUCCEEDS(network_loopback_up(&err));
	private_mounts();
	CHECK(mount("sysfs", "/sys", "sysfs", 0, NULL) == 0);
	CHECK_STR(content(AT_FDCWD, "/sys/class/net/lo/carrier"), "1\n");
}

TEST(names_are_set)
{
	char name[64];

	needs_root();
	CHECK(unshare(CLONE_NEWUTS) == 0);
	CHECK(gethostname(name, sizeof(name)) == 0);
	SUCCEEDS(uts_apply(&plan, &err));
	plan.hostname = (char *)"";
	SUCCEEDS(uts_apply(&plan, &err));
	CHECK_STR(content(AT_FDCWD, "/proc/sys/kernel/hostname"), strcat(name, "\n"));
	plan.hostname = (char *)"host";
	plan.domainname = (char *)"domain";
	SUCCEEDS(uts_apply(&plan, &err));
	CHECK_STR(content(AT_FDCWD, "/proc/sys/kernel/hostname"), "host\n");
	CHECK_STR(content(AT_FDCWD, "/proc/sys/kernel/domainname"), "domain\n");
}
