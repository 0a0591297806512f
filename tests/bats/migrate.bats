#!/usr/bin/env bats
# lane: vm
# tier: full
# timeout: 1500
# Migration: what a container has goes along, by each mode; and when either side is killed, or the wire cut, there are never
# two that run, and one wherever it wasn't handed over.

load helpers
load checkpoint
load migrate

# crowds PROCESSES MEBIBYTES: such a container runs here, and can there
crowds() {
	process /crowd "$1" "$2"
	cp "$PROA_BUILD/tests/crowd" "$BUNDLE/rootfs/crowd"
	cp "$PROA_BUILD/tests/crowd" "$THERE/bundle/rootfs/crowd"
	detached run -d -b "$BUNDLE" "$ID"
	eventually eval '[ "$(cat "/proc/$(init_pid)/root/dev/shm/count")" -gt 2 ]'
}

# whole_there: nobody in the crowd has lost anything, and it goes on
whole_there() {
	local at memory
	memory=/proc/$(pid_there)/root/dev/shm
	at=$(<"$memory/count")
	eventually eval "[ \"\$(cat $memory/count)\" -gt $at ]"
	touch "$memory/check"
	eventually test ! -e "$memory/check"
	equal "$(<"$memory/result")" whole
}

@test "cold: processes, memory, pipes, sockets, timers and signals go on there" {
	crowds 6 32
	at=$(cat "/proc/$(init_pid)/root/dev/shm/count")
	migrate --mode cold
	[ "$(cat "/proc/$(pid_there)/root/dev/shm/count")" -ge "$at" ]
	whole_there
	[[ $(<"$WORK/out") =~ "$ID runs at the destination: down for "[0-9.]+" s of "[0-9.]+" s" ]]
}

@test "pre-copy: most of the memory goes while it runs, and each round has less; JSON tells" {
	crowds 6 32
	migrate --format json --max-iterations 3 --goal 0
	whole_there
	jq -e '(.rounds | length) as $n | $n >= 2 and $n <= 3 and .mode == "pre-copy" and .rounds[0].memory > 32000000 and
		.rounds[1].memory < .rounds[0].memory / 4 and .stopped.memory < .rounds[0].memory / 4 and
		.downtimeMs > 0 and .downtimeMs < .totalMs and .sent > .stopped.sent' "$WORK/out"
}

@test "what has changed in the root filesystem goes along, and a listener; the cgroup manager is the same" {
	config '.root.readonly = false | .linux.cgroupsPath = "system.slice:proa:" + $id' --arg id "$ID"
	shell 'echo new >/root/file; rm /etc/group; tail -f /dev/null | nc -l -p 77 >/root/heard'
	GLOBALS=(--systemd-cgroup)
	detached run -d -b "$BUNDLE" "$ID"
	eventually grep -qsh ":004D 0*:0000 0A " "/proc/$(init_pid)/net/tcp" "/proc/$(init_pid)/net/tcp6"
	both_bundles() {
		jq --arg id "$ID" '.linux.cgroupsPath = "system.slice:there:" + $id' "$BUNDLE/config.json" >"$THERE/bundle/config.json"
	}
	migrate --with-rootfs --mode cold
	there exec -d "$ID" sh -c 'echo hello | nc 127.0.0.1 77' </dev/null >/dev/null 2>&1
	eventually grep -qsx hello "$THERE/bundle/rootfs/root/heard"
	equal "$(cat "$THERE/bundle/rootfs/root/file")" new
	[ ! -e "$THERE/bundle/rootfs/etc/group" ]
	has_words "system.slice/there-$ID.scope" "$(<"/proc/$(pid_there)/cgroup")"
}

@test "in a user namespace, with a round before" {
	config '.linux.namespaces += [{type: "user"}] | .linux.uidMappings = [{containerID: 0, hostID: 100000, size: 65536}] |
		.linux.gidMappings = .linux.uidMappings'
	chown -R 100000:100000 "$BUNDLE/rootfs" "$THERE/bundle/rootfs"
	start_counter
	migrate --max-iterations 1
	equal "$(stat -c %u "/proc/$(pid_there)")" 100000
	at=$(cat "/proc/$(pid_there)/root/dev/shm/count")
	eventually eval "[ \"\$(cat /proc/$(pid_there)/root/dev/shm/count)\" -gt $at ]"
}

