/* storm [-u UID] [-x CALL] COUNT PROA ROOT BUNDLE TARGET TRAP
 *
 * Create a container of a bundle COUNT times, and delete it each time, while another process does nothing but exchange
 * TARGET and TRAP, two names in its image, as fast as it can. (CVE-2021-30465 and its sisters: whoever looks at a path
 * twice may see both.) What must not change is looked at by the caller.
 *   -u UID   as that user, who is nobody's root
 *   -x CALL  a kernel, or a filter around us, without that system call: it fails with ENOSYS
 *
 * Each container must have as many mounts as one that is created while nothing is exchanged: one that is missing has been
 * made outside of its root, where only its init saw it. And what the runtime makes in a directory that is exchanged (made,
 * new) is removed again each time, or it would have to be made once only.
 *
 * Prints "created N" and "refused N"; a refusal without words, another exit code than 1, or a container that lacks a mount
 * ends the storm with exit status 1; 99 for anything else. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/fs.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/security/missing.h"

static char id[] = "storm";

static struct {
	const char *proa, *root, *bundle;
	const char *target, *trap;
	char pid_file[PATH_MAX];
	uid_t uid;
	long missing; /* the system call, -1: none */
	int words;    /* stderr of the last command */
} storm = { .missing = -1 };

static void die(const char *what)
{
	perror(what);
	exit(99);
}

static void become(uid_t uid)
{
	if (uid && (syscall(SYS_setgroups, 0, NULL) < 0 || setresgid(uid, uid, uid) < 0 ||
		    setresuid(uid, uid, uid) < 0))
		die("become a user");
}

/* Run proa, its stderr in storm.words; returns the exit code. */
static int call(char *const argv[])
{
	int status;
	pid_t pid;

	if (ftruncate(storm.words, 0) < 0)
		die("ftruncate");
	pid = fork();
	if (pid == 0) {
		int null = open("/dev/null", O_RDWR | O_CLOEXEC);

		if (dup2(null, 0) < 0 || dup2(null, 1) < 0 || dup2(storm.words, 2) < 0)
			_exit(98);
		if (storm.missing >= 0 && missing_from_here(storm.missing) < 0)
			_exit(98);
		become(storm.uid);
		execv(storm.proa, argv);
		_exit(98);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		die("fork");
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static int create(void)
{
	char *argv[] = { (char *)storm.proa,
			 (char *)"--root",
			 (char *)storm.root,
			 (char *)"create",
			 (char *)"--bundle",
			 (char *)storm.bundle,
			 (char *)"--pid-file",
			 (char *)storm.pid_file,
			 id,
			 NULL };

	return call(argv);
}

static int delete (void)
{
	char *argv[] = { (char *)storm.proa,
			 (char *)"--root",
			 (char *)storm.root,
			 (char *)"delete",
			 (char *)"--force",
			 id,
			 NULL };

	return call(argv);
}

static bool has_words(void)
{
	struct stat st;

	return fstat(storm.words, &st) == 0 && st.st_size > 0;
}

static void show_words(const char *what, int code)
{
	char text[4096];
	ssize_t length = pread(storm.words, text, sizeof(text), 0);

	printf("%s: exit code %d: %.*s\n", what, code, length > 0 ? (int)length : 0, text);
}

static pid_t exchange(void)
{
	pid_t pid = fork();

	if (pid < 0)
		die("fork");
	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (;;)
		renameat2(AT_FDCWD, storm.target, AT_FDCWD, storm.trap, RENAME_EXCHANGE);
}

static void no_more_exchanges(pid_t racer)
{
	kill(racer, SIGKILL);
	waitpid(racer, NULL, 0);
}

/* Remove what was made in the directory that is exchanged, whichever name it has: never through the link. */
static void remove_what_was_made(void)
{
	const char *const names[] = { storm.target, storm.trap };

	for (int i = 0; i < 2; i++) {
		int fd = open(names[i], O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

		if (fd < 0)
			continue;
		unlinkat(fd, "made", AT_REMOVEDIR);
		unlinkat(fd, "new", 0);
		close(fd);
	}
}

/* How many mounts the container has that was just created. */
static long mounts(void)
{
	char path[64], *line = NULL;
	FILE *file = fopen(storm.pid_file, "re");
	long count = 0;
	size_t size = 0;
	int pid;

	if (!file || fscanf(file, "%d", &pid) != 1)
		die(storm.pid_file);
	fclose(file);
	snprintf(path, sizeof(path), "/proc/%d/mountinfo", pid);
	file = fopen(path, "re");
	if (!file)
		die(path);
	while (getline(&line, &size, file) > 0)
		count++;
	free(line);
	fclose(file);
	return count;
}

/* Create a container and delete it. Returns the number of its mounts, 0 if it was refused as it should be, -1 otherwise. */
static long one(void)
{
	int code = create();
	long count;

	if (code > 1 || (code == 1 && !has_words())) {
		show_words("create", code);
		return -1;
	}
	if (code == 1)
		return 0;
	count = mounts();
	code = delete ();
	if (code != 0) {
		show_words("delete", code);
		return -1;
	}
	remove_what_was_made();
	return count;
}

/* Returns how many were created, -1 if one ended as it must not or isn't as it must be. */
static long rage(long count)
{
	long created = 0, expected = one();
	pid_t racer = exchange();

	for (long i = 0; i < count && created >= 0; i++) {
		long found = one();

		if (found && found != expected) {
			if (found > 0)
				printf("a container has %ld mounts, not %ld\n", found, expected);
			created = -1;
		} else {
			created += found > 0;
		}
	}
	no_more_exchanges(racer);
	return created;
}

int main(int argc, char **argv)
{
	long count, created;
	int option;

	while ((option = getopt(argc, argv, "u:x:")) != -1) {
		if (option == 'u')
			storm.uid = (uid_t)atol(optarg);
		else if (option == 'x') {
			storm.missing = missing_number(optarg);
			if (storm.missing < 0)
				return 99;
		} else
			return 99;
	}
	if (argc - optind != 6)
		return 99;
	argv += optind;
	count = atol(argv[0]);
	storm.proa = argv[1];
	storm.root = argv[2];
	storm.bundle = argv[3];
	storm.words = memfd_create("words", MFD_CLOEXEC);
	snprintf(storm.pid_file, sizeof(storm.pid_file), "%s/storm.pid", storm.bundle);
	storm.target = argv[4];
	storm.trap = argv[5];
	created = rage(count);
	if (created < 0)
		return 1;
	printf("created %ld\nrefused %ld\n", created, count - created);
	return 0;
}
