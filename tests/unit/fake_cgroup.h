/* A cgroup made of memory, behind the door of transactions. Its files behave as the kernel's where
 * an update depends on it: what is rounded, completed, refused, changed together, and whom a lower
 * limit kills. The writes can be made to fail, and the process to die at any of them; the cgroup lies
 * in memory that outlives the process.
 */
#ifndef PROA_TESTS_UNIT_FAKE_CGROUP_H
#define PROA_TESTS_UNIT_FAKE_CGROUP_H

#include <stdlib.h>

#include "base/cleanup.h"
#include "libcontainer/cgroup/transaction.h"
#include "libcontainer/cgroup/values.h"
#include "tests/unit/harness.h"

#define FAKE_FILES 32

static struct fake_cgroup {
	struct fake_file {
		char name[64];
		char text[256];
	} files[FAKE_FILES];
	size_t count;

	uint64_t used, reclaimable; /* bytes of memory */
	uint64_t growth;	    /* that a running container takes at each look */
	bool frozen;
	bool deaf; /* writes succeed and change nothing */
	unsigned int killed, freezes;
	int score[2]; /* oom_score_adj of processes 1 and 2 */

	unsigned int steps; /* writes, notes, freezes and thaws so far */
	unsigned int fail_at, die_at;
	int fail_with;

	char noted[8192]; /* the journal */
	char order[1024]; /* the files written, in order */
} * fake;

