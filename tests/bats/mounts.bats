#!/usr/bin/env bats
# lane: native
# lane-long: vm
# tier: quick
# The root filesystem and mounts: types, options, order, propagation, links, read-only and masked paths.

load helpers

# mount JSON-OBJECT [JQ-OPTION...]: add one to the config
mount() {
	local object=$1
	shift
	config ".mounts += [$object]" "$@"
}

# bind DEST SOURCE OPTION...
bind() {
	local dest=$1 source=$2
	shift 2
	config '.mounts += [{destination: $d, type: "none", source: $s, options: $ARGS.positional}]' \
		--arg d "$dest" --arg s "$source" --args -- "$@"
}

# --- the root -------------------------------------------------------------------------------------

# in_user_namespace: the container's root is uid 100000
in_user_namespace() {
	config '.linux.namespaces += [{type: "user"}] |
		.linux.uidMappings = [{containerID: 0, hostID: 100000, size: 65536}] | .linux.gidMappings = .linux.uidMappings'
	chown -R 100000:100000 "$BUNDLE/rootfs"
}

@test "a read-only root can't be written to" {
	# spec: config.md#root root-readonly
	tries create /new , mkdir /dir , open-write /etc/passwd , create /dev/shm/new
	equal "$output" "EROFS
EROFS
EROFS
ok"
	facts mounts
	mount_has / ro
}

@test "the root is writable by default" {
	# spec: config.md#root root-readonly
	config 'del(.root.readonly)'
	tries create /new
	equal "$output" ok
	[ -e "$BUNDLE/rootfs/new" ]
}

@test "an absolute root path" {
	mv "$BUNDLE/rootfs" "$WORK/elsewhere"
	config '.root.path = $p' --arg p "$WORK/elsewhere"
	process /bin/echo found
	runs
	equal "$output" found
}

@test "nothing of the host's tree is left in the container's mount table" {
	facts mounts
	points=$(fact mount | awk '{ print $5 }' | sort)
	equal "$(head -n 1 <<<"$points")" /
	equal "$(grep -cvE '^/(proc|sys|dev)?(/.*)?$' <<<"$points")" 0
	[[ $points != *$TAG* ]]
}

@test "the container's mounts are not seen by the host" {
	up_and_waiting
	mounts_unchanged
}

@test "rootfsPropagation" {
	# spec: config-linux.md#rootfs-mount-propagation may-rootfs-propagation
	for value in private slave shared unbindable; do
		config '.linux.rootfsPropagation = $v' --arg v $value
		facts mounts
		case $value in
		shared) has_words "shared:" "$(mount_of /)" ;;
		slave | private)
			[[ "$(mount_of /)" != *shared:* ]]
			;;
		unbindable) has_words "unbindable" "$(mount_of /)" ;;
		esac
	done
	config '.linux.rootfsPropagation = "nosuch"'
	refused "nosuch|rootfsPropagation"
}

@test "rootfsPropagation: what the host mounts later below the root is seen with slave, and not with private" {
	command mount --bind "$BUNDLE/rootfs" "$BUNDLE/rootfs"
	cleanup umount -l "$BUNDLE/rootfs"
	command mount --make-shared "$BUNDLE/rootfs"
	for value in slave private; do
		config '.linux.rootfsPropagation = $v' --arg v $value
		up_and_waiting
		command mount -t tmpfs later "$BUNDLE/rootfs/var"
		execs grep -c ' /var ' /proc/self/mountinfo || [ $value = private ]
		equal "$output" "$([ $value = slave ] && echo 1 || echo 0)" "$value:"
		umount "$BUNDLE/rootfs/var"
		proa delete --force "$ID"
	done
}

