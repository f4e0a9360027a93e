#include "runtime/vm/machine.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "crypto/pubkey.h"
#include "os/jail_serve.h"
#include "os/proc.h"
#include "runtime/vm/cpio.h"

enum { PATH = 512, ARENA = 1 << 20, INITRD_MAX = 1 << 30, MADE_MAX = 64 << 10, KERNEL_MIB = 192 };

#define QEMU "/usr/bin/qemu-system-x86_64"
#define HOW_QEMU "install qemu-system-x86 (script/setup full)"
#define HOW_KERNEL "script/setup full puts Debian's kernel for virtual machines there"

/* Where Debian has them, and under which names QEMU asks for them. */
static const char *const beside[] = {
	"/usr/share/seabios/bios-256k.bin",
	"/usr/share/seabios/bios-microvm.bin",
	"/usr/share/qemu/linuxboot_dma.bin",
	"/usr/share/qemu/kvmvapic.bin",
	"/usr/lib/x86_64-linux-gnu/qemu/accel-tcg-x86_64.so", /* QEMU loads its emulator as a module */
};

/* In the order in which one needs the other. */
static const char *const pci[] = { "virtio_ring", "virtio",	"virtio_pci_modern_dev", "virtio_pci_legacy_dev",
				   "virtio_pci",  "virtio_blk", "virtio_console",	 NULL };
static const char *const mmio[] = { "virtio_ring", "virtio", "virtio_mmio", "virtio_blk", "virtio_console", NULL };

static const char *const *drivers(enum gh_vm_machine m) { return m == GH_VM_MICROVM ? mmio : pci; }

static const char *machine_name(enum gh_vm_machine m)
{
	static const char *const name[] = { "q35", "microvm", "q35-snp", "q35-tdx" };
	return name[m];
}

struct load {
	struct gh_vm_image *v;
	struct gh_part part[GH_PARTS];
	size_t n;
	struct gh_cpio cpio;
	struct gh_buf made;
	char dir[PATH]; /* of the kernel */
};

static enum gh_rc add_part(struct load *l, enum gh_part_kind kind, const char *name, struct gh_span bytes,
			   struct gh_err *err)
{
	uint8_t md[GH_MD_MAX];
	if (l->n == GH_PARTS || !gh_md(GH_MD_SHA256, bytes, md))
		return gh_fail(err, GH_E_LIMIT, "too many parts of a machine to be measured");
	struct gh_part *p = &l->part[l->n++];
	*p = (struct gh_part){ .kind = kind, .name = name, .size = bytes.n };
	memcpy(p->sha256, md, sizeof p->sha256);
	return GH_OK;
}

/* ---- what runs it -------------------------------------------------------------------------------------------------------------- */

static enum gh_rc load_qemu(struct load *l, struct gh_err *err)
{
	struct gh_engine_image *h = &l->v->host;
	struct gh_err lost = { 0 };
	enum gh_rc rc = gh_image_add(h, GH_PART_MACHINE, QEMU, QEMU, &lost);
	if (rc == GH_E_ABSENT)
		return gh_fail(err, rc, QEMU " is not there; " HOW_QEMU);
	for (size_t i = 0; rc == GH_OK && i < sizeof beside / sizeof *beside; i++)
		rc = gh_image_add(h, GH_PART_MACHINE, beside[i], beside[i], &lost);
	if (rc == GH_OK)
		rc = gh_image_needs(h, (struct gh_span){ 0 }, &lost);
	if (rc != GH_OK) {
		char line[300];
		return gh_fail(err, rc, "QEMU: %s; " HOW_QEMU, gh_err_line(&lost, line, sizeof line));
	}
	if (rc == GH_OK && (h->stub = gh_image_sealed("qemu", h->file[0].bytes, h->file[0].n)) < 0)
		return gh_fail_sys(err, errno, "sealed memory for QEMU");
	const struct gh_serve_filter f = { .row = "machine" };
	if (rc == GH_OK && !gh_serve_filter(&f, h->ins, &h->filter))
		return gh_fail(err, GH_E_BUG, "QEMU's seccomp filter does not fit");
	if (rc == GH_OK)
		rc = add_part(l, GH_PART_SECCOMP, "machine",
			      (struct gh_span){ (const uint8_t *)h->ins, h->filter.len * sizeof *h->ins }, err);
	for (size_t i = 0; rc == GH_OK && i < h->nfile; i++)
		rc = add_part(l, GH_PART_MACHINE, h->file[i].inside, (struct gh_span){ h->file[i].bytes, h->file[i].n },
			      err);
	return rc;
}

/* ---- what runs in it ----------------------------------------------------------------------------------------------------------- */

