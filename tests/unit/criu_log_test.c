/* checkpoint/log.c: CRIU's last words, and what to do. */
#include "tests/unit/harness.h"

#include "base/cleanup.h"
#include "checkpoint/log.h"

static struct error explain(const char *log)
{
	struct error err = ERROR_INIT;

	error_set(&err, ERROR_SYSTEM, "criu", "CRIU failed");
	CHECK(log_explain_text(log, "/w/dump.log", &err) == -1);
	CHECK(err.code == ERROR_SYSTEM);
	return err;
}

TEST(the_last_errors_with_a_hint_and_the_log)
{
	struct error err =
	    explain("(00.1) info\n"
		    "(00.2) Error (criu/old.c:1): something early\n"
		    "(00.3) Error (criu/sk-inet.c:188): inet: Connected TCP socket, consider using "
		    "--tcp-established option.\n"
		    "(00.4) Error (criu/cr-dump.c:1681): Dump files (pid: 467) failed with -1\n"
		    "(00.5) Error (criu/cr-dump.c:2111): Dumping FAILED.\n");

	CHECK_STR(err.text,
		  "CRIU failed: inet: Connected TCP socket, consider using --tcp-established "
		  "option.; Dump files (pid: 467) failed with -1; give --tcp-established, on "
		  "restore too (log: /w/dump.log)");
}

/* The first line alone means an io_uring. */
TEST(the_hint_of_the_last_that_has_one)
{
	struct error err = explain("Error (a.c:1): Message reply from daemon is trimmed (12/0)\n"
				   "Error (a.c:2): Can't get proc fd (pid: 7)\n");

	CHECK_HAS(err.text, "mount a proc there");
	CHECK_LACKS(err.text, "io_uring");
}

TEST(a_link_that_is_gone_is_no_reason_to_give_link_remap)
{
	struct error err =
	    explain("Error (criu/files-reg.c:1): Can't link data/link_remap.6 -> data/one: x\n"
		    "Error (criu/files.c:1): Unable to open fd=6 id=0x5\n");

	CHECK_HAS(err.text, "--leave-running: make the checkpoint without that");
	CHECK_LACKS(err.text, "give --link-remap");
}

TEST(words_that_engines_search_for_are_others)
{
	struct error err = explain("Error (a.c:1): Can't open x: No such file or directory\n"
				   "Error (a.c:2): Can't y: Permission denied\n");

	CHECK(!strcasestr(err.text, "no such file or directory"));
	CHECK(!strcasestr(err.text, "permission denied"));
	CHECK(strstr(err.text, "Can't open x: "));
}

TEST(what_follows_a_failure_is_no_reason)
{
	struct error err =
	    explain("(0.1) Error (criu/plugin.c:227): Unable to open directory /p\n"
		    "(0.2) Error (criu/ptrace.c:1): Unable to detach from 232: No such process\n"
		    "(0.3) Error (criu/cr-dump.c:1): Dumping FAILED.\n");

	CHECK_STR(err.text, "CRIU failed: Unable to open directory /p (log: /w/dump.log)");
}

TEST(a_log_without_errors_is_named)
{
	CHECK_STR(explain("(00.1) info\n").text, "see /w/dump.log: CRIU failed");
	CHECK_STR(explain("Error (x.c:1): Dumping FAILED.").text, "see /w/dump.log: CRIU failed");
}

TEST(it_stays_one_printable_line)
{
	struct error err;
	char log[2000];

	memset(log, 'x', sizeof(log));
	memcpy(log, "Error (a.c:1): \t\033[1m", 19);
	log[sizeof(log) - 1] = '\0';
	err = explain(log);
	for (const char *at = err.text; *at; at++)
		CHECK(*at >= ' ');
	CHECK(strstr(err.text, "/w/dump.log"));
}

TEST(hints)
{
	static const char *const rows[][2] = {
		{ "unix: External socket is used. Consider using --ext-unix-sk option.",
		  "--ext-unix-sk" },
		{ "Some file locks are hold by dumping tasks! You can try --file-locks",
		  "--file-locks" },
		{ "Can't dump ghost file /x of 2097152 size, increase limit", "--ghost-limit" },
		{ "files-reg: Can't lookup mount=22 for fd=1 path=/tmp/out", "standard streams" },
		{ "tty: Found dangling tty with sid 1", "--shell-job" },
		{ "Can't lookup mount=28 for fd=0 path=/dev/pts/0", "--shell-job" },
		{ "tty: No task found with sid 0", "--shell-job" },
		{ "mnt: FS mnt ./ram dev 0x21 root / unsupported id 40", "--enable-fs" },
		{ "net: Unsupported link 2 (type 1 kind dummy)", "--empty-ns network" },
		{ "File root/file has bad mode 0100600 (expect 0100644)", "--skip-file-rwx-check" },
		{ "fsnotify: Can't dump that handle", "--irmap-scan-path" },
		{ "mnt-v2: Failed to copy sharing from -1:/dev/null to 3", "--mntns-compat-mode" },
		{ "fsnotify: Can't find suitable path for handle (dev 0x28 ino 0x2): -2",
		  "stop watching" },
	};

	for (size_t i = 0; i < array_length(rows); i++) {
		char log[256];

		snprintf(log, sizeof(log), "Error (a.c:1): %s\n", rows[i][0]);
		if (!strstr(explain(log).text + 15 + strlen(rows[i][0]) - 3, rows[i][1]))
			harness_fail(__FILE__, __LINE__, "%s: %s", rows[i][0], explain(log).text);
	}
}
