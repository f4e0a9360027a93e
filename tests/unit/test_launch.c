/* Launches: what runs inside reaches nothing, each layer holds by itself, limits hold, and whatever is not as it should be is
 * named, gets no key and leaves no plaintext. tests/runtime/engine.c does the attempts, inside. */
#include "support/cm.h"

#include "catalog/blobfmt.h"
#include "crypto/secret.h"
#include "os/jail.h"
#include "runtime/launch_int.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

enum { WAIT_MS = 30000, TEXT = 200 << 10 };
#define MARKER "plain-text-of-the-model-4711"

/* ---- a model, a profile, an engine ---------------------------------------------------------------------------------------- */

struct model {
	struct gh_launch_file file[3];
	struct gh_stub_blob_key key[3];
	size_t n;
};

/* An encrypted blob of `size` bytes that begins with the marker. */
static int blob(struct gh_stub_file *f, struct gh_stub_blob_key *k, const char *name, uint64_t size)
{
	uint8_t head[GH_BLOB_HEAD], in[GH_STREAM_SEGMENT], out[GH_STREAM_SEALED];
	struct gh_blobfmt h = { .size = size, .generation = 1 };
	int fd = memfd_create("cipher", MFD_CLOEXEC);
	assert_true(fd >= 0 && gh_random(h.id, sizeof h.id) && gh_random(h.tenant, sizeof h.tenant) &&
		    gh_random(h.salt, sizeof h.salt) && gh_random(k->key, sizeof k->key));
	gh_blobfmt_write(&h, head);
	assert_int_equal(write(fd, head, sizeof head), sizeof head);
	struct gh_stream *s = gh_stream_new(k->key, h.salt, (struct gh_span){ head, sizeof head });
	assert_non_null(s);
	for (uint64_t i = 0; i < gh_stream_segments(size); i++) {
		uint64_t off;
		size_t n;
		assert_true(gh_blobfmt_segment(size, i, &off, &n));
		memset(in, 'a' + (int)(i % 26), sizeof in);
		memcpy(in, MARKER, sizeof MARKER - 1);
		assert_true(gh_stream_seal(s, i, i + 1 == gh_stream_segments(size), in, n, out, out + n));
		assert_int_equal(write(fd, out, n + GH_STREAM_TAG), n + GH_STREAM_TAG);
	}
	gh_stream_free(s);
	*f = (struct gh_stub_file){ .size = size };
	memcpy(f->blob, h.id, sizeof f->blob);
	memcpy(f->tenant, h.tenant, sizeof f->tenant);
	(void)snprintf(f->name, sizeof f->name, "%s", name);
	memcpy(k->blob, h.id, sizeof k->blob);
	return fd;
}

static struct model make_model(void)
{
	static const struct {
		const char *name;
		uint64_t size;
	} files[] = { { "model.gguf", TEXT }, { "sub/more.bin", 100 }, { "empty", 0 } };
	struct model m = { .n = 3 };
	for (size_t i = 0; i < m.n; i++)
		m.file[i].fd = blob(&m.file[i].file, &m.key[i], files[i].name, files[i].size);
	return m;
}

static void free_model(struct model *m)
{
	for (size_t i = 0; i < m->n; i++)
		(void)close(m->file[i].fd);
}

static const char profile_text[] = "about: tests\n"
				   "program: '{engine}/launch_engine'\n"
				   "command: [/engine/launch_engine, '%s', '%s', '{socket}']\n"
				   "libraries: find\n"
				   "syscalls: engine\n"
				   "socket: %s\n"
				   "model: %s\n"
				   "ready: /health\n"
				   "ready_seconds: %u\n"
				   "memory_mib: %u\n"
				   "disk_mib: 8\n"
				   "processes: 32\n";

struct how { /* zero: the ordinary one */
	const char *mode, *socket, *model, *word;
	unsigned seconds, memory, without, cpu;
};

struct ctx {
	struct gh_arena arena;
	struct gh_engine_profile profile;
	struct gh_engine_image *image;
	struct gh_launch_spec spec;
	struct gh_launch *l;
	struct gh_launch_event evidence, end;
	struct model model;
	char dir[64], log[8192], attempts[65536];
	size_t log_n, nattempts;
	uint64_t logged;
};

static bool sign(void *ctx, struct gh_span tbs, uint8_t sig[GH_SOFTWARE_SIG])
{
	(void)ctx;
	memset(sig, 7, GH_SOFTWARE_SIG);
	return tbs.n == GH_SOFTWARE_TBS;
}

static void build_dir(char out[400])
{
	ssize_t n = readlink("/proc/self/exe", out, 399);
	assert_true(n > 0);
	out[n] = '\0';
	*strrchr(out, '/') = '\0';
}

/* With the sanitizers the stub is larger than a limit of a few MiB. */
#ifdef GH_SANITIZED
enum { MEMORY_MIB = 900 };
#else
enum { MEMORY_MIB = 64 };
#endif

static char no_launch[GH_ERR_TEXT]; /* why there can be no sandbox here; "": there can */

static void setup(struct ctx *c, const struct how *h)
{
	if (no_launch[0] != '\0') {
		print_message("skipped: no sandbox can be made here: %s\n", no_launch);
		skip();
	}
	char text[1000], where[400];
	struct gh_err err = { 0 };
	memset(c, 0, sizeof *c);
	c->arena.max = 1 << 20;
	build_dir(where);
	(void)snprintf(text, sizeof text, profile_text, h->word != NULL ? h->word : "{model}",
		       h->mode != NULL ? h->mode : "serve", h->socket != NULL ? h->socket : "inherit",
		       h->model != NULL ? h->model : "descriptor", h->seconds != 0 ? h->seconds : 60,
		       h->memory != 0 ? h->memory : (unsigned)MEMORY_MIB);
	if (gh_engine_read(&c->arena, "test", gh_span_str(text), &c->profile, &err) != GH_OK ||
	    gh_engine_load(&c->profile, where, &c->image, &err) != GH_OK)
		fail_msg("%s", err.text[0]);
	(void)snprintf(c->dir, sizeof c->dir, "/tmp/gatehouse-launch-XXXXXX");
	assert_non_null(mkdtemp(c->dir));
	c->model = make_model();
	c->spec = (struct gh_launch_spec){ .image = c->image,
					   .file = c->model.file,
					   .nfile = c->model.n,
					   .socket_dir = c->dir,
					   .sign = sign,
					   .cpu = h->cpu,
					   .without = h->without };
	memset(c->spec.nonce, 1, sizeof c->spec.nonce);
	memset(c->spec.model, 2, sizeof c->spec.model);
	memset(c->spec.policy, 3, sizeof c->spec.policy);
	memset(c->spec.deployment, 4, sizeof c->spec.deployment);
}

