/* range - how fast ranges of an encrypted blob are read: blob_range [MIB]
 * Encrypts so many MiB (1,024) with a blob process of its own, locked down as in use, between descriptors in memory, then has ranges of
 * several sizes decrypted at places that fit no segment, each into the same memory. Prints a line of JSON for each size: gigabytes
 * (10^9) a second by the clock and by the processor time of the blob process, and the time of one read. The bytes of each range are
 * compared with what was encrypted; status 1 when they differ, 2 when it could not be measured. For script/bench-blobs. */
#include "catalog/blobrun.h"
#include "catalog/vault_proto.h"
#include "daemon/blob.h"
#include "os/ipc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static const char BLOB[] = "0123456789abcdef0123456789abcdef", TENANT[] = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
enum { OWN = 5 }; /* of a segment: places that fit none */

struct rig {
	struct gh_blobrun *b;
	pid_t pid;
	int vault;
	struct gh_err err;
};

static void stop(struct rig *r, const char *what)
{
	char line[1024];
	(void)fprintf(stderr, "blob_range: %s: %s\n", what, gh_err_line(&r->err, line, sizeof line));
	exit(2);
}

static double now(clockid_t clock)
{
	struct timespec t;
	(void)clock_gettime(clock, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void give_key(struct rig *r)
{
	struct {
		struct gh_vp_head h;
		struct gh_vp_tenant t;
		struct gh_vp_plain_key k;
	} m = { 0 };
	m.h = (struct gh_vp_head){ .kind = GH_VP_KEYS, .n = 1, .size = sizeof m };
	memset(m.k.key, 7, sizeof m.k.key);
	m.k.generation = 1;
	if (!gh_hex_get(gh_span_str(TENANT), m.t.tenant, 16) || !gh_hex_get(gh_span_str(BLOB), m.k.id, 16) ||
	    !gh_ipc_send(r->vault, &m, sizeof m, -1, 0))
		stop(r, "the key could not be handed over");
}

static void begin(struct rig *r)
{
	int control[2], vault[2];
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, control) != 0 ||
	    socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, vault) != 0)
		stop(r, "no sockets");
	r->pid = fork();
	if (r->pid == 0) {
		(void)close(control[0]);
		(void)close(vault[0]);
		_exit(gh_blob_serve(control[1], vault[1], false));
	}
	(void)close(control[1]);
	(void)close(vault[1]);
	r->vault = vault[0];
	r->b = r->pid < 0 ? NULL : gh_blobrun_new(control[0], &r->err);
	if (r->b == NULL)
		stop(r, "the blob process did not start");
	give_key(r);
}

/* Memory behind a descriptor. */
static int memory(struct rig *r, const char *name, size_t n, uint8_t **map)
{
	int fd = memfd_create(name, MFD_CLOEXEC);
	if (fd < 0 || ftruncate(fd, (off_t)n) != 0)
		stop(r, "no memory");
	*map = n == 0 ? NULL : mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, fd, 0);
	if (n != 0 && *map == MAP_FAILED)
		stop(r, "no memory");
	return fd;
}

/* One size: ranges all over the blob, about four times its bytes in all. */
static int measure(struct rig *r, const struct gh_blobrun_job *job, int cipher, const uint8_t *plain, size_t len)
{
	uint8_t *out;
	uint64_t reads = 4 * job->size / len, place = 12345;
	int fd = memory(r, "range", len, &out), wrong = 0;
	clockid_t clock;
	if (clock_getcpuclockid(r->pid, &clock) != 0)
		stop(r, "no clock of the process");
	reads = reads > 4000 ? 4000 : reads;
	double took = 0, worked = 0, longest = 0;
	for (uint64_t i = 0; i <= reads; i++) {
		struct gh_blobrun_result res;
		uint64_t room = job->size - len, off = room == 0 ? 0 : (place / OWN * OWN + 1) % room;
		place = place * 6364136223846793005u + 1442695040888963407u;
		place >>= 16;
		if (lseek(fd, 0, SEEK_SET) != 0)
			stop(r, "seek");
		double from = now(CLOCK_MONOTONIC), work = now(clock);
		if (gh_blobrun_decrypt(r->b, job, cipher, off, len, fd, &r->err) != GH_OK ||
		    gh_blobrun_end(r->b, &res, &r->err) != GH_OK)
			stop(r, "a range was not decrypted");
		double one = now(CLOCK_MONOTONIC) - from;
		wrong |= memcmp(out, plain + off, len) != 0;
		if (i == 0)
			continue; /* the first fills caches */
		took += one;
		worked += now(clock) - work;
		longest = one > longest ? one : longest;
	}
	double all = (double)reads * (double)len / 1e9;
	(void)printf("{\"range\": %zu, \"reads\": %llu, \"gb_per_second\": %.2f, \"gb_per_cpu_second\": %.2f, "
		     "\"mean_us\": %.1f, \"longest_us\": %.1f, \"equal\": %s}\n",
		     len, (unsigned long long)reads, all / took, all / worked, took / (double)reads * 1e6,
		     longest * 1e6, wrong ? "false" : "true");
	(void)munmap(out, len);
	(void)close(fd);
	return wrong;
}

int main(int argc, char **argv)
{
	static const size_t sizes[] = { 64 << 10, 1 << 20, 16 << 20, 128 << 20 };
	struct rig r = { 0 };
	size_t mib = argc > 1 ? strtoul(argv[1], NULL, 10) : 1024, n = mib << 20;
	uint8_t *plain, *stored;
	int wrong = 0;
	if (argc > 2 || mib < 256 || mib > 16384) {
		(void)fputs("usage: blob_range [MIB]   (256 to 16384)\n", stderr);
		return 64;
	}
	begin(&r);
	int in = memory(&r, "plain", n, &plain), cipher = memory(&r, "stored", 0, &stored);
	for (size_t i = 0; i + 8 <= n; i += 8) { /* no two segments alike */
		uint64_t v = i * 0x9e3779b97f4a7c15u;
		memcpy(plain + i, &v, 8);
	}
	struct gh_blobrun_job job = { .size = n };
	struct gh_blobrun_result res;
	job.blob = gh_id(gh_span_str(BLOB));
	job.tenant = gh_id(gh_span_str(TENANT));
	if (gh_blobrun_encrypt(r.b, &job, in, cipher, &r.err) != GH_OK || gh_blobrun_end(r.b, &res, &r.err) != GH_OK)
		stop(&r, "encrypting");
	for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++)
		wrong |= measure(&r, &job, cipher, plain, sizes[i]);
	gh_blobrun_free(r.b);
	(void)waitpid(r.pid, NULL, 0);
	return wrong;
}
