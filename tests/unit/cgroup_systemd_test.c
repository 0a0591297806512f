/* libcontainer/cgroup/systemd_*.c: what is decided of a unit. */
#include "tests/unit/harness.h"

#include "base/cleanup.h"
#include "libcontainer/cgroup/internal.h"
#include "libcontainer/cgroup/systemd.h"
#include "libcontainer/cgroup/systemd_message.h"

static struct arena arena;
static struct error err;

static struct arena *the_arena(void)
{
	if (!arena.base)
		CHECK(arena_init(&arena, 1 << 28, &err) == 0);
	return &arena;
}

/* "NAME SIGNATURE VALUE VALUE…", with "; " between properties */
static const char *show(const struct unit_properties *properties)
{
	const char *text = "";

	for (size_t i = 0; i < properties->count; i++) {
		const struct unit_property *property = &properties->items[i];

		text = arena_printf(the_arena(), "%s%s%s %s", text, i ? "; " : "", property->name,
				    property->signature);
		for (size_t j = 0; j < property->values.count; j++)
			text = arena_printf(the_arena(), "%s %s", text, property->values.items[j]);
	}
	return text;
}

static bool has(const struct unit_properties *properties, const char *shown)
{
	for (size_t i = 0; i < properties->count; i++)
		if (strcmp(show(&(struct unit_properties){ &properties->items[i], 1, 1 }), shown) ==
		    0)
			return true;
	return false;
}

/* ---- slices ---- */

TEST(a_slice_lies_in_those_that_its_name_begins_with)
{
	CHECK_STR(slice_path("system.slice", the_arena()), "/system.slice");
	CHECK_STR(slice_path("a-b.slice", the_arena()), "/a.slice/a-b.slice");
	CHECK_STR(slice_path("kubepods-besteffort-podc_1.slice", the_arena()),
		  "/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-podc_1.slice");
	CHECK_STR(slice_path("-.slice", the_arena()), "");
}

TEST(what_is_no_slice)
{
	static const char *const names[] = { "",	  "system",    ".slice",
					     "-a.slice",  "a-.slice",  "a--b.slice",
					     "a/b.slice", "--.slice",  "a.service",
					     "a b.slice", "a.slice.x", "\xc3\xa4.slice",
					     "../a.slice" };

	for (size_t i = 0; i < array_length(names); i++)
		CHECK(slice_path(names[i], the_arena()) == NULL);
}

/* ---- the unit ---- */

static struct systemd_facts facts = { .version = 257, .root = "" };
static const char *id = "web";

/* @rest follows "ociVersion" and "root" in the config. NULL: refused. */
static struct cgroup_plan *plan_of(const char *rest)
{
	struct cgroup_request request = { .manager = CGROUP_SYSTEMD, .systemd = &facts, .id = id };
	struct config *config;
	struct cgroup_plan *plan;
	char json[4096];
	int length = snprintf(json, sizeof(json),
			      "{\"ociVersion\": \"1.2.0\", \"root\": {\"path\": \"r\"}, %s}", rest);

	if (config_parse(json, (size_t)length, "config.json", DOCUMENT_CONFIG, the_arena(), &config,
			 &err) < 0)
		harness_fail(__FILE__, __LINE__, "%s", err.text);
	return cgroup_plan(config, &request, the_arena(), &plan, &err) < 0 ? NULL : plan;
}

static struct cgroup_plan *at(const char *cgroups_path)
{
	char rest[1024];

	snprintf(rest, sizeof(rest), "\"linux\": {\"cgroupsPath\": \"%s\"}", cgroups_path);
	return plan_of(rest);
}

TEST(where_nothing_is_said)
{
	struct cgroup_plan *plan = plan_of("\"linux\": {}");

	CHECK_STR(plan->unit->name, "proa-web.scope");
	CHECK_STR(plan->path, "/system.slice/proa-web.scope");
	CHECK(has(&plan->unit->at_start, "Slice s system.slice"));
	facts.user = true;
	facts.root = "/user.slice/user-2000.slice/user@2000.service";
	plan = plan_of("\"linux\": {}");
	CHECK_STR(plan->path,
		  "/user.slice/user-2000.slice/user@2000.service/user.slice/proa-web.scope");
	CHECK(has(&plan->unit->at_start, "Slice s user.slice"));
}

