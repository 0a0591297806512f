# Loaded by the bats files about update, after helpers: a container whose limits can go both ways, and a look at all of them.
# shellcheck shell=bash
# shellcheck disable=SC2034 # the tests use what is set here

# settings: the files of the container's cgroup that say how it is set, not what goes on in it, line by line, the OOM
# score of its init, and what systemd thinks where the cgroup is its
settings() {
	(
		cd "$DIR" || exit
		printf '%s\n' *.* |
			grep -vE '\.(stat|stat\.local|current|peak|pressure|events|events\.local|numa_stat|effective|reclaim|kill)$' |
			grep -vE '^cgroup\.(procs|threads)$' | xargs grep '' cgroup.pressure 2>&1
		sed 's/^/oom_score_adj:/' "/proc/$INIT/oom_score_adj"
		[ -z "${UNIT-}" ] || systemctl show -p MemoryMax,MemoryHigh,MemoryLow,MemoryMin,CPUWeight,CPUQuotaPerSecUSec \
			-p CPUQuotaPeriodUSec,AllowedCPUs,TasksMax "$UNIT"
	)
}

# look: INIT is the container's init, DIR its cgroup
look() {
	INIT=$(init_pid)
	DIR=$(cgroup_of "$INIT")
}

# A container with limits that can go both ways. The first state, and what an update makes of it, are in OLD and NEW;
# NEW_FLAGS are that update's, OLD_FLAGS those of the one back.
limited() {
	require root cgroup-v2
	waits
	up_and_waiting
	look
	OLD_FLAGS=(--unified hugetlb.2MB.max=8388608 --unified hugetlb.2MB.rsvd.max=8388608 --unified cgroup.max.depth=9
		--unified cgroup.max.descendants=7 --oom-score-adj 100)
	NEW_FLAGS=(--unified hugetlb.2MB.max=4194304 --unified hugetlb.2MB.rsvd.max=max --unified cgroup.max.depth=3
		--unified cgroup.max.descendants=max --unified cgroup.pressure=0 --oom-score-adj 200)
	proa update "${OLD_FLAGS[@]}" --unified cgroup.pressure=1 "$ID"
	OLD=$(settings)
	proa update "${NEW_FLAGS[@]}" "$ID"
	NEW=$(settings)
	[ "$NEW" != "$OLD" ]
	back
}

back() {
	proa update "${OLD_FLAGS[@]}" --unified cgroup.pressure=1 "$ID"
	equal "$(settings)" "$OLD"
}

# all_old [WORDS], all_new [WORDS]: every file, and no journal is left
all_old() {
	equal "$(settings)" "$OLD" "${1-}"
	[ ! -e "$ROOT/$ID/journal.json" ] || fail "${1-}: a journal is left"
}

all_new() {
	equal "$(settings)" "$NEW" "${1-}"
	[ ! -e "$ROOT/$ID/journal.json" ] || fail "${1-}: a journal is left"
}

# traced INJECTION ARG...: proa under strace, with a system call that fails, kills or waits
traced() {
	local injection=$1
	shift
	PROA_TEST=$TAG strace -f -qq -o "$WORK/strace" -e "trace=${injection%%:*}" -e "inject=$injection" \
		"$RUNTIME" --root "$ROOT" "$@"
}

# calls NAME: how many of these system calls the update to NEW makes
calls() {
	PROA_TEST=$TAG strace -f -qq -o "$WORK/strace" -e "trace=$1" "$RUNTIME" --root "$ROOT" update "${NEW_FLAGS[@]}" "$ID"
	back
	grep -c "$1(" "$WORK/strace"
}

# in_classes COMMAND: run it where resctrl has the class gold, of which the container is; its exit code, and what the class
# has then, come last. No machine of ours has resctrl: these are files that look like it, in a mount namespace.
in_classes() {
	jq '.linux.intelRdt = {closID: "gold"}' "$ROOT/$ID/config.json" >"$WORK/config.json"
	cp "$WORK/config.json" "$ROOT/$ID/config.json"
	# shellcheck disable=SC2016 # the inner shell expands it
	run unshare -m --propagation private bash -c '
		mount -t tmpfs fs /sys/fs && mkdir -p /sys/fs/cgroup /sys/fs/resctrl/gold && mount -t cgroup2 cgroup2 /sys/fs/cgroup
		printf "    L3:0=fff;1=fff\n    MB:0=100\n" >/sys/fs/resctrl/gold/schemata
		"$@"
		echo "exit code $?"
		cat /sys/fs/resctrl/gold/schemata' bash "$@"
}
