# shellcheck shell=bash
# shellcheck disable=SC2154 # proa is theirs to set
# Sourced by the scripts beside it.
set -euo pipefail

src=$(dirname "$(dirname "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")")")
# shellcheck source=tests/lib/debian.sh
. "$src/tests/lib/debian.sh"
exec {transcript}>&2
trees=${XDG_CACHE_HOME:-$HOME/.cache}/proa-examples

# usage: the comment at the head of the script
usage() {
	sed -n '2,/^[^#]/{s/^# \{0,1\}//p}' "$0" >&2
	exit 2
}

die() {
	echo "${0##*/}: $*" >&2
	exit 1
}

# kept_tree NAME SUITE PACKAGES: prints a root filesystem with these packages, made the first time
kept_tree() {
	mkdir -p "$trees"
	echo "# a root filesystem: Debian $2 with $3; a minute the first time" >&2
	cached_tree "$trees" "$@" 2>"$trees/$1.log" || die "$(tail "$trees/$1.log")"
}

# find_proa: $PROA, or the one that was built here, or the one that is installed
find_proa() {
	local file
	for file in "${PROA-}" "$src/build/proa" "$src/proa" "$(command -v proa)"; do
		if [ -x "$file" ]; then
			readlink -f "$file"
			return
		fi
	done
	die "no proa is built here yet: contrib/quickstart does it"
}

# try COMMAND...: show it, then do it; proa stands for $proa
try() {
	echo "\$ $*" >&"$transcript"
	if [ "$1" = proa ]; then set -- "$proa" "${@:2}"; fi
	"$@"
}

# expect TEXT COMMAND...: the same, and TEXT is what it must print
expect() {
	local wanted=$1 output
	shift
	output=$(try "$@")
	echo "$output"
	[ "$output" = "$wanted" ] || die "expected '$wanted'"
}

# stopped ID: wait for the end of its process, a minute at most
stopped() {
	local i
	for ((i = 0; i < 600; i++)); do
		[ "$("$proa" state "$1" | jq -r .status)" != stopped ] || return 0
		sleep 0.1
	done
	die "$1 doesn't stop"
}

[ "$(id -u)" = 0 ] || die "must be run as root"