TEST(slice_prefix_and_name)
{
	struct cgroup_plan *plan = at("machine-x.slice:libpod:0123");

	CHECK_STR(plan->unit->name, "libpod-0123.scope");
	CHECK_STR(plan->path, "/machine.slice/machine-x.slice/libpod-0123.scope");
	CHECK(has(&plan->unit->at_start, "Slice s machine-x.slice"));
	CHECK(plan->asked);
	CHECK_STR(at(":p:n")->path, "/system.slice/p-n.scope");
	CHECK_STR(at("a.slice::n")->path, "/a.slice/n.scope");
	CHECK_STR(at("a.slice:p:")->path, "/a.slice/p-web.scope");
	CHECK_STR(at("-.slice:p:n")->path, "/p-n.scope");
	CHECK_STR(unit_of_path(at("a.slice:p:n")->path), "p-n.scope");
}

TEST(a_directory_is_not_named_like_a_file_of_cgroupfs)
{
	CHECK_STR(at("memory.slice::cpu.x")->path, "/_memory.slice/_cpu.x.scope");
	CHECK_STR(at("memory.slice::cpu.x")->unit->name, "cpu.x.scope");
	CHECK_STR(unit_of_path("/_memory.slice/_cpu.x.scope"), "cpu.x.scope");
	CHECK_STR(at("a.slice::_x")->path, "/a.slice/__x.scope");
	CHECK_STR(unit_of_path("/a.slice/__x.scope"), "_x.scope");
	CHECK_STR(at("a.slice::memory")->path, "/a.slice/_memory.scope");
	CHECK_STR(at("a.slice::memories")->path, "/a.slice/memories.scope");
}

TEST(what_a_name_may_not_have_is_escaped)
{
	CHECK_STR(at("a.slice:p:x+y@z")->unit->name, "p-x\\x2by\\x40z.scope");
	id = "a+b";
	CHECK_STR(plan_of("\"linux\": {}")->unit->name, "proa-a\\x2bb.scope");
}

TEST(paths_that_are_refused)
{
	static const char *const paths[] = { "/a/b",
					     "a",
					     "a.slice:b",
					     "a:b:c",
					     "a.slice:b:c:d",
					     "a.slice:b/c:d",
					     "a.slice:b:c.slice",
					     "a--b.slice:c:d",
					     "a.slice:b:c\\u0001" };
	char *long_id = arena_alloc(the_arena(), 251);

	for (size_t i = 0; i < array_length(paths); i++) {
		CHECK(at(paths[i]) == NULL);
		CHECK_INT(err.code, ERROR_INVALID);
		CHECK_STR(err.object, "linux.cgroupsPath");
	}
	at("/a/b");
	CHECK_HAS(err.text, "slice:prefix:name");
	CHECK_HAS(err.text, "--cgroup-manager cgroupfs");
	memset(long_id, 'x', 250);
	id = long_id;
	CHECK(plan_of("\"linux\": {}") == NULL);
	CHECK_HAS(err.text, "255");
	long_id[244] = '\0'; /* and "proa-", ".scope" */
	CHECK(plan_of("\"linux\": {}") != NULL);
}

TEST(what_every_unit_has)
{
	static const char *const all[] = {
		"Description s container web (proa)",
		"CollectMode s inactive-or-failed",
		"DefaultDependencies b 0",
		"Delegate b 1",
		"MemoryAccounting b 1",
		"CPUAccounting b 1",
		"IOAccounting b 1",
		"TasksAccounting b 1",
	};
	struct unit_plan *unit = plan_of("\"linux\": {}")->unit;

	for (size_t i = 0; i < array_length(all); i++)
		CHECK(has(&unit->at_start, all[i]));
	CHECK_INT(unit->limits.count, 0);
}

