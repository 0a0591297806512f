# shellcheck shell=bash
# Sourced: trees of Debian releases, made from the archive and verified with Debian's keyring.

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
