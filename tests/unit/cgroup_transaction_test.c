/* libcontainer/cgroup/changes.c, shrink.c, transaction.c, and the journal of lifecycle/journal.c: other
 * limits for a cgroup, all or none, whatever fails and wherever we are killed. */
#include "tests/unit/fake_cgroup.h"

#include "libcontainer/lifecycle/journal.h"
#include "libcontainer/lifecycle/updates.h"
#include "oci/config.h"

#define MIB (1ull << 20)

static struct error err;
static struct cgroup_machine machine = { "0-3", "0" };

static struct arena *arena(void)
{
	static struct arena arena;

	if (!arena.base)
		CHECK(arena_init(&arena, CONFIG_ARENA_SIZE, &err) == 0);
	return &arena;
}

/* A cgroup with 100 MiB in use, 60 of which can be reclaimed. */
static void world(void)
{
	if (!fake)
		fake_make();
	memset(fake, 0, sizeof(*fake));
	fake_put("memory.max", "max");
	fake_put("memory.swap.max", "max");
	fake_put("memory.swap.current", "0");
	fake_put("memory.low", "0");
	fake_put("memory.high", "max");
	fake_put("memory.oom.group", "0");
	fake_put("memory.reclaim", "");
	fake_put("cpu.max", "50000 100000");
	fake_put("cpu.max.burst", "0");
	fake_put("cpu.weight", "100");
	fake_put("cpu.idle", "0");
	fake_put("cpuset.cpus", "");
	fake_put("cpuset.mems", "");
	fake_put("pids.max", "max");
	fake_put("io.weight", "default 100");
	fake->used = 100 * MIB;
	fake->reclaimable = 60 * MIB;
	err = (struct error)ERROR_INIT;
}

static struct config_resources *resources(const char *text)
{
	struct config *config;
	struct error wrong = ERROR_INIT;

	if (config_parse(text, strlen(text), "f", DOCUMENT_RESOURCES, arena(), &config, &wrong) < 0)
		harness_fail(__FILE__, __LINE__, "%s: %s", text, wrong.text);
	return config->linux_->resources;
}

static struct updates earlier; /* what updates before this one have changed */

static int plan_over(const char *wanted, const char *effective, struct transaction *transaction)
{
	struct config_linux linux_ = { .resources = resources(effective) };
	struct config config = { .linux_ = &linux_ };

	updates_apply(&earlier, arena(), &config);
	*transaction = (struct transaction){ .frozen = false };
	return changes_plan(resources(wanted), linux_.resources, &machine, &fake_door, arena(),
			    &transaction->changes, &err);
}

/* "FILE=VALUE" for each change, "FILE" for what is only put back; or the error. */
static const char *planned_over(const char *wanted, const char *effective)
{
	static char text[1024];
	struct transaction transaction;
	size_t used = 0;

	if (plan_over(wanted, effective, &transaction) < 0)
		return err.text;
	text[0] = '\0';
	for (size_t i = 0; i < transaction.changes.count; i++) {
		const struct cgroup_change *change = &transaction.changes.items[i];

		used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%s%s%s",
					 i ? "; " : "", change->file, change->value ? "=" : "",
					 change->value ? change->value : "");
	}
	return text;
}

static const char *planned(const char *wanted)
{
	return planned_over(wanted, "{}");
}

/* ---- what is planned ---- */

TEST(what_is_not_given_is_kept)
{
	world();
	CHECK_STR(planned("{}"), "");
	CHECK_STR(
	    planned("{\"memory\":{\"limit\":0,\"swap\":0,\"reservation\":0},\"cpu\":{\"quota\":"
		    "0,\"period\":0,\"shares\":0,\"cpus\":\"\",\"mems\":\"\"}}"),
	    "");
	CHECK_STR(planned("{\"cpu\":{\"quota\":20000}}"), "cpu.max=20000");
	CHECK_STR(planned("{\"cpu\":{\"period\":200000}}"), "cpu.max=50000 200000");
	CHECK_STR(planned("{\"cpu\":{\"quota\":-1}}"), "cpu.max=max");
	fake_put("cpu.max", "max 100000");
	CHECK_STR(planned("{\"cpu\":{\"period\":200000}}"), "cpu.max=max 200000");
	CHECK_STR(planned("{\"cpu\":{\"quota\":7000,\"period\":10000}}"), "cpu.max=7000 10000");
}

