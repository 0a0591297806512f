#!/usr/bin/env bats
# lane: native
# lane-long: vm
# tier: quick
# Seccomp: what a profile refuses and lets through, errnos, arguments, the answer to unknown calls, the notifier, bad profiles.

load helpers

# seccomp JQ-OBJECT [JQ-OPTION...]: the whole profile
seccomp() {
	local object=$1
	shift
	config ".linux.seccomp = $object" "$@"
}

@test "a call that the profile refuses gets EPERM, the others work" {
	seccomp '{defaultAction: "SCMP_ACT_ALLOW", syscalls: [{names: ["mkdirat", "mkdir"], action: "SCMP_ACT_ERRNO"}]}'
	config '.root.readonly = false'
	tries mkdir /tmp/x , create /tmp/y
	equal "$output" "EPERM
ok"
	facts privileges
	expect seccomp 2
}

@test "without a profile there is no filter" {
	facts privileges
	expect seccomp 0
}

@test "errnoRet and defaultErrnoRet" {
	seccomp '{defaultAction: "SCMP_ACT_ALLOW", syscalls: [{names: ["personality"], action: "SCMP_ACT_ERRNO", errnoRet: 38},
		{names: ["getcwd"], action: "SCMP_ACT_ERRNO", errnoRet: 7}]}'
	tries syscall personality , syscall getcwd , syscall uname 0
	equal "$output" "ENOSYS
E2BIG
EFAULT"
}

@test "a list of what is allowed: everything else gets the default" {
	seccomp "$(runc_like_profile)"
	config '.linux.seccomp.defaultErrnoRet = 13'
	tries syscall keyctl , syscall getppid
	equal "$output" "EACCES
ok"
}

# what a program needs, as in the default profiles of engines; keyctl is left out
runc_like_profile() {
	cat <<-'END'
		{defaultAction: "SCMP_ACT_ERRNO", architectures: ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_AARCH64"],
		syscalls: [{action: "SCMP_ACT_ALLOW", names: ["read", "write", "writev", "openat", "open", "close", "fstat", "newfstatat",
		"lseek", "mmap", "mprotect", "munmap", "brk", "rt_sigaction", "rt_sigprocmask", "rt_sigreturn", "ioctl", "access",
		"execve", "exit", "exit_group", "arch_prctl", "set_tid_address", "set_robust_list", "rseq", "prlimit64", "readlink",
		"readlinkat", "getrandom", "getppid", "getpid", "gettid", "uname", "fcntl", "dup", "dup2", "dup3", "prctl", "capget",
		"capset", "setuid", "setgid", "setgroups", "getuid", "getgid", "geteuid", "getegid", "futex", "chdir", "getcwd",
		"getdents64", "statx", "stat", "close_range", "sendto", "sendmsg", "recvfrom", "recvmsg", "umask", "wait4", "clone",
		"pipe", "pipe2", "poll", "ppoll", "select", "pselect6", "nanosleep", "clock_nanosleep", "kill", "tgkill", "getxattr",
		"fchown", "fchmod", "lstat", "faccessat", "faccessat2", "openat2", "setresuid", "setresgid", "epoll_pwait", "epoll_ctl",
		"epoll_create1", "fstatfs", "getpgrp", "getpgid", "getsid", "sigaltstack", "madvise", "sched_getaffinity", "shutdown"]}]}
	END
}

@test "a profile as engines use it works with and without no_new_privs, for root and for a user" {
	seccomp "$(runc_like_profile)"
	for nnp in true false; do
		for uid in 0 1000; do
			config '.process.noNewPrivileges = $n | .process.user = {uid: $u, gid: $u}' --argjson n $nnp --argjson u $uid
			tries syscall keyctl , syscall getppid
			equal "$output" "EPERM
ok" "noNewPrivileges $nnp, uid $uid:"
		done
	done
}

@test "calls newer than the profile get ENOSYS, so that programs fall back" {
	# the highest number that this profile names is below 450
	require proa
	seccomp "$(runc_like_profile)"
	tries syscall 600 , syscall 999 , syscall keyctl
	equal "$output" "ENOSYS
ENOSYS
EPERM"
}

@test "arguments: each operator" {
	seccomp '{defaultAction: "SCMP_ACT_ALLOW", syscalls: [
		{names: ["personality"], action: "SCMP_ACT_ERRNO", errnoRet: 1, args: [{index: 0, value: 100, op: "SCMP_CMP_EQ"}]},
		{names: ["personality"], action: "SCMP_ACT_ERRNO", errnoRet: 2, args: [{index: 0, value: 4096, valueTwo: 4096, op: "SCMP_CMP_MASKED_EQ"}]},
		{names: ["dup3"], action: "SCMP_ACT_ERRNO", errnoRet: 3, args: [{index: 1, value: 5000, op: "SCMP_CMP_GT"}]},
		{names: ["getcwd"], action: "SCMP_ACT_ERRNO", errnoRet: 4, args: [{index: 1, value: 3, op: "SCMP_CMP_LT"}]}]}'
	tries syscall personality 100 , syscall personality 0 , syscall personality 4097 , syscall dup3 0 5001 0 , syscall dup3 -1 5000 0 \
		, syscall getcwd 0 2 , syscall getcwd 0 4096
	equal "$output" "EPERM
