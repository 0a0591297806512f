#include "tests/unit/harness.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "src/command.h"
#include "src/invocation.h"
#include "tests/unit/fake_lifecycle.h"

static char *out, *errors; /* what the last call wrote */

static int capture(int fd)
{
	int file = memfd_create("output", MFD_CLOEXEC);

	CHECK(file >= 0 && dup2(file, fd) == fd);
	return file;
}

static char *captured(int file)
{
	struct buffer text = BUFFER_INIT;
	struct error err = ERROR_INIT;

	CHECK(lseek(file, 0, SEEK_SET) == 0 && fd_read(file, 1 << 20, &text, "output", &err) == 0);
	close(file);
	return text.bytes;
}

/* Run `proa --root /nosuch LINE`, words parted by single blanks; the exit code. */
static int proa(const char *line)
{
	static char copies[8][512];
	static size_t copy;
	char *words[64];
	int count = 0, status, stdout_file = capture(STDOUT_FILENO),
	    stderr_file = capture(STDERR_FILENO);

	copy = (copy + 1) % 8; /* options keep pointing into argv */
	snprintf(copies[copy], sizeof(copies[copy]), "proa --root /nosuch %s", line);
	for (char *word = strtok(copies[copy], " "); word; word = strtok(NULL, " "))
		words[count++] = word;
	fake.verb = NULL;
	fake.calls = 0;
	fake.ids[0] = '\0';
	fake.protected = false;
	status = invocation_run(count, words);
	free(out);
	free(errors);
	out = captured(stdout_file);
	errors = captured(stderr_file);
	return status;
}

static void check_quiet(const char *line)
{
	CHECK(proa(line) == 0);
	CHECK_STR(errors, "");
	CHECK_STR(out, "");
}

static struct container_state web = {
	.id = (char *)"web",
	.oci_version = (char *)"1.3.0",
	.bundle = (char *)"/b",
	.rootfs = (char *)"/b/rootfs",
	.created = (char *)"2026-11-22T15:00:00.5Z",
	.pid = 42,
	.status = STATUS_RUNNING,
};
static struct container_state db = {
	.id = (char *)"db",
	.oci_version = (char *)"1.3.0",
	.status = STATUS_STOPPED,
};
static struct container_state *both[] = { &db, &web };

/* ---- what reaches the verbs ---- */

TEST(create_takes_the_options_of_runc_and_crun)
{
	check_quiet(
	    "create --bundle /b --console-socket s --pid-file p --no-pivot --no-new-keyring "
	    "--preserve-fds 2 --pidfd-socket q -f c.json --no-subreaper --detach web");
	CHECK_STR(fake.verb, "create");
	CHECK_STR(fake.create.id, "web");
	CHECK_STR(fake.create.bundle, "/b");
	CHECK_STR(fake.create.console_socket, "s");
	CHECK_STR(fake.create.pid_file, "p");
	CHECK_STR(fake.create.pidfd_socket, "q");
	CHECK_STR(fake.create.config_file, "c.json");
	CHECK(fake.create.no_pivot && fake.create.no_new_keyring && fake.create.preserve_fds == 2);
	CHECK(fake.create.detached);
	CHECK(fake.protected);
}

TEST(create_by_default)
{
	check_quiet("create web");
	CHECK_STR(fake.create.bundle, ".");
	CHECK(!fake.create.console_socket && !fake.create.pid_file && !fake.create.config_file);
	CHECK(!fake.create.no_pivot && !fake.create.no_new_keyring && !fake.create.preserve_fds);
	CHECK(fake.runtime.manager == CGROUP_CGROUPFS);
	CHECK_STR(fake.runtime.root, "/nosuch");
}

TEST(options_of_create_may_follow_the_id)
{
	check_quiet("create web -b /b");
	CHECK_STR(fake.create.bundle, "/b");
	CHECK_STR(fake.create.id, "web");
}

TEST(run_takes_all_of_create_and_its_own)
{
	fake.status = 0;
	check_quiet("run -d --keep -no-subreaper --bundle=/b --pid-file=p web");
	CHECK_STR(fake.verb, "run");
	CHECK_STR(fake.run.create.id, "web");
	CHECK_STR(fake.run.create.bundle, "/b");
	CHECK_STR(fake.run.create.pid_file, "p");
	CHECK(fake.run.create.detached && fake.run.keep && fake.run.no_subreaper);
	CHECK(fake.protected);
	check_quiet("run web");
	CHECK(!fake.run.create.detached && !fake.run.keep && !fake.run.no_subreaper);
}

TEST(exec_takes_the_options_of_runc_and_crun)
{
	check_quiet("exec --cwd /w -e A=1,2 --env B= -t -u 1:2 -g 3 -g 4 -c CAP_KILL "
		    "--no-new-privs --apparmor a "
		    "--process-label l --cgroup c --ignore-paused -d --pid-file p --console-socket "
		    "s --pidfd-socket q "
		    "--preserve-fds 1 --no-subreaper web ls -l -- --tty");
	CHECK_STR(fake.verb, "exec");
	CHECK_STR(fake.exec.id, "web");
	CHECK_STR(fake.exec.cwd, "/w");
	CHECK(fake.exec.env.count == 2);
	CHECK_STR(fake.exec.env.items[0], "A=1,2");
	CHECK_STR(fake.exec.env.items[1], "B=");
	CHECK(fake.exec.terminal && fake.exec.no_new_privs && fake.exec.ignore_paused &&
	      fake.exec.detach && fake.exec.no_subreaper);
	CHECK_STR(fake.exec.user, "1:2");
	CHECK(fake.exec.additional_gids.count == 2);
	CHECK_STR(fake.exec.additional_gids.items[1], "4");
	CHECK_STR(fake.exec.capabilities.items[0], "CAP_KILL");
	CHECK_STR(fake.exec.apparmor, "a");
	CHECK_STR(fake.exec.process_label, "l");
	CHECK_STR(fake.exec.cgroup, "c");
	CHECK_STR(fake.exec.pid_file, "p");
	CHECK_STR(fake.exec.console_socket, "s");
	CHECK_STR(fake.exec.pidfd_socket, "q");
	CHECK(fake.exec.preserve_fds == 1);
	CHECK(fake.exec.args.count == 4);
	CHECK_STR(fake.exec.args.items[1], "-l");
	CHECK_STR(fake.exec.args.items[2], "--");
	CHECK_STR(fake.exec.args.items[3], "--tty");
	CHECK(fake.protected);
}

