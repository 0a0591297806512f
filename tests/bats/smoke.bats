#!/usr/bin/env bats
# lane: vm
# tier: full
# One container in each of the ways to run one, where all controllers are: the whole of these properties is tested natively.

load helpers

@test "as root: life cycle, exec, limits" {
	config '.linux.resources = {memory: {limit: 67108864}, cpu: {quota: 50000, period: 100000}, pids: {limit: 50}}'
	up_and_waiting
	execs /bin/true
	cgroup=$(cgroup_of "$(init_pid)")
	equal "$(cat "$cgroup/memory.max")" 67108864
	equal "$(cat "$cgroup/cpu.max")" "50000 100000"
	equal "$(cat "$cgroup/pids.max")" 50
	proa kill "$ID" KILL
	becomes stopped
	proa delete "$ID"
	nothing_left
}

@test "in a user namespace" {
	config '.linux.namespaces += [{type: "user"}] |
		.linux.uidMappings = [{containerID: 0, hostID: 100000, size: 65536}] | .linux.gidMappings = .linux.uidMappings'
	chown -R 100000:100000 "$BUNDLE/rootfs"
	facts uid maps
	expect uid "0 0 0 0"
}

@test "rootless" {
	id rootless >/dev/null || fail "the machine has a user for this"
	chown -R rootless "$WORK"
	su rootless -c "cd $BUNDLE && XDG_RUNTIME_DIR=$WORK $RUNTIME spec --rootless -f rootless.json 2>/dev/null ||
		{ rm config.json && XDG_RUNTIME_DIR=$WORK $RUNTIME spec --rootless; }"
	[ ! -e "$BUNDLE/rootless.json" ] || mv "$BUNDLE/rootless.json" "$BUNDLE/config.json"
	config '.process.terminal = false | .process.args = ["/bin/id", "-u"] | .root.path = "rootfs"'
	chown -R rootless "$WORK"
	run su rootless -c "XDG_RUNTIME_DIR=$WORK $RUNTIME run -b $BUNDLE $ID"
	equal "$status" 0
	equal "$output" 0
}

@test "limits above the caller's own" {
	config '.process.rlimits = [{type: "RLIMIT_NOFILE", soft: 3000, hard: 4000}, {type: "RLIMIT_NICE", soft: 30, hard: 40},
		{type: "RLIMIT_RTPRIO", soft: 50, hard: 99}, {type: "RLIMIT_MEMLOCK", soft: 1048576, hard: 1073741824}]'
	process /probe facts rlimits
	output=$(ulimit -n 500 && ulimit -l 64 && proa run -b "$BUNDLE" "$ID")
	expect rlimit.NOFILE "3000 4000"
	expect rlimit.NICE "30 40"
	expect rlimit.RTPRIO "50 99"
	expect rlimit.MEMLOCK "1048576 1073741824"
}

@test "a dummy network device" {
	modprobe dummy numdummies=0
	outer=po${TAG:0:6}
	ip link add "$outer" type dummy
	cleanup ip link delete "$outer"
	ip addr add 10.9.8.7/24 dev "$outer"
	config ".linux.netDevices = {\"$outer\": {name: \"eth7\"}}"
	shell 'ip -o addr show dev eth7'
	runs
	has_words "inet 10.9.8.7/24 scope global eth7" "$output"
}