TEST(what_is_so_already_is_not_written)
{
	world();
	CHECK_STR(planned("{\"cpu\":{\"quota\":50000}}"), "");
	CHECK_STR(planned("{\"cpu\":{\"quota\":50000,\"period\":100000,\"shares\":1024}}"), "");
	CHECK_STR(planned("{\"memory\":{\"limit\":-1,\"swap\":-1}}"), "");
	CHECK_STR(planned("{\"pids\":{\"limit\":-1}}"), "");
	CHECK_STR(planned("{\"pids\":{\"limit\":0}}"), "pids.max=0");
	CHECK_STR(planned("{\"unified\":{\"memory.oom.group\":\"0\"}}"), "");
	CHECK_STR(planned("{\"unified\":{\"memory.oom.group\":\"1\"}}"), "memory.oom.group=1");
}

TEST(swap_is_counted_with_the_memory_there_is)
{
	world();
	CHECK_STR(planned("{\"memory\":{\"limit\":4194304,\"swap\":6291456}}"),
		  "memory.swap.max=2097152; memory.max=4194304");
	CHECK_STR(planned("{\"memory\":{\"swap\":6291456}}"),
		  "linux.resources.memory.swap: unable to set swap limit without memory limit");
	fake_put("memory.max", "4194304");
	CHECK_STR(planned("{\"memory\":{\"swap\":6291456}}"), "memory.swap.max=2097152");
	CHECK_STR(planned("{\"memory\":{\"swap\":4194303}}"),
		  "linux.resources.memory.swap: memory+swap limit should be >= memory limit, which "
		  "is 4194304; found 4194303");
	/* swap is kept where memory alone is given */
	fake_put("memory.swap.max", "0");
	CHECK_STR(planned("{\"memory\":{\"limit\":-1}}"), "memory.max=max");
	CHECK_STR(planned("{\"memory\":{\"limit\":8388608}}"), "memory.max=8388608");
}

TEST(a_burst_fits_the_quota_whichever_is_given)
{
	world();
	CHECK_STR(planned("{\"cpu\":{\"burst\":50001}}"),
		  "linux.resources.cpu.burst: a burst can't be larger than the quota, which is "
		  "50000 µs; found 50001");
	CHECK_STR(planned("{\"cpu\":{\"burst\":50000}}"), "cpu.max.burst=50000");
	fake_put("cpu.max.burst", "30000");
	CHECK_STR(planned("{\"cpu\":{\"quota\":20000}}"),
		  "linux.resources.cpu.burst: a burst can't be larger than the quota, which is "
		  "20000 µs; found 30000");
	CHECK_STR(planned("{\"cpu\":{\"quota\":20000,\"burst\":20000}}"),
		  "cpu.max.burst=20000; cpu.max=20000");
	CHECK_STR(planned("{\"cpu\":{\"quota\":60000,\"burst\":55000}}"),
		  "cpu.max=60000; cpu.max.burst=55000");
	/* in the order in which it can be done, not the one in which it is written */
	CHECK_STR(
	    planned("{\"unified\":{\"cpu.max.burst\":\"55000\",\"cpu.max\":\"60000 100000\"}}"),
	    "cpu.max=60000 100000; cpu.max.burst=55000");
}

TEST(idle_and_weight)
{
	world();
	fake_put("cpu.weight", "300");
	CHECK_STR(planned("{\"cpu\":{\"idle\":1}}"), "cpu.weight; cpu.idle=1");
	fake_put("cpu.idle", "1");
	fake_put("cpu.weight", "0");
	CHECK_STR(planned("{\"cpu\":{\"shares\":2048}}"),
		  "linux.resources.cpu.shares: the container is idle (cpu.idle is 1) and has no "
		  "shares; set cpu.idle to 0, too");
	CHECK_STR(planned("{\"cpu\":{\"idle\":0}}"), "cpu.idle=0");
	CHECK_STR(planned("{\"cpu\":{\"idle\":0,\"shares\":2048}}"), "cpu.idle=0; cpu.weight=174");
	CHECK_STR(planned_over("{\"cpu\":{\"idle\":0}}", "{\"cpu\":{\"shares\":2048}}"),
		  "cpu.idle=0; cpu.weight=174");
}

