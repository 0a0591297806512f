#include "libcontainer/security/seccomp_compile.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "libcontainer/security/seccomp.h"
#include "libcontainer/security/seccomp_shorten.h"
#include "oci/names.h"

#define ARGUMENTS     6
#define ARCHITECTURES 32
#define ERRNO_MAX     4094 /* libseccomp's; the kernel's is one more */
#define X32_BIT	      0x40000000u

static void filter_release(scmp_filter_ctx *filter)
{
	if (*filter)
		seccomp_release(*filter);
}
#define _cleanup_filter_ __attribute__((cleanup(filter_release)))

/* libseccomp returns negative errnos. */
static int failed(int result, struct error *err, const char *what)
{
	return error_errno(err, -result, "linux.seccomp", "linux.seccomp: %s", what);
}

/* ---- names ---- */

static int action_of(const char *name, const struct optional_uint *errno_ret, uint32_t *ret_action,
		     struct error *err)
{
	const struct name_value *row = name ? name_find(names_seccomp_actions, name) : NULL;
	uint32_t action, data;

	if (!row)
		return error_set(err, ERROR_INVALID, "linux.seccomp",
				 "linux.seccomp: unknown action \"%s\"", name ?: "");
	action = (uint32_t)row->value;
	if (action != SCMP_ACT_ERRNO(0) && action != SCMP_ACT_TRACE(0)) {
		if (errno_ret->set)
			return error_set(err, ERROR_INVALID, "linux.seccomp",
					 "linux.seccomp: %s has no errno to return", name);
		*ret_action = action;
		return 0;
	}
	/* what a tracer gets needn't be one */
	if (action == SCMP_ACT_ERRNO(0) && errno_ret->set && errno_ret->value > ERRNO_MAX)
		return error_set(err, ERROR_INVALID, "linux.seccomp",
				 "linux.seccomp: %ju is not an errno", (uintmax_t)errno_ret->value);
	data = errno_ret->set ? (uint32_t)errno_ret->value : EPERM;
	*ret_action = action | data;
	return 0;
}

/* The architectures of the filter: the native one, then those of the profile, each once. */
struct architectures {
	uint32_t items[ARCHITECTURES];
	size_t count;
};

static void add_architecture(struct architectures *list, uint32_t architecture)
{
	for (size_t i = 0; i < list->count; i++)
		if (list->items[i] == architecture)
			return;
	if (list->count < ARCHITECTURES)
		list->items[list->count++] = architecture;
}

static int find_architectures(const struct config_seccomp *seccomp, struct architectures *ret_list,
			      struct error *err)
{
	ret_list->count = 0;
	add_architecture(ret_list, seccomp_arch_native());
	for (size_t i = 0; i < seccomp->architectures.count; i++) {
		const char *name = seccomp->architectures.items[i];
		const struct name_value *row = name_find(seccomp_architectures, name);

		if (!row)
			return error_set(err, ERROR_UNSUPPORTED, "linux.seccomp.architectures",
					 "linux.seccomp.architectures: libseccomp knows no \"%s\"",
					 name);
		add_architecture(ret_list, (uint32_t)row->value);
	}
	return 0;
}

/* ---- rules ---- */

static int condition_of(const struct config_seccomp_arg *arg, struct scmp_arg_cmp *ret_condition,
			struct error *err)
{
	const struct name_value *row = arg->op ? name_find(names_seccomp_operators, arg->op) : NULL;

	if (!row)
		return error_set(err, ERROR_INVALID, "linux.seccomp",
				 "linux.seccomp: unknown operator \"%s\"", arg->op ?: "");
	if (arg->index.value >= ARGUMENTS)
		return error_set(err, ERROR_INVALID, "linux.seccomp",
				 "linux.seccomp: a system call has no argument %ju",
				 (uintmax_t)arg->index.value);
	*ret_condition = (struct scmp_arg_cmp){
		.arg = (unsigned int)arg->index.value,
		.op = (enum scmp_compare)row->value,
		.datum_a = arg->value.value,
		.datum_b = arg->value_two.value,
	};
	return 0;
}

/* A rule that is there already is no failure: profiles repeat themselves. */
static int add_rule(scmp_filter_ctx filter, uint32_t action, int number, unsigned int count,
		    const struct scmp_arg_cmp *conditions)
{
	int result = seccomp_rule_add_array(filter, action, number, count, conditions);

	return result == -EEXIST ? 0 : result;
}

/* Conditions on different arguments must all hold. libseccomp takes no two on the same one; as in
 * runc, the conditions of such a rule become a rule each, of which one must hold. */
static int add_conditional(scmp_filter_ctx filter, uint32_t action, int number,
			   const struct scmp_arg_cmp *conditions, unsigned int count)
{
	unsigned int seen = 0;
	bool repeated = false;
	int result = 0;

	for (unsigned int i = 0; i < count; i++) {
		repeated |= seen & 1u << conditions[i].arg;
		seen |= 1u << conditions[i].arg;
	}
	if (!repeated)
		return add_rule(filter, action, number, count, conditions);
	for (unsigned int i = 0; i < count && result == 0; i++)
		result = add_rule(filter, action, number, 1, &conditions[i]);
	return result;
}

