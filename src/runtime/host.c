#include "runtime/host.h"

#include "runtime/engines.h"
#include "runtime/makers.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <linux/landlock.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

const char *gh_host_word(enum gh_host_has h)
{
	static const char *const words[] = { "no", "partly", "yes" };
	return (unsigned)h < 3 ? words[h] : "?";
}

/* The first line of a small file; "" when there is none. */
static const char *first_line(const char *path, char *room, size_t cap)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, room, cap - 1);
	if (fd >= 0)
		(void)close(fd);
	room[n > 0 ? n : 0] = '\0';
	room[strcspn(room, "\n")] = '\0';
	return room;
}

static bool exists(const char *path) { return access(path, F_OK) == 0; }

/* ---- isolation --------------------------------------------------------------------------------------------------------------- */
/* All at once, in a child that ends: as the sandbox does it. */
static enum gh_host_has namespaces(struct gh_buf *found)
{
	static const struct {
		int flag;
		const char *name;
	} kinds[] = { { CLONE_NEWUSER, "user" },    { CLONE_NEWPID, "pid" }, { CLONE_NEWNET, "net" },
		      { CLONE_NEWNS, "mount" },	    { CLONE_NEWIPC, "ipc" }, { CLONE_NEWUTS, "uts" },
		      { CLONE_NEWCGROUP, "cgroup" } };
	unsigned have = 0, n = sizeof kinds / sizeof *kinds;
	gh_buf_str(found, "missing:");
	for (unsigned i = 0; i < n; i++) {
		int status = 1;
		pid_t pid = fork();
		if (pid == 0) /* those beside the user name space are only to be had inside one, unless one is root */
			_exit(unshare(CLONE_NEWUSER) != 0 || (i != 0 && unshare(kinds[i].flag) != 0));
		if (pid < 0 || waitpid(pid, &status, 0) != pid || status != 0)
			gh_buf_fmt(found, " %s", kinds[i].name);
		else
			have++;
	}
	if (have == n) {
		found->n = 0;
		gh_buf_fmt(found, "user, pid, net, mount, ipc, uts, cgroup%s", geteuid() == 0 ? " (as root)" : "");
	}
	return have == n ? GH_HOST_YES : have == 0 ? GH_HOST_NO : GH_HOST_PARTLY;
}

static enum gh_host_has landlock(struct gh_buf *found)
{
	static const char *const adds[] = { "files",	     "renaming across directories", "truncation", "TCP",
					    "device ioctls", "signals and abstract sockets" };
	long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
	if (abi < 1) {
		gh_buf_fmt(found, "%s", errno == EOPNOTSUPP ? "built in, not switched on" : "not in this kernel");
		return GH_HOST_NO;
	}
	gh_buf_fmt(found, "ABI %ld (", abi);
	for (long i = 0; i < abi && i < 6; i++)
		gh_buf_fmt(found, "%s%s", i == 0 ? "" : ", ", adds[i]);
	gh_buf_ch(found, ')');
	return abi >= 6 ? GH_HOST_YES : GH_HOST_PARTLY;
}

static enum gh_host_has notifications(struct gh_buf *found)
{
	struct seccomp_notif_sizes s;
	bool ok = syscall(SYS_seccomp, SECCOMP_GET_NOTIF_SIZES, 0, &s) == 0;
	gh_buf_str(found, ok ? "filters and a listener" : "no user notification");
	return ok ? GH_HOST_YES : GH_HOST_NO;
}

static enum gh_host_has cgroups(struct gh_buf *found)
{
	static const char *const want[] = { "memory", "pids", "cpu" };
	char line[512];
	bool v2 = exists("/sys/fs/cgroup/cgroup.controllers");
	unsigned have = 0;
	(void)first_line("/sys/fs/cgroup/cgroup.controllers", line, sizeof line);
	gh_buf_fmt(found, "%s:", v2 ? "v2" : "v1");
	for (size_t i = 0; i < 3; i++) {
		char dir[64];
		(void)snprintf(dir, sizeof dir, "/sys/fs/cgroup/%s", want[i]);
		bool there = v2 ? strstr(line, want[i]) != NULL : exists(dir);
		const char *at = v2 ? "/sys/fs/cgroup" : dir;
		bool ours = there && access(at, W_OK) == 0;
		gh_buf_fmt(found, " %s%s", want[i], !there ? " (none)" : !ours ? " (not ours)" : "");
		have += ours;
	}
	return have == 3 ? GH_HOST_YES : have > 0 ? GH_HOST_PARTLY : GH_HOST_NO;
}

