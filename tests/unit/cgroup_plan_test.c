/* libcontainer/cgroup/plan.c: a whole config. */
#include "tests/unit/harness.h"

#include "libcontainer/cgroup/cgroup.h"

static struct arena arena;
static struct error err;
static enum cgroup_manager manager = CGROUP_CGROUPFS;

/* @linux_ is what stands in the object "linux", @rest what follows it. */
static struct config *config_of(const char *linux_, const char *rest)
{
	char json[4096];
	struct config *config;
	int length = snprintf(json, sizeof(json),
			      "{\"ociVersion\": \"1.2.0\", \"root\": {\"path\": \"r\"},"
			      "\"linux\": {%s}%s}",
			      linux_, rest);

	if (!arena.base)
		CHECK(arena_init(&arena, 1 << 26, &err) == 0);
	if (config_parse(json, (size_t)length, "config.json", DOCUMENT_CONFIG, &arena, &config,
			 &err) < 0)
		harness_fail(__FILE__, __LINE__, "%s", err.text);
	return config;
}

static struct cgroup_plan *plan_of(const char *linux_, const char *rest)
{
	struct cgroup_request request = { .manager = manager, .id = "web" };
	struct cgroup_plan *plan;

	if (cgroup_plan(config_of(linux_, rest), &request, &arena, &plan, &err) < 0)
		harness_fail(__FILE__, __LINE__, "%s", err.text);
	return plan;
}

#define PIDS_AND_CPU                                                                               \
	"\"resources\": {\"pids\": {\"limit\": 5}, \"cpu\": {\"quota\": 1000, \"idle\": 0,"        \
	"\"shares\": 7, \"cpus\": \"0\"}, \"memory\": {\"limit\": -1},"                            \
	"\"unified\": {\"cgroup.max.depth\": \"1\"}}"

TEST(nothing_asked)
{
	struct cgroup_plan *plan = plan_of("", "");

	CHECK_STR(plan->path, "/web");
	CHECK(!plan->asked);
	CHECK(!plan->delegate);
	CHECK_INT(plan->writes.count, 0);
	CHECK_INT(plan->controllers.count, 0);
	CHECK(plan->devices.count > 0);
	CHECK(plan->warning == NULL);
}

TEST(a_path_is_asked_for)
{
	struct cgroup_plan *plan = plan_of("\"cgroupsPath\": \"/a/b\"", "");

	CHECK_STR(plan->path, "/a/b");
	CHECK(plan->asked);
}

/* Each once; not for what limits nothing, nor for files that every cgroup has. */
TEST(the_controllers_that_limits_need)
{
	struct cgroup_plan *plan = plan_of(PIDS_AND_CPU, "");

	CHECK(plan->asked);
	CHECK_INT(plan->controllers.count, 3);
	CHECK_STR(plan->controllers.items[0], "pids");
	CHECK_STR(plan->controllers.items[1], "cpu");
	CHECK_STR(plan->controllers.items[2], "cpuset");
}

TEST(no_limits_are_nothing_asked)
{
	CHECK(
	    !plan_of("\"resources\": {\"memory\": {\"limit\": -1}, \"pids\": {\"limit\": -1}}", "")
		 ->asked);
	CHECK(
	    !plan_of("\"resources\": {\"devices\": [{\"allow\": false, \"access\": \"rwm\"}]}", "")
		 ->asked);
}

TEST(disabled_has_neither_path_nor_program_and_says_so)
{
	manager = CGROUP_DISABLED;
	struct cgroup_plan *plan = plan_of(PIDS_AND_CPU, "");

	CHECK(plan->path == NULL);
	CHECK_INT(plan->devices.count, 0);
	CHECK(strstr(plan->warning, "linux.resources is not applied"));
	CHECK(plan_of("", "")->warning == NULL);
}

TEST(errors_of_the_parts_come_through)
{
	struct cgroup_request request = { .id = "web" };
	struct cgroup_plan *plan;

	CHECK(cgroup_plan(config_of("\"cgroupsPath\": \"/a/../b\"", ""), &request, &arena, &plan,
			  &err) < 0);
	CHECK_STR(err.object, "linux.cgroupsPath");
	CHECK(cgroup_plan(config_of("\"resources\": {\"memory\": {\"kernel\": 5}}", ""), &request,
			  &arena, &plan, &err) < 0);
	CHECK_STR(err.object, "linux.resources.memory.kernel");
}

/* ---- ownership ---- */

#define OWN_NAMESPACE "\"namespaces\": [{\"type\": \"cgroup\"}]"
#define MOUNT(options)                                                                             \
	", \"mounts\": [{\"destination\": \"/sys/fs/cgroup\", \"type\": \"cgroup\","               \
	"\"source\": \"cgroup\", \"options\": [" options "]}]"
#define PROCESS(uid)                                                                               \
	", \"process\": {\"cwd\": \"/\", \"args\": [\"x\"], \"user\": {\"uid\": " uid              \
	", \"gid\": 0}}"

TEST(the_cgroup_is_given_to_the_user_of_a_writable_one)
{
	struct cgroup_plan *plan = plan_of(OWN_NAMESPACE, MOUNT("\"nosuid\"") PROCESS("1000"));

	CHECK(plan->delegate);
	CHECK_INT(plan->owner, 1000);
}

TEST(the_owner_is_mapped)
{
	struct cgroup_plan *plan =
	    plan_of("\"namespaces\": [{\"type\": \"cgroup\"}, {\"type\": \"user\"}],"
		    "\"uidMappings\": [{\"containerID\": 5, \"hostID\": 9, \"size\": 1},"
		    "{\"containerID\": 0, \"hostID\": 100000, \"size\": 5}],"
		    "\"gidMappings\": [{\"containerID\": 0, \"hostID\": 100000, \"size\": 5}]",
		    MOUNT("") PROCESS("3"));

	CHECK(plan->delegate);
	CHECK_INT(plan->owner, 100003);
}

TEST(it_stays_ours_otherwise)
{
	CHECK(!plan_of("", MOUNT("") PROCESS("1000"))->delegate);
	CHECK(!plan_of("\"namespaces\": [{\"type\": \"cgroup\", \"path\": \"/proc/1/ns/cgroup\"}]",
		       MOUNT("") PROCESS("1000"))
		   ->delegate);
	CHECK(!plan_of(OWN_NAMESPACE, MOUNT("\"ro\"") PROCESS("1000"))->delegate);
	CHECK(!plan_of(OWN_NAMESPACE, PROCESS("1000"))->delegate);
	CHECK(!plan_of(OWN_NAMESPACE, MOUNT("") PROCESS("0"))->delegate);
}