/* Memory that a child's death leaves as it was. */
static inline void fake_make(void)
{
	fake = mmap(NULL, sizeof(*fake), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	CHECK(fake != MAP_FAILED);
}

static inline struct fake_file *fake_find(const char *name)
{
	for (size_t i = 0; i < fake->count; i++)
		if (strcmp(fake->files[i].name, name) == 0)
			return &fake->files[i];
	return NULL;
}

static inline void fake_put(const char *name, const char *text)
{
	struct fake_file *file = fake_find(name);

	if (!file) {
		CHECK(fake->count < FAKE_FILES);
		file = &fake->files[fake->count++];
		snprintf(file->name, sizeof(file->name), "%s", name);
	}
	snprintf(file->text, sizeof(file->text), "%s\n", text);
}

/* The text without its last newline. */
static inline const char *fake_get(const char *name)
{
	static char texts[4][256];
	static unsigned int next;
	struct fake_file *file = fake_find(name);
	char *text = texts[next++ % 4];

	CHECK(file);
	snprintf(text, sizeof(texts[0]), "%.*s", (int)strlen(file->text) - 1, file->text);
	return text;
}

static inline uint64_t fake_number(const char *name)
{
	uint64_t number;

	CHECK(value_number(fake_get(name), &number));
	return number;
}

/* 0 to go on, else an errno. */
static inline int fake_step(void)
{
	fake->steps++;
	if (fake->steps == fake->die_at)
		_exit(0);
	return fake->steps == fake->fail_at ? fake->fail_with : 0;
}

/* ---- what the kernel makes of a write ---- */

/* memparse() of the kernel's lib/cmdline.c: a base by its prefix, a unit, no digits at all are 0, and too many wrap. */
static inline int fake_size(const char *value, uint64_t *ret_size)
{
	static const char units[] = "KMGTPE";
	const char *unit;
	char *end = NULL;

	value += strspn(value, " \t\n");
	*ret_size = UINT64_MAX;
	if (strcmp(value, "max") == 0)
		return 0;
	*ret_size = strtoull(value, &end, 0);
	unit = *end ? strchr(units, *end & ~0x20) : NULL;
	if (unit) {
		*ret_size <<= 10 * (unit - units + 1);
		end++;
	}
	return end[strspn(end, " \t\n")] ? EINVAL : 0;
}

static inline int fake_limit_memory(const char *value)
{
	uint64_t limit;

	if (fake_size(value, &limit) != 0)
		return EINVAL;
	if (fake->used > limit && fake->used - limit <= fake->reclaimable) {
		fake->reclaimable -= fake->used - limit;
		fake->used = limit;
	}
	if (fake->used > limit)
		fake->killed++;
	return 0;
}

static inline int fake_write_quota(const char *value)
{
	char text[64];
	uint64_t quota;

	if (!value_number(value, &quota) || quota < fake_number("cpu.max.burst"))
		return EINVAL;
	snprintf(text, sizeof(text), "%s", value);
	if (!strchr(value, ' '))
		snprintf(text, sizeof(text), "%s%s", value, strchr(fake_get("cpu.max"), ' '));
	fake_put("cpu.max", text);
	return 0;
}

static inline int fake_reclaim(const char *value)
{
	uint64_t wanted = strtoull(value, NULL, 10);
	uint64_t got = wanted < fake->reclaimable ? wanted : fake->reclaimable;

	fake->reclaimable -= got;
	fake->used -= got;
	return got < wanted ? EAGAIN : 0;
}

static inline int fake_write_number(const char *file, const char *value)
{
	uint64_t number;
	char text[32];

	if (!value_number(value, &number))
		return EINVAL;
	snprintf(text, sizeof(text), "%" PRIu64, number);
	if (strncmp(file, "memory.", 7) == 0 && strcmp(file, "memory.oom.group") != 0)
		snprintf(text, sizeof(text), "%" PRIu64, number - number % 4096);
	fake_put(file, number == UINT64_MAX ? "max" : text);
	return 0;
}

static inline int fake_kernel(const char *file, const char *value)
{
	if (strcmp(file, "memory.reclaim") == 0)
		return fake_reclaim(value);
	if (strcmp(file, "cpu.max") == 0)
		return fake_write_quota(value);
	if (strcmp(file, "memory.max") == 0 && fake_limit_memory(value))
		return EINVAL;
	if (strcmp(file, "cpu.max.burst") == 0 &&
	    strtoull(value, NULL, 10) > fake_number("cpu.max"))
		return EINVAL;
	if (strcmp(file, "cpu.weight") == 0 &&
	    (fake_number("cpu.idle") || !strtoull(value, NULL, 10)))
		return EINVAL;
	if (strcmp(file, "cpu.idle") == 0 && strcmp(value, fake_get("cpu.idle")) != 0)
		fake_put("cpu.weight", strcmp(value, "1") == 0 ? "0" : "100");
	if (strncmp(file, "cpuset.", 7) == 0 || strcmp(file, "io.max") == 0) {
		fake_put(file, strcmp(value, "\n") == 0 ? "" : value);
		return 0;
	}
	if (strcmp(file, "io.weight") == 0) {
		fake_put(file, strncmp(value, "default ", 8) == 0 ? value : "default 10000");
		return 0;
	}
	return fake_write_number(file, value);
}

/* ---- the door ---- */

static inline int fake_read(void *context, const struct cgroup_change *change, struct buffer *text)
{
	struct fake_file *file = fake_find(change->file);

	(void)context;
	if (change->pid)
		buffer_printf(text, "%d\n", fake->score[change->pid - 1]);
	else if (strcmp(change->file, "memory.current") == 0) {
		fake->used += fake->frozen ? 0 : fake->growth;
		buffer_printf(text, "%" PRIu64 "\n", fake->used);
	} else if (file) {
		buffer_puts(text, file->text);
	} else {
		errno = ENOENT;
		return -1;
	}
	return 0;
}

static inline int fake_write(void *context, const struct cgroup_change *change, const char *value)
{
	size_t used = strlen(fake->order);
	int failure;

	(void)context;
	/* not a step: it changes no setting */
	if (strcmp(change->file, "memory.reclaim") == 0) {
		if (!fake_find("memory.reclaim"))
			failure = ENOENT;
		else
			failure = fake_reclaim(value);
	} else {
		snprintf(fake->order + used, sizeof(fake->order) - used, "%s ", change->file);
		failure = fake_step();
		if (!failure && change->pid)
			fake->score[change->pid - 1] = atoi(value);
		else if (!failure && !fake->deaf)
			failure = fake_kernel(change->file, value);
	}
	errno = failure;
	return failure ? -1 : 0;
}

static inline int fake_freeze(void *context, struct error *err)
{
	int failure = fake_step();

	(void)context;
	if (failure)
		return error_errno(err, failure, NULL, "freeze");
	fake->frozen = true;
	fake->freezes++;
	return 0;
}

static inline int fake_thaw(void *context, struct error *err)
{
	int failure = fake_step();

	(void)context;
	if (failure)
		return error_errno(err, failure, NULL, "thaw");
	fake->frozen = false;
	return 0;
}

static const struct cgroup_door fake_door = {
	.cgroup = -1,
	.read = fake_read,
	.write = fake_write,
	.freeze = fake_freeze,
	.thaw = fake_thaw,
};

#endif
