# shellcheck shell=bash
# Sourced by the scripts beside it and by tests/native.

# shellcheck source=tests/lib/debian.sh
. "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/../lib/debian.sh"

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
