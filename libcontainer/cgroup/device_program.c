/* linux.resources.devices as an eBPF program of type BPF_PROG_TYPE_CGROUP_DEVICE, which the kernel
 * asks before a device node is opened or made (config-linux.md, Allowed Device list). Pure.
 *
 * The program walks the rules from the last to the first and keeps in a register which of the asked
 * accesses (read, write, mknod) are still undecided: a rule that allows takes its accesses out, one
 * that denies any of them ends it. What is left at the end is up to the last rule for all devices,
 * or refused. */
#include "libcontainer/cgroup/cgroup.h"

#include <inttypes.h>
#include <string.h>

#include "base/cleanup.h"

#define ANY	    (-1)
#define ANY_TYPE    0 /* else BPF_DEVCG_DEV_CHAR or BPF_DEVCG_DEV_BLOCK */
#define ALL_ACCESS  (BPF_DEVCG_ACC_MKNOD | BPF_DEVCG_ACC_READ | BPF_DEVCG_ACC_WRITE)
#define READ_WRITE  (BPF_DEVCG_ACC_READ | BPF_DEVCG_ACC_WRITE)
#define RULES_LIMIT 10000 /* bounds the work of folding, far beyond any real list */

struct rule {
	bool allow;
	uint32_t type;
	int64_t major, minor;
	uint32_t access;
};

/* Appended to every list, as engines and programs expect of a runtime: nodes may be made at will
 * (they can't be opened), the spec's default devices and terminals are open. */
static const struct rule default_rules[] = {
	{ true, BPF_DEVCG_DEV_CHAR, ANY, ANY, BPF_DEVCG_ACC_MKNOD },
	{ true, BPF_DEVCG_DEV_BLOCK, ANY, ANY, BPF_DEVCG_ACC_MKNOD },
	{ true, BPF_DEVCG_DEV_CHAR, 1, 3, READ_WRITE },	    /* /dev/null */
	{ true, BPF_DEVCG_DEV_CHAR, 1, 5, READ_WRITE },	    /* /dev/zero */
	{ true, BPF_DEVCG_DEV_CHAR, 1, 7, READ_WRITE },	    /* /dev/full */
	{ true, BPF_DEVCG_DEV_CHAR, 1, 8, READ_WRITE },	    /* /dev/random */
	{ true, BPF_DEVCG_DEV_CHAR, 1, 9, READ_WRITE },	    /* /dev/urandom */
	{ true, BPF_DEVCG_DEV_CHAR, 5, 0, READ_WRITE },	    /* /dev/tty */
	{ true, BPF_DEVCG_DEV_CHAR, 5, 2, READ_WRITE },	    /* /dev/ptmx */
	{ true, BPF_DEVCG_DEV_CHAR, 136, ANY, READ_WRITE }, /* /dev/pts/N, /dev/console */
	{ true, BPF_DEVCG_DEV_CHAR, 10, 200, READ_WRITE },  /* /dev/net/tun */
};

/* ---- from the config ---- */

static int bad_rule(struct error *err, size_t index, const char *property, const char *expected)
{
	char object[96];

	snprintf(object, sizeof(object), "linux.resources.devices[%zu].%s", index, property);
	return error_set(err, ERROR_INVALID, object, "%s: expected %s", object, expected);
}

static int read_type(const char *type, uint32_t *ret_type)
{
	if (!type || strcmp(type, "a") == 0)
		*ret_type = ANY_TYPE;
	else if (strcmp(type, "c") == 0)
		*ret_type = BPF_DEVCG_DEV_CHAR;
	else if (strcmp(type, "b") == 0)
		*ret_type = BPF_DEVCG_DEV_BLOCK;
	else
		return -1;
	return 0;
}

static int read_access(const char *access, uint32_t *ret_access)
{
	uint32_t bits = 0;

	if (!access || !*access)
		return -1;
	for (; *access; access++) {
		switch (*access) {
		case 'r':
			bits |= BPF_DEVCG_ACC_READ;
			break;
		case 'w':
			bits |= BPF_DEVCG_ACC_WRITE;
			break;
		case 'm':
			bits |= BPF_DEVCG_ACC_MKNOD;
			break;
		default:
			return -1;
		}
	}
	*ret_access = bits;
	return 0;
}

