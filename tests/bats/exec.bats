#!/usr/bin/env bats
# lane: native
# lane-long: vm
# tier: quick
# exec: a process in a running container. Flags with a value are given as --flag=value.

load helpers

setup() {
	common_setup
	up_and_waiting
}

# process_file FILTER: a process object like the container's, changed
process_file() {
	jq ".process | .args = [\"/probe\", \"facts\"] | $1" "$BUNDLE/config.json" >"$WORK/process.json"
}

@test "exec runs in the container's namespaces" {
	execs /probe facts ns
	pid=$(init_pid)
	for name in mnt pid net ipc uts cgroup user; do
		expect ns.$name "$(readlink "/proc/$pid/ns/$name" | tr -dc 0-9)"
	done
}

@test "exec runs in the container's cgroup" {
	config 'del(.linux.namespaces[] | select(.type == "cgroup"))'
	quiet proa exec -d "$ID" /bin/sleep 1000
	equal "$(wc -l <"$(cgroup_of "$(init_pid)")/cgroup.procs")" 2
}

@test "exec has the container's environment, cwd, user, limits and privileges" {
	execs /probe facts env cwd uid gid umask rlimits caps privileges
	expect cwd /
	expect uid "0 0 0 0"
	expect rlimit.NOFILE "1024 1024"
	expect cap.bnd "KILL NET_BIND_SERVICE AUDIT_WRITE"
	expect cap.eff "KILL NET_BIND_SERVICE AUDIT_WRITE"
	expect cap.prm "KILL NET_BIND_SERVICE AUDIT_WRITE"
	expect cap.inh ""
	expect no_new_privs 1
	has_words '^env TERM=xterm$' "$output"
	has_words '^env PATH=/usr/local/sbin' "$output"
	[[ $output != *PROA_TEST* ]]
}

@test "exec passes the exit code on" {
	for code in 0 1 2 126 128 254; do
		is=0
		proa exec "$ID" /probe exit $code || is=$?
		equal $is $code
	done
	is=0
	proa exec "$ID" /probe kill 9 || is=$?
	equal $is 137
}

@test "exec passes streams on" {
	out=$(echo "through exec" | proa exec "$ID" /bin/cat)
	equal "$out" "through exec"
	proa exec "$ID" /bin/sh -c 'echo to stderr >&2' 2>"$WORK/exec.err"
	equal "$(cat "$WORK/exec.err")" "to stderr"
}

@test "exec gives the program its own options" {
	execs /bin/echo -n --detach -t
	equal "$output" "--detach -t"
}

@test "exec in a container that isn't there or doesn't run exits with 255" {
	fails 255 "does not exist" proa exec missing /bin/true
	proa kill "$ID" KILL
	becomes stopped
	fails 255 "stopped|not running" proa exec "$ID" /bin/true
}

@test "exec in a paused container is refused, unless asked for" {
	proa pause "$ID"
	fails 255 "paused" proa exec "$ID" /bin/true
	require proa
	background proa exec --ignore-paused "$ID" /bin/echo thawed
	pid=$!
	proa resume "$ID"
	wait $pid
	equal "$(cat "$WORK/background.out")" thawed
}

@test "exec of a missing program exits with 255 and says so" {
	fails 255 'exec: \\?"missing\\?": executable file not found in \$PATH' proa exec "$ID" missing
	fails 255 'exec: \\?"/missing\\?": stat /missing: no such file or directory' proa exec "$ID" /missing
	fails 255 'exec: \\?"/etc/passwd\\?": permission denied' proa exec "$ID" /etc/passwd
	is running
}

@test "exec without a command is refused" {
	fails "1|255" "" proa exec "$ID"
	fails "1|255" "" proa exec
}

@test "--cwd" {
	execs --cwd=/tmp /probe facts cwd
	expect cwd /tmp
	fails 255 "relative|absolute" proa exec --cwd=relative "$ID" /bin/true
	fails 255 "cwd: enter /dev/new: no such file or directory" proa exec --cwd=/dev/new "$ID" /bin/true
	execs ls /dev
	! grep -qx new <<<"$output" || fail "exec has made its cwd"
}

