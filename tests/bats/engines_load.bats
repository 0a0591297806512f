#!/usr/bin/env bats
# Many containers under Podman and containerd, one after another and at once: nothing is left.
# lane: vm
# tier: long
# timeout: 7200

load engines
export BATS_TEST_TIMEOUT=3600

setup_file() {
	prepare_engines
	prepare_podman
	prepare_containerd
}

remove_all() {
	podman rm -fa -t 0
	remove_all_of_ctr
}

podman_run() {
	podman run --network none "$@" 3>&-
}

# no_cgroup NAME: of that pattern
no_cgroup() {
	[ -z "$(find "$CGROUP" -type d -name "$1")" ] || fail "left: $(find "$CGROUP" -type d -name "$1")"
}

@test "Podman: containers one after another, and many at once" {
	local n
	for ((n = 0; n < $(count 300); n++)); do
		ok podman_run --rm "$BUSYBOX" echo "$n"
		equal "$output" "$n"
	done
	for ((n = 0; n < $(count 40); n++)); do
		ok podman_run -d "$BUSYBOX" /probe wait
	done
	equal "$(podman ps -q | wc -l)" "$(count 40)"
	ok podman rm -fa -t 60
	no_cgroup 'libpod-*'
}

@test "containerd: containers one after another, and many at once" {
	local n
	for ((n = 0; n < $(count 300); n++)); do
		ok ctr_run --rm "$BUSYBOX" "one-$n" echo "$n"
		equal "$output" "$n"
	done
	for ((n = 0; n < $(count 40); n++)); do
		ok ctr_run -d "$BUSYBOX" "many-$n" /probe wait
	done
	equal "$(ctr task ls -q | wc -l)" "$(count 40)"
	for ((n = 0; n < $(count 40); n++)); do
		ok ctr task rm -f "many-$n"
		ok ctr container rm "many-$n"
	done
	no_cgroup 'many-*'
}
