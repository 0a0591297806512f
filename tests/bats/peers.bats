#!/usr/bin/env bats
# lane: native
# tier: full
# prepare: command -v crun >/dev/null || apt-get install -y -qq --no-install-recommends crun
# What runc and crun, as packaged, make of the same bundle: the same facts from inside. They are older than the newest
# properties, so these aren't here; what each of them does in its own way is left out below, with the reason.

load helpers

setup() {
	common_setup
	require proa runc crun strace
}

# by RUNTIME ARG...: crun raises RLIMIT_MEMLOCK too, and gives up where it may not: here it is told that it could. With one limit
# in the config that is its fourth call.
by() {
	case $1 in
	proa) "$RUNTIME" "${@:2}" ;;
	crun) strace -qq -o /dev/null -e trace=prlimit64 -e inject=prlimit64:retval=0:when=4 crun "${@:2}" ;;
	*) "$@" ;;
	esac
}

# seen_by RUNTIME: what the probe finds in the container that this one makes, sorted. Of a mount its destination, type and
# flags, as numbers are others each time, and sources and a filesystem's own options are the runtime's choice; of a mask and of a
# bound device just that it is one. Of a descriptor its number, as runc puts pipes before its caller's files, and crun reopens
# /dev/null. Propagation only where a test sets it: the default is not the spec's. /dev/core is there or not where there is no
# /proc/kcore. Who owns /dev/mqueue in a user namespace depends on when the namespaces are made; it has mode 1777.
seen_by() {
	rm -rf --one-file-system "$BUNDLE/rootfs"
	cp -a "$WORK/rootfs" "$BUNDLE/rootfs" # what another has made in it would not be made
	by "$1" --root "$WORK/root-$1" run -b "$BUNDLE" "$ID" </dev/null | sed -E '
		s/^(fd [0-9]+) .*/\1/
		s,^mount [0-9]+ [0-9]+ [0-9:]+ /null ([^ ]+) .*,mount \1 masked,
		s,^mount [0-9]+ [0-9]+ [0-9:]+ [^ ]+ (/dev/(full|null|random|tty|urandom|zero)) .*,mount \1 bound,
		s,^mount [0-9]+ [0-9]+ [0-9:]+ [^ ]+ ([^ ]+) ([^ ]+) (.*)- ([^ ]+) .*,mount \1 \4 \2 \3,
		'"${propagation:+#}"'s/(shared|master):[0-9]+ //
		s/(shared|master):[0-9]+/\1/
		\,^dev /dev/(mqueue|core) ,d' | sort
}

# alike FACT...: of all; alike_run: what the config's program prints
alike() {
	process /probe facts "$@"
	alike_run
}

alike_run() {
	local peer
	rm -rf --one-file-system "$WORK/rootfs"
	mv "$BUNDLE/rootfs" "$WORK/rootfs"
	seen_by proa >"$WORK/proa"
	[ -s "$WORK/proa" ]
	for peer in runc crun; do
		seen_by "$peer" >"$WORK/$peer"
		diff "$WORK/$peer" "$WORK/proa" || fail "< $peer, > proa"
	done
}

all="uid gid groups umask caps privileges env args cwd fds tty signals mounts maps uts processes devices rlimits scheduler"

@test "the usual config" {
	# shellcheck disable=SC2086 # a list
	alike $all
}

@test "a user: ids, groups, umask, capabilities, environment" {
	config '.process.user = {uid: 1000, gid: 1000, umask: 63, additionalGids: [5, 7]} | .process.cwd = "/tmp" |
		.process.capabilities = {bounding: ["CAP_CHOWN", "CAP_KILL"], permitted: ["CAP_KILL"], inheritable: ["CAP_KILL"],
			effective: ["CAP_KILL"], ambient: ["CAP_KILL"]} | .process.noNewPrivileges = false'
	alike uid gid groups umask caps privileges env cwd
	config '.process.capabilities = {}'
	alike uid gid groups umask caps privileges env cwd
}

@test "limits, OOM score, names, sysctls" {
	config '.process.rlimits = [{type: "RLIMIT_CPU", soft: 100, hard: 200}] |
		.process.oomScoreAdj = 300 | .hostname = "other" |
		.linux.sysctl = {"net.ipv4.ip_forward": "1", "kernel.shmmax": "123456"}'
	alike rlimits uts net.ipv4.ip_forward kernel.shmmax
}

@test "mounts: options, propagation, made destinations, tmpcopyup" {
	mkdir -p "$WORK/source/below" "$WORK/flat" "$BUNDLE/rootfs/full"
	touch "$WORK/source/file" "$BUNDLE/rootfs/full/file"
	mount -t tmpfs -o nosuid below "$WORK/source/below"
	cleanup umount -l "$WORK/source/below"
	config '.mounts += [{destination: "/a/b", type: "bind", source: $s, options: ["rbind", "ro", "nosuid", "noexec"]},
		{destination: "/c", type: "bind", source: $f, options: ["bind", "nodev", "noatime", "rprivate"]},
		{destination: "/d", type: "bind", source: $s, options: ["rbind", "rslave", "rro", "rnoexec"]},
		{destination: "/file", type: "bind", source: ($s + "/file"), options: ["bind", "ro"]},
		{destination: "/full", type: "tmpfs", source: "tmpfs", options: ["nosuid", "tmpcopyup", "mode=755"]},
		{destination: "/e", type: "tmpfs", source: "tmpfs", options: ["nodev", "nodiratime", "size=64k"]}] |
		.root.readonly = false' --arg s "$WORK/source" --arg f "$WORK/flat"
	alike mounts /a/b /full /full/file /e /file
}

@test "rootfsPropagation" {
	for propagation in private slave; do
		config '.linux.rootfsPropagation = $p' --arg p $propagation
		alike mounts
	done
}

@test "devices" {
	config '.linux.devices = [{path: "/dev/fuse", type: "c", major: 10, minor: 229, fileMode: 438, uid: 3, gid: 4},
		{path: "/dev/pipe", type: "p", fileMode: 384}, {path: "/dev/loop9", type: "b", major: 7, minor: 9}]'
	alike devices
}

@test "a user namespace" {
	config '.linux.namespaces += [{type: "user"}] | .linux.uidMappings = [{containerID: 0, hostID: 100000, size: 65536}] |
		.linux.gidMappings = .linux.uidMappings'
	chown -R 100000:100000 "$BUNDLE/rootfs"
	alike uid gid groups caps privileges maps mounts
}

@test "a terminal that isn't there, namespaces that aren't made" {
	config '.linux.namespaces |= map(select(.type | IN("mount", "pid", "cgroup"))) | del(.hostname)'
	alike fds tty uts processes
}

@test "seccomp" {
	config '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", architectures: ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86"], syscalls: [
		{names: ["personality"], action: "SCMP_ACT_ERRNO", errnoRet: 7},
		{names: ["dup3"], action: "SCMP_ACT_ERRNO", args: [{index: 1, value: 5000, op: "SCMP_CMP_GE"}]}]}'
	process /probe try syscall personality , syscall dup3 -1 5000 0 , syscall dup3 -1 4999 0 , syscall getpid , syscall keyctl
	alike_run
	grep -qx E2BIG "$WORK/proa"
}