@test "rootfsPropagation is that of the root alone: each mount on it keeps its own" {
	mkdir "$WORK/source"
	command mount -t tmpfs source "$WORK/source"
	cleanup umount -l "$WORK/source"
	command mount --make-shared "$WORK/source"
	for value in rshared rslave runbindable; do
		config '.linux.rootfsPropagation = $v | .mounts = (.mounts | map(select(.destination | startswith("/p-") | not))) +
			(["private", "slave", "shared"] | map({destination: "/p-\(.)", type: "bind", source: $s, options: ["rbind", "r\(.)"]}))' \
			--arg v $value --arg s "$WORK/source"
		facts mounts
		[[ "$(mount_of /p-private) $(mount_of /dev)" != *@(shared:|master:|unbindable)* ]] || fail "$value: $(mount_of /p-private)"
		[[ "$(mount_of /p-slave)" == *master:* ]] || fail "$value: $(mount_of /p-slave)"
		[[ "$(mount_of /p-slave)" != *shared:* ]] || fail "$value: $(mount_of /p-slave)"
		[[ "$(mount_of /p-shared)" == *shared:* ]] || fail "$value: $(mount_of /p-shared)"
	done
}

# --- types ----------------------------------------------------------------------------------------

@test "the default mounts have their types and options" {
	# spec: config-linux.md#default-filesystems should-default-filesystems
	facts mounts
	has_words "- proc " "$(mount_of /proc)"
	has_words "- sysfs " "$(mount_of /sys)"
	has_words "- devpts .*ptmxmode=666" "$(mount_of /dev/pts)"
	has_words "gid=5,mode=620" "$(mount_of /dev/pts)"
	has_words "- tmpfs .*size=65536k,mode=755" "$(mount_of /dev)"
	has_words "- tmpfs .*size=65536k" "$(mount_of /dev/shm)"
	has_words "- mqueue " "$(mount_of /dev/mqueue)"
	has_words "- cgroup2 " "$(mount_of /sys/fs/cgroup)"
	mount_has /dev nosuid
	mount_has /dev/shm nosuid nodev noexec
	mount_has /sys nosuid nodev noexec ro
	mount_has /sys/fs/cgroup ro
	facts /dev/shm
	has_words "^dev /dev/shm d 0:0 1777" "$output"
}

@test "mounts are made in the order of the list" {
	# spec: config.md#mounts mounts-order
	mkdir "$WORK/one" "$WORK/two"
	echo one >"$WORK/one/file"
	echo two >"$WORK/two/file"
	mkdir "$WORK/two/sub"
	bind /tmp "$WORK/one" bind
	bind /tmp "$WORK/two" bind
	mount '{destination: "/tmp/sub", type: "tmpfs", source: "tmpfs"}'
	shell 'cat /tmp/file; touch /tmp/sub/here; ls /tmp/sub'
	runs
	equal "$output" "two
here"
	[ ! -e "$WORK/two/sub/here" ]
}

@test "tmpfs: its options reach the filesystem" {
	mount '{destination: "/tmp", type: "tmpfs", source: "scratch", options: ["mode=0710", "size=1m", "nr_inodes=77", "noexec"]}'
	shell 'stat -c %a /tmp; cp /bin/busybox /tmp/; /tmp/busybox true'
	run --separate-stderr proa run -b "$BUNDLE" "$ID"
	equal "${lines[0]}" 710
	[ "$status" != 0 ]
	facts mounts
	has_words "- tmpfs scratch .*size=1024k,nr_inodes=77,mode=710" "$(mount_of /tmp)"
}

@test "tmpfs without a mode keeps that of the directory below" {
	chmod 0751 "$BUNDLE/rootfs/tmp"
	mount '{destination: "/tmp", type: "tmpfs", source: "tmpfs"}'
	facts /tmp
	has_words "^dev /tmp d 0:0 0751 0:0" "$output"
}

@test "tmpcopyup brings the directory's content along" {
	mkdir "$BUNDLE/rootfs/tmp/dir"
	echo content >"$BUNDLE/rootfs/tmp/dir/file"
	head -c 3000000 /dev/urandom >"$BUNDLE/rootfs/tmp/large"
	ln -s dir/file "$BUNDLE/rootfs/tmp/link"
	chmod 604 "$BUNDLE/rootfs/tmp/dir/file"
	chown 7:8 "$BUNDLE/rootfs/tmp/dir/file"
	mount '{destination: "/tmp", type: "tmpfs", source: "tmpfs", options: ["tmpcopyup"]}'
	shell 'cat /tmp/link; stat -c %u:%g:%a /tmp/dir/file; md5sum </tmp/large; echo changed >/tmp/dir/file; stat -fc %T /tmp'
	runs
	equal "$output" "content
7:8:604
$(md5sum <"$BUNDLE/rootfs/tmp/large")
tmpfs"
	equal "$(cat "$BUNDLE/rootfs/tmp/dir/file")" content
}

