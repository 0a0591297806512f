#!/usr/bin/env bats
# Checkpoint and restore as Podman drives them.
# lane: vm
# tier: full

load engines

setup_file() {
	prepare_engines
	modprobe -a inet_diag tcp_diag udp_diag unix_diag af_packet_diag netlink_diag raw_diag
}

teardown_file() {
	bring_others_back
}

setup() {
	WORK=$BATS_TEST_TMPDIR
}

teardown() {
	p rm -fa -t 0 >/dev/null
}

COUNT='i=0; while :; do i=$((i + 1)); echo $i >/dev/shm/new; mv /dev/shm/new /dev/shm/count; sleep 0.2; done'

p() {
	podman --runtime "$PROA" "$@"
}

# grows COMMAND...: the number that it prints
grows() {
	local now
	wait_until "$@"
	now=$("$@")
	wait_until eval "[ \"\$($(printf '%q ' "$@"))\" -gt $now ]"
}

@test "podman: checkpoint and restore, a pre-checkpoint, export and import under another name" {
	p image exists "$BUSYBOX" || p import -q "$busybox_tar" "$BUSYBOX"
	p run -d --name eng --network none --memory 64m "$BUSYBOX" sh -c "$COUNT"
	grows p exec eng cat /dev/shm/count
	p container checkpoint eng
	[ "$(p inspect --format '{{.State.Status}} {{.State.Checkpointed}}' eng)" = "exited true" ]
	p container restore eng
	grows p exec eng cat /dev/shm/count
	p container checkpoint --pre-checkpoint --export "$BATS_FILE_TMPDIR/pre.tar" eng
	p container checkpoint --with-previous --export "$BATS_FILE_TMPDIR/c.tar" eng
	p rm -f -t 1 eng
	p container restore --import-previous "$BATS_FILE_TMPDIR/pre.tar" --import "$BATS_FILE_TMPDIR/c.tar" --name d
	grows p exec d cat /dev/shm/count
	[ "$(p exec d cat /sys/fs/cgroup/memory.max)" = 67108864 ]
	p rm -f -t 1 d
}
