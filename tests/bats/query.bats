#!/usr/bin/env bats
# lane: native
# lane-long: vm
# tier: quick
# state, list, ps: what they print.

load helpers

@test "state prints what the spec demands" {
	# spec: runtime.md#state state-fields
	# spec: runtime.md#state state-json
	# spec: runtime.md#query-state state-answer
	config '.annotations = {"org.example.one": "1", "org.example.empty": ""}'
	waits
	create
	proa state "$ID" >"$WORK/state.json"
	equal "$(jq -r '[.ociVersion, .id, .status, .bundle, .pid | type] | join(" ")' "$WORK/state.json")" \
		"string string string string number"
	equal "$(jq -r .id "$WORK/state.json")" "$ID"
	equal "$(jq -r .bundle "$WORK/state.json")" "$BUNDLE"
	equal "$(jq -Sc .annotations "$WORK/state.json")" '{"org.example.empty":"","org.example.one":"1"}'
	[[ $(jq -r .ociVersion "$WORK/state.json") =~ ^1\.[0-9]+\.[0-9]+ ]]
	kill -0 "$(jq .pid "$WORK/state.json")"
}

@test "state prints what engines read: created, rootfs, owner" {
	waits
	before=$(date +%s)
	create
	after=$(date +%s)
	created=$(state created)
	[[ $created =~ ^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?(Z|[+-][0-9]{2}:[0-9]{2})$ ]]
	[ "$(date -d "$created" +%s)" -ge "$before" ]
	[ "$(date -d "$created" +%s)" -le $((after + 1)) ]
	equal "$(state rootfs)" "$BUNDLE/rootfs"
	equal "$(proa state "$ID" | jq -r '.owner // "" | type')" string
}

@test "state: the bundle's path is absolute, however it was given" {
	waits
	cd "$BUNDLE"
	quiet proa create -b . "$ID"
	cd /
	equal "$(state bundle)" "$BUNDLE"
}

@test "state follows the container through its life" {
	# spec: runtime.md#state may-status
	# spec: runtime.md#state state-other-status
	waits
	create
	is created
	proa start "$ID"
	is running
	proa pause "$ID"
	is paused
	proa resume "$ID"
	is running
	proa kill "$ID" KILL
	becomes stopped
	equal "$(state pid)" 0
}

@test "another process with the pid of a dead container isn't taken for it" {
	# the pid's next owner can't be forced, but the start time that was noted can be compared: a reused pid has another
	up_and_waiting
	pid=$(init_pid)
	proa kill "$ID" KILL
	becomes stopped
	[ ! -e "/proc/$pid" ] || [[ "$(cat "/proc/$pid/stat")" == *") Z "* ]]
	fails 1 "not running" proa kill "$ID" KILL
}

@test "list without containers prints an empty array, and a table of its heading" {
	run --separate-stderr proa list -f json
	equal "$status" 0
	equal "$(jq -c '. // []' <<<"$output")" '[]'
	run --separate-stderr proa list
	equal "$status" 0
	equal "${#lines[@]}" 1
	run --separate-stderr proa list -q
	equal "$output" ""
}

@test "list prints each container once, as table, as JSON, as ids" {
	waits
	create
	make_bundle "$WORK/second" "$ID.2"
	quiet proa run -d -b "$WORK/second" "$ID.2"
	run --separate-stderr proa list -q
	equal "$output" "$ID
$ID.2"
	run --separate-stderr proa list --quiet
	equal "${#lines[@]}" 2
	run --separate-stderr proa list --format json
	equal "$(jq -r '.[] | "\(.id) \(.status) \(.bundle)"' <<<"$output" | sort | head -n 1)" "$ID created $BUNDLE"
	equal "$(jq -r '.[] | select(.id == $i).pid' --arg i "$ID" <<<"$output")" "$(init_pid)"
	run --separate-stderr proa list
	equal "$(awk 'NR == 1 { print $1, $2, $3, $4, $5, $6 }' <<<"$output")" "ID PID STATUS BUNDLE CREATED OWNER"
	equal "$(awk -v i="$ID" '$1 == i { print $2, $3, $4 }' <<<"$output")" "$(init_pid) created $BUNDLE"
	equal "$(awk -v i="$ID" '$1 == i { print $6 }' <<<"$output")" root
}

