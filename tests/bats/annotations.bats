#!/usr/bin/env bats
# lane: native
# lane-long: vm
# tier: quick
# Annotations that change what is done: the names are crun's.

load helpers

annotate() {
	config '.annotations[$k] = $v' --arg k "$1" --arg v "$2"
}

# as_member COMMAND...: with two supplementary groups
as_member() {
	setpriv --groups 1234,5678 "$@"
}

@test "run.oci.keep_original_groups: the caller's groups stay, and the config's don't count" {
	require proa
	config '.process.user.additionalGids = [7]'
	process /probe facts groups
	for value in 0 false; do
		annotate run.oci.keep_original_groups $value
		output=$(as_member "$RUNTIME" --root "$ROOT" run -b "$BUNDLE" "$ID")
		expect groups 7
	done
	annotate run.oci.keep_original_groups 1
	output=$(as_member "$RUNTIME" --root "$ROOT" run -b "$BUNDLE" "$ID")
	expect groups "1234 5678"
	config '.process.user.uid = 1000 | .process.user.gid = 1000'
	output=$(as_member "$RUNTIME" --root "$ROOT" run -b "$BUNDLE" "$ID")
	expect groups "1234 5678"
}

@test "run.oci.keep_original_groups: in a user namespace, and for exec" {
	require proa userns
	config '.linux.namespaces += [{type: "user"}] |
		.linux.uidMappings = [{containerID: 0, hostID: 100000, size: 65536}] | .linux.gidMappings = .linux.uidMappings'
	chown -R 100000:100000 "$BUNDLE/rootfs"
	annotate run.oci.keep_original_groups true
	waits
	quiet as_member "$RUNTIME" --root "$ROOT" run -d -b "$BUNDLE" "$ID"
	wait_for_output waiting
	equal "$(sed -n 's/^Groups:[[:space:]]*//p' "/proc/$(init_pid)/status" | xargs)" "1234 5678"
	as_member "$RUNTIME" --root "$ROOT" exec --pid-file "$WORK/pid" -d "$ID" /probe wait
	equal "$(sed -n 's/^Groups:[[:space:]]*//p' "/proc/$(cat "$WORK/pid")/status" | xargs)" "1234 5678"
}

@test "run.oci.seccomp.receiver: an agent for a profile that names none" {
	require proa
	background "$TERM_TOOL" fds "$WORK/listener"
	eventually test -S "$WORK/listener"
	config '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", syscalls: [{names: ["personality"], action: "SCMP_ACT_NOTIFY"}]}'
	annotate run.oci.seccomp.receiver "$WORK/listener"
	process /probe try syscall personality
	up
	wait_for_output 'message .*' "$WORK/background.out"
	wait_for_output ENOSYS
	annotate run.oci.seccomp.receiver relative
	proa delete --force "$ID"
	refused 'annotations\["run.oci.seccomp.receiver"\]: expected an absolute path'
}

@test "run.oci.seccomp_fail_unknown_syscall: a name that nobody knows is refused" {
	require proa
	config '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", syscalls: [{names: ["acct", "nosuchcall"], action: "SCMP_ACT_ERRNO"}]}'
	inside true
	annotate run.oci.seccomp_fail_unknown_syscall 1
	refused 'unknown system call "nosuchcall"'
	annotate run.oci.seccomp_fail_unknown_syscall 0
	inside true
}

@test "values that are none are refused, with their line" {
	require proa
	process true
	annotate run.oci.keep_original_groups maybe
	refused 'config.json:[0-9]+: annotations\["run.oci.keep_original_groups"\]: expected 1, true, 0 or false'
	annotate run.oci.keep_original_groups 0
	annotate run.oci.mount_context_type label
	refused 'annotations\["run.oci.mount_context_type"\]: expected context, defcontext'
}

@test "each is among those that features lists as unsafe" {
	require proa
	unsafe=$("$RUNTIME" features | jq -c .potentiallyUnsafeConfigAnnotations)
	while read -r name; do
		jq -e --arg n "$name" 'any(.[]; . as $p | $n == $p or ($p | endswith(".")) and ($n | startswith($p)))' <<<"$unsafe" >/dev/null ||
			fail "$name isn't"
	done < <(grep -o '"run\.oci\.[a-z_.]*"' "$PROA_SRC/oci/annotations.c" | tr -d '"'; echo org.systemd.property.X)
}
