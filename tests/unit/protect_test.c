/* libcontainer/init/executable.c: nobody can write what proa runs from (CVE-2019-5736). This program
 * is executed anew with a role in its environment, from a copy that may be ruined; then it is
 * attacked as root of a container would, and to be sure that the attack is one, so is a process that
 * is not protected. */
#include "tests/unit/support.h"

#include <linux/magic.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/vfs.h>

#include "base/cleanup.h"
#include "libcontainer/init/executable.h"

#define ROLE "PROTECT_ROLE"

/* ---- the roles ---- */

static _Noreturn void say_and_wait(const char *what)
{
	dprintf(STDOUT_FILENO, "%s\n", what);
	for (;;)
		pause();
}

static void protect(char **argv)
{
	if (executable_protect(argv, &err) < 0) {
		dprintf(STDOUT_FILENO, "%s\n", err.text);
		_exit(1);
	}
}

/* A program of the container whose interpreter is whoever executes it. */
static void run_script(char **argv)
{
	protect(argv);
	if (strcmp(argv[1], "script") == 0)
		execl(argv[2], argv[2], (char *)NULL);
	say_and_wait("interpreted");
}

/* argv from /proc: not each C library passes it to those that run before main() */
static char **arguments(void)
{
	static char text[4096], *argv[8];
	size_t length = 0;
	int fd = open("/proc/self/cmdline", O_RDONLY | O_CLOEXEC);
	ssize_t got = read(fd, text, sizeof(text) - 1);

	close(fd);
	for (size_t i = 0; got > 0 && length < (size_t)got && i < array_length(argv) - 1; i++) {
		argv[i] = text + length;
		length += strlen(argv[i]) + 1;
	}
	return argv;
}

__attribute__((constructor)) static void play(void)
{
	const char *role = getenv(ROLE);
	char **argv;

	if (!role)
		return;
	argv = arguments();
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (strcmp(role, "plain") == 0)
		say_and_wait("plain");
	if (strcmp(role, "script") == 0)
		run_script(argv);
	if (strcmp(role, "unprivileged") == 0 && geteuid() == 0 &&
	    (setresgid(65534, 65534, 65534) < 0 || setresuid(65534, 65534, 65534) < 0))
		_exit(1);
	protect(argv);
	if (strcmp(role, "path") == 0)
		say_and_wait(executable_path());
	if (strcmp(role, "environment") == 0)
		say_and_wait(getenv("PROA_EXECUTABLE") ?: "clean");
	say_and_wait("protected");
}

/* ---- the test's side ---- */

static int dir;
static char binary[64], said[256];

static void copy_ourselves(void)
{
	char command[512], self[128];

	needs_root();
	NEEDS(fsopen);
	if (harness_is_emulated())
		SKIP("qemu-user executes no program of its own kind");
	dir = scratch();
	CHECK(fchmod(dir, 0755) == 0);
	CHECK(readlink("/proc/self/exe", self, sizeof(self) - 1) > 0);
	self[readlink("/proc/self/exe", self, sizeof(self) - 1)] = '\0';
	snprintf(binary, sizeof(binary), "%s/binary", scratch_path);
	snprintf(command, sizeof(command), "cp %s %s && cp %s %s.saved", self, binary, self,
		 binary);
	CHECK(system(command) == 0);
}

/* Returns once it has said something. */
static pid_t start(const char *role, const char *argument)
{
	int output[2];
	ssize_t length;
	pid_t pid;

	CHECK(pipe2(output, O_CLOEXEC) == 0);
	pid = fork();
	if (pid == 0) {
		setenv(ROLE, role, 1);
		dup2(output[1], STDOUT_FILENO);
		execl(binary, binary, role, argument, (char *)NULL);
		_exit(127);
	}
	close(output[1]);
	length = read(output[0], said, sizeof(said) - 1);
	close(output[0]);
	CHECK(length > 0);
	said[length - 1] = '\0';
	return pid;
}

static bool binary_is_whole(void)
{
	char command[256];

	snprintf(command, sizeof(command), "cmp -s %s %s.saved", binary, binary);
	return system(command) == 0;
}

static void try_to_write(const char *path)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd >= 0 && pwrite(fd, "owned", 5, 0) == 5)
		fsync(fd);
	if (fd >= 0 && ftruncate(fd, 5) == 0)
		fsync(fd);
	if (fd >= 0)
		close(fd);
}

