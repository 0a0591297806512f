/* libcontainer/cgroup/device_program.c, by interpreting what it compiles. */
#include "tests/unit/harness.h"

#include "libcontainer/cgroup/cgroup.h"

#define R   BPF_DEVCG_ACC_READ
#define W   BPF_DEVCG_ACC_WRITE
#define M   BPF_DEVCG_ACC_MKNOD
#define ANY (-1)

static struct arena arena;

/* ---- an interpreter for the instructions that the compiler uses ---- */

static uint32_t load(const struct bpf_cgroup_dev_ctx *context, int16_t offset)
{
	uint32_t value;

	CHECK(offset >= 0 && (size_t)offset + sizeof(value) <= sizeof(*context));
	memcpy(&value, (const char *)context + offset, sizeof(value));
	return value;
}

/* The arithmetic of @code on @target and @value, as the kernel defines it. */
static uint64_t calculate(uint8_t code, uint64_t target, uint64_t value)
{
	bool wide = (code & 0x07) == BPF_ALU64;
	uint64_t mask = wide ? UINT64_MAX : UINT32_MAX, result = 0;

	target &= mask;
	value &= mask;
	switch (code & 0xf0) {
	case BPF_MOV:
		result = value;
		break;
	case BPF_AND:
		result = target & value;
		break;
	case BPF_OR:
		result = target | value;
		break;
	case BPF_XOR:
		result = target ^ value;
		break;
	case BPF_SUB:
		result = target - value;
		break;
	case BPF_MUL:
		result = target * value;
		break;
	case BPF_LSH:
		result = target << value;
		break;
	case BPF_RSH:
		result = target >> value;
		break;
	default:
		harness_fail(__FILE__, __LINE__, "unknown operation %#x", code);
	}
	return result & mask;
}

static uint64_t interpret(const struct device_program *program,
			  const struct bpf_cgroup_dev_ctx *context)
{
	uint64_t reg[11] = { 0 };

	for (size_t pc = 0; pc < program->count; pc++) {
		const struct bpf_insn *insn = &program->insns[pc];
		uint64_t *target = &reg[insn->dst_reg];
		uint64_t value = insn->code & BPF_X ? reg[insn->src_reg] : (uint64_t)insn->imm;

		switch (insn->code & 0x07) {
		case BPF_LDX:
			CHECK_INT(insn->code, BPF_LDX | BPF_MEM | BPF_W);
			CHECK_INT(insn->src_reg, BPF_REG_1);
			*target = load(context, insn->off);
			break;
		case BPF_ALU:
		case BPF_ALU64:
			*target = calculate(insn->code, *target, value);
			break;
		case BPF_JMP:
			if (insn->code == (BPF_JMP | BPF_EXIT)) {
				CHECK(reg[0] <= 1);
				return reg[0];
			}
			if (insn->code == (BPF_JMP | BPF_JA) ||
			    (insn->code == (BPF_JMP | BPF_JEQ | BPF_K) && *target == value))
				pc += (size_t)insn->off;
			else
				CHECK_INT(insn->code, BPF_JMP | BPF_JEQ | BPF_K);
			break;
		default:
			harness_fail(__FILE__, __LINE__, "instruction %zu has code %#x", pc,
				     insn->code);
		}
	}
	harness_fail(__FILE__, __LINE__, "the program has no end");
}

static bool allows(const struct device_program *program, char type, uint32_t major, uint32_t minor,
		   uint32_t access)
{
	uint32_t kind = type == 'c' ? BPF_DEVCG_DEV_CHAR : BPF_DEVCG_DEV_BLOCK;
	struct bpf_cgroup_dev_ctx context = { access << 16 | kind, major, minor };

	return interpret(program, &context);
}

/* ---- rules ---- */

static struct config_device_rule rule(bool allow, const char *type, int64_t major, int64_t minor,
				      const char *access)
{
	return (struct config_device_rule){
		.allow = { allow, true },
		.type = (char *)type,
		.major = { major, major != ANY },
		.minor = { minor, minor != ANY },
		.access = (char *)access,
	};
}

static struct device_program compile(struct config_device_rule *rules, size_t count)
{
	struct config_resources resources = { .devices = { rules, count } };
	struct device_program program;
	struct error err = ERROR_INIT;

	if (!arena.base)
		CHECK(arena_init(&arena, 1 << 28, &err) == 0);
	if (device_program_compile(&resources, &arena, &program, &err) < 0)
		harness_fail(__FILE__, __LINE__, "%s", err.text);
	return program;
}

