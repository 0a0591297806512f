#!/usr/bin/env bats
# proa under conmon, called as CRI-O calls it, and under Buildah.
# lane: vm
# tier: full

load engines

setup_file() {
	prepare_engines
	make_rootfs "$BATS_FILE_TMPDIR/rootfs"
	prepare_podman
}

setup() {
	: >"$CALLS"
	common_setup
	mkdir "$WORK/exits" "$WORK/sockets" "$WORK/persist"
}

teardown() {
	common_teardown
}

# ended CODE: as conmon wrote it down
ended() {
	wait_until [ -s "$WORK/exits/$ID" ]
	equal "$(cat "$WORK/exits/$ID")" "$1"
}

@test "conmon: create, start, exec, the log, the exit code" {
	shell 'echo out; echo err >&2; trap "exit 7" TERM; echo ready; while :; do sleep 0.1; done'
	monitor main
	called conmon "create --bundle"
	equal "$(jq .data <<<"$reply")" "$(cat "$WORK/main.pid")"
	is created
	proa start "$ID"
	wait_until grep -q "stdout F ready" "$WORK/main.log"
	has_words "stdout F out$" "$(cat "$WORK/main.log")"
	has_words "stderr F err$" "$(cat "$WORK/main.log")"
	jq '.process | .args = ["/bin/sh", "-c", "echo from exec; exit 5"]' "$BUNDLE/config.json" >"$WORK/process.json"
	mkdir "$WORK/exec-exits"
	monitor exec -e --exec-process-spec "$WORK/process.json" --exit-dir "$WORK/exec-exits"
	called conmon "exec --pid-file"
	equal "$(jq .data <<<"$reply")" "$(cat "$WORK/exec.pid")"
	wait_until [ -s "$WORK/exec-exits/$ID" ]
	equal "$(cat "$WORK/exec-exits/$ID")" 5
	has_words "stdout F from exec" "$(cat "$WORK/exec.log")"
	proa kill "$ID" TERM
	ended 7
	[ ! -s "$WORK/main.oci" ] || fail "in the log: $(cat "$WORK/main.oci")"
}

@test "conmon: a terminal" {
	config '.process.terminal = true'
	shell 'tty; test -t 0 && test -t 1 && test -t 2 && echo on a terminal'
	monitor main -t
	called conmon "create .*--console-socket"
	proa start "$ID"
	ended 0
	has_words "on a terminal" "$(cat "$WORK/main.log")"
}

@test "conmon: what it says of a container that can't be created" {
	process nosuch
	monitor main
	equal "$(jq .data <<<"$reply")" -1
	has_words 'exec: .*nosuch.*: executable file not found in \$PATH' "$(jq -r .message <<<"$reply")"
	equal "$(jq -s length "$WORK/main.oci")" 1 # Podman takes the log for one object
	equal "$(jq -r .level "$WORK/main.oci")" error
}

@test "Buildah: RUN steps" {
	cp "$busybox_tar" "$WORK/busybox.tar"
	cat >"$WORK/Containerfile" <<-END
		FROM scratch
		ADD busybox.tar /
		RUN echo built >/made && test "\$(cat /proc/1/comm)" = sh
		RUN --mount=type=tmpfs,target=/scratch touch /scratch/x && cat /made
	END
	ok buildah build --isolation oci --network none -q -t built "$WORK"
	called exe "create --bundle" # so it calls itself anew
	called exe start
	exits 1 "executable file not found|exit status 127" buildah build --isolation oci --network none -q - \
		<<<$'FROM built\nRUN ["nosuch"]'
	ok buildah rmi -f built
}
