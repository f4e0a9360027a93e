/* MicroVMs: frames, channels, the initramfs, QEMU's command line; and a machine that is really started, where QEMU and a kernel
 * for it are there (script/vm-kernel). */
#include "support/cm.h"

#include "runtime/vm/channel.h"
#include "runtime/vm/cpio.h"
#include "runtime/vm/qemu.h"

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* ---- frames ------------------------------------------------------------------------------------------------------------------- */

static void frames(void **state)
{
	(void)state;
	static const struct {
		const char *what;
		uint8_t bytes[16];
		size_t n;
		enum gh_frame_rc rc;
	} rows[] = {
		{ "nothing", { 0 }, 0, GH_FRAME_MORE },
		{ "half a head", { 1, 0, 4 }, 3, GH_FRAME_MORE },
		{ "data without its byte", { 1, 0, 4, 0, 1, 0, 0, 0 }, 8, GH_FRAME_MORE },
		{ "data", { 1, 0, 4, 0, 1, 0, 0, 0, 'x' }, 9, GH_FRAME_OK },
		{ "data of no bytes", { 1, 0, 4, 0, 0, 0, 0, 0 }, 8, GH_FRAME_BAD },
		{ "more data than a window", { 1, 0, 4, 0, 1, 0, 1, 0 }, 8, GH_FRAME_BAD },
		{ "data for the guest itself", { 0, 0, 4, 0, 1, 0, 0, 0, 'x' }, 9, GH_FRAME_BAD },
		{ "a packet for a connection", { 1, 0, 1, 0, 8, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8 }, 16, GH_FRAME_BAD },
		{ "a packet", { 0, 0, 1, 0, 8, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8 }, 16, GH_FRAME_OK },
		{ "a packet without a head", { 0, 0, 1, 0, 7, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7 }, 15, GH_FRAME_BAD },
		{ "the last channel", { 64, 0, 3, 0, 0, 0, 0, 0 }, 8, GH_FRAME_OK },
		{ "a channel too high", { 65, 0, 3, 0, 0, 0, 0, 0 }, 8, GH_FRAME_BAD },
		{ "an end with bytes", { 1, 0, 5, 0, 1, 0, 0, 0, 0 }, 9, GH_FRAME_BAD },
		{ "credit", { 1, 0, 7, 0, 4, 0, 0, 0, 1, 0, 0, 0 }, 12, GH_FRAME_OK },
		{ "credit that is short", { 1, 0, 7, 0, 3, 0, 0, 0, 1, 0, 0 }, 11, GH_FRAME_BAD },
		{ "no such kind", { 1, 0, 8, 0, 0, 0, 0, 0 }, 8, GH_FRAME_BAD },
		{ "kind 0", { 0, 0, 0, 0, 0, 0, 0, 0 }, 8, GH_FRAME_BAD },
		{ "a byte that must be zero", { 1, 0, 3, 1, 0, 0, 0, 0 }, 8, GH_FRAME_BAD },
		{ "a length beyond everything", { 0, 0, 2, 0, 255, 255, 255, 255 }, 8, GH_FRAME_BAD },
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct gh_frame f;
		size_t used = 0;
		if (gh_frame_read((struct gh_span){ rows[i].bytes, rows[i].n }, &f, &used) != rows[i].rc)
			fail_msg("%s", rows[i].what);
		if (rows[i].rc == GH_FRAME_OK) {
			uint8_t head[GH_FRAME_HEAD];
			gh_frame_head(f.channel, f.kind, (uint32_t)f.body.n, head);
			assert_memory_equal(head, rows[i].bytes, sizeof head);
			assert_int_equal(used, rows[i].n);
		}
	}
	struct gh_frame_window w = { 10, 10 };
	assert_true(gh_frame_got(&w, 10) && !gh_frame_got(&w, 1));
	assert_true(gh_frame_given(&w, GH_FRAME_WINDOW - 10) && !gh_frame_given(&w, 1) &&
		    !gh_frame_given(&w, UINT32_MAX));
}

/* ---- channels: two of them back to back, with sockets at both ends ------------------------------------------------------------ */

struct side {
	struct gh_channel c;
	uint8_t out[4 << 20];
	size_t n;
};
static struct side sides[2];

static bool keep(void *ctx, uint16_t channel, uint8_t kind, const void *p, size_t n)
{
	struct side *s = ctx;
	assert_true(s->n + GH_FRAME_HEAD + n <= sizeof s->out);
	gh_frame_head(channel, kind, (uint32_t)n, s->out + s->n);
	if (n > 0)
		memcpy(s->out + s->n + GH_FRAME_HEAD, p, n);
	s->n += GH_FRAME_HEAD + n;
	return true;
}

