#!/usr/bin/env bats
# Podman and containerd killed by SIGKILL while proa works for them: their own clean-up works afterwards, and nothing is left.
# lane: vm
# tier: full

load engines
load strike

setup_file() {
	prepare_engines
	prepare_podman
	prepare_containerd
}

remove_all() {
	rm -f "$STRIKE"*
	podman rm -fa -t 0
	remove_all_of_ctr
}

# --- Podman ------------------------------------------------------------------------------------

podman() {
	command podman "$@" 3>&-
}

# removed_by_podman: what is left of the container struck, whose name is free then. Without conmon Podman's first rm may say
# that there is no exit code.
removed_by_podman() {
	wait_until podman rm -f -t 0 struck
	wait_until nothing_is_left
	ok podman run --rm --name struck --network none "$BUSYBOX" true
}

# conmon's death is proa's in create: no process of the container outlives it. Podman believes that there was nothing to create,
# and has no runtime's delete called: proa shows what is left as a stopped container, for who looks.
@test "Podman and conmon, in create" {
	local id
	strike create 'podman|conmon'
	dies podman run -d --name struck --network none "$BUSYBOX" /probe wait
	id=$(podman inspect --format '{{.Id}}' struck)
	wait_until eval "[ \"\$($RUNTIME state $id | jq -r .status)\" = stopped ]"
	$RUNTIME delete "$id"
	removed_by_podman
}

@test "Podman and conmon, in start" {
	strike start 'podman|conmon'
	dies podman run -d --name struck --network none "$BUSYBOX" /probe wait
	removed_by_podman
}

@test "Podman and conmon, in exec" {
	ok podman run -d --name struck --network none "$BUSYBOX" /probe wait
	strike exec 'podman|conmon'
	dies podman exec struck /probe wait
	removed_by_podman
}

# --- containerd --------------------------------------------------------------------------------

removed_by_ctr() {
	wait_until eval 'ctr task rm -f struck || ! ctr task ls -q | grep -x struck'
	ok ctr container rm struck
	wait_until nothing_is_left
	ok ctr_run --rm "$BUSYBOX" struck true
}

@test "containerd's shim, in create" {
	strike create containerd-shim
	dies ctr_run -d "$BUSYBOX" struck /probe wait
	removed_by_ctr
}

@test "containerd's shim, in start" {
	strike start containerd-shim
	dies ctr_run -d "$BUSYBOX" struck /probe wait
	removed_by_ctr
}

@test "containerd's shim, in exec" {
	ok ctr_run -d "$BUSYBOX" struck /probe wait
	strike exec containerd-shim
	dies ctr task exec --exec-id x struck /probe wait
	removed_by_ctr
}

@test "containerd, in create" {
	strike create containerd
	dies ctr_run -d "$BUSYBOX" struck /probe wait
	start_daemon containerd ctr
	removed_by_ctr
}
