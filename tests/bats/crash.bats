#!/usr/bin/env bats
# lane: native
# tier: quick
# timeout: 900
# KILL at each step of each command: whatever it leaves, state and list cope with it, and delete --force leaves nothing.
# The steps are those that an undisturbed run traces (--trace), so that a new step is covered by itself. The quick tier
# takes a sample of them.

load helpers
load crash

# --- create and run ----------------------------------------------------------------------------

@test "create is killed at each step" {
	killed_everywhere nothing create -b "$BUNDLE" "$ID"
}

@test "create is killed at each step, with hooks of all kinds" {
	config '.hooks = ([["prestart", "createRuntime", "createContainer", "startContainer", "poststart", "poststop"][] |
		{key: ., value: [{path: "/bin/true"}]}] | from_entries)'
	killed_everywhere nothing create -b "$BUNDLE" "$ID"
}

@test "create is killed at each system call" {
	killed_at_each_call nothing create -b "$BUNDLE" "$ID"
}

@test "run is killed at each step" {
	process /bin/true
	config '.hooks = {startContainer: [{path: "/bin/true"}], poststart: [{path: "/bin/true"}], poststop: [{path: "/bin/true"}]}'
	killed_everywhere nothing run -b "$BUNDLE" "$ID"
}

@test "run --detach is killed at each step" {
	killed_everywhere nothing run -d -b "$BUNDLE" "$ID"
}

# --- the others --------------------------------------------------------------------------------

@test "start is killed at each step" {
	config '.hooks = {startContainer: [{path: "/bin/true"}], poststart: [{path: "/bin/true"}]}'
	killed_everywhere create start "$ID"
}

@test "start is killed at each system call" {
	killed_at_each_call create start "$ID"
}

@test "delete is killed at each step" {
	config '.hooks = {poststop: [{path: "/bin/true"}]}'
	killed_everywhere up delete --force "$ID"
}

# up_and_owing: a container whose poststop hook leaves a file, which that of the one before it must have done
up_and_owing() {
	[ ! -e "$WORK/owing" ] || [ -e "$WORK/paid" ] || fail "no poststop hook has run"
	rm -f "$WORK/paid"
	touch "$WORK/owing"
	up
}

@test "delete is killed at each system call, and the poststop hooks run all the same" {
	config '.hooks = {poststop: [{path: "/bin/touch", args: ["touch", $f]}]}' --arg f "$WORK/paid"
	killed_at_each_call up_and_owing delete --force "$ID"
}

@test "exec is killed at each step, and the container is unharmed" {
	up_and_waiting
	quiet proa --trace "$WORK/undisturbed" exec "$ID" /bin/true
	while IFS='|' read -r process phase n; do
		for victim in '' -c; do
			[ "$process$victim" != parent-c ] || continue
			# shellcheck disable=SC2086 # nothing is no word
			dies_at $victim "$process" "$phase" "$n" -- exec "$ID" /bin/true
			unharmed || fail "after KILL${victim:+ of the command} at $process, $phase ($n)"
		done
	done < <(steps "$WORK/undisturbed" | sample)
	copes
}

# --- and what comes after ----------------------------------------------------------------------

@test "an init that is killed while it is made is an error that names the step, and nothing is left" {
	quiet proa --trace "$WORK/undisturbed" create -b "$BUNDLE" "$ID"
	proa delete --force "$ID"
	while IFS='|' read -r process phase n; do
		[ "$process" = init ] && [ "$phase" != wait-for-start ] || continue
		dies_at "$process" "$phase" "$n" -- create -b "$BUNDLE" "$ID"
		equal "$died" 1 "$phase: exit code"
		has_words "init died at step $phase .*signal 9" "$(<"$WORK/err")"
		eventually nothing_is_left || nothing_left
	done < <(steps "$WORK/undisturbed" | sample)
}

@test "after a create that was killed the id can be deleted and used again" {
	dies_at parent CREATED 1 -- create -b "$BUNDLE" "$ID"
	fails 1 "already exists" proa create -b "$BUNDLE" "$ID"
	fails 1 "" proa start "$ID"
	fails 1 "not running" proa kill "$ID"
	fails 255 "not running|stopped" proa exec "$ID" /bin/true
	is stopped
	proa delete "$ID"
	up_and_waiting
	is running
}

# cgroup_of_others: with the process $other
cgroup_of_others() {
	mkdir "$CGROUP/others-$TAG"
	sleep 1000 3>&- &
	other=$!
	cleanup "rmdir '$CGROUP/others-$TAG'"
	cleanup "kill $other; wait $other"
	echo $other >"$CGROUP/others-$TAG/cgroup.procs"
}

@test "delete of what a killed create left doesn't touch a cgroup of others" {
	cgroup_of_others
	config '.linux.cgroupsPath = "/others-" + $t' --arg t "$TAG"
	for place in cgroup claim; do
		dies_at parent $place 1 -- create -b "$BUNDLE" "$ID"
		proa delete --force "$ID"
		kill -0 $other
	done
	fails 1 "cgroup is not empty" proa create -b "$BUNDLE" "$ID"
	kill -0 $other
	[ -d "$CGROUP/others-$TAG" ]
}

@test "delete of what a killed create left doesn't touch a cgroup that others have made since" {
	config '.linux.cgroupsPath = "/others-" + $t' --arg t "$TAG"
	dies_at parent cgroup 1 -- create -b "$BUNDLE" "$ID"
	cgroup_of_others
	proa delete --force "$ID"
	kill -0 $other
	[ "$(<"$CGROUP/others-$TAG/cgroup.procs")" = $other ]
}
