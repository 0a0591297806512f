/* linux.resources.devices as an eBPF program of type BPF_PROG_TYPE_CGROUP_DEVICE, which the kernel
 * asks before a device node is opened or made (config-linux.md, Allowed Device list). Pure.
 *
 * The rules are decided here, not there: for each device that some rule names we know which accesses
 * (read, write, mknod) are refused in the end, however the rules overlap. The program has hardly a
 * branch, because branches are what the kernel's verifier takes its time for: it starts with what is
 * refused of a device that no rule names and flips, for each one that a rule names, the bits in
 * which that one differs if its number is the asked one. */
#include "libcontainer/cgroup/internal.h"

#include <inttypes.h>
#include <string.h>

#include "base/cleanup.h"

#define OTHER	   (-2) /* a number that no rule names */
#define ALL_ACCESS (BPF_DEVCG_ACC_MKNOD | BPF_DEVCG_ACC_READ | BPF_DEVCG_ACC_WRITE)

#define MINOR_BITS 20 /* of a device's number */

/* ---- decide ---- */

static bool matches(const struct device_rule *rule, uint32_t type, int64_t major, int64_t minor)
{
	return (rule->type == DEVICE_ANY_TYPE || rule->type == type) &&
	       (rule->major == DEVICE_ANY || rule->major == major) &&
	       (rule->minor == DEVICE_ANY || rule->minor == minor);
}

/* The accesses to a device that are allowed: each is decided by the last rule that names it. */
static uint32_t decide(const struct device_rules *rules, uint32_t type, int64_t major,
		       int64_t minor)
{
	uint32_t allowed = 0, undecided = ALL_ACCESS;

	for (size_t i = rules->count; i-- && undecided;) {
		const struct device_rule *rule = &rules->items[i];

		if (!matches(rule, type, major, minor))
			continue;
		if (rule->allow)
			allowed |= undecided & rule->access;
		undecided &= ~rule->access;
	}
	return allowed;
}

/* Is rule @index the first that names its major, for devices of @type? */
static bool names_new_major(const struct device_rules *rules, size_t index, uint32_t type)
{
	const struct device_rule *rule = &rules->items[index];

	if (rule->major == DEVICE_ANY || (rule->type != DEVICE_ANY_TYPE && rule->type != type))
		return false;
	for (size_t i = 0; i < index; i++)
		if (rules->items[i].major == rule->major &&
		    (rules->items[i].type == DEVICE_ANY_TYPE || rules->items[i].type == type))
			return false;
	return true;
}

/* Is rule @index the first that names its minor, for devices of @type and @major? */
static bool names_new_minor(const struct device_rules *rules, size_t index, uint32_t type,
			    int64_t major)
{
	const struct device_rule *rule = &rules->items[index];

	if (rule->minor == DEVICE_ANY || !matches(rule, type, major, rule->minor))
		return false;
	for (size_t i = 0; i < index; i++)
		if (rules->items[i].minor == rule->minor &&
		    matches(&rules->items[i], type, major, rule->minor))
			return false;
	return true;
}

/* ---- the differences that the rules make ---- */

#define INSNS_LIMIT 30000	      /* the offset of a jump has 16 bits */
#define FLIPS_LIMIT (INSNS_LIMIT / 5) /* at most so many instructions for each, and some besides */

enum {
	RESULT = BPF_REG_0,
	CONTEXT = BPF_REG_1, /* struct bpf_cgroup_dev_ctx */
	TYPE = BPF_REG_2,
	ASKED = BPF_REG_3,
	MAJOR = BPF_REG_4,
	MINOR = BPF_REG_5,
	NUMBER = BPF_REG_6, /* both: MAJOR << MINOR_BITS | MINOR */
	REFUSED = BPF_REG_7,
	DIFFERENCE = BPF_REG_8,
	EQUAL = BPF_REG_9,
};

/* Where the register @what is @value, @bits are refused if they otherwise aren't, and aren't if they
 * otherwise are. */
struct flip {
	uint8_t what;
	uint32_t value;
	uint32_t bits;
};