TEST(exec_as_the_engines_call_it)
{
	check_quiet("exec --process /tmp/p.json --console-socket s --detach --pid-file p web");
	CHECK_STR(fake.exec.process_file, "/tmp/p.json");
	CHECK(fake.exec.args.count == 0 && !fake.exec.terminal);
	check_quiet("exec -t=false web true");
	CHECK(!fake.exec.terminal);
}

TEST(kill_takes_names_numbers_and_all)
{
	check_quiet("kill web");
	CHECK(fake.signal == SIGTERM && !fake.all);
	check_quiet("kill --all web 9");
	CHECK(fake.signal == SIGKILL && fake.all);
	check_quiet("kill -a web SIGRTMIN+3");
	CHECK(fake.signal == 37 && fake.all);
	check_quiet("kill web hup");
	CHECK(fake.signal == SIGHUP && !fake.all);
	CHECK(!fake.protected);
}

TEST(an_unknown_signal_reaches_nobody)
{
	CHECK(proa("kill web -9") == 1);
	CHECK(!fake.verb);
	CHECK(strstr(errors, "proa: kill: unknown signal \"-9\"\n"));
}

TEST(delete_with_force)
{
	check_quiet("delete web");
	CHECK_STR(fake.verb, "delete");
	CHECK(!fake.force);
	check_quiet("delete --force web");
	CHECK(fake.force);
	check_quiet("delete web -f");
	CHECK(fake.force);
}

TEST(mounts)
{
	char path[] = "/tmp/mounts.XXXXXX", line[64];
	int file = mkstemp(path);

	CHECK(file >= 0 && fd_write_all(file, "[{\"destination\": \"/a\"}]", 23) == 0);
	close(file);
	snprintf(line, sizeof(line), "mounts add web %s", path);
	check_quiet(line);
	CHECK_STR(fake.verb, "mounts add");
	CHECK_STR(fake.id, "web");
	CHECK(strstr(fake.mounts, "\"/a\""));
	CHECK(fake.protected);
	snprintf(line, sizeof(line), "mounts remove web %s", path);
	check_quiet(line);
	CHECK_STR(fake.verb, "mounts remove");
	unlink(path);
	CHECK(proa(line) == 1);
	CHECK(!fake.verb);
}

TEST(mounts_lists)
{
	char *ro[] = { (char *)"ro", (char *)"bind" };
	struct config_mount mount = { .destination = (char *)"/a", .options = { ro, 2 } };

	fake.mount_list = (struct mount_list){ &mount, 1 };
	CHECK(proa("mounts list web") == 0);
	CHECK_STR(fake.verb, "mounts list");
	CHECK_STR(out, "DESTINATION   TYPE        SOURCE      OPTIONS\n"
		       "/a                                    ro,bind\n");
	CHECK(proa("mounts list -f json web") == 0);
	CHECK(out[0] == '[' && strstr(out, "\"/a\"") && strstr(out, "]\n"));
	fake.mount_list.count = 0;
	CHECK(proa("mounts list -f json web") == 0);
	CHECK_STR(out, "[]\n");
}

TEST(mounts_in_other_words)
{
	static const char *const wrong[] = { "mounts",
					     "mounts add",
					     "mounts add web",
					     "mounts list",
					     "mounts list web x",
					     "mounts move web x",
					     "mounts add web x y" };

	for (size_t i = 0; i < array_length(wrong); i++) {
		CHECK_INT(proa(wrong[i]), 1);
		CHECK(!fake.verb);
	}
}

static const char *resources(const char *options)
{
	char line[512];

	snprintf(line, sizeof(line), "update %s web", options);
	check_quiet(line);
	CHECK_STR(fake.verb, "update");
	CHECK_STR(fake.id, "web");
	return fake.resources;
}

TEST(update_takes_the_options_of_runc_and_crun)
{
	CHECK_STR(resources("--memory 300M --memory-reservation=1g --memory-swap -1"),
		  "{\"memory\":{\"limit\":314572800,\"reservation\":1073741824,\"swap\":-1},"
		  "\"cpu\":{}}");
	CHECK_STR(resources("--cpu-quota -1 --cpu-period 50000 --cpu-burst 0 --cpu-share 1024 "
			    "--cpu-idle 0 --cpuset-cpus 0-1 --cpuset-mems 0"),
		  "{\"memory\":{},\"cpu\":{\"shares\":1024,\"quota\":-1,\"burst\":0,\"period\":"
		  "50000,\"cpus\":\"0-1\",\"mems\":\"0\",\"idle\":0}}");
	CHECK_STR(resources("--pids-limit 0 --blkio-weight 10 --cpu-rt-period 0 --cpu-rt-runtime "
			    "0"),
		  "{\"memory\":{},\"cpu\":{\"realtimeRuntime\":0,\"realtimePeriod\":0},\"pids\":"
		  "{\"limit\":0},\"blockIO\":{\"weight\":10}}");
	CHECK(!fake.update.force && !fake.update.dry_run && !fake.update.oom_score_adj.set);
}

