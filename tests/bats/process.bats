#!/usr/bin/env bats
# lane: native
# lane-long: vm
# tier: quick
# The process object: args, env, cwd, user, umask, rlimits, oom_score_adj, scheduling, personality, and what is inherited.

load helpers

# --- args and env ---------------------------------------------------------------------------------

@test "arguments arrive as they are: spaces, empty ones, quotes, newlines, UTF-8" {
	process /probe facts args -- "two words" "" "\"quoted\" \$HOME" 'a\b' "ümläut €" -x
	runs
	equal "$output" "arg args
arg --
arg two words
arg 
arg \"quoted\" \$HOME
arg a\\b
arg ümläut €
arg -x"
}

@test "a program without a slash is looked for in the container's PATH" {
	# spec: config.md#process args-required
	mkdir "$BUNDLE/rootfs/opt"
	mv "$BUNDLE/rootfs/probe" "$BUNDLE/rootfs/opt/tool"
	config '.process.env = ["PATH=/missing:/etc:/opt"]'
	process tool facts uid
	runs
	expect uid "0 0 0 0"
	config '.process.env = ["PATH=/bin"]'
	fails 1 'exec: \\?"tool\\?": executable file not found in \$PATH' proa run -b "$BUNDLE" "$ID"
	nothing_left
}

@test "a relative program is found below cwd" {
	config '.process.cwd = "/bin"'
	process ./busybox echo found
	runs
	equal "$output" found
	config '.process.cwd = "/"'
	process bin/busybox echo found too
	runs
	equal "$output" "found too"
}

@test "a script needs its interpreter, which is the container's" {
	printf '#!/bin/sh\necho script\n' >"$BUNDLE/rootfs/script"
	chmod +x "$BUNDLE/rootfs/script"
	process /script
	runs
	equal "$output" script
	printf '#!/missing/interpreter\n' >"$BUNDLE/rootfs/script"
	run --separate-stderr proa run -b "$BUNDLE" "$ID"
	[ "$status" != 0 ]
	has_words "/script" "$stderr"
	nothing_left
}

@test "the environment is the config's, and nothing of the caller's" {
	export SECRET_OF_THE_CALLER=yes
	config '.process.env = ["PATH=/bin", "ONE=1", "EMPTY=", "EQUALS=a=b=c", "SPACE= x "]'
	facts env
	equal "$(grep -v '^env HOME=' <<<"$output")" "env PATH=/bin
env ONE=1
env EMPTY=
env EQUALS=a=b=c
env SPACE= x "
}

@test "HOME is the user's from the container's /etc/passwd, / for an unknown one, and the config's if it has one" {
	facts env
	has_words '^env HOME=/root$' "$output"
	config '.process.user = {uid: 1000, gid: 1000}'
	facts env
	has_words '^env HOME=/home/user$' "$output"
	config '.process.user = {uid: 4711, gid: 1000}'
	facts env
	has_words '^env HOME=/$' "$output"
	config '.process.env += ["HOME=/set"]'
	facts env
	equal "$(grep -c '^env HOME=' <<<"$output")" 1
	has_words '^env HOME=/set$' "$output"
}

@test "/etc/passwd that is a link out of the root filesystem isn't read outside" {
	echo "root:x:0:0:root:/from/the/host:/bin/sh" >"$WORK/passwd"
	rm "$BUNDLE/rootfs/etc/passwd"
	ln -s "$WORK/passwd" "$BUNDLE/rootfs/etc/passwd"
	facts env
	[[ $output != *from/the/host* ]]
}

@test "of a variable given twice the last one counts" {
	config '.process.env += ["TWICE=first", "TWICE=second"]'
	facts env
	equal "$(grep '^env TWICE=' <<<"$output")" "env TWICE=second"
}

# --- cwd ------------------------------------------------------------------------------------------

@test "cwd" {
	config '.process.cwd = "/dev/shm"'
	facts cwd
	expect cwd /dev/shm
}

@test "a missing cwd is made" {
	config '.process.cwd = "/new/deep/dir" | .root.readonly = false'
	facts cwd /new/deep/dir
	expect cwd /new/deep/dir
	has_words "^dev /new/deep/dir d 0:0 0755 0:0" "$output"
}

@test "a missing cwd under a read-only root is refused" {
	config '.process.cwd = "/new/dir"'
	fails 1 "/new" proa run -b "$BUNDLE" "$ID"
	nothing_left
}

@test "cwd that is a file is refused" {
	config '.process.cwd = "/etc/passwd"'
	fails 1 "/etc/passwd" proa run -b "$BUNDLE" "$ID"
	nothing_left
}

