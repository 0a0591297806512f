# shellcheck shell=bash
# Sourced by tests/run: the builds of tests/builds, and when the build counts as changed.

# all_builds SRC: the names of the scripts in tests/builds
all_builds() {
	find "$1/tests/builds" -type f -perm -u+x -printf '%f\n' | LC_ALL=C sort
}

# build_hash SRC: of what decides how proa is built. One more source file in a list is no other build.
build_hash() {
	(
		cd "$1" || exit
		find configure.ac bootstrap m4 tests/builds Makefile.am ./*/Makemodule.am libcontainer/*/Makemodule.am -type f |
			LC_ALL=C sort | while IFS= read -r file; do
			echo "$file"
			grep -vE '^\s+\S+(\.[ch]|_test)( \\)?$|_test_(SOURCES|LDADD) ' "$file"
		done
	) | sha256sum | cut -c 1-16
}

# The hash with which all builds last passed is the first word of docs/results/builds.
build_has_changed() {
	local last=
	read -r last _ 2>/dev/null <"$1/docs/results/builds" || true
	[ "$last" != "$(build_hash "$1")" ]
}

record_build() {
	mkdir -p "$1/docs/results"
	echo "$(build_hash "$1") passed $(date -u +%Y-%m-%d)" >"$1/docs/results/builds"
}
