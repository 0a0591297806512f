#include "libcontainer/security/seccomp.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "libcontainer/security/seccomp_cache.h"
#include "libcontainer/security/seccomp_compile.h"
#include "oci/names.h"

/* Newer than the oldest kernel headers that we build with. */
#ifndef SECCOMP_FILTER_FLAG_TSYNC_ESRCH
#define SECCOMP_FILTER_FLAG_TSYNC_ESRCH (1UL << 4)
#endif
#ifndef SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV
#define SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV (1UL << 5)
#endif

const struct name_value seccomp_architectures[] = {
	{ "SCMP_ARCH_X86", SCMP_ARCH_X86 },
	{ "SCMP_ARCH_X86_64", SCMP_ARCH_X86_64 },
	{ "SCMP_ARCH_X32", SCMP_ARCH_X32 },
	{ "SCMP_ARCH_ARM", SCMP_ARCH_ARM },
	{ "SCMP_ARCH_AARCH64", SCMP_ARCH_AARCH64 },
#ifdef SCMP_ARCH_LOONGARCH64 /* this and the others: libseccomp 2.6 */
	{ "SCMP_ARCH_LOONGARCH64", SCMP_ARCH_LOONGARCH64 },
#endif
#ifdef SCMP_ARCH_M68K
	{ "SCMP_ARCH_M68K", SCMP_ARCH_M68K },
#endif
	{ "SCMP_ARCH_MIPS", SCMP_ARCH_MIPS },
	{ "SCMP_ARCH_MIPS64", SCMP_ARCH_MIPS64 },
	{ "SCMP_ARCH_MIPS64N32", SCMP_ARCH_MIPS64N32 },
	{ "SCMP_ARCH_MIPSEL", SCMP_ARCH_MIPSEL },
	{ "SCMP_ARCH_MIPSEL64", SCMP_ARCH_MIPSEL64 },
	{ "SCMP_ARCH_MIPSEL64N32", SCMP_ARCH_MIPSEL64N32 },
	{ "SCMP_ARCH_PARISC", SCMP_ARCH_PARISC },
	{ "SCMP_ARCH_PARISC64", SCMP_ARCH_PARISC64 },
	{ "SCMP_ARCH_PPC", SCMP_ARCH_PPC },
	{ "SCMP_ARCH_PPC64", SCMP_ARCH_PPC64 },
	{ "SCMP_ARCH_PPC64LE", SCMP_ARCH_PPC64LE },
	{ "SCMP_ARCH_RISCV64", SCMP_ARCH_RISCV64 },
	{ "SCMP_ARCH_S390", SCMP_ARCH_S390 },
	{ "SCMP_ARCH_S390X", SCMP_ARCH_S390X },
#ifdef SCMP_ARCH_SH
	{ "SCMP_ARCH_SH", SCMP_ARCH_SH },
#endif
#ifdef SCMP_ARCH_SHEB
	{ "SCMP_ARCH_SHEB", SCMP_ARCH_SHEB },
#endif
	{ NULL, 0 },
};

static long sys_seccomp(unsigned int operation, unsigned int flags, const void *argument)
{
	return syscall(SYS_seccomp, operation, flags, argument);
}

static bool is_notify(const char *action)
{
	return action && strcmp(action, "SCMP_ACT_NOTIFY") == 0;
}

/* The listener can't reach its agent while init is stopped by it; so, as in runc, neither
 * everything nor write(2) may be handed to the agent. */
static int plan_notify(const struct config_seccomp *seccomp, struct arena *arena,
		       struct seccomp_plan *plan, struct error *err)
{
	if (is_notify(seccomp->default_action))
		return error_set(err, ERROR_INVALID, "linux.seccomp.defaultAction",
				 "linux.seccomp: SCMP_ACT_NOTIFY cannot be used as default action");
	for (size_t i = 0; i < seccomp->syscalls.count; i++) {
		const struct config_seccomp_syscall *rule = &seccomp->syscalls.items[i];

		if (!is_notify(rule->action))
			continue;
		if (text_in(&rule->names, "write"))
			return error_set(err, ERROR_INVALID, "linux.seccomp.syscalls",
					 "linux.seccomp: SCMP_ACT_NOTIFY cannot be used for the "
					 "write syscall");
		plan->notify = true;
	}
	if (seccomp->listener_metadata && !seccomp->listener_path)
		return error_set(err, ERROR_INVALID, "linux.seccomp.listenerMetadata",
				 "linux.seccomp: listenerMetadata needs a listenerPath");
	if (!plan->notify)
		return 0;
	if (!seccomp->listener_path)
		return error_set(err, ERROR_INVALID, "linux.seccomp.listenerPath",
				 "linux.seccomp: SCMP_ACT_NOTIFY needs a listenerPath");
	plan->listener_path = arena_strdup(arena, seccomp->listener_path);
	plan->listener_metadata = arena_strdup(arena, seccomp->listener_metadata);
	return 0;
}

