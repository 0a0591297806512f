# For helpers.bash: the tests of other files in another mode, by which bundles and the runtime's caller are others.
# tests/modes says which tests a mode can't do, and why. In the native lane the user is made here, in the lane's own mount
# namespace; the test machine has it.
# shellcheck shell=bash
# shellcheck disable=SC2034 # the tests use what is set here

ROOTLESS_USER=rootless ROOTLESS_UID=2000 SUBORDINATE=100000

# prepare_mode: before a test
prepare_mode() {
	local reason
	reason=$(mode_lacks "$PROA_MODE" "$(basename "$BATS_TEST_FILENAME")" "$BATS_TEST_DESCRIPTION")
	if [ -n "$reason" ]; then
		MOUNTS=$(</proc/self/mountinfo)
		skip "$reason"
	fi
	[ "$PROA_MODE" = rootless ] || return 0
	make_user
	CGROUP=$HIERARCHY/$ROOTLESS_USER
	delegate_cgroup "$CGROUP"
	RUNTIME=$(runtime_of_user "$CGROUP/caller")
	TERM_TOOL=$(term_for_user)
}

# mode_lacks MODE FILE TEST: the reason why not
mode_lacks() {
	local mode file test reason
	while IFS='|' read -r mode file test reason; do
		[[ $mode != \#* ]] || continue
		read -r mode <<<"$mode" && read -r file <<<"$file" && read -r test <<<"$test" && read -r reason <<<"$reason"
		# shellcheck disable=SC2053 # patterns
		if [[ $1 == $mode && $2 == $file && $3 == $test ]]; then
			echo "$reason"
			return
		fi
	done <"$PROA_SRC/tests/modes"
}

# make_user: with subordinate ids, by files that are mounted over the lane's
make_user() {
	local file line
	! id "$ROOTLESS_USER" >/dev/null 2>&1 || return 0
	[ "$PROA_LANE" = native ] || fail "there is no user $ROOTLESS_USER" || return
	mkdir -p /run/accounts
	while read -r file line; do
		[ -e "/etc/$file" ] || fail "no /etc/$file: is the package uidmap there?" || return
		{ cat "/etc/$file" && echo "$line"; } >"/run/accounts/$file"
		command mount --bind "/run/accounts/$file" "/etc/$file"
	done <<-EOF
		subuid $ROOTLESS_USER:$SUBORDINATE:65536
		subgid $ROOTLESS_USER:$SUBORDINATE:65536
		group $ROOTLESS_USER:x:$ROOTLESS_UID:
		passwd $ROOTLESS_USER:x:$ROOTLESS_UID:$ROOTLESS_UID::/:/bin/sh
	EOF
}

# delegate_cgroup DIR: as systemd does for a user, cgroups(7); the user is in DIR/caller
delegate_cgroup() {
	[ ! -d "$1/caller" ] || return 0
	mkdir -p "$1/caller"
	chown -R "$ROOTLESS_UID:$ROOTLESS_UID" "$1"
}

# runtime_of_user [CGROUP]: a program that calls the runtime as the user, there; prints its path. The runtime is a copy, as
# the user may not be able to reach the build tree.
runtime_of_user() {
	local directory=/run/runtime-$ROOTLESS_USER original
	local program=$directory/call${1//\//-}
	original=$(command -v "${PROA:-$PROA_BUILD/proa}")
	if [ ! -x "$program" ]; then
		install -D -t "$directory" "$original" "$(dirname "$original")"/proa-*
		{
			printf '#!/bin/sh\n'
			[ -z "${1-}" ] || printf 'echo $$ >%s/cgroup.procs || exit\n' "$1"
			printf 'exec setpriv --reuid %s --regid %s --clear-groups %s/proa "$@"\n' $ROOTLESS_UID $ROOTLESS_UID "$directory"
		} >"$program"
		chmod 755 "$program"
	fi
	echo "$program"
}

# term_for_user: as $TERM_TOOL, but everybody may connect to its sockets; prints its path
term_for_user() {
	local program=/run/runtime-$ROOTLESS_USER/term
	# shellcheck disable=SC2016 # for the program
	printf '#!/bin/sh\ncase $1 in receive|fds) umask 0 ;; esac\nexec %s "$@"\n' "$PROA_BUILD/tests/term" >"$program.$$"
	chmod 755 "$program.$$"
	mv "$program.$$" "$program"
	echo "$program"
}

# change_bundle DIR: its config for the mode
change_bundle() {
	local filter='.linux.namespaces += [{type: "user"}] | .linux.uidMappings = $maps | .linux.gidMappings = $maps' changed
	local maps="[{\"containerID\": 0, \"hostID\": $SUBORDINATE, \"size\": 65536}]"
	if [ "$PROA_MODE" = rootless ]; then
		maps="[{\"containerID\": 0, \"hostID\": $ROOTLESS_UID, \"size\": 1},
			{\"containerID\": 1, \"hostID\": $SUBORDINATE, \"size\": 65536}]"
		filter+=' | .linux.cgroupsPath |= ltrimstr("/")' # beside the caller's own
	fi
	changed=$(jq "$filter" --argjson maps "$maps" "$1/config.json") || return
	printf '%s\n' "$changed" >"$1/config.json"
	own_bundle "$1"
}

# own DIR ID: but what is its already, which may have bits that chown(2) takes away
own() {
	find "$1" -xdev ! -uid "$2" -exec chown -h "$2:$2" {} +
}

# own_bundle DIR: the root filesystem is the container's root's, and all else the caller's
own_bundle() {
	[ -d "$1/rootfs" ] || return 0
	if [ "$PROA_MODE" = rootless ]; then
		own "$1" "$ROOTLESS_UID"
		chown "$ROOTLESS_UID:$ROOTLESS_UID" "$WORK"
	else
		own "$1/rootfs" "$SUBORDINATE"
		chmod 777 "$WORK" # for hooks that run as the container's root
	fi
}
