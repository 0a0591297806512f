#include "libcontainer/namespace/netlink.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"

void netlink_begin(struct netlink_request *request, uint16_t type, uint16_t flags, size_t fixed)
{
	*request = (struct netlink_request){
		.header = {
			.nlmsg_len = (uint32_t)NLMSG_LENGTH(fixed),
			.nlmsg_type = type,
			.nlmsg_flags = NLM_F_REQUEST | flags,
			.nlmsg_seq = 1,
		},
	};
}

int netlink_add(struct netlink_request *request, uint16_t type, const void *bytes, size_t length)
{
	size_t end = NLMSG_ALIGN(request->header.nlmsg_len);
	struct rtattr *attribute = (struct rtattr *)((char *)request + end);

	if (end + RTA_SPACE(length) > sizeof(*request)) {
		errno = EMSGSIZE;
		return -1;
	}
	attribute->rta_type = type;
	attribute->rta_len = (uint16_t)RTA_LENGTH(length);
	memcpy(RTA_DATA(attribute), bytes, length);
	request->header.nlmsg_len = (uint32_t)(end + RTA_SPACE(length));
	return 0;
}

int netlink_open(struct error *err)
{
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);

	return fd < 0 ? error_errno(err, errno, "linux.netDevices", "open a netlink socket") : fd;
}

/* Returns 1 at the end of the answers, 0 to go on, -1 with errno. */
static int hear(const struct nlmsghdr *message, netlink_answer answer, void *context)
{
	const struct nlmsgerr *status = NLMSG_DATA(message);

	switch (message->nlmsg_type) {
	case NLMSG_DONE:
		return 1;
	case NLMSG_ERROR:
		errno = -status->error;
		return status->error ? -1 : 1;
	default:
		return answer ? answer(context, message) : 0;
	}
}

int netlink_talk(int socket, struct netlink_request *request, netlink_answer answer, void *context)
{
	_Alignas(struct nlmsghdr) char answers[32768];
	/* after a single answer there is no DONE, but an acknowledgement if one was asked for */
	request->header.nlmsg_flags |= NLM_F_ACK;
	if (send(socket, request, request->header.nlmsg_len, 0) < 0)
		return -1;
	for (;;) {
		ssize_t got = recv(socket, answers, sizeof(answers), 0);
		size_t left = got < 0 ? 0 : (size_t)got;

		if (got < 0 && errno != EINTR)
			return -1;
		for (struct nlmsghdr *message = (struct nlmsghdr *)answers; NLMSG_OK(message, left);
		     message = NLMSG_NEXT(message, left)) {
			int end = hear(message, answer, context);

			if (end)
				return end < 0 ? -1 : 0;
		}
	}
}

const struct rtattr *netlink_find(const struct nlmsghdr *message, size_t fixed, uint16_t type)
{
	const struct rtattr *attribute =
	    (const struct rtattr *)((const char *)NLMSG_DATA(message) + NLMSG_ALIGN(fixed));
	size_t left = NLMSG_PAYLOAD(message, fixed);

	for (; RTA_OK(attribute, left); attribute = RTA_NEXT(attribute, left))
		if (attribute->rta_type == type)
			return attribute;
	return NULL;
}