ok
ENOENT
ESRCH
EBADF
EINTR
EFAULT"
}

@test "arguments: not equal, at most, at least" {
	seccomp '{defaultAction: "SCMP_ACT_ALLOW", syscalls: [
		{names: ["personality"], action: "SCMP_ACT_ERRNO", errnoRet: 7, args: [{index: 0, value: 0, op: "SCMP_CMP_NE"}]},
		{names: ["dup3"], action: "SCMP_ACT_ERRNO", errnoRet: 7, args: [{index: 1, value: 5000, op: "SCMP_CMP_GE"}]},
		{names: ["getcwd"], action: "SCMP_ACT_ERRNO", errnoRet: 7, args: [{index: 1, value: 3, op: "SCMP_CMP_LE"}]}]}'
	tries syscall personality 0 , syscall personality 8 , syscall dup3 -1 5000 0 , syscall dup3 -1 4999 0 \
		, syscall getcwd 0 3 , syscall getcwd 0 4096
	equal "$(xargs <<<"$output")" "ok E2BIG E2BIG EBADF E2BIG EFAULT"
}

@test "arguments: 64-bit values, both halves count" {
	seccomp '{defaultAction: "SCMP_ACT_ALLOW", syscalls: [
		{names: ["getcwd"], action: "SCMP_ACT_ERRNO", errnoRet: 7, args: [{index: 1, value: 4294967297, op: "SCMP_CMP_EQ"}]}]}'
	tries syscall getcwd 0 4294967297 , syscall getcwd 0 1 , syscall getcwd 0 8589934593
	equal "$(head -n 1 <<<"$output")" E2BIG
	equal "$(grep -c E2BIG <<<"$output")" 1
}

@test "two conditions of one rule must both hold; two rules are alternatives" {
	seccomp '{defaultAction: "SCMP_ACT_ALLOW", syscalls: [
		{names: ["dup3"], action: "SCMP_ACT_ERRNO", errnoRet: 7, args: [{index: 0, value: 1, op: "SCMP_CMP_EQ"}, {index: 2, value: 9, op: "SCMP_CMP_EQ"}]},
		{names: ["personality"], action: "SCMP_ACT_ERRNO", errnoRet: 7, args: [{index: 0, value: 1, op: "SCMP_CMP_EQ"}]},
		{names: ["personality"], action: "SCMP_ACT_ERRNO", errnoRet: 7, args: [{index: 0, value: 2, op: "SCMP_CMP_EQ"}]}]}'
	tries syscall dup3 1 1 9 , syscall dup3 1 1 8 , syscall dup3 2 1 9 , syscall personality 1 , syscall personality 2 , syscall personality 0
	equal "$output" "E2BIG
EINVAL
EINVAL
E2BIG
E2BIG
ok"
}

@test "kill actions end the program" {
	for action in SCMP_ACT_KILL SCMP_ACT_KILL_PROCESS SCMP_ACT_KILL_THREAD SCMP_ACT_TRAP; do
		seccomp '{defaultAction: "SCMP_ACT_ALLOW", syscalls: [{names: ["personality"], action: $a}]}' --arg a $action
		process /probe try syscall personality 0
		run proa run -b "$BUNDLE" "$ID"
		equal "$status" $((128 + 31)) "$action:"
	done
}

@test "actions that let a call happen, or hand it to a tracer that isn't there" {
	seccomp '{defaultAction: "SCMP_ACT_LOG", syscalls: [{names: ["sched_yield"], action: "SCMP_ACT_TRACE"},
		{names: ["personality"], action: "SCMP_ACT_ALLOW"}]}'
	tries syscall personality 0 , syscall getppid , syscall sched_yield
	equal "$(xargs <<<"$output")" "ok ok ENOSYS"
}

@test "architectures: a rule holds for each that is named, and one that isn't is forbidden" {
	[ "$(uname -m)" = x86_64 ] || skip "needs x86_64"
	tries abi32
	[ "$output" = ok ] || skip "needs a kernel that runs 32-bit programs"
	seccomp '{defaultAction: "SCMP_ACT_ALLOW", architectures: ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86"],
		syscalls: [{names: ["getpid"], action: "SCMP_ACT_ERRNO", errnoRet: 7}]}'
	tries abi32 , syscall getpid
	equal "$(xargs <<<"$output")" "E2BIG E2BIG"
	seccomp '{defaultAction: "SCMP_ACT_ALLOW", architectures: ["SCMP_ARCH_X86_64"], syscalls: []}'
	process /probe try abi32
	run proa run -b "$BUNDLE" "$ID"
	equal "$status" $((128 + 31))
}

