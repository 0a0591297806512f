#!/usr/bin/env bats
# lane: native
# tier: full
# timeout: 14000
# Somebody exchanges a place that the runtime mounts on, or makes something in, with a link to the host, as fast as he can
# (CVE-2021-30465, CVE-2024-45310, CVE-2025-31133, CVE-2025-52565), while containers are created: 50,000 in --long, a
# twentieth of them otherwise, spread over the places; a tenth for each further kind of caller and for each system call
# that isn't there.

load helpers
load security

export BATS_TEST_TIMEOUT=2400
[ "${PROA_TIER-}" != long ] || BATS_TEST_TIMEOUT=5000

setup() {
	common_setup
	require proa
	make_sentinel
}

# The places, in an image whose /dev is its own, so that all of them lie in the image. For a mount, a volume, a file, a
# directory that is made, masks, a device.
places=(proc sys dev dev/pts dev/shm dev/null volume/dir volume/file deep/dir masked readonly.d device.d)

# hostile_image [without-devices]: that which a user namespace can have
hostile_image() {
	mkdir -p "$BUNDLE/rootfs"/{dev/{pts,shm},volume/dir,deep/dir,masked,readonly.d,device.d} "$WORK/volume"
	touch "$BUNDLE/rootfs/volume/file" "$WORK/file"
	[ "${1-}" = without-devices ] || mknod "$BUNDLE/rootfs/dev/null" c 1 3
	config '.root.readonly = false | .linux.maskedPaths = ["/masked"] | .linux.readonlyPaths = ["/readonly.d"] |
		.mounts = [{destination: "/proc", type: "proc", source: "proc"},
			{destination: "/dev/pts", type: "devpts", source: "devpts", options: ["newinstance", "ptmxmode=0666"]},
			{destination: "/dev/shm", type: "tmpfs", source: "shm"},
			{destination: "/sys", type: "none", source: "/sys", options: ["rbind", "ro"]},
			{destination: "/volume/dir", type: "bind", source: ($w + "/volume"), options: ["bind"]},
			{destination: "/deep/dir/made", type: "tmpfs", source: "tmpfs"},
			{destination: "/volume/file", type: "bind", source: ($w + "/file"), options: ["bind", "ro"]}]' --arg w "$WORK"
	[ "${1-}" = without-devices ] || config '.linux.devices = [{path: "/device.d/new", type: "c", major: 1, minor: 3}]'
	process /bin/true
}

# storms COUNT OPTION...: COUNT creates over all places, each with a link to the sentinel's directory and one to its file.
# Both are there in the image, too, so that a link that isn't followed out of it leads to the same kind of thing.
storms() {
	local each=$(($1 / ${#places[@]} / 2 + 1)) place link
	shift
	created=0
	mkdir -p "$BUNDLE/rootfs$SENTINEL/dir"
	touch "$BUNDLE/rootfs$SENTINEL/file"
	chown -R --reference="$BUNDLE/rootfs" "$BUNDLE/rootfs/$(cut -d / -f 2 <<<"$SENTINEL")"
	for place in "${places[@]}"; do
		[ -e "$BUNDLE/rootfs/$place" ] || continue
		for link in "$SENTINEL" "../../../../../../../../../../..$SENTINEL/file"; do
			ln -s "$link" "$BUNDLE/rootfs/trap"
			PROA_TEST=$TAG "$PROA_BUILD/tests/security/storm" "$@" "$each" "$RUNTIME" "$ROOT" "$BUNDLE" \
				"$BUNDLE/rootfs/$place" "$BUNDLE/rootfs/trap" >"$WORK/storm" 2>&1 3>&- ||
				fail "exchanged: /$place and a link to $link" "$(<"$WORK/storm")"
			created=$((created + $(sed -n 's/^created //p' "$WORK/storm")))
			# both names are there, whichever way round
			[ -L "$BUNDLE/rootfs/trap" ] || mv --exchange "$BUNDLE/rootfs/trap" "$BUNDLE/rootfs/$place" 2>/dev/null ||
				swap "$BUNDLE/rootfs/trap" "$BUNDLE/rootfs/$place"
			rm "$BUNDLE/rootfs/trap"
			host_unharmed || fail "exchanged: /$place and a link to $link"
			nothing_left
		done
	done
}

swap() {
	mv -T "$1" "$1.swap"
	mv -T "$2" "$1"
	mv -T "$1.swap" "$2"
}

@test "CVE-2021-30465, CVE-2024-45310: what is mounted on is exchanged with a link to the host, as root" {
	hostile_image
	storms "$(count 50000)"
	[ "$created" -gt 0 ]
}

@test "what is mounted on is exchanged with a link to the host, in a user namespace" {
	require userns
	hostile_image without-devices
	config '.linux.namespaces += [{type: "user"}] |
		.linux.uidMappings = [{containerID: 0, hostID: 100000, size: 65536}] | .linux.gidMappings = .linux.uidMappings'
	chown -R 100000:100000 "$BUNDLE/rootfs"
	storms "$(count 5000)"
	[ "$created" -gt 0 ]
}

@test "what is mounted on is exchanged with a link to the host, rootless" {
	require userns
	hostile_image without-devices
	rootless
	storms "$(count 5000)" -u 1000
	[ "$created" -gt 0 ]
}

@test "the same where a system call isn't there: refused, or safe" {
	hostile_image
	for call in openat2 open_tree fsopen fsmount move_mount mount_setattr clone3 close_range; do
		storms "$(count 5000)" -x $call
		echo "without $call: $created created"
	done
}