static void teardown(struct ctx *c)
{
	char path[100];
	gh_launch_close(c->l);
	(void)snprintf(path, sizeof path, "%s/engine.sock", c->dir);
	assert_int_not_equal(access(path, F_OK), 0);
	assert_int_equal(rmdir(c->dir), 0);
	gh_engine_free(c->image);
	free_model(&c->model);
	gh_arena_free(&c->arena);
}

/* The next event of this kind; ENDED ends every waiting. */
static enum gh_launch_what until(struct ctx *c, enum gh_launch_what what, struct gh_launch_event *e)
{
	for (int i = 0; i < 100000; i++) {
		gh_launch_wait(c->l, WAIT_MS, e);
		if (e->what == GH_LAUNCH_LOG) {
			size_t n = e->log.n < sizeof c->log - 1 - c->log_n ? e->log.n : sizeof c->log - 1 - c->log_n;
			memcpy(c->log + c->log_n, e->log.p, n);
			c->log_n += n;
			c->logged += e->log.n;
		}
		if (e->what == GH_LAUNCH_ATTEMPT && c->nattempts < sizeof c->attempts)
			c->nattempts += (size_t)snprintf(c->attempts + c->nattempts, sizeof c->attempts - c->nattempts,
							 "%s(%s)\n", e->call, e->text);
		if (e->what == GH_LAUNCH_ENDED)
			c->end = *e;
		if (e->what == what || e->what == GH_LAUNCH_ENDED || e->what == GH_LAUNCH_NOTHING)
			return e->what;
	}
	return GH_LAUNCH_NOTHING;
}

static void open_launch(struct ctx *c)
{
	struct gh_err err = { 0 };
	char line[400];
	if (gh_launch_open(&c->spec, &c->l, &err) != GH_OK)
		fail_msg("%s", gh_err_line(&err, line, sizeof line));
	if (until(c, GH_LAUNCH_EVIDENCE, &c->evidence) != GH_LAUNCH_EVIDENCE)
		fail_msg("no evidence: %s", gh_launch_end_line(&c->end, line, sizeof line));
}

static bool keys(struct ctx *c, const struct gh_stub_bind *b, const uint8_t evidence[32], size_t n)
{
	uint8_t enc[GH_STUB_KEY], out[sizeof c->model.key + 16];
	assert_true(gh_stub_seal(b, evidence, c->model.key, n, enc, out));
	return gh_launch_keys(c->l, enc, (struct gh_span){ out, n * sizeof *c->model.key + 16 }, n);
}

static void run_until_ready(struct ctx *c)
{
	struct gh_launch_event e;
	char line[400];
	open_launch(c);
	assert_true(keys(c, &c->evidence.bind, c->evidence.evidence_sha256, c->model.n));
	if (until(c, GH_LAUNCH_READY, &e) != GH_LAUNCH_READY)
		fail_msg("not ready: %s; it printed: %s", gh_launch_end_line(&c->end, line, sizeof line), c->log);
}

/* ---- asking the engine -------------------------------------------------------------------------------------------------------- */

/* The engine's answer to "GET /what"; while it works, the launch is attended. -1: no answer came. */
static int ask_at_most(struct ctx *c, const char *what, char *body, size_t cap, unsigned ms)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	char text[4096];
	size_t n = 0;
	(void)snprintf(a.sun_path, sizeof a.sun_path, "%s/engine.sock", c->dir);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (connect(fd, (struct sockaddr *)&a, sizeof a) != 0) {
		(void)close(fd);
		return -1;
	}
	int len = snprintf(text, sizeof text, "GET /%s HTTP/1.1\r\n\r\n", what);
	assert_int_equal(send(fd, text, (size_t)len, MSG_NOSIGNAL), len);
	for (unsigned t = 0; t < ms;) {
		struct gh_launch_event e;
		struct pollfd p = { .fd = fd, .events = POLLIN };
		do {
			gh_launch_wait(c->l, 0, &e);
			if (e.what == GH_LAUNCH_ATTEMPT && c->nattempts < sizeof c->attempts)
				c->nattempts += (size_t)snprintf(c->attempts + c->nattempts,
								 sizeof c->attempts - c->nattempts, "%s(%s)\n", e.call,
								 e.text);
			if (e.what == GH_LAUNCH_ENDED)
				c->end = e;
			if (e.what == GH_LAUNCH_LOG)
				c->logged += e.log.n;
		} while (e.what != GH_LAUNCH_NOTHING);
		if (poll(&p, 1, 2) == 0) {
			t += 2;
			continue;
		}
		ssize_t got = recv(fd, text + n, sizeof text - 1 - n, 0);
		if (got <= 0)
			break;
		n += (size_t)got;
	}
	(void)close(fd);
	text[n] = '\0';
	const char *at = strstr(text, "\r\n\r\n");
	if (at == NULL)
		return -1;
	int r = atoi(at + 4);
	const char *rest = strchr(at + 4, ' ');
	if (body != NULL)
		(void)snprintf(body, cap, "%s", rest == NULL ? "" : rest + 1);
	return r;
}
static int ask(struct ctx *c, const char *what) { return ask_at_most(c, what, NULL, 0, WAIT_MS); }

/* ---- all together ------------------------------------------------------------------------------------------------------------- */

