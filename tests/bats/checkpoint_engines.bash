# shellcheck shell=bash
# Loaded by the files that test checkpoint and restore under engines.

load engines

setup_file() {
	prepare_engines
	modprobe -a inet_diag tcp_diag udp_diag unix_diag af_packet_diag netlink_diag raw_diag
	make_rootfs "$BATS_FILE_TMPDIR/rootfs"
}

teardown_file() {
	stop_daemon containerd
	bring_others_back
}

setup() {
	: >"$CALLS"
	common_setup
}

teardown() {
	[ ! -e "$BATS_TEST_TMPDIR/podman" ] || p rm -fa -t 0 >/dev/null
	[ ! -e "$BATS_TEST_TMPDIR/podman" ] || p pod rm -fa -t 0 >/dev/null
	common_teardown
}

export COUNT='i=0; while :; do i=$((i + 1)); echo $i >/dev/shm/new; mv /dev/shm/new /dev/shm/count; sleep 0.2; done'

p() {
	podman --runtime "$PROA" "$@"
}

busybox_image() {
	touch "$BATS_TEST_TMPDIR/podman"
	p image exists "$BUSYBOX" || p import -q "$busybox_tar" "$BUSYBOX"
}

# grows COMMAND...: the number that it prints
grows() {
	local now
	wait_until "$@"
	now=$("$@")
	wait_until eval "[ \"\$($(printf '%q ' "$@"))\" -gt $now ]"
}
