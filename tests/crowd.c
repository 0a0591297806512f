/* crowd PROCESSES MEBIBYTES: a tree of processes in a container that would notice whatever a checkpoint loses.
 *
 * Each process has bytes in a pipe and messages in a socket that nobody has read, signals that are pending, a timer that
 * ticks, and a pattern in its memory. A token goes round through pipes from each to the next, and all count in shared
 * memory. The first has MEBIBYTES of memory.
 *
 * It tells the number of rounds in /dev/shm/count. When somebody makes /dev/shm/check, all look whether they still have what
 * they should; then that file is gone and /dev/shm/result says "whole" or what was lost. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define MAX	 256
#define UNREAD	 3000 /* bytes in the pipe */
#define MESSAGES 3    /* in the socket, and signals */
#define OWN	 (64 << 10)
#define QUEUED	 SIGRTMIN
#define TICK	 (SIGRTMIN + 1)

static struct shared {
	atomic_int check, checked;
	atomic_uint rounds, together;
	char lost[200];
} * shared;

static int count, number; /* of processes; our own */
static int ring[MAX][2];
static int in_pipe[2], in_socket[2];
static unsigned char *own;
static size_t own_size;
static volatile sig_atomic_t ticks;

static void lose(const char *format, ...) __attribute__((format(printf, 1, 2)));
static void lose(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(shared->lost, sizeof(shared->lost), format, args);
	va_end(args);
}

static void must(bool done, const char *what)
{
	if (done)
		return;
	perror(what);
	_exit(1);
}

static unsigned char pattern(size_t at)
{
	return (unsigned char)(at * 31 + (at >> 12) * 7 + (size_t)number);
}

/* ---- what each has ---- */

static void tick(int signal)
{
	(void)signal;
	ticks++;
}

static void start_timer(void)
{
	struct sigevent event = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = TICK };
	const struct itimerspec period = { { 0, 100000000 }, { 0, 100000000 } };
	struct sigaction action = { .sa_handler = tick };
	timer_t timer;

	sigaction(TICK, &action, NULL);
	must(timer_create(CLOCK_MONOTONIC, &event, &timer) == 0 &&
		 timer_settime(timer, 0, &period, NULL) == 0,
	     "timer");
}

static void fill(void)
{
	unsigned char bytes[UNREAD];

	for (size_t i = 0; i < UNREAD; i++)
		bytes[i] = pattern(i);
	must(write(in_pipe[1], bytes, UNREAD) == UNREAD, "write to the pipe");
	for (int i = 0; i < MESSAGES; i++) {
		const union sigval value = { .sival_int = number * 10 + i };

		must(send(in_socket[1], bytes + i, 100 + (size_t)i, 0) == 100 + i, "send");
		must(sigqueue(getpid(), QUEUED, value) == 0, "sigqueue");
	}
	must(kill(getpid(), SIGUSR1) == 0, "kill");
}

static void set_up(size_t size)
{
	sigset_t blocked;

	sigemptyset(&blocked);
	sigaddset(&blocked, QUEUED);
	sigaddset(&blocked, SIGUSR1);
	sigprocmask(SIG_BLOCK, &blocked, NULL);
	must(pipe(in_pipe) == 0, "pipe");
	must(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, in_socket) == 0, "socketpair");
	own_size = size;
	own = malloc(size);
	must(own != NULL, "malloc");
	for (size_t i = 0; i < size; i++)
		own[i] = pattern(i);
	fill();
	start_timer();
}

/* ---- is it still there? ---- */

static bool bytes_are(const unsigned char *bytes, size_t from, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if (bytes[i] != pattern(from + i))
			return false;
	return true;
}

static void check_pipe(void)
{
	unsigned char bytes[UNREAD + 1];
	ssize_t length;

	fcntl(in_pipe[0], F_SETFL, O_NONBLOCK);
	length = read(in_pipe[0], bytes, sizeof(bytes));
	if (length != UNREAD || !bytes_are(bytes, 0, UNREAD))
		lose("%d: the pipe has %zd bytes of %d, or others", number, length, UNREAD);
}

static void check_socket(void)
{
	unsigned char bytes[200];

	for (int i = 0; i < MESSAGES; i++) {
		ssize_t length = recv(in_socket[0], bytes, sizeof(bytes), MSG_DONTWAIT);

		if (length != 100 + i || !bytes_are(bytes, (size_t)i, 100 + (size_t)i))
			lose("%d: message %d has %zd bytes, or others", number, i, length);
	}
	if (recv(in_socket[0], bytes, sizeof(bytes), MSG_DONTWAIT) >= 0)
		lose("%d: a message too many", number);
}

