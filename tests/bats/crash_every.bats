#!/usr/bin/env bats
# lane: native
# tier: full
# timeout: 1500
# As crash.bats, where it takes more time: other kinds of containers, and KILL at the commands' system calls.

load helpers
load crash

@test "create is killed at each step, with a bridge: namespaces to join, clocks to set, ids to map" {
	require userns timens
	unshare -n sleep 1000 3>&- &
	other=$!
	cleanup "kill $other"
	eventually eval "[ \$(readlink /proc/$other/ns/net) != $(readlink /proc/self/ns/net) ]"
	config '(.linux.namespaces[] | select(.type == "network")).path = $p |
		.linux.namespaces += [{type: "time"}, {type: "user"}] | .linux.timeOffsets = {monotonic: {secs: 1}} |
		(.mounts[] | select(.type == "sysfs")) |= {destination: "/sys", type: "bind", source: "/sys", options: ["rbind", "ro"]} |
		.linux.uidMappings = [{containerID: 0, hostID: 100000, size: 65536}] | .linux.gidMappings = .linux.uidMappings' \
		--arg p "/proc/$other/ns/net"
	chown -R 100000:100000 "$BUNDLE/rootfs"
	killed_everywhere nothing create -b "$BUNDLE" "$ID"
}

@test "create is killed at each step, with a pid namespace to join" {
	unshare -p --fork --kill-child sleep 1000 3>&- &
	cleanup "kill $!"
	eventually pgrep -P $! >/dev/null
	config '(.linux.namespaces[] | select(.type == "pid")).path = $p' --arg p "/proc/$(pgrep -P $!)/ns/pid"
	killed_everywhere nothing create -b "$BUNDLE" "$ID"
}

@test "run is killed at each system call" {
	process /bin/true
	killed_at_each_call nothing run -b "$BUNDLE" "$ID"
}

@test "pause, resume and kill are killed at each system call" {
	killed_at_each_call up pause "$ID"
	killed_at_each_call paused resume "$ID"
	killed_at_each_call up kill "$ID" KILL
}

@test "exec is killed at each system call, and the container is unharmed" {
	up_and_waiting
	n=1 died=137
	while [ $died != 99 ]; do
		died=0
		PROA_TEST=$TAG timeout 30 "$KILL_AT" syscall $n "$RUNTIME" --root "$ROOT" exec "$ID" /bin/true \
			</dev/null >/dev/null 2>"$WORK/err" || died=$?
		unharmed || fail "after KILL at system call $n"
		n=$((n + 5))
	done
	copes
}

# whole WHAT...: what a killed `mounts` left half done is gone after the next one, and the rest is as list says
whole() {
	local pid
	pid=$(init_pid) || return
	proa mounts list -f json "$ID" >"$WORK/list.json" || fail "list: $*" || return
	proa mounts add "$ID" - <<<'[{"destination": "/dev/shm/after", "type": "tmpfs", "source": "of-test"}]' || fail "add: $*" || return
	equal "$(grep -c ' of-test ' "/proc/$pid/mountinfo")" "$(proa mounts list -f json "$ID" | jq length)" "mounted, $*:" || return
	equal "$(proa mounts list -f json "$ID" | jq length)" "$(($(jq length "$WORK/list.json") + 1))" "listed, $*:" || return
	proa mounts list -f json "$ID" | proa mounts remove "$ID" - || fail "remove: $*" || return
	equal "$(grep -c ' of-test ' "/proc/$pid/mountinfo" || true)" 0 "left, $*:"
}

@test "mounts add and remove are killed at their system calls: all is there or nothing, and the next one tidies up" {
	config '.process.args = ["/probe", "wait"]'
	up
	jq -n '[range(3) | {destination: "/dev/shm/\(.)", type: "tmpfs", source: "of-test"}]' >"$WORK/mounts.json"
	for verb in add remove; do
		for ((n = 1 + RANDOM % 5, died = 0; died != 99; n += $([ "$PROA_TIER" = long ] && echo 1 || echo 7))); do
			[ $verb = add ] || proa mounts add "$ID" "$WORK/mounts.json"
			died=0
			PROA_TEST=$TAG timeout -k 5 30 "$KILL_AT" syscall $n "$RUNTIME" --root "$ROOT" mounts $verb "$ID" "$WORK/mounts.json" \
				</dev/null >/dev/null 2>"$WORK/err" || died=$?
			proa mounts list -f json "$ID" >"$WORK/list.json"
			[[ $(jq length "$WORK/list.json") =~ ^(0|3)$ ]] || fail "half of it, after KILL at system call $n of $verb"
			whole "after KILL at system call $n of $verb"
		done
	done
}
