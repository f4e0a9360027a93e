/* From an engine's image to a machine: QEMU in a jail of its own, which looks like a stub in a sandbox to the rest of the launch. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "os/jail_serve.h"
#include "runtime/launch_int.h"
#include "runtime/vm/bridge.h"
#include "runtime/vm/machine.h"

enum { PATH = 1024, QEMU_BYTES = 384 << 20, QEMU_DISK = 16 << 20, QEMU_THREADS = 64, TEXTS = 2 };
#define MIB ((uint64_t)1 << 20)

/* The ciphertext is shown to QEMU under the path it has now; what lies there must still be the very file that was opened. */
static enum gh_rc disks(const struct gh_launch *l, struct gh_jail_bind *bind, char (*path)[2][PATH], struct gh_err *err)
{
	for (size_t i = 0; i < l->spec.nfile; i++) {
		char link[40];
		struct stat st;
		(void)snprintf(link, sizeof link, "/proc/self/fd/%d", l->spec.file[i].fd);
		const ssize_t n = readlink(link, path[i][0], PATH - 1);
		if (n <= 0 || n == PATH - 1 || path[i][0][0] != '/' || fstat(l->spec.file[i].fd, &st) != 0 ||
		    !S_ISREG(st.st_mode))
			return gh_fail(err, GH_E_IO,
				       "file %zu of the model cannot be a machine's disk: it is no named file", i);
		path[i][0][n] = '\0';
		(void)snprintf(path[i][1], PATH, "/vm/disk%zu", i);
		bind[i] = (struct gh_jail_bind){
			.host = path[i][0], .inside = path[i][1], .dev = st.st_dev, .ino = st.st_ino
		};
	}
	return GH_OK;
}

static size_t fill(const struct gh_vm_image *v, struct gh_jail_text *text)
{
	size_t n = 0;
	text[n++] = (struct gh_jail_text){ "/vm/kernel", v->kernel, v->nkernel, false };
	text[n++] = (struct gh_jail_text){ "/vm/initrd", v->initrd.p, v->initrd.n, false };
	for (size_t i = 0; i < v->host.nfile; i++)
		text[n++] = (struct gh_jail_text){ v->host.file[i].inside, v->host.file[i].bytes, v->host.file[i].n,
						   true };
	return n;
}

bool gh_launch_vm_ours(const void *ctx, const char *path)
{
	const struct gh_vm_image *v = ctx;
	if (strncmp(path, "/vm/", 4) == 0 || strcmp(path, "/dev/kvm") == 0)
		return true;
	for (size_t i = 0; i < v->host.nfile; i++)
		if (strcmp(path, v->host.file[i].inside) == 0)
			return true;
	return false;
}

static uint64_t model_bytes(const struct gh_launch *l)
{
	uint64_t sum = 0;
	for (size_t i = 0; i < l->spec.nfile; i++)
		sum += l->file[i].size;
	return sum;
}

static enum gh_rc jail(struct gh_launch *l, int stream, struct gh_err *err)
{
	const struct gh_launch_spec *s = &l->spec;
	const struct gh_vm_image *v = s->vm;
	const struct gh_engine_profile *p = s->image->profile;
	/* It is executed from memory, and would look for its parts beside itself. */
	static const char *const env[] = { "QEMU_MODULE_DIR=/usr/lib/x86_64-linux-gnu/qemu", NULL };
	gh_auto_arena a = { .max = 1 << 20 };
	struct gh_jail_bind bind[GH_VM_DISKS + 1];
	char(*path)[2][PATH] = calloc(GH_VM_DISKS, sizeof *path);
	const char *const *argv;
	const struct gh_vm_args args = {
		.machine = v->machine,
		.accel = v->accel,
		.kernel = "/vm/kernel",
		.initrd = "/vm/initrd",
		.cmdline = v->cmdline,
		.memory = gh_vm_memory(v, model_bytes(l), s->memory != 0 ? s->memory : p->memory),
		.cpus = s->threads != 0 ? s->threads : 1,
		.disks = s->nfile,
	};
	struct gh_jail_text *text = calloc(TEXTS + v->host.nfile, sizeof *text);
	enum gh_rc rc = text == NULL || path == NULL ? gh_fail(err, GH_E_NOMEM, "no memory for a launch")
						     : gh_vm_argv(&a, &args, &argv, err);
	if (rc == GH_OK)
		rc = disks(l, bind, path, err);
	size_t nbind = s->nfile;
	if (v->accel == GH_VM_KVM)
		bind[nbind++] = (struct gh_jail_bind){ .host = "/dev/kvm", .inside = "/dev/kvm", .device = true };
	if (rc == GH_OK) {
		const char **words = (const char **)(size_t)argv;
		words[0] = v->host.file[0].inside;
		const size_t ntext = fill(v, text);
		const struct gh_jail j = {
			.bind = bind,
			.nbind = nbind,
			.text = text,
			.ntext = ntext,
			.argv = words,
			.envp = env,
			.talk = stream,
			.exec_fd = v->host.stub,
			.filter = v->host.filter,
			.listen = true,
			.memory = args.memory * MIB + QEMU_BYTES + v->host.total + v->initrd.n + v->nkernel,
			.disk = QEMU_DISK,
			.file = QEMU_DISK,
			.processes = QEMU_THREADS + args.cpus,
			.cpu = s->cpu,
		};
		rc = gh_jail_open(&j, &l->jail, err);
	}
	free(path);
	free(text);
	return rc;
}

enum gh_rc gh_launch_vm(struct gh_launch *l, int inner, struct gh_err *err)
{
	int stream[2], log[2], talk = fcntl(inner, F_DUPFD_CLOEXEC, 3), listening = gh_launch_listen(l, err);
	if (listening < 0) {
		(void)close(talk);
		return err->rc;
	}
	if (talk < 0 || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, stream) != 0) {
		enum gh_rc rc = gh_fail_sys(err, errno, "a stream to the machine");
		(void)close(talk);
		(void)close(listening);
		return rc;
	}
	enum gh_rc rc = jail(l, stream[1], err);
	(void)close(stream[1]);
	if (rc == GH_OK && pipe2(log, O_CLOEXEC) != 0)
		rc = gh_fail_sys(err, errno, "a pipe for what the machine prints");
	if (rc != GH_OK) {
		(void)close(stream[0]);
		(void)close(talk);
		(void)close(listening);
		return rc;
	}
	l->inner_log = log[0];
	(void)fcntl(log[0], F_SETFL, O_NONBLOCK);
	return gh_bridge_start(stream[0], talk, log[1], listening, &l->bridge, err);
}
