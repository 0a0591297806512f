#!/usr/bin/env bats
# lane: native
# lane-long: vm
# tier: full
# What proa asks of the kernel, seen by strace: no path leads as text through the container's tree or its /proc, where somebody
# could exchange what it names. tests/security/audit has what is allowed, with the reasons.

load helpers
load security

setup() {
	common_setup
	require proa strace
	mkdir "$WORK/volume"
	touch "$WORK/file"
}

# traced COMMAND...: the runtime, called with that; its calls are in $WORK/strace
traced() {
	PROA_TEST=$TAG strace -f -y -qq -s 4096 -e trace=%file,fchdir,setns,chroot,connect,bind -e signal=none -o "$WORK/strace" \
		"${CALLER[@]}" "$RUNTIME" --root "$ROOT" "$@" </dev/null >"$WORK/out" 2>"$WORK/err" 3>&- || fail "$*" "$(<"$WORK/err")"
}

# audited COUNT: there were at least so many paths to be judged, and each is allowed
audited() {
	"$PROA_SRC/tests/security/audit" -v rootfs="$BUNDLE/rootfs" -v runtime="$RUNTIME" -v program=/bin/true "$WORK/strace" >"$WORK/audit"
	! grep -v '^judged ' "$WORK/audit" || fail "paths as text"
	[ "$(sed -n 's/^judged //p' "$WORK/audit")" -ge "$1" ] || fail "$(<"$WORK/audit")"
}

# everything: mounts of all kinds, missing and through links; devices, masks, sysctls, a cwd
everything() {
	ln -s /behind "$BUNDLE/rootfs/link"
	mkdir "$BUNDLE/rootfs/behind"
	config '.root.readonly = false | .process.cwd = "/srv/dir" | .linux.sysctl = {"net.ipv4.ip_forward": "1"} |
		.linux.devices = [{path: "/device.d/new", type: "c", major: 1, minor: 3}, {path: "/dev/own", type: "p"}] |
		.linux.maskedPaths += ["/etc/passwd", "/root"] | .linux.readonlyPaths += ["/var"] |
		.mounts += [{destination: "/link/volume", type: "bind", source: ($w + "/volume"), options: ["rbind", "ro"]},
			{destination: "/deep/file", type: "bind", source: ($w + "/file"), options: ["bind"]},
			{destination: "/deep/er/tmpfs", type: "tmpfs", source: "tmpfs", options: ["ro"]}]' --arg w "$WORK"
	process /bin/true
}

in_user_namespace() {
	require userns
	config 'del(.linux.sysctl, .linux.devices[0]) | .linux.namespaces += [{type: "user"}] |
		.linux.uidMappings = [{containerID: 0, hostID: 100000, size: 65536}] | .linux.gidMappings = .linux.uidMappings'
	chown -R 100000:100000 "$BUNDLE/rootfs"
}

by_user() {
	require userns
	rootless
	config 'del(.linux.sysctl, .linux.devices)'
	CALLER=(setpriv --reuid 1000 --regid 1000 --clear-groups)
}

@test "run: no path as text" {
	everything
	traced run -b "$BUNDLE" "$ID"
	audited 50
}

@test "run: no path as text, in a user namespace" {
	everything
	in_user_namespace
	traced run -b "$BUNDLE" "$ID"
	audited 40
}

@test "run: no path as text, rootless" {
	everything
	by_user
	traced run -b "$BUNDLE" "$ID"
	audited 50
}

@test "run: no path as text, with a terminal and a namespace to join" {
	unshare -n sleep 1000 3>&- &
	cleanup "kill $!"
	eventually eval "[ \$(readlink /proc/$!/ns/net) != $(readlink /proc/self/ns/net) ]"
	everything
	config '.process.terminal = true | del(.linux.sysctl) | (.linux.namespaces[] | select(.type == "network")).path = $p' --arg p "/proc/$!/ns/net"
	CALLER=("$TERM_TOOL" run 24x80)
	traced run -b "$BUNDLE" "$ID"
	audited 50
}

# strace would wait for what create leaves; of it run has all
@test "start and delete: no path as text" {
	everything
	create
	for command in start delete; do
		traced $command "$ID"
		becomes stopped || [ $command = delete ]
		audited 0
	done
}