@test "a listener that no rule needs is left alone" {
	seccomp '{defaultAction: "SCMP_ACT_ALLOW", listenerPath: "/nowhere", syscalls: []}'
	inside true
}

@test "an unknown system call in a profile is ignored" {
	seccomp '{defaultAction: "SCMP_ACT_ALLOW", syscalls: [{names: ["nosuchcall", "personality"], action: "SCMP_ACT_ERRNO"}]}'
	tries syscall personality
	equal "$output" EPERM
}

@test "exec is under the same filter" {
	seccomp '{defaultAction: "SCMP_ACT_ALLOW", syscalls: [{names: ["personality"], action: "SCMP_ACT_ERRNO"}]}'
	up_and_waiting
	execs /probe try syscall personality
	equal "$output" EPERM
	execs /probe facts privileges
	expect seccomp 2
}

@test "a profile that stops the calls of the start itself still lets the program begin" {
	# as late as possible: the runtime's own calls for ids, capabilities and directories are done by then
	seccomp '{defaultAction: "SCMP_ACT_ALLOW", syscalls: [{action: "SCMP_ACT_ERRNO", names: ["setuid", "setgid", "setgroups", "capset",
		"setresuid", "setresgid", "chdir", "mount", "pivot_root", "clone", "clone3", "fork", "unshare", "setns", "sethostname",
		"sendto", "sendmsg", "recvmsg", "socket", "connect", "openat2", "close_range"]}]}'
	tries syscall setns , syscall unshare
	equal "$output" "EPERM
EPERM"
}

# What proa's own C library would do otherwise than others is no concern of a profile.
@test "a profile that knows the calls of glibc alone lets the program begin, without no_new_privs too" {
	config '.process.noNewPrivileges = false | .process.user = {uid: 1000, gid: 1000, additionalGids: [10]}'
	seccomp '{defaultAction: "SCMP_ACT_ALLOW", syscalls: [{action: "SCMP_ACT_KILL_PROCESS", names: ["stat", "lstat", "open",
		"access", "rt_sigprocmask"]}]}'
	tries syscall getppid
	equal "$output" "ok"
	config '.process.args[0] |= sub(".*/"; "") | .process.env = ["PATH=/nowhere:/"]'
	output=$(proa run -b "$BUNDLE" "$ID")
	equal "$output" "ok"
}

@test "two containers with the same profile, and a changed profile" {
	seccomp '{defaultAction: "SCMP_ACT_ALLOW", syscalls: [{names: ["personality"], action: "SCMP_ACT_ERRNO", errnoRet: 7}]}'
	for _ in 1 2; do
		tries syscall personality
		equal "$output" E2BIG
	done
	config '.linux.seccomp.syscalls[0].errnoRet = 1'
	tries syscall personality
	equal "$output" EPERM
}

@test "a damaged or planted cache of filters is not used" {
	require proa
	seccomp '{defaultAction: "SCMP_ACT_ALLOW", syscalls: [{names: ["personality"], action: "SCMP_ACT_ERRNO", errnoRet: 7}]}'
	tries syscall personality
	# whatever is kept in the state root is spoilt: emptied, shortened, one byte changed
	find "$ROOT" -type f >"$WORK/cache"
	while read -r file; do : >"$file"; done <"$WORK/cache"
	tries syscall personality
	equal "$output" E2BIG
	while read -r file; do truncate -s -4 "$file" 2>/dev/null || true; done <"$WORK/cache"
	tries syscall personality
	equal "$output" E2BIG
	while read -r file; do
		[ ! -s "$file" ] || printf '\377' | dd of="$file" bs=1 seek=$(($(stat -c %s "$file") - 5)) conv=notrunc 2>/dev/null
	done <"$WORK/cache"
	tries syscall personality
	equal "$output" E2BIG
}

@test "flags" {
	seccomp '{defaultAction: "SCMP_ACT_ALLOW", flags: ["SECCOMP_FILTER_FLAG_LOG"], syscalls: [{names: ["personality"], action: "SCMP_ACT_ERRNO"}]}'
	tries syscall personality
	equal "$output" EPERM
	seccomp '{defaultAction: "SCMP_ACT_ALLOW", flags: ["SECCOMP_FILTER_FLAG_NOSUCH"], syscalls: []}'
	refused "SECCOMP_FILTER_FLAG_NOSUCH"
}