@test "cwd may be a directory that only the process's user can enter" {
	mkdir -m 700 "$BUNDLE/rootfs/private"
	chown 1000:1000 "$BUNDLE/rootfs/private"
	config '.process.cwd = "/private" | .process.user = {uid: 1000, gid: 1000} | del(.process.capabilities)'
	facts cwd
	expect cwd /private
}

@test "cwd may be one that only root can enter" {
	mkdir -m 700 "$BUNDLE/rootfs/private"
	config '.process.cwd = "/private" | .process.user = {uid: 1000, gid: 1000}'
	run --separate-stderr proa run -b "$BUNDLE" "$ID"
	[[ $status != 0 || "$(fact cwd)" == /private ]]
}

@test "cwd may be a link in the container" {
	ln -s /dev/shm "$BUNDLE/rootfs/link"
	config '.process.cwd = "/link"'
	facts cwd
	expect cwd /dev/shm
}

# --- user -----------------------------------------------------------------------------------------

@test "uid, gid, additional gids" {
	# spec: config.md#posix-platform-user user-ids
	config '.process.user = {uid: 1000, gid: 1001, additionalGids: [5, 1001, 77]}'
	facts uid gid groups
	expect uid "1000 1000 1000 1000"
	expect gid "1001 1001 1001 1001"
	equal "$(fact groups | tr ' ' '\n' | sort -n | xargs)" "5 77 1001"
}

@test "without additional gids there are none of the caller's" {
	process /probe facts groups
	run --separate-stderr setpriv --groups 33,44 "$RUNTIME" --root "$ROOT" run -b "$BUNDLE" "$ID"
	expect groups ""
}

@test "umask" {
	# spec: config.md#posix-platform-user should-umask
	config '.process.user.umask = 63'
	facts umask
	expect umask 0077
	config '.process.user.umask = 0'
	facts umask
	expect umask 0000
}

@test "the stream's terminal or file belongs to the process: /dev/stdout can be opened again" {
	config '.process.user = {uid: 1000, gid: 1000}'
	shell 'echo again >/dev/stdout; echo error >/dev/stderr'
	proa run -b "$BUNDLE" "$ID" > >(cat >"$WORK/out") 2> >(cat >"$WORK/err")
	eventually grep -qx again "$WORK/out"
	eventually grep -qx error "$WORK/err"
}

# --- limits ---------------------------------------------------------------------------------------

@test "rlimits" {
	# spec: config.md#posix-process rlimits-readable
	# spec: config.md#posix-process rlimits-soft
	# spec: config.md#posix-process rlimits-hard
	process /probe facts rlimits
	config '.process.rlimits = [{type: "RLIMIT_NOFILE", soft: 100, hard: 200}, {type: "RLIMIT_CORE", soft: 0, hard: 0},
		{type: "RLIMIT_CPU", soft: 1000, hard: 2000}, {type: "RLIMIT_AS", soft: 1073741824, hard: 2147483648},
		{type: "RLIMIT_NPROC", soft: 50, hard: 60}, {type: "RLIMIT_FSIZE", soft: "infinity", hard: "infinity"},
		{type: "RLIMIT_STACK", soft: 1048576, hard: 1048577}, {type: "RLIMIT_MSGQUEUE", soft: 1, hard: 2},
		{type: "RLIMIT_RTTIME", soft: 3, hard: 4}, {type: "RLIMIT_SIGPENDING", soft: 5, hard: 6}, {type: "RLIMIT_NICE", soft: 0, hard: 0},
		{type: "RLIMIT_RTPRIO", soft: 0, hard: 0}, {type: "RLIMIT_MEMLOCK", soft: 4096, hard: 8192},
		{type: "RLIMIT_DATA", soft: 1073741824, hard: 1073741824}, {type: "RLIMIT_RSS", soft: 7, hard: 8},
		{type: "RLIMIT_LOCKS", soft: 9, hard: 10}]'
	sed -i 's/"infinity"/18446744073709551615/' "$BUNDLE/config.json" # jq would round it
	runs
	expect rlimit.NOFILE "100 200"
	expect rlimit.CORE "0 0"
	expect rlimit.CPU "1000 2000"
	expect rlimit.AS "1073741824 2147483648"
	expect rlimit.NPROC "50 60"
	expect rlimit.FSIZE "-1 -1"
	expect rlimit.STACK "1048576 1048577"
	expect rlimit.MSGQUEUE "1 2"
	expect rlimit.RTTIME "3 4"
	expect rlimit.SIGPENDING "5 6"
	expect rlimit.NICE "0 0"
	expect rlimit.RTPRIO "0 0"
	expect rlimit.MEMLOCK "4096 8192"
	expect rlimit.DATA "1073741824 1073741824"
	expect rlimit.RSS "7 8"
	expect rlimit.LOCKS "9 10"
}