@test "a filesystem that the kernel doesn't know is refused" {
	# spec: runtime.md#errors error-undone
	# spec: runtime.md#create create-cannot-apply
	# spec: runtime.md#lifecycle lifecycle-environment-error
	mount '{destination: "/tmp", type: "nosuchfs", source: "none"}'
	refused "nosuchfs|/tmp"
}

@test "an option that the filesystem doesn't know is refused" {
	# spec: config.md#linux-mount-options should-unknown-options
	mount '{destination: "/tmp", type: "tmpfs", source: "none", options: ["nosuchoption"]}'
	refused "nosuchoption|/tmp"
}

@test "a block device that isn't there is refused" {
	mount '{destination: "/tmp", type: "ext4", source: "/dev/nosuch"}'
	refused "/dev/nosuch|/tmp"
}

@test "a mount without a type that is no bind mount is refused" {
	mount '{destination: "/tmp", source: "none"}'
	refused "/tmp|type"
}

@test "overlay" {
	mkdir "$WORK/"{lower,upper,work}
	echo low >"$WORK/lower/file"
	mount '{destination: "/tmp", type: "overlay", source: "overlay", options: [$o]}' \
		--arg o "lowerdir=$WORK/lower,upperdir=$WORK/upper,workdir=$WORK/work"
	shell 'cat /tmp/file; echo up >/tmp/new'
	runs
	equal "$output" low
	equal "$(cat "$WORK/upper/new")" up
	[ ! -e "$WORK/lower/new" ]
}

# --- bind mounts ----------------------------------------------------------------------------------

@test "a bind mount of a directory and of a file" {
	mkdir "$WORK/dir"
	echo in dir >"$WORK/dir/file"
	echo file >"$WORK/file"
	bind /tmp "$WORK/dir" bind
	bind /etc/passwd "$WORK/file" bind
	shell 'cat /tmp/file /etc/passwd; echo written >/tmp/new'
	runs
	equal "$output" "in dir
file"
	equal "$(cat "$WORK/dir/new")" written
	equal "$(stat -c %u "$WORK/dir/new")" 0
}

@test "a relative source is relative to the bundle" {
	mkdir "$BUNDLE/data"
	echo bundled >"$BUNDLE/data/file"
	bind /tmp data rbind
	process /bin/cat /tmp/file
	runs
	equal "$output" bundled
}

@test "a missing destination is made: directories, and a file for a file" {
	config '.root.readonly = false'
	mkdir "$WORK/dir"
	echo file >"$WORK/file"
	bind /new/deep/dir "$WORK/dir" bind
	bind /new/deep/file "$WORK/file" bind
	shell 'cat /new/deep/file; stat -c %F /new/deep/dir'
	runs
	equal "$output" "file
directory"
	[ -d "$BUNDLE/rootfs/new/deep/dir" ]
	[ -f "$BUNDLE/rootfs/new/deep/file" ]
	equal "$(stat -c %a "$BUNDLE/rootfs/new")" 755
}

@test "a missing destination is made under a read-only root too, as the mount comes before" {
	mkdir "$WORK/dir"
	bind /new "$WORK/dir" bind
	facts mounts
	mount_lacks /new ro
	mount_has / ro
}

@test "a relative destination is taken from /" {
	# spec: config.md#mounts mounts-destination
	mount '{destination: "tmp", type: "tmpfs", source: "tmpfs"}'
	facts mounts
	has_words "- tmpfs" "$(mount_of /tmp)"
}

@test "a source that isn't there is refused and named" {
	bind /tmp "$WORK/missing" bind
	refused "$WORK/missing"
}

