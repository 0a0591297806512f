#include "libcontainer/init/message.h"

#include <errno.h>
#include <stddef.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/socket.h"

static const char *const names[] = {
	[MESSAGE_ENTER_CGROUP] = "ENTER_CGROUP",
	[MESSAGE_SPAWNED] = "SPAWNED",
	[MESSAGE_MAP_IDS] = "MAP_IDS",
	[MESSAGE_NET_DEVICES] = "NET_DEVICES",
	[MESSAGE_MOUNT_SOURCE] = "MOUNT_SOURCE",
	[MESSAGE_MOUNT_MADE] = "MOUNT_MADE",
	[MESSAGE_RUNTIME_HOOKS] = "RUNTIME_HOOKS",
	[MESSAGE_CREATED] = "CREATED",
	[MESSAGE_MOUNTED] = "MOUNTED",
	[MESSAGE_START] = "START",
	[MESSAGE_LISTENER] = "LISTENER",
	[MESSAGE_EXECUTING] = "EXECUTING",
	[MESSAGE_ERROR] = "ERROR",
	[MESSAGE_DONE] = "DONE",
};

const char *message_name(uint32_t type)
{
	return type < array_length(names) && names[type] ? names[type] : "an unknown message";
}

static size_t message_length(uint32_t type)
{
	return type == MESSAGE_ERROR ? sizeof(struct message) : offsetof(struct message, error);
}

static int send_message(int socket, const struct message *message, int fd)
{
	return socket_send(socket, message, message_length(message->type), &fd, fd >= 0);
}

int message_send(int socket, enum message_type type, uint32_t index, int fd, struct error *err)
{
	struct message message = { .type = type, .index = index };

	if (send_message(socket, &message, fd) < 0)
		return error_errno(err, errno, message_name(type), "send %s", message_name(type));
	return 0;
}

int message_send_error(int socket, const struct error *error)
{
	struct message message = { .type = MESSAGE_ERROR, .error = *error };

	return send_message(socket, &message, -1);
}

static void terminate_texts(struct error *error)
{
	error->object[sizeof(error->object) - 1] = '\0';
	error->text[sizeof(error->text) - 1] = '\0';
}

int message_receive(int socket, struct message *ret_message, int *ret_fd, struct error *err)
{
	struct message message = { 0 };
	size_t fd_count = 0;
	int fd = -1;
	ssize_t length = socket_receive(socket, &message, sizeof(message), &fd, 1, &fd_count);

	/* a peer that was killed with unread messages resets the connection */
	if (length == 0 || (length < 0 && errno == ECONNRESET))
		return 0;
	if (length < 0)
		return error_errno(err, errno, NULL, "receive a message");
	if ((size_t)length < offsetof(struct message, error) ||
	    (size_t)length != message_length(message.type)) {
		if (fd >= 0)
			close(fd);
		return error_set(err, ERROR_PROTOCOL, NULL, "a message of %zd bytes, type %u",
				 length, message.type);
	}
	terminate_texts(&message.error);
	*ret_message = message;
	*ret_fd = fd_count ? fd : -1;
	return 1;
}

int message_await_done(int socket, enum message_type answered, int *ret_fd, struct error *err)
{
	const char *name = message_name(answered);
	struct message answer;
	_cleanup_fd_ int received = -1;
	int got = message_receive(socket, &answer, &received, err);

	if (got < 0)
		return -1;
	if (got == 0)
		return error_set(err, ERROR_PROTOCOL, name,
				 "the parent ended before it answered %s", name);
	if (answer.type != MESSAGE_DONE)
		return error_set(err, ERROR_PROTOCOL, name, "%s answered by %s", name,
				 message_name(answer.type));
	if (ret_fd)
		*ret_fd = steal_fd(&received);
	return 0;
}

int message_ask(int socket, enum message_type type, uint32_t index, int fd, int *ret_fd,
		struct error *err)
{
	if (message_send(socket, type, index, fd, err) < 0)
		return -1;
	return message_await_done(socket, type, ret_fd, err);
}
