#include "checkpoint/tasks.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/procfs.h"
#include "base/text.h"

#define CHILDREN_MAX (16u << 20)

static void add(struct buffer *list, pid_t pid)
{
	buffer_add(list, &pid, sizeof(pid));
}

static pid_t get(const struct buffer *list, size_t index)
{
	return ((const pid_t *)(const void *)list->bytes)[index];
}

/* proc_tid_children(5): numbers with a space behind each. */
static int add_children(pid_t pid, pid_t tid, struct buffer *processes, struct error *err)
{
	_cleanup_buffer_ struct buffer text = BUFFER_INIT;
	char path[64], *at;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/children", (int)pid, (int)tid);
	if (file_read(AT_FDCWD, path, CHILDREN_MAX, &text, err) < 0)
		return -1;
	at = text.bytes;
	while (at && *at) {
		char *end;
		long child = strtol(at, &end, 10);

		if (end == at)
			break;
		add(processes, (pid_t)child);
		at = end + (*end == ' ');
	}
	return 0;
}

static int add_threads(pid_t pid, struct buffer *processes, struct buffer *threads,
		       struct error *err)
{
	_cleanup_dir_ DIR *dir = NULL;
	struct procfs_stat stat;
	const char *name;
	char path[64];
	int tid;

	if (procfs_stat(pid, &stat, err) < 0)
		return -1;
	if (stat.ending)
		return 0;
	snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
	dir = opendir(path);
	if (!dir)
		return error_errno(err, errno, path, "list the restored threads");
	while ((name = dir_next(dir))) {
		if (!parse_int(name, &tid))
			continue;
		add(threads, tid);
		if (add_children(pid, tid, processes, err) < 0)
			return -1;
	}
	return errno && errno != ENOENT ? error_errno(err, errno, path, "list the restored threads")
					: 0;
}

int tasks_read(pid_t pid, struct arena *arena, struct task_list *ret_list, struct error *err)
{
	_cleanup_buffer_ struct buffer processes = BUFFER_INIT, threads = BUFFER_INIT;

	add(&processes, pid);
	for (size_t i = 0; i < processes.length / sizeof(pid); i++)
		if (add_threads(get(&processes, i), &processes, &threads, err) < 0)
			return error_prefix(err, "look at what CRIU has restored");
	if (buffer_failed(&processes) || buffer_failed(&threads))
		return error_set(err, ERROR_MEMORY, "criu", "no memory");
	*ret_list = (struct task_list){
		threads.length ? arena_memdup(arena, threads.bytes, threads.length) : NULL,
		threads.length / sizeof(pid),
	};
	return 0;
}

int task_namespace(pid_t pid, const char *kind, ino_t *ret_namespace, struct error *err)
{
	struct stat st;
	char path[64];

	text_fit(path, sizeof(path), "/proc/%d/ns/%s", (int)pid, kind);
	if (stat(path, &st) < 0)
		return error_errno(err, errno, path, "look at a namespace");
	*ret_namespace = st.st_ino;
	return 0;
}
