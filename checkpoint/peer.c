#include "checkpoint/peer.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/helper.h"
#include "base/program.h"

int peer_start(char *const *command, const char *name, struct peer *ret_peer, struct error *err)
{
	struct peer peer = PEER_INIT;
	int ends[2], code;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
		return error_errno(err, errno, name, "make a socket");
	code = program_spawn(command[0], (const int[]){ ends[1], ends[1], STDERR_FILENO }, 3,
			     command, environ, &peer.pid);
	close(ends[1]);
	if (code != 0) {
		close(ends[0]);
		return error_errno(err, code, command[0], "start %s", command[0]);
	}
	peer.wire = (struct wire){ .in = ends[0], .out = ends[0], .peer = name };
	*ret_peer = peer;
	return 0;
}

void peer_end(struct peer *peer, struct error *err)
{
	char words[32];
	int status = 0;

	cleanup_fd_(&peer->wire.in);
	if (peer->pid > 0)
		while (waitpid(peer->pid, &status, 0) < 0 && errno == EINTR)
			;
	end_words(status, words);
	if (err && peer->wire.gone && status)
		error_set(err, ERROR_SYSTEM, peer->wire.peer, "%s: the way there has ended: %s",
			  peer->wire.peer, words);
	*peer = (struct peer)PEER_INIT;
}
