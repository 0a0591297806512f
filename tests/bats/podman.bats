#!/usr/bin/env bats
# Podman on proa: as root with both cgroup managers, and as a user.
# lane: vm
# tier: full

load engines

setup_file() {
	prepare_engines
	echo containers:200000:65536 | tee -a /etc/subuid >>/etc/subgid # for --userns auto
	user=root manager=systemd
	prepare_podman
}

teardown_file() {
	leave_engines
	sed -i /^containers:/d /etc/subuid /etc/subgid
}

setup() {
	manager=systemd
	user=root
	: >"$CALLS"
	WORK=$BATS_TEST_TMPDIR
}

remove_all() {
	podman rm -fa -t 0
}

# podman ARG...: as the test's user. The descriptor 3 is bats' own, which conmon must not hold.
podman() {
	if [ "$user" = root ]; then
		command podman --cgroup-manager "$manager" "$@" 3>&-
	else
		su - "$user" -w NOTIFY_SOCKET -c "podman --cgroup-manager $manager$(printf ' %q' "$@")" 3>&- </dev/null
	fi
}

# alone ARG...: podman run, gone afterwards, without a network
alone() {
	podman run --rm --network none "$@"
}

# inspected NAME FORMAT
inspected() {
	podman inspect --format "$2" "$1"
}

# --- a container's life ------------------------------------------------------------------------

# life UNDER: all that is done to one container, whose cgroup must lie under that directory
life() {
	local pid frozen
	ok podman run -d --name web --network none --memory 64m --memory-swap 64m --cpus 0.5 --pids-limit 50 \
		--log-driver k8s-file "$BUSYBOX" /probe signals
	read -r pid cgroup < <(inspected web '{{.State.Pid}} {{.State.CgroupPath}}')
	cgroup=$(cgroup_of "$pid")
	[[ $cgroup == "$CGROUP"$1* ]] || fail "cgroup $cgroup"
	holds memory.max 67108864
	holds memory.swap.max 0
	holds cpu.max "50000 100000"
	holds pids.max 50
	called conmon "create --bundle"
	called podman start

	run podman exec -e WHAT=said -w /tmp web sh -c 'echo "$WHAT in $PWD"; exit 3'
	equal "$status $output" "3 said in /tmp"
	called conmon "exec --pid-file"
	ok podman top web args
	has_words "^/probe signals" "$output"
	ok podman stats --no-stream --format '{{.PIDs}} {{.MemUsage}}' web
	has_words "^1 .*/ ?67.11MB" "$output"

	ok podman pause web
	frozen=$(cat "$cgroup/cgroup.freeze")
	ok podman unpause web
	equal "$frozen $(cat "$cgroup/cgroup.freeze")" "1 0"
	called podman pause
	called podman resume
	ok podman update --memory 96m --cpus 1 --pids-limit 60 web
	holds memory.max 100663296
	holds cpu.max "100000 100000"
	holds pids.max 60
	called podman update

	ok podman kill -s USR1 web
	ok podman stop -t 60 web # TERM; the probe ends with 0, KILL would be 137
	ok podman logs web
	equal "$output" $'ready\nsignal 10\nsignal 15'
	equal "$(inspected web '{{.State.ExitCode}} {{.State.Status}}')" "0 exited"
	called podman kill
	called podman delete
	[ ! -d "$cgroup" ] || fail "$cgroup is left"
	ok podman rm web
}

@test "a container's life: root, cgroup manager systemd" {
	life /machine.slice/libpod-
}

@test "a container's life: root, cgroup manager cgroupfs" {
	manager=cgroupfs
	life /libpod_parent/libpod-
}

@test "an update that would take memory in use is refused, and all is as it was" {
	ok podman run -d --name full --network none --memory 64m --cpus 0.5 --pids-limit 50 "$BUSYBOX" /probe wait
	cgroup=$(cgroup_of "$(inspected full '{{.State.Pid}}')")
	shrink_refused "podman update --memory 24m --cpus 1 --pids-limit 60 full" "podman exec full"
	ok podman rm -f -t 60 full
}

