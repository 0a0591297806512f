/* As much of rtnetlink(7) as network devices need. Private to this room. */
#pragma once

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

/* A request under construction: the header, a fixed part, attributes. */
struct netlink_request {
	struct nlmsghdr header;
	union {
		struct ifinfomsg link;
		struct ifaddrmsg address;
	};
	char attributes[1024];
};

/* Begin a request of @type whose fixed part has @fixed bytes. */
void netlink_begin(struct netlink_request *request, uint16_t type, uint16_t flags, size_t fixed);
/* Add an attribute. -1 with errno EMSGSIZE when it doesn't fit. */
int netlink_add(struct netlink_request *request, uint16_t type, const void *bytes, size_t length);

/* A socket that speaks with the network namespace the caller is in, for as long as it is open. */
int netlink_open(struct error *err);

/* Send the request and hear it out: each answer goes to @answer (may be NULL), whose failure ends it. Returns 0, or -1 with
 * errno: the kernel's, or the answer's. */
typedef int (*netlink_answer)(void *context, const struct nlmsghdr *message);
int netlink_talk(int socket, struct netlink_request *request, netlink_answer answer, void *context);

/* The attribute of @type in a message whose fixed part has @fixed bytes; NULL if it has none. */
const struct rtattr *netlink_find(const struct nlmsghdr *message, size_t fixed, uint16_t type);