@test "--env adds to the environment and replaces what is there" {
	execs --env=ONE=1 --env=TERM=dumb --env=EMPTY= /probe facts env
	has_words '^env ONE=1$' "$output"
	has_words '^env EMPTY=$' "$output"
	equal "$(grep -c '^env TERM=' <<<"$output")" 1
	has_words '^env TERM=dumb$' "$output"
	has_words '^env PATH=' "$output"
}

@test "--env decides where the program is looked for" {
	proa exec --env PATH=/ "$ID" probe exit 0
}

@test "--user sets user and group" {
	execs --user=1000:1001 /probe facts uid gid groups
	expect uid "1000 1000 1000 1000"
	expect gid "1001 1001 1001 1001"
	run --separate-stderr proa exec -u 1000 "$ID" /probe facts uid
	expect uid "1000 1000 1000 1000"
}

@test "--user by name: user and group are the container's" {
	echo 'web:x:33:44::/srv:/bin/sh' >>"$BUNDLE/rootfs/etc/passwd"
	execs --user=web /probe facts uid gid env
	expect uid "33 33 33 33"
	expect gid "44 44 44 44"
	has_words '^env HOME=/srv$' "$output"
	execs --user=web:tty /probe facts uid gid
	expect gid "5 5 5 5"
	execs --user=7:user /probe facts uid gid
	expect uid "7 7 7 7"
	expect gid "1000 1000 1000 1000"
	# names of the host mean nothing, and neither does what a container makes of its files
	fails 255 'user "daemon" is not in the container' proa exec --user=daemon "$ID" /bin/true
	fails 255 'group "daemon" is not in the container' proa exec --user=0:daemon "$ID" /bin/true
	rm "$BUNDLE/rootfs/etc/passwd"
	for file in "-s /dev/null" "-s /etc/passwd" "-s ../../../../../../etc/passwd" "-s /proc/self/fd/0"; do
		# shellcheck disable=SC2086
		ln ${file% *} "${file#* }" "$BUNDLE/rootfs/etc/passwd"
		fails 255 'user "daemon" is not in the container' proa exec --user=daemon "$ID" /bin/true
		rm "$BUNDLE/rootfs/etc/passwd"
	done
	mkfifo "$BUNDLE/rootfs/etc/passwd"
	fails 255 'user "web" is not in the container' proa exec --user=web "$ID" /bin/true
}

@test "--user takes nothing but numbers and names" {
	for user in 1:2:3 1x -1 4294967296 ' 1' 1: :1 1:x 4294967295 1:4294967295 root: 'a b' ../x a/b; do
		fails 255 "user|group" proa exec "--user=$user" "$ID" /bin/true
	done
}

@test "--additional-gids" {
	execs --additional-gids=5 --additional-gids=77 /probe facts groups
	expect groups "5 77"
	run --separate-stderr proa exec -g 6 "$ID" /probe facts groups
	expect groups 6
}

@test "--cap adds capabilities, and never to the inheritable set" {
	execs --cap=CAP_NET_RAW /probe facts caps
	expect cap.eff "KILL NET_BIND_SERVICE NET_RAW AUDIT_WRITE"
	expect cap.prm "KILL NET_BIND_SERVICE NET_RAW AUDIT_WRITE"
	expect cap.bnd "KILL NET_BIND_SERVICE NET_RAW AUDIT_WRITE"
	expect cap.inh ""
}

@test "exec as another user has no capabilities, but those that are ambient" {
	execs --user=1000 /probe facts caps
	expect cap.eff ""
	expect cap.prm ""
	expect cap.inh ""
}

@test "--no-new-privs" {
	proa delete --force "$ID"
	config '.process.noNewPrivileges = false'
	up_and_waiting
	execs /probe facts privileges
	expect no_new_privs 0
	execs --no-new-privs /probe facts privileges
	expect no_new_privs 1
}