# terminal SIZE ARG...: podman in a terminal
terminal() {
	ok "$TERM_TOOL" run "$1" podman --cgroup-manager "$manager" "${@:2}" 3>&-
	output=${output//$'\r'/}
}

@test "terminals: run -it, exec -it; what is typed arrives" {
	ok podman run -dit --name tty --network none "$BUSYBOX" sh
	terminal 30x90 exec -it tty sh -c 'stty size; tty'
	equal "$output" $'30 90\n/dev/pts/1'
	ok podman rm -f -t 0 tty
	terminal 33x99 run --rm -it --network none "$BUSYBOX" sh -c '
		until stty size 2>/dev/null | grep -x "33 99"; do sleep 0.1; done # Podman tells it after start
		read -r x; echo "got $x"' <<<hello
	has_words "^33 99" "$output"
	has_words "^got hello" "$output"
	called conmon "create .*--console-socket"
}

# --- what a container may ----------------------------------------------------------------------

@test "privileges, limits, files and names that options ask for" {
	local options
	mkdir -p "$WORK/data"
	echo given >"$WORK/data/file"
	echo '{"defaultAction": "SCMP_ACT_ALLOW",
		"syscalls": [{"names": ["getcwd"], "action": "SCMP_ACT_ERRNO", "errnoRet": 38}]}' >"$WORK/seccomp.json"
	options=(--read-only --tmpfs /scratch:rw,size=1m,mode=1700 --device /dev/fuse:/dev/other:r
		--cap-drop all --cap-add chown --cap-add net_raw --security-opt no-new-privileges
		--security-opt "seccomp=$WORK/seccomp.json" --security-opt label=disable
		--ulimit nofile=100:200 --sysctl net.ipv4.ip_forward=1 --hostname box --user 0:7 --group-add 77
		--workdir /tmp --umask 0027 --oom-score-adj 300 --shm-size 2m --init
		-v "$WORK/data:/ro:ro" -v "$WORK/data:/rw" -v kept:/kept --env A=b)
	ok alone "${options[@]}" "$BUSYBOX" sh -c '/probe facts gid groups umask caps privileges mounts rlimits uts env
		/probe try open-write /ro/new , create /rw/new , create /kept/new , create /new , create /scratch/new , \
			open /dev/other , open-write /dev/other , syscall getcwd
		cat /ro/file /proc/1/comm /proc/self/oom_score_adj /proc/sys/net/ipv4/ip_forward'
	expect gid "7 7 7 7"
	expect groups "7 77"
	expect umask 0027
	expect cap.bnd "CHOWN NET_RAW"
	expect cap.eff "CHOWN NET_RAW"
	expect no_new_privs 1
	expect seccomp 2
	expect rlimit.NOFILE "100 200"
	expect hostname box
	has_words "^env A=b$" "$output"
	mount_has / ro
	mount_has /ro ro
	mount_lacks /rw ro
	has_words "^mount .* /scratch .*size=1024k,mode=1700" "$output"
	has_words "^mount .* /dev/shm .*size=2048k" "$output"
	equal "$(tail -n 12 <<<"$output" | xargs)" "ENOENT ok ok EROFS ok ok EPERM ENOSYS given podman-init 300 1"
	[ -e "$WORK/data/new" ]
	ok podman volume rm kept
}

@test "programs that can't be run, and other failures: exit codes and texts" {
	exits 127 'exec: "nosuch": executable file not found in \$PATH' alone "$BUSYBOX" nosuch
	exits 127 'exec: "/no/such": stat /no/such: no such file or directory' alone "$BUSYBOX" /no/such
	exits 126 'exec: "/etc": is a directory' alone "$BUSYBOX" /etc
	exits 126 'exec: "/etc/passwd": permission denied' alone "$BUSYBOX" /etc/passwd
	exits 126 'net/ipv4/ip_forward: invalid argument' alone --sysctl net.ipv4.ip_forward=x "$BUSYBOX" true
	exits 125 'no such file' alone -v /no/such:/x "$BUSYBOX" true # Podman's own
	exits 137 '' alone --init "$BUSYBOX" sh -c 'kill -KILL $$'
	ok podman run -d --name execs --network none "$BUSYBOX" /probe wait
	exits 127 'exec: "nosuch": executable file not found in \$PATH' podman exec execs nosuch
	exits 126 'exec: "/etc": is a directory: permission denied' podman exec execs /etc
	exits 127 'cwd: enter /no/such: no such file' podman exec -w /no/such execs true
	ok podman kill execs
	ok podman rm -f execs
}

# --- namespaces --------------------------------------------------------------------------------

@test "--userns auto, --uidmap, and a volume with idmapped owners" {
	mkdir "$WORK/data"
	ok alone --userns auto:size=1024 -v "$WORK/data:/data:idmap" "$BUSYBOX" sh -c '/probe facts maps; touch /data/new'
	has_words "^uid_map +0 +200000 +1024$" "$output"
	equal "$(stat -c %u "$WORK/data/new")" 0
	ok alone --uidmap 0:100000:10 --gidmap 0:100000:10 "$BUSYBOX" /probe facts maps uid
	has_words "^uid_map +0 +100000 +10$" "$output"
}