/* No limit is among the properties at the start: it would hit the bridge. */
TEST(limits_wait)
{
	struct unit_plan *unit = plan_of("\"linux\": {\"resources\": {\"pids\": {\"limit\": 1},"
					 "\"memory\": {\"limit\": 5}}}, \"annotations\": {"
					 "\"org.systemd.property.TasksMax\": \"uint64 7\","
					 "\"org.systemd.property.MemoryHigh\": \"uint64 8\","
					 "\"org.systemd.property.MemoryAccounting\": \"false\","
					 "\"org.systemd.property.TimeoutStopSec\": \"1.5\"}")
				     ->unit;

	CHECK_STR(show(&unit->limits), "TasksMax t 7; MemoryHigh t 8");
	CHECK(!strstr(show(&unit->at_start), "TasksMax"));
	CHECK(!strstr(show(&unit->at_start), "MemoryMax"));
	CHECK(has(&unit->at_start, "MemoryAccounting b 0"));
	CHECK(has(&unit->at_start, "TimeoutStopUSec t 1500000"));
}

TEST(killing_all_or_one_is_said_at_the_start)
{
	static const char group[] =
	    "\"linux\": {\"resources\": {\"unified\": {\"memory.oom.group\": \"1\"}}}";

	CHECK(has(&plan_of(group)->unit->at_start, "OOMPolicy s kill"));
	facts.version = 252;
	CHECK(!strstr(show(&plan_of(group)->unit->at_start), "OOMPolicy"));
}

TEST(devices_are_for_the_systemd_of_the_machine)
{
	CHECK(plan_of("\"linux\": {}")->unit->devices.count > 0);
	facts.user = true;
	CHECK_INT(plan_of("\"linux\": {}")->unit->devices.count, 0);
}

/* ---- devices ---- */

static const char *devices(const char *rules)
{
	char rest[1024];

	snprintf(rest, sizeof(rest), "\"linux\": {\"resources\": {\"devices\": [%s]}}", rules);
	return show(&plan_of(rest)->unit->devices);
}

TEST(device_rules_become_a_list)
{
	const char *shown =
	    devices("{\"allow\": false, \"access\": \"rwm\"},"
		    "{\"allow\": true, \"type\": \"b\", \"major\": 8, \"minor\": 1,"
		    "\"access\": \"r\"},"
		    "{\"allow\": true, \"type\": \"c\", \"major\": 9, \"access\": \"rw\"}");

	CHECK(text_starts(shown,
			  "DevicePolicy s strict; DeviceAllow a(ss) 0; DeviceAllow a(ss) 13 "
			  "/dev/block/8:1 r char-9 rw char-* m block-* m /dev/char/1:3 rw "));
	CHECK_HAS(shown, " char-136 rw");
}

TEST(what_was_allowed_before_everything_is_refused_is_not_listed)
{
	CHECK(!strstr(devices("{\"allow\": true, \"type\": \"c\", \"major\": 9, \"minor\": 9,"
			      "\"access\": \"rw\"}, {\"allow\": false, \"access\": \"rwm\"}"),
		      "9:9"));
	/* a smaller refusal can't be said: the list may be too long, never too short */
	CHECK_HAS(devices("{\"allow\": true, \"type\": \"c\", \"major\": 9, \"minor\": 9,"
			  "\"access\": \"rw\"}, {\"allow\": false, \"type\": \"c\", \"major\": 9,"
			  "\"access\": \"rwm\"}"),
		  "/dev/char/9:9 rw");
}

TEST(all_devices_allowed_is_no_list)
{
	CHECK_STR(devices("{\"allow\": true, \"access\": \"rwm\"}"),
		  "DevicePolicy s auto; DeviceAllow a(ss) 0");
	CHECK(text_starts(devices("{\"allow\": true, \"access\": \"rwm\"},"
				  "{\"allow\": false, \"access\": \"rwm\"}"),
			  "DevicePolicy s strict"));
	/* of everything, but not in every way */
	CHECK_HAS(devices("{\"allow\": true, \"access\": \"r\"}"), " block-* r char-* r ");
}

/* ---- files ---- */

static unsigned int version = 257;

static const char *file(const char *name, const char *text)
{
	struct unit_properties properties = { NULL, 0, 0 };

	unit_properties_of_file(name, text, version, the_arena(), &properties);
	return show(&properties);
}

#define INFINITY_TEXT "18446744073709551615"

