#!/usr/bin/env bats
# lane: native
# lane-long: vm
# tier: quick
# Capabilities, no_new_privs, dumpable; what a process can do with them and can't without.

load helpers

# caps JSON: the whole object
caps() {
	config '.process.capabilities = $c' --argjson c "$1"
}

@test "the five sets are as configured" {
	caps '{"bounding": ["CAP_CHOWN", "CAP_KILL", "CAP_NET_RAW", "CAP_SETUID"], "permitted": ["CAP_CHOWN", "CAP_KILL", "CAP_NET_RAW"],
		"effective": ["CAP_CHOWN", "CAP_KILL"], "inheritable": ["CAP_CHOWN", "CAP_NET_RAW"], "ambient": ["CAP_CHOWN"]}'
	# as root the kernel gives execve the bounding set: a user shows the sets themselves
	config '.process.user = {uid: 1000, gid: 1000}'
	facts caps
	expect cap.bnd "CHOWN KILL SETUID NET_RAW"
	expect cap.amb CHOWN
	expect cap.prm CHOWN
	expect cap.eff CHOWN
	expect cap.inh "CHOWN NET_RAW"
}

@test "root has the bounding set, and no more" {
	caps '{"bounding": ["CAP_CHOWN", "CAP_KILL"], "permitted": ["CAP_CHOWN", "CAP_KILL"], "effective": ["CAP_CHOWN", "CAP_KILL"]}'
	facts caps
	for set in bnd prm eff; do
		expect cap.$set "CHOWN KILL"
	done
	expect cap.inh ""
	expect cap.amb ""
}

@test "without capabilities in the config there are none" {
	config 'del(.process.capabilities)'
	facts caps
	for set in bnd prm eff inh amb; do
		expect cap.$set ""
	done
	caps '{}'
	facts caps
	expect cap.bnd ""
	expect cap.eff ""
}

@test "a user has no capabilities but the ambient ones" {
	config '.process.user = {uid: 1000, gid: 1000}'
	facts caps
	expect cap.bnd "KILL NET_BIND_SERVICE AUDIT_WRITE"
	for set in prm eff inh amb; do
		expect cap.$set ""
	done
}

@test "all capabilities of the caller" {
	privileged
	facts caps
	equal "$(fact cap.bnd | wc -w)" "$(all_capabilities | jq length)"
	equal "$(fact cap.eff)" "$(fact cap.bnd)"
	expect cap.inh ""
}

@test "an unknown capability is a warning, and the container runs" {
	# spec: config.md#linux-process should-capabilities
	# spec: config.md#linux-process capabilities-warning
	# spec: runtime.md#warnings warning-goes-on
	require proa
	caps '{"bounding": ["CAP_CHOWN", "CAP_NOSUCH"], "permitted": ["CAP_CHOWN", "CAP_NOSUCH"], "effective": ["CAP_CHOWN"]}'
	process /probe facts caps
	run --separate-stderr proa --log "$WORK/log" --log-level warning run -b "$BUNDLE" "$ID"
	equal "$status" 0
	expect cap.bnd CHOWN
	has_words "CAP_NOSUCH" "$(cat "$WORK/log")"
}

@test "a capability that the caller hasn't got is a warning" {
	# spec: config.md#linux-process capabilities-warning
	require proa
	caps '{"bounding": ["CAP_CHOWN", "CAP_MAC_ADMIN"], "permitted": ["CAP_CHOWN", "CAP_MAC_ADMIN"], "effective": ["CAP_CHOWN"]}'
	process /probe facts caps
	run --separate-stderr setpriv --bounding-set=-mac_admin "$RUNTIME" --root "$ROOT" --log "$WORK/log" --log-level warning run -b "$BUNDLE" "$ID"
	equal "$status" 0 "$stderr"
	expect cap.bnd CHOWN
	has_words "MAC_ADMIN" "$(cat "$WORK/log")"
}

@test "no_new_privs" {
	facts privileges
	expect no_new_privs 1
	config '.process.noNewPrivileges = false'
	facts privileges
	expect no_new_privs 0
	config 'del(.process.noNewPrivileges)'
	facts privileges
	expect no_new_privs 0
}

@test "no_new_privs keeps a set-user-id program from working, and without it works" {
	cp "$BUNDLE/rootfs/probe" "$BUNDLE/rootfs/suid"
	chmod 4755 "$BUNDLE/rootfs/suid"
	config '.process.user = {uid: 1000, gid: 1000}'
	inside /suid facts uid
	expect uid "1000 1000 1000 1000"
	config '.process.noNewPrivileges = false'
	inside /suid facts uid
	expect uid "1000 0 0 0"
}

@test "the process is dumpable again, without keepcaps and with no securebits set" {
	facts privileges
	expect dumpable 1
	expect keepcaps 0
	expect securebits 0
	config '.process.user = {uid: 1000, gid: 1000}'
	facts privileges
	expect dumpable 1
	expect keepcaps 0
	expect securebits 0
}

@test "what needs a capability fails without it and works with it" {
	config '.root.readonly = false'
	tries chown /tmp 1 1 , sethostname x , setuid 5
	equal "$output" "EPERM
EPERM
EPERM"
	caps '{"bounding": ["CAP_CHOWN", "CAP_SYS_ADMIN", "CAP_SETUID"], "permitted": ["CAP_CHOWN", "CAP_SYS_ADMIN", "CAP_SETUID"],
		"effective": ["CAP_CHOWN", "CAP_SYS_ADMIN", "CAP_SETUID"]}'
	tries chown /tmp 1 1 , sethostname x , setuid 5
	equal "$output" "ok
ok
ok"
}

@test "the exec of a container has no inheritable capabilities, whatever its process has" {
	caps '{"bounding": ["CAP_CHOWN"], "permitted": ["CAP_CHOWN"], "effective": ["CAP_CHOWN"], "inheritable": ["CAP_CHOWN"]}'
	up_and_waiting
	execs --cap=CAP_KILL /probe facts caps
	[[ "$(fact cap.inh)" != *KILL* ]]
	expect cap.amb ""
}
