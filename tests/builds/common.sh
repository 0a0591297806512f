# shellcheck shell=bash
# Sourced by the scripts beside it. Each is called as NAME DIR RESULTS: it builds proa from a copy of the source tree
# in DIR, which it empties first, appends what its tests said to RESULTS, and exits 0 if all of it went well.
set -euo pipefail

src=$(dirname "$(dirname "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")")")
# shellcheck source=tests/lib/results.sh
. "$src/tests/lib/results.sh"
# shellcheck source=tests/lib/debian.sh
. "$src/tests/lib/debian.sh"

[ $# = 2 ] || {
	echo "usage: ${0##*/} DIR RESULTS" >&2
	exit 2
}
name=${0##*/}
rm -rf --one-file-system "$1"
mkdir -p "$1"
dir=$(readlink -f "$1")
results=$(readlink -f "$2")
jobs=${JOBS:-$(nproc)}
chroots=${PROA_CHROOTS:-${XDG_CACHE_HOME:-$HOME/.cache}/proa-chroots}

# copy_source: the source tree as it stands, without what was built in it, to $dir/source
copy_source() {
	mkdir "$dir/source"
	if [ -e "$src/.git" ]; then
		git -C "$src" -c safe.directory='*' ls-files -z --cached --others --exclude-standard |
			(cd "$src" && while IFS= read -r -d '' file; do
				if [ -e "$file" ]; then printf '%s\0' "$file"; fi
			done) |
			tar -C "$src" --null --no-recursion -T - -c
	else
		tar -C "$src" --exclude='./build*/*' --exclude='*.o' --exclude='*.a' -c .
	fi | tar -C "$dir/source" -x
}

# build_and_check LANE [CONFIGURE-OPTION...]: in $dir/LANE, with its unit tests
build_and_check() {
	local lane=$1 status=0
	shift
	build "$lane" "$@"
	make -C "$dir/$lane" -j "$jobs" check || status=$?
	trs_results "$lane" "$dir/$lane" >>"$results"
	return $status
}

# build LANE [CONFIGURE-OPTION...]
build() {
	local lane=$1
	shift
	[ -x "$dir/source/configure" ] || (copy_source && "$dir/source/bootstrap")
	mkdir -p "$dir/$lane"
	(cd "$dir/$lane" && ../source/configure --enable-werror "$@")
	make -C "$dir/$lane" -j "$jobs"
}

# chroot_tree SUITE PACKAGES [OPTION...]: prints the tree for that recipe, with what in_tree needs: umount and /mnt
chroot_tree() {
	# shellcheck disable=SC2016 # mmdebstrap's own argument
	cached_tree "$chroots" "$name" "$1" "${2%,},mount" "${@:3}"
}

# in_tree TREE COMMAND...: in TREE, read-only but for $dir, which is its /mnt. pivot_root and not chroot, because a
# process in a chroot may not make user namespaces.
in_tree() {
	local tree=$1
	shift
	# shellcheck disable=SC2016
	unshare --mount --pid --fork --kill-child bash -euc '
		tree=$1 dir=$2
		shift 2
		mount --bind "$tree" "$tree"
		mount --bind "$dir" "$tree/mnt"
		mount --rbind /dev "$tree/dev"
		mount -t proc proc "$tree/proc"
		mount --rbind /sys "$tree/sys"
		mount -t tmpfs tmpfs "$tree/tmp"
		mount -t tmpfs tmpfs "$tree/run"
		mount -o remount,bind,ro "$tree"
		cd "$tree"
		pivot_root . .
		umount --lazy .
		exec chroot . /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/mnt LC_ALL=C.UTF-8 "$@"
	' bash "$tree" "$dir" "$@"
}

# build_and_check_in TREE LANE CONFIGURE-OPTIONS MAKE-OPTIONS: the same in a tree; the options are strings of words
build_and_check_in() {
	local tree=$1 lane=$2 status=0
	copy_source
	in_tree "$tree" PROA_TIER="${PROA_TIER:-full}" sh -euxc "
		/mnt/source/bootstrap
		mkdir /mnt/$lane
		cd /mnt/$lane
		../source/configure --enable-werror $3
		make -j $jobs
		make -j $jobs check $4" || status=$?
	trs_results "$lane" "$dir/$lane" >>"$results"
	return $status
}