static const char *error_of(struct config_device_rule one)
{
	struct config_resources resources = { .devices = { &one, 1 } };
	struct device_program program;
	static struct error err;

	CHECK(arena_init(&arena, 1 << 20, &err) == 0);
	CHECK(device_program_compile(&resources, &arena, &program, &err) < 0);
	CHECK_INT(err.code, ERROR_INVALID);
	return err.text;
}

static const struct {
	char type;
	uint32_t major, minor;
} default_devices[] = {
	{ 'c', 1, 3 }, { 'c', 1, 5 }, { 'c', 1, 7 },   { 'c', 1, 8 },	 { 'c', 1, 9 },
	{ 'c', 5, 0 }, { 'c', 5, 2 }, { 'c', 136, 0 }, { 'c', 136, 77 }, { 'c', 10, 200 },
};

static void check_defaults(const struct device_program *program)
{
	for (size_t i = 0; i < sizeof(default_devices) / sizeof(default_devices[0]); i++)
		for (uint32_t access = 1; access <= 7; access++)
			CHECK(allows(program, default_devices[i].type, default_devices[i].major,
				     default_devices[i].minor, access));
	CHECK(allows(program, 'c', 200, 300, M));
	CHECK(allows(program, 'b', 8, 0, M));
}

TEST(without_rules_the_default_devices_are_open)
{
	struct device_program program = compile(NULL, 0);

	check_defaults(&program);
	CHECK(!allows(&program, 'c', 1, 1, R));	 /* /dev/mem */
	CHECK(!allows(&program, 'c', 1, 11, R)); /* /dev/kmsg */
	CHECK(!allows(&program, 'c', 5, 1, W));	 /* the host's console */
	CHECK(!allows(&program, 'b', 1, 3, R));	 /* a block device with the number of /dev/null */
	CHECK(!allows(&program, 'b', 8, 0, R));
	CHECK(!allows(&program, 'b', 8, 0, R | M));
	CHECK(!allows(&program, 'c', 10, 229, R | W));
}

TEST(nothing_takes_the_default_devices_away)
{
	struct config_device_rule rules[] = {
		rule(false, NULL, ANY, ANY, "rwm"),
		rule(false, "c", 1, ANY, "rwm"),
		rule(false, "c", 1, 3, "rwm"),
	};
	struct device_program program = compile(rules, 3);

	check_defaults(&program);
}

/* As Docker and Podman write it. */
TEST(what_is_allowed_after_denying_all)
{
	struct config_device_rule rules[] = {
		rule(false, NULL, ANY, ANY, "rwm"),
		rule(true, "c", 10, 229, "rw"),
		rule(true, "b", 8, 0, "r"),
		rule(true, "c", 226, ANY, "rwm"),
	};
	struct device_program program = compile(rules, 4);

	check_defaults(&program);
	CHECK(allows(&program, 'c', 10, 229, R | W));
	CHECK(allows(&program, 'c', 10, 229, R | W | M));
	CHECK(!allows(&program, 'c', 10, 228, R));
	CHECK(allows(&program, 'b', 8, 0, R));
	CHECK(!allows(&program, 'b', 8, 0, W));
	CHECK(!allows(&program, 'b', 8, 0, R | W));
	CHECK(!allows(&program, 'b', 8, 1, R));
	CHECK(allows(&program, 'c', 226, 128, R | W));
	CHECK(!allows(&program, 'b', 226, 128, R | W));
}

/* A privileged container. */
TEST(all_allowed)
{
	struct config_device_rule rules[] = { rule(false, NULL, ANY, ANY, "rwm"),
					      rule(true, "a", ANY, ANY, "rwm") };
	struct device_program program = compile(rules, 2);

	CHECK(allows(&program, 'b', 8, 0, R | W | M));
	CHECK(allows(&program, 'c', 1, 1, R | W | M));
	CHECK_INT(program.count, 18); /* nothing but the frame */
}

