#!/usr/bin/env bats
# lane: native
# lane-long: vm
# tier: quick
# Namespaces: new, joined by path, inherited; what is set up in them.

load helpers

# other_namespaces FLAG...: a process in new namespaces, for the test to join; its pid in $other
other_namespaces() {
	background unshare "$@" --fork --kill-child sh -c 'echo up; exec sleep 1000'
	eventually grep -qs up "$WORK/background.out"
	other=$(pgrep -P $!)
	HELPERS+=("$other")
}

inode() {
	readlink "/proc/$1/ns/$2" | tr -dc 0-9
}

# name of a namespace in /proc for a type of the config
file_of() {
	case $1 in
	mount) echo mnt ;;
	network) echo net ;;
	*) echo "$1" ;;
	esac
}

@test "each listed namespace is a new one" {
	# spec: config-linux.md#namespaces namespace-new
	# spec: runtime.md#lifecycle lifecycle-environment
	facts ns
	for name in mnt pid net ipc uts cgroup; do
		[ "$(fact ns.$name)" != "$(inode self $name)" ] || fail "$name is the host's"
		[ "$(fact ns.$name)" -gt 0 ]
	done
}

@test "a namespace that isn't listed is the runtime's" {
	# spec: config-linux.md#namespaces namespace-inherited
	facts ns
	expect ns.user "$(inode self user)"
	expect ns.time "$(inode self time)"
	config 'del(.hostname) | .linux.namespaces = [{type: "mount"}] | .mounts |= map(select(.type != "sysfs" and .type != "cgroup"))'
	facts ns
	for name in pid net ipc uts cgroup user time; do
		expect "ns.$name" "$(inode self $name)"
	done
}

@test "a namespace given by path is joined" {
	# spec: config-linux.md#namespaces namespace-joined
	other_namespaces --net --ipc --uts --cgroup
	config 'del(.hostname)'
	for type in network ipc uts cgroup; do
		name=$(file_of $type)
		config '.linux.namespaces |= (map(select(.type != $t)) + [{type: $t, path: $p}])' \
			--arg t $type --arg p "/proc/$other/ns/$name"
	done
	facts ns
	for type in network ipc uts cgroup; do
		name=$(file_of $type)
		expect "ns.$name" "$(inode "$other" "$name")"
	done
}

@test "a joined pid namespace: the process is in it, and /proc shows it alone" {
	other_namespaces --pid
	config '.linux.namespaces |= (map(select(.type != "pid")) + [{type: "pid", path: $p}])' --arg p "/proc/$other/ns/pid"
	facts ns processes pid
	expect ns.pid "$(inode "$other" pid)"
	# the namespace's first process and the probe; nothing of the host
	equal "$(fact process | wc -l)" 2
	[ "$(fact pid)" -gt 1 ]
}

@test "a neighbour in a joined pid namespace can look into none of the runtime's processes" {
	# an own process without CAP_SYS_PTRACE, as in a container, notes each executable that it can see
	background unshare --pid --mount-proc --fork --kill-child \
		setpriv --bounding-set=-all --inh-caps=-all "$PROA_BUILD/tests/probe" spy
	wait_for_output "spying" "$WORK/background.out"
	other=$(pgrep -P $!)
	config '.linux.namespaces |= (map(select(.type != "pid")) + [{type: "pid", path: $p}])' --arg p "/proc/$other/ns/pid"
	config 'del(.process.capabilities)'
	process /bin/sleep 0.1
	for _ in $(seq "$(count 200)"); do
		runs
	done
	kill -KILL "$other"
	# it did see the programs of the containers
	has_words '^saw /bin/busybox$' "$(cat "$WORK/background.out")"
	equal "$(grep -vE '^(spying|saw (/bin/busybox|.*/tests/probe))$' "$WORK/background.out")" ""
}

@test "a joined user namespace" {
	require userns
	other_namespaces --user --map-root-user
	config '.linux.namespaces += [{type: "user", path: $p}] | del(.linux.resources)' --arg p "/proc/$other/ns/user"
	config '.mounts |= map(select(.destination != "/dev/pts"))'
	facts ns maps uid
	expect ns.user "$(inode "$other" user)"
	expect uid_map "         0          0          1"
	expect uid "0 0 0 0"
}

@test "namespaces of another container: a pod" {
	up_and_waiting
	pid=$(init_pid)
	make_bundle "$WORK/second" "$ID.2"
	BUNDLE=$WORK/second
	for type in network ipc uts pid; do
		config '.linux.namespaces |= (map(select(.type != $t)) + [{type: $t, path: $p}])' \
			--arg t $type --arg p "/proc/$pid/ns/$(file_of $type)"
	done
	config 'del(.hostname)'
	process /probe facts ns processes uts
	run --separate-stderr proa run -b "$BUNDLE" "$ID.2"
	equal "$status" 0 "$stderr"
	for name in net ipc uts pid; do
		expect "ns.$name" "$(inode "$pid" $name)"
	done
	expect hostname inside
	equal "$(fact process | wc -l)" 2
}

@test "a path of another type is refused" {
	# spec: config-linux.md#namespaces namespace-type
	process /bin/true
	config '(.linux.namespaces[] | select(.type == "ipc")).path = "/proc/self/ns/net"'
	refused "ipc|/proc/self/ns/net"
}

@test "a path that is no namespace is refused" {
	process /bin/true
	for path in "$WORK/missing" /etc/passwd /tmp /dev/null; do
		config '(.linux.namespaces[] | select(.type == "ipc")).path = $p' --arg p "$path"
		refused "$path|ipc"
	done
}

