# shellcheck shell=bash
# shellcheck disable=SC2034 # the tests use what is set here
# Loaded by bats files that run proa under an engine. They need the test machine: no network, no registry, and a machine that
# may be left with daemons and images. Files of all tests lie in $BATS_FILE_TMPDIR.
#
# The engines are configured by the files of contrib/engines and find proa where these say: /usr/local/bin/proa. That is a
# wrapper, which notes who called it with what before it becomes proa. runc and crun are out of the way meanwhile.
# RUNTIME=PATH makes the wrapper become a copy of one of those instead (tests/engines).

: "${PROA:=/in/proa}" "${PROA_BUILD:=/in}"
load helpers
BUSYBOX=localhost/busybox:latest
WRAPPER=/usr/local/bin/proa
CALLS=/run/proa-calls
STRIKE=/usr/local/lib/struck-proa
ASIDE=/usr/lib/other-runtimes

setup() {
	: >"$CALLS"
	WORK=$BATS_TEST_TMPDIR
}

# What a failed test leaves must not fail the next one: remove_all is the file's.
teardown() {
	[ "${BATS_TEST_COMPLETED-}" ] || remove_all
	forgotten
}

teardown_file() {
	leave_engines
}

# --- the machine -------------------------------------------------------------------------------

# prepare_engines: for setup_file: what the kernel must have loaded (udev is not there to do it), $busybox_tar, a root
# filesystem of busybox and the probe; proa where engines look for it, and no other runtime
prepare_engines() {
	[ ! -e /etc/debian_version ] || modprobe -a overlay veth bridge tun nf_tables nft_chain_nat nft_compat \
		br_netfilter xt_conntrack xt_MASQUERADE xt_addrtype
	busybox_tar=$BATS_FILE_TMPDIR/busybox.tar
	export busybox_tar
	mkbusybox "$BATS_FILE_TMPDIR/busybox"
	cp "$PROA_BUILD/tests/probe" "$BATS_FILE_TMPDIR/busybox/"
	tar -C "$BATS_FILE_TMPDIR/busybox" -cf "$busybox_tar" .
	chmod 755 "$BATS_RUN_TMPDIR" "$BATS_RUN_TMPDIR/file" "$BATS_FILE_TMPDIR"
	[ -e /etc/resolv.conf ] || : >/etc/resolv.conf # netavark wants to read it
	put_others_aside
	install_wrapper
}

put_others_aside() {
	local runtime
	mkdir -p "$ASIDE"
	for runtime in /usr/bin/crun /usr/sbin/runc /usr/bin/runc; do
		[ ! -e "$runtime" ] || [ -L "$runtime" ] || mv "$runtime" "$ASIDE/${runtime//\//@}"
	done
	! command -v runc crun || fail "another runtime could be found"
}