static enum gh_host_has memlock(struct gh_buf *found)
{
	struct rlimit r;
	if (getrlimit(RLIMIT_MEMLOCK, &r) != 0)
		return GH_HOST_NO;
	if (r.rlim_cur == RLIM_INFINITY)
		gh_buf_str(found, "unlimited");
	else
		gh_buf_fmt(found, "%llu KiB may be locked", (unsigned long long)r.rlim_cur / 1024);
	return r.rlim_cur >= 1 << 20 ? GH_HOST_YES : GH_HOST_PARTLY;
}

/* ---- engines ------------------------------------------------------------------------------------------------------------------- */
static enum gh_host_has engine(struct gh_buf *found)
{
	struct gh_engine_image *image = NULL;
	struct gh_err err = { 0 };
	char line[GH_ERR_LINKS * GH_ERR_TEXT];
	gh_auto_arena a = { .max = 1 << 20 };
	struct gh_engine_profile p;
	if (gh_engine_profile(&a, gh_engine_name_at(0), &p, &err) != GH_OK ||
	    gh_engine_load(&p, NULL, &image, &err) != GH_OK) {
		gh_buf_str(found, gh_err_line(&err, line, sizeof line));
		return GH_HOST_NO;
	}
	gh_buf_fmt(found, "'%s': %zu parts measured", p.name, gh_engine_measurement(image)->nparts);
	gh_engine_free(image);
	return GH_HOST_YES;
}

static bool in_path(const char *program, char *out, size_t cap)
{
	static const char *const dirs[] = { "/usr/bin", "/usr/local/bin", "/bin", "/usr/libexec" };
	for (size_t i = 0; i < sizeof dirs / sizeof *dirs; i++) {
		(void)snprintf(out, cap, "%s/%s", dirs[i], program);
		if (access(out, X_OK) == 0)
			return true;
	}
	return false;
}

static enum gh_host_has qemu(struct gh_buf *found)
{
#if defined(__aarch64__)
	static const char name[] = "qemu-system-aarch64";
#else
	static const char name[] = "qemu-system-x86_64";
#endif
	char path[128];
	bool ok = in_path(name, path, sizeof path);
	gh_buf_str(found, ok ? path : "not installed");
	return ok ? GH_HOST_YES : GH_HOST_NO;
}

static enum gh_host_has kvm(struct gh_buf *found)
{
	int fd = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	int version = fd < 0 ? -1 : ioctl(fd, KVM_GET_API_VERSION, 0);
	int sys = errno;
	if (fd >= 0)
		(void)close(fd);
	if (version == 12) {
		gh_buf_str(found, "/dev/kvm, API 12");
		return GH_HOST_YES;
	}
	gh_buf_fmt(found, "/dev/kvm: %s", fd < 0 ? strerror(sys) : "another API");
	return GH_HOST_NO;
}

/* ---- evidence --------------------------------------------------------------------------------------------------------------------- */
static enum gh_host_has tpm(struct gh_buf *found)
{
	char version[16];
	bool device = exists("/dev/tpmrm0");
	(void)first_line("/sys/class/tpm/tpm0/tpm_version_major", version, sizeof version);
	bool two = strcmp(version, "2") == 0;
	if (!device)
		gh_buf_str(found, "no /dev/tpmrm0");
	else
		gh_buf_fmt(found, "/dev/tpmrm0%s%s", two ? ", TPM 2.0" : "",
			   access("/dev/tpmrm0", R_OK | W_OK) == 0 ? "" : ", not ours to open");
	return !device ? GH_HOST_NO : access("/dev/tpmrm0", R_OK | W_OK) == 0 ? GH_HOST_YES : GH_HOST_PARTLY;
}

