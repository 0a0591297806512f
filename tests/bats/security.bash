# For the bats files with hostile images: what of the host must not change.
# shellcheck shell=bash
# shellcheck disable=SC2034 # the tests use what is set here

# make_sentinel: a directory of the host that a container must neither see nor change
make_sentinel() {
	SENTINEL=$WORK/sentinel
	mkdir -p "$SENTINEL/dir"
	echo secret-of-the-host >"$SENTINEL/file"
	SENTINEL_WAS=$(look_at_sentinel)
}

# path, type, mode, owner, modification, inode, size, and what the file holds
look_at_sentinel() {
	find "$SENTINEL" -printf '%p %y %m %U:%G %T@ %i %s\n' | sort
	sha256sum <"$SENTINEL/file"
}

# host_unharmed: the sentinel is as it was, and so are the host's mounts and devices
host_unharmed() {
	equal "$(look_at_sentinel)" "$SENTINEL_WAS" "sentinel:" || return
	mounts_unchanged || return
	equal "$(stat -c %t:%T:%a:%u /dev/null)" 1:3:666:0 "/dev/null:"
}

# rootless: the bundle becomes one for the user 1000, whose root it is
rootless() {
	config 'del(.linux.cgroupsPath, .linux.resources) | .linux.namespaces |= map(select(.type != "cgroup")) |
		.linux.namespaces += [{type: "user"}] |
		.linux.uidMappings = [{containerID: 0, hostID: 1000, size: 1}] | .linux.gidMappings = .linux.uidMappings'
	mkdir -p "$ROOT"
	chown -R 1000:1000 "$BUNDLE" "$ROOT"
	RUNTIME=$(reachable_runtime)
}

# each_trap PATH COMMAND...: make PATH of the image each of the things that lead elsewhere, one after the other, and call
# COMMAND each time. They belong to $TRAP_OWNER.
each_trap() {
	local path=$BUNDLE/rootfs$1 trap
	shift
	for trap in "$SENTINEL" "$SENTINEL/file" ../../../../../../../../../.."$SENTINEL" "$SENTINEL/new" loop /proc/self/fd/0 \
		/proc/self/fd/3 /proc/1/root file fifo directory; do
		rm -rf --one-file-system "$path"
		mkdir -p "$(dirname "$path")"
		case $trap in
		file) echo file >"$path" ;;
		fifo) mkfifo "$path" ;;
		directory) mkdir "$path" ;;
		loop) ln -s "$(basename "$path")" "$path" ;;
		*) ln -s "$trap" "$path" ;;
		esac
		chown -h "${TRAP_OWNER:-0}" "$path" "$(dirname "$path")"
		"$@" || fail "with ${path#"$BUNDLE"/rootfs} -> $trap"
	done
	rm -rf --one-file-system "$path"
}

without_ptrace() {
	capsh --drop=cap_sys_ptrace -- -c 'exec "$0" "$@"' "$@"
}

# looks_at PID FILE: can somebody without CAP_SYS_PTRACE look at /proc/PID/FILE?
looks_at() {
	# shellcheck disable=SC2016 # the inner shell expands it
	without_ptrace sh -c 'if [ -L "$0" ]; then readlink "$0"; else : <"$0"; fi' "/proc/$1/$2" >/dev/null 2>&1
}
