#!/usr/bin/env bats
# lane: vm
# tier: full
# kernel: lsm=landlock,yama,selinux
# Podman's --security-opt label, under the policy of the tests. Podman finds its defaults where policies have them, in
# contexts/lxc_contexts.

load engines
load policy

setup_file() {
	load_policy
	mkdir -p /etc/selinux/test/contexts
	echo SELINUXTYPE=test >/etc/selinux/config
	cat >/etc/selinux/test/contexts/lxc_contexts <<-END
		process = "test_u:test_r:container_t:s0"
		file = "test_u:object_r:image_t:s0"
		ro_file = "test_u:object_r:image_t:s0"
	END
	prepare_engines
	prepare_podman
}

teardown_file() {
	leave_engines
	rm -r /etc/selinux/test /etc/selinux/config
}

remove_all() {
	podman rm -fa -t 0
}

# podman ARG...: with cgroups by file, since systemd is asked over D-Bus, whose daemon doesn't start under a policy that
# has no classes for it
podman() {
	command podman --cgroup-manager cgroupfs "$@" 3>&-
}

# labelled OPTION...: a container that waits, with these; in $process is the label of its init, in $files that which all its
# filesystems have: the one of its image, which Podman mounts, and those that the runtime makes
labelled() {
	local pid file labels=()
	ok podman run -d --name labelled --network none --tmpfs /scratch "$@" "$BUSYBOX" /probe wait
	pid=$(podman inspect --format '{{.State.Pid}}' labelled)
	process=$(tr -d '\0' <"/proc/$pid/attr/current")
	for file in /probe /dev /dev/shm /dev/mqueue /sys/firmware /scratch; do
		labels+=("$(stat -c %C "/proc/$pid/root$file")")
	done
	files=${labels[0]}
	equal "$(printf '%s\n' "${labels[@]}" | sort -u)" "$files" "${labels[*]}:"
	ok podman exec labelled cat /proc/self/attr/current
	equal "$(tr -d '\0' <<<"$output")" "$process" "of exec:"
	ok podman rm -f -t 60 labelled
}

@test "each container has two categories of its own, its files have the same" {
	local process files first
	equal "$(podman info --format '{{.Host.Security.SELinuxEnabled}}')" true
	labelled
	has_words '^test_u:test_r:container_t:s0:c[0-9]+,c[0-9]+$' "$process"
	equal "$files" "test_u:object_r:image_t:${process#*container_t:}"
	first=$process
	labelled
	[ "$process" != "$first" ]
}

@test "label=type and label=level" {
	local process files
	labelled --security-opt label=type:exec_t --security-opt label=level:s0:c1,c2
	equal "$process" test_u:test_r:exec_t:s0:c1,c2
	equal "$files" test_u:object_r:image_t:s0:c1,c2
}

@test "label=disable: the label of who called Podman" {
	local process files
	labelled --security-opt label=disable
	equal "$process" test_u:test_r:host_t:s0
}

@test "a label that the policy doesn't know is refused, and told" {
	exits 126 'nobody_t|/attr/' podman run --rm --network none --security-opt label=type:nobody_t "$BUSYBOX" true
}
