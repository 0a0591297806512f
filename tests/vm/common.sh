# shellcheck shell=bash
# Sourced by the scripts beside it and by tests/native.

# die TEXT...: wrong usage, or a machine on which this cannot work
die() {
	echo "${0##*/}: $*" >&2
	exit 2
}

# usage: print the comment at the head of the calling script
usage() {
	sed -n '2,/^[^#]/{s/^# \{0,1\}//p}' "$0" >&2
	exit 2
}

must_be_root() {
	[ "$(id -u)" = 0 ] || die "must be root"
}

# install_packages PACKAGE...: install those Debian packages that are missing
install_packages() {
	local log package missing=()
	for package; do
		dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null | grep -qx installed || missing+=("$package")
	done
	[ ${#missing[@]} = 0 ] && return
	echo "installing ${missing[*]}" >&2
	log=$({ apt_install "${missing[@]}" || { apt-get update && apt_install "${missing[@]}"; }; } 2>&1 </dev/null) && return
	tail -20 <<<"$log" >&2
	die "cannot install ${missing[*]}"
}

apt_install() {
	DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$@"
}
