#!/usr/bin/env bats
# containerd on proa: by ctr and the shim for runc, and by CRI, as the kubelet calls it (there is no kubelet here).
# lane: vm
# tier: full

load engines

SHIM=containerd-shim

setup_file() {
	prepare_engines
	mkdir -p /etc/cni/net.d
	cat >/etc/cni/net.d/10-bridge.conflist <<-'END'
		{"cniVersion": "1.0.0", "name": "bridge", "plugins": [{"type": "bridge", "bridge": "cni0", "isGateway": true,
			"ipam": {"type": "host-local", "ranges": [[{"subnet": "10.99.0.0/16"}]]}}]}
	END
	prepare_containerd
	ctr -n k8s.io image import "$BATS_FILE_TMPDIR/busybox.oci"
}

teardown_file() {
	leave_engines
	rm /etc/cni/net.d/10-bridge.conflist
}

remove_all() {
	remove_all_of_ctr
}

# --- ctr ---------------------------------------------------------------------------------------

# ctr_life CGROUP OPTION...: all that ctr does with one container, whose cgroup must be that one
ctr_life() {
	local pid
	ok ctr_run -d --memory-limit 67108864 --cpus 0.5 "${@:2}" "$BUSYBOX" web /probe wait
	called "$SHIM" "create --bundle"
	called "$SHIM" start
	pid=$(ctr task ls | awk '$1 == "web" { print $2 }')
	cgroup=$(cgroup_of "$pid")
	equal "$cgroup" "$CGROUP$1"
	holds memory.max 67108864
	holds cpu.max "50000 100000"

	run ctr task exec --exec-id x web sh -c 'echo "in $(hostname)"; exit 3'
	equal "$status" 3
	called "$SHIM" "exec --process"
	exits 1 'exec: "nosuch": executable file not found in \$PATH' ctr task exec --exec-id y web nosuch
	ok ctr task pause web
	holds cgroup.freeze 1
	ok ctr task resume web
	holds cgroup.freeze 0
	ok ctr task metrics web
	has_words "^memory.usage_limit +67108864" "$output"
	has_words "^pids.current +1" "$output"
	called "$SHIM" pause
	called "$SHIM" resume

	ok ctr task kill -s TERM web
	wait_until eval 'ctr task ls | grep -q STOPPED'
	exits 1 'process already finished|not found' ctr task kill -s TERM web
	ok ctr task rm web
	called "$SHIM" delete
	[ ! -d "$cgroup" ] || fail "$cgroup is left"
	ok ctr container rm web
}

@test "ctr: a container's life, cgroups by file" {
	ctr_life /default/web
}

@test "ctr: a container's life, cgroups by systemd" {
	ctr_life /machine.slice/ctr-web.scope --runc-systemd-cgroup --cgroup machine.slice:ctr:web
}

@test "ctr: run in the foreground, exit codes, a program that isn't there" {
	ok ctr_run --rm "$BUSYBOX" fore echo "hello, containerd"
	equal "$output" "hello, containerd"
	exits 7 "" ctr_run --rm "$BUSYBOX" fore sh -c 'exit 7'
	exits 1 'OCI runtime create failed: .*exec: "nosuch": executable file not found in \$PATH' \
		ctr_run --rm "$BUSYBOX" fore nosuch
	ok "$TERM_TOOL" run 24x80 ctr run --runc-binary "$WRAPPER" --rm -t "$BUSYBOX" fore tty 3>&-
	has_words "^/dev/pts/0" "$output"
	called "$SHIM" "create .*--console-socket"
}

# beside COMMAND ARG...: when the shim calls proa for that command next, ARG... is called once there is a container web, with the
# same options before the command. The shim answers several callers at once, so its calls overlap.
beside() {
	cat >"$STRIKE" <<-END
		case " \$* " in *" $1 "*)
			rm $STRIKE
			{
				until [ -e /run/containerd/runc/default/web/state.json ]; do sleep 0.01; done
				$RUNTIME \$(expr "\$*" : '\(.*\) $1 ') ${*:2}
			} >$STRIKE.said 2>&1 & ;;
		esac
	END
}

# stopped_and_gone: the task can be removed, and nothing of it is left
stopped_and_gone() {
	wait_until eval '! ctr task ls | grep -q RUNNING'
	wait_until eval 'ctr task rm -f web || ! ctr task ls -q | grep -qx web'
	ok ctr container rm web
	[ -z "$(find "$CGROUP" -type d -name web)" ]
	wait_until eval '! pgrep -x probe'
}

@test "the shim kills during create" {
	beside create kill --all web 9
	run ctr_run -d "$BUSYBOX" web /probe wait # it may have been quick enough to start
	[ -e "$STRIKE.said" ]
	stopped_and_gone
}

@test "the shim deletes during create" {
	beside create delete --force web
	run ctr_run -d "$BUSYBOX" web /probe wait
	[ -e "$STRIKE.said" ]
	stopped_and_gone
}

