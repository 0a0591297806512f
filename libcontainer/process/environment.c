#include "libcontainer/process/environment.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "libcontainer/process/accounts.h"

#define HOME	  "HOME="
#define HOME_SIZE (sizeof(HOME) + PATH_MAX)

/* ---- the last of a name wins ---- */

struct entry {
	const char *text;
	size_t name_length;
	size_t place;
	bool overridden;
};

static int by_name_and_place(const void *left, const void *right)
{
	const struct entry *a = *(struct entry *const *)left, *b = *(struct entry *const *)right;
	size_t shorter = a->name_length < b->name_length ? a->name_length : b->name_length;
	int order = memcmp(a->text, b->text, shorter);

	if (order)
		return order;
	if (a->name_length != b->name_length)
		return a->name_length < b->name_length ? -1 : 1;
	return a->place < b->place ? -1 : 1;
}

static bool same_name(const struct entry *a, const struct entry *b)
{
	return a->name_length == b->name_length && memcmp(a->text, b->text, a->name_length) == 0;
}

/* By sorting: an environment may have thousands of entries. */
static void mark_overridden(struct entry *entries, size_t count, struct arena *arena)
{
	struct entry **sorted = arena_calloc(arena, count, sizeof(*sorted));

	for (size_t i = 0; i < count; i++)
		sorted[i] = &entries[i];
	qsort(sorted, count, sizeof(*sorted), by_name_and_place);
	for (size_t i = 1; i < count; i++)
		sorted[i - 1]->overridden = same_name(sorted[i - 1], sorted[i]);
}

static int add_entries(const struct strings *from, struct entry *entries, size_t *count,
		       struct error *err)
{
	for (size_t i = 0; from && i < from->count; i++) {
		const char *text = from->items[i], *equals = strchr(text, '=');

		if (!equals)
			return error_set(
			    err, ERROR_INVALID, "process.env",
			    "process.env: invalid environment variable: missing '=' in \"%.60s\"",
			    text);
		if (equals == text)
			return error_set(err, ERROR_INVALID, "process.env",
					 "process.env: invalid environment variable: name cannot "
					 "be empty");
		entries[*count] = (struct entry){ text, (size_t)(equals - text), *count, false };
		++*count;
	}
	return 0;
}

int environment_plan(const struct strings *env, const struct strings *extra, struct arena *arena,
		     struct environment *ret_environment, struct error *err)
{
	size_t room = env->count + (extra ? extra->count : 0), count = 0;
	struct entry *entries = arena_calloc(arena, room, sizeof(*entries));
	struct environment plan = { .home_missing = true };

	if (add_entries(env, entries, &count, err) < 0 ||
	    add_entries(extra, entries, &count, err) < 0)
		return -1;
	mark_overridden(entries, count, arena);
	plan.vector = arena_calloc(arena, count + 2, sizeof(*plan.vector));
	plan.home = arena_alloc(arena, HOME_SIZE);
	for (size_t i = 0; i < count; i++) {
		if (entries[i].overridden || strcmp(entries[i].text, HOME) == 0)
			continue;
		if (text_starts(entries[i].text, HOME))
			plan.home_missing = false;
		plan.vector[plan.count++] = arena_strdup(arena, entries[i].text);
	}
	*ret_environment = plan;
	return 0;
}

const char *environment_get(const struct environment *environment, const char *name)
{
	size_t length = strlen(name);

	for (size_t i = 0; i < environment->count; i++)
		if (strncmp(environment->vector[i], name, length) == 0 &&
		    environment->vector[i][length] == '=')
			return environment->vector[i] + length + 1;
	return NULL;
}

/* ---- HOME ---- */

void environment_set_home(struct environment *environment, int rootfd, uid_t uid)
{
	char home[PATH_MAX];

	if (!environment->home_missing)
		return;
	if (!accounts_home(rootfd, uid, home))
		memcpy(home, "/", sizeof("/"));
	text_fit(environment->home, HOME_SIZE, HOME "%s", home);
	environment->vector[environment->count++] = environment->home;
	environment->home_missing = false;
}

/* Global, as environ is: they are one per process. */
static char **arguments;

void environment_note_arguments(char **argv)
{
	arguments = argv;
}

static void clear(char **strings)
{
	for (; strings && *strings; strings++)
		explicit_bzero(*strings, strlen(*strings));
}

void environment_forget(void)
{
	clear(environ);
	clear(arguments);
	environ = arguments = NULL;
}