bring_others_back() {
	local runtime
	for runtime in "$ASIDE"/*; do
		mv "$runtime" "$(basename "$runtime" | tr @ /)"
	done
	rm -f "$WRAPPER" "$CALLS" "$STRIKE"*
}

# A line of $CALLS: the caller's pid, its name and the arguments.
install_wrapper() {
	cat >"$WRAPPER" <<-END
		#!/bin/sh
		IFS= read -r parent </proc/\$PPID/comm
		echo "\$PPID \$parent \$*" >>$CALLS
		[ ! -e $STRIKE ] || . $STRIKE
		exec $RUNTIME "\$@"
	END
	chmod 755 "$WRAPPER"
	: >"$CALLS"
	chmod 666 "$CALLS"
}

# --- the engines -------------------------------------------------------------------------------

# For setup_file, after prepare_engines. Each configures its engine by the files of contrib/engines, starts it if it is a
# daemon, and gives it the image $BUSYBOX. leave_engines undoes all that was done.

prepare_podman() {
	install -D -m 644 "$PROA_SRC/contrib/engines/containers.conf" /etc/containers/containers.conf.d/proa.conf
	podman import -q "$busybox_tar" "$BUSYBOX"
}

prepare_containerd() {
	cp /etc/containerd/config.toml "$BATS_FILE_TMPDIR/config.toml.before"
	# there is no registry to get a pause image from
	sed '/^version/a [plugins."io.containerd.grpc.v1.cri"]\n  sandbox_image = "'$BUSYBOX'"' \
		"$PROA_SRC/contrib/engines/containerd.toml" >/etc/containerd/config.toml
	busybox_archive "$BATS_FILE_TMPDIR/busybox.oci"
	start_daemon containerd ctr
	ctr image import "$BATS_FILE_TMPDIR/busybox.oci"
}

prepare_docker() {
	ln -s "$WRAPPER" /usr/local/bin/runc # dockerd doesn't start without a runc in its PATH
	install -D -m 644 "$PROA_SRC/contrib/engines/daemon.json" /etc/docker/daemon.json
	start_daemon dockerd docker
	docker import "$busybox_tar" "$BUSYBOX"
}

leave_engines() {
	local before=$BATS_FILE_TMPDIR/config.toml.before
	stop_daemon containerd
	stop_daemon dockerd
	rm -f /etc/containers/containers.conf.d/proa.conf /etc/docker/daemon.json /usr/local/bin/runc
	[ ! -e "$before" ] || mv "$before" /etc/containerd/config.toml
	bring_others_back
}

# A runtime that never answers fails a test, and not all that come after it.
ctr() {
	timeout --foreground 100 ctr "$@"
}

# ctr_run OPTION... IMAGE NAME ARG...: ctr run with proa
ctr_run() {
	ctr run --runc-binary "$WRAPPER" "$@" 3>&-
}

remove_all_of_ctr() {
	local name
	for name in $(ctr task ls -q); do ctr task rm -f "$name"; done
	for name in $(ctr container ls -q); do ctr container rm "$name"; done
}

# start_daemon DAEMON CLIENT [ARG...]: in the background, without the descriptors on which bats would wait for it; CLIENT
# tells when it answers
start_daemon() {
	"$1" "${@:3}" >>"$BATS_FILE_TMPDIR/$1.log" 2>&1 3>&- </dev/null &
	echo $! >"$BATS_FILE_TMPDIR/$1.pid"
	wait_until "$2" version
}

# stop_daemon DAEMON: nothing if it was not started
stop_daemon() {
	local pid
	pid=$(cat "$BATS_FILE_TMPDIR/$1.pid" 2>/dev/null) || return 0
	kill "$pid"
	wait_until [ ! -d "/proc/$pid" ]
}

# store_blob DIR: stdin becomes a blob of the OCI image layout DIR; prints "sha256:SUM","size":SIZE
store_blob() {
	local file sum
	file=$(mktemp -p "$1/blobs/sha256")
	cat >"$file"
	sum=$(sha256sum "$file" | cut -d ' ' -f 1)
	mv "$file" "$1/blobs/sha256/$sum"
	echo "\"sha256:$sum\",\"size\":$(stat -c %s "$1/blobs/sha256/$sum")"
}

# busybox_archive FILE: the image as an OCI archive. It waits, unless it is told what to run.
busybox_archive() {
	local dir=$BATS_FILE_TMPDIR/layout type=application/vnd.oci.image layer config manifest
	mkdir -p "$dir/blobs/sha256"
	layer=$(store_blob "$dir" <"$busybox_tar")
	config=$(store_blob "$dir" <<<'{"architecture":"amd64","os":"linux","config":{"Cmd":["/probe","wait"]},
		"rootfs":{"type":"layers","diff_ids":['"${layer%%,*}"']}}')
	manifest=$(store_blob "$dir" <<<'{"schemaVersion":2,"mediaType":"'$type'.manifest.v1+json",
		"config":{"mediaType":"'$type'.config.v1+json","digest":'"$config"'},
		"layers":[{"mediaType":"'$type'.layer.v1.tar","digest":'"$layer"'}]}')
	echo '{"imageLayoutVersion":"1.0.0"}' >"$dir/oci-layout"
	echo '{"schemaVersion":2,"manifests":[{"mediaType":"'$type'.manifest.v1+json","digest":'"$manifest"',
		"annotations":{"io.containerd.image.name":"'$BUSYBOX'"}}]}' >"$dir/index.json"
	tar -C "$dir" -cf "$1" .
}

# --- what is asked of them --------------------------------------------------------------------

# called CALLER WORDS: since the test began that engine's process has called proa so; extended regular expressions
called() {
	grep -qE -- "^[0-9]+ $1 (.* )?$2( |\$)" "$CALLS" || fail "no call '$1 $2' in:" "$(cat "$CALLS")"
}

# wait_until COMMAND...: until it succeeds, for two minutes at most
wait_until() {
	local end=$((SECONDS + 120))
	while [ $SECONDS -lt $end ]; do
		"$@" >/dev/null 2>&1 && return
		sleep 0.4
	done
	fail "still failing after two minutes: $*"
}

# ok COMMAND...: it must succeed; its output is in $output
ok() {
	run --separate-stderr "$@"
	[ "$status" = 0 ] || fail "exit code $status: $*" "$output" "$stderr"
}

# exits CODE WORDS COMMAND...: with that exit code, and WORDS (a pattern) in what it printed
exits() {
	local code=$1 words=$2
	shift 2
	run "-$code" "$@"
	has_words "$words" "$output"
}

# holds NAME VALUE: the file in the container's cgroup, $cgroup
holds() {
	equal "$(cat "$cgroup/$1")" "$2" "$1:"
}

# shrink_refused UPDATE EXEC: a container fills 40 of its 64 MiB; UPDATE, which gives it 24 MiB and other limits, fails, and all
# is as it was. EXEC runs a command in it.
shrink_refused() {
	local before
	ok $2 dd if=/dev/zero of=/dev/shm/fill bs=1M count=40
	before=$(head -n 100 "$cgroup"/{memory.max,memory.swap.max,cpu.max,pids.max})
	run $1
	[ "$status" != 0 ]
	has_words "memory" "$output"
	equal "$(head -n 100 "$cgroup"/{memory.max,memory.swap.max,cpu.max,pids.max})" "$before"
	holds cgroup.freeze 0
	ok $2 stat -c %s /dev/shm/fill
	equal "$output" 41943040
}

# forgotten: engines have deleted what they created, and no process of proa is left
forgotten() {
	local left
	left=$(find /run/proa /run/containerd/runc /run/docker/runtime-runc /run/user/*/proa -name state.json 2>/dev/null)
	left+=$(grep -l '^proa' /proc/[0-9]*/comm 2>/dev/null)
	[ -z "$left" ] || fail "left behind:" "$left"
}

# monitor NAME OPTION...: conmon; what it says first through the pipe for that is in $reply
monitor() {
	rm -f "$WORK/sync"
	mkfifo "$WORK/sync"
	exec 5<>"$WORK/sync"
	_OCI_SYNCPIPE=5 conmon --api-version 1 -c "$ID" -u "$ID" -n "$1" -r "$WRAPPER" "--runtime-arg=--root=$ROOT" \
		"--runtime-arg=--log-format=json" "--runtime-arg=--log=$WORK/$1.oci" -b "$BUNDLE" -p "$WORK/$1.pid" \
		--exit-dir "$WORK/exits" --persist-dir "$WORK/persist" --socket-dir-path "$WORK/sockets" \
		-l "k8s-file:$WORK/$1.log" --log-level info "${@:2}" 3>&- </dev/null
	read -r -t 100 reply <&5
	exec 5<&-
}