/* An unknown flag is EINVAL; with known ones the kernel goes on to read the program. */
static bool kernel_knows(unsigned int flags)
{
	return sys_seccomp(SECCOMP_SET_MODE_FILTER, flags, NULL) < 0 && errno == EFAULT;
}

static int plan_flags(const struct config_seccomp *seccomp, struct seccomp_plan *plan,
		      struct error *err)
{
	for (size_t i = 0; i < seccomp->flags.count; i++) {
		const char *name = seccomp->flags.items[i];
		const struct name_value *row = name_find(names_seccomp_flags, name);

		if (!row)
			return error_set(err, ERROR_INVALID, "linux.seccomp.flags",
					 "linux.seccomp.flags: unknown flag \"%s\"", name);
		if (!kernel_knows((unsigned int)row->value | SECCOMP_FILTER_FLAG_NEW_LISTENER |
				  SECCOMP_FILTER_FLAG_TSYNC_ESRCH | SECCOMP_FILTER_FLAG_TSYNC))
			return error_set(err, ERROR_UNSUPPORTED, "linux.seccomp.flags",
					 "linux.seccomp.flags: this kernel has no %s", name);
		plan->flags |= (unsigned int)row->value;
	}
	if (!seccomp->flags_set)
		plan->flags = SECCOMP_FILTER_FLAG_SPEC_ALLOW; /* as in runc */
	if (plan->notify) {
		plan->flags |= SECCOMP_FILTER_FLAG_NEW_LISTENER;
		if (plan->flags & SECCOMP_FILTER_FLAG_TSYNC)
			plan->flags |= SECCOMP_FILTER_FLAG_TSYNC_ESRCH;
	} else {
		/* it is about the listener; without one the kernel refuses it */
		plan->flags &= ~(unsigned int)SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV;
	}
	return 0;
}

static int plan_program(const struct config_seccomp *seccomp, int cache_dirfd, struct arena *arena,
			struct seccomp_program *ret_program, struct error *err)
{
	_cleanup_buffer_ struct buffer key = BUFFER_INIT;

	if (!dir_is_ours(cache_dirfd, ""))
		return seccomp_compile(seccomp, arena, ret_program, err);
	seccomp_cache_key(seccomp, &key);
	if (seccomp_cache_get(cache_dirfd, &key, arena, ret_program))
		return 0;
	if (seccomp_compile(seccomp, arena, ret_program, err) < 0)
		return -1;
	seccomp_cache_put(cache_dirfd, &key, ret_program);
	return 0;
}

/* Unknown names are left out of the program otherwise: they may be those of a newer kernel. */
static int check_names(const struct config_seccomp *seccomp, struct error *err)
{
	for (size_t i = 0; i < seccomp->syscalls.count; i++) {
		const struct strings *names = &seccomp->syscalls.items[i].names;

		for (size_t j = 0; j < names->count; j++)
			if (seccomp_syscall_resolve_name(names->items[j]) == __NR_SCMP_ERROR)
				return error_set(err, ERROR_INVALID, "linux.seccomp.syscalls",
						 "linux.seccomp.syscalls: unknown system call "
						 "\"%s\"",
						 names->items[j]);
	}
	return 0;
}

int seccomp_plan(const struct config_seccomp *seccomp, int cache_dirfd, struct arena *arena,
		 struct seccomp_plan **ret_plan, struct error *err)
{
	struct seccomp_plan *plan = arena_alloc(arena, sizeof(*plan));
	struct seccomp_program program;

	if ((seccomp->fail_unknown && check_names(seccomp, err) < 0) ||
	    plan_notify(seccomp, arena, plan, err) < 0 || plan_flags(seccomp, plan, err) < 0 ||
	    plan_program(seccomp, cache_dirfd, arena, &program, err) < 0)
		return -1;
	plan->filter = program.instructions;
	plan->count = program.count;
	*ret_plan = plan;
	return 0;
}

int seccomp_apply(const struct seccomp_plan *plan, int *ret_listener, struct error *err)
{
	struct sock_fprog program = { (unsigned short)plan->count, plan->filter };
	long result = sys_seccomp(SECCOMP_SET_MODE_FILTER, plan->flags, &program);

	if (result < 0 && errno == EACCES)
		return error_errno(err, EACCES, "linux.seccomp",
				   "load the seccomp filter, which takes no_new_privs or "
				   "CAP_SYS_ADMIN");
	if (result < 0)
		return error_errno(err, errno, "linux.seccomp", "load the seccomp filter");
	/* TSYNC: the id of a thread that couldn't be brought along */
	if (result > 0 && !plan->notify)
		return error_set(err, ERROR_SYSTEM, "linux.seccomp",
				 "load the seccomp filter: thread %ld has another one", result);
	*ret_listener = plan->notify ? (int)result : -1;
	return 0;
}
