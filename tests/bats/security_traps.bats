#!/usr/bin/env bats
# lane: native
# tier: full
# timeout: 900
# An image that has a trap in place of each path that a runtime touches: links to the host in all forms, a loop, magic links, a
# file, a FIFO, a directory. Whatever is done with it, by whomever, gives an error or a container, and nothing of the host is
# read or changed. As root, `run` is tried by security.bats. Then once more where a system call is missing that protects.

load helpers
load security

export BATS_TEST_TIMEOUT=900

setup() {
	common_setup
	require proa
	make_sentinel
}

# by_user: the container is made by the user 1000, whose root it has
by_user() {
	require userns
	rootless
	TRAP_OWNER=1000 EXEC_USER=root
	runtime_is setpriv --reuid 1000 --regid 1000 --clear-groups
}

# runtime_is COMMAND...: the runtime is called by that
runtime_is() {
	printf '#!/bin/sh\nexec %s %s "$@"\n' "$*" "${REAL_RUNTIME:=$RUNTIME}" >"$WORK/runtime"
	chmod 755 "$WORK/runtime"
	RUNTIME=$WORK/runtime
}

@test "run: a trap in each place, in a user namespace" {
	hostile_config
	in_user_namespace
	trapped survives proa run -b "$BUNDLE" "$ID"
	nothing_left
}

@test "run: a trap in each place, rootless" {
	hostile_config
	by_user
	trapped survives proa run -b "$BUNDLE" "$ID"
	nothing_left
}

# --- exec ----------------------------------------------------------------------------------------

exec_is_trapped() {
	config '.root.readonly = false'
	mkdir "$BUNDLE/rootfs/work"
	"$@"
	up_and_waiting
	places=(/work /etc /etc/passwd /etc/group)
	trapped survives execs_there
	# a program that is none: never one of the host's
	each_trap /bin/program none_is_run
	is running
}

# execs_there: the cwd is the trap if that is /work, else exec would go no further
execs_there() {
	local cwd=/
	[ "$place" != /work ] || cwd=/work
	proa exec --cwd $cwd --user "${EXEC_USER:-user}" "$ID" /probe facts env
}

none_is_run() {
	local succeeded=0 refused=0
	survives proa exec "$ID" /bin/program
	[ $succeeded = 0 ]
}

@test "exec: a trap in each place that it uses" {
	exec_is_trapped :
}

@test "exec: a trap in each place that it uses, in a user namespace" {
	exec_is_trapped in_user_namespace
}

@test "exec: a trap in each place that it uses, rootless" {
	exec_is_trapped by_user
}

# --- mounts add ----------------------------------------------------------------------------------

mounts_are_trapped() {
	config '.root.readonly = false'
	"$@"
	up_and_waiting
	mkdir "$WORK/volume"
	places=(/volume /volume/sub)
	for type in bind tmpfs; do
		mounts_to_add $type
		trapped added survives
	done
	is running
}

mounts_to_add() {
	jq -n --arg t "$1" --arg s "$WORK/volume" '[{destination: "/volume/sub/place", type: $t, source: $s,
		options: (if $t == "bind" then ["bind"] else [] end)}]' >"$WORK/mounts.json"
}

# added survives|may_survive
added() {
	"$1" proa mounts add "$ID" "$WORK/mounts.json" || return
	if proa mounts remove "$ID" "$WORK/mounts.json" 2>/dev/null; then :; fi
}

@test "mounts add: a trap in each place" {
	mounts_are_trapped :
}

@test "mounts add: a trap in each place, in a user namespace" {
	mounts_are_trapped in_user_namespace
}

@test "mounts add: a trap in each place, rootless" {
	mounts_are_trapped by_user
}

# --- where a system call is missing --------------------------------------------------------------

calls="openat2 open_tree fsopen fsmount move_mount mount_setattr clone3 close_range"

# without_each COMMAND...: without each of these system calls, with each trap in each place (but in the long tier: in every
# fourth place, for each call others). $totals has a line for each: CALL SUCCEEDED REFUSED.
without_each() {
	local all=("${places[@]}") call n=0
	for call in $calls; do
		[ "$PROA_TIER" = long ] || mapfile -t places < <(printf '%s\n' "${all[@]}" | awk -v n=$n '(NR + n) % 4 == 0')
		n=$((n + 1))
		runtime_is "$PROA_BUILD/tests/security/without" "$call"
		tried_all "$@" || fail "without $call"
		RUNTIME=$REAL_RUNTIME
		totals+="$call $succeeded $refused"$'\n'
	done
	echo "$totals"
	equal "$(wc -l <<<"$totals")" 9
}

@test "run: a trap in each place, where a system call is missing: nothing but refusals" {
	hostile_config
	without_each may_survive proa run -b "$BUNDLE" "$ID"
	equal "$(awk '{ n += $2 } END { print n }' <<<"$totals")" 0 "$totals"
	nothing_left
}

@test "exec: a trap in each place, where a system call is missing" {
	config '.root.readonly = false'
	mkdir "$BUNDLE/rootfs/work"
	up_and_waiting
	places=(/work /etc /etc/passwd /etc/group)
	EXEC_USER=1000 # its name's line in /etc/passwd may be gone with a trap, but that is looked for all the same
	without_each may_survive execs_there
	# what exec can't do without; for the rest it has no use, or another way as good
	equal "$(awk '/^(openat2|clone3|close_range) / { n += $2 } END { print n }' <<<"$totals")" 0 "$totals"
	is running
}

@test "mounts add: a trap in each place, where a system call is missing" {
	config '.root.readonly = false'
	up_and_waiting
	mkdir "$WORK/volume"
	places=(/volume /volume/sub /other /another)
	mounts_to_add bind
	without_each added may_survive
	equal "$(awk '!/^fs/ { n += $2 } END { print n }' <<<"$totals")" 0 "$totals"
	is running
}