TEST(update_takes_options_of_its_own)
{
	CHECK_STR(resources("--memory-high 1k --memory-min -1 --unified a.b=c=d --unified e="),
		  "{\"memory\":{},\"cpu\":{},\"unified\":{\"memory.high\":\"1024\",\"memory.min\":"
		  "\"max\",\"a.b\":\"c=d\",\"e\":\"\"}}");
	CHECK_STR(resources("--memory-high 0 --memory-min 0"),
		  "{\"memory\":{},\"cpu\":{},\"unified\":{\"memory.min\":\"0\"}}");
	resources("--oom-score-adj -1000 --force");
	CHECK(fake.update.oom_score_adj.set && fake.update.oom_score_adj.value == -1000);
	CHECK(fake.update.force && !fake.update.dry_run);
	resources("--l3-cache-schema L3:0=f --mem-bw-schema=MB:0=20");
	CHECK_STR(fake.update.l3_cache_schema, "L3:0=f");
	CHECK_STR(fake.update.mem_bw_schema, "MB:0=20");
}

TEST(options_of_update_stand_over_the_document)
{
	char path[] = "/tmp/proa-resources-XXXXXX", line[256];
	static const char text[] = "{\"memory\":{\"limit\":1,\"swap\":2},\"unified\":{\"x.y\":"
				   "\"1\"}}";
	int fd = mkostemp(path, O_CLOEXEC);

	CHECK(fd >= 0 && write(fd, text, sizeof(text) - 1) == (ssize_t)sizeof(text) - 1);
	snprintf(line, sizeof(line), "-r %s --memory 3 --memory-high 4", path);
	CHECK_STR(resources(line), "{\"memory\":{\"limit\":3,\"swap\":2},\"cpu\":{},\"unified\":"
				   "{\"x.y\":\"1\",\"memory.high\":\"4\"}}");
	CHECK(lseek(fd, 0, SEEK_SET) == 0 && dup2(fd, STDIN_FILENO) == STDIN_FILENO);
	CHECK_STR(resources("--resources -"), "{\"memory\":{\"limit\":1,\"swap\":2},\"cpu\":{},"
					      "\"unified\":{\"x.y\":\"1\"}}");
	close(fd);
	unlink(path);
}

TEST(update_refuses_what_is_no_limit)
{
	static const char *const rows[][2] = {
		{ "--memory -2", "--memory: expected a size" },
		{ "--memory 1.5G", "found \"1.5G\"" },
		{ "--memory M", "found \"M\"" },
		{ "--memory 12Q", "found \"12Q\"" },
		{ "--memory 8192P", "from 0 to 8191P" },
		{ "--memory-swap 99999999999999999999", "--memory-swap: expected" },
		{ "--cpu-quota 1k", "--cpu-quota: expected a number from 0 up, or -1" },
		{ "--cpu-quota -5", "found \"-5\"" },
		{ "--cpu-period 1000001", "--cpu-period: expected a number from 0 to 1000000" },
		{ "--cpu-share -1", "--cpu-share: expected a number from 0 to 262144" },
		{ "--cpu-idle 2", "--cpu-idle: expected a number from 0 to 1" },
		{ "--pids-limit 0.5", "--pids-limit: expected" },
		{ "--blkio-weight 1001", "--blkio-weight: expected a number from 0 to 1000" },
		{ "--oom-score-adj 1001", "--oom-score-adj: expected a number from -1000 to 1000" },
		{ "--unified memory.high", "--unified: expected FILE=VALUE" },
		{ "--unified =1", "--unified: expected FILE=VALUE" },
		{ "--resources /nosuch/file", "open /nosuch/file" },
	};

	for (size_t i = 0; i < array_length(rows); i++) {
		char line[256];

		snprintf(line, sizeof(line), "update %s web", rows[i][0]);
		CHECK(proa(line) == 1);
		CHECK(!fake.verb);
		if (!strstr(errors, rows[i][1]))
			harness_fail(__FILE__, __LINE__, "%s: %s", line, errors);
		CHECK(strchr(errors, '\n') == errors + strlen(errors) - 1);
		CHECK_STR(out, "");
	}
}

TEST(kernel_memory_is_taken_and_not_used)
{
	CHECK(proa("update --kernel-memory 1G --kernel-memory-tcp 1G web") == 0);
	CHECK_STR(fake.resources, "{\"memory\":{},\"cpu\":{}}");
}

TEST(a_dry_run_is_told)
{
	struct cgroup_change changes[] = {
		{ .file = (char *)"pids.max", .old = (char *)"max", .value = (char *)"7" },
		{ .file = (char *)"cpu.weight", .old = (char *)"9" },
		{ .file = (char *)"cpuset.cpus", .old = (char *)"\n", .value = (char *)"1" },
		{ .file = (char *)"cpuset.mems", .old = (char *)"0-1", .value = (char *)"\n" },
		{ .file = (char *)"memory.max", .old = (char *)"20", .value = (char *)"10" },
	};

	fake.report = (struct update_report){ { changes, array_length(changes) }, true, 2, 15 };
	CHECK(proa("update --dry-run web") == 0);
	CHECK(fake.update.dry_run);
	CHECK_STR(out, "pids.max: max -> 7\ncpuset.cpus:  -> 1\ncpuset.mems: 0-1 -> \n"
		       "memory.max: 20 -> 10\nmemory.current: 15, to be reclaimed first\n"
		       "devices: replaced\noom_score_adj: of 2 processes\n");
}