@test "a relative path is refused" {
	# spec: config-linux.md#namespaces namespace-path-absolute
	config '(.linux.namespaces[] | select(.type == "ipc")).path = "proc/self/ns/ipc"'
	cd /
	refused "proc/self/ns/ipc|namespace"
}

@test "a namespace given twice is refused" {
	# spec: config-linux.md#namespaces namespace-once
	config '.linux.namespaces += [{type: "ipc"}]'
	refused "ipc"
}

@test "an unknown namespace is refused" {
	config '.linux.namespaces += [{type: "nosuch"}]'
	refused "nosuch"
}

@test "the loopback device is up in a new network namespace" {
	shell 'cat /sys/class/net/lo/flags; ip -o addr show dev lo'
	runs
	has_words "0x9|0x49" "${lines[0]}"
	has_words "inet 127.0.0.1/8" "$output"
}

@test "a new network namespace has nothing but loopback" {
	shell 'ls /sys/class/net'
	runs
	[[ " $output " != *eth* ]]
	has_words '^lo$' "$output"
}

@test "the first process of a new pid namespace has pid 1, and sees only the container's" {
	facts pid processes
	expect pid 1
	equal "$(fact process)" 1
}

@test "without a pid namespace the program has the pid that state shows" {
	config '.linux.namespaces |= map(select(.type != "pid"))'
	shell 'echo $$; exec /probe wait'
	up
	wait_for_output waiting
	equal "$(head -n 1 "$WORK/out")" "$(init_pid)"
}

@test "hostname and domainname" {
	config '.hostname = "box.example" | .domainname = "example.test"'
	facts uts
	expect hostname box.example
	expect domainname example.test
	[ "$(uname -n)" != box.example ]
}

@test "hostname without a uts namespace of its own is refused, and the host's is unchanged" {
	before=$(uname -n)
	config '.hostname = "changed" | .linux.namespaces |= map(select(.type != "uts"))'
	refused "uts|hostname"
	equal "$(uname -n)" "$before"
}

@test "hostname in a joined uts namespace" {
	other_namespaces --uts
	config '(.linux.namespaces[] | select(.type == "uts")).path = $p | .hostname = "joined"' --arg p "/proc/$other/ns/uts"
	facts uts
	expect hostname joined
	equal "$(nsenter -t "$other" -u uname -n)" joined
}

@test "a hostname that is too long is refused" {
	config '.hostname = ("x" * 65)'
	refused "hostname"
}

@test "the cgroup namespace is rooted at the container's cgroup" {
	facts cgroup
	has_words '^cgroup 0::/$' "$output"
}

@test "the time namespace has the offsets that were asked for" {
	# spec: config-linux.md#offset-for-time-namespace may-time-offsets
	require proa timens
	config '.linux.namespaces += [{type: "time"}] |
		.linux.timeOffsets = {monotonic: {secs: 10000, nanosecs: 5}, boottime: {secs: 70000}}'
	facts ns clocks
	[ "$(fact ns.time)" != "$(inode self time)" ]
	equal "$(fact timens_offsets | tr -s ' ')" "monotonic 10000 5
boottime 70000 0"
	uptime=$(cut -d . -f 1 /proc/uptime)
	[ "$(fact clock.boottime)" -ge $((uptime + 69990)) ]
	[ "$(fact clock.boottime)" -le $((uptime + 70600)) ]
	# exec enters it too
	proa delete --force "$ID"
	up_and_waiting
	execs /probe facts ns
	expect ns.time "$(inode "$(init_pid)" time)"
}

@test "time offsets below zero, and without a new time namespace" {
	require proa timens
	config '.linux.namespaces += [{type: "time"}] | .linux.timeOffsets = {monotonic: {secs: -1}}'
	facts clocks
	has_words "monotonic +-1 +0" "$(fact timens_offsets)"
	config '.linux.namespaces |= map(select(.type != "time"))'
	refused "time"
}

@test "a joined time namespace" {
	require proa timens
	other_namespaces --time --boottime 5000
	config '.linux.namespaces += [{type: "time", path: $p}]' --arg p "/proc/$other/ns/time_for_children"
	facts ns clocks
	has_words "boottime +5000 +0" "$(fact timens_offsets)"
	config '.linux.timeOffsets = {boottime: {secs: 1}}'
	refused "timeOffsets|time"
}

# Should it not be refused, a mount namespace of this test's own loses its root.
@test "a mount namespace that is the runtime's own is refused" {
	config '(.linux.namespaces[] | select(.type == "mount")).path = "/proc/self/ns/mnt"'
	# shellcheck disable=SC2016 # the inner shell expands it
	run -1 unshare -m --propagation private sh -c '"$@"; code=$?; test -e /proc/self/root/proc/1/ns && exit $code' sh \
		"$RUNTIME" --root "$ROOT" run -b "$BUNDLE" "$ID"
	has_words "the mount namespace is the runtime's own" "$output"
}

@test "all namespaces at once, with an id map" {
	require proa userns timens
	config '.linux.namespaces += [{type: "user"}, {type: "time"}] | .linux.timeOffsets = {boottime: {secs: 100}} |
		.linux.uidMappings = [{containerID: 0, hostID: 100000, size: 65536}] | .linux.gidMappings = .linux.uidMappings'
	chown -R 100000:100000 "$BUNDLE/rootfs"
	facts ns uid clocks
	for name in mnt pid net ipc uts cgroup user time; do
		[ "$(fact ns.$name)" != "$(inode self $name)" ] || fail "$name is the host's"
	done
	expect uid "0 0 0 0"
	has_words "boottime +100 +0" "$(fact timens_offsets)"
}