static void test_serves(void **state)
{
	struct ctx c;
	struct gh_launch_state s;
	char body[4096];
	(void)state;
	setup(&c, &(struct how){ 0 });
	run_until_ready(&c);
	assert_int_equal(ask(&c, "health"), 0);
	assert_int_equal(ask_at_most(&c, "model", body, sizeof body, WAIT_MS), 0);
	assert_memory_equal(body, MARKER, sizeof MARKER - 1);
	assert_int_equal(ask_at_most(&c, "files", body, sizeof body, WAIT_MS), 0);
	assert_string_equal(body, " 0 1 2 3 4 10 11 12"); /* 4: this request */
	assert_int_equal(ask_at_most(&c, "whoami", body, sizeof body, WAIT_MS), 0);
	assert_non_null(strstr(body, "CapEff:\t0000000000000000"));
	assert_non_null(strstr(body, "CapBnd:\t0000000000000000"));
	assert_non_null(strstr(body, "NoNewPrivs:\t1"));
	assert_non_null(strstr(body, "Seccomp:\t2"));
	gh_launch_state(c.l, &s);
	assert_true(s.landlock > 0 && s.us_launch > 0 && s.us_decrypt > 0 && s.us_ready > 0 && s.attempts == 0);
	gh_launch_stop(c.l, 10000);
	struct gh_launch_event e;
	assert_int_equal(until(&c, GH_LAUNCH_ENDED, &e), GH_LAUNCH_ENDED);
	assert_int_equal(e.end, GH_END_STOPPED);
	assert_non_null(strstr(c.log, "engine: model /proc/self/fd/10"));
	teardown(&c);
}

static const struct {
	const char *what;
	int error, other; /* one of these; 0: no other */
	const char *told; /* what the launcher is told; NULL: nothing */
} refused[] = {
	{ "inet", EPERM, 0, "socket(AF_INET 2, SOCK_STREAM)" },
	{ "inet6", EPERM, 0, "socket(AF_INET6 10, SOCK_DGRAM)" },
	{ "raw", EPERM, 0, "socket(AF_INET 2, SOCK_RAW)" },
	{ "netlink", EPERM, 0, "socket(AF_NETLINK 16" },
	{ "packet", EPERM, 0, "socket(AF_PACKET 17" },
	{ "vsock", EPERM, 0, "socket(AF_VSOCK 40" },
	{ "alg", EPERM, 0, "socket(AF_ALG 38" },
	{ "local", EPERM, 0, "socket(AF_UNIX 1" },
	{ "connect", EPERM, 0, "connect(192.0.2.7:443)" },
	{ "abstract", EPERM, 0, "connect(" },
	{ "shell", EPERM, 0, "execve(/bin/sh -c id)" },
	{ "self", EPERM, 0, "execveat(" },
	{ "memfd", EPERM, 0, "memfd_create(" },
	{ "trace", EPERM, 0, "ptrace(" },
	{ "peek", EPERM, 0, "process_vm_readv(" },
	{ "kill", EPERM, 0, "kill(process " },
	{ "stub-memory", EACCES, 0, "open" },
	{ "stub-maps", EACCES, 0, "open" },
	{ "first-environ", EACCES, 0, "(/proc/1/environ)" },
	{ "shadow", EACCES, 0, "(/etc/shadow)" },
	{ "sysfs", EACCES, ENOENT, NULL },
	{ "write-root", EACCES, 0, "(to write: /x)" },
	{ "write-self", EACCES, 0, "(to write: /engine/launch_engine)" },
	{ "write-lib", EACCES, 0, "(to write: /etc/passwd)" },
	{ "write-model", EACCES, 0, "(to write: /" },
	{ "chmod-model", EPERM, 0, "chmod(" },
	{ "unlink-model", EPERM, 0, "unlink(" },
	{ "run-tmp", EPERM, EACCES, NULL }, /* the mount, not the filter */
	{ "make-code", EPERM, 0, "mmap(4096 bytes to be executed and written)" },
	{ "turn-code", EPERM, 0, "mprotect(4096 bytes to be executed)" },
	{ "mount", EPERM, 0, "mount(" },
	{ "chroot", EPERM, 0, "chroot(/tmp)" },
	{ "unshare", EPERM, 0, "unshare(" },
	{ "setns", EPERM, 0, "setns(" },
	{ "fork", EPERM, 0, "clone(" },
	{ "spaces", EPERM, 0, "clone(" },
	{ "clone3", ENOSYS, 0, NULL },
	{ "bpf", EPERM, 0, "bpf(" },
	{ "io_uring", ENOSYS, 0, NULL },
	{ "userfaultfd", EPERM, 0, "userfaultfd(" },
	{ "keyctl", EPERM, 0, "keyctl(" },
	{ "perf", EPERM, 0, "perf_event_open(" },
	{ "module", EPERM, 0, "init_module(" },
	{ "kexec", EPERM, 0, "kexec_load(" },
	{ "setuid", EPERM, 0, "setuid(" },
	{ "terminal", EPERM, 0, "ioctl(descriptor 0, request 0x5412)" },
	{ "steal", EPERM, 0, "pidfd_getfd(" },
	{ "reboot", EPERM, 0, "reboot(" },
	{ "hostname", EPERM, 0, "sethostname(" },
};

static void refuse_all(const struct how *h)
{
	struct ctx c;
	struct gh_launch_state s;
	setup(&c, h);
	run_until_ready(&c);
	uint64_t told = 0;
	for (size_t i = 0; i < GH_ROWS(refused); i++) {
		/* the model's names do not lie in a directory of the engine's when it is sealed memory */
		c.nattempts = 0;
		c.attempts[0] = '\0';
		int r = ask(&c, refused[i].what);
		if (r != refused[i].error && (refused[i].other == 0 || r != refused[i].other))
			fail_msg("%s: %s (%d)", refused[i].what, r < 0 ? "no answer" : strerror(r), r);
		if (refused[i].told == NULL
			    ? c.attempts[0] != '\0' && refused[i].other != ENOENT && refused[i].error != EACCES
			    : strstr(c.attempts, refused[i].told) == NULL)
			fail_msg("%s: told was: %s", refused[i].what, c.attempts);
		told += c.attempts[0] != '\0';
	}
	gh_launch_state(c.l, &s);
	assert_true(s.attempts >= told && told > 30);
	assert_int_equal(ask(&c, "write-tmp"), 0); /* and what it may, works still */
	teardown(&c);
}