TEST(checkpoint_takes_the_options_of_runc_and_crun)
{
	if (!HAVE_CRIU)
		return;
	check_quiet("checkpoint --image-path i --work-path w --parent-path ../p "
		    "--leave-running --tcp-established --tcp-skip-in-flight --ext-unix-sk "
		    "--shell-job --link-remap --file-locks --lazy-pages --status-fd 1 "
		    "--page-server 10.0.0.1:7 --auto-dedup --manage-cgroups-mode full --empty-ns "
		    "network web");
	CHECK_STR(fake.verb, "checkpoint");
	CHECK_STR(fake.id, "web");
	CHECK_STR(fake.checkpoint.criu.image_path, "i");
	CHECK_STR(fake.checkpoint.criu.work_path, "w");
	CHECK_STR(fake.checkpoint.parent_path, "../p");
	CHECK(!fake.checkpoint.pre_dump && fake.checkpoint.leave_running);
	CHECK(fake.checkpoint.criu.tcp_established && fake.checkpoint.criu.tcp_skip_in_flight &&
	      fake.checkpoint.criu.ext_unix_sk && fake.checkpoint.criu.shell_job &&
	      fake.checkpoint.criu.link_remap && fake.checkpoint.criu.file_locks &&
	      fake.checkpoint.criu.lazy_pages && fake.checkpoint.criu.auto_dedup);
	CHECK(fake.checkpoint.status_fd == 1);
	CHECK_STR(fake.checkpoint.page_server.address, "10.0.0.1");
	CHECK(fake.checkpoint.page_server.port == 7);
	CHECK(fake.checkpoint.criu.manage_cgroups_mode == MANAGE_CGROUPS_FULL);
	CHECK(fake.checkpoint.criu.empty_network);
	CHECK(!fake.protected);
	check_quiet("checkpoint --pre-dump web");
	CHECK(fake.checkpoint.pre_dump);
}

TEST(checkpoint_by_default_and_with_options_of_its_own)
{
	if (!HAVE_CRIU)
		return;
	check_quiet("checkpoint web");
	CHECK_STR(fake.checkpoint.criu.image_path, "checkpoint");
	CHECK(!fake.checkpoint.criu.work_path && !fake.checkpoint.page_server.address);
	CHECK(fake.checkpoint.status_fd == -1);
	CHECK(fake.checkpoint.criu.manage_cgroups_mode == MANAGE_CGROUPS_SOFT);
	CHECK(!fake.checkpoint.criu.network_lock && !fake.checkpoint.criu.empty_network);
	check_quiet("checkpoint --ghost-limit 64M --timeout 9 --network-lock skip --tcp-close "
		    "--skip-in-flight --pre-dump-mode read --external a --external b --force-irmap "
		    "--irmap-scan-path /x --plugin-dir /p --page-server [::1]:8 web");
	CHECK(fake.checkpoint.criu.ghost_limit == 64 << 20 && fake.checkpoint.criu.timeout == 9);
	CHECK(fake.checkpoint.criu.network_lock == NETWORK_LOCK_SKIP);
	CHECK(fake.checkpoint.criu.pre_dump_mode == PRE_DUMP_READ);
	CHECK(fake.checkpoint.criu.tcp_close && fake.checkpoint.criu.tcp_skip_in_flight &&
	      fake.checkpoint.criu.force_irmap);
	CHECK(fake.checkpoint.criu.external.count == 2 &&
	      fake.checkpoint.criu.irmap_scan_paths.count == 1);
	CHECK_STR(fake.checkpoint.criu.plugin_dir, "/p");
	CHECK_STR(fake.checkpoint.page_server.address, "::1");
	check_quiet("checkpoint -e /out --with-rootfs web");
	CHECK_STR(fake.checkpoint.export, "/out");
	CHECK(fake.checkpoint.with_rootfs);
}

TEST(checkpoint_refuses_what_is_no_value)
{
	static const char *const rows[][2] = {
		{ "--page-server host", "ADDRESS:PORT" },
		{ "--page-server :80", "ADDRESS:PORT" },
		{ "--page-server h:65536", "ADDRESS:PORT" },
		{ "--with-rootfs", "needs --export" },
		{ "--export x --lazy-pages", "--export doesn't go with" },
		{ "--pre-dump --lazy-pages", "--pre-dump doesn't go with --lazy-pages" },
		{ "--status-fd x", "a descriptor" },
		{ "--status-fd 99", "open for writing" },
		{ "--ghost-limit 4G", "less than 4G" },
		{ "--empty-ns pid", "only the namespace network" },
		{ "--manage-cgroups-mode some", "soft or full" },
		{ "--network-lock no", "iptables or nftables" },
	};

	for (size_t i = 0; HAVE_CRIU && i < array_length(rows); i++) {
		char line[256];

		snprintf(line, sizeof(line), "checkpoint %s web", rows[i][0]);
		CHECK(proa(line) == 1);
		CHECK(!fake.verb);
		if (!strstr(errors, rows[i][1]))
			harness_fail(__FILE__, __LINE__, "%s: %s", line, errors);
	}
}