TEST(amounts)
{
	CHECK_STR(file("memory.max", "1048576"), "MemoryMax t 1048576");
	CHECK_STR(file("memory.max", "max"), "MemoryMax t " INFINITY_TEXT);
	CHECK_STR(file("memory.high", "5"), "MemoryHigh t 5");
	CHECK_STR(file("memory.low", "0"), "MemoryLow t 0");
	CHECK_STR(file("memory.min", "5"), "MemoryMin t 5");
	CHECK_STR(file("memory.swap.max", "0"), "MemorySwapMax t 0");
	CHECK_STR(file("memory.zswap.max", "7"), "MemoryZSwapMax t 7");
	CHECK_STR(file("pids.max", "9"), "TasksMax t 9");
	CHECK_STR(file("pids.max", "0"), "TasksMax t 1");
	CHECK_STR(file("pids.max", "max"), "TasksMax t " INFINITY_TEXT);
}

TEST(cpu_time)
{
	CHECK_STR(file("cpu.max", "20000 100000"),
		  "CPUQuotaPerSecUSec t 200000; CPUQuotaPeriodUSec t 100000");
	CHECK_STR(file("cpu.max", "max 50000"),
		  "CPUQuotaPerSecUSec t " INFINITY_TEXT "; CPUQuotaPeriodUSec t 50000");
	/* a third of a CPU is 333,333 µs: systemd takes hundredths, and never less */
	CHECK_STR(file("cpu.max", "10000 30000"),
		  "CPUQuotaPerSecUSec t 340000; CPUQuotaPeriodUSec t 30000");
	CHECK_STR(file("cpu.weight", "250"), "CPUWeight t 250");
	CHECK_STR(file("cpu.idle", "1"), "CPUWeight t 0");
	CHECK_STR(file("cpu.idle", "0"), "CPUWeight t 100");
}

TEST(a_weight_outlives_the_end_of_idleness)
{
	struct unit_properties properties = { NULL, 0, 0 };

	unit_properties_of_file("cpu.weight", "250", version, the_arena(), &properties);
	unit_properties_of_file("cpu.idle", "0", version, the_arena(), &properties);
	CHECK_STR(show(&properties), "CPUWeight t 250");
}

TEST(sets_are_bits)
{
	CHECK_STR(file("cpuset.cpus", "0-1"), "AllowedCPUs ay 1 3");
	CHECK_STR(file("cpuset.cpus", "0,2-3,9"), "AllowedCPUs ay 2 13 2");
	CHECK_STR(file("cpuset.cpus", ""), "AllowedCPUs ay 0");
	CHECK_STR(file("cpuset.mems", "16"), "AllowedMemoryNodes ay 3 0 0 1");
}

TEST(weights_of_io)
{
	CHECK_STR(file("io.weight", "default 500\n8:0 20"), "IOWeight t 500");
	CHECK_STR(file("io.bfq.weight", "default 50"), "IOWeight t 50");
	CHECK_STR(file("io.bfq.weight", "default 100"), "IOWeight t 100");
	CHECK_STR(file("io.bfq.weight", "1000"), "IOWeight t 10000");
}

TEST(an_older_systemd_is_not_told_what_it_doesn_t_know)
{
	version = 243;
	CHECK_STR(file("cpuset.cpus", "0"), "");
	CHECK_STR(file("cpu.idle", "1"), "");
	CHECK_STR(file("memory.zswap.max", "1"), "");
	CHECK_STR(file("memory.zswap.writeback", "1"), "");
	version = 241;
	CHECK_STR(file("cpu.max", "20000 100000"), "CPUQuotaPerSecUSec t 200000");
}

/* Whatever it is told, it writes them all: so they are among those that are put back. */
TEST(files_that_it_writes_without_being_told)
{
	static const char *const files[] = { "memory.oom.group", "memory.zswap.writeback",
					     "pids.max", "cpu.max" };

	for (size_t i = 0; i < array_length(files); i++) {
		size_t at = 0;

		while (unit_file(at) && strcmp(unit_file(at), files[i]) != 0)
			at++;
		if (!unit_file(at))
			harness_fail(__FILE__, __LINE__, "%s", files[i]);
	}
	CHECK_STR(file("memory.oom.group", "1"), "");
	CHECK_STR(file("memory.zswap.writeback", "0"), "MemoryZSwapWriteback b 0");
	CHECK_STR(file("memory.zswap.writeback", "1"), "MemoryZSwapWriteback b 1");
}