static int add_syscalls(scmp_filter_ctx filter, const struct config_seccomp_syscall *rule,
			uint32_t default_action, struct arena *arena, struct error *err)
{
	unsigned int count = (unsigned int)rule->args.count;
	struct scmp_arg_cmp *conditions = arena_calloc(arena, count, sizeof(*conditions));
	uint32_t action;

	if (action_of(rule->action, &rule->errno_ret, &action, err) < 0)
		return -1;
	for (unsigned int i = 0; i < count; i++)
		if (condition_of(&rule->args.items[i], &conditions[i], err) < 0)
			return -1;
	if (action == default_action) /* says nothing, and libseccomp refuses it */
		return 0;
	for (size_t i = 0; i < rule->names.count; i++) {
		int number = seccomp_syscall_resolve_name(rule->names.items[i]), result;

		if (number == __NR_SCMP_ERROR) /* newer than the library: as in runc */
			continue;
		result = add_conditional(filter, action, number, conditions, count);
		if (result < 0)
			return failed(result, err, rule->names.items[i]);
	}
	return 0;
}

static int add_architectures(scmp_filter_ctx filter, const struct architectures *architectures,
			     struct error *err)
{
	for (size_t i = 0; i < architectures->count; i++) {
		int result = seccomp_arch_add(filter, architectures->items[i]);

		if (result == 0 || result == -EEXIST)
			continue;
		/* -EDOM: another byte order than ours */
		return error_set(err, ERROR_UNSUPPORTED, "linux.seccomp.architectures",
				 "linux.seccomp.architectures: no filter here can have %s",
				 name_of(seccomp_architectures, architectures->items[i]) ?: "it");
	}
	return 0;
}

static int add_rules(scmp_filter_ctx filter, const struct config_seccomp *seccomp,
		     uint32_t default_action, struct arena *arena, struct error *err)
{
	for (size_t i = 0; i < seccomp->syscalls.count; i++)
		if (add_syscalls(filter, &seccomp->syscalls.items[i], default_action, arena, err) <
		    0)
			return -1;
	return 0;
}

/* ---- system calls newer than the profile ---- */

/* A profile that was written before a system call existed can't have meant to forbid it; but EPERM
 * from its default action keeps a C library from falling back to an older call, which ENOSYS makes
 * it do. So the program begins with a section per architecture that returns ENOSYS for all numbers
 * above the highest that the profile names. */

/* x86_64 and x32 share an architecture; a bit in the number tells them apart. Elsewhere that bit is
 * never set in a valid number, and both limits are the same. */
struct section {
	uint32_t audit_arch;
	uint32_t last, last_x32;
};

#define NO_LIMIT       UINT32_MAX
#define SECTION_LENGTH 7

/* Whether an unknown call fails by the default action. One that traces, logs or allows lets the
 * kernel or the tracer say ENOSYS. */
static bool wants_enosys(uint32_t default_action)
{
	switch (default_action & SECCOMP_RET_ACTION_FULL) {
	case SECCOMP_RET_ALLOW:
	case SECCOMP_RET_LOG:
	case SECCOMP_RET_TRACE:
		return false;
	default:
		return default_action != SCMP_ACT_ERRNO(ENOSYS);
	}
}

static uint32_t last_number(const struct config_seccomp *seccomp, uint32_t architecture)
{
	int last = -1;

	for (size_t i = 0; i < seccomp->syscalls.count; i++) {
		const struct strings *names = &seccomp->syscalls.items[i].names;

		for (size_t j = 0; j < names->count; j++) {
			int number =
			    seccomp_syscall_resolve_name_arch(architecture, names->items[j]);

			last = number > last ? number : last;
		}
	}
	return last < 0 ? NO_LIMIT : (uint32_t)last;
}

/* As the kernel names it: x32 is a bit in the number of x86_64's calls. */
static uint32_t audit_arch(uint32_t architecture)
{
	return architecture == SCMP_ARCH_X32 ? (uint32_t)SCMP_ARCH_X86_64 : architecture;
}

static struct section *find_section(struct section *sections, size_t *count, uint32_t audit_arch)
{
	for (size_t i = 0; i < *count; i++)
		if (sections[i].audit_arch == audit_arch)
			return &sections[i];
	sections[*count] = (struct section){ audit_arch, NO_LIMIT, NO_LIMIT };
	return &sections[(*count)++];
}

static size_t plan_sections(const struct config_seccomp *seccomp,
			    const struct architectures *architectures,
			    struct section sections[ARCHITECTURES])
{
	size_t count = 0;