@test "a file can't be bound on a directory, nor a directory on a file" {
	echo file >"$WORK/file"
	mkdir "$WORK/dir"
	bind /tmp "$WORK/file" bind
	refused "not a directory"
	config '.mounts |= .[:-1]'
	bind /etc/passwd "$WORK/dir" bind
	refused "not a directory"
}

@test "rbind takes what is mounted below along, bind doesn't" {
	# spec: config.md#linux-mount-options options-bind
	mkdir -p "$WORK/dir/sub"
	command mount -t tmpfs tmpfs "$WORK/dir/sub"
	cleanup umount "$WORK/dir/sub"
	touch "$WORK/dir/sub/below"
	shell 'ls /tmp/sub'
	bind /tmp "$WORK/dir" rbind
	runs
	equal "$output" below
	config '.mounts |= .[:-1]'
	bind /tmp "$WORK/dir" bind
	runs
	equal "$output" ""
}

@test "ro of a bind mount holds for it alone, rro for all below" {
	mkdir -p "$WORK/dir/sub"
	command mount -t tmpfs tmpfs "$WORK/dir/sub"
	cleanup umount "$WORK/dir/sub"
	bind /tmp "$WORK/dir" rbind ro
	tries create /tmp/new , create /tmp/sub/new
	equal "$output" "EROFS
ok"
	config '.mounts |= .[:-1]'
	require proa
	bind /tmp "$WORK/dir" rbind rro
	tries create /tmp/new2 , create /tmp/sub/new2
	equal "$output" "EROFS
EROFS"
	# and the host's mount stays writable
	touch "$WORK/dir/sub/host" "$WORK/dir/host"
}

@test "each per-mount option is on the mount, for bind and for new filesystems" {
	# spec: config.md#linux-mount-options options-attributes
	mkdir "$WORK/dir"
	for option in ro nosuid nodev noexec noatime nodiratime relatime; do
		bind "/tmp/$option" "$WORK/dir" bind $option
		mount '{destination: $d, type: "tmpfs", source: "tmpfs", options: [$o]}' --arg d "/var/$option" --arg o $option
	done
	config '.root.readonly = false'
	facts mounts
	for option in ro nosuid nodev noexec noatime nodiratime relatime; do
		mount_has /tmp/$option $option
		mount_has /var/$option $option
	done
	equal "$(ls -A "$WORK/dir")" ""
}

@test "the opposite options clear, the last one counts" {
	# spec: config.md#linux-mount-options options-attributes
	mkdir "$WORK/dir"
	bind /tmp "$WORK/dir" bind ro rw nosuid suid nodev dev noexec exec noatime atime
	facts mounts
	mount_lacks /tmp ro nosuid nodev noexec noatime
	mount_has /tmp rw
	config '.mounts |= .[:-1]'
	bind /tmp "$WORK/dir" bind rw ro suid nosuid
	facts mounts
	mount_has /tmp ro nosuid
}

@test "strictatime and its opposite" {
	# spec: config.md#linux-mount-options options-attributes
	require proa
	config '.root.readonly = false'
	mount '{destination: "/tmp/strict", type: "tmpfs", source: "tmpfs", options: ["strictatime"]}'
	mount '{destination: "/tmp/default", type: "tmpfs", source: "tmpfs", options: ["strictatime", "nostrictatime"]}'
	mount '{destination: "/tmp/norel", type: "tmpfs", source: "tmpfs", options: ["noatime", "norelatime"]}'
	facts mounts
	mount_lacks /tmp/strict relatime noatime
	mount_has /tmp/default relatime
}

