#!/usr/bin/env bats
# lane: vm
# tier: full
# kernel: lsm=landlock,yama,selinux
# process.selinuxLabel and linux.mountLabel, under a policy of our own (data/selinux.cil) that knows a few types and allows
# everything: what is tested is that the kernel gets the labels.

load helpers
load policy

setup_file() {
	make_rootfs "$BATS_FILE_TMPDIR/rootfs"
	load_policy
}

container=test_u:test_r:container_t:s0
program=test_u:test_r:exec_t:s0:c1,c2
image=test_u:object_r:image_t:s0

label() {
	config '.process.selinuxLabel = $l' --arg l "$1"
}

@test "the policy is in force" {
	equal "$(tr -d '\0' </proc/self/attr/current)" test_u:test_r:host_t:s0
}

@test "the program has the label, whatever no_new_privs says" {
	label "$container"
	for no_new_privs in true false; do
		config ".process.noNewPrivileges = $no_new_privs"
		inside cat /proc/self/attr/current
		equal "$output" "$container"
	done
}

@test "without a label the program has the caller's" {
	config 'del(.process.selinuxLabel)'
	inside cat /proc/self/attr/current
	equal "$output" test_u:test_r:host_t:s0
}

@test "the session keyring has the label" {
	label "$container"
	up_and_waiting
	key=$(awk -v name="_ses.$ID:" '$9 == name { print "0x" $1 }' /proc/keys)
	equal "$(keyctl security "$key")" "$container"
	execs cat /proc/self/attr/keycreate
	equal "$output" "" "it is for this keyring alone:"
}

@test "exec has the container's label, and another one that its process asks for" {
	label "$container"
	up_and_waiting
	execs cat /proc/self/attr/current
	equal "$output" "$container"
	execs --process-label="$program" cat /proc/self/attr/current
	equal "$output" "$program"
}

@test "a label that the policy doesn't know is refused and named, and nothing is left" {
	label test_u:test_r:nobody_t:s0
	fails 1 "process.selinuxLabel: write \"test_u:test_r:nobody_t:s0\"" proa run -b "$BUNDLE" "$ID"
	nothing_left
	label "$container"
	up_and_waiting
	fails 255 "nobody_t:s0" proa exec --process-label test_u:test_r:nobody_t:s0 "$ID" true
}

@test "mountLabel is on the mounts that are made" {
	config '.linux.mountLabel = $l' --arg l "$image"
	facts mounts
	for destination in /dev /dev/shm /tmp; do
		[ -n "$(mount_of "$destination")" ] || continue
		has_words "context=\"?$image" "$(mount_of "$destination")"
	done
	[ -n "$(mount_of /dev)" ]
	config '.annotations."run.oci.mount_context_type" = "rootcontext" | .process.args += ["mounts"]'
	runs
	has_words "rootcontext=\"?$image" "$(mount_of /dev/shm)"
	config '.linux.mountLabel = "test_u:object_r:nobody_t:s0"'
	refused "mount /dev"
}