TEST(restore_as_engines_call_it)
{
	if (!HAVE_CRIU)
		return;
	/* conmon */
	check_quiet("restore --bundle /b --pid-file p --no-pivot --no-new-keyring --detach "
		    "--image-path i --work-path /b --console-socket s web");
	CHECK_STR(fake.verb, "restore");
	CHECK_STR(fake.restore.run.create.id, "web");
	CHECK_STR(fake.restore.run.create.bundle, "/b");
	CHECK_STR(fake.restore.run.create.pid_file, "p");
	CHECK_STR(fake.restore.run.create.console_socket, "s");
	CHECK_STR(fake.restore.criu.image_path, "i");
	CHECK(fake.restore.run.create.detached && fake.protected);
	/* go-runc: with the options of the checkpoint, and a name after one dash */
	check_quiet("restore --image-path i --parent-path ../p --tcp-established --page-server h:1 "
		    "--status-fd 3 --file-locks --empty-ns network --detach --pid-file p "
		    "-no-subreaper --bundle /b web");
	CHECK(fake.restore.run.no_subreaper && fake.restore.criu.tcp_established &&
	      fake.restore.criu.file_locks && fake.restore.criu.empty_network);
	/* Podman */
	check_quiet("restore --lsm-profile=selinux:x --lsm-mount-context=y --tcp-close web");
	CHECK_STR(fake.restore.criu.lsm_profile, "selinux:x");
	CHECK_STR(fake.restore.criu.lsm_mount_context, "y");
	CHECK(fake.restore.criu.tcp_close && !fake.restore.run.create.detached);
	check_quiet("restore --import - --page-server [::1]:70 web");
	CHECK_STR(fake.restore.import, "-");
	CHECK_STR(fake.restore.page_server.address, "::1");
	CHECK(fake.restore.page_server.port == 70);
	fake.status = 7;
	CHECK(proa("restore web") == 7);
	fake.status = 0;
}

TEST(podman_asks_by_help_and_by_a_missing_value)
{
	CHECK(proa("checkpoint --help") == (HAVE_CRIU ? 0 : 1));
	CHECK(proa("restore --lsm-mount-context") == 1);
	if (HAVE_CRIU)
		CHECK(strstr(errors, "requires an argument"));
	else
		CHECK(strstr(errors, "without CRIU"));
}

TEST(verbs_with_an_id_alone)
{
	static const char *const verbs[] = { "start", "pause", "resume" };
	char line[32];

	for (size_t i = 0; i < array_length(verbs); i++) {
		snprintf(line, sizeof(line), "%s web", verbs[i]);
		check_quiet(line);
		CHECK_STR(fake.verb, verbs[i]);
		CHECK_STR(fake.id, "web");
		CHECK(!fake.protected);
	}
}

TEST(regular_expressions_choose_containers)
{
	fake.list.items = both, fake.list.count = 2;
	check_quiet("delete --regex --force .");
	CHECK_STR(fake.ids, "db web ");
	CHECK(fake.force);
	check_quiet("kill -r ^w 9");
	CHECK_STR(fake.ids, "web ");
	CHECK(fake.signal == SIGKILL);
	check_quiet("delete -r (x|y)+");
	CHECK(!fake.verb);
	CHECK(proa("delete -r [") == 1);
	CHECK(strstr(errors, "regular expression \"[\""));
	/* without it an id is an id */
	check_quiet("delete .");
	CHECK_STR(fake.ids, ". ");
}

TEST(one_that_fails_does_not_stop_the_others)
{
	fake.list.items = both, fake.list.count = 2;
	error_set(&fake.failure, ERROR_STATE, "db", "is busy");
	fake.failing_id = "db";
	CHECK(proa("delete --regex .") == 1);
	CHECK_STR(fake.ids, "db web ");
	CHECK_STR(errors, "proa: container db: is busy\n");
}

/* ---- global options ---- */

TEST(global_options_reach_the_verb)
{
	check_quiet("--cgroup-manager disabled --rootless=true --criu /sbin/criu --root /elsewhere "
		    "start web");
	CHECK(fake.runtime.manager == CGROUP_DISABLED && fake.runtime.rootless);
	CHECK_STR(fake.runtime.root, "/elsewhere");
	check_quiet("--rootless false start web");
	CHECK(!fake.runtime.rootless);
	check_quiet("--rootless=1 start web");
	CHECK(fake.runtime.rootless);
	check_quiet("--rootless=False --log= --log-format= start web");
	CHECK(!fake.runtime.rootless);
}

TEST(a_build_without_systemd_refuses_its_manager_where_it_matters)
{
	static const char *const refused[] = {
		/* and is served by one with it */
		"--systemd-cgroup create web",
		"--systemd-cgroup run web",
		"--cgroup-manager systemd create web",
		"--cgroup-manager=systemd run -d web",
	};
	static const char *const accepted[] = {
		"--systemd-cgroup start web",  "--systemd-cgroup kill web",
		"--systemd-cgroup delete web", "--cgroup-manager systemd exec web true",
		"--systemd-cgroup pause web",  "--systemd-cgroup=false create web",
	};

	for (size_t i = 0; i < array_length(refused); i++) {
		if (HAVE_SYSTEMD) {
			check_quiet(refused[i]);
			continue;
		}
		CHECK(proa(refused[i]) == 1);
		CHECK(!fake.verb);
		CHECK(strstr(errors, "systemd"));
	}
	for (size_t i = 0; i < array_length(accepted); i++)
		check_quiet(accepted[i]);
	CHECK(proa("--systemd-cgroup create --help") == 0);
}

TEST(warnings_are_for_those_who_ask)
{
	fake.warning = "odd";
	check_quiet("start web");
	CHECK(proa("--log-level warning start web") == 0);
	CHECK_STR(errors, "proa: warning: odd\n");
	CHECK(proa("--debug start web") == 0);
	CHECK(strstr(errors, "proa: warning: odd\n"));
	CHECK(strstr(errors, "proa: debug: "));
}

static char log_directory[] = "/tmp/proa-commands-XXXXXX";

static const char *read_file(const char *path)
{
	static struct buffer text;
	struct error err = ERROR_INIT;

	buffer_free(&text);
	CHECK(file_read(AT_FDCWD, path, 1 << 20, &text, &err) == 0);
	return text.bytes;
}