@test "rlimits that aren't set are the caller's" {
	config 'del(.process.rlimits)'
	ulimit -Sn 333
	facts rlimits
	equal "$(fact rlimit.NOFILE | cut -d ' ' -f 1)" 333
}

@test "an unknown rlimit is refused, one given twice too, soft above hard too" {
	# spec: config.md#posix-process rlimits-kernel
	# spec: config.md#posix-process rlimits-once
	config '.process.rlimits = [{type: "RLIMIT_NOSUCH", soft: 1, hard: 1}]'
	refused "RLIMIT_NOSUCH"
	config '.process.rlimits = [{type: "NOFILE", soft: 1, hard: 1}]'
	refused "NOFILE|rlimits"
	config '.process.rlimits = [{type: "RLIMIT_NOFILE", soft: 50, hard: 50}, {type: "RLIMIT_NOFILE", soft: 60, hard: 60}]'
	refused "RLIMIT_NOFILE|rlimits"
	config '.process.rlimits = [{type: "RLIMIT_NOFILE", soft: 60, hard: 50}]'
	refused "RLIMIT_NOFILE|rlimits"
}

@test "oomScoreAdj" {
	# spec: config.md#linux-process oom-score-set
	config '.process.oomScoreAdj = 321'
	facts scheduler
	expect oom_score_adj 321
	config '.process.oomScoreAdj = 0'
	facts scheduler
	expect oom_score_adj 0
	config '.process.oomScoreAdj = 1001'
	refused "oomScoreAdj|1001"
}

@test "oom_score_adj is left alone when it isn't set" {
	# spec: config.md#linux-process oom-score-unset
	echo 55 >"/proc/$BASHPID/oom_score_adj"
	facts scheduler
	expect oom_score_adj 55
	up_and_waiting
	execs /probe facts scheduler
	expect oom_score_adj 55
}

@test "scheduler" {
	# spec: config.md#linux-process scheduler-policy
	require proa
	config '.process.scheduler = {policy: "SCHED_BATCH", nice: 7}'
	facts scheduler
	expect scheduler "3 0"
	expect nice 7
	config '.process.scheduler = {policy: "SCHED_IDLE"}'
	facts scheduler
	expect scheduler "5 0"
	config '.process.scheduler = {nice: 1}'
	refused "policy"
	config '.process.scheduler = {policy: "SCHED_NOSUCH"}'
	refused "SCHED_NOSUCH"
	config '.process.scheduler = {policy: "SCHED_OTHER", priority: 5}'
	refused "priority"
	config '.process.scheduler = {policy: "SCHED_OTHER", nice: 20}'
	refused "nice"
	config '.process.scheduler = {policy: "SCHED_OTHER", runtime: 5000}'
	refused "runtime|scheduler"
}

@test "scheduler: real time, a deadline, flags" {
	require proa
	config '.process.scheduler = {policy: "SCHED_FIFO", priority: 11}'
	facts scheduler
	expect scheduler "1 11"
	config '.process.scheduler = {policy: "SCHED_RR", priority: 12, flags: ["SCHED_FLAG_RESET_ON_FORK"]}'
	facts scheduler
	expect scheduler "$((2 | 0x40000000)) 12"
	expect sched_attr "1 0 0 0"
	config '.process.scheduler = {policy: "SCHED_DEADLINE", runtime: 3000000, deadline: 20000000, period: 30000000,
		flags: ["SCHED_FLAG_RECLAIM"]}'
	facts scheduler
	expect scheduler "6 0"
	expect sched_attr "2 3000000 20000000 30000000"
	# most kernels are built without these
	config '.process.scheduler = {policy: "SCHED_BATCH", flags: ["SCHED_FLAG_UTIL_CLAMP_MIN", "SCHED_FLAG_UTIL_CLAMP_MAX"]}'
	process /probe facts scheduler
	if output=$(proa run -b "$BUNDLE" "$ID" 2>"$WORK/err"); then
		expect sched_attr "$((0x60)) 0 0 0"
	else
		has_words "set the scheduler to SCHED_BATCH: Operation not supported" "$(cat "$WORK/err")"
	fi
	config '.process.scheduler = {policy: "SCHED_FIFO"}'
	refused "priority"
	config '.process.scheduler = {policy: "SCHED_DEADLINE", runtime: 3000000, deadline: 2000000, period: 30000000}'
	fails 1 "SCHED_DEADLINE" proa run -b "$BUNDLE" "$ID"
	config '.process.scheduler = {policy: "SCHED_BATCH", flags: ["SCHED_FLAG_NOSUCH"]}'
	refused "SCHED_FLAG_NOSUCH"
}