@test "namespaces of another container, --init" {
	local pid name
	ok podman run -d --name first --network none --ipc shareable --hostname first --init "$BUSYBOX" sleep 1000
	pid=$(inspected first '{{.State.Pid}}')
	ok podman run --rm --uts container:first --ipc container:first --pid container:first --network container:first "$BUSYBOX" \
		sh -c 'for n in uts ipc pid net; do readlink /proc/self/ns/$n; done; hostname; cat /proc/1/comm'
	equal "$output" "$(for name in uts ipc pid net; do readlink "/proc/$pid/ns/$name"; done; echo first; echo podman-init)"
	ok podman rm -f -t 0 first
}

@test "a pod: its containers share a network; paused and removed together" {
	ok podman pod create --name pod --network none
	ok podman run -d --pod pod --name server "$BUSYBOX" httpd -f -h /etc
	ok podman run --rm --pod pod "$BUSYBOX" wget -qO- http://127.0.0.1/passwd
	has_words "^root:x:0:0" "$output"
	ok podman pod pause pod
	equal "$(inspected server '{{.State.Status}}')" paused
	ok podman pod unpause pod
	ok podman pod rm -f -t 0 pod
}

@test "a bridge: two containers find each other by name, the host finds a published port" {
	ok podman network create net
	ok podman run -d --name server --network net -p 127.0.0.1:8080:80 "$BUSYBOX" httpd -f -h /etc
	ok podman run --rm --network net "$BUSYBOX" wget -qO- http://server/passwd
	has_words "^root:x:0:0" "$output"
	ok busybox wget -qO- http://127.0.0.1:8080/passwd
	has_words "^root:x:0:0" "$output"
	ok podman rm -f -t 0 server
	ok podman network rm net
}

# --- systemd -----------------------------------------------------------------------------------

@test "health checks" {
	ok podman run -d --name well --network none --health-cmd 'test -e /tmp/well' --health-interval disable \
		--health-retries 1 "$BUSYBOX" sleep 1000
	exits 1 "" podman healthcheck run well
	ok podman exec well touch /tmp/well
	ok podman healthcheck run well
	ok podman rm -f -t 0 well
}

# notified MODE ARG...: podman run -d --sdnotify MODE, in a container of that name; what it tells systemd is in $WORK/heard
notified() {
	rm -f "$WORK/notify"
	setpriv --pdeathsig KILL "$TERM_TOOL" notify "$WORK/notify" >"$WORK/heard" 3>&- &
	wait_until [ -S "$WORK/notify" ]
	chmod 666 "$WORK/notify"
	NOTIFY_SOCKET=$WORK/notify ok podman run -d --name "$1" --sdnotify "$1" --network none "${@:2}"
	conmon=$(inspected "$1" '{{.State.ConmonPid}}')
}

# heard MESSAGE...: these were heard, in that order, and no other; ours is the last
heard() {
	NOTIFY_SOCKET=$WORK/notify "$PROA_BUILD/tests/probe" notify END
	wait_until grep -x "message END" "$WORK/heard"
	equal "$(cat "$WORK/heard")" "$(printf 'message %s\n' "$@" END)"
}

# sdnotify: its modes. Podman says that conmon is the main process; the mode says who tells that the container is ready.
sdnotify() {
	local conmon
	mkdir -m 777 "$WORK/data"
	notified container -v "$WORK/data:/data" "$BUSYBOX" sh -c 'until [ -e /data/up ]; do sleep 0.1; done
		/probe notify STATUS=waking; touch /data/waking; until [ -e /data/go ]; do sleep 0.1; done
		/probe notify READY=1; exec /probe wait'
	touch "$WORK/data/up"
	wait_until [ -e "$WORK/data/waking" ]
	wait_until grep -x "message STATUS=waking" "$WORK/heard"
	heard "MAINPID=$conmon" STATUS=waking
	touch "$WORK/data/go"
	wait_until grep -x "message READY=1" "$WORK/heard"

	notified conmon "$BUSYBOX" sh -c '/probe facts env; exec /probe wait'
	heard "MAINPID=$conmon"$'\nREADY=1'
	notified ignore "$BUSYBOX" sh -c '/probe facts env; exec /probe wait'
	heard
	for name in conmon ignore; do
		wait_until eval "podman logs $name | grep -x waiting"
		equal "$(podman logs "$name" | grep -c NOTIFY)" 0
	done
	ok podman rm -f -t 60 container conmon ignore
}

