/* machine.h - a machine's image: everything that will run in it or run it, read once and digested.
 *
 * The parts of an engine's image, and besides:
 *
 *	kernel SHA256 SIZE vmlinuz
 *	driver SHA256 SIZE virtio_blk.ko		(in the order in which they are loaded)
 *	machine SHA256 SIZE /usr/bin/qemu-system-x86_64	(QEMU, its libraries and firmware)
 *	boot SHA256 SIZE q35				(the kernel's command line and the kind of machine)
 *
 * The initramfs is made from these parts and nothing else, always the same bytes: it needs no line of its own. Its first process
 * is the stub (vm/guest.h). The kernel lies in the directory "vm" beside this program or in ../libexec/gatehouse/vm: vmlinuz, and
 * drivers in modules/. script/setup puts Debian's kernel for virtual machines there. */
#ifndef GH_RUNTIME_VM_MACHINE_H
#define GH_RUNTIME_VM_MACHINE_H
#include "base/buf.h"
#include "runtime/image_int.h"
#include "runtime/vm/qemu.h"

struct gh_vm_image {
	const struct gh_engine_image *engine; /* must live as long */
	enum gh_vm_machine machine;
	enum gh_vm_accel accel;
	struct gh_engine_image
		host; /* files of QEMU: file[0] is the program, which `stub` has in sealed memory; its filter */
	uint8_t *kernel;
	size_t nkernel;
	char kernel_path[560];
	struct gh_buf initrd;
	char cmdline[160];
	struct gh_measurement measured;
};

/* KVM where this host has it for certain: /dev/kvm can be opened and the processor shows its virtualisation; else TCG, which works
 * everywhere. */
enum gh_vm_accel gh_vm_accel_here(void);
/* accel: KVM where the host has it and it works, else TCG: the caller decides and says so. GH_E_ABSENT: QEMU, its firmware, the kernel
 * or a driver is missing (the line says how to get it); GH_E_DENIED: an engine that shows directories of the host, which a machine
 * does not have. */
enum gh_rc gh_vm_load(const struct gh_engine_image *engine, enum gh_vm_machine machine, enum gh_vm_accel accel,
		      struct gh_vm_image **out, struct gh_err *err);
/* Are QEMU and the kernel on disk still those that were loaded? GH_E_DENIED with the difference. The engine's parts: gh_engine_check(). */
enum gh_rc gh_vm_check(const struct gh_vm_image *v, struct gh_err *err);
void gh_vm_free(struct gh_vm_image *v);
/* MiB that a machine needs for a model of so many bytes and an engine that wants `memory` bytes beside it. */
uint64_t gh_vm_memory(const struct gh_vm_image *v, uint64_t model, uint64_t memory);
#endif