static void test_refused(void **state)
{
	(void)state;
	refuse_all(&(struct how){ 0 });
}

/* ---- the other ways to get socket and model ------------------------------------------------------------------------------------ */

static void test_directory_and_own_socket(void **state)
{
	struct ctx c;
	char body[4096];
	(void)state;
	setup(&c, &(struct how){ .socket = "bind", .model = "directory", .word = "{file:sub/more.bin}" });
	run_until_ready(&c);
	assert_int_equal(ask_at_most(&c, "model", body, sizeof body, WAIT_MS), 0);
	assert_int_equal(strlen(body), 100);
	assert_memory_equal(body, MARKER, sizeof MARKER - 1);
	assert_int_equal(ask(&c, "write-model"), EACCES);
	assert_int_equal(ask(&c, "chmod-model"), EPERM);
	assert_int_equal(ask(&c, "unlink-model"), EPERM);
	assert_int_equal(ask(&c, "inet"), EPERM);
	assert_int_equal(ask(&c, "local"), 0); /* it may make a Unix socket, and connect none */
	assert_int_equal(ask(&c, "abstract"), EPERM);
	assert_int_equal(ask_at_most(&c, "whoami", body, sizeof body, WAIT_MS), 0);
	gh_launch_stop(c.l, 10000);
	struct gh_launch_event e;
	assert_int_equal(until(&c, GH_LAUNCH_ENDED, &e), GH_LAUNCH_ENDED);
	teardown(&c);
}

/* ---- one layer, the others off --------------------------------------------------------------------------------------------- */

enum {
	BASE = GH_JAIL_MOUNTS | GH_JAIL_PID, /* without these there is no engine to be started, nor a /proc */
	ALL = GH_JAIL_NET | GH_JAIL_PID | GH_JAIL_MOUNTS | GH_JAIL_RIGHTS | GH_JAIL_LANDLOCK | GH_JAIL_RLIMITS |
	      GH_JAIL_CGROUP | GH_JAIL_SECCOMP
};

static const struct {
	const char *name;
	unsigned layer;
	const char *what;
	int error, other;
} alone[] = {
	{ "net", GH_JAIL_NET, "tcp", ENETUNREACH, 0 },
	{ "net", GH_JAIL_NET, "udp", ENETUNREACH, 0 },
	{ "pid", 0, "signal", ESRCH, 0 },
	{ "mounts", 0, "shadow", ENOENT, 0 },
	{ "mounts", 0, "write-root", EROFS, EACCES },
	{ "mounts", 0, "write-self", EROFS, ETXTBSY },
	{ "mounts", 0, "run-tmp", EPERM, EACCES },
	{ "rights", GH_JAIL_RIGHTS, "mount", EPERM, 0 },
	{ "rights", GH_JAIL_RIGHTS, "chroot", EPERM, 0 },
	{ "rights", GH_JAIL_RIGHTS, "hostname", EPERM, 0 },
	{ "rights", GH_JAIL_RIGHTS, "first-environ", EACCES, 0 },
	{ "landlock", GH_JAIL_LANDLOCK, "mount", EPERM, 0 },
	{ "landlock", GH_JAIL_LANDLOCK, "tcp", EACCES, 0 }, /* from ABI 4 on */
	{ "dumpable", 0, "stub-memory", EACCES, 0 },
	{ "sealed", 0, "write-model", EPERM, 0 },
	{ "seccomp", GH_JAIL_SECCOMP, "inet", EPERM, 0 },
	{ "seccomp", GH_JAIL_SECCOMP, "shell", EPERM, 0 },
	{ "seccomp", GH_JAIL_SECCOMP, "mount", EPERM, 0 },
	{ "seccomp", GH_JAIL_SECCOMP, "trace", EPERM, 0 },
	{ "seccomp", GH_JAIL_SECCOMP, "unshare", EPERM, 0 },
};

static void test_layers_alone(void **state)
{
	(void)state;
	unsigned running = 0;
	struct ctx c;
	bool open = false;
	for (size_t i = 0; i < GH_ROWS(alone); i++) {
		const unsigned without = ALL & ~(alone[i].layer | BASE);
		char what[64];
		if (open && running != without) {
			teardown(&c);
			open = false;
		}
		if (!open) {
			setup(&c, &(struct how){ .without = without });
			run_until_ready(&c);
			open = true;
			running = without;
		}
		if (strcmp(alone[i].what, "signal") == 0)
			(void)snprintf(what, sizeof what, "signal-%d", (int)getpid());
		else
			(void)snprintf(what, sizeof what, "%s", alone[i].what);
		struct gh_launch_state s;
		gh_launch_state(c.l, &s);
		if (alone[i].layer == GH_JAIL_LANDLOCK && s.landlock < 4 && strcmp(alone[i].what, "tcp") == 0) {
			print_message("skipped: Landlock of this kernel knows nothing of TCP\n");
			continue;
		}
		int r = ask(&c, what);
		if (r != alone[i].error && (alone[i].other == 0 || r != alone[i].other))
			fail_msg("%s alone, %s: %s (%d)", alone[i].name, alone[i].what,
				 r < 0 ? "no answer" : strerror(r), r);
	}
	teardown(&c);
}

/* Who started it is gone, or does not answer: nothing that is asked about works. */
static void test_no_supervisor(void **state)
{
	struct ctx c;
	(void)state;
	setup(&c, &(struct how){ 0 });
	run_until_ready(&c);
	(void)close(c.l->jail.listen);
	c.l->jail.listen = -1;
	assert_int_equal(ask(&c, "inet"), ENOSYS);
	assert_int_equal(ask(&c, "shell"), ENOSYS);
	assert_int_equal(ask(&c, "shadow"), ENOSYS);
	teardown(&c);
}