@test "list refuses another format" {
	fails 1 "nosuch|format" proa list -f nosuch
}

@test "list shows what it can where a state directory is broken" {
	waits
	create
	mkdir "$ROOT/broken.$TAG"
	run --separate-stderr proa list -q
	equal "$status" 0
	has_words "^$ID\$" "$output"
	rmdir "$ROOT/broken.$TAG" 2>/dev/null || proa delete --force "broken.$TAG"
}

# many_annotations COUNT: as JSON, as small as can be, so that they take many times as much memory
many_annotations() {
	seq -f '"%07.0f":""' "$1" | paste -sd,
}

@test "many containers with very large states are listed, and chosen by --regex" {
	waits
	create
	many_annotations 600000 >"$WORK/annotations"
	for i in 1 2 3; do
		cleanup "rm -rf '$ROOT/$ID.$i'"
		mkdir -m 700 "$ROOT/$ID.$i"
		touch "$ROOT/$ID.$i/lock"
		start=$(jq -c --arg id "$ID.$i" '.id = $id | del(.annotations) | .annotations = {}' "$ROOT/$ID/state.json")
		printf '%s' "${start%\}\}}" >"$ROOT/$ID.$i/state.json"
		cat "$WORK/annotations" - >>"$ROOT/$ID.$i/state.json" <<<'}}'
	done
	run --separate-stderr proa list
	equal "$status" 0 "$stderr"
	equal "$(grep -cE "^$ID.* (created|running) " <<<"$output")" 4
	run --separate-stderr proa kill --regex "no$ID"
	equal "$status" 0 "$stderr"
	equal "$(proa list -q | wc -l)" 4
}

@test "ps lists the container's processes" {
	process /probe fork 2
	up
	wait_for_output waiting
	pid=$(init_pid)
	run --separate-stderr proa ps -f json "$ID"
	equal "$(jq -c sort <<<"$output")" "$(jq -sc sort "$(cgroup_of "$pid")/cgroup.procs")"
	equal "$(jq length <<<"$output")" 3
	run --separate-stderr proa ps "$ID"
	equal "${#lines[@]}" 4
	has_words 'PID' "${lines[0]}"
	has_words "\\b$pid\\b.*probe fork" "$output"
}

@test "ps lists what has outlived an init without a pid namespace, and nothing of a container that is gone" {
	config '.linux.namespaces -= [{type: "pid"}]'
	process /probe fork 2
	up
	wait_for_output waiting
	cgroup=$(cgroup_of "$(init_pid)")
	kill -KILL "$(init_pid)"
	becomes stopped
	left=$(sort "$cgroup/cgroup.procs")
	[ -n "$left" ]
	run --separate-stderr proa ps -f json "$ID"
	equal "$status" 0 "$stderr"
	equal "$(jq '.[]' <<<"$output" | sort)" "$left"
	quiet proa kill --all "$ID" KILL
	eventually eval '[ "$(proa ps -f json "$ID")" = "[]" ]'
	run --separate-stderr proa ps "$ID"
	equal "$status" 0
	equal "${#lines[@]}" 1
}

@test "ps passes its arguments on to ps(1)" {
	up_and_waiting
	run --separate-stderr proa ps "$ID" -o pid,comm
	equal "$(awk 'NR == 1 { print $1, $2 }' <<<"$output")" "PID COMMAND"
	equal "$(awk 'NR == 2 { print $1, $2 }' <<<"$output")" "$(init_pid) probe"
	run --separate-stderr proa ps --format table "$ID" -ef
	equal "${#lines[@]}" 2
	fails 1 "PID" proa ps "$ID" -o comm
}

@test "ps counts processes of exec" {
	up_and_waiting
	quiet proa exec -d "$ID" /bin/sleep 1000
	run --separate-stderr proa ps -f json "$ID"
	equal "$(jq length <<<"$output")" 2
}