@test "scheduler, ioPriority and memoryPolicy hold for exec too" {
	require proa
	config '.process.scheduler = {policy: "SCHED_BATCH", nice: 4} | .process.ioPriority = {class: "IOPRIO_CLASS_BE", priority: 5} |
		.linux.memoryPolicy = {mode: "MPOL_BIND", nodes: "0"}'
	up_and_waiting
	execs /probe facts scheduler
	expect scheduler "3 0"
	expect nice 4
	expect ioprio "2 5"
	expect memory_policy "2 1"
}

@test "memoryPolicy" {
	# spec: config-linux.md#memory-policy memory-policy-mode
	require proa
	policy() {
		config '.linux.memoryPolicy = '"$1"
		facts scheduler
		expect memory_policy "$2"
	}
	policy '{mode: "MPOL_BIND", nodes: "0"}' "2 1"
	policy '{mode: "MPOL_INTERLEAVE", nodes: "0", flags: ["MPOL_F_STATIC_NODES"]}' "$((3 | 1 << 15)) 1"
	policy '{mode: "MPOL_PREFERRED_MANY", nodes: "0-0", flags: ["MPOL_F_RELATIVE_NODES"]}' "$((5 | 1 << 14)) 1"
	policy '{mode: "MPOL_LOCAL"}' "4 0"
	policy '{mode: "MPOL_DEFAULT"}' "0 0"
	config '.linux.memoryPolicy = {mode: "MPOL_BIND", nodes: "1000"}'
	fails 1 "linux.memoryPolicy: set" proa run -b "$BUNDLE" "$ID"
	nothing_left
	config '.linux.memoryPolicy = {mode: "MPOL_LOCAL", nodes: "0"}'
	refused "linux.memoryPolicy"
	config '.linux.memoryPolicy = {nodes: "0"}'
	refused "mode"
	config '.linux.memoryPolicy = {mode: "MPOL_BIND", nodes: "0", flags: ["MPOL_F_NOSUCH"]}'
	refused "MPOL_F_NOSUCH"
}

@test "ioPriority" {
	# spec: config.md#linux-process io-priority-fields
	require proa
	config '.process.ioPriority = {class: "IOPRIO_CLASS_BE", priority: 6}'
	facts scheduler
	expect ioprio "2 6"
	config '.process.ioPriority = {class: "IOPRIO_CLASS_RT", priority: 3}'
	facts scheduler
	expect ioprio "1 3"
	config '.process.ioPriority = {class: "IOPRIO_CLASS_IDLE", priority: 0}'
	facts scheduler
	equal "$(fact ioprio | cut -d ' ' -f 1)" 3
	config '.process.ioPriority = {class: "IOPRIO_CLASS_NOSUCH", priority: 0}'
	refused "IOPRIO_CLASS_NOSUCH"
	config '.process.ioPriority = {class: "IOPRIO_CLASS_BE", priority: 8}'
	refused "priority"
}

@test "execCPUAffinity holds for exec and not for the container's process" {
	require proa cpus-2
	config '.process.execCPUAffinity = {initial: "0", final: "1"}'
	facts scheduler
	equal "$(fact affinity)" "$(sed -n 's/^Cpus_allowed_list:\t//p' /proc/self/status)"
	up_and_waiting
	execs /probe facts scheduler
	expect affinity 1
	config '.process.execCPUAffinity = {initial: "x"}'
	proa delete --force "$ID"
	refused "execCPUAffinity"
}

@test "personality" {
	config '.linux.personality = {domain: "LINUX32"}'
	facts uts scheduler
	expect personality 8
	[[ "$(fact machine)" != x86_64 ]]
	config '.linux.personality = {domain: "LINUX"}'
	facts scheduler
	expect personality 0
	config '.linux.personality = {domain: "NOSUCH"}'
	refused "NOSUCH|personality"
}

# --- what the process is born with ----------------------------------------------------------------

@test "signals are as they are for a new program, whatever the caller ignores or blocks" {
	process /probe facts signals
	output=$(trap '' HUP PIPE USR1 && proa run -b "$BUNDLE" "$ID")
	expect blocked ""
	expect pdeathsig 0
	facts signals
	expect ignored ""
	expect blocked ""
}

@test "a session and process group of its own" {
	facts pid
	expect pid 1
	expect pgid 1
	expect sid 1
}

@test "a new session keyring" {
	facts keyring
	[[ "$(fact keyring)" != keyring\;*_ses\;* || "$(fact keyring)" == *"$ID"* ]]
	[ -n "$(fact keyring)" ]
}
