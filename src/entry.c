#include "src/entry.h"

#include <stddef.h>

#include "libcontainer/init/bare.h"
#include "libcontainer/init/image.h"

static const char protected_names[][8] = { "create", "exec", "mounts", "restore", "run" };

static bool equal(const char *a, const char *b)
{
	while (*a && *a == *b)
		a++, b++;
	return *a == *b;
}

bool entry_protects(const char *word)
{
	for (size_t i = 0; i < sizeof(protected_names) / sizeof(*protected_names); i++)
		if (equal(word, protected_names[i]))
			return true;
	return false;
}

#if HAVE_BARE

/* A word that only looks like the command, as an argument of another, costs a little time. */
static bool runs_protected(char **argv)
{
	for (; *argv; argv++)
		if (entry_protects(*argv))
			return true;
	return false;
}

void entry_prepare(long *stack);

/* @stack as the kernel lays it out: argc, argv, NULL, environment, NULL (System V ABI, 3.4.1). */
__attribute__((used)) void entry_prepare(long *stack)
{
	char **argv = (char **)(stack + 1), **envp = argv + *stack + 1;

	if (runs_protected(argv) && !image_mark(envp))
		image_execute(argv, envp);
}

/* The program's entry (-e): entry_prepare(), then that of the C library with stack and registers as
 * they were. What the dynamic linker wants to be called at the end it hands over in a register. */
#if defined(__x86_64__)
__asm__(".text\n"
	".globl proa_entry\n"
	".type proa_entry, @function\n"
	"proa_entry:\n"
	"	endbr64\n"
	"	xor %ebp, %ebp\n"
	"	mov %rsp, %rbx\n"
	"	mov %rdx, %r12\n"
	"	mov %rsp, %rdi\n"
	"	call entry_prepare\n"
	"	mov %r12, %rdx\n"
	"	mov %rbx, %rsp\n"
	"	jmp _start\n"
	".size proa_entry, . - proa_entry\n");
#elif defined(__aarch64__)
__asm__(".text\n"
	".globl proa_entry\n"
	".type proa_entry, @function\n"
	"proa_entry:\n"
	"	hint #34\n" /* bti c */
	"	mov x29, #0\n"
	"	mov x30, #0\n"
	"	mov x19, x0\n"
	"	mov x0, sp\n"
	"	bl entry_prepare\n"
	"	mov x0, x19\n"
	"	b _start\n"
	".size proa_entry, . - proa_entry\n");
#endif
#endif