/* ---- limits ------------------------------------------------------------------------------------------------------------------ */

static void test_memory(void **state)
{
	struct ctx c, other;
	struct gh_launch_state s;
	(void)state;
	setup(&other, &(struct how){ 0 });
	run_until_ready(&other);
#ifndef GH_SANITIZED
	setup(&c, &(struct how){ .without = GH_JAIL_CGROUP }); /* by rlimit */
	run_until_ready(&c);
	assert_int_equal(ask(&c, "eat-memory"), ENOMEM);
	assert_int_equal(ask(&c, "health"), 0);
	teardown(&c);
#endif
	setup(&c, &(struct how){ .without = GH_JAIL_RLIMITS }); /* by cgroup */
	run_until_ready(&c);
	gh_launch_state(c.l, &s);
	if (s.cgroup_memory) {
		assert_int_equal(ask(&c, "eat-memory"), -1);
		struct gh_launch_event e;
		if (c.end.what != GH_LAUNCH_ENDED)
			assert_int_equal(until(&c, GH_LAUNCH_ENDED, &e), GH_LAUNCH_ENDED);
		assert_int_equal(c.end.end, GH_END_MEMORY);
	} else
		print_message("skipped: no memory cgroup may be made here\n");
	teardown(&c);
	assert_int_equal(ask(&other, "health"), 0); /* unharmed */
	teardown(&other);
}

static void test_disk_and_processes(void **state)
{
	struct ctx c;
	(void)state;
	setup(&c, &(struct how){ 0 });
	run_until_ready(&c);
	int r = ask(&c, "fill-disk");
	assert_true(r == ENOSPC || r == EFBIG);
	assert_int_equal(ask(&c, "eat-shared"), ENOSPC);
	r = ask(&c, "threads");
	assert_true(r == EAGAIN || r == ENOMEM);
	teardown(&c);
}

static void test_cpu(void **state)
{
	struct ctx c;
	struct gh_launch_state s;
	(void)state;
	setup(&c, &(struct how){ .cpu = 20 });
	run_until_ready(&c);
	gh_launch_state(c.l, &s);
	if (s.cgroup_cpu && s.cpu_us != 0) {
		const uint64_t before = s.cpu_us, start = gh_launch_now();
		assert_int_equal(ask_at_most(&c, "spin", NULL, 0, 1500), -1);
		gh_launch_state(c.l, &s);
		const uint64_t wall = gh_launch_now() - start;
		assert_true(s.cpu_us - before <= wall / 5 + 200000); /* periods of 100 ms */
	} else
		print_message("skipped: no cpu cgroup may be made here\n");
	teardown(&c);
}

static void test_endless_output(void **state)
{
	struct ctx c;
	(void)state;
	setup(&c, &(struct how){ 0 });
	run_until_ready(&c);
	const uint64_t start = gh_launch_now();
	assert_int_equal(ask_at_most(&c, "flood", NULL, 0, 1500), -1);
	const uint64_t seconds = (gh_launch_now() - start) / 1000000;
	assert_true(c.logged > 0 && c.logged <= (seconds + 2) * GH_LAUNCH_LOG_BURST);
	gh_launch_stop(c.l, 0);
	struct gh_launch_event e;
	assert_int_equal(until(&c, GH_LAUNCH_ENDED, &e), GH_LAUNCH_ENDED);
	assert_int_equal(e.end, GH_END_STOPPED);
	teardown(&c);
}

/* ---- ends -------------------------------------------------------------------------------------------------------------------- */

static void test_ends(void **state)
{
	static const struct {
		struct how how;
		const char *what;
		enum gh_launch_end end;
		int code;
	} rows[] = {
		{ { 0 }, "crash", GH_END_SIGNAL, SIGSEGV },
		{ { 0 }, "quit", GH_END_EXIT, 7 },
		{ { .mode = "die" }, NULL, GH_END_EXIT, 9 },
		{ { .mode = "silent", .seconds = 1 }, NULL, GH_END_TIME, 0 },
	};
	struct gh_launch_event e;
	char line[200];
	(void)state;
	for (size_t i = 0; i < GH_ROWS(rows); i++) {
		struct ctx c;
		setup(&c, &rows[i].how);
		if (rows[i].what != NULL) {
			run_until_ready(&c);
			assert_int_equal(ask(&c, rows[i].what), -1);
		} else {
			open_launch(&c);
			assert_true(keys(&c, &c.evidence.bind, c.evidence.evidence_sha256, c.model.n));
		}
		while (c.end.what != GH_LAUNCH_ENDED)
			(void)until(&c, GH_LAUNCH_ENDED, &e);
		if (c.end.end != rows[i].end || c.end.code != rows[i].code)
			fail_msg("row %zu: %s", i, gh_launch_end_line(&c.end, line, sizeof line));
		teardown(&c);
	}
}

/* Killed from outside: the first process, the stub, the engine. */
static void test_killed(void **state)
{
	(void)state;
	for (int who = 0; who < 3; who++) {
		struct ctx c;
		struct gh_launch_event e;
		struct gh_launch_state s;
		setup(&c, &(struct how){ 0 });
		run_until_ready(&c);
		gh_launch_state(c.l, &s);
		const pid_t pid[] = { s.pid, s.stub, c.l->guard.engine };
		assert_int_equal(kill(pid[who], SIGKILL), 0);
		assert_int_equal(until(&c, GH_LAUNCH_ENDED, &e), GH_LAUNCH_ENDED);
		assert_int_equal(e.end, who == 2 ? GH_END_SIGNAL : GH_END_KILLED);
		for (int i = 0; i < 3; i++)
			assert_true(kill(pid[i], 0) != 0 && errno == ESRCH);
		teardown(&c);
	}
}

