#include "tests/unit/harness.h"
#include "tests/unit/names.h"

#include <fcntl.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "libcontainer/security/seccomp.h"
#include "libcontainer/security/seccomp_cache.h"
#include "libcontainer/security/seccomp_compile.h"
#include "libcontainer/security/seccomp_shorten.h"
#include "oci/names.h"

#define ARENA_SIZE  (16 * 1024 * 1024)
#define NEVER_BUILT 9999 /* a system call that no kernel has */

static struct arena arena = ARENA_INIT;

#define RULES(...)                                                                                 \
	.items = (struct config_seccomp_syscall[]){ __VA_ARGS__ },                                 \
	.count = sizeof((struct config_seccomp_syscall[]){ __VA_ARGS__ }) /                        \
		 sizeof(struct config_seccomp_syscall)
#define ARGS(...)                                                                                  \
	.items = (struct config_seccomp_arg[]){ __VA_ARGS__ },                                     \
	.count = sizeof((struct config_seccomp_arg[]){ __VA_ARGS__ }) /                            \
		 sizeof(struct config_seccomp_arg)

static struct config_seccomp_arg condition(uint64_t index, const char *op, uint64_t value,
					   uint64_t value_two)
{
	return (struct config_seccomp_arg){ .index = { index, true },
					    .op = (char *)op,
					    .value = { value, true },
					    .value_two = { value_two, true } };
}

/* libseccomp, too, asks the kernel what it has. */
static struct arena *room(void)
{
	struct error err = ERROR_INIT;

	NEEDS(seccomp);
	if (!arena.base)
		CHECK(arena_init(&arena, ARENA_SIZE, &err) == 0);
	return &arena;
}

static struct seccomp_plan *planned(const struct config_seccomp *seccomp)
{
	struct seccomp_plan *plan = NULL;
	struct error err = ERROR_INIT;

	if (seccomp_plan(seccomp, -1, room(), &plan, &err) < 0)
		harness_fail(__FILE__, __LINE__, "%s", err.text);
	return plan;
}

static void refused(const struct config_seccomp *seccomp, enum error_code code, const char *text)
{
	struct seccomp_plan *plan = NULL;
	struct error err = ERROR_INIT;

	CHECK(seccomp_plan(seccomp, -1, room(), &plan, &err) < 0);
	CHECK_INT(err.code, code);
	CHECK(strstr(err.text, text));
	CHECK(plan == NULL);
}

/* ---- the kernel's classic BPF machine, as far as filters use it ---- */

static uint32_t load(const struct seccomp_data *data, uint32_t offset)
{
	uint32_t word;

	CHECK(offset % sizeof(word) == 0 && offset < sizeof(*data));
	memcpy(&word, (const char *)data + offset, sizeof(word));
	return word;
}

static bool holds(uint16_t condition_code, uint32_t a, uint32_t k)
{
	switch (condition_code) {
	case BPF_JEQ:
		return a == k;
	case BPF_JGT:
		return a > k;
	case BPF_JGE:
		return a >= k;
	case BPF_JSET:
		return a & k;
	default:
		harness_fail(__FILE__, __LINE__, "jump %#x", condition_code);
	}
}

static uint32_t verdict(const struct sock_filter *filter, size_t count,
			const struct seccomp_data *data)
{
	uint32_t a = 0, memory[16] = { 0 };

	for (size_t at = 0; at < count; at++) {
		const struct sock_filter *step = &filter[at];

		switch (step->code) {
		case BPF_RET | BPF_K:
			return step->k;
		case BPF_LD | BPF_W | BPF_ABS:
			a = load(data, step->k);
			break;
		case BPF_LD | BPF_MEM:
			a = memory[step->k];
			break;
		case BPF_ST:
			memory[step->k] = a;
			break;
		case BPF_ALU | BPF_AND | BPF_K:
			a &= step->k;
			break;
		case BPF_JMP | BPF_JA:
			at += step->k;
			break;
		default:
			CHECK(BPF_CLASS(step->code) == BPF_JMP && BPF_SRC(step->code) == BPF_K);
			at += holds(BPF_OP(step->code), a, step->k) ? step->jt : step->jf;
		}
	}
	harness_fail(__FILE__, __LINE__, "the program runs over its end");
}

static uint32_t answer(const struct seccomp_plan *plan, uint32_t arch, uint32_t number,
		       uint64_t arg0, uint64_t arg1)
{
	struct seccomp_data data = { .nr = (int)number, .arch = arch, .args = { arg0, arg1 } };

	return verdict(plan->filter, plan->count, &data);
}

static uint32_t native_answer(const struct seccomp_plan *plan, int number, uint64_t arg0,
			      uint64_t arg1)
{
	return answer(plan, seccomp_arch_native(), (uint32_t)number, arg0, arg1);
}

#define ERRNO(number) (SECCOMP_RET_ERRNO | (number))

/* ---- names ---- */

TEST(tables_are_resolved_by_libseccomp_too)
{
	for (const struct name_value *row = seccomp_architectures; row->name; row++) {
		char name[32], *c = name;

		snprintf(name, sizeof(name), "%s", row->name + strlen("SCMP_ARCH_"));
		for (; *c; c++)
			*c = (char)(*c >= 'A' && *c <= 'Z' ? *c - 'A' + 'a' : *c);
		CHECK_INT(seccomp_arch_resolve_name(name), row->value);
	}
	CHECK_INT(name_find(names_seccomp_actions, "SCMP_ACT_KILL")->value, SCMP_ACT_KILL_THREAD);
}

TEST(an_architecture_of_another_byte_order_is_unsupported)
{
	struct config_seccomp seccomp = { .default_action = (char *)"SCMP_ACT_ALLOW" };

	seccomp.architectures = NAMES("SCMP_ARCH_S390X");
	refused(&seccomp, ERROR_UNSUPPORTED, "SCMP_ARCH_S390X");
}