TEST(the_last_rule_that_matches_decides)
{
	/* spec: config-linux.md#allowed-device-list device-rules-order */
	struct config_device_rule rules[] = {
		rule(true, "a", ANY, ANY, "rwm"),
		rule(false, "c", 10, ANY, "rw"),
		rule(true, "c", 10, 229, "r"),
	};
	struct device_program program = compile(rules, 3);

	CHECK(allows(&program, 'b', 8, 0, R | W));
	CHECK(!allows(&program, 'c', 10, 1, R));
	CHECK(!allows(&program, 'c', 10, 1, R | W));
	CHECK(allows(&program, 'c', 10, 229, R));
	CHECK(!allows(&program, 'c', 10, 229, R | W));
	CHECK(allows(&program, 'c', 10, 1, M));
	CHECK(allows(&program, 'c', 10, 200, R | W)); /* a default */
}

TEST(each_access_is_decided_by_itself)
{
	struct config_device_rule rules[] = {
		rule(true, "c", 20, ANY, "r"),
		rule(true, "c", 20, 1, "w"),
	};
	struct device_program program = compile(rules, 2);

	CHECK(allows(&program, 'c', 20, 1, R | W));
	CHECK(!allows(&program, 'c', 20, 2, R | W));
}

TEST(a_rule_for_all_types_with_a_number_is_for_that_number)
{
	struct config_device_rule rules[] = { rule(true, "a", 7, 3, "r") };
	struct device_program program = compile(rules, 1);

	CHECK(allows(&program, 'b', 7, 3, R));
	CHECK(allows(&program, 'c', 7, 3, R));
	CHECK(!allows(&program, 'b', 7, 4, R));
	CHECK(!allows(&program, 'b', 7, 3, W));
}

TEST(minus_one_means_all)
{
	struct config_device_rule rules[] = { rule(true, "b", ANY, ANY, "r") };
	struct device_program program;

	rules[0].major.set = rules[0].minor.set = true;
	program = compile(rules, 1);
	CHECK(allows(&program, 'b', 7, 4, R));
}

TEST(the_largest_numbers_are_compared_whole)
{
	struct config_device_rule rules[] = { rule(true, "b", 0xfff, 0xfffff, "r"),
					      rule(true, "c", 0xffe, ANY, "r") };
	struct device_program program = compile(rules, 2);

	CHECK(allows(&program, 'b', 0xfff, 0xfffff, R));
	CHECK(!allows(&program, 'b', 0xfff, 0xffffe, R));
	CHECK(!allows(&program, 'b', 0xffe, 0xfffff, R));
	CHECK(allows(&program, 'c', 0xffe, 0xfffff, R));
	CHECK(!allows(&program, 'c', 0xfff, 0xfffff, R));
}

TEST(what_the_defaults_cover_costs_nothing)
{
	struct config_device_rule rules[] = {
		rule(false, NULL, ANY, ANY, "rwm"), rule(true, "c", ANY, ANY, "m"),
		rule(true, "b", ANY, ANY, "m"),	    rule(true, "c", 1, 3, "rwm"),
		rule(true, "c", 1, 5, "rwm"),	    rule(true, "c", 136, ANY, "rwm"),
		rule(true, "c", 5, 2, "rwm"),	    rule(true, "c", 10, 200, "rwm"),
	};

	CHECK_INT(compile(rules, 8).count, compile(NULL, 0).count);
}

TEST(bad_rules_are_refused)
{
	CHECK_STR(error_of(rule(true, "p", 1, 2, "r")),
		  "linux.resources.devices[0].type: expected \"a\", \"b\" or \"c\"");
	CHECK_STR(error_of(rule(true, "", 1, 2, "r")),
		  "linux.resources.devices[0].type: expected \"a\", \"b\" or \"c\"");
	CHECK_STR(
	    error_of(rule(true, "c", -2, 2, "r")),
	    "linux.resources.devices[0].major: expected a number from 0 to 4095, or -1 for all");
	CHECK_STR(
	    error_of(rule(true, "c", 1, 1 << 20, "r")),
	    "linux.resources.devices[0].minor: expected a number from 0 to 1048575, or -1 for all");
	CHECK_STR(error_of(rule(true, "c", 1, 2, NULL)),
		  "linux.resources.devices[0].access: expected one or more of r, w and m");
	CHECK_STR(error_of(rule(true, "c", 1, 2, "")),
		  "linux.resources.devices[0].access: expected one or more of r, w and m");
	CHECK_STR(error_of(rule(true, "c", 1, 2, "rx")),
		  "linux.resources.devices[0].access: expected one or more of r, w and m");
}

