/* libcontainer/cgroup/path.c: linux.cgroupsPath. */
#include "tests/unit/harness.h"

#include <limits.h>

#include "libcontainer/cgroup/internal.h"

static struct arena arena;

/* The path, or the error's text. */
static const char *decide(const char *cgroups_path, const char *own)
{
	struct cgroup_request request = { .id = "web", .rootless = own != NULL, .own = own };
	static struct error err;
	char *path;

	if (!arena.base)
		CHECK(arena_init(&arena, 1 << 20, &err) == 0);
	if (cgroup_path_decide(cgroups_path, &request, &arena, &path, &err) < 0) {
		CHECK_INT(err.code, ERROR_INVALID);
		CHECK_STR(err.object, "linux.cgroupsPath");
		return err.text;
	}
	return path;
}

TEST(default_is_the_id_below_the_root)
{
	CHECK_STR(decide(NULL, NULL), "/web");
	CHECK_STR(decide("", NULL), "/web");
}

TEST(absolute_is_below_the_mount)
{
	/* spec: config-linux.md#cgroups-path cgroup-path-form */
	/* spec: config-linux.md#cgroups-path cgroup-path-absolute */
	/* spec: config-linux.md#cgroups-path cgroup-path-same */
	CHECK_STR(decide("/a/b", NULL), "/a/b");
	CHECK_STR(decide("//a/./b//", NULL), "/a/b");
	CHECK_STR(decide("/a/b", "/user.slice/x.scope"), "/a/b");
}

TEST(relative_is_below_the_root)
{
	/* spec: config-linux.md#cgroups-path cgroup-path-form */
	/* spec: config-linux.md#cgroups-path cgroup-path-same */
	CHECK_STR(decide("a", NULL), "/a");
	CHECK_STR(decide("a/b", NULL), "/a/b");
	CHECK_STR(decide("./a", NULL), "/a");
}

TEST(rootless_is_beside_our_own)
{
	CHECK_STR(decide(NULL, "/user.slice/user@1000.service/app.slice/shell.scope"),
		  "/user.slice/user@1000.service/app.slice/web");
	CHECK_STR(decide("a/b", "/user.slice/shell.scope"), "/user.slice/a/b");
	CHECK_STR(decide(NULL, "/shell.scope"), "/web");
	CHECK_STR(decide(NULL, "/"), "/web");
}

TEST(root_is_not_beside_its_own)
{
	struct cgroup_request request = { .id = "web", .own = "/user.slice/shell.scope" };
	struct error err = ERROR_INIT;
	char *path;

	CHECK(arena_init(&arena, 1 << 20, &err) == 0);
	CHECK(cgroup_path_decide(NULL, &request, &arena, &path, &err) == 0);
	CHECK_STR(path, "/web");
}

TEST(dots_in_names_are_fine)
{
	CHECK_STR(decide("/...", NULL), "/...");
	CHECK_STR(decide("/..a/.b/c..", NULL), "/..a/.b/c..");
}

TEST(going_up_is_refused)
{
	/* spec: config-linux.md#cgroups-path cgroup-path-invalid */
	static const char *const paths[] = { "..", "/..", "/a/..", "/a/../b", "../a", "a/.." };

	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		char want[128];

		snprintf(want, sizeof(want), "linux.cgroupsPath: \"%s\" contains \"..\"", paths[i]);
		CHECK_STR(decide(paths[i], NULL), want);
	}
}

TEST(the_root_cgroup_is_refused)
{
	static const char *const paths[] = { "/", "//", "/.", "." };

	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
		CHECK(strstr(decide(paths[i], NULL), "is the root cgroup"));
}

/* dockerd's BuildKit names a unit and doesn't ask for the systemd manager. */
TEST(colons_have_no_meaning)
{
	CHECK_STR(decide("system.slice:docker:web", NULL), "/system.slice:docker:web");
	CHECK_STR(decide("/a:b:c", NULL), "/a:b:c");
	CHECK_STR(decide("a:b", NULL), "/a:b");
	CHECK_STR(decide("pod/x:y:z", NULL), "/pod/x:y:z");
}

TEST(names_and_paths_have_limits)
{
	char name[258], path[PATH_MAX + 2];

	memset(name, 'x', sizeof(name));
	name[256] = '\0';
	CHECK(strstr(decide(name, NULL), "is too long"));
	name[255] = '\0';
	CHECK_INT(strlen(decide(name, NULL)), 256);
	for (size_t i = 0; i < sizeof(path); i++)
		path[i] = i % 2 ? 'x' : '/';
	path[sizeof(path) - 1] = '\0';
	CHECK(strstr(decide(path, NULL), "is too long"));
}

TEST(control_characters_are_refused_and_not_echoed)
{
	CHECK_STR(decide("/a\nb", NULL), "linux.cgroupsPath: \"\" contains control characters");
}

TEST(managers_have_names)
{
	static const char *const names[] = { "cgroupfs", "systemd", "disabled" };

	for (int i = CGROUP_CGROUPFS; i <= CGROUP_DISABLED; i++)
		CHECK_STR(cgroup_manager_name((enum cgroup_manager)i), names[i]);
}

TEST(our_own_cgroup_is_what_proc_says)
{
	char line[4096], *path, *self;
	FILE *file = fopen("/proc/self/cgroup", "r");
	struct error err = ERROR_INIT;
	bool found = false;

	NEEDS(openat2);
	CHECK(arena_init(&arena, 1 << 20, &err) == 0);
	if (cgroup_of(0, &arena, &path, &err) < 0)
		SKIP("the kernel has no cgroup v2");
	CHECK(cgroup_of(getpid(), &arena, &self, &err) == 0);
	CHECK_STR(path, self);
	while (file && fgets(line, sizeof(line), file)) {
		line[strcspn(line, "\n")] = '\0';
		found |= strncmp(line, "0::", 3) == 0 && strcmp(line + 3, path) == 0;
	}
	CHECK(found);
}

TEST(a_dead_process_has_no_cgroup)
{
	struct error err = ERROR_INIT;
	pid_t child = fork();
	char *path;

	if (child == 0)
		_exit(0);
	NEEDS(openat2);
	CHECK(waitpid(child, NULL, 0) == child);
	CHECK(arena_init(&arena, 1 << 20, &err) == 0);
	CHECK(cgroup_of(child, &arena, &path, &err) < 0);
	CHECK(err.errnum == ENOENT || err.errnum == ESRCH);
}