TEST(unknown_names_are_refused)
{
	struct config_seccomp seccomp = { .default_action = (char *)"SCMP_ACT_ALLOW" };

	refused(&(struct config_seccomp){ .default_action = (char *)"SCMP_ACT_FOO" }, ERROR_INVALID,
		"SCMP_ACT_FOO");
	refused(&(struct config_seccomp){ 0 }, ERROR_INVALID, "action");
	seccomp.architectures = NAMES("SCMP_ARCH_X86_64", "SCMP_ARCH_FOO");
	refused(&seccomp, ERROR_UNSUPPORTED, "SCMP_ARCH_FOO");
	seccomp.architectures.count = 0;
	seccomp.flags = NAMES("SECCOMP_FILTER_FLAG_FOO");
	refused(&seccomp, ERROR_INVALID, "SECCOMP_FILTER_FLAG_FOO");
	seccomp.flags.count = 0;
	seccomp.syscalls = (typeof(seccomp.syscalls)){ RULES(
	    { .names = NAMES("getppid"), .action = (char *)"SCMP_ACT_FOO" }) };
	refused(&seccomp, ERROR_INVALID, "SCMP_ACT_FOO");
	seccomp.syscalls = (typeof(seccomp.syscalls)){ RULES(
	    { .names = NAMES("getppid"),
	      .action = (char *)"SCMP_ACT_ERRNO",
	      .args = { ARGS(condition(0, "SCMP_CMP_FOO", 0, 0)) } }) };
	refused(&seccomp, ERROR_INVALID, "SCMP_CMP_FOO");
	seccomp.syscalls.items[0].args.items[0] = condition(6, "SCMP_CMP_EQ", 0, 0);
	refused(&seccomp, ERROR_INVALID, "argument 6");
}

TEST(an_errno_belongs_to_actions_that_have_one)
{
	/* spec: config-linux.md#seccomp seccomp-errno */
	/* spec: config-linux.md#seccomp seccomp-default-errno */
	struct config_seccomp seccomp = { .default_action = (char *)"SCMP_ACT_ALLOW",
					  .default_errno_ret = { 1, true } };

	refused(&seccomp, ERROR_INVALID, "SCMP_ACT_ALLOW");
	seccomp.default_action = (char *)"SCMP_ACT_ERRNO";
	seccomp.default_errno_ret.value = 4095;
	refused(&seccomp, ERROR_INVALID, "4095");
	/* a tracer gets 16 bits of anything */
	seccomp.default_action = (char *)"SCMP_ACT_TRACE";
	seccomp.default_errno_ret.value = 5000;
	planned(&seccomp);
	seccomp.default_action = (char *)"SCMP_ACT_ERRNO";
	seccomp.default_errno_ret.value = 4094;
	CHECK_INT(native_answer(planned(&seccomp), SYS_getppid, 0, 0), ERRNO(4094));
	seccomp.default_errno_ret.set = false;
	CHECK_INT(native_answer(planned(&seccomp), SYS_getppid, 0, 0), ERRNO(EPERM));
}

TEST(unknown_system_calls_are_skipped)
{
	struct config_seccomp seccomp = {
		.default_action = (char *)"SCMP_ACT_ALLOW",
		.syscalls = { RULES({ .names = NAMES("no_such_call", "getppid", "getppid"),
				      .action = (char *)"SCMP_ACT_ERRNO" }) },
	};
	struct seccomp_plan *plan = planned(&seccomp);

	CHECK_INT(native_answer(plan, SYS_getppid, 0, 0), ERRNO(EPERM));
	CHECK_INT(native_answer(plan, SYS_getpid, 0, 0), SECCOMP_RET_ALLOW);
}

/* ---- actions, operators, conditions ---- */

TEST(every_action_returns_what_the_kernel_calls_it)
{
	static const struct {
		const char *name;
		uint32_t verdict;
	} actions[] = {
		{ "SCMP_ACT_KILL", SECCOMP_RET_KILL_THREAD },
		{ "SCMP_ACT_KILL_THREAD", SECCOMP_RET_KILL_THREAD },
		{ "SCMP_ACT_KILL_PROCESS", SECCOMP_RET_KILL_PROCESS },
		{ "SCMP_ACT_TRAP", SECCOMP_RET_TRAP },
		{ "SCMP_ACT_ERRNO", ERRNO(EPERM) },
		{ "SCMP_ACT_TRACE", SECCOMP_RET_TRACE | EPERM },
		{ "SCMP_ACT_LOG", SECCOMP_RET_LOG },
		{ "SCMP_ACT_NOTIFY", SECCOMP_RET_USER_NOTIF },
	};

	for (size_t i = 0; i < array_length(actions); i++) {
		struct config_seccomp seccomp = {
			.default_action = (char *)"SCMP_ACT_ALLOW",
			.listener_path = (char *)"/run/agent.sock",
			.syscalls = { RULES(
			    { .names = NAMES("getppid"), .action = (char *)actions[i].name }) },
		};

		CHECK_INT(native_answer(planned(&seccomp), SYS_getppid, 0, 0), actions[i].verdict);
	}
}

