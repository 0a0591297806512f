#include "libcontainer/namespace/net_devices.h"

#include <errno.h>
#include <net/if.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "libcontainer/namespace/netlink.h"

#define ADDRESSES_MAX 256
#define INDEX_TRIES   1000

static const char *name_inside(const struct config_net_device *device)
{
	return device->name ? device->name : device->key;
}

/* As dev_valid_name() of the kernel, for which the no-break space of Latin-1 is one, too; and a "%" is that of "%d", for
 * a number of the kernel's choice. */
static bool is_device_name(const char *name)
{
	const char *percent = strchr(name, '%');

	if (!*name || strlen(name) >= IFNAMSIZ || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		return false;
	return !strpbrk(name, "/: \t\n\v\f\r\xa0") &&
	       (!percent || (percent[1] == 'd' && !strchr(percent + 1, '%')));
}

static int check_device_name(const char *name, struct error *err)
{
	if (is_device_name(name))
		return 0;
	return error_set(err, ERROR_INVALID, "linux.netDevices",
			 "linux.netDevices: \"%s\" can't be a device's name: that has 1 to %d "
			 "bytes, no \"/\", \":\" or white space, and is neither \".\" nor \"..\"",
			 text_printable(name) ? name : "?", IFNAMSIZ - 1);
}

int net_devices_check(const struct config_linux *linux_, struct error *err)
{
	for (size_t i = 0; i < linux_->net_devices.count; i++) {
		const struct config_net_device *devices = linux_->net_devices.items;
		const char *name = name_inside(&devices[i]);

		if (check_device_name(devices[i].key, err) < 0 || check_device_name(name, err) < 0)
			return -1;
		for (size_t j = 0; j < i; j++)
			if (!strchr(name, '%') && strcmp(name, name_inside(&devices[j])) == 0)
				return error_set(err, ERROR_INVALID, "linux.netDevices",
						 "linux.netDevices: two devices are to become %s",
						 name);
	}
	return 0;
}

/* An address as it was found, to be given again: a move to another namespace loses them. */
struct address {
	struct ifaddrmsg fixed;
	struct {
		uint16_t type;
		size_t length;
		unsigned char bytes[16];
	} attributes[4];
	size_t attribute_count;
};

struct addresses {
	int index;
	struct address items[ADDRESSES_MAX];
	size_t count;
};

/* What makes an address: its own, the peer's or its network's, the broadcast one. */
static const uint16_t kept_attributes[] = { IFA_LOCAL, IFA_ADDRESS, IFA_BROADCAST };

static int keep_address(void *context, const struct nlmsghdr *message)
{
	const struct ifaddrmsg *found = NLMSG_DATA(message);
	struct addresses *all = context;
	struct address *address;

	if (message->nlmsg_type != RTM_NEWADDR || (int)found->ifa_index != all->index ||
	    found->ifa_scope != RT_SCOPE_UNIVERSE || !(found->ifa_flags & IFA_F_PERMANENT))
		return 0;
	if (all->count == ADDRESSES_MAX) {
		errno = E2BIG;
		return -1;
	}
	address = &all->items[all->count++];
	*address = (struct address){ .fixed = *found };
	for (size_t i = 0; i < array_length(kept_attributes); i++) {
		const struct rtattr *attribute =
		    netlink_find(message, sizeof(*found), kept_attributes[i]);

		if (!attribute || RTA_PAYLOAD(attribute) > sizeof(address->attributes[0].bytes))
			continue;
		address->attributes[address->attribute_count].type = kept_attributes[i];
		address->attributes[address->attribute_count].length = RTA_PAYLOAD(attribute);
		memcpy(address->attributes[address->attribute_count++].bytes, RTA_DATA(attribute),
		       RTA_PAYLOAD(attribute));
	}
	return 0;
}

static int find_addresses(int socket, int index, struct addresses *ret_addresses)
{
	struct netlink_request request;

	ret_addresses->index = index;
	ret_addresses->count = 0;
	netlink_begin(&request, RTM_GETADDR, NLM_F_DUMP, sizeof(request.address));
	return netlink_talk(socket, &request, keep_address, ret_addresses);
}

static int keep_index(void *context, const struct nlmsghdr *message)
{
	const struct ifinfomsg *link = NLMSG_DATA(message);

	*(int *)context = link->ifi_index;
	return 0;
}

/* *ret_index stays untouched when there is none of that name (ENODEV). */
static int find_device(int socket, const char *name, int *ret_index)
{
	struct netlink_request request;

	netlink_begin(&request, RTM_GETLINK, 0, sizeof(request.link));
	if (netlink_add(&request, IFLA_IFNAME, name, strlen(name) + 1) < 0)
		return -1;
	return netlink_talk(socket, &request, keep_index, ret_index);
}

static int move_to(int socket, int index, const char *name, int target, int new_index)
{
	struct netlink_request request;

	netlink_begin(&request, RTM_NEWLINK, 0, sizeof(request.link));
	request.link.ifi_index = index;
	if (netlink_add(&request, IFLA_NET_NS_FD, &target, sizeof(target)) < 0 ||
	    netlink_add(&request, IFLA_IFNAME, name, strlen(name) + 1) < 0 ||
	    netlink_add(&request, IFLA_NEW_IFINDEX, &new_index, sizeof(new_index)) < 0)
		return -1;
	return netlink_talk(socket, &request, NULL, NULL);
}

/* Under an index of our choice, the old one if it is free: the name may be one that the kernel chooses. Returns the
 * index, or -1 with errno. */
static int move(int socket, int index, const char *name, int target)
{
	for (int new_index = index; new_index < index + INDEX_TRIES; new_index++) {
		if (move_to(socket, index, name, target, new_index) == 0)
			return new_index;
		if (errno != EBUSY)
			return -1;
	}
	return -1;
}

static int give_address(int socket, int index, const struct address *address)
{
	struct netlink_request request;

	netlink_begin(&request, RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, sizeof(request.address));
	request.address = address->fixed;
	request.address.ifa_index = (uint32_t)index;
	for (size_t i = 0; i < address->attribute_count; i++)
		if (netlink_add(&request, address->attributes[i].type, address->attributes[i].bytes,
				address->attributes[i].length) < 0)
			return -1;
	return netlink_talk(socket, &request, NULL, NULL);
}

static int set_up(int socket, int index)
{
	struct netlink_request request;

	netlink_begin(&request, RTM_NEWLINK, 0, sizeof(request.link));
	request.link.ifi_index = index;
	request.link.ifi_flags = IFF_UP;
	request.link.ifi_change = IFF_UP;
	return netlink_talk(socket, &request, NULL, NULL);
}

static int check_name(int socket, const char *host_name, const char *name, struct error *err)
{
	int taken = 0;

	if (strchr(name, '%'))
		return 0;
	if (find_device(socket, name, &taken) == 0)
		return error_set(err, ERROR_INVALID, "linux.netDevices",
				 "linux.netDevices.%s: the container has a device %s already",
				 host_name, name);
	if (errno != ENODEV)
		return error_errno(err, errno, "linux.netDevices",
				   "linux.netDevices.%s: look for %s", host_name, name);
	return 0;
}

static int move_device(const struct config_net_device *device, int own, int target, int socket,
		       struct error *err)
{
	const char *name = name_inside(device);
	struct addresses addresses;
	int index = 0;

	if (find_device(own, device->key, &index) < 0)
		return error_errno(err, errno, "linux.netDevices",
				   "linux.netDevices: find the device %s", device->key);
	if (find_addresses(own, index, &addresses) < 0)
		return error_errno(err, errno, "linux.netDevices",
				   "linux.netDevices.%s: list its addresses", device->key);
	if (check_name(socket, device->key, name, err) < 0)
		return -1;
	index = move(own, index, name, target);
	if (index < 0)
		return error_errno(err, errno, "linux.netDevices",
				   "linux.netDevices.%s: move it into the container as %s",
				   device->key, name);
	for (size_t i = 0; i < addresses.count; i++)
		if (give_address(socket, index, &addresses.items[i]) < 0 && errno != EEXIST)
			return error_errno(err, errno, "linux.netDevices",
					   "linux.netDevices.%s: give it its addresses again",
					   device->key);
	if (set_up(socket, index) < 0)
		return error_errno(err, errno, "linux.netDevices",
				   "linux.netDevices.%s: bring it up", device->key);
	return 0;
}

int net_devices_move(const struct config_linux *linux_, int target, int socket, struct error *err)
{
	_cleanup_fd_ int own = netlink_open(err);

	if (own < 0)
		return -1;
	for (size_t i = 0; i < linux_->net_devices.count; i++)
		if (move_device(&linux_->net_devices.items[i], own, target, socket, err) < 0)
			return -1;
	return 0;
}

int net_devices_socket(struct error *err)
{
	return netlink_open(err);
}