static enum gh_rc load_kernel(struct load *l, struct gh_err *err)
{
	char *path = l->v->kernel_path;
	struct gh_err lost = { 0 };
	if (!gh_os_sibling("vm", l->dir, sizeof l->dir))
		return gh_fail(err, GH_E_ABSENT,
			       "there is no directory vm with a kernel beside this program or in "
			       "../libexec/gatehouse; " HOW_KERNEL);
	(void)snprintf(path, sizeof l->v->kernel_path, "%s/vmlinuz", l->dir);
	enum gh_rc rc = gh_image_read(path, &l->v->kernel, &l->v->nkernel, &lost);
	if (rc != GH_OK)
		return gh_fail(err, rc, "%s cannot be read; " HOW_KERNEL, path);
	return add_part(l, GH_PART_KERNEL, "vmlinuz", (struct gh_span){ l->v->kernel, l->v->nkernel }, err);
}

static enum gh_rc put_drivers(struct load *l, struct gh_err *err)
{
	char path[PATH + 64], inside[64];
	gh_auto_buf list = gh_buf(4096);
	for (const char *const *d = drivers(l->v->machine); *d != NULL; d++) {
		struct gh_err lost = { 0 };
		uint8_t *bytes = NULL;
		size_t n = 0;
		(void)snprintf(path, sizeof path, "%s/modules/%s.ko", l->dir, *d);
		(void)snprintf(inside, sizeof inside, "drivers/%s.ko", *d);
		enum gh_rc rc = gh_image_read(path, &bytes, &n, &lost);
		if (rc != GH_OK)
			return gh_fail(err, rc, "%s cannot be read; " HOW_KERNEL, path);
		const struct gh_span all = { bytes, n };
		rc = add_part(l, GH_PART_DRIVER, *d, all, err);
		gh_cpio_file(&l->cpio, inside, all, 0400);
		gh_buf_fmt(&list, "/%s\n", inside);
		free(bytes);
		if (rc != GH_OK)
			return rc;
	}
	gh_cpio_file(&l->cpio, "modules", gh_buf_view(&list), 0400);
	return GH_OK;
}

static enum gh_rc put_stub(struct load *l, struct gh_err *err)
{
	const struct gh_engine_image *im = l->v->engine;
	uint8_t *bytes = malloc((size_t)im->stub_size + 1);
	bool ok = bytes != NULL;
	for (uint64_t off = 0; ok && off < im->stub_size;) {
		ssize_t n = pread(im->stub, bytes + off, (size_t)(im->stub_size - off), (off_t)off);
		ok = n > 0;
		off += ok ? (uint64_t)n : 0;
	}
	if (ok)
		gh_cpio_file(&l->cpio, "init", (struct gh_span){ bytes, (size_t)im->stub_size }, 0555);
	free(bytes);
	return ok ? GH_OK : gh_fail(err, GH_E_IO, "the stub could not be read for the initramfs");
}

static enum gh_rc put_engine(struct load *l, struct gh_err *err)
{
	const struct gh_engine_image *im = l->v->engine;
	for (size_t i = 0; i < im->nfile; i++) {
		const struct gh_image_file *f = &im->file[i];
		if (f->bytes == NULL)
			return gh_fail(
				err, GH_E_DENIED,
				"the engine %s wants the host's directory %s, which a machine does not have: use "
				"--isolation sandbox, or an engine that brings all its files",
				im->profile->name, f->host);
		gh_cpio_above(&l->cpio, &l->made, f->inside + 1);
		gh_cpio_file(&l->cpio, f->inside + 1, (struct gh_span){ f->bytes, f->n }, 0555);
	}
	return GH_OK;
}

static enum gh_rc make_initrd(struct load *l, struct gh_err *err)
{
	static const char *const dirs[] = { "dev", "proc", "run", "tmp", "model", "drivers", "etc" };
	static const char passwd[] = "engine:x:65534:65534::/tmp:/bin/false\n";
	for (size_t i = 0; i < sizeof dirs / sizeof *dirs; i++) {
		gh_cpio_dir(&l->cpio, dirs[i]);
		gh_buf_fmt(&l->made, "%s\n", dirs[i]);
	}
	gh_cpio_device(&l->cpio, "dev/console", 5, 1, 0600);
	gh_cpio_file(&l->cpio, "etc/passwd", gh_span_str(passwd), 0444);
	enum gh_rc rc = put_stub(l, err);
	if (rc == GH_OK)
		rc = put_engine(l, err);
	if (rc == GH_OK)
		rc = put_drivers(l, err);
	if (rc == GH_OK && !gh_cpio_end(&l->cpio))
		rc = gh_fail(err, GH_E_LIMIT, "the initramfs of the engine %s does not fit",
			     l->v->engine->profile->name);
	return rc;
}

/* ---- the host ------------------------------------------------------------------------------------------------------------------- */

/* There are hosts whose /dev/kvm answers, and whose guests then do not run (seen under hypervisors that pass no virtualisation
 * on): the processor has to say that it can. */