@test "a notifier gets the listener's descriptor and the state" {
	# spec: config-linux.md#the-container-process-state process-state-form
	# spec: config-linux.md#the-container-process-state process-state-first
	# spec: config-linux.md#the-container-process-state process-state-fields
	# spec: config-linux.md#seccomp seccomp-one-state
	# spec: config-linux.md#seccomp seccomp-connection-closed
	# spec: config-linux.md#seccomp seccomp-fd
	require proa
	background "$TERM_TOOL" fds "$WORK/listener"
	eventually test -S "$WORK/listener"
	seccomp '{defaultAction: "SCMP_ACT_ALLOW", listenerPath: $p, listenerMetadata: "about it",
		syscalls: [{names: ["personality"], action: "SCMP_ACT_NOTIFY"}]}' --arg p "$WORK/listener"
	# nobody answers the call: the listener's end makes it ENOSYS
	process /probe try syscall personality
	background_out=$WORK/background.out
	up
	eventually grep -qs '^message' "$background_out"
	sed -n 's/^message //p' "$background_out" >"$WORK/message.json"
	equal "$(jq -r .metadata "$WORK/message.json")" "about it"
	equal "$(jq -r .state.id "$WORK/message.json")" "$ID"
	equal "$(jq -r .state.bundle "$WORK/message.json")" "$BUNDLE"
	equal "$(jq -c .fds "$WORK/message.json")" '["seccompFd"]'
	[ "$(jq .pid "$WORK/message.json")" -gt 0 ]
	equal "$(grep -c '^fd .*seccomp' "$background_out")" 1
	wait_for_output end "$background_out"
	wait_for_output ENOSYS
}

@test "a notifier without a listener, or metadata without one, is refused" {
	# spec: config-linux.md#seccomp seccomp-send-fails
	# spec: config-linux.md#seccomp seccomp-metadata
	require proa
	seccomp '{defaultAction: "SCMP_ACT_ALLOW", syscalls: [{names: ["personality"], action: "SCMP_ACT_NOTIFY"}]}'
	refused "listenerPath"
	seccomp '{defaultAction: "SCMP_ACT_ALLOW", listenerMetadata: "x", syscalls: []}'
	refused "listenerMetadata"
	seccomp '{defaultAction: "SCMP_ACT_NOTIFY", listenerPath: "/nowhere", syscalls: []}'
	refused "NOTIFY|defaultAction"
	seccomp '{defaultAction: "SCMP_ACT_ALLOW", listenerPath: $p, syscalls: [{names: ["personality"], action: "SCMP_ACT_NOTIFY"}]}' \
		--arg p "$WORK/nobody"
	process /bin/true
	fails 1 "$WORK/nobody" proa run -b "$BUNDLE" "$ID"
	nothing_left
}

@test "what is wrong in a profile is refused and named" {
	# spec: config-linux.md#seccomp seccomp-default
	# spec: config-linux.md#seccomp seccomp-action
	# spec: config-linux.md#seccomp seccomp-args
	seccomp '{defaultAction: "SCMP_ACT_NOSUCH"}'
	refused "SCMP_ACT_NOSUCH"
	seccomp '{syscalls: []}'
	refused "defaultAction"
	seccomp '{defaultAction: "SCMP_ACT_ALLOW", syscalls: [{names: ["personality"], action: "SCMP_ACT_NOSUCH"}]}'
	refused "SCMP_ACT_NOSUCH"
	seccomp '{defaultAction: "SCMP_ACT_ALLOW", architectures: ["SCMP_ARCH_NOSUCH"]}'
	refused "SCMP_ARCH_NOSUCH"
	seccomp '{defaultAction: "SCMP_ACT_ALLOW", syscalls: [{names: ["personality"], action: "SCMP_ACT_ERRNO", args: [{index: 0, value: 1, op: "SCMP_CMP_NOSUCH"}]}]}'
	refused "SCMP_CMP_NOSUCH"
	seccomp '{defaultAction: "SCMP_ACT_ALLOW", syscalls: [{names: ["personality"], action: "SCMP_ACT_ERRNO", args: [{index: 6, value: 1, op: "SCMP_CMP_EQ"}]}]}'
	refused "index"
}

@test "an empty list of names is refused" {
	# spec: config-linux.md#seccomp seccomp-names
	require proa
	seccomp '{defaultAction: "SCMP_ACT_ALLOW", syscalls: [{names: [], action: "SCMP_ACT_ERRNO"}]}'
	refused "names"
}

@test "an errno for an action that has none is refused" {
	# spec: config-linux.md#seccomp seccomp-default-errno
	# spec: config-linux.md#seccomp seccomp-errno
	require proa
	seccomp '{defaultAction: "SCMP_ACT_ALLOW", defaultErrnoRet: 5}'
	refused "errno"
	seccomp '{defaultAction: "SCMP_ACT_ALLOW", syscalls: [{names: ["personality"], action: "SCMP_ACT_KILL", errnoRet: 5}]}'
	refused "errno"
}