TEST(a_failure_is_one_line_in_the_log_and_the_same_on_stderr)
{
	char line[256], path[64];

	CHECK(mkdtemp(log_directory));
	snprintf(path, sizeof(path), "%s/log", log_directory);
	snprintf(line, sizeof(line), "--log %s --log-format json start web", path);
	fake.warning = "odd";
	error_set(&fake.failure, ERROR_NOT_FOUND, "web", "container does not exist");
	CHECK(proa(line) == 1);
	CHECK_STR(errors, "proa: container does not exist\n");
	CHECK(text_starts(read_file(path),
			  "{\"level\":\"error\",\"msg\":\"container does not exist\",\"time\":\""));
	CHECK(strchr(read_file(path), '\n')[1] == '\0');
	CHECK(unlink(path) == 0 && rmdir(log_directory) == 0);
}

TEST(a_wrong_option_is_logged_where_the_one_before_it_says)
{
	char line[256], path[64];

	CHECK(mkdtemp(log_directory));
	snprintf(path, sizeof(path), "%s/log", log_directory);
	snprintf(line, sizeof(line), "--log %s --bogus start web", path);
	CHECK(proa(line) == 1);
	CHECK(strstr(read_file(path), "unknown option --bogus"));
	CHECK(unlink(path) == 0 && rmdir(log_directory) == 0);
}

TEST(a_log_or_trace_that_cannot_be_opened_fails_the_command)
{
	CHECK(proa("--log /nosuch/log start web") == 1);
	CHECK(!fake.verb && strstr(errors, "proa: open log file /nosuch/log: "));
	CHECK(proa("--trace /nosuch/trace start web") == 1);
	CHECK(!fake.verb && strstr(errors, "/nosuch/trace"));
}

TEST(a_trace_tells_the_phases)
{
	char line[256], path[64];

	CHECK(mkdtemp(log_directory));
	snprintf(path, sizeof(path), "%s/trace", log_directory);
	snprintf(line, sizeof(line), "--trace %s start web", path);
	check_quiet(line);
	CHECK(text_starts(read_file(path), "{\"phase\":\"command line\",\"us\":"));
	CHECK(strstr(read_file(path), "{\"phase\":\"start\",\"us\":"));
	CHECK(strstr(read_file(path), "{\"phase\":\"end\",\"us\":"));
	CHECK(unlink(path) == 0 && rmdir(log_directory) == 0);
}

/* ---- exit codes ---- */

TEST(errors_of_ours_are_1_and_of_exec_255)
{
	error_set(&fake.failure, ERROR_SYSTEM, NULL, "broken");
	for (const struct command *const *one = commands; *one; one++) {
		char line[64];

		snprintf(line, sizeof(line), "%s web true", (*one)->name);
		if ((*one)->arguments_max == 1)
			snprintf(line, sizeof(line), "%s web", (*one)->name);
		if ((*one)->arguments_max == 0 || (*one)->missing)
			continue;
		if (strcmp((*one)->name, "kill") == 0)
			snprintf(line, sizeof(line), "kill web 9");
		if (strcmp((*one)->name, "mounts") == 0)
			snprintf(line, sizeof(line), "mounts list web");
		CHECK(proa(line) == (strcmp((*one)->name, "exec") == 0 ? 255 : 1));
		CHECK_STR(errors, "proa: broken\n");
		CHECK_STR(out, "");
	}
}

TEST(run_and_exec_pass_the_status_on)
{
	fake.status = 137;
	CHECK(proa("run web") == 137);
	CHECK(proa("exec web true") == 137);
	CHECK_STR(errors, "");
}

TEST(wrong_usage_is_told_and_reaches_nobody)
{
	static const struct {
		const char *line;
		int status;
		const char *usage;
	} rows[] = {
		{ "", 1, "usage: proa [OPTION...] COMMAND" },
		{ "nosuch", 1, "usage: proa [OPTION...] COMMAND" },
		{ "transfer --help", 1, "usage: proa [OPTION...] COMMAND" },
		{ "--bogus start web", 1, "usage: proa [OPTION...] COMMAND" },
		{ "--log-format xml start web", 1, "usage: proa [OPTION...] COMMAND" },
		{ "--root", 1, "usage: proa [OPTION...] COMMAND" },
		{ "--root / start web", 1, "usage: proa start" },
		{ "start", 1, "usage: proa start [OPTION...] ID;" },
		{ "start a b", 1, "usage: proa start" },
		{ "start --bogus web", 1, "usage: proa start" },
		{ "start --debug web", 1, "usage: proa start" },
		{ "list x", 1, "usage: proa list [OPTION...];" },
		{ "list --format xml", 1, "usage: proa list" },
		{ "kill web 9 9", 1, "usage: proa kill" },
		{ "run --preserve-fds x web", 1, "usage: proa run" },
		{ "run --bundle", 1, "usage: proa run" },
		{ "exec", 255, "usage: proa exec" },
		{ "exec web", 255, "usage: proa exec" },
		{ "exec --bogus web true", 255, "usage: proa exec" },
	};

	for (size_t i = 0; i < array_length(rows); i++) {
		CHECK(proa(rows[i].line) == rows[i].status);
		CHECK(!fake.verb);
		CHECK(text_starts(errors, "proa: "));
		CHECK(strstr(errors, rows[i].usage));
		CHECK_STR(out, "");
	}
}

TEST(wrong_usage_leaves_json_on_stderr_alone)
{
	CHECK(proa("--log-format json start") == 1);
	CHECK(text_starts(errors, "{\"level\":\"error\""));
	CHECK(strchr(errors, '\n')[1] == '\0');
}

/* ---- output ---- */

