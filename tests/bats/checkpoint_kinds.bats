#!/usr/bin/env bats
# lane: vm
# tier: long
# Checkpoint and restore of what a container may have, one kind of it after the other.

load helpers
load checkpoint

# bats test_tags=compare
@test "devices that are open, and one of the config's" {
	config '.linux.devices = [{type: "c", path: "/dev/mine", major: 1, minor: 5, fileMode: 438, uid: 0, gid: 0}] |
		.linux.resources.devices = [{allow: false, access: "rwm"}, {allow: true, type: "c", major: 1, minor: 5, access: "rwm"}]'
	shell 'exec 5</dev/urandom 6>/dev/full 7</dev/mine; i=0
		while :; do i=$((i + 1)); echo $i >/dev/shm/new; mv /dev/shm/new /dev/shm/count; sleep 0.1
			[ ! -e /dev/shm/check ] || {
				{ head -c 3 <&5 | wc -c; head -c 2 <&7 | wc -c; echo x >&6 || echo full; } >/dev/shm/told 2>/dev/null
				rm /dev/shm/check; mv /dev/shm/told /dev/shm/result; }; done'
	detached run -d -b "$BUNDLE" "$ID"
	eventually counter >/dev/null
	dump
	restore
	counting
	execs touch /dev/shm/check
	eventually test -e "/proc/$(init_pid)/root/dev/shm/result"
	equal "$(xargs <"/proc/$(init_pid)/root/dev/shm/result")" "3 2 full"
	equal "$(stat -Lc %t:%T "/proc/$(init_pid)/root/dev/mine")" 1:5
}

# bats test_tags=compare
@test "pid, ipc and uts namespaces that others made" {
	counts
	detached run -d -b "$BUNDLE" "$ID"
	other=$(init_pid)
	make_bundle "$WORK/second" "second-$ID"
	BUNDLE=$WORK/second
	for kind in pid ipc uts; do
		config '(.linux.namespaces[] | select(.type == $k)).path = $p | del(.hostname, .domainname)' \
			--arg k $kind --arg p "/proc/$other/ns/$kind"
	done
	counts
	detached run -d -b "$BUNDLE" "second-$ID"
	ID=second-$ID
	eventually counter >/dev/null
	dump
	restore
	counting
	for kind in pid ipc uts; do
		equal "$(readlink "/proc/$(init_pid)/ns/$kind")" "$(readlink "/proc/$other/ns/$kind")"
	done
}

# bats test_tags=compare
@test "an id-mapped mount" {
	mkdir "$WORK/mapped"
	echo x >"$WORK/mapped/file"
	chown 5000:5000 "$WORK/mapped/file"
	config '.mounts += [{destination: "/mapped", type: "bind", source: ($w + "/mapped"), options: ["bind", "idmap"],
		uidMappings: [{containerID: 5000, hostID: 7000, size: 1}], gidMappings: [{containerID: 5000, hostID: 7000, size: 1}]}]' --arg w "$WORK"
	start_counter
	execs stat -c %u /mapped/file
	equal "$output" 7000
	dump
	restore
	counting
	execs stat -c %u /mapped/file
	equal "$output" 7000
}

# bats test_tags=compare
@test "cgroups that it has made below its own" {
	config '(.mounts[] | select(.destination == "/sys/fs/cgroup")) |= (.options -= ["ro"]) |
		.mounts += (if any(.mounts[]; .destination == "/sys/fs/cgroup") then [] else
			[{destination: "/sys/fs/cgroup", type: "cgroup", source: "cgroup", options: ["nosuid", "noexec", "nodev"]}] end) |
		.linux.namespaces += [if any(.linux.namespaces[]; .type == "cgroup") then empty else {type: "cgroup"} end]'
	shell 'mkdir /sys/fs/cgroup/sub; echo 0 >/sys/fs/cgroup/sub/cgroup.procs; i=0
		while :; do i=$((i + 1)); echo $i >/dev/shm/new; mv /dev/shm/new /dev/shm/count; sleep 0.1; done'
	detached run -d -b "$BUNDLE" "$ID"
	eventually counter >/dev/null
	[[ $(cgroup_of "$(init_pid)") == */sub ]]
	dump
	restore
	counting
	[[ $(cgroup_of "$(init_pid)") == */sub ]] || fail "it is in $(cgroup_of "$(init_pid)")"
}

@test "mounts that were added by mounts add: a tmpfs comes back, one of the host has to be given" {
	require proa
	mkdir "$WORK/host" "$BUNDLE/rootfs/scratch" "$BUNDLE/rootfs/host"
	echo host >"$WORK/host/name"
	start_counter
	proa mounts add "$ID" - <<-END
		[{"destination": "/scratch", "type": "tmpfs", "source": "tmpfs"},
		 {"destination": "/host", "type": "bind", "source": "$WORK/host", "options": ["bind"]}]
	END
	execs sh -c 'echo kept >/scratch/file; cat /host/name'
	dump
	restore_fails "mount of the host at /host.*--external mnt\[/host\]:SOURCE"
	restore --external "mnt[/host]:$WORK/host"
	counting
	execs cat /scratch/file /host/name
	equal "$output" $'kept\nhost'
}

# holds ARG...: the container has opened that
holds() {
	process /probe open "$@"
	detached run -d -b "$BUNDLE" "$ID"
	eventually eval 'ls -l /proc/$(init_pid)/fd | grep -qE "socket|anon_inode"'
}

# bats test_tags=compare
@test "a file lock is held again" {
	shell 'exec /probe open lock /dev/shm/lock >/dev/shm/said'
	detached run -d -b "$BUNDLE" "$ID"
	eventually grep -qs opened "/proc/$(init_pid)/root/dev/shm/said"
	! has proa || dump_fails "file locks.*--file-locks"
	dump --file-locks
	restore --file-locks
	run proa exec "$ID" /probe open lock /dev/shm/lock
	equal "$output" "open EAGAIN"
}

# bats test_tags=compare
@test "a unix socket that is connected to one of the host" {
	mkdir "$WORK/sockets"
	# CRIU has to see both ends, and at the same place
	config 'del(.linux.namespaces[] | select(.type == "network")) | .mounts += [{destination: ($w + "/sockets"), type: "bind", source: ($w + "/sockets"), options: ["bind"]}]' --arg w "$WORK"
	background "$TERM_TOOL" notify "$WORK/sockets/host"
	eventually test -S "$WORK/sockets/host"
	holds socket "$WORK/sockets/host"
	eventually grep -q "message 3" "$WORK/background.out"
	! has proa || dump_fails "--ext-unix-sk"
	dump --ext-unix-sk
	last=$(sed -n 's/^message //p' "$WORK/background.out" | tail -n 1)
	restore --ext-unix-sk
	eventually grep -qx "message $((last + 4))" "$WORK/background.out"
}

@test "an io_uring is named, and the container runs on" {
	holds io_uring
	dump_fails "an io_uring is open, which can't be checkpointed"
	is running
}

@test "the host's /proc in a pid namespace of its own" {
	config '(.mounts[] | select(.destination == "/proc")) |= {destination, type: "bind", source: "/proc", options: ["rbind"]} |
		del(.linux.maskedPaths, .linux.readonlyPaths)'
	start_counter
	dump_fails "/proc shows the processes of another pid namespace.*mount a proc there"
	is running
}