@test "--process takes everything from a file" {
	process_file '.cwd = "/tmp" | .user = {uid: 7, gid: 8, additionalGids: [9, 10], umask: 63} |
		.env = ["ONLY=this"] | .rlimits = [{type: "RLIMIT_NOFILE", soft: 50, hard: 60}] |
		.capabilities = {bounding: ["CAP_KILL"], permitted: ["CAP_KILL"], effective: ["CAP_KILL"],
			inheritable: ["CAP_KILL"], ambient: ["CAP_KILL"]} | .noNewPrivileges = true | .oomScoreAdj = 123'
	run --separate-stderr proa exec --process "$WORK/process.json" "$ID"
	equal "$status" 0 "$stderr"
	expect cwd /tmp
	expect uid "7 7 7 7"
	expect gid "8 8 8 8"
	expect groups "9 10"
	expect umask 0077
	expect rlimit.NOFILE "50 60"
	expect cap.eff KILL
	expect cap.amb KILL
	expect no_new_privs 1
	expect oom_score_adj 123
	has_words '^env ONLY=this$' "$output"
	[[ $output != *"env TERM"* ]]
}

@test "--process that leaves noNewPrivileges out says false" {
	process_file 'del(.noNewPrivileges)'
	run --separate-stderr proa exec --process "$WORK/process.json" "$ID"
	equal "$status" 0 "$stderr"
	expect no_new_privs 0
}

@test "options that are empty are as if they weren't given" {
	run --separate-stderr proa --log= --log-format= --rootless= exec --process= --cwd= --apparmor= --process-label= --pid-file= \
		--console-socket= "$ID" /probe facts uid
	equal "$status" 0 "$stderr"
	quiet proa update --memory= --cpuset-cpus= --resources= --pids-limit= --cpu-share= "$ID"
	proa delete --force "$ID"
	cd "$BUNDLE"
	quiet proa create --bundle= --pid-file= --console-socket= --pidfd-socket= --config= "$ID"
	cd /
	is created
}

@test "--process with a broken file exits with 255 and names it" {
	fails 255 "missing.json" proa exec --process "$WORK/missing.json" "$ID"
	echo '{' >"$WORK/broken.json"
	fails 255 "broken.json" proa exec --process "$WORK/broken.json" "$ID"
	process_file '.cwd = "relative"'
	fails 255 "cwd" proa exec --process "$WORK/process.json" "$ID"
	process_file '.args = []'
	fails 255 "args" proa exec --process "$WORK/process.json" "$ID"
	process_file '.rlimits = [{type: "RLIMIT_NOSUCH", soft: 1, hard: 1}]'
	fails 255 "RLIMIT_NOSUCH|rlimit" proa exec --process "$WORK/process.json" "$ID"
	is running
}

@test "--detach and --pid-file" {
	quiet proa exec --detach --pid-file "$WORK/pid" "$ID" /bin/sleep 1000
	pid=$(cat "$WORK/pid")
	equal "$(tr '\0' ' ' <"/proc/$pid/cmdline")" "/bin/sleep 1000 "
	equal "$(od -An -c "$WORK/pid" | grep -c 'n')" 0
	equal "$(readlink "/proc/$pid/ns/pid")" "$(readlink "/proc/$(init_pid)/ns/pid")"
	equal "$(pgrep -f "$ROOT")" ""
}

@test "--preserve-fds" {
	echo "over descriptor 3" >"$WORK/file"
	out=$(proa exec --preserve-fds 1 "$ID" /probe cat 3 3<"$WORK/file")
	equal "$out" "over descriptor 3"
}

@test "exec has no descriptors but its own" {
	exec 7<"$WORK" 8<"$BUNDLE/config.json"
	execs /probe facts fds
	exec 7<&- 8<&-
	equal "$(fact fd | awk '{ print $1 }' | tr '\n' ' ')" "0 1 2 "
}

