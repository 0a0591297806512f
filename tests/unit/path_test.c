/* base/path.c: the resolver for paths in a root filesystem. */
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "base/cleanup.h"
#include "base/path.h"
#include "tests/unit/harness.h"

static struct error err;

static const char *clean(const char *path)
{
	static char text[64];

	snprintf(text, sizeof(text), "untouched");
	return path_clean(path, text, sizeof(text), &err) < 0 ? "error" : text;
}

TEST(clean_paths)
{
	CHECK_STR(clean("/a/b"), "/a/b");
	CHECK_STR(clean("a//b/./c/"), "/a/b/c");
	CHECK_STR(clean("/a/b/../../.."), "/");
	CHECK_STR(clean("../../x"), "/x");
	CHECK_STR(clean(""), "/");
	CHECK_STR(clean("///"), "/");
	CHECK_STR(clean("/..a/...b/.c"), "/..a/...b/.c");
	CHECK_STR(clean("/a/../b/./../c"), "/c");
	CHECK_STR(clean("/0123456789012345678901234567890123456789012345678901234567890"),
		  "/0123456789012345678901234567890123456789012345678901234567890");
	CHECK_STR(clean("/0123456789012345678901234567890123456789012345678901234567890123"),
		  "error");
}

/* A tree in a directory of its own; whoever makes it removes nothing: it is in the test's tmpfs or /tmp. */
static char base[64];

static int make_tree(void)
{
	int fd;

	NEEDS(openat2);
	snprintf(base, sizeof(base), "/tmp/path_test.XXXXXX");
	CHECK(mkdtemp(base) != NULL && chdir(base) == 0);
	CHECK(mkdir("root", 0755) == 0 && mkdir("outside", 0755) == 0);
	CHECK(chdir("root") == 0);
	CHECK(mkdir("dir", 0755) == 0 && mkdir("dir/sub", 0755) == 0);
	CHECK(symlink("/dir", "absolute") == 0);
	CHECK(symlink("../../../outside", "climbing") == 0);
	CHECK(symlink("/missing/deep", "dangling") == 0);
	CHECK(symlink("loop", "loop") == 0);
	CHECK(symlink("/proc/self/cwd", "magic") == 0);
	CHECK((fd = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC)) >= 0);
	return fd;
}

static void remove_tree(void)
{
	struct stat st;

	/* nothing was made there */
	CHECK(stat("../outside", &st) == 0);
	CHECK_INT(st.st_nlink, 2);
	CHECK(chdir("/") == 0);
	if (fork() == 0)
		execlp("rm", "rm", "-rf", base, NULL);
	CHECK(wait(NULL) > 0);
}

static ino_t inode(const char *path)
{
	struct stat st;

	CHECK(stat(path, &st) == 0);
	return st.st_ino;
}

static ino_t inode_of(int fd)
{
	struct stat st;

	if (fd < 0)
		return 0;
	CHECK(fstat(fd, &st) == 0);
	close(fd);
	return st.st_ino;
}

TEST(links_stay_in_the_root)
{
	int root = make_tree();

	CHECK_INT(inode_of(path_open(root, "/absolute/sub", 0, &err)), inode("dir/sub"));
	CHECK_INT(inode_of(path_open(root, "../../dir", 0, &err)), inode("dir"));
	CHECK_INT(inode_of(path_open(root, "", 0, &err)), inode("."));
	CHECK(path_open(root, "/climbing", 0, &err) < 0 && err.errnum == ENOENT);
	CHECK(path_open(root, "/loop", 0, &err) < 0 && err.errnum == ELOOP);
	CHECK(path_open(root, "/magic", 0, &err) < 0);
	CHECK(path_open(root, "/absolute", PATH_NO_SYMLINKS, &err) < 0 &&
	      err.code == ERROR_REFUSED);
	remove_tree();
}