/* A new knob must not be forgotten here. */
TEST(of_every_knob_it_is_known_whether_systemd_has_a_property)
{
	static const char everything[] =
	    "{\"pids\": {\"limit\": 5}, \"memory\": {\"limit\": 5, \"reservation\": 4, \"swap\": "
	    "9},"
	    "\"cpu\": {\"shares\": 7, \"quota\": 5000, \"period\": 5000, \"burst\": 1, \"idle\": 0,"
	    "\"cpus\": \"0\", \"mems\": \"0\"}, \"blockIO\": {\"weight\": 20, \"weightDevice\":"
	    "[{\"major\": 8, \"minor\": 0, \"weight\": 20}], \"throttleReadBpsDevice\":"
	    "[{\"major\": 8, \"minor\": 0, \"rate\": 20}]}, \"hugepageLimits\":"
	    "[{\"pageSize\": \"2MB\", \"limit\": 0}], \"rdma\": {\"x\": {\"hcaObjects\": 1}}}";
	struct cgroup_writes writes;
	struct config *config;

	CHECK(config_parse(everything, strlen(everything), "r", DOCUMENT_RESOURCES, the_arena(),
			   &config, &err) == 0);
	CHECK(cgroup_plan_writes(config->linux_->resources, the_arena(), &writes, &err) == 0);
	CHECK(writes.count > 15);
	for (size_t i = 0; i < writes.count; i++)
		if (!unit_knows_file(writes.items[i].file))
			harness_fail(__FILE__, __LINE__, "%s", writes.items[i].file);
	CHECK(unit_has_property("memory.max"));
	CHECK(!unit_has_property("io.max"));
	CHECK(!unit_has_property("memory.reclaim"));
	CHECK(!unit_knows_file("memory.reclaim"));
}

/* ---- annotations ---- */

static const char *annotation(const char *name, const char *text)
{
	struct unit_properties properties = { NULL, 0, 0 };

	return unit_annotation(name, text, the_arena(), &properties, &err) < 0 ? NULL
									       : show(&properties);
}

TEST(values_with_the_type_that_they_have_by_themselves)
{
	CHECK_STR(annotation("Foo", "'a b'"), "Foo s a b");
	CHECK_STR(annotation("Foo", "\"it's\""), "Foo s it's");
	CHECK_STR(annotation("Foo", "'a\\'b\\\\'"), "Foo s a'b\\");
	CHECK_STR(annotation("Foo", "true"), "Foo b 1");
	CHECK_STR(annotation("Foo", " false "), "Foo b 0");
	CHECK_STR(annotation("Foo", "-5"), "Foo i -5");
	CHECK_STR(annotation("Foo", "0x10"), "Foo i 16");
	CHECK_STR(annotation("Foo", "1.5"), "Foo d 1.5");
	CHECK_STR(annotation("Foo", "['a', 'b']"), "Foo as 2 a b");
	CHECK_STR(annotation("Foo", "[('/dev/x', 'rw')]"), "Foo a(ss) 1 /dev/x rw");
	CHECK_STR(annotation("Foo", "('a', 1, true)"), "Foo (sib) a 1 1");
	CHECK_STR(annotation("Foo", "[[1], [2, 3]]"), "Foo aai 2 1 1 2 2 3");
}

TEST(values_with_their_type_before_them)
{
	CHECK_STR(annotation("Foo", "uint64 5"), "Foo t 5");
	CHECK_STR(annotation("Foo", "uint64 " INFINITY_TEXT), "Foo t " INFINITY_TEXT);
	CHECK_STR(annotation("Foo", "@t 5"), "Foo t 5");
	CHECK_STR(annotation("Foo", "byte 255"), "Foo y 255");
	CHECK_STR(annotation("Foo", "int64 -9223372036854775808"), "Foo x -9223372036854775808");
	CHECK_STR(annotation("Foo", "@as []"), "Foo as 0");
	CHECK_STR(annotation("Foo", "@at [1, 2]"), "Foo at 2 1 2");
	CHECK_STR(annotation("Foo", "[uint64 1, 2]"), "Foo at 2 1 2");
	CHECK_STR(annotation("Foo", "@a(st) [('x', 1)]"), "Foo a(st) 1 x 1");
	CHECK_STR(annotation("Foo", "objectpath '/a'"), "Foo o /a");
	CHECK_STR(annotation("Foo", "double 2"), "Foo d 2");
}

