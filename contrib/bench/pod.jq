# What `spec` writes -> the bundle pod: 14 mounts, capabilities, limits and masks as Podman gives them, $caps,
# $seccomp and $limits.
# A source that begins with @ is in the bundle's binds/.
def bound($at): {destination: $at, type: "bind", source: ("@/" + ($at | split("/") | last)), options: ["bind", "rprivate"]};

.process.noNewPrivileges = false
| .process.capabilities = {bounding: $caps, effective: $caps, permitted: $caps}
| .process.rlimits = [{type: "RLIMIT_NOFILE", soft: 1024, hard: 1024}, {type: "RLIMIT_NPROC", soft: 4096, hard: 4096}]
| .process.oomScoreAdj = 0
| .root.readonly = false
| .mounts += (["/etc/hostname", "/etc/hosts", "/etc/resolv.conf", "/run/.containerenv"] | map(bound(.)))
| .mounts += [
	{destination: "/vol", type: "bind", source: "@/vol", options: ["rbind", "rprivate", "nosuid", "nodev", "rw"]},
	{destination: "/tmp", type: "tmpfs", source: "tmpfs", options: ["rw", "nosuid", "nodev", "mode=1777"]},
	{destination: "/var/tmp", type: "tmpfs", source: "tmpfs", options: ["rw", "nosuid", "nodev"]}]
| .linux.maskedPaths += ["/sys/dev/block", "/sys/devices/virtual/powercap"]
| .linux.sysctl = {"net.ipv4.ping_group_range": "0 0"}
| .linux.rootfsPropagation = "private"
| .linux.resources += $limits
| .linux.seccomp = $seccomp
