#!/usr/bin/env bats
# A first container under each engine.
# lane: vm
# tier: full

load engines

setup_file() {
	prepare_engines
}

teardown_file() {
	stop_daemon containerd
	stop_daemon docker
}

@test "podman runs a first container, cgroupfs as its cgroup manager" {
	podman_busybox
	run -0 podman --cgroup-manager cgroupfs --runtime "$PROA" run --name first --network none "$BUSYBOX" echo "hello, podman"
	[ "$output" = "hello, podman" ]
	run -0 podman inspect --format '{{.OCIRuntime}}' first
	[ "$output" = "$PROA" ]
	podman --cgroup-manager cgroupfs rm first
}

@test "ctr runs a first container" {
	start_containerd
	containerd_busybox
	run -0 ctr run --rm --runc-binary "$PROA" "$BUSYBOX" first echo "hello, containerd"
	[ "$output" = "hello, containerd" ]
	run -0 ctr container list -q
	[ "$output" = "" ]
}

@test "docker runs a first container" {
	start_docker
	docker_busybox
	run -0 docker run --name first --network none "$BUSYBOX" echo "hello, docker"
	[ "$output" = "hello, docker" ]
	run -0 docker inspect --format '{{.HostConfig.Runtime}}' first
	[ "$output" = proa ]
	docker rm first
}