TEST(help_goes_to_stdout)
{
	CHECK(proa("--help") == 0 && strstr(out, "Commands:\n") && !*errors);
	CHECK(proa("-h") == 0 && strstr(out, "Commands:\n"));
	CHECK(proa("create --help") == 0 && strstr(out, "--bundle DIR") && !fake.verb);
	CHECK(proa("exec web ls --help") == 0 && !*out);
}

TEST(version_is_what_go_runc_and_podman_read)
{
	CHECK(proa("--version") == 0);
	CHECK(text_starts(out, "proa version " PACKAGE_VERSION "\ncommit: "));
	CHECK(strstr(out, "\nspec: 1.3.0\nlibseccomp: "));
	CHECK(strstr(out, "\n+SECCOMP +CAP "));
	CHECK(proa("-v") == 0 && text_starts(out, "proa version "));
}

TEST(list_as_a_table_and_as_ids)
{
	fake.list.items = both, fake.list.count = 2;
	CHECK(proa("list") == 0);
	CHECK_STR(
	    out, "ID          PID         STATUS      BUNDLE      CREATED                  OWNER\n"
		 "db          0           stopped                                          root\n"
		 "web         42          running     /b          2026-11-22T15:00:00.5Z   root\n");
	CHECK(proa("list -q") == 0);
	CHECK_STR(out, "db\nweb\n");
	fake.list.count = 0;
	CHECK(proa("list") == 0);
	CHECK_STR(out, "ID          PID         STATUS      BUNDLE      CREATED     OWNER\n");
	CHECK(proa("list -q") == 0);
	CHECK_STR(out, "");
	CHECK(proa("list --format json") == 0);
	CHECK_STR(out, "[]\n");
}

TEST(list_shows_what_it_can_and_fails_where_it_could_not_look)
{
	fake.list.items = both, fake.list.count = 2;
	error_set(&fake.failure, ERROR_UNSUPPORTED, "db", "made by a newer proa");
	fake.failing_id = "db";
	CHECK(proa("list") == 1);
	CHECK(strstr(out, "\nweb ") && !strstr(out, "db"));
	CHECK_STR(errors, "proa: container db: made by a newer proa\n");
	CHECK(proa("list --format json") == 1);
	CHECK(text_starts(out, "[{") && strstr(out, "\"web\"") && text_ends(out, "}\n]\n"));
	/* one that was deleted meanwhile is none */
	fake.failure.code = ERROR_NOT_FOUND;
	CHECK(proa("list") == 0);
	CHECK_STR(errors, "");
	CHECK(strstr(out, "\nweb ") && !strstr(out, "db"));
	/* the ids are known without a look */
	CHECK(proa("list -q") == 0);
	CHECK_STR(out, "db\nweb\n");
}

TEST(list_and_state_as_json)
{
	fake.list.items = both + 1, fake.list.count = 1;
	CHECK(proa("list --format=json") == 0);
	CHECK(out[0] == '[' && strstr(out, "\"web\"") && text_ends(out, "]\n"));
	CHECK(proa("state web") == 0);
	CHECK(out[0] == '{' && strstr(out, "\"web\"") && text_ends(out, "}\n"));
}

TEST(events_once_and_until_the_end)
{
	static struct statistic_value pids = { .number = 3, .found = true };

	for (const struct statistic *row = statistic_rows; !pids.row; row++)
		if (row->name && strcmp(row->name, "pids") == 0)
			pids.row = row;
	fake.statistics = (struct statistics){ &pids, 1, 1 };
	CHECK(proa("events --stats web") == 0);
	CHECK_STR(out, "{\"type\":\"stats\",\"id\":\"web\",\"data\":{\"pids\":"
		       "{\"current\":3}}}\n");
	CHECK_INT(fake.events.interval_ns, 0);
	CHECK(proa("events web") == 0);
	CHECK(text_ends(out, "}}}\n{\"type\":\"oom\",\"id\":\"web\"}\n"));
	CHECK_INT(fake.events.interval_ns, 5000000000);
	CHECK(proa("events --interval 1m30s --format prom web") == 0);
	CHECK_STR(out, "# HELP proa_pids Processes and threads.\n# TYPE proa_pids gauge\n"
		       "proa_pids{id=\"web\"} 3\n");
	CHECK_INT(fake.events.interval_ns, 90000000000);
	CHECK(proa("events -interval=300ms -f table web") == 0);
	CHECK_STR(out, "STATISTIC   VALUE\npids        3\n\n"
		       "a process of web was killed for memory\n");
	CHECK(proa("events --snapshot web") == 0);
	CHECK_STR(out, "pids.max:7\n");
	for (const char *const *wrong = (const char *const[]){ "0", "0s", "5", "-1s", "x", NULL };
	     *wrong; wrong++) {
		char line[64];

		snprintf(line, sizeof(line), "events --interval %s web", *wrong);
		CHECK(proa(line) == 1);
		CHECK_HAS(errors, "--interval: expected a duration greater than 0");
		CHECK_INT(fake.calls, 0);
	}
}

TEST(ps_as_json)
{
	pid_t some[] = { 7, 42 };

	fake.pids = (struct pid_list){ some, 2 };
	CHECK(proa("ps -f json web") == 0);
	CHECK_STR(out, "[7,42]\n");
	fake.pids.count = 0;
	CHECK(proa("ps --format=json web") == 0);
	CHECK_STR(out, "[]\n");
}

/* A ps(1) of our own: what it is asked, and a process per line. */
static void make_ps(const char *script)
{
	int fd;

	CHECK(mkdtemp(log_directory) && chdir(log_directory) == 0);
	fd = open("ps", O_WRONLY | O_CREAT | O_CLOEXEC, 0755);
	CHECK(fd >= 0 && fd_write_all(fd, script, strlen(script)) == 0 && close(fd) == 0);
	CHECK(setenv("PATH", log_directory, 1) == 0);
}