/* Who started it is killed: nothing of it stays. */
static void test_launcher_killed(void **state)
{
	int p[2];
	pid_t pids[3];
	(void)state;
	assert_int_equal(pipe(p), 0);
	struct ctx c;
	setup(&c, &(struct how){ 0 });
	pid_t child = fork();
	if (child == 0) {
		struct gh_launch_state s;
		run_until_ready(&c);
		gh_launch_state(c.l, &s);
		const pid_t all[] = { s.pid, s.stub, c.l->guard.engine };
		ssize_t ignored = write(p[1], all, sizeof all);
		(void)ignored;
		for (;;)
			(void)pause();
	}
	assert_int_equal(read(p[0], pids, sizeof pids), sizeof pids);
	assert_int_equal(kill(child, SIGKILL), 0);
	assert_int_equal(waitpid(child, NULL, 0), child);
	for (int i = 0; i < 3; i++)
		for (int t = 0; kill(pids[i], 0) == 0; t++) {
			assert_true(t < 3000);
			(void)usleep(10000);
		}
	(void)close(p[0]);
	(void)close(p[1]);
	char path[100];
	(void)snprintf(path, sizeof path, "%s/engine.sock", c.dir);
	(void)unlink(path); /* of the killed one: the next launch in this directory would do it */
	teardown(&c);
}

/* ---- what is not as it should be ------------------------------------------------------------------------------------------- */

static void flip(int fd, off_t at)
{
	uint8_t b;
	assert_int_equal(pread(fd, &b, 1, at), 1);
	b ^= 1;
	assert_int_equal(pwrite(fd, &b, 1, at), 1);
}
static void swap(int fd, off_t a, off_t b, size_t n)
{
	uint8_t x[GH_STREAM_SEALED], y[GH_STREAM_SEALED];
	assert_int_equal(pread(fd, x, n, a), n);
	assert_int_equal(pread(fd, y, n, b), n);
	assert_int_equal(pwrite(fd, y, n, a), n);
	assert_int_equal(pwrite(fd, x, n, b), n);
}

static void bad_segment(struct ctx *c) { flip(c->model.file[0].fd, GH_BLOB_HEAD + GH_STREAM_SEALED + 5); }
static void bad_tag(struct ctx *c) { flip(c->model.file[0].fd, GH_BLOB_HEAD + GH_STREAM_SEALED - 1); }
static void bad_salt(struct ctx *c) { flip(c->model.file[0].fd, 50); }
static void bad_magic(struct ctx *c) { flip(c->model.file[0].fd, 1); }
static void bad_id(struct ctx *c) { flip(c->model.file[0].fd, 16); }
static void bad_tenant(struct ctx *c) { flip(c->model.file[0].fd, 32); }
static void bad_length(struct ctx *c) { flip(c->model.file[0].fd, 81); }
static void segments_swapped(struct ctx *c)
{
	swap(c->model.file[0].fd, GH_BLOB_HEAD, GH_BLOB_HEAD + GH_STREAM_SEALED, GH_STREAM_SEALED);
}
static void files_swapped(struct ctx *c)
{
	int fd = c->model.file[0].fd;
	c->model.file[0].fd = c->model.file[1].fd;
	c->model.file[1].fd = fd;
}
static void cut(struct ctx *c)
{
	assert_int_equal(ftruncate(c->model.file[0].fd, GH_BLOB_HEAD + GH_STREAM_SEALED + 100), 0);
}
static void longer(struct ctx *c)
{
	struct stat st;
	assert_int_equal(fstat(c->model.file[0].fd, &st), 0);
	assert_int_equal(ftruncate(c->model.file[0].fd, st.st_size + 1), 0);
}
static void other_digest(struct ctx *c) { memset(c->model.file[0].file.sha256, 9, 32); }

static void other_nonce(struct gh_stub_bind *b) { b->nonce[0] ^= 1; }
static void other_model(struct gh_stub_bind *b) { b->model[31] ^= 1; }
static void other_policy(struct gh_stub_bind *b) { b->policy[5] ^= 1; }
static void other_files(struct gh_stub_bind *b) { b->files[5] ^= 1; }
static void other_deployment(struct gh_stub_bind *b) { b->deployment[5] ^= 1; }
static void other_stub(struct gh_stub_bind *b)
{
	uint8_t unused[32];
	assert_true(gh_random(unused, sizeof unused));
	memcpy(b->key, unused, sizeof b->key);
}

static const struct {
	const char *name;
	void (*model)(struct ctx *c);
	void (*bind)(struct gh_stub_bind *b);
	enum gh_stub_why why;
	const char *line; /* part of what is said */
} tampered[] = {
	{ "an altered segment", bad_segment, NULL, GH_STUB_WHY_ALTERED, "segment 1 of file 0" },
	{ "an altered tag", bad_tag, NULL, GH_STUB_WHY_ALTERED, "segment 0 of file 0" },
	{ "another salt", bad_salt, NULL, GH_STUB_WHY_ALTERED, "segment 0 of file 0" },
	{ "no blob", bad_magic, NULL, GH_STUB_WHY_HEAD, "blob_head: " },
	{ "another blob's id", bad_id, NULL, GH_STUB_WHY_HEAD, "blob_head: " },
	{ "another tenant", bad_tenant, NULL, GH_STUB_WHY_HEAD, "blob_head: " },
	{ "another length", bad_length, NULL, GH_STUB_WHY_HEAD, "blob_head: " },
	{ "segments exchanged", segments_swapped, NULL, GH_STUB_WHY_ALTERED, "segment 0 of file 0" },
	{ "files exchanged", files_swapped, NULL, GH_STUB_WHY_HEAD, "blob_head: " },
	{ "a file cut", cut, NULL, GH_STUB_WHY_CUT, "segment" },
	{ "a file lengthened", longer, NULL, GH_STUB_WHY_LONGER, "bytes follow" },
	{ "another digest", other_digest, NULL, GH_STUB_WHY_DIGEST, "file_digest: " },
	{ "another nonce", NULL, other_nonce, GH_STUB_WHY_SEALED, "key_release: " },
	{ "another model", NULL, other_model, GH_STUB_WHY_SEALED, "key_release: " },
	{ "another policy", NULL, other_policy, GH_STUB_WHY_SEALED, "key_release: " },
	{ "another list of files", NULL, other_files, GH_STUB_WHY_SEALED, "key_release: " },
	{ "another deployment", NULL, other_deployment, GH_STUB_WHY_SEALED, "key_release: " },
	{ "another stub's key", NULL, other_stub, GH_STUB_WHY_SEALED, "key_release: " },
};

