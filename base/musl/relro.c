/* What a static program's relocation alone has to write is read-only afterwards (PT_GNU_RELRO): glibc sees to that, musl leaves
 * it to its dynamic linker, which a static program hasn't got. */
#include <elf.h>
#include <link.h>
#include <stdint.h>
#include <sys/auxv.h>
#include <sys/mman.h>

#define PAGE_SIZE_MIN 4096ul

extern const char __ehdr_start[] __attribute__((visibility("hidden")));

/* Linked in by its name (-u). */
__attribute__((constructor)) void musl_protect_relocated(void);

void musl_protect_relocated(void)
{
	const ElfW(Phdr) *header = (const ElfW(Phdr) *)getauxval(AT_PHDR);
	unsigned long page = getauxval(AT_PAGESZ) ?: PAGE_SIZE_MIN;

	for (unsigned long left = getauxval(AT_PHNUM); left--; header++) {
		uintptr_t begin = (uintptr_t)__ehdr_start + header->p_vaddr;
		uintptr_t end = (begin + header->p_memsz) & -page;

		if (header->p_type == PT_GNU_RELRO && end > (begin & -page) &&
		    mprotect((void *)(begin & -page), end - (begin & -page), PROT_READ) < 0)
			__builtin_trap();
	}
}
