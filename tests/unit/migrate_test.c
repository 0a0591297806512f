/* checkpoint/rounds.c, hello.c, cpu.c: how often memory is sent before the container stops, and whether the other host can take it. */
#include "tests/unit/support.h"

#include "base/cleanup.h"
#include "checkpoint/cpu.h"
#include "checkpoint/hello.h"
#include "checkpoint/rounds.h"

static struct arena arena = ARENA_INIT;

/* ---- rounds ---- */

static bool go_on(const uint64_t *memory, size_t count, unsigned int max, uint64_t goal)
{
	const struct rounds_limits limits = { max, goal };
	struct round rounds[ROUNDS_MAX] = { 0 };

	for (size_t i = 0; i < count; i++)
		rounds[i].memory = memory[i];
	return rounds_go_on(rounds, count, &limits);
}

TEST(rounds_go_on_while_they_shrink)
{
	const uint64_t shrinking[] = { 1000, 500, 400, 300 };

	CHECK(go_on(shrinking, 0, 10, 10));
	for (size_t count = 1; count <= 4; count++)
		CHECK(go_on(shrinking, count, 10, 10));
}

TEST(rounds_end_at_the_goal_at_the_most_and_where_they_are_of_no_use)
{
	const uint64_t memory[] = { 1000, 500, 10, 5 }, steady[] = { 1000, 500, 460, 470 };
	uint64_t many[ROUNDS_MAX];

	for (size_t i = 0; i < ROUNDS_MAX; i++)
		many[i] = i ? many[i - 1] / 5 * 4 : UINT64_MAX;

	CHECK(!go_on(memory, 3, 10, 10));
	CHECK(go_on(memory, 3, 10, 9));
	CHECK(!go_on(memory, 2, 2, 0));
	CHECK(!go_on(memory, 0, 0, 0));
	CHECK(go_on(steady, 2, 10, 10));
	CHECK(!go_on(steady, 3, 10, 10)); /* less by less than a tenth */
	CHECK(!go_on(steady, 4, 10, 10));
	CHECK(go_on(many, ROUNDS_MAX - 1, 1000, 0));
	CHECK(!go_on(many, ROUNDS_MAX, 1000, 0));
}

/* ---- the greeting ---- */

static struct hello host(void)
{
	static char *features[] = { (char *)"avx", (char *)"sse4_2" };

	return (struct hello){
		.version = HELLO_VERSION,
		.proa = (char *)"1",
		.id = (char *)"web",
		.bundle = (char *)"/srv/web",
		.manager = (char *)"cgroupfs",
		.architecture = (char *)"x86_64",
		.kernel = (char *)"6.12.3-amd64",
		.criu = 40101,
		.cpu = { features, 2 },
		.file_locks = true,
		.manage_cgroups_mode = MANAGE_CGROUPS_FULL,
	};
}

static void decodes(const struct hello *hello, struct hello *ret_decoded)
{
	_cleanup_buffer_ struct buffer text = BUFFER_INIT;

	SUCCEEDS(arena_init(&arena, 1 << 20, &err));
	SUCCEEDS(hello_encode(hello, &text, &err));
	SUCCEEDS(hello_decode(text.bytes, text.length, &arena, ret_decoded, &err));
}

TEST(a_greeting_comes_over_whole)
{
	const struct hello hello = host();
	struct hello decoded;
	struct criu_options criu;

	decodes(&hello, &decoded);
	CHECK_STR(decoded.id, "web");
	CHECK_STR(decoded.bundle, "/srv/web");
	CHECK_STR(decoded.cpu.items[1], "sse4_2");
	criu = hello_options(&decoded);
	CHECK(criu.file_locks && !criu.tcp_established);
	CHECK_INT(criu.manage_cgroups_mode, MANAGE_CGROUPS_FULL);
	SUCCEEDS(hello_check(&decoded, &hello, &err));
}

TEST(a_greeting_of_another_version_or_of_nobody_is_refused)
{
	static const struct {
		const char *text;
		enum error_code code;
	} rows[] = {
		{ "", ERROR_INVALID },
		{ "{}", ERROR_INVALID },
		{ "{\"version\": 1}", ERROR_INVALID },
		{ "{\"version\": 1, \"proa\": \"1\", \"id\": \"web\", \"bundle\": \"srv\", "
		  "\"cgroupManager\": \"x\", \"architecture\": \"x86_64\", \"kernel\": \"6\"}",
		  ERROR_INVALID },
		{ "{\"version\": 2, \"proa\": \"1\", \"id\": \"web\", \"bundle\": \"/srv\", "
		  "\"cgroupManager\": \"x\", \"architecture\": \"x86_64\", \"kernel\": \"6\"}",
		  ERROR_UNSUPPORTED },
	};
	struct hello hello;

	SUCCEEDS(arena_init(&arena, 1 << 20, &err));
	for (size_t i = 0; i < array_length(rows); i++)
		FAILS(hello_decode(rows[i].text, strlen(rows[i].text), &arena, &hello, &err),
		      rows[i].code);
	CHECK_HAS(err.text, "install the same proa on both hosts");
}

static void refused(const struct hello *here, const char *words)
{
	const struct hello source = host();

	FAILS(hello_check(&source, here, &err), ERROR_UNSUPPORTED);
	CHECK_HAS(err.text, words);
}

TEST(a_host_that_lacks_something_is_told_what)
{
	struct hello here = host();

	here.architecture = (char *)"aarch64";
	refused(&here, "the source is of another architecture, x86_64, and this is aarch64");
	here = host();
	here.kernel = (char *)"6.9.30";
	refused(&here, "the kernel here is 6.9.30, that of the source 6.12.3-amd64 is newer");
	here = host();
	here.criu = 31900;
	refused(&here, "CRIU here is 3.19, that of the source 4.1 is newer");
	here = host();
	here.cpu.count = 1;
	refused(&here, "the CPU here lacks sse4_2");
}

TEST(a_host_that_has_more_will_do)
{
	const struct hello source = host();
	struct hello here = host();
	char *features[] = { (char *)"sse4_2", (char *)"avx512f", (char *)"avx" };

	here.kernel = (char *)"7.0";
	here.criu = 40200;
	here.cpu = (struct strings){ features, 3 };
	SUCCEEDS(hello_check(&source, &here, &err));
	here.kernel = (char *)"6.12.1";
	here.criu = 40100;
	SUCCEEDS(hello_check(&source, &here, &err));
}

TEST(of_a_cpu_the_instructions_count)
{
	struct strings features;

	SUCCEEDS(arena_init(&arena, 1 << 20, &err));
	cpu_features_text("processor\t: 0\nflags\t\t: fpu sse4_2 ibrs avx512f pti\nbugs\t: x\n"
			  "processor\t: 1\nflags\t\t: fma\n",
			  &arena, &features);
	CHECK_INT(features.count, 2);
	CHECK(text_in(&features, "sse4_2") && text_in(&features, "avx512f"));
	cpu_features_text("processor\t: 0\nFeatures\t: fp asimd\nCPU part\t: 1\n", &arena,
			  &features);
	CHECK_INT(features.count, 2);
	cpu_features_text("", &arena, &features);
	CHECK_INT(features.count, 0);
	SUCCEEDS(cpu_features(&arena, &features, &err));
}
