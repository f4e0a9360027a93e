#include "runtime/vm/qemu.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "wire/b64.h"

struct words {
	struct gh_arena *a;
	const char *v[GH_VM_ARGS];
	size_t n;
	bool full;
};

static void add(struct words *w, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void add(struct words *w, const char *fmt, ...)
{
	char text[1024];
	va_list ap;
	va_start(ap, fmt);
	int n = vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	struct gh_span kept = { 0 };
	if (n >= 0 && (size_t)n < sizeof text && w->n < GH_VM_ARGS - 1)
		kept = gh_keep(w->a, gh_span_str(text));
	if (kept.p == NULL)
		w->full = true;
	else
		w->v[w->n++] = (const char *)kept.p;
}

static void pair(struct words *w, const char *option, const char *value)
{
	add(w, "%s", option);
	add(w, "%s", value);
}

/* Confidential machines: the memory is the machine's own, and what the launch is bound to stands in the hardware's report. */
static void confidential(struct words *w, const struct gh_vm_args *v)
{
	enum { MRCONFIGID = 48 };
	uint8_t data[MRCONFIGID] = { 0 };
	gh_auto_buf text = gh_buf(128);
	memcpy(data, v->host_data, sizeof v->host_data);
	gh_b64_put(&text, (struct gh_span){ data, v->machine == GH_VM_SNP ? sizeof v->host_data : MRCONFIGID });
	add(w, "-object");
	if (v->machine == GH_VM_SNP)
		/* policy: no debugging, no migration agent; hashes of kernel, initramfs and command line are measured */
		add(w,
		    "sev-snp-guest,id=cc0,policy=0x30000,cbitpos=%u,reduced-phys-bits=%u,kernel-hashes=on,host-data=%s",
		    v->cbit, v->reduced, gh_buf_cstr(&text));
	else
		add(w, "tdx-guest,id=cc0,mrconfigid=%s", gh_buf_cstr(&text));
	add(w, "-object");
	add(w, "memory-backend-memfd,id=ram0,size=%lluM,share=true,prealloc=false", (unsigned long long)v->memory);
}

static void machine(struct words *w, const struct gh_vm_args *v)
{
	/* Nothing of the host's processor can be hidden from a guest that runs on it; of an emulated one everything is shown. */
	const char *cpu = v->accel == GH_VM_KVM ? "host" : "max";
	add(w, "-machine");
	switch (v->machine) {
	case GH_VM_Q35: add(w, "q35,vmport=off,smm=off"); break;
	case GH_VM_MICROVM:
		add(w, "microvm,x-option-roms=off,isa-serial=on,rtc=on,pit=on,pic=on,auto-kernel-cmdline=on");
		break;
	case GH_VM_SNP:
		add(w, "q35,vmport=off,smm=off,confidential-guest-support=cc0,memory-backend=ram0");
		cpu = "EPYC-v4";
		break;
	case GH_VM_TDX:
		add(w, "q35,vmport=off,smm=off,kernel-irqchip=split,confidential-guest-support=cc0,"
		       "memory-backend=ram0");
		break;
	}
	if (v->machine == GH_VM_SNP || v->machine == GH_VM_TDX)
		confidential(w, v);
	/* The cache of translated code would by default be a gigabyte. */
	pair(w, "-accel", v->accel == GH_VM_KVM ? "kvm" : "tcg,tb-size=128");
	pair(w, "-cpu", cpu);
}

static void devices(struct words *w, const struct gh_vm_args *v)
{
	const char *bus = v->machine == GH_VM_MICROVM ? "device" : "pci";
	/* Encrypted memory can only be reached by devices that ask for it. */
	const char *iommu = v->machine == GH_VM_SNP || v->machine == GH_VM_TDX ? ",iommu_platform=on,disable-legacy=on"
									       : "";
	add(w, "-device");
	add(w, "virtio-serial-%s,id=serial0%s", bus, iommu);
	pair(w, "-chardev", "socket,id=ctl,fd=3");
	pair(w, "-device", "virtserialport,bus=serial0.0,chardev=ctl,name=gatehouse");
	for (size_t i = 0; i < v->disks; i++) {
		add(w, "-blockdev");
		add(w,
		    "driver=raw,node-name=disk%zu,read-only=on,file.driver=file,file.filename=/vm/"
		    "disk%zu,file.locking=off",
		    i, i);
		add(w, "-device");
		add(w, "virtio-blk-%s,drive=disk%zu%s", bus, i, iommu);
	}
	if (v->tpm != NULL) {
		add(w, "-chardev");
		add(w, "socket,id=tpmchar,path=%s", v->tpm);
		pair(w, "-tpmdev", "emulator,id=tpm0,chardev=tpmchar");
		pair(w, "-device", "tpm-crb,tpmdev=tpm0");
	}
}

static enum gh_rc check(const struct gh_vm_args *v, struct gh_err *err)
{
	const bool confidential = v->machine == GH_VM_SNP || v->machine == GH_VM_TDX;
	if (v->disks > GH_VM_DISKS)
		return gh_fail(err, GH_E_LIMIT,
			       "the model has %zu files, a machine takes at most %d files: use --isolation sandbox",
			       v->disks, GH_VM_DISKS);
	if (confidential && v->accel != GH_VM_KVM)
		return gh_fail(err, GH_E_MALFORMED, "a confidential machine cannot be emulated");
	if (confidential && v->firmware == NULL)
		return gh_fail(err, GH_E_MALFORMED, "a confidential machine needs its own firmware (OVMF)");
	if (v->tpm != NULL && v->machine == GH_VM_MICROVM)
		return gh_fail(err, GH_E_MALFORMED, "the machine microvm has no place for a TPM: use q35");
	if (v->memory == 0 || v->cpus == 0 || v->kernel == NULL || v->initrd == NULL || v->cmdline == NULL)
		return gh_fail(err, GH_E_BUG, "a machine without memory, processor, kernel or initramfs");
	return GH_OK;
}

enum gh_rc gh_vm_argv(struct gh_arena *a, const struct gh_vm_args *v, const char *const **argv, struct gh_err *err)
{
	struct words w = { .a = a };
	enum gh_rc rc = check(v, err);
	if (rc != GH_OK)
		return rc;
	pair(&w, "qemu", "-nodefaults");
	add(&w, "-no-user-config");
	pair(&w, "-L", "/usr/share/seabios");
	pair(&w, "-L", "/usr/share/qemu");
	machine(&w, v);
	add(&w, "-m");
	add(&w, "%lluM", (unsigned long long)v->memory);
	add(&w, "-smp");
	add(&w, "%u", v->cpus);
	pair(&w, "-display", "none");
	add(&w, "-no-reboot");
	pair(&w, "-sandbox", "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny");
	pair(&w, "-chardev", "stdio,id=console,signal=off,mux=off");
	pair(&w, "-serial", "chardev:console");
	if (v->firmware != NULL)
		pair(&w, "-bios", v->firmware);
	pair(&w, "-kernel", v->kernel);
	pair(&w, "-initrd", v->initrd);
	pair(&w, "-append", v->cmdline);
	devices(&w, v);
	const char **out = GH_NEW(a, const char *, w.n + 1);
	if (w.full || out == NULL)
		return gh_fail(err, GH_E_NOMEM, "no memory for a machine's command line");
	for (size_t i = 0; i < w.n; i++)
		out[i] = w.v[i];
	*argv = out;
	return GH_OK;
}
