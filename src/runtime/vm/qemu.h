/* qemu.h - the command line of QEMU for each kind of machine. Pure: what goes in decides what comes out.
 *
 * Every machine: no network card, no monitor, no display, no USB, no default devices; QEMU's own seccomp lists on; the kernel,
 * the initramfs and the command line given directly; the model's encrypted files as read-only disks in the order of the list; one
 * virtio-serial port on descriptor 3; the console on standard output. Paths are those inside the sandbox that QEMU runs in.
 *
 * SEV-SNP and TDX: the same, with the firmware and the objects that the hosts' documentation asks for (QEMU: docs/system/i386/
 * amd-memory-encryption.rst, tdx.rst). These two are generated and tested as arguments; they were not run on such hardware. */
#ifndef GH_RUNTIME_VM_QEMU_H
#define GH_RUNTIME_VM_QEMU_H
#include "base/arena.h"
#include "base/err.h"

enum gh_vm_machine {
	GH_VM_Q35,     /* a PC: works everywhere */
	GH_VM_MICROVM, /* starts faster; wants a host whose timers are on time */
	GH_VM_SNP,     /* q35 under AMD SEV-SNP */
	GH_VM_TDX,     /* q35 under Intel TDX */
};
enum gh_vm_accel { GH_VM_TCG, GH_VM_KVM };

enum { GH_VM_DISKS = 24, GH_VM_ARGS = 160 };

struct gh_vm_args {
	enum gh_vm_machine machine;
	enum gh_vm_accel accel; /* SNP and TDX: KVM only */
	const char *kernel, *initrd, *cmdline;
	const char *firmware; /* OVMF; NULL: QEMU's default. SNP and TDX must have one */
	const char *tpm;      /* socket of swtpm; NULL: no TPM. Q35 only: microvm has no TIS */
	uint64_t memory;      /* MiB */
	unsigned cpus;
	size_t disks;		/* "/vm/disk0" … */
	uint8_t host_data[32];	/* SNP: HOSTDATA; TDX: the first 32 bytes of MRCONFIGID */
	unsigned cbit, reduced; /* SNP: from CPUID 0x8000001f EBX of the host */
};

/* The words in *argv, ended by NULL, in the arena. GH_E_MALFORMED: what is asked for cannot be together. */
enum gh_rc gh_vm_argv(struct gh_arena *a, const struct gh_vm_args *v, const char *const **argv, struct gh_err *err);
#endif
