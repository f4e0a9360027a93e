/* From an engine's image to a jail: what is in its root, and what limits it. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "runtime/launch_int.h"

enum { SLACK = 64 << 10, MIN_LOCK = 1 << 20, MODEL_SLACK = 16 << 20 };

/* What programs ask the system about: nobody but themselves. */
static const struct gh_jail_text own[] = {
	{ "/etc/passwd", "engine:x:1000:1000::/tmp:/bin/false\n", 36, false },
	{ "/etc/group", "engine:x:1000:\n", 15, false },
	{ "/etc/nsswitch.conf", "passwd: files\ngroup: files\nhosts: files\n", 40, false },
	{ "/etc/hosts", "127.0.0.1 localhost\n", 20, false },
};
enum { OWN = sizeof own / sizeof *own };

static bool models(const struct gh_launch *l, uint64_t *sum, uint64_t *longest)
{
	*sum = *longest = 0;
	for (size_t i = 0; i < l->spec.nfile; i++) {
		const uint64_t n = l->file[i].size;
		if (n > UINT64_MAX / 4 - *sum)
			return false;
		*sum += (n + 4095) & ~(uint64_t)4095;
		*longest = n > *longest ? n : *longest;
	}
	return true;
}

/* Locked pages count against whoever starts us; root may have more. Where it may not, less is locked, and said. */
static void allow_locking(uint64_t want)
{
	struct rlimit r;
	if (getrlimit(RLIMIT_MEMLOCK, &r) != 0 || r.rlim_max >= want)
		return;
	r.rlim_max = want;
	(void)setrlimit(RLIMIT_MEMLOCK, &r);
}

static size_t fill(const struct gh_engine_image *im, struct gh_jail_text *text, struct gh_jail_bind *bind,
		   size_t *nbind)
{
	size_t n = 0;
	*nbind = 0;
	for (; n < OWN; n++)
		text[n] = own[n];
	for (size_t i = 0; i < im->nfile; i++) {
		const struct gh_image_file *f = &im->file[i];
		if (f->kind == GH_PART_TREE)
			bind[(*nbind)++] = (struct gh_jail_bind){
				.host = f->host, .inside = f->inside, .run = true, .dev = f->dev, .ino = f->ino
			};
		else
			text[n++] = (struct gh_jail_text){ f->inside, f->bytes, f->n, true };
	}
	return n;
}

#ifdef GH_SANITIZED
static const char *const env[] = { "ASAN_OPTIONS=detect_leaks=0:allocator_may_return_null=1", NULL };
#else
static const char *const env[] = { NULL };
#endif

enum gh_rc gh_launch_jail(struct gh_launch *l, int inner, struct gh_err *err)
{
	const struct gh_launch_spec *s = &l->spec;
	const struct gh_engine_image *im = s->image;
	const struct gh_engine_profile *p = im->profile;
	static const char *const argv[] = { "gatehouse-stub", NULL };
	struct gh_jail_text *text = calloc(OWN + GH_ENGINE_FILES, sizeof *text);
	struct gh_jail_bind bind[GH_JAIL_BINDS];
	uint64_t sum, longest;
	size_t nbind = 0, trees = 0;
	for (size_t i = 0; i < im->nfile; i++)
		trees += im->file[i].kind == GH_PART_TREE;
	if (text == NULL || !models(l, &sum, &longest) || trees >= GH_JAIL_BINDS) {
		free(text);
		return gh_fail(err, GH_E_LIMIT, "the model, or the list of what is shown to the engine, is too large");
	}
	const uint64_t disk = s->disk != 0 ? s->disk : p->disk;
	const size_t ntext = fill(im, text, bind, &nbind);
	if (p->socket == GH_ENGINE_BIND)
		bind[nbind++] = (struct gh_jail_bind){ .host = l->dir, .inside = "/run/gatehouse", .write = true };
	const struct gh_jail j = {
		.bind = bind,
		.nbind = nbind,
		.text = text,
		.ntext = ntext,
		.argv = argv,
		.envp = env,
		.filter = im->filter,
		.listen = true,
		.exec_fd = im->stub,
		.talk = inner,
		/* the model, once more for what engines copy of it, and the files of the root, which lie in memory too */
		.memory = 2 * sum + (s->memory != 0 ? s->memory : p->memory) + im->total + SLACK,
		.disk = disk,
		.model = p->model == GH_STUB_DIRECTORY ? sum + MODEL_SLACK : 0,
		.file = longest > disk ? longest : disk,
		.locked = sum + MIN_LOCK,
		.processes = s->processes != 0 ? s->processes : p->processes,
		.cpu = s->cpu,
		.noexec = true,
#ifdef GH_TEST_HOOKS
		.without = s->without,
#endif
	};
	allow_locking(j.locked);
	enum gh_rc rc = gh_jail_open(&j, &l->jail, err);
	free(text);
	if (rc == GH_OK && !l->jail.proc && p->model == GH_STUB_DESCRIPTOR)
		rc = gh_fail(
			err, GH_E_DENIED,
			"the sandbox has no /proc of its own, through which the engine would open the model: whoever "
			"started this program (a container?) hides parts of /proc");
	return rc;
}

