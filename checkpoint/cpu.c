#include "checkpoint/cpu.h"

#include <fcntl.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/fd.h"

#define CPUINFO_MAX (16 << 20) /* of a machine with thousands of CPUs */

/* The line also tells of faults, of their remedies and of what only kernels use, which differ between kernels on one CPU. On
 * arm64 it is of instructions only. */
static const char *const instructions[] = {
	"sse",	"ssse", "avx",	  "amx",   "aes",    "vaes",	"sha",	"bmi",	 "fma",
	"f16c", "adx",	"popcnt", "movbe", "pclmul", "vpclmul", "gfni", "xsave",
};

static bool is_instruction(const char *word, bool all)
{
	for (size_t i = 0; !all && i < array_length(instructions); i++)
		all = text_starts(word, instructions[i]);
	return all;
}

static const char *find_line(const char *cpuinfo, const char *name)
{
	const char *at = strstr(cpuinfo, name);

	return at && (at == cpuinfo || at[-1] == '\n') ? strchr(at, ':') : NULL;
}

void cpu_features_text(const char *cpuinfo, struct arena *arena, struct strings *ret_features)
{
	const char *x86 = find_line(cpuinfo, "flags"), *arm = find_line(cpuinfo, "Features");
	const char *line = x86 ?: arm;
	char *words = line ? arena_strndup(arena, line + 1, strcspn(line + 1, "\n")) : NULL, *rest;
	struct strings features = { arena_calloc(arena, words ? strlen(words) : 0, sizeof(char *)),
				    0 };

	for (char *word = words ? strtok_r(words, " ", &rest) : NULL; word;
	     word = strtok_r(NULL, " ", &rest))
		if (is_instruction(word, !x86))
			features.items[features.count++] = word;
	*ret_features = features;
}

int cpu_features(struct arena *arena, struct strings *ret_features, struct error *err)
{
	_cleanup_buffer_ struct buffer text = BUFFER_INIT;

	if (file_read(AT_FDCWD, "/proc/cpuinfo", CPUINFO_MAX, &text, err) < 0)
		return -1;
	cpu_features_text(text.bytes ?: "", arena, ret_features);
	return 0;
}
