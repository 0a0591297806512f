#include "tests/unit/harness.h"

#include <sys/stat.h>

#include "base/cleanup.h"
#include "src/globals.h"

static struct arena arena;
static struct error err;

static void begin(void)
{
	CHECK(arena_init(&arena, 1 << 20, &err) == 0);
}

static const char *default_root(const struct caller *caller)
{
	const char *root = NULL;

	return globals_default_root(caller, &arena, &root, &err) == 0 ? root : NULL;
}

TEST(default_state_root)
{
	static const struct {
		struct caller caller;
		const char *root;
	} rows[] = {
		{ { true, false, "root", NULL }, "/run/proa" },
		{ { true, false, "user", "/run/user/1000" }, "/run/proa" }, /* sudo */
		{ { false, false, "user", "/run/user/1000" }, "/run/user/1000/proa" },
		{ { true, true, "user", "/run/user/1000" },
		  "/run/user/1000/proa" }, /* podman unshare */
		{ { true, true, "root", "/run/user/0" },
		  "/run/proa" }, /* root of a system container */
		{ { true, true, NULL, "/run/user/1000" },
		  "/run/user/1000/proa" }, /* Podman, after create */
		{ { true, true, NULL, NULL }, "/run/proa" },
		{ { false, false, "user", NULL }, NULL },
		{ { false, false, "user", "" }, NULL },
		{ { false, false, "user", "run" }, NULL },
		{ { true, true, "user", NULL }, NULL },
	};

	begin();
	for (size_t i = 0; i < array_length(rows); i++) {
		CHECK_STR(default_root(&rows[i].caller), rows[i].root);
		if (!rows[i].root)
			CHECK(err.code == ERROR_USAGE && strstr(err.text, "--root"));
	}
}

static const char *resolve(const char *path)
{
	const char *root = NULL;

	return globals_resolve_root(path, &arena, &root, &err) == 0 ? root : NULL;
}

TEST(root_of_the_machine_is_refused)
{
	static const char *const wrong[] = {
		"/", "//", "/.", "/..", "/tmp/..", "/nosuch/..", "/proc/self/root"
	};

	begin();
	for (size_t i = 0; i < array_length(wrong); i++) {
		CHECK(!resolve(wrong[i]));
		CHECK(err.code == ERROR_USAGE);
	}
	CHECK(chdir("/") == 0);
	CHECK(!resolve(".") && !resolve("..") && !resolve("./nosuch/.."));
}

TEST(roots_become_absolute_and_free_of_links)
{
	char directory[] = "/tmp/proa-globals-XXXXXX", real[64], link[64];

	begin();
	CHECK(mkdtemp(directory) && chdir(directory) == 0);
	snprintf(real, sizeof(real), "%s/real", directory);
	snprintf(link, sizeof(link), "%s/link", directory);
	CHECK(mkdir(real, 0700) == 0 && symlink("real", link) == 0);
	CHECK_STR(resolve("real"), real);
	CHECK_STR(resolve("link/"), real);
	CHECK_STR(resolve("./nosuch/../real"), real);
	CHECK_STR(resolve("/nosuch//deep/./er"), "/nosuch/deep/er");
	CHECK(unlink(link) == 0 && rmdir(real) == 0 && rmdir(directory) == 0);
}

TEST(an_empty_root_is_refused)
{
	begin();
	CHECK(chdir("/tmp") == 0);
	CHECK(!resolve(""));
}

static struct runtime settle(struct globals globals)
{
	struct runtime runtime;

	globals.root = "/nosuch/root";
	CHECK(globals_runtime(&globals, &arena, &runtime, &err) == 0);
	return runtime;
}

TEST(options_come_to_a_runtime)
{
	begin();
	CHECK(settle((struct globals){ .manager = CGROUP_DISABLED }).manager == CGROUP_DISABLED);
	CHECK(settle((struct globals){ .manager = CGROUP_CGROUPFS, .systemd_cgroup = true })
		  .manager == CGROUP_SYSTEMD);
	CHECK(settle((struct globals){ .rootless = ROOTLESS_TRUE }).rootless);
	CHECK(!settle((struct globals){ .rootless = ROOTLESS_FALSE }).rootless);
	CHECK(geteuid() == 0 || settle((struct globals){ .rootless = ROOTLESS_AUTO }).rootless);
	CHECK_STR(settle((struct globals){ .manager = 0 }).root, "/nosuch/root");
}