uint32_t gh_launch_layers(const struct gh_launch *l)
{
	uint32_t set = GH_SL_USER | GH_SL_IPC | GH_SL_UTS | GH_SL_CGROUP_NS | GH_SL_MOUNT | GH_SL_ROOT | GH_SL_PID |
		       GH_SL_NET | GH_SL_RIGHTS | GH_SL_SECCOMP | GH_SL_LISTENER | GH_SL_RLIMITS;
#ifdef GH_TEST_HOOKS
	static const struct {
		unsigned left_out;
		uint32_t layers;
	} hooks[] = { { GH_JAIL_NET, GH_SL_NET },
		      { GH_JAIL_PID, GH_SL_PID },
		      { GH_JAIL_MOUNTS, GH_SL_MOUNT | GH_SL_ROOT },
		      { GH_JAIL_RIGHTS, GH_SL_RIGHTS },
		      { GH_JAIL_RLIMITS, GH_SL_RLIMITS },
		      { GH_JAIL_SECCOMP, GH_SL_SECCOMP | GH_SL_LISTENER } };
	for (size_t i = 0; i < sizeof hooks / sizeof *hooks; i++)
		if ((l->spec.without & hooks[i].left_out) != 0)
			set &= ~hooks[i].layers;
#endif
	set |= l->spec.vm != NULL ? GH_SL_VM : 0u; /* the others are those that QEMU runs in */
	set |= l->jail.landlock > 0 ? GH_SL_LANDLOCK : 0u;
	set |= l->jail.cgroup_memory ? GH_SL_MEMORY : 0u;
	set |= l->jail.cgroup_pids ? GH_SL_PIDS : 0u;
	set |= l->jail.cgroup_cpu ? GH_SL_CPU : 0u;
	return set;
}

/* ---- the socket ------------------------------------------------------------------------------------------------------------ */

/* A path through an open directory: as short as a socket's address has to be, however deep the directory lies. */
static struct sockaddr_un address(const struct gh_launch *l)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	(void)snprintf(a.sun_path, sizeof a.sun_path, "/proc/self/fd/%d/engine.sock", l->dir_fd);
	return a;
}

void gh_launch_unlink(struct gh_launch *l)
{
	if (l->dir_fd >= 0)
		(void)unlinkat(l->dir_fd, "engine.sock", 0);
}

int gh_launch_listen(struct gh_launch *l, struct gh_err *err)
{
	const struct sockaddr_un a = address(l);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	const mode_t before = umask(0177);
	bool ok = fd >= 0 && bind(fd, (const struct sockaddr *)&a, sizeof a) == 0;
	(void)umask(before);
	if (ok && listen(fd, 128) == 0)
		return fd;
	enum gh_rc rc = gh_fail_sys(err, errno, "the engine's socket in %s", l->dir);
	(void)rc;
	if (fd >= 0)
		(void)close(fd);
	return -1;
}

/* ---- readiness: one request, of whose answer twelve bytes are read --------------------------------------------------------- */

enum { STATUS = 12, PAUSE = 2000, PAUSE_MAX = 200000 };

static bool again(struct gh_launch *l)
{
	if (l->probe >= 0)
		(void)close(l->probe);
	l->probe = -1;
	l->probe_sent = l->probe_got = 0;
	l->probe_pause = l->probe_pause == 0 ? PAUSE : l->probe_pause * 2 > PAUSE_MAX ? PAUSE_MAX : l->probe_pause * 2;
	l->probe_next = gh_launch_now() + l->probe_pause;
	return false;
}

static bool ask(struct gh_launch *l)
{
	char text[400];
	const int n = snprintf(
		text, sizeof text,
		"GET %s HTTP/1.1\r\nHost: localhost\r\nUser-Agent: gatehouse\r\nConnection: close\r\n\r\n",
		l->spec.image->profile->ready);
	const struct sockaddr_un a = address(l);
	l->probe = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (l->probe < 0 || connect(l->probe, (const struct sockaddr *)&a, sizeof a) != 0 ||
	    send(l->probe, text, (size_t)n, MSG_NOSIGNAL) != n) /* it fits into any socket's buffer */
		return again(l);
	l->probe_sent = 1;
	return false;
}

bool gh_launch_probe(struct gh_launch *l)
{
	if (l->probe < 0)
		return gh_launch_now() >= l->probe_next ? ask(l) : false;
	ssize_t n = recv(l->probe, l->probe_text + l->probe_got, STATUS - l->probe_got, MSG_DONTWAIT);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return false;
	if (n <= 0)
		return again(l);
	l->probe_got += (unsigned)n;
	if (l->probe_got < STATUS)
		return false;
	if (memcmp(l->probe_text, "HTTP/1.", 7) != 0 || memcmp(l->probe_text + 8, " 200", 4) != 0)
		return again(l);
	(void)close(l->probe);
	l->probe = -1;
	return true;
}