@test "options of the filesystem: sync, dirsync, mand, lazytime, silent, and their opposites" {
	# spec: config.md#linux-mount-options options-superblock
	require proa
	config '.root.readonly = false'
	for option in sync dirsync lazytime; do
		mount '{destination: $d, type: "tmpfs", source: "tmpfs", options: [$o]}' --arg d "/tmp/$option" --arg o $option
	done
	for option in async nolazytime silent loud iversion noiversion nomand defaults; do
		mount '{destination: $d, type: "tmpfs", source: "tmpfs", options: [$o]}' --arg d "/tmp/$option" --arg o $option
	done
	facts mounts
	for option in sync dirsync lazytime; do
		[[ ",$(mount_of "/tmp/$option" | sed 's/.* //')," == *,$option,* ]] || fail "$option: $(mount_of "/tmp/$option")"
	done
	for option in async nolazytime silent loud iversion noiversion nomand defaults; do
		[[ "$(mount_of "/tmp/$option")" == *"- tmpfs"* ]] || fail "$option"
	done
}

@test "options that only mount(2) knows reach it: iversion, silent, acl, and none of them with its opposite" {
	require proa strace
	flags_of() {
		mount '{destination: "/tmp", type: "tmpfs", source: "tmpfs", options: $ARGS.positional}' --args "$@"
		process true
		PROA_TEST=$TAG strace -f -qq -o "$WORK/calls" -e trace=mount "$RUNTIME" --root "$ROOT" run -b "$BUNDLE" "$ID"
		sed -n 's/.*mount("tmpfs".*, "tmpfs", \([A-Z_|0-9]*\),.*/\1/p' "$WORK/calls"
		config '.mounts |= .[:-1]'
	}
	has_words '(^|\|)MS_I_VERSION($|\|)' "$(flags_of iversion)"
	has_words '(^|\|)MS_SILENT($|\|)' "$(flags_of silent)"
	has_words '(^|\|)MS_POSIXACL($|\|)' "$(flags_of acl)"
	equal "$(flags_of iversion noiversion silent loud acl noacl)" ""
}

@test "nosymfollow and symfollow" {
	require proa
	config '.root.readonly = false'
	mkdir "$WORK/dir"
	echo target >"$WORK/dir/file"
	ln -s file "$WORK/dir/link"
	bind /tmp/no "$WORK/dir" bind nosymfollow
	bind /tmp/yes "$WORK/dir" bind nosymfollow symfollow
	tries read /tmp/no/link , read /tmp/no/file , read /tmp/yes/link
	equal "$output" "ELOOP
ok
ok"
}

@test "recursive options reach the mounts below" {
	require proa
	mkdir -p "$WORK/dir/sub"
	command mount -t tmpfs tmpfs "$WORK/dir/sub"
	cleanup umount "$WORK/dir/sub"
	config '.root.readonly = false'
	for option in rro rnosuid rnodev rnoexec rnoatime rnodiratime rrelatime; do
		bind "/tmp/$option" "$WORK/dir" rbind $option
	done
	facts mounts
	for option in rro rnosuid rnodev rnoexec rnoatime rnodiratime rrelatime; do
		mount_has "/tmp/$option" "${option#r}"
		mount_has "/tmp/$option/sub" "${option#r}"
	done
}

@test "propagation options are on the mount" {
	# spec: config.md#linux-mount-options options-propagation
	mkdir "$WORK/dir"
	config '.root.readonly = false'
	for option in private shared slave unbindable rprivate rshared rslave runbindable; do
		bind "/tmp/$option" "$WORK/dir" rbind $option
	done
	facts mounts
	for option in shared rshared; do
		has_words "shared:" "$(mount_of /tmp/$option)"
	done
	for option in unbindable runbindable; do
		has_words "unbindable" "$(mount_of /tmp/$option)"
	done
	for option in private rprivate; do
		equal "$(mount_of /tmp/$option | cut -d ' ' -f 3)" - "$option:"
	done
}

@test "a shared bind mount brings later mounts of the host along with rslave, and not back" {
	mkdir -p "$WORK/dir/sub"
	command mount --bind "$WORK/dir" "$WORK/dir"
	command mount --make-shared "$WORK/dir"
	cleanup umount -R "$WORK/dir"
	bind /tmp "$WORK/dir" rbind rslave
	config '.linux.rootfsPropagation = "slave"'
	up_and_waiting
	command mount -t tmpfs tmpfs "$WORK/dir/sub"
	touch "$WORK/dir/sub/later"
	execs /bin/ls /tmp/sub
	equal "$output" later
	proa delete --force "$ID"
}

