# shellcheck shell=bash
# Sourced by tests/engines and tests/checkpoints: bats files with proa, runc and crun in the test machine, the last two as
# Debian has them, and the tables of what came out, in a page. Who sources it sets
#   name         results are kept in BUILD/tests-$name
#   document     the page; the tables go between its lines "<!-- made by" and "<!-- the end"
#   files        the bats files, without folder and suffix
#   packages     those of the machine that are named with their versions
#   environment  what the tests are to find there, as NAME=VALUE (may be empty)
# What a test appends to $PROA_REMARKS, lines "TEST<tab>WORDS", stands behind what came out; of several lines the last.

src=$(dirname "$(dirname "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")")")
runtimes=(proa runc crun)
build=$src/build
name='' document='' files=() packages=() environment=()

# compare [-b BUILD] [RUNTIME...]: run the tests with these, or with all
compare() {
	local runtime
	if [ "${1-}" = -b ]; then
		build=$(readlink -f "$2")
		shift 2
	fi
	results=$build/tests-$name
	[ $# != 0 ] || set -- "${runtimes[@]}"
	for runtime; do
		run_with "$runtime"
	done
}

# kernel_of FILE: what it wants on the kernel's command line
kernel_of() {
	sed -n '1,12s/^# kernel: *//p' "$src/tests/bats/$1.bats"
}

# run_with RUNTIME: its results are $results/RUNTIME/vm/*.tap, the versions $results/RUNTIME/versions. A boot for each file: what
# a runtime leaves behind where it fails is not to spoil the others.
run_with() {
	local file
	rm -rf "${results:?}/$1"
	mkdir -p "$results/$1"
	for file in "${files[@]}"; do
		boot_for "$1" "$file"
	done
}

# boot_for RUNTIME FILE
boot_for() {
	"$src/tests/vm/run" -b "$build" -o "$results/$1" -a "$(kernel_of "$2")" -t 7200 "
		[ $1 = proa ] || cp \$(command -v $1) /in/$1
		/in/$1 --version | head -n 1 >/out/versions
		dpkg-query -W -f '\${Package} \${Version}\n' ${packages[*]} >>/out/versions
		env ${environment[*]} PROA_REMARKS=/out/remarks RUNTIME=/in/$1 /in/tests/lane -b /in -o /out vm tests/bats/$2.bats" >&2
}

# table FILE: a row for each of its tests, with what came out for each runtime
table() {
	local runtime tap
	echo "| $1.bats |$(printf ' %s |' "${runtimes[@]}")"
	echo "|---|$(printf -- '---|%.0s' "${runtimes[@]}")"
	for runtime in "${runtimes[@]}"; do
		[ ! -e "$results/$runtime/remarks" ] || sed "s/^/$runtime\tremark\t/" "$results/$runtime/remarks"
		tap=$results/$runtime/vm/$1.bats.tap
		[ ! -e "$tap" ] || sed -nE "s/ # timeout after .*//; s/^(not )?ok [0-9]+ /$runtime\t\1\t/p" "$tap"
	done | awk -F '\t' -v runtimes="${runtimes[*]}" '
		$2 == "remark" { remark[$3, $1] = ", " $4; next }
		!($3 in seen) { seen[$3]; tests[++count] = $3 }
		{ came[$3, $1] = ($2 == "" ? "yes" : "**no**") remark[$3, $1] }
		END {
			n = split(runtimes, names, " ")
			for (i = 1; i <= count; i++) {
				row = "| " tests[i] " |"
				for (j = 1; j <= n; j++) row = row " " came[tests[i], names[j]] " |"
				print row
			}
		}'
	echo
}

# write_document: the part of it that is made
write_document() {
	local part word
	part=$(mktemp)
	{
		echo
		echo "| | |"
		echo "|---|---|"
		for word in "${runtimes[@]}"; do
			echo "| $word | $(sed -n 's/.*version //p;q' "$results/$word/versions") |"
		done
		sed '1d; s/^\([^ ]*\) \(.*\)/| \1 | \2 |/' "$results/proa/versions"
		echo "| kernel | $(cat "$results/proa/vm/kernel") |"
		echo
		for word in "${files[@]}"; do table "$word"; done
	} >"$part"
	sed -i -e '/^<!-- made by/,/^<!-- the end/ { /^<!--/!d }' -e "/^<!-- made by/r $part" "$document"
	rm "$part"
}

# proa_passed: all of them
proa_passed() {
	! grep -l '^not ok' "$results"/proa/vm/*.tap >&2
}