enum gh_vm_accel gh_vm_accel_here(void)
{
	char line[8192];
	bool can = false;
	FILE *f = access("/dev/kvm", R_OK | W_OK) == 0 ? fopen("/proc/cpuinfo", "re") : NULL;
	while (f != NULL && !can && fgets(line, sizeof line, f) != NULL)
		can = strncmp(line, "flags", 5) == 0 &&
		      (strstr(line, " vmx ") != NULL || strstr(line, " svm ") != NULL);
	if (f != NULL)
		(void)fclose(f);
	return can ? GH_VM_KVM : GH_VM_TCG;
}

/* ---- all of it ----------------------------------------------------------------------------------------------------------------- */

static enum gh_rc boot_line(struct load *l, struct gh_err *err)
{
	struct gh_vm_image *v = l->v;
	/* An emulated processor does not speculate: what is done against it only costs time there. */
	(void)snprintf(v->cmdline, sizeof v->cmdline, "console=ttyS0 quiet panic=-1 reboot=t random.trust_cpu=on%s",
		       v->accel == GH_VM_TCG ? " mitigations=off" : "");
	return add_part(l, GH_PART_BOOT, machine_name(v->machine), gh_span_str(v->cmdline), err);
}

static enum gh_rc fill(struct load *l, struct gh_err *err)
{
	struct gh_vm_image *v = l->v;
	const struct gh_measurement *m = &v->engine->measured;
	for (; l->n < m->nparts; l->n++)
		l->part[l->n] = m->part[l->n];
	enum gh_rc rc = load_qemu(l, err);
	if (rc == GH_OK)
		rc = load_kernel(l, err);
	if (rc == GH_OK)
		rc = make_initrd(l, err);
	if (rc == GH_OK)
		rc = boot_line(l, err);
	return rc == GH_OK ? gh_measure(&v->host.arena, l->part, l->n, &v->measured, err) : rc;
}

enum gh_rc gh_vm_load(const struct gh_engine_image *engine, enum gh_vm_machine machine, enum gh_vm_accel accel,
		      struct gh_vm_image **out, struct gh_err *err)
{
	struct gh_vm_image *v = calloc(1, sizeof *v);
	struct load *l = calloc(1, sizeof *l);
	enum gh_rc rc = GH_OK;
	*out = NULL;
	if (v == NULL || l == NULL)
		rc = gh_fail(err, GH_E_NOMEM, "no memory for a machine");
	if (rc == GH_OK) {
		v->engine = engine;
		v->machine = machine;
		v->accel = accel;
		v->initrd = gh_buf(INITRD_MAX);
		v->host.stub = -1;
		v->host.arena.max = 4 * ARENA;
		v->host.file = GH_NEW(&v->host.arena, struct gh_image_file, GH_ENGINE_FILES);
		l->v = v;
		l->made = gh_buf(MADE_MAX);
		l->cpio = gh_cpio(&v->initrd);
		rc = v->host.file == NULL ? gh_fail(err, GH_E_NOMEM, "no memory for a machine") : fill(l, err);
		gh_buf_free(&l->made);
	}
	free(l);
	if (rc != GH_OK) {
		gh_vm_free(v);
		return rc;
	}
	*out = v;
	return GH_OK;
}

static bool same(const char *path, struct gh_span was)
{
	struct gh_err lost = { 0 };
	uint8_t *bytes = NULL;
	size_t n = 0;
	const bool is = gh_image_read(path, &bytes, &n, &lost) == GH_OK &&
			gh_span_eq((struct gh_span){ bytes, n }, was);
	free(bytes);
	return is;
}

enum gh_rc gh_vm_check(const struct gh_vm_image *v, struct gh_err *err)
{
	for (size_t i = 0; i < v->host.nfile; i++)
		if (!same(v->host.file[i].host, (struct gh_span){ v->host.file[i].bytes, v->host.file[i].n }))
			return gh_fail(err, GH_E_DENIED, "machine %s is not what was measured when it was started",
				       v->host.file[i].host);
	return same(v->kernel_path, (struct gh_span){ v->kernel, v->nkernel })
		       ? GH_OK
		       : gh_fail(err, GH_E_DENIED, "kernel %s is not what was measured when it was started",
				 v->kernel_path);
}

void gh_vm_free(struct gh_vm_image *v)
{
	if (v == NULL)
		return;
	for (size_t i = 0; i < v->host.nfile; i++)
		free(v->host.file[i].bytes);
	if (v->host.stub >= 0)
		(void)close(v->host.stub);
	gh_arena_free(&v->host.arena);
	gh_buf_free(&v->initrd);
	free(v->kernel);
	free(v);
}

uint64_t gh_vm_memory(const struct gh_vm_image *v, uint64_t model, uint64_t memory)
{
	/* The model once in sealed memory and once more for what engines copy of it; the archive beside what is unpacked from it. */
	const uint64_t mib = 1 << 20, n = 2 * model + memory + 2 * v->initrd.n;
	return (n + mib - 1) / mib + KERNEL_MIB;
}