@test "remount changes the mount that is there" {
	# spec: config.md#linux-mount-options options-remount
	mount '{destination: "/dev/shm", type: "tmpfs", source: "shm", options: ["remount", "nosuid", "size=128k"]}'
	facts mounts
	has_words "size=128k" "$(mount_of /dev/shm)"
}

@test "the flags of the host's mount can't be lost by a bind mount" {
	mkdir "$WORK/dir"
	command mount -t tmpfs -o noexec,nosuid,nodev tmpfs "$WORK/dir"
	cleanup umount "$WORK/dir"
	bind /tmp "$WORK/dir" bind ro
	facts mounts
	mount_has /tmp ro nosuid nodev noexec
}

@test "an id-mapped mount" {
	# spec: config.md#linux-mount-options idmap-applied
	# spec: config.md#linux-mount-options idmap-own-maps
	# spec: config.md#posix-platform-mounts should-mount-setattr
	require proa
	mkdir "$WORK/dir"
	touch "$WORK/dir/file"
	chown 1000:1000 "$WORK/dir/file"
	mount '{destination: "/tmp", type: "none", source: $s, options: ["bind", "idmap"],
		uidMappings: [{containerID: 1000, hostID: 0, size: 1}], gidMappings: [{containerID: 1000, hostID: 7, size: 1}]}' \
		--arg s "$WORK/dir"
	facts /tmp/file
	has_words "^dev /tmp/file f 0:0 .* 0:7" "$output"
	equal "$(stat -c %u:%g "$WORK/dir/file")" 1000:1000
}

@test "idmap takes the maps of the container's user namespace where the mount has none, ridmap for what is below too" {
	# spec: config.md#linux-mount-options idmap-applied
	require proa
	mkdir -p "$WORK/dir/below"
	command mount -t tmpfs below "$WORK/dir/below"
	cleanup umount "$WORK/dir/below"
	touch "$WORK/dir/file" "$WORK/dir/below/file"
	chown 5:6 "$WORK/dir/file" "$WORK/dir/below/file"
	in_user_namespace
	mount '{destination: "/one", type: "none", source: $s, options: ["rbind", "idmap"]},
		{destination: "/all", type: "none", source: $s, options: ["rbind", "ridmap"]},
		{destination: "/plain", type: "none", source: $s, options: ["rbind"]}' --arg s "$WORK/dir"
	facts /one/file /one/below/file /all/file /all/below/file /plain/file
	equal "$(fact dev | cut -d ' ' -f 1,5 | xargs)" \
		"/one/file 5:6 /one/below/file 65534:65534 /all/file 5:6 /all/below/file 5:6 /plain/file 65534:65534"
}

@test "in a user namespace a bind mount keeps the flags of its source, and none can be taken from it" {
	require proa
	mkdir "$WORK/dir"
	command mount -t tmpfs -o ro,noexec,nosuid,nodev,noatime tmpfs "$WORK/dir"
	cleanup umount "$WORK/dir"
	in_user_namespace
	mount '{destination: "/kept", type: "bind", source: $s, options: ["rbind"]}' --arg s "$WORK/dir"
	facts mounts
	mount_has /kept ro nosuid nodev noexec noatime
	process /probe try remount-rw /kept
	runs
	equal "$output" EPERM
}

@test "a destination that is a link to nowhere is made in the container" {
	mkdir "$WORK/dir"
	echo bound >"$WORK/dir/file"
	ln -s /there/it/is "$BUNDLE/rootfs/link"
	ln -s nobody "$BUNDLE/rootfs/tofile"
	mount '{destination: "/link", type: "bind", source: $s, options: ["bind"]},
		{destination: "/tofile", type: "bind", source: ($s + "/file"), options: ["bind"]}' --arg s "$WORK/dir"
	inside cat /there/it/is/file /nobody
	equal "$output" "bound
bound"
	[ ! -e /there ]
}

