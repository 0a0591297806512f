#include "checkpoint/xattrs.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/xattr.h>

#include "base/cleanup.h"
#include "base/text.h"

#define NAMES_MAX (64 << 10) /* the kernel's limits */
#define VALUE_MAX (64 << 10)

static bool is_carried(const char *name)
{
	return text_starts(name, "user.") || strcmp(name, "security.capability") == 0 ||
	       strcmp(name, "system.posix_acl_access") == 0 ||
	       strcmp(name, "system.posix_acl_default") == 0;
}

void xattrs_free(struct xattrs *xattrs)
{
	for (size_t i = 0; i < xattrs->count; i++) {
		free((char *)xattrs->items[i].key);
		free((char *)xattrs->items[i].value);
	}
	xattrs->count = 0;
}

static int take(int fd, const char *name, struct xattrs *xattrs, struct error *err)
{
	_cleanup_free_ char *value = malloc(VALUE_MAX), *key = NULL;
	ssize_t length = value ? fgetxattr(fd, name, value, VALUE_MAX) : -1;
	size_t size = strlen(TAR_XATTR) + strlen(name) + 1;

	key = malloc(size);
	if (!value || !key)
		return error_set(err, ERROR_MEMORY, NULL, "no memory for attributes");
	text_fit(key, size, TAR_XATTR "%s", name);
	if (length < 0)
		return error_errno(err, errno, name, "read the attribute %s", name);
	if (xattrs->count == TAR_RECORDS_MAX)
		return error_set(err, ERROR_UNSUPPORTED, NULL, "there are more than %d attributes",
				 TAR_RECORDS_MAX);
	xattrs->items[xattrs->count++] = (struct tar_record){ key, value, (size_t)length };
	key = value = NULL;
	return 0;
}

int xattrs_read(int fd, struct xattrs *ret_xattrs, struct error *err)
{
	_cleanup_free_ char *names = malloc(NAMES_MAX);
	ssize_t length = names ? flistxattr(fd, names, NAMES_MAX) : -1;

	if (!names)
		return error_set(err, ERROR_MEMORY, NULL, "no memory for attributes");
	if (length < 0)
		return errno == ENOTSUP ? 0 : error_errno(err, errno, NULL, "list attributes");
	for (const char *name = names; name < names + length; name += strlen(name) + 1)
		if (is_carried(name) && take(fd, name, ret_xattrs, err) < 0)
			return -1;
	return 0;
}

int xattrs_write(int fd, const struct tar_entry *entry, struct error *err)
{
	for (size_t i = 0; i < entry->record_count; i++) {
		const struct tar_record *record = &entry->records[i];
		const char *name = record->key + strlen(TAR_XATTR);

		if (!text_starts(record->key, TAR_XATTR))
			continue;
		if (!is_carried(name))
			return error_set(err, ERROR_REFUSED, NULL,
					 "the stream has an attribute that no export writes");
		if (fsetxattr(fd, name, record->value, record->length, 0) < 0)
			return error_errno(err, errno, name, "write the attribute %s", name);
	}
	return 0;
}
