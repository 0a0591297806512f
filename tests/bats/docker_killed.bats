#!/usr/bin/env bats
# dockerd killed by SIGKILL while proa works for it: its own clean-up works afterwards, and nothing is left.
# lane: vm
# tier: long

load engines
load strike

setup_file() {
	prepare_engines
	prepare_containerd # outlives dockerd, which would start one itself
	prepare_docker
}

remove_all() {
	rm -f "$STRIKE"*
	docker ps -aq | xargs -r docker rm -f
}

# removed_by_docker: a container whose start dockerd had not written down is forgotten by it, but not by its containerd.
removed_by_docker() {
	local ctr="ctr -n moby task"
	start_daemon dockerd docker
	ok docker rm -f struck
	$ctr ls -q | xargs -r -n 1 $ctr rm -f
	wait_until nothing_is_left
	ok docker run --rm --name struck --network none "$BUSYBOX" true
}

@test "dockerd, in create" {
	strike create dockerd
	dies docker run -d --name struck --network none "$BUSYBOX" /probe wait
	removed_by_docker
}

@test "dockerd, in start" {
	strike start dockerd
	dies docker run -d --name struck --network none "$BUSYBOX" /probe wait
	removed_by_docker
}

@test "dockerd, in exec" {
	ok docker run -d --name struck --network none "$BUSYBOX" /probe wait
	strike exec dockerd
	dies docker exec struck /probe wait
	removed_by_docker
}