@test "a process of exec ends with the container" {
	quiet proa exec -d --pid-file "$WORK/pid" "$ID" /bin/sleep 1000
	pid=$(cat "$WORK/pid")
	proa kill "$ID" KILL
	becomes stopped
	eventually eval '[ ! -e "/proc/$pid" ] || grep -q "^State:.Z" "/proc/$pid/status"'
}

@test "a hundred processes one after another leave the container as it was" {
	for _ in $(seq "$(count 100)"); do
		proa exec "$ID" /bin/true
	done
	equal "$(cat "$(cgroup_of "$(init_pid)")/cgroup.procs")" "$(init_pid)"
	execs /probe facts processes
	equal "$(fact process | wc -l)" 2
}

@test "exec in a created container runs beside the waiting one" {
	proa delete --force "$ID"
	create
	execs /bin/echo before start
	equal "$output" "before start"
	is created
	proa start "$ID"
	wait_for_output waiting
}

@test "exec carries seccomp, scheduler, I/O priority, personality and OOM score, unless --process says otherwise" {
	proa delete --force "$ID"
	config '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW",
			syscalls: [{names: ["mkdir", "mkdirat"], action: "SCMP_ACT_ERRNO", errnoRet: 38}]} |
		.process.scheduler = {policy: "SCHED_BATCH", nice: 3} | .process.ioPriority = {class: "IOPRIO_CLASS_BE", priority: 6} |
		.process.oomScoreAdj = 77 | .linux.personality = {domain: "LINUX32"} | .root.readonly = false'
	up_and_waiting
	for _ in 1 2; do
		execs /probe facts privileges scheduler
		expect seccomp 2
		expect no_new_privs 1
		expect oom_score_adj 77
		expect scheduler "3 0" # SCHED_BATCH
		expect nice 3
		expect ioprio "2 6"
		expect personality 8 # PER_LINUX32
		execs /probe try mkdir /tmp/new
		equal "$output" ENOSYS
	done
	process_file '.args = ["/probe", "facts", "scheduler", "privileges"] | .scheduler = {policy: "SCHED_IDLE"} | .oomScoreAdj = 88'
	run --separate-stderr proa exec --process "$WORK/process.json" "$ID"
	equal "$status" 0 "$stderr"
	expect scheduler "5 0" # SCHED_IDLE
	expect oom_score_adj 88
	expect seccomp 2
}

@test "execCPUAffinity: final is what the program runs with" {
	require cpus-2
	proa delete --force "$ID"
	config '.process.execCPUAffinity = {initial: "0", final: "1"}'
	up_and_waiting
	equal "$(taskset -pc "$(init_pid)" | sed 's/.*: //')" "$(taskset -pc $$ | sed 's/.*: //')" # not for init
	execs /bin/sh -c 'grep Cpus_allowed_list /proc/self/status'
	equal "$(tr -d '[:blank:]' <<<"$output")" Cpus_allowed_list:1
	process_file '.args = ["/bin/grep", "Cpus_allowed_list", "/proc/self/status"] | .execCPUAffinity = {final: "0"}'
	run --separate-stderr proa exec --process "$WORK/process.json" "$ID"
	equal "$(tr -d '[:blank:]' <<<"$output")" Cpus_allowed_list:0
}

@test "the program is in its cgroup from its first instruction: a frozen one doesn't run it" {
	require proa
	sub=$(cgroup_of "$(init_pid)")/sub
	mkdir "$sub"
	cleanup "rmdir $sub"
	echo 1 >"$sub/cgroup.freeze"
	background proa exec --cgroup sub "$ID" /bin/echo ran
	exec=$!
	eventually eval "[ -n \"\$(<'$sub/cgroup.procs')\" ]"
	eventually grep -qx 'frozen 1' "$sub/cgroup.events"
	equal "$(<"$WORK/background.out")" ""
	kill -0 $exec
	echo 0 >"$sub/cgroup.freeze"
	wait $exec
	equal "$(<"$WORK/background.out")" ran
	# controllers before the colon are of cgroup v1
	quiet proa exec -d --cgroup cpu,memory:/sub --pid-file "$WORK/pid" "$ID" /bin/sleep 1000
	equal "$(cgroup_of "$(<"$WORK/pid")")" "$sub"
	kill -KILL "$(<"$WORK/pid")"
	eventually grep -qx 'populated 0' "$sub/cgroup.events"
}

