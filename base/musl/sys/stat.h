/* <sys/stat.h> with the kernel's statx(2). musl has none (1.2.3), or one whose structure knows no mount ids (1.2.5). */
#pragma once

#define statx musl_statx
#define statx_timestamp musl_statx_timestamp
#include_next <sys/stat.h>
#undef statx
#undef statx_timestamp

#include <linux/stat.h>

/* As in statx(2). */
int kernel_statx(int dir, const char *path, int flags, unsigned int mask, struct statx *ret_st);
#define statx(...) kernel_statx(__VA_ARGS__)
