#!/usr/bin/env bats
# lane: vm
# tier: full
# Images that say more than the config at restore gives: those of another config, where CRIU does as the images say.

load helpers
load checkpoint

# under FILTER [ARG...]: a counter that is checkpointed with a config changed so, which is then what it was
under() {
	cp "$BUNDLE/config.json" "$WORK/theirs.json"
	config "$@"
	start_counter
	dump
	cp "$WORK/theirs.json" "$BUNDLE/config.json"
}

# in_container ARG...: in its mount and pid namespace, with the host's rights
in_container() {
	nsenter -t "$(init_pid)" -m -p /bin/busybox "$@"
}

@test "something of the host in the place of a filesystem of the container's own" {
	mkdir "$WORK/one"
	under '(.mounts[] | select(.destination == "/dev/shm")) |=
		{destination, type: "bind", source: ($w + "/one"), options: ["bind"]}' --arg w "$WORK"
	restore_fails "mount of the host at /dev/shm"
}

@test "the host's processes in a procfs of the config's" {
	under '.mounts += [{destination: "/late", type: "bind", source: "/proc", options: ["bind"]}]'
	config '.mounts += [{destination: "/late", type: "proc", source: "proc"}]'
	restore_fails "mount of the host at /late"
}

@test "filesystems that only who may mount can have" {
	mkdir "$BUNDLE/rootfs/late"
	start_counter
	in_container mount -t proc proc /late
	dump
	restore_fails "mounted at /late \(proc\)"
	config '.process.capabilities.bounding += ["CAP_SYS_ADMIN"]'
	restore
	counting
}

@test "a process with mounts of its own" {
	mkdir -p "$BUNDLE/rootfs/late"
	counts
	config '.process.args[2] = "unshare -m sh -c \"mount -t proc proc /late && touch /dev/shm/ready && exec sleep 1000\" & \(.process.args[2])"'
	cp "$BUNDLE/config.json" "$WORK/theirs.json"
	config '.process.capabilities |= map_values(. + ["CAP_SYS_ADMIN", "CAP_SYS_CHROOT"])'
	detached run -d -b "$BUNDLE" "$ID"
	eventually proa exec "$ID" test -e /dev/shm/ready
	eventually counter >/dev/null
	dump --leave-running
	proa delete -f "$ID"
	restore
	counting
	proa delete -f "$ID"
	cp "$WORK/theirs.json" "$BUNDLE/config.json"
	restore_fails "mounted at /late \(proc\)"
}

@test "an overlay that the container has made of what lies in the way of its options" {
	mkdir -p "$BUNDLE/rootfs/late"
	config '.process.capabilities.bounding += ["CAP_SYS_ADMIN"]'
	start_counter
	in_container mount -t overlay -o lowerdir=/etc:/bin overlay /late
	dump
	restore_fails "mounted at /late \(overlay\)"
}

# stricter WORDS FILTER: than what the images were made with; each must be refused
stricter() {
	cp "$BUNDLE/config.json" "$WORK/lax.json"
	config "$2"
	restore_fails "$1"
	cp "$WORK/lax.json" "$BUNDLE/config.json"
}

@test "a config that is stricter than the images" {
	mkdir "$WORK/one"
	config 'del(.linux.maskedPaths, .linux.readonlyPaths, .linux.seccomp) | .root.readonly = false | .process.noNewPrivileges = false |
		(.process.capabilities | .bounding, .effective, .permitted) += ["CAP_CHOWN"] |
		del(.linux.namespaces[] | select(.type == "network")) |
		.mounts += [{destination: "/one", type: "bind", source: $one, options: ["bind", "noexec"]},
			{destination: "/scratch", type: "tmpfs", source: "tmpfs", options: ["nodev"]}]' --arg one "$WORK/one"
	start_counter
	dump
	stricter "at /proc/kcore .*isn't masked" '.linux.maskedPaths = ["/proc/kcore"]'
	stricter "at /proc/scsi .*isn't masked|at /sys/firmware .*isn't masked" '.linux.maskedPaths = ["/proc/scsi", "/sys/firmware"]'
	stricter "at /proc/sys .*isn't read-only" '.linux.readonlyPaths = ["/proc/sys"]'
	stricter "at /one .*nosuid" '(.mounts[] | select(.destination == "/one")).options += ["nosuid"]'
	stricter "at /scratch .*noexec" '(.mounts[] | select(.destination == "/scratch")).options += ["noexec"]'
	stricter "at /two .*isn't mounted" '.mounts += [{destination: "/two", type: "tmpfs", source: "tmpfs"}]'
	stricter "at /etc .*isn't mounted" '.mounts += [{destination: "/etc", type: "bind", source: "/etc", options: ["bind"]}]'
	stricter "capabilities that the config doesn't give" '(.process.capabilities | .bounding, .effective, .permitted) -= ["CAP_CHOWN"]'
	stricter "noNewPrivileges" '.process.noNewPrivileges = true'
	stricter "seccomp filter" '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", syscalls: [{names: ["swapon"], action: "SCMP_ACT_ERRNO"}]}'
	stricter "host's network namespace" '.linux.namespaces += [{type: "network"}]'
	restore
	counting
}

@test "a container that may mount has unmounted a mask" {
	config '(.process.capabilities | .bounding, .effective, .permitted) += ["CAP_SYS_ADMIN"]'
	start_counter
	in_container umount /proc/kcore
	dump
	restore
	counting
}
