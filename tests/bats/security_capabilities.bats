#!/usr/bin/env bats
# lane: native
# lane-long: vm
# tier: full
# The capability matrix: each capability in each combination of the five sets, for run and exec, for root and a user, with and
# without no_new_privs; what the process has, seen from inside, is what the config and capabilities(7) say. The long tier takes
# all of it, the others a sample, each time another.

load helpers

SETS=(bounding permitted effective inheritable ambient)

setup() {
	common_setup
	require proa
	# in the order of the kernel's numbers
	mapfile -t NAMES < <(capsh --decode="$(printf %x $(((1 << ($(</proc/sys/kernel/cap_last_cap) + 1)) - 1)))" | sed 's/.*=//' | tr , '\n' | tr a-z A-Z)
	OWN=$((0x$(sed -n 's/^CapPrm:\t//p' /proc/self/status)))
	[ ${#NAMES[@]} -gt 40 ]
}

# combine SHIFT: the Nth capability is in those sets that have a bit in (N + SHIFT) % 32; sets $wanted[SET]
combine() {
	local n set
	wanted=(0 0 0 0 0)
	for ((n = 0; n < ${#NAMES[@]}; n++)); do
		for ((set = 0; set < 5; set++)); do
			((!(((n + $1) % 32) >> set & 1) || (wanted[set] |= 1 << n, 1)))
		done
	done
}

# words_of BITS: their names
words_of() {
	local n
	for ((n = 0; n < ${#NAMES[@]}; n++)); do
		(($1 >> n & 1)) && echo "${NAMES[n]}"
	done
	:
}

# configure: those sets, into the config
configure() {
	local set filter=.process.capabilities={}
	for ((set = 0; set < 5; set++)); do
		filter+=" | .process.capabilities.${SETS[set]} = \"$(words_of "${wanted[set]}" | xargs)\""
	done
	config "$filter | .process.capabilities[] |= split(\" \")"
}

# expected UID NO-NEW-PRIVS: what capset(2) takes of the sets, then what execve(2) makes of them; in $prm, $eff, $inh, $amb, $bnd
expected() {
	bnd=$((wanted[0] & OWN)) prm=$((wanted[1] & OWN))
	eff=$((wanted[2] & prm)) inh=$((wanted[3] & OWN & bnd))
	amb=$((wanted[4] & prm & inh))
	if [ "$1" != 0 ]; then
		prm=$amb
	elif [ "$2" = true ]; then
		prm=$(((inh | bnd) & prm | amb))
	else
		prm=$((inh | bnd | amb))
	fi
	eff=$prm
}

# as_expected WHAT: the facts in $output
as_expected() {
	local set
	for set in bnd prm eff inh amb; do
		equal "$(fact cap.$set)" "$(words_of "${!set}" | sed 's/^CAP_//' | xargs)" "$1: $set"
	done
}

@test "run and exec: each capability in each combination of sets, for root and a user, with and without no_new_privs" {
	local shift nnp uid
	local shifts=($((RANDOM % 32)) $((RANDOM % 32)))
	[ "$PROA_TIER" != long ] || shifts=({0..31})
	for shift in "${shifts[@]}"; do
		combine "$shift"
		configure
		for nnp in true false; do
			config ".process.noNewPrivileges = $nnp"
			for uid in 0 1000; do
				config ".process.user = {uid: $uid, gid: $uid}"
				expected $uid $nnp
				facts caps privileges
				as_expected "run, shift $shift, uid $uid, no_new_privs $nnp"
				expect no_new_privs $([ $nnp = true ] && echo 1 || echo 0)
			done
			up_and_waiting
			for uid in 0 1000; do
				expected $uid $nnp
				execs --user=$uid /probe facts caps privileges
				as_expected "exec, shift $shift, uid $uid, no_new_privs $nnp"
				expect no_new_privs $([ $nnp = true ] && echo 1 || echo 0)
			done
			proa delete --force "$ID"
		done
	done
}

@test "exec --cap: each capability is added to the bounding, permitted and effective sets, and to no other" {
	config '.process.capabilities = {bounding: ["CAP_KILL"], permitted: ["CAP_KILL"], effective: ["CAP_KILL"]} | .process.noNewPrivileges = false'
	up_and_waiting
	local n first=$((RANDOM % 6)) step=6
	[ "$PROA_TIER" != long ] || first=0 step=1
	for ((n = first; n < ${#NAMES[@]}; n += step)); do
		((OWN >> n & 1)) || continue
		wanted=($((1 << n | 1 << 5)) $((1 << n | 1 << 5)) $((1 << n | 1 << 5)) 0 0)
		execs --cap="${NAMES[n]}" /probe facts caps
		expected 0 false
		as_expected "--cap ${NAMES[n]}"
		execs --cap="${NAMES[n]}" --user=1000 --no-new-privs /probe facts caps
		expected 1000 true
		as_expected "--cap ${NAMES[n]} for a user"
	done
}
