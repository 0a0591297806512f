#include "libcontainer/rootfs/filesystem.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "libcontainer/rootfs/tree.h"

/* The kernel's own words are in the context: "e tmpfs: Unknown parameter 'x'". The last of them is
 * nearest to the cause. */
static int context_error(int context, const struct mount_plan *mount, struct error *err)
{
	char message[256] = "";
	int errnum = errno;
	ssize_t length;

	while ((length = read(context, message, sizeof(message) - 1)) > 0)
		message[length - (message[length - 1] == '\n')] = '\0';
	if (message[0] && message[1] == ' ')
		return error_errno(err, errnum, mount->destination, "make a %s (%s)", mount->type,
				   message + 2);
	return error_errno(err, errnum, mount->destination, "make a %s", mount->type);
}

static int set_parameter(int context, const char *key, const char *value)
{
	return fsconfig(context, value ? FSCONFIG_SET_STRING : FSCONFIG_SET_FLAG, key, value, 0);
}

static int set_parameters(int context, const struct mount_plan *mount, const char *without)
{
	for (size_t i = 0; i < mount->options.parameters.count; i++) {
		const struct parameter *parameter = &mount->options.parameters.items[i];

		if (without && strcmp(parameter->key, without) == 0)
			continue;
		if (set_parameter(context, parameter->key, parameter->value) < 0)
			return -1;
	}
	return 0;
}

/* What is still to be written to becomes read-only in the end. */
static uint64_t first_attributes(const struct mount_plan *mount)
{
	return mount->options.own.set & ~(uint64_t)(mount->readonly_later ? MOUNT_ATTR_RDONLY : 0);
}

static int open_context(const struct mount_plan *mount, struct error *err)
{
	int context = fsopen(mount->type, FSOPEN_CLOEXEC);

	if (context < 0)
		return errno == ENODEV
			   ? error_set(err, ERROR_UNSUPPORTED, mount->type,
				       "this kernel has no filesystem \"%s\"", mount->type)
			   : error_errno(err, errno, mount->type, "open filesystem %s",
					 mount->type);
	return context;
}

static int make(int context, const struct mount_plan *mount, const char *mode, const char *without,
		struct error *err)
{
	int tree;

	if ((mount->source && set_parameter(context, "source", mount->source) < 0) ||
	    (mode && set_parameter(context, "mode", mode) < 0) ||
	    set_parameters(context, mount, without) < 0 ||
	    fsconfig(context, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return context_error(context, mount, err);
	tree = fsmount(context, FSMOUNT_CLOEXEC, (unsigned int)first_attributes(mount));
	return tree < 0 ? context_error(context, mount, err) : tree;
}

int filesystem_open(const struct mount_plan *mount, const char *mode, const char *without,
		    struct error *err)
{
	_cleanup_fd_ int context = open_context(mount, err);

	return context < 0 ? -1 : make(context, mount, mode, without, err);
}

int filesystem_open_procfs(const struct mount_plan *mount, int pid_namespace, struct error *err)
{
	_cleanup_fd_ int context = open_context(mount, err);

	if (context < 0)
		return -1;
	/* before 6.17 there is no such parameter: EINVAL */
	if (fsconfig(context, FSCONFIG_SET_FD, "pidns", NULL, pid_namespace) < 0)
		return errno == EINVAL || errno == EOPNOTSUPP
			   ? error_set(err, ERROR_UNSUPPORTED, mount->destination,
				       "this kernel makes a procfs of no other pid namespace")
			   : context_error(context, mount, err);
	return make(context, mount, NULL, NULL, err);
}

int filesystem_change(const struct mount_plan *mount, int target, struct error *err)
{
	_cleanup_fd_ int context = fspick(target, "", FSPICK_CLOEXEC | FSPICK_EMPTY_PATH);

	if (context < 0)
		return error_errno(err, errno, mount->destination, "remount %s: no mount there",
				   mount->destination);
	if (set_parameters(context, mount, NULL) < 0 ||
	    fsconfig(context, FSCONFIG_CMD_RECONFIGURE, NULL, NULL, 0) < 0)
		return context_error(context, mount, err);
	return 0;
}

/* ---- mount(2) ---- */

/* The data argument: all parameters but flags, separated by commas. */
static int old_data(const struct mount_plan *mount, const char *mode, const char *without,
		    char *data, size_t size, struct error *err)
{
	size_t length = 0;

	data[0] = '\0';
	if (mode)
		length += (size_t)snprintf(data, size, "mode=%s", mode);
	for (size_t i = 0; i < mount->options.parameters.count; i++) {
		const struct parameter *parameter = &mount->options.parameters.items[i];

		if (!parameter->text || (without && strcmp(parameter->key, without) == 0))
			continue;
		length += (size_t)snprintf(data + length, size - length, "%s%s", length ? "," : "",
					   parameter->text);
		if (length >= size)
			return error_set(err, ERROR_INVALID, mount->destination,
					 "the mount options are longer than %zu bytes", size);
	}
	return 0;
}

/* Mount at @name in the working directory, and take a detached clone of that. */
static int mount_old(const struct mount_plan *plan, const char *name, const char *data,
		     struct error *err)
{
	const struct attributes attributes = { first_attributes(plan), plan->options.own.clear };
	_cleanup_fd_ int tree = -1;

	if (mount(plan->source ? plan->source : "none", name, plan->type, plan->options.old_flags,
		  data) < 0)
		return error_errno(err, errno, plan->destination, "make a %s", plan->type);
	tree = tree_clone(AT_FDCWD, name, false);
	if (tree < 0 || tree_set_attributes(tree, attributes, false) < 0)
		return error_errno(err, errno, plan->destination, "take the new %s", plan->type);
	return steal_fd(&tree);
}

int filesystem_open_old(const struct mount_plan *mount, int root, const char *mode,
			const char *without, struct error *err)
{
	static const struct mount_plan scratch = { .type = "tmpfs", .destination = "scratch" };
	_cleanup_fd_ int place = -1, tree = -1;
	char data[4096];

	if (old_data(mount, mode, without, data, sizeof(data), err) < 0)
		return -1;
	place = filesystem_open(&scratch, "0700", NULL, err);
	if (place < 0)
		return -1;
	if (mkdirat(place, "new", 0700) < 0 || tree_attach(place, root) < 0 || fchdir(place) < 0)
		return error_errno(err, errno, mount->destination, "make a place to mount");
	tree = mount_old(mount, "new", data, err);
	if (umount2(".", MNT_DETACH) < 0 || chdir("/") < 0)
		return error_errno(err, errno, mount->destination, "leave a place to mount");
	return tree < 0 ? -1 : steal_fd(&tree);
}
