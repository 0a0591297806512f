/* watch: an attacker in the container who looks at each process that appears in its pid namespace, with whatever rights
 * the container gives him. */
#include "tests/probe.h"

#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#define FINDINGS_MAX 4096

static char *findings[FINDINGS_MAX];
static size_t finding_count;

static void tell_once(const char *line)
{
	for (size_t i = 0; i < finding_count; i++)
		if (strcmp(findings[i], line) == 0)
			return;
	if (finding_count < FINDINGS_MAX)
		findings[finding_count++] = strdup(line);
	puts(line);
}

static ssize_t read_of(const char *pid, const char *file, char *text, size_t size)
{
	char path[512];
	ssize_t length;
	int fd;

	snprintf(path, sizeof(path), "/proc/%s/%s", pid, file);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	length = read(fd, text, size - 1);
	close(fd);
	if (length >= 0)
		text[length] = '\0';
	return length;
}

/* The file that only the host has, through the root of the process. */
static void look_at_root(const char *pid, const char *host_file)
{
	char file[400], text[256], line[512];

	snprintf(file, sizeof(file), "root%s", host_file);
	if (read_of(pid, file, text, sizeof(text)) < 0)
		return;
	text[strcspn(text, "\n")] = '\0';
	snprintf(line, sizeof(line), "root %s", text);
	tell_once(line);
}

static void look_at_command_line(const char *pid)
{
	char text[4096], line[4200];
	ssize_t length = read_of(pid, "cmdline", text, sizeof(text));

	for (ssize_t i = 0; i + 1 < length; i++)
		if (!text[i])
			text[i] = ' ';
	if (length > 0) {
		snprintf(line, sizeof(line), "cmdline %s", text);
		tell_once(line);
	}
}

static const char *value_of(char *status, const char *name)
{
	static char value[256];
	const char *found = strstr(status, name);
	size_t length = 0;

	for (found += found ? strlen(name) : 0; found && *found && *found != '\n'; found++)
		if (length < sizeof(value) - 1 && (length || !isspace((unsigned char)*found)))
			value[length++] = *found == '\t' ? ',' : *found;
	while (length && value[length - 1] == ' ')
		length--;
	value[length] = '\0';
	return value;
}

/* As a debugger has it in its hands: what it may, and whether this could still be more. */
static void seize(const char *pid)
{
	static const char *const names[] = { "CapPrm:", "CapEff:", "CapBnd:",
					     "Uid:",	"Groups:", "Seccomp:" };
	pid_t number = (pid_t)atoi(pid);
	char status[4096], exe[300], link[300], line[2400];
	size_t used;
	ssize_t length;

	if (ptrace(PTRACE_SEIZE, number, NULL, NULL) < 0)
		return;
	ptrace(PTRACE_INTERRUPT, number, NULL, NULL);
	waitpid(number, NULL, __WALL);
	snprintf(link, sizeof(link), "/proc/%s/exe", pid);
	length = readlink(link, exe, sizeof(exe) - 1);
	exe[length > 0 ? length : 0] = '\0';
	used = (size_t)snprintf(line, sizeof(line), "seized exe=%s", exe);
	/* it may have ended meanwhile */
	if (length > 0 && read_of(pid, "status", status, sizeof(status)) > 0) {
		for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
			used += (size_t)snprintf(line + used, sizeof(line) - used, " %.16s%.255s",
						 names[i], value_of(status, names[i]));
		tell_once(line);
	}
	ptrace(PTRACE_DETACH, number, NULL, NULL);
}

static bool already_there(const char *pid, const char *const *there, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(there[i], pid) == 0)
			return true;
	return false;
}

/* watch STOP HOST-FILE WHAT...: until the file STOP is there, look at each process that wasn't there at the beginning:
 * WHAT is "root", "cmdline", "seize" (each process once). Prints each finding once. */
int probe_watch(int argc, char **argv)
{
	const char *there[256];
	static bool seized[1 << 22];
	size_t count = 0;
	bool first = true;

	if (argc < 3)
		return -1;
	while (access(argv[0], F_OK) < 0) {
		DIR *dir = opendir("/proc");
		struct dirent *entry;

		while (dir && (entry = readdir(dir))) {
			const char *pid = entry->d_name;

			if (!isdigit((unsigned char)pid[0]) || already_there(pid, there, count))
				continue;
			if (first && count < 256) {
				there[count++] = strdup(pid);
				continue;
			}
			for (int i = 2; i < argc; i++) {
				if (strcmp(argv[i], "root") == 0)
					look_at_root(pid, argv[1]);
				else if (strcmp(argv[i], "cmdline") == 0)
					look_at_command_line(pid);
				else if (!seized[atoi(pid)]) {
					seized[atoi(pid)] = true;
					seize(pid);
				}
			}
		}
		if (dir)
			closedir(dir);
		if (first)
			puts("watching");
		first = false;
	}
	return 0;
}
