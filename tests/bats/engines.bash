# shellcheck shell=bash
# Loaded by bats files that run proa under Podman, containerd and Docker. They need the test machine: no network, no
# registry, and a machine that may be left with daemons and images. Files lie in $BATS_FILE_TMPDIR.

bats_require_minimum_version 1.5.0
PROA=${PROA:-/in/proa}
BUSYBOX=localhost/busybox:latest

# prepare_engines: for setup_file: what the kernel must have loaded (udev is not there to do it), and $busybox_tar, a
# root filesystem of busybox
prepare_engines() {
	modprobe -a overlay veth bridge tun nf_tables nft_chain_nat nft_compat \
		br_netfilter xt_conntrack xt_MASQUERADE xt_addrtype
	busybox_tar=$BATS_FILE_TMPDIR/busybox.tar
	export busybox_tar
	mkbusybox "$BATS_FILE_TMPDIR/busybox"
	tar -C "$BATS_FILE_TMPDIR/busybox" -cf "$busybox_tar" .
}

# wait_until COMMAND...: until it succeeds, for a minute at most
wait_until() {
	local i
	for ((i = 0; i < 150; i++)); do
		"$@" >/dev/null 2>&1 && return
		sleep 0.4
	done
	echo "still failing after a minute: $*" >&2
	return 1
}

# start_daemon NAME COMMAND...: in the background, without the descriptors on which bats would wait for it
start_daemon() {
	local name=$1
	shift
	"$@" >"$BATS_FILE_TMPDIR/$name.log" 2>&1 3>&- </dev/null &
	echo $! >"$BATS_FILE_TMPDIR/$name.pid"
}

# stop_daemon NAME: nothing if it was not started
stop_daemon() {
	local pid
	pid=$(cat "$BATS_FILE_TMPDIR/$1.pid" 2>/dev/null) || return 0
	kill "$pid"
	wait_until [ ! -d "/proc/$pid" ]
}

# Podman has no daemon.
podman_busybox() {
	podman image exists "$BUSYBOX" || podman import "$busybox_tar" "$BUSYBOX"
}

start_containerd() {
	start_daemon containerd containerd
	wait_until ctr version
}

# an OCI archive, made without Podman's store
containerd_busybox() {
	local archive=$BATS_FILE_TMPDIR/busybox.oci container
	container=$(buildah from scratch)
	buildah add -q "$container" "$busybox_tar" /
	buildah commit -q "$container" "oci-archive:$archive:$BUSYBOX"
	buildah rm "$container"
	ctr image import "$archive"
}

# start_docker: with proa as the runtime of every container, and the cgroup manager that proa has: Docker's default under
# systemd is systemd's
start_docker() {
	mkdir -p /etc/docker
	jq -n --arg proa "$PROA" \
		'{runtimes: {proa: {path: $proa}}, "default-runtime": "proa", experimental: true,
		"exec-opts": ["native.cgroupdriver=cgroupfs"]}' >/etc/docker/daemon.json
	start_daemon docker dockerd
	wait_until docker version
}

docker_busybox() {
	docker import "$busybox_tar" "$BUSYBOX"
}
