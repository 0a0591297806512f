/* libcontainer/init/steps.c: the table keeps the order that its own rows ask for. */
#include "tests/unit/harness.h"

#include "base/cleanup.h"
#include "libcontainer/init/init.h"

#define STEPS_MAX 128

/* What is wrong with an order of steps; "" if nothing is. */
static char complaint[256];

static const struct step *step_find(const struct step *steps, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(steps[i].name, name) == 0)
			return &steps[i];
	return NULL;
}

/* @other, which a row names, must stand on the right side of it, and be walked together with it. */
static bool keeps(const struct step *step, const struct step *other, const char *name, bool before)
{
	const char *where = before ? "before" : "after";

	if (!other)
		snprintf(complaint, sizeof(complaint), "%s names %s, which is no step", step->name,
			 name);
	else if (!(step->purposes & other->purposes))
		snprintf(complaint, sizeof(complaint), "%s and %s are never in one walk",
			 step->name, name);
	else if (before ? other <= step : other >= step)
		snprintf(complaint, sizeof(complaint), "%s must be %s %s", step->name, where, name);
	else
		return true;
	return false;
}

static bool keeps_all(const struct step *steps, size_t count, const struct step *step,
		      const char *names, bool before)
{
	char copy[512], *rest = NULL;

	snprintf(copy, sizeof(copy), "%s", names);
	for (char *name = strtok_r(copy, " ", &rest); name; name = strtok_r(NULL, " ", &rest))
		if (!keeps(step, step_find(steps, count, name), name, before))
			return false;
	return true;
}

static bool in_order(const struct step *steps, size_t count)
{
	complaint[0] = '\0';
	for (size_t i = 0; i < count; i++)
		if (!keeps_all(steps, count, &steps[i], steps[i].after, false) ||
		    !keeps_all(steps, count, &steps[i], steps[i].before, true))
			return false;
	return true;
}

TEST(every_row_is_whole)
{
	const unsigned int known = 1u << PURPOSE_CREATE | 1u << PURPOSE_EXEC | 1u << PURPOSE_MOUNTS;

	for (size_t i = 0; i < init_step_count; i++) {
		const struct step *step = &init_steps[i];

		CHECK(step->run != NULL);
		CHECK(step->purposes && !(step->purposes & ~known));
		CHECK(strlen(step->why) > 10);
		/* a row that asks for nothing could stand anywhere */
		CHECK(step->after[0] || step->before[0]);
		CHECK(step_find(init_steps, init_step_count, step->name) == step);
	}
}

TEST(steps_stand_in_the_order_they_ask_for)
{
	in_order(init_steps, init_step_count);
	CHECK_STR(complaint, "");
}

TEST(both_walks_end_by_executing)
{
	const struct step *last = &init_steps[init_step_count - 1];

	CHECK_STR(last->name, "execute");
	CHECK_INT(last->purposes, 1u << PURPOSE_CREATE | 1u << PURPOSE_EXEC);
}

static bool names(const char *list, const char *name)
{
	char padded_list[512], padded_name[64];

	snprintf(padded_list, sizeof(padded_list), " %s ", list);
	snprintf(padded_name, sizeof(padded_name), " %s ", name);
	return strstr(padded_list, padded_name) != NULL;
}

/* Whoever moves a row must be told; so these pairs are asked for by one of the two rows. */
TEST(the_order_that_isolates_is_asked_for)
{
	static const struct {
		const char *earlier, *later;
	} pairs[] = {
		{ "mounts", "protect" },
		{ "sysctl", "protect" },
		{ "protect", "startContainer-hooks" },
		{ "pivot", "created" },
		{ "forget-host", "pid-namespace" },
		{ "leave-host", "enter" },
		{ "user", "enter" },
		{ "capabilities", "enter" },
		{ "descriptors", "executing" },
		{ "labels", "no-new-privs" },
		{ "seccomp-early", "user" },
		{ "user", "capabilities" },
		{ "capabilities", "seccomp-late" },
		{ "no-new-privs", "seccomp-late" },
		{ "seccomp-late", "execute" },
	};

	for (size_t i = 0; i < array_length(pairs); i++) {
		const char *earlier = pairs[i].earlier, *later = pairs[i].later;
		const struct step *first = step_find(init_steps, init_step_count, earlier);
		const struct step *second = step_find(init_steps, init_step_count, later);

		if (!first || !second ||
		    (!names(first->before, later) && !names(second->after, earlier)))
			harness_fail(__FILE__, __LINE__, "nothing asks for %s before %s", earlier,
				     later);
	}
}

/* That can fail: of each step that is moved to the other end, something complains. */
TEST(a_step_in_a_wrong_place_is_found)
{
	struct step moved[STEPS_MAX];

	CHECK(init_step_count <= STEPS_MAX);
	for (size_t i = 0; i < init_step_count; i++) {
		const struct step *step = &init_steps[i];
		bool to_the_end = step->before[0];

		memcpy(moved, init_steps, init_step_count * sizeof(*moved));
		if (to_the_end) {
			memmove(moved + i, moved + i + 1,
				(init_step_count - i - 1) * sizeof(*moved));
			moved[init_step_count - 1] = *step;
		} else {
			memmove(moved + 1, moved, i * sizeof(*moved));
			moved[0] = *step;
		}
		if (in_order(moved, init_step_count))
			harness_fail(__FILE__, __LINE__, "%s may stand anywhere", step->name);
	}
}
