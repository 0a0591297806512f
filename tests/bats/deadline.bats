#!/usr/bin/env bats
# lane: native
# tier: full
# What waits for another command gives up after half a minute.

load helpers

@test "a create that hangs: what has to wait says so after 30 s, and once it is killed all goes on" {
	require proa
	waits
	config '.hooks.createRuntime = [{path: "/bin/sh", args: ["sh", "-c", $s]}]' \
		--arg s "touch '$WORK/in'; while [ ! -e '$WORK/go' ]; do sleep 0.1; done"
	cleanup "touch '$WORK/go'"
	background proa create -b "$BUNDLE" "$ID"
	creator=$!
	eventually test -e "$WORK/in"
	begun=$SECONDS
	pids=()
	for command in start kill delete "delete --force" pause resume; do
		# shellcheck disable=SC2086 # the flags are words of their own
		proa $command "$ID" 2>"$WORK/$command.err" 3>&- &
		pids+=($!)
	done
	for pid in "${pids[@]}"; do
		code=0
		wait "$pid" || code=$?
		equal $code 1
	done
	[ $((SECONDS - begun)) -ge 29 ]
	[ $((SECONDS - begun)) -le 45 ]
	for command in start kill delete "delete --force" pause resume; do
		has_words "$ID is held by another command" "$(<"$WORK/$command.err")"
	done
	kill -KILL $creator
	proa delete --force "$ID"
	touch "$WORK/go"
	eventually eval "! pgrep -f '$WORK/go' >/dev/null"
	nothing_left
}