/* What one side said is heard by the other. */
static void deliver(struct side *from, struct side *to)
{
	struct gh_frame f;
	size_t used, at = 0;
	while (gh_frame_read((struct gh_span){ from->out + at, from->n - at }, &f, &used) == GH_FRAME_OK) {
		assert_true(gh_channel_frame(&to->c, &f, keep, to));
		at += used;
	}
	assert_int_equal(at, from->n);
	from->n = 0;
}

static void attend(struct side *s)
{
	struct pollfd p = { .fd = s->c.fd, .events = gh_channel_events(&s->c) };
	if (p.fd >= 0 && p.events != 0 && poll(&p, 1, 0) > 0)
		gh_channel_step(&s->c, p.revents, keep, s);
}

static void open_both(int outer[2])
{
	for (int i = 0; i < 2; i++) {
		int pair[2];
		assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair), 0);
		sides[i].n = 0;
		gh_channel_open(&sides[i].c, 5, pair[0]);
		outer[i] = pair[1];
	}
}

/* Everything arrives, in order, in both directions, however slowly it is read; then both are free again. */
static void channel_carries(void **state)
{
	(void)state;
	enum { ALL = 1 << 20 };
	int outer[2];
	size_t sent[2] = { 0 }, got[2] = { 0 };
	bool ended[2] = { false };
	open_both(outer);
	for (int turn = 0; (sides[0].c.used || sides[1].c.used) && turn < 1000000; turn++) {
		for (int i = 0; i < 2; i++) {
			uint8_t b[3000];
			for (size_t k = 0; k < sizeof b; k++)
				b[k] = (uint8_t)((sent[i] + k) * 7 + (size_t)i);
			const size_t left = ALL - sent[i];
			ssize_t n = left == 0 ? 0 : send(outer[i], b, left < sizeof b ? left : sizeof b, MSG_NOSIGNAL);
			sent[i] += n > 0 ? (size_t)n : 0;
			if (sent[i] == ALL && n > 0)
				assert_int_equal(shutdown(outer[i], SHUT_WR), 0);
			n = turn % 3 != 0 || ended[i] ? -1 : recv(outer[i], b, sizeof b, 0); /* a slow reader */
			for (ssize_t k = 0; k < n; k++)
				assert_int_equal(b[k], (uint8_t)((got[i] + (size_t)k) * 7 + (size_t)(1 - i)));
			got[i] += n > 0 ? (size_t)n : 0;
			ended[i] = ended[i] || n == 0;
			attend(&sides[i]);
			deliver(&sides[i], &sides[1 - i]);
		}
	}
	for (int i = 0; i < 2; i++) {
		assert_false(sides[i].c.used);
		for (uint8_t b[4096];;) { /* what lies in the socket still */
			ssize_t n = recv(outer[i], b, sizeof b, 0);
			if (n <= 0)
				break;
			got[i] += (size_t)n;
		}
		assert_int_equal(got[i], ALL);
		(void)close(outer[i]);
	}
}

/* Who is not read from may send a window, and no byte more. */
static void channel_holds_back(void **state)
{
	(void)state;
	int outer[2], small = 4096;
	static uint8_t b[1 << 20];
	open_both(outer);
	assert_int_equal(setsockopt(sides[1].c.fd, SOL_SOCKET, SO_SNDBUF, &small, sizeof small), 0);
	for (int i = 0; i < 1000; i++) {
		(void)send(outer[0], b, sizeof b, MSG_NOSIGNAL);
		attend(&sides[0]);
		deliver(&sides[0], &sides[1]);
		attend(&sides[1]);
		deliver(&sides[1], &sides[0]);
	}
	assert_int_equal(gh_channel_events(&sides[0].c) & POLLIN, 0);
	assert_true(sides[1].c.n > 0 && sides[1].c.n <= GH_FRAME_WINDOW);
	/* More than it may: an attack. */
	const struct gh_frame f = { .channel = 5, .kind = GH_FRAME_DATA, .body = { b, GH_FRAME_WINDOW } };
	assert_false(gh_channel_frame(&sides[1].c, &f, keep, &sides[1]));
	for (int i = 0; i < 2; i++) {
		gh_channel_close(&sides[i].c, keep, &sides[i]);
		(void)close(outer[i]);
	}
}