TEST(too_many_rules_are_refused)
{
	struct config_device_rule *rules = calloc(2049, sizeof(*rules));
	struct config_resources resources = { .devices = { rules, 2049 } };
	struct device_program program;
	struct error err = ERROR_INIT;

	CHECK(arena_init(&arena, 1 << 28, &err) == 0);
	CHECK(device_program_compile(&resources, &arena, &program, &err) < 0);
	CHECK_STR(err.text, "linux.resources.devices: more than 2048 rules");
	free(rules);
}

/* Each pair of a major and a minor is another device. */
static void check_product_is_refused(const char *access_of_minors, bool allow_minors)
{
	static struct config_device_rule rules[2000];
	struct config_resources resources = { .devices = { rules, 2000 } };
	struct device_program program;
	struct error err = ERROR_INIT;

	for (int i = 0; i < 1000; i++) {
		rules[i] = rule(true, "b", 1000 + i, ANY, "r");
		rules[1000 + i] = rule(allow_minors, "b", ANY, 1000 + i, access_of_minors);
	}
	CHECK(arena_init(&arena, 1 << 28, &err) == 0);
	CHECK(device_program_compile(&resources, &arena, &program, &err) < 0);
	CHECK_STR(err.text, "linux.resources.devices: too many different devices");
}

TEST(too_many_devices_are_refused)
{
	check_product_is_refused("r", false);
}

TEST(too_many_devices_are_refused_even_if_no_two_rules_meet)
{
	check_product_is_refused("w", true);
}

/* ---- against the meaning, written down a second time and naively ---- */

static const char *const accesses[] = { "r", "w", "m", "rw", "rm", "wm", "rwm" };

static bool rule_decides(const struct config_device_rule *r, char type, uint32_t major,
			 uint32_t minor, char access)
{
	return (!r->type || *r->type == 'a' || *r->type == type) &&
	       (!r->major.set || r->major.value == major) &&
	       (!r->minor.set || r->minor.value == minor) && strchr(r->access, access);
}

static bool is_default(char type, uint32_t major, uint32_t minor)
{
	for (size_t i = 0; i < sizeof(default_devices) / sizeof(default_devices[0]); i++)
		if (type == default_devices[i].type && major == default_devices[i].major &&
		    (minor == default_devices[i].minor || major == 136))
			return true;
	return false;
}

static bool meant(const struct config_device_rule *rules, size_t count, char type, uint32_t major,
		  uint32_t minor, char access)
{
	if (access == 'm' || is_default(type, major, minor))
		return true;
	while (count--)
		if (rule_decides(&rules[count], type, major, minor, access))
			return rules[count].allow.value;
	return false;
}

static unsigned int dice(unsigned int sides)
{
	static uint64_t state = 20261;

	state = state * 6364136223846793005u + 1442695040888963407u;
	return (unsigned int)(state >> 33) % sides;
}

/* Few numbers, so that rules often meet. */
static const int64_t numbers[] = { ANY, 1, 3, 5, 8, 136 };

static struct config_device_rule random_rule(void)
{
	static const char *const types[] = { NULL, "a", "b", "c", "c", "b" };

	return rule(dice(2), types[dice(6)], numbers[dice(6)], numbers[dice(6)], accesses[dice(7)]);
}

static void check_all_requests(const struct config_device_rule *rules, size_t count)
{
	struct device_program program = compile((struct config_device_rule *)rules, count);

	for (int request = 0; request < 2 * 6 * 6 * 7; request++) {
		char type = request % 2 ? 'c' : 'b';
		uint32_t major = (uint32_t)numbers[request / 2 % 6] + (request / 2 % 6 == 0) * 10;
		uint32_t minor = (uint32_t)numbers[request / 12 % 6] + (request / 12 % 6 == 0) * 10;
		uint32_t access = (uint32_t)(request / 72) + 1;
		bool want = (!(access & R) || meant(rules, count, type, major, minor, 'r')) &&
			    (!(access & W) || meant(rules, count, type, major, minor, 'w')) &&
			    (!(access & M) || meant(rules, count, type, major, minor, 'm'));

		if (allows(&program, type, major, minor, access) != want)
			harness_fail(__FILE__, __LINE__, "%c %u:%u access %u: want %d", type, major,
				     minor, access, want);
	}
}

TEST(random_rules_mean_what_they_say)
{
	struct config_device_rule rules[12];

	for (int round = 0; round < 2000; round++) {
		size_t count = dice(12);

		for (size_t i = 0; i < count; i++)
			rules[i] = random_rule();
		check_all_requests(rules, count);
		arena.used = 0;
		memset(arena.base, 0, 1 << 20);
	}
}