/* However it was given, by whichever of its names, and by an update before that made it idle. */
TEST(the_weight_comes_back_with_the_end_of_idle)
{
	static const char wanted[] = "{\"cpu\":{\"idle\":0}}";
	static const char config[] =
	    "{\"cpu\":{\"shares\":2048},\"unified\":{\"cpu.weight\":\"7\"}}";

	world();
	fake_put("cpu.idle", "1");
	fake_put("cpu.weight", "0");
	fake_put("cpu.weight.nice", "0");
	CHECK_STR(planned_over(wanted, config), "cpu.idle=0; cpu.weight=7");
	updates_set(&earlier, "cpu.weight", "300", arena());
	updates_set(&earlier, "cpu.idle", "1", arena());
	CHECK_STR(planned_over(wanted, config), "cpu.idle=0; cpu.weight=300");
	CHECK_STR(planned_over("{\"cpu\":{\"idle\":0,\"shares\":1024}}", config),
		  "cpu.idle=0; cpu.weight=100");
	CHECK_STR(planned_over("{\"cpu\":{\"idle\":0},\"unified\":{\"cpu.weight\":\"9\"}}", config),
		  "cpu.idle=0; cpu.weight=9");
	CHECK_STR(planned_over("{\"cpu\":{\"idle\":1}}", config), "");
	updates_set(&earlier, "cpu.weight.nice", "-5", arena());
	CHECK_STR(planned_over(wanted, "{}"), "cpu.idle=0; cpu.weight.nice=-5");
	CHECK_STR(planned_over(wanted, config), "cpu.idle=0; cpu.weight.nice=-5");
}

TEST(growing_comes_before_shrinking_and_memory_last)
{
	world();
	fake_put("pids.max", "10");
	fake_put("memory.low", "4194304");
	CHECK_STR(
	    planned("{\"memory\":{\"limit\":4194304,\"swap\":4194304,\"reservation\":8388608},"
		    "\"cpu\":{\"quota\":-1,\"cpus\":\"0-1\"},\"pids\":{\"limit\":20}}"),
	    "pids.max=20; memory.low=8388608; cpu.max=max; memory.swap.max=0; "
	    "cpuset.cpus=0-1; memory.max=4194304");
}

TEST(files_that_are_not_there)
{
	world();
	CHECK_STR(planned("{\"blockIO\":{\"weight\":500}}"), "io.weight=4950");
	fake_put("io.bfq.weight", "default 100");
	CHECK_STR(planned("{\"blockIO\":{\"weight\":500}}"), "io.bfq.weight=500");
	CHECK_STR(planned("{\"hugepageLimits\":[{\"pageSize\":\"2MB\",\"limit\":0}]}"),
		  "linux.resources.hugepageLimits: can't write \"0\" to hugetlb.2MB.max: not there "
		  "(ENOENT); the machine has no huge pages of this size");
	CHECK(err.code == ERROR_UNSUPPORTED);
	fake_put("hugetlb.2MB.max", "max");
	CHECK_STR(planned("{\"hugepageLimits\":[{\"pageSize\":\"2MB\",\"limit\":0}]}"),
		  "hugetlb.2MB.max=0");
}

TEST(sets_that_the_machine_has_not)
{
	world();
	CHECK_STR(planned("{\"cpu\":{\"cpus\":\"2-4\"}}"),
		  "linux.resources.cpu.cpus: expected CPUs of this machine, which are 0-3, found "
		  "\"2-4\"");
	CHECK_STR(planned("{\"cpu\":{\"mems\":\"1\"}}"),
		  "linux.resources.cpu.mems: expected memory nodes of this machine, which are 0, "
		  "found \"1\"");
	CHECK_STR(planned("{\"cpu\":{\"cpus\":\"two\"}}"),
		  "linux.resources.cpu.cpus: expected a list of CPUs like 0-2,4, found \"two\"");
	CHECK_STR(planned("{\"unified\":{\"cpuset.cpus\":\"9\"}}"),
		  "linux.resources.unified[\"cpuset.cpus\"]: expected CPUs of this machine, which "
		  "are 0-3, found \"9\"");
	CHECK_STR(planned("{\"unified\":{\"cpuset.cpus\":\"\"},\"cpu\":{\"cpus\":\"0\"}}"), "");
	machine.cpus = NULL;
	CHECK_STR(planned("{\"cpu\":{\"cpus\":\"2-4\"}}"), "cpuset.cpus=2-4");
}

