/* What the CPU can that programs look for when they start, and use from then on. Any process. */
#pragma once

#include "base/arena.h"
#include "base/error.h"
#include "base/text.h"

/* The words of /proc/cpuinfo for instructions, of the first CPU; none where the kernel has no such line. */
int cpu_features(struct arena *arena, struct strings *ret_features, struct error *err);

/* The same from its text. Pure. */
void cpu_features_text(const char *cpuinfo, struct arena *arena, struct strings *ret_features);