@test "where restore fails there, where it would be stopped for too long, where a signal comes, it runs on here" {
	start_counter
	config '.hooks.createRuntime = [{path: "/bin/false", args: ["false"]}]'
	migrate_fails "the destination: error running createRuntime hook /bin/false" --mode cold
	config 'del(.hooks)'
	migrate_fails "has taken too long" --max-iterations 1 --max-downtime 1
	counting
	both_bundles
	background proa migrate --image-path "$WORK/images" --bundle "$THERE/bundle" --goal 0 --max-iterations 100 --via "exec $(receiver)" "$ID"
	eventually eval 'compgen -G "$WORK/images/*/2" >/dev/null'
	kill -TERM "$!"
	code=0
	wait "$!" || code=$?
	equal "$code" 143
	counting
	fails 1 "container does not exist" there state "$ID"
	# and then it can be moved all the same
	migrate --max-iterations 1
}

# ---- whoever is killed ----

# The container writes number after number where both hosts see it: whatever happens each comes once.
numbers() {
	config '.mounts += [{destination: "/log", type: "bind", source: $p, options: ["rbind", "rw"]}]' --arg p "$WORK/log"
	shell 'i=0; while :; do i=$((i + 1)); echo $i >>/log/numbers; sleep 0.1; done'
}

begin_numbers() {
	rm -f "$WORK/log/numbers"
	detached run -d -b "$BUNDLE" "$ID"
	eventually test -s "$WORK/log/numbers"
}

last_number() {
	tail -n 1 "$WORK/log/numbers"
}

goes_on() {
	local at
	at=$(last_number)
	eventually eval "[ \"\$(last_number)\" -gt $at ]"
}

stands_still() {
	local at
	at=$(last_number)
	sleep 2
	equal "$(last_number)" "$at"
}

each_once() {
	local seen
	seen=$(<"$WORK/log/numbers")
	equal "$(tail -n 1 <<<"$seen")" "$(wc -l <<<"$seen")"
	sort -nC <<<"$seen"
}

# runs WHERE: and nowhere else, by what proa says
runs() {
	local here there
	here=$(state status 2>/dev/null) || true
	there=$(there state "$ID" 2>/dev/null | jq -r .status) || true
	case $1 in
	here) equal "$here" running && [ "$there" != running ] && [ "$there" != paused ] && goes_on ;;
	there) [ "$here" != running ] && equal "$there" running && goes_on ;;
	nowhere) [ "$here" != running ] && [ "$there" != running ] && stands_still ;;
	esac || fail "here $here, there $there" "$(<"$WORK/err")"
}

# struck WHEN KIND VICTIM WHERE [FLAG...]: when that is killed there the container runs WHERE
struck() {
	echo "$*"
	begin_numbers
	VIA="$PROA_BUILD/tests/wire at $2 $1 $3" migrates "${@:5}"
	[ "$status" != 0 ] || fail "it went well"
	[ "$3" = source ] || [ -s "$WORK/err" ]
	eventually eval "! pgrep -f 'migrate --receive' >/dev/null"
	eventually eval "! pgrep -f 'criu swrk' >/dev/null"
	runs "$4"
	each_once
}

clear_away() {
	proa delete -f "$ID"
	there delete -f "$ID"
	rm -rf "$WORK"/images/*
}

@test "before it is handed over, whoever is killed, or if the wire is cut, it runs on here" {
	numbers
	for victim in source destination wire; do
		for kind in round final ready; do
			struck before $kind $victim here --max-iterations 1
			[ $victim = destination ] || fails 1 "container does not exist" there state "$ID"
			clear_away
		done
	done
}

@test "when the last word is lost it runs nowhere, both have the images, and it goes on from those" {
	numbers
	for victim in source destination wire; do
		struck before go $victim nowhere --max-iterations 1
		equal "$(compgen -G "$WORK/images/*/2/proa.json" | wc -l)" 2
		if [ $victim != source ]; then
			has_words "should run there.*proa restore --image-path $WORK/images/proa-$ID.*/2" "$(<"$WORK/err")"
		fi
		there delete -f "$ID"
		PROA_TEST=$TAG "$RUNTIME" --root "$THERE/state" restore -d -b "$THERE/bundle" \
			--image-path "$(compgen -G "$WORK/images/*/2" | head -n 1)" --work-path "$WORK" "$ID" </dev/null >/dev/null 2>&1
		goes_on
		each_once
		clear_away
	done
}

@test "once it is handed over it runs there, whoever is killed" {
	numbers
	for victim in source destination wire; do
		struck before running $victim there --max-iterations 1
		clear_away
	done
}