struct flips {
	struct flip *items;
	size_t count;
	bool overflow;
};

/* One without bits is not emitted, but it counts: so the limit bounds the time that this takes. */
static void add_flip(struct flips *flips, uint8_t what, uint32_t value, uint32_t bits)
{
	flips->overflow |= flips->count == FLIPS_LIMIT;
	if (!flips->overflow)
		flips->items[flips->count++] = (struct flip){ what, value, bits };
}

/* The minors that rules name for this major (OTHER: for all majors). */
static void add_minors(struct flips *flips, const struct device_rules *rules, uint32_t type,
		       int64_t major)
{
	uint32_t others = decide(rules, type, major, OTHER);

	for (size_t i = 0; i < rules->count && !flips->overflow; i++) {
		int64_t minor = rules->items[i].minor;
		uint32_t bits;

		if (!names_new_minor(rules, i, type, major))
			continue;
		bits = decide(rules, type, major, minor) ^ others;
		if (major == OTHER) {
			add_flip(flips, MINOR, (uint32_t)minor, bits);
			continue;
		}
		/* without what the minor alone flips already, whatever the major */
		bits ^= decide(rules, type, OTHER, minor) ^ decide(rules, type, OTHER, OTHER);
		add_flip(flips, NUMBER, (uint32_t)major << MINOR_BITS | (uint32_t)minor, bits);
	}
}

static void add_majors(struct flips *flips, const struct device_rules *rules, uint32_t type)
{
	uint32_t others = decide(rules, type, OTHER, OTHER);

	for (size_t i = 0; i < rules->count && !flips->overflow; i++) {
		int64_t major = rules->items[i].major;

		if (!names_new_major(rules, i, type))
			continue;
		add_flip(flips, MAJOR, (uint32_t)major, decide(rules, type, major, OTHER) ^ others);
		add_minors(flips, rules, type, major);
	}
}

/* ---- emit ---- */

static size_t emit(struct device_program *program, struct bpf_insn insn)
{
	program->insns[program->count] = insn;
	return program->count++;
}

static void emit_load(struct device_program *program, uint8_t target, size_t offset)
{
	emit(program, (struct bpf_insn){ .code = BPF_LDX | BPF_MEM | BPF_W,
					 .dst_reg = target,
					 .src_reg = CONTEXT,
					 .off = (int16_t)offset });
}

/* target = target OPERATION value; @operation says also if in 32 bits (BPF_ALU) or in 64 */
static void emit_value(struct device_program *program, uint8_t operation, uint8_t target,
		       uint32_t value)
{
	emit(program, (struct bpf_insn){
			  .code = operation | BPF_K, .dst_reg = target, .imm = (int32_t)value });
}

/* target = target OPERATION source */
static void emit_register(struct device_program *program, uint8_t operation, uint8_t target,
			  uint8_t source)
{
	emit(program,
	     (struct bpf_insn){ .code = operation | BPF_X, .dst_reg = target, .src_reg = source });
}

static void jump_to_here(struct device_program *program, size_t jump)
{
	program->insns[jump].off = (int16_t)(program->count - jump - 1);
}

/* All flips of the same bits by the same register together; of those at most one applies. Of 64 bits a
 * difference of two numbers of 32 bits, less 1, has the highest set only where they are equal; so the
 * highest of EQUAL is set if one is. */
static void emit_flips_of(struct device_program *program, const struct flips *flips, uint8_t what,
			  uint32_t bits)
{
	uint8_t collect = BPF_MOV;

	for (size_t i = 0; i < flips->count; i++) {
		const struct flip *flip = &flips->items[i];

		if (flip->what != what || flip->bits != bits)
			continue;
		emit_register(program, BPF_ALU | BPF_MOV, DIFFERENCE, what);
		emit_value(program, BPF_ALU | BPF_XOR, DIFFERENCE, flip->value);
		emit_value(program, BPF_ALU64 | BPF_SUB, DIFFERENCE, 1);
		emit_register(program, BPF_ALU64 | collect, EQUAL, DIFFERENCE);
		collect = BPF_OR;
	}
	if (collect == BPF_MOV)
		return;
	emit_value(program, BPF_ALU64 | BPF_RSH, EQUAL, 63);
	emit_value(program, BPF_ALU | BPF_MUL, EQUAL, bits);
	emit_register(program, BPF_ALU | BPF_XOR, REFUSED, EQUAL);
}

