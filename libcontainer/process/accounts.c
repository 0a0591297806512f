#include "libcontainer/process/accounts.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/kernel.h"
#include "base/text.h"

#define FILE_LIMIT (1024 * 1024)
#define NO_ID	   UINT32_MAX /* to the kernel: leave it as it is */

/* name:password:uid:gid:comment:directory:shell, and name:password:gid:members */
enum { FIELD_NAME, FIELD_ID, FIELD_GID, FIELD_HOME, FIELDS };
static const size_t passwd_fields[FIELDS] = { 0, 2, 3, 5 };
static const size_t group_fields[FIELDS] = { 0, 2, 2, 3 };

/* O_NONBLOCK: a FIFO or a device must not stop init. */
static bool read_accounts(int rootfd, const char *path, struct buffer *text)
{
	_cleanup_fd_ int fd = sys_openat2(rootfd, path, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0,
					  RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS);
	struct error ignored = ERROR_INIT;
	struct stat st;

	return fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
	       fd_read(fd, FILE_LIMIT, text, path, &ignored) == 0 && text->bytes;
}

/* Split the line at its colons; false if it has too few. */
static bool split(char *line, const size_t places[FIELDS], char *fields[FIELDS])
{
	char *all[8] = { line };
	size_t count = 1;

	for (char *colon; count < array_length(all) && (colon = strchr(all[count - 1], ':'));) {
		*colon = '\0';
		all[count++] = colon + 1;
	}
	if (count <= places[FIELD_HOME])
		return false;
	for (size_t i = 0; i < FIELDS; i++)
		fields[i] = all[places[i]];
	return true;
}

/* The first line whose field @which is @wanted, split; the fields are in @text. */
static bool find(struct buffer *text, const size_t places[FIELDS], size_t which, const char *wanted,
		 char *fields[FIELDS])
{
	char *next;

	for (char *line = text->bytes; line; line = next) {
		next = strchr(line, '\n');
		if (next)
			*next++ = '\0';
		if (split(line, places, fields) && strcmp(fields[which], wanted) == 0)
			return true;
	}
	return false;
}

static bool parse_id(const char *text, uint32_t *ret_id)
{
	return parse_u32(text, ret_id) && *ret_id != NO_ID;
}

bool accounts_home(int rootfd, uid_t uid, char ret_home[PATH_MAX])
{
	_cleanup_buffer_ struct buffer text = BUFFER_INIT;
	char number[16], *fields[FIELDS];

	snprintf(number, sizeof(number), "%u", uid);
	return read_accounts(rootfd, "/etc/passwd", &text) &&
	       find(&text, passwd_fields, FIELD_ID, number, fields) &&
	       fields[FIELD_HOME][0] == '/' &&
	       snprintf(ret_home, PATH_MAX, "%s", fields[FIELD_HOME]) < PATH_MAX;
}

bool accounts_user(int rootfd, const char *name, uid_t *ret_uid, gid_t *ret_gid)
{
	_cleanup_buffer_ struct buffer text = BUFFER_INIT;
	char *fields[FIELDS];

	return read_accounts(rootfd, "/etc/passwd", &text) &&
	       find(&text, passwd_fields, FIELD_NAME, name, fields) &&
	       parse_id(fields[FIELD_ID], ret_uid) && parse_id(fields[FIELD_GID], ret_gid);
}

bool accounts_group(int rootfd, const char *name, gid_t *ret_gid)
{
	_cleanup_buffer_ struct buffer text = BUFFER_INIT;
	char *fields[FIELDS];

	return read_accounts(rootfd, "/etc/group", &text) &&
	       find(&text, group_fields, FIELD_NAME, name, fields) &&
	       parse_id(fields[FIELD_ID], ret_gid);
}
