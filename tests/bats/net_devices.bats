#!/usr/bin/env bats
# lane: native
# lane-long: vm
# tier: quick
# linux.netDevices: devices of the host's network namespace are moved into the container's.

load helpers

setup() {
	common_setup
	require proa ip
	# names are short, and the lane's network namespace is ours alone
	outer=po${TAG:0:6} inner=pi${TAG:0:6}
	ip link add "$outer" type veth peer name "$inner"
	cleanup ip link delete "$outer"
	cleanup ip link delete "$inner"
}

@test "a device is moved with its addresses and settings, renamed and up" {
	# spec: config-linux.md#network-devices net-devices-there
	# spec: config-linux.md#network-devices net-devices-kept
	# spec: config-linux.md#network-devices net-devices-up
	ip addr add 10.9.8.7/24 dev "$outer"
	ip -6 addr add fd00::5/64 dev "$outer" nodad
	ip link set "$outer" mtu 1400
	mac=$(cat "/sys/class/net/$outer/address")
	config ".linux.netDevices = {\"$outer\": {name: \"eth7\"}}"
	shell 'ip -o addr show dev eth7; cat /sys/class/net/eth7/mtu /sys/class/net/eth7/address; ip -o link show dev eth7'
	runs
	has_words "inet 10.9.8.7/24 scope global eth7" "$output"
	has_words "inet6 fd00::5/64 scope global" "$output"
	has_words "^1400$" "$output"
	has_words "^$mac$" "$output"
	has_words "[<,]UP[,>]" "$output"
}

@test "without a name it keeps its own" {
	config ".linux.netDevices = {\"$outer\": {}}"
	shell 'cat /proc/net/dev'
	runs
	has_words "$outer:" "$output"
}

@test "a name with %d is filled in by the kernel" {
	# spec: config-linux.md#network-devices net-devices-template
	config ".linux.netDevices = {\"$outer\": {name: \"net%d\"}, \"$inner\": {name: \"net%d\"}}"
	shell 'cat /proc/net/dev'
	runs
	has_words "net0:" "$output"
	has_words "net1:" "$output"
}

@test "a name that is taken is refused, and nothing is moved" {
	# spec: config-linux.md#network-devices net-devices-taken
	config ".linux.netDevices = {\"$outer\": {name: \"lo\"}}"
	process /bin/true
	fails 1 "has a device lo already" proa run -b "$BUNDLE" "$ID"
	ip link show "$outer"
	nothing_left
}

@test "a device that isn't there is named" {
	# spec: config-linux.md#network-devices net-devices-possible
	config '.linux.netDevices = {"nosuchdev": {}}'
	process /bin/true
	fails 1 "nosuchdev" proa run -b "$BUNDLE" "$ID"
	nothing_left
}

@test "what can't be a device's name is refused before anything is looked for" {
	local name
	for name in a/b a:b 'a b' 'a\tb' sixteen-bytes-xx . .. a% %d%d; do
		config ".linux.netDevices = {\"$outer\": {name: \"$name\"}}"
		refused "linux.netDevices: .* can't be .*name" || fail "name: $name"
	done
	for name in a/b sixteen-bytes-xx .. ''; do
		config ".linux.netDevices = {\"$name\": {name: \"eth0\"}}"
		refused "linux.netDevices: .* can't be .*name" || fail "$name"
	done
	config ".linux.netDevices = {\"$outer\": {name: \"eth0\"}, \"$inner\": {name: \"eth0\"}}"
	refused "linux.netDevices: two devices are to become eth0"
	ip link show "$outer"
}

@test "the host's network namespace takes none" {
	config ".linux.netDevices = {\"$outer\": {}} | .linux.namespaces |= map(select(.type != \"network\"))"
	process /bin/true
	fails 1 "netDevices" proa run -b "$BUNDLE" "$ID"
	ip link show "$outer"
}

@test "a device is left as it is once it is there, and not moved back" {
	# spec: config-linux.md#namespace-lifecycle-and-container-termination net-devices-left
	# spec: config-linux.md#namespace-lifecycle-and-container-termination net-devices-not-back
	config ".linux.netDevices = {\"$outer\": {name: \"eth7\"}}"
	waits
	create
	nsenter -t "$(init_pid)" -n ip link set eth7 down
	nsenter -t "$(init_pid)" -n ip link set eth7 name eth8
	proa start "$ID"
	wait_for_output waiting
	[[ $(nsenter -t "$(init_pid)" -n ip -o link show dev eth8) != *[\<,]UP[,\>]* ]]
	proa delete --force "$ID"
	# it went with its namespace, and its other end too
	eventually eval "! ip link show '$inner' 2>/dev/null"
	! ip link show "$outer" || fail "its other end is left"
	! ip link show eth8 || fail "it came back"
}
