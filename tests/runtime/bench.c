/* What a launch costs, for script/bench-runtime; never installed.
 *
 *	launch_bench launch ROUNDS	median microseconds from gh_launch_open() to the stub's first word, and of bubblewrap starting
 *					a static program that ends at once, taken in turns
 *	launch_bench engine MODEL	how long until the embedded engine answers with this GGUF file, and what it tried
 *	launch_bench decrypt MIB	how fast the stub decrypts, verifies and seals so much
 */
#include "catalog/blobfmt.h"
#include "crypto/secret.h"
#include "runtime/launch.h"

#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { ROUNDS_MAX = 1000 };

static const char profile_text[] =
	"about: bench\nprogram: '{engine}/launch_engine'\ncommand: [/engine/launch_engine, '{model}']\n"
	"libraries: find\nsyscalls: engine\nsocket: inherit\nmodel: descriptor\nready: /\n"
	"ready_seconds: 5\nmemory_mib: 256\ndisk_mib: 16\nprocesses: 32\n";

static double now_us(void)
{
	struct timespec t = { 0, 0 };
	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static bool sign(void *ctx, struct gh_span tbs, uint8_t sig[GH_SOFTWARE_SIG])
{
	(void)ctx;
	(void)tbs;
	memset(sig, 0, GH_SOFTWARE_SIG);
	return true;
}

static int fail(const char *what)
{
	(void)fprintf(stderr, "launch_bench: %s\n", what);
	return 2;
}

static uint8_t *content; /* of the blob; NULL: zeros */

/* A blob of n bytes in memory. */
static int blob(struct gh_stub_file *f, struct gh_stub_blob_key *k, uint64_t size)
{
	static uint8_t in[GH_STREAM_SEGMENT], out[GH_STREAM_SEALED];
	uint8_t head[GH_BLOB_HEAD];
	struct gh_blobfmt h = { .size = size, .generation = 1 };
	int fd = memfd_create("cipher", MFD_CLOEXEC);
	if (fd < 0 || !gh_random(h.salt, sizeof h.salt) || !gh_random(k->key, sizeof k->key))
		return -1;
	gh_blobfmt_write(&h, head);
	struct gh_stream *s = gh_stream_new(k->key, h.salt, (struct gh_span){ head, sizeof head });
	bool ok = s != NULL && write(fd, head, sizeof head) == (ssize_t)sizeof head;
	for (uint64_t i = 0, off, n = gh_stream_segments(size); ok && i < n; i++) {
		size_t len;
		ok = gh_blobfmt_segment(size, i, &off, &len);
		const uint8_t *from = content != NULL ? content + i * GH_STREAM_SEGMENT : in;
		ok = ok && gh_stream_seal(s, i, i + 1 == n, from, len, out, out + len) &&
		     write(fd, out, len + GH_STREAM_TAG) == (ssize_t)(len + GH_STREAM_TAG);
	}
	gh_stream_free(s);
	*f = (struct gh_stub_file){ .size = size, .name = "model" };
	return ok ? fd : -1;
}

static int compare(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}
static double median(double *v, size_t n)
{
	qsort(v, n, sizeof *v, compare);
	return v[n / 2];
}

/* bubblewrap with every name space, an empty root but for the program, no capabilities. -1: it is not there. */
static double bubblewrap(const char *program)
{
	char *const argv[] = { (char[]){ "bwrap" },
			       (char[]){ "--unshare-all" },
			       (char[]){ "--die-with-parent" },
			       (char[]){ "--new-session" },
			       (char[]){ "--cap-drop" },
			       (char[]){ "ALL" },
			       (char[]){ "--tmpfs" },
			       (char[]){ "/tmp" },
			       (char[]){ "--proc" },
			       (char[]){ "/proc" },
			       (char[]){ "--dev" },
			       (char[]){ "/dev" },
			       (char[]){ "--ro-bind" },
			       (char *)(size_t)program,
			       (char[]){ "/program" },
			       (char[]){ "/program" },
			       NULL };
	char *const env[] = { NULL };
	pid_t pid;
	int status;
	const double start = now_us();
	if (posix_spawn(&pid, "/usr/bin/bwrap", NULL, NULL, argv, env) != 0)
		return -1;
	if (waitpid(pid, &status, 0) != pid || !WIFEXITED(status) || WEXITSTATUS(status) == 127)
		return -1;
	return now_us() - start;
}

static int launches(struct gh_launch_spec *s, const char *program, size_t rounds)
{
	static double ours[ROUNDS_MAX], theirs[ROUNDS_MAX];
	size_t others = 0;
	rounds = rounds > ROUNDS_MAX ? ROUNDS_MAX : rounds;
	for (size_t i = 0; i < rounds; i++) {
		struct gh_launch *l;
		struct gh_launch_state st;
		struct gh_err err = { 0 };
		char line[400];
		if (gh_launch_open(s, &l, &err) != GH_OK)
			return fail(gh_err_line(&err, line, sizeof line));
		gh_launch_state(l, &st);
		ours[i] = (double)st.us_launch;
		gh_launch_close(l);
		const double b = bubblewrap(program);
		if (b > 0)
			theirs[others++] = b;
	}
	(void)printf("launch_ms %.2f\n", median(ours, rounds) / 1e3);
	(void)printf("launch_best_ms %.2f\n", ours[0] / 1e3);
	if (others != 0)
		(void)printf("bubblewrap_ms %.2f\n", median(theirs, others) / 1e3);
	else
		(void)printf("skipped: bubblewrap is not there, or may not be used\n");
	return 0;
}

static int decrypts(struct gh_launch_spec *s, const struct gh_stub_blob_key *k)
{
	struct gh_launch *l;
	struct gh_launch_event e;
	struct gh_launch_state before = { 0 }, after = { 0 };
	struct gh_err err = { 0 };
	char line[400];
	uint8_t enc[GH_STUB_KEY], out[sizeof *k + 16];
	s->cpu = 10000; /* a hundred processors are no limit, but its time is counted */
	if (gh_launch_open(s, &l, &err) != GH_OK)
		return fail(gh_err_line(&err, line, sizeof line));
	do {
		gh_launch_wait(l, 60000, &e);
		if (e.what == GH_LAUNCH_EVIDENCE)
			gh_launch_state(l, &before);
		if (e.what == GH_LAUNCH_EVIDENCE && (!gh_stub_seal(&e.bind, e.evidence_sha256, k, 1, enc, out) ||
						     !gh_launch_keys(l, enc, (struct gh_span){ out, sizeof out }, 1)))
			return fail("the keys could not be sealed");
	} while (e.what != GH_LAUNCH_LOADED && e.what != GH_LAUNCH_ENDED && e.what != GH_LAUNCH_NOTHING);
	if (e.what != GH_LAUNCH_LOADED)
		return fail(gh_launch_end_line(&e, line, sizeof line));
	gh_launch_state(l, &after);
	if (after.cpu_us > before.cpu_us)
		(void)printf("decrypt_gb_per_cpu_s %.2f\n",
			     (double)e.bytes / 1e3 / (double)(after.cpu_us - before.cpu_us));
	(void)printf("decrypt_gb_per_s %.2f\nlocked_mib %llu\n", (double)e.bytes / 1e3 / (double)e.us,
		     (unsigned long long)(e.locked >> 20));
	gh_launch_close(l);
	return 0;
}

/* The embedded engine, from nothing to its first answer. */
static int engine(struct gh_launch_spec *s, const struct gh_stub_blob_key *k)
{
	struct gh_launch *l;
	struct gh_launch_event e;
	struct gh_launch_state st;
	struct gh_err err = { 0 };
	char line[400];
	uint8_t enc[GH_STUB_KEY], out[sizeof *k + 16];
	const double start = now_us();
	if (gh_launch_open(s, &l, &err) != GH_OK)
		return fail(gh_err_line(&err, line, sizeof line));
	do {
		gh_launch_wait(l, 60000, &e);
		if (e.what == GH_LAUNCH_EVIDENCE && (!gh_stub_seal(&e.bind, e.evidence_sha256, k, 1, enc, out) ||
						     !gh_launch_keys(l, enc, (struct gh_span){ out, sizeof out }, 1)))
			return fail("the keys could not be sealed");
		if (e.what == GH_LAUNCH_ATTEMPT)
			(void)printf("attempt %s(%s)\n", e.call, e.text);
		if (e.what == GH_LAUNCH_LOG)
			(void)fprintf(stderr, "%.*s", (int)e.log.n, (const char *)e.log.p);
	} while (e.what != GH_LAUNCH_READY && e.what != GH_LAUNCH_ENDED && e.what != GH_LAUNCH_NOTHING);
	if (e.what != GH_LAUNCH_READY)
		return fail(e.what == GH_LAUNCH_NOTHING ? "no answer" : gh_launch_end_line(&e, line, sizeof line));
	gh_launch_state(l, &st);
	(void)printf("ready_ms %.1f\nlaunch_ms %.1f\ndecrypt_ms %.1f\nengine_ms %.1f\nmemory_mib %llu\n",
		     (now_us() - start) / 1e3, (double)st.us_launch / 1e3, (double)st.us_decrypt / 1e3,
		     (double)st.us_ready / 1e3, (unsigned long long)(st.memory >> 20));
	gh_launch_close(l);
	return 0;
}

static bool slurp(const char *path, uint64_t *size)
{
	FILE *f = fopen(path, "rb");
	if (f == NULL)
		return false;
	(void)fseek(f, 0, SEEK_END);
	const long n = ftell(f);
	rewind(f);
	content = n > 0 ? malloc((size_t)n) : NULL;
	const bool ok = content != NULL && fread(content, 1, (size_t)n, f) == (size_t)n;
	(void)fclose(f);
	*size = (uint64_t)n;
	return ok;
}

int main(int argc, char **argv)
{
	char where[400], program[450], dir[] = "/tmp/gatehouse-bench-XXXXXX";
	gh_auto_arena arena = { .max = 1 << 20 };
	struct gh_engine_profile p;
	struct gh_engine_image *image;
	struct gh_launch_file file;
	struct gh_stub_blob_key key = { { 0 }, { 0 } };
	struct gh_err err = { 0 };
	const ssize_t n = readlink("/proc/self/exe", where, sizeof where - 1);
	if (argc != 3 || n <= 0)
		return fail("launch ROUNDS | decrypt MIB");
	where[n] = '\0';
	*strrchr(where, '/') = '\0';
	(void)snprintf(program, sizeof program, "%s/launch_engine", where);
	enum {
		LAUNCH,
		DECRYPT,
		ENGINE
	} what = strcmp(argv[1], "decrypt") == 0  ? DECRYPT
		 : strcmp(argv[1], "engine") == 0 ? ENGINE
						  : LAUNCH;
	const uint64_t number = strtoull(argv[2], NULL, 10);
	uint64_t size = what == DECRYPT ? number << 20 : 1000;
	const char *engines = getenv("ENGINE_DIR");
	enum gh_rc rc = what == ENGINE ? gh_engine_profile(&arena, "llama", &p, &err)
				       : gh_engine_read(&arena, "bench", gh_span_str(profile_text), &p, &err);
	if (rc != GH_OK || gh_engine_load(&p, what == ENGINE ? engines : where, &image, &err) != GH_OK ||
	    mkdtemp(dir) == NULL)
		return fail(gh_err_line(&err, program, sizeof program));
	if (what == ENGINE && !slurp(argv[2], &size))
		return fail("the model cannot be read");
	file.fd = blob(&file.file, &key, size);
	struct gh_launch_spec s = { .image = image, .file = &file, .nfile = 1, .socket_dir = dir, .sign = sign };
	int status = file.fd < 0       ? fail("no memory for the model")
		     : what == DECRYPT ? decrypts(&s, &key)
		     : what == ENGINE  ? engine(&s, &key)
				       : launches(&s, program, (size_t)number);
	(void)rmdir(dir);
	gh_engine_free(image);
	free(content);
	return status;
}
