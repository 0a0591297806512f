#!/usr/bin/env bats
# More of checkpoint and restore under engines than checkpoint_engines.bats has time for.
# lane: vm
# tier: long

load checkpoint_engines

@test "podman: an established TCP connection" {
	busybox_image
	p run -d --name tcp --network none "$BUSYBOX" sh -c 'tail -f /dev/null | nc -l -p 77 >/dev/shm/count & sleep 1
		{ i=0; while :; do i=$((i + 1)); echo $i; sleep 0.2; done; } | nc 127.0.0.1 77'
	grows p exec tcp tail -n 1 /dev/shm/count
	! p container checkpoint tcp || fail "without --tcp-established"
	grows p exec tcp tail -n 1 /dev/shm/count
	p container checkpoint --tcp-established --export "$WORK/tcp.tar" tcp
	p rm -f -t 1 tcp
	p container restore --tcp-established --import "$WORK/tcp.tar"
	grows p exec tcp tail -n 1 /dev/shm/count
}

@test "podman: from one pod into another" {
	busybox_image
	p pod create --name one --network none >/dev/null
	p run -d --pod one --name inner "$BUSYBOX" sh -c "$COUNT"
	grows p exec inner cat /dev/shm/count
	p container checkpoint --export "$WORK/pod.tar" inner
	p pod rm -f -t 0 one
	p pod create --name two --network none >/dev/null
	p container restore --import "$WORK/pod.tar" --pod two --name moved
	grows p exec moved cat /dev/shm/count
	equal "$(p inspect --format '{{.Pod}}' moved)" "$(p pod inspect --format '{{.ID}}' two)"
}

@test "ctr: checkpoint into an image and restore under another name" {
	busybox_archive "$BATS_FILE_TMPDIR/busybox.oci"
	start_daemon containerd ctr
	ctr image import "$BATS_FILE_TMPDIR/busybox.oci"
	ctr run -d --runc-binary "$WRAPPER" --memory-limit 67108864 "$BUSYBOX" one sh -c "$COUNT" </dev/null >/dev/null 2>&1 3>&-
	grows ctr task exec --exec-id "e$RANDOM" one cat /dev/shm/count
	ctr container checkpoint --rw --image --task one "images/one:latest"
	called containerd-shim "checkpoint --image-path"
	ctr task kill -s KILL one
	wait_until ctr task delete one
	ctr container restore --rw --live two "images/one:latest" </dev/null >/dev/null 2>&1 3>&-
	equal "$(ctr task ls | awk '$1 == "two" {print $3}')" RUNNING
	called containerd-shim "restore .*two"
	ctr task kill -s KILL two
	wait_until ctr task delete two
	ctr container rm one two
}
