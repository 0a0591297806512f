#!/usr/bin/env bats
# proa under conmon, also called as CRI-O does it by the drop-in of contrib/engines, and under Buildah.
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

# --- CRI-O: Debian has none, so what it does is done here -------------------------------------

# drop_in FILTER: what the drop-in says in the table crio.runtime
drop_in() {
	python3 -c 'import json, sys, tomllib; json.dump(tomllib.load(sys.stdin.buffer), sys.stdout)' \
		<"$PROA_SRC/contrib/engines/crio.conf" | jq -r ".crio.runtime | $1"
}

# known TABLE: its keys in data/crio-keys.txt
known() {
	sed -n "s/^$1: //p" "$PROA_SRC/tests/data/crio-keys.txt" | tr ' ' '\n'
}

@test "CRI-O's drop-in has keys and values that CRI-O takes" {
	equal "$(comm -23 <(drop_in 'keys[]' | sort) <(known crio.runtime | sort))" ""
	equal "$(comm -23 <(drop_in '.runtimes.proa | keys[]' | sort) <(known crio.runtime.runtimes.NAME | sort))" ""
	equal "$(drop_in '[.default_runtime, .runtimes.proa.runtime_type] | @tsv')" $'proa\toci'
	[[ $(drop_in .cgroup_manager) =~ ^(systemd|cgroupfs)$ ]]
	[[ $(drop_in .runtimes.proa.monitor_cgroup) =~ ^(pod|.+\.slice)$ ]]
}

# crio_proa COMMAND ARG...: proa as CRI-O calls it itself, without an environment
crio_proa() {
	env -i "$runtime" "--root=$ROOT" "${systemd[@]/#-s/--systemd-cgroup}" "$@"
}

# crio_conmon NAME OPTION...: conmon as CRI-O calls it, which first puts it into its cgroup, then lets it go on by one byte.
# Its exit code is in $code.
crio_conmon() {
	local sync=$WORK/$1.sync start=$WORK/$1.start
	code=0
	mkfifo "$sync" "$start"
	exec 5<>"$sync" 6<>"$start"
	printf x >&6
	env -i _OCI_SYNCPIPE=5 _OCI_STARTPIPE=6 "$(drop_in '.runtimes.proa.monitor_path // empty' | grep . || command -v conmon)" \
		-c "$ID" -n "$1" -r "$runtime" --runtime-arg "--root=$ROOT" -l "$WORK/$1.log" --log-level info \
		--socket-dir-path "$WORK/sockets" "${systemd[@]}" "${@:2}" 3>&- </dev/null || code=$?
	read -r -t 100 reply <&5
	exec 5<&- 6<&-
}

@test "conmon and proa: as CRI-O calls them, by its drop-in" {
	local runtime systemd=() pid cgroup
	runtime=$(drop_in .runtimes.proa.runtime_path)
	ROOT=$(drop_in .runtimes.proa.runtime_root)
	[ "$(drop_in .cgroup_manager)" != systemd ] || systemd=(-s)
	env -i "$runtime" --version 2>&1 | grep " version "
	env -i "$runtime" features 2>&1 | jq -e '.ociVersionMin and .ociVersionMax' # CRI-O reads both streams as JSON

	config '.linux.cgroupsPath = "machine-pod.slice:crio:" + $id' --arg id "$ID"
	shell 'echo out; trap "exit 7" TERM; echo ready; while :; do sleep 0.1; done'
	crio_conmon main -b "$BUNDLE" --exit-dir "$WORK/exits" --persist-dir "$WORK/persist" -P "$WORK/conmon.pid" \
		-p "$BUNDLE/pidfile" --syslog -u "$ID"
	called conmon "--root=$ROOT create --bundle"
	pid=$(cat "$BUNDLE/pidfile")
	equal "$code $(jq .pid <<<"$reply")" "0 $pid"
	cgroup=$(cgroup_of "$pid")
	[[ $cgroup == "$CGROUP/machine.slice/machine-pod.slice/crio-$ID.scope"* ]] || fail "$cgroup"
	crio_proa start "$ID"
	wait_until grep -q "stdout F ready" "$WORK/main.log"
	equal "$(crio_proa state "$ID" | jq -r .status)" running
	crio_proa update --resources - "$ID" <<<'{"memory": {"limit": 67108864}}'
	holds memory.max 67108864

	jq '.process | .args = ["/bin/sh", "-c", "echo from exec; exit 5"]' "$BUNDLE/config.json" >"$WORK/process.json"
	crio_conmon exec -e --sync -T 100 -p "$WORK/exec.pid" --exec-process-spec "$WORK/process.json"
	equal "$code $(jq .exit_code <<<"$reply")" "5 5"
	has_words "stdout F from exec" "$(cat "$WORK/exec.log")"
	crio_proa kill "$ID" TERM
	ended 7
	crio_proa delete --force "$ID"
	[ ! -e "$cgroup" ] || fail "$cgroup is left"
}

# --- Buildah ----------------------------------------------------------------------------------

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