static void remove_ps(void)
{
	CHECK(unlink("ps") == 0 && rmdir(log_directory) == 0);
}

TEST(ps_asks_ps)
{
	pid_t some[] = { 42 };

	fake.pids = (struct pid_list){ some, 1 };
	make_ps("#!/bin/sh\necho \"A PID $*\"\necho x 42\necho x 43\n");
	CHECK(proa("ps web") == 0);
	CHECK_STR(out, "A PID -ef\nx 42\n");
	CHECK(proa("ps web -o args,pid") == 0);
	CHECK_STR(out, "A PID -o args,pid\nx 42\n");
	CHECK(proa("ps --format table web aux") == 0);
	CHECK_STR(out, "A PID aux\nx 42\n");
	remove_ps();
}

TEST(ps_that_fails_is_an_error)
{
	make_ps("#!/bin/sh\necho PID\necho bad option >&2\nexit 1\n");
	CHECK(proa("ps web --nosuch") == 1);
	CHECK_STR(out, "");
	CHECK(strstr(errors, "bad option\n") && strstr(errors, "proa: ps failed"));
	remove_ps();
	if (harness_is_emulated())
		SKIP("qemu-user forks for vfork(), so a failed exec goes unseen");
	CHECK(proa("ps web") == 1);
	CHECK(strstr(errors, "proa: start ps: "));
}

/* ---- documents ---- */

TEST(spec_writes_a_config_and_never_over_one)
{
	CHECK(mkdtemp(log_directory) && chdir(log_directory) == 0);
	check_quiet("spec");
	CHECK(strstr(read_file("config.json"), "\"ociVersion\": \"1.3.0\""));
	CHECK(truncate("config.json", 0) == 0);
	CHECK(proa("spec") == 1);
	CHECK_STR(errors, "proa: config.json is there already; remove it first\n");
	CHECK_STR(read_file("config.json"), "");
	check_quiet("spec --rootless -f other.json");
	CHECK(strstr(read_file("other.json"), "\"uidMappings\""));
	CHECK(symlink("nowhere", "link.json") == 0 && proa("spec -f link.json") == 1);
	CHECK(access("nowhere", F_OK) < 0);
	CHECK(unlink("config.json") == 0 && chdir("/") == 0);

	char line[64];
	snprintf(line, sizeof(line), "spec --bundle %s", log_directory);
	check_quiet(line);
	CHECK(chdir(log_directory) == 0 && unlink("config.json") == 0 &&
	      unlink("other.json") == 0 && unlink("link.json") == 0 && rmdir(log_directory) == 0);
	CHECK(proa(line) == 1 && text_starts(errors, "proa: open the bundle "));
}

TEST(features_are_told_without_a_place_for_state)
{
	static char name[] = "proa", command[] = "features", *words[] = { name, command, NULL };
	int stdout_file = capture(STDOUT_FILENO), stderr_file = capture(STDERR_FILENO);

	CHECK(clearenv() == 0);
	CHECK(invocation_run(2, words) == 0);
	out = captured(stdout_file);
	errors = captured(stderr_file);
	CHECK_STR(errors, "");
	CHECK(out[0] == '{' && text_ends(out, "}\n"));
	CHECK(strstr(out, "\"ociVersionMin\": \"1.0.0\"") &&
	      strstr(out, "\"ociVersionMax\": \"1.3.0\""));
	CHECK(strstr(out, "\"rro\"") && strstr(out, "\"CAP_CHOWN\"") &&
	      strstr(out, "\"SCMP_ARCH_X86_64\""));
	CHECK(strstr(out, HAVE_CRIU ? "\"org.opencontainers.runc.checkpoint.enabled\": \"true\""
				    : "\"org.opencontainers.runc.checkpoint.enabled\": \"false\""));
	CHECK(proa("features x") == 1);
}

TEST(migrate_takes_a_host_or_a_command)
{
	if (!HAVE_CRIU)
		return;
	fake.migrate_report = (struct migrate_report){ .round_count = 1, .downtime_ms = 1500 };
	CHECK(proa("migrate web root@web2") == 0);
	CHECK_STR(fake.verb, "migrate");
	CHECK(fake.protected && fake.migrate.mode == MIGRATE_PRE_COPY);
	CHECK(fake.migrate.rounds.max == 10 && fake.migrate.rounds.goal == 1 << 20);
	CHECK(!fake.migrate.bundle && !fake.migrate.max_downtime_ms && !fake.migrate.with_rootfs);
	CHECK_STR(fake.migrate.directory, "/var/tmp");
	CHECK_HAS(out, "web runs at root@web2: down for 1.500 s of ");
	CHECK(proa("migrate -m cold -b /b --max-iterations 3 --goal 4M --max-downtime 700 "
		   "--with-rootfs --tcp-established --format json --via true web") == 0);
	CHECK(fake.migrate.mode == MIGRATE_COLD && fake.migrate.rounds.max == 3);
	CHECK(fake.migrate.rounds.goal == 4 << 20 && fake.migrate.max_downtime_ms == 700);
	CHECK(fake.migrate.with_rootfs && fake.migrate.criu.tcp_established);
	CHECK_STR(fake.migrate.bundle, "/b");
	CHECK_HAS(out, "\"downtimeMs\": 1500");
	fake.verb = NULL;
	CHECK(proa("migrate web") == 1);
	CHECK(proa("migrate --via true web web2") == 1);
	CHECK(proa("migrate --mode warm web web2") == 1);
	CHECK(!fake.verb);
}