static int read_number(struct optional_int number, int64_t *ret_number)
{
	if (number.set && (number.value < ANY || number.value > UINT32_MAX))
		return -1;
	*ret_number = number.set ? number.value : ANY;
	return 0;
}

static int read_rule(const struct config_device_rule *from, size_t index, struct rule *rule,
		     struct error *err)
{
	rule->allow = from->allow.value;
	if (read_type(from->type, &rule->type) < 0)
		return bad_rule(err, index, "type", "\"a\", \"b\" or \"c\"");
	if (read_number(from->major, &rule->major) < 0)
		return bad_rule(err, index, "major", "a device number, or -1 for all");
	if (read_number(from->minor, &rule->minor) < 0)
		return bad_rule(err, index, "minor", "a device number, or -1 for all");
	if (read_access(from->access, &rule->access) < 0)
		return bad_rule(err, index, "access", "one or more of r, w and m");
	return 0;
}

static int read_rules(const struct config_resources *resources, struct rule *rules,
		      struct error *err)
{
	for (size_t i = 0; i < resources->devices.count; i++)
		if (read_rule(&resources->devices.items[i], i, &rules[i], err) < 0)
			return -1;
	memcpy(rules + resources->devices.count, default_rules, sizeof(default_rules));
	return 0;
}

/* ---- fold: from the last rule to the first, without those that never decide anything ---- */

struct folded {
	struct rule *rules; /* the one that decides first comes first */
	size_t count;
	bool allow_rest;
};

static bool is_for_all(const struct rule *rule)
{
	return rule->type == ANY_TYPE && rule->major == ANY && rule->minor == ANY &&
	       rule->access == ALL_ACCESS;
}

static bool covers(const struct rule *later, const struct rule *rule)
{
	return (later->type == ANY_TYPE || later->type == rule->type) &&
	       (later->major == ANY || later->major == rule->major) &&
	       (later->minor == ANY || later->minor == rule->minor);
}

static void fold(const struct rule *rules, size_t count, struct folded *folded)
{
	while (count--) {
		struct rule rule = rules[count];

		if (is_for_all(&rule)) {
			folded->allow_rest = rule.allow;
			break;
		}
		for (size_t i = 0; i < folded->count; i++)
			if (covers(&folded->rules[i], &rule))
				rule.access &= ~folded->rules[i].access;
		if (rule.access)
			folded->rules[folded->count++] = rule;
	}
	/* the last ones only say what happens to the rest anyway */
	while (folded->count && folded->rules[folded->count - 1].allow == folded->allow_rest)
		folded->count--;
}

/* ---- emit ---- */

#define RULE_INSNS     8 /* the most that one rule takes */
#define ENVELOPE_INSNS 8 /* before the first and after the last */

enum {
	RESULT = BPF_REG_0,
	CONTEXT = BPF_REG_1, /* struct bpf_cgroup_dev_ctx */
	TYPE = BPF_REG_2,
	UNDECIDED = BPF_REG_3,
	MAJOR = BPF_REG_4,
	MINOR = BPF_REG_5,
};

static void emit(struct device_program *program, struct bpf_insn insn)
{
	program->insns[program->count++] = insn;
}

static void emit_load(struct device_program *program, uint8_t target, size_t offset)
{
	emit(program, (struct bpf_insn){ .code = BPF_LDX | BPF_MEM | BPF_W,
					 .dst_reg = target,
					 .src_reg = CONTEXT,
					 .off = (int16_t)offset });
}

/* target = target OPERATION value, in 32 bits */
static void emit_alu(struct device_program *program, uint8_t operation, uint8_t target,
		     uint32_t value)
{
	emit(program, (struct bpf_insn){ .code = BPF_ALU | operation | BPF_K,
					 .dst_reg = target,
					 .imm = (int32_t)value });
}

