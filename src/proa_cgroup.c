/* The helper through which proa has libcgroup read a cgroup: `proa-cgroup snapshot PATH`. PATH is that of the cgroup in
 * the hierarchy; descriptor 3 gets each line of each file as FILE:LINE, as grep(1) would print them, and
 * the exit status is 0. Else it gets one line that says why not.
 *
 * It is a program of its own, because libcgroup looks at all mounts and controllers as it begins, and drags in the name
 * services of the C library: nothing for a static program. */
#include <errno.h>
#include <libcgroup.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/helper.h"

/* What libcgroup reads of a file; a longer one it cuts without a word. */
#define VALUE_MAX 4095

#define TOO_LONG "(longer than libcgroup reads)"

#define LINES_MAX 65536

/* Nothing is given back: the program ends once it has told all. */
#pragma GCC diagnostic ignored "-Wanalyzer-malloc-leak"

struct line {
	const char *file;
	char *text;
	size_t place;
};

struct lines {
	struct line *items;
	size_t count;
};

static void add_line(struct lines *lines, const char *file, const char *text, size_t length)
{
	struct line *line = &lines->items[lines->count];

	if (lines->count == LINES_MAX)
		abort();
	*line = (struct line){ file, strndup(text, length), lines->count };
	if (!line->text)
		abort();
	lines->count++;
}

static void add_value(struct lines *lines, struct cgroup_controller *controller, const char *file)
{
	_cleanup_free_ char *value = NULL;

	/* memory.reclaim and its like can't be read; libcgroup has them as empty */
	if (cgroup_get_value_string(controller, file, &value) || !value)
		return;
	if (strlen(value) >= VALUE_MAX) {
		add_line(lines, file, TOO_LONG, strlen(TOO_LONG));
		return;
	}
	for (const char *line = value; *line; line += *line == '\n') {
		size_t length = strcspn(line, "\n");

		add_line(lines, file, line, length);
		line += length;
	}
}

static void add_controller(struct lines *lines, struct cgroup *cgroup, const char *name)
{
	struct cgroup_controller *controller = cgroup_get_controller(cgroup, name);
	int count = controller ? cgroup_get_value_name_count(controller) : 0;

	for (int i = 0; i < count; i++)
		add_value(lines, controller, cgroup_get_value_name(controller, i));
}

/* By file; the lines of one stay in their order. */
static int compare(const void *a, const void *b)
{
	const struct line *left = a, *right = b;
	int order = strcmp(left->file, right->file);

	return order ? order : (left->place > right->place) - (left->place < right->place);
}

/* Where it tells no code of its own it means errno, which may tell nothing. */
static int fail(FILE *out, const char *what, int code)
{
	bool untold = code == ECGOTHER && cgroup_get_last_errno() == 0;

	fprintf(out, "libcgroup can't %s%s%s\n", what, untold ? "" : ": ",
		untold ? "" : cgroup_strerror(code));
	return EXIT_FAILURE;
}

static int snapshot(FILE *out, const char *path)
{
	struct cgroup_mount_point mount;
	struct lines lines = { calloc(LINES_MAX, sizeof(struct line)), 0 };
	struct cgroup *cgroup = cgroup_new_cgroup(path + strspn(path, "/"));
	void *handle = NULL;
	int code = cgroup && lines.items ? cgroup_get_cgroup(cgroup) : ECGOTHER;

	if (code)
		return fail(out, "read the cgroup", code);
	for (code = cgroup_get_controller_begin(&handle, &mount); !code;
	     code = cgroup_get_controller_next(&handle, &mount))
		add_controller(&lines, cgroup, mount.name);
	cgroup_get_controller_end(&handle);
	qsort(lines.items, lines.count, sizeof(struct line), compare);
	for (size_t i = 0; i < lines.count; i++)
		fprintf(out, "%s:%s\n", lines.items[i].file, lines.items[i].text);
	return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
	FILE *out = fdopen(HELPER_CHANNEL, "w");
	int status, code;

	if (!out || argc != 3 || strcmp(argv[1], "snapshot") != 0)
		return EXIT_FAILURE;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	code = cgroup_init();
	status = code ? fail(out, "find a cgroup v2 hierarchy with controllers", code)
		      : snapshot(out, argv[2]);
	/* not exit(3): what libcgroup keeps to its end nobody has to look at */
	_exit(fclose(out) == 0 ? status : EXIT_FAILURE);
}
