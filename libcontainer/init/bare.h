/* System calls for code that runs before the C library has set itself up: no errno, no thread-local
 * storage, nothing but the instruction. The result is the kernel's: a negative errno for a failure.
 * Where we don't know the machine's instruction, HAVE_BARE is 0, and bare_call() is that of the C
 * library, for which it is too early in the entry. */
#pragma once

#include <errno.h>
#include <sys/syscall.h>
#include <unistd.h>

#define bare_call(number, ...) bare_call_(number, __VA_ARGS__, 0, 0, 0, 0, 0)
#define bare_call_(number, a, b, c, d, e, ...)                                                     \
	bare_call5(number, (long)(a), (long)(b), (long)(c), (long)(d), (long)(e))

#if defined(__x86_64__)
#define HAVE_BARE 1

static inline long bare_call5(long number, long a, long b, long c, long d, long e)
{
	register long fourth __asm__("r10") = d, fifth __asm__("r8") = e;

	__asm__ volatile("syscall"
			 : "+a"(number)
			 : "D"(a), "S"(b), "d"(c), "r"(fourth), "r"(fifth)
			 : "rcx", "r11", "memory");
	return number;
}
#elif defined(__aarch64__)
#define HAVE_BARE 1

static inline long bare_call5(long number, long a, long b, long c, long d, long e)
{
	register long name __asm__("x8") = number, first __asm__("x0") = a,
			   second __asm__("x1") = b, third __asm__("x2") = c,
			   fourth __asm__("x3") = d, fifth __asm__("x4") = e;

	__asm__ volatile("svc #0"
			 : "+r"(first)
			 : "r"(name), "r"(second), "r"(third), "r"(fourth), "r"(fifth)
			 : "memory");
	return first;
}
#else
#define HAVE_BARE 0

static inline long bare_call5(long number, long a, long b, long c, long d, long e)
{
	long result = syscall(number, a, b, c, d, e);

	return result < 0 ? -errno : result;
}
#endif
