#!/usr/bin/env bats
# Docker on proa: the runtime of all containers by daemon.json, with cgroups by systemd.
# lane: vm
# tier: full

load engines

SHIM=containerd-shim

setup_file() {
	prepare_engines
	prepare_docker
}

remove_all() {
	docker ps -aq | xargs -r docker rm -f
}

# alone ARG...: docker run, gone afterwards, without a network
alone() {
	docker run --rm --network none "$@"
}

@test "a container's life" {
	ok docker run -d --name web --network none --memory 64m --memory-swap 64m --cpus 0.5 --pids-limit 50 \
		"$BUSYBOX" /probe signals
	called "$SHIM" "--systemd-cgroup create"
	cgroup=$(cgroup_of "$(docker inspect --format '{{.State.Pid}}' web)")
	[[ $cgroup == "$CGROUP"/system.slice/docker-*.scope ]] || fail "cgroup $cgroup"
	holds memory.max 67108864
	holds cpu.max "50000 100000"
	holds pids.max 50
	run docker exec -e WHAT=said -w /tmp web sh -c 'echo "$WHAT in $PWD"; exit 3'
	equal "$status $output" "3 said in /tmp"
	ok docker top web -o pid,args
	has_words "/probe signals" "$output"
	ok docker stats --no-stream --format '{{.PIDs}} {{.MemUsage}}' web
	has_words "^1 .* / 64MiB" "$output"
	ok docker pause web
	holds cgroup.freeze 1
	ok docker unpause web
	ok docker update --memory 96m --memory-swap 96m --cpus 1 web
	holds memory.max 100663296
	holds cpu.max "100000 100000"
	called "$SHIM" update
	ok docker kill -s USR1 web
	ok docker stop -t 60 web
	ok docker logs web
	equal "$output" $'ready\nsignal 10\nsignal 15'
	ok docker rm web
}

@test "an update that would take memory in use is refused, and all is as it was" {
	ok docker run -d --name full --network none --memory 64m --memory-swap 64m --cpus 0.5 "$BUSYBOX" /probe wait
	cgroup=$(cgroup_of "$(docker inspect --format '{{.State.Pid}}' full)")
	shrink_refused "docker update --memory 24m --memory-swap 24m --cpus 1 full" "docker exec full"
	equal "$(docker inspect --format '{{.HostConfig.Memory}}' full)" 67108864
	ok docker rm -f full
}

@test "exit codes and texts" {
	exits 3 "" alone "$BUSYBOX" sh -c 'exit 3'
	exits 127 'exec: "nosuch": executable file not found in \$PATH' alone "$BUSYBOX" nosuch
	exits 127 'exec: "/no/such": stat /no/such: no such file or directory' alone "$BUSYBOX" /no/such
	exits 126 'exec: "/etc/passwd": permission denied' alone "$BUSYBOX" /etc/passwd
	exits 126 'exec: "/etc": is a directory' alone "$BUSYBOX" /etc
	exits 125 'net/ipv4/ip_forward: invalid argument' alone --sysctl net.ipv4.ip_forward=x "$BUSYBOX" true
}

# restarts NAME: how often dockerd has started it again, and its status
restarts() {
	docker inspect --format '{{.RestartCount}} {{.State.Status}}' "$1"
}

# created NAME: how often proa was told to create it
created() {
	grep -c " create .* $(docker inspect --format '{{.Id}}' "$1")\$" "$CALLS"
}

# ends NAME POLICY CODE: a container with that policy, which says that it runs and ends with CODE
ends() {
	ok docker run -d --name "$1" --network none --restart "$2" "$BUSYBOX" sh -c "echo run; exit $3"
}

# stays NAME POLICY: one that waits, and ends with 0 at TERM
stays() {
	ok docker run -d --name "$1" --network none --restart "$2" "$BUSYBOX" /probe wait
}

@test "restart on-failure:N: N times, and only after a failure" {
	ends no no 4
	ends good on-failure:2 0
	ends bad on-failure:2 4
	wait_until eval '[ "$(restarts bad)" = "2 exited" ]'
	equal "$(created bad), $(docker logs bad | xargs)" "3, run run run"
	equal "$(docker wait no good | xargs)" "4 0"
	equal "$(restarts no), $(created no)" "0 exited, 1"
	equal "$(restarts good), $(created good)" "0 exited, 1"
	ok docker rm no good bad
}

@test "restart always and unless-stopped: however it ends, until it is stopped" {
	local policy count
	for policy in always unless-stopped; do
		stays $policy $policy
		count=0
		for signal in TERM KILL; do
			kill -$signal "$(docker inspect --format '{{.State.Pid}}' $policy)"
			((++count))
			wait_until eval "[ \"\$(restarts $policy)\" = '$count running' ]"
		done
		ok docker stop -t 60 $policy
		equal "$(restarts $policy), $(created $policy)" "2 exited, 3"
		ok docker rm $policy
	done
}

@test "two containers on one network find each other by name" {
	ok docker network create net
	ok docker run -d --name server --network net "$BUSYBOX" httpd -f -h /etc
	ok docker run --rm --network net "$BUSYBOX" wget -qO- http://server/passwd
	has_words "^root:x:0:0" "$output"
	ok docker rm -f server
	ok docker network rm net
}

@test "build: the RUN steps of the old builder are run by proa" {
	printf 'FROM %s\nRUN echo built >/made\nCMD cat /made\n' "$BUSYBOX" >"$WORK/Dockerfile"
	DOCKER_BUILDKIT=0 ok docker build -q --network none -t made "$WORK"
	called "$SHIM" "create --bundle"
	ok alone made
	equal "$output" built
}

# dockerd's BuildKit takes no runtime from daemon.json: it looks for runc in the PATH.
@test "build: those of BuildKit are, where runc in the PATH is proa" {
	printf 'FROM %s\nRUN echo built again >/made\nCMD cat /made\n' "$BUSYBOX" >"$WORK/Dockerfile"
	ok docker build -q --network none -t again "$WORK"
	called dockerd "run --bundle"
	ok alone again
	equal "$output" "built again"
}

# The last test: from now on dockerd runs without daemon.json.
@test "dockerd anew, with its runtime by --add-runtime: it starts what the policies say, by that" {
	stays always always
	stays unless unless-stopped
	stays stopped unless-stopped
	ok docker stop -t 60 always stopped
	stop_daemon dockerd
	printf '#!/bin/sh\necho "added $*" >>%s\nexec %s "$@"\n' "$CALLS" "$WRAPPER" >"$WORK/added"
	chmod 755 "$WORK/added"
	echo '{}' >"$WORK/daemon.json"
	: >"$CALLS"
	start_daemon dockerd docker --config-file "$WORK/daemon.json" --add-runtime "proa=$WORK/added"
	equal "$(docker info --format '{{.DefaultRuntime}} {{.Runtimes.proa.Path}}')" "runc $WORK/added"
	wait_until eval '[ "$(restarts always) $(restarts unless)" = "0 running 0 running" ]'
	equal "$(restarts stopped)" "0 exited"
	for name in always unless; do
		has_words "^added .* create .* $(docker inspect --format '{{.Id}}' $name)\$" "$(cat "$CALLS")"
	done
	ok docker rm -f always unless stopped
	: >"$CALLS"
	ok alone "$BUSYBOX" true # the default is not that one
	equal "$(grep -c ^added "$CALLS")" 0
	ok alone --runtime proa "$BUSYBOX" true
	has_words "^added .* create " "$(cat "$CALLS")"
}