@test "--sdnotify: who says that the container is ready" {
	sdnotify
}

# The machine runs no generators: Quadlet is called by hand.
@test "Quadlet: a unit whose service is ready when its container says so" {
	mkdir -p /etc/containers/systemd
	cat >/etc/containers/systemd/quad.container <<-END
		[Unit]
		DefaultDependencies=no
		[Quadlet]
		DefaultDependencies=false
		[Container]
		Image=$BUSYBOX
		ContainerName=quad
		Network=none
		Notify=true
		Exec=sh -c 'sleep 1; touch /tmp/said; /probe notify READY=1; exec /probe wait'
	END
	ok /usr/libexec/podman/quadlet /run/systemd/system
	ok systemctl daemon-reload
	ok systemctl start quad
	ok podman exec quad ls /tmp/said
	cgroup=$(cgroup_of "$(inspected quad '{{.State.Pid}}')")
	[[ $cgroup == "$CGROUP"/system.slice/quad.service/* ]] || fail "$cgroup"
	ok systemctl stop quad
	equal "$(systemctl show -P Result quad)" success
	rm /etc/containers/systemd/quad.container /run/systemd/system/quad.service
	ok systemctl daemon-reload
}

@test "systemd is a container's init, and stops when it is told to" {
	mkdir "$WORK/units"
	cat >"$WORK/units/default.target" <<-END
		[Unit]
		DefaultDependencies=no
		Wants=hello.service
	END
	cat >"$WORK/units/hello.service" <<-END
		[Unit]
		DefaultDependencies=no
		[Service]
		Type=oneshot
		RemainAfterExit=yes
		MemoryMax=32M
		ExecStart=/bin/sh -c 'cat /sys/fs/cgroup/\$(cut -d: -f3 /proc/self/cgroup)/memory.max >/tmp/limit'
	END
	ok podman run -d --name booted --network none --systemd always -v /usr:/usr:ro -v /usr/lib:/lib:ro \
		-v /usr/lib64:/lib64:ro -v "$WORK/units:/etc/systemd/system:ro" "$BUSYBOX" /usr/lib/systemd/systemd
	wait_until podman exec booted systemctl is-active hello.service
	ok podman exec booted cat /tmp/limit
	equal "$output" 33554432
	ok podman stop -t 100 booted
	equal "$(inspected booted '{{.State.ExitCode}}')" 0
	ok podman rm booted
}

# --- without privileges ------------------------------------------------------------------------

become_user() {
	user=rootless
	systemctl start systemd-logind
	loginctl enable-linger "$user"
	cp "$busybox_tar" /tmp/busybox.tar
	podman image exists "$BUSYBOX" || podman import -q /tmp/busybox.tar "$BUSYBOX"
}

@test "a container's life: a user, cgroup manager systemd" {
	become_user
	life /user.slice/user-2000.slice/user@2000.service/
}

# There is no cgroup to lie under by default: it is beside Podman's own.
@test "a container's life: a user, cgroup manager cgroupfs" {
	become_user
	manager=cgroupfs
	life /user.slice/user-2000.slice/user@2000.service/user.slice/
}

# way_out: what pasta wants to see of a network: an interface with a default route
way_out() {
	ip link add out0 type veth peer out1
	ip addr add 10.9.0.2/24 dev out0
	ip link set out0 up
	ip link set out1 up
	ip route add default via 10.9.0.1
}

@test "a user: --sdnotify" {
	become_user
	sdnotify
}

@test "a user: --userns keep-id, pasta, slirp4netns, exit codes" {
	become_user
	ok alone --userns keep-id -v /home/rootless:/home/rootless "$BUSYBOX" sh -c 'id -u; stat -c %u /home/rootless; touch ~/new'
	equal "$output" $'2000\n2000'
	equal "$(stat -c %u /home/rootless/new)" 2000
	way_out
	ok podman run --rm --network pasta "$BUSYBOX" ip -o link
	has_words "^2: " "$output"
	ok ip link del out0
	ok podman run --rm --network slirp4netns "$BUSYBOX" ip -o link
	has_words " tap0:" "$output"
	exits 127 'exec: "nosuch": executable file not found in \$PATH' alone "$BUSYBOX" nosuch
	exits 126 'exec: "/etc/passwd": permission denied' alone "$BUSYBOX" /etc/passwd
}