@test "the shim deletes during exec" {
	ok ctr_run -d "$BUSYBOX" web /probe wait
	beside exec delete --force web
	run ctr task exec --exec-id x web /probe wait
	[ "$status" != 0 ]
	equal "$(cat "$STRIKE.said")" ""
	stopped_and_gone
}

# --- CRI ---------------------------------------------------------------------------------------

start_cri() {
	coproc CRI { "$PROA_SRC/tests/cri/client" /run/containerd/containerd.sock 2>"$WORK/client.err" 3>&-; }
}

# cri METHOD REQUEST: the reply is in $reply
cri() {
	printf '%s %s\n' "$1" "$(jq -c . <<<"$2")" >&"${CRI[1]}"
	read -r -t 300 reply <&"${CRI[0]}" || fail "$(cat "$WORK/client.err")"
	[[ $reply != error* ]] || fail "$1: $reply"
}

# field FILTER: of $reply
field() {
	jq -r ".$1" <<<"$reply"
}

# cri_exec ID ARG...: in $output what it printed, in $status its exit code
cri_exec() {
	cri ExecSync "$(jq -n '{container_id: $ARGS.positional[0], cmd: $ARGS.positional[1:], timeout: 100}' --args -- "$@")"
	output=$(field stdout | base64 -d)
	status=$(field exit_code)
}

# member NAME COMMAND...: another container of the pod; its id is in $id
member() {
	cri CreateContainer "$(jq -n --argjson pod "$pod" --arg sandbox "$sandbox" --arg image "$BUSYBOX" \
		'{pod_sandbox_id: $sandbox, sandbox_config: $pod, config: {metadata: {name: $ARGS.positional[0]},
		image: {image: $image}, command: $ARGS.positional[1:], log_path: ($ARGS.positional[0] + ".log"),
		linux: {resources: {memory_limit_in_bytes: 67108864, cpu_period: 100000, cpu_quota: 50000}}}}' --args -- "$@")"
	id=$(field container_id)
	cri StartContainer "{\"container_id\": \"$id\"}"
}

@test "CRI: a pod with two containers: exec, logs, update, stats, removal" {
	local handler pod sandbox server reader
	handler=$(sed -n 's/^handler: //p' "$PROA_SRC/contrib/engines/runtimeclass.yaml")
	pod=$(jq -n --arg logs "$WORK" '{metadata: {name: "pod", uid: "u1", namespace: "test"}, hostname: "pod",
		log_directory: $logs, linux: {cgroup_parent: "kubepods-test.slice"}}')
	wait_until eval 'ctr -n k8s.io image ls | grep -q cri-containerd.image=managed'
	start_cri
	cri RunPodSandbox "{\"config\": $pod, \"runtime_handler\": \"$handler\"}"
	sandbox=$(field pod_sandbox_id)
	called "$SHIM" "--systemd-cgroup create"

	member server sh -c 'echo started; echo wrong >&2; exec httpd -f -h /etc'
	server=$id
	member reader /probe wait
	reader=$id
	cri_exec "$reader" wget -qO- http://127.0.0.1/passwd # one network for both
	has_words "^root:x:0:0" "$output"
	cri_exec "$reader" sh -c 'hostname; ip -o addr show eth0; exit 5'
	equal "$status" 5
	has_words "^pod$" "$output"
	has_words "inet 10\\.99\\." "$output"
	has_words "stdout F started" "$(cat "$WORK/server.log")"
	has_words "stderr F wrong" "$(cat "$WORK/server.log")"

	cri ContainerStatus "{\"container_id\": \"$reader\", \"verbose\": true}"
	cgroup=$(cgroup_of "$(field info.info | jq .pid)")
	[[ $cgroup == "$CGROUP"/kubepods.slice/kubepods-test.slice/cri-containerd-*.scope ]] || fail "$cgroup"
	holds memory.max 67108864
	holds cpu.max "50000 100000"
	cri UpdateContainerResources "{\"container_id\": \"$reader\",
		\"linux\": {\"memory_limit_in_bytes\": 100663296, \"cpu_period\": 100000, \"cpu_quota\": 80000}}"
	holds memory.max 100663296
	holds cpu.max "80000 100000"
	called "$SHIM" update
	cri ContainerStats "{\"container_id\": \"$reader\"}"
	[ "$(field stats.memory.working_set_bytes.value)" -gt 0 ]
	[ "$(field stats.cpu.usage_core_nano_seconds.value)" -gt 0 ]

	cri StopContainer "{\"container_id\": \"$reader\", \"timeout\": 60}"
	cri ContainerStatus "{\"container_id\": \"$reader\"}"
	equal "$(field status.state) $(field status.exit_code)" "2 0"
	cri RemoveContainer "{\"container_id\": \"$reader\"}"
	cri StopPodSandbox "{\"pod_sandbox_id\": \"$sandbox\"}" # with the server in it
	cri RemovePodSandbox "{\"pod_sandbox_id\": \"$sandbox\"}"
	[ ! -d "$cgroup" ] || fail "$cgroup is left"
}
