#!/usr/bin/env bats
# lane: native
# lane-long: vm
# tier: quick
# create, start, state, kill, delete and run: what they do and when they refuse.

load helpers

@test "create makes a container whose program doesn't run yet" {
	# spec: runtime.md#create create-args-wait
	# spec: runtime.md#lifecycle lifecycle-program-waits
	# spec: runtime.md#create create-creates
	waits
	create
	is created
	[ ! -s "$WORK/out" ]
	pid=$(init_pid)
	[ -d "/proc/$pid" ]
	[ "$(readlink "/proc/$pid/ns/mnt")" != "$(readlink /proc/self/ns/mnt)" ]
}

@test "start runs the program, kill ends it, delete removes it" {
	# spec: runtime.md#scope-of-a-container scope-same-user
	# spec: runtime.md#operations operations
	# spec: runtime.md#start start-runs
	# spec: runtime.md#lifecycle lifecycle-program-runs
	# spec: runtime.md#delete delete-deletes
	# spec: runtime.md#lifecycle lifecycle-undone
	waits
	create
	pid=$(init_pid)
	proa start "$ID"
	wait_for_output waiting
	is running
	equal "$(init_pid)" "$pid"
	equal "$(tr '\0' ' ' <"/proc/$pid/cmdline")" "/probe wait "
	proa kill "$ID" TERM
	becomes stopped
	proa delete "$ID"
	nothing_left
}

@test "the id of a deleted container can be used again" {
	# spec: runtime.md#delete may-reuse-id
	process /bin/true
	runs
	runs
}

@test "start returns when the program has begun" {
	process /bin/sleep 1000
	create
	pid=$(init_pid)
	proa start "$ID"
	equal "$(tr '\0' ' ' <"/proc/$pid/cmdline")" "/bin/sleep 1000 "
}

@test "create with an id in use is refused and leaves that container as it is" {
	# spec: runtime.md#create create-id
	# spec: runtime.md#state state-id-unique
	up_and_waiting
	pid=$(init_pid)
	fails 1 "container with given ID already exists|already exists" proa create -b "$BUNDLE" "$ID"
	fails 1 "already exists" proa run -b "$BUNDLE" "$ID"
	is running
	equal "$(init_pid)" "$pid"
}

@test "start of a running container is refused without effect" {
	# spec: runtime.md#start start-only-created
	up_and_waiting
	pid=$(init_pid)
	fails 1 "already running|not in .created. state|cannot start" proa start "$ID"
	is running
	equal "$(init_pid)" "$pid"
	equal "$(cat "$WORK/out")" waiting
}

@test "start of a stopped container is refused" {
	# spec: runtime.md#start start-only-created
	up_and_waiting
	proa kill "$ID" KILL
	becomes stopped
	fails 1 "stopped|cannot start" proa start "$ID"
	is stopped
}

@test "start without process in the config is refused" {
	# spec: runtime.md#start start-process-set
	# spec: config.md#process process-required
	require proa
	config 'del(.process)'
	fails 1 process proa run -b "$BUNDLE" "$ID"
	nothing_left
}

@test "kill of a stopped container is refused" {
	# spec: runtime.md#kill kill-only-alive
	up_and_waiting
	proa kill "$ID" KILL
	becomes stopped
	fails 1 "not running" proa kill "$ID" TERM
	is stopped
}

@test "delete of a running container is refused without effect" {
	# spec: runtime.md#delete delete-only-stopped
	up_and_waiting
	pid=$(init_pid)
	fails 1 "not stopped|running" proa delete "$ID"
	is running
	equal "$(init_pid)" "$pid"
}

@test "delete of a created container kills and removes it" {
	waits
	create
	proa delete "$ID"
	nothing_left
}

@test "delete --force of a running container kills and removes it" {
	up_and_waiting
	proa delete --force "$ID"
	nothing_left
}

@test "delete --force of a missing container is no error" {
	run --separate-stderr proa delete --force missing
	equal "$status" 0
	equal "$output$stderr" ""
	run proa delete -f missing
	equal "$status" 0
}

@test "delete doesn't remove what create didn't make" {
	# spec: runtime.md#delete delete-keeps
	mkdir "$WORK/volume"
	echo kept >"$WORK/volume/file"
	config '.mounts += [{destination: "/volume", type: "bind", source: $v, options: ["bind"]}]' --arg v "$WORK/volume"
	up_and_waiting
	proa delete --force "$ID"
	equal "$(cat "$WORK/volume/file")" kept
	[ -f "$BUNDLE/config.json" ]
	[ -x "$BUNDLE/rootfs/probe" ]
}

@test "commands on a missing container are refused" {
	# spec: runtime.md#query-state state-missing
	for command in state start kill delete pause resume ps; do
		fails 1 "does not exist" proa $command missing
		has_words missing "$stderr"
	done
	fails 255 "does not exist" proa exec missing true
}

