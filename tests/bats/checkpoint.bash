# shellcheck shell=bash
# Loaded by the files that test checkpoint and restore: CRIU's kernel modules, a container that counts, and the two
# commands with their directories. A container's standard streams must be none of bats': CRIU can't dump a host's file.

IMAGES=images

setup_file() {
	make_rootfs "$BATS_FILE_TMPDIR/rootfs"
	modprobe -a inet_diag tcp_diag udp_diag unix_diag af_packet_diag netlink_diag raw_diag
}

# detached COMMAND...: as quiet, with /dev/null as the container's streams; the error is in $WORK/err
detached() {
	: >"$WORK/err"
	proa --log "$WORK/err" "$@" </dev/null >/dev/null 2>&1 || fail "exit code $?: $*" "$(cat "$WORK/err")" "$(criu_errors)"
}

criu_errors() {
	grep -h Error "$WORK"/log/*.log 2>/dev/null || true
}

# counts: the container counts in its memory, and tells the number at /dev/shm/count
counts() {
	shell 'i=0; while :; do i=$((i + 1)); echo $i >/dev/shm/new; mv /dev/shm/new /dev/shm/count; sleep 0.1; done'
}

counter() {
	proa exec "${1:-$ID}" cat /dev/shm/count
}

# counting [ID]: it goes on
counting() {
	local now
	now=$(counter "$@")
	eventually eval "[ \"\$(counter $*)\" -gt $now ]"
}

start_counter() {
	counts
	detached run -d -b "$BUNDLE" "$ID"
	eventually counter >/dev/null
}

# dump [FLAG...], restore [FLAG...]: with AS=ID as another container. For how long the container was frozen goes to
# $PROA_REMARKS, for the table that tests/checkpoints makes.
dump() {
	has proa || mkdir -p "$WORK/log" # crun doesn't make it
	detached checkpoint --image-path "$WORK/$IMAGES" --work-path "$WORK/log" "$@" "$ID"
	[ -z "${PROA_REMARKS-}" ] || printf '%s\t%d ms\n' "$BATS_TEST_DESCRIPTION" "$(frozen)" >>"$PROA_REMARKS"
}

# frozen: the time in ms, by CRIU's own count. Behind its 12 bytes of head, and the two of the message that it has one in, the
# file has pairs of a key and a number: of freezing, of being frozen.
frozen() {
	od -An -v -tu1 "$WORK/log/stats-dump" | awk '
		{ for (i = 1; i <= NF; i++) bytes[count++] = $i }
		function number(  value, weight) {
			for (weight = 1; bytes[at] > 127; weight *= 128) value += (bytes[at++] - 128) * weight
			return value + bytes[at++] * weight
		}
		END { at = 14; number(); number(); number(); printf "%d\n", number() / 1000 }'
}

restore() {
	detached restore -d -b "$BUNDLE" --image-path "$WORK/$IMAGES" --work-path "$WORK/log" "$@" "${AS:-$ID}"
}

# dump_fails WORDS [FLAG...]: with an error, and the container runs on
dump_fails() {
	local words=$1
	shift
	fails 1 "$words" proa checkpoint --image-path "$WORK/$IMAGES" --work-path "$WORK/log" "$@" "$ID"
}

# restore_fails WORDS [FLAG...]: with an error, and nothing is left
restore_fails() {
	local words=$1
	shift
	run --separate-stderr proa --log "$WORK/err" restore -d -b "$BUNDLE" --image-path "$WORK/$IMAGES" \
		--work-path "$WORK/log" "$@" "$ID" </dev/null >/dev/null 3>&-
	[ "$status" = 1 ] || fail "exit code $status" "$stderr"
	has_words "$words" "$(cat "$WORK/err")"
	rm -f "$WORK/err"
	nothing_left
}

# mount_line MOUNTPOINT [ID]: its line of mountinfo
mount_line() {
	awk -v at="$1" '$5 == at' "/proc/$(init_pid "${2:-$ID}")/mountinfo"
}

# whole [ID]: nobody in the crowd (tests/crowd.c) that runs there has lost anything
whole() {
	local memory
	memory=/proc/$(init_pid "$@")/root/dev/shm
	proa exec "${1:-$ID}" touch /dev/shm/check
	eventually test ! -e "$memory/check"
	equal "$(cat "$memory/result")" whole
}