@test "an id-mapped mount with only one of the two maps is refused" {
	# spec: config.md#posix-platform-mounts mappings-together
	require proa
	mkdir "$WORK/dir"
	mount '{destination: "/tmp", type: "none", source: $s, options: ["bind", "idmap"],
		uidMappings: [{containerID: 1000, hostID: 0, size: 1}]}' --arg s "$WORK/dir"
	refused "Mappings"
}

@test "idmap without any map is refused" {
	# spec: config.md#linux-mount-options idmap-without-maps
	require proa
	mkdir "$WORK/dir"
	bind /tmp "$WORK/dir" bind idmap
	refused "idmap|mapping"
}

# --- masked and read-only paths -------------------------------------------------------------------

@test "masked paths can't be read: files, directories; missing ones don't matter" {
	echo secret >"$BUNDLE/rootfs/etc/secret"
	mkdir "$BUNDLE/rootfs/etc/secrets"
	echo secret >"$BUNDLE/rootfs/etc/secrets/one"
	config '.linux.maskedPaths += ["/etc/secret", "/etc/secrets", "/etc/missing", "/proc/kcore"]'
	shell 'cat /etc/secret /proc/kcore /proc/keys; ls -A /etc/secrets; stat -c "%t:%T" /etc/secret; touch /etc/secrets/x 2>/dev/null || echo ro'
	runs
	equal "$output" "1:3
ro"
	equal "$(cat "$BUNDLE/rootfs/etc/secret")" secret
}

@test "read-only paths can't be written, and what is mounted there stays" {
	privileged
	config '.linux.readonlyPaths += ["/tmp", "/etc/passwd", "/missing"]'
	tries create /tmp/new , open-write /etc/passwd , read /etc/passwd , open-write /proc/sys/kernel/hostname , create /var/new
	equal "$output" "EROFS
EROFS
ok
EROFS
ok"
}

@test "masked and read-only paths in a user namespace" {
	in_user_namespace
	config '.linux.maskedPaths = ["/proc/keys", "/sys/firmware", "/etc"] | .linux.readonlyPaths = ["/proc/sys", "/root"] | .root.readonly = false'
	process /bin/sh -c 'cat /proc/keys /etc/passwd; ls /etc; ls /sys/firmware; echo x >/root/file; echo 1 >/proc/sys/net/ipv4/ip_forward; echo end'
	runs
	equal "$output" end
	has_words "can't open '/etc/passwd'" "$stderr"
	has_words "can't create /root/file: Read-only file system" "$stderr"
	has_words "ip_forward: Read-only file system" "$stderr"
}

@test "masked and read-only paths hold against exec too" {
	up_and_waiting
	proa exec "$ID" /bin/sh -c 'cat /proc/keys' >"$WORK/keys"
	equal "$(cat "$WORK/keys")" ""
	execs /probe try open-write /proc/sys/kernel/hostname
	equal "$output" EROFS
}

@test "the root as a read-only path is read-only; it can't be masked" {
	config '.root.readonly = false | .linux.readonlyPaths = ["/etc/.."]'
	shell 'touch /file 2>&1'
	run ! proa run -b "$BUNDLE" "$ID"
	has_words "Read-only file system" "$output"
	config '.linux.readonlyPaths = [] | .linux.maskedPaths = ["/"]'
	refused "maskedPaths\[0\]: / is the root"
}

@test "a relative masked or read-only path is refused" {
	# spec: config-linux.md#masked-paths masked-absolute
	# spec: config-linux.md#readonly-paths readonly-absolute
	config '.linux.maskedPaths = ["relative"]'
	refused "relative"
	config '.linux.maskedPaths = [] | .linux.readonlyPaths = ["relative"]'
	refused "relative"
}

# --- many -----------------------------------------------------------------------------------------

@test "two hundred mounts" {
	mkdir "$WORK/dir"
	config '.root.readonly = false | .mounts += [range(200) | {destination: "/tmp/\(.)", type: "none", source: $s, options: ["bind", "ro"]}]' \
		--arg s "$WORK/dir"
	facts mounts
	equal "$(fact mount | awk '{ print $5 }' | grep -c '^/tmp/')" 200
	mount_has /tmp/199 ro
}