TEST(values_that_are_none)
{
	static const char *const texts[] = {
		"",
		"foo",
		"'a",
		"['a'",
		"['a' 'b']",
		"['a', 1]",
		"[]",
		"5 6",
		"byte 256",
		"uint32 -1",
		"4294967296",
		"5x",
		"1.2.3",
		"@q 65536",
		"@z 1",
		"@s 1",
		"('a'",
		"()",
		"{'a': 1}",
		"<1>",
		"uint64",
		"@(s) ('a', 'b')",
		"@(ss) ('a')",
		"uint64 'a'",
		"boolean 1",
		"[[[[[[[[[[[[1]]]]]]]]]]]]",
	};

	for (size_t i = 0; i < array_length(texts); i++) {
		if (annotation("Foo", texts[i]))
			harness_fail(__FILE__, __LINE__, "taken: %s", texts[i]);
		CHECK_INT(err.code, ERROR_INVALID);
		CHECK_STR(err.object, "annotations[\"org.systemd.property.Foo\"]");
	}
}

TEST(seconds_become_microseconds)
{
	CHECK_STR(annotation("TimeoutStopSec", "uint64 5"), "TimeoutStopUSec t 5000000");
	CHECK_STR(annotation("TimeoutStopSec", "0.25"), "TimeoutStopUSec t 250000");
	CHECK_STR(annotation("TimeoutStopUSec", "uint64 5"), "TimeoutStopUSec t 5");
	CHECK(annotation("TimeoutStopSec", "'5s'") == NULL);
	CHECK(annotation("TimeoutStopSec", "-1") == NULL);
}

TEST(names_that_are_none)
{
	static const char *const names[] = { "",     "ab",    "Foo1",	 "Foo-Bar",
					     "PIDs", "Slice", "Delegate" };

	for (size_t i = 0; i < array_length(names); i++)
		CHECK(annotation(names[i], "true") == NULL);
	CHECK(annotation("Abc", "true") != NULL);
}

/* ---- messages ---- */

TEST(words_of_a_message)
{
	_cleanup_buffer_ struct buffer message = BUFFER_INIT;
	struct words words;

	message_add(&message, "set");
	message_add(&message, "");
	message_add(&message, "a b\n");
	CHECK_INT(message.length, 10);
	CHECK(words_begin(message.bytes, message.length, &words));
	CHECK_STR(words_next(&words), "set");
	CHECK_STR(words_next(&words), "");
	CHECK_STR(words_next(&words), "a b\n");
	CHECK(words_next(&words) == NULL);
	CHECK(words_next(&words) == NULL);
}

TEST(what_is_no_message)
{
	static char large[SYSTEMD_MESSAGE_MAX + 1];
	struct words words;

	CHECK(!words_begin("", 0, &words));
	CHECK(!words_begin("abc", 3, &words));
	CHECK(!words_begin("a\0b", 3, &words));
	CHECK(!words_begin(large, sizeof(large), &words));
	CHECK(words_begin(large, sizeof(large) - 1, &words));
}

TEST(types)
{
	CHECK_INT(signature_type("s"), 1);
	CHECK_INT(signature_type("ss"), 1);
	CHECK_INT(signature_type("as"), 2);
	CHECK_INT(signature_type("a(ss)t"), 5);
	CHECK_INT(signature_type("(s(tt)ab)"), 9);
	CHECK_INT(signature_type(""), 0);
	CHECK_INT(signature_type("a"), 0);
	CHECK_INT(signature_type("v"), 0);
	CHECK_INT(signature_type("(s"), 0);
	CHECK_INT(signature_type("()"), 0);
	CHECK_INT(signature_type("a{sv}"), 0);
	CHECK_INT(signature_type("aaaaaaaaaaaaaas"), 0);
}