/* Nothing below a directory, and no process of ours, holds the plaintext. */
static bool plain_in(const char *path)
{
	static char block[1 << 20];
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	ssize_t n = fd < 0 ? 0 : read(fd, block, sizeof block);
	if (fd >= 0)
		(void)close(fd);
	return n > 0 && memmem(block, (size_t)n, MARKER, sizeof MARKER - 1) != NULL;
}
static void nothing_left(const struct ctx *c)
{
	static const char *const kinds[] = { "engine.sock", "model", "model.gguf", "sub/more.bin" };
	char path[200];
	for (size_t i = 0; i < GH_ROWS(kinds); i++) {
		(void)snprintf(path, sizeof path, "%s/%s", c->dir, kinds[i]);
		assert_false(plain_in(path));
		(void)snprintf(path, sizeof path, "/model/%s", kinds[i]);
		assert_false(plain_in(path));
	}
	assert_int_equal(waitpid(-1, NULL, WNOHANG),
			 -1); /* everything inside is over and waited for: its memory is free */
	assert_int_equal(errno, ECHILD);
}

static void test_tampered(void **state)
{
	struct gh_launch_event e;
	char line[400];
	(void)state;
	for (size_t i = 0; i < GH_ROWS(tampered); i++) {
		struct ctx c;
		setup(&c, &(struct how){ 0 });
		if (tampered[i].model != NULL)
			tampered[i].model(&c);
		open_launch(&c);
		struct gh_stub_bind b = c.evidence.bind;
		if (tampered[i].bind != NULL)
			tampered[i].bind(&b);
		assert_true(keys(&c, &b, c.evidence.evidence_sha256, c.model.n));
		assert_int_equal(until(&c, GH_LAUNCH_ENDED, &e), GH_LAUNCH_ENDED);
		(void)gh_launch_end_line(&e, line, sizeof line);
		if (e.end != GH_END_FAILED || e.why != tampered[i].why || strstr(line, tampered[i].line) == NULL)
			fail_msg("%s: %s", tampered[i].name, line);
		assert_true(strstr(c.log, "engine:") == NULL); /* it never ran */
		nothing_left(&c);
		teardown(&c);
	}
}

static void test_keys_of_others(void **state)
{
	struct gh_launch_event e;
	struct ctx c;
	uint8_t other[32] = { 1 };
	(void)state;
	for (int i = 0; i < 3; i++) {
		static const enum gh_stub_why why[] = { GH_STUB_WHY_KEY_MISSING, GH_STUB_WHY_KEY_FOREIGN,
							GH_STUB_WHY_SEALED };
		setup(&c, &(struct how){ 0 });
		open_launch(&c);
		if (i == 1)
			c.model.key[2].blob[0] ^= 1;
		assert_true(keys(&c, &c.evidence.bind, i == 2 ? other : c.evidence.evidence_sha256, i == 0 ? 2 : 3));
		assert_int_equal(until(&c, GH_LAUNCH_ENDED, &e), GH_LAUNCH_ENDED);
		assert_int_equal(e.end, GH_END_FAILED);
		assert_int_equal(e.why, why[i]);
		nothing_left(&c);
		teardown(&c);
	}
}

static void test_specifications(void **state)
{
	static const char *const names[] = { "../x", "/x", "a/../b", "", "a//b", "a/", "./a", "a\nb", "a\\b" };
	struct gh_err err = { 0 };
	struct ctx c;
	(void)state;
	setup(&c, &(struct how){ 0 });
	for (size_t i = 0; i < GH_ROWS(names); i++) {
		memset(c.model.file[0].file.name, 0, sizeof c.model.file[0].file.name);
		(void)snprintf(c.model.file[0].file.name, sizeof c.model.file[0].file.name, "%s", names[i]);
		assert_int_equal(gh_launch_open(&c.spec, &c.l, &err), GH_E_DENIED);
		assert_null(c.l);
	}
	(void)snprintf(c.model.file[0].file.name, sizeof c.model.file[0].file.name, "model.gguf");
	c.spec.nadapter = 1;
	assert_int_equal(gh_launch_open(&c.spec, &c.l, &err), GH_E_MALFORMED);
	c.spec.nadapter = 0;
	assert_int_equal(chmod(c.dir, 0755), 0);
	err = (struct gh_err){ 0 };
	assert_int_equal(gh_launch_open(&c.spec, &c.l, &err), GH_E_DENIED);
	assert_non_null(strstr(err.text[0], "closed to others"));
	nothing_left(&c);
	teardown(&c);
}

/* ---- what is measured is what runs -------------------------------------------------------------------------------------------- */