TEST(files_that_are_no_settings)
{
	static const char *const files[] = {
		"cgroup.kill",	    "cgroup.freeze",	      "cgroup.procs", "cgroup.threads",
		"cgroup.type",	    "memory.reclaim",	      "memory.peak",  "memory.pressure",
		"cpu.stat",	    "cgroup.subtree_control", "pids.current", "memory.events.local",
		"memory.numa_stat", "cpuset.cpus.effective"
	};

	for (size_t i = 0; i < array_length(files); i++) {
		char text[128], want[256];

		world();
		snprintf(text, sizeof(text), "{\"unified\":{\"%s\":\"1\"}}", files[i]);
		snprintf(want, sizeof(want), "linux.resources.unified[\"%s\"]: %s holds no limit",
			 files[i], files[i]);
		CHECK(text_starts(planned(text), want));
	}
	world();
	fake_put("cgroup.max.depth", "max");
	CHECK_STR(planned("{\"unified\":{\"cgroup.max.depth\":\"1\"}}"), "cgroup.max.depth=1");
}

/* ---- made ---- */

static int note(void *context, const struct transaction *transaction, struct error *error)
{
	const struct journal journal = { .transaction = *transaction };
	_cleanup_buffer_ struct buffer text = BUFFER_INIT;
	int failure = fake_step();

	(void)context;
	if (failure)
		return error_errno(error, failure, NULL, "note");
	if (journal_encode(&journal, &text, error) < 0)
		return -1;
	snprintf(fake->noted, sizeof(fake->noted), "%s", text.bytes);
	return 0;
}

static int list(void *context, struct cgroup_changes *ret_changes, struct error *error)
{
	static struct cgroup_change both[2];

	(void)context;
	(void)error;
	CHECK(fake->frozen);
	for (int i = 0; i < 2; i++)
		both[i] =
		    (struct cgroup_change){ .file = (char *)"oom_score_adj",
					    .old = arena_printf(arena(), "%d", fake->score[i]),
					    .value = (char *)"500",
					    .property = (char *)"process.oomScoreAdj",
					    .pid = i + 1,
					    .pid_start = 77 };
	*ret_changes = (struct cgroup_changes){ both, 2 };
	return 0;
}

static bool forced, with_processes;

static int run(const char *wanted)
{
	struct cgroup_door door = fake_door;
	struct transaction transaction;

	if (plan_over(wanted, "{}", &transaction) < 0)
		return -1;
	door.note = note;
	door.list = with_processes ? list : NULL;
	return transaction_run(&transaction, &door, forced, arena(), &err);
}

static int await_frozen(void *context, struct error *error)
{
	(void)context;
	return fake->frozen ? 0 : error_set(error, ERROR_BUSY, NULL, "half frozen");
}

static bool paused, memory_may_stay;

/* From the notes alone, as the next command does. */
static int undo(void)
{
	struct cgroup_door door = fake_door;
	struct error wrong = ERROR_INIT;
	struct journal *journal;

	door.note = note;
	door.paused = paused;
	door.freeze = paused ? await_frozen : fake_freeze;

	if (!fake->noted[0])
		return 0;
	if (journal_decode(fake->noted, strlen(fake->noted), arena(), &journal, &wrong) < 0)
		harness_fail(__FILE__, __LINE__, "%s", wrong.text);
	journal->transaction.memory_may_stay = memory_may_stay;
	return transaction_undo(&journal->transaction, &door, &err);
}

TEST(memory_that_is_in_use_is_reclaimed_first)
{
	world();
	CHECK(run("{\"memory\":{\"limit\":62914560}}") == 0); /* 60 MiB */
	CHECK_STR(fake_get("memory.max"), "62914560");
	CHECK(fake->used <= 59 * MIB && fake->killed == 0);
	CHECK(fake->freezes == 1 && !fake->frozen);
}

TEST(a_size_is_known_for_lower_in_whatever_spelling)
{
	static const char *const sizes[] = { "0x1e00000", "0170000000", " 30720k", "31457280\\n" };
	char text[80];

	for (size_t i = 0; i < array_length(sizes); i++) {
		world();
		snprintf(text, sizeof(text), "{\"unified\":{\"memory.max\":\"%s\"}}", sizes[i]);
		CHECK(run(text) < 0);
		CHECK_INT(err.code, ERROR_MEMORY);
		CHECK(fake->killed == 0);
	}
}

