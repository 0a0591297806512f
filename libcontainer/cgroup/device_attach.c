/* Load the device program and attach it to a cgroup, by bpf(2). */
#include "libcontainer/cgroup/internal.h"

#include <errno.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"

#define PROGRAM_NAME "proa_devices" /* by which we know ours again */

static int sys_bpf(int command, union bpf_attr *attr)
{
	return (int)syscall(SYS_bpf, command, attr, sizeof(*attr));
}

/* The verifier gives up where a signal comes, also one that is ignored by whoever is traced or frozen: EAGAIN. */
#define LOAD_TRIES 5

static int load(union bpf_attr *attr)
{
	int fd = -1;

	for (int i = 0; i < LOAD_TRIES; i++) {
		fd = sys_bpf(BPF_PROG_LOAD, attr);
		if (fd >= 0 || errno != EAGAIN)
			break;
	}
	return fd;
}

int device_program_load(const struct cgroup_plan *plan, int *ret_fd, struct error *err)
{
	union bpf_attr attr = {
		.prog_type = BPF_PROG_TYPE_CGROUP_DEVICE,
		.insn_cnt = (uint32_t)plan->devices.count,
		.insns = (uintptr_t)plan->devices.insns,
		.license = (uintptr_t) "Apache-2.0",
		.prog_name = PROGRAM_NAME,
	};
	int fd = -1;

	if (plan->devices.count) {
		fd = load(&attr);
		/* without privilege device nodes are out of reach anyway */
		if (fd < 0 && !(plan->rootless && errno == EPERM))
			return error_errno(err, errno, "linux.resources.devices",
					   "load the device program of %zu instructions",
					   plan->devices.count);
	}
	*ret_fd = fd;
	return 0;
}

/* Is the program @id ours? A descriptor of it then, else -1. */
static int open_if_ours(uint32_t id)
{
	union bpf_attr open_attr = { .prog_id = id };
	_cleanup_fd_ int fd = sys_bpf(BPF_PROG_GET_FD_BY_ID, &open_attr);
	struct bpf_prog_info info = { .id = 0 };
	union bpf_attr info_attr = { .info = {
					 .bpf_fd = (uint32_t)fd,
					 .info_len = sizeof(info),
					 .info = (uintptr_t)&info,
				     } };

	if (fd < 0 || sys_bpf(BPF_OBJ_GET_INFO_BY_FD, &info_attr) < 0)
		return -1;
	return strcmp(info.name, PROGRAM_NAME) == 0 ? steal_fd(&fd) : -1;
}

/* The program that we attached before, -1 if there is none. */
static int find_ours(int cgroupfd)
{
	uint32_t ids[64] = { 0 }; /* as many as the kernel lets be attached */
	union bpf_attr attr = { .query = {
				    .target_fd = (uint32_t)cgroupfd,
				    .attach_type = BPF_CGROUP_DEVICE,
				    .prog_ids = (uintptr_t)ids,
				    .prog_cnt = array_length(ids),
				} };

	if (sys_bpf(BPF_PROG_QUERY, &attr) < 0)
		return -1;
	for (uint32_t i = 0; i < attr.query.prog_cnt; i++) {
		int fd = open_if_ours(ids[i]);

		if (fd >= 0)
			return fd;
	}
	return -1;
}

/* Of several programs (an ancestor's, systemd's) each must allow. Ours is replaced in one step, so
 * that there is no moment without. */
int device_program_attach(int cgroupfd, int program, struct error *err)
{
	_cleanup_fd_ int old = find_ours(cgroupfd);
	union bpf_attr attr = {
		.target_fd = (uint32_t)cgroupfd,
		.attach_bpf_fd = (uint32_t)program,
		.attach_type = BPF_CGROUP_DEVICE,
		.attach_flags = BPF_F_ALLOW_MULTI | (old >= 0 ? BPF_F_REPLACE : 0),
		.replace_bpf_fd = old >= 0 ? (uint32_t)old : 0,
	};

	if (cgroupfd < 0 || program < 0)
		return 0;
	if (sys_bpf(BPF_PROG_ATTACH, &attr) < 0)
		return error_errno(err, errno, "linux.resources.devices",
				   "attach the device program to the cgroup");
	return 0;
}
