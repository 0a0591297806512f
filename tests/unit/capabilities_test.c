#include "tests/unit/harness.h"
#include "tests/unit/names.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <sys/prctl.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "libcontainer/security/capabilities.h"
#include "oci/names.h"

#define BIT(name) (UINT64_C(1) << (name))

/* A set of the calling process as the kernel shows it: "CapEff", "CapBnd", … */
static uint64_t shown(const char *set)
{
	_cleanup_buffer_ struct buffer status = BUFFER_INIT;
	struct error err = ERROR_INIT;
	const char *line;

	CHECK(file_read(AT_FDCWD, "/proc/self/status", 65536, &status, &err) == 0);
	line = strstr(status.bytes, set);
	CHECK(line);
	return strtoull(line + strlen(set) + 1, NULL, 16);
}

static void needs_root(void)
{
	if (geteuid() != 0 || !(shown("CapEff") & BIT(CAP_SETPCAP)))
		SKIP("needs root");
}

static void enter(const struct capabilities_plan *plan, uid_t uid)
{
	struct error err = ERROR_INIT;

	CHECK(capabilities_keep(&err) == 0);
	CHECK(capabilities_drop_bounding(plan, &err) == 0);
	CHECK(setresuid(uid, uid, uid) == 0);
	CHECK(capabilities_apply(plan, &err) == 0);
}

TEST(table_is_in_the_order_of_the_numbers_and_complete)
{
	int count = 0;

	for (; names_capabilities[count].name; count++)
		CHECK_INT(names_capabilities[count].value, count);
	CHECK_INT(count, CAP_LAST_CAP + 1);
}

TEST(names_are_taken_whole)
{
	int number = -1;

	CHECK(capability_parse("CAP_KILL", &number) == 0);
	CHECK_INT(number, CAP_KILL);
	CHECK(capability_parse("cap_kill", &number) < 0);
	CHECK(capability_parse("KILL", &number) < 0);
	CHECK(capability_parse("CAP_KILLS", &number) < 0);
	CHECK(capability_parse("", &number) < 0);
	CHECK_INT(number, CAP_KILL);
}

TEST(absent_capabilities_are_none)
{
	struct capabilities_plan plan = { 1, 1, 1, 1, 1 };

	capabilities_plan(NULL, &plan);
	CHECK_INT(plan.bounding | plan.effective | plan.inheritable | plan.permitted | plan.ambient,
		  0);
}

TEST(each_set_is_planned_and_unknown_names_are_skipped)
{
	struct config_capabilities config = {
		.bounding = NAMES("CAP_CHOWN", "CAP_FOO", "CAP_CHECKPOINT_RESTORE"),
		.effective = NAMES("CAP_KILL"),
		.inheritable = NAMES("CAP_SETUID"),
		.permitted = NAMES("CAP_KILL", "CAP_SETUID"),
		.ambient = NAMES("CAP_NET_RAW"),
	};
	struct capabilities_plan plan;

	capabilities_plan(&config, &plan);
	CHECK(plan.bounding == (BIT(CAP_CHOWN) | BIT(CAP_CHECKPOINT_RESTORE)));
	CHECK(plan.effective == BIT(CAP_KILL));
	CHECK(plan.inheritable == BIT(CAP_SETUID));
	CHECK(plan.permitted == (BIT(CAP_KILL) | BIT(CAP_SETUID)));
	CHECK(plan.ambient == BIT(CAP_NET_RAW));
}

TEST(added_capabilities_are_never_inheritable)
{
	struct capabilities_plan plan = { 0 };
	struct strings names = NAMES("CAP_KILL"), unknown = NAMES("CAP_KILL", "CAP_FOO");
	struct error err = ERROR_INIT;

	CHECK(capabilities_add(&plan, &names, &err) == 0);
	CHECK(plan.bounding == BIT(CAP_KILL));
	CHECK(plan.effective == BIT(CAP_KILL));
	CHECK(plan.permitted == BIT(CAP_KILL));
	CHECK_INT(plan.inheritable, 0);
	CHECK_INT(plan.ambient, 0);
	plan.inheritable = BIT(CAP_CHOWN);
	CHECK(capabilities_add(&plan, &names, &err) == 0);
	CHECK(plan.inheritable == BIT(CAP_CHOWN));
	CHECK(plan.ambient == BIT(CAP_KILL));
	CHECK(capabilities_add(&plan, &unknown, &err) < 0);
	CHECK_INT(err.code, ERROR_INVALID);
	CHECK(strstr(err.text, "CAP_FOO"));
}