TEST(memory_that_cannot_be_had_is_not_killed_for)
{
	world();
	CHECK(run("{\"memory\":{\"limit\":31457280},\"pids\":{\"limit\":5}}") < 0);
	CHECK(err.code == ERROR_MEMORY);
	CHECK_STR(err.text,
		  "linux.resources.memory.limit: 40 MiB used, 30 MiB wanted, 60 MiB "
		  "reclaimed: a limit that low would get processes killed; have them free "
		  "memory, or give --force unless memory.checkBeforeUpdate is set");
	CHECK(undo() == 0);
	CHECK_STR(fake_get("memory.max"), "max");
	CHECK_STR(fake_get("pids.max"), "max");
	CHECK(fake->killed == 0 && !fake->frozen);
}

TEST(forced_it_is_done_all_the_same)
{
	world();
	forced = true;
	CHECK(run("{\"memory\":{\"limit\":31457280}}") == 0);
	CHECK_STR(fake_get("memory.max"), "31457280");
	CHECK(fake->killed == 1);
	CHECK(fake->reclaimable == 0); /* what could be had was */
	CHECK(fake->freezes == 0);
}

TEST(a_container_that_takes_memory_meanwhile)
{
	world();
	fake->growth = MIB / 4;
	fake->reclaimable = 90 * MIB;
	CHECK(run("{\"memory\":{\"limit\":62914560}}") == 0);
	CHECK(fake->killed == 0 && !fake->frozen);

	/* as fast as it is reclaimed: it is told, and nobody stands still for long */
	world();
	fake->growth = 8 * MIB;
	fake->reclaimable = 10000 * MIB;
	CHECK(run("{\"memory\":{\"limit\":62914560}}") < 0);
	CHECK(err.code == ERROR_MEMORY);
	CHECK(undo() == 0);
	CHECK(fake->killed == 0 && !fake->frozen && fake->freezes <= 5);
	CHECK_STR(fake_get("memory.max"), "max");
}

/* From 200 MiB to 400, and 300 are taken before it is undone. */
static void grown(uint64_t reclaimable)
{
	world();
	fake_put("memory.max", "209715200");
	CHECK(run("{\"memory\":{\"limit\":419430400},\"pids\":{\"limit\":5}}") == 0);
	fake->used = 300 * MIB;
	fake->reclaimable = reclaimable;
}

TEST(what_was_taken_since_memory_grew_is_not_killed_for)
{
	grown(90 * MIB);
	CHECK(undo() < 0 && err.code == ERROR_MEMORY);
	CHECK_STR(
	    err.text,
	    "memory.max is still more than the 200 MiB of before: 210 MiB used, a limit that "
	    "low would get processes killed; have them free memory, or give another --memory");
	CHECK_STR(fake_get("memory.max"), "419430400");
	CHECK_STR(fake_get("pids.max"), "max");
	CHECK(fake->freezes == 0);
	/* once there is room it goes back; also where nothing is to spare */
	fake->used = 200 * MIB;
	CHECK(undo() == 0);
	CHECK_STR(fake_get("memory.max"), "209715200");
	CHECK(fake->killed == 0 && fake->freezes == 1 && !fake->frozen);

	grown(150 * MIB);
	CHECK(undo() == 0);
	CHECK_STR(fake_get("memory.max"), "209715200");
	CHECK(fake->killed == 0 && !fake->frozen);
}

TEST(memory_that_grew_may_stay_where_another_limit_comes)
{
	memory_may_stay = true;
	grown(90 * MIB);
	CHECK(undo() == 0);
	CHECK_STR(fake_get("memory.max"), "419430400");
	CHECK_STR(fake_get("pids.max"), "max");
	grown(150 * MIB);
	CHECK(undo() == 0);
	CHECK_STR(fake_get("memory.max"), "209715200");
	CHECK(fake->killed == 0);
}

