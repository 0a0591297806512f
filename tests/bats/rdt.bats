#!/usr/bin/env bats
# lane: native
# lane-long: vm
# tier: full
# linux.intelRdt, where no machine of ours has resctrl: a directory that is taken for one (tests/resctrl.c). The rules for the
# schemata are in tests/unit/intel_rdt_test.c.

load helpers

# What comes in a mount namespace of its own: /sys/fs with a cgroup v2 and a "resctrl", which has the class "gold". The last
# lines of its output are what is left in resctrl: each file and directory, and what the files say.
setup() {
	common_setup
	cat >"$WORK/classes" <<-'EOF'
		mount -t tmpfs -o strictatime fs /sys/fs && mkdir -p /sys/fs/cgroup /sys/fs/resctrl/gold/mon_groups /sys/fs/resctrl/mon_groups
		mount -t cgroup2 cgroup2 /sys/fs/cgroup
		cd /sys/fs/resctrl || exit
		touch tasks schemata gold/tasks
		echo 'L3:0=fff' >gold/schemata
		touched() { find . -type f -printf '%p %A@ %C@\n' -o -printf '%p %C@\n' | sort; }
		before=$(touched)
		ct() { "$PROA_BUILD/tests/resctrl" "$RUNTIME" --root "$ROOT" "$@" </dev/null; }
		eval "$1" || echo "exit code $?"
		[ "$before" = "$(touched)" ] && echo untouched
		find . -mindepth 1 ! -path '*/mon_groups' | sort | while read -r file; do
			echo "$file $([ -d "$file" ] || tr '\n' ' ' <"$file")"
		done
	EOF
	export RUNTIME ROOT PROA_BUILD BUNDLE ID
}

# in_classes SCRIPT: its output is in $output; "ct" is the runtime
in_classes() {
	run unshare -m --propagation private bash "$WORK/classes" "$1"
}

gold_alone="./gold 
./gold/schemata L3:0=fff 
./gold/tasks 
./schemata 
./tasks "

@test "a class is made for the container, which is in it before its program runs; delete removes it" {
	# spec: config-linux.md#intelrdt rdt-removed
	# spec: config-linux.md#intelrdt rdt-tasks
	waits
	config '.linux.intelRdt = {l3CacheSchema: "L3:0=f", enableMonitoring: true}'
	in_classes 'ct create -b "$BUNDLE" "$ID" >/dev/null && cat "$ID/schemata" "$ID/tasks" "$ID/mon_groups/$ID/tasks" &&
		ct state "$ID" | jq .pid && ct delete "$ID"'
	equal "${lines[0]}" "L3:0=f"
	[ "${lines[1]}" -gt 1 ]
	equal "${lines[2]} ${lines[3]}" "${lines[1]} ${lines[1]}" "the pid"
	equal "$(tail -n +5 <<<"$output")" "$gold_alone"
}

@test "a class that the config names stays, the group for monitoring does not" {
	# spec: config-linux.md#intelrdt rdt-kept
	process true
	config '.linux.intelRdt = {closID: "gold", enableMonitoring: true, schemata: ["L3:0=3ff"]}'
	in_classes 'ct run -b "$BUNDLE" "$ID"; sed -i "s/[0-9]\+/pid/" gold/tasks'
	# what is written replaces the beginning of a file here
	equal "$output" "$(sed 's/L3:0=fff/L3:0=3ff/; s,^./gold/tasks ,&pid ,' <<<"$gold_alone")"
}

@test "a process of exec is in the container's class and group" {
	waits
	config '.linux.intelRdt = {enableMonitoring: true}'
	in_classes 'ct create -b "$BUNDLE" "$ID" >/dev/null && ct start "$ID" && : >"$ID/mon_groups/$ID/tasks" &&
		ct exec -d --pid-file "$PWD/../pid" "$ID" /probe wait >/dev/null && diff ../pid "$ID/mon_groups/$ID/tasks" | grep -c "^[<>] [0-9]"
		ct delete --force "$ID"'
	equal "${lines[0]}" 2 "lines of the two files, alike but for the newline:"
}

@test "without intelRdt nothing of resctrl is touched" {
	# spec: config-linux.md#intelrdt rdt-untouched
	process true
	in_classes 'ct run -b "$BUNDLE" "$ID"'
	equal "${lines[0]}" untouched
}

@test "a class with other schemata, and one that isn't there, are refused, and nothing is left" {
	process true
	config '.linux.intelRdt = {closID: "gold", l3CacheSchema: "L3:0=1"}'
	in_classes 'ct run -b "$BUNDLE" "$ID"'
	has_words "the class gold is there already, with other schemata" "${lines[0]}"
	equal "${lines[1]}" "exit code 1"
	equal "$(tail -n 5 <<<"$output")" "$gold_alone"
	nothing_left
	config '.linux.intelRdt = {closID: "silver"}'
	in_classes 'ct run -b "$BUNDLE" "$ID"'
	has_words "there is no class silver" "${lines[0]}"
	equal "$(tail -n 5 <<<"$output")" "$gold_alone"
	nothing_left
}
