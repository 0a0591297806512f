#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "oci/spec.h"
#include "src/command.h"

struct spec_options {
	const char *bundle, *file;
	bool rootless;
};

static const struct option options[] = {
	STRING_OR("bundle", "b", "DIR", ".", struct spec_options, bundle, "the bundle's directory"),
	STRING_OR("file", "f", "FILE", "config.json", struct spec_options, file,
		  "write to FILE, relative to the bundle"),
	FLAG("rootless", NULL, struct spec_options, rootless,
	     "for a user who isn't root, in a user namespace"),
	OPTIONS_END,
};

/* O_EXCL: a config that somebody has written is never overwritten, nor a link followed. */
static int write_new(int dirfd, const char *name, const struct buffer *text, struct error *err)
{
	_cleanup_fd_ int fd = openat(dirfd, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);

	if (fd < 0 && errno == EEXIST)
		return error_set(err, ERROR_EXISTS, name, "%s is there already; remove it first",
				 name);
	if (fd < 0)
		return error_errno(err, errno, name, "make %s", name);
	if (fd_write_all(fd, text->bytes, text->length) == 0)
		return 0;
	error_errno(err, errno, name, "write %s", name);
	unlinkat(dirfd, name, 0);
	return -1;
}

static int run(struct invocation *invocation, struct error *err)
{
	const struct spec_options *wanted = invocation->options;
	const struct spec_request request = { wanted->rootless, geteuid(), getegid() };
	_cleanup_buffer_ struct buffer text = BUFFER_INIT;
	_cleanup_fd_ int bundle = open(wanted->bundle, O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (bundle < 0)
		return error_errno(err, errno, wanted->bundle, "open the bundle %s",
				   wanted->bundle);
	if (spec_encode(&request, &text, err) < 0)
		return -1;
	return write_new(bundle, wanted->file, &text, err);
}

const struct command cmd_spec = {
	.name = "spec",
	.usage = "",
	.summary = "write a config.json to start from",
	.options = options,
	.options_size = sizeof(struct spec_options),
	.host_free = true,
	.run = run,
};