TEST(every_operator_compares_64_bits)
{
	const uint64_t big = UINT64_C(0x100000005);
	static const struct {
		const char *op;
		bool below, equal, above;
	} operators[] = {
		{ "SCMP_CMP_NE", true, false, true }, { "SCMP_CMP_LT", true, false, false },
		{ "SCMP_CMP_LE", true, true, false }, { "SCMP_CMP_EQ", false, true, false },
		{ "SCMP_CMP_GE", false, true, true }, { "SCMP_CMP_GT", false, false, true },
	};

	for (size_t i = 0; i < array_length(operators); i++) {
		struct config_seccomp seccomp = {
			.default_action = (char *)"SCMP_ACT_ALLOW",
			.syscalls = { RULES(
			    { .names = NAMES("getppid"),
			      .action = (char *)"SCMP_ACT_ERRNO",
			      .args = { ARGS(condition(1, operators[i].op, big, 0)) } }) },
		};
		struct seccomp_plan *plan = planned(&seccomp);

		CHECK_INT(native_answer(plan, SYS_getppid, 0, big - 1) != SECCOMP_RET_ALLOW,
			  operators[i].below);
		CHECK_INT(native_answer(plan, SYS_getppid, 0, 6) != SECCOMP_RET_ALLOW,
			  operators[i].below);
		CHECK_INT(native_answer(plan, SYS_getppid, 0, big) != SECCOMP_RET_ALLOW,
			  operators[i].equal);
		CHECK_INT(native_answer(plan, SYS_getppid, 0, big + 1) != SECCOMP_RET_ALLOW,
			  operators[i].above);
	}
}

TEST(masked_equality_takes_the_mask_from_value_and_the_datum_from_valueTwo)
{
	struct config_seccomp seccomp = {
		.default_action = (char *)"SCMP_ACT_ALLOW",
		.syscalls = { RULES(
		    { .names = NAMES("getppid"),
		      .action = (char *)"SCMP_ACT_ERRNO",
		      .args = { ARGS(condition(0, "SCMP_CMP_MASKED_EQ", 0xf0, 0x20)) } }) },
	};
	struct seccomp_plan *plan = planned(&seccomp);

	CHECK_INT(native_answer(plan, SYS_getppid, 0x2f, 0), ERRNO(EPERM));
	CHECK_INT(native_answer(plan, SYS_getppid, 0x3f, 0), SECCOMP_RET_ALLOW);
}

TEST(conditions_on_different_arguments_must_all_hold)
{
	struct config_seccomp seccomp = {
		.default_action = (char *)"SCMP_ACT_ALLOW",
		.syscalls = { RULES({ .names = NAMES("getppid"),
				      .action = (char *)"SCMP_ACT_ERRNO",
				      .args = { ARGS(condition(0, "SCMP_CMP_EQ", 1, 0),
						     condition(1, "SCMP_CMP_EQ", 2, 0)) } }) },
	};
	struct seccomp_plan *plan = planned(&seccomp);

	CHECK_INT(native_answer(plan, SYS_getppid, 1, 2), ERRNO(EPERM));
	CHECK_INT(native_answer(plan, SYS_getppid, 1, 3), SECCOMP_RET_ALLOW);
	CHECK_INT(native_answer(plan, SYS_getppid, 0, 2), SECCOMP_RET_ALLOW);
}

TEST(of_conditions_on_one_argument_any_may_hold)
{
	struct config_seccomp seccomp = {
		.default_action = (char *)"SCMP_ACT_ALLOW",
		.syscalls = { RULES({ .names = NAMES("getppid"),
				      .action = (char *)"SCMP_ACT_ERRNO",
				      .args = { ARGS(condition(0, "SCMP_CMP_EQ", 1, 0),
						     condition(0, "SCMP_CMP_EQ", 2, 0),
						     condition(1, "SCMP_CMP_EQ", 9, 0)) } }) },
	};
	struct seccomp_plan *plan = planned(&seccomp);

	CHECK_INT(native_answer(plan, SYS_getppid, 1, 0), ERRNO(EPERM));
	CHECK_INT(native_answer(plan, SYS_getppid, 2, 0), ERRNO(EPERM));
	CHECK_INT(native_answer(plan, SYS_getppid, 0, 9), ERRNO(EPERM));
	CHECK_INT(native_answer(plan, SYS_getppid, 3, 0), SECCOMP_RET_ALLOW);
}

TEST(a_rule_with_the_default_action_says_nothing)
{
	struct config_seccomp seccomp = {
		.default_action = (char *)"SCMP_ACT_ERRNO",
		.syscalls = { RULES(
		    { .names = NAMES("getppid"), .action = (char *)"SCMP_ACT_ERRNO" },
		    { .names = NAMES("getpid"),
		      .action = (char *)"SCMP_ACT_ERRNO",
		      .errno_ret = { EXDEV, true } }) },
	};
	struct seccomp_plan *plan = planned(&seccomp);

	CHECK_INT(native_answer(plan, SYS_getppid, 0, 0), ERRNO(EPERM));
	CHECK_INT(native_answer(plan, SYS_getpid, 0, 0), ERRNO(EXDEV));
}

/* ---- system calls newer than the profile ---- */

static struct config_seccomp deny_all_but(const char *name)
{
	static struct config_seccomp_syscall rule;
	static char *names[1];

	names[0] = (char *)name;
	rule = (struct config_seccomp_syscall){ .names = { names, 1 },
						.action = (char *)"SCMP_ACT_ALLOW" };
	return (struct config_seccomp){ .default_action = (char *)"SCMP_ACT_ERRNO",
					.syscalls = { &rule, 1 } };
}

TEST(newer_system_calls_get_enosys)
{
	struct config_seccomp seccomp = deny_all_but("openat2");
	struct seccomp_plan *plan = planned(&seccomp);

	CHECK_INT(native_answer(plan, SYS_openat2, 0, 0), SECCOMP_RET_ALLOW);
	CHECK_INT(native_answer(plan, SYS_getppid, 0, 0), ERRNO(EPERM));
	CHECK_INT(native_answer(plan, SYS_openat2 - 1, 0, 0), ERRNO(EPERM));
	CHECK_INT(native_answer(plan, SYS_openat2 + 1, 0, 0), ERRNO(ENOSYS));
	CHECK_INT(native_answer(plan, NEVER_BUILT, 0, 0), ERRNO(ENOSYS));
}