@test "exec: no path as text, by a name, with a terminal, in a user namespace" {
	up_and_waiting
	traced exec --user user --cwd /root "$ID" /bin/true
	audited 6
	CALLER=("$TERM_TOOL" run 24x80)
	traced exec --tty --user user "$ID" /bin/true
	audited 6
	CALLER=()
	proa delete --force "$ID"
	in_user_namespace
	up_and_waiting
	traced exec --user user "$ID" /bin/true
	audited 6
}

@test "mounts add and remove: no path as text" {
	config '.root.readonly = false'
	up_and_waiting
	ln -s /behind "$BUNDLE/rootfs/link"
	jq -n --arg w "$WORK" '[{destination: "/deep/er/tmpfs", type: "tmpfs", source: "tmpfs"},
		{destination: "/link/volume", type: "bind", source: ($w + "/volume"), options: ["bind", "ro"]}]' >"$WORK/mounts.json"
	for verb in add remove; do
		traced mounts $verb "$ID" "$WORK/mounts.json"
		audited 2
	done
}

@test "the audit finds what it is there for" {
	finds() {
		printf '%s\n' '1 execve("/proa", ["/proa"]) = 0' '2 pivot_root(".", ".") = 0' "$1" >"$WORK/strace"
		"$PROA_SRC/tests/security/audit" -v rootfs=/b/rootfs -v runtime=/proa -v program=/bin/true "$WORK/strace" >"$WORK/audit"
		if grep -v '^judged' "$WORK/audit"; then found=yes; else found=no; fi
		equal $found "$2" "$1"
	}
	finds '2 openat(AT_FDCWD</>, "/proc/self/attr/exec", O_WRONLY|O_CLOEXEC) = 3</proc/2/attr/exec>' yes
	finds '2 openat(5</proc>, "self/attr/exec", O_WRONLY|O_CLOEXEC) = 3</proc/2/attr/exec>' yes
	finds '2 openat2(5</>, "/etc/passwd", {flags=O_RDONLY, resolve=RESOLVE_NO_MAGICLINKS}, 24) = 3</etc/passwd>' yes
	finds '2 openat2(5</>, "/etc/passwd", {flags=O_RDONLY, resolve=RESOLVE_NO_MAGICLINKS|RESOLVE_IN_ROOT}, 24) = 3</etc/passwd>' no
	finds '2 mkdirat(5</>, "a/b", 0755) = 0' yes
	finds '2 mkdirat(5</>, "a", 0755) = 0' no
	finds '2 openat(5</dev>, "null", O_RDWR|O_CLOEXEC) = 3</dev/null>' yes
	finds '2 mount("tmpfs", "/dev/shm", "tmpfs", 0, NULL) = 0' yes
	finds '3 mount("tmpfs", "/dev/shm", "tmpfs", 0, NULL <unfinished ...>' yes
	finds '2 umount2("/proc/self/fd/5", MNT_DETACH) = 0' yes
	finds '2 umount2("self/fd/5", MNT_DETACH) = 0' yes
	finds $'2 fchdir(4</proc>) = 0\n2 umount2("self/fd/5", MNT_DETACH) = 0' no
	finds '2 execve("/etc/other", ["/bin/true"], []) = 0' yes
	finds $'2 execve("/bin/true", ["/bin/true"], []) = 0\n2 openat(AT_FDCWD</>, "/etc/ld.so.cache", O_RDONLY) = 3</etc/ld.so.cache>' no
	finds '1 openat(AT_FDCWD</>, "/b/rootfs/etc/passwd", O_RDONLY) = 3</b/rootfs/etc/passwd>' yes
	finds '1 openat(9</b/rootfs>, "etc", O_RDONLY) = 3</b/rootfs/etc>' yes
	finds '1 openat(AT_FDCWD</>, "/b/config.json", O_RDONLY) = 3</b/config.json>' no
	finds '1 openat(AT_FDCWD</>, "/proc/77/root/etc", O_RDONLY) = 3</etc>' yes
	finds '1 newfstatat(AT_FDCWD</>, "/proc/77/ns/mnt", {}, 0) = 0' no
}
