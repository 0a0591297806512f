#!/usr/bin/env bats
# lane: vm
# tier: full
# timeout: 1800
# What is checkpointed and restored again and again, and must not lose a byte: 20 times in the long tier, else twice.

load helpers
load checkpoint

ROUNDS=2
[ "${PROA_TIER-}" != long ] || ROUNDS=20
[ "${PROA_TIER-}" != long ] || BATS_TEST_TIMEOUT=1700

# there_and_back [FLAG...]
there_and_back() {
	dump "$@"
	nothing_left
	restore "$@"
}

# crowd PROCESSES
crowd() {
	cp "$PROA_BUILD/tests/crowd" "$BUNDLE/rootfs/crowd"
	process /crowd "$1" 8
	detached run -d -b "$BUNDLE" "$ID"
	eventually counter >/dev/null
}

@test "a counter" {
	start_counter
	for ((round = 0; round < ROUNDS; round++)); do
		at=$(counter)
		there_and_back
		now=$(counter)
		[ "$now" -ge "$at" ] || fail "at $now, was at $at"
		counting
	done
}

# bats test_tags=compare
@test "50 processes with pipes, sockets, shared memory, timers and pending signals" {
	crowd 50
	equal "$(wc -l <"$(cgroup_of "$(init_pid)")/cgroup.procs")" 51
	whole
	for ((round = 0; round < ROUNDS; round++)); do
		there_and_back
		counting
		whole
	done
	equal "$(wc -l <"$(cgroup_of "$(init_pid)")/cgroup.procs")" 51
}

# bats test_tags=compare
@test "a container in a user namespace" {
	config '.linux.namespaces += [{type: "user"}] |
		.linux.uidMappings = [{containerID: 0, hostID: 100000, size: 65536}] | .linux.gidMappings = .linux.uidMappings'
	chown -R 100000:100000 "$BUNDLE/rootfs"
	crowd 5
	for ((round = 0; round < ROUNDS; round++)); do
		there_and_back
		counting
		whole
		equal "$(awk '{print $1, $2, $3}' "/proc/$(init_pid)/uid_map")" "0 100000 65536"
	done
}

# receive: the other end of the console socket; what it reads from the fifo is typed
receive() {
	rm -f "$WORK/console" "$WORK/keys"
	mkfifo "$WORK/keys"
	(exec "$TERM_TOOL" receive "$WORK/console") <>"$WORK/keys" >"$WORK/shown" 2>/dev/null 3>&- &
	HELPERS+=($!)
	eventually test -S "$WORK/console"
}

types() {
	printf '%s\n' "$1" >"$WORK/keys"
}

# bats test_tags=compare
@test "a shell with a terminal" {
	config '.process.terminal = true'
	process /bin/sh
	receive
	detached run -d -b "$BUNDLE" --console-socket "$WORK/console" "$ID"
	types 'n=0; mine="it is"; cd /dev'
	for ((round = 1; round <= ROUNDS; round++)); do
		dump
		receive
		restore --console-socket "$WORK/console"
		types 'n=$((n + 1)); echo "$mine $n in $PWD on $(tty)"'
		eventually grep -qE "^it is $round in /dev on /dev/(console|pts/0)" "$WORK/shown"
	done
}

# redis [ARG...]: asks the server in the container
redis() {
	proa exec "$ID" redis-cli "$@"
}

values() {
	proa exec "$ID" sh -c 'redis-cli debug digest-value $(seq -f key:%g 0 1999) | md5sum'
}

# the id of the client's connection to the server
connection() {
	redis client list | sed -n 's/^id=\([0-9]*\) .*cmd=incr .*/\1/p'
}

# bats test_tags=compare
@test "Redis with 200 MB and a client on an established connection" {
	rm -rf "${BUNDLE:?}/rootfs/bin"
	for link in bin sbin lib lib64; do
		ln -s "usr/$link" "$BUNDLE/rootfs/$link"
	done
	mkdir "$BUNDLE/rootfs/usr"
	cp /etc/ld.so.cache "$BUNDLE/rootfs/etc/"
	config '.mounts += [{destination: "/usr", type: "bind", source: "/usr", options: ["rbind", "ro"]}]'
	shell 'redis-server --port 6379 --save "" --enable-debug-command yes >/dev/null & until redis-cli ping; do sleep 0.2; done
		while :; do echo incr n; sleep 0.1; done | redis-cli >/dev/shm/said 2>&1'
	detached run -d -b "$BUNDLE" "$ID"
	eventually eval '[ -n "$(connection 2>/dev/null)" ]'
	equal "$(redis debug populate 2000 key 100000)" OK
	before=$(values) who=$(connection)
	[ "$(awk '/^VmRSS/ {print $2}' "/proc/$(pgrep -nx redis-server)/status")" -gt 200000 ]
	for ((round = 0; round < ROUNDS; round++)); do
		at=$(redis get n)
		there_and_back --tcp-established
		equal "$(values)" "$before"
		equal "$(connection)" "$who" "round $round, $(proa exec "$ID" grep -v '^[0-9]*$' /dev/shm/said):"
		eventually eval "[ \"\$(redis get n)\" -gt $((at + 3)) ]"
	done
}

# bats test_tags=compare
@test "what a pre-dump takes shrinks with every round" {
	cp "$PROA_BUILD/tests/crowd" "$BUNDLE/rootfs/crowd"
	process /crowd 3 60
	detached run -d -b "$BUNDLE" "$ID"
	eventually counter >/dev/null
	whole # and all its memory is there
	IMAGES=p1 dump --pre-dump
	for round in 2 3; do
		IMAGES=p$round dump --pre-dump --parent-path ../p$((round - 1))
	done
	dump --parent-path ../p3
	# lengths: how many blocks a file has, the filesystem may not have decided yet
	read -r p1 p2 p3 last < <(du -sk --apparent-size "$WORK"/{p1,p2,p3,images} | cut -f 1 | xargs)
	echo "KiB: $p1 $p2 $p3, and $last at the end"
	[ "$p1" -gt 60000 ]
	[ "$p2" -lt $((p1 / 20)) ]
	[ "$p3" -lt $((p1 / 20)) ]
	[ "$last" -lt $((p1 / 20)) ]
	restore
	whole
}
