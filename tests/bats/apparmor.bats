#!/usr/bin/env bats
# lane: vm
# tier: full
# kernel: apparmor=1 lsm=landlock,yama,apparmor
# process.apparmorProfile, with profiles that each forbid another file.

load helpers
load checkpoint

setup_file() {
	make_rootfs "$BATS_FILE_TMPDIR/rootfs"
	echo one >"$BATS_FILE_TMPDIR/rootfs/one"
	echo two >"$BATS_FILE_TMPDIR/rootfs/two"
	[ "$(cat /sys/module/apparmor/parameters/enabled)" = Y ]
	mountpoint -q /sys/kernel/security || mount -t securityfs securityfs /sys/kernel/security
	# the "change_profile" is for a process of exec that wants to be in the other one
	for name in one two; do
		echo "profile proa-test-$name flags=(attach_disconnected,mediate_deleted) {
			file, capability, network, mount, umount, pivot_root, signal, ptrace, unix, change_profile,
			deny /$name r,
		}"
	done >"$BATS_FILE_TMPDIR/profiles"
	apparmor_parser --skip-cache --replace "$BATS_FILE_TMPDIR/profiles"
}

profile() {
	config '.process.apparmorProfile = $p' --arg p "$1"
}

# confined_by NAME: what the last command printed tells so
confined_by() {
	equal "${lines[0]}" "proa-test-$1 (enforce)"
	has_words "can't open '/$1': Permission denied" "$output$stderr"
	equal "${lines[1]}" "$2"
}

look='cat /proc/self/attr/current /one /two'

@test "the program is confined, whatever no_new_privs says" {
	profile proa-test-one
	for no_new_privs in true false; do
		config ".process.noNewPrivileges = $no_new_privs"
		process sh -c "$look || true"
		runs
		confined_by one two
	done
}

@test "without a profile the program has the caller's" {
	inside sh -c "$look"
	equal "$(xargs <<<"$output")" "unconfined one two"
}

@test "the program of a user without capabilities is confined" {
	profile proa-test-one
	config '.process.user = {uid: 1000, gid: 1000} | .process.capabilities = {} | .process.noNewPrivileges = true'
	process sh -c "$look || true"
	runs
	confined_by one two
}

@test "in a user namespace" {
	profile proa-test-one
	config '.linux.namespaces += [{type: "user"}] |
		.linux.uidMappings = [{containerID: 0, hostID: 100000, size: 65536}] | .linux.gidMappings = .linux.uidMappings'
	chown -R 100000:100000 "$BUNDLE/rootfs"
	process sh -c "$look || true"
	runs
	confined_by one two
}

@test "a startContainer hook is not yet confined, the program is" {
	profile proa-test-one
	config '.hooks.startContainer = [{path: "/bin/sh", args: ["sh", "-c", "cat /proc/self/attr/current >/tmp/hook"]}] |
		.root.readonly = false'
	process sh -c 'cat /tmp/hook /proc/self/attr/current'
	runs
	equal "${lines[0]} ${lines[1]}" "unconfined proa-test-one (enforce)"
}

@test "exec has the container's profile, or the one that it asks for" {
	profile proa-test-one
	up_and_waiting
	execs sh -c "$look || true"
	confined_by one two
	execs --apparmor=proa-test-two sh -c "$look || true"
	equal "${lines[0]}" "proa-test-two (enforce)"
	equal "${lines[1]}" one
}

@test "a profile that isn't loaded is refused and named, and nothing is left" {
	profile proa-test-none
	fails 1 "process.apparmorProfile: write \"exec proa-test-none\"|proa-test-none" proa run -b "$BUNDLE" "$ID"
	nothing_left
	profile proa-test-one
	up_and_waiting
	fails 255 "proa-test-none" proa exec --apparmor proa-test-none "$ID" true
	is running
}

@test "the profile of contrib/engines is there where proa is installed, also after it has executed itself anew" {
	apparmor_parser --skip-cache --replace "$PROA_SRC/contrib/engines/apparmor"
	cleanup apparmor_parser --remove "$PROA_SRC/contrib/engines/apparmor"
	cp "$RUNTIME" /usr/local/bin/proa
	cleanup rm /usr/local/bin/proa
	RUNTIME=/usr/local/bin/proa
	inside sh -c "$look"
	equal "$(xargs <<<"$output")" "proa (unconfined) one two"
}

@test "a checkpoint comes back under its profile, by --lsm-profile under another" {
	modprobe -a inet_diag tcp_diag udp_diag unix_diag af_packet_diag netlink_diag raw_diag
	profile proa-test-one
	start_counter
	dump
	restore
	equal "$(cat "/proc/$(init_pid)/attr/current")" "proa-test-one (enforce)"
	proa delete -f "$ID"
	restore --lsm-profile apparmor:proa-test-two
	counting
	equal "$(cat "/proc/$(init_pid)/attr/current")" "proa-test-two (enforce)"
}