/* Take the write protection off the mount that the file lies in. */
static void try_to_remount(const char *path)
{
	struct mount_attr attr = { .attr_clr = MOUNT_ATTR_RDONLY };
	int tree = open_tree(AT_FDCWD, path, OPEN_TREE_CLOEXEC), clone;

	if (tree >= 0)
		mount_setattr(tree, "", AT_EMPTY_PATH, &attr, sizeof(attr));
	clone = open_tree(AT_FDCWD, path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
	if (clone >= 0) {
		char link[64];

		mount_setattr(clone, "", AT_EMPTY_PATH, &attr, sizeof(attr));
		snprintf(link, sizeof(link), "/proc/self/fd/%d", clone);
		try_to_write(link);
		close(clone);
	}
	if (tree >= 0)
		close(tree);
	mount(NULL, path, NULL, MS_REMOUNT | MS_BIND, NULL);
}

/* Root with all capabilities, in a mount namespace of its own, while the process runs and after it
 * has ended: a plain open of what is being executed always fails (ETXTBSY). */
static void attack(pid_t victim)
{
	char exe[64], link[64];
	pid_t attacker = fork();

	if (attacker == 0) {
		int fd;

		CHECK(unshare(CLONE_NEWNS) == 0);
		snprintf(exe, sizeof(exe), "/proc/%d/exe", (int)victim);
		try_to_remount(exe);
		try_to_write(exe);
		fd = open(exe, O_RDONLY | O_CLOEXEC);
		CHECK(fd >= 0);
		snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
		kill(victim, SIGKILL);
		for (int i = 0; i < 50; i++) {
			try_to_remount(link);
			try_to_write(link);
			sleep_ms(2);
		}
		_exit(0);
	}
	CHECK_INT(exit_of(victim), 128 + SIGKILL);
	CHECK_INT(exit_of(attacker), 0);
}

static long file_system_of(pid_t pid)
{
	struct statfs fs;
	char exe[64];

	snprintf(exe, sizeof(exe), "/proc/%d/exe", (int)pid);
	CHECK(statfs(exe, &fs) == 0);
	return (long)fs.f_type;
}

TEST(the_attack_is_one)
{
	copy_ourselves();
	attack(start("plain", NULL));
	CHECK(!binary_is_whole());
}

TEST(the_overlay_cannot_be_written)
{
	pid_t pid;

	copy_ourselves();
	pid = start("protect", NULL);
	CHECK_STR(said, "protected");
	CHECK_INT(file_system_of(pid), OVERLAYFS_SUPER_MAGIC);
	attack(pid);
	CHECK(binary_is_whole());
}

TEST(the_copy_in_memory_cannot_be_written)
{
	char exe[64], target[64] = "";
	pid_t pid;

	copy_ourselves();
	pid = start("unprivileged", NULL);
	CHECK_STR(said, "protected");
	snprintf(exe, sizeof(exe), "/proc/%d/exe", (int)pid);
	CHECK(readlink(exe, target, sizeof(target) - 1) > 0);
	CHECK_STR(target, "/memfd:proa (deleted)");
	attack(pid);
	CHECK(binary_is_whole());
}

/* The image itself is whole too: what is executed through the link later is still proa. */
TEST(the_copy_in_memory_stays_as_it_was)
{
	char exe[64], command[256];
	pid_t pid;
	int fd;

	copy_ourselves();
	pid = start("unprivileged", NULL);
	snprintf(exe, sizeof(exe), "/proc/%d/exe", (int)pid);
	try_to_write(exe);
	fd = open(exe, O_RDONLY);
	CHECK(fd >= 0);
	kill(pid, SIGKILL);
	exit_of(pid);
	snprintf(exe, sizeof(exe), "/proc/%d/fd/%d", (int)getpid(), fd);
	try_to_write(exe);
	snprintf(command, sizeof(command), "cmp -s %s %s.saved", exe, binary);
	CHECK(system(command) == 0);
}

TEST(a_program_whose_interpreter_we_are_gains_nothing)
{
	char script[64];
	pid_t pid;

	copy_ourselves();
	make_file(dir, "script", "#!/proc/self/exe\n");
	CHECK(fchmodat(dir, "script", 0755, 0) == 0);
	snprintf(script, sizeof(script), "%s/script", scratch_path);
	pid = start("script", script);
	CHECK_STR(said, "interpreted");
	attack(pid);
	CHECK(binary_is_whole());
}

TEST(where_the_binary_lies_is_remembered)
{
	pid_t pid;

	copy_ourselves();
	pid = start("path", NULL);
	CHECK_STR(said, binary);
	kill(pid, SIGKILL);
	exit_of(pid);
}

TEST(the_environment_tells_nothing_of_it)
{
	pid_t pid;

	copy_ourselves();
	pid = start("environment", NULL);
	CHECK_STR(said, "clean");
	kill(pid, SIGKILL);
	exit_of(pid);
}

TEST(a_mark_of_another_image_is_not_believed)
{
	static const char *const marks[] = { "1:2:/bin/true", "",   "x",
					     "1:2",	      "::", "18446744073709551615:1:" };

	copy_ourselves();
	for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++) {
		pid_t pid;

		setenv("PROA_EXECUTABLE", marks[i], 1);
		pid = start("path", NULL);
		CHECK_STR(said, binary);
		CHECK_INT(file_system_of(pid), OVERLAYFS_SUPER_MAGIC);
		kill(pid, SIGKILL);
		exit_of(pid);
	}
}

/* A path that an overlay's options can't hold. */
TEST(a_directory_with_a_colon_is_no_obstacle)
{
	pid_t pid;

	copy_ourselves();
	CHECK(mkdirat(dir, "a:b,c", 0755) == 0);
	CHECK(renameat(dir, "binary", dir, "a:b,c/binary") == 0);
	snprintf(binary, sizeof(binary), "%s/a:b,c/binary", scratch_path);
	CHECK(linkat(dir, "binary.saved", dir, "a:b,c/binary.saved", 0) == 0);
	pid = start("protect", NULL);
	CHECK_STR(said, "protected");
	attack(pid);
	CHECK(binary_is_whole());
}

TEST(a_link_to_the_binary_is_no_obstacle)
{
	pid_t pid;

	copy_ourselves();
	CHECK(renameat(dir, "binary", dir, "other") == 0);
	CHECK(symlinkat("other", dir, "binary") == 0);
	pid = start("protect", NULL);
	CHECK_STR(said, "protected");
	attack(pid);
	CHECK(binary_is_whole());
}
