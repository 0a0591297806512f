#!/usr/bin/env bats
# lane: native
# lane-long: vm
# tier: quick
# linux.seccomp as the spec has it: the agent at listenerPath, and what is refused.

load helpers

# notify: a profile that asks the agent about a system call that nobody makes
notify() {
	config '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", listenerPath: $p,
		syscalls: [{names: ["getpgid"], action: "SCMP_ACT_NOTIFY"}]}' --arg p "$WORK/agent"
}

@test "the agent gets one state with the listener, and the connection is closed" {
	# spec: config-linux.md#seccomp seccomp-socket
	# spec: config-linux.md#seccomp seccomp-one-state
	# spec: config-linux.md#seccomp seccomp-connection-closed
	# spec: config-linux.md#seccomp seccomp-fd
	# spec: config-linux.md#the-container-process-state process-state-form
	# spec: config-linux.md#the-container-process-state process-state-first
	# spec: config-linux.md#the-container-process-state process-state-fields
	background "$TERM_TOOL" fds "$WORK/agent"
	eventually test -S "$WORK/agent"
	notify
	config '.linux.seccomp.listenerMetadata = "any thing" | .annotations = {a: "b"}'
	up_and_waiting
	wait_for_output end "$WORK/background.out"
	mapfile -t lines <"$WORK/background.out"
	equal "${#lines[@]}" 3
	equal "${lines[1]}" "fd anon_inode:seccomp notify"
	message=${lines[0]#message }
	equal "$(jq -c '[.fds, .pid, .metadata]' <<<"$message")" "[[\"seccompFd\"],$(init_pid),\"any thing\"]"
	equal "$(jq -c '[.state.id, .state.pid, .state.bundle, .state.annotations]' <<<"$message")" \
		"[\"$ID\",$(init_pid),\"$BUNDLE\",{\"a\":\"b\"}]"
	equal "$(jq -r '[.ociVersion, .state.ociVersion, .state.status | type] | unique[]' <<<"$message")" string
}

@test "an agent that isn't there is an error, and the program doesn't run" {
	# spec: config-linux.md#seccomp seccomp-send-fails
	notify
	waits
	run --separate-stderr proa run -b "$BUNDLE" "$ID"
	equal "$status" 1
	equal "$output" ""
	has_words "$WORK/agent|listenerPath" "$stderr"
	nothing_left
}

@test "listenerMetadata without listenerPath is refused" {
	# spec: config-linux.md#seccomp seccomp-metadata
	config '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", listenerMetadata: "x"}'
	refused listenerMetadata
}

@test "an errno with an action that has none is refused" {
	# spec: config-linux.md#seccomp seccomp-default-errno
	# spec: config-linux.md#seccomp seccomp-errno
	require proa
	for action in ALLOW KILL KILL_PROCESS KILL_THREAD LOG TRAP; do
		config '.linux.seccomp = {defaultAction: $a, defaultErrnoRet: 5}' --arg a "SCMP_ACT_$action"
		refused "linux.seccomp.*errno"
		config '.linux.seccomp = {defaultAction: "SCMP_ACT_ERRNO",
			syscalls: [{names: ["getcwd"], action: $a, errnoRet: 5}]}' --arg a "SCMP_ACT_$action"
		refused "linux.seccomp.*errno"
	done
}

@test "each flag that features lists as supported can be used" {
	# spec: features-linux.md#seccomp features-supported-flags
	require proa
	process /bin/true
	flags=$("$RUNTIME" features | jq -r '.linux.seccomp.supportedFlags[]')
	[ -n "$flags" ]
	for flag in $flags; do
		config '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", flags: [$f],
			syscalls: [{names: ["getpgid"], action: "SCMP_ACT_ERRNO"}]}' --arg f "$flag"
		if [[ $flag == *WAIT_KILLABLE* ]]; then # that is about the listener
			background "$TERM_TOOL" fds "$WORK/agent"
			eventually test -S "$WORK/agent"
			config '.linux.seccomp.listenerPath = $p | .linux.seccomp.syscalls[0].action = "SCMP_ACT_NOTIFY"' \
				--arg p "$WORK/agent"
		fi
		runs || fail "$flag"
	done
}
