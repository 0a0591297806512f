# shellcheck shell=bash
# Sourced: Debian's packages on this machine, and trees of its releases, verified with Debian's keyring.

# missing_packages PACKAGE...: prints those that are not installed; on another system than Debian none
missing_packages() {
	local package
	command -v dpkg-query >/dev/null || return 0
	for package; do
		dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null | grep -qx installed || echo "$package"
	done
}

# install_packages PACKAGE...: install those that are missing; apt's output is shown if it fails
install_packages() {
	local log missing
	mapfile -t missing < <(missing_packages "$@")
	[ ${#missing[@]} != 0 ] || return 0
	echo "installing ${missing[*]}" >&2
	log=$({ apt_install "${missing[@]}" || { apt-get update && apt_install "${missing[@]}"; }; } 2>&1 </dev/null) && return
	tail -20 <<<"$log" >&2
	echo "cannot install ${missing[*]}" >&2
	return 1
}

apt_install() {
	DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$@"
}

debian_keyring=/usr/share/keyrings/debian-archive-keyring.gpg

# debian_mirror: the archive of this machine's own apt sources, or $DEBIAN_MIRROR
debian_mirror() {
	local mirror=${DEBIAN_MIRROR:-$(apt_archive)}
	if [ -z "$mirror" ]; then
		apt-get update -qq >&2
		mirror=$(apt_archive)
	fi
	[ -n "$mirror" ] || {
		echo "no Debian archive in this machine's apt sources: set DEBIAN_MIRROR" >&2
		return 1
	}
	echo "$mirror"
}

apt_archive() {
	# shellcheck disable=SC2016 # apt's own variable
	apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Origin: Debian' 'Label: Debian' | sed -n 1p
}

# debian_tree SUITE DIR PACKAGES [OPTION...]: DIR becomes a tree with these packages (separated by commas); OPTION is
# one of mmdebstrap
debian_tree() {
	local suite=$1 dir=$2 packages=$3 mirror name release
	shift 3
	mirror=$(debian_mirror) || return 1
	for name in man doc locale info; do set -- "$@" --dpkgopt="path-exclude=/usr/share/$name/*"; done
	for release in "$suite" "$suite-updates"; do
		echo "deb [signed-by=$debian_keyring] $mirror $release main"
	done | mmdebstrap --variant=apt --mode=root --format=directory --aptopt='APT::Install-Recommends "false"' \
		--include="$packages" "$@" "$suite" "$dir" -
}

# cached_tree CACHE NAME SUITE PACKAGES [OPTION...]: prints the tree CACHE/NAME-HASH of that recipe, made once and kept;
# NAME's trees of other recipes go when they have not been used for a day
cached_tree() {
	local cache=$1 name=$2 tree
	shift 2
	tree=$cache/$name-$(printf '%s\n' "$@" "$(declare -f debian_tree)" | sha256sum | cut -c 1-12)
	mkdir -p "$cache" || return
	(flock 9 && { [ -d "$tree" ] || make_cached_tree "$tree" "$@"; }) 9>"$cache/$name.lock" || return
	touch "$tree"
	find "$cache" -mindepth 1 -maxdepth 1 -type d -name "$name-*" -mtime +0 -exec rm -rf --one-file-system {} +
	echo "$tree"
}

# make_cached_tree TREE SUITE PACKAGES [OPTION...]: it appears only when it is whole
make_cached_tree() {
	local tree=$1 suite=$2
	shift 2
	install_packages mmdebstrap debian-archive-keyring &&
		rm -rf --one-file-system "$tree.new" &&
		debian_tree "$suite" "$tree.new" "$@" >&2 &&
		mv "$tree.new" "$tree"
}
