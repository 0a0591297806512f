#include "libcontainer/cgroup/intel_rdt.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/text.h"

#define RESCTRL_MOUNT "/sys/fs/resctrl"
#define SCHEMATA_MAX  65536
#ifndef RDTGROUP_SUPER_MAGIC
#define RDTGROUP_SUPER_MAGIC 0x7655821
#endif

int intel_rdt_open(struct error *err)
{
	_cleanup_fd_ int fd = open(RESCTRL_MOUNT, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct statfs fs;

	if (fd < 0 || fstatfs(fd, &fs) < 0 || fs.f_type != RDTGROUP_SUPER_MAGIC)
		return error_set(
		    err, ERROR_UNSUPPORTED, "linux.intelRdt",
		    "linux.intelRdt: no resctrl filesystem is mounted at " RESCTRL_MOUNT
		    " (mount -t resctrl resctrl " RESCTRL_MOUNT ", if the CPU has it)");
	return steal_fd(&fd);
}

static bool add_line(struct buffer *lines, const char *line, size_t length)
{
	buffer_add(lines, line, length);
	buffer_puts(lines, "\n");
	return !buffer_failed(lines);
}

/* l3CacheSchema may hold lines for memory bandwidth: those are memBwSchema's business (config-linux.md). */
static void add_cache_lines(struct buffer *lines, const char *schema)
{
	for (const char *line = schema; line && *line;) {
		size_t length = strcspn(line, "\n");

		if (length && !text_starts(line, "MB:"))
			add_line(lines, line, length);
		line += length + (line[length] == '\n');
	}
}

/* Of l3CacheSchema and memBwSchema, in this order. */
static void add_named_lines(struct buffer *lines, const struct config_intel_rdt *config)
{
	add_cache_lines(lines, config->l3_cache_schema);
	if (config->mem_bw_schema)
		add_line(lines, config->mem_bw_schema, strlen(config->mem_bw_schema));
}

/* Of schemata, which are written last. */
static void add_other_lines(struct buffer *lines, const struct config_intel_rdt *config)
{
	for (size_t i = 0; i < config->schemata.count; i++)
		add_line(lines, config->schemata.items[i], strlen(config->schemata.items[i]));
}

/* A newline would smuggle in a line for another resource. */
static int check_lines(const struct config_intel_rdt *config, struct error *err)
{
	const char *bandwidth = config->mem_bw_schema;

	if (bandwidth && (!text_starts(bandwidth, "MB:") || strchr(bandwidth, '\n')))
		return error_set(
		    err, ERROR_INVALID, "linux.intelRdt.memBwSchema",
		    "linux.intelRdt.memBwSchema: expected one line that begins with MB:");
	for (size_t i = 0; i < config->schemata.count; i++)
		if (strchr(config->schemata.items[i], '\n'))
			return error_set(err, ERROR_INVALID, "linux.intelRdt.schemata",
					 "linux.intelRdt.schemata[%zu]: expected one line", i);
	return 0;
}

static const char *skip_spaces(const char *text)
{
	return text + strspn(text, " ");
}

/* Is there a line in @lines that says the same? The kernel pads its own with spaces. */
static bool has_line(const char *lines, const char *wanted, size_t length)
{
	for (const char *line = lines; *line; line += strcspn(line, "\n"), line += *line == '\n') {
		const char *start = skip_spaces(line);

		if (strncmp(start, wanted, length) == 0 &&
		    (start[length] == '\n' || !start[length]))
			return true;
	}
	return false;
}

/* A class that is there already is shared with others: its content must be what is asked for (MUST). */
static int compare(int class, const char *wanted, const char *name, struct error *err)
{
	_cleanup_buffer_ struct buffer present = BUFFER_INIT;

	if (!wanted[0])
		return 0;
	if (file_read(class, "schemata", SCHEMATA_MAX, &present, err) < 0)
		return error_prefix(err, "linux.intelRdt");
	for (const char *line = wanted; *line; line += strcspn(line, "\n") + 1) {
		const char *start = skip_spaces(line);

		if (!has_line(present.bytes, start, strcspn(start, "\n")))
			return error_set(err, ERROR_INVALID, "linux.intelRdt",
					 "linux.intelRdt: the class %s is there already, with "
					 "other schemata than "
					 "\"%.*s\"",
					 name, (int)strcspn(start, "\n"), start);
	}
	return 0;
}

static int write_lines(int class, const char *lines, struct error *err)
{
	char text[4096];

	for (const char *line = lines; *line; line += strcspn(line, "\n") + 1) {
		size_t length = strcspn(line, "\n");

		if (snprintf(text, sizeof(text), "%.*s\n", (int)length, line) >= (int)sizeof(text))
			return error_set(err, ERROR_INVALID, "linux.intelRdt",
					 "linux.intelRdt: a line is too long");
		if (file_write(class, "schemata", text) < 0)
			return error_errno(err, errno, "linux.intelRdt",
					   "linux.intelRdt: write \"%.*s\" to schemata",
					   (int)length, line);
	}
	return 0;
}

/* Open the class; *ret_created tells whether we made it. */
static int open_class(int root, const char *name, bool may_create, bool *ret_created,
		      struct error *err)
{
	int fd;

	*ret_created = may_create && mkdirat(root, name, 0755) == 0;
	if (may_create && !*ret_created && errno != EEXIST)
		return error_errno(err, errno, "linux.intelRdt",
				   "linux.intelRdt: make the class %s", name);
	fd = openat(root, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT)
		return error_set(
		    err, ERROR_INVALID, "linux.intelRdt.closID",
		    "linux.intelRdt.closID: there is no class %s, and no schemata to make it by",
		    name);
	return fd < 0 ? error_errno(err, errno, "linux.intelRdt",
				    "linux.intelRdt: open the class %s", name)
		      : fd;
}

static int join(int group, pid_t pid, struct error *err)
{
	char text[16];

	snprintf(text, sizeof(text), "%d\n", (int)pid);
	if (file_write(group, "tasks", text) < 0)
		return error_errno(err, errno, "linux.intelRdt",
				   "linux.intelRdt: put the container into its class");
	return 0;
}

static int monitor(int class, const char *clos, const char *id, pid_t pid, struct arena *arena,
		   struct intel_rdt_made *made, struct error *err)
{
	_cleanup_fd_ int group = -1;
	char path[NAME_MAX + 16];

	if (snprintf(path, sizeof(path), "mon_groups/%s", id) >= (int)sizeof(path))
		return error_set(
		    err, ERROR_INVALID, "linux.intelRdt.enableMonitoring",
		    "linux.intelRdt.enableMonitoring: the container's id is too long for a group");
	if (mkdirat(class, path, 0755) == 0)
		made->monitoring = arena_printf(arena, "%s/%s", clos, path);
	else if (errno != EEXIST)
		return error_errno(err, errno, "linux.intelRdt.enableMonitoring",
				   "linux.intelRdt.enableMonitoring: make the monitoring group %s",
				   path);
	group = openat(class, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (group < 0)
		return error_errno(err, errno, "linux.intelRdt.enableMonitoring",
				   "open the monitoring group");
	return join(group, pid, err);
}

static int check_name(const char *name, struct error *err)
{
	if (strcmp(name, "/") != 0 &&
	    (strchr(name, '/') || !strcmp(name, ".") || !strcmp(name, "..")))
		return error_set(err, ERROR_INVALID, "linux.intelRdt.closID",
				 "linux.intelRdt.closID: %s is no name of a class", name);
	return 0;
}

static int join_class(int class, bool created, const struct config_intel_rdt *config,
		      const char *name, pid_t pid, struct error *err)
{
	_cleanup_buffer_ struct buffer named = BUFFER_INIT, others = BUFFER_INIT;

	buffer_puts(&named, "");
	buffer_puts(&others, "");
	add_named_lines(&named, config);
	add_other_lines(&others, config);
	if (buffer_failed(&named) || buffer_failed(&others))
		return error_set(err, ERROR_MEMORY, "linux.intelRdt", "no memory for the schemata");
	/* without closID the class is ours alone, and a predecessor's leftover is overwritten */
	if (created || !config->clos_id ? write_lines(class, named.bytes, err)
					: compare(class, named.bytes, name, err))
		return -1;
	if (write_lines(class, others.bytes, err) < 0)
		return -1;
	return join(class, pid, err);
}

static void undo(int root, const struct intel_rdt_made *made)
{
	if (made->monitoring)
		unlinkat(root, made->monitoring, AT_REMOVEDIR);
	if (made->clos)
		unlinkat(root, made->clos, AT_REMOVEDIR);
}

/* The directory of the class, the root's for the default one. */
static const char *class_name(const struct config_intel_rdt *config, const char *id)
{
	if (!config->clos_id)
		return id;
	return strcmp(config->clos_id, "/") == 0 ? "." : config->clos_id;
}

static int check(const struct config_intel_rdt *config, struct error *err)
{
	if (config->clos_id && check_name(config->clos_id, err) < 0)
		return -1;
	return check_lines(config, err);
}

int intel_rdt_plan(int root, const struct config_intel_rdt *config, const char *id,
		   struct arena *arena, struct intel_rdt_made *ret_made, struct error *err)
{
	const char *name = class_name(config, id);
	char *group = arena_printf(arena, "%s/mon_groups/%s", name, id);
	struct intel_rdt_made made = { .clos = config->clos_id ? NULL : arena_strdup(arena, id) };

	if (check(config, err) < 0)
		return -1;
	if (config->enable_monitoring.value &&
	    faccessat(root, group, F_OK, AT_SYMLINK_NOFOLLOW) < 0 && errno == ENOENT)
		made.monitoring = group;
	*ret_made = made;
	return 0;
}

int intel_rdt_join(int root, const struct config_intel_rdt *config, const char *id, pid_t pid,
		   struct arena *arena, struct intel_rdt_made *ret_made, struct error *err)
{
	const char *name = class_name(config, id);
	bool schemata = config->l3_cache_schema || config->mem_bw_schema || config->schemata.count;
	struct intel_rdt_made made = { 0 };
	_cleanup_fd_ int class = -1;
	bool created = false;

	if (check(config, err) < 0)
		return -1;
	class = open_class(root, name, strcmp(name, ".") != 0 && (!config->clos_id || schemata),
			   &created, err);
	if (class < 0)
		return -1;
	if (created || !config->clos_id)
		made.clos = arena_strdup(arena, name);
	if (join_class(class, created, config, name, pid, err) < 0 ||
	    (config->enable_monitoring.value &&
	     monitor(class, name, id, pid, arena, &made, err) < 0)) {
		undo(root, &made);
		return -1;
	}
	/* a class that the config names outlives the container (MUST NOT remove), whoever made it */
	if (config->clos_id)
		made.clos = NULL;
	*ret_made = made;
	return 0;
}

int intel_rdt_follow(int root, const struct config_intel_rdt *config, const char *id, pid_t pid,
		     struct error *err)
{
	bool monitored = config->enable_monitoring.value;
	char path[2 * NAME_MAX + 16];
	_cleanup_fd_ int group = -1;

	text_fit(path, sizeof(path), "%s%s%s", class_name(config, id),
		 monitored ? "/mon_groups/" : "", monitored ? id : "");
	group = openat(root, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (group < 0)
		return error_errno(err, errno, "linux.intelRdt",
				   "linux.intelRdt: open the container's class %s", path);
	return join(group, pid, err);
}

int intel_rdt_remove(const char *made, struct error *err)
{
	struct error ignored = ERROR_INIT;
	_cleanup_fd_ int root = made ? intel_rdt_open(&ignored) : -1;

	if (root < 0)
		return 0;
	if (unlinkat(root, made, AT_REMOVEDIR) < 0 && errno != ENOENT)
		return error_errno(err, errno, made, "remove the resctrl directory %s", made);
	return 0;
}
