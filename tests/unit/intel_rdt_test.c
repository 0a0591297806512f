/* linux.intelRdt on a resctrl filesystem that is only a directory: what the kernel makes in a new class (schemata, tasks)
 * is made here beforehand, which is why classes "exist". */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "libcontainer/cgroup/intel_rdt.h"
#include "tests/unit/harness.h"

static struct arena arena;
static struct error err;
static char directory[] = "/tmp/proa-rdt-XXXXXX";

static int make_root(void)
{
	memcpy(directory + sizeof(directory) - sizeof("XXXXXX"), "XXXXXX", sizeof("XXXXXX"));
	CHECK(arena_init(&arena, 1 << 20, &err) == 0);
	CHECK(mkdtemp(directory));
	return open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static void put(int dir, const char *name, const char *text)
{
	_cleanup_fd_ int fd = openat(dir, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	CHECK(fd >= 0 && fd_write_all(fd, text, strlen(text)) == 0);
}

static void has(int dir, const char *name, const char *text)
{
	_cleanup_buffer_ struct buffer buffer = BUFFER_INIT;

	CHECK(file_read(dir, name, 4096, &buffer, &err) == 0);
	CHECK_STR(buffer.bytes, text);
}

static int make_class(int root, const char *name, const char *schemata)
{
	int class;

	CHECK(mkdirat(root, name, 0755) == 0 || errno == EEXIST);
	class = openat(root, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	put(class, "schemata", schemata);
	put(class, "tasks", "");
	return class;
}

static void clean_up(int root)
{
	_cleanup_fd_ int tmp = open("/tmp", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	close(root);
	CHECK(dir_remove(tmp, directory + strlen("/tmp/"), &err) == 0);
	arena_free(&arena);
}

TEST(an_existing_class_with_the_same_schemata_is_joined)
{
	struct config_intel_rdt config = { .clos_id = (char *)"guest",
					   .l3_cache_schema = (char *)"L3:0=f;1=f0",
					   .mem_bw_schema = (char *)"MB:0=20;1=70" };
	struct intel_rdt_made made = { (char *)"x", (char *)"x" };
	int root = make_root(),
	    class = make_class(root, "guest", "    MB:0=20;1=70\n    L3:0=f;1=f0\n");

	CHECK(intel_rdt_join(root, &config, "web", 1234, &arena, &made, &err) == 0);
	has(class, "tasks", "1234\n");
	CHECK(!made.clos && !made.monitoring);
	close(class);
	clean_up(root);
}

TEST(an_existing_class_with_other_schemata_is_refused)
{
	/* spec: config-linux.md#intelrdt rdt-compared */
	struct config_intel_rdt config = { .clos_id = (char *)"guest",
					   .l3_cache_schema = (char *)"L3:0=f" };
	struct intel_rdt_made made = { 0 };
	int root = make_root(), class = make_class(root, "guest", "L3:0=ff\n");

	CHECK(intel_rdt_join(root, &config, "web", 1234, &arena, &made, &err) < 0);
	CHECK(err.code == ERROR_INVALID && strstr(err.text, "L3:0=f"));
	has(class, "tasks", "");
	close(class);
	clean_up(root);
}

TEST(a_class_without_schemata_must_exist)
{
	/* spec: config-linux.md#intelrdt rdt-preset */
	struct config_intel_rdt config = { .clos_id = (char *)"nowhere" };
	struct intel_rdt_made made = { 0 };
	int root = make_root();

	CHECK(intel_rdt_join(root, &config, "web", 1, &arena, &made, &err) < 0);
	CHECK(strstr(err.text, "closID"));
	CHECK(faccessat(root, "nowhere", F_OK, 0) < 0);
	clean_up(root);
}

TEST(the_default_class)
{
	/* spec: config-linux.md#intelrdt rdt-root */
	struct config_intel_rdt config = { .clos_id = (char *)"/" };
	struct intel_rdt_made made = { 0 };
	int root = make_root();

	put(root, "tasks", "");
	CHECK(intel_rdt_join(root, &config, "web", 77, &arena, &made, &err) == 0);
	has(root, "tasks", "77\n");
	clean_up(root);
}

/* The kernel fills a new class; a plain directory stays empty, so writing into it fails, and what was made must be gone. */
TEST(what_was_made_before_a_failure_is_removed)
{
	struct config_intel_rdt config = { .mem_bw_schema = (char *)"MB:0=20" };
	struct intel_rdt_made made = { 0 };
	int root = make_root();

	CHECK(intel_rdt_join(root, &config, "web", 1, &arena, &made, &err) < 0);
	CHECK(faccessat(root, "web", F_OK, 0) < 0);
	clean_up(root);
}

TEST(bandwidth_lines_in_the_cache_schema_are_dropped)
{
	/* spec: config-linux.md#intelrdt rdt-bandwidth-lines */
	struct config_intel_rdt config = { .l3_cache_schema = (char *)"MB:0=99\nL3:0=f" };
	struct intel_rdt_made made = { 0 };
	int root = make_root(), class = make_class(root, "web", "");

	CHECK(intel_rdt_join(root, &config, "web", 5, &arena, &made, &err) == 0);
	has(class, "schemata", "L3:0=f\n");
	close(class);
	clean_up(root);
}

TEST(monitoring_makes_a_group_of_the_containers_id)
{
	/* spec: config-linux.md#intelrdt rdt-monitoring */
	struct config_intel_rdt config = { .clos_id = (char *)"guest",
					   .enable_monitoring = { true, true } };
	struct intel_rdt_made made = { 0 };
	int root = make_root(), class = make_class(root, "guest", "");

	CHECK(mkdirat(class, "mon_groups", 0755) == 0);
	CHECK(intel_rdt_plan(root, &config, "web", &arena, &made, &err) == 0);
	CHECK(!made.clos);
	CHECK_STR(made.monitoring, "guest/mon_groups/web");
	CHECK(mkdirat(class, "mon_groups/web", 0755) == 0);
	put(class, "mon_groups/web/tasks", "");
	CHECK(intel_rdt_join(root, &config, "web", 6, &arena, &made, &err) == 0);
	CHECK(!made.monitoring); /* it was there */
	CHECK(intel_rdt_plan(root, &config, "web", &arena, &made, &err) == 0 && !made.monitoring);
	has(class, "mon_groups/web/tasks", "6\n");
	close(class);
	clean_up(root);
}

/* A class whose schemata are a pipe, which keeps what is written and in which order. */
static int make_recording_class(int root, const char *name, int *ret_pipe)
{
	int class = make_class(root, name, "");

	CHECK(unlinkat(class, "schemata", 0) == 0 && mkfifoat(class, "schemata", 0644) == 0);
	*ret_pipe = openat(class, "schemata", O_RDWR | O_NONBLOCK | O_CLOEXEC);
	CHECK(*ret_pipe >= 0);
	return class;
}

static void wrote(int pipe, const char *text)
{
	char got[1024];
	ssize_t n = read(pipe, got, sizeof(got) - 1);

	got[n < 0 ? 0 : n] = '\0';
	CHECK_STR(got, text);
}

/* What a config without closID makes the container write into the class of its id. */
static void check_written(struct config_intel_rdt config, const char *text)
{
	struct intel_rdt_made made = { 0 };
	int root = make_root(), pipe, class = make_recording_class(root, "web", &pipe);

	CHECK(intel_rdt_join(root, &config, "web", 8, &arena, &made, &err) == 0);
	wrote(pipe, text);
	has(class, "tasks", "8\n");
	close(pipe);
	close(class);
	clean_up(root);
}

TEST(the_schemas_are_written_before_the_schemata)
{
	/* spec: config-linux.md#intelrdt rdt-both */
	/* spec: config-linux.md#intelrdt rdt-schemata */
	/* spec: config-linux.md#intelrdt rdt-tasks */
	/* spec: config-linux.md#intelrdt rdt-default-name */
	char *lines[] = { (char *)"L2:0=1", (char *)"MB:0=50" };

	check_written((struct config_intel_rdt){ .l3_cache_schema = (char *)"L3:0=f",
						 .mem_bw_schema = (char *)"MB:0=20",
						 .schemata = { lines, 2 } },
		      "L3:0=f\nMB:0=20\nL2:0=1\nMB:0=50\n");
}

TEST(one_schema_alone_is_written)
{
	/* spec: config-linux.md#intelrdt rdt-either */
	check_written((struct config_intel_rdt){ .mem_bw_schema = (char *)"MB:0=20" }, "MB:0=20\n");
	check_written((struct config_intel_rdt){ .l3_cache_schema = (char *)"L3:0=f" }, "L3:0=f\n");
}

TEST(without_schemas_nothing_is_written)
{
	/* spec: config-linux.md#intelrdt rdt-none */
	check_written((struct config_intel_rdt){ 0 }, "");
}

/* schemata aren't compared: they are written into a class that is there too. */
TEST(schemata_are_written_into_an_existing_class)
{
	/* spec: config-linux.md#intelrdt rdt-schemata */
	/* spec: config-linux.md#intelrdt rdt-kept */
	char *lines[] = { (char *)"L2:0=1" };
	struct config_intel_rdt config = { .clos_id = (char *)"guest", .schemata = { lines, 1 } };
	struct intel_rdt_made made = { (char *)"x", (char *)"x" };
	int root = make_root(), pipe, class = make_recording_class(root, "guest", &pipe);

	CHECK(intel_rdt_join(root, &config, "web", 8, &arena, &made, &err) == 0);
	wrote(pipe, "L2:0=1\n");
	CHECK(!made.clos);
	close(pipe);
	close(class);
	clean_up(root);
}

/* The kernel would put "schemata" into it; that the write fails shows that there was a class to write to. */
TEST(a_class_that_is_not_there_is_made_for_its_schemata)
{
	/* spec: config-linux.md#intelrdt rdt-created */
	struct config_intel_rdt config = { .clos_id = (char *)"guest",
					   .l3_cache_schema = (char *)"L3:0=f" };
	struct intel_rdt_made made = { 0 };
	int root = make_root();

	CHECK(intel_rdt_join(root, &config, "web", 8, &arena, &made, &err) < 0);
	CHECK(strstr(err.text, "write \"L3:0=f\" to schemata"));
	clean_up(root);
}

static void check_refused(struct config_intel_rdt config, const char *object)
{
	struct intel_rdt_made made = { 0 };
	int root = make_root();

	CHECK(intel_rdt_join(root, &config, "web", 8, &arena, &made, &err) < 0);
	CHECK_STR(err.object, object);
	CHECK_INT(err.code, ERROR_INVALID);
	CHECK(faccessat(root, "web", F_OK, 0) < 0);
	clean_up(root);
}

TEST(a_line_is_one_line)
{
	/* spec: config-linux.md#intelrdt rdt-bandwidth */
	/* spec: config-linux.md#intelrdt rdt-schemata-lines */
	char *lines[] = { (char *)"L2:0=1\nL3:0=f" };

	check_refused((struct config_intel_rdt){ .mem_bw_schema = (char *)"L3:0=f" },
		      "linux.intelRdt.memBwSchema");
	check_refused((struct config_intel_rdt){ .mem_bw_schema = (char *)"MB:0=20\nL3:0=f" },
		      "linux.intelRdt.memBwSchema");
	check_refused((struct config_intel_rdt){ .schemata = { lines, 1 } },
		      "linux.intelRdt.schemata");
}

TEST(a_name_is_no_path)
{
	struct config_intel_rdt config = { .clos_id = (char *)"../elsewhere" };
	struct intel_rdt_made made = { 0 };
	int root = make_root();

	CHECK(intel_rdt_join(root, &config, "web", 1, &arena, &made, &err) < 0);
	CHECK(err.code == ERROR_INVALID);
	clean_up(root);
}