TEST(who_takes_memory_while_its_growth_is_undone)
{
	grown(10000 * MIB);
	fake->growth = 64 * MIB;
	CHECK(undo() < 0 && err.code == ERROR_MEMORY);
	CHECK(fake->killed == 0 && !fake->frozen);
	CHECK_STR(fake_get("memory.max"), "419430400");

	/* slower, it is frozen when there is room */
	grown(150 * MIB);
	fake->growth = MIB;
	CHECK(undo() == 0);
	CHECK(fake->killed == 0 && fake->freezes == 1 && !fake->frozen);
	CHECK_STR(fake_get("memory.max"), "209715200");
}

TEST(who_is_frozen_already_while_the_growth_of_memory_is_undone)
{
	paused = true;
	grown(150 * MIB);
	fake->frozen = true;
	CHECK(undo() == 0);
	CHECK_STR(fake_get("memory.max"), "209715200");
	CHECK(fake->frozen && fake->freezes == 0);

	/* by the update, which was killed then */
	with_processes = true;
	grown(150 * MIB);
	fake->frozen = true;
	CHECK(undo() == 0);
	CHECK_STR(fake_get("memory.max"), "209715200");
	CHECK(!fake->frozen && fake->killed == 0);
}

TEST(memory_that_grew_comes_last)
{
	world();
	fake_put("memory.max", "209715200");
	CHECK(run("{\"memory\":{\"limit\":419430400},\"cpu\":{\"quota\":20000},\"pids\":{\"limit\":"
		  "5}}") == 0);
	CHECK_STR(fake->order, "pids.max cpu.max memory.max ");
}

TEST(a_kernel_that_reclaims_nothing_on_demand)
{
	world();
	*fake_find("memory.reclaim") = fake->files[--fake->count];
	CHECK(run("{\"memory\":{\"limit\":62914560}}") < 0 && err.code == ERROR_MEMORY);
	CHECK(undo() == 0);
	CHECK(run("{\"memory\":{\"limit\":125829120}}") == 0);
	CHECK_STR(fake_get("memory.max"), "125829120");
}

TEST(a_signal_ends_the_reclaim)
{
	sigset_t held;

	world();
	sigemptyset(&held);
	sigaddset(&held, SIGTERM);
	CHECK(sigprocmask(SIG_BLOCK, &held, NULL) == 0 && raise(SIGTERM) == 0);
	CHECK(run("{\"memory\":{\"limit\":62914560}}") < 0 && err.code == ERROR_BUSY);
	CHECK(undo() == 0);
	CHECK_STR(fake_get("memory.max"), "max");
}

TEST(swap_in_use_must_find_room)
{
	world();
	fake_put("memory.swap.current", "52428800"); /* 50 MiB */
	CHECK(run("{\"memory\":{\"limit\":125829120,\"swap\":146800640}}") <
	      0); /* 120 and 20 MiB */
	CHECK(err.code == ERROR_MEMORY);
	CHECK(strstr(err.text, "linux.resources.memory.swap: 50 MiB of swap used, 20 MiB wanted"));
	CHECK(undo() == 0);
	CHECK_STR(fake_get("memory.swap.max"), "max");
	CHECK(run("{\"memory\":{\"limit\":146800640,\"swap\":167772160}}") == 0); /* 140 and 20 */
	CHECK_STR(fake_get("memory.swap.max"), "20971520");
}

TEST(who_is_paused_already_is_neither_frozen_nor_thawed)
{
	struct cgroup_door door = fake_door;
	struct transaction transaction;

	world();
	fake->frozen = true;
	door.paused = true;
	door.freeze = await_frozen;
	door.note = note;
	door.list = list;
	CHECK(plan_over("{\"memory\":{\"limit\":62914560}}", "{}", &transaction) == 0);
	CHECK(transaction_run(&transaction, &door, false, arena(), &err) == 0);
	CHECK(fake->frozen && fake->freezes == 0);
	CHECK(undo() == 0);
	CHECK(fake->frozen);

	/* told to freeze, it may run all the same */
	world();
	CHECK(plan_over("{\"memory\":{\"limit\":62914560}}", "{}", &transaction) == 0);
	CHECK(transaction_run(&transaction, &door, false, arena(), &err) < 0);
	CHECK(err.code == ERROR_BUSY && fake->freezes == 0);
	CHECK_STR(fake_get("memory.max"), "max");
}

TEST(the_score_of_all_processes)
{
	world();
	with_processes = true;
	fake->score[1] = -5;
	CHECK(run("{}") == 0);
	CHECK(fake->score[0] == 500 && fake->score[1] == 500);
	CHECK(fake->freezes == 1 && !fake->frozen);
	CHECK(undo() == 0);
	CHECK(fake->score[0] == 0 && fake->score[1] == -5);
}

