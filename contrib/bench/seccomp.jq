# containers-common's profile -> linux.seccomp, for amd64 and the capabilities $caps
def subset($of): . - $of == [];
def here: ["amd64", "x86_64", "x86", "x32"];
def meets($a): . - (. - $a) != [];

{
	defaultAction,
	defaultErrnoRet: (.defaultErrnoRet // 38),
	architectures: ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"],
	syscalls: [.syscalls[]
		| select((.includes.caps // []) | subset($caps))
		| select((.includes.arches // here) | meets(here))
		| select((.excludes.caps // []) | meets($caps) | not)
		| select((.excludes.arches // []) | meets(here) | not)
		| {names, action} + (if .args then {args: [.args[] | {index, value, op} +
			(if .valueTwo then {valueTwo} else {} end)]} else {} end) +
			(if .errnoRet then {errnoRet} else {} end)]
}
