#!/usr/bin/env bats
# lane: native
# tier: full
# What waits for another command, or for somebody at a socket, gives up after half a minute.

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

@test "sockets that take no connection: create and exec say so after 30 s, and leave nothing" {
	require proa
	waits
	background "$TERM_TOOL" full "$WORK/socket"
	deaf=$!
	eventually grep -q deaf "$WORK/background.out"
	quiet proa run -d -b "$BUNDLE" "$ID"
	make_bundle "$WORK/other" "other$ID"
	jq '.process.terminal = true' "$WORK/other/config.json" >"$WORK/config.json"
	mv "$WORK/config.json" "$WORK/other/config.json"
	begun=$SECONDS
	pids=() codes=()
	proa create -b "$WORK/other" --console-socket "$WORK/socket" "other$ID" 2>"$WORK/create.err" 3>&- &
	pids+=($!)
	proa exec -d -t --console-socket "$WORK/socket" "$ID" /probe wait 2>"$WORK/exec.err" 3>&- &
	pids+=($!)
	proa exec -d --pidfd-socket "$WORK/socket" "$ID" /probe wait 2>"$WORK/pidfd.err" 3>&- &
	pids+=($!)
	for pid in "${pids[@]}"; do
		wait "$pid" && codes+=(0) || codes+=($?)
	done
	equal "${codes[*]}" "1 255 255"
	[ $((SECONDS - begun)) -ge 29 ]
	[ $((SECONDS - begun)) -le 45 ]
	for command in create exec pidfd; do
		has_words "connect to socket $WORK/socket, where nobody takes those that wait" "$(<"$WORK/$command.err")"
	done
	[ ! -e "$ROOT/other$ID" ]
	equal "$(proa ps "$ID" | wc -l)" 2
	proa delete --force "$ID"
	kill $deaf
	eventually nothing_left
}