TEST(what_reads_back_otherwise_is_a_failure)
{
	world();
	fake_put("memory.high", "max");
	CHECK(run("{\"unified\":{\"memory.high\":\"12345\"}}") == 0);
	CHECK_STR(fake_get("memory.high"), "12288");
	fake->deaf = true;
	CHECK(run("{\"unified\":{\"memory.high\":\"8192\"}}") < 0);
	CHECK_STR(err.text, "linux.resources.unified[\"memory.high\"]: wrote \"8192\" to "
			    "memory.high, but it says \"12288\"");
}

/* ---- failures and deaths ---- */

static struct fake_cgroup before;

/* All files, and all scores, as they were. */
static bool all_old(void)
{
	for (size_t i = 0; i < fake->count; i++)
		if (strcmp(fake->files[i].text, before.files[i].text) != 0)
			return false;
	return fake->score[0] == before.score[0] && fake->score[1] == before.score[1] &&
	       !fake->frozen;
}

/* Each of these writes into several files, in both directions. */
static const char *const updates[] = {
	"{\"memory\":{\"limit\":62914560,\"swap\":73400320,\"reservation\":1048576},\"cpu\":{"
	"\"quota\":"
	"20000,\"burst\":10000,\"period\":50000,\"cpus\":\"0-1\",\"mems\":\"0\"},\"pids\":{"
	"\"limit\":9}}",
	"{\"memory\":{\"limit\":-1},\"cpu\":{\"quota\":-1,\"burst\":60000,\"shares\":2},"
	"\"unified\":{"
	"\"memory.high\":\"1048576\",\"memory.oom.group\":\"0\"}}",
	"{\"cpu\":{\"idle\":1,\"quota\":90000},\"blockIO\":{\"weight\":1000},"
	"\"unified\":{\"memory.oom.group\":\"1\"}}",
};

static void prepare(const char *update, bool second)
{
	world();
	fake->score[1] = -5;
	fake_put("cpu.weight", "300");
	if (second) {
		fake_put("memory.max", "209715200");
		fake_put("memory.oom.group", "1");
		fake_put("cpu.max.burst", "40000");
		fake_put("cpuset.cpus", "1-3");
	}
	(void)update;
	with_processes = true;
	before = *fake;
}

/* Every step fails once. 0 once there are no more steps to fail. */
static bool fails_at(const char *update, bool second, unsigned int step, int errnum)
{
	prepare(update, second);
	fake->fail_at = step;
	fake->fail_with = errnum;
	if (run(update) == 0)
		return false;
	/* what is tried again for an undo may not fail for the same reason */
	if (undo() < 0 || !all_old())
		harness_fail(__FILE__, __LINE__, "%s: step %u: %s", update, step, err.text);
	CHECK(fake->killed == 0);
	return true;
}

TEST(any_step_may_fail)
{
	static const int errnums[] = { EINVAL, EBUSY, ENODEV, EROFS, EIO };

	for (size_t i = 0; i < 2 * array_length(updates); i++)
		for (size_t e = 0; e < array_length(errnums); e++) {
			unsigned int step = 1;

			while (fails_at(updates[i / 2], i % 2, step, errnums[e]))
				step++;
			CHECK(step > 8);
			CHECK(!all_old());
		}
}

/* In a child, which ends there. Returns whether it did. */
static bool dies_at(const char *update, bool second, unsigned int step)
{
	int status;
	pid_t pid;

	prepare(update, second);
	fake->die_at = step;
	pid = fork();
	if (pid == 0)
		_exit(run(update) == 0 ? 1 : 2);
	CHECK(waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) < 2);
	return WEXITSTATUS(status) == 0;
}

static void check_undone(const char *update, unsigned int step)
{
	fake->die_at = 0;
	if (undo() < 0 || !all_old())
		harness_fail(__FILE__, __LINE__, "%s: died at %u: %s", update, step, err.text);
}

TEST(death_at_any_step_is_undone)
{
	for (size_t i = 0; i < 2 * array_length(updates); i++) {
		unsigned int step = 1;

		for (; dies_at(updates[i / 2], i % 2, step); step++)
			check_undone(updates[i / 2], step);
		CHECK(step > 8);
		/* and so is an update that was complete but for the end of the journal */
		CHECK(!all_old());
		check_undone(updates[i / 2], step);
	}
}