/* With and without the short cut the same comes of it. */
static void make_directories(int flags)
{
	int root = make_tree();

	CHECK_INT(inode_of(path_make_directory(root, "/dir/sub", 0700, 0, &err)), inode("dir/sub"));
	CHECK_INT(inode_of(path_make_directory(root, "/dir/new", 0700, flags, &err)),
		  inode("dir/new"));
	CHECK_INT(inode_of(path_make_directory(root, "new", 0700, flags, &err)), inode("new"));
	CHECK_INT(inode_of(path_make_directory(root, "/absolute/other", 0700, flags, &err)),
		  inode("dir/other"));
	CHECK_INT(inode_of(path_make_directory(root, "/x/../y/./z/", 0700, flags, &err)),
		  inode("y/z"));
	CHECK_INT(inode_of(path_make_directory(root, "/climbing/a", 0700, flags, &err)),
		  inode("outside/a"));
	CHECK_INT(inode_of(path_make_directory(root, "/dangling", 0700, flags, &err)),
		  inode("missing/deep"));
	CHECK(path_make_directory(root, "/loop/a", 0700, flags, &err) < 0);
	CHECK(path_make_directory(root, "/magic/a", 0700, flags, &err) < 0 ||
	      access("proc/self/cwd/a", F_OK) == 0);
	CHECK(path_make_directory(root, "/absolute/q", 0700, flags | PATH_NO_SYMLINKS, &err) < 0);
	CHECK_INT(err.code, ERROR_REFUSED);
	remove_tree();
}

TEST(missing_directories_are_made)
{
	make_directories(0);
}

TEST(directories_known_to_be_missing_are_made)
{
	make_directories(PATH_MISSING);
}

static void make_files(int flags)
{
	int root = make_tree();
	struct stat st;

	umask(0);
	CHECK_INT(inode_of(path_make_file(root, "/dir/file", 0640, flags, &err)),
		  inode("dir/file"));
	CHECK(stat("dir/file", &st) == 0 && st.st_mode == (S_IFREG | 0640));
	CHECK_INT(inode_of(path_make_file(root, "/dir/file", 0640, 0, &err)), inode("dir/file"));
	CHECK_INT(inode_of(path_make_file(root, "/a/b/c", 0640, flags, &err)), inode("a/b/c"));
	CHECK(stat("a/b", &st) == 0 && st.st_mode == (S_IFDIR | 0755));
	CHECK_INT(inode_of(path_make_file(root, "/dangling", 0640, flags, &err)),
		  inode("missing/deep"));
	CHECK_INT(inode_of(path_make_file(root, "/climbing/f", 0640, flags, &err)),
		  inode("outside/f"));
	CHECK(path_make_file(root, "/loop", 0640, flags, &err) < 0);
	CHECK(path_make_file(root, "/", 0640, PATH_MISSING, &err) < 0);
	remove_tree();
}

TEST(missing_files_are_made)
{
	make_files(0);
}

TEST(files_known_to_be_missing_are_made)
{
	make_files(PATH_MISSING);
}

TEST(parents)
{
	int root = make_tree();
	char name[NAME_MAX + 1];

	CHECK_INT(inode_of(path_make_parent(root, "/dir/tun", 0755, PATH_NOFOLLOW, name, &err)),
		  inode("dir"));
	CHECK_STR(name, "tun");
	CHECK_INT(inode_of(path_make_parent(root, "net/tun", 0755, PATH_NOFOLLOW, name, &err)),
		  inode("net"));
	CHECK_INT(inode_of(path_make_parent(root, "/dangling", 0755, 0, name, &err)),
		  inode("missing"));
	CHECK_STR(name, "deep");
	CHECK_INT(inode_of(path_make_parent(root, "/dangling", 0755, PATH_NOFOLLOW, name, &err)),
		  inode("."));
	CHECK_STR(name, "dangling");
	CHECK(path_make_parent(root, "/", 0755, PATH_NOFOLLOW, name, &err) < 0);
	CHECK(path_make_parent(root, "/dir/..", 0755, PATH_NOFOLLOW, name, &err) < 0);
	CHECK_INT(err.code, ERROR_INVALID);
	remove_tree();
}

TEST(names_and_paths_that_are_too_long)
{
	int root = make_tree();
	char path[5000], name[NAME_MAX + 1];

	memset(path, 'x', sizeof(path));
	path[300] = '\0';
	CHECK(path_make_directory(root, path, 0755, PATH_MISSING, &err) < 0);
	CHECK_INT(err.errnum, ENAMETOOLONG);
	CHECK(path_make_file(root, path, 0755, PATH_MISSING, &err) < 0);
	CHECK(path_make_parent(root, path, 0755, PATH_NOFOLLOW, name, &err) < 0);
	CHECK(path_clean(path, path, sizeof(path), &err) < 0);
	memset(path, 'x', sizeof(path));
	path[sizeof(path) - 1] = '\0';
	for (size_t i = 0; i < sizeof(path) - 2; i += 100)
		path[i] = '/';
	CHECK(path_make_directory(root, path, 0755, PATH_MISSING, &err) < 0);
	CHECK_INT(err.errnum, ENAMETOOLONG);
	remove_tree();
}
