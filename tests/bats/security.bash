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
# COMMAND each time. They belong to $TRAP_OWNER. With TRAP_EVERY=N every Nth is tried, of all that the test comes to.
each_trap() {
	local path=$BUNDLE/rootfs$1 trap
	shift
	for trap in "$SENTINEL" "$SENTINEL/file" ../../../../../../../../../.."$SENTINEL" "$SENTINEL/new" loop /proc/self/fd/0 \
		/proc/self/fd/3 /proc/1/root file fifo directory; do
		[ $((++TRAP_COUNT % ${TRAP_EVERY:-1})) = 0 ] || continue
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

# --- traps in each place -------------------------------------------------------------------------

# What a runtime touches in a root filesystem.
places=(/dev /dev/null /dev/console /dev/pts /dev/shm /proc /sys /sys/fs/cgroup /etc /etc/passwd /etc/mtab /work /volume)

# What a container reads of them, and of what they lead to.
# shellcheck disable=SC2016 # the inner shell expands it
READ_ALL='for f in /dev /dev/null /dev/shm /etc/passwd /etc/mtab /work /volume /volume/sub /sys; do
	for g in $f $f/file $f/../file; do [ ! -f $g ] || head -c 100 $g; done; done'

# hostile_config: all places are used, in the image's own /dev where there is no other
hostile_config() {
	mkdir -p "$WORK/volume"
	config '.root.readonly = false | .process.cwd = "/work" | .process.user.additionalGids = [] |
		.mounts |= map(select(.destination | IN("/dev", "/dev/mqueue", "/sys/fs/cgroup") | not)) |
		(.mounts[] | select(.destination == "/sys")) |= {destination: "/sys", type: "none", source: "/sys", options: ["rbind", "ro"]} |
		.mounts += [{destination: "/volume/sub", type: "bind", source: $v, options: ["bind"]}]' --arg v "$WORK/volume"
	process /bin/sh -c "$READ_ALL; echo x >/volume/sub/x; :"
}

# in_user_namespace: the container has one, made by root
in_user_namespace() {
	require userns
	config '.linux.namespaces += [{type: "user"}] |
		.linux.uidMappings = [{containerID: 0, hostID: 100000, size: 65536}] | .linux.gidMappings = .linux.uidMappings'
	chown -R 100000:100000 "$BUNDLE/rootfs"
	TRAP_OWNER=100000
}

# trapped COMMAND...: with each trap in each place, one after the other; some of them must succeed, and some must not
trapped() {
	tried_all "$@"
	[ $succeeded != 0 ] && [ $refused != 0 ] || fail "$succeeded succeeded, $refused were refused"
}

tried_all() {
	local place
	succeeded=0 refused=0
	for place in "${places[@]}"; do
		each_trap "$place" "$@"
		host_unharmed || fail "with a trap in place of $place"
	done
}

# survives COMMAND...: no matter whether it succeeds
survives() {
	may_survive "$@" && host_unharmed
}

# may_survive COMMAND...: the same, for who looks at the host himself
may_survive() {
	local code=0
	"$@" </dev/null >"$WORK/out" 2>"$WORK/err" 3>&- || code=$?
	[ "$code" -le 1 ] || [ "$code" = 255 ] || [ "$code" = 126 ] || [ "$code" = 127 ] || fail "exit code $code" "$(<"$WORK/err")" || return
	if [ "$code" = 0 ]; then succeeded=$((succeeded + 1)); else refused=$((refused + 1)); fi
	[ "$code" = 0 ] || grep -q '^proa: .' "$WORK/err" || fail "an error without words" "$(<"$WORK/err")" || return
	! grep -q secret-of-the-host "$WORK/out" || fail "the host's file was read"
}