/* A client that goes away ends the other side too. */
static void channel_is_cut(void **state)
{
	(void)state;
	int outer[2];
	uint8_t b[10];
	open_both(outer);
	assert_int_equal(send(outer[0], "hello", 5, 0), 5);
	(void)close(outer[0]);
	for (int i = 0; i < 10; i++)
		for (int k = 0; k < 2; k++) {
			attend(&sides[k]);
			deliver(&sides[k], &sides[1 - k]);
		}
	assert_int_equal(recv(outer[1], b, sizeof b, 0), 5);
	assert_int_equal(send(outer[1], "answer", 6, MSG_NOSIGNAL),
			 -1); /* so an engine notices, and stops working for it */
	(void)close(outer[1]);
	for (int i = 0; i < 10; i++)
		for (int k = 0; k < 2; k++) {
			attend(&sides[k]);
			deliver(&sides[k], &sides[1 - k]);
		}
	assert_false(sides[0].c.used || sides[1].c.used);
	const struct gh_frame f = { .channel = 5, .kind = GH_FRAME_END };
	assert_false(gh_channel_frame(&sides[0].c, &f, keep, &sides[0])); /* nobody has opened it */
}

/* ---- initramfs ---------------------------------------------------------------------------------------------------------------- */

static void archive(void **state)
{
	(void)state;
	gh_auto_buf b = gh_buf(1 << 16), made = gh_buf(1000);
	struct gh_cpio c = gh_cpio(&b);
	gh_cpio_dir(&c, "dev");
	gh_cpio_device(&c, "dev/console", 5, 1, 0600);
	gh_cpio_above(&c, &made, "a/b/x");
	gh_cpio_file(&c, "a/b/x", gh_span_str("text!"), 0555);
	gh_cpio_above(&c, &made, "a/b/y"); /* they are there */
	gh_cpio_link(&c, "a/b/y", "x");
	assert_true(gh_cpio_end(&c));
	static const struct {
		const char *name;
		unsigned mode, size;
	} want[] = { { "dev", 040755, 0 },    { "dev/console", 020600, 0 }, { "a", 040755, 0 },	   { "a/b", 040755, 0 },
		     { "a/b/x", 0100555, 5 }, { "a/b/y", 0120777, 1 },	    { "TRAILER!!!", 0, 0 } };
	size_t at = 0;
	for (size_t i = 0; i < sizeof want / sizeof *want; i++) {
		unsigned field[13];
		char magic[7];
		assert_int_equal(at % 4, 0);
		memcpy(magic, b.p + at, 6);
		magic[6] = '\0';
		assert_string_equal(magic, "070701");
		for (int k = 0; k < 13; k++) {
			char hex[9];
			memcpy(hex, b.p + at + 6 + 8 * k, 8);
			hex[8] = '\0';
			field[k] = (unsigned)strtoul(hex, NULL, 16);
		}
		assert_string_equal((const char *)b.p + at + 110, want[i].name);
		assert_int_equal(field[0], i);
		assert_int_equal(field[1], want[i].mode);
		assert_int_equal(field[6], want[i].size);
		assert_int_equal(field[11], strlen(want[i].name) + 1);
		at = (at + 110 + field[11] + 3) & ~(size_t)3;
		if (i == 4)
			assert_memory_equal(b.p + at, "text!", 5);
		at = (at + field[6] + 3) & ~(size_t)3;
	}
	assert_int_equal(at, b.n);
	static const char *const bad[] = { "", "/a", "a/", "a//b", "../a", "a/../b", "./a" };
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		gh_auto_buf o = gh_buf(1000);
		struct gh_cpio x = gh_cpio(&o);
		gh_cpio_file(&x, bad[i], gh_span_str("x"), 0600);
		assert_false(gh_cpio_end(&x));
	}
	gh_auto_buf full = gh_buf(100);
	c = gh_cpio(&full);
	gh_cpio_dir(&c, "dev");
	assert_false(gh_cpio_end(&c));
}

/* ---- QEMU's command line ------------------------------------------------------------------------------------------------------ */

static const struct gh_vm_args plain = {
	.kernel = "/vm/kernel", .initrd = "/vm/initrd", .cmdline = "quiet", .memory = 300, .cpus = 1, .disks = 2
};

static char *joined(const struct gh_vm_args *v)
{
	static char text[8192];
	gh_auto_arena a = { .max = 1 << 16 };
	struct gh_err err = { 0 };
	const char *const *argv;
	size_t n = 0;
	if (gh_vm_argv(&a, v, &argv, &err) != GH_OK)
		return gh_err_line(&err, text, sizeof text);
	for (; *argv != NULL; argv++)
		n += (size_t)snprintf(text + n, sizeof text - n, "%s ", *argv);
	return text;
}

