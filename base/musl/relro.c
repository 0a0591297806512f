/* What a static program's relocation alone has to write is read-only afterwards (PT_GNU_RELRO): glibc sees to that, musl leaves
 * it to its dynamic linker, which a static program hasn't got. */
#include <elf.h>
#include <link.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/auxv.h>
#include <sys/mman.h>

#define PAGE_SIZE_MIN 4096ul

extern const char __ehdr_start[] __attribute__((visibility("hidden")));

/* Linked in by its name (-u). */
__attribute__((constructor)) void musl_protect_relocated(void);

void musl_protect_relocated(void)
{
	const ElfW(Ehdr) *file = (const void *)__ehdr_start;
	const ElfW(Phdr) *header = (const void *)(__ehdr_start + file->e_phoff);
	unsigned long page = getauxval(AT_PAGESZ) ?: PAGE_SIZE_MIN;

	for (size_t left = file->e_phnum; left--; header++) {
		const char *begin = __ehdr_start + header->p_vaddr, *end = begin + header->p_memsz;

		begin -= (uintptr_t)begin & (page - 1);
		end -= (uintptr_t)end & (page - 1);
		if (header->p_type == PT_GNU_RELRO && end > begin &&
		    mprotect((void *)begin, (size_t)(end - begin), PROT_READ) < 0)
			__builtin_trap();
	}
}
