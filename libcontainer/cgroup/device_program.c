/* linux.resources.devices as an eBPF program of type BPF_PROG_TYPE_CGROUP_DEVICE, which the kernel
 * asks before a device node is opened or made (config-linux.md, Allowed Device list). Pure.
 *
 * The rules are decided here, not there: what the program holds is, for each device that some rule
 * names, the accesses (read, write, mknod) that are allowed in the end. It finds the device by
 * comparing type, then major, then minor; so the order of the rules, their overlaps and all that
 * one takes back from another cost nothing at run time, and the kernel's verifier walks a tree. */
#include "libcontainer/cgroup/cgroup.h"

#include <inttypes.h>
#include <string.h>

#include "base/cleanup.h"

#define ANY	    (-1)
#define OTHER	    (-2) /* a number that no rule names */
#define ANY_TYPE    0	 /* else BPF_DEVCG_DEV_CHAR or BPF_DEVCG_DEV_BLOCK */
#define ALL_ACCESS  (BPF_DEVCG_ACC_MKNOD | BPF_DEVCG_ACC_READ | BPF_DEVCG_ACC_WRITE)
#define READ_WRITE  (BPF_DEVCG_ACC_READ | BPF_DEVCG_ACC_WRITE)
#define RULES_LIMIT 4096

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

/* ---- decide ---- */

struct rules {
	const struct rule *items;
	size_t count;
};

static bool matches(const struct rule *rule, uint32_t type, int64_t major, int64_t minor)
{
	return (rule->type == ANY_TYPE || rule->type == type) &&
	       (rule->major == ANY || rule->major == major) &&
	       (rule->minor == ANY || rule->minor == minor);
}

/* The accesses to a device that are allowed: each is decided by the last rule that names it. */
static uint32_t decide(const struct rules *rules, uint32_t type, int64_t major, int64_t minor)
{
	uint32_t allowed = 0, undecided = ALL_ACCESS;

	for (size_t i = rules->count; i-- && undecided;) {
		const struct rule *rule = &rules->items[i];

		if (!matches(rule, type, major, minor))
			continue;
		if (rule->allow)
			allowed |= undecided & rule->access;
		undecided &= ~rule->access;
	}
	return allowed;
}

/* Is rule @index the first that names its major, for devices of @type? */
static bool names_new_major(const struct rules *rules, size_t index, uint32_t type)
{
	const struct rule *rule = &rules->items[index];

	if (rule->major == ANY || (rule->type != ANY_TYPE && rule->type != type))
		return false;
	for (size_t i = 0; i < index; i++)
		if (rules->items[i].major == rule->major &&
		    (rules->items[i].type == ANY_TYPE || rules->items[i].type == type))
			return false;
	return true;
}

/* Is rule @index the first that names its minor, for devices of @type and @major? */
static bool names_new_minor(const struct rules *rules, size_t index, uint32_t type, int64_t major)
{
	const struct rule *rule = &rules->items[index];

	if (rule->minor == ANY || !matches(rule, type, major, rule->minor))
		return false;
	for (size_t i = 0; i < index; i++)
		if (rules->items[i].minor == rule->minor &&
		    matches(&rules->items[i], type, major, rule->minor))
			return false;
	return true;
}

/* ---- emit ---- */

/* Offsets of jumps have 16 bits. */
#define INSNS_LIMIT 30000
#define NO_VERDICT  0xff

enum {
	RESULT = BPF_REG_0,
	CONTEXT = BPF_REG_1, /* struct bpf_cgroup_dev_ctx */
	TYPE = BPF_REG_2,
	ASKED = BPF_REG_3,
	MAJOR = BPF_REG_4,
	MINOR = BPF_REG_5,
};

/* A jump to a verdict is filled in at the end, where the verdicts stand: one for each set of
 * allowed accesses. Until then verdicts[] says for each instruction which one it goes to. */
struct emitter {
	const struct rules *rules;
	struct bpf_insn *insns;
	uint8_t *verdicts;
	size_t count;
	bool overflow;
};

static size_t emit(struct emitter *out, struct bpf_insn insn)
{
	if (out->count == INSNS_LIMIT) {
		out->overflow = true;
		return 0;
	}
	out->insns[out->count] = insn;
	out->verdicts[out->count] = NO_VERDICT;
	return out->count++;
}

static void emit_load(struct emitter *out, uint8_t target, size_t offset)
{
	emit(out, (struct bpf_insn){ .code = BPF_LDX | BPF_MEM | BPF_W,
				     .dst_reg = target,
				     .src_reg = CONTEXT,
				     .off = (int16_t)offset });
}

/* target = target OPERATION value, in 32 bits */
static void emit_alu(struct emitter *out, uint8_t operation, uint8_t target, uint32_t value)
{
	emit(out, (struct bpf_insn){ .code = BPF_ALU | operation | BPF_K,
				     .dst_reg = target,
				     .imm = (int32_t)value });
}

static void emit_exit(struct emitter *out)
{
	emit(out, (struct bpf_insn){ .code = BPF_JMP | BPF_EXIT });
}

/* A jump if @target is @value; where to is filled in later. */
static size_t emit_jump_if(struct emitter *out, uint8_t target, uint32_t value)
{
	return emit(out, (struct bpf_insn){ .code = BPF_JMP32 | BPF_JEQ | BPF_K,
					    .dst_reg = target,
					    .imm = (int32_t)value });
}