@test "commands without an id are refused" {
	# spec: runtime.md#query-state state-id-given
	# spec: runtime.md#create create-arguments
	# spec: runtime.md#start start-id-given
	# spec: runtime.md#kill kill-id-given
	# spec: runtime.md#delete delete-id-given
	for command in create run state start kill delete pause resume ps; do
		run --separate-stderr proa $command
		equal "$status" 1 "$command:"
		[ -n "$stderr" ]
	done
}

@test "a change of config.json after create has no effect" {
	# spec: runtime.md#lifecycle lifecycle-config-copied
	process /bin/echo before
	config '.hooks = {poststop: [{path: "/bin/sh", args: ["sh", "-c", "echo before > '"$WORK"'/hook"]}]}'
	create
	process /bin/echo after
	config 'del(.hooks)'
	proa start "$ID"
	wait_for_output before
	becomes stopped
	rm "$BUNDLE/config.json"
	proa delete "$ID"
	equal "$(cat "$WORK/hook")" before
}

@test "the program's death makes the container stopped" {
	shell 'exit 3'
	up
	becomes stopped
	equal "$(init_pid)" 0
	proa delete "$ID"
	nothing_left
}

@test "a created container that was killed is stopped, and can be deleted" {
	waits
	create
	proa kill "$ID" KILL
	becomes stopped
	fails 1 "" proa start "$ID"
	proa delete "$ID"
	nothing_left
}

@test "a created container ends by the signals that ask a program to end" {
	local signal
	waits
	for signal in HUP INT QUIT TERM; do
		create
		proa kill "$ID" "$signal"
		becomes stopped || fail "after $signal"
		fails 1 "stopped" proa start "$ID"
		proa delete "$ID"
	done
}

@test "a created container ends by TERM that others than the runtime send" {
	waits
	create
	kill -TERM "$(init_pid)"
	becomes stopped
}

@test "kill sends what it is told: names with and without SIG, numbers, real-time signals" {
	# spec: runtime.md#kill kill-sends
	process /probe signals
	up
	wait_for_output ready
	for signal in USR1:10 SIGUSR2:12 1:1 RTMIN+3:37 SIGRTMIN+4:38 hup:1; do
		proa kill "$ID" "${signal%:*}"
		wait_for_output "signal ${signal#*:}"
		: >"$WORK/out"
	done
}

@test "kill without a signal sends TERM" {
	up_and_waiting
	proa kill "$ID"
	becomes stopped
}

@test "kill with an unknown signal is refused" {
	up_and_waiting
	for signal in NOSUCH SIGNOSUCH 0x9 -1 65 9x; do
		fails 1 "$signal|signal" proa kill "$ID" "$signal"
	done
	is running
}

@test "kill takes options before the id" {
	up_and_waiting
	proa kill --all "$ID" KILL
	becomes stopped
	# a container that is dead already is no error for --all
	proa kill -a "$ID" KILL
}

@test "kill --all reaches every process of the container" {
	config '.linux.namespaces |= map(select(.type != "pid"))'
	process /probe fork 3
	up
	wait_for_output waiting
	cgroup=$(cgroup_of "$(init_pid)")
	equal "$(wc -l <"$cgroup/cgroup.procs")" 4
	proa kill --all "$ID" KILL
	becomes stopped
	eventually eval "[ ! -e '$cgroup' ] || [ ! -s '$cgroup/cgroup.procs' ]"
}

@test "KILL of a container without a pid namespace of its own ends all its processes" {
	config '.linux.namespaces |= map(select(.type != "pid"))'
	process /probe fork 3
	up
	wait_for_output waiting
	cgroup=$(cgroup_of "$(init_pid)")
	proa kill "$ID" KILL
	becomes stopped
	eventually eval "[ ! -e '$cgroup' ] || [ ! -s '$cgroup/cgroup.procs' ]"
	proa delete "$ID"
	nothing_left
}

@test "delete --force ends all processes of a container without a pid namespace of its own" {
	config '.linux.namespaces |= map(select(.type != "pid"))'
	process /probe fork 3
	up
	wait_for_output waiting
	proa delete --force "$ID"
	nothing_left
}

@test "containers in different roots don't see each other" {
	up_and_waiting
	run --separate-stderr "$RUNTIME" --root "$WORK/other" list -q
	equal "$output" ""
	fails 1 "does not exist" "$RUNTIME" --root "$WORK/other" state "$ID"
}

@test "no process of the runtime stays behind create and start" {
	waits
	create
	pid=$(init_pid)
	equal "$(pgrep -f "$ROOT" | grep -vx "$pid")" ""
	proa start "$ID"
	wait_for_output waiting
	equal "$(pgrep -f "$ROOT")" ""
	equal "$(cat "$(cgroup_of "$pid")/cgroup.procs")" "$pid"
}

@test "a bundle is found relative to where the caller is, and by default right there" {
	process /bin/echo here
	cd "$BUNDLE"
	run --separate-stderr proa run "$ID"
	equal "$output" here
	cd ..
	run --separate-stderr proa run --bundle bundle "$ID"
	equal "$output" here
	run --separate-stderr proa run -b ./bundle/../bundle "$ID"
	equal "$output" here
}
