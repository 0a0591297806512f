/* The terminal of a container (config.md, process.terminal). The pty is one of the container's own
 * devpts, so that its name there is right; the slave is opened through the master (TIOCGPTPEER),
 * never by its path, which the container could have replaced (CVE-2025-52565). The master goes to
 * whoever asked, by the protocol that all runtimes share: one message with the pty's name and
 * exactly one descriptor. */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <termios.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/path.h"
#include "base/procfs.h"
#include "base/socket.h"
#include "libcontainer/init/init.h"

#define PTMX_MAJOR 5
#define PTMX_MINOR 2

static int verify_ptmx(int fd, struct error *err)
{
	struct statfs fs;
	struct stat st;

	if (fstatfs(fd, &fs) < 0 || fstat(fd, &st) < 0)
		return error_errno(err, errno, "/dev/pts/ptmx", "look at /dev/pts/ptmx");
	if (fs.f_type != DEVPTS_SUPER_MAGIC || !S_ISCHR(st.st_mode) ||
	    st.st_rdev != makedev(PTMX_MAJOR, PTMX_MINOR))
		return error_set(err, ERROR_REFUSED, "/dev/pts/ptmx",
				 "/dev/pts/ptmx is not that of a devpts");
	return 0;
}

static int open_master(const struct init *init, int root, struct error *err)
{
	_cleanup_fd_ int node = path_open(root, "/dev/pts/ptmx", PATH_NO_SYMLINKS, err);
	int master;

	if (node < 0)
		return error_prefix(err, "a terminal needs a devpts at /dev/pts");
	/* verified before it is opened: opening a device can have effects of its own */
	if (verify_ptmx(node, err) < 0)
		return -1;
	master = procfs_reopen(init->plan->procfs, node, O_RDWR | O_NOCTTY);
	return master < 0 ? error_errno(err, errno, "/dev/pts/ptmx", "open a terminal") : master;
}

static int set_size(int terminal, const struct process_plan *process, struct error *err)
{
	struct winsize size = { .ws_row = process->height, .ws_col = process->width };

	if (!size.ws_row && !size.ws_col)
		return 0;
	if (ioctl(terminal, TIOCSWINSZ, &size) < 0)
		return error_errno(err, errno, "process.consoleSize", "set the terminal's size");
	return 0;
}

/* Lines end as the program ends them: what makes "\r\n" of them is our own terminal, if the output
 * goes to one. So callers who compare lines find what runc gives them. */
static int leave_line_ends(int master, struct error *err)
{
	struct termios modes;

	if (tcgetattr(master, &modes) < 0)
		return error_errno(err, errno, "terminal", "read the terminal's modes");
	modes.c_oflag &= ~(tcflag_t)ONLCR;
	if (tcsetattr(master, TCSANOW, &modes) < 0)
		return error_errno(err, errno, "terminal", "set the terminal's modes");
	return 0;
}

static int open_slave(int master, struct error *err)
{
	int unlock = 0, slave;

	if (ioctl(master, TIOCSPTLCK, &unlock) < 0)
		return error_errno(err, errno, "terminal", "unlock the terminal");
	slave = ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
	return slave < 0 ? error_errno(err, errno, "terminal", "open the terminal's other end")
			 : slave;
}

int console_hand_over(int socket, int master, struct error *err)
{
	char name[32];
	unsigned int number = 0;

	if (ioctl(master, TIOCGPTN, &number) < 0)
		return error_errno(err, errno, "terminal", "ask for the terminal's name");
	snprintf(name, sizeof(name), "/dev/pts/%u", number);
	if (socket_send(socket, name, strlen(name), &master, 1) < 0)
		return error_errno(err, errno, "console socket",
				   "send the terminal to the console socket");
	return 0;
}

int console_open(struct init *init, int root, struct error *err)
{
	const struct process_plan *process = init->plan->process;
	_cleanup_fd_ int master = open_master(init, root, err);
	_cleanup_fd_ int slave = -1;

	if (master < 0)
		return -1;
	/* the size first: whoever gets the master may look at it at once */
	if (set_size(master, process, err) < 0)
		return -1;
	if (init->plan->terminal_relayed && leave_line_ends(master, err) < 0)
		return -1;
	slave = open_slave(master, err);
	if (slave < 0 || console_hand_over(init->plan->console_socket, master, err) < 0)
		return -1;
	init->terminal = steal_fd(&slave);
	return 0;
}

int console_control(struct error *err)
{
	if (ioctl(STDIN_FILENO, TIOCSCTTY, 0) < 0)
		return error_errno(err, errno, "terminal", "make it the controlling terminal");
	return 0;
}

int console_streams(struct init *init, struct error *err)
{
	for (int fd = 0; fd <= 2; fd++)
		if (dup2(init->terminal, fd) < 0)
			return error_errno(err, errno, "terminal", "make it the standard streams");
	close(init->terminal);
	init->terminal = -1;
	return 0;
}