TEST(each_architecture_has_a_limit_of_its_own)
{
	struct config_seccomp seccomp = deny_all_but("getppid");
	struct seccomp_plan *plan;

	if (seccomp_arch_native() != SCMP_ARCH_X86_64)
		SKIP("needs x86_64");
	seccomp.architectures = NAMES("SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32");
	plan = planned(&seccomp);
	CHECK_INT(answer(plan, SCMP_ARCH_X86_64, 110, 0, 0), SECCOMP_RET_ALLOW);
	CHECK_INT(answer(plan, SCMP_ARCH_X86_64, 109, 0, 0), ERRNO(EPERM));
	CHECK_INT(answer(plan, SCMP_ARCH_X86_64, 111, 0, 0), ERRNO(ENOSYS));
	CHECK_INT(answer(plan, SCMP_ARCH_X86_64, 0x40000000 + 110, 0, 0), SECCOMP_RET_ALLOW);
	CHECK_INT(answer(plan, SCMP_ARCH_X86_64, 0x40000000 + 109, 0, 0), ERRNO(EPERM));
	CHECK_INT(answer(plan, SCMP_ARCH_X86_64, 0x40000000 + 111, 0, 0), ERRNO(ENOSYS));
	CHECK_INT(answer(plan, SCMP_ARCH_X86, 64, 0, 0), SECCOMP_RET_ALLOW);
	CHECK_INT(answer(plan, SCMP_ARCH_X86, 63, 0, 0), ERRNO(EPERM));
	CHECK_INT(answer(plan, SCMP_ARCH_X86, 65, 0, 0), ERRNO(ENOSYS));
	CHECK_INT(answer(plan, SCMP_ARCH_AARCH64, 65, 0, 0), SECCOMP_RET_KILL_THREAD);
}

TEST(an_abi_that_the_profile_does_not_name_stays_forbidden)
{
	struct config_seccomp seccomp = deny_all_but("getppid");

	if (seccomp_arch_native() != SCMP_ARCH_X86_64)
		SKIP("needs x86_64");
	CHECK_INT(answer(planned(&seccomp), SCMP_ARCH_X86_64, 0x40000000 + NEVER_BUILT, 0, 0),
		  SECCOMP_RET_KILL_THREAD);
	CHECK_INT(answer(planned(&seccomp), SCMP_ARCH_X86, 64, 0, 0), SECCOMP_RET_KILL_THREAD);
}

TEST(a_default_that_lets_calls_happen_has_no_limit)
{
	static const char *const actions[] = { "SCMP_ACT_ALLOW", "SCMP_ACT_LOG", "SCMP_ACT_TRACE" };

	for (size_t i = 0; i < array_length(actions); i++) {
		struct config_seccomp seccomp = {
			.default_action = (char *)actions[i],
			.syscalls = { RULES({ .names = NAMES("getppid"),
					      .action = (char *)"SCMP_ACT_ERRNO",
					      .errno_ret = { EXDEV, true } }) },
		};
		uint32_t known = native_answer(planned(&seccomp), SYS_getpid, 0, 0);

		CHECK_INT(native_answer(planned(&seccomp), NEVER_BUILT, 0, 0), known);
	}
}

TEST(a_default_that_kills_still_lets_a_library_fall_back)
{
	struct config_seccomp seccomp = deny_all_but("getppid");

	seccomp.default_action = (char *)"SCMP_ACT_KILL_PROCESS";
	CHECK_INT(native_answer(planned(&seccomp), NEVER_BUILT, 0, 0), ERRNO(ENOSYS));
	CHECK_INT(native_answer(planned(&seccomp), SYS_getppid - 1, 0, 0),
		  SECCOMP_RET_KILL_PROCESS);
}

/* ---- the shorter program ---- */

/* A profile of all system calls, or about half of them; some with conditions. */
static struct config_seccomp big_profile(bool all)
{
	enum { CALLS = 460 };
	struct config_seccomp seccomp = { .default_action = (char *)"SCMP_ACT_ERRNO" };
	struct config_seccomp_syscall *rules = arena_calloc(room(), CALLS, sizeof(*rules));
	size_t count = 0;

	for (int number = 0; number < CALLS; number++) {
		char *name = seccomp_syscall_resolve_num_arch(SCMP_ARCH_NATIVE, number);
		struct config_seccomp_syscall *rule = &rules[count];

		if (!name || (!all && number % 7 % 2)) {
			free(name);
			continue;
		}
		rule->names = (struct strings){ arena_calloc(room(), 1, sizeof(char *)), 1 };
		rule->names.items[0] = arena_strdup(room(), name);
		free(name);
		rule->action = (char *)(number % 5 ? "SCMP_ACT_ALLOW" : "SCMP_ACT_LOG");
		if (number % 11 == 0) {
			rule->args.items = arena_calloc(room(), 2, sizeof(*rule->args.items));
			rule->args.count = 2;
			rule->args.items[0] = condition(0, "SCMP_CMP_EQ", (uint64_t)number, 0);
			rule->args.items[1] = condition(1, "SCMP_CMP_GT", 2, 0);
		}
		count++;
	}
	seccomp.syscalls = (typeof(seccomp.syscalls)){ rules, count };
	if (seccomp_arch_native() == SCMP_ARCH_X86_64) {
		struct strings names = NAMES("SCMP_ARCH_X86", "SCMP_ARCH_X32");

		seccomp.architectures = strings_copy(room(), &names);
	}
	return seccomp;
}

/* What libseccomp itself makes of rules on the first argument, for three architectures where it can. */
static scmp_filter_ctx reference_filter(void)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));

	CHECK(filter);
	if (seccomp_arch_native() == SCMP_ARCH_X86_64) {
		CHECK(seccomp_arch_add(filter, SCMP_ARCH_X86) == 0);
		CHECK(seccomp_arch_add(filter, SCMP_ARCH_X32) == 0);
	}
	return filter;
}