static size_t emit_jump(struct emitter *out)
{
	return emit(out, (struct bpf_insn){ .code = BPF_JMP | BPF_JA });
}

static void jump_to_here(struct emitter *out, size_t jump)
{
	out->insns[jump].off = (int16_t)(out->count - jump - 1);
}

static void jump_to_verdict(struct emitter *out, size_t jump, uint32_t allowed)
{
	out->verdicts[jump] = (uint8_t)allowed;
}

/* Type and major are known: look at the minor. */
static void emit_minors(struct emitter *out, uint32_t type, int64_t major)
{
	uint32_t others = decide(out->rules, type, major, OTHER);

	for (size_t i = 0; i < out->rules->count && !out->overflow; i++) {
		int64_t minor = out->rules->items[i].minor;
		uint32_t allowed;

		if (!names_new_minor(out->rules, i, type, major))
			continue;
		allowed = decide(out->rules, type, major, minor);
		if (allowed != others)
			jump_to_verdict(out, emit_jump_if(out, MINOR, (uint32_t)minor), allowed);
	}
	jump_to_verdict(out, emit_jump(out), others);
}

/* Do the rules that name this major change anything? */
static bool is_like_others(const struct rules *rules, uint32_t type, int64_t major)
{
	if (decide(rules, type, major, OTHER) != decide(rules, type, OTHER, OTHER))
		return false;
	for (size_t i = 0; i < rules->count; i++) {
		int64_t minor = rules->items[i].minor;

		if (names_new_minor(rules, i, type, major) &&
		    decide(rules, type, major, minor) != decide(rules, type, OTHER, minor))
			return false;
	}
	return true;
}

/* The type is known: look at the major. */
static void emit_majors(struct emitter *out, uint32_t type)
{
	size_t jump = out->count;

	for (int pass = 0; pass < 2; pass++) {
		for (size_t i = 0; i < out->rules->count && !out->overflow; i++) {
			int64_t major = out->rules->items[i].major;

			if (!names_new_major(out->rules, i, type) ||
			    is_like_others(out->rules, type, major))
				continue;
			if (pass == 0) {
				emit_jump_if(out, MAJOR, (uint32_t)major);
			} else {
				jump_to_here(out, jump++);
				emit_minors(out, type, major);
			}
		}
		if (pass == 0)
			emit_minors(out, type, OTHER);
	}
}

static void emit_verdict(struct emitter *out, uint32_t allowed)
{
	if (allowed == 0 || allowed == ALL_ACCESS) {
		emit_alu(out, BPF_MOV, RESULT, allowed != 0);
	} else {
		emit_alu(out, BPF_MOV, RESULT, 1);
		emit_alu(out, BPF_AND, ASKED, ~allowed);
		size_t jump = emit_jump_if(out, ASKED, 0);

		emit_alu(out, BPF_MOV, RESULT, 0);
		jump_to_here(out, jump);
	}
	emit_exit(out);
}

/* Those that are used: the kernel refuses instructions that can't be reached. */
static void emit_verdicts(struct emitter *out)
{
	size_t end = out->count;

	for (uint32_t allowed = 0; allowed <= ALL_ACCESS; allowed++) {
		bool used = false;

		for (size_t i = 0; i < end; i++) {
			if (out->verdicts[i] != allowed)
				continue;
			jump_to_here(out, i);
			used = true;
		}
		if (used)
			emit_verdict(out, allowed);
	}
}

/* The context's first word holds the type in its lower half and the asked accesses above. */
static void emit_all(struct emitter *out)
{
	size_t if_block;

	emit_load(out, TYPE, offsetof(struct bpf_cgroup_dev_ctx, access_type));
	emit_load(out, ASKED, offsetof(struct bpf_cgroup_dev_ctx, access_type));
	emit_load(out, MAJOR, offsetof(struct bpf_cgroup_dev_ctx, major));
	emit_load(out, MINOR, offsetof(struct bpf_cgroup_dev_ctx, minor));
	emit_alu(out, BPF_AND, TYPE, 0xffff);
	emit_alu(out, BPF_RSH, ASKED, 16);
	if_block = emit_jump_if(out, TYPE, BPF_DEVCG_DEV_BLOCK);
	emit_majors(out, BPF_DEVCG_DEV_CHAR);
	jump_to_here(out, if_block);
	emit_majors(out, BPF_DEVCG_DEV_BLOCK);
	emit_verdicts(out);
}

int device_program_compile(const struct config_resources *resources, struct arena *arena,
			   struct device_program *ret_program, struct error *err)
{
	static const char property[] = "linux.resources.devices";
	size_t count = resources->devices.count + array_length(default_rules);
	struct rules rules = { .count = count };
	struct emitter out = { .rules = &rules };
	struct rule *items;

	if (resources->devices.count > RULES_LIMIT)
		return error_set(err, ERROR_INVALID, property, "%s: more than %d rules", property,
				 RULES_LIMIT);
	items = arena_calloc(arena, count, sizeof(*items));
	if (read_rules(resources, items, err) < 0)
		return -1;
	rules.items = items;
	out.insns = arena_calloc(arena, INSNS_LIMIT, sizeof(*out.insns));
	out.verdicts = arena_alloc(arena, INSNS_LIMIT);
	emit_all(&out);
	if (out.overflow)
		return error_set(err, ERROR_INVALID, property, "%s: too many different devices",
				 property);
	*ret_program = (struct device_program){ .insns = out.insns, .count = out.count };
	return 0;
}
