#!/usr/bin/env bats
# lane: native
# lane-long: vm
# tier: quick
# events: statistics of a container, as the caller of runc sees them. What needs a controller is in events_limits.bats.

load helpers

stats() {
	proa events --stats "$@" "$ID"
}

@test "--stats prints one event, of runc's shape, and ends" {
	up_and_waiting
	stats >"$WORK/stats"
	equal "$(wc -l <"$WORK/stats")" 1
	equal "$(jq -r '[.type, .id] | join(" ")' "$WORK/stats")" "stats $ID"
	equal "$(jq -c '.data | keys' "$WORK/stats")" \
		'["blkio","cpu","cpuset","hugetlb","intel_rdt","memory","network_interfaces","pids"]'
}

@test "CPU time is that of cpu.stat, in nanoseconds" {
	shell 'n=0; while [ $n -lt 30000 ]; do n=$((n + 1)); done; exec /probe wait'
	up
	wait_for_output waiting
	proa pause "$ID"
	usec=$(sed -n 's/^usage_usec //p' "$CGROUP/$ID/cpu.stat")
	[ "$usec" -gt 1000 ]
	equal "$(stats | jq .data.cpu.usage.total)" $((usec * 1000))
	equal "$(stats -f prom | sed -n 's/^proa_cpu_seconds_total{.*mode="user"} //p')" \
		"$(awk '$1 == "user_usec" { print $2 / 1000000 }' OFMT=%.6f "$CGROUP/$ID/cpu.stat" | sed '/\./s/0*$//')"
}

@test "without PSI its fields are absent, and nothing fails" {
	require root kernel-6.1 # which brought cgroup.pressure
	up_and_waiting
	equal "$(stats | jq -c '.data | [.cpu, .memory, .blkio | has("psi")]')" "[true,true,true]"
	echo 0 >"$CGROUP/$ID/cgroup.pressure"
	equal "$(stats | jq -c '.data | [.cpu, .memory, .blkio | has("psi")]')" "[false,false,false]"
	stats -f table >"$WORK/table"
	! grep -q pressure "$WORK/table" || fail "pressure in the table"
}

@test "without --stats it goes on at each interval until the container ends" {
	up_and_waiting
	background proa events --interval 50ms "$ID"
	pid=$!
	three() { [ "$(grep -c '"type":"stats"' "$WORK/background.out")" -ge 3 ]; }
	eventually three
	[ -d "/proc/$pid" ]
	proa kill "$ID" KILL
	wait "$pid"
	equal "$(jq -r .type "$WORK/background.out" | sort -u)" stats
	[ ! -s "$WORK/background.err" ]
}

@test "it ends although nothing is to be shown for long" {
	up_and_waiting
	background proa events --interval 1h "$ID"
	pid=$!
	eventually test -s "$WORK/background.out"
	proa kill "$ID" KILL
	wait "$pid"
	equal "$(wc -l <"$WORK/background.out")" 1
}

@test "a created, a paused and a stopped container" {
	waits
	create
	equal "$(stats | jq -r .type)" stats
	proa start "$ID"
	wait_for_output waiting
	proa pause "$ID"
	equal "$(stats | jq -r .type)" stats
	proa kill "$ID" KILL
	becomes stopped
	fails 1 "container with id $ID is not running" proa events --stats "$ID"
	fails 1 "container with id $ID is not running" proa events "$ID"
	fails 1 "container does not exist" proa events nosuch
}

@test "a container without a cgroup has no statistics" {
	require proa
	config 'del(.linux.resources) | del(.linux.cgroupsPath) | .mounts |= map(select(.type != "cgroup"))'
	config '.linux.namespaces |= map(select(.type != "cgroup"))'
	waits
	quiet proa --cgroup-manager disabled run -d -b "$BUNDLE" "$ID"
	fails 1 "cgroup" proa events "$ID"
}

@test "a wrong interval is refused" {
	up_and_waiting
	for interval in 0 0s -1s x ""; do
		fails 1 "interval" proa events --interval "$interval" "$ID"
	done
}

@test "who doesn't read doesn't keep it" {
	up_and_waiting
	background sh -c "'$RUNTIME' --root '$ROOT' events --interval 20ms '$ID' | head -n 2"
	wait $!
	equal "$(wc -l <"$WORK/background.out")" 2
}

@test "the formats for people and for Prometheus" {
	require proa
	up_and_waiting
	stats --format table >"$WORK/table"
	has_words '^STATISTIC +VALUE$' "$(head -n 1 "$WORK/table")"
	has_words '^CPU time +[0-9.]+ s$' "$(grep '^CPU time  ' "$WORK/table")"
	stats --format prom >"$WORK/prom"
	# each line a comment or a sample; each metric announced once, before its samples, which stand together
	run awk '
		/^# HELP / { if (seen[$3]++) print "again: " $0; name = $3; next }
		/^# TYPE / { if ($3 != name || ($4 != "counter" && $4 != "gauge")) print "wrong: " $0; next }
		{ split($1, part, "{") }
		part[1] != name || $0 !~ /^[a-z_]+{[a-z]+="[^"]*"(,[a-z]+="[^"]*")*} ([0-9.]+|\+Inf)$/ { print "wrong: " $0 }
		' "$WORK/prom"
	equal "$output" ""
	[ "$(grep -c '^proa_' "$WORK/prom")" -gt 5 ]
	fails 1 "format" proa events --format xml "$ID"
}