static struct seccomp_program exported(scmp_filter_ctx filter)
{
	_cleanup_fd_ int fd = memfd_create("filter", MFD_CLOEXEC);
	struct seccomp_program program;
	struct stat st;

	CHECK(fd >= 0 && seccomp_export_bpf(filter, fd) == 0 && fstat(fd, &st) == 0);
	program.count = (size_t)st.st_size / sizeof(*program.instructions);
	program.instructions = arena_alloc(room(), (size_t)st.st_size);
	CHECK(pread(fd, program.instructions, (size_t)st.st_size, 0) == st.st_size);
	seccomp_release(filter);
	return program;
}

static void compare(const struct seccomp_program *one, const struct seccomp_program *other,
		    uint32_t arch, uint32_t number)
{
	static const uint64_t arguments[] = { 0, 1, 2, 3, (uint64_t)1 << 32, UINT64_MAX };

	for (size_t i = 0; i < array_length(arguments); i++) {
		struct seccomp_data data = { .nr = (int)number,
					     .arch = arch,
					     .args = { arguments[i], arguments[i] } };

		CHECK_INT(verdict(one->instructions, one->count, &data),
			  verdict(other->instructions, other->count, &data));
	}
}

static const uint32_t compared_architectures[] = { SCMP_ARCH_X86_64, SCMP_ARCH_X86,
						   SCMP_ARCH_AARCH64 };

/* Each number that has a rule, each beside one, and the ends of the number line. */
static void compare_all(const struct seccomp_program *one, const struct seccomp_program *other)
{
	static const uint32_t starts[] = { 0,	       0x40000000, 0x80000000 - 600,
					   0x80000000, 0xc0000000, UINT32_MAX - 600 };

	for (size_t i = 0; i < array_length(compared_architectures); i++)
		for (size_t j = 0; j < array_length(starts); j++)
			for (uint32_t number = 0; number <= 600; number++)
				compare(one, other, compared_architectures[i], starts[j] + number);
	compare(one, other, 0, 1);
	compare(one, other, UINT32_MAX, 1);
}

static struct seccomp_program shortened(const struct seccomp_program *program)
{
	struct seccomp_program copy = *program;
	size_t others = seccomp_arch_native() == SCMP_ARCH_AARCH64 ? 0 : 1;

	/* aarch64's filter compares with its own architecture only */
	seccomp_shorten(&copy, others ? compared_architectures : &compared_architectures[2],
			1 + others, room());
	return copy;
}

/* The same numbers each time: xorshift. */
static uint32_t next_random(void)
{
	static uint32_t state = 2463534242u;

	state ^= state << 13;
	state ^= state >> 17;
	state ^= state << 5;
	return state;
}

static void add_random_rule(scmp_filter_ctx filter, int number)
{
	static const uint32_t actions[] = { SCMP_ACT_ALLOW, SCMP_ACT_LOG, SCMP_ACT_ERRNO(ENOSYS),
					    SCMP_ACT_KILL_PROCESS };
	static const enum scmp_compare operators[] = { SCMP_CMP_NE, SCMP_CMP_LT, SCMP_CMP_LE,
						       SCMP_CMP_EQ, SCMP_CMP_GE, SCMP_CMP_GT };
	uint32_t action = actions[next_random() % 40 ? 0 : next_random() % 4];
	struct scmp_arg_cmp conditions[] = {
		SCMP_CMP(0, operators[next_random() % 6], next_random() % 4),
		SCMP_CMP(1, SCMP_CMP_MASKED_EQ, 3, next_random() % 4),
	};

	/* libseccomp may refuse the mixture of a rule with conditions and one without */
	seccomp_rule_add_array(filter, action, number,
			       next_random() % 30 ? 0 : 1 + next_random() % 2, conditions);
}

TEST(a_shortened_program_answers_as_libseccomps)
{
	enum { PROFILES = 12 };

	for (uint32_t i = 0; i < PROFILES; i++) {
		scmp_filter_ctx filter = (room(), reference_filter());
		struct seccomp_program whole, shorter;
		bool named = false;

		for (int number = 0; number < 460; number++) {
			named ^= next_random() % 8 == 0;
			if (named)
				add_random_rule(filter, number);
		}
		if (i % 2)
			CHECK(seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2) == 0);
		whole = exported(filter);
		shorter = shortened(&whole);
		CHECK(shorter.count < whole.count);
		compare_all(&whole, &shorter);
	}
}

/* As in profiles of engines: nearly all are allowed. */
TEST(of_a_usual_profile_less_than_a_third_is_left)
{
	scmp_filter_ctx filter = (room(), reference_filter());
	struct seccomp_program whole, shorter;

	for (int number = 0; number < 460; number++)
		if (number % 12)
			seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, number, 0, NULL);
	whole = exported(filter);
	shorter = shortened(&whole);
	CHECK(3 * shorter.count < whole.count);
	compare_all(&whole, &shorter);
}

TEST(a_program_that_is_not_as_libseccomps_stays)
{
	struct sock_filter masked[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, SECCOMP_OFFSET_NUMBER),
		BPF_STMT(BPF_ALU | BPF_AND | BPF_K, 0xff),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 1, 1, 0),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	}, foreign[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, SECCOMP_OFFSET_ARCH),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SCMP_ARCH_S390, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	const struct seccomp_program one = { masked, array_length(masked) },
				     other = { foreign, array_length(foreign) };

	CHECK(shortened(&one).instructions == masked);
	CHECK(shortened(&other).instructions == foreign);
}