@test "nobody in the container can look into a process of exec before it is the program" {
	proa delete --force "$ID"
	config 'del(.process.capabilities)'
	process /probe spy
	up
	wait_for_output spying
	for _ in $(seq "$(count 200)"); do
		proa exec "$ID" /bin/sleep 0.02
	done
	has_words '^saw /bin/busybox$' "$(<"$WORK/out")"
	equal "$(grep -vE '^(spying|saw /(bin/busybox|probe))$' "$WORK/out")" ""
}

@test "--pidfd-socket gets a pidfd of the program, once" {
	require proa
	background "$TERM_TOOL" fds "$WORK/socket"
	eventually test -S "$WORK/socket"
	quiet proa exec -d --pidfd-socket "$WORK/socket" --pid-file "$WORK/pid" "$ID" /bin/sleep 1000
	wait_for_output end "$WORK/background.out"
	equal "$(grep -c '^fd ' "$WORK/background.out")" 1
	equal "$(sed -n 's/^pid //p' "$WORK/background.out")" "$(<"$WORK/pid")"
}

@test "whatever goes wrong on our side ends with 255, and the container is as before" {
	require proa
	mkdir "$WORK/directory"
	fails 255 "nosuch" proa exec --nosuch "$ID" /bin/true
	fails 255 "number|preserve" proa exec --preserve-fds x "$ID" /bin/true
	fails 255 "descriptor" proa exec --preserve-fds 9 "$ID" /bin/true
	fails 255 "$WORK/none" proa exec --pidfd-socket "$WORK/none" "$ID" /bin/true
	fails 255 "$WORK/none" proa exec -t -d --console-socket "$WORK/none" "$ID" /bin/true
	fails 255 "without setting console socket" proa exec -t -d "$ID" /bin/true
	fails 255 "console socket" proa exec --console-socket "$WORK/none" "$ID" /bin/true
	fails 255 "$WORK/none" proa exec -d --pid-file "$WORK/none/pid" "$ID" /bin/true
	fails 255 "directory" proa exec --process "$WORK/directory" "$ID"
	fails 255 "CAP_NOSUCH" proa exec --cap CAP_NOSUCH "$ID" /bin/true
	fails 255 "x1" proa exec -g x1 "$ID" /bin/true
	fails 255 "none" proa exec --cgroup none "$ID" /bin/true
	fails 255 "env" proa exec --env =value "$ID" /bin/true
	fails 255 "" proa exec --apparmor nosuch "$ID" /bin/true
	fails 255 "" proa exec --process-label nosuch "$ID" /bin/true
	equal "$(<"$(cgroup_of "$(init_pid)")/cgroup.procs")" "$(init_pid)"
	is running
}

@test "exec in a paused container is refused with --detach and a terminal, too" {
	require proa
	proa pause "$ID"
	for flags in -d -t "--process=$WORK/process.json"; do
		process_file .
		fails 255 "cannot exec in a paused container" proa exec "$flags" "$ID" /bin/true
	done
	background proa exec -d --ignore-paused --pid-file "$WORK/pid" "$ID" /bin/sleep 1000
	exec=$!
	eventually eval "[ \"\$(wc -l <'$(cgroup_of "$(init_pid)")/cgroup.procs')\" -gt 1 ]"
	is paused
	[ ! -e "$WORK/pid" ]
	proa resume "$ID"
	wait $exec
	kill -0 "$(<"$WORK/pid")"
}