TEST(the_kernel_shows_the_planned_sets_as_root)
{
	struct capabilities_plan plan = {
		.bounding = BIT(CAP_KILL) | BIT(CAP_CHOWN) | BIT(CAP_SETFCAP),
		.permitted = BIT(CAP_KILL) | BIT(CAP_CHOWN),
		.effective = BIT(CAP_KILL),
	};

	needs_root();
	enter(&plan, 0);
	CHECK(shown("CapBnd:") == plan.bounding);
	CHECK(shown("CapPrm:") == plan.permitted);
	CHECK(shown("CapEff:") == plan.effective);
	CHECK_INT(shown("CapInh:"), 0);
	CHECK_INT(shown("CapAmb:"), 0);
}

TEST(capabilities_survive_a_change_of_uid)
{
	struct capabilities_plan plan = {
		.bounding = BIT(CAP_KILL) | BIT(CAP_NET_RAW),
		.permitted = BIT(CAP_KILL) | BIT(CAP_NET_RAW),
		.effective = BIT(CAP_KILL) | BIT(CAP_NET_RAW),
		.inheritable = BIT(CAP_NET_RAW),
		.ambient = BIT(CAP_NET_RAW),
	};

	needs_root();
	enter(&plan, 1000);
	CHECK(shown("CapEff:") == plan.effective);
	CHECK(shown("CapInh:") == plan.inheritable);
	CHECK(shown("CapAmb:") == plan.ambient);
}

TEST(no_capability_at_all)
{
	struct capabilities_plan plan = { 0 };

	needs_root();
	enter(&plan, 0);
	CHECK_INT(shown("CapBnd:"), 0);
	CHECK_INT(shown("CapPrm:") | shown("CapEff:") | shown("CapInh:") | shown("CapAmb:"), 0);
}

TEST(an_inherited_ambient_set_is_cleared)
{
	struct capabilities_plan before = { ~0ull, ~0ull, BIT(CAP_KILL) | BIT(CAP_CHOWN), ~0ull,
					    BIT(CAP_KILL) };
	struct capabilities_plan plan = before;
	struct error err = ERROR_INIT;

	needs_root();
	CHECK(capabilities_apply(&before, &err) == 0);
	CHECK(shown("CapAmb:") == BIT(CAP_KILL));
	plan.ambient = BIT(CAP_CHOWN);
	CHECK(capabilities_apply(&plan, &err) == 0);
	CHECK(shown("CapAmb:") == BIT(CAP_CHOWN));
}

TEST(what_cannot_be_granted_is_missing_and_no_failure)
{
	struct capabilities_plan own = { .bounding = BIT(CAP_KILL) | BIT(CAP_SETPCAP),
					 .permitted = BIT(CAP_KILL) | BIT(CAP_SETPCAP),
					 .effective = BIT(CAP_KILL) | BIT(CAP_SETPCAP) };
	struct capabilities_plan plan = {
		.bounding = BIT(CAP_KILL) | BIT(CAP_CHOWN),
		.permitted = BIT(CAP_KILL) | BIT(CAP_CHOWN),
		.effective = BIT(CAP_KILL) | BIT(CAP_CHOWN),
		.inheritable = BIT(CAP_CHOWN),
		.ambient = BIT(CAP_CHOWN),
	};
	struct arena arena = ARENA_INIT;
	struct error err = ERROR_INIT;
	char *missing = NULL;

	needs_root();
	CHECK(arena_init(&arena, 1 << 16, &err) == 0);
	CHECK(capabilities_missing(&own, &arena, &missing, &err) == 0);
	CHECK(missing == NULL);
	enter(&own, 0);
	plan.bounding |= BIT(CAP_SYS_TIME);
	CHECK(capabilities_missing(&plan, &arena, &missing, &err) == 0);
	CHECK_STR(missing, "CAP_CHOWN CAP_SYS_TIME");
	enter(&plan, 0);
	CHECK(shown("CapEff:") == BIT(CAP_KILL));
	CHECK(shown("CapBnd:") == BIT(CAP_KILL));
	CHECK_INT(shown("CapInh:") | shown("CapAmb:"), 0);
}

TEST(nothing_to_drop_needs_no_right_to_drop)
{
	struct capabilities_plan none = { 0 }, kill = { .bounding = BIT(CAP_KILL) };
	struct error err = ERROR_INIT;

	needs_root();
	CHECK(capabilities_drop_bounding(&kill, &err) == 0);
	CHECK(capabilities_apply(&none, &err) == 0);
	CHECK(capabilities_drop_bounding(&kill, &err) == 0);
	CHECK(capabilities_drop_bounding(&none, &err) < 0);
	CHECK(strstr(err.text, "CAP_KILL"));
}