TEST(what_a_filter_lets_happen_is_foreseen)
{
	struct config_seccomp profile = big_profile(false);
	struct seccomp_plan *plan = planned(&profile);

	for (int number = 0; number < 600; number++)
		for (uint64_t arg = 0; arg < 4; arg++) {
			const struct seccomp_call call = { number, arg };
			uint32_t action = native_answer(plan, number, arg, 0);

			CHECK_INT(seccomp_lets(plan, &call, 1),
				  action == SECCOMP_RET_ALLOW || action == SECCOMP_RET_LOG);
		}
}

/* As in the profiles of engines: no process in new namespaces. */
TEST(that_of_clone_depends_on_its_flags)
{
	struct config_seccomp_arg mask = condition(0, "SCMP_CMP_MASKED_EQ", 0x7e020000, 0);
	struct config_seccomp profile = {
		.default_action = (char *)"SCMP_ACT_ERRNO",
		.syscalls = { RULES(
		    { .names = NAMES("clone"),
		      .action = (char *)"SCMP_ACT_ALLOW",
		      .args = { &mask, 1 } },
		    { .names = NAMES("setsid"), .action = (char *)"SCMP_ACT_ALLOW" }) },
	};
	static const struct seccomp_call again[] = { { SYS_setsid, 0 }, { SYS_clone, 0x9000 } },
					 user[] = { { SYS_setsid, 0 }, { SYS_clone, 0x10000000 } };
	const struct seccomp_plan *plan = planned(&profile);

	CHECK(seccomp_lets(plan, again, 2));
	CHECK(!seccomp_lets(plan, user, 2));
}

TEST(a_program_beyond_the_kernels_limit_is_refused)
{
	struct config_seccomp seccomp = big_profile(true);

	seccomp.architectures =
	    NAMES("SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32", "SCMP_ARCH_ARM",
		  "SCMP_ARCH_AARCH64", "SCMP_ARCH_MIPSEL", "SCMP_ARCH_MIPSEL64",
		  "SCMP_ARCH_MIPSEL64N32", "SCMP_ARCH_PPC64LE", "SCMP_ARCH_RISCV64");
	refused(&seccomp, ERROR_UNSUPPORTED, "instructions");
}

/* ---- flags and notification ---- */

TEST(absent_flags_are_spec_allow_and_empty_ones_none)
{
	struct config_seccomp seccomp = { .default_action = (char *)"SCMP_ACT_ALLOW" };

	CHECK_INT(planned(&seccomp)->flags, SECCOMP_FILTER_FLAG_SPEC_ALLOW);
	seccomp.flags_set = true;
	CHECK_INT(planned(&seccomp)->flags, 0);
	seccomp.flags = NAMES("SECCOMP_FILTER_FLAG_LOG", "SECCOMP_FILTER_FLAG_TSYNC");
	CHECK_INT(planned(&seccomp)->flags, SECCOMP_FILTER_FLAG_LOG | SECCOMP_FILTER_FLAG_TSYNC);
	seccomp.flags = NAMES("SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV");
	CHECK_INT(planned(&seccomp)->flags,
		  0); /* without a listener there is nothing to wait for */
}

static struct config_seccomp notify_on(const char *name)
{
	struct config_seccomp seccomp = deny_all_but(name);

	seccomp.default_action = (char *)"SCMP_ACT_ALLOW";
	seccomp.syscalls.items[0].action = (char *)"SCMP_ACT_NOTIFY";
	seccomp.listener_path = (char *)"/run/agent.sock";
	return seccomp;
}

TEST(notification_makes_a_listener)
{
	struct config_seccomp seccomp = notify_on("getppid");
	struct seccomp_plan *plan;

	seccomp.listener_metadata = (char *)"foo";
	seccomp.flags_set = true;
	seccomp.flags = NAMES("SECCOMP_FILTER_FLAG_TSYNC");
	plan = planned(&seccomp);
	CHECK(plan->notify);
	CHECK_STR(plan->listener_path, "/run/agent.sock");
	CHECK_STR(plan->listener_metadata, "foo");
	CHECK(plan->flags & SECCOMP_FILTER_FLAG_NEW_LISTENER);
	CHECK(plan->flags & SECCOMP_FILTER_FLAG_TSYNC_ESRCH);
}

TEST(notification_that_would_stop_init_is_refused)
{
	struct config_seccomp seccomp = notify_on("write");

	refused(&seccomp, ERROR_INVALID, "write");
	seccomp = notify_on("getppid");
	seccomp.listener_path = NULL;
	refused(&seccomp, ERROR_INVALID, "listenerPath");
	seccomp.listener_metadata = (char *)"foo";
	refused(&seccomp, ERROR_INVALID, "listenerMetadata");
	seccomp = notify_on("getppid");
	seccomp.default_action = (char *)"SCMP_ACT_NOTIFY";
	refused(&seccomp, ERROR_INVALID, "default");
}

/* ---- the kernel ---- */