static void check_signals(void)
{
	const struct timespec now = { 0, 0 };
	sigset_t queued, user;
	siginfo_t info;

	sigemptyset(&queued);
	sigaddset(&queued, QUEUED);
	sigemptyset(&user);
	sigaddset(&user, SIGUSR1);
	for (int i = 0; i < MESSAGES; i++)
		if (sigtimedwait(&queued, &info, &now) != QUEUED ||
		    info.si_value.sival_int != number * 10 + i)
			lose("%d: the queued signal %d", number, i);
	if (sigtimedwait(&queued, &info, &now) > 0)
		lose("%d: a signal too many", number);
	if (sigtimedwait(&user, &info, &now) != SIGUSR1)
		lose("%d: the pending signal", number);
}

static void check_timer(void)
{
	int before = ticks;

	for (int i = 0; i < 3000 && ticks == before; i++)
		usleep(10000);
	if (ticks == before)
		lose("%d: the timer", number);
}

static void check(void)
{
	check_pipe();
	check_socket();
	check_signals();
	check_timer();
	for (size_t i = 0; i < own_size; i++)
		if (own[i] != pattern(i)) {
			lose("%d: memory at %zu", number, i);
			break;
		}
	fill();
	shared->checked++;
}

/* ---- the token ---- */

static unsigned int take_token(void)
{
	unsigned int token;

	while (read(ring[number][0], &token, sizeof(token)) != sizeof(token))
		must(errno == EINTR, "read the token");
	return token;
}

static void give_token(unsigned int token)
{
	must(write(ring[(number + 1) % count][1], &token, sizeof(token)) == sizeof(token),
	     "write the token");
}

static _Noreturn void member(void)
{
	int checked = 0;

	for (;;) {
		unsigned int token = take_token();

		/* it has been counted by all before us, once */
		if (shared->together++ != token)
			lose("%d: the token says %u, the shared memory %u", number, token,
			     shared->together - 1);
		if (shared->check != checked) {
			checked = shared->check;
			check();
		}
		if (number == 0) {
			shared->rounds++;
			usleep(20000);
		}
		give_token(token + 1);
	}
}

/* Each is the parent of two. */
static void spawn(int which)
{
	number = which;
	for (int child = 2 * which + 1; child <= 2 * which + 2 && child < count; child++) {
		pid_t pid = fork();

		must(pid >= 0, "fork");
		if (pid == 0) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			spawn(child);
			set_up(OWN);
			member();
		}
	}
}

/* ---- the one who tells ---- */

static void tell(const char *name, const char *text)
{
	FILE *file = fopen("/dev/shm/new", "we");

	must(file && fputs(text, file) >= 0 && fclose(file) == 0 &&
		 rename("/dev/shm/new", name) == 0,
	     name);
}

static void tell_result(void)
{
	shared->checked = 0;
	shared->check++;
	while (shared->checked < count)
		usleep(10000);
	tell("/dev/shm/result", shared->lost[0] ? shared->lost : "whole");
	unlink("/dev/shm/check");
}

static _Noreturn void teller(void)
{
	for (;;) {
		char text[16];

		snprintf(text, sizeof(text), "%u", shared->rounds);
		tell("/dev/shm/count", text);
		if (access("/dev/shm/check", F_OK) == 0)
			tell_result();
		usleep(50000);
	}
}

int main(int argc, char **argv)
{
	pid_t pid;

	must(argc == 3, "usage: crowd PROCESSES MEBIBYTES");
	count = atoi(argv[1]);
	must(count >= 1 && count <= MAX, "PROCESSES");
	shared =
	    mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	must(shared != MAP_FAILED, "mmap");
	for (int i = 0; i < count; i++)
		must(pipe(ring[i]) == 0, "pipe");
	pid = fork();
	must(pid >= 0, "fork");
	if (pid != 0)
		teller();
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	spawn(0);
	set_up(((size_t)atoi(argv[2]) << 20) + OWN);
	must(write(ring[0][1], &(unsigned int){ 0 }, sizeof(int)) == sizeof(int),
	     "write the token");
	member();
}
