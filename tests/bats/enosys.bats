#!/usr/bin/env bats
# lane: native
# lane-long: vm
# tier: full
# timeout: 3600
# System calls that a kernel, or a filter around us, may not have: the first of each in each process fails with ENOSYS. Then the
# container is just as it is otherwise, or there is none and an error says what is missing.

load helpers

[ "${PROA_TIER-}" != long ] || export BATS_TEST_TIMEOUT=3000

# Those for which there is a second way, or whose lack must be told; the long tier takes every call that is made, but for those
# whose first one in the container is the program's own.
calls="bpf capset clone3 close_range epoll_create1 execveat fsconfig fsmount fsopen ioprio_set keyctl memfd_create mount
	mount_setattr move_mount open_tree openat2 personality pidfd_open pidfd_send_signal pivot_root prctl prlimit64
	sched_setattr seccomp set_mempolicy setdomainname setgroups sethostname setns signalfd4 socketpair statfs statx
	umount2 unshare waitid"

# Calls that cannot fail, or without which no program of any kind begins or ends.
beyond="alarm arch_prctl brk getegid geteuid getgid getpid getppid gettid getuid umask execve exit exit_group mmap munmap mprotect rt_sigreturn set_tid_address set_robust_list rseq prlimit64"

setup() {
	common_setup
	require proa strace
	mkdir "$WORK/source"
	touch "$WORK/source/file"
	config '.process.scheduler = {policy: "SCHED_BATCH", nice: 3} | .process.ioPriority = {class: "IOPRIO_CLASS_BE", priority: 6} |
		.process.rlimits = [{type: "RLIMIT_NOFILE", soft: 100, hard: 200}] | .process.user = {uid: 1000, gid: 1000, additionalGids: [5]} |
		.linux.memoryPolicy = {mode: "MPOL_BIND", nodes: "0"} | .linux.personality = {domain: "LINUX"} |
		.hostname = "inside" | .domainname = "outside" | .linux.maskedPaths = ["/proc/kcore"] | .linux.readonlyPaths = ["/proc/sys"] |
		.mounts += [{destination: "/bound", type: "bind", source: $s, options: ["rbind", "ro", "nosuid"]}] |
		.linux.namespaces += [{type: "time"}] | .linux.timeOffsets = {monotonic: {secs: 100}} |
		.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", syscalls: [{names: ["acct"], action: "SCMP_ACT_ERRNO", errnoRet: 7}]} |
		.linux.resources.devices = [{allow: false, access: "rwm"}]' --arg s "$WORK/source"
	process /probe facts uid gid groups umask caps privileges env args cwd fds signals cgroup uts devices rlimits scheduler mounts
}

# traced STRACE-OPTION...: run the container so. Its facts are in $WORK/facts, without numbers that are others each time.
traced() {
	rm -rf "$ROOT"/.@seccomp
	(
		trap '' PIPE # for init to reset
		PROA_TEST=$TAG exec strace -f -qq -o "$WORK/strace" "$@" "$RUNTIME" --root "$ROOT" run -b "$BUNDLE" "$ID"
	) </dev/null 2>"$WORK/err" | sed 's/^mount [0-9]* [0-9]* [0-9:]* /mount /; s/pipe:.*/a pipe/' >"$WORK/facts"
	return "${PIPESTATUS[0]}"
}

# calls_of PATTERN: the calls in the lines of strace on stdin that have it
calls_of() {
	grep -E "$1" | sed -E 's/^[0-9]+ +//; s/\(.*//; /^[a-z_0-9]+$/!d' | sort -u
}

@test "a system call that isn't there is replaced or told" {
	traced -e trace=all
	cp "$WORK/facts" "$WORK/expected"
	grep -q '^seccomp' "$WORK/expected" || grep -q '^uid 1000' "$WORK/expected"
	made=$(calls_of . <"$WORK/strace")
	if [ "${PROA_TIER-}" = long ]; then
		program=$(sed -n 's/ .*execve("\/probe".*//p' "$WORK/strace")
		before=$(sed '/execve("\/probe"/q' "$WORK/strace" | calls_of "^$program ")
		own=$(comm -13 <(echo "$before") <(calls_of "^$program " <"$WORK/strace"))
		calls=$(comm -23 <(echo "$made") <(printf '%s\n' $beyond $own | sort -u))
	fi
	replaced="" told=""
	for call in $calls; do
		grep -qx "$call" <<<"$made" || continue
		if traced -e "trace=$call" -e "inject=$call:error=ENOSYS:when=1"; then
			diff "$WORK/expected" "$WORK/facts" || fail "without $call the container is another"
			replaced+=" $call"
		else
			[ ! -s "$WORK/facts" ] || fail "without $call it fails, and the program ran"
			grep -q '^proa: .' "$WORK/err" || fail "without $call no error is told" "$(cat "$WORK/err")"
			told+=" $call ($(head -n 1 "$WORK/err"))"
		fi
		grep -q "$call(.*INJECTED" "$WORK/strace" || fail "$call was not tried"
		nothing_left || fail "after $call"
	done
	echo "replaced:$replaced"
	echo "told:" "${told//) /)$'\n'}"
	[ "$(wc -w <<<"$replaced")" -gt 2 ]
	[ -n "$told" ]
}