/* The exit status of a process that loads @seccomp and then runs @body. */
static int loaded(const struct config_seccomp *seccomp, int (*body)(int listener))
{
	struct seccomp_plan *plan = planned(seccomp);
	struct error err = ERROR_INIT;
	int status, listener = -1;
	pid_t pid = fork();

	if (pid == 0) {
		CHECK(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
		if (seccomp_apply(plan, &listener, &err) < 0)
			harness_fail(__FILE__, __LINE__, "%s", err.text);
		syscall(SYS_exit_group, body(listener));
	}
	CHECK(waitpid(pid, &status, 0) == pid);
	CHECK(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static int try_calls(int listener)
{
	if (listener != -1)
		return 1;
	errno = 0;
	if (syscall(SYS_getppid) != -1 || errno != EXDEV)
		return 2;
	errno = 0;
	if (syscall(NEVER_BUILT) != -1 || errno != ENOSYS)
		return 3;
	errno = 0;
	if (syscall(SYS_getpid) != -1 || errno != EPERM)
		return 4;
	return 42;
}

TEST(the_kernel_refuses_with_the_right_errno)
{
	struct config_seccomp seccomp = {
		.default_action = (char *)"SCMP_ACT_ERRNO",
		.syscalls = { RULES(
		    { .names = NAMES("exit_group", "openat2"), .action = (char *)"SCMP_ACT_ALLOW" },
		    { .names = NAMES("getppid"),
		      .action = (char *)"SCMP_ACT_ERRNO",
		      .errno_ret = { EXDEV, true } }) },
	};

	CHECK_INT(loaded(&seccomp, try_calls), 42);
}

static int look_at_listener(int listener)
{
	return listener >= 0 && fcntl(listener, F_GETFD) & FD_CLOEXEC ? 42 : 1;
}

TEST(the_listener_is_close_on_exec)
{
	struct config_seccomp seccomp = notify_on("getppid");

	CHECK_INT(loaded(&seccomp, look_at_listener), 42);
}

TEST(without_privilege_the_load_says_what_it_takes)
{
	struct config_seccomp seccomp = deny_all_but("read");
	struct seccomp_plan *plan = planned(&seccomp);
	struct error err = ERROR_INIT;
	int listener = -1;

	if (geteuid() == 0)
		CHECK(setresuid(1000, 1000, 1000) == 0);
	if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1)
		SKIP("needs a start without no_new_privs");
	CHECK(seccomp_apply(plan, &listener, &err) < 0);
	CHECK_INT(err.errnum, EACCES);
	CHECK(strstr(err.text, "no_new_privs"));
}

/* ---- the cache ---- */

static char cache_path[sizeof("/tmp/seccomp_test.XXXXXX")];

static void remove_cache(void)
{
	struct error err = ERROR_INIT;

	dir_remove(AT_FDCWD, cache_path, &err);
}

static int make_cache(mode_t mode)
{
	int fd;

	strcpy(cache_path, "/tmp/seccomp_test.XXXXXX");
	CHECK(mkdtemp(cache_path) != NULL);
	atexit(remove_cache);
	fd = open(cache_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	CHECK(fd >= 0 && fchmod(fd, mode) == 0);
	return fd;
}

static struct seccomp_plan *planned_with(const struct config_seccomp *seccomp, int cache)
{
	struct seccomp_plan *plan = NULL;
	struct error err = ERROR_INIT;

	CHECK(seccomp_plan(seccomp, cache, room(), &plan, &err) == 0);
	return plan;
}

static bool same(const struct seccomp_plan *one, const struct seccomp_plan *other)
{
	return one->count == other->count &&
	       memcmp(one->filter, other->filter, one->count * sizeof(*one->filter)) == 0;
}

/* The only file of the cache, as bytes. */
static const char *slot_of(const struct config_seccomp *seccomp, int cache, struct buffer *file)
{
	static char name[32];
	struct error err = ERROR_INIT;

	planned_with(seccomp, cache);
	for (int slot = 0; slot < 256; slot++) {
		snprintf(name, sizeof(name), "seccomp-%02x", slot);
		if (faccessat(cache, name, F_OK, 0) == 0) {
			CHECK(file_read(cache, name, 1 << 20, file, &err) == 0);
			return name;
		}
	}
	harness_fail(__FILE__, __LINE__, "nothing was cached");
}

static void overwrite(int cache, const char *name, const void *bytes, size_t length)
{
	struct error err = ERROR_INIT;

	CHECK(file_replace(cache, name, 0600, bytes, length, false, &err) == 0);
}

TEST(a_cached_program_is_the_fresh_one)
{
	struct config_seccomp seccomp = big_profile(false);
	_cleanup_fd_ int cache = make_cache(0700);
	struct seccomp_plan *fresh = planned_with(&seccomp, cache);
	struct stat st;
	_cleanup_buffer_ struct buffer file = BUFFER_INIT;

	CHECK(same(fresh, planned_with(&seccomp, cache)));
	CHECK(fstatat(cache, slot_of(&seccomp, cache, &file), &st, AT_SYMLINK_NOFOLLOW) == 0);
	CHECK_INT(st.st_mode & 07777, 0600);
}

TEST(the_cache_is_really_read)
{
	struct config_seccomp seccomp = deny_all_but("openat2");
	struct sock_filter allow = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	struct seccomp_program program = { &allow, 1 };
	_cleanup_fd_ int cache = make_cache(0700);
	_cleanup_buffer_ struct buffer key = BUFFER_INIT;
	struct seccomp_plan *plan;

	seccomp_cache_key(&seccomp, &key);
	seccomp_cache_put(cache, &key, &program);
	plan = planned_with(&seccomp, cache);
	CHECK_INT(plan->count, 1);
	CHECK(memcmp(plan->filter, &allow, sizeof(allow)) == 0);
	CHECK(planned_with(&seccomp, -1)->count > 1);
}

TEST(any_difference_makes_another_key)
{
	struct config_seccomp seccomp = deny_all_but("openat2"), other;
	struct config_seccomp_syscall rule = seccomp.syscalls.items[0];
	struct buffer keys[8] = { 0 };

	seccomp_cache_key(&seccomp, &keys[0]);
	other = seccomp;
	other.default_errno_ret = (struct optional_uint){ 0, true };
	seccomp_cache_key(&other, &keys[1]);
	other = seccomp;
	other.architectures = NAMES("SCMP_ARCH_X86");
	seccomp_cache_key(&other, &keys[2]);
	other = seccomp;
	other.syscalls.items = &rule;
	rule.action = (char *)"SCMP_ACT_LOG";
	seccomp_cache_key(&other, &keys[3]);
	rule.action = (char *)"SCMP_ACT_ALLOW";
	rule.names = NAMES("open", "at2");
	seccomp_cache_key(&other, &keys[4]);
	rule.names = NAMES("openat2");
	rule.args = (typeof(rule.args)){ ARGS(condition(0, "SCMP_CMP_EQ", 1, 0)) };
	seccomp_cache_key(&other, &keys[5]);
	rule.args.items[0].index.value = 1;
	seccomp_cache_key(&other, &keys[6]);
	rule.args.items[0].value_two.value = 1;
	seccomp_cache_key(&other, &keys[7]);
	for (size_t i = 0; i < array_length(keys); i++)
		for (size_t j = 0; j < i; j++)
			CHECK(keys[i].length != keys[j].length ||
			      memcmp(keys[i].bytes, keys[j].bytes, keys[i].length) != 0);
	for (size_t i = 0; i < array_length(keys); i++)
		buffer_free(&keys[i]);
}

TEST(a_damaged_file_is_ignored_and_replaced)
{
	struct config_seccomp seccomp = deny_all_but("openat2");
	_cleanup_fd_ int cache = make_cache(0700);
	_cleanup_buffer_ struct buffer file = BUFFER_INIT, after = BUFFER_INIT;
	const char *name = slot_of(&seccomp, cache, &file);
	struct seccomp_plan *fresh = planned_with(&seccomp, cache);

	for (size_t i = 0; i < file.length; i++) {
		file.bytes[i] = (char)(file.bytes[i] ^ 0x10);
		overwrite(cache, name, file.bytes, file.length);
		CHECK(same(fresh, planned_with(&seccomp, cache)));
		file.bytes[i] = (char)(file.bytes[i] ^ 0x10);
	}
	slot_of(&seccomp, cache, &after);
	CHECK(after.length == file.length && !memcmp(after.bytes, file.bytes, file.length));
}

TEST(a_file_of_another_length_is_ignored)
{
	struct config_seccomp seccomp = deny_all_but("openat2");
	_cleanup_fd_ int cache = make_cache(0700);
	_cleanup_buffer_ struct buffer file = BUFFER_INIT;
	const char *name = slot_of(&seccomp, cache, &file);
	struct seccomp_plan *fresh = planned_with(&seccomp, cache);

	for (size_t length = 0; length < file.length; length++) {
		overwrite(cache, name, file.bytes, length);
		CHECK(same(fresh, planned_with(&seccomp, cache)));
	}
	buffer_add(&file, "x", 1);
	overwrite(cache, name, file.bytes, file.length);
	CHECK(same(fresh, planned_with(&seccomp, cache)));
}

/* Two profiles in one slot: the later drives the earlier out, and each gets its own program. */
TEST(a_shared_slot_never_mixes_profiles)
{
	struct config_seccomp seccomp = deny_all_but("openat2");
	struct sock_filter allow = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	struct seccomp_program program = { &allow, 1 };
	_cleanup_fd_ int cache = make_cache(0700);
	_cleanup_buffer_ struct buffer file = BUFFER_INIT, key = BUFFER_INIT, others = BUFFER_INIT;
	const char *name = slot_of(&seccomp, cache, &file);
	struct seccomp_plan *fresh = planned_with(&seccomp, cache);

	seccomp.default_errno_ret = (struct optional_uint){ EXDEV, true };
	seccomp_cache_key(&seccomp, &key);
	seccomp_cache_put(cache, &key, &program);
	for (int slot = 0; slot < 256; slot++) {
		char other[32];
		struct error err = ERROR_INIT;

		snprintf(other, sizeof(other), "seccomp-%02x", slot);
		if (strcmp(other, name) != 0 && faccessat(cache, other, F_OK, 0) == 0)
			CHECK(file_read(cache, other, 1 << 20, &others, &err) == 0);
	}
	CHECK(others.length > 0);
	overwrite(cache, name, others.bytes, others.length);
	seccomp.default_errno_ret.set = false;
	seccomp.default_errno_ret.value = 0;
	CHECK(same(fresh, planned_with(&seccomp, cache)));
}

TEST(a_link_in_the_cache_is_not_followed)
{
	struct config_seccomp seccomp = deny_all_but("openat2");
	_cleanup_fd_ int cache = make_cache(0700);
	_cleanup_buffer_ struct buffer file = BUFFER_INIT;
	const char *name = slot_of(&seccomp, cache, &file);
	struct stat st;

	overwrite(cache, "sentinel", "untouched", 9);
	CHECK(unlinkat(cache, name, 0) == 0 && symlinkat("sentinel", cache, name) == 0);
	planned_with(&seccomp, cache);
	CHECK(fstatat(cache, "sentinel", &st, 0) == 0);
	CHECK_INT(st.st_size, 9);
	CHECK(fstatat(cache, name, &st, AT_SYMLINK_NOFOLLOW) == 0);
	CHECK(S_ISREG(st.st_mode));
}

TEST(a_directory_that_others_can_write_is_not_used)
{
	struct config_seccomp seccomp = deny_all_but("openat2");
	_cleanup_fd_ int cache = make_cache(0720);
	_cleanup_fd_ int null = open("/dev/null", O_RDONLY | O_CLOEXEC);

	CHECK(!dir_is_ours(cache, ""));
	CHECK(!dir_is_ours(null, ""));
	CHECK(!dir_is_ours(-1, ""));
	planned_with(&seccomp, cache);
	CHECK(fchmod(cache, 0700) == 0);
	CHECK(dir_is_ours(cache, ""));
	if (geteuid() == 0) {
		CHECK(fchown(cache, 1000, 1000) == 0);
		CHECK(!dir_is_ours(cache, ""));
		CHECK(fchown(cache, 0, 0) == 0);
	}
	for (int slot = 0; slot < 256; slot++) {
		char name[32];

		snprintf(name, sizeof(name), "seccomp-%02x", slot);
		CHECK(faccessat(cache, name, F_OK, 0) < 0);
	}
}
