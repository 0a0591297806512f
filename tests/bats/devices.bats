#!/usr/bin/env bats
# lane: native
# lane-long: vm
# tier: quick
# Device nodes and links in /dev, what may be done with devices, and sysctl.

load helpers

device() {
	config '.linux.devices += [$d]' --argjson d "$1"
}

@test "the default devices are there, for everyone" {
	# spec: config-linux.md#default-devices devices-default
	facts devices
	for line in "null c 1:3" "zero c 1:5" "full c 1:7" "random c 1:8" "urandom c 1:9" "tty c 5:0"; do
		has_words "^dev /dev/$line 0666 0:0$" "$output"
	done
	has_words '^dev /dev/ptmx (l (/dev/)?pts/ptmx|c 5:2 )' "$output"
}

@test "the links in /dev" {
	# spec: runtime-linux.md#dev-symbolic-links dev-links
	facts devices
	has_words '^dev /dev/fd l /proc/self/fd$' "$output"
	has_words '^dev /dev/stdin l /proc/self/fd/0$' "$output"
	has_words '^dev /dev/stdout l /proc/self/fd/1$' "$output"
	has_words '^dev /dev/stderr l /proc/self/fd/2$' "$output"
}

@test "/dev has nothing else in it" {
	facts devices
	equal "$(awk '$1 == "dev" { print $2 }' <<<"$output" | grep -vE '^/dev/(null|zero|full|random|urandom|tty|ptmx|fd|stdin|stdout|stderr|core|pts|shm|mqueue)$')" ""
	tries open /dev/console
	equal "$output" ENOENT
}

@test "the default devices work, also for a user" {
	config '.process.user = {uid: 1000, gid: 1000}'
	tries write /dev/null x , read /dev/zero , write /dev/full x , read /dev/urandom , open /dev/ptmx
	equal "$output" "ok
ok
ENOSPC
ok
ok"
}

@test "devices of the config: kinds, mode, owner, places" {
	# spec: config-linux.md#devices devices-there
	config '.root.readonly = false'
	device '{"path": "/dev/fuse", "type": "c", "major": 10, "minor": 229, "fileMode": 432, "uid": 7, "gid": 8}'
	device '{"path": "/dev/deep/er/disk", "type": "b", "major": 7, "minor": 0}'
	device '{"path": "/dev/pipe", "type": "p", "fileMode": 384}'
	device '{"path": "/tmp/outside", "type": "u", "major": 1, "minor": 3, "fileMode": 438}'
	facts devices /dev/deep/er/disk /tmp/outside
	has_words '^dev /dev/fuse c 10:229 0660 7:8$' "$output"
	has_words '^dev /dev/pipe p 0:0 0600 0:0$' "$output"
	has_words '^dev /dev/deep/er/disk b 7:0 ' "$output"
	has_words '^dev /tmp/outside c 1:3 0666 0:0$' "$output"
}

@test "the caller's umask doesn't change a device's mode" {
	device '{"path": "/dev/one", "type": "c", "major": 1, "minor": 5, "fileMode": 438}'
	umask 077
	facts devices
	has_words '^dev /dev/one c 1:5 0666 0:0$' "$output"
	has_words '^dev /dev/null c 1:3 0666 0:0$' "$output"
}

@test "a device where another file lies is refused" {
	# spec: config-linux.md#devices devices-other-file
	require proa
	config '.root.readonly = false'
	echo file >"$BUNDLE/rootfs/tmp/there"
	device '{"path": "/tmp/there", "type": "c", "major": 1, "minor": 3}'
	refused "/tmp/there"
	equal "$(cat "$BUNDLE/rootfs/tmp/there")" file
	rm "$BUNDLE/rootfs/tmp/there"
	mknod "$BUNDLE/rootfs/tmp/there" c 1 5
	refused "/tmp/there"
}

@test "a device where just that device lies already is fine" {
	config '.root.readonly = false'
	mknod -m 666 "$BUNDLE/rootfs/tmp/there" c 1 3
	device '{"path": "/tmp/there", "type": "c", "major": 1, "minor": 3, "fileMode": 438}'
	facts /tmp/there
	has_words '^dev /tmp/there c 1:3' "$output"
}

@test "a device of an unknown kind, or without numbers, is refused" {
	# spec: config-linux.md#devices devices-fields
	device '{"path": "/dev/x", "type": "x", "major": 1, "minor": 3}'
	refused '"x"|type'
	config '.linux.devices = [{path: "/dev/x", type: "c"}]'
	refused "major"
	config '.linux.devices = [{path: "relative", type: "c", major: 1, minor: 3}]'
	refused "relative"
}