static void emit_type(struct device_program *program, const struct device_rules *rules,
		      uint32_t type, struct flips *flips)
{
	flips->count = 0;
	add_minors(flips, rules, type, OTHER);
	add_majors(flips, rules, type);
	emit_value(program, BPF_ALU | BPF_MOV, REFUSED,
		   decide(rules, type, OTHER, OTHER) ^ ALL_ACCESS);
	for (uint32_t bits = 1; bits <= ALL_ACCESS; bits++) {
		emit_flips_of(program, flips, MAJOR, bits);
		emit_flips_of(program, flips, MINOR, bits);
		emit_flips_of(program, flips, NUMBER, bits);
	}
}

/* The context's first word holds the type in its lower half and the asked accesses above. */
static void emit_context(struct device_program *program)
{
	emit_load(program, TYPE, offsetof(struct bpf_cgroup_dev_ctx, access_type));
	emit_register(program, BPF_ALU | BPF_MOV, ASKED, TYPE);
	emit_value(program, BPF_ALU | BPF_AND, TYPE, 0xffff);
	emit_value(program, BPF_ALU | BPF_RSH, ASKED, 16);
	emit_load(program, MAJOR, offsetof(struct bpf_cgroup_dev_ctx, major));
	emit_load(program, MINOR, offsetof(struct bpf_cgroup_dev_ctx, minor));
	emit_register(program, BPF_ALU | BPF_MOV, NUMBER, MAJOR);
	emit_value(program, BPF_ALU | BPF_LSH, NUMBER, MINOR_BITS);
	emit_register(program, BPF_ALU | BPF_OR, NUMBER, MINOR);
}

/* 1, which allows, if nothing that is asked for is refused; else 0. */
static void emit_result(struct device_program *program)
{
	emit_register(program, BPF_ALU | BPF_MOV, RESULT, ASKED);
	emit_register(program, BPF_ALU | BPF_AND, RESULT, REFUSED);
	emit_value(program, BPF_ALU64 | BPF_SUB, RESULT, 1);
	emit_value(program, BPF_ALU64 | BPF_RSH, RESULT, 63);
	emit(program, (struct bpf_insn){ .code = BPF_JMP | BPF_EXIT });
}

static void emit_all(struct device_program *program, const struct device_rules *rules,
		     struct flips *flips)
{
	size_t if_block, past_block;

	emit_context(program);
	if_block = emit(program, (struct bpf_insn){ .code = BPF_JMP | BPF_JEQ | BPF_K,
						    .dst_reg = TYPE,
						    .imm = BPF_DEVCG_DEV_BLOCK });
	emit_type(program, rules, BPF_DEVCG_DEV_CHAR, flips);
	past_block = emit(program, (struct bpf_insn){ .code = BPF_JMP | BPF_JA });
	jump_to_here(program, if_block);
	emit_type(program, rules, BPF_DEVCG_DEV_BLOCK, flips);
	jump_to_here(program, past_block);
	emit_result(program);
}

int device_program_compile(const struct config_resources *resources, struct arena *arena,
			   struct device_program *ret_program, struct error *err)
{
	static const char property[] = "linux.resources.devices";
	struct device_rules rules;
	struct device_program program = { .count = 0 };
	struct flips flips = { .count = 0 };

	if (device_rules_read(resources, arena, &rules, err) < 0)
		return -1;
	flips.items = arena_calloc(arena, FLIPS_LIMIT, sizeof(*flips.items));
	program.insns = arena_calloc(arena, 2 * INSNS_LIMIT, sizeof(*program.insns));
	emit_all(&program, &rules, &flips);
	if (flips.overflow)
		return error_set(err, ERROR_INVALID, property, "%s: too many different devices",
				 property);
	*ret_program = program;
	return 0;
}