static void command_lines(void **state)
{
	(void)state;
	struct gh_vm_args v = plain;
	/* Whatever the machine: nothing that was not asked for, and QEMU locked down. */
	static const char *const always[] = {
		"-nodefaults ",
		"-no-user-config ",
		"-display none ",
		"-sandbox on,obsolete=deny,"
		"elevateprivileges=deny,spawn=deny,resourcecontrol=deny ",
		"-kernel /vm/kernel ",
		"-initrd /vm/initrd ",
		"-append quiet ",
		"-m 300M ",
		"-smp 1 ",
		"socket,id=ctl,fd=3 ",
		"driver=raw,node-name=disk1,read-only=on,file.driver=file,file.filename=/vm/disk1"
	};
	static const char *const never[] = { "-net", "netdev", "-monitor", "-usb",
					     "-vnc", "-qmp",   "disk2",	   "read-only=off" };
	static const struct {
		enum gh_vm_machine machine;
		enum gh_vm_accel accel;
		const char *firmware, *tpm, *has[6];
	} rows[] = {
		{ GH_VM_Q35,
		  GH_VM_TCG,
		  NULL,
		  NULL,
		  { "-machine q35,", "-accel tcg,", "-cpu max ", "virtio-serial-pci,",
		    "virtio-blk-pci,drive=disk0 " } },
		{ GH_VM_Q35, GH_VM_KVM, NULL, NULL, { "-machine q35,", "-accel kvm ", "-cpu host " } },
		{ GH_VM_Q35,
		  GH_VM_TCG,
		  "/vm/ovmf",
		  "/vm/tpm",
		  { "-bios /vm/ovmf ", "-tpmdev emulator,id=tpm0,chardev=tpmchar ", "tpm-crb,tpmdev=tpm0 " } },
		{ GH_VM_MICROVM,
		  GH_VM_TCG,
		  NULL,
		  NULL,
		  { "-machine microvm,", "-accel tcg,", "virtio-serial-device,", "virtio-blk-device,drive=disk0 " } },
		{ GH_VM_SNP,
		  GH_VM_KVM,
		  "/vm/ovmf",
		  NULL,
		  { "confidential-guest-support=cc0",
		    "sev-snp-guest,id=cc0,policy=0x30000,cbitpos=51,reduced-phys-bits=1,kernel-hashes=on,"
		    "host-data=AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8= ",
		    "memory-backend-memfd,id=ram0,size=300M", "iommu_platform=on" } },
		{ GH_VM_TDX,
		  GH_VM_KVM,
		  "/vm/ovmf",
		  NULL,
		  { "kernel-irqchip=split,confidential-guest-support=cc0",
		    "tdx-guest,id=cc0,mrconfigid=AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8AAAAAAAAAAAAAAAAAAAAA ",
		    "iommu_platform=on" } },
	};
	for (uint8_t i = 0; i < 32; i++)
		v.host_data[i] = i;
	v.cbit = 51;
	v.reduced = 1;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		v.machine = rows[i].machine;
		v.accel = rows[i].accel;
		v.firmware = rows[i].firmware;
		v.tpm = rows[i].tpm;
		const char *text = joined(&v);
		for (size_t k = 0; k < 6 && rows[i].has[k] != NULL; k++)
			if (strstr(text, rows[i].has[k]) == NULL)
				fail_msg("lacks %s: %s", rows[i].has[k], text);
		for (size_t k = 0; k < sizeof always / sizeof *always; k++)
			if (strstr(text, always[k]) == NULL)
				fail_msg("lacks %s: %s", always[k], text);
		for (size_t k = 0; k < sizeof never / sizeof *never; k++)
			if (strstr(text, never[k]) != NULL)
				fail_msg("has %s: %s", never[k], text);
	}
}

static void command_lines_refused(void **state)
{
	(void)state;
	static const struct {
		struct gh_vm_args v;
		const char *says;
	} rows[] = {
		{ { .machine = GH_VM_SNP, .accel = GH_VM_TCG, .firmware = "x" }, "cannot be emulated" },
		{ { .machine = GH_VM_TDX, .accel = GH_VM_KVM }, "needs its own firmware" },
		{ { .machine = GH_VM_MICROVM, .tpm = "/vm/tpm" }, "no place for a TPM" },
		{ { .disks = GH_VM_DISKS + 1 }, "at most 24 files" },
		{ { .memory = 0 }, "without memory" },
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (strstr(joined(&rows[i].v), rows[i].says) == NULL)
			fail_msg("%s instead of %s", joined(&rows[i].v), rows[i].says);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(frames),
		cmocka_unit_test(channel_carries),
		cmocka_unit_test(channel_holds_back),
		cmocka_unit_test(channel_is_cut),
		cmocka_unit_test(archive),
		cmocka_unit_test(command_lines),
		cmocka_unit_test(command_lines_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
