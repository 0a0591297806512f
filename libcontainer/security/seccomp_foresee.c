/* What a filter would answer: its program, run by us. Filters are classic BPF of few instructions (seccomp(2)), and of
 * those libseccomp uses fewer still; with any other the answer is no. */
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <string.h>

#include "libcontainer/security/seccomp.h"
#include "libcontainer/security/seccomp_compile.h"

#if defined(__x86_64__)
#define OWN_ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define OWN_ARCHITECTURE AUDIT_ARCH_AARCH64
#else
#define OWN_ARCHITECTURE 0 /* none: nothing is foreseen */
#endif

uint32_t seccomp_jump(const struct sock_filter *instruction, uint32_t accumulator, bool *known)
{
	uint32_t k = instruction->k;
	bool holds = false;

	switch (instruction->code) {
	case BPF_JMP | BPF_JA:
		return k;
	case BPF_JMP | BPF_JEQ | BPF_K:
		holds = accumulator == k;
		break;
	case BPF_JMP | BPF_JGT | BPF_K:
		holds = accumulator > k;
		break;
	case BPF_JMP | BPF_JGE | BPF_K:
		holds = accumulator >= k;
		break;
	case BPF_JMP | BPF_JSET | BPF_K:
		holds = accumulator & k;
		break;
	default:
		*known = false;
	}
	return holds ? instruction->jt : instruction->jf;
}

/* The action; SECCOMP_RET_KILL_PROCESS if the program can't be followed. Jumps lead only forward, so this ends. */
static uint32_t run(const struct seccomp_plan *plan, const struct seccomp_data *data)
{
	uint32_t accumulator = 0, memory[BPF_MEMWORDS] = { 0 };
	bool known = true;

	for (size_t i = 0; known && i < plan->count; i++) {
		const struct sock_filter *instruction = &plan->filter[i];

		switch (instruction->code) {
		case BPF_LD | BPF_W | BPF_ABS:
			known = instruction->k <= sizeof(*data) - sizeof(accumulator);
			if (known)
				memcpy(&accumulator, (const char *)data + instruction->k,
				       sizeof(accumulator));
			break;
		case BPF_LD | BPF_MEM:
			accumulator = memory[instruction->k % BPF_MEMWORDS];
			break;
		case BPF_ST:
			memory[instruction->k % BPF_MEMWORDS] = accumulator;
			break;
		case BPF_ALU | BPF_AND | BPF_K:
			accumulator &= instruction->k;
			break;
		case BPF_RET | BPF_K:
			return instruction->k;
		default:
			i += seccomp_jump(instruction, accumulator, &known);
		}
	}
	return SECCOMP_RET_KILL_PROCESS;
}

bool seccomp_lets(const struct seccomp_plan *plan, const struct seccomp_call *calls, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct seccomp_data data = {
			.nr = (int)calls[i].number,
			.arch = OWN_ARCHITECTURE,
			.args = { calls[i].argument },
		};
		uint32_t action = run(plan, &data) & SECCOMP_RET_ACTION_FULL;

		if (action != SECCOMP_RET_ALLOW && action != SECCOMP_RET_LOG)
			return false;
	}
	return true;
}