	for (size_t i = 0; i < architectures->count; i++) {
		uint32_t architecture = architectures->items[i];
		bool x32 = architecture == SCMP_ARCH_X32;
		struct section *section = find_section(sections, &count, audit_arch(architecture));
		uint32_t last = last_number(seccomp, architecture);

		if (!x32)
			section->last = last;
		if (x32 || architecture != SCMP_ARCH_X86_64)
			section->last_x32 = last;
	}
	return count;
}

/* Only reached with the architecture in the accumulator; @beyond is the way from the end of the
 * section to libseccomp's program, which loads the architecture again. */
static void write_section(struct sock_filter *at, const struct section *section, uint32_t beyond)
{
	struct sock_filter instructions[SECTION_LENGTH] = {
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, section->audit_arch, 0, 6),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, SECCOMP_OFFSET_NUMBER),
		BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, X32_BIT, 1, 0),
		BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, section->last, 1, 2),
		BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, section->last_x32, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
		BPF_JUMP(BPF_JMP | BPF_JA, beyond, 0, 0),
	};

	memcpy(at, instructions, sizeof(instructions));
}

/* Write the sections to @at, or with NULL only count their instructions. */
static size_t write_sections(struct sock_filter *at, const struct section *sections, size_t count)
{
	size_t length = count ? 1 + count * SECTION_LENGTH : 0;

	if (!at || !count)
		return length;
	*at++ = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, SECCOMP_OFFSET_ARCH);
	for (size_t i = 0; i < count; i++, at += SECTION_LENGTH)
		write_section(at, &sections[i], (uint32_t)((count - 1 - i) * SECTION_LENGTH));
	return length;
}

/* ---- the program ---- */

/* libseccomp's program as bytes in a memory file. */
static int export_filter(scmp_filter_ctx filter, size_t *ret_size, struct error *err)
{
	_cleanup_fd_ int fd = memfd_create("seccomp", MFD_CLOEXEC);
	struct stat st;
	int result;

	if (fd < 0)
		return error_errno(err, errno, "linux.seccomp", "make a memory file");
	result = seccomp_export_bpf(filter, fd);
	if (result < 0)
		return failed(result, err, "export the filter");
	if (fstat(fd, &st) < 0)
		return error_errno(err, errno, "linux.seccomp", "look at the exported filter");
	*ret_size = (size_t)st.st_size;
	return steal_fd(&fd);
}

/* The sections, and then what libseccomp has made. */
static int assemble(scmp_filter_ctx filter, const struct section *sections, size_t section_count,
		    struct arena *arena, struct seccomp_program *ret_program, struct error *err)
{
	size_t size = 0, before = write_sections(NULL, sections, section_count), count;
	_cleanup_fd_ int fd = export_filter(filter, &size, err);
	struct sock_filter *instructions;

	if (fd < 0)
		return -1;
	count = before + size / sizeof(*instructions);
	instructions = arena_calloc(arena, count, sizeof(*instructions));
	write_sections(instructions, sections, section_count);
	if (pread(fd, instructions + before, size, 0) != (ssize_t)size)
		return error_errno(err, EIO, "linux.seccomp", "read the exported filter");
	*ret_program = (struct seccomp_program){ instructions, count };
	return 0;
}

static int shorten(struct seccomp_program *program, const struct architectures *architectures,
		   struct arena *arena, struct error *err)
{
	struct architectures compared = { .count = 0 };

	for (size_t i = 0; i < architectures->count; i++)
		add_architecture(&compared, audit_arch(architectures->items[i]));
	seccomp_shorten(program, compared.items, compared.count, arena);
	if (program->count > BPF_MAXINSNS)
		return error_set(err, ERROR_UNSUPPORTED, "linux.seccomp",
				 "linux.seccomp: the profile makes %zu instructions, the kernel "
				 "takes %d",
				 program->count, BPF_MAXINSNS);
	return 0;
}

int seccomp_compile(const struct config_seccomp *seccomp, struct arena *arena,
		    struct seccomp_program *ret_program, struct error *err)
{
	_cleanup_filter_ scmp_filter_ctx filter = NULL;
	struct architectures architectures;
	struct section sections[ARCHITECTURES];
	size_t section_count = 0;
	uint32_t default_action;

	if (action_of(seccomp->default_action, &seccomp->default_errno_ret, &default_action, err) <
		0 ||
	    find_architectures(seccomp, &architectures, err) < 0)
		return -1;
	filter = seccomp_init(default_action);
	if (!filter)
		return error_set(err, ERROR_UNSUPPORTED, "linux.seccomp",
				 "linux.seccomp: libseccomp refuses the default action %s",
				 seccomp->default_action);
	if (add_architectures(filter, &architectures, err) < 0 ||
	    add_rules(filter, seccomp, default_action, arena, err) < 0)
		return -1;
	if (wants_enosys(default_action))
		section_count = plan_sections(seccomp, &architectures, sections);
	if (assemble(filter, sections, section_count, arena, ret_program, err) < 0)
		return -1;
	return shorten(ret_program, &architectures, arena, err);
}
