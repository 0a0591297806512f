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
}