/* The same stub and engine as a machine. Its disks are files; a machine of the sanitizers' size would take minutes. */
static void test_machine(void **state)
{
	struct ctx c;
	struct gh_err err = { 0 };
	char body[4096], line[400];
	char path[3][40];
	(void)state;
	setup(&c, &(struct how){ 0 });
	struct gh_vm_image *vm = NULL;
#ifdef GH_SANITIZED
	enum gh_rc rc = gh_fail(&err, GH_E_ABSENT, "the sanitizers' programs are too large for a machine");
#else
	enum gh_rc rc = gh_vm_load(c.image, GH_VM_Q35, GH_VM_TCG, &vm, &err);
#endif
	if (rc == GH_E_ABSENT) {
		print_message("skipped: no machine: %s\n", gh_err_line(&err, line, sizeof line));
		teardown(&c);
		skip();
	}
	if (rc != GH_OK)
		fail_msg("%s", gh_err_line(&err, line, sizeof line));
	for (size_t i = 0; i < c.model.n; i++) {
		(void)snprintf(path[i], sizeof path[i], "/tmp/gatehouse-disk-XXXXXX");
		int fd = mkstemp(path[i]);
		assert_true(fd >= 0);
		assert_int_equal(lseek(c.model.file[i].fd, 0, SEEK_SET), 0);
		for (ssize_t n; (n = read(c.model.file[i].fd, body, sizeof body)) > 0;)
			assert_int_equal(write(fd, body, (size_t)n), n);
		assert_int_equal(dup2(fd, c.model.file[i].fd), c.model.file[i].fd);
		(void)close(fd);
	}
	c.spec.vm = vm;
	run_until_ready(&c);
	struct gh_software e;
	assert_true(gh_software_read(c.evidence.evidence, &e));
	assert_int_equal(e.isolation, GH_SI_MICROVM);
	assert_true((e.layers & GH_SL_VM) != 0);
	assert_memory_equal(e.measurement, vm->measured.digest, 32);
	assert_int_equal(ask(&c, "health"), 0);
	assert_int_equal(ask_at_most(&c, "model", body, sizeof body, WAIT_MS), 0);
	assert_memory_equal(body, MARKER, sizeof MARKER - 1);
	assert_int_equal(ask_at_most(&c, "whoami", body, sizeof body, WAIT_MS), 0);
	assert_non_null(strstr(body, "CapEff:\t0000000000000000"));
	struct gh_launch_state s;
	gh_launch_state(c.l, &s);
	if (s.attempts != 0)
		fail_msg("QEMU was refused: %s", c.attempts);
	print_message("machine: hello after %llu ms, ready %llu ms after the keys\n",
		      (unsigned long long)s.us_launch / 1000, (unsigned long long)(s.us_decrypt + s.us_ready) / 1000);
	for (size_t i = 0; i < c.model.n; i++)
		(void)unlink(path[i]);
	teardown(&c);
	gh_vm_free(vm);
}

static void copy_file(const char *from, const char *to)
{
	static char block[1 << 16];
	int in = open(from, O_RDONLY | O_CLOEXEC), out = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0755);
	assert_true(in >= 0 && out >= 0);
	for (ssize_t n; (n = read(in, block, sizeof block)) > 0;)
		assert_int_equal(write(out, block, (size_t)n), n);
	(void)close(in);
	assert_int_equal(close(out), 0);
}

static void test_altered_engine(void **state)
{
	char where[400], from[450], to[120], dir[] = "/tmp/gatehouse-engine-XXXXXX";
	struct gh_engine_image *again = NULL;
	struct gh_err err = { 0 };
	struct ctx c;
	(void)state;
	setup(&c, &(struct how){ 0 });
	build_dir(where);
	assert_non_null(mkdtemp(dir));
	(void)snprintf(from, sizeof from, "%s/launch_engine", where);
	(void)snprintf(to, sizeof to, "%s/launch_engine", dir);
	copy_file(from, to);
	struct gh_engine_image *first = c.image;
	assert_int_equal(gh_engine_load(&c.profile, dir, &c.image, &err), GH_OK);
	gh_auto_buf why = gh_buf(1000);
	assert_false(gh_measure_differ(gh_engine_measurement(first), gh_engine_measurement(c.image), &why));
	assert_memory_equal(gh_engine_measurement(first)->digest, gh_engine_measurement(c.image)->digest, 32);
	gh_engine_free(first);
	c.spec.image = c.image;
	assert_int_equal(gh_engine_check(c.image, &err), GH_OK);
	/* altered in place, after it was measured: what was measured is started all the same, and the check says what differs */
	int fd = open(to, O_RDWR | O_CLOEXEC);
	assert_true(fd >= 0);
	flip(fd, 64);
	(void)close(fd);
	run_until_ready(&c);
	assert_int_equal(ask(&c, "health"), 0);
	assert_int_equal(gh_engine_check(c.image, &err), GH_E_DENIED);
	assert_non_null(strstr(err.text[0], "engine /engine/launch_engine is not what was measured"));
	/* and measured again it is another one */
	assert_int_equal(gh_engine_load(&c.profile, dir, &again, &err), GH_OK);
	assert_true(gh_measure_differ(gh_engine_measurement(c.image), gh_engine_measurement(again), &why));
	assert_string_equal(gh_buf_cstr(&why), "engine /engine/launch_engine is another one");
	gh_engine_free(again);
	assert_int_equal(unlink(to), 0);
	err = (struct gh_err){ 0 };
	assert_int_equal(gh_engine_load(&c.profile, dir, &again, &err), GH_E_ABSENT);
	assert_int_equal(rmdir(dir), 0);
	teardown(&c);
}

/* A host that lets nobody make name spaces is no mistake of ours. */
static int try_once(void **state)
{
	struct gh_jailed j;
	struct gh_err err = { 0 };
	static const char *const argv[] = { "/nothing", NULL };
	(void)state;
	if (gh_jail_open(
		    &(struct gh_jail){
			    .argv = argv, .envp = argv + 1, .memory = 256 << 20, .disk = 1 << 20, .processes = 8 },
		    &j, &err) == GH_OK)
		gh_jail_close(&j, NULL);
	else if (err.rc == GH_E_DENIED)
		(void)snprintf(no_launch, sizeof no_launch, "%s", err.text[0]);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_serves),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_directory_and_own_socket),
		cmocka_unit_test(test_layers_alone),
		cmocka_unit_test(test_no_supervisor),
		cmocka_unit_test(test_memory),
		cmocka_unit_test(test_disk_and_processes),
		cmocka_unit_test(test_cpu),
		cmocka_unit_test(test_endless_output),
		cmocka_unit_test(test_ends),
		cmocka_unit_test(test_killed),
		cmocka_unit_test(test_launcher_killed),
		cmocka_unit_test(test_tampered),
		cmocka_unit_test(test_keys_of_others),
		cmocka_unit_test(test_specifications),
		cmocka_unit_test(test_machine),
		cmocka_unit_test(test_altered_engine),
	};
	return cmocka_run_group_tests(tests, try_once, NULL);
}