@test "the device program: what isn't allowed is refused, also to all capabilities" {
	# spec: config-linux.md#allowed-device-list device-rules-order
	privileged
	config '.linux.resources.devices = [{allow: false, access: "rwm"}]'
	tries mknod /tmp/loop b 7 0 , mknod /tmp/kmsg c 1 11 , mknod /tmp/null c 1 3 , open /tmp/null , open /tmp/loop , open /tmp/kmsg
	# mknod of any device is among runc's defaults, to open it isn't
	equal "$(tail -n 3 <<<"$output")" "ok
EPERM
EPERM"
}

@test "the device program: an allowed device, by kind and access" {
	privileged
	config '.linux.resources.devices = [{allow: false, access: "rwm"}, {allow: true, type: "c", major: 1, minor: 11, access: "r"}]'
	tries mknod /tmp/kmsg c 1 11 , open /tmp/kmsg , open-write /tmp/kmsg
	equal "$output" "ok
ok
EPERM"
}

@test "the device program: later entries change earlier ones" {
	privileged
	config '.linux.resources.devices = [{allow: true, type: "c", major: 1, access: "rwm"}, {allow: false, type: "c", major: 1, minor: 11, access: "rw"}]'
	tries mknod /tmp/kmsg c 1 11 , open /tmp/kmsg
	equal "$(tail -n 1 <<<"$output")" EPERM
	config '.linux.resources.devices = [{allow: false, access: "rwm"}, {allow: true, access: "rwm"}]'
	rm "$BUNDLE/rootfs/tmp/kmsg"
	tries mknod /tmp/kmsg c 1 11 , open /tmp/kmsg
	equal "$output" "ok
ok"
}

@test "the device program holds for exec, and ends with the container" {
	privileged
	config '.linux.resources.devices = [{allow: false, access: "rwm"}]'
	up_and_waiting
	execs /probe try mknod /tmp/kmsg c 1 11 , open /tmp/kmsg
	equal "$(tail -n 1 <<<"$output")" EPERM
	proa delete --force "$ID"
	nothing_left
}

@test "sysctl: of namespaces that are the container's own" {
	# spec: config-linux.md#sysctl may-sysctl
	before=$(cat /proc/sys/net/core/somaxconn)
	config '.linux.sysctl = {"net.core.somaxconn": "257", "kernel.shmmax": "1000000", "kernel.msgmax": "7000",
		"fs.mqueue.msg_max": "11", "net.ipv4.ip_forward": "1"}'
	facts net.core.somaxconn kernel.shmmax kernel.msgmax fs.mqueue.msg_max net.ipv4.ip_forward
	expect net.core.somaxconn 257
	expect kernel.shmmax 1000000
	expect kernel.msgmax 7000
	expect fs.mqueue.msg_max 11
	expect net.ipv4.ip_forward 1
	equal "$(cat /proc/sys/net/core/somaxconn)" "$before"
}

@test "sysctl: slashes and dots as in sysctl(8)" {
	require proa
	config '.linux.sysctl = {"net/ipv4/ip_forward": "1", "net.ipv4.conf.lo.arp_filter": "1"}'
	facts net.ipv4.ip_forward net.ipv4.conf.lo.arp_filter
	expect net.ipv4.ip_forward 1
	expect net.ipv4.conf.lo.arp_filter 1
}

@test "sysctl: what would change the host is refused" {
	for key in vm.swappiness kernel.core_pattern kernel.panic fs.file-max kernel.hostname; do
		config '.linux.sysctl = {($k): "1"}' --arg k $key
		refused "$key"
	done
	config '.linux.sysctl = {"net.core.somaxconn": "77"} | .linux.namespaces |= map(select(.type != "network"))'
	refused "net.core.somaxconn|network"
	config '.linux.sysctl = {"kernel.shmmax": "77"} | .linux.namespaces |= map(select(.type != "ipc"))'
	refused "kernel.shmmax|ipc"
}

@test "sysctl: one that isn't there, one that takes no such value, one that leads out of /proc/sys" {
	config '.linux.sysctl = {"net.nosuch": "1"}'
	refused "net.nosuch"
	config '.linux.sysctl = {"net.core.somaxconn": "words"}'
	refused "net.core.somaxconn"
	for key in "net.../.../kernel.core_pattern" "net/../kernel/core_pattern" "net/./core/somaxconn" "" "net" "net."; do
		config '.linux.sysctl = {($k): "1"}' --arg k "$key"
		refused "sysctl|$key"
	done
}