TEST(death_while_undoing_is_undone)
{
	for (size_t i = 0; i < array_length(updates); i++) {
		for (unsigned int step = 1; step < 20; step++) {
			int status;
			pid_t pid;

			CHECK(!dies_at(updates[i], false, 1000));
			fake->steps = 0;
			fake->die_at = step;
			pid = fork();
			if (pid == 0)
				_exit(undo() == 0 ? 0 : 2);
			CHECK(waitpid(pid, &status, 0) == pid && WEXITSTATUS(status) == 0);
			check_undone(updates[i], step);
		}
	}
}

TEST(death_while_the_growth_of_memory_is_undone)
{
	unsigned int step = 0;
	int status;
	pid_t pid;

	do {
		prepare(updates[1], true);
		CHECK(run(updates[1]) == 0);
		fake->used = 300 * MIB;
		fake->reclaimable = 150 * MIB;
		fake->steps = 0;
		fake->die_at = ++step;
		pid = fork();
		if (pid == 0)
			_exit(undo() == 0 ? 1 : 2);
		CHECK(waitpid(pid, &status, 0) == pid && WEXITSTATUS(status) < 2);
		check_undone(updates[1], step);
		CHECK(fake->killed == 0);
	} while (WEXITSTATUS(status) == 0);
	CHECK(step > 8);
}

TEST(what_cannot_be_put_back_keeps_nothing_else_from_it)
{
	prepare(updates[0], false);
	CHECK(run(updates[0]) == 0);
	fake->steps = 0;
	fake->fail_at = 3;
	fake->fail_with = EIO;
	CHECK(undo() < 0);
	CHECK(strstr(err.text, "back to"));
	CHECK(!fake->frozen && !all_old());
	fake->fail_at = 0;
	CHECK(undo() == 0);
	CHECK(all_old());
}

TEST(a_file_that_is_gone_needs_no_undoing)
{
	prepare(updates[0], false);
	CHECK(run(updates[0]) == 0);
	*fake_find("pids.max") = fake->files[--fake->count];
	CHECK(undo() == 0);
	CHECK_STR(fake_get("memory.max"), "max");
}

/* ---- the journal ---- */

TEST(a_journal_comes_back_as_it_was)
{
	struct cgroup_change changes[] = {
		{ .file = (char *)"a", .old = (char *)"\n", .value = (char *)"x \"y\"" },
		{ .file = (char *)"b", .property = (char *)"p" },
		{ .file = (char *)"c", .pid = 5, .pid_start = UINT64_MAX },
	};
	const struct journal journal = { .transaction = { { changes, 3 }, true },
					 .devices = true,
					 .told = true,
					 .updates = (char *)"{\"x\":1}" };
	_cleanup_buffer_ struct buffer text = BUFFER_INIT;
	struct journal *back;

	CHECK(journal_encode(&journal, &text, &err) == 0);
	CHECK(journal_decode(text.bytes, text.length, arena(), &back, &err) == 0);
	CHECK(back->version == 1 && back->devices && back->told && back->transaction.frozen);
	CHECK_STR(back->updates, "{\"x\":1}");
	CHECK_INT(back->transaction.changes.count, 3);
	for (size_t i = 0; i < 3; i++) {
		CHECK_STR(back->transaction.changes.items[i].file, changes[i].file);
		CHECK_STR(back->transaction.changes.items[i].old, changes[i].old);
		CHECK_STR(back->transaction.changes.items[i].value, changes[i].value);
		CHECK_STR(back->transaction.changes.items[i].property, changes[i].property);
		CHECK_INT(back->transaction.changes.items[i].pid, changes[i].pid);
		CHECK(back->transaction.changes.items[i].pid_start == changes[i].pid_start);
	}
}

TEST(what_is_no_journal_is_refused)
{
	static const char *const wrong[] = { "", "{", "[]", "{\"version\":2}",
					     "{\"changes\":[{\"old\":\"1\"}]}" };
	struct journal *back;

	for (size_t i = 0; i < array_length(wrong); i++)
		CHECK(journal_decode(wrong[i], strlen(wrong[i]), arena(), &back, &err) < 0);
}
