#include "checkpoint/page_server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/termination.h"
#include "base/text.h"

union address {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

/* A socket of the address's kind. */
static int open_socket(const struct page_server *server, union address *ret_address,
		       socklen_t *ret_length, struct error *err)
{
	const in_port_t port = htons((uint16_t)server->port);
	union address v4 = { .v4 = { .sin_family = AF_INET, .sin_port = port } };
	union address v6 = { .v6 = { .sin6_family = AF_INET6, .sin6_port = port } };
	bool is_v4 = inet_pton(AF_INET, server->address, &v4.v4.sin_addr) == 1;
	int fd;

	if (!is_v4 && inet_pton(AF_INET6, server->address, &v6.v6.sin6_addr) != 1)
		return error_set(err, ERROR_USAGE, "page-server",
				 "--page-server: expected the address as a number, found %s",
				 text_printable(server->address) ? server->address : "?");
	*ret_address = is_v4 ? v4 : v6;
	*ret_length = is_v4 ? sizeof(v4.v4) : sizeof(v6.v6);
	fd = socket(ret_address->any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	return fd < 0 ? error_errno(err, errno, "page-server", "--page-server: make a socket") : fd;
}

/* As long as it takes, but for a signal that waits. */
static int connect_to(int fd, const union address *address, socklen_t length)
{
	int error = 0;
	socklen_t size = sizeof(error);

	if (fcntl(fd, F_SETFL, O_NONBLOCK) < 0)
		return -1;
	if (connect(fd, &address->any, length) < 0) {
		if (errno != EINPROGRESS)
			return -1;
		if (!termination_or_output(fd, -1)) {
			errno = EINTR;
			return -1;
		}
		if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) < 0)
			return -1;
		errno = error;
		if (error)
			return -1;
	}
	return fcntl(fd, F_SETFL, 0);
}

int page_server_connect(const struct page_server *server, struct error *err)
{
	union address address;
	socklen_t length;
	_cleanup_fd_ int fd = open_socket(server, &address, &length, err);

	if (fd < 0)
		return -1;
	if (connect_to(fd, &address, length) < 0)
		return error_errno(err, errno, server->address,
				   "connect to the page server at %s:%u", server->address,
				   server->port);
	return steal_fd(&fd);
}

int page_server_listen(const struct page_server *server, struct error *err)
{
	const int yes = 1;
	union address address;
	socklen_t length;
	_cleanup_fd_ int fd = open_socket(server, &address, &length, err);

	if (fd < 0)
		return -1;
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes)) < 0 ||
	    bind(fd, &address.any, length) < 0 || listen(fd, 4) < 0)
		return error_errno(err, errno, server->address, "--page-server: listen at %s:%u",
				   server->address, server->port);
	return steal_fd(&fd);
}