static void emit_return(struct device_program *program, bool allow)
{
	emit_alu(program, BPF_MOV, RESULT, allow);
	emit(program, (struct bpf_insn){ .code = BPF_JMP | BPF_EXIT });
}

/* Jump to where the current rule ends if @target CONDITION @value; the place is filled in then. */
static void emit_skip(struct device_program *program, uint8_t condition, uint8_t target,
		      uint32_t value)
{
	emit(program, (struct bpf_insn){ .code = BPF_JMP32 | condition | BPF_K,
					 .dst_reg = target,
					 .imm = (int32_t)value });
}

static bool is_skip(const struct bpf_insn *insn)
{
	return (insn->code & 0x07) == BPF_JMP32 && !insn->off;
}

static void end_rule(struct device_program *program, size_t start)
{
	for (size_t i = start; i < program->count; i++)
		if (is_skip(&program->insns[i]))
			program->insns[i].off = (int16_t)(program->count - i - 1);
}

static void emit_verdict(struct device_program *program, const struct rule *rule)
{
	if (rule->access == ALL_ACCESS) {
		emit_return(program, rule->allow);
	} else if (rule->allow) {
		emit_alu(program, BPF_AND, UNDECIDED, ~rule->access);
		emit_skip(program, BPF_JNE, UNDECIDED, 0);
		emit_return(program, true);
	} else {
		emit(program, (struct bpf_insn){ .code = BPF_ALU | BPF_MOV | BPF_X,
						 .dst_reg = RESULT,
						 .src_reg = UNDECIDED });
		emit_alu(program, BPF_AND, RESULT, rule->access);
		emit_skip(program, BPF_JEQ, RESULT, 0);
		emit_return(program, false);
	}
}

static void emit_rule(struct device_program *program, const struct rule *rule)
{
	size_t start = program->count;

	if (rule->type != ANY_TYPE)
		emit_skip(program, BPF_JNE, TYPE, rule->type);
	if (rule->major != ANY)
		emit_skip(program, BPF_JNE, MAJOR, (uint32_t)rule->major);
	if (rule->minor != ANY)
		emit_skip(program, BPF_JNE, MINOR, (uint32_t)rule->minor);
	emit_verdict(program, rule);
	end_rule(program, start);
}

/* The context's first word holds the type in its lower half and the asked accesses above. */
static void emit_all(struct device_program *program, const struct folded *folded)
{
	emit_load(program, TYPE, offsetof(struct bpf_cgroup_dev_ctx, access_type));
	emit_load(program, UNDECIDED, offsetof(struct bpf_cgroup_dev_ctx, access_type));
	emit_load(program, MAJOR, offsetof(struct bpf_cgroup_dev_ctx, major));
	emit_load(program, MINOR, offsetof(struct bpf_cgroup_dev_ctx, minor));
	emit_alu(program, BPF_AND, TYPE, 0xffff);
	emit_alu(program, BPF_RSH, UNDECIDED, 16);
	for (size_t i = 0; i < folded->count; i++)
		emit_rule(program, &folded->rules[i]);
	emit_return(program, folded->allow_rest);
}

int device_program_compile(const struct config_resources *resources, struct arena *arena,
			   struct device_program *ret_program, struct error *err)
{
	size_t count = resources->devices.count + array_length(default_rules);
	struct device_program program = { .count = 0 };
	struct folded folded = { .count = 0 };
	struct rule *rules;

	if (resources->devices.count > RULES_LIMIT)
		return error_set(err, ERROR_INVALID, "linux.resources.devices",
				 "linux.resources.devices: more than %d rules", RULES_LIMIT);
	rules = arena_calloc(arena, count, sizeof(*rules));
	folded.rules = arena_calloc(arena, count, sizeof(*rules));
	if (read_rules(resources, rules, err) < 0)
		return -1;
	fold(rules, count, &folded);
	program.insns =
	    arena_calloc(arena, folded.count * RULE_INSNS + ENVELOPE_INSNS, sizeof(*program.insns));
	emit_all(&program, &folded);
	*ret_program = program;
	return 0;
}