/* Is it the confidential guest itself, or could it start one? */
static enum gh_host_has confidential(struct gh_buf *found, const char *guest, const char *parameter)
{
	char line[16];
	if (exists(guest)) {
		gh_buf_fmt(found, "this is such a guest (%s)", guest);
		return GH_HOST_YES;
	}
	(void)first_line(parameter, line, sizeof line);
	if (line[0] == 'Y' || line[0] == '1') {
		gh_buf_str(found, "the host can start such guests");
		return GH_HOST_PARTLY;
	}
	gh_buf_fmt(found, "neither %s nor %s", guest, parameter);
	return GH_HOST_NO;
}

static enum gh_host_has snp(struct gh_buf *found)
{
	return confidential(found, "/dev/sev-guest", "/sys/module/kvm_amd/parameters/sev_snp");
}

static enum gh_host_has tdx(struct gh_buf *found)
{
	return confidential(found, "/dev/tdx_guest", "/sys/module/kvm_intel/parameters/tdx");
}

static enum gh_host_has sgx(struct gh_buf *found)
{
	bool enclave = exists("/dev/sgx_enclave"), provision = exists("/dev/sgx_provision");
	gh_buf_fmt(found, "%s",
		   enclave ? provision ? "/dev/sgx_enclave, /dev/sgx_provision" : "/dev/sgx_enclave alone"
			   : "no /dev/sgx_enclave");
	return enclave && provision ? GH_HOST_YES : enclave ? GH_HOST_PARTLY : GH_HOST_NO;
}

static enum gh_host_has tsm(struct gh_buf *found)
{
	bool ok = exists("/sys/kernel/config/tsm/report");
	gh_buf_str(found, ok ? "/sys/kernel/config/tsm/report" : "no configfs-tsm");
	return ok ? GH_HOST_YES : GH_HOST_NO;
}

const struct gh_host_probe gh_host_probes[] = {
	{ "namespaces", "a sandbox: own users, processes, network, mounts",
	  "a kernel with all of them; for others than root: sysctl kernel.unprivileged_userns_clone=1, no AppArmor "
	  "restriction",
	  true, namespaces },
	{ "landlock", "a second wall around files, TCP, signals, whatever the mounts say",
	  "a kernel of 5.13 or later (6.12 for all of it) with lsm=landlock,…", true, landlock },
	{ "seccomp", "few system calls; each refused attempt is heard and recorded", "a kernel of 5.0 or later", true,
	  notifications },
	{ "cgroups", "hard limits of memory, processes, processor time",
	  "run as root, or have systemd delegate memory, pids and cpu (Delegate=yes)", false, cgroups },
	{ "locked-memory", "keys that are never swapped out", "LimitMEMLOCK= or ulimit -l: at least 1 MiB", false,
	  memlock },
	{ "engine", "the embedded engine, with llama.cpp's libraries", "script/setup build, then script/build", true,
	  engine },
	{ "qemu", "micro-VMs", "the package qemu-system-x86 (qemu-system-arm)", false, qemu },
	{ "kvm", "micro-VMs that are fast", "virtualisation in the firmware, module kvm, membership of group kvm",
	  false, kvm },
	{ "tpm", "evidence of class tpm; a root key bound to the machine",
	  "a TPM 2.0 in the firmware, membership of group tss", false, tpm },
	{ "sev-snp", "confidential machines of AMD: evidence of class vm-tee",
	  "an EPYC of Milan or later, SNP in the firmware", false, snp },
	{ "tdx", "confidential machines of Intel: evidence of class vm-tee",
	  "a Xeon with TDX, switched on in the firmware", false, tdx },
	{ "sgx", "enclaves of Intel: evidence of class enclave", "a Xeon with SGX, switched on in the firmware", false,
	  sgx },
	{ "configfs-tsm", "how a confidential guest gets its evidence", "a guest's kernel of 6.7 or later", false,
	  tsm },
};
const size_t gh_host_probes_n = sizeof gh_host_probes / sizeof *gh_host_probes;
